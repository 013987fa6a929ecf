"""Readings and queries told as sentences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import foedus
from foedus.lenses.query_names import query_name
from foedus.present.in_words import Teller
from foedus.scenario.names import Names
from foedus.scenario.query import FORMS, QueryKind

SCENARIO = foedus.load(
    """
horizon: {periods: 4, first: "2024-01", unit: month}
actors: {east: {precision: 2, label: The East}, west: {precision: 2}}
assumptions: {goal: {value: 0.1, label: Risk that counts as met, why: a goal}}
state: {tension: {levels: [calm, crisis, war], start: calm, ends: war, label: Tension}}
objectives: {east: {gain: {weight: 1, label: gains of pushing}}, west: {peace: {weight: 1, value: tension == calm}}}
turn:
  - {id: press, decide: east, label: The East moves, actions: {hold: null, push: {label: push on, pays: {east: {gain: 1}}, chance: [{prob: 0.2, then: {tension: war}}, {prob: rest, then: {tension: crisis}}]}}}
policies: {status_quo: {label: Status quo}, clear: {label: A clear word, bind: [{phase: press, do: hold}]}}
outcomes: {war: {event: tension == war, label: War}}
claims:
  risk:
    says: It is risky.
    readings:
      own: {label: In its own words, says: A sentence., holds: prob(eventually(tension == war)) > 0.1}
      bare: prob(eventually(tension == war)) > goal
"""
)
TELLER = Teller(Names(SCENARIO))


@pytest.mark.parametrize(
    "text, told",
    [
        ("prob(eventually(tension == war)) > 0.1", "The chance of “War” is more than 10%."),
        (
            'prob(eventually(tension == war)) > 1.1 * prob(eventually(tension == war), under="clear")',
            "The chance of “War” is more than 1.1 times it is under A clear word.",
        ),
        (
            'prob(tension == war, at="2024-02", under="clear") - prob(tension == war, at="2024-02") < -0.05',
            "The chance of “War” in 2024-02 under A clear word is lower by more than 5.0 percentage points than it is "
            "under Status quo.",
        ),
        (
            "rate(press.push) > 0.5 and not expect(east.gain) >= expect(west)",
            "How often a month “The East moves: push on” is chosen is more than 0.5, and it is not so that what The "
            "East can expect from “gains of pushing” is at least what West can expect.",
        ),
        (
            'prob(always(tension < crisis), given="tension == calm", from_="tension == crisis") >= goal',
            "The chance that tension is below crisis all the time, given that tension is calm, starting with tension at "
            "crisis is at least risk that counts as met.",
        ),
        (
            "(least(east, tension == war) < 0.5) == (goal > 0.2)",
            "The lowest chance of “War” that The East alone could bring about is less than 50%, exactly where risk that "
            "counts as met is more than 0.2.",
        ),
    ],
)
def test_readings_as_sentences(text: str, told: str) -> None:
    assert TELLER.reading(text) == told


def test_a_reading_s_own_sentence_goes_before_the_told_one() -> None:
    assert TELLER.says("risk", "own") == "A sentence."
    assert TELLER.says("risk", "bare") == "The chance of “War” is more than risk that counts as met."
    assert TELLER.names.reading("risk", "own") == "In its own words"
    assert TELLER.names.reading("risk", "bare") == "Bare"


def test_a_query_for_an_outcome_has_its_name() -> None:
    assert query_name(TELLER.names, "prob(eventually( tension == war ))") == "War"
    assert query_name(TELLER.names, "prob(tension == war, at=0)") == "The chance of “War” in 2024-01"
    assert (
        query_name(TELLER.names, "expect(east) - expect(west)") == "What The East can expect less what West can expect"
    )


EVENTS = st.sampled_from(
    ["tension == war", "tension >= crisis", "not tension == calm", "tension == war or tension == calm"]
)
SUBJECTS = {
    QueryKind.PROB: EVENTS.flatmap(lambda e: st.sampled_from([f"eventually({e})", f"always({e})"])),
    QueryKind.EXPECT: st.sampled_from(["east", "west", "east.gain", "west.peace"]),
    QueryKind.RATE: st.sampled_from(["press.hold", "press.push"]),
    QueryKind.SHARE: st.sampled_from(["press.hold", "press.push"]),
    QueryKind.FIRST: EVENTS,
    QueryKind.MOST: EVENTS.map(lambda e: f"east, {e}"),
    QueryKind.LEAST: EVENTS.map(lambda e: f"west, {e}"),
    QueryKind.ALIGNMENT: st.just("east, west"),
}
OPTIONS = {
    "under": ['"clear"', '"status_quo"'],
    "from_": ['"tension == crisis"'],
    "given": ['"tension >= crisis"'],
    "during": ['("2024-01", "2024-03")'],
}


@st.composite
def queries(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(QueryKind))
    options = [name for name in OPTIONS if name in FORMS[kind].options and draw(st.booleans())]
    said = "".join(f", {name}={draw(st.sampled_from(OPTIONS[name]))}" for name in options)
    return f"{kind}({draw(SUBJECTS[kind])}{said})"


AMOUNTS = st.recursive(
    queries() | st.sampled_from(["goal", "0.25", "east.precision"]),
    lambda parts: (
        st.tuples(parts, st.sampled_from(["+", "-", "*", "/"]), parts).map("({0[0]} {0[1]} {0[2]})".format)
        | st.tuples(parts, parts).map("max({0[0]}, {0[1]})".format)
        | parts.map("abs({})".format)
    ),
    max_leaves=4,
)
TRUTHS = st.tuples(AMOUNTS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), AMOUNTS).map(" ".join)
READINGS = st.recursive(
    TRUTHS.map("({})".format),
    lambda parts: (
        st.tuples(parts, st.sampled_from(["and", "or", "=="]), parts).map("({0[0]} {0[1]} {0[2]})".format)
        | parts.map("(not {})".format)
    ),
    max_leaves=3,
)


@given(READINGS)
def test_every_reading_is_a_sentence_without_code(text: str) -> None:
    told = TELLER.reading(text)
    assert told[0].isupper() or told[0].isdigit() or told[0] == "("
    assert told.endswith(".") and not re.search(r"==|>=|<=|[_*<>]|prob\(|expect\(", told)
