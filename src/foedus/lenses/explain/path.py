"""Why a move was made: the most likely path of one world, and what each alternative was worth to the mover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import DECIDE, END, LANES
from foedus.lenses.decisions import own_objectives
from foedus.scenario.check import validate
from foedus.scenario.schema import Scenario
from foedus.solve.packed import graph
from foedus.solve.play import Play
from foedus.solve.visits import values
from foedus.solve.worth import action_values, coefficients
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, coefficient_tables

Alternative = tuple[str, float, float, dict[str, float]]
Step = tuple[str, str, str, str, float, list[Alternative]]
Move = tuple[int, int, int]  # period, node, action


def explain(
    scenario: Scenario, world: int = 0, policy: str | None = None, worlds: int = 200, seed: int = 0
) -> list[Step]:
    """The decisions on the most likely path: (period, phase, actor, action, probability, alternatives).

    Of all paths through the reported periods this is the one with the highest probability. An
    alternative is (action, probability, value, value by objective): what it was worth to the mover in
    the mover's own version of the game, by its own beliefs and attitude to ambiguity, discounted to
    that period. Steps in which only one action was available are left out.
    """
    validate(scenario)
    name = policy or scenario.factual_policy
    games = Games(scenario, (), {}, observe=False)
    play, perception = games.play(name)
    draws = {key: np.repeat(draw[world : world + 1], LANES) for key, draw in sample(scenario, worlds, seed).items()}
    tables = coefficient_tables(scenario, name, play.game, perception, draws, LANES)
    policies = play.policies(tables, 1.0, scenario.rationality == "perfect")
    return _Explainer(scenario, play, tables, policies).steps()


class _Explainer:
    """One solved world, its numbers in the first lane of every array."""

    def __init__(self, scenario: Scenario, play: Play, tables: Sequence[Floats], policies: Sequence[Floats]):
        self.scenario, self.play, self.tables, self.policies = scenario, play, tables, policies
        self.game, self.g = play.game, play.game.arrays
        self.solve_of = {actor: s for s, solving in enumerate(play.solves) for actor in solving.own}

    def steps(self) -> list[Step]:
        """The decisions on the way, in order."""
        moves = [move for move in self._path() if self.g.a_ptr[move[1] + 1] - self.g.a_ptr[move[1]] > 1]
        worth = self._worth(moves)
        return [step for move in moves if len((step := self._step(move, worth[move]))[5]) > 1]

    def _odds(self, t: int, action: int) -> float:
        """How likely a mover takes an action, as it is really played."""
        node = int(np.searchsorted(self.g.a_ptr, action, side="right")) - 1
        solve = self.solve_of[int(self.g.mover[node])]
        return float(self.policies[solve][t, action, 0])

    def _path(self) -> list[Move]:
        """The decisions on the path of the highest probability (Viterbi 1967), by true odds."""
        g, start = self.g, coefficients(self.g, self.tables[0], 0)
        best: dict[int, float] = {}
        came: dict[tuple[int, int], tuple[int, int, int]] = {}  # period and node: where from, by which action
        for node, c in zip(g.start_node, g.start_prob, strict=True):
            best[int(node)] = max(best.get(int(node), 0.0), float(start[c, 0]) if c >= 0 else 1.0)
        for t in range(self.game.periods):
            now, later = coefficients(g, self.tables[0], t), dict[int, float]()
            for node in range(len(g.kind)):
                for action, to, odds in self._onward(node, t, now) if best.get(node) else ():
                    wrapped = g.kind[node] == END
                    into, reached = (later if wrapped else best), best[node] * odds
                    if reached > into.get(to, 0.0):
                        into[to], came[t + wrapped, to] = reached, (t, node, action)
            best = later
        place, moves = (self.game.periods, max(best, key=lambda node: best[node])), list[Move]()
        while place in came:
            t, node, action = came[place]
            if action >= 0 and g.kind[node] == DECIDE:
                moves.insert(0, (t, node, action))
            place = t, node
        return moves

    def _onward(self, node: int, t: int, now: Floats) -> Iterator[tuple[int, int, float]]:
        """(action or -1, next node, probability) of all that may follow a node."""
        g = self.g
        if g.guard[node] >= 0 and now[g.guard[node], 0] == 0:
            yield -1, int(g.pass_to[node]), 1.0
            return
        for action in range(g.a_ptr[node], g.a_ptr[node + 1]):
            odds = self._odds(t, action) if g.kind[node] == DECIDE else 1.0
            for b in range(g.b_ptr[action], g.b_ptr[action + 1]) if odds > 0 else ():
                prob = float(now[g.prob[0, b], 0]) if g.prob[0, b] >= 0 else 1.0
                yield action, int(g.target[b]), odds * prob

    def _worth(self, moves: Sequence[Move]) -> dict[Move, dict[int, dict[str, float]]]:
        """For each move the worth of all actions of its node, by objective of the mover."""
        found: dict[Move, dict[int, dict[str, float]]] = {}
        by_mover: dict[int, dict[int, list[Move]]] = defaultdict(lambda: defaultdict(list))
        for move in moves:
            by_mover[int(self.g.mover[move[1]])][move[0]].append(move)
        for mover, by_period in by_mover.items():
            split, own = own_objectives(self.g, mover)
            names = [self.game.turn.objectives[o][1] for o in own]
            solve = self.solve_of[mover]
            table = self.tables[self.play.solves[solve].table]
            for t, later in values(graph(split), table, self.game.solved, self.policies[solve], len(own)):
                now = coefficients(split, table, t)
                for move in by_period.get(t, ()):
                    actions = range(self.g.a_ptr[move[1]], self.g.a_ptr[move[1] + 1])
                    amounts = {a: action_values(split, now, later, a)[: len(own), 0] for a in actions}
                    found[move] = {a: dict(zip(names, map(float, x), strict=True)) for a, x in amounts.items()}
        return found

    def _step(self, move: Move, worth: dict[int, dict[str, float]]) -> Step:
        """A decision as it is reported."""
        t, node, taken = move
        g, mover = self.g, int(self.g.mover[node])
        now = coefficients(g, self.tables[self.play.solves[self.solve_of[mover]].table], t)
        alternatives = [
            (self._action(a), self._odds(t, a), sum(own.values()), own)
            for a, own in worth.items()
            if g.mask[a] < 0 or now[g.mask[a], 0] != 0
        ]
        label, phase = self.scenario.horizon.calendar.label(t), self.game.phase_ids[g.phase[node]]
        return label, phase, self.game.turn.actors[mover], self._action(taken), self._odds(t, taken), alternatives

    def _action(self, action: int) -> str:
        return str(self.game.action_ids[self.g.action_id[action]]).partition(".")[2]
