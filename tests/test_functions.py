"""The table of operations: whatever stands in it can be read, evaluated, differentiated, written and looked up."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foedus.scenario import functions
from foedus.scenario.expressions import Scope, parse
from foedus.scenario.functions import FUNCTIONS, OPERATIONS, OPERATORS, Operation
from foedus.scenario.tree import Tree, differentiate, evaluate, text

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
NAMES = ("a", "b", "c")
SCOPE = Scope(assumptions=frozenset(NAMES))
SQRT = Operation("sqrt", (1, 1), np.sqrt, lambda i, x, v: 0.5 / v, lambda s: f"sqrt({s[0]})", "the square root")
numbers = st.floats(0.3, 3.0)


def applied(name: str) -> Tree:
    """The operation on a, b and c, as many as it takes (three where it takes many)."""
    least, most = OPERATIONS[name].arguments
    return (name, *(("asm", n) for n in NAMES[: min(most, 3) if most > least else least]))


@pytest.mark.parametrize("name", OPERATIONS)
@given(numbers, numbers, numbers)
def test_slopes_are_those_of_the_values(name: str, a: float, b: float, c: float) -> None:
    """Against central differences, away from kinks and steps."""
    values, tree, step = dict(zip(NAMES, (a, b, c))), applied(name), 1e-6
    assume(min(abs(a - b), abs(a - c), abs(b - c)) > 1e-3)
    value, slopes = differentiate(tree, values, {n: {n: np.ones(())} for n in NAMES})
    assert float(value) == float(evaluate(tree, {}, values))
    for n in NAMES:
        up, down = (float(evaluate(tree, {}, {**values, n: values[n] + s})) for s in (step, -step))
        assert float(slopes.get(n, 0.0)) == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", OPERATIONS)
@given(numbers, numbers, numbers)
def test_what_is_written_reads_as_the_same(name: str, a: float, b: float, c: float) -> None:
    values, tree = {"a": a, "b": b, "c": c}, applied(name)
    again = parse(text(tree), SCOPE)
    assert again == tree and text(again) == text(tree)
    assert float(evaluate(again, {}, values)) == float(evaluate(tree, {}, values))


@pytest.mark.parametrize("name", OPERATIONS)
def test_values_go_through_arrays_one_by_one(name: str) -> None:
    grid = {n: np.random.default_rng(i).uniform(0.3, 3, 20) for i, n in enumerate(NAMES)}
    whole = np.broadcast_to(evaluate(applied(name), {}, grid), 20)
    single = [float(evaluate(applied(name), {}, {n: grid[n][i] for n in NAMES})) for i in range(20)]
    np.testing.assert_array_equal(whole, single)


def test_one_row_adds_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "sqrt", SQRT)
    monkeypatch.setitem(OPERATIONS, "sqrt", SQRT)
    tree = parse("1 + sqrt(a)", SCOPE)
    assert text(tree) == "(1 + sqrt(a))"
    value, slopes = differentiate(tree, {"a": np.array([4.0, 9.0])}, {"a": {"a": np.ones(2)}})
    np.testing.assert_array_equal(value, [3, 4])
    np.testing.assert_allclose(slopes["a"], [1 / 4, 1 / 6])


def test_a_missing_column_or_a_second_row_is_an_error() -> None:
    whole: dict[str, Any] = {field.name: getattr(SQRT, field.name) for field in fields(SQRT)}
    for name in whole:
        with pytest.raises(TypeError, match=name):
            Operation(**{key: value for key, value in whole.items() if key != name})
    with pytest.raises(ValueError, match="twice"):
        functions._table(SQRT, SQRT)


def test_the_documentation_tells_of_every_function() -> None:
    for name, row in FUNCTIONS.items():
        assert re.search(rf"^\| `{name}\(.*`.* \| {re.escape(row.means)} \|$", PAGE, re.MULTILINE), name
    assert not FUNCTIONS.keys() & OPERATORS.keys()
