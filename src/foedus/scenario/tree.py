"""Expressions as trees of plain tuples: what they read, what they come to, and how they are made simpler.

Equal expressions are equal objects and can share one coefficient:

    ("num", 0.5) ("state", "tension") ("asm", "p_rise") ("t",)
    ("neg"|"not", a) ("+"|"-"|"*"|"/"|"**", a, b) ("=="|"!="|"<"|"<="|">"|">=", a, b)
    ("query", Query)  # only in claims, see scenario.query
    ("and"|"or", a, b, ...) ("if", condition, a, b) ("min"|"max"|"abs"|..., a, ...)

Truth is 1.0 and 0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

Tree = tuple[Any, ...]
LEAVES = ("num", "state", "asm", "t", "query")


def number(value: float) -> Tree:
    """A constant."""
    return ("num", float(value))


def constant(tree: Tree) -> float:
    """The value of a tree that reads nothing."""
    return float(evaluate(tree, {}, {}))


def sum_of(trees: list[Tree]) -> Tree:
    """The sum of some trees."""
    total = trees[0]
    for tree in trees[1:]:
        total = ("+", total, tree)
    return total


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
    """The value of a tree; states, assumptions and ``t`` may be arrays that broadcast."""
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
    return _APPLY[kind](*[_evaluate(part, state, assumptions, t) for part in tree[1:]])


def _power(a: Any, b: Any) -> Any:
    return np.power(np.asarray(a, dtype=float), b)


def _reduce(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def apply(*parts: Any) -> Any:
        result = parts[0]
        for part in parts[1:]:
            result = function(result, part)
        return result

    return apply


def _truth(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *parts: np.asarray(function(*parts), dtype=float)


_APPLY: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "not": _truth(lambda a: np.asarray(a) == 0),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: np.divide(a, b),
    "**": _power,
    "==": _truth(np.equal),
    "!=": _truth(np.not_equal),
    "<": _truth(np.less),
    "<=": _truth(np.less_equal),
    ">": _truth(np.greater),
    ">=": _truth(np.greater_equal),
    "and": _truth(_reduce(lambda a, b: (np.asarray(a) != 0) & (np.asarray(b) != 0))),
    "or": _truth(_reduce(lambda a, b: (np.asarray(a) != 0) | (np.asarray(b) != 0))),
    "if": lambda c, a, b: np.where(np.asarray(c) != 0, a, b),
    "min": _reduce(np.minimum),
    "max": _reduce(np.maximum),
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "clip": lambda a, lo, hi: np.minimum(np.maximum(a, lo), hi),
}


def fold(tree: Tree, state: Mapping[str, float] | None = None) -> Tree:
    """The tree with known state values put in and constant parts computed."""
    kind = tree[0]
    if kind == "state" and state is not None and tree[1] in state:
        return number(state[tree[1]])
    if kind in LEAVES:
        return tree
    parts = [fold(part, state) for part in tree[1:]]
    if all(part[0] == "num" for part in parts):
        with np.errstate(all="ignore"):
            return number(float(_APPLY[kind](*(np.float64(part[1]) for part in parts))))
    return _simplify(kind, parts)


def _simplify(kind: str, parts: list[Tree]) -> Tree:
    """Drops what cannot matter: a false conjunct, a known branch, a factor of one."""
    if kind == "and":
        if any(part == ("num", 0.0) for part in parts):
            return number(0)
        parts = [part for part in parts if part[0] != "num"]
        return (kind, *parts) if len(parts) > 1 else ("!=", parts[0], number(0))
    if kind == "or":
        if any(part[0] == "num" and part[1] != 0 for part in parts):
            return number(1)
        parts = [part for part in parts if part[0] != "num"]
        return (kind, *parts) if len(parts) > 1 else ("!=", parts[0], number(0))
    if kind == "if" and parts[0][0] == "num":
        return parts[1] if parts[0][1] != 0 else parts[2]
    one, zero = number(1), number(0)
    if kind == "*" and one in parts:
        return parts[1] if parts[0] == one else parts[0]
    if kind == "+" and zero in parts:
        return parts[1] if parts[0] == zero else parts[0]
    if kind in "-/" and parts[1] == (zero if kind == "-" else one):
        return parts[0]
    return (kind, *parts)
