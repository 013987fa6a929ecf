"""What an expression can do with numbers: one table of operators and functions, read by all who deal with expressions.

A new function is one row of ``FUNCTIONS``; a row that lacks a column is an error when this module is imported. Reading
(``expressions``), values, slopes and text (``tree``) and the documentation all go by this table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

Value = Callable[..., Any]
Slope = Callable[[int, Sequence[Any], Any], Any]
Written = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Operation:
    """One operator or function. Numbers may be arrays that broadcast; truth is 1.0 and 0.0."""

    name: str
    arguments: tuple[int, int]  # the least and the most
    value: Value  # of (*numbers): what it comes to
    slope: Slope | None  # of (i, numbers, value): the partial derivative in argument i; None for steps, which are flat
    written: Written  # of (texts): how it is written, from its arguments' texts
    means: str  # in words, for the documentation


def _function(name: str, arguments: tuple[int, int], value: Value, slope: Slope | None, means: str) -> Operation:
    """A function: called by its name."""
    return Operation(name, arguments, value, slope, lambda texts: f"{name}({', '.join(texts)})", means)


def _between(name: str, arguments: tuple[int, int], value: Value, slope: Slope | None, means: str) -> Operation:
    """An operator that stands between its numbers."""
    return Operation(name, arguments, value, slope, lambda texts: f"({f' {name} '.join(texts)})", means)


def _reduced(function: Callable[[Any, Any], Any]) -> Value:
    return lambda *parts: reduce(function, parts)


def _defined(function: Value) -> Value:
    """The same, undefined (NaN) where the result is no finite number: 0/0, 1/0, the logarithm of nothing."""

    def value(*parts: Any) -> Any:
        result = function(*parts)
        return np.where(np.isfinite(result), result, np.nan)

    return value


def _truth(function: Value) -> Value:
    """A comparison: undefined where one of its sides is."""

    def value(*parts: Any) -> Any:
        known = np.logical_and.reduce([np.isfinite(part) for part in np.broadcast_arrays(*parts)])
        return np.where(known, function(*parts), np.nan)

    return value


# Undefined truths go on as in Kleene's logic (1938): they decide nothing that a defined part does not decide alone.
def _and(*parts: Any) -> Any:
    truths = np.stack(np.broadcast_arrays(*(np.asarray(part, float) for part in parts)))
    return np.where((truths == 0).any(axis=0), 0.0, np.where(np.isnan(truths).any(axis=0), np.nan, 1.0))


def _or(*parts: Any) -> Any:
    truths = np.stack(np.broadcast_arrays(*(np.asarray(part, float) for part in parts)))
    unknown = np.isnan(truths)
    holds = ((truths != 0) & ~unknown).any(axis=0)
    return np.where(holds, 1.0, np.where(unknown.any(axis=0), np.nan, 0.0))


def _not(a: Any) -> Any:
    return np.where(np.isnan(a), np.nan, np.asarray(a) == 0)


def _if(c: Any, a: Any, b: Any) -> Any:
    return np.where((np.asarray(c) != 0) & ~np.isnan(c), a, b)


def _if_slope(i: int, x: Sequence[Any], value: Any) -> Any:
    return 0.0 if i == 0 else np.where((np.asarray(x[0]) != 0) == (i == 1), 1.0, 0.0)


def _ratio_slope(i: int, x: Sequence[Any], value: Any) -> Any:
    return (1.0 if i == 0 else -value) / np.asarray(x[1], float)


def _power_slope(i: int, x: Sequence[Any], value: Any) -> Any:
    base = np.asarray(x[0], float)
    return x[1] * np.power(base, np.asarray(x[1], float) - 1) if i == 0 else value * np.log(base)


def _least_slope(i: int, x: Sequence[Any], value: Any) -> Any:
    columns = np.stack(np.broadcast_arrays(*(np.asarray(part, float) for part in x)))
    return np.where(columns.argmin(axis=0) == i, 1.0, 0.0)  # the first of equals is taken


def _greatest_slope(i: int, x: Sequence[Any], value: Any) -> Any:
    return _least_slope(i, [np.negative(part) for part in x], value)


def _clip(a: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(a, low), high)


def _clip_slope(i: int, x: Sequence[Any], value: Any) -> Any:
    a, low, high = (np.asarray(part, float) for part in x)
    cut = np.maximum(a, low) > high
    return np.where(cut, i == 2, np.where(a < low, i == 1, i == 0))


def _table(*rows: Operation) -> dict[str, Operation]:
    table = {row.name: row for row in rows}
    if len(table) < len(rows):
        raise ValueError("an operation stands in the table twice")
    return table


_MANY = 20  # arguments of min and max, and
OPERATORS = _table(
    Operation("neg", (1, 1), lambda a: -a, lambda i, x, v: -1.0, lambda s: f"-{s[0]}", "minus a"),
    _between("+", (2, 2), lambda a, b: a + b, lambda i, x, v: 1.0, "a plus b"),
    _between("-", (2, 2), lambda a, b: a - b, lambda i, x, v: 1.0 - 2.0 * i, "a minus b"),
    _between("*", (2, 2), lambda a, b: a * b, lambda i, x, v: x[1 - i], "a times b"),
    _between("/", (2, 2), _defined(np.divide), _ratio_slope, "a divided by b"),
    _between("**", (2, 2), _defined(lambda a, b: np.power(np.asarray(a, float), b)), _power_slope, "a to the power b"),
    _between("==", (2, 2), _truth(np.equal), None, "a equals b"),
    _between("!=", (2, 2), _truth(np.not_equal), None, "a differs from b"),
    _between("<", (2, 2), _truth(np.less), None, "a is below b"),
    _between("<=", (2, 2), _truth(np.less_equal), None, "a is at most b"),
    _between(">", (2, 2), _truth(np.greater), None, "a is above b"),
    _between(">=", (2, 2), _truth(np.greater_equal), None, "a is at least b"),
    Operation("not", (1, 1), _not, None, lambda s: f"not {s[0]}", "a does not hold"),
    _between("and", (2, _MANY), _and, None, "all hold"),
    _between("or", (2, _MANY), _or, None, "one holds"),
    Operation("if", (3, 3), _if, _if_slope, lambda s: f"({s[1]} if {s[0]} else {s[2]})", "a where c holds, else b"),
)
# what is called by name
FUNCTIONS = _table(
    _function("min", (1, _MANY), _reduced(np.minimum), _least_slope, "the least of the numbers"),
    _function("max", (1, _MANY), _reduced(np.maximum), _greatest_slope, "the greatest of the numbers"),
    _function("abs", (1, 1), np.abs, lambda i, x, v: np.sign(x[0]), "the number without its sign"),
    _function("exp", (1, 1), _defined(np.exp), lambda i, x, v: v, "e to the power of the number"),
    _function("log", (1, 1), _defined(np.log), lambda i, x, v: 1.0 / np.asarray(x[0], float), "the natural logarithm"),
    _function("clip", (3, 3), _clip, _clip_slope, "the first number, kept between the second and the third"),
)
OPERATIONS = OPERATORS | FUNCTIONS
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
