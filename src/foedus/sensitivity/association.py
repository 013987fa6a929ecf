"""Which assumptions decide: association of an outcome with each assumption, over worlds, against noise.

Two measures, because an assumption may matter evenly or only in the tail: the correlation of ranks
(Spearman 1904) of the outcome's size, and the Kolmogorov-Smirnov distance between the worlds where it
holds and where it fails (regional sensitivity analysis, Spear and Hornberger 1980). Associations are of
single assumptions: one that matters only together with another may be missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from foedus.arraytypes import Bools, Floats, Weights
from foedus.worlds.sample import library_seed
from foedus.worlds.weights import normalised, ranks, weighted_quantile

_TOGETHER = 20_000  # numbers that are worked on at once
_SHUFFLED = 2**20  # numbers that are shuffled at a time, so that memory does not grow with worlds times rounds


@dataclass(frozen=True)
class Association:
    """How an outcome goes with one assumption. ``correlation`` in [-1, 1], ``distance`` in [0, 1] (NaN where the
    outcome does not vary); ``real``: at least one is larger than chance gives (see ``Ranking``)."""

    assumption: str
    correlation: float
    distance: float
    real: bool

    @property
    def score(self) -> float:
        """The larger of the two measures."""
        return float(np.nanmax([abs(self.correlation), self.distance, 0.0]))

    @property
    def driver(self) -> Driver:
        """The short form: name, score and direction."""
        sign = 0.0 if np.isnan(self.correlation) else np.sign(self.correlation)
        return Driver(self.assumption, self.score, int(sign))


@dataclass(frozen=True)
class Ranking:
    """All assumptions that vary, the real and strong ones first.

    ``noise``: what the largest correlation and the largest distance over all assumptions stay below in 97.5% of shuffles
    of the outcome over worlds, so that one of them passes by chance in at most one ranking of twenty.
    """

    associations: tuple[Association, ...]
    noise: tuple[float, float]

    @property
    def drivers(self) -> list[Driver]:
        """The assumptions whose association is larger than chance gives, strongest first."""
        return [each.driver for each in self.associations if each.real]


class Ranker:
    """Ranks assumptions by how outcomes go with them, one after another in the same (weighted) worlds."""

    def __init__(self, draws: Mapping[str, Floats], weights: Weights = None, rounds: int = 200, seed: int = 0):
        self.varied = {name: np.asarray(x, float) for name, x in draws.items() if np.ptp(x) > 0}
        self.weights, self.rounds, self.seed = weights, rounds, seed
        self._places: dict[bytes, _Places] = {}

    def rank(self, size: ArrayLike | None = None, holds: ArrayLike | None = None) -> Ranking:
        """Ranks assumptions for one outcome.

        ``size`` [world] is a number (a margin, a probability; NaN where undefined), ``holds`` [world] whether something
        holds; give one or both. Without ``holds``, or where it holds everywhere or nowhere, worlds are parted at the
        median of ``size``.
        """
        if size is None and holds is None:
            raise ValueError("give 'size', 'holds' or both")
        mass = normalised(self.weights, len(np.asarray(size if size is not None else holds)))
        outcome, parted = _outcome(size, holds, mass)
        known = ~np.isnan(outcome) & (mass > 0)
        if not self.varied or not known.any() or np.ptp(outcome[known]) == 0:
            return Ranking(tuple(Association(name, np.nan, np.nan, False) for name in self.varied), (np.nan, np.nan))
        key = known.tobytes()
        if key not in self._places:
            self._places[key] = _Places([x[known] for x in self.varied.values()])
        places, mass, y, parted = self._places[key], mass[known], ranks(outcome[known]), parted[known]
        noise = self._noise(places, y, parted, mass)
        rows = zip(self.varied, _correlations(places.x, y[None], mass)[:, 0], places.distances(mass, parted[None])[0])
        every = [Association(name, float(r), float(d), bool(abs(r) > noise[0] or d > noise[1])) for name, r, d in rows]
        return Ranking(tuple(sorted(every, key=lambda each: (not each.real, -each.score, each.assumption))), noise)

    def _noise(self, places: _Places, y: Floats, parted: Bools, mass: Floats) -> tuple[float, float]:
        """What the largest measures over assumptions rarely exceed when the outcome is shuffled over worlds. Only which
        ranks there are, and how many worlds lie on either side, decide that: it is worked out once for each."""
        order, side = np.sort(y), int(min(parted.sum(), (~parted).sum()))
        ordered = order.tobytes()
        if ordered not in places.correlation:
            largest = [np.abs(_correlations(places.x, s, mass)).max(axis=0) for s in self._shuffles(order)]
            places.correlation[ordered] = float(np.quantile(np.concatenate(largest), 0.975))
        if side not in places.distance:
            some = np.arange(len(y)) < side
            largest = [np.nan_to_num(places.distances(mass, s)).max(axis=1) for s in self._shuffles(some)]
            places.distance[side] = float(np.quantile(np.concatenate(largest), 0.975))
        return places.correlation[ordered], places.distance[side]

    def _shuffles(self, values: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """The values shuffled ``rounds`` times, [round, world], some rounds at a time."""
        rng, together = np.random.default_rng(library_seed(self.seed)), max(_SHUFFLED // len(values), 1)
        for start in range(0, self.rounds, together):
            yield np.stack([rng.permutation(values) for _ in range(min(together, self.rounds - start))])


class _Places:
    """Assumptions' ranks ``x`` [assumption, world], and the order of worlds by each."""

    def __init__(self, columns: Sequence[Floats]):
        self.correlation: dict[bytes, float] = {}  # noise by the outcome's ranks
        self.distance: dict[int, float] = {}  # noise by the worlds on the smaller side
        self.x = np.stack([ranks(column) for column in columns])
        self.order = np.argsort(self.x, axis=1, kind="stable")
        self.ends = np.diff(np.take_along_axis(self.x, self.order, axis=1), axis=1, append=np.inf) > 0

    def distances(self, mass: Floats, parted: Bools) -> Floats:
        """[round, assumption] the Kolmogorov-Smirnov distance of the worlds in which something holds and the others.

        ``parted`` [round, world]; NaN where nothing or everything holds. Rounds go together as far as they fit in cache.
        """
        a, b = mass * parted, mass * ~parted
        whole = a.sum(axis=1, keepdims=True), b.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            gaps = np.where((whole[0] > 0) & (whole[1] > 0), a / whole[0] - b / whole[1], np.nan)
        # The gap of the two distributions is a running sum along each assumption's order; only where a run of equal
        # values ends is it the gap of the distributions, so sums inside a run are set to 0.
        step, distances = max(_TOGETHER // self.x.size, 1), np.empty((len(parted), len(self.x)))
        for start in range(0, len(parted), step):
            sums = np.cumsum(gaps[start : start + step][:, self.order], axis=2)
            sums *= self.ends
            distances[start : start + step] = np.maximum(sums.max(axis=2), -sums.min(axis=2))
        return np.minimum(distances, 1.0)


def _outcome(size: ArrayLike | None, holds: ArrayLike | None, mass: Floats) -> tuple[Floats, Bools]:
    """The number to correlate and the parting of worlds in two."""
    parted = None if holds is None else np.asarray(holds, dtype=bool)
    numbers = None if size is None else np.asarray(size, dtype=float)
    if numbers is None or np.isnan(numbers).all():
        parted = np.zeros(len(mass), bool) if parted is None else parted
        return parted.astype(float), parted
    if parted is None or not 0 < mass[parted].sum() < mass.sum():
        parted = np.asarray(numbers > float(weighted_quantile(numbers, 0.5, mass)))
    return numbers, parted


def _correlations(x: Floats, y: Floats, mass: Floats) -> Floats:
    """Weighted correlation of each row of ``x`` [assumption, world] with each of ``y`` [round, world]; 0 without variance."""
    dx = x - (x @ mass)[:, None] / mass.sum()
    dy = y - (y @ mass)[:, None] / mass.sum()
    scale = np.sqrt(np.outer(dx**2 @ mass, dy**2 @ mass))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(scale > 0, np.clip(np.einsum("aw,rw->ar", dx, dy * mass) / scale, -1, 1), 0.0))


@dataclass(frozen=True)
class Driver:
    """An assumption that matters: how much (0 to 1), and whether more of it helps (+1) or hurts (-1)."""

    assumption: str
    score: float
    direction: int
