"""What drives a number or a verdict, shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.lenses.drivers.chart import effects_chart, sobol_chart
from foedus.lenses.drivers.measure import Local, Region
from foedus.lenses.drivers.subject import Subject
from foedus.lenses.query_names import CHANCES, query_name
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, probability
from foedus.present.wording import capital, listed, number, percent
from foedus.scenario.names import Names
from foedus.sensitivity.discovery import in_words
from foedus.sensitivity.telling import box_json, labels, leaf_json, leaf_words

if TYPE_CHECKING:
    import xarray as xr

QUESTION = "What decides it, and what would change it?"
MOST = 12
ROUGH = 0.15  # an error of the sum of first-order indices beyond which it says nothing of interactions


@dataclass(frozen=True)
class Found:
    """What was looked at; None for what was not asked for."""

    subject: Subject
    sobol: xr.Dataset | None = None
    region: Region | None = None
    local: list[Local] | None = None


def drivers_section(found: Found) -> Section:
    """Shares of variance, the region and the slopes, as far as they were asked for."""
    names = Names(found.subject.scenario)
    sentences: list[str] = []
    figures: list[Figure] = []
    tables: list[Table] = []
    if found.sobol is not None:
        sentences += _sobol_words(names, found.sobol)
        if np.isfinite(found.sobol["total"].values).any():
            tables.append(_sobol_table(names, found.sobol))
            figures.append(_sobol_figure(names, found.sobol))
    if found.region is not None:
        sentences.append(_region_words(names, found.subject, found.region))
        tables += _region_tables(names, found.subject, found.region)
    if found.local is not None:
        sentences.append(_local_words(names, found.subject, found.local))
        if found.local and found.local[0].effect:
            tables.append(_local_table(names, found.subject, found.local))
            figures.append(_local_figure(names, found.subject, found.local))
    return Told(sentences, figures, tables, _notes(found)).under(
        "drivers", f"What drives {subject_words(names, found.subject)}", QUESTION
    )


def subject_words(names: Names, subject: Subject) -> str:
    """What was asked about."""
    if subject.is_claim and subject.reading.claim:
        return f"the claim “{names.claim(subject.reading.claim)}” (reading: {subject.reading.name.replace('_', ' ')})"
    return f"{query_name(names, subject.text)} under {names.policy(subject.policy)}"


def _ranked(sobol: xr.Dataset) -> list[int]:
    return [int(i) for i in np.argsort(-sobol["total"].values, kind="stable")]


def _sobol_words(names: Names, sobol: xr.Dataset) -> list[str]:
    if not np.isfinite(sobol["total"].values).any():
        return ["It is the same in every world: nothing drives it."]
    top = [i for i in _ranked(sobol) if float(sobol["first"].values[i]) >= 0.005][:3] or _ranked(sobol)[:1]
    parts = [
        f"{names.inside(names.assumption(str(sobol['assumption'].values[i])))} {percent(max(float(sobol['first'].values[i]), 0.0))} (± "
        f"{percent(float(sobol['first_error'].values[i]))})"
        for i in top
    ]
    alone, error = float(sobol["first"].values.sum()), float(np.sqrt((sobol["first_error"].values ** 2).sum()))
    if error > ROUGH:
        rest = "too rough to tell how much comes from assumptions acting together: raise --points"
    elif alone + error >= 1:
        rest = "they act one by one"
    else:
        rest = f"about {percent(1 - alone)} comes from assumptions acting together"
    return [
        f"Of its variance over worlds, knowing one assumption alone would take away: {listed(parts)}. "
        f"All first-order indices come to {percent(max(alone, 0.0))} (± {percent(error)}); {rest}."
    ]


def _region_words(names: Names, subject: Subject, region: Region) -> str:
    event = "fails" if subject.is_claim else f"is above {number(region.limit)}"
    return in_words(region.box, labels(names), event)


def _local_words(names: Names, subject: Subject, local: list[Local]) -> str:
    parts = [
        f"{names.inside(names.assumption(one.assumption))} {effect(subject, one.effect)} ({_side(one)})"
        for one in local[:3]
        if one.effect
    ]
    if not parts:
        return "At the margin nothing moves it."
    return f"At the margin, one standard deviation more changes it by: {listed(parts)}."


def effect(subject: Subject, value: float) -> str:
    """A change with its sign, of a chance in percentage points."""
    if subject.text.startswith(CHANCES) and not subject.is_claim:
        return f"{'+' if value > 0 else ''}{number(100 * value, 2)} points"
    return f"{'+' if value > 0 else ''}{number(value)}"


def _side(one: Local) -> str:
    most = max(one.up, 1 - one.up)
    return f"{'up' if one.up >= 0.5 else 'down'} in {percent(most)} of worlds"


def _sobol_table(names: Names, sobol: xr.Dataset) -> Table:
    rows: list[list[Cell]] = []
    for i in _ranked(sobol):
        one = sobol.isel(assumption=i)
        first, total = (round(float(one[key]), 6) for key in ("first", "total"))
        rows.append(
            [
                names.assumption(str(one["assumption"].values)),
                Amount(number(first), first, f"± {number(round(float(one['first_error']), 6))}"),
                Amount(number(total), total, f"± {number(round(float(one['total_error']), 6))}"),
            ]
        )
    return Table("Sobol indices, with 95% intervals", ["Assumption", "First-order", "Total"], rows[: 2 * MOST])


def _region_tables(names: Names, subject: Subject, region: Region) -> list[Table]:
    event = "Fails in" if subject.is_claim else f"Above {number(region.limit)} in"
    made = []
    if region.box is not None and region.box.limits:
        box = region.box
        rows: list[list[Cell]] = [
            [names.assumption(one.assumption), _limit(one.low, one.high), Amount(number(one.chance), one.chance)]
            for one in box.limits
        ]
        caption = f"The box: density {percent(box.density)}, coverage {percent(box.coverage)}, mass {percent(box.mass)}, all worlds {percent(box.base)}"
        made.append(Table(caption, ["Assumption", "Limit", "Quasi-p"], rows))
    if len(region.leaves) > 1:
        leaves: list[list[Cell]] = [
            [capital(leaf_words(names, leaf)), probability(leaf.mass), probability(leaf.density)]
            for leaf in region.leaves
        ]
        made.append(Table("The same as a tree", ["Where", "Share of worlds", event], leaves))
    return made


def _limit(low: float, high: float) -> str:
    return f"below {number(high)}" if np.isinf(low) else f"above {number(low)}"


def _local_table(names: Names, subject: Subject, local: list[Local]) -> Table:
    rows: list[list[Cell]] = [
        [
            names.assumption(one.assumption),
            Amount(effect(subject, one.effect), one.effect),
            Amount(number(one.slope), one.slope, f"{number(one.low)} to {number(one.high)}"),
            probability(one.up),
        ]
        for one in local[: 2 * MOST]
    ]
    return Table("Local sensitivities", ["Assumption", "One standard deviation more", "Slope", "Raises it in"], rows)


def _sobol_figure(names: Names, sobol: xr.Dataset) -> Figure:
    order = _ranked(sobol)[:MOST]
    first, total, error = ([float(sobol[k].values[i]) for i in order] for k in ("first", "total", "total_error"))
    rows = [names.assumption(str(sobol["assumption"].values[i])) for i in order]
    share = percent(min(max(total[0], 0.0), 1.0))
    return Figure(
        f"{rows[0]} matters most: {share} of the variance, alone or together with others",
        "Filled: first-order index, what knowing the assumption alone takes away. Open: total index with its 95% interval, "
        "what would be left if all else were known.",
        sobol_chart(rows, first, total, error),
    )


def _local_figure(names: Names, subject: Subject, local: list[Local]) -> Figure:
    few = local[:MOST]
    title = f"At the margin {names.inside(names.assumption(few[0].assumption))} moves it most: {effect(subject, few[0].effect)} per standard deviation"
    note = "What one standard deviation more of each assumption does, by its slope averaged over worlds. Blue raises, orange lowers."
    return Figure(
        title,
        note,
        effects_chart(
            [names.assumption(one.assumption) for one in few], [one.effect for one in few], lambda v: effect(subject, v)
        ),
    )


def _notes(found: Found) -> list[str]:
    said = []
    if found.sobol is not None:
        said.append(
            "Sobol indices are over the assumptions as drawn, all independent; the observations do not weigh here."
        )
    if found.region is not None:
        said.append(
            "The box and the tree are over the weighted worlds. Density: the share of the box in which it is so; coverage: the share of all such worlds "
            "that lie in the box; mass: the share of worlds in the box; quasi-p: the chance of so many without the limit (the search is not counted)."
        )
    if found.local is not None:
        said.append(
            "Slopes are exact derivatives in each world, by the adjoint of the recursion. A switch that a condition reads has slope 0."
        )
    return said


def drivers_json(found: Found, section: Section) -> dict[str, Any]:
    """What was found as other programs read it."""
    from foedus.present.plain import strict

    made: dict[str, Any] = {
        "asked": found.subject.text,
        "claim": found.subject.reading.claim or None,
        "policy": found.subject.policy,
        "sentences": list(section.sentences),
    }
    if found.sobol is not None:
        keys = ("first", "first_error", "total", "total_error")
        made["sobol"] = {
            str(name): {key: float(found.sobol[key].values[i]) for key in keys}
            for i, name in enumerate(found.sobol["assumption"].values)
        }
    if found.region is not None:
        region = found.region
        made["region"] = {
            "above": region.limit,
            "share": region.share,
            "box": box_json(region.box),
            "tree": [leaf_json(leaf) for leaf in region.leaves],
        }
    if found.local is not None:
        made["local"] = {
            one.assumption: {k: v for k, v in vars(one).items() if k != "assumption"} for one in found.local
        }
    plain: dict[str, Any] = strict(made)
    return plain
