"""How much of the variance of a reading is owed to the assumptions that it rests on, taken as one group.

The total Sobol index of a group (Homma and Saltelli 1996; of groups, Saltelli and others 2008) is
T = E[Var(y | all others)] / Var(y): what would be left of the variance if all but the group were known. By pick-freeze, the
group alone is drawn anew in the same worlds; then (Jansen 1999; the best of its kind in Saltelli and others 2010)

    T = E[(y - y')^2] / (2 Var(y))

with the variance over both draws. By hand: y = 2 a + b with a and b alike has variance 5, of which 4 is owed to a: the
index of the group {a} is 0.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.worlds.weights import ess

_RESAMPLES, _LEAST = 500, 8  # of the interval; fewer worlds leave all open


@dataclass(frozen=True)
class Owed:
    """A share of variance, 0 to 1, with the ends of its 95% interval (bootstrap over worlds)."""

    share: float
    low: float
    high: float


def total_index(before: Floats, after: Floats, weights: Floats, seed: int = 0) -> Owed | None:
    """The total index of a group from a number [world] as it is and with the group drawn anew; None where it does not vary.

    An estimate from few worlds may come out above 1, and is then told as 1.
    """
    if np.ptp(np.concatenate([before, after])) <= 1e-12 * np.abs(before).max(initial=1e-300):
        return None
    best = float(_index(before, after, weights[None])[0])
    if len(weights) < _LEAST:
        return Owed(best, 0.0, 1.0)
    draws = (
        np.random.default_rng([abs(seed), 1])
        .multinomial(max(round(ess(weights)), 2), weights, _RESAMPLES)
        .astype(float)
    )
    low, high = (float(end) for end in np.nanquantile(_index(before, after, draws), (0.025, 0.975)))
    return Owed(best, min(low, best), max(high, best))


def _index(before: Floats, after: Floats, weights: Floats) -> Floats:
    """One index for each row of weights [resample, world]; NaN where nothing varies."""
    mass = weights / weights.sum(axis=1, keepdims=True)
    middle = mass @ (before + after) / 2
    variance = mass @ (before**2 + after**2) / 2 - middle**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.minimum(np.where(variance > 0, mass @ (before - after) ** 2 / (2 * variance), np.nan), 1.0)
        )
