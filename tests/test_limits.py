"""Limits are tested before anything is built: each is refused by name, and what is at the limit still runs."""

from __future__ import annotations

import difflib

import pytest

import foedus
from foedus.errors import nearest
from foedus.game.compile import compile_game
from foedus.scenario.errors import ScenarioError
from foedus.scenario.limits import COMBINATIONS, LIMITS, LINES, PROBLEMS, STARTS, VALUES, excess, limit_of
from foedus.scenario.yamltext import read_yaml

SMALL = {
    "actors": {"a": {}},
    "state": {"s": {"levels": ["x", "y"], "start": "x"}},
    "objectives": {"a": {"o": {"value": "s"}}},
    "turn": [{"id": "d", "decide": "a", "actions": {"l": {}, "r": {"then": {"s": "y"}}}}],
}


def chance(branches):
    """A phase of nature with so many branches."""
    return {"id": "c", "chance": [{"prob": 1 / branches} for _ in range(branches)]}


def refused(scenario):
    """Why a scenario is refused."""
    with pytest.raises(ScenarioError) as error:
        foedus.validate(foedus.load(scenario))
    return str(error.value)


@pytest.mark.parametrize("path", LIMITS)
def test_each_limit_is_named_in_a_mapping_and_in_a_file(path):
    most, what = LIMITS[path]
    keyed = path[-1] not in ("turn", "chance", "levels", "enters", "bind", "observations")
    value = {f"k{i}": None for i in range(most + 1)} if keyed else [0] * (most + 1)
    text = "{" + ", ".join(f"k{i}: 1" for i in range(most + 1)) + "}" if keyed else str(value)
    for key in reversed(path):
        name = "k" if key == "*" else key
        value, text = {name: value}, f"{{{name}: {text}}}"
    problem = excess(value)
    assert what in problem.reason and f"{most:,}" in problem.remedy
    with pytest.raises(ScenarioError, match=f"too many {what}".replace("(", r"\(").replace(")", r"\)")):
        read_yaml(text, "x.yaml")


def test_a_file_is_left_at_the_first_entry_too_many():
    """Nothing after it is read: what follows is not YAML."""
    text = "actors:\n" + "".join(f"  a{i}: 1\n" for i in range(limit_of(["actors"]).most + 1)) + "  : : [\n" * 1000
    with pytest.raises(ScenarioError) as error:
        read_yaml(text, "x.yaml")
    problem = error.value.problems[0]
    assert "actors" in problem.reason and problem.line == limit_of(["actors"]).most + 2


def test_lines_values_and_depth():
    with pytest.raises(ScenarioError, match=f"{LINES:,}"):
        read_yaml("#\n" * (LINES + 1), "x.yaml")
    aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    aliases += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
    with pytest.raises(ScenarioError, match=f"{VALUES:,}"):
        read_yaml(aliases, "x.yaml")
    deep = []
    for _ in range(100):
        deep = [deep]
    assert "deep" in excess({"title": deep}).reason


def test_as_many_branches_as_may_be_run_and_more_are_refused():
    game = compile_game(foedus.load({**SMALL, "turn": [*SMALL["turn"], chance(200)]}))
    assert game.branches >= 400  # in both states
    assert "branches of one chance" in refused({**SMALL, "turn": [*SMALL["turn"], chance(1000)]})


def test_a_long_chain_of_assumptions_runs():
    chain = {"a0": 1} | {f"a{i}": f"a{i - 1} + 0" for i in range(1, 1000)}
    foedus.validate(foedus.load({**SMALL, "assumptions": chain}))


def test_start_states_and_what_a_clause_reads_are_counted_before_they_are_looked_through():
    both = {"levels": ["x", "y"], "start": {"x": 0.5, "y": 0.5}}
    assert f"{STARTS:,}" in refused({**SMALL, "state": SMALL["state"] | {f"v{i}": both for i in range(60)}})
    plain = {f"v{i}": {"levels": ["x", "y"], "start": "x"} for i in range(40)}
    trigger = {"severity": " + ".join(plain), "threshold": 3}
    pact = {"from": "a", "to": "b", "attach": "d", "order": ["l", "r"], "expected": "r", "trigger": trigger}
    pact["reneging"] = {"objective": "o", "cost": 1}
    wide = {**SMALL, "actors": {"a": {}, "b": {}}, "state": SMALL["state"] | plain, "commitments": {"c": pact}}
    assert f"{COMBINATIONS:,}" in refused(wide)


def test_too_many_states_blame_the_variables_that_multiply_them():
    state = {f"v{i}": {"levels": ["x", "y"], "start": "x"} for i in range(12)}
    turn = [{"id": f"d{i}", "decide": "a", "actions": {"l": {}, "r": {"then": {f"v{i}": "y"}}}} for i in range(12)]
    wide = foedus.load(
        {**SMALL, "state": state, "objectives": {"a": {"o": {"value": " + ".join(state)}}}, "turn": turn}
    )
    with pytest.raises(ScenarioError, match=r"more than 500 states.*\(x2\.0\)"):
        compile_game(wide, max_states=500)


def test_unknown_names_are_told_up_to_a_number_and_not_compared_with_thousands(monkeypatch):
    compared = []

    class Counted(difflib.SequenceMatcher):
        def set_seq1(self, a):
            compared.append(a)
            super().set_seq1(a)

    monkeypatch.setattr(difflib, "SequenceMatcher", Counted)
    assert nearest("unknwon", [*(f"b{i}" for i in range(5000)), "unknown"]) == "Did you mean 'unknown'?"
    assert len(compared) < 250
    told = refused({**SMALL, "assumptions": {f"a{i}": f"b{i}" for i in range(1900)}})
    assert told.count("not known here") == PROBLEMS


@pytest.mark.parametrize("linked", [False, True])
def test_files_outside_the_folder_of_a_scenario_are_not_read_unless_allowed(tmp_path, monkeypatch, linked):
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("a secret word", encoding="utf-8")
    (tmp_path / "base.yaml").write_text(foedus.Scenario.build(SMALL).to_yaml(), encoding="utf-8")
    names = {"secret.txt": "../secret.txt", "base.yaml": "../base.yaml"}
    if linked:
        for name in names:
            (folder / name).symlink_to(tmp_path / name)
        names = {name: name for name in names}
    quoting = folder / "quoting.yaml"
    cited = {"sources": {"x": {"title": "x", "file": names["secret.txt"]}}, "assumptions": {"n": {"value": 1}}}
    cited["assumptions"]["n"]["evidence"] = [{"source": "x", "quote": "another word"}]
    quoting.write_text(foedus.Scenario.build(SMALL | cited).to_yaml(), encoding="utf-8")
    variant = folder / "variant.yaml"
    variant.write_text(f"extends: {names['base.yaml']}\n", encoding="utf-8")
    for file in (quoting, variant):
        told = refused(file)
        assert "outside the folder" in told and "word for word" not in told
    monkeypatch.setenv("FOEDUS_ALLOW_OUTSIDE", "1")
    assert "word for word" in refused(quoting)
    foedus.validate(foedus.load(variant))
