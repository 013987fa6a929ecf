"""Necessary and sufficient measures of policies where the degrees are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from command_line import foedus
from foedus.errors import FoedusError
from foedus.lenses.policies.choice_telling import sections
from foedus.lenses.policies.measures import Goal, combined, degrees_on, main_degrees, measures_of
from foedus.lenses.policies.measures_telling import measures_json, measures_section
from foedus.lenses.policies.metric import own_metrics
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.check import validate
from foedus.scenario.errors import ScenarioError
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario
from small_policies import coin, pair


def by_set(goal) -> dict:
    return {"".join(sorted(each.measures)): each for each in goal.sets}


def test_measures_are_derived_from_what_policies_set() -> None:
    taken = measures_of(pair())
    assert taken == {"none": frozenset(), "with_a": {"with_a"}, "with_b": {"with_b"}, "both": {"with_a", "with_b"}}
    assert measures_of(coin()) == {}


def test_a_goal_that_needs_both_measures() -> None:
    (needs,) = main_degrees(run(pair(), worlds=8, judge=False))
    one = by_set(needs)["with_a"]
    assert (one.sufficiency.value, one.necessity.value, one.needed_not_enough.value) == (0, 1, 1)
    assert (one.over_cases.sufficient, one.over_cases.necessary) == (0.5, 1)


def test_a_threshold_and_degrees_between() -> None:
    made = run(pair("0.6 - 0.5 * max(u * a, b)"), worlds=200, judge=False)
    metric = own_metrics(made)[0]
    needs = by_set(degrees_on(made, Goal(metric, 0.35), measures_of(made.scenario)))
    assert needs["with_a"].sufficiency.value == pytest.approx((made.draws["u"] >= 0.5).mean())
    assert needs["with_a"].necessity.value == 0
    assert needs["with_b"].sufficiency.value == 1
    assert needs["with_b"].necessity.value == pytest.approx((made.draws["u"] < 0.5).mean())


def test_every_set_of_chosen_policies_is_solved() -> None:
    both = combined(pair(), ["with_a", "with_b"])
    assert set(both.policies) == {"none", "with_a", "with_b", "with_a_and_with_b"}
    made = run(both, worlds=4, judge=False)
    np.testing.assert_allclose(made.prob("eventually(war == yes)", under="with_a_and_with_b").values, 0.1, atol=1e-12)
    clash = Scenario.model_validate(
        pair().model_dump(by_alias=True) | {"policies": {"none": {}, "x": {"set": {"a": 1}}, "y": {"set": {"a": 2}}}}
    )
    with pytest.raises(FoedusError, match="cannot be had together"):
        combined(clash, ["x", "y"])
    with pytest.raises(FoedusError, match="2 to 6"):
        combined(pair(), ["with_a"])


def test_two_policies_with_the_same_measures_are_refused() -> None:
    raw = pair().model_dump(by_alias=True)
    raw["policies"]["with_a"]["measures"] = raw["policies"]["with_b"]["measures"] = ["x"]
    with pytest.raises(ScenarioError, match="takes the same measures"):
        validate(Scenario.model_validate(raw))


def test_section_says_the_numbers() -> None:
    made = run(pair(), worlds=8, judge=False)
    needs = main_degrees(made)
    section = measures_section(RunView(made), needs)
    text = " ".join(section.sentences)
    assert "With with a alone it is reached in 0% of worlds (0 to" in text
    assert "given that it came about under all measures, without with a it would be missed in 100% of worlds (" in text
    assert "Needed and yet not enough" in text
    json.dumps(measures_json(RunView(made), needs), allow_nan=False)
    assert [one.id for one in sections(RunView(made))] == ["choice", "measures"]


def test_the_reference_claims_agree_with_the_degrees() -> None:
    scenario = load("russia-dprk-pact")
    named = ("deterrence_not_enough", "china_words_lower_risk")
    scenario.claims = {name: scenario.claims[name].model_copy(update={"rests_on": {}}) for name in named}
    taken = measures_of(scenario)
    made = run(scenario, policies=list(taken), worlds=8, subset=1)
    metric = next(metric for metric in own_metrics(made) if metric.name == "limited_war")
    by_share, by_risk = (
        by_set(degrees_on(made, goal, taken))
        for goal in (Goal(metric), Goal(metric, scenario.assumptions["goal"].value))
    )
    deterrence, words = (claim.readings for claim in made.claims)
    assert by_risk["deterrence"].sufficiency.value == pytest.approx(1 - deterrence[1].posterior)
    assert by_share["deterrence"].necessity.value == pytest.approx(deterrence[2].posterior)
    assert by_share["words"].necessity.value == pytest.approx(words[0].posterior)


def test_command_tells_measures(tmp_path) -> None:
    file = tmp_path / "pair.yaml"
    file.write_text(pair().to_yaml())
    asked = ("measures", str(file), "--worlds", "8", "--measure", "with_a", "--measure", "with_b", "--json")
    found = json.loads(foedus(*asked, "--goal", "prob(eventually(war == yes))", "--at-most", "0.2").stdout)
    sets = {tuple(one["measures"]): one for one in found["goals"][0]["sets"]}
    assert sets["with_a",]["necessity"]["value"] == 1 and sets["with_a", "with_b"]["sufficiency"]["value"] == 1
    shown = foedus("measures", str(file), "--worlds", "8")
    assert shown.returncode == 0 and "necessary" in shown.stdout, shown.stderr
    other = tmp_path / "coin.yaml"
    other.write_text(coin().to_yaml())
    for wrong in (
        (str(other),),
        (str(file), "--at-most", "1", "--at-least", "0"),
        (str(file), "--at-least", "0.5"),
        (str(file), "--measure", "with_a"),
    ):
        done = foedus("measures", *wrong, "--worlds", "4")
        assert done.returncode == 2 and done.stderr.startswith("foedus: "), done.stderr
