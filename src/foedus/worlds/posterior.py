"""Worlds after the observations: prior worlds weighed, and drawn anew where the weights rest on too few."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.scenario.schema import Scenario
from foedus.worlds.contradiction import refuse_impossible
from foedus.worlds.sample import from_unit, sample, uncertain, unit_sample
from foedus.worlds.simulate import Games, Options, PolicyResult, simulate
from foedus.worlds.smc import Resampled, Unit, smc
from foedus.worlds.thresholds import LEARNING_EFFECTIVE, LEARNING_WORLDS
from foedus.worlds.weights import ess as effective_of
from foedus.worlds.weights import even, mixed, posterior

_START = 1000  # worlds of the prior that resampling starts from at least
Progress = Callable[[str, int], None]  # what, how many worlds more
Counted = Callable[[int], None] | None  # how many worlds more


@dataclass(frozen=True)
class WeightedWorlds:
    """Worlds with weights: ``unit`` their points in the unit cube of the prior's quantiles and ``draws`` their
    assumptions, by name [world]; ``each`` [world, observation] what each observation adds to the log-likelihood (see
    ``solve.likelihood.Heard``); ``effective``: how many independent worlds of the posterior they are worth."""

    unit: Mapping[str, Floats]
    draws: Mapping[str, Floats]
    each: Floats
    weights: Floats
    effective: float


@dataclass(frozen=True)
class Posterior:
    """The prior's worlds ``weighted`` by the observations (importance sampling) and, where the weights collapsed,
    particles ``resampled`` by ``smc``."""

    weighted: WeightedWorlds
    resampled: WeightedWorlds | None
    smc: Resampled | None

    @property
    def posterior(self) -> WeightedWorlds:
        """The worlds that stand for what is plausible after the observations."""
        return self.resampled or self.weighted


class ObservationLikelihood:
    """The likelihood of a scenario's observations, in a game compiled for nothing else."""

    def __init__(self, scenario: Scenario, threads: int = 2):
        if not scenario.observations:
            reason = "nothing can be learned: the scenario has no 'observations'"
            raise FoedusError(f"{reason}. Add what happened, with dates.")
        if not uncertain(scenario):
            raise FoedusError("nothing can be learned: no assumption is uncertain. Give some a distribution.")
        self.scenario, self.threads = scenario, threads
        self.brief = Games(scenario, (), {}, lean=True)
        self.full = Games(scenario, (), {}, ahead=1, lean=True)

    def loglik(self, unit: Unit, progress: Counted = None) -> Floats:
        """[world] log-likelihoods at points of the unit cube."""
        return np.asarray(self._solve(self.brief, unit, progress).log_likelihood.sum(axis=1))

    def weighted(
        self, unit: Unit, weights: Floats | None = None, effective: float = 0.0, progress: Counted = None
    ) -> WeightedWorlds:
        """The worlds at points of the unit cube, weighed by the observations unless weights are given."""
        result = self._solve(self.full, unit, progress)
        if weights is None:
            loglik = result.log_likelihood.sum(axis=1)
            refuse_impossible(self.scenario, from_unit(self.scenario, unit), loglik)
            weights = posterior(loglik)
            effective = effective_of(weights)
        return WeightedWorlds(unit, from_unit(self.scenario, unit), result.log_each, weights, effective)

    def _solve(self, games: Games, unit: Unit, progress: Counted) -> PolicyResult:
        policy, draws = self.scenario.factual_policy, from_unit(self.scenario, unit)
        options = Options(threads=self.threads, progress=progress)
        return simulate(self.scenario, draws, [policy], games=games, options=options).results[policy]


@dataclass(frozen=True)
class MixtureSample:
    """Worlds to be solved, of which a ``share`` (the last ones) was drawn from the posterior, each of them worth
    ``worth`` independent ones."""

    draws: dict[str, Floats]
    share: float = 0.0
    log_evidence: float = 0.0
    worth: float = 1.0

    @property
    def about(self) -> dict[str, object]:
        """How they were drawn, for the record."""
        return {"resampled": f"{self.share:.0%} of worlds"} if self.share else {}

    def weigh(self, loglik: Floats) -> tuple[Floats | None, Floats, float]:
        """(prior weights, None where alike; posterior weights; effective worlds), once their likelihood is known."""
        if not self.share:
            weights = posterior(loglik)
            return None, weights, effective_of(weights)
        prior, weights = mixed(loglik, self.share, self.log_evidence)
        return prior, weights, effective_of(weights) * self.worth


def mixture_sample(scenario: Scenario, worlds: int, seed: int = 0, threads: int = 2) -> MixtureSample:
    """``worlds`` of which half are of the prior and half drawn where the observations point: with them both what held
    before the observations and what holds after rests on many worlds. FoedusError as ``posterior_worlds``."""
    if worlds < 8:
        raise FoedusError(f"resampling needs at least 8 worlds, not {worlds}.")
    names, half = uncertain(scenario), worlds // 2
    observed = ObservationLikelihood(scenario, threads)
    start = unit_sample(names, max(worlds, _START), seed)
    particles = smc(observed.loglik, names, half, seed, start=(start, observed.loglik(start)))
    before, after = sample(scenario, worlds - half, seed), from_unit(scenario, particles.unit)
    draws = {name: np.concatenate([before[name], after[name]]) for name in before}
    return MixtureSample(draws, half / worlds, particles.log_evidence, particles.effective / half)


def posterior_worlds(
    scenario: Scenario,
    worlds: int = LEARNING_WORLDS,
    seed: int = 0,
    effective: int = LEARNING_EFFECTIVE,
    resample: bool | None = None,
    progress: Progress | None = None,
    threads: int = 2,
) -> Posterior:
    """``worlds`` of the prior weighed by the observations under the factual policy.

    Where they are worth less than ``effective`` independent ones, as many as are needed for that (about twice as many)
    are drawn anew by sequential Monte Carlo; ``resample`` forces that or forbids it. FoedusError without observations
    or without an uncertain assumption, or when no world allows what was observed.
    """
    names, observed = uncertain(scenario), ObservationLikelihood(scenario, threads)

    def tell(what: str) -> Counted:
        return None if progress is None else lambda count: progress(what, count)

    before = observed.weighted(unit_sample(names, worlds, seed), progress=tell("weighing worlds"))
    if resample is False or (resample is None and before.effective >= effective):
        return Posterior(before, None, None)
    size = max(2 * effective, 100)
    again, start = tell("drawing worlds anew"), (before.unit, before.each.sum(axis=1))
    particles = smc(lambda unit: observed.loglik(unit, again), names, size, seed, start=start)
    after = observed.weighted(particles.unit, even(size), particles.effective, tell("weighing worlds"))
    return Posterior(before, after, particles)
