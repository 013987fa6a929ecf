"""The most probable routes up a ladder, exactly: best-first search over sequences of moves between levels."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import numpy as np

from foedus.arraytypes import Bools, Floats, Longs
from foedus.lenses.escalation.ladder import Ladder, LevelMove
from foedus.solve.reach import DEAD, GO_ON, HIT, pull

MOST_STEPS = 150  # prefixes that are followed up


@dataclass(frozen=True)
class Route:
    """Moves from the last time at the lowest level (or the start) to the target; ``chance`` [LANES]."""

    moves: tuple[LevelMove, ...]
    chance: Floats


@dataclass(frozen=True)
class Routes:
    """The likeliest routes to a level, best first; ``sure`` unless the search was cut short."""

    target: int
    best: list[Route]
    sure: bool


def best_routes(ladder: Ladder, target: int, weights: Floats, most: int = 6) -> Routes:
    """The ``most`` routes to level ``target`` of highest weighted probability; ``weights`` [LANES].

    A path that comes to the target takes one route: the moves that change its level since it last left the
    lowest level. So routes' probabilities add up to that of coming to the target (for paths that do not start there). A
    prefix's priority is the exact probability of the paths that begin with it and come to the target without a return
    to the lowest level; the search follows the most probable prefix first, so that a route is found only when no
    other can be more probable (A* with a perfect estimate: Hart, Nilsson and Raphael 1968).
    """
    search = _Search(ladder, target, weights)
    best: list[Route] = []
    for _ in range(MOST_STEPS):
        if len(best) < most and search.queue:
            best += search.step()
    return Routes(target, best, len(best) == most or not search.queue)


class _Search:
    """The queue of prefixes: (minus priority, number, moves, branches of the last move, mass that takes them)."""

    def __init__(self, ladder: Ladder, target: int, weights: Floats):
        self.ladder, self.target, self.weights = ladder, target, weights
        lands = ladder.lands
        # A path that falls back to the lowest level begins its route anew: for this prefix it is dead.
        codes = np.select([lands >= target, (lands == 0) & ladder.changes], [HIT, DEAD], GO_ON).astype(np.int8)
        self.later = pull(ladder.block.chain, codes)
        self.numbers = count()  # settles ties in the queue in the order of entry
        self.queue: list[tuple[float, int, tuple[LevelMove, ...], Longs, Floats]] = []
        self._add((), ladder.taken(ladder.before(target)), ladder.comes_from == 0)
        above = ladder.begin(range(1, target))
        if above.any():
            self._follow((), above)

    def step(self) -> list[Route]:
        """Takes the most probable prefix: a route if it has come to the target, else its continuations are queued."""
        _, _, moves, branches, mass = heapq.heappop(self.queue)
        if moves[-1].to >= self.target:
            return [Route(moves, np.asarray(mass.sum(axis=(0, 1))))]
        landed = np.zeros(self.ladder.shape)
        for k, node in enumerate(self.ladder.g.target[branches]):
            landed[:, node] += mass[:, k]
        self._follow(moves, landed)
        return []

    def _follow(self, moves: tuple[LevelMove, ...], mass: Floats) -> None:
        """Queues what can come next where ``mass`` has landed."""
        ladder = self.ladder
        self._add(moves, ladder.taken(ladder.pushed(mass, ladder.changes)), ladder.comes_to > 0)

    def _add(self, moves: tuple[LevelMove, ...], taken: Floats, allowed: Bools) -> None:
        """Queues the moves that the mass ``taken`` [periods, changing branches, LANES] makes, apart by move."""
        ladder = self.ladder
        allowed = allowed & (taken.max(axis=(0, 2), initial=0.0) > 0)
        for move in np.unique(ladder.move_of[allowed]):
            which = np.flatnonzero(allowed & (ladder.move_of == move))
            mass = taken[:, which]
            ahead = np.where(ladder.comes_to[which, None] >= self.target, 1.0, self.later[:, ladder.next[which]])
            priority = float((mass * ahead).sum(axis=(0, 1)) @ self.weights)
            if priority > 0:
                prefix = (*moves, ladder.moves[move])
                heapq.heappush(self.queue, (-priority, next(self.numbers), prefix, ladder.changing[which], mass))
