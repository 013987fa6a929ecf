"""Whole paths through one world, the likeliest first, by true odds.

A path is what chance and everybody does through the reported periods, the state it starts in included. First one pass
back from the end says how likely the best way on from every node is (Viterbi 1967). With that as an exact forecast,
a best-first search (A*: Hart, Nilsson and Raphael 1968) takes up only beginnings of paths that are among those asked
for.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count, islice
from typing import Any, NamedTuple

from foedus.game.arrays import DECIDE, END
from foedus.worlds.blocks import Block

_IMPOSSIBLE = -math.inf


class Place(NamedTuple):
    """Where a path is: in period ``t`` at ``node``, with ``met`` of the moves that are asked for in this period behind."""

    t: int
    node: int
    met: int


class Step(NamedTuple):
    """A branch of an action taken at a place."""

    place: Place
    action: int
    branch: int


@dataclass(frozen=True)
class Route:
    """A whole path: its probability, the node it starts at, and its steps in order."""

    probability: float
    start: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class _Odds:
    """The first world's numbers of one period: which guards are open, and the odds of actions and of branches."""

    open: list[bool]
    action: list[float]
    branch: list[float]


class Routes:
    """The paths of a block's first world on which what is ``asked`` for is done: {period: {phase: public action}}."""

    def __init__(self, block: Block, asked: Mapping[int, Mapping[int, int]] | None = None):
        self.block, self.asked, self.end = block, asked or {}, block.game.periods
        g = block.game.arrays
        self.kind, self.phase, self.pass_to, self.target = (
            array.tolist() for array in (g.kind, g.phase, g.pass_to, g.target)
        )
        self.a_ptr, self.b_ptr, self.public = g.a_ptr.tolist(), g.b_ptr.tolist(), g.action_id.tolist()

    @cached_property
    def odds(self) -> list[_Odds]:
        """By period."""
        g, by_period = self.block.game.arrays, []
        for t in range(self.end):
            now = self.block.now(t)[:, 0]
            by_period.append(
                _Odds((now[g.guard] != 0).tolist(), self.block.acts(t)[:, 0].tolist(), now[g.prob[0]].tolist())
            )
        return by_period

    def onward(self, place: Place) -> Iterator[tuple[Step | None, float, Place]]:
        """(step, its probability, next place) of all that may follow; no step where a phase is passed by."""
        t, node, met = place
        odds, asked = self.odds[t], self.asked.get(t, {})
        if not odds.open[node]:
            yield None, 1.0, Place(t, self.pass_to[node], met)
            return
        wanted = asked.get(self.phase[node]) if self.kind[node] == DECIDE else None
        ends = self.kind[node] == END
        if ends and met < len(asked):
            return
        later = Place(t + 1, 0, 0) if ends else Place(t, 0, met + (wanted is not None))
        for action in range(self.a_ptr[node], self.a_ptr[node + 1]):
            if wanted not in (None, self.public[action]) or not odds.action[action] > 0:
                continue
            for b in range(self.b_ptr[action], self.b_ptr[action + 1]):
                probability = odds.action[action] * odds.branch[b]
                if probability > 0:
                    yield Step(place, action, b), probability, later._replace(node=self.target[b])

    @cached_property
    def starts(self) -> list[tuple[int, float]]:
        """(node, probability) of every state that play may start in."""
        g, now = self.block.game.arrays, self.block.now(0)[:, 0]
        every = zip(g.start_node.tolist(), now[g.start_prob].tolist(), strict=True)
        return [(node, probability) for node, probability in every if probability > 0]

    @cached_property
    def ahead(self) -> dict[Place, float]:
        """Log-probability of the likeliest way on to the end, from every place that has one."""
        best = dict[Place, float]()
        for t in reversed(range(self.end)):
            for node in reversed(range(len(self.kind))):  # nodes are in the order of play
                for met in range(len(self.asked.get(t, {})) + 1):
                    place = Place(t, node, met)
                    likeliest = max(
                        (math.log(p) + self.way_on(best, to) for _, p, to in self.onward(place)), default=_IMPOSSIBLE
                    )
                    if likeliest > _IMPOSSIBLE:
                        best[place] = likeliest
        return best

    def way_on(self, best: Mapping[Place, float], place: Place) -> float:
        """The log-probability of the best way on from a place: 0 at the end."""
        return 0.0 if place.t == self.end else best.get(place, _IMPOSSIBLE)

    def leads_on(self, place: Place) -> bool:
        """Whether a path goes on from a place to the end, with all that is asked for."""
        return self.way_on(self.ahead, place) > _IMPOSSIBLE

    def best_with(self, place: Place, action: int) -> float:
        """The probability of the likeliest way on from a place that begins with an action; 0 where there is none."""
        ways = (
            p * math.exp(self.way_on(self.ahead, to))
            for step, p, to in self.onward(place)
            if step is not None and step.action == action
        )
        return max(ways, default=0.0)

    def reached(self) -> Iterator[Place]:
        """Every place that lies on a path, in the order of play."""
        here: dict[int, set[int]] = defaultdict(set)  # by node what may be met there
        for node, _ in self.starts:
            here[node].add(0)
        for t in range(self.end):
            later: dict[int, set[int]] = defaultdict(set)
            for node in range(len(self.kind)):
                for met in here.get(node, ()):
                    place = Place(t, node, met)
                    if place in self.ahead:
                        yield place
                        for _, _, to in self.onward(place):
                            (here if to.t == t else later)[to.node].add(to.met)
            here = later

    def walk(self) -> Route:
        """The path on which at every step what is likeliest there is done and happens, of what leads to all that is
        asked for; of equally likely steps the first one. Its probability may be far below that of another path."""
        open_starts = [(node, p) for node, p in self.starts if self.leads_on(Place(0, node, 0))]
        start, probability = max(open_starts, key=lambda each: each[1])
        place, steps = Place(0, start, 0), list[Step]()
        while place.t < self.end:
            onward = [(step, p, to) for step, p, to in self.onward(place) if self.leads_on(to)]
            odds = self.odds[place.t].action
            step, p, place = max(onward, key=lambda each: (odds[each[0].action] if each[0] else 1.0, each[1]))
            probability *= p
            steps += [] if step is None else [step]
        return Route(probability, start, tuple(steps))

    def likeliest(self, many: int = 1) -> list[Route]:
        """The ``many`` likeliest paths, the likeliest first, or all where there are fewer; none where what is asked for
        cannot be done."""
        return list(islice(self._best_first(), many))

    def _best_first(self) -> Iterator[Route]:
        turns, waiting = count(), list[_Beginning]()
        for node, probability in self.starts:
            place = Place(0, node, 0)
            if self.leads_on(place):
                so_far = math.log(probability)
                forecast = so_far + self.way_on(self.ahead, place)
                heapq.heappush(waiting, _Beginning(_key(forecast), 0, next(turns), so_far, place, node, None))
        while waiting:
            begun = heapq.heappop(waiting)
            if begun.place.t == self.end:
                yield Route(math.exp(begun.so_far), begun.start, _in_order(begun.steps))
                continue
            for step, probability, to in self.onward(begun.place):
                if (further := self.way_on(self.ahead, to)) > _IMPOSSIBLE:
                    so_far = begun.so_far + math.log(probability)
                    steps = begun.steps if step is None else (step, begun.steps)
                    # Of equally likely ones the longest goes first, so that ties do not widen the search.
                    key = _key(so_far + further), begun.shorter - 1, next(turns)
                    heapq.heappush(waiting, _Beginning(*key, so_far, to, begun.start, steps))


class _Beginning(NamedTuple):
    """The beginning of a path: less the log-probability of the likeliest path that goes on from it, less its length, a
    number of its own (which settles the order); its own log-probability, where it is, where it began, its steps."""

    key: float
    shorter: int
    turn: int
    so_far: float
    place: Place
    start: int
    steps: Any  # (last step, those before likewise), None at the start


def _key(log_probability: float) -> float:
    """What beginnings are ordered by: without the last digits, which rounding decides, so that ties are ties."""
    return round(-log_probability, 9)


def _in_order(linked: Any) -> tuple[Step, ...]:
    steps = []
    while linked is not None:
        step, linked = linked
        steps.append(step)
    return tuple(reversed(steps))
