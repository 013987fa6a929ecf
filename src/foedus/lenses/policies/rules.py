"""Which policy, when we do not know which world we are in.

A metric is a labelled array over ``world`` and ``policy``. Worlds are the same for every policy, so
policies are compared world by world. Where a metric is undefined (NaN) in a world, that policy's world is
left out of its averages, counts as not satisfying, and is neither better nor worse than another.

Definitions: regret (Savage 1951), satisficing (Simon 1956; as a share of worlds, Lempert, Popper and
Bankes 2003), dominance (Pareto).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.worlds.weights import mean, normalised, share, spread, weighted_quantile

if TYPE_CHECKING:
    import xarray as xr

Direction = Literal["higher", "lower"]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def table_of(metric: xr.DataArray) -> Floats:
    """The numbers of a metric as [world, policy]; FoedusError when it has other dims."""
    if set(metric.dims) != {"world", "policy"}:
        raise FoedusError(f"a metric has the dims world and policy, not {', '.join(map(str, metric.dims))}.")
    return np.asarray(metric.transpose("world", "policy").values, dtype=float)


def _sign(direction: Direction) -> float:
    if direction not in ("higher", "lower"):
        raise FoedusError(f"a direction is 'higher' or 'lower' (which is better), not '{direction}'.")
    return 1.0 if direction == "higher" else -1.0


def regret(metric: xr.DataArray, direction: Direction = "higher") -> xr.DataArray:
    """How much worse each policy does than the best one in the same world: [world, policy], from 0 up."""
    values = _sign(direction) * table_of(metric)
    known = np.where(np.isnan(values), -np.inf, values)
    found = np.where(np.isnan(values), np.nan, known.max(axis=1, keepdims=True) - values)
    return metric.transpose("world", "policy").copy(data=found)


def compare(
    metric: xr.DataArray,
    direction: Direction = "higher",
    weights: ArrayLike | None = None,
    enough: float | None = None,
    quantiles: Sequence[float] = QUANTILES,
) -> xr.Dataset:
    """Policies side by side on one metric. All are weighted over worlds.

    ``mean``, ``sd``, ``quantiles`` [policy, quantile] of the metric; ``undefined``, the share of worlds without
    it; ``satisficing``, the share where it is at least (at most, if lower is better) ``enough``; ``regret_mean``,
    ``regret_quantiles``, ``regret_max`` (over worlds of positive weight); ``best``, the share of worlds where no
    policy does better (ties count for each); ``better`` [policy, other], the share where the policy does
    strictly better than the other.
    """
    import xarray as xr

    sign, values = _sign(direction), table_of(metric)
    mass = normalised(weights, len(values))
    loss = regret(metric, direction).values
    columns = range(values.shape[1])
    found = {
        "mean": ("policy", [mean(values[:, p], mass) for p in columns]),
        "sd": ("policy", [spread(values[:, p], mass) for p in columns]),
        "undefined": ("policy", [share(np.isnan(values[:, p]), mass) for p in columns]),
        "quantiles": (("policy", "quantile"), [weighted_quantile(values[:, p], quantiles, mass) for p in columns]),
        "regret_mean": ("policy", [mean(loss[:, p], mass) for p in columns]),
        "regret_quantiles": (("policy", "quantile"), [weighted_quantile(loss[:, p], quantiles, mass) for p in columns]),
        "regret_max": ("policy", [_largest(loss[mass > 0, p]) for p in columns]),
        "best": ("policy", [share(loss[:, p] == 0, mass) for p in columns]),
        "better": (("policy", "other"), _better(sign * values, mass)),
    }
    if enough is not None:
        met = sign * values >= sign * enough
        found["satisficing"] = ("policy", [share(met[:, p], mass) for p in columns])
    names = metric.coords["policy"].values
    return xr.Dataset(
        found,
        coords={"policy": names, "other": names, "quantile": list(quantiles)},
        attrs={"direction": direction} | ({} if enough is None else {"enough": enough}),
    )


def _largest(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else float("nan")


def _better(values: Floats, mass: Floats) -> Floats:
    wins = values[:, :, None] > values[:, None, :]
    return np.where(wins.all(axis=0), 1.0, np.minimum(np.tensordot(mass, wins.astype(float), axes=1), 1.0))


def choices(compared: xr.Dataset) -> dict[str, str]:
    """The policy that each rule would choose: ``expected``, ``minimax_regret``, ``regret_mean``, ``satisficing``.

    The first among equals; a rule under which every policy is undefined is left out.
    """
    names = [str(name) for name in compared.coords["policy"].values]
    sign = _sign(compared.attrs["direction"])
    scores = {
        "expected": sign * compared["mean"].values,
        "minimax_regret": -compared["regret_max"].values,
        "regret_mean": -compared["regret_mean"].values,
    }
    if "satisficing" in compared:
        scores["satisficing"] = compared["satisficing"].values
    return {rule: names[int(np.nanargmax(score))] for rule, score in scores.items() if not np.isnan(score).all()}


def dominated(points: Floats) -> NDArray[np.bool_]:
    """Which rows of ``points`` [policy, metric] (higher is better) are dominated by another row.

    A row is dominated when another is at least as good on every metric and better on one. A row with NaN
    neither dominates nor is counted efficient.
    """
    unknown: NDArray[np.bool_] = np.asarray(np.isnan(points).any(axis=1))
    as_good = (points[:, None, :] >= points[None, :, :]).all(axis=2)
    better = (points[:, None, :] > points[None, :, :]).any(axis=2)
    return np.asarray((as_good & better & ~unknown[:, None]).any(axis=0) | unknown)


def pareto(
    metrics: Mapping[str, xr.DataArray], directions: Mapping[str, Direction], weights: ArrayLike | None = None
) -> xr.Dataset:
    """Which policies are efficient over several metrics.

    ``efficient`` [policy]: no other policy has a mean as good on every metric and better on one; ``mean``
    [policy, metric]; ``efficient_share``: the share of worlds in which the policy is efficient in that world.
    """
    import xarray as xr

    if not metrics or metrics.keys() - directions.keys():
        raise FoedusError("every metric needs a direction: 'higher' or 'lower' (which is better).")
    names = next(iter(metrics.values())).coords["policy"].values
    aligned = [_sign(directions[name]) * table_of(metric.sel(policy=names)) for name, metric in metrics.items()]
    cube = np.stack(aligned, axis=2)
    mass = normalised(weights, len(cube))
    means = np.array([[mean(cube[:, p, m], mass) for m in range(cube.shape[2])] for p in range(cube.shape[1])])
    efficient = np.array([~dominated(world) for world in cube])
    signs = np.array([_sign(directions[name]) for name in metrics])
    return xr.Dataset(
        {
            "efficient": ("policy", ~dominated(means)),
            "efficient_share": ("policy", [share(column, mass) for column in efficient.T]),
            "mean": (("policy", "metric"), signs * means),
        },
        coords={"policy": names, "metric": list(metrics)},
    )
