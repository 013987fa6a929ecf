"""The expression language: what it means, and that nothing else is read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from foedus.scenario.errors import ExpressionError
from foedus.scenario.expressions import Scope, parse
from foedus.scenario.functions import FUNCTIONS
from foedus.scenario.query import (
    FORMS,
    QueryKind,
    QueryScope,
    Unit,
    parse_event,
    parse_query,
    parse_reading,
    queries_of,
    unit_of,
)
from foedus.scenario.tree import Tree, assumption_names, evaluate, fold, reads_time, state_names

SCOPE = Scope(
    {"tension": ("calm", "crisis", "war"), "talks": ("closed", "open"), "pact.applies": ("no", "yes")},
    frozenset({"risk", "russia.precision"}),
    lambda text: {"2024-08": 2, "2024-11": 5}[text],
)
QUERIES = QueryScope(
    SCOPE,
    {"russia": frozenset({"word"}), "china": frozenset()},
    {"press": frozenset({"hold", "yield"})},
    frozenset({"status_quo", "clear"}),
    periods=6,
)


def value(text: str, t: int = 0, **state: float) -> float:
    levels = {"tension": 1, "talks": 0, "pact.applies": 1, **state}
    return float(evaluate(parse(text, SCOPE), levels, {"risk": 0.25, "russia.precision": 4.0}, t))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("-2 ** 2", -4),
        ("7 / 2 - 1", 2.5),
        ("tension", 1),
        ("tension == crisis", 1),
        ("tension >= war", 0),
        ("crisis <= tension < war", 1),
        ("war > tension", 1),
        ("tension == crisis and talks == open", 0),
        ("tension == crisis or talks == open", 1),
        ("not talks", 1),
        ("risk * russia.precision", 1),
        ("pact.applies == yes", 1),
        ("3 if tension == war else 4", 4),
        ("min(tension, 0.5) + max(1, 2) + abs(-3)", 5.5),
        ("clip(5, 0, 1) + exp(0) + log(1)", 2),
        ("tension == max(crisis, calm)", 1),
        ("tension\n  == crisis", 1),
        ("t", 3),
        ('date >= "2024-08"', 1),
        ('"2024-11" <= date', 0),
        ('date < "2024-11"', 1),
    ],
)
def test_meaning(text: str, expected: float) -> None:
    assert value(text, t=3) == expected


def test_arrays_broadcast() -> None:
    tree = parse("risk if tension == war else 1 - risk", SCOPE)
    found = evaluate(tree, {"tension": np.array([[0], [2]])}, {"risk": np.array([0.1, 0.2, 0.3])})
    np.testing.assert_allclose(found, [[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])


def test_levels_of_the_target_stand_alone() -> None:
    assert parse("war", Scope(SCOPE.state, target="tension")) == ("num", 2.0)
    assert parse("min(tension + 1, war)", Scope(SCOPE.state, target="tension"))[2] == ("num", 2.0)


def test_what_a_tree_reads() -> None:
    tree = parse("risk * tension if t > 2 else russia.precision", SCOPE)
    assert state_names(tree) == {"tension"}
    assert assumption_names(tree) == {"risk", "russia.precision"}
    assert reads_time(tree) and not reads_time(parse("risk", SCOPE))


def test_python_keywords_are_names() -> None:
    scope = Scope({"yield": ("pass", "raise")}, frozenset({"import"}))
    tree = parse("yield == raise and import > 0", scope)
    assert state_names(tree) == {"yield"} and assumption_names(tree) == {"import"}
    (query,) = queries_of(parse_reading("rate(press.yield) > 0", QUERIES))
    assert query.names == ("press", "yield")


@pytest.mark.parametrize(
    ("text", "fragment", "offset"),
    [
        ("tensoin", "Did you mean 'tension'?", 0),
        ("1 + tensoin", "Did you mean 'tension'?", 4),
        ("  1 + tensoin", "Did you mean 'tension'?", 6),
        ("é + ö", "'é' is not known", 0),
        ("(risk) + (ö)", "'ö' is not known", 10),
        ("yield + ö", "'yield' is not known", 0),
        ("tension == crsis", "Did you mean 'crisis'?", 11),
        ("crisis", "It is a level of 'tension'", 0),
        ("talks == war", "It is a level of 'tension'", 9),
        ("sqrt(2)", "is not a function", 0),
        ("abs(1, 2)", "abs takes 1", 0),
        ("min(a=1)", "min takes 1 or more", 0),
        ("date", "compared with a quoted date", 0),
        ("date > 3", "compared with a quoted date", 7),
        ("risk ) 2", "is not an expression", 5),
        ("risk # why", "a comment cannot stand", 5),
        ("1 / 0", "not a finite number", 0),
        ("log(0 - 1)", "not a finite number", 0),
        ("9" * 400, "too large", 0),
        ("tension is war", "only == !=", 0),
        ("tension in (1, 2)", "only == !=", 0),
    ],
)
def test_errors_say_what_and_where(text: str, fragment: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, SCOPE)
    assert fragment in str(caught.value)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "open('/etc/passwd')",
        "().__class__",
        "tension.__class__",
        "[1]",
        "(1, 2)",
        "{1: 2}",
        "lambda: 1",
        "[x for x in y]",
        "f'{risk}'",
        "'text'",
        "b'x'",
        "1j",
        "...",
        "None",
        "risk[0]",
        "x := 1",
        "await risk",
        "*risk",
        "risk // 2",
        "risk % 2",
        "risk @ risk",
        "risk << 1",
        "~1",
        "1 & 2",
        "min(*risk)",
        "min(risk for risk in risk)",
        "a.b.c",
        "(risk).real",
        "print",
        "import os",
        "risk; risk",
        "",
        "   ",
        "\0",
        "-" * 3000 + "1",
        "(" * 300 + "1" + ")" * 300,
        "1" + "+1" * 1500,
        "1" * 5000,
        "\ud800",
    ],
)
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, SCOPE)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 10**400])
def test_numbers_are_finite(number: float) -> None:
    with pytest.raises(ExpressionError, match="finite"):
        parse(number, SCOPE)


leaf = st.sampled_from(
    [("state", "tension"), ("state", "talks"), ("asm", "risk"), ("asm", "word"), ("t",)]
) | st.integers(-3, 3).map(lambda n: ("num", float(n)))


def grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    pair = st.tuples(st.sampled_from(["+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">="]), inner, inner)
    several = st.tuples(st.sampled_from(["and", "or", "min", "max"]), inner, inner, inner)
    single = st.tuples(st.sampled_from(["neg", "not", "abs", "exp"]), inner)
    return pair | several | single | st.tuples(st.sampled_from(["if", "clip"]), inner, inner, inner)


trees: st.SearchStrategy[Tree] = st.recursive(leaf, grown, max_leaves=12)


def written(tree: Tree) -> str:
    kind, *parts = tree
    if kind in ("num", "state", "asm"):
        return f"({parts[0]!r})" if kind == "num" else parts[0]
    if kind == "t":
        return "t"
    inner = [written(part) for part in parts]
    if kind == "if":
        return f"({inner[1]} if {inner[0]} else {inner[2]})"
    if kind in ("neg", "not"):
        return f"({'-' if kind == 'neg' else 'not '}{inner[0]})"
    return f"{kind}({', '.join(inner)})" if kind in FUNCTIONS else "(" + f" {kind} ".join(inner) + ")"


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@settings(max_examples=300)
@given(trees, st.integers(0, 2), st.integers(0, 1), st.floats(-2, 2), st.floats(-2, 2), st.integers(0, 9))
def test_folding_changes_no_value(tree: Tree, tension: int, talks: int, risk: float, word: float, t: int) -> None:
    state, assumptions = {"tension": tension, "talks": talks}, {"risk": risk, "word": word}
    plain = float(evaluate(tree, state, assumptions, t))
    assume(math.isfinite(plain))
    for known in (None, {"tension": float(tension)}, {"tension": float(tension), "talks": float(talks)}):
        folded = fold(tree, known)
        assert same(float(evaluate(folded, state, assumptions, t)), plain)
        assert not (set(known or {}) & state_names(folded))
        assert fold(folded, known) == folded


@settings(max_examples=300)
@given(trees, st.integers(0, 2), st.floats(-2, 2), st.integers(0, 9))
def test_a_written_tree_reads_as_it_means(tree: Tree, tension: int, risk: float, t: int) -> None:
    scope = Scope({"tension": ("calm", "crisis", "war"), "talks": ("closed", "open")}, frozenset({"risk", "word"}))
    state, assumptions = {"tension": tension, "talks": 1}, {"risk": risk, "word": 0.5}
    plain = float(evaluate(tree, state, assumptions, t))
    try:
        found = parse(written(tree), scope)
    except ExpressionError as error:
        assert "finite" in str(error)
        return
    assume(math.isfinite(plain))
    assert same(float(evaluate(found, state, assumptions, t)), plain)


@settings(max_examples=300)
@given(st.text(max_size=40) | st.text(alphabet="tensiowarx01.()+-*/<=>,'\" \n#[]{}:_@", max_size=40))
def test_any_text_is_a_tree_or_an_expression_error(text: str) -> None:
    for read in (lambda: parse(text, SCOPE), lambda: parse_reading(text, QUERIES)):
        try:
            assert isinstance(read(), tuple)
        except ExpressionError as error:
            assert error.reason and 0 <= error.offset <= len(text)


@pytest.mark.parametrize(
    ("text", "kind", "names", "mode", "window", "under"),
    [
        ("prob(eventually(tension >= war))", "prob", (), "eventually", None, None),
        ("prob(always(tension < war), under=clear)", "prob", (), "always", None, "clear"),
        ('prob(tension == war, at="2024-08")', "prob", (), "at", (2, 2), None),
        ("prob(tension == war, at=5)", "prob", (), "at", (5, 5), None),
        ('first(tension == war, during=("2024-08", "2024-11"))', "first", (), "eventually", (2, 5), None),
        ("expect(russia.word)", "expect", ("russia", "word"), "", None, None),
        ("expect(china)", "expect", ("china",), "", None, None),
        ('rate(press.hold, given=tension == war, under="clear")', "rate", ("press", "hold"), "", None, "clear"),
        ("share(press.hold, at=0)", "share", ("press", "hold"), "", (0, 0), None),
        ("most(russia, eventually(tension == war))", "most", ("russia",), "eventually", None, None),
        ("alignment(russia, china)", "alignment", ("russia", "china"), "", None, None),
    ],
)
def test_queries(
    text: str, kind: str, names: tuple[str, ...], mode: str, window: tuple[int, int] | None, under: str | None
) -> None:
    query = parse_query(text, QUERIES)
    assert (query.kind, query.names, query.mode, query.window, query.under) == (kind, names, mode, window, under)


def test_a_query_may_start_elsewhere() -> None:
    query = parse_query('prob(eventually(tension == war), from_="tension == crisis and talks == open")', QUERIES)
    assert query.start == (("talks", 1), ("tension", 1))


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("prob(tension == war)", "needs a time"),
        ("prob(eventually(risk > 1))", "may read only the state"),
        ("prob(eventually(1 < 2))", "must read the state"),
        ("prob(eventually(tension == war), at=6)", "outside the reported periods, 0 to 5"),
        ("prob(eventually(tension == war), at=0, during=(0, 1))", "not both"),
        ("first(tension == war, during=(3, 1))", "ends before it starts"),
        ("eventually(tension == war)", "Ask for its probability"),
        ("expect(rusia)", "Did you mean 'russia'?"),
        ("expect(russia.wrod)", "Did you mean 'word'?"),
        ("rate(press)", "is not phase.action"),
        ("rate(press.hodl)", "Did you mean 'hold'?"),
        ("alignment(russia)", "takes 2 things"),
        ("most(russia, tension == war, at=1)", "most has no 'at'"),
        ("prob(eventually(tension == war), under='claer')", "Did you mean 'clear'?"),
        ("prob(eventually(tension == war), from_='tension > crisis')", "takes levels"),
        ("prob(eventually(tension == war), from_='tension == 7')", "is not a level of 'tension'"),
        ("tension > 1", "changes over time"),
        ("probability(1)", "Did you mean 'prob'?"),
    ],
)
def test_query_errors(text: str, fragment: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_reading(text, QUERIES)
    assert fragment in str(caught.value)


def test_events_read_the_state() -> None:
    assert parse_event("tension >= war", SCOPE) == (">=", ("state", "tension"), ("num", 2.0))
    for text in ("risk > 1", "t > 1", "1 < 2"):
        with pytest.raises(ExpressionError, match="state"):
            parse_event(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("prob(eventually(tension == war))", Unit.PROBABILITY),
        ("first(tension == war, at=0)", Unit.PROBABILITY),
        ("share(press.hold)", Unit.SHARE),
        ("rate(press.hold)", Unit.RATE),
        ("expect(russia.word)", Unit.PAYOFF),
        ("alignment(russia, china)", Unit.CORRELATION),
        ("-least(russia, tension == war) + most(russia, tension == war)", Unit.PROBABILITY),
        ("max(share(press.hold), share(press.yield))", Unit.SHARE),
        ("share(press.hold) - rate(press.hold)", Unit.NUMBER),
        ("expect(russia) if rate(press.hold) > 1 else expect(china)", Unit.PAYOFF),
        ("2 * prob(eventually(tension == war))", Unit.NUMBER),
        ("risk", Unit.NUMBER),
        ("prob(eventually(tension == war)) > 0.1", Unit.TRUTH),
    ],
)
def test_units_of_readings(text: str, unit: Unit) -> None:
    assert unit_of(parse_reading(text, QUERIES)) is unit
    assert unit.is_chance == (unit in ("probability", "share"))


def test_every_kind_of_query_has_a_form() -> None:
    assert list(FORMS) == list(QueryKind)


def test_an_unknown_function_inside_another_is_told_at_its_own_place():
    with pytest.raises(ExpressionError) as error:
        parse_reading("max(1, raet(press.yield)) > 0", QUERIES)
    assert error.value.reason == "'raet' is not a function here."
    assert error.value.remedy == "Did you mean 'rate'?"
    assert error.value.offset == len("max(1, ")
