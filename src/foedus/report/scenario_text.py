"""A scenario as the terminal presents it: who, what each wants, the turn, promises, policies and claims."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from foedus.present.wording import assumed, cited, count, listed
from foedus.report.background import clause_text
from foedus.scenario.names import Names, plain, titled
from foedus.scenario.schema import Phase, Scenario


def print_scenario(scenario: Scenario, console: Console) -> None:
    """Print a scenario's parts in the order in which a reader needs them."""
    names = Names(scenario)
    console.print(Rule(Text(scenario.title or "Untitled scenario", style="bold")))
    if scenario.summary:
        console.print(Text(scenario.summary))
    horizon = scenario.horizon
    ends = f", {horizon.calendar.label(0)} to {horizon.calendar.label(horizon.periods - 1)}" if horizon.first else ""
    console.print(
        Text(
            f"{count(horizon.periods, horizon.unit)}{ends}; {count(len(scenario.all_assumptions), 'number')}.",
            style="dim",
        )
    )
    _section(console, "Actors and what they want", _actors(scenario, names))
    _section(console, "State", _state(scenario, names))
    _section(console, f"The turn: one {horizon.unit}", _turn(scenario, names))
    _section(console, "Commitments", _commitments(scenario, names))
    _section(console, "Assumptions", _assumptions(scenario, names))
    _section(console, "Policies", _policies(scenario, names))
    _section(console, "Outcomes", [(names.outcome(o), written.event) for o, written in scenario.outcomes.items()])
    _section(console, "Claims", _claims(scenario, names))
    if scenario.observations:
        console.print()
        console.print(
            Text(
                f"{count(len(scenario.observations), 'observation')} weigh the worlds, "
                f"under {names.policy(scenario.factual_policy)}."
            )
        )


def _section(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    if not rows:
        return
    console.print()
    console.print(Text(title, style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(max_width=max(20, console.width // 3), overflow="fold", style="blue")
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(Text(name), Text(text))
    console.print(Padding(table, (0, 0, 0, 2)))


def _actors(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    rows = []
    for actor in scenario.actors:
        wants = [
            (o.label or plain(name))
            + (f" (weight {_text(o.weight)})" if o.weight != 1 else "")
            + (f", each period {_text(o.value)}" if o.value is not None else "")
            for name, o in scenario.objectives.get(actor, {}).items()
        ]
        rows.append((names.actor(actor), "; ".join(wants) or "only what single actions pay"))
    return rows


def _text(value: Any) -> str:
    return str(value)


def _state(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    rows = []
    for name, variable in scenario.state.items():
        start = (
            plain(variable.start)
            if isinstance(variable.start, str)
            else listed([plain(level) for level in variable.start])
        )
        text = f"{', '.join(plain(level) for level in variable.levels)}; starts at {start}"
        text += f"; the game freezes at {listed([plain(level) for level in variable.ends])}" if variable.ends else ""
        rows.append((names.variable(name), text + ("; falls back each period" if variable.within else "")))
    return rows


def _turn(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    return [
        (f"{i}. {phase.label or titled(phase.id)}", _phase(scenario, names, phase))
        for i, phase in enumerate(scenario.turn, 1)
    ]


def _phase(scenario: Scenario, names: Names, phase: Phase) -> str:
    if phase.decide is None:
        text = f"chance, {count(len(phase.chance), 'branch', 'branches')}"
    else:
        actions = [
            (action.label or plain(a)) + (" (if enabled)" if action.exists == "enabled" else "")
            for a, action in phase.actions.items()
        ]
        text = f"{names.actor(phase.decide)}: {', '.join(actions)}"
    text += f"; if {phase.when}" if phase.when is not None else ""
    text += f"; at {listed([str(at) for at in phase.at])}" if phase.at else ""
    read = [c.label or plain(name) for name, c in scenario.commitments.items() if c.attach == phase.id]
    return text + (f"; first read: {listed(read)}" if read else "")


def _commitments(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    rows = []
    for name, c in scenario.commitments.items():
        to = listed([names.actor(a) for a in c.to])
        text = f"{names.actor(c.from_)} to {to}, {plain(c.kind)}: {plain(c.expected)} or more; applies {clause_text(c)}"
        rows.append((c.label or titled(name), f"{text}; falling short costs {c.reneging.cost} a step"))
    return rows


def _assumptions(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    rows = []
    for name, written in scenario.assumptions.items():
        evidence = f" [{'; '.join(cited(item) for item in written.evidence)}]" if written.evidence else ""
        rows.append((names.assumption(name), assumed(written) + (f": {written.why}" if written.why else "") + evidence))
    return rows


def _policies(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    rows = []
    for name, policy in scenario.policies.items():
        parts = (
            [f"sets {listed([f'{names.inside(names.assumption(a))} to {v}' for a, v in policy.set.items()])}"]
            if policy.set
            else []
        )
        parts += [f"enables {listed([names.action(a) for a in policy.enable])}"] if policy.enable else []
        parts += [f"binds {listed([names.action(f'{b.phase}.{b.do}') for b in policy.bind])}"] if policy.bind else []
        rows.append((names.policy(name), "; ".join(parts) or policy.why or "nothing is changed"))
    return rows


def _claims(scenario: Scenario, names: Names) -> list[tuple[str, str]]:
    rows = []
    for name, claim in scenario.claims.items():
        evidence = f" [{'; '.join(cited(item) for item in claim.evidence)}]" if claim.evidence else ""
        rows.append((names.claim(name), f"{claim.says}{evidence} ({count(len(claim.readings), 'reading')})"))
    return rows
