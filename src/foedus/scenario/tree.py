"""Expressions as trees of plain tuples: what they read, what they come to, and how they are made simpler.

Equal expressions are equal objects and can share one coefficient:

    ("num", 0.5) ("state", "tension") ("asm", "p_rise") ("t",)
    ("query", Query)  # only in claims, see scenario.query
    (operation, a, ...)  # one of those in scenario.functions, as in ("+", a, b)

Truth is 1.0 and 0.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.scenario.functions import COMPARISONS, OPERATIONS

Tree = tuple[Any, ...]
Slopes = dict[Any, Floats]  # by what is moved
LEAVES = ("num", "state", "asm", "t", "query")
_FEW = 32  # summed one after another
TRUTHS = (*COMPARISONS, "and", "or", "not")


def number(value: float) -> Tree:
    """A constant."""
    return ("num", float(value))


def constant(tree: Tree) -> float:
    """The value of a tree that reads nothing."""
    return float(evaluate(tree, {}, {}))


def sum_of(trees: list[Tree]) -> Tree:
    """The sum of some trees; of many it is halved again and again, so that it does not nest deeply."""
    if len(trees) > _FEW:
        middle = len(trees) // 2
        return ("+", sum_of(trees[:middle]), sum_of(trees[middle:]))
    return reduce(lambda total, tree: ("+", total, tree), trees)


def leaves(tree: Tree) -> Iterator[Tree]:
    """Every leaf of a tree."""
    if tree[0] in LEAVES:
        yield tree
        return
    for part in tree[1:]:
        yield from leaves(part)


def state_names(tree: Tree) -> frozenset[str]:
    """The state variables that a tree reads."""
    return frozenset(leaf[1] for leaf in leaves(tree) if leaf[0] == "state")


def assumption_names(tree: Tree) -> frozenset[str]:
    """The assumptions that a tree reads."""
    return frozenset(leaf[1] for leaf in leaves(tree) if leaf[0] == "asm")


def reads_time(tree: Tree) -> bool:
    """Whether a tree depends on the period."""
    return any(leaf[0] == "t" for leaf in leaves(tree))


def evaluate(tree: Tree, state: Mapping[str, Any], assumptions: Mapping[str, Any], t: Any = 0) -> Any:
    """The value of a tree; states, assumptions and ``t`` may be arrays that broadcast.

    A number that is undefined is NaN; a truth that hangs on one does not hold, negated or not.
    """
    value = undecided(tree, state, assumptions, t)
    return np.where(np.isnan(value), 0.0, value) if tree[0] in TRUTHS else value


def undecided(tree: Tree, state: Mapping[str, Any], assumptions: Mapping[str, Any], t: Any = 0) -> Any:
    """The same, with NaN for truths too that hang on an undefined number."""
    with np.errstate(all="ignore"):
        return _evaluate(tree, state, assumptions, t)


def _evaluate(tree: Tree, state: Mapping[str, Any], assumptions: Mapping[str, Any], t: Any) -> Any:
    kind = tree[0]
    if kind == "num":
        return tree[1]
    if kind == "state":
        return state[tree[1]]
    if kind in ("asm", "query"):
        return assumptions[tree[1]]
    if kind == "t":
        return t
    return OPERATIONS[kind].value(*[_evaluate(part, state, assumptions, t) for part in tree[1:]])


def fold(tree: Tree, state: Mapping[str, float] | None = None) -> Tree:
    """The tree with known state values put in and constant parts computed. A truth that is undefined in a state does not
    hold there."""
    folded = _fold(tree, state)
    unknown = state is not None and tree[0] in TRUTHS and folded[0] == "num" and np.isnan(folded[1])
    return number(0) if unknown else folded


def _fold(tree: Tree, state: Mapping[str, float] | None) -> Tree:
    kind = tree[0]
    if kind == "state" and state is not None and tree[1] in state:
        return number(state[tree[1]])
    if kind in LEAVES:
        return tree
    parts = [_fold(part, state) for part in tree[1:]]
    if all(part[0] == "num" for part in parts):
        with np.errstate(all="ignore"):
            return number(float(OPERATIONS[kind].value(*(np.float64(part[1]) for part in parts))))
    return _simplify(kind, parts)


def _simplify(kind: str, parts: list[Tree]) -> Tree:
    """Drops what cannot matter: a false conjunct, a known branch, a factor of one."""
    if kind in ("and", "or"):
        known = [part for part in parts if part[0] == "num" and not np.isnan(part[1])]
        if any((part[1] != 0) == (kind == "or") for part in known):
            return number(kind == "or")
        parts = [part for part in parts if part not in known]
        return (kind, *parts) if len(parts) > 1 else ("!=", parts[0], number(0))
    if kind == "if" and parts[0][0] == "num":
        return parts[1] if parts[0][1] != 0 and not np.isnan(parts[0][1]) else parts[2]
    neutral = {"+": number(0), "-": number(0), "*": number(1), "/": number(1)}.get(kind)
    if neutral is not None and parts[1] == neutral:
        return parts[0]
    if kind in ("+", "*") and parts[0] == neutral:
        return parts[1]
    return (kind, *parts)


def differentiate(
    tree: Tree, values: Mapping[Any, Any], slopes: Mapping[Any, Mapping[Any, Floats]], t: Any = 0
) -> tuple[Any, Slopes]:
    """The value of a tree without state, and its slope in everything that ``slopes`` says its names move with.

    ``values`` gives each name (and each query of a claim) its value, ``slopes`` its own slopes; names without are constant.
    Exact: each operation carries the slopes of its parts along (forward mode; Griewank and Walther 2008, chapter 3). Steps
    have slope 0. Where ``min``, ``max``, ``clip``, ``abs`` and ``if`` have a kink the slope is that of the side that is taken.
    """
    kind = tree[0]
    if kind in ("asm", "query"):
        return values[tree[1]], dict(slopes.get(tree[1], {}))
    if kind in LEAVES:
        return evaluate(tree, {}, values, t), {}
    parts = [differentiate(part, values, slopes, t) for part in tree[1:]]
    numbers, operation = [part[0] for part in parts], OPERATIONS[kind]
    with np.errstate(all="ignore"):
        value = operation.value(*numbers)
        total: Slopes = {}
        for i, (_, moving) in enumerate(parts):
            if operation.slope is None or not moving:
                continue
            rate = operation.slope(i, numbers, value)
            for name, slope in moving.items():
                # what does not move adds nothing, even where the rate is infinite
                total[name] = total.get(name, 0.0) + np.where(np.asarray(slope) == 0, 0.0, rate * slope)
    return value, total


def text(tree: Tree, levels: Mapping[str, Sequence[str]] | None = None) -> str:
    """A tree as people write it; a number that a variable is compared with by its name in ``levels``."""
    kind = tree[0]
    if kind == "num":
        return f"{tree[1]:g}"
    if kind in LEAVES:
        return "t" if kind == "t" else str(tree[1])
    parts = [text(part, levels) for part in tree[1:]]
    if levels and kind in COMPARISONS and tree[1][0] == "state" and tree[2][0] == "num":
        names, level = levels[tree[1][1]], tree[2][1]
        if level in range(len(names)):
            parts[1] = names[int(level)]
    return OPERATIONS[kind].written(parts)
