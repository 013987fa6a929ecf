"""Tipping points: the value of an assumption at which the policy that does best on average changes.

The other assumptions vary as they do over the worlds. The average of each policy's metric at a value
of the assumption is a local linear regression (Cleveland 1979; Fan 1992) over the assumption's ranks, with
a Gaussian kernel; its standard errors are those of a weighted regression with unequal variances
(White 1980). Policies are compared in the same worlds, so the error is that of their difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import DataArray, Floats, Weights
from foedus.lenses.policies.comparison import Direction, table_of
from foedus.worlds.ties import ROUNDING
from foedus.worlds.weights import normalised, ranks, weighted_quantile

# Width of the kernel as a share of the worlds, and where the averages are worked out.
WIDTH = 0.1
_PLACES = np.linspace(0.02, 0.98, 97)
# The difference must be at least this many standard errors from 0 on both sides of a tipping point.
CLEAR = 2.6


@dataclass(frozen=True)
class TippingPoint:
    """Below ``value`` of the assumption policy ``below`` does better on average, above it ``above``. Between ``low``
    and ``high`` the difference of the two is within ``CLEAR`` standard errors of 0."""

    assumption: str
    value: float
    low: float
    high: float
    below: str
    above: str


def tipping_points(
    draws: Mapping[str, Floats], metric: DataArray, direction: Direction = Direction.HIGHER, weights: Weights = None
) -> list[TippingPoint]:
    """Where, over each assumption that varies, the best policy changes; only changes that are clear on both sides.
    Worlds in which any policy's metric is undefined are left out."""
    values = Direction(direction).sign * table_of(metric)
    names = [str(name) for name in metric.coords["policy"].values]
    mass = normalised(weights, len(values))
    use = ~np.isnan(values).any(axis=1) & (mass > 0)
    if not use.any() or len(names) < 2:
        return []
    mass = mass[use] / mass[use].sum()
    varied = {name: np.asarray(x, float)[use] for name, x in draws.items() if np.ptp(x[use]) > 0}
    return [point for name, x in varied.items() for point in _along(name, x, values[use], names, mass)]


def _along(name: str, x: Floats, values: Floats, names: list[str], mass: Floats) -> list[TippingPoint]:
    """The tipping points over one assumption."""
    place = ranks(x, mass)
    smoother = _smoother(place, mass)
    best = np.argmax(smoother @ values, axis=1)
    at = np.asarray(weighted_quantile(x, list(_PLACES), mass))
    points = []
    for i in np.flatnonzero(best[1:] != best[:-1]):
        below, above = int(best[i]), int(best[i + 1])
        gap = values[:, above] - values[:, below]
        line, error = _fit(smoother, gap, place)
        span = _uncertain(line, error, int(i))
        if span is not None:
            # The crossing lies between two places, where the line through them meets 0.
            share = line[i] / (line[i] - line[i + 1]) if line[i] != line[i + 1] else 0.5
            value = float(at[i] + np.clip(share, 0, 1) * (at[i + 1] - at[i]))
            ends = min(float(at[span[0]]), value), max(float(at[span[1]]), value)
            points.append(TippingPoint(name, value, *ends, names[below], names[above]))
    return points


def _uncertain(line: Floats, error: Floats, i: int) -> tuple[int, int] | None:
    """The places around a change between i and i+1 where the difference is first clear, or None where it never is."""
    slack = np.maximum(CLEAR * error, ROUNDING)
    left = np.flatnonzero(line[: i + 1] < -slack[: i + 1])
    right = np.flatnonzero(line[i + 1 :] > slack[i + 1 :])
    return (int(left[-1]), int(right[0]) + i + 1) if len(left) and len(right) else None


def _smoother(place: Floats, mass: Floats) -> Floats:
    """The local linear regression as a matrix [place, world]: its rows sum to 1."""
    away = place[None, :] - _PLACES[:, None]
    kernel = mass * np.exp(-0.5 * (away / WIDTH) ** 2)
    # The intercept of a weighted least squares line, written out: moments of the distance under the kernel.
    s0, s1, s2 = (np.sum(kernel * away**power, axis=1, keepdims=True) for power in range(3))
    scale = s0 * s2 - s1**2
    flat = scale <= 1e-12 * s0 * np.maximum(s2, WIDTH**2 * s0)  # one value only within reach: a plain average
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(flat, kernel / s0, kernel * (s2 - s1 * away) / scale))


def _fit(smoother: Floats, y: Floats, place: Floats) -> tuple[Floats, Floats]:
    """The regression of ``y`` at each place and its standard error, from each world's residual at its own place."""
    line = smoother @ y
    residual = y - np.interp(place, _PLACES, line)
    return line, np.sqrt(smoother**2 @ residual**2)
