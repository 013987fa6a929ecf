"""Worlds after the observations: prior worlds weighed, and drawn anew where the weights rest on too few."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foedus.scenario.errors import FoedusError
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import from_unit, uncertain, unit_sample
from foedus.worlds.simulate import Games, PolicyResult, simulate
from foedus.worlds.smc import Resampled, Unit, smc
from foedus.worlds.weights import ess as effective_of
from foedus.worlds.weights import even, posterior

Floats = NDArray[np.float64]
Progress = Callable[[str, int], None]  # what, how many worlds more


@dataclass(frozen=True)
class Cloud:
    """Worlds with weights: ``unit`` their points in the unit cube of the prior's quantiles and ``draws`` their
    assumptions, by name [world]; ``each`` [world, observation] what each observation adds to the log-likelihood (see
    ``solve.likelihood.Heard``); ``effective``: how many independent worlds of the posterior they are worth."""

    unit: Mapping[str, Floats]
    draws: Mapping[str, Floats]
    each: Floats
    weights: Floats
    effective: float


@dataclass(frozen=True)
class Learned:
    """The prior's worlds weighed by the observations and, where they collapsed, ``after``: worlds drawn anew by
    ``smc``."""

    before: Cloud
    after: Cloud | None
    smc: Resampled | None

    @property
    def posterior(self) -> Cloud:
        """The worlds that stand for what is plausible after the observations."""
        return self.after or self.before


class Observed:
    """The likelihood of a scenario's observations, in a game compiled for nothing else."""

    def __init__(self, scenario: Scenario, threads: int = 2):
        if not scenario.observations:
            raise FoedusError(
                "nothing can be learned: the scenario has no 'observations'. Add what happened, with dates."
            )
        if not uncertain(scenario):
            raise FoedusError("nothing can be learned: no assumption is uncertain. Give some a distribution.")
        self.scenario, self.threads = scenario, threads
        self.brief = Games(scenario, (), {}, lean=True)
        self.full = Games(scenario, (), {}, ahead=1, lean=True)

    def loglik(self, unit: Unit, progress: Callable[[int], None] | None = None) -> Floats:
        """[world] log-likelihoods at points of the unit cube."""
        return np.asarray(self._solve(self.brief, unit, progress).log_likelihood.sum(axis=1))

    def cloud(self, unit: Unit, weights: Floats | None = None, effective: float = 0.0,
              progress: Callable[[int], None] | None = None) -> Cloud:  # fmt: skip
        """The worlds at points of the unit cube, weighed by the observations unless weights are given."""
        result = self._solve(self.full, unit, progress)
        if weights is None:
            weights = posterior(result.log_likelihood.sum(axis=1))
            effective = effective_of(weights)
        return Cloud(unit, from_unit(self.scenario, unit), result.log_each, weights, effective)

    def _solve(self, games: Games, unit: Unit, progress: Callable[[int], None] | None) -> PolicyResult:
        policy = self.scenario.factual_policy
        draws = from_unit(self.scenario, unit)
        return simulate(
            self.scenario, draws, [policy], games=games, threads=self.threads, progress=progress
        ).results[policy]  # fmt: skip


def learn(scenario: Scenario, worlds: int = 5000, seed: int = 0, effective: int = 500, resample: bool | None = None,
          progress: Progress | None = None, threads: int = 2) -> Learned:  # fmt: skip
    """``worlds`` of the prior weighed by the observations under the factual policy.

    Where they are worth less than ``effective`` independent ones, as many as are needed for that (about twice as many)
    are drawn anew by sequential Monte Carlo; ``resample`` forces that or forbids it. FoedusError without observations
    or without an uncertain assumption, or when no world allows what was observed.
    """
    names, observed = uncertain(scenario), Observed(scenario, threads)

    def tell(what: str) -> Callable[[int], None] | None:
        return None if progress is None else lambda count: progress(what, count)

    before = observed.cloud(unit_sample(names, worlds, seed), progress=tell("weighing worlds"))
    if resample is False or (resample is None and before.effective >= effective):
        return Learned(before, None, None)
    size = max(2 * effective, 100)
    start = {name: before.unit[name] for name in names}
    found = smc(lambda unit: observed.loglik(unit, tell("drawing worlds anew")), names, size, seed,
                start=(start, before.each.sum(axis=1)))  # fmt: skip
    after = observed.cloud(found.unit, even(size), found.effective, tell("weighing worlds"))
    return Learned(before, after, found)
