"""Why a move was made: the most likely path of one world, and what each alternative was worth to the mover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from foedus.game.arrays import DECIDE, END, LANES, GameArrays
from foedus.scenario.check import validate
from foedus.scenario.schema import Scenario
from foedus.solve.arrays import MEMORY, graph
from foedus.solve.backward import backward
from foedus.solve.play import Play
from foedus.solve.worth import action_values, coefficients
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, tables_of

Floats = NDArray[np.float64]
Alternative = tuple[str, float, float, dict[str, float]]
Step = tuple[str, str, str, str, float, list[Alternative]]


def explain(
    scenario: Scenario, world: int = 0, policy: str | None = None, worlds: int = 200, seed: int = 0
) -> list[Step]:
    """The decisions on the most likely path: (period, phase, actor, action, probability, alternatives).

    An alternative is (action, probability, value, value by objective): what it was worth to
    the mover in the mover's own version of the game, discounted to that period.
    """
    validate(scenario)
    name = policy or scenario.factual_policy
    games = Games(scenario, (), {}, observe=False)
    play, perception = games.play(name)
    draws = {key: np.repeat(draw[world : world + 1], LANES) for key, draw in sample(scenario, worlds, seed).items()}
    tables = tables_of(scenario, name, play.game, perception, draws, LANES)
    perfect = scenario.rationality == "perfect"
    policies = play.policies(tables, 1.0, perfect)
    return _Walk(scenario, play, tables, policies).steps()


class _Walk:
    """Follows the most likely branch from the start to the end of the reported periods."""

    def __init__(self, scenario: Scenario, play: Play, tables: Sequence[Floats], policies: Sequence[Floats]):
        self.scenario, self.play, self.tables, self.policies = scenario, play, tables, policies
        self.game, self.g = play.game, play.game.arrays
        self.split = by_objective(self.g)

    def steps(self) -> list[Step]:
        """The decisions with more than one action, in order."""
        start = [self.tables[0][self.g.offset[c], 0] if c >= 0 else 1.0 for c in self.g.start_prob]
        node, found = int(self.g.start_node[int(np.argmax(start))]), []
        for t in range(self.game.periods):
            self.now = coefficients(self.g, self.tables[0], t)
            worth: dict[int, Floats] = {}
            while self.g.kind[node] != END:
                guard = self.g.guard[node]
                if guard >= 0 and self.now[guard, 0] == 0:
                    node = int(self.g.pass_to[node])
                    continue
                action, step = self._node(node, t, worth)
                if step is not None:
                    found.append(step)
                node = self._likeliest(action)
            node = int(self.g.target[self.g.b_ptr[self.g.a_ptr[node]]])
        return found

    def _likeliest(self, action: int) -> int:
        """Where the most likely branch of an action leads."""
        branches = range(self.g.b_ptr[action], self.g.b_ptr[action + 1])
        odds = [self.now[self.g.prob[0, b], 0] if self.g.prob[0, b] >= 0 else 1.0 for b in branches]
        return int(self.g.target[branches[int(np.argmax(odds))]])

    def _node(self, node: int, t: int, worth: dict[int, Floats]) -> tuple[int, Step | None]:
        """The action most likely taken at a node, with the step to report where there was a choice."""
        g, first, last = self.g, int(self.g.a_ptr[node]), int(self.g.a_ptr[node + 1])
        if g.kind[node] != DECIDE:
            return first, None
        mover = int(g.mover[node])
        solve = next(s for s, solving in enumerate(self.play.solves) if mover in solving.own)
        odds = self.policies[solve][t, first:last, 0]
        taken = first + int(np.argmax(odds))
        if last - first == 1:
            return taken, None
        if solve not in worth:
            worth[solve] = self._values(solve, t)
        alternatives = [
            self._alternative(a, float(odds[a - first]), mover, solve, t, worth[solve]) for a in range(first, last)
        ]
        shown = [
            one
            for a, one in zip(range(first, last), alternatives, strict=True)
            if g.mask[a] < 0 or self.now[g.mask[a], 0] != 0
        ]
        phase = self.game.phase_ids[g.phase[node]]
        label = self.scenario.horizon.calendar.label(t)
        actor, action = self.game.turn.actors[mover], self.game.action_ids[g.action_id[taken]].split(".")[1]
        return taken, (label, phase, actor, action, float(odds[taken - first]), shown)

    def _values(self, solve: int, t: int) -> Floats:
        """[nodes, objectives, LANES]: what every state is worth by objective at period ``t`` of a version."""
        left = self.game.solved - t
        first = np.maximum(self.g.first_t - t, 0)
        shifted = graph(self.split._replace(offset=self.g.offset + t * self.g.timed, first_t=first))
        values = np.zeros((self.game.nodes, len(self.split.patience), LANES))
        every = np.ones(len(self.g.precision), bool)
        given = np.ascontiguousarray(self.policies[solve][t:])
        table = self.tables[self.play.solves[solve].table]
        none = np.zeros((0, 0, LANES))
        backward(shifted.packed, MEMORY.work(shifted), table, left, 1.0, False, every, given, ~every, none, values)
        return values

    def _alternative(self, a: int, odds: float, mover: int, solve: int, t: int, values: Floats) -> Alternative:
        now = coefficients(self.g, self.tables[self.play.solves[solve].table], t)
        worth = action_values(self.split, now, values, a)
        pairs = self.game.turn.objectives
        own = {name: float(worth[o, 0]) for o, (_, name) in enumerate(pairs) if self.g.obj_actor[o] == mover}
        return self.game.action_ids[self.g.action_id[a]].split(".")[1], odds, sum(own.values()), own


def by_objective(g: GameArrays) -> GameArrays:
    """The game in which every objective is valued apart (choices must be given).

    Ambiguity is left out: a worst case has no unique split by objective.
    """
    owner = g.obj_actor if len(g.obj_actor) else np.zeros(1, np.int32)
    return g._replace(
        obj_actor=np.arange(len(g.obj_actor), dtype=np.int32), patience=g.patience[owner],
        view_of=g.view_of[owner], ambiguity=np.full(len(owner), -1, np.int32),
    )  # fmt: skip
