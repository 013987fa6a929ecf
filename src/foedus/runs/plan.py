"""What a run solves: the worlds, the policies, the questions of its claims, and the pieces that these are solved in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np

from foedus.claims.reach import refuse_unreachable
from foedus.claims.reading import neutral_scenario, read_claims
from foedus.claims.sweep import VARIED
from foedus.errors import FoedusError, nearest
from foedus.game.arrays import LANES
from foedus.runs.layout import SWEPT_VARIABLES, Arrays
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
        """Some of the worlds; those of them that are in the subset at each other precision too."""
        draws = {assumption: draw[worlds.start : worlds.stop] for assumption, draw in self.draws.items()}
        few = max(min(self.subset, worlds.stop) - worlds.start, 0) if self.sweep else 0
        return Piece(name, worlds.start, draws, tuple(self.policies), self.sweep, few)

    @cached_property
    def neutral_pieces(self) -> dict[str, Piece]:
        """By claim that says what it rests on: the subset with that at its neutral value, under what it asks about."""
        if not self.settings.judge:
            return {}
        resting = {claim: written.rests_on for claim, written in self.scenario.claims.items() if written.rests_on}
        return {
            claim: self._neutral_piece(f"neutral-{i:03d}", claim, resting[claim]) for i, claim in enumerate(resting)
        }

    def _neutral_piece(self, name: str, claim: str, neutral: Mapping[str, float | str]) -> Piece:
        put = {key: np.full(self.subset, float(v)) for key, v in neutral.items() if not isinstance(v, str)}
        draws = {key: draw[: self.subset] for key, draw in self.draws.items()} | put
        queries = [query for reading in self.readings if reading.claim == claim for query in reading.queries]
        policies = tuple(dict.fromkeys(query.under for query in queries if query.under))
        policies = policies or (self.scenario.factual_policy,)  # a claim that asks nothing of the game
        values = ", ".join(f"{key} = {value}" for key, value in neutral.items())
        about = f"With what claim '{claim}' rests on made neutral ({values})"
        changed = neutral_scenario(self.scenario, neutral)
        return Piece(name, 0, draws, policies, scenario=changed, only=SWEPT_VARIABLES, about=about)

    def neutral(self, solve: Callable[[Piece], Arrays]) -> dict[str, Solved]:
        """What was solved with neutral values, by claim; ``solve`` gives a piece's arrays."""
        return {claim: self.labelled(piece, solve(piece)) for claim, piece in self.neutral_pieces.items()}

    def labelled(self, piece: Piece, arrays: Arrays) -> Solved:
        """A piece's arrays, labelled."""
        sweep = list(piece.sweep) if piece.few else []
        return in_memory(arrays, self.solver.layout, piece.policies, sweep)


def subset_of(settings: RunSettings) -> int:
    """How many worlds the sweep and the tests use: in full blocks, of the prior."""
    prior = settings.worlds - settings.worlds // 2 if settings.resample else settings.worlds
    full = prior if prior < LANES else prior // LANES * LANES
    if settings.subset is not None:
        return min(settings.subset, full)
    return min(SUBSET, max(full // 2 // LANES * LANES, min(full, LANES)))
