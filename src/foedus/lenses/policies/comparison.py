"""Policies side by side, when we do not know which world we are in.

A metric is a labelled array over ``world`` and ``policy``. Worlds are the same for every policy, so
policies are compared world by world. Where a metric is undefined (NaN) in a world, that policy's world is
left out of its averages, counts as not satisfying, and is neither better nor worse than another.

Definitions: regret (Savage 1951), satisficing (Simon 1956; as a share of worlds, Lempert, Popper and
Bankes 2003), dominance (Pareto).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np

from foedus.arraytypes import Bools, DataArray, Dataset, Floats, Weights
from foedus.errors import FoedusError
from foedus.worlds.ties import paired_error, rounding
from foedus.worlds.weights import mean, normalised, share, spread, weighted_quantile

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"

    @classmethod
    def _missing_(cls, value: object) -> Direction:
        raise FoedusError(f"a direction is 'higher' or 'lower' (which is better), not '{value}'.")

    @property
    def sign(self) -> float:
        """1 where higher is better, else -1: times it, more is better."""
        return 1.0 if self is Direction.HIGHER else -1.0


def table_of(metric: DataArray) -> Floats:
    """The numbers of a metric as [world, policy]; FoedusError when it has other dims."""
    if set(metric.dims) != {"world", "policy"}:
        raise FoedusError(f"a metric has the dims world and policy, not {', '.join(map(str, metric.dims))}.")
    return np.asarray(metric.transpose("world", "policy").values, dtype=float)


def regret(metric: DataArray, direction: Direction = Direction.HIGHER) -> DataArray:
    """How much worse each policy does than the best one in the same world: [world, policy], from 0 up."""
    values = Direction(direction).sign * table_of(metric)
    known = np.where(np.isnan(values), -np.inf, values)
    loss = np.where(np.isnan(values), np.nan, known.max(axis=1, keepdims=True) - values)
    return metric.transpose("world", "policy").copy(data=loss)


def compare(
    metric: DataArray, direction: Direction = Direction.HIGHER, weights: Weights = None, enough: float | None = None
) -> Dataset:
    """Policies side by side on one metric. All are weighted over worlds.

    ``mean``, ``sd``, ``quantiles`` [policy, quantile] of the metric; ``undefined``, the share of worlds without
    it; ``satisficing``, the share where it is at least (at most, if lower is better) ``enough``; ``regret_mean``,
    ``regret_quantiles``, ``regret_max`` (over worlds of positive weight); ``best``, the share of worlds where no
    policy does better (ties count for each); ``better`` [policy, other], the share where the policy does better than
    the other by more than rounding; ``mean_error`` and ``satisficing_error`` [policy, other], standard errors of the
    differences of means and of these shares over the same worlds (see ``worlds.ties``).
    """
    import xarray as xr

    sign, values = Direction(direction).sign, table_of(metric)
    mass = normalised(weights, len(values))
    loss = regret(metric, direction).values

    def each(of: Callable[..., object], table: Floats | Bools, *arguments: object) -> list[object]:
        return [of(column, *arguments) for column in table.T]

    compared = {
        "mean": ("policy", each(mean, values, mass)),
        "sd": ("policy", each(spread, values, mass)),
        "undefined": ("policy", each(share, np.isnan(values), mass)),
        "quantiles": (("policy", "quantile"), each(weighted_quantile, values, QUANTILES, mass)),
        "regret_mean": ("policy", each(mean, loss, mass)),
        "regret_quantiles": (("policy", "quantile"), each(weighted_quantile, loss, QUANTILES, mass)),
        "regret_max": ("policy", each(_largest, loss[mass > 0])),
        "best": ("policy", each(share, loss <= rounding(values), mass)),
        "better": (("policy", "other"), _better(sign * values, mass)),
        "mean_error": (("policy", "other"), paired_error(values, mass)),
    }
    if enough is not None:
        good = sign * (values - enough) >= -rounding(values)
        compared["satisficing"] = ("policy", each(share, good, mass))
        compared["satisficing_error"] = ("policy", "other"), paired_error(good.astype(float), mass)
    names = metric.coords["policy"].values
    coords = {"policy": names, "other": names, "quantile": list(QUANTILES)}
    return xr.Dataset(compared, coords, {"direction": str(direction)} | ({} if enough is None else {"enough": enough}))


def _largest(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else float("nan")


def _better(values: Floats, mass: Floats) -> Floats:
    wins = values[:, :, None] - values[:, None, :] > rounding(values)[:, :, None]
    return np.where(wins.all(axis=0), 1.0, np.minimum(np.tensordot(mass, wins.astype(float), axes=1), 1.0))


def dominated(points: Floats, slack: Floats | float = 0.0) -> Bools:
    """Which rows of ``points`` [policy, metric] (higher is better) are dominated by another row.

    A row is dominated when another is at least as good on every metric and better on one, by more than ``slack`` (a
    number, or as large as ``points``). A row with NaN neither dominates nor is counted efficient.
    """
    unknown: Bools = np.asarray(np.isnan(points).any(axis=1))
    room, gap = np.broadcast_to(slack, points.shape)[:, None, :], points[:, None, :] - points[None, :, :]
    as_good = (gap >= -room).all(axis=2)
    better = (gap > room).any(axis=2)
    return np.asarray((as_good & better & ~unknown[:, None]).any(axis=0) | unknown)


def pareto(metrics: Mapping[str, DataArray], directions: Mapping[str, Direction], weights: Weights = None) -> Dataset:
    """Which policies are efficient over several metrics.

    ``efficient`` [policy]: no other policy has a mean as good on every metric and better on one; ``mean``
    [policy, metric]; ``efficient_share``: the share of worlds in which the policy is efficient in that world.
    """
    import xarray as xr

    if not metrics or metrics.keys() - directions.keys():
        raise FoedusError("every metric needs a direction: 'higher' or 'lower' (which is better).")
    names = next(iter(metrics.values())).coords["policy"].values
    signs = np.array([Direction(directions[name]).sign for name in metrics])
    tables = [table_of(metric.sel(policy=names)) for metric in metrics.values()]
    cube = signs * np.stack(tables, axis=2)  # [world, policy, metric], higher is better
    mass = normalised(weights, len(cube))
    means = np.array([[mean(values, mass) for values in policy.T] for policy in np.moveaxis(cube, 1, 0)])
    efficient = np.array([~dominated(world, rounding(world)) for world in cube])
    data = {
        "efficient": ("policy", ~dominated(means, rounding(means))),
        "efficient_share": ("policy", [share(column, mass) for column in efficient.T]),
        "mean": (("policy", "metric"), signs * means),
    }
    return xr.Dataset(data, {"policy": names, "metric": list(metrics)})
