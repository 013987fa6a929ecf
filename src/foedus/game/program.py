"""Coefficients: every distinct number of a game, evaluated once per world.

A coefficient is a tree over assumptions and time, its state values put in. Equal trees
are one coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foedus.scenario.errors import FoedusError
from foedus.scenario.expr import Tree, assumption_names, evaluate, fold, number, reads_time, state_names

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Range:
    """What a coefficient must lie in, and what it is, for the error that says it does not."""

    coefficient: int
    low: float
    high: float
    what: str


class WorldError(FoedusError):
    """A number that is impossible in some world; ``world`` is its index among those given."""

    def __init__(self, message: str, world: int):
        super().__init__(message)
        self.world = world


class Program:
    """The coefficients of one game. ``periods`` is the number of solved periods."""

    def __init__(self, periods: int):
        self.periods = periods
        self.trees: list[Tree] = []
        self.ranges: dict[tuple[int, float, float], Range] = {}
        self._index: dict[Tree, int] = {}

    def add(self, tree: Tree, low: float = -np.inf, high: float = np.inf, what: str = "a number") -> int:
        """The id of the coefficient that ``tree`` (free of state) is."""
        index = self._index.get(tree)
        if index is None:
            index = self._index[tree] = len(self.trees)
            self.trees.append(tree)
        if low > -np.inf or high < np.inf:
            self.ranges.setdefault((index, low, high), Range(index, low, high, what))
        return index

    def constant(self, index: int) -> float | None:
        """The value of a coefficient that no world changes, else None."""
        tree = self.trees[index]
        return float(tree[1]) if tree[0] == "num" else None

    def constants(self) -> Floats:
        """The value of every coefficient that no world changes, NaN for the others."""
        return np.array([tree[1] if tree[0] == "num" else np.nan for tree in self.trees], float)

    def copy(self) -> Program:
        """A program that can grow without changing this one."""
        twin = Program(self.periods)
        twin.trees, twin.ranges, twin._index = list(self.trees), dict(self.ranges), dict(self._index)
        return twin

    def spread(self, tree: Tree, columns: Mapping[str, NDArray[np.int8]], rows: int, low: float = -np.inf,
               high: float = np.inf, what: str = "a number") -> Ints:  # fmt: skip
        """The coefficient id of ``tree`` in each of ``rows`` states given by level columns."""
        names = sorted(state_names(tree))
        if not names or rows == 0:
            return np.full(rows, self.add(fold(tree), low, high, what) if rows else 0, np.int32)
        table = np.stack([columns[name] for name in names], axis=1)
        combinations, inverse = np.unique(table, axis=0, return_inverse=True)
        if not assumption_names(tree) and not reads_time(tree):
            state = {name: combinations[:, i].astype(float) for i, name in enumerate(names)}
            values = np.broadcast_to(np.asarray(evaluate(tree, state, {}), float), len(combinations))
            ids = [self.add(number(value), low, high, what) for value in values]
        else:
            ids = [
                self.add(fold(tree, dict(zip(names, map(float, levels), strict=True))), low, high, what)
                for levels in combinations
            ]
        return np.asarray(ids, np.int32)[inverse.ravel()]

    def layout(self) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
        """(offset, timed, rows): coefficient c at period t is row ``offset[c] + t * timed[c]``."""
        timed = np.array([reads_time(tree) for tree in self.trees], np.int32)
        sizes = np.where(timed == 1, self.periods, 1)
        offset = np.concatenate([[0], np.cumsum(sizes)])
        return offset[:-1].astype(np.int32), timed, int(offset[-1])

    def evaluate(self, env: Mapping[str, Floats], width: int) -> Floats:
        """Every coefficient in ``width`` worlds: an array [rows, width].

        Raises WorldError where a number is not finite or outside its range.
        """
        offset, timed, rows = self.layout()
        table = np.empty((rows, width))
        times = np.arange(self.periods, dtype=float)[:, None]
        for c, tree in enumerate(self.trees):
            if tree[0] == "num":
                table[offset[c]] = tree[1]
            elif timed[c]:
                table[offset[c] : offset[c] + self.periods] = evaluate(tree, {}, env, times)
            else:
                table[offset[c]] = evaluate(tree, {}, env)
        if not np.isfinite(table).all():
            row, world = np.argwhere(~np.isfinite(table))[0]
            c = int(np.searchsorted(offset, row, side="right")) - 1
            raise WorldError(f"{text(self.trees[c])} is not a finite number", int(world))
        self._check(table, offset, timed)
        return table

    def _check(self, table: Floats, offset: Ints, timed: Ints) -> None:
        """Clips rounding at the edges of ranges; raises where a value lies outside."""
        for bound in self.ranges.values():
            start = offset[bound.coefficient]
            values = table[start : start + (self.periods if timed[bound.coefficient] else 1)]
            slack = 1e-9
            bad = (values < bound.low - slack) | (values > bound.high + slack)
            if bad.any():
                world = int(np.argwhere(bad)[0][1])
                value = values[bad][0]
                limits = (
                    f"at least {bound.low:g}" if bound.high == np.inf else f"between {bound.low:g} and {bound.high:g}"
                )
                tree = text(self.trees[bound.coefficient])
                raise WorldError(f"{bound.what} must be {limits}, but {tree} is {value:.6g}", world)
            low = min(bound.low, 0.0) if bound.low == 0 else bound.low
            np.clip(values, low, bound.high, out=values)


def text(tree: Tree) -> str:
    """A tree as people write it."""
    kind = tree[0]
    if kind == "num":
        return f"{tree[1]:g}"
    if kind in ("state", "asm"):
        return str(tree[1])
    if kind == "t":
        return "t"
    parts = [text(part) for part in tree[1:]]
    if kind == "neg":
        return f"-{parts[0]}"
    if kind == "not":
        return f"not {parts[0]}"
    if kind == "if":
        return f"({parts[1]} if {parts[0]} else {parts[2]})"
    if kind in ("min", "max", "abs", "exp", "log", "clip"):
        return f"{kind}({', '.join(parts)})"
    return "(" + f" {kind} ".join(parts) + ")"
