"""Derivatives of expressions, exact: each operation carries the slopes of its parts along (forward mode).

Griewank and Walther 2008, chapter 3. Comparisons and truths have slope 0. Where ``min``, ``max``, ``clip``, ``abs`` and
``if`` have a kink the slope is that of the side that is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.scenario.expr import LEAVES, Tree, evaluate

Slopes = dict[Any, Floats]  # by what is moved


def differentiate(
    tree: Tree, values: Mapping[Any, Any], slopes: Mapping[Any, Mapping[Any, Floats]], t: Any = 0
) -> tuple[Any, Slopes]:
    """The value of a tree without state, and its slope in everything that ``slopes`` says its names move with.

    ``values`` gives each name (and each query of a claim) its value, ``slopes`` its own slopes; names without are constant.
    """
    kind = tree[0]
    if kind in ("asm", "query"):
        return values[tree[1]], dict(slopes.get(tree[1], {}))
    if kind in LEAVES:
        return evaluate(tree, {}, values, t), {}
    parts = [differentiate(part, values, slopes, t) for part in tree[1:]]
    found = [part[0] for part in parts]
    rates = _RATES.get(kind)
    with np.errstate(all="ignore"):
        numbered = {str(i): part for i, part in enumerate(found)}
        value = evaluate((kind, *(("asm", name) for name in numbered)), {}, numbered)
        moving = [i for i, part in enumerate(parts) if part[1]]
        if rates is None or not moving:
            return value, {}
        total: Slopes = {}
        for i in moving:
            rate = rates(i, found, value)
            for name, slope in parts[i][1].items():
                total[name] = total.get(name, 0.0) + np.where(np.asarray(slope) == 0, 0.0, rate * slope)
    return value, total


def _power(i: int, x: list[Any], value: Any) -> Any:
    base = np.asarray(x[0], float)
    return x[1] * np.power(base, np.asarray(x[1], float) - 1) if i == 0 else value * np.log(base)


def _taken(x: list[Any], which: Callable[[Any], Any]) -> Any:
    """Which part of a minimum or maximum is taken, the first of equals."""
    return which(np.stack(np.broadcast_arrays(*(np.asarray(part, float) for part in x))))


def _clip(i: int, x: list[Any], value: Any) -> Any:
    a, low, high = (np.asarray(part, float) for part in x)
    raised = np.maximum(a, low)
    cut = raised > high
    return np.where(cut, i == 2, np.where(a < low, i == 1, i == 0))


_RATES: dict[str, Callable[[int, list[Any], Any], Any]] = {
    "neg": lambda i, x, value: -1.0,
    "+": lambda i, x, value: 1.0,
    "-": lambda i, x, value: 1.0 - 2.0 * i,
    "*": lambda i, x, value: x[1 - i],
    "/": lambda i, x, value: 1.0 / np.asarray(x[1], float) if i == 0 else -value / np.asarray(x[1], float),
    "**": _power,
    "if": lambda i, x, value: 0.0 if i == 0 else np.where((np.asarray(x[0]) != 0) == (i == 1), 1.0, 0.0),
    "min": lambda i, x, value: np.where(_taken(x, lambda s: s.argmin(axis=0)) == i, 1.0, 0.0),
    "max": lambda i, x, value: np.where(_taken(x, lambda s: s.argmax(axis=0)) == i, 1.0, 0.0),
    "abs": lambda i, x, value: np.sign(x[0]),
    "exp": lambda i, x, value: value,
    "log": lambda i, x, value: 1.0 / np.asarray(x[0], float),
    "clip": _clip,
}
