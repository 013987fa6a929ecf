"""Worlds drawn anew where the observations point, for when weights collapse on a few of the old ones.

Sequential Monte Carlo with tempering (Del Moral, Doucet and Jasra 2006; adaptive temperatures: Jasra and
others 2011): the likelihood is brought in by powers from 0 to 1, each as large as keeps enough effective
worlds; after each, worlds are resampled and moved about by Markov steps that leave the tempered posterior as
it is. Worlds move in the unit cube of their quantiles, mapped to normal coordinates, in which the prior is
independent and standard normal. Steps alternate between one that knows the worlds' mean and covariance
(an autoregressive step that keeps that normal distribution, so it moves far where it fits: Neal 1998, Kantas,
Beskos and Jasra 2014) and a random walk of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.worlds.sample import EDGE, library_seed, unit_sample
from foedus.worlds.weights import ess

Unit = dict[str, Floats]
LogLikelihood = Callable[[Unit], ArrayLike]


@dataclass(frozen=True)
class Temperature:
    """One temperature: the power of the likelihood, effective worlds before resampling, and the moves after."""

    power: float
    ess: float
    moves: int
    accepted: float


@dataclass(frozen=True)
class Resampled:
    """Equally weighted worlds of the posterior.

    ``unit``: their points in the unit cube, by name [world] (``worlds.sample.from_unit`` makes them draws);
    ``loglik`` [world]; ``log_evidence``; ``effective``: how many independent worlds they are worth, an estimate
    from the weights and from how far the moves took each world; ``evaluations``: likelihoods computed,
    those of a given start not counted.
    """

    unit: Unit
    loglik: Floats
    log_evidence: float
    effective: float
    stages: tuple[Temperature, ...]
    evaluations: int


@dataclass(frozen=True)
class MoveRule:
    """How worlds are moved after each resampling.

    Steps are made until the worlds' places correlate less than ``forget`` with where they stood (in every
    coordinate), at least ``least`` and at most ``most``.
    """

    least: int = 2
    most: int = 20
    forget: float = 0.5


def smc(
    loglik: LogLikelihood,
    names: Sequence[str],
    n: int = 1000,
    seed: int = 0,
    target: float = 0.5,
    moves: MoveRule | None = None,
    start: tuple[Mapping[str, Floats], ArrayLike] | None = None,
) -> Resampled:
    """``n`` equally weighted worlds of the posterior over the coordinates ``names``.

    ``loglik`` takes points of the open unit cube by name, each [m], and gives [m] log-likelihoods (-inf: impossible).
    ``target``: the share of ``n`` that must stay effective at each temperature. ``start``: prior worlds already
    solved, more than ``n`` if there are, as points by name and their log-likelihoods; otherwise a Latin hypercube of
    ``n``. FoedusError when no world of the start allows the observations.
    """
    if n < 4 or not 0 < target < 1 or not names:
        raise FoedusError("resampling needs at least 4 worlds, an uncertain assumption and a target between 0 and 1.")
    rng = np.random.default_rng([library_seed(seed), 0x5AC])
    unit, known = start or (unit_sample(names, n, seed), None)
    particles = _Particles(loglik, names, _to_normal(unit, names), None if known is None else np.asarray(known, float))
    power, log_evidence, inflation, stages = 0.0, 0.0, 1.0, []
    while power < 1:
        step = _next_power(particles.loglik, power, target * n)
        weights, gain = _increment(particles.loglik, step - power)
        power, log_evidence, effective = step, log_evidence + gain, ess(weights)
        # How many times more variance than independent worlds have. Resampling n of them by these weights inflates it by
        # n / effective; moves that leave a correlation r with where a world stood bring its excess down by r squared.
        inflation *= len(weights) / effective * n / len(weights)
        particles.resample(_systematic(weights, n, rng))
        steps, accepted, kept = _rejuvenate(particles, power, rng, moves or MoveRule())
        inflation = 1 + kept**2 * max(inflation - 1, 0.0)
        stages.append(Temperature(power, effective, steps, accepted))
    points = _to_unit(particles.z, names)
    return Resampled(points, particles.loglik, log_evidence, n / inflation, tuple(stages), particles.evaluations)


class _Particles:
    """The worlds in normal coordinates ``z`` [world, name] with their log-likelihoods."""

    def __init__(self, function: LogLikelihood, names: Sequence[str], z: Floats, loglik: Floats | None):
        self.function, self.names, self.z, self.evaluations = function, names, z, 0
        self.loglik = self.evaluate(z) if loglik is None else loglik
        if np.isnan(self.loglik).any() or len(self.loglik) != len(z):
            raise FoedusError("every world needs a log-likelihood that is a number or minus infinity.")
        if self.loglik.max() == -np.inf:
            raise FoedusError("no world allows what was observed: give the observations an 'error' above 0.")

    def evaluate(self, z: Floats) -> Floats:
        """The log-likelihoods at ``z``; a place where it is not a number counts as impossible."""
        self.evaluations += len(z)
        logs = np.asarray(self.function(_to_unit(z, self.names)), dtype=float)
        return np.where(np.isnan(logs), -np.inf, logs)

    def resample(self, chosen: NDArray[np.intp]) -> None:
        """Keeps the worlds ``chosen``, as often as they are."""
        self.z, self.loglik = self.z[chosen], self.loglik[chosen]


def _to_normal(unit: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(np.stack([unit[name] for name in names], axis=1), EDGE, 1 - EDGE)))


def _to_unit(z: Floats, names: Sequence[str]) -> Unit:
    from scipy.special import ndtr

    u = np.clip(ndtr(z), EDGE, 1 - EDGE)
    return {name: np.ascontiguousarray(u[:, i]) for i, name in enumerate(names)}


def _increment(loglik: Floats, step: float) -> tuple[Floats, float]:
    """Weights of worlds when the power grows by ``step`` (0: only impossible ones go), and the log of their mean."""
    with np.errstate(invalid="ignore"):  # minus infinity times 0
        logs = np.where(np.isneginf(loglik), -np.inf, loglik * step)
    top = logs.max()
    weights = np.exp(logs - top)
    return weights, float(top + np.log(weights.mean()))


def _next_power(loglik: Floats, power: float, wanted: float) -> float:
    """The largest power up to 1 that keeps ``wanted`` effective worlds; ``power`` when impossible ones must go first."""
    low, high = 0.0, 1.0 - power
    if ess(_increment(loglik, high)[0]) >= wanted:
        return 1.0
    if ess(_increment(loglik, 0.0)[0]) <= wanted:
        return power
    for _ in range(60):
        middle = (low + high) / 2
        if ess(_increment(loglik, middle)[0]) >= wanted:
            low = middle
        else:
            high = middle
    return power + low


def _systematic(weights: Floats, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Systematic resampling (Carpenter, Clifford and Fearnhead 1999): ``n`` indices."""
    sums = np.cumsum(weights / weights.sum())
    places = (np.arange(n) + rng.random()) / n
    return np.minimum(np.searchsorted(sums, places, side="right"), int(np.flatnonzero(weights)[-1]))


def _rejuvenate(
    particles: _Particles, power: float, rng: np.random.Generator, moves: MoveRule
) -> tuple[int, float, float]:
    """Moves the worlds; gives the number of steps, the share accepted, and the correlation that is left.

    Each half of the worlds takes its steps' shape from the other half: a shape taken from the worlds that it moves
    pulls them together, by some percent of their variance where coordinates are many.
    """
    half = len(particles.z) // 2
    shapes = _Shape(particles.z[half:]), _Shape(particles.z[:half])
    before, accepted, kept, steps = particles.z.copy(), [], 1.0, 0
    sizes = [0.8, 2.38 / np.sqrt(particles.z.shape[1])]  # of the two kinds of step; adapted as they go
    while steps < moves.most and (steps < moves.least or kept > moves.forget):
        kind = steps % 2
        parts = [
            shape.autoregressive(z, sizes[0], rng) if kind == 0 else shape.walk(z, sizes[1], rng)
            for shape, z in zip(shapes, (particles.z[:half], particles.z[half:]), strict=True)
        ]
        z, ratio = (np.concatenate(part) for part in zip(*parts, strict=True))
        loglik = particles.evaluate(z)
        # Metropolis and Hastings: the tempered posterior there over here, times how much likelier the step back is.
        change = np.where(np.isneginf(loglik), -np.inf, power * (loglik - particles.loglik)) + ratio
        take = np.log(rng.random(len(z))) < change
        particles.z = np.where(take[:, None], z, particles.z)
        particles.loglik = np.where(take, loglik, particles.loglik)
        accepted.append(float(take.mean()))
        # Larger steps where most are accepted, smaller ones where few are; an autoregressive step of 1 is independent.
        sizes[kind] *= 1.5 if accepted[-1] > 0.5 else 0.6 if accepted[-1] < 0.2 else 1.0
        sizes[0] = min(sizes[0], 1.0)
        kept = _left(before, particles.z)
        steps += 1
    return steps, float(np.mean(accepted)), kept


def _left(before: Floats, after: Floats) -> float:
    """The largest correlation, over coordinates, of places before and after; 1 where places are all the same."""
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.where(scale > 0, (a * b).sum(axis=0) / scale, 1.0).clip(0, 1).max())


class _Shape:
    """Mean and covariance of worlds, correlations shrunk by what sampling alone would make of none, and steps of it.

    The shrinkage is that of Schaefer and Strimmer (2005), with the variance of a correlation in normal samples.
    Few distinct worlds lean on the prior, mean 0 and variance 1.
    """

    def __init__(self, z: Floats):
        d = z.shape[1]
        distinct = len(np.unique(z, axis=0))
        share = distinct / (distinct + 2)
        self.mean = share * z.mean(axis=0)
        scale = np.sqrt(share * z.var(axis=0) + (1 - share) + 1e-12)
        r = ((z - z.mean(axis=0)) / scale).T @ ((z - z.mean(axis=0)) / scale) / len(z)
        np.fill_diagonal(r, 0.0)
        total = float(np.sum(r**2))
        noise = float(np.sum((1 - r**2) ** 2) - d) / max(distinct - 1, 1)
        keep = max(1 - noise / total, 0.0) if total > 0 else 0.0
        values, vectors = np.linalg.eigh(keep * r + np.eye(d))
        correlation = (vectors * np.maximum(values, 1e-6)) @ vectors.T
        self.root = scale[:, None] * np.linalg.cholesky(correlation)

    def autoregressive(self, z: Floats, size: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """A step that keeps this normal distribution; log of (prior over normal) there less the same here."""
        new = self.mean + np.sqrt(1 - size**2) * (z - self.mean) + size * self._noise(z, rng)
        return new, _log_prior(new) - self._log_normal(new) - _log_prior(z) + self._log_normal(z)

    def walk(self, z: Floats, size: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """A random walk; log of the prior there less the same here."""
        new = z + size * self._noise(z, rng)
        return new, _log_prior(new) - _log_prior(z)

    def _noise(self, z: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(rng.standard_normal(z.shape) @ self.root.T)

    def _log_normal(self, z: Floats) -> Floats:
        from scipy.linalg import solve_triangular

        return np.asarray(-0.5 * np.sum(solve_triangular(self.root, (z - self.mean).T, lower=True) ** 2, axis=0))


def _log_prior(z: Floats) -> Floats:
    return np.asarray(-0.5 * np.sum(z**2, axis=1))
