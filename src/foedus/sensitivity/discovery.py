"""Scenario discovery: the region of the assumptions in which something is the case, as a box a person can read.

The patient rule induction method (PRIM: Friedman and Fisher 1999) as used for scenario discovery (Bryant and Lempert
2010): a box is peeled a thin slice at a time where that gains most density for the mass it gives up, then widened again
where that costs nothing. Coverage is the share of all cases that lie in the box, density the share of the box that are
cases, mass the share of worlds in the box. A shallow tree (Breiman and others 1984) says the same in another way, with
more than one region.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from foedus.arraytypes import ArrayLike, Bools, Floats, Weights
from foedus.sensitivity.association import Ranker
from foedus.worlds.weights import ess, normalised

SLICE = 0.05  # the share of a box's mass that one step takes away or gives back
LEAST_MASS = 0.05  # no box is peeled smaller than this
SIGNIFICANT = 0.05  # limits that chance explains better than this are dropped from a box
WORTH = 0.01  # a limit that adds less than this to a box's quality is not worth a person's reading
LEAST_CASES = 5.0  # fewer cases than this (effective number) make no region

Side = tuple[float, float]  # (low, high), one of them may be infinite
Ends = dict[str, Side]  # a box while it is searched: the ends of each assumption that it limits
_ANYWHERE: Side = (-np.inf, np.inf)


@dataclass(frozen=True)
class Limit:
    """``low`` < assumption <= ``high``; one of them may be infinite.

    ``chance`` is the quasi-p of Bryant and Lempert: the probability that as many cases as the box has would lie in it if
    the density were that of the box without this limit (binomial, at the effective number of worlds). It does not count
    the search for the box.
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


@dataclass(frozen=True)
class Leaf:
    """One end of a tree: its limits, the share of worlds in it, and the share of these that are cases."""

    limits: tuple[Limit, ...]
    mass: float
    density: float


@dataclass(frozen=True)
class Region:
    """Where cases are: their ``share`` of worlds, a ``box`` (None: too few or too many to say), the ends of a tree."""

    share: float
    box: Box | None
    leaves: tuple[Leaf, ...]

    def to_json(self) -> dict[str, Any]:
        """Its parts by the keys of its JSON, for ``strict``."""
        return {"share": self.share, "box": self.box, "tree": self.leaves}


def ends_of(limits: Iterable[Limit]) -> Ends:
    """Limits by assumption, a lower and an upper one of the same together."""
    ends: Ends = {}
    for limit in limits:
        ends = _narrowed(ends, limit.assumption, (limit.low, limit.high))
    return ends


def _narrowed(ends: Ends, name: str, side: Side) -> Ends:
    low, high = ends.get(name, _ANYWHERE)
    return {**ends, name: (max(low, side[0]), min(high, side[1]))}


def _replaced(ends: Ends, name: str, side: Side) -> Ends:
    """The ends with those of one assumption set anew."""
    others = {key: value for key, value in ends.items() if key != name}
    return others if side == _ANYWHERE else {**others, name: side}


def _opened(ends: Ends, name: str, side: Side) -> Ends:
    """The ends with one side of one assumption opened."""
    low, high = ends[name]
    return _replaced(ends, name, (-np.inf, high) if side[1] == np.inf else (low, np.inf))


class Worlds:
    """What the search works on: assumptions that vary, cases, and the mass of each world."""

    def __init__(self, draws: Mapping[str, Floats], cases: ArrayLike, weights: Weights = None):
        self.cases: Bools = np.asarray(cases, dtype=bool)
        self.columns = {name: np.asarray(x, dtype=float) for name, x in draws.items() if np.ptp(x) > 0}
        self.mass = normalised(weights, len(self.cases))

    def inside(self, ends: Ends) -> Bools:
        """The worlds within some ends."""
        inside = np.ones(len(self.mass), dtype=bool)
        for name, (low, high) in ends.items():
            inside &= (self.columns[name] > low) & (self.columns[name] <= high)
        return inside

    def weight(self, inside: Bools) -> float:
        """The mass of some worlds."""
        return float(self.mass[inside].sum())

    def density(self, inside: Bools) -> float:
        """The share of some worlds that are cases."""
        mass = self.mass[inside].sum()
        return float(self.mass[inside & self.cases].sum() / mass) if mass > 0 else 0.0

    def box(self, ends: Ends) -> Box:
        """The box of some ends, a limit for each side that is closed, with its quasi-p."""
        inside, total = self.inside(ends), self.weight(self.cases)
        density = self.density(inside)
        sides = [(name, side) for name, (low, high) in ends.items() for side in ((low, np.inf), (-np.inf, high))]
        closed = [(name, side) for name, side in sides if side != _ANYWHERE]
        limits = tuple(Limit(name, *side, self._chance(ends, name, side, inside)) for name, side in closed)
        covered = self.weight(inside & self.cases)
        return Box(limits, density, covered / total if total else 0.0, self.weight(inside), total)

    def _chance(self, ends: Ends, name: str, side: Side, inside: Bools) -> float:
        """Quasi-p of one side: P(at least k of n are cases) at the density without it. The binomial tail written as a
        regularised incomplete beta function, which takes effective numbers of worlds."""
        from scipy.special import betainc

        n = ess(self.mass[inside]) if inside.any() else 0.0
        k = self.density(inside) * n
        return float(betainc(k, n - k + 1, self.density(self.inside(_opened(ends, name, side))))) if k > 0 else 1.0


def peel(worlds: Worlds) -> list[Box]:
    """The peeling trajectory, from the whole space to a box of 5% of the mass or of cases only.

    Each step takes the lowest or highest 5% of the box's mass of one assumption away (a whole level where the assumption
    has few values), where the density gained for the mass given up is largest. Assumptions that do not vary take no part.
    """
    ends: Ends = {}
    steps = [worlds.box(ends)]
    while True:
        inside = worlds.inside(ends)
        density, mass = worlds.density(inside), worlds.weight(inside)
        if density in (0.0, 1.0):
            return steps
        largest, best = -np.inf, None
        for name in worlds.columns:
            for side, kept in _slices(worlds, inside, name):
                left = worlds.weight(kept)
                if left < LEAST_MASS or left >= mass:
                    continue
                gain = (worlds.density(kept) - density) / (mass - left)
                if gain > largest:
                    largest, best = gain, _narrowed(ends, name, side)
        if best is None:
            return steps
        ends = best
        steps.append(worlds.box(ends))


def _slices(worlds: Worlds, inside: Bools, name: str) -> list[tuple[Side, Bools]]:
    """The two slices that may be taken off one assumption: the side they leave and the worlds kept."""
    x = worlds.columns[name]
    values, inverse = np.unique(x[inside], return_inverse=True)
    if len(values) < 2:
        return []
    # Equal values go together, so that a level is taken whole and at least one value is left; the cut lies halfway
    # between the last value taken and the first one kept.
    mass = np.bincount(inverse.ravel(), worlds.mass[inside])
    sums = np.cumsum(mass) / mass.sum()
    first = min(int(np.searchsorted(sums, SLICE)), len(values) - 2)
    last = min(max(int(np.searchsorted(sums, 1 - SLICE, side="right")), 1), len(values) - 1)
    low, high = float(values[first] + values[first + 1]) / 2, float(values[last - 1] + values[last]) / 2
    return [((low, np.inf), inside & (x > low)), ((-np.inf, high), inside & (x <= high))]


def prim(draws: Mapping[str, Floats], cases: ArrayLike, weights: Weights = None) -> Box:
    """The box of the trajectory with the best harmonic mean of density and coverage, widened and tidied.

    Widening gives slices back where the density does not fall. Tidying drops limits with a chance (quasi-p) above 0.05,
    and those that hardly add to the quality. A box without limits: no region stands out.
    """
    worlds = Worlds(draws, cases, weights)
    best = max(peel(worlds), key=lambda box: box.quality)
    return _tidied(worlds, _pasted(worlds, ends_of(best.limits)))


def _pasted(worlds: Worlds, ends: Ends) -> Ends:
    """Moves limits outward by slices for as long as the density does not fall: peeling, being greedy, may cut too far."""
    while True:
        inside = worlds.inside(ends)
        wider = [new for name in ends for new in _wider(worlds, ends, name, inside)]
        fits = [(worlds.density(worlds.inside(new)), worlds.weight(worlds.inside(new)), new) for new in wider]
        as_dense = [fit for fit in fits if fit[0] >= worlds.density(inside)]
        if not as_dense:
            return ends
        ends = max(as_dense, key=lambda fit: fit[:2])[2]


def _wider(worlds: Worlds, ends: Ends, name: str, inside: Bools) -> list[Ends]:
    """The ends with one side of an assumption moved outward by a slice of the box's mass."""
    low, high = ends[name]
    rest = worlds.inside(_replaced(ends, name, _ANYWHERE))
    x, room = worlds.columns[name], SLICE * worlds.weight(inside)
    widened = []
    for outside, is_low in ((rest & (x <= low), True), (rest & (x > high), False)):
        if not outside.any():
            continue
        # Values just outside the limit, the nearest first, are taken in until their mass fills the slice.
        values, inverse = np.unique(x[outside], return_inverse=True)
        mass = np.bincount(inverse.ravel(), worlds.mass[outside])
        near = slice(None, None, -1) if is_low else slice(None)
        values, mass = values[near], mass[near]
        at = min(int(np.searchsorted(np.cumsum(mass), room)), len(values) - 1)
        edge = float(values[at] + values[at + 1]) / 2 if at + 1 < len(values) else -np.inf if is_low else np.inf
        widened.append(_replaced(ends, name, (edge, high) if is_low else (low, edge)))
    return widened


def _tidied(worlds: Worlds, ends: Ends) -> Box:
    """Drops limits, the least telling first, until each is significant and worth reading."""
    while True:
        box = worlds.box(ends)
        without = {limit: _opened(ends, limit.assumption, (limit.low, limit.high)) for limit in box.limits}
        quality = {limit: worlds.box(wider).quality for limit, wider in without.items()}
        weak = [x for x in box.limits if x.chance > SIGNIFICANT or quality[x] >= box.quality - WORTH]
        if not weak:
            return box
        ends = without[max(weak, key=lambda limit: (quality[limit], limit.chance))]


def where_it_fails(
    draws: Mapping[str, Floats], holds: ArrayLike, size: ArrayLike | None = None, weights: Weights = None
) -> Box | None:
    """The region in which something does not hold, over assumptions whose association is more than noise. None when it
    fails (or holds) in too few worlds to say, by effective number."""
    fails = ~np.asarray(holds, dtype=bool)
    mass = normalised(weights, len(fails))
    for part in (mass[fails], mass[~fails]):
        if part.sum() <= 0 or ess(part) < LEAST_CASES:
            return None
    drivers = {driver.assumption for driver in Ranker(draws, mass).rank(size, holds).drivers}
    return prim({name: x for name, x in draws.items() if name in drivers}, fails, mass)


def tree(draws: Mapping[str, Floats], cases: ArrayLike, weights: Weights = None, depth: int = 2) -> list[Leaf]:
    """A shallow classification tree as its ends, the densest first; no end has less than 5% of the mass. Splits that
    lower the Gini impurity, averaged over all worlds, by less than 0.005 are pruned."""
    from sklearn.tree import DecisionTreeClassifier

    worlds = Worlds(draws, cases, weights)
    base = worlds.weight(worlds.cases)
    if not worlds.columns or base in (0.0, 1.0):
        return [Leaf((), 1.0, base)]
    names = list(worlds.columns)
    table = np.stack([worlds.columns[name] for name in names], axis=1)
    pruned = {"min_weight_fraction_leaf": LEAST_MASS, "ccp_alpha": WORTH / 2, "random_state": 0}
    model = DecisionTreeClassifier(max_depth=depth, **pruned).fit(table, worlds.cases, sample_weight=worlds.mass)
    fitted = model.tree_
    leaves: list[Leaf] = []
    stack: list[tuple[int, Ends]] = [(0, {})]
    while stack:
        node, ends = stack.pop()
        if fitted.children_left[node] < 0:
            inside, limits = worlds.inside(ends), tuple(Limit(name, *side) for name, side in ends.items())
            leaves.append(Leaf(limits, worlds.weight(inside), worlds.density(inside)))
            continue
        split = fitted.feature[node]
        at = _edge(table[:, split], float(fitted.threshold[node]))
        stack.append((int(fitted.children_left[node]), _narrowed(ends, names[split], (-np.inf, at))))
        stack.append((int(fitted.children_right[node]), _narrowed(ends, names[split], (at, np.inf))))
    return sorted(leaves, key=lambda leaf: -leaf.density)


def _edge(x: Floats, threshold: float) -> float:
    """The threshold, which the tree found in single precision, as one that parts the same worlds in double."""
    left = x.astype(np.float32) <= threshold
    if left.all() or not left.any():
        return threshold
    return float(x[left].max() + x[~left].min()) / 2
