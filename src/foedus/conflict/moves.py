"""Moves and improvements over all states at once, and legal sequences of them, in which nobody moves twice running.

A player's moves in option form join the states that differ only in its own options. They are kept as *classes*:
the states that agree on everything but the player's two-way options. Within a class every state reaches every
other; between classes only one-way options lead. So the best or worst reachable value is one reduction over
classes, and no matrix of states by states is ever made.
"""

# the protocol documents the methods
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Longs
from foedus.conflict.option_form import OptionModel
from foedus.conflict.state_sets import Layer, StateSets, look_up, ragged, states_above

Values = NDArray[Any]
Reach = Callable[[Values], Values]


class Moves(Protocol):
    """What the stability concepts ask of a player. ``ranks``: [member, state]. A player of several members improves
    only where every member does. ``closed``: whether two moves in a row amount to one move or none."""

    size: int
    ranks: Longs
    closed: bool

    def gather(self, values: Values, combine: np.ufunc, none: int) -> Values:
        """For each state the combination of ``values`` over the states reachable in one move, ``none`` without any.
        Where moves are ``closed`` the state itself may be counted too."""

    def exceeding(self, targets: Longs, thresholds: Longs) -> StateSets:
        """From each state, the reachable states whose ``targets`` exceed the state's ``thresholds`` in every row."""

    def successors(self, state: int) -> Longs:
        """The states reachable from ``state`` in one move, ascending."""

    def count(self) -> int:
        """How many arcs there are, or a few more."""

    def arcs(self) -> tuple[Longs, Longs]:
        """Every move, as the states that it leads from (ascending) and to."""

    @cached_property
    def improvements(self) -> StateSets:
        """From each state, the reachable states that every member prefers to it."""
        return self.exceeding(self.ranks, self.ranks)


class OptionMoves(Moves):
    """The moves of one decision maker, or of several that set all their options jointly, in option form. Nobody moves
    to or from a state that it misperceives; a coalition sees what any member sees."""

    closed = True

    def __init__(self, model: OptionModel, members: Sequence[int]):
        self.size = model.size
        self.ranks: Longs = model.ranks[list(members)]
        mask = model.controlled(members)
        forward, back = model.one_way("fwd") & mask, model.one_way("back") & mask
        self._seen = np.flatnonzero(model.sees[list(members)].any(axis=0))
        # A class's key leaves out the player's two-way options, and shows options that can only be given up inverted,
        # so that every one-way move adds a bit to the key.
        keys = (model.numbers[self._seen] & ~(mask & ~(forward | back))) ^ back
        self._keys, classes = np.unique(keys, return_inverse=True)
        self._class = np.full(self.size, -1, np.int64)
        self._class[self._seen] = classes
        self._members = self._seen[np.argsort(classes, kind="stable")]
        self._start = np.concatenate([[0], np.cumsum(np.bincount(classes, minlength=len(self._keys)))])
        self._lead(forward | back)

    def _lead(self, one_way: int) -> None:
        """Which classes each class leads to: itself, and those with more of its one-way options used up."""
        source, target = np.arange(len(self._keys)), self._keys
        for place in range(one_way.bit_length()):
            bit = one_way & 1 << place
            if bit:
                free = (target & bit) == 0
                source, target = np.concatenate([source, source[free]]), np.concatenate([target, target[free] | bit])
        reached, there = look_up(self._keys, target)
        source, reached = source[there], reached[there]
        turn = np.argsort(source, kind="stable")
        self._leads = reached[turn]
        self._lead_start = np.searchsorted(source[turn], np.arange(len(self._keys) + 1))
        self._plain = len(self._leads) == len(self._keys)

    def gather(self, values: Values, combine: np.ufunc, none: int) -> Values:
        out = np.full(self.size, none, values.dtype)
        if len(self._seen):
            best = combine.reduceat(values[self._members], self._start[:-1])
            if not self._plain:
                best = combine.reduceat(best[self._leads], self._lead_start[:-1])
            out[self._seen] = best[self._class[self._seen]]
        return out

    def successors(self, state: int) -> Longs:
        here = self._class[state]
        if here < 0:
            return np.empty(0, np.int64)
        leads = self._leads[self._lead_start[here] : self._lead_start[here + 1]]
        reached = np.concatenate([self._members[self._start[c] : self._start[c + 1]] for c in leads])
        return np.sort(reached[reached != state])

    def arcs(self) -> tuple[Longs, Longs]:
        _, rows, leads = self._lead_rows()
        pairs, place = ragged(np.diff(self._start)[leads])
        source, target = self._seen[rows[pairs]], self._members[self._start[leads[pairs]] + place]
        away = source != target
        return source[away], target[away]

    def count(self) -> int:
        """How many moves there are, counting staying put as one from each state."""
        sizes = np.diff(self._start)
        return int((sizes[np.repeat(np.arange(len(sizes)), np.diff(self._lead_start))] * sizes[self._leads]).sum())

    def exceeding(self, targets: Longs, thresholds: Longs) -> StateSets:
        classes, rows, leads = self._lead_rows()
        return states_above(Layer(self._seen, classes, self._seen[rows], leads), targets, thresholds, self.size)

    def _lead_rows(self) -> tuple[Longs, Longs, Longs]:
        """The class of each state that is seen, and, a row a class that it leads to, the state's place and the class."""
        classes = self._class[self._seen]
        rows, place = ragged(np.diff(self._lead_start)[classes])
        return classes, rows, self._leads[self._lead_start[classes[rows]] + place]


class ArcMoves(Moves):
    """The moves of one player in a conflict given as a graph: arcs from state to state. ``arcs``: [arc, 2], from and
    to; ``ranks``: [member, state]."""

    closed = False

    def __init__(self, arcs: Longs, ranks: Longs):
        self.size = ranks.shape[1]
        self.ranks = ranks
        arcs = np.unique(arcs, axis=0)
        arcs = arcs[arcs[:, 0] != arcs[:, 1]]
        self._source, self._target = arcs[:, 0], arcs[:, 1]

    def gather(self, values: Values, combine: np.ufunc, none: int) -> Values:
        out = np.full(self.size, none, values.dtype)
        if len(self._source):
            first = np.flatnonzero(np.diff(self._source, prepend=-1))
            out[self._source[first]] = combine.reduceat(values[self._target], first)
        return out

    def successors(self, state: int) -> Longs:
        low, high = np.searchsorted(self._source, [state, state + 1])
        return np.asarray(self._target[low:high])

    def arcs(self) -> tuple[Longs, Longs]:
        return self._source, self._target

    def count(self) -> int:
        """How many moves there are."""
        return len(self._source)

    def exceeding(self, targets: Longs, thresholds: Longs) -> StateSets:
        better = (targets[:, self._target] > thresholds[:, self._source]).all(axis=0)
        source, target = self._source[better], self._target[better]
        first = np.flatnonzero(np.diff(source, prepend=-1))
        return StateSets(self.size, target, source, source[first], first, np.append(first, len(source))[1:])


def closure(steps: Sequence[Reach], start: Values, combine: np.ufunc, closed: bool) -> Values:
    """For each state, ``start`` combined over the state itself and all states reached by legal sequences of moves.

    A sequence is legal if nobody moves twice in a row (Fang, Hipel and Kilgour 1993). ``steps[j]`` combines values
    over the states that mover j reaches in one move; ``combine`` must be a lattice operation (minimum, maximum, or).
    Where the movers' moves are ``closed`` the rule excludes nothing new, and one array is enough; otherwise one is
    kept for each mover who goes first.
    """
    if len(steps) < 2:
        return combine(start, steps[0](start)) if steps else start
    if closed:
        total, before = start, None
        while before is None or not np.array_equal(before, total):
            before = total
            for step in steps:
                total = combine(total, step(total))
        return total
    first = [step(start) for step in steps]
    changed = True
    while changed:
        changed = False
        for mover, step in enumerate(steps):
            reached = step(_over(combine, start, first[:mover] + first[mover + 1 :]))
            changed |= not np.array_equal(reached, first[mover])
            first[mover] = reached
    return _over(combine, start, first)


def closure_once(steps: Sequence[Reach], start: Values, combine: np.ufunc) -> Values:
    """Like ``closure``, but over sequences in which each mover moves at most once (as in the program GMCR+)."""
    reached = {0: start}
    for movers in range(1, 1 << len(steps)):
        moving = [mover for mover in range(len(steps)) if movers >> mover & 1]
        reached[movers] = _over(combine, start, [steps[mover](reached[movers & ~(1 << mover)]) for mover in moving])
    return reached[(1 << len(steps)) - 1]


def legally_reached(movers: Sequence[Moves], start: int, improving: bool) -> Longs:
    """The states that legal sequences of moves, or of improvements, lead to from ``start``; at least one move."""
    reached: set[tuple[int, int]] = set()
    front = [(start, -1)]
    while front:
        state, last = front.pop()
        for mover, moves in enumerate(movers):
            if mover != last:
                fresh = {(after, mover) for after in steps_from(moves, state, improving)} - reached
                reached |= fresh
                front.extend(fresh)
    return np.array(sorted({state for state, _ in reached}), np.int64)


def steps_from(moves: Moves, state: int, improving: bool) -> list[int]:
    """The states that one move, or one improvement, leads to, ascending."""
    after = moves.improvements.pairs(np.array([state]))[1] if improving else moves.successors(state)
    return [int(index) for index in np.sort(after)]


def _over(combine: np.ufunc, start: Values, rest: Sequence[Values]) -> Values:
    """``start`` combined with all the others."""
    for values in rest:
        start = combine(start, values)
    return start
