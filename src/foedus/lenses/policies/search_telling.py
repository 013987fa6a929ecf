"""The frontier of a robust search, shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from foedus.lenses.policies.levers import Lever
from foedus.lenses.policies.rules import dominated
from foedus.lenses.policies.search import Aim, Candidate, Frontier
from foedus.lenses.query_names import CHANCES, query_name
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told
from foedus.present.svg import Drawing
from foedus.present.wording import capital, count, listed, number, percent
from foedus.scenario.names import Names, lowered
from foedus.scenario.schema import Scenario

QUESTION = "Which settings of the levers are efficient over the worlds, and how much of that was luck of the search?"


def shown(aim: Aim, value: float) -> str:
    """An aim's number as people read it."""
    return percent(value) if aim.text.startswith(CHANCES) else number(value)


def aim_name(names: Names, aim: Aim) -> str:
    """An aim in plain words."""
    return names.inside(query_name(names, aim.text))


def lever_name(names: Names, lever: Lever) -> str:
    """A lever in plain words."""
    if lever.kind == "timing":
        return f"first period of {lowered(_phase(names, lever.name))}"
    label = names.inside(names.assumption(lever.name))
    if not lever.commitment:
        return label
    commitment = names.scenario.commitments[lever.commitment]
    return f"{label} ({lever.kind} of {lowered(commitment.label or lever.commitment.replace('_', ' '))})"


def _phase(names: Names, phase: str) -> str:
    found = next((p for p in names.scenario.turn if p.id == phase), None)
    return (found.label if found and found.label else phase.replace("_", " ")).strip()


def search_section(scenario: Scenario, found: Frontier) -> Section:
    """The frontier: settings, figures in training and in held-out worlds, and the gap between the two."""
    names = Names(scenario)
    figures = [_figure(names, found)] if len(found.aims) > 1 else []
    return Told(
        search_sentences(names, found), figures, [_settings(names, found), _figures(names, found)], _notes(found)
    ).under("search", f"Robust settings on top of {names.policy(found.policy)}", QUESTION)


def search_sentences(names: Names, found: Frontier) -> list[str]:
    """What the search found, aim by aim, and how much of it holds in other worlds."""
    train, held = found.worlds
    rule = "on average" if found.rule == "expected" else "in the worst tenth of worlds"
    said = [
        f"{count(found.tried, 'candidate')} were tried in {count(train, 'world')}. {count(len(found.candidates), 'efficient one')} "
        f"{'is' if len(found.candidates) == 1 else 'are'} shown: none does better than another on every metric."
    ]
    for a, aim in enumerate(found.aims):
        best = min(found.candidates, key=lambda c: aim.sign * c.held_out[a])
        settings = [f"{lever_name(names, lever)} {number(best.levers[lever.name])}" for lever in found.levers]
        better = aim.sign * (found.base.held_out[a] - best.held_out[a]) > 0
        said.append(
            f"Best for {aim_name(names, aim)} {rule}: {shown(aim, float(best.held_out[a]))} in {count(held, 'held-out world')} (nine in ten: "
            f"{shown(aim, float(best.low[a]))} to {shown(aim, float(best.high[a]))}), against {shown(aim, float(found.base.held_out[a]))} "
            f"for the policy as written{'' if better else ', which is no worse'}, with {listed(settings, 12)}."
        )
    kept = sum(one.still_efficient for one in found.candidates)
    gaps = [
        f"{_gap(aim, float(gap))} on {aim_name(names, aim)} (the policy as written: {_gap(aim, float(shift))})"
        for aim, gap, shift in zip(found.aims, found.optimism, found.shift, strict=True)
    ]
    said.append(
        f"In held-out worlds {kept} of {len(found.candidates)} are still efficient. Against the worlds that they were searched in they do "
        f"{listed(gaps)}: what is worse beyond that of the policy as written is luck of the search."
    )
    return said


def _gap(aim: Aim, gap: float) -> str:
    text = shown(aim, abs(gap))
    text = f"{text[:-1]} points" if text.endswith("%") else text
    return f"{text} {'worse' if gap > 0 else 'better'}"


def _settings(names: Names, found: Frontier) -> Table:
    columns = ["Candidate", *(lever_name(names, lever) for lever in found.levers), "Still efficient"]
    rows: list[list[Cell]] = [
        [
            _title(i),
            *(Amount(number(c.levers[lever.name]), c.levers[lever.name]) for lever in found.levers),
            "yes" if c.still_efficient else "no",
        ]
        for i, c in enumerate(found.candidates)
    ]
    return Table("Settings of the levers", columns, rows)


def _figures(names: Names, found: Frontier) -> Table:
    columns = ["Candidate"]
    for aim in found.aims:
        columns += [f"{capital(aim_name(names, aim))}, searched", "held out", "worst regret"]
    rows: list[list[Cell]] = []
    for title, one in [*((_title(i), c) for i, c in enumerate(found.candidates)), ("As written", found.base)]:
        row: list[Cell] = [title]
        for a, aim in enumerate(found.aims):
            row += [
                _amount(aim, one.trained[a]),
                Amount(
                    shown(aim, one.held_out[a]),
                    float(one.held_out[a]),
                    f"{shown(aim, one.low[a])} to {shown(aim, one.high[a])}",
                ),
                _amount(aim, one.regret[a]),
            ]
        rows.append(row)
    return Table("Figures in the worlds searched and in others", columns, rows)


def _title(i: int) -> str:
    return f"Candidate {i + 1}"


def _amount(aim: Aim, value: float) -> Amount:
    return Amount(shown(aim, float(value)), float(value))


def _figure(names: Names, found: Frontier) -> Figure:
    one, two = found.aims[:2]
    low, high = (f([c.held_out[0] for c in found.candidates]) for f in (min, max))
    return Figure(
        f"The trade-off: from {shown(one, float(low))} to {shown(one, float(high))} on {aim_name(names, one)}, against {aim_name(names, two)}",
        f"{capital(aim_name(names, one))} to the right, {aim_name(names, two)} upward. Filled: in held-out worlds; open: in the worlds searched; orange: "
        f"{names.policy(found.policy)} as written. The numbers are the candidates'.",
        _scatter(found),
    )


def _scatter(found: Frontier) -> Markup:
    width, height, left, top = 560.0, 280.0, 70.0, 16.0
    drawing = Drawing(700, height + 60, "Candidates in training and held-out worlds")
    every: Sequence[Candidate] = [*found.candidates, found.base]
    points = np.array([[c.held_out[:2], c.trained[:2]] for c in every])
    ends = points.min(axis=(0, 1)), np.maximum(np.ptp(points.reshape(-1, 2), axis=0), 1e-9)
    x = left + 12 + (width - 24) * (points[:, :, 0] - ends[0][0]) / ends[1][0]
    y = top + height - 12 - (height - 24) * (points[:, :, 1] - ends[0][1]) / ends[1][1]
    drawing.line(left, top + height, left + width, top + height)
    drawing.line(left, top, left, top + height)
    one, two = found.aims[:2]
    for share, anchor in ((0.0, "start"), (1.0, "end")):
        at = left + 12 + (width - 24) * share
        drawing.text(at, top + height + 16, shown(one, float(ends[0][0] + share * ends[1][0])), "small", anchor)
        drawing.text(
            left - 6,
            top + height - 8 - (height - 24) * share,
            shown(two, float(ends[0][1] + share * ends[1][1])),
            "small",
            "end",
        )
    signs = np.array([aim.sign for aim in found.aims[:2]])
    efficient = ~dominated(-points[:-1, 0] * signs)
    drawing.path(
        [(float(x[i, 0]), float(y[i, 0])) for i in np.argsort(points[:-1, 0, 0], kind="stable") if efficient[i]],
        "median",
    )
    for i in range(len(every)):
        base = i == len(found.candidates)
        drawing.line(float(x[i, 0]), float(y[i, 0]), float(x[i, 1]), float(y[i, 1]), "shift")
        drawing.dot(float(x[i, 1]), float(y[i, 1]), 3.5, "prior")
        drawing.dot(float(x[i, 0]), float(y[i, 0]), 4.5, "posterior now" if base else "posterior")
        drawing.text(float(x[i, 0]) + 7, float(y[i, 0]) - 6, "as written" if base else str(i + 1), "small")
    return drawing.render()


def _notes(found: Frontier) -> list[str]:
    uncertain = (
        "What the policy as written leaves uncertain varies by world there; a lever holds one value in all worlds."
    )
    return [
        f"Held-out worlds are drawn with another seed. Worst regret: against the candidates shown and the policy as written, in held-out worlds. {uncertain}"
    ]


def search_json(scenario: Scenario, found: Frontier) -> dict[str, Any]:
    """A frontier as other programs read it."""
    from foedus.present.plain import strict

    def told(one: Candidate) -> dict[str, Any]:
        aims = {
            aim.text: {
                "searched": one.trained[a],
                "held_out": one.held_out[a],
                "mean": one.mean[a],
                "low": one.low[a],
                "high": one.high[a],
                "worst_regret": one.regret[a],
            }
            for a, aim in enumerate(found.aims)
        }
        return {"levers": one.levers, "metrics": aims, "still_efficient": one.still_efficient}

    plain: dict[str, Any] = strict(
        {
            "question": QUESTION,
            "policy": found.policy,
            "rule": found.rule,
            "tried": found.tried,
            "sentences": search_sentences(Names(scenario), found),
            "levers": [vars(lever) for lever in found.levers],
            "metrics": [vars(aim) for aim in found.aims],
            "training_worlds": found.worlds[0],
            "held_out_worlds": found.worlds[1],
            "optimism": {
                aim.text: {"frontier": gap, "as_written": shift}
                for aim, gap, shift in zip(found.aims, found.optimism.tolist(), found.shift.tolist(), strict=True)
            },
            "candidates": [told(one) for one in found.candidates],
            "as_written": told(found.base),
        }
    )
    return plain
