"""Weights of worlds, and statistics of weighted worlds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from foedus.arraytypes import Floats
from foedus.errors import FoedusError

if TYPE_CHECKING:
    import xarray as xr


_BLOCK = 256  # worlds that are averaged at a time


def even(n: int) -> Floats:
    """Equal weights of ``n`` worlds."""
    return np.full(n, 1.0 / n)


def normalised(weights: ArrayLike | None, n: int) -> Floats:
    """Weights [n] that sum to one; equal ones for None. FoedusError when they cannot be weights."""
    if weights is None:
        return even(n)
    array = np.asarray(weights, dtype=float)
    if array.shape != (n,) or not np.isfinite(array).all() or (array < 0).any() or array.sum() <= 0:
        raise FoedusError(f"weights must be {n} numbers from 0 up that are not all 0.")
    return np.asarray(array / array.sum())


def posterior(loglik: ArrayLike, log_prior: ArrayLike | None = None) -> Floats:
    """Posterior weights [world] by Bayes' rule, from the log-likelihood of what was observed.

    ``log_prior`` (default: equal) need not be normalised. FoedusError when no world allows the
    observations, or a number is NaN.
    """
    logs = np.asarray(loglik, dtype=float)
    if log_prior is not None:
        logs = logs + np.asarray(log_prior, dtype=float)
    if np.isnan(logs).any():
        raise FoedusError(f"the likelihood of world {int(np.flatnonzero(np.isnan(logs))[0])} is not a number.")
    top = logs.max()
    if top == -np.inf:
        raise FoedusError(
            "no world allows what was observed: its likelihood is 0 in all of them. "
            "Give the observations an 'error' above 0, or widen the assumptions."
        )
    weights = np.exp(logs - top)
    return np.asarray(weights / weights.sum())


def carrying(weights: ArrayLike, share: float) -> int:
    """The fewest worlds that together carry at least a ``share`` of the weight."""
    heaviest = np.sort(np.asarray(weights, dtype=float))[::-1]
    return int(np.searchsorted(np.cumsum(heaviest), share * heaviest.sum() - 1e-12) + 1)


def mixed(loglik: ArrayLike, share: float, log_evidence: float) -> tuple[Floats, Floats]:
    """(prior weights, posterior weights) of worlds of which a ``share`` was drawn from the posterior, the others from
    the prior: each is weighed against the mixture (deterministic mixture: Owen and Zhou 2000)."""
    logs = np.asarray(loglik, dtype=float)
    with np.errstate(divide="ignore"):
        drawn = -np.logaddexp(np.log(1 - share), np.log(share) + logs - log_evidence)
    return posterior(drawn), posterior(drawn, logs)


def log_evidence(loglik: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The log of the mean likelihood over worlds of the given prior weights."""
    logs = np.asarray(loglik, dtype=float)
    prior = normalised(weights, len(logs))
    top = logs.max()
    return float(top + np.log(np.sum(prior * np.exp(logs - top)))) if top > -np.inf else -np.inf


def ess(weights: ArrayLike) -> float:
    """Effective sample size, (sum w)^2 / sum w^2 (Kish 1965)."""
    array = np.asarray(weights, dtype=float)
    array = array / array.max()
    return float(array.sum() ** 2 / np.sum(array**2))


def standing_for(weights: Floats, most: int, along: Floats | None = None) -> tuple[NDArray[np.intp], Floats]:
    """(numbers of at most ``most`` worlds that stand for all, their weights): all of them where they are no more.

    Worlds are drawn by systematic resampling (Kitagawa 1996) without chance: at marks that part the weight evenly, each from
    its middle. One that is drawn k times weighs k times as much. Worlds lie in their order, or ``along`` a number [world]:
    then its distribution is that of all worlds as nearly as so few allow (implicit stratification: Kish 1965).
    """
    if len(weights) <= most:
        return np.arange(len(weights)), np.asarray(weights / weights.sum())
    order = np.arange(len(weights)) if along is None else np.argsort(along, kind="stable")
    marks = (np.arange(most) + 0.5) / most
    places = np.searchsorted(np.cumsum(weights[order]) / weights.sum(), marks)
    chosen, times = np.unique(order[np.minimum(places, len(weights) - 1)], return_counts=True)
    return chosen, times / most


def mean(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted mean over the worlds where the value is defined, never outside their range; NaN where none is."""
    array = np.asarray(values, dtype=float)
    mass = normalised(weights, len(array))
    known = ~np.isnan(array) & (mass > 0)
    if not known.any():
        return float("nan")
    counted, mass = array[known], mass[known]
    return float(np.clip(np.sum(mass * counted) / mass.sum(), counted.min(), counted.max()))


def means(values: xr.DataArray, weights: Floats) -> xr.DataArray:
    """The weighted mean over ``world`` of a labelled array, which is read a block of worlds at a time.

    Over the worlds where it is defined; NaN where it is in none.
    """
    first = values.isel(world=0, drop=True)
    total, mass = np.zeros(first.size), np.zeros(first.size)
    for start in range(0, len(weights), _BLOCK):
        block = values.isel(world=slice(start, start + _BLOCK)).transpose("world", ...)
        flat = np.ascontiguousarray(block.values).reshape(-1, first.size)
        known, here = ~np.isnan(flat), weights[start : start + _BLOCK]
        total += here @ np.where(known, flat, 0.0)
        mass += here @ known
    with np.errstate(invalid="ignore"):
        return first.copy(data=(total / mass).reshape(first.shape))


def spread(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted standard deviation over the worlds where the value is defined."""
    array = np.asarray(values, dtype=float)
    return float(np.sqrt(mean((array - mean(array, weights)) ** 2, weights)))


def share(holds: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The weighted share of worlds in which something holds; exactly 1 where it does in every world that has weight."""
    array = np.asarray(holds, dtype=bool)
    mass = normalised(weights, len(array))
    return 1.0 if array[mass > 0].all() else min(float(np.sum(mass[array])), 1.0)


Z95 = 1.959963984540054  # standard deviations that hold 95% of a normal distribution


def wilson(p: float, n: float, z: float = Z95) -> tuple[float, float]:
    """The ends of the interval of a share ``p`` of ``n`` draws (Wilson 1927): the shares of the whole from which ``p`` is
    not further than ``z`` standard errors. It holds ``p``; of none and of all it has one open end."""
    if math.isnan(p) or n <= 0:
        return math.nan, math.nan
    middle, across = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    whole = 1 + z**2 / n
    low = 0.0 if p == 0 else min((middle - across) / whole, p)
    return max(low, 0.0), 1.0 if p == 1 else min(max((middle + across) / whole, p), 1.0)


def weighted_quantile(values: ArrayLike, q: float | Sequence[float], weights: ArrayLike | None = None) -> Floats:
    """Weighted quantiles over worlds, the first axis: ``[*q, *other axes]``; worlds where a value is NaN are left out.

    Each value stands at the middle of its weight and quantiles lie on straight lines between; with equal weights
    this is Hazen's definition (1914). NaN where no world has a value.
    """
    array = np.asarray(values, dtype=float)
    mass = normalised(weights, len(array))
    asked = np.asarray(q, dtype=float)
    columns = array.reshape(len(array), -1)
    picked = np.full((columns.shape[1], *asked.shape), np.nan)
    for column, number in enumerate(columns.T):
        use = ~np.isnan(number) & (mass > 0)
        if use.any():
            order = np.argsort(number[use], kind="stable")
            sorted_mass = mass[use][order]
            position = (np.cumsum(sorted_mass) - sorted_mass / 2) / sorted_mass.sum()
            picked[column] = np.interp(asked, position, number[use][order])
    return np.asarray(np.moveaxis(picked, 0, -1).reshape((*asked.shape, *array.shape[1:])))


def ranks(values: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Each value's place in the weighted distribution, in (0, 1); equal values share the middle."""
    array = np.asarray(values, dtype=float)
    mass = normalised(weights, len(array))
    _, inverse = np.unique(array, return_inverse=True)
    per_value = np.bincount(inverse.ravel(), mass)
    return np.asarray((np.cumsum(per_value) - per_value / 2)[inverse.ravel()])


LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95


@dataclass(frozen=True)
class Spread:
    """A number over worlds: its weighted average, median, and the ends between which at least 90% of the weight lies."""

    mean: float
    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: ArrayLike, weights: ArrayLike | None = None) -> Spread:
        """The spread of one number per world [world], over the worlds where it is defined; NaN where it is in none.

        The ends are the 5% and 95% quantiles. Where a few worlds pull the average beyond them, that end is the average:
        what is printed as a range holds the average printed with it.
        """
        array = np.asarray(values, dtype=float)
        average = mean(array, weights)
        low, median, high = (float(end) for end in weighted_quantile(array, (LOW, MIDDLE, HIGH), weights))
        return cls.around(average, low, median, high)

    @classmethod
    def around(cls, average: float, low: float, median: float, high: float) -> Spread:
        """An average with ends that hold it; NaN as it is."""
        if math.isnan(average):
            return cls(average, low, median, high)
        return cls(average, min(low, average), median, max(high, average))
