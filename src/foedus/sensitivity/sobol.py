"""How much of an outcome's variance over worlds each assumption accounts for (Sobol 1993).

The first-order index of x is Var(E[y | x]) / Var(y): what knowing x alone would take away. The total index
is E[Var(y | all but x)] / Var(y): what would be left if all but x were known (Homma and Saltelli 1996). Both are
for independent assumptions, as drawn: over posterior weights, which tie assumptions together, only the
first-order index keeps its meaning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from foedus.arraytypes import ArrayLike, Dataset, Floats
from foedus.errors import FoedusError
from foedus.worlds.sample import library_seed

_EDGE = 2.0**-40
_SEED_FOR_0 = 2**32 - 1


def _problem(names: Sequence[str]) -> dict[str, object]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def design(names: Sequence[str], n: int, seed: int = 0) -> dict[str, Floats]:
    """The points at which a model must be run: n (d + 2) of them in the open unit cube, by name (Saltelli 2002).

    For each of ``n`` (a power of two) pairs of independent base points a and b: a, then a with one coordinate after
    another taken from b, then b. Turn them into draws with ``worlds.sample.from_unit``.
    """
    from SALib.sample import sobol

    if n < 2 or n & (n - 1):
        raise FoedusError(f"Sobol indices need a power of two of base points, not {n}.")
    if not names:
        raise FoedusError("no assumption is uncertain: there is nothing to attribute.")
    table = sobol.sample(_problem(names), n, calc_second_order=False, seed=library_seed(seed))
    return {name: np.clip(table[:, i], _EDGE, 1 - _EDGE) for i, name in enumerate(names)}


def indices(names: Sequence[str], outcome: ArrayLike, seed: int = 0) -> Dataset:
    """First-order and total indices from the outcome at the points of ``design`` (in its order).

    ``first``, ``total`` [assumption], and ``first_error``, ``total_error``: half the width of their 95% intervals
    (bootstrap). All NaN where the outcome does not vary. FoedusError where it is undefined somewhere.
    """
    import xarray as xr
    from SALib.analyze import sobol

    y = np.asarray(outcome, dtype=float)
    if not np.isfinite(y).all():
        hint = "Ask for something that is defined in every world, or look at the box alone (--method box)."
        raise FoedusError(
            f"the outcome is undefined at {(~np.isfinite(y)).sum()} of {len(y)} points: no indices. {hint}"
        )
    keys = {"first": "S1", "first_error": "S1_conf", "total": "ST", "total_error": "ST_conf"}
    if np.ptp(y) <= 1e-12 * np.abs(y).max(initial=0.0):
        estimates = {key: np.full(len(names), np.nan) for key in keys}
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            # SALib takes a seed of 0 for none at all, and then draws its resamples from numpy's shared state.
            resamples = library_seed(seed) or _SEED_FOR_0
            results = sobol.analyze(_problem(names), y, calc_second_order=False, seed=resamples)
        estimates = {key: np.asarray(results[name], float) for key, name in keys.items()}
    return xr.Dataset({key: ("assumption", values) for key, values in estimates.items()}, {"assumption": list(names)})


def attribute(
    evaluate: Callable[[dict[str, Floats]], ArrayLike], names: Sequence[str], n: int = 64, seed: int = 0
) -> Dataset:
    """Runs a model on ``design`` and gives its ``indices``; ``evaluate`` takes points by name, gives outcomes."""
    return indices(names, evaluate(design(names, n, seed)), seed)
