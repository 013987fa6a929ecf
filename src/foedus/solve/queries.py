"""Queries as monitor columns of the forward pass, and how their numbers are read off it.

A column carries probability that has not yet seen its event; when the event is seen the
mass is counted and leaves, or goes on in another column. See docs/model.md, "Queries".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.compile import Game, Levels, Watch
from foedus.scenario.query import Query
from foedus.scenario.scope import TERMINAL
from foedus.scenario.tree import Tree, fold
from foedus.solve.forward import Columns, Forward

Spec = tuple[int, int, int, int, bool, int, int]  # event, from, to, next, entry, full, condition it follows


def looked_for(query: Query) -> Tree | None:
    """The event that a monitor waits for: what must always hold is watched for its failing."""
    return fold(("not", query.event)) if query.mode == "always" else query.event


def watch_for(
    queries: Iterable[Query], events: Iterable[Tree] = (), at_end: Iterable[Tree] = (), keep: Iterable[str] = ()
) -> Watch:
    """What a game must be compiled to look at so that all these can be answered."""
    watched: dict[Tree, None] = dict.fromkeys(events)
    ends: dict[Tree, None] = dict.fromkeys(at_end)
    starts: dict[Levels, None] = {(): None}
    asked = list(queries)
    for query in asked:
        for tree in (looked_for(query), query.given):
            if tree is not None:
                watched.setdefault(tree)
        if query.mode == "at" and query.event is not None:
            ends.setdefault(query.event)
        starts.setdefault(query.start)
    every = tuple(dict.fromkeys([*watched, *ends]))
    index = {tree: e for e, tree in enumerate(every)}
    pairs = {
        (index[event], index[query.given])
        for query in asked
        if query.given is not None and (event := looked_for(query)) is not None
    }
    return Watch(every, frozenset(index[tree] for tree in ends), tuple(starts), frozenset(keep), tuple(sorted(pairs)))


@dataclass
class QueryPlan:
    """The columns of one forward pass, and a reader for each query."""

    game: Game
    start: Levels = ()
    specs: list[Spec] = field(default_factory=list)
    fulls: int = 1
    readers: list[Callable[[Forward], Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = {tree: e for e, tree in enumerate(self.game.watch.events)}
        self.last = self.game.periods - 1
        self.specs.append((-1, 0, self.last, -1, True, 0, -1))

    def column(self, spec: Spec) -> int:
        """The number of a column, shared between queries that need the same."""
        if spec not in self.specs:
            self.specs.append(spec)
        return self.specs.index(spec)

    def eventually(self, tree: Tree, window: tuple[int, int] | None = None) -> int:
        """A column that counts the first time ``tree`` is seen in the window."""
        first, last = window or (0, self.last)
        return self.column((self.events[tree], first, last, -1, True, -1, -1))

    def after(self, given: Tree, spec: Spec) -> tuple[int, int]:
        """(waiting column, next column): ``spec`` starts when ``given`` is first seen."""
        follow = self.column(spec)
        return self.column((self.events[given], 0, self.last, follow, True, -1, -1)), follow

    def full_after(self, given: Tree) -> tuple[int, int]:
        """(waiting column, number of full accumulators) of what comes after ``given``."""
        for m, spec in enumerate(self.specs):
            follows = self.specs[spec[3]] if spec[3] >= 0 else None
            if spec[0] == self.events[given] and follows is not None and follows[5] >= 0:
                return m, follows[5]
        full, self.fulls = self.fulls, self.fulls + 1
        waiting, _ = self.after(given, (-1, 0, self.last, -1, False, full, self.events[given]))
        return waiting, full

    def add(self, query: Query) -> None:
        """Adds the columns of a query and its reader."""
        self.readers.append(getattr(self, f"_{query.kind}")(query))

    def columns(self) -> Columns:
        """The columns as arrays."""
        event, first, last, follow, entry, full, _ = (np.asarray(part) for part in zip(*self.specs, strict=True))
        i32 = np.int32
        return Columns(
            event.astype(i32),
            first.astype(i32),
            last.astype(i32),
            follow.astype(i32),
            entry.astype(np.bool_),
            full.astype(i32),
        )

    def _prob(self, query: Query) -> Callable[[Forward], Floats]:
        assert query.event is not None
        if query.mode == "at":
            assert query.window is not None
            return self._at(query.event, query.window[0], query.given)
        hits = self._hits(query)
        return (lambda f: 1 - hits(f)) if query.mode == "always" else hits

    def _at(self, event: Tree, t: int, given: Tree | None) -> Callable[[Forward], Floats]:
        e = self.events[event]
        if given is None:
            return lambda f: f.end_event[0, t, e]
        waiting, full = self.full_after(given)
        return lambda f: ratio(f.end_event[full, t, e], f.hit[waiting, : t + 1].sum(axis=0))

    def _hits(self, query: Query) -> Callable[[Forward], Floats]:
        """The probability that the event is seen in the window (after ``given``)."""
        event = looked_for(query)
        assert event is not None
        first, last = query.window or (0, self.last)
        if query.given is None:
            column = self.eventually(event, query.window)
            return lambda f: f.hit[column].sum(axis=0)
        spec = (self.events[event], first, last, -1, False, -1, self.events[query.given])
        waiting, follow = self.after(query.given, spec)
        return lambda f: ratio(f.hit[follow].sum(axis=0), f.hit[waiting].sum(axis=0))

    def _first(self, query: Query) -> Callable[[Forward], Floats]:
        assert query.event is not None
        first, last = query.window or (0, self.last)
        if query.given is None:
            column = self.eventually(query.event)
            return lambda f: f.hit[column, first : last + 1].sum(axis=0)
        spec = (self.events[query.event], 0, self.last, -1, False, -1, self.events[query.given])
        waiting, follow = self.after(query.given, spec)
        return lambda f: ratio(f.hit[follow, first : last + 1].sum(axis=0), f.hit[waiting].sum(axis=0))

    def _full(self, given: Tree | None) -> tuple[int, int]:
        return (-1, 0) if given is None else self.full_after(given)

    def _action(self, query: Query) -> tuple[int, int]:
        action = (
            self.game.action_ids.index(".".join(query.names)) if ".".join(query.names) in self.game.action_ids else -1
        )
        return action, self.game.phase_ids.index(query.names[0])

    def _rate(self, query: Query) -> Callable[[Forward], Floats]:
        first, last = query.window or (0, self.last)
        waiting, full = self._full(query.given)
        action, _ = self._action(query)

        def read(f: Forward) -> Floats:
            times = f.taken[full, first : last + 1, action].sum(axis=0) / (last - first + 1)
            times = times if action >= 0 else np.zeros_like(times)
            return times if waiting < 0 else ratio(times, f.hit[waiting].sum(axis=0))

        return read

    def _share(self, query: Query) -> Callable[[Forward], Floats]:
        first, last = query.window or (0, self.last)
        _, full = self._full(query.given)
        action, phase = self._action(query)

        def read(f: Forward) -> Floats:
            decided = f.decided[full, first : last + 1, phase].sum(axis=0)
            taken = f.taken[full, first : last + 1, action].sum(axis=0) if action >= 0 else np.zeros_like(decided)
            return ratio(taken, decided)

        return read

    def _expect(self, query: Query) -> Callable[[Forward], Floats]:
        waiting, full = self._full(query.given)
        pairs = self.game.turn.objectives
        which = [i for i, pair in enumerate(pairs) if pair[: len(query.names)] == query.names and pair[1] != TERMINAL]

        def read(f: Forward) -> Floats:
            total = f.pays[full, which].sum(axis=0)
            return total if waiting < 0 else ratio(total, f.hit[waiting].sum(axis=0))

        return read

    def _alignment(self, query: Query) -> Callable[[Forward], Floats]:
        a, b = sorted((self.game.turn.actors.index(name) for name in query.names), reverse=True)
        return lambda f: correlation(f, a, b)


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where the condition has no probability."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def correlation(f: Forward, a: int, b: int) -> Floats:
    """Correlation of the stage values of actors ``a`` >= ``b`` over period ends; NaN without variance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = f.stage[a] / f.visits, f.stage[b] / f.visits
        xx, yy, xy = (f.product[i, j] / f.visits - u * v for i, j, u, v in ((a, a, x, x), (b, b, y, y), (a, b, x, y)))
    scale = np.maximum(f.product[a, a], f.product[b, b]) / f.visits + f.shift[a] ** 2 + f.shift[b] ** 2
    below = np.where(np.minimum(xx, yy) > 1e-15 * scale, np.sqrt(np.maximum(xx, 0) * np.maximum(yy, 0)), 0.0)
    return np.clip(ratio(xy, below), -1, 1)


def group(queries: Sequence[Query], policy: str) -> Mapping[Levels, list[int]]:
    """Positions of the forward queries asked under ``policy``, by the start they ask from."""
    by_start: dict[Levels, list[int]] = {}
    for i, query in enumerate(queries):
        if query.under in (None, policy) and query.kind not in ("most", "least"):
            by_start.setdefault(query.start, []).append(i)
    return by_start
