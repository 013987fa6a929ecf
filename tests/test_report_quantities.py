"""The numbers of a report, against sums written out by hand; and what its parts say of the same number."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from fake_run import fake_run
from foedus.present.shares import Share
from foedus.present.wording import percent, signed
from foedus.report import findings
from foedus.report.background import limits
from foedus.report.files import write_run
from foedus.report.html import render
from foedus.report.json import to_json
from foedus.report.quantities import (
    better_share,
    by_precision,
    course,
    decided_most_by,
    readings_differ,
    readings_reach,
    value_change,
)
from foedus.report.sizes import sizes
from foedus.runs.view import RunView
from foedus.scenario.load import load


@pytest.fixture(scope="module")
def run():
    return fake_run(worlds=40)


@pytest.fixture(scope="module")
def results(run):
    return RunView(run)


def weighted(run, values) -> float:
    """A sum over worlds, written out."""
    return sum(float(w) * float(v) for w, v in zip(run.weights, values, strict=True))


def test_the_share_of_worlds_in_which_a_policy_is_better(run, results):
    war = run.data["outcome_by"].sel(outcome="war").isel(period=-1)
    lower = war.sel(policy="no_pact").values < war.sel(policy="status_quo").values
    assert better_share(results, "war", "no_pact", "status_quo").share == pytest.approx(weighted(run, lower))
    other_way = better_share(results, "war", "status_quo", "no_pact").share
    assert other_way == pytest.approx(1 - weighted(run, lower)), "no two worlds are alike here"


def test_the_change_in_value_is_the_average_of_the_differences(run, results):
    value = run.data["value"].sel(actor="borland")
    differences = (value.sel(policy="no_pact") - value.sel(policy="status_quo")).values
    change = value_change(results, "borland", "no_pact")
    assert change.mean == pytest.approx(weighted(run, differences))
    order = np.argsort(differences)
    ranked, middle = differences[order], np.cumsum(run.weights[order]) - run.weights[order] / 2
    for told, q in ((change.low, 0.05), (change.median, 0.5), (change.high, 0.95)):
        above = min(max(int(np.searchsorted(middle, q)), 1), len(ranked) - 1)
        part = min(max((q - middle[above - 1]) / (middle[above] - middle[above - 1]), 0.0), 1.0)
        assert told == pytest.approx(ranked[above - 1] + part * (ranked[above] - ranked[above - 1]))
    assert value_change(results, "borland", "status_quo").high == 0


def test_a_course_goes_by_period(run, results):
    values = run.data["outcome_by"].sel(policy="no_pact", outcome="war").transpose("world", "period").values
    drawn = course(results, "war", "no_pact")
    for t in range(len(run.periods)):
        assert drawn.mean[t] == pytest.approx(weighted(run, values[:, t]))
        assert drawn.prior_mean[t] == pytest.approx(values[:, t].mean())
        assert values[:, t].min() <= drawn.low[t] <= drawn.median[t] <= drawn.high[t] <= values[:, t].max()


def test_the_sweep_is_averaged_over_its_worlds_alike(run, results):
    swept = by_precision(results, "war", "status_quo")
    assert list(swept) == ["zero", "half", "one", "twice", "perfect"]
    for setting, spread in swept.items():
        values = run.sweep["outcome_by"].sel(setting=setting, policy="status_quo", outcome="war").values
        assert spread.mean == pytest.approx(values.mean())


def test_settings_that_were_not_swept_are_left_out(run):
    sweep = run.sweep.copy(deep=True)
    sweep["outcome_by"].loc[{"setting": "half"}] = np.nan
    view = RunView(replace(run, sweep=sweep))
    assert "half" not in by_precision(view, "war", "status_quo")
    assert not any(finding.lead == "Noise" for finding in findings.how_sure(view))
    assert findings.sweep_title(view) == "No precision sweep was run."


@pytest.mark.parametrize(
    ("shares", "differ"), [((0.9, 0.4), True), ((0.6, 0.4), False), ((0.9, 0.6), False), ((), False)]
)
def test_readings_differ_where_they_fall_on_both_sides_and_far_apart(run, shares, differ):
    readings = [replace(run.claims[0].readings[0], held=Share.of(share, 40)) for share in shares]
    claim = replace(run.claims[0], readings=readings)
    assert readings_differ(claim) is differ
    assert not shares or readings_reach(claim) == (min(shares), max(shares))


def test_a_claim_without_a_decider_names_none(run, results):
    claim = replace(run.claims[0], readings=[replace(run.claims[0].readings[0], decides=[])])
    assert decided_most_by(results, claim) == "" == decided_most_by(results, replace(claim, readings=[]))
    assert decided_most_by(results, run.claims[0]) in render(run)


def test_every_part_of_the_report_says_the_same_number(run, results):
    """The page, the summary and the JSON tell the factual policy's risk of war alike."""
    war = results.final_spread("war", "status_quo")
    html, told = render(run), to_json(run)
    assert f"War: {percent(war.mean)} by {results.end} under" in html
    assert any(f"{percent(war.mean)} ({percent(war.low)} to" in text for text in told["findings"]["what_comes_out"])
    policy = next(policy for policy in told["policies"] if policy["factual"])
    assert policy["outcomes"]["war"]["mean"] == war.mean
    assert told["outcomes"][0]["policies"]["status_quo"]["mean"][-1] == pytest.approx(war.mean)


def test_who_gains_is_told_with_its_sign(results):
    paid = [finding.text for finding in findings.what_comes_out(results) if finding.lead == "Who pays"]
    best = results.ranked_policies("war")[0][0]
    for actor in results.labels("actor"):
        mean = value_change(results, actor, best).mean
        assert (f"{results.names.actor(actor)} ({signed(mean)})" in "".join(paid)) == (
            bool(paid) and abs(mean) >= 0.005
        )


def test_limits_say_what_was_left_out(run, results):
    text = " ".join(limits(results))
    assert "Fitted: nothing but the weights of worlds" in text and "until it has been scored" in text
    searched = replace(run, meta={**run.meta, "searched_worlds": 1234}, prior=np.full(40, 1 / 40))
    text = " ".join(limits(RunView(searched)))
    assert "the first 1,234 worlds" in text and "Half of the worlds were drawn where the observations point" in text
    assert "Fitted: nothing. " in " ".join(limits(RunView(replace(run, observed=False))))


def test_many_policies_are_not_all_drawn():
    text = " ".join(limits(RunView(fake_run(policies=12))))
    assert re.search(r"Charts over time show 5 of 12 policies", text)


def test_the_files_of_a_run(run, tmp_path):
    import xarray as xr

    report = write_run(run, tmp_path / "out")
    assert report.read_text(encoding="utf-8") == render(run)
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["effective_sample"] == run.ess and about["game"] == vars(run.game)
    with xr.open_dataset(tmp_path / "out" / "results.nc", engine="scipy") as kept:
        assert np.array_equal(kept["weight"], run.weights)
        assert np.array_equal(kept["outcome_by"], run.data["outcome_by"])


def test_the_size_is_that_of_the_largest_game_among_the_policies():
    scenario = load("patron-chooses-text")
    scenario = scenario.model_copy(update={"claims": {}})
    size = sizes(scenario)
    alone = [sizes(scenario.model_copy(update={"policies": {name: p}})) for name, p in scenario.policies.items()]
    assert len(alone) > 1 and size.branches == max(each.branches for each in alone)
    assert 0 < size.actions <= size.branches and size.bytes_per_world > 0
