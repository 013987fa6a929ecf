"""Policies that nobody can choose: solved and shown, compared with by claims, and never recommended."""

from __future__ import annotations

import pytest

from command_line import foedus
from foedus.errors import FoedusError
from foedus.lenses.policies.choice import choose
from foedus.lenses.policies.choice_telling import sections
from foedus.lenses.policies.metric import own_metrics
from foedus.lenses.registry import lens_section, look
from foedus.report import findings
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.check import check
from foedus.scenario.files import shipped
from foedus.scenario.load import load

SAINT = """
title: A rival that could be a saint
horizon: {periods: 2, beyond: 0}
actors: {rival: {precision: 1}, ally: {}}
assumptions: {gain: {uniform: [0, 1]}}
state: {border: {levels: [quiet, raided], start: quiet}}
objectives: {rival: {gain: 1}, ally: {calm: {value: -border}}}
turn:
  - {id: move, decide: rival, when: border == quiet,
     actions: {hold: {}, raid: {base: 0.5, pays: {rival: {gain: gain}}, then: {border: raided}}}}
policies:
  status_quo: {}
  fence: {set: {gain: gain - 1}}
  twin: {set: {gain: 0 + gain}}
  saint: {counterfactual: true, bind: [{phase: move, do: hold}], why: for a claim}
outcomes: {raid: border == raided}
claims: {matters: {says: The rival matters., readings: {a: 'prob(eventually(border == raided)) > prob(eventually(border == raided), under="saint")'}}}
"""


@pytest.fixture(scope="module")
def seen() -> RunView:
    return RunView(run(load(SAINT), worlds=80))


def test_it_is_solved_and_claims_may_compare_with_it(seen: RunView) -> None:
    assert seen.policies == ["status_quo", "fence", "twin", "saint"] and seen.choosable == [
        "status_quo",
        "fence",
        "twin",
    ]
    assert (seen.final_of("raid", "saint") == 0).all() and seen.run.claims[0].share == 1


def test_no_recommendation_names_it(seen: RunView) -> None:
    assert [policy for policy, _ in seen.ranked_policies("raid")] == ["fence", "status_quo", "twin"]
    assert seen.tied_lowest("raid", str) == ["fence"]
    told = [finding.text for finding in findings.policies(seen)] + [findings.policies_title(seen)]
    told += [sentence for section in sections(seen) for sentence in section.sentences]
    told += lens_section(seen, look("information", seen.run)).sentences
    assert "least likely under Fence" in told[0] and not any("Saint" in text for text in told)
    choice = choose(seen.run, own_metrics(seen.run, policies=seen.choosable)).comparisons[0]
    assert choice.ties["expected"] == ("fence",) and "saint" not in choice.metric.policies


def test_policies_that_tie_are_named_as_tied() -> None:
    alike = RunView(run(load(SAINT.replace("fence: {set: {gain: gain - 1}}", "fence: {}")), worlds=40))
    assert "as likely under each policy that can be chosen" in findings.policies(alike)[0].text
    assert "No policy that can be chosen has a clearly lower risk" in findings.policies_title(alike)
    (section,) = sections(alike)
    assert "By every rule all policies tie" in section.sentences[0] and "come out alike" in section.sentences[1]
    last = load(SAINT.replace("twin: {set: {gain: 0 + gain}}", "twin: {set: {gain: gain - 1}}"))
    told = findings.policies(RunView(run(last, worlds=40)))[0].text
    assert "least likely under Fence" in told and "(a tie with Twin)" in told


def test_the_command_line_leaves_it_out_unless_named(tmp_path) -> None:
    file = tmp_path / "saint.yaml"
    file.write_text(SAINT)
    shown = foedus("compare", str(file), "--worlds", "40").stdout
    assert "Fence" in shown and "Saint" not in shown
    named = foedus("compare", str(file), "--worlds", "40", "--policy", "saint", "--policy", "status_quo").stdout
    assert "Saint (counterfactual) does best" in " ".join(named.split())
    refused = foedus("compare", "signorino-deterrence", "--worlds", "4")
    assert refused.returncode == 2 and "only where named" in refused.stderr


def test_things_cannot_have_happened_under_it() -> None:
    for text in (SAINT.replace("status_quo: {}", "status_quo: {counterfactual: true}"), SAINT + "factual: saint\n"):
        (problem,) = [p for p in check(load(text)) if p.severity == "error"]
        assert "cannot be a counterfactual" in str(problem)
    with pytest.raises(FoedusError, match="must be"):
        load(SAINT.replace("counterfactual: true", "counterfactual: perhaps"))


def test_shipped_scenarios_mark_what_exists_for_claims_alone() -> None:
    case = load(shipped()["russia-dprk-pact"])
    assert {"order_kept", "disorder", "all_but_words", "no_misreading"}.isdisjoint(case.choosable)
    assert {"status_quo", "deterrence_only", "all_together", "us_china_joint"} <= set(case.choosable)
    for name in shipped():
        scenario = load(shipped()[name])
        assert scenario.factual_policy in scenario.choosable
