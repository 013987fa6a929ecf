"""How much of an outcome's variance over worlds each assumption accounts for (Sobol 1993).

The first-order index of x is Var(E[y | x]) / Var(y): what knowing x alone would take away. The total index
is E[Var(y | all but x)] / Var(y): what would be left if all but x were known (Homma and Saltelli 1996). Both are
for independent assumptions, as drawn: over posterior weights, which tie assumptions together, only the
first-order index keeps its meaning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.worlds.weights import ess, normalised, ranks

if TYPE_CHECKING:
    import xarray as xr

_EDGE = 2.0**-40


def _problem(names: Sequence[str]) -> dict[str, object]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def design(names: Sequence[str], n: int, seed: int = 0) -> dict[str, Floats]:
    """The points at which a model must be run: n (d + 2) of them in the open unit cube, by name (Saltelli 2002).

    ``n`` must be a power of two. Turn them into draws with ``worlds.sample.from_unit``.
    """
    from SALib.sample import sobol

    if n < 2 or n & (n - 1):
        raise FoedusError(f"Sobol indices need a power of two of base points, not {n}.")
    if not names:
        raise FoedusError("no assumption is uncertain: there is nothing to attribute.")
    table = sobol.sample(_problem(names), n, calc_second_order=False, seed=seed)
    return {name: np.clip(table[:, i], _EDGE, 1 - _EDGE) for i, name in enumerate(names)}


def indices(names: Sequence[str], outcome: ArrayLike, seed: int = 0) -> xr.Dataset:
    """First-order and total indices from the outcome at the points of ``design`` (in its order).

    ``first``, ``total`` [assumption], and ``first_error``, ``total_error``: half the width of their 95% intervals
    (bootstrap). All NaN where the outcome does not vary. FoedusError where it is undefined somewhere.
    """
    import xarray as xr
    from SALib.analyze import sobol

    y = np.asarray(outcome, dtype=float)
    if np.isnan(y).any():
        raise FoedusError(
            f"the outcome is undefined at {int(np.isnan(y).sum())} of {len(y)} points: no indices. "
            "Ask for something that is defined in every world, or look at the box alone (--method box)."
        )
    keys = {"first": "S1", "first_error": "S1_conf", "total": "ST", "total_error": "ST_conf"}
    if np.ptp(y) <= 1e-12 * np.abs(y).max(initial=0.0):
        found = {key: np.full(len(names), np.nan) for key in keys}
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            results = sobol.analyze(_problem(names), y, calc_second_order=False, seed=seed)
        found = {key: np.asarray(results[name], float) for key, name in keys.items()}
    return xr.Dataset({key: ("assumption", values) for key, values in found.items()}, {"assumption": list(names)})


def attribute(
    evaluate: Callable[[dict[str, Floats]], ArrayLike], names: Sequence[str], n: int = 64, seed: int = 0
) -> xr.Dataset:
    """Runs a model on ``design`` and gives its ``indices``; ``evaluate`` takes points by name, gives outcomes."""
    return indices(names, evaluate(design(names, n, seed)), seed)


def first_order(
    draws: Mapping[str, Floats], outcome: ArrayLike, weights: ArrayLike | None = None, bins: int | None = None
) -> xr.Dataset:
    """First-order indices from worlds that are already there, by slicing each assumption into ``bins``.

    The variance of the bin averages, less what their sampling error adds to it on average (the adjusted
    correlation ratio: Kelley 1935), so that an assumption that does nothing gets about 0, and may get a little less.
    ``noise`` is what one that does nothing stays below 95% of the time (from the F distribution). Undefined
    worlds are left out. By default bins hold about 15 worlds (effective), 3 to 20 of them.
    """
    import xarray as xr

    y = np.asarray(outcome, dtype=float)
    mass = normalised(weights, len(y))
    use = ~np.isnan(y) & (mass > 0)
    names = [name for name, x in draws.items() if np.ptp(x) > 0]
    found = np.full((2, len(names)), np.nan)
    if use.any() and np.ptp(y[use]) > 0:
        y, mass = y[use], mass[use] / mass[use].sum()
        n = ess(mass)
        count = bins or int(np.clip(n / 15, 3, 20))
        for i, name in enumerate(names):
            found[:, i] = _adjusted(np.asarray(draws[name], float)[use], y, mass, count, n)
    coords = {"assumption": names}
    return xr.Dataset({"first": ("assumption", found[0]), "noise": ("assumption", found[1])}, coords)


def _adjusted(x: Floats, y: Floats, mass: Floats, count: int, n: float) -> tuple[float, float]:
    """The adjusted correlation ratio over bins of equal mass, and the 95% point of it under no effect."""
    from scipy.stats import f as fisher

    _, inside = np.unique(np.floor(ranks(x, mass) * count).clip(0, count - 1), return_inverse=True)
    per_bin = np.bincount(inside, mass)
    k = len(per_bin)
    if k < 2 or n <= k + 1:
        return float("nan"), float("nan")
    centred = y - mass @ y
    total = float(mass @ centred**2)
    between = float(np.sum(np.bincount(inside, mass * centred) ** 2 / per_bin)) / total
    ratio = float(fisher.ppf(0.95, k - 1, n - k))
    null = ratio * (k - 1) / (ratio * (k - 1) + n - k)
    scale = (n - 1) / (n - k)
    return 1 - (1 - between) * scale, 1 - (1 - null) * scale
