"""What was learned from the observations: sentences, charts and tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.present.colours import MAIN
from foedus.present.plain import strict
from foedus.present.section import Amount, Figure, Section, Table, Told, amount, table
from foedus.present.svg import clipped
from foedus.present.wording import capital, count, listed, number, percent, points, signed
from foedus.record.charts import periods_chart, ranges_chart
from foedus.record.score_telling import state_name
from foedus.scenario.names import Names
from foedus.scenario.parts import Observation
from foedus.scenario.scope import period_of
from foedus.worlds.thresholds import ROUGH_SAMPLE

if TYPE_CHECKING:
    import xarray as xr

_SHOWN, _LISTED = 16, 40
_bits = partial(number, digits=2)
_points = partial(points, decimals=1)  # a change of mean rank in points of a hundred


@dataclass(frozen=True)
class _Step:
    """One observation: what it says, how surprising it was and what it taught (in bits), and what it moved most, by how
    much of mean rank."""

    index: int
    written: Observation
    label: str
    period: str
    surprise: float
    learned: float
    moved: str
    by: float

    @property
    def what(self) -> str:
        """What happened."""
        return self.written.event or self.written.why


@dataclass(frozen=True)
class _Assumption:
    """One assumption before and after: (low, median, high) values and ranks, and the observation that moved it most."""

    id: str
    name: str
    prior: list[float]
    posterior: list[float]
    rank: list[float]
    shift: float
    ks: float
    bits: float
    beyond_chance: bool
    moved_by: str

    @property
    def way(self) -> str:
        """Which way it moved."""
        return "up" if self.shift > 0 else "down"

    @property
    def star(self) -> str:
        """A mark where it moved by more than sampling alone would do."""
        return " ★" if self.beyond_chance else ""


class _Learned:
    """What ``record.learned`` worked out, as rows with names."""

    def __init__(self, names: Names, learned: xr.Dataset):
        self.names, self.data, self.at = names, learned, learned.attrs
        moved = learned["moved"].values
        assumed = [str(name) for name in learned["assumption"].values]
        self.called = [names.assumption(name) for name in assumed]
        self.steps = [self._step(k, moved[k]) for k in range(len(moved))]
        self.assumptions = [self._assumption(name, i, moved[:, i]) for i, name in enumerate(assumed)]
        self.ranked = [self.assumptions[i] for i in np.argsort(-learned["ks"].values, kind="stable")]
        self.by_period: dict[str, float] = {}
        for step in self.steps:
            self.by_period[step.period] = self.by_period.get(step.period, 0.0) + step.learned

    def _step(self, k: int, moved: Floats) -> _Step:
        o, top, scenario = int(self.data["observation"].values[k]), int(np.abs(moved).argmax()), self.names.scenario
        written = scenario.observations[o]
        period = scenario.horizon.calendar.label(period_of(scenario, written.at))
        what = [self.names.action(a) for a in written.took or ()] or [state_name(self.names, str(written.is_))]
        surprise, learned = (float(self.data[key].values[k]) for key in ("surprise", "learned"))
        label = f"{period}, {' or '.join(what)}"
        return _Step(o, written, label, period, surprise, learned, self.called[top], float(moved[top]))

    def _assumption(self, name: str, i: int, moved: Floats) -> _Assumption:
        top = int(np.abs(moved).argmax())
        prior, posterior, rank = (self.data[key].values[i].tolist() for key in ("prior", "posterior", "rank"))
        shift, ks, bits = (float(self.data[key].values[i]) for key in ("shift", "ks", "bits"))
        sure, moved_by = bool(self.data["beyond_chance"].values[i]), f"{self.steps[top].label} ({_points(moved[top])})"
        return _Assumption(name, self.called[i], prior, posterior, rank, shift, ks, bits, sure, moved_by)


def section(names: Names, learned: xr.Dataset) -> Section:
    """What was learned, as a section of a report; ``learned`` is from ``record.learned``."""
    view = _Learned(names, learned)
    shown, first = view.ranked[:_SHOWN], view.ranked[0]
    taught = max(view.by_period, key=lambda label: view.by_period[label])
    changes = [f"{number(each.prior[1])} to {number(each.posterior[1])}" for each in shown]
    figures = [
        Figure(
            f"{capital(first.name)} moves most, {first.way}: its distributions before and after are {number(first.ks, 2)} apart.",
            "Each line is an assumption's prior range, from its lowest to its highest "
            f"value by rank. Grey: where nine worlds in ten lay before; {MAIN}: after; the dot is the median after. Marked "
            "with a star: moved by more than sampling alone would do.",
            ranges_chart(
                [clipped(each.name, 296) + each.star for each in shown], [each.rank for each in shown], changes
            ),
        ),
        Figure(
            f"{taught} taught most: {number(view.by_period[taught], 2)} bits.",
            "Bits learned from each period's observations, about all assumptions together.",
            periods_chart(view.by_period),
        ),
    ]
    sentences = [_sample(view), _most(view), _which(view)]
    return Told(sentences, figures, [_assumptions(view), _observations(view)], _notes(view)).under(
        "learning", "What was learned", "What do the observations say about the assumptions, and which of them says it?"
    )


def _sample(view: _Learned) -> str:
    at, many = view.at, len(view.steps)
    text = f"{count(many, 'observation')} {'leaves' if many == 1 else 'leave'} {count(at['worlds'], 'world')} worth "
    text += f"{at['effective_before']:.0f} equal ones"
    if at["resampled"]:
        text += (
            f"; {count(at['resampled'], 'world')} were drawn anew where the observations point, in "
            f"{count(at['stages'], 'stage')}, and are worth {at['effective']:.0f}"
        )
    out = percent(1 - 2 ** -at["bits"])
    return f"{text}. They say {number(at['bits'], 2)} bits: as much as ruling out {out} of what was plausible before."


def _most(view: _Learned) -> str:
    sure = [each for each in view.ranked if each.beyond_chance]
    total = count(len(view.ranked), "uncertain number")
    if not sure:
        return f"None of {total} moved by more than sampling alone would do."
    parts = [
        f"{view.names.inside(each.name)} {each.way} (median {number(each.prior[1])} to {number(each.posterior[1])})"
        for each in sure[:3]
    ]
    verb, most = "moves" if len(sure) == 1 else "move", ", most of all" if len(sure) > 3 else ":"
    return f"{len(sure)} of {total} {verb} by more than sampling alone would do{most} {listed(parts)}."


def _which(view: _Learned) -> str:
    step = max(view.steps, key=lambda step: step.learned)
    return (
        f"The observation that says most is {step.label} ({number(step.learned, 2)} bits): it moves "
        f"{view.names.inside(step.moved)} most, by {signed(100 * step.by)} points of rank."
    )


def _assumptions(view: _Learned) -> Table:
    total = len(view.ranked)
    which = f" (the {_LISTED} that moved most of {total})" if total > _LISTED else ""
    return table(
        f"Assumptions before and after: median, and where nine worlds in ten lie{which}",
        {
            "Assumption": lambda each: each.name,
            "Before": lambda each: _range(each.prior),
            "After": lambda each: _range(each.posterior),
            "Shift": lambda each: amount(each.shift, _points),
            "Distance": lambda each: Amount(number(each.ks, 2) + each.star, each.ks),
            "Bits": lambda each: amount(each.bits, _bits),
            "Moved most by": lambda each: each.moved_by,
        },
        view.ranked[:_LISTED],
    )


def _observations(view: _Learned) -> Table:
    return table(
        "Which observation moved what",
        {
            "Observation": lambda step: step.label,
            "What happened": lambda step: step.what,
            "Surprise, bits": lambda step: amount(step.surprise, _bits),
            "Learned, bits": lambda step: amount(step.learned, _bits),
            "Moved most": lambda step: f"{step.moved} ({_points(step.by)})",
        },
        view.steps,
    )


def _range(values: list[float]) -> Amount:
    low, middle, high = values
    return Amount(number(middle), middle, f"{number(low)} to {number(high)}")


def _notes(view: _Learned) -> list[str]:
    notes = [
        "Shift: change of the mean rank, in points of a hundred; a rank is a value's place in its prior. Distance: the largest "
        "gap between the distributions before and after (Kolmogorov and Smirnov); a star where sampling alone would make it "
        "so large in less than one run of twenty. Bits: relative entropy of after to before. Moved most: observations are "
        "added one by one as they happened, and what each adds to the mean rank adds up to the shift."
    ]
    rough = (
        f"On the way the worlds were worth as few as {view.at['least_effective']:.0f} equal ones: what single "
        "observations moved is rough. Sample more worlds."
    )
    return notes + ([rough] if view.at["least_effective"] < ROUGH_SAMPLE else [])


def to_json(names: Names, learned: xr.Dataset, sentences: list[str]) -> dict[str, Any]:
    """What was learned as plain data."""
    view, ends = _Learned(names, learned), ("low", "median", "high")
    assumptions = [
        {"id": each.id, "label": each.name}
        | {key: dict(zip(ends, getattr(each, key), strict=True)) for key in ("prior", "posterior")}
        | {key: getattr(each, key) for key in ("shift", "ks", "bits", "beyond_chance")}
        for each in view.assumptions
    ]
    observations = [
        {"observation": step.index, "at": str(step.written.at), "label": step.label, "what": step.what}
        | {"surprise": step.surprise, "learned": step.learned}
        | {"moved": dict(zip(learned["assumption"].values.tolist(), moved, strict=True))}
        for step, moved in zip(view.steps, learned["moved"].values.tolist(), strict=True)
    ]
    told = {**learned.attrs, "sentences": sentences, "assumptions": assumptions, "observations": observations}
    return dict(strict(told))
