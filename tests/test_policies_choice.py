"""Comparing policies of a run where the answer is known, and showing it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from command_line import foedus
from foedus.errors import FoedusError
from foedus.lenses.policies.choice import choose
from foedus.lenses.policies.choice_telling import choice_json, choice_section, sections
from foedus.lenses.policies.metric import asked_metrics, own_metrics
from foedus.present.terminal import print_section
from foedus.present.wording import percent
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.load import load
from small_policies import coin


@pytest.fixture(scope="module")
def made():
    return run(coin(), worlds=400, judge=False)


def test_each_rule_chooses_what_the_closed_form_says(made) -> None:
    found = choose(made, own_metrics(made))
    war, value = found.comparisons
    assert (war.metric.key, value.metric.key) == ("war", "expect(ann)")
    assert war.choices == {
        "expected": "risky",
        "minimax_regret": "risky",
        "regret_mean": "risky",
        "satisficing": "steady",
    }
    x = made.draws["x"]
    means = dict(zip(war.compared["policy"].values, war.compared["mean"].values))
    assert means["risky"] == pytest.approx(x.mean()) and means["steady"] == pytest.approx(0.3)
    worst = war.compared["regret_max"]
    assert float(worst.sel(policy="risky")) == pytest.approx(x.max() - 0.3)
    assert float(worst.sel(policy="steady")) == pytest.approx(0.3 - x.min())
    assert float(war.compared["better"].sel(policy="risky", other="steady")) == pytest.approx((x < 0.3).mean())
    assert value.choices["expected"] == "risky" and float(value.compared["mean"].sel(policy="risky")) == pytest.approx(
        -x.mean()
    )


def test_what_would_change_the_choice_is_found(made) -> None:
    change = choose(made, own_metrics(made)).comparisons[0].change
    assert change is not None and change.policy == "risky" and change.runner_up == "steady"
    assert change.tipping is not None and [point.assumption for point in change.tipping] == ["x"]
    assert change.tipping[0].value == pytest.approx(0.3, abs=0.02)
    assert (change.tipping[0].below, change.tipping[0].above) == ("risky", "steady")
    assert change.loses.share == pytest.approx(0.4, abs=0.005)
    (limit,) = change.loses.box.limits
    assert limit.assumption == "x" and limit.low == pytest.approx(0.3, abs=0.01)
    assert change.loses.box.density > 0.98 and change.loses.box.coverage > 0.98


def test_few_worlds_tell_no_tipping_points() -> None:
    few = run(coin(), worlds=20, judge=False)
    assert choose(few, own_metrics(few)).comparisons[0].change.tipping is None


def test_observations_weigh_the_choice() -> None:
    seen = coin(observations=[{"at": 0, "is": "war == yes", "error": 0.01}], factual="risky")
    found = run(seen, worlds=400, judge=False)
    war = choose(found, own_metrics(found)).comparisons[0]
    x = found.draws["x"]
    assert float(war.compared["mean"].sel(policy="risky")) == pytest.approx(
        (x * (0.98 * x + 0.01)).sum() / (0.98 * x + 0.01).sum()
    )
    assert war.choices["expected"] == "steady"


def test_asked_metrics_equal_own_ones(made) -> None:
    policies = ["risky", "steady"]
    asked = asked_metrics(made, ["prob(eventually(war == yes))", "expect(ann)"], policies, "lower")
    for one, own in zip(asked, own_metrics(made)):
        np.testing.assert_allclose(
            one.values.sel(policy=policies).values, own.values.sel(policy=policies).values, atol=1e-12
        )
    with pytest.raises(FoedusError, match="Leave 'under' out"):
        asked_metrics(made, ['expect(ann, under="risky")'], policies, "higher")
    with pytest.raises(FoedusError, match="not an actor"):
        own_metrics(made, "anne")
    with pytest.raises(FoedusError, match="at least two"):
        choose(made, own_metrics(made, policies=["risky"]))


def test_section_says_the_numbers_and_is_strict_json(made, capsys) -> None:
    found = choose(made, own_metrics(made))
    section = choice_section(RunView(made), found)
    text = " ".join(section.sentences)
    assert "Risky does best on average: 25%" in text and "Steady is good enough most often" in text
    assert "the risk above 0.3" in text and "60% of worlds" in text
    assert len(section.figures) == 2 and all(str(f.drawing).startswith("<svg") for f in section.figures)
    from rich.console import Console

    print_section(section, Console(width=200))
    assert "Where Risky stops being the best on average" in capsys.readouterr().out
    again = json.loads(json.dumps(choice_json(found, list(section.sentences)), allow_nan=False))
    assert again["metrics"][0]["choices"]["expected"] == "risky"
    assert again["metrics"][0]["change"]["loses"]["box"]["limits"][0]["assumption"] == "x"


def test_report_shows_the_section_and_nothing_for_one_policy(made) -> None:
    assert [section.id for section in sections(RunView(made))] == ["choice"]
    alone = run(coin(policies={"steady": {}}, claims={}), worlds=4, judge=False)
    assert sections(RunView(alone)) == []


def test_command_compares(tmp_path) -> None:
    file = tmp_path / "coin.yaml"
    file.write_text(coin().to_yaml())
    asked = ("compare", str(file), "--worlds", "80", "--metric", "prob(eventually(war == yes))", "--json")
    found = json.loads(foedus(*asked).stdout)
    assert found["metrics"][0]["choices"]["expected"] == "risky"
    assert found["metrics"][0]["policies"]["steady"]["mean"] == pytest.approx(0.3)
    shown = foedus("compare", str(file), "--worlds", "80", "--actor", "ann")
    assert shown.returncode == 0 and "The choice by each rule" in shown.stdout, shown.stderr
    for wrong in (
        ("--policy", "steady"),
        ("--actor", "bob"),
        ("--metric", "prob(war == yes)"),
        ("--metric", "expect(ann)", "--actor", "ann"),
    ):
        done = foedus("compare", str(file), "--worlds", "4", *wrong)
        assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr.startswith("foedus: "), (
            done.stderr
        )


def test_the_page_tells_the_numbers_of_its_textbook_case() -> None:
    """The table of docs/policies.md is what the command that it shows gives."""
    page = (Path(__file__).parents[1] / "docs/policies.md").read_text(encoding="utf-8")
    case = run(load("tied-hands-sunk-costs"), worlds=200, judge=False)
    choice = choose(case, own_metrics(case), explain=1)
    challenge = choice.comparisons[0]
    for policy in challenge.metric.policies:
        row = challenge.compared.sel(policy=policy)
        low, high = (percent(float(row["quantiles"].sel(quantile=q))) for q in (0.05, 0.95))
        regret = percent(float(row["regret_max"])).removesuffix("%")
        name, enough = RunView(case).names.policy(policy), percent(float(row["satisficing"]))
        assert f"| {name} | {percent(float(row['mean']))} | {low} to {high} | {regret} points | {enough} |" in page
    assert challenge.change is not None and percent(challenge.change.better.share) == "22%"
    assert f"in 22% of worlds ({challenge.change.better.interval})" in page
    assert choice.comparisons[1].ties == dict.fromkeys(challenge.ties, ("silent", "sunk"))
    assert choice.efficient is not None and choice.efficient["efficient"].values.tolist() == [True, True, True, False]
