"""What a run solves: the worlds, the policies, the questions of its claims, and the pieces that these are solved in."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from foedus.claims.reach import refuse_unreachable
from foedus.claims.reading import read_claims
from foedus.claims.sweep import VARIED
from foedus.errors import FoedusError, nearest
from foedus.game.arrays import LANES
from foedus.runs.layout import Arrays
from foedus.runs.settings import RunSettings
from foedus.runs.solved import Solved, in_memory
from foedus.runs.work import Piece, Solver
from foedus.scenario.check import validate
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.methods import Method
from foedus.worlds.posterior import MixtureSample, mixture_sample
from foedus.worlds.sample import sample
from foedus.worlds.thresholds import SUBSET


class Plan:
    """A scenario and what is asked of it, made definite: ``settings`` name the policies and the subset. ScenarioError
    with all that is wrong with the scenario; FoedusError for an unknown policy."""

    def __init__(self, scenario: Scenario, settings: RunSettings):
        validate(scenario)
        for policy in settings.policies or ():
            if policy not in scenario.all_policies:
                raise FoedusError(f"'{policy}' is not a policy. {nearest(policy, scenario.all_policies)}".strip())
        self.scenario = scenario
        self.readings = read_claims(scenario) if settings.judge else []
        self.queries = list(dict.fromkeys(query for reading in self.readings for query in reading.queries))
        self.outcomes = outcomes_of(scenario)
        chosen = scenario.all_policies if settings.policies is None else settings.policies
        needed = {scenario.factual_policy, *(query.under for query in self.queries)}
        self.policies = [policy for policy in scenario.all_policies if policy in chosen or policy in needed]
        self.subset = subset_of(settings)
        self.settings = replace(settings, policies=tuple(self.policies), subset=self.subset)
        self.sweep = {step: step.behaviour(scenario.rationality) for step in VARIED if settings.judge}
        drawn = scenario, settings.worlds, settings.seed
        method = cast(Method, settings.method)
        self.sample = mixture_sample(*drawn) if settings.resample else MixtureSample(sample(*drawn, method))
        self.draws = self.sample.draws
        self.solver = Solver(scenario, tuple(self.policies), tuple(self.queries), self.outcomes)

    def refuse_unreachable(self) -> None:
        """ScenarioError when claims ask about what cannot be; needs the games, so ask once they are compiled."""
        refuse_unreachable(self.readings, self.solver.games)

    def piece(self, name: str, worlds: range) -> Piece:
        """Some of the worlds."""
        draws = {assumption: draw[worlds.start : worlds.stop] for assumption, draw in self.draws.items()}
        return Piece(name, worlds.start, draws, tuple(self.policies))

    def labelled(self, piece: Piece, arrays: Arrays) -> Solved:
        """A piece's arrays, labelled."""
        return in_memory(arrays, self.solver.layout, piece.policies)


def subset_of(settings: RunSettings) -> int:
    """How many worlds trials use at most: in full blocks."""
    full = settings.worlds if settings.worlds < LANES else settings.worlds // LANES * LANES
    if settings.subset is not None:
        return min(settings.subset, full)
    return min(SUBSET, max(full // 2 // LANES * LANES, min(full, LANES)))
