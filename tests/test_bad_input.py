"""Bad input gives an error a person can act on, with its place, and never another exception."""

from __future__ import annotations

import os
import pickle
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bad_scenarios import BAD, GOOD, LINES
from foedus.errors import FoedusError
from foedus.runs.local import run
from foedus.scenario.check import check, problems_of, validate
from foedus.scenario.errors import Problem, ScenarioError
from foedus.scenario.load import load


def test_the_scenario_that_is_spoilt_is_good() -> None:
    errors = [problem for problem in check(load(GOOD)) if problem.severity == "error"]
    assert errors == []


def test_there_are_many_and_their_names_differ() -> None:
    assert len(BAD) >= 150
    assert len({name for name, *_ in BAD}) == len(BAD)


EARLY = [row for row in BAD if row[3] != "run"]
LATE = [row for row in BAD if row[3] == "run"]


@pytest.mark.parametrize(("name", "text", "fragment"), [row[:3] for row in LATE], ids=[row[0] for row in LATE])
def test_what_shows_only_when_the_game_is_built_or_solved(name: str, text: str, fragment: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    scenario = load(file)
    assert not [problem for problem in validate(scenario) if problem.severity == "error"]
    with pytest.raises(FoedusError) as caught:
        run(scenario, worlds=10)
    assert fragment in str(caught.value)
    if LINES.get(name):
        assert f"{file}:{LINES[name]}:" in str(caught.value)


@pytest.mark.parametrize(("name", "text", "fragment", "stage"), EARLY, ids=[row[0] for row in EARLY])
def test_bad_scenario(name: str, text: str, fragment: str, stage: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    if stage == "check":
        scenario = load(file)
        with pytest.raises(ScenarioError) as caught:
            validate(scenario)
    else:
        with pytest.raises(ScenarioError) as caught:
            load(file)
    assert fragment in str(caught.value)
    found = [problem for problem in caught.value.problems if fragment in f"{problem.reason} {problem.remedy}"]
    assert all(problem.file == str(file) for problem in caught.value.problems)
    if name in LINES:
        assert LINES[name] in [problem.line for problem in found]
        assert all(problem.column is not None and problem.column >= 1 for problem in found)
        assert f"{file}:{LINES[name]}:" in str(caught.value)
    assert problems_of(file) != []


def test_all_problems_are_told_at_once() -> None:
    text = GOOD.replace("decide: east", "decide: easst").replace("ends: war", "ends: wars").replace("do: hold", "do: x")
    errors = [problem for problem in problems_of(text) if problem.severity == "error"]
    assert [problem.path[0] for problem in errors] == ["state", "turn", "policies"]


def test_a_column_points_into_the_expression() -> None:
    text = GOOD.replace("when: tension <= crisis", "when: tension <= crsis")
    (problem,) = [problem for problem in problems_of(text) if "crsis" in problem.reason]
    line = text.splitlines()[(problem.line or 0) - 1]
    assert line[(problem.column or 0) - 1 :].startswith("crsis")


def test_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"title: x\nsummary: caf\xe9\n")
    with pytest.raises(ScenarioError, match=r"latin.yaml:2:13.*not UTF-8"):
        load(file)


@pytest.mark.parametrize(
    ("source", "fragment"),
    [
        ("russia-dprk-pakt", "Did you mean 'russia-dprk-pact'?"),
        ("nowhere.yaml", "there is no such file"),
        ("no/such/place", "there is no such file"),
        ("\0", "neither a file nor a shipped scenario"),
        ("x" * 5000, "neither a file nor a shipped scenario"),
        (os.sep, "it is not a file"),
        (os.devnull, "it is not a file"),
    ],
)
def test_no_such_scenario(source: str, fragment: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(source)
    assert fragment in str(caught.value)


def test_errors_survive_pickling() -> None:
    error = ScenarioError([Problem(("a", 1), "wrong.", "Right it.", line=3, column=4, file="f")])
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_python_mappings_are_told_their_problems_too() -> None:
    with pytest.raises(ScenarioError, match=r"state.x.levels.0: error: it must be text"):
        load(
            {"actors": {"a": {}}, "state": {"x": {"levels": [0], "start": "l"}}, "turn": [{"id": "p", "chance": [{}]}]}
        )


@settings(max_examples=150)
@given(
    st.integers(0, len(GOOD) - 1),
    st.integers(0, 20),
    st.text(alphabet=string.ascii_lowercase + "{}[]:,&*!|>'\"%@#-?\n\t é0123456789.", max_size=8),
)
def test_a_spoilt_text_is_an_error_or_a_scenario(place: int, length: int, text: str) -> None:
    spoilt = GOOD[:place] + text + GOOD[place + length :]
    try:
        scenario = load(spoilt)
    except FoedusError as error:
        assert str(error)
        return
    for problem in check(scenario):
        assert problem.reason and problem.line is not None


junk: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["tension", "rest", "war"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.data())
def test_any_value_in_any_place(data: st.DataObject) -> None:
    plain = load(GOOD).origin.plain()  # type: ignore[union-attr]
    node, key = plain, data.draw(st.sampled_from(sorted(plain)))
    while isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans()):
        node = node[key]
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
    node[key] = data.draw(junk)
    for problem in problems_of(plain):
        assert str(problem)
