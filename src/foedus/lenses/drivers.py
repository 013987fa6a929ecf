"""Which assumptions decide: association of an outcome with each assumption, over worlds, against noise.

Two measures, because an assumption may matter evenly or only in the tail: the correlation of ranks
(Spearman 1904) of the outcome's size, and the Kolmogorov-Smirnov distance between the worlds where it
holds and where it fails (regional sensitivity analysis, Spear and Hornberger 1980). Associations are of
single assumptions: one that matters only together with another may be missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from foedus.lenses.claims import Driver
from foedus.worlds.weights import distance, normalised, ranks, weighted_quantile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Association:
    """How an outcome goes with one assumption.

    ``correlation`` in [-1, 1], ``distance`` in [0, 1] (NaN where the outcome does not vary);
    ``real``: at least one is larger than chance gives (see ``Ranking``).
    """

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

    ``noise``: what the largest correlation and the largest distance over all assumptions stay below
    in 97.5% of shuffles of the outcome over worlds, so that one of them passes by chance in at most
    one ranking of twenty.
    """

    associations: tuple[Association, ...]
    noise: tuple[float, float]

    @property
    def drivers(self) -> list[Driver]:
        """The assumptions whose association is larger than chance gives, strongest first."""
        return [one.driver for one in self.associations if one.real]


def rank(
    draws: Mapping[str, Floats],
    size: ArrayLike | None = None,
    holds: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    rounds: int = 200,
    seed: int = 0,
) -> Ranking:
    """Ranks assumptions by how an outcome goes with them.

    ``size`` [world] is a number (a margin, a probability; NaN where undefined), ``holds`` [world] whether
    something holds; give one or both. Without ``holds``, or where it holds everywhere or nowhere, worlds
    are parted at the median of ``size``. Weighted over worlds.
    """
    if size is None and holds is None:
        raise ValueError("give 'size', 'holds' or both")
    varied = {name: np.asarray(x, float) for name, x in draws.items() if np.ptp(x) > 0}
    length = len(np.asarray(size if size is not None else holds))
    mass = normalised(weights, length)
    outcome, parted = _outcome(size, holds, mass)
    known = ~np.isnan(outcome) & (mass > 0)
    if not varied or not known.any() or np.ptp(outcome[known]) == 0:
        return Ranking(tuple(Association(name, np.nan, np.nan, False) for name in varied), (np.nan, np.nan))
    mass, outcome, parted = mass[known], outcome[known], parted[known]
    columns = {name: x[known] for name, x in varied.items()}
    x = np.stack([ranks(column) for column in columns.values()])
    y = ranks(outcome)
    rows = zip(
        columns, _correlations(x, y, mass), [distance(c, mass * parted, mass * ~parted) for c in columns.values()]
    )
    noise = _noise(x, y, parted, mass, rounds, seed)
    found = [Association(name, float(r), d, bool(abs(r) > noise[0] or d > noise[1])) for name, r, d in rows]
    return Ranking(tuple(sorted(found, key=lambda one: (not one.real, -one.score, one.assumption))), noise)


def _outcome(size: ArrayLike | None, holds: ArrayLike | None, mass: Floats) -> tuple[Floats, Bools]:
    """The number to correlate and the parting of worlds in two."""
    parted = None if holds is None else np.asarray(holds, dtype=bool)
    numbers = None if size is None else np.asarray(size, dtype=float)
    if numbers is None or np.isnan(numbers).all():
        assert parted is not None or numbers is not None
        parted = np.zeros(len(mass), bool) if parted is None else parted
        return parted.astype(float), parted
    one_sided = parted is None or not 0 < mass[parted].sum() < mass.sum()
    if parted is None or one_sided:
        parted = np.asarray(numbers > float(weighted_quantile(numbers, 0.5, mass)))
    return numbers, parted


def _correlations(x: Floats, y: Floats, mass: Floats) -> Floats:
    """Weighted correlation of each row of ``x`` [assumption, world] with ``y``; 0 where one does not vary."""
    dx = x - (x @ mass)[:, None] / mass.sum()
    dy = y - y @ mass / mass.sum()
    scale = np.sqrt((dx**2 @ mass) * (dy**2 @ mass))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(scale > 0, np.clip((dx @ (mass * dy)) / scale, -1, 1), 0.0))


def _noise(x: Floats, y: Floats, parted: Bools, mass: Floats, rounds: int, seed: int) -> tuple[float, float]:
    """What the largest measures over assumptions rarely exceed when the outcome is shuffled over worlds."""
    rng = np.random.default_rng(seed)
    order = np.argsort(x, axis=1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=1)
    ends = np.concatenate([ordered[:, 1:] > ordered[:, :-1], np.ones((len(x), 1), bool)], axis=1)
    largest = np.empty((rounds, 2))
    for r in range(rounds):
        shuffle = rng.permutation(len(y))
        inside = parted[shuffle]
        a, b = mass * inside, mass * ~inside
        gap = a / a.sum() - b / b.sum() if a.sum() > 0 and b.sum() > 0 else np.zeros(len(y))
        sums = np.cumsum(gap[order], axis=1)
        largest[r] = np.abs(_correlations(x, y[shuffle], mass)).max(), np.abs(sums * ends).max()
    found = np.quantile(largest, 0.975, axis=0)
    return float(found[0]), float(found[1])
