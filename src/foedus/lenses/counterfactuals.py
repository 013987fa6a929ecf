"""A run's games solved anew with commitments set otherwise, in a few worlds that stand for the run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.numbers import NumberReader
from foedus.lenses.dials import Count, based_on, counter, instrumented
from foedus.runs.result import Run
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Query
from foedus.scenario.scope import TERMINAL
from foedus.scenario.tree import state_names
from foedus.worlds.simulate import Games, PolicyResult, simulate

WORK = 3_000_000  # branches x periods x worlds of one solve that are thought affordable in a report
FEWEST, MOST = 8, 40  # worlds
TRIED = 4  # policies tried before a commitment is said never to be in force
DialValues = Mapping[str, float | Floats]  # dial to a number, or to numbers [world]; dials left out are at rest


class Counterfactuals:
    """A run's scenario with dials, compiled once for each set of enabled actions; ``weights`` are those of its worlds."""

    def __init__(self, run: Run, policy: str, queries: Sequence[Query] = ()):
        self.scenario, self.reader, self.outcomes = run.scenario, NumberReader(run.scenario), outcomes_of(run.scenario)
        self.instrumented = instrumented(run.scenario)
        self.dials = self.instrumented.dials
        self.games = Games(self.instrumented.scenario, queries, self.outcomes, observe=False)
        size = self.games.play(policy)[0].game
        most = WORK // max(size.branches * size.solved, 1)
        some = standing_for(run, int(np.clip(most, FEWEST, MOST)))
        self.draws, self.weights = some.draws, some.weights
        self.policy, self.policies = policy, list(run.policies)
        self._bases: dict[str, SolvedBatch] = {}

    def base(self, policy: str) -> SolvedBatch:
        """Things as they are under a policy."""
        if policy not in self._bases:
            self._bases[policy] = self.solve(policy, [{}])
        return self._bases[policy]

    def solve(self, policy: str, settings: Sequence[DialValues]) -> SolvedBatch:
        """All settings in all worlds, as one batch: the worlds of the first setting, then those of the second, ..."""
        worlds = len(self.weights)
        draws = {name: np.tile(draw, len(settings)) for name, draw in self.draws.items()}
        for dial, rest in self.instrumented.rest.items():
            parts = [np.broadcast_to(np.asarray(dials.get(dial, rest), float), worlds) for dials in settings]
            draws[dial] = np.concatenate(parts)
        solved = simulate(self.games.scenario, draws, [policy], games=self.games)
        return SolvedBatch(solved.results[policy], worlds, list(self.scenario.actors))

    def in_force_under(self, names: Sequence[str]) -> str | None:
        """A policy under which all of some commitments are in force at some time: the one asked for, else the likeliest of
        the others; None where none is found."""
        bears = {p: min(self._concerns(p, name) for name in names) for p in self.policies if p != self.policy}
        likely = sorted((p for p in bears if bears[p]), key=lambda p: -bears[p])
        for policy in [self.policy, *likely[:TRIED]]:
            if all(self.base(policy).count(name, Count.OCCASIONS).max() > 1e-9 for name in names):
                return policy
        return None

    def _concerns(self, policy: str, name: str) -> int:
        """How a policy bears on whether a commitment is in force: 2 by what it sets or enables, 1 by what it binds, or 0."""
        force = self.reader.tree(self.scenario.commitments[name].in_force)
        written = self.scenario.all_policies[policy]
        reads, variables = based_on(self.reader, [force]), state_names(force)
        actions = {f"{phase.id}.{act}": a for phase in self.scenario.turn for act, a in phase.actions.items()}
        moves = {name for name, a in actions.items() if variables & {*a.then, *(v for b in a.chance for v in b.then)}}
        if reads & written.set.keys() or moves & {*written.enable}:
            return 2
        return int(bool(moves & {f"{rule.phase}.{rule.do}" for rule in written.bind}))


def standing_for(run: Run, most: int) -> Run:
    """The run on at most ``most`` worlds that stand for all, drawn finer where one world would be drawn many times."""
    drawn = [run.few(most), *(run.few(k * most) for k in (2, 4) if k * most < len(run.weights))]
    small = [some for some in drawn if len(some.weights) <= most]
    return max(small, key=lambda some: len(some.weights), default=drawn[0])


@dataclass
class SolvedBatch:
    """A solved batch of settings; every array is [setting, world, ...]."""

    result: PolicyResult
    worlds: int
    actors: Sequence[str]

    def _paid(self, which: list[bool]) -> Floats:
        return np.asarray(self.result.pays[:, np.flatnonzero(which)].sum(axis=1)).reshape(-1, self.worlds)

    def count(self, commitment: str, what: str) -> Floats:
        """What the tally counted of a commitment, expected times over the reported periods."""
        return self._paid([objective == counter(commitment, what) for _, objective in self.result.objectives])

    def got(self, actor: str) -> Floats:
        """What an actor gets over the reported periods, discounted."""
        return self._paid([a == actor and objective != TERMINAL for a, objective in self.result.objectives])

    @property
    def values(self) -> Floats:
        """[setting, world, actor]: what each gets."""
        return np.stack([self.got(actor) for actor in self.actors], axis=2)

    @property
    def outcomes(self) -> Floats:
        """[setting, world, outcome]: the probability of each by the end."""
        ends: Floats = self.result.by[:, -1]
        return ends.reshape(-1, self.worlds, ends.shape[1])
