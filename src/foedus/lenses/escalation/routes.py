"""The most probable routes up a ladder, exactly: best-first search over sequences of moves between levels."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.lenses.escalation.ladder import Ladder, Move
from foedus.solve.reach import DEAD, GO_ON, HIT, pull

MOST_STEPS = 150  # prefixes that are followed up


@dataclass(frozen=True)
class Route:
    """Moves from the last time at the lowest level (or the start) to the target; ``chance`` [LANES]."""

    moves: tuple[Move, ...]
    chance: Floats


def best_routes(ladder: Ladder, target: int, weights: Floats, most: int = 6) -> tuple[list[Route], bool]:
    """The ``most`` routes to level ``target`` of highest weighted probability, best first, and whether that is sure.

    A path that comes to the target takes one route: the moves that change its level since it last left the
    lowest level. So routes' probabilities add up to that of coming to the target (for paths that do not start there). A prefix's priority is the exact probability
    of the paths that begin with it and come to the target without a return to the lowest level; the search
    follows the most probable prefix first, so that a route is found only when no other can be more probable.
    """
    search = _Search(ladder, target, weights)
    found: list[Route] = []
    for _ in range(MOST_STEPS):
        if len(found) == most or not search.queue:
            return found, True
        done = search.step()
        if done is not None:
            found.append(done)
    return found, len(found) == most or not search.queue


class _Search:
    """The queue of prefixes: (minus priority, number, moves, where their paths land, masses)."""

    def __init__(self, ladder: Ladder, target: int, weights: Floats):
        self.ladder, self.target, self.weights = ladder, target, weights
        lands = ladder.lands
        codes = np.select([lands >= target, (lands == 0) & ladder.changes], [HIT, DEAD], GO_ON).astype(np.int8)
        self.later = pull(ladder.chain, codes)
        self.numbers = count()
        self.queue: list[tuple[float, int, tuple[Move, ...], NDArray[np.int64], Floats]] = []
        first = ladder.taken(ladder.before(target))
        leaves = ladder.level[ladder.source[ladder.changing]] == 0
        self._add((), first, leaves)
        above = ladder.begin(ladder.empty(), range(1, target))
        if above.any():
            self._follow((), above)

    def step(self) -> Route | None:
        """Takes the most probable prefix: a route if it has come to the target, else its continuations are queued."""
        _, _, moves, branches, mass = heapq.heappop(self.queue)
        if moves[-1][2] >= self.target:
            return Route(moves, np.asarray(mass.sum(axis=(0, 1))))
        landed = self.ladder.empty()
        for k, node in enumerate(self.ladder.play.game.arrays.target[branches]):
            landed[:, node] += mass[:, k]
        self._follow(moves, landed)
        return None

    def _follow(self, moves: tuple[Move, ...], mass: Floats) -> None:
        """Queues what can come next where ``mass`` has landed."""
        ladder = self.ladder
        taken = ladder.taken(ladder.pushed(mass, ladder.changes))
        self._add(moves, taken, ladder.lands[ladder.changing] > 0)

    def _add(self, moves: tuple[Move, ...], taken: Floats, allowed: NDArray[np.bool_]) -> None:
        """Queues the moves that the mass ``taken`` [periods, changing branches, LANES] makes, apart by move."""
        ladder = self.ladder
        allowed = allowed & (taken.max(axis=(0, 2), initial=0.0) > 0)
        for move in np.unique(ladder.move_of[allowed]):
            which = np.flatnonzero(allowed & (ladder.move_of == move))
            branches, mass = ladder.changing[which], taken[:, which]
            ahead = self.later[:, ladder.play.game.arrays.target[branches]]
            ahead = np.where((ladder.lands[branches] >= self.target)[:, None], 1.0, ahead)
            priority = float((mass * ahead).sum(axis=(0, 1)) @ self.weights)
            if priority > 0:
                item = (-priority, next(self.numbers), (*moves, ladder.moves[move]), branches, mass)
                heapq.heappush(self.queue, item)
