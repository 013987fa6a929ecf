"""A ladder of escalation: the ordered levels of one state variable, and the moves between them in one block of worlds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.game.arrays import DECIDE, END, LANES
from foedus.scenario.expr import parse
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import scope_of
from foedus.scenario.tree import Tree, state_names
from foedus.solve.flow import flows, push
from foedus.solve.packed import Chain
from foedus.solve.play import Play
from foedus.solve.reach import extreme

Move = tuple[str, int, int]  # phase.action, or nature's phase; the level before and after
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


@dataclass
class Ladder:
    """One block of worlds of a game played as usual: ``table`` and ``policy`` as the kernels want them."""

    play: Play
    table: Floats
    policy: Floats
    variable: str

    def __post_init__(self) -> None:
        game, g = self.play.game, self.play.game.arrays
        names = [variable.name for variable in game.turn.variables]
        self.periods, self.nodes = game.periods, game.nodes
        self.chain = Chain(self.play.graph, self.table, self.policy, game.periods)
        self.level: NDArray[np.int64] = game.rows[:, names.index(self.variable)].astype(np.int64)
        action = np.repeat(np.arange(len(g.base)), np.diff(g.b_ptr))
        self.source = np.repeat(np.arange(self.nodes), np.diff(g.a_ptr))[action]
        self.lands: NDArray[np.int64] = self.level[g.target]
        self.changes = (self.lands != self.level[self.source]) & (g.kind[self.source] != END)
        self.changing = np.flatnonzero(self.changes)
        bits = {tree: e for e, tree in enumerate(game.watch.events)}
        self.events = [bits[tree] for tree in self.play.events]
        made: dict[Move, int] = {}
        self.move_of = np.array(
            [made.setdefault(self._move(int(b), int(action[b])), len(made)) for b in self.changing], np.int64
        )
        self.moves = list(made)

    def _move(self, branch: int, action: int) -> Move:
        game, g = self.play.game, self.play.game.arrays
        node = self.source[branch]
        by = game.action_ids[g.action_id[action]] if g.kind[node] == DECIDE else game.phase_ids[g.phase[node]]
        return by, int(self.level[node]), int(self.lands[branch])

    def empty(self) -> Floats:
        """[periods, nodes, LANES] of zeros."""
        return np.zeros((self.periods, self.nodes, LANES))

    def begin(self, mass: Floats, levels: Iterable[int] | None = None) -> Floats:
        """Puts the start's mass, at the given levels or all, into the first period; the same array."""
        g = self.play.game.arrays
        for node, c in zip(g.start_node, g.start_prob, strict=True):
            if levels is None or self.level[node] in levels:
                mass[0, node] += self.table[g.offset[c]] if c >= 0 else 1.0
        return mass

    @cached_property
    def usual(self) -> Floats:
        """What passes through every node, [periods, nodes, LANES]."""
        return self.pushed(self.begin(self.empty()), np.zeros(len(self.source), bool))

    def pushed(self, mass: Floats, stop: NDArray[np.bool_]) -> Floats:
        """``mass`` carried forward in place, but for branches with ``stop``."""
        push(self.chain, mass, stop)
        return mass

    def before(self, target: int) -> Floats:
        """What passes through every node before the ladder's level is first ``target`` or higher."""
        return self.pushed(self.begin(self.empty(), range(target)), self.lands >= target)

    def taken(self, mass: Floats) -> Floats:
        """[periods, changing branches, LANES]: mass that takes each branch on which the level changes."""
        return flows(self.play.game.arrays, self.table, self.policy, mass, self.changing)

    def risk(self, target: int, movers: Iterable[int] = ()) -> tuple[Floats, Floats]:
        """The probability of ever coming to level ``target`` or higher, the ``movers`` together doing their best against it.

        (at the start [LANES], from every node on [periods, nodes, LANES]); what is past counts only at the start.
        """
        game, actors = self.play.game, len(self.play.game.turn.actors)
        who = np.isin(np.arange(actors), list(movers))
        event, start = self.events[target - 1], game.starts[()]
        return extreme(self.chain, event, who, False, start, everywhere=True)
