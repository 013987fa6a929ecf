"""What a run solves: the worlds, the policies, the questions of its claims, and the pieces that these are solved in."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import cast

from foedus.claims.reach import refuse_unreachable
from foedus.claims.reading import read_claims
from foedus.claims.sweep import VARIED
from foedus.errors import FoedusError, nearest
from foedus.game.arrays import LANES
from foedus.runs.growth import Growth, Stop
from foedus.runs.layout import Arrays
from foedus.runs.settings import AUTO, WORLDS, RunSettings
from foedus.runs.solved import Solved, in_memory
from foedus.runs.work import Piece, Solver
from foedus.scenario.check import validate
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.methods import EXTENSIBLE, Method
from foedus.worlds.posterior import MixtureSample, mixture_sample
from foedus.worlds.sample import sample, uncertain
from foedus.worlds.thresholds import FIRST_WORLDS, SUBSET


class Plan:
    """A scenario and what is asked of it, made definite: ``settings`` name the policies, the worlds and the subset.
    ``grows``: there are to be as many worlds as are needed, and they are drawn in steps; ``growth`` says why there are no
    more, once that is known (None where a number was ``asked`` for). ScenarioError with all that is wrong with the scenario; FoedusError for an unknown policy."""

    def __init__(self, scenario: Scenario, settings: RunSettings):
        validate(scenario)
        for policy in settings.policies or ():
            if policy not in scenario.all_policies:
                raise FoedusError(f"'{policy}' is not a policy. {nearest(policy, scenario.all_policies)}".strip())
        self.scenario, self.asked = scenario, settings
        self.readings = read_claims(scenario) if settings.judge else []
        self.queries = list(dict.fromkeys(query for reading in self.readings for query in reading.queries))
        self.outcomes = outcomes_of(scenario)
        chosen = scenario.all_policies if settings.policies is None else settings.policies
        needed = {scenario.factual_policy, *(query.under for query in self.queries)}
        self.policies = [policy for policy in scenario.all_policies if policy in chosen or policy in needed]
        self.sweep = {step: step.behaviour(scenario.rationality) for step in VARIED if settings.judge}
        self.solver = Solver(scenario, tuple(self.policies), tuple(self.queries), self.outcomes)
        self.growth = None if settings.worlds != AUTO else _no_growth(scenario, settings)
        self.grows = settings.worlds == AUTO and self.growth is None
        fixed = {None: FIRST_WORLDS, Stop.CERTAIN: LANES, Stop.FIXED: WORLDS}
        stop = self.growth.stop if self.growth else None
        self._draw(fixed[stop] if settings.worlds == AUTO else int(settings.worlds))

    def _draw(self, worlds: int) -> None:
        """Draws so many worlds."""
        asked = replace(self.asked, policies=tuple(self.policies), worlds=worlds)
        self.worlds, self.subset = worlds, subset_of(asked)
        self.settings = replace(asked, subset=self.subset)
        drawn, method = (self.scenario, worlds, asked.seed), cast(Method, asked.method)
        self.sample = mixture_sample(*drawn) if asked.resample else MixtureSample(sample(*drawn, method))
        self.draws = self.sample.draws

    def of(self, worlds: int) -> Plan:
        """The same plan for another number of worlds, of which those that both have are the same ones."""
        twin = copy(self)
        twin._draw(worlds)
        return twin

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


def _no_growth(scenario: Scenario, settings: RunSettings) -> Growth | None:
    """Why the number of worlds is a fixed one though as many as needed were asked for; None where it can grow."""
    if not uncertain(scenario):
        return Growth(Stop.CERTAIN, settings.budget, 0.0, 0)
    grows = settings.judge and not settings.resample and settings.method in EXTENSIBLE
    return None if grows else Growth(Stop.FIXED, settings.budget, None, 0)


def subset_of(settings: RunSettings) -> int:
    """How many worlds trials use at most: in full blocks."""
    worlds = int(settings.worlds)
    full = worlds if worlds < LANES else worlds // LANES * LANES
    if settings.subset is not None:
        return min(settings.subset, full)
    return min(SUBSET, max(full // 2 // LANES * LANES, min(full, LANES)))
