"""Unilateral moves and improvements over all states at once.

A player's moves in option form join the states that differ only in its own options. They are kept as *classes*:
the states that agree on everything but the player's two-way options. Within a class every state reaches every
other; between classes only one-way options lead. So the best or worst reachable value is one reduction over
classes, and no matrix of states by states is ever made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bools, Longs
from foedus.conflict.conflict import OptionModel

Values = NDArray[Any]
Reach = Callable[[Values], Values]


class Moves(Protocol):
    """What the stability concepts ask of a player.

    ``ranks``: [member, state]. A player of several members improves only where every member does.
    ``closed``: whether two moves in a row amount to one move or none.
    """

    size: int
    ranks: Longs
    closed: bool

    def gather(self, values: Values, combine: np.ufunc, none: int) -> Values:
        """For each state the combination of ``values`` over the states reachable in one move, ``none`` without any.

        Where moves are ``closed`` the state itself may be counted too.
        """

    def runs(self, targets: Longs, thresholds: Longs) -> Runs:
        """From each state, the reachable states whose ``targets`` exceed the state's ``thresholds`` in every row."""

    def successors(self, state: int) -> Longs:
        """The states reachable from ``state`` in one move, ascending."""

    def count(self) -> int:
        """How many arcs there are, or a few more."""

    def arcs(self) -> tuple[Longs, Longs]:
        """Every move, as the states that it leads from (ascending) and to."""

    @property
    def improvements(self) -> Runs:
        """From each state, the reachable states that every member prefers to it."""


@dataclass(frozen=True)
class Runs:
    """For each state a set of states, as stretches of one long list.

    Stretch r belongs to state ``owner[r]`` (ascending) and is ``items[low[r]:high[r]]``. Every stretch ends where a
    block of the list ends (``block`` numbers them, ascending along the list).
    """

    size: int
    items: Longs
    block: Longs
    owner: Longs
    low: Longs
    high: Longs

    @cached_property
    def counts(self) -> Longs:
        """How many states each state's set has."""
        return np.bincount(self.owner, self.high - self.low, minlength=self.size).astype(np.int64)

    def lowest(self, values: Longs, none: int) -> Longs:
        """The lowest of ``values`` (not negative) over each state's set, ``none`` where the set is empty."""
        out = np.full(self.size, none, np.int64)
        if len(self.owner):
            span = int(values.max()) + 1
            tagged = values[self.items] + self.block * span
            trailing = np.minimum.accumulate(tagged[::-1])[::-1]
            first = np.flatnonzero(np.diff(self.owner, prepend=-1))
            found = trailing[self.low] - self.block[self.low] * span
            out[self.owner[first]] = np.minimum.reduceat(found, first)
        return out

    @cached_property
    def _ends(self) -> Longs:
        return np.cumsum(self.high - self.low)

    @cached_property
    def _before(self) -> Longs:
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def _only(self) -> Longs | None:
        """Where each state's stretch begins, if no state has two."""
        begin = np.zeros(self.size, np.int64)
        begin[self.owner] = self.low
        return begin if len(self.owner) == np.count_nonzero(self.counts) else None

    def pick(self, states: Longs, which: Longs) -> Longs:
        """The ``which``-th (from 0) member of each state's set; it must exist."""
        if self._only is not None:
            return np.asarray(self.items[self._only[states] + which])
        place = self._before[states] + which
        run = np.searchsorted(self._ends, place, side="right")
        return self.items[self.high[run] - (self._ends[run] - place)]

    def pairs(self, states: Longs) -> tuple[Longs, Longs]:
        """Every member of every given state's set: positions in ``states``, and the members."""
        rows, which = ragged(self.counts[states])
        return rows, self.pick(states[rows], which)


def ragged(counts: Longs) -> tuple[Longs, Longs]:
    """For rows of these lengths, the row and the place within the row of every entry."""
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)


@dataclass(frozen=True)
class _Layer:
    """Candidate targets in classes, and which class each query searches."""

    target: Longs
    target_class: Longs
    query: Longs
    query_class: Longs


class OptionMoves:
    """The moves of one decision maker, or of several that set all their options jointly, in option form.

    Nobody moves to or from a state that it misperceives; a coalition sees what any member sees.
    """

    closed = True

    def __init__(self, model: OptionModel, members: Sequence[int]):
        self.size = model.size
        self.ranks: Longs = model.ranks[list(members)]
        mask = model.controlled(members)
        forward, back = model.one_way("fwd") & mask, model.one_way("back") & mask
        seen = model.sees[list(members)].any(axis=0)
        self._seen = np.flatnonzero(seen)
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
        found, there = look_up(self._keys, target)
        source, found = source[there], found[there]
        turn = np.argsort(source, kind="stable")
        self._leads = found[turn]
        self._lead_start = np.searchsorted(source[turn], np.arange(len(self._keys) + 1))
        self._plain = len(self._leads) == len(self._keys)

    def gather(self, values: Values, combine: np.ufunc, none: int) -> Values:
        """See Moves."""
        out = np.full(self.size, none, values.dtype)
        if len(self._seen):
            best = combine.reduceat(values[self._members], self._start[:-1])
            if not self._plain:
                best = combine.reduceat(best[self._leads], self._lead_start[:-1])
            out[self._seen] = best[self._class[self._seen]]
        return out

    def successors(self, state: int) -> Longs:
        """See Moves."""
        own = self._class[state]
        if own < 0:
            return np.empty(0, np.int64)
        leads = self._leads[self._lead_start[own] : self._lead_start[own + 1]]
        reached = np.concatenate([self._members[self._start[c] : self._start[c + 1]] for c in leads])
        return np.sort(reached[reached != state])

    def arcs(self) -> tuple[Longs, Longs]:
        """See Moves."""
        own = self._class[self._seen]
        rows, place = ragged((self._lead_start[1:] - self._lead_start[:-1])[own])
        leads = self._leads[self._lead_start[own[rows]] + place]
        pairs, place = ragged((self._start[1:] - self._start[:-1])[leads])
        source, target = self._seen[rows[pairs]], self._members[self._start[leads[pairs]] + place]
        away = source != target
        return source[away], target[away]

    def count(self) -> int:
        """How many moves there are, counting staying put as one from each state."""
        sizes = np.diff(self._start)
        return int((sizes[np.repeat(np.arange(len(sizes)), np.diff(self._lead_start))] * sizes[self._leads]).sum())

    @cached_property
    def improvements(self) -> Runs:
        """See Moves."""
        return self.runs(self.ranks, self.ranks)

    def runs(self, targets: Longs, thresholds: Longs) -> Runs:
        """See Moves."""
        own = self._class[self._seen]
        rows, place = ragged((self._lead_start[1:] - self._lead_start[:-1])[own])
        leads = self._leads[self._lead_start[own[rows]] + place]
        layers = [_Layer(self._seen, own, self._seen[rows], leads)]
        for row in range(1, len(targets)):
            layers = [part for layer in layers for part in _split(layer, targets[row], thresholds[row])]
        return _stack([_above(layer, targets[0], thresholds[0], self.size) for layer in layers], self.size)


def look_up(keys: Longs, wanted: Longs) -> tuple[Longs, Bools]:
    """Places of ``wanted`` in the ascending ``keys``, and whether each is there."""
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    return place, keys[place] == wanted if len(keys) else np.zeros(len(wanted), bool)


def _split(layer: _Layer, target: Longs, threshold: Longs) -> list[_Layer]:
    """One layer for each power of two, so that together each query meets exactly the targets above its threshold.

    The ranks above a threshold are cut into aligned stretches, at most one of each power of two (as in a range
    tree: Bentley 1979); a stretch becomes part of the class.
    """
    edge = threshold[layer.query] + 1
    width = int(max(target.max(), threshold.max()) + 1).bit_length()
    parts = []
    for level in range(width):
        blocks = 1 << (width - level)
        take = (edge >> level & 1).astype(bool)
        keys, classes = np.unique(layer.target_class * blocks + (target[layer.target] >> level), return_inverse=True)
        found, there = look_up(keys, layer.query_class[take] * blocks + (edge[take] >> level))
        if there.any():
            parts.append(_Layer(layer.target, classes, layer.query[take][there], found[there]))
        edge = edge + (take.astype(np.int64) << level)
    return parts


def _above(layer: _Layer, target: Longs, threshold: Longs, size: int) -> Runs:
    """The targets in each query's class that lie above its threshold: the end of the class, sorted by target."""
    span = int(max(target.max(), threshold.max())) + 2
    keys = layer.target_class * span + target[layer.target]
    turn = np.argsort(keys, kind="stable")
    keys = keys[turn]
    low = np.searchsorted(keys, layer.query_class * span + threshold[layer.query], side="right")
    high = np.searchsorted(keys, (layer.query_class + 1) * span)
    some = low < high
    return Runs(size, layer.target[turn], layer.target_class[turn], layer.query[some], low[some], high[some])


def _stack(parts: list[Runs], size: int) -> Runs:
    """Several sets of stretches as one, in the order of their owners."""
    if not parts:
        nothing = np.empty(0, np.int64)
        return Runs(size, nothing, nothing, nothing, nothing, nothing)
    blocks, lows, highs, offset, block = [], [], [], 0, 0
    for part in parts:
        blocks.append(part.block + block)
        lows.append(part.low + offset)
        highs.append(part.high + offset)
        offset += len(part.items)
        block += int(part.block.max(initial=-1)) + 1
    owner = np.concatenate([part.owner for part in parts])
    turn = np.argsort(owner, kind="stable")
    items = np.concatenate([part.items for part in parts])
    low, high = np.concatenate(lows)[turn], np.concatenate(highs)[turn]
    return Runs(size, items, np.concatenate(blocks), owner[turn], low, high)


class ArcMoves:
    """The moves of one player in a conflict given as a graph: arcs from state to state.

    ``arcs``: [arc, 2], from and to; ``ranks``: [member, state].
    """

    closed = False

    def __init__(self, arcs: Longs, ranks: Longs):
        self.size = ranks.shape[1]
        self.ranks = ranks
        arcs = np.unique(arcs, axis=0)
        arcs = arcs[arcs[:, 0] != arcs[:, 1]]
        self._source, self._target = arcs[:, 0], arcs[:, 1]

    def gather(self, values: Values, combine: np.ufunc, none: int) -> Values:
        """See Moves."""
        out = np.full(self.size, none, values.dtype)
        if len(self._source):
            first = np.flatnonzero(np.diff(self._source, prepend=-1))
            out[self._source[first]] = combine.reduceat(values[self._target], first)
        return out

    def successors(self, state: int) -> Longs:
        """See Moves."""
        low, high = np.searchsorted(self._source, [state, state + 1])
        return np.asarray(self._target[low:high])

    def arcs(self) -> tuple[Longs, Longs]:
        """See Moves."""
        return self._source, self._target

    def count(self) -> int:
        """How many moves there are."""
        return len(self._source)

    @cached_property
    def improvements(self) -> Runs:
        """See Moves."""
        return self.runs(self.ranks, self.ranks)

    def runs(self, targets: Longs, thresholds: Longs) -> Runs:
        """See Moves."""
        better = (targets[:, self._target] > thresholds[:, self._source]).all(axis=0)
        source, target = self._source[better], self._target[better]
        first = np.flatnonzero(np.diff(source, prepend=-1))
        return Runs(self.size, target, source, source[first], first, np.append(first, len(source))[1:])


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
    seen: set[tuple[int, int]] = set()
    front = [(start, -1)]
    while front:
        state, last = front.pop()
        for mover, moves in enumerate(movers):
            if mover != last:
                fresh = {(after, mover) for after in steps_from(moves, state, improving)} - seen
                seen |= fresh
                front.extend(fresh)
    return np.array(sorted({state for state, _ in seen}), np.int64)


def steps_from(moves: Moves, state: int, improving: bool) -> list[int]:
    """The states that one move, or one improvement, leads to, ascending."""
    after = moves.improvements.pairs(np.array([state]))[1] if improving else moves.successors(state)
    return [int(index) for index in np.sort(after)]


def _over(combine: np.ufunc, start: Values, rest: Sequence[Values]) -> Values:
    """``start`` combined with all the others."""
    for values in rest:
        start = combine(start, values)
    return start
