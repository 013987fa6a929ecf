"""What drives a number or a verdict, shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from foedus.arraytypes import Dataset
from foedus.lenses.drivers.chart import effects_chart, sobol_chart
from foedus.lenses.drivers.measure import DrivenRegion, LocalSlope
from foedus.lenses.drivers.subject import Subject
from foedus.lenses.query_names import query_name
from foedus.present.colours import MAIN, OTHER
from foedus.present.plain import strict
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, amount, probability, table
from foedus.present.wording import capital, listed, number, percent
from foedus.scenario.names import Names
from foedus.sensitivity.discovery import Limit
from foedus.sensitivity.telling import in_words, labels, tree_table

QUESTION = "What decides it, and what would change it?"
MOST = 12
INDICES = ("first", "first_error", "total", "total_error")
ROUGH = 0.15  # an error of the sum of first-order indices beyond which it says nothing of interactions


@dataclass(frozen=True)
class Drivers:
    """What was looked at; None for what was not asked for."""

    subject: Subject
    sobol: Dataset | None = None
    region: DrivenRegion | None = None
    local: list[LocalSlope] | None = None


def drivers_section(drivers: Drivers) -> Section:
    """Shares of variance, the region and the slopes, as far as they were asked for."""
    subject, names = drivers.subject, Names(drivers.subject.scenario)
    parts: list[Told] = []
    if drivers.sobol is not None:
        parts.append(_sobol(names, drivers.sobol))
    if drivers.region is not None:
        parts.append(_region(names, subject, drivers.region))
    if drivers.local is not None:
        parts.append(_local(names, subject, drivers.local))
    together = [[item for part in parts for item in getattr(part, kind.name)] for kind in fields(Told)]
    return Told(*together).under("drivers", f"What drives {subject_words(names, subject)}", QUESTION)


def subject_words(names: Names, subject: Subject) -> str:
    """What was asked about."""
    if subject.is_claim and subject.reading.claim:
        return f"the claim “{names.claim(subject.reading.claim)}” (reading: {subject.reading.name.replace('_', ' ')})"
    return f"{query_name(names, subject.text)} under {names.policy(subject.policy)}"


@dataclass(frozen=True)
class _Index:
    """The Sobol indices of one assumption, with half the width of their intervals."""

    name: str
    first: float
    first_error: float
    total: float
    total_error: float


def _sobol(names: Names, sobol: Dataset) -> Told:
    note = "Sobol indices are over the assumptions as drawn, all independent; the observations do not weigh here."
    if not np.isfinite(sobol["total"].values).any():
        return Told(["It is the same in every world: nothing drives it."], notes=[note])
    order = np.argsort(-sobol["total"].values, kind="stable")
    called = [names.assumption(str(sobol["assumption"].values[i])) for i in order]
    ranked = [_Index(name, *(float(sobol[key][i]) for key in INDICES)) for name, i in zip(called, order, strict=True)]
    columns: dict[str, Callable[[_Index], Cell]] = {
        "Assumption": lambda each: each.name,
        "First-order": lambda each: _with_error(each.first, each.first_error),
        "Total": lambda each: _with_error(each.total, each.total_error),
    }
    shown = table("Sobol indices, with 95% intervals", columns, ranked[: 2 * MOST])
    return Told([_sobol_words(names, ranked, sobol)], [_sobol_figure(ranked[:MOST])], [shown], [note])


def _with_error(value: float, error: float) -> Amount:
    value = round(value, 6)
    return Amount(number(value), value, f"± {number(round(error, 6))}")


def _sobol_words(names: Names, ranked: list[_Index], sobol: Dataset) -> str:
    top = [each for each in ranked if each.first >= 0.005][:3] or ranked[:1]
    shares = [(names.inside(each.name), percent(max(each.first, 0.0)), percent(each.first_error)) for each in top]
    parts = [f"{name} {share} (± {error})" for name, share, error in shares]
    alone, error = float(sobol["first"].values.sum()), float(np.sqrt((sobol["first_error"].values ** 2).sum()))
    if error > ROUGH:
        rest = "too rough to tell how much comes from assumptions acting together: raise --points"
    elif alone + error >= 1:
        rest = "they act one by one"
    else:
        rest = f"about {percent(1 - alone)} comes from assumptions acting together"
    return (
        f"Of its variance over worlds, knowing one assumption alone would take away: {listed(parts)}. "
        f"All first-order indices come to {percent(max(alone, 0.0))} (± {percent(error)}); {rest}."
    )


def _sobol_figure(ranked: list[_Index]) -> Figure:
    share = percent(min(max(ranked[0].total, 0.0), 1.0))
    return Figure(
        f"{ranked[0].name} matters most: {share} of the variance, alone or together with others",
        "Filled: first-order index, what knowing the assumption alone takes away. Open: total index with its 95% interval, "
        "what would be left if all else were known.",
        sobol_chart(*zip(*((each.name, each.first, each.total, each.total_error) for each in ranked), strict=True)),
    )


def _region(names: Names, subject: Subject, region: DrivenRegion) -> Told:
    above = "" if region.limit is None else f"above {number(region.limit)}"
    verb, heading = ("fails", "Fails in") if subject.is_claim else (f"is {above}", f"A{above[1:]} in")
    tables: list[Table] = []
    if (box := region.box) is not None and box.limits:
        fit = f"density {percent(box.density)}, coverage {percent(box.coverage)}, mass {percent(box.mass)}"
        columns: dict[str, Callable[[Limit], Cell]] = {
            "Assumption": lambda limit: names.assumption(limit.assumption),
            "Limit": _limit,
            "Quasi-p": lambda limit: amount(limit.chance, number),
        }
        tables.append(table(f"The box: {fit}, all worlds {percent(box.base)}", columns, box.limits))
    if len(region.leaves) > 1:
        tables.append(tree_table("The same as a tree", names, region.leaves, heading))
    note = (
        "The box and the tree are over the weighted worlds. Density: the share of the box in which it is so; coverage: the share of all such worlds "
        "that lie in the box; mass: the share of worlds in the box; quasi-p: the chance of so many without the limit (the search is not counted)."
    )
    return Told([in_words(region.box, labels(names), verb)], tables=tables, notes=[note])


def _limit(limit: Limit) -> str:
    return f"below {number(limit.high)}" if np.isinf(limit.low) else f"above {number(limit.low)}"


def _local(names: Names, subject: Subject, local: list[LocalSlope]) -> Told:
    note = "Slopes are exact derivatives in each world, by the adjoint of the recursion. A switch that a condition reads has slope 0."
    moving = [each for each in local[:3] if each.effect]
    if not moving:
        return Told(["At the margin nothing moves it."], notes=[note])
    say, called = partial(effect, subject), {each.assumption: names.assumption(each.assumption) for each in local}
    parts = [f"{names.inside(called[each.assumption])} {say(each.effect)} ({_side(each)})" for each in moving]
    columns: dict[str, Callable[[LocalSlope], Cell]] = {
        "Assumption": lambda each: called[each.assumption],
        "One standard deviation more": lambda each: amount(each.effect, say),
        "Slope": lambda each: Amount(number(each.slope), each.slope, f"{number(each.low)} to {number(each.high)}"),
        "Raises it in": lambda each: probability(each.up),
    }
    shown = table("Local sensitivities", columns, local[: 2 * MOST])
    first, few = local[0], [(called[each.assumption], each.effect) for each in local[:MOST]]
    figure = Figure(
        f"At the margin {names.inside(called[first.assumption])} moves it most: {say(first.effect)} per standard deviation",
        f"What one standard deviation more of each assumption does, by its slope averaged over worlds. {capital(MAIN)} raises, {OTHER} lowers.",
        effects_chart([name for name, _ in few], [size for _, size in few], say),
    )
    sentence = f"At the margin, one standard deviation more changes it by: {listed(parts)}."
    return Told([sentence], [figure], [shown], [note])


def effect(subject: Subject, value: float) -> str:
    """A change with its sign, of a chance in percentage points."""
    size = f"{number(100 * value, 2)} points" if subject.unit.is_chance else number(value)
    return f"{'+' if value > 0 else ''}{size}"


def _side(each: LocalSlope) -> str:
    return f"{'up' if each.up >= 0.5 else 'down'} in {percent(max(each.up, 1 - each.up))} of worlds"


def drivers_json(drivers: Drivers, section: Section) -> dict[str, Any]:
    """What drives it as other programs read it."""
    subject, sobol = drivers.subject, drivers.sobol
    told: dict[str, Any] = {"asked": subject.text, "claim": subject.reading.claim or None, "policy": subject.policy}
    told["sentences"] = section.sentences
    if sobol is not None:
        each = {str(name): sobol.sel(assumption=name) for name in sobol["assumption"].values}
        told["sobol"] = {name: {key: float(row[key]) for key in INDICES} for name, row in each.items()}
    if drivers.region is not None:
        told["region"] = {"above": drivers.region.limit, **drivers.region.to_json()}
    if drivers.local is not None:
        figures = [(local.assumption, dict(vars(local))) for local in drivers.local]
        told["local"] = {name: {key: row[key] for key in row if key != "assumption"} for name, row in figures}
    return dict(strict(told))
