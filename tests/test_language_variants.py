"""Variants: ``extends``, and what merging does to each kind of value."""

from __future__ import annotations

from pathlib import Path

import pytest

from bad_scenarios import GOOD
from foedus.scenario.check import problems_of, validate
from foedus.scenario.errors import ScenarioError
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def variant(folder: Path, text: str, base: str = "base", name: str = "variant.yaml") -> Scenario:
    file = folder / name
    file.write_text(f"extends: {base}\n{text}", encoding="utf-8")
    return load(file)


def test_nothing_changed_is_the_same(folder: Path) -> None:
    assert variant(folder, "") == load(GOOD)
    assert variant(folder, "", base="base.yaml") == load(GOOD)


def test_mappings_merge_lists_are_replaced_and_null_deletes(folder: Path) -> None:
    scenario = variant(
        folder,
        "title: B\nactors: {ally: {patience: 0.5}}\nstate: {luck: {levels: [bad, so_so, good]}}\n"
        "observations: []\nbeliefs: {east: {word: }}\nclaims: \n",
    )
    base = load(GOOD)
    assert scenario.title == "B" and scenario.actors["ally"].patience.value == 0.5
    assert scenario.actors["west"] == base.actors["west"]
    assert scenario.state["luck"].levels == ["bad", "so_so", "good"] and scenario.state["luck"].start == {
        "bad": 0.5,
        "good": 0.5,
    }
    assert scenario.observations == [] and scenario.claims == {}
    assert list(scenario.beliefs["east"]) == ["room"]
    validate(scenario)


def test_a_number_of_another_kind_takes_the_old_ones_place(folder: Path) -> None:
    scenario = variant(
        folder, "assumptions: {risk: {value: 0.2}, room: {uniform: [0, 1]}, word: {why: guess}, twice: 1}\n"
    )
    numbers = scenario.assumptions
    assert (
        numbers["risk"].value == 0.2 and numbers["risk"].distribution is None and numbers["risk"].why == "nobody knows"
    )
    assert numbers["room"].distribution is not None and numbers["room"].distribution.kind == "uniform"
    assert (numbers["word"].value, numbers["word"].why) == (2, "guess")
    assert (numbers["twice"].value, numbers["twice"].why) == (1, "")


def test_phases_merge_by_id(folder: Path) -> None:
    scenario = variant(
        folder,
        "turn:\n"
        "  - {id: press, decide: ally, actions: {leak: , hold: {base: 2}, shout: {}}}\n"
        "  - {id: last, decide: ally, actions: {wait: {}}}\n"
        "  - {id: early, before: press, decide: ally, actions: {wait: {}}}\n"
        "  - {id: middle, after: press, chance: [{}]}\n"
        "policies: {clear: {enable: []}}\n",
    )
    assert [phase.id for phase in scenario.turn] == ["early", "press", "middle", "weather", "answer", "last"]
    press = scenario.turn[1]
    assert press.decide == "ally" and list(press.actions) == ["hold", "test", "shout"]
    assert press.actions["hold"].base == 2 and press.actions["test"].base == 1 and press.when == "tension <= crisis"
    assert len(scenario.enters) == 1
    validate(scenario)


def test_a_phase_may_change_its_kind_move_or_go(folder: Path) -> None:
    scenario = variant(
        folder,
        "turn:\n  - {id: weather, decide: ally, actions: {rain: {then: {tension: crisis}}}}\n"
        "  - {id: press, after: answer}\n  - enters: {act: test, pays: {ally: 1}}\n",
    )
    assert [phase.id for phase in scenario.turn] == ["weather", "answer", "press"]
    assert scenario.turn[0].chance == [] and scenario.turn[0].at == ["2025-02", "2025-03"]
    assert [list(lump.when) for lump in scenario.enters] == [["tension"], ["act"]]
    without = variant(folder, "turn: [{id: weather, drop: true}]\n")
    assert [phase.id for phase in without.turn] == ["press", "answer"]


def test_a_trigger_of_another_kind_takes_the_old_ones_place(folder: Path) -> None:
    for text in ("{trigger: {applies: 0.4}}", "{applies: 0.4}"):
        trigger = variant(folder, f"commitments: {{pact: {text}}}\n").commitments["pact"].trigger
        assert trigger.applies == 0.4 and trigger.severity is None
    trigger = variant(folder, "commitments: {pact: {trigger: {vagueness: 3}}}\n").commitments["pact"].trigger
    assert trigger.vagueness == 3 and trigger.threshold == "crisis"


def test_variants_of_variants_and_places(folder: Path) -> None:
    variant(folder, "title: one\nassumptions: {word: 1}\n", name="one.yaml")
    scenario = variant(folder, "title: two\noutcomes: {odd: tensoin == war}\n", base="one")
    assert scenario.title == "two" and scenario.assumptions["word"].value == 1
    (problem,) = [p for p in problems_of(folder / "variant.yaml") if p.severity == "error"]
    assert problem.where == f"{folder / 'variant.yaml'}:3:17 (outcomes.odd.event)"
    spoilt = folder / "base.yaml"
    spoilt.write_text(GOOD.replace("decide: east", "decide: easst"), encoding="utf-8")
    errors = [p for p in problems_of(folder / "variant.yaml") if p.severity == "error"]
    assert {p.file for p in errors} == {str(spoilt), str(folder / "variant.yaml")}


def test_shipped_scenarios_can_be_extended(folder: Path) -> None:
    scenario = variant(folder, "title: mine\n", base="signorino-deterrence")
    assert scenario.title == "mine" and scenario.turn == load("signorino-deterrence").turn
    same_name = variant(folder, "title: mine\n", base="signorino-deterrence", name="signorino-deterrence.yaml")
    assert same_name == scenario


@pytest.mark.parametrize(
    ("text", "base", "fragment", "line"),
    [
        ("", "variant.yaml", "extends, in the end, itself", 1),
        ("", "other", "neither a shipped scenario nor a file", 1),
        ("", "bsae", "Did you mean 'base'?", 1),
        ("turn: [{id: x, after: presss, chance: [{}]}]", "base", "Did you mean 'press'?", 2),
        ("turn: [{id: x, drop: true}]", "base", "there is no phase 'x' to drop", 2),
        ("turn: [{id: x, dorp: true}]", "base", "'dorp' is not a key here", 2),
        ("actors: [east]", "base", "it must be a mapping", 2),
        ("turn: {id: x}", "base", "it must be a list", 2),
    ],
)
def test_errors(folder: Path, text: str, base: str, fragment: str, line: int) -> None:
    with pytest.raises(ScenarioError) as caught:
        variant(folder, text, base=base)
    assert fragment in str(caught.value)
    assert f"variant.yaml:{line}:" in str(caught.value)


def test_circles(folder: Path) -> None:
    (folder / "one.yaml").write_text("extends: variant\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="itself"):
        variant(folder, "", base="one")


def test_after_and_before_are_for_variants_only() -> None:
    with pytest.raises(ScenarioError, match="'after' is for variants"):
        load(GOOD.replace("id: weather", "id: weather\n    after: press"))


def test_a_scenario_built_in_python_cannot_extend() -> None:
    problems = problems_of({**load(GOOD).model_dump(by_alias=True), "extends": "base"})
    assert any("put together when it is loaded" in problem.reason for problem in problems)


def test_what_is_wrong_between_variants_is_told_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "v0.yaml").write_text(GOOD)
    for i in range(1, 14):
        (tmp_path / f"v{i}.yaml").write_text(f"extends: v{i - 1}\n")
    (tmp_path / "folder.yaml").mkdir()
    assert load(tmp_path / "v9.yaml").title == "A test"
    for text, fragment in [
        ("extends: v13\n", "v4.yaml:1:10 (extends): error: more than 10 scenarios extend one another."),
        ("extends: folder\n", "wrong.yaml:1:10 (extends): error: 'folder' is neither a shipped scenario nor"),
        ("extends: v0\nturn: [{id: x, after: nothing, chance: [{}]}]\n", "wrong.yaml:2:23 (turn.x.after)"),
        ("extends: v0\nturn: [{id: x, drop: true}]\n", "there is no phase 'x' to drop"),
        ("extends: v0\nturn: {id: x}\n", "wrong.yaml:2:7 (turn): error: it must be a list"),
        ("extends: v0\nstate: {luck: }\n", "'luck' is not known here"),
    ]:
        (tmp_path / "wrong.yaml").write_text(text)
        problems = "\n".join(map(str, problems_of(tmp_path / "wrong.yaml")))
        assert fragment in problems and "Did you mean 'folder'" not in problems, problems
