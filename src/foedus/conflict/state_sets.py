"""For every state a set of states, such as those that a player would rather be in, kept as stretches of one list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foedus.arraytypes import Bools, Longs


@dataclass(frozen=True)
class StateSets:
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
            # A stretch runs to the end of its block. Later blocks are lifted above earlier ones, so that one running
            # minimum from the end of the list never looks past the block in which it stands.
            lifted = values[self.items] + self.block * span
            trailing = np.minimum.accumulate(lifted[::-1])[::-1]
            lowest = trailing[self.low] - self.block[self.low] * span
            first = np.flatnonzero(np.diff(self.owner, prepend=-1))
            out[self.owner[first]] = np.minimum.reduceat(lowest, first)
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
class Layer:
    """States to be found (``target``), each in a class, and from which state (``query``) which class is searched."""

    target: Longs
    target_class: Longs
    query: Longs
    query_class: Longs


def states_above(layer: Layer, targets: Longs, thresholds: Longs, size: int) -> StateSets:
    """For each query the states of its class whose ``targets`` [member, state] exceed the query state's ``thresholds``
    for every member.

    For one member these are the end of the class once it is sorted. Each further member splits the layers first, so
    that classes hold only states that satisfy it.
    """
    layers = [layer]
    for target, threshold in zip(targets[1:], thresholds[1:], strict=True):
        layers = [part for whole in layers for part in _split(whole, target, threshold)]
    return _stack([_above(part, targets[0], thresholds[0], size) for part in layers], size)


def look_up(keys: Longs, wanted: Longs) -> tuple[Longs, Bools]:
    """Places of ``wanted`` in the ascending ``keys``, and whether each is there."""
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    return place, keys[place] == wanted if len(keys) else np.zeros(len(wanted), bool)


def _split(layer: Layer, target: Longs, threshold: Longs) -> list[Layer]:
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
        # A bit of the edge that is set stands for one aligned stretch of ranks at this level; what is left above it is
        # reached by carrying the bit on to the next level.
        keys, classes = np.unique(layer.target_class * blocks + (target[layer.target] >> level), return_inverse=True)
        place, there = look_up(keys, layer.query_class[take] * blocks + (edge[take] >> level))
        if there.any():
            parts.append(Layer(layer.target, classes, layer.query[take][there], place[there]))
        edge = edge + (take.astype(np.int64) << level)
    return parts


def _above(layer: Layer, target: Longs, threshold: Longs, size: int) -> StateSets:
    """The targets in each query's class that lie above its threshold: the end of the class, sorted by target."""
    span = int(max(target.max(), threshold.max())) + 2
    keys = layer.target_class * span + target[layer.target]
    turn = np.argsort(keys, kind="stable")
    keys = keys[turn]
    low = np.searchsorted(keys, layer.query_class * span + threshold[layer.query], side="right")
    high = np.searchsorted(keys, (layer.query_class + 1) * span)
    some = low < high
    return StateSets(size, layer.target[turn], layer.target_class[turn], layer.query[some], low[some], high[some])


def _stack(parts: list[StateSets], size: int) -> StateSets:
    """Several sets of stretches as one, in the order of their owners."""
    if not parts:
        nothing = np.empty(0, np.int64)
        return StateSets(size, nothing, nothing, nothing, nothing, nothing)
    offsets = np.cumsum([0, *(len(part.items) for part in parts[:-1])])
    blocks = np.cumsum([0, *(part.block.max(initial=-1) + 1 for part in parts[:-1])])
    owner, items = (np.concatenate([getattr(part, name) for part in parts]) for name in ("owner", "items"))
    low = np.concatenate([part.low + n for part, n in zip(parts, offsets)])
    high = np.concatenate([part.high + n for part, n in zip(parts, offsets)])
    block, turn = np.concatenate([part.block + n for part, n in zip(parts, blocks)]), np.argsort(owner, kind="stable")
    return StateSets(size, items, block, owner[turn], low[turn], high[turn])
