"""The value of information for a choice among policies, from values in weighted worlds.

Expected value of perfect information: ``E max_p V_p - max_p E V_p`` (Raiffa and Schlaifer 1961). Of perfect
information about one assumption X: ``E_X max_p E[V_p | X] - max_p E V_p``, the conditional means by regression on X
(Strong, Oakley and Brennan 2014), with the standard error and upward bias of Strong and Oakley (2013): the
spread of the estimate, and its mean's excess, when the regression's coefficients vary as their errors say.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from foedus.arraytypes import Floats
from foedus.worlds.sample import name_seed
from foedus.worlds.weights import ess, normalised, ranks

DRAWS = 200  # of the coefficients, for standard errors
FAKES = 200  # irrelevant assumptions, for the noise floor


class Worth(NamedTuple):
    """An estimate with its standard error and the part of it that is upward bias."""

    value: float
    error: float
    bias: float


def perfect(values: Floats, weights: ArrayLike | None = None) -> tuple[float, float]:
    """(EVPI, standard error) of ``values`` [world, option], higher being better."""
    mass = normalised(weights, len(values))
    best = int(np.argmax(mass @ values))
    loss = values.max(axis=1) - values[:, best]
    mean = float(mass @ loss)
    return mean, float(np.sqrt(mass @ (loss - mean) ** 2 / ess(mass)))


def partial(values: Floats, x: ArrayLike, weights: ArrayLike | None = None) -> float:
    """EVPPI of an assumption with draws ``x`` [world]: the plain estimate, biased upward where worlds are few."""
    mass = normalised(weights, len(values))
    return _worth(_fit(values, basis(np.asarray(x, float), mass), mass), mass)


def partial_with_error(values: Floats, x: ArrayLike, weights: ArrayLike | None = None) -> Worth:
    """EVPPI with its standard error and bias."""
    mass = normalised(weights, len(values))
    columns = basis(np.asarray(x, float), mass)
    values = values - values[:, [int(np.argmax(mass @ values))]]  # only differences from the best matter
    fitted = _fit(values, columns, mass)
    residual = (values - fitted) * mass[:, None]
    # The coefficients' errors go together between options; worlds count by the squares of their weights.
    spread, axes = np.linalg.eigh(residual.T @ residual)
    root = axes * np.sqrt(np.maximum(spread, 0.0))
    rng = np.random.default_rng(name_seed(0, "", "value of information"))
    noise = rng.standard_normal((DRAWS, columns.shape[1], values.shape[1])) @ root.T
    drawn = np.array([_worth(fitted + columns @ each, mass) for each in noise])
    value = _worth(fitted, mass)
    return Worth(value, float(drawn.std()), float(drawn.mean() - value))


def floor(values: Floats, weights: ArrayLike | None = None) -> tuple[float, float]:
    """(mean, highest) of the EVPPI that ``FAKES`` irrelevant assumptions seem to have, with these worlds."""
    mass = normalised(weights, len(values))
    rng = np.random.default_rng(name_seed(0, "", "irrelevant"))
    fakes = [partial(values, rng.standard_normal(len(values)), mass) for _ in range(FAKES)]
    return float(np.mean(fakes)), float(np.max(fakes))


def basis(x: Floats, mass: Floats) -> Floats:
    """[world, columns]: 1, x, and powers of its rank up to the third, made orthonormal under the weights.

    Fewer columns where they would not differ, or where the worlds are effectively fewer than ten a column.
    """
    center = x - mass @ x
    scale = np.sqrt(mass @ center**2)
    if not scale > 0:
        return np.ones((len(x), 1))
    u = 2 * ranks(x, mass) - 1
    most = int(np.clip(ess(mass) / 10, 2, 5))
    raw = np.stack([np.ones(len(x)), u, center / scale, u**2, u**3], axis=1)[:, :most]
    # Singular vectors of the weighted columns are orthonormal; dividing by the weights' roots makes the columns so under
    # the weights, so that a regression is one product. Columns that others nearly span are dropped.
    root = np.sqrt(mass)[:, None]
    left, sizes, _ = np.linalg.svd(raw * root, full_matrices=False)
    keep = sizes > 1e-6 * sizes[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = np.where(root > 0, left[:, keep] / root, 0.0)
    return np.asarray(columns)


def _fit(values: Floats, columns: Floats, mass: Floats) -> Floats:
    """Conditional means [world, option] by weighted least squares."""
    return np.asarray(columns @ (columns.T @ (mass[:, None] * values)))


def _worth(means: Floats, mass: Floats) -> float:
    """What choosing by the conditional means is worth beyond the best option on average."""
    return max(float(mass @ means.max(axis=1) - (mass @ means).max()), 0.0)
