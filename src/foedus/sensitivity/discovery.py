"""Scenario discovery: the region of the assumptions in which something is the case, as a box a person can read.

The patient rule induction method (Friedman and Fisher 1999) as used for scenario discovery (Bryant and
Lempert 2010): a box is peeled a thin slice at a time where that gains most density for the mass it gives
up, then widened again where that costs nothing. Coverage is the share of all cases that lie in the box,
density the share of the box that are cases, mass the share of worlds in the box. A shallow tree
(Breiman and others 1984) says the same in another way, with more than one region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from foedus.arraytypes import Bools, Floats
from foedus.sensitivity.association import rank
from foedus.worlds.weights import ess, normalised

# Limits that chance explains better than this are dropped from a box.
SIGNIFICANT = 0.05
# A limit that adds less than this to the box's quality (see Box.quality) is not worth a person's reading.
_WORTH = 0.01
# Fewer cases than this (effective number) make no region.
LEAST_CASES = 5.0


@dataclass(frozen=True)
class Limit:
    """``low`` < assumption <= ``high``; one of them may be infinite.

    ``chance`` is the quasi-p of Bryant and Lempert: the probability that as many cases as the box has would
    lie in it if the density were that of the box without this limit (binomial, at the effective number
    of worlds). It does not count the search for the box.
    """

    assumption: str
    low: float = -np.inf
    high: float = np.inf
    chance: float = float("nan")


@dataclass(frozen=True)
class Box:
    """A region and how well it fits: density, coverage, mass, and ``base``, the share of cases in all worlds."""

    limits: tuple[Limit, ...]
    density: float
    coverage: float
    mass: float
    base: float

    @property
    def quality(self) -> float:
        """The harmonic mean of density and coverage."""
        total = self.density + self.coverage
        return 2 * self.density * self.coverage / total if total > 0 else 0.0

    def contains(self, draws: Mapping[str, Floats]) -> Bools:
        """Which worlds lie in the box: [world]."""
        inside = np.ones(len(next(iter(draws.values()))), dtype=bool)
        for limit in self.limits:
            inside &= (draws[limit.assumption] > limit.low) & (draws[limit.assumption] <= limit.high)
        return inside


Ends = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class _Data:
    """What the search works on: columns, cases and the mass of each world."""

    columns: Mapping[str, Floats]
    cases: Bools
    mass: Floats

    def inside(self, ends: Ends) -> Bools:
        found = np.ones(len(self.mass), dtype=bool)
        for name, (low, high) in ends.items():
            found &= (self.columns[name] > low) & (self.columns[name] <= high)
        return found

    def density(self, inside: Bools) -> float:
        mass = self.mass[inside].sum()
        return float(self.mass[inside & self.cases].sum() / mass) if mass > 0 else 0.0

    def box(self, ends: Ends) -> Box:
        inside, total = self.inside(ends), float(self.mass[self.cases].sum())
        density = self.density(inside)
        sides = [
            (name, side)
            for name, (low, high) in ends.items()
            for side in ((low, np.inf), (-np.inf, high))
            if side != (-np.inf, np.inf)
        ]
        limits = tuple(Limit(name, *side, self.chance(ends, name, side, inside, density)) for name, side in sides)
        covered = float(self.mass[inside & self.cases].sum())
        return Box(limits, density, covered / total if total else 0.0, float(self.mass[inside].sum()), total)

    def chance(self, ends: Ends, name: str, side: tuple[float, float], inside: Bools, density: float) -> float:
        """Quasi-p of one side of a box."""
        from scipy.special import betainc

        n = ess(self.mass[inside]) if inside.any() else 0.0
        k = density * n
        before = self.density(self.inside(_without(ends, name, side)))
        return float(betainc(k, n - k + 1, before)) if k > 0 else 1.0


def _without(ends: Ends, name: str, side: tuple[float, float]) -> Ends:
    """The ends with one side of one assumption opened."""
    low, high = ends[name]
    opened = (-np.inf, high) if side[1] == np.inf else (low, np.inf)
    rest = {key: value for key, value in ends.items() if key != name}
    return rest if opened == (-np.inf, np.inf) else {**rest, name: opened}


def peel(
    draws: Mapping[str, Floats],
    cases: ArrayLike,
    weights: ArrayLike | None = None,
    slice_: float = 0.05,
    least_mass: float = 0.05,
) -> list[Box]:
    """The peeling trajectory, from the whole space to a box of ``least_mass`` or of cases only.

    Each step takes the lowest or highest ``slice_`` of the box's mass of one assumption away (a
    whole level where the assumption has few values), where the density gained for the mass given up is
    largest. Assumptions that do not vary take no part.
    """
    data = _data(draws, cases, weights)
    return [data.box(ends) for ends in _trajectory(data, slice_, least_mass)]


def _data(draws: Mapping[str, Floats], cases: ArrayLike, weights: ArrayLike | None) -> _Data:
    chosen = np.asarray(cases, dtype=bool)
    columns = {name: np.asarray(x, dtype=float) for name, x in draws.items() if np.ptp(x) > 0}
    return _Data(columns, chosen, normalised(weights, len(chosen)))


def _trajectory(data: _Data, slice_: float, least_mass: float) -> list[Ends]:
    ends: Ends = {}
    steps = [ends]
    while True:
        inside = data.inside(ends)
        density, mass = data.density(inside), float(data.mass[inside].sum())
        if density in (0.0, 1.0):
            return steps
        best, ends_best = -np.inf, None
        for name in data.columns:
            for side, kept in _peels(data, inside, name, slice_):
                left = float(data.mass[kept].sum())
                if left < least_mass or left >= mass:
                    continue
                gain = (data.density(kept) - density) / (mass - left)
                if gain > best:
                    best, ends_best = gain, _narrowed(ends, name, side)
        if ends_best is None:
            return steps
        ends = ends_best
        steps.append(ends)


def _narrowed(ends: Ends, name: str, side: tuple[float, float]) -> Ends:
    low, high = ends.get(name, (-np.inf, np.inf))
    return {**ends, name: (max(low, side[0]), min(high, side[1]))}


def _peels(data: _Data, inside: Bools, name: str, slice_: float) -> list[tuple[tuple[float, float], Bools]]:
    """The two slices that may be taken off one assumption: the side they leave and the worlds kept."""
    x = data.columns[name]
    values, inverse = np.unique(x[inside], return_inverse=True)
    if len(values) < 2:
        return []
    mass = np.bincount(inverse.ravel(), data.mass[inside])
    sums = np.cumsum(mass) / mass.sum()
    first = min(int(np.searchsorted(sums, slice_)), len(values) - 2)
    last = max(int(np.searchsorted(sums, 1 - slice_, side="right")), 1)
    last = min(last, len(values) - 1)
    low = float(values[first] + values[first + 1]) / 2
    high = float(values[last - 1] + values[last]) / 2
    return [((low, np.inf), inside & (x > low)), ((-np.inf, high), inside & (x <= high))]


def prim(
    draws: Mapping[str, Floats],
    cases: ArrayLike,
    weights: ArrayLike | None = None,
    slice_: float = 0.05,
    least_mass: float = 0.05,
) -> Box:
    """The box of the trajectory with the best harmonic mean of density and coverage, widened and tidied.

    Widening gives slices back where the density does not fall. Tidying drops limits with a chance
    (quasi-p) above 0.05, and those that hardly add to the quality. A box without limits: no region stands out.
    """
    data = _data(draws, cases, weights)
    ends = max(_trajectory(data, slice_, least_mass), key=lambda step: data.box(step).quality)
    return _tidied(data, _widened(data, ends, slice_))


def _widened(data: _Data, ends: Ends, slice_: float) -> Ends:
    """Moves limits outward by slices for as long as the density does not fall."""
    while True:
        density = data.density(data.inside(ends))
        wider = [new for name in ends for new in _pastes(data, ends, name, slice_)]
        kept = [(data.density(data.inside(new)), float(data.mass[data.inside(new)].sum()), new) for new in wider]
        good = [item for item in kept if item[0] >= density]
        if not good:
            return ends
        ends = max(good, key=lambda item: item[:2])[2]


def _pastes(data: _Data, ends: Ends, name: str, slice_: float) -> list[Ends]:
    """The ends with one side of an assumption moved outward by a slice of the box's mass."""
    low, high = ends[name]
    rest = data.inside({key: value for key, value in ends.items() if key != name})
    x, room = data.columns[name], slice_ * float(data.mass[data.inside(ends)].sum())
    made = []
    for outside, is_low in ((rest & (x <= low), True), (rest & (x > high), False)):
        if not outside.any():
            continue
        values, inverse = np.unique(x[outside], return_inverse=True)
        mass = np.bincount(inverse.ravel(), data.mass[outside])
        if is_low:
            taken = min(int(np.searchsorted(np.cumsum(mass[::-1]), room)), len(values) - 1)
            at = len(values) - 1 - taken
            side = (float(values[at - 1] + values[at]) / 2 if at else -np.inf, high)
        else:
            at = min(int(np.searchsorted(np.cumsum(mass), room)), len(values) - 1)
            side = (low, float(values[at] + values[at + 1]) / 2 if at + 1 < len(values) else np.inf)
        others = {key: value for key, value in ends.items() if key != name}
        made.append(others if side == (-np.inf, np.inf) else {**others, name: side})
    return made


def _tidied(data: _Data, ends: Ends) -> Box:
    """Drops limits, the least telling first, until each is significant and worth reading."""
    while True:
        box = data.box(ends)
        options = [
            (data.box(_without(ends, limit.assumption, (limit.low, limit.high))).quality, limit) for limit in box.limits
        ]
        weak = [item for item in options if item[1].chance > SIGNIFICANT or item[0] >= box.quality - _WORTH]
        if not weak:
            return box
        limit = max(weak, key=lambda item: (item[0], item[1].chance))[1]
        ends = _without(ends, limit.assumption, (limit.low, limit.high))


def where_it_fails(
    draws: Mapping[str, Floats], holds: ArrayLike, size: ArrayLike | None = None, weights: ArrayLike | None = None
) -> Box | None:
    """The region in which something does not hold, over assumptions whose association is more than noise.

    None when it fails (or holds) in too few worlds to say, by effective number. A box without
    limits: no region stands out.
    """
    fails = ~np.asarray(holds, dtype=bool)
    mass = normalised(weights, len(fails))
    for part in (mass[fails], mass[~fails]):
        if part.sum() <= 0 or ess(part) < LEAST_CASES:
            return None
    drivers = {driver.assumption for driver in rank(draws, size, holds, mass).drivers}
    return prim({name: x for name, x in draws.items() if name in drivers}, fails, mass)


@dataclass(frozen=True)
class Leaf:
    """One end of a tree: its limits, the share of worlds in it, and the share of these that are cases."""

    limits: tuple[Limit, ...]
    mass: float
    density: float


def tree(draws: Mapping[str, Floats], cases: ArrayLike, weights: ArrayLike | None = None, depth: int = 2) -> list[Leaf]:
    """A shallow classification tree as its ends, the densest first; no end has less than 5% of the mass.

    Splits that lower the Gini impurity, averaged over all worlds, by less than 0.005 are pruned.
    """
    from sklearn.tree import DecisionTreeClassifier

    data = _data(draws, cases, weights)
    base = float(data.mass[data.cases].sum())
    if not data.columns or base in (0.0, 1.0):
        return [Leaf((), 1.0, base)]
    names = list(data.columns)
    table = np.stack([data.columns[name] for name in names], axis=1)
    model = DecisionTreeClassifier(max_depth=depth, min_weight_fraction_leaf=0.05, ccp_alpha=_WORTH / 2, random_state=0)
    fitted = model.fit(table, data.cases, sample_weight=data.mass).tree_
    leaves = []
    stack: list[tuple[int, Ends]] = [(0, {})]
    while stack:
        node, ends = stack.pop()
        if fitted.children_left[node] < 0:
            inside = data.inside(ends)
            limits = tuple(Limit(name, *both) for name, both in ends.items())
            leaves.append(Leaf(limits, float(data.mass[inside].sum()), data.density(inside)))
            continue
        name, at = names[fitted.feature[node]], _edge(table[:, fitted.feature[node]], float(fitted.threshold[node]))
        stack.append((int(fitted.children_left[node]), _narrowed(ends, name, (-np.inf, at))))
        stack.append((int(fitted.children_right[node]), _narrowed(ends, name, (at, np.inf))))
    return sorted(leaves, key=lambda leaf: -leaf.density)


def _edge(x: Floats, threshold: float) -> float:
    """The threshold, which the tree found in single precision, as one that parts the same worlds in double."""
    left = x.astype(np.float32) <= threshold
    if left.all() or not left.any():
        return threshold
    return float(x[left].max() + x[~left].min()) / 2


def where(limits: tuple[Limit, ...], labels: Mapping[str, str] | None = None) -> str:
    """Limits in words: ``ru_cost is below 0.4 and leverage is between 1 and 2``; empty for none."""
    merged: Ends = {}
    for limit in limits:
        merged = _narrowed(merged, limit.assumption, (limit.low, limit.high))
    parts = []
    for name, (low, high) in merged.items():
        label = (labels or {}).get(name) or name
        if np.isinf(low):
            parts.append(f"{label} is below {high:.3g}")
        elif np.isinf(high):
            parts.append(f"{label} is above {low:.3g}")
        else:
            parts.append(f"{label} is between {low:.3g} and {high:.3g}")
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def in_words(box: Box | None, labels: Mapping[str, str] | None = None, event: str = "fails") -> str:
    """A box as a sentence on when something ``fails`` (or another verb for the cases that were looked for)."""
    if box is None:
        return f"It {event} in too few worlds, or too many, to say where."
    if not box.limits:
        return f"It {event} in {box.base:.0%} of worlds, and no region of the assumptions stands out."
    return (
        f"It {event} in {box.density:.0%} of the worlds where {where(box.limits, labels)} "
        f"and in {box.base:.0%} of all worlds; these are {box.coverage:.0%} of the worlds in which it {event}."
    )
