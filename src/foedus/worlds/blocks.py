"""Solved games opened up: blocks of worlds with everybody's choices, for lenses that look at single states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import DECIDE, LANES, GameArrays
from foedus.game.compile import Game
from foedus.game.program import Memo, WorldError
from foedus.solve.flow import visits
from foedus.solve.packed import Chain
from foedus.solve.play import Play
from foedus.worlds.padding import joined
from foedus.worlds.simulate import Games, error_in_world


@dataclass
class Shape:
    """Who owns what in a game: the node of every action, the action of every branch."""

    g: GameArrays

    @cached_property
    def node_of_action(self) -> Longs:
        """[actions]"""
        return np.repeat(np.arange(len(self.g.kind)), np.diff(self.g.a_ptr))

    @cached_property
    def action_of_branch(self) -> Longs:
        """[branches]"""
        return np.repeat(np.arange(len(self.g.base)), np.diff(self.g.b_ptr))

    @cached_property
    def action_of_pay(self) -> Longs:
        """[payments] the action that pays, -1 for those of branches (which come after)."""
        own = np.repeat(np.arange(len(self.g.base)), np.diff(self.g.ap_ptr))
        return np.concatenate([own, np.full(len(self.g.pay_obj) - len(own), -1)])

    @cached_property
    def branch_of_pay(self) -> Longs:
        """[payments] the branch that pays, -1 for those of actions."""
        own = np.repeat(np.arange(len(self.g.target)), np.diff(self.g.bp_ptr))
        return np.concatenate([np.full(len(self.g.pay_obj) - len(own), -1), own])


@dataclass
class Block:
    """LANES worlds solved under one policy, of which the first ``width`` are wanted, from world ``first`` on.

    ``tables`` are the coefficients: of things as they are, then of each version of the game that
    ``play.solves`` name.
    """

    play: Play
    tables: list[Floats]
    first: int
    width: int
    perfect: bool

    @property
    def game(self) -> Game:
        """The compiled game."""
        return self.play.game

    @property
    def worlds(self) -> slice:
        """Which worlds these are."""
        return slice(self.first, self.first + self.width)

    @cached_property
    def choices(self) -> list[Floats]:
        """Everybody's choices [periods, actions, LANES] in each solve."""
        return self.play.policies(self.tables, 1.0, self.perfect)

    @cached_property
    def played(self) -> Floats:
        """[periods, actions, LANES]: what everybody really does; 0 for nature."""
        return self.play.joined(self.choices)

    @property
    def chain(self) -> Chain:
        """The game as it is and as it is played."""
        return Chain(self.play.graph, self.tables[0], self.played, self.game.periods)

    def visits(self, stop: NDArray[np.bool_] | None = None) -> Floats:
        """[periods, nodes, LANES]: the probability that a node acts in a period (see ``solve.flow``)."""
        return visits(self.chain, self.game.starts[()], stop)

    def now(self, t: int, table: int = 0) -> Floats:
        """[coefficients + 1, LANES] in period ``t``; the last row is 1, so that an absent one (-1) is sure."""
        g = self.game.arrays
        rows = self.tables[table][g.offset + t * g.timed]
        return np.concatenate([rows, np.ones((1, LANES))])

    def acts(self, t: int) -> Floats:
        """[actions, LANES]: how likely each action is where it is met in period ``t``; 1 for nature's."""
        g = self.game.arrays
        decided = (g.kind == DECIDE)[Shape(g).node_of_action]
        return np.where(decided[:, None], self.played[t], 1.0)


Change = Callable[[Play, list[Floats]], tuple[Play, list[Floats]]]


def blocks(
    games: Games, policy: str, draws: Mapping[str, Floats], change: Change | None = None, memo: Memo | None = None
) -> Iterator[Block]:
    """The worlds of ``draws`` {assumption: [W]} solved under ``policy``, block by block.

    ``change`` makes another game of the one compiled. ``memo`` is kept between calls with the same draws. ScenarioError
    where a world cannot be played.
    """
    perfect = games.scenario.rationality == "perfect"
    start = 0
    try:
        play, parts = games.in_blocks(policy, draws, memo)
        for start, tables in zip(range(0, parts.width, LANES), parts.tables, strict=True):
            changed, its_tables = (play, tables) if change is None else change(play, tables)
            block = Block(changed, its_tables, start, min(LANES, parts.width - start), perfect)
            _ = block.choices
            yield block
    except WorldError as error:
        raise error_in_world(games.scenario, policy, draws, 0, error, start) from None


def in_blocks(
    games: Games,
    policy: str,
    draws: Mapping[str, Floats],
    work: Callable[[Play, list[Floats]], dict[str, Floats]],
    threads: int = 2,
) -> dict[str, Floats]:
    """What ``work(play, tables)`` gives for every block of LANES worlds, joined.

    The first dim of each array is the world. ``tables`` are the coefficients [rows, LANES] as they are,
    then those of each version of the game that ``play.solves`` name.
    """
    play, parts = games.in_blocks(policy, draws)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return joined(list(pool.map(lambda tables: work(play, tables), parts.tables)), parts.width)
