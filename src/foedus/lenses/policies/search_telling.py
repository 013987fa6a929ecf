"""The frontier of a robust search, shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from foedus.lenses.policies.chart import frontier_chart
from foedus.lenses.policies.levers import Lever, LeverKind
from foedus.lenses.policies.search import Aim, Candidate, Criterion, Frontier
from foedus.lenses.query_names import gap_in_unit, in_unit, query_name
from foedus.present.colours import OTHER
from foedus.present.plain import strict
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, amount, table
from foedus.present.wording import capital, count, listed, number
from foedus.scenario.names import Names, lowered
from foedus.scenario.schema import Scenario
from foedus.worlds.ties import ROUNDING, tied

QUESTION = "Which settings of the levers are efficient over the worlds, and how much of that was luck of the search?"


def aim_name(names: Names, aim: Aim) -> str:
    """An aim in plain words."""
    return names.inside(query_name(names, aim.text))


def lever_name(names: Names, lever: Lever) -> str:
    """A lever in plain words."""
    if lever.kind == LeverKind.TIMING:
        return f"first period of {lowered(names.phase(lever.name))}"
    label = names.inside(names.assumption(lever.name))
    if not lever.commitment:
        return label
    return f"{label} ({lever.kind} of {lowered(names.commitment(lever.commitment))})"


def search_section(scenario: Scenario, frontier: Frontier) -> Section:
    """The frontier: settings, figures in training and in held-out worlds, and the gap between the two."""
    names = Names(scenario)
    figures = [_figure(names, frontier)] if len(frontier.problem.aims) > 1 else []
    note = (
        "Held-out worlds are drawn with another seed. Worst regret: against the candidates shown and the policy as written, in held-out worlds. "
        "What the policy as written leaves uncertain varies by world there; a lever holds one value in all worlds."
    )
    tables = [_settings(names, frontier), _figures(names, frontier)]
    told = Told(search_sentences(names, frontier), figures, tables, [note])
    return told.under("search", f"Robust settings on top of {names.policy(frontier.problem.policy)}", QUESTION)


def search_sentences(names: Names, frontier: Frontier) -> list[str]:
    """What the search found, aim by aim, and how much of it holds in other worlds."""
    efficient = len(frontier.candidates)
    actor = frontier.problem.actor
    whose = f"Moved are the levers of {names.actor(actor)} (another's: --actor; any: --lever). " if actor else ""
    first = (
        f"{whose}{count(frontier.tried, 'candidate')} were tried in {count(frontier.worlds[0], 'world')}. {count(efficient, 'efficient one')} "
        f"{'is' if efficient == 1 else 'are'} shown: none does better than another on every metric."
    )
    kept = sum(candidate.still_efficient for candidate in frontier.candidates)
    gaps = [
        f"{_gap(aim, gap)} on {aim_name(names, aim)} (the policy as written: {_gap(aim, shift)})"
        for aim, gap, shift in zip(frontier.problem.aims, frontier.optimism, frontier.shift, strict=True)
    ]
    last = (
        f"In held-out worlds {kept} of {efficient} are still efficient. Against the worlds that they were searched in they do "
        f"{listed(gaps)}: what is worse beyond that of the policy as written is luck of the search."
    )
    return [first, *(_best(names, frontier, a) for a in range(len(frontier.problem.aims))), last]


def _best(names: Names, frontier: Frontier, a: int) -> str:
    """What the best candidate on one aim does."""
    aim, base = frontier.problem.aims[a], frontier.base.held_out[a]
    sign = aim.direction.sign
    best = max(frontier.candidates, key=lambda candidate: sign * candidate.held_out[a])
    rule = "on average" if frontier.criterion is Criterion.EXPECTED else "in the worst tenth of worlds"
    settings = [f"{lever_name(names, lever)} {number(best.levers[lever.name])}" for lever in frontier.problem.levers]
    value, low, high, written = (in_unit(aim.unit, v) for v in (best.held_out[a], best.low[a], best.high[a], base))
    others = tied(np.array([sign * each.held_out[a] for each in frontier.candidates]), say=partial(in_unit, aim.unit))[
        1:
    ]
    level = (
        f" ({listed([f'candidate {i + 1}' for i in sorted(others)])} {'tie' if len(others) > 1 else 'ties'})"
        if others
        else ""
    )
    return (
        f"Best for {aim_name(names, aim)} {rule}: {value} in {count(frontier.worlds[1], 'held-out world')} (nine in ten: "
        f"{low} to {high}){level}, {_against(sign * (best.held_out[a] - base), value, written)}, with {listed(settings, 12)}."
    )


def _against(lead: float, value: str, written: str) -> str:
    """A candidate's lead over the policy as written."""
    if value == written or abs(lead) <= ROUNDING:
        return "a tie with the policy as written"
    return f"against {written} for the policy as written" + ("" if lead > 0 else ", which does better")


def _gap(aim: Aim, gap: float) -> str:
    return f"{gap_in_unit(aim.unit, abs(gap))} {'worse' if gap > 0 else 'better'}"


def _titled(frontier: Frontier) -> list[tuple[str, Candidate]]:
    return [(f"Candidate {i + 1}", candidate) for i, candidate in enumerate(frontier.candidates)]


def _settings(names: Names, frontier: Frontier) -> Table:
    def setting(lever: Lever, row: tuple[str, Candidate]) -> Amount:
        return amount(row[1].levers[lever.name], number)

    columns: dict[str, Callable[[tuple[str, Candidate]], Cell]] = {
        "Candidate": lambda row: row[0],
        **{lever_name(names, lever): partial(setting, lever) for lever in frontier.problem.levers},
        "Still efficient": lambda row: "yes" if row[1].still_efficient else "no",
    }
    return table("Settings of the levers", columns, _titled(frontier))


def _figures(names: Names, frontier: Frontier) -> Table:
    columns = ["Candidate"]
    for aim in frontier.problem.aims:
        columns += [f"{capital(aim_name(names, aim))}, searched", "held out", "worst regret"]
    rows: list[list[Cell]] = []
    for title, candidate in [*_titled(frontier), ("As written", frontier.base)]:
        on_aims = [_on_aim(candidate, a, aim) for a, aim in enumerate(frontier.problem.aims)]
        rows.append([title, *(cell for cells in on_aims for cell in cells)])
    return Table("Figures in the worlds searched and in others", columns, rows)


def _on_aim(candidate: Candidate, a: int, aim: Aim) -> list[Amount]:
    say, held_out = partial(in_unit, aim.unit), float(candidate.held_out[a])
    span = f"{say(candidate.low[a])} to {say(candidate.high[a])}"
    regret = amount(float(candidate.regret[a]), say)
    return [amount(float(candidate.trained[a]), say), Amount(say(held_out), held_out, span), regret]


def _figure(names: Names, frontier: Frontier) -> Figure:
    first, second = (aim_name(names, aim) for aim in frontier.problem.aims[:2])
    values = [candidate.held_out[0] for candidate in frontier.candidates]
    low, high = (in_unit(frontier.problem.aims[0].unit, end) for end in (min(values), max(values)))
    return Figure(
        f"The trade-off: from {low} to {high} on {first}, against {second}",
        f"{capital(first)} to the right, {second} upward. Filled: in held-out worlds; open: in the worlds searched; {OTHER}: "
        f"{names.policy(frontier.problem.policy)} as written. The numbers are the candidates'.",
        frontier_chart(frontier),
    )


def search_json(scenario: Scenario, frontier: Frontier) -> dict[str, Any]:
    """A frontier as other programs read it."""
    aims, (training, held_out) = frontier.problem.aims, frontier.worlds
    gaps = zip(aims, frontier.optimism, frontier.shift, strict=True)
    told = {
        "question": QUESTION,
        "policy": frontier.problem.policy,
        "rule": frontier.criterion,
        "tried": frontier.tried,
        "sentences": search_sentences(Names(scenario), frontier),
        "levers": frontier.problem.levers,
        "metrics": [{"text": aim.text, "direction": aim.direction} for aim in aims],
        "training_worlds": training,
        "held_out_worlds": held_out,
        "optimism": {aim.text: {"frontier": gap, "as_written": shift} for aim, gap, shift in gaps},
        "candidates": [_candidate_json(candidate, aims) for candidate in frontier.candidates],
        "as_written": _candidate_json(frontier.base, aims),
    }
    return dict(strict(told))


def _candidate_json(candidate: Candidate, aims: tuple[Aim, ...]) -> dict[str, Any]:
    c = candidate
    parts = {"searched": c.trained, "held_out": c.held_out, "mean": c.mean, "low": c.low, "high": c.high}
    parts["worst_regret"] = c.regret
    figures = {aim.text: {key: values[a] for key, values in parts.items()} for a, aim in enumerate(aims)}
    return {"levers": candidate.levers, "metrics": figures, "still_efficient": candidate.still_efficient}
