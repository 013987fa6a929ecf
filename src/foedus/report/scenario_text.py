"""A scenario as the terminal presents it: who, what each wants, the turn, promises, policies and claims."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Column
from rich.text import Text

from foedus.present.colours import TERMINAL_MAIN
from foedus.present.terminal import print_heading, print_table
from foedus.present.wording import assumed, cited, count, listed
from foedus.report.background import clause_text
from foedus.scenario.basics import Evidence
from foedus.scenario.names import Names, plain, titled
from foedus.scenario.schema import Scenario

Rows = list[tuple[str, str]]  # a name and what is said of it


def print_scenario(scenario: Scenario, console: Console) -> None:
    """Print a scenario's parts in the order in which a reader needs them."""
    names = Names(scenario)
    console.print(Rule(Text(scenario.title or "Untitled scenario", style="bold")))
    if scenario.summary:
        console.print(Text(scenario.summary))
    horizon = scenario.horizon
    span = f", {horizon.calendar.label(0)} to {horizon.calendar.label(horizon.periods - 1)}" if horizon.first else ""
    size = f"{count(horizon.periods, horizon.unit)}{span}; {count(len(scenario.all_assumptions), 'number')}."
    console.print(Text(size, style="dim"))
    parts = {
        "Actors and what they want": _actors,
        "State": _state,
        f"The turn: one {horizon.unit}": _turn,
        "Commitments": _commitments,
        "Assumptions": _assumptions,
        "Policies": _policies,
        "Outcomes": _outcomes,
        "Claims": _claims,
    }
    for title, rows_of in parts.items():
        if rows := rows_of(scenario, names):
            _print_part(console, title, rows)
    if scenario.observations:
        weighed = f"{count(len(scenario.observations), 'observation')} weigh the worlds"
        console.print()
        console.print(Text(f"{weighed}, under {names.policy(scenario.factual_policy)}."))


def _print_part(console: Console, title: str, rows: Rows) -> None:
    print_heading(console, title)
    columns = [Column(max_width=max(20, console.width // 3)), Column()]
    print_table(console, columns, [(Text(name, TERMINAL_MAIN), Text(said)) for name, said in rows], 2, header=False)


def _actors(scenario: Scenario, names: Names) -> Rows:
    rows = []
    for actor in scenario.actors:
        wants = [
            names.aim(actor, name)
            + (f" (weight {o.weight})" if o.weight != 1 else "")
            + (f", each period {o.value}" if o.value is not None else "")
            for name, o in scenario.objectives.get(actor, {}).items()
        ]
        rows.append((names.actor(actor), "; ".join(wants) or "only what single actions pay"))
    return rows


def _state(scenario: Scenario, names: Names) -> Rows:
    rows = []
    for name, variable in scenario.state.items():
        starts = [variable.start] if isinstance(variable.start, str) else list(variable.start)
        text = f"{', '.join(map(plain, variable.levels))}; starts at {listed(list(map(plain, starts)))}"
        text += f"; the game freezes at {listed(list(map(plain, variable.ends)))}" if variable.ends else ""
        rows.append((names.variable(name), text + ("; falls back each period" if variable.within else "")))
    return rows


def _turn(scenario: Scenario, names: Names) -> Rows:
    rows = []
    for i, phase in enumerate(scenario.turn, 1):
        text = f"chance, {count(len(phase.chance), 'branch', 'branches')}"
        if phase.decide is not None:
            enabled = {a: " (if enabled)" if action.exists == "enabled" else "" for a, action in phase.actions.items()}
            actions = [names.act(phase.id, action) + when for action, when in enabled.items()]
            text = f"{names.actor(phase.decide)}: {', '.join(actions)}"
        text += f"; if {phase.when}" if phase.when is not None else ""
        text += f"; at {listed([str(at) for at in phase.at])}" if phase.at else ""
        read = [names.commitment(name) for name, c in scenario.commitments.items() if c.attach == phase.id]
        rows.append((f"{i}. {names.phase(phase.id)}", text + (f"; first read: {listed(read)}" if read else "")))
    return rows


def _commitments(scenario: Scenario, names: Names) -> Rows:
    rows = []
    for name, c in scenario.commitments.items():
        to = listed([names.actor(a) for a in c.to])
        text = f"{names.actor(c.from_)} to {to}, {plain(c.kind)}: {plain(c.expected)} or more; applies {clause_text(c)}"
        rows.append((c.label or titled(name), f"{text}; falling short costs {c.reneging.cost} a step"))
    return rows


def _assumptions(scenario: Scenario, names: Names) -> Rows:
    rows = []
    for name, written in scenario.assumptions.items():
        why = f": {written.why}" if written.why else ""
        rows.append((names.assumption(name), assumed(written) + why + _sources(written.evidence)))
    return rows


def _policies(scenario: Scenario, names: Names) -> Rows:
    rows = []
    for name, policy in scenario.policies.items():
        changes = {
            "sets": [f"{names.inside(names.assumption(a))} to {value}" for a, value in policy.set.items()],
            "enables": [names.action(action) for action in policy.enable],
            "binds": [names.action(f"{binding.phase}.{binding.do}") for binding in policy.bind],
        }
        text = "; ".join(f"{verb} {listed(changed)}" for verb, changed in changes.items() if changed)
        rows.append((names.marked_policy(name), text or policy.why or "nothing is changed"))
    return rows


def _outcomes(scenario: Scenario, names: Names) -> Rows:
    return [(names.outcome(outcome), written.event) for outcome, written in scenario.outcomes.items()]


def _claims(scenario: Scenario, names: Names) -> Rows:
    return [
        (names.claim(name), f"{claim.says}{_sources(claim.evidence)} ({count(len(claim.readings), 'reading')})")
        for name, claim in scenario.claims.items()
    ]


def _sources(evidence: Sequence[Evidence]) -> str:
    return f" [{'; '.join(cited(item) for item in evidence)}]" if evidence else ""
