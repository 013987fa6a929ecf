"""Loading scenarios: what YAML becomes, short notations, dates, files and names, and writing them back."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foedus
from bad_scenarios import GOOD
from foedus.errors import UNSEEN
from foedus.scenario.basics import Evidence, Source
from foedus.scenario.check import check, validate
from foedus.scenario.dump import dump
from foedus.scenario.errors import Problem, ScenarioError
from foedus.scenario.files import shipped
from foedus.scenario.load import load
from foedus.scenario.parts import Assumption, Objective
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of, threshold_tree
from foedus.scenario.template import template
from foedus.scenario.yamltext import plain_value, read_yaml

SMALL = """\
actors: {a: , b: {}}
state: {x: {levels: [no, yes], start: no}}
turn:
  - {id: p, decide: a, actions: {hold: , "on": {then: {x: yes}}}}
"""


def small(more: str) -> Scenario:
    return load(SMALL + more)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("off", "off"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("08", 8),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("2024-06-01", "2024-06-01"),
        ("2024-06", "2024-06"),
        ("12:30", "12:30"),
        (".inf", float("inf")),
        ("1950", 1950),
        ("0b11", "0b11"),
        ("+1", 1),
        ("e3", "e3"),
        (".", "."),
    ],
)
def test_plain_scalars(text: str, value: object) -> None:
    found = plain_value(text)
    assert found == value and type(found) is type(value)


def test_words_stay_words_and_empty_things_are_empty() -> None:
    scenario = small("")
    assert scenario.state["x"].levels == ["no", "yes"]
    assert list(scenario.turn[0].actions) == ["hold", "on"]
    assert scenario.actors["a"].patience.value == 1


@pytest.mark.parametrize("first", ["2024-06-01", "1950", '"1950"', "2024-06"])
def test_dates_arrive_as_text(first: str) -> None:
    scenario = small(f"horizon: {{periods: 3, unit: year, first: {first}}}")
    assert scenario.horizon.first == first.strip('"')


def test_a_year_is_a_date_and_a_small_number_a_period() -> None:
    scenario = small("horizon: {periods: 5, unit: year, first: 1950}")
    assert period_of(scenario, 1952) == 2 and period_of(scenario, "1952") == 2 and period_of(scenario, 3) == 3
    counted = small("horizon: {periods: 5}")
    assert period_of(counted, 3) == 3
    with pytest.raises(ValueError, match="no 'first' date"):
        period_of(counted, "1952")


@pytest.mark.parametrize(
    ("unit", "first", "date", "index"),
    [
        ("day", "2024-02-28", "2024-03-01", 2),
        ("week", "2024-01-01", "2024-01-15", 2),
        ("month", "2024-06", "2025-01-31", 7),
        ("quarter", "2024-01", "2024-12", 3),
        ("year", "1948", "1950-06-25", 2),
    ],
)
def test_calendar(unit: str, first: str, date: str, index: int) -> None:
    scenario = small(f"horizon: {{periods: 9, unit: {unit}, first: {first}}}")
    assert period_of(scenario, date) == index
    assert period_of(scenario, scenario.horizon.calendar.label(index)) == index


def test_short_notations() -> None:
    scenario = small(
        """\
assumptions:
  a: 2
  b: 2 * a
  c: {uniform: [0, 1], why: x, evidence: [s, 3, some words]}
  d: {choice: {0.5: 0.25, 1: 0.75}, evidence: [[s, 1], t]}
  e: {choice: [1, 2], evidence: s}
sources: {s: A title, t: {title: 1984, date: 2024}}
objectives: {a: {gold: 0.5, fame: {value: x}}}
beliefs: {b: {a: a + 1}}
outcomes: {hit: x == yes}
enters: {x: yes, pays: {a: 1}}
observations: [{at: 0, took: p.hold}]
"""
    )
    numbers = scenario.assumptions
    assert (numbers["a"].value, numbers["b"].value) == (2, "2 * a")
    assert numbers["c"].distribution is not None and numbers["c"].distribution.parameters == [0, 1]
    assert numbers["c"].evidence == [Evidence(source="s", paragraph=3, quote="some words")]
    assert numbers["d"].distribution is not None and numbers["d"].distribution.weights == [0.25, 0.75]
    assert numbers["d"].evidence == [Evidence(source="s", paragraph=1), Evidence(source="t")]
    assert numbers["e"].evidence == [Evidence(source="s")]
    assert scenario.sources == {"s": Source(title="A title"), "t": Source(title="1984", date="2024")}
    assert scenario.objectives["a"]["gold"] == Objective(weight=0.5)
    assert scenario.beliefs["b"]["a"].is_ == "a + 1" and not scenario.beliefs["b"]["a"].known
    assert scenario.outcomes["hit"].event == "x == yes"
    assert scenario.enters[0].when == {"x": "yes"}
    assert scenario.observations[0].took == ["p.hold"]


def test_lumps_in_the_turn_are_kept_apart() -> None:
    text = SMALL + "  - enters: {x: yes, pays: {a: 1, b: {gold: 2}}}\n"
    scenario = load(text)
    assert len(scenario.turn) == 1 and scenario.enters[0].pays == {"a": 1, "b": {"gold": 2}}
    plain = read_yaml(text, "f").plain()
    assert Scenario(**plain) == scenario
    assert scenario.placed(Problem(("enters", 0, "pays", "b", "gold"), "x")).line == 5


def test_a_triggers_keys_may_stand_beside_it() -> None:
    menu = "from: a, to: b, attach: p, order: [hold, 'on'], expected: 'on', reneging: {objective: g, cost: 1}"
    pact = f"commitments: {{c: {{{menu}, %s}}}}"
    beside, inside = small(pact % "applies: 0.5, read: always"), small(pact % "trigger: {applies: 0.5, read: always}")
    assert beside == inside and inside.commitments["c"].trigger.applies == 0.5
    assert beside.placed(Problem(("commitments", "c", "trigger", "applies"), "x")).line == 5


def test_a_level_as_threshold_is_half_a_step_below_it() -> None:
    scenario = load(GOOD)
    assert threshold_tree(scenario, scenario.commitments["pact"]) == ("num", 0.5)


def test_anchors_repeat_what_they_name() -> None:
    scenario = small("assumptions: {a: &n {uniform: [0, 1], why: w}, b: *n}")
    assert scenario.assumptions["a"] == scenario.assumptions["b"]


def test_files_and_names(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(file) == load(str(file)) == load(SMALL) == load(read_yaml(SMALL, "f").plain())
    assert foedus.load("signorino-deterrence").title == load(shipped()["signorino-deterrence"]).title


def test_places_survive_pickling() -> None:
    scenario = pickle.loads(pickle.dumps(load(SMALL)))
    assert scenario.placed(Problem(("state", "x"), "x")).where == "<text>:2:12 (state.x)"


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_scenarios_are_valid_and_round_trip(name: str) -> None:
    scenario = load(name)
    validate(scenario)
    again = load(dump(scenario))
    assert again == scenario
    assert dump(again) == dump(scenario)
    assert Scenario.model_validate(scenario.model_dump(by_alias=True)) == scenario


def test_wrappers() -> None:
    scenario = Scenario.from_yaml(GOOD)
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario == load(GOOD)
    assert scenario != small("")
    assert scenario._repr_html_().startswith("<b>A test</b>") and "<td>3</td>" in scenario._repr_html_()
    assert "&lt;b&gt;" in small("title: <b>\n")._repr_html_()
    with pytest.raises(ScenarioError):
        Scenario.from_yaml("title: x")


def test_the_template_has_no_problems() -> None:
    for title in ("A crisis", 'With "quotes": and # signs', "Zażółć 🕊"):
        scenario = load(template(title))
        assert scenario.title == title
        assert check(scenario) == []


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(
    lambda t: UNSEEN.sub("", t).strip()
) | st.sampled_from(
    [
        "no",
        "12",
        "1e3",
        "~",
        "true",
        "a: b",
        "- x",
        "# x",
        "'",
        '"',
        "x\ny",
        "a\n\n b",
        "2024-06-01",
        "<<",
        "",
        "a,b",
        "[",
        "*a",
        "\u2028",
    ]
)
values = st.floats(-1e9, 1e9) | st.integers(-(10**6), 10**6) | st.booleans() | texts


@settings(max_examples=200)
@given(
    title=texts,
    why=texts,
    says=texts,
    value=values,
    weights=st.lists(st.floats(-5, 5), min_size=2, max_size=2, unique=True),
)
def test_anything_written_is_read_back(title: str, why: str, says: str, value: object, weights: list[float]) -> None:
    plain = read_yaml(GOOD, "f").plain()
    plain["title"], plain["summary"] = title, why
    plain["assumptions"]["word"] = {"value": value, "why": why}
    plain["assumptions"]["room"] = {"choice": {str(weights[0]): 0.5, str(weights[1]): 0.5}, "why": says}
    plain["claims"]["calm"]["says"] = says
    plain["claims"]["calm"]["evidence"] = [{"source": title, "paragraph": why or None, "quote": says or None}]
    plain["turn"][0]["actions"]["hold"]["base"] = value
    plain["policies"]["clear"]["set"] = {why: value}
    scenario = Scenario(**plain)
    assert load(dump(scenario)) == scenario


def test_repeated_choices_are_written_in_full() -> None:
    plain = read_yaml(GOOD, "f").plain()
    plain["assumptions"]["room"] = {
        "distribution": {"kind": "choice", "parameters": [1, 1, 2], "weights": [0.2, 0.3, 0.5]}
    }
    scenario = Scenario(**plain)
    assert isinstance(scenario.assumptions["room"], Assumption)
    assert load(dump(scenario)) == scenario
