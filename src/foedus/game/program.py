"""Coefficients: every distinct number of a game, evaluated once per world.

A coefficient is a tree over assumptions and time, its state values put in. Equal trees are one coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats, Ints
from foedus.errors import FoedusError
from foedus.scenario.tree import Tree, assumption_names, evaluate, fold, number, reads_time, state_names, text

INF = np.inf
Columns = Mapping[str, NDArray[np.int8]]


@dataclass(frozen=True)
class Range:
    """What a coefficient must lie in, and what it is, for the error that says it does not."""

    coefficient: int
    low: float
    high: float
    what: str

    @property
    def limits(self) -> str:
        """What is allowed, in words."""
        if self.low == self.high:
            return f"{self.low:g}"
        return f"at least {self.low:g}" if self.high == INF else f"between {self.low:g} and {self.high:g}"


class WorldError(FoedusError):
    """A number that is impossible in a world (its index among those given), and the phase, actor or so that it is of."""

    def __init__(self, message: str, world: int, about: str = ""):
        super().__init__(message)
        self.world, self.about = world, about


class Memo:
    """Values of coefficients in one set of worlds, for games and versions of games that read the same numbers."""

    def __init__(self) -> None:
        self.env: dict[str, Floats] = {}
        self.values: dict[Tree, Floats] = {}

    def changed(self, env: Mapping[str, Floats]) -> set[str]:
        """The assumptions whose values differ from those that the kept values were worked out from."""
        for name, x in env.items():
            self.env.setdefault(name, x)
        return {name for name, x in env.items() if self.env[name] is not x and not np.array_equal(self.env[name], x)}


class _Plan(NamedTuple):
    """How a program fills its table: made once it has grown to its size."""

    size: tuple[int, int]  # of the program that it was made for
    offset: Ints  # [coefficients + 1] the last is the number of rows
    timed: Ints
    constant: Floats  # [rows] NaN where a row has to be worked out
    open: list[tuple[int, Tree, frozenset[str]]]  # coefficients to work out, and the assumptions that each reads
    low: Floats  # [rows]
    high: Floats


class Program:
    """The coefficients of one game. ``periods`` is the number of solved periods."""

    def __init__(self, periods: int):
        self.periods = periods
        self.trees: list[Tree] = []
        self.ranges: dict[tuple[int, float, float], Range] = {}
        self._index: dict[Tree, int] = {}
        self._constants: list[float] = []
        self._layout: _Plan | None = None

    def add(self, tree: Tree, low: float = -INF, high: float = INF, what: str = "a number") -> int:
        """The id of the coefficient that ``tree`` (free of state) is."""
        index = self._index.get(tree)
        if index is None:
            index = self._index[tree] = len(self.trees)
            self.trees.append(tree)
            self._constants.append(tree[1] if tree[0] == "num" else np.nan)
        if low > -INF or high < INF:
            self.ranges.setdefault((index, low, high), Range(index, low, high, what))
        return index

    def constants(self) -> Floats:
        """The value of every coefficient that no world changes, NaN for the others."""
        return np.array(self._constants, float)

    def copy(self) -> Program:
        """A program that can grow without changing this one."""
        twin = Program(self.periods)
        twin.trees, twin.ranges, twin._index = list(self.trees), dict(self.ranges), dict(self._index)
        twin._constants = list(self._constants)
        return twin

    def spread(
        self, tree: Tree, columns: Columns, rows: int, low: float = -INF, high: float = INF, what: str = "a number"
    ) -> Ints:
        """The coefficient id of ``tree`` in each of ``rows`` states given by level columns.

        Only the different combinations of the levels that the tree reads are looked at: few, however many states there are.
        """
        names = sorted(state_names(tree))
        if not names or rows == 0:
            return np.full(rows, self.add(fold(tree), low, high, what) if rows else 0, np.int32)
        combinations, inverse = _combinations([columns[name] for name in names])
        if not assumption_names(tree) and not reads_time(tree):  # plain numbers, all worked out at once
            state = {name: combinations[:, i].astype(float) for i, name in enumerate(names)}
            values = np.broadcast_to(np.asarray(evaluate(tree, state, {}), float), len(combinations))
            if not np.isfinite(values).all():
                raise FoedusError(_infinite(tree, names, combinations[~np.isfinite(values)][0]))
            ids = [self.add(number(value), low, high, what) for value in values]
        else:
            states = [dict(zip(names, map(float, levels), strict=True)) for levels in combinations]
            ids = [self.add(fold(tree, state), low, high, what) for state in states]
        return np.asarray(ids, np.int32)[inverse]

    def layout(self) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
        """(offset, timed, rows): coefficient c at period t is row ``offset[c] + t * timed[c]``."""
        plan = self._plan()
        return plan.offset[:-1], plan.timed, int(plan.offset[-1])

    def _plan(self) -> _Plan:
        size = len(self.trees), len(self.ranges)
        if self._layout is None or self._layout.size != size:
            timed = np.array([reads_time(tree) for tree in self.trees], np.int32)
            lengths = np.where(timed == 1, self.periods, 1)
            offset = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
            low, high = np.full(offset[-1], -INF), np.full(offset[-1], INF)
            for bound in self.ranges.values():
                rows = slice(offset[bound.coefficient], offset[bound.coefficient + 1])
                low[rows], high[rows] = np.maximum(low[rows], bound.low), np.minimum(high[rows], bound.high)
            todo = [(c, tree, assumption_names(tree)) for c, tree in enumerate(self.trees) if tree[0] != "num"]
            self._layout = _Plan(size, offset, timed, np.repeat(self.constants(), lengths), todo, low, high)
        return self._layout

    def evaluate(self, env: Mapping[str, Floats], width: int, memo: Memo | None = None) -> Floats:
        """Every coefficient in ``width`` worlds: an array [rows, width].

        ``memo`` keeps what is worked out for the next game of the same worlds. WorldError where a number is impossible.
        """
        plan, times = self._plan(), np.arange(self.periods, dtype=float)[:, None]
        changed = memo.changed(env) if memo else set()
        table = np.repeat(plan.constant[:, None], width, axis=1)
        for c, tree, reads in plan.open:
            # numbers that read something changed are not kept: the memo stays that of the worlds it was begun with
            kept = None if memo is None or reads & changed else memo.values
            values = None if kept is None else kept.get(tree)
            if values is None:
                values = evaluate(tree, {}, env, times)
                if kept is not None:
                    kept[tree] = values
            table[plan.offset[c] : plan.offset[c + 1]] = values
        self._check(table, plan)
        return np.clip(table, plan.low[:, None], plan.high[:, None], out=table)

    def _check(self, table: Floats, plan: _Plan) -> None:
        """Raises where a value is not finite, or outside its range by more than rounding."""
        if not np.isfinite(table).all():
            row, world = np.argwhere(~np.isfinite(table))[0]
            c = int(np.searchsorted(plan.offset, row, side="right")) - 1
            raise WorldError(f"{text(self.trees[c])} is not a finite number", int(world))
        slack = 1e-9
        if not ((table < plan.low[:, None] - slack) | (table > plan.high[:, None] + slack)).any():
            return
        for bound in self.ranges.values():
            c = bound.coefficient
            values = table[plan.offset[c] : plan.offset[c + 1]]
            bad = (values < bound.low - slack) | (values > bound.high + slack)
            if bad.any():
                reason = f"{bound.what} must be {bound.limits}, but {text(self.trees[c])} is {values[bad][0]:.6g}"
                raise WorldError(reason, int(np.argwhere(bad)[0][1]), bound.what.split()[-1])


def _infinite(tree: Tree, names: list[str], levels: NDArray[np.int8]) -> str:
    where = " and ".join(f"{name} is {level}" for name, level in zip(names, levels, strict=True))
    return f"{text(tree)} is not a finite number where {where} (levels count from 0). Guard it with 'if ... else'."


def _combinations(columns: Sequence[NDArray[np.int8]]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """The different rows of a table given by its columns, in order, and which of them each row is."""
    sizes = [int(column.max()) + 1 for column in columns]
    key = np.zeros(len(columns[0]), np.int64)  # the levels as digits of one number
    for column, size in zip(columns, sizes, strict=True):
        key = key * size + column
    keys, inverse = np.unique(key, return_inverse=True)
    return np.stack(np.unravel_index(keys, sizes), axis=1).astype(np.int8), inverse
