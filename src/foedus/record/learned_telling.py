"""What was learned from the observations: sentences, charts and tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from foedus.arraytypes import Dataset
from foedus.present.colours import MAIN
from foedus.present.plain import strict
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, amount, table
from foedus.present.svg import clipped
from foedus.present.wording import capital, count, listed, number, percent, points, signed
from foedus.record.charts import periods_chart, ranges_chart
from foedus.record.score_telling import state_name
from foedus.scenario.names import Names
from foedus.scenario.parts import Observation
from foedus.scenario.scope import period_of
from foedus.worlds.thresholds import ROUGH_SAMPLE

_SHOWN, _LISTED = 16, 40
_bits = partial(number, digits=2)
_points = partial(points, decimals=1)  # a change of mean rank in points of a hundred


class _Learned:
    """What ``record.learned`` worked out, with names: of assumptions and observations (``steps``) by their places."""

    def __init__(self, names: Names, learned: Dataset):
        self.names, self.at, self.moved = names, learned.attrs, learned["moved"].values
        self.ids: list[str] = learned["assumption"].values.tolist()
        self.called = [names.assumption(name) for name in self.ids]
        self.prior, self.posterior, self.rank = (learned[key].values.tolist() for key in ("prior", "posterior", "rank"))
        self.shift, self.ks, self.bits = (learned[key].values.tolist() for key in ("shift", "ks", "bits"))
        self.sure: list[bool] = learned["beyond_chance"].values.tolist()
        self.ranked = [int(i) for i in np.argsort(-learned["ks"].values, kind="stable")]
        self.surprise, self.taught = (learned[key].values.tolist() for key in ("surprise", "learned"))
        self.steps = range(len(self.taught))
        self.numbers: list[int] = learned["observation"].values.tolist()
        self.written = [names.scenario.observations[o] for o in self.numbers]
        calendar = names.scenario.horizon.calendar
        self.periods = [calendar.label(period_of(names.scenario, written.at)) for written in self.written]
        self.labels = [f"{when}, {self._said(o)}" for when, o in zip(self.periods, self.written, strict=True)]
        self.what = [written.event or written.why for written in self.written]
        self.by_period = dict.fromkeys(self.periods, 0.0)
        for period, bits in zip(self.periods, self.taught, strict=True):
            self.by_period[period] += bits

    def _said(self, written: Observation) -> str:
        actions = [self.names.action(action) for action in written.took or ()]
        return " or ".join(actions or [state_name(self.names, str(written.is_))])

    def way(self, i: int) -> str:
        """Which way an assumption moved."""
        return "up" if self.shift[i] > 0 else "down"

    def star(self, i: int) -> str:
        """A mark where an assumption moved by more than sampling alone would do."""
        return " ★" if self.sure[i] else ""

    def most_by(self, step: int) -> tuple[str, float]:
        """What an observation moved most, and by how much of mean rank."""
        top = int(np.abs(self.moved[step]).argmax())
        return self.called[top], float(self.moved[step, top])


def section(names: Names, learned: Dataset) -> Section:
    """What was learned, as a section of a report; ``learned`` is from ``record.learned``."""
    view = _Learned(names, learned)
    shown, first = view.ranked[:_SHOWN], view.ranked[0]
    taught = max(view.by_period, key=lambda label: view.by_period[label])
    stars = [clipped(view.called[i], 296) + view.star(i) for i in shown]
    changes = [f"{number(view.prior[i][1])} to {number(view.posterior[i][1])}" for i in shown]
    apart = f"{view.way(first)}: its distributions before and after are {number(view.ks[first], 2)} apart."
    ranges = Figure(
        f"{capital(view.called[first])} moves most, {apart}",
        "Each line is an assumption's prior range, from its lowest to its highest value by rank. Grey: where nine worlds in "
        f"ten lay before; {MAIN}: after; the dot is the median after. Marked with a star: moved by more than sampling alone "
        "would do.",
        ranges_chart(stars, [view.rank[i] for i in shown], changes),
    )
    bits = f"{number(view.by_period[taught], 2)} bits"
    note = "Bits learned from each period's observations, about all assumptions together."
    periods = Figure(f"{taught} taught most: {bits}.", note, periods_chart(view.by_period))
    sentences, tables = [_sample(view), _most(view), _which(view)], [_assumptions(view), _observations(view)]
    question = "What do the observations say about the assumptions, and which of them says it?"
    return Told(sentences, [ranges, periods], tables, _notes(view)).under("learning", "What was learned", question)


def _sample(view: _Learned) -> str:
    at, many = view.at, len(view.steps)
    text = f"{count(many, 'observation')} {'leaves' if many == 1 else 'leave'} {count(at['worlds'], 'world')} worth "
    text += f"{at['effective_before']:.0f} equal ones"
    if at["resampled"]:
        stages = f"{count(at['stages'], 'stage')}, and are worth {at['effective']:.0f}"
        text += f"; {count(at['resampled'], 'world')} were drawn anew where the observations point, in {stages}"
    out = percent(1 - 2 ** -at["bits"])
    return f"{text}. They say {number(at['bits'], 2)} bits: as much as ruling out {out} of what was plausible before."


def _most(view: _Learned) -> str:
    sure = [i for i in view.ranked if view.sure[i]]
    total = count(len(view.ranked), "uncertain number")
    if not sure:
        return f"None of {total} moved by more than sampling alone would do."
    names = {i: view.names.inside(view.called[i]) for i in sure[:3]}
    medians = {i: f"median {number(view.prior[i][1])} to {number(view.posterior[i][1])}" for i in names}
    parts = [f"{name} {view.way(i)} ({medians[i]})" for i, name in names.items()]
    verb, most = "moves" if len(sure) == 1 else "move", ", most of all" if len(sure) > 3 else ":"
    return f"{len(sure)} of {total} {verb} by more than sampling alone would do{most} {listed(parts)}."


def _which(view: _Learned) -> str:
    step = max(view.steps, key=lambda step: view.taught[step])
    moved, by = view.most_by(step)
    says, by_points = f"{view.labels[step]} ({number(view.taught[step], 2)} bits)", f"{signed(100 * by)} points of rank"
    return f"The observation that says most is {says}: it moves {view.names.inside(moved)} most, by {by_points}."


def _assumptions(view: _Learned) -> Table:
    total = len(view.ranked)
    which = f" (the {_LISTED} that moved most of {total})" if total > _LISTED else ""

    def moved_by(i: int) -> str:
        step = int(np.abs(view.moved[:, i]).argmax())
        return f"{view.labels[step]} ({_points(view.moved[step, i])})"

    columns: dict[str, Callable[[int], Cell]] = {
        "Assumption": lambda i: view.called[i],
        "Before": lambda i: _range(view.prior[i]),
        "After": lambda i: _range(view.posterior[i]),
        "Shift": lambda i: amount(view.shift[i], _points),
        "Distance": lambda i: Amount(number(view.ks[i], 2) + view.star(i), view.ks[i]),
        "Bits": lambda i: amount(view.bits[i], _bits),
        "Moved most by": moved_by,
    }
    caption = f"Assumptions before and after: median, and where nine worlds in ten lie{which}"
    return table(caption, columns, view.ranked[:_LISTED])


def _observations(view: _Learned) -> Table:
    def moved(step: int) -> str:
        name, by = view.most_by(step)
        return f"{name} ({_points(by)})"

    columns: dict[str, Callable[[int], Cell]] = {
        "Observation": lambda step: view.labels[step],
        "What happened": lambda step: view.what[step],
        "Surprise, bits": lambda step: amount(view.surprise[step], _bits),
        "Learned, bits": lambda step: amount(view.taught[step], _bits),
        "Moved most": moved,
    }
    return table("Which observation moved what", columns, view.steps)


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


def to_json(names: Names, learned: Dataset, sentences: list[str]) -> dict[str, Any]:
    """What was learned as plain data."""
    view = _Learned(names, learned)
    ends = {"prior": view.prior, "posterior": view.posterior}
    parts = {"shift": view.shift, "ks": view.ks, "bits": view.bits, "beyond_chance": view.sure}
    assumptions = [
        {"id": name, "label": view.called[i]}
        | {key: dict(zip(("low", "median", "high"), values[i], strict=True)) for key, values in ends.items()}
        | {key: values[i] for key, values in parts.items()}
        for i, name in enumerate(view.ids)
    ]
    steps = {"observation": view.numbers, "label": view.labels, "what": view.what, "surprise": view.surprise}
    observations = [
        {key: values[step] for key, values in (steps | {"learned": view.taught}).items()}
        | {"at": str(view.written[step].at), "moved": dict(zip(view.ids, view.moved[step], strict=True))}
        for step in view.steps
    ]
    told = {**learned.attrs, "sentences": sentences, "assumptions": assumptions, "observations": observations}
    return dict(strict(told))
