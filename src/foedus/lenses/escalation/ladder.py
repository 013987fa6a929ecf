"""A ladder of escalation: the ordered levels of one state variable, and the moves between them in one block of worlds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Floats, Longs
from foedus.game.arrays import DECIDE, END, LANES
from foedus.lenses.moves import Move, action_moves, phase_moves
from foedus.scenario.expressions import parse
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import scope_of
from foedus.scenario.tree import Tree, state_names
from foedus.solve.flow import flows, push
from foedus.solve.reach import extreme
from foedus.worlds.blocks import Block, Shape

MOST_LEVELS = 40


def ladder_of(scenario: Scenario) -> str | None:
    """The variable whose levels are the rungs: one that ends the game, else that of an outcome, else the longest.

    Among those that end the game the one that the first outcomes read comes first. None where no variable lasts
    beyond a period and has two to ``MOST_LEVELS`` levels.
    """
    lasting = {
        name: len(v.levels)
        for name, v in scenario.state.items()
        if v.within is None and 1 < len(v.levels) <= MOST_LEVELS
    }
    read = [name for tree in outcomes_of(scenario).values() for name in sorted(state_names(tree)) if name in lasting]
    ending = [name for name in lasting if scenario.state[name].ends]
    first = [name for name in read if name in ending] or ending or read
    return first[0] if first else max(lasting, key=lambda name: lasting[name], default=None)


def rungs(scenario: Scenario, variable: str) -> list[Tree]:
    """The events "at least at level k" for k from 1 up."""
    scope = scope_of(scenario)
    return [parse(f"{variable} >= {level}", scope) for level in scenario.state[variable].levels[1:]]


@dataclass(frozen=True)
class LevelMove:
    """A move that changes the level, ``start`` to ``to``."""

    by: Move
    start: int
    to: int


class Ladder:
    """One block of worlds seen as a ladder with ``size`` levels.

    ``level`` [nodes]; ``lands`` [branches] is the level to which each leads, ``changing`` which of them change it and
    ``move_of`` which of the ``moves`` each of these makes.
    """

    def __init__(self, block: Block, variable: str, size: int):
        game, g = block.game, block.game.arrays
        self.block, self.g, self.size, self.top = block, g, size, size - 1
        self.shape = game.periods, game.nodes, LANES
        self.level: Longs = game.rows[:, [v.name for v in game.turn.variables].index(variable)].astype(np.int64)
        action = Shape(g).action_of_branch
        self.source = Shape(g).node_of_action[action]
        self.lands: Longs = self.level[g.target]
        self.changes: Bools = (self.lands != self.level[self.source]) & (g.kind[self.source] != END)
        self.changing = np.flatnonzero(self.changes)
        self.comes_from, self.comes_to = self.level[self.source[self.changing]], self.lands[self.changing]
        self.next = g.target[self.changing]
        self.events = [game.watch.events.index(tree) for tree in block.play.events]
        actions, phases = action_moves(game.turn), phase_moves(game.turn)
        numbers: dict[LevelMove, int] = {}
        places = []
        for b, start, to in zip(self.changing, self.comes_from.tolist(), self.comes_to.tolist(), strict=True):
            node = self.source[b]
            by = actions[g.action_id[action[b]]] if g.kind[node] == DECIDE else phases[g.phase[node]]
            places.append(numbers.setdefault(LevelMove(by, start, to), len(numbers)))
        self.moves, self.move_of = list(numbers), np.array(places, np.int64)

    def by_level(self, values: Floats, level: Longs) -> Floats:
        """[LANES, level]: sums of ``values`` [any, LANES] by the level of each row."""
        return summed(values, level, self.size)

    def by_move(self, values: Floats) -> Floats:
        """[LANES, move]: sums of ``values`` [changing branches, LANES]."""
        return summed(values, self.move_of, len(self.moves))

    def begin(self, levels: Iterable[int] | None = None) -> Floats:
        """[periods, nodes, LANES]: the start's mass, at the given levels or all, in the first period."""
        mass, now = np.zeros(self.shape), self.block.now(0)
        for node, c in zip(self.g.start_node, self.g.start_prob, strict=True):
            if levels is None or self.level[node] in levels:
                mass[0, node] += now[c]
        return mass

    @cached_property
    def usual(self) -> Floats:
        """What passes through every node, [periods, nodes, LANES]."""
        return self.pushed(self.begin())

    def pushed(self, mass: Floats, stop: Bools | None = None, **held: Any) -> Floats:
        """``mass`` carried forward in place, but for branches with ``stop`` (see ``solve.flow.push``)."""
        push(self.block.chain, mass, np.zeros(len(self.source), bool) if stop is None else stop, **held)
        return mass

    def before(self, target: int) -> Floats:
        """What passes through every node before the ladder's level is first ``target`` or higher."""
        return self.pushed(self.begin(range(target)), self.lands >= target)

    def taken(self, mass: Floats) -> Floats:
        """[periods, changing branches, LANES]: mass that takes each branch on which the level changes."""
        return flows(self.g, self.block.tables[0], self.block.played, mass, self.changing)

    def risk(self, target: int, movers: Iterable[int] = ()) -> tuple[Floats, Floats]:
        """The probability of ever coming to level ``target`` or higher, the ``movers`` together doing their best against it.

        (at the start [LANES], from every node on [periods, nodes, LANES]); what is past counts only at the start.
        """
        game, event = self.block.game, self.events[target - 1]
        who = np.isin(np.arange(len(game.turn.actors)), list(movers))
        return extreme(self.block.chain, event, who, False, game.starts[()], everywhere=True)


def summed(values: Floats, place: Longs, size: int) -> Floats:
    """[LANES, size]: sums of ``values`` [any, LANES] by the place of each row."""
    total = np.zeros((size, LANES))
    np.add.at(total, place, values)
    return total.T
