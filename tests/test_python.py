"""Foedus from Python: what a notebook user types, rightly and wrongly."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import foedus
from foedus import FoedusError, ScenarioError

CERTAIN: dict[str, Any] = {
    "title": "Nothing <uncertain>",
    "actors": {"a": {}, "b": {"precision": "1 + 1"}},
    "state": {"x": {"levels": ["lo", "hi"], "start": "lo", "ends": "hi"}},
    "turn": [{"id": "m", "decide": "a", "actions": {"stay": {}, "go": {"then": {"x": "hi"}, "pays": {"a": 1}}}}],
    "claims": {
        "up": {
            "says": "It goes <up>.",
            "readings": {"likely": "prob(eventually(x == hi)) > 0.6"},
            "rests_on": {"a.precision": 0},
        }
    },
}


@pytest.fixture(scope="module")
def certain() -> foedus.Run:
    return foedus.run(foedus.load(CERTAIN), worlds=5)


def test_a_scenario_without_uncertainty_runs(certain: foedus.Run):
    assert certain.data["outcome_by"].sizes["world"] == 5
    assert certain.prob("eventually(x == hi)").values == pytest.approx(np.full((1, 5), 1 / (1 + np.exp(-1))))
    assert "all worlds are alike" in " ".join(certain.warnings)
    (claim,) = certain.claims
    # What it rests on is precision: without it nobody weighs anything, and the claim fails. It was not put in.
    assert (claim.share, claim.built_in, claim.readings[0].neutral) == (1.0, "not built in", 0.0)


def test_numbers_that_are_all_expressions_and_all_neutral_run():
    raw = {**CERTAIN, "actors": {"a": {"precision": "2 * 1", "patience": "1 / 1"}}}
    everything = {"a.precision": 0, "a.patience": 0.5}
    raw["claims"] = {"up": {**CERTAIN["claims"]["up"], "rests_on": everything}}
    run = foedus.run(foedus.load(raw), worlds=3)
    assert run.claims[0].readings[0].neutral == 0.0
    assert run.data["outcome_by"].values.max() == pytest.approx(1 / (1 + np.exp(-2)))


def test_a_claim_that_asks_nothing_of_the_game_runs():
    claim = {"says": "One is less.", "readings": {"less": "1 < a.precision + 1"}, "rests_on": {"a.precision": 0}}
    run = foedus.run(foedus.load({**CERTAIN, "claims": {"less": claim}}), worlds=3)
    assert (run.claims[0].share, run.claims[0].readings[0].neutral) == (1.0, 0.0)


def test_objects_show_themselves(certain: foedus.Run):
    assert repr(certain) == "Run('Nothing <uncertain>', worlds: 5, policies: 1, claims: 1)"
    assert repr(certain.scenario) == "Scenario('Nothing <uncertain>', actors: 2, phases: 1, claims: 1)"
    assert repr(certain.claims) == "up: holds throughout, 100% of worlds, not built in"
    for shown in (certain, certain.scenario, certain.claims):
        html = shown._repr_html_()
        assert "<table>" in html and "<uncertain>" not in html and "<up>" not in html
    assert "It goes &lt;up&gt;." in certain.claims._repr_html_() and "not built in" in certain._repr_html_()
    assert {"world", "policy", "period", "outcome", "action", "actor", "objective", "reading"} <= set(
        certain.data.sizes
    )


def test_entropies_are_those_of_the_choices(certain: foedus.Run):
    p = 1 / (1 + np.exp(-1))
    bits = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    assert certain.data["entropy"].sel(actor="a").values == pytest.approx(np.full((5, 1), bits))
    assert np.isnan(certain.data["entropy"].sel(actor="b")).all()


def test_precision_means_nothing_where_play_is_perfect():
    run = foedus.run(foedus.load({**CERTAIN, "rationality": "perfect"}), worlds=2)
    by = run.claims[0].readings[0].by_precision
    assert by == {"zero": 0.0, "half": 1.0, "one": 1.0, "twice": 1.0, "perfect": 1.0} and run.claims[0].warning == ""
    swept = run.sweep["outcome_by"].sel(outcome="x_hi", policy="status_quo").mean("world")
    found = {str(name): float(swept.sel(setting=name)) for name in swept["setting"].values}
    assert found == {"zero": 0.5, "half": 1.0, "one": 1.0, "twice": 1.0, "perfect": 1.0}


@pytest.mark.parametrize(
    ("query", "options", "fragment"),
    [
        ("x", {}, "a probability needs a time"),
        ("eventually(x == hy)", {}, "Did you mean 'hi'?"),
        ("x == hi", {}, "a probability needs a time"),
        ("x == hi", {"at": 5}, "'5' is outside the reported periods, 0 alone"),
        ("x == hi", {"at": "2024-01"}, "no 'first' date"),
        ("x == hi", {"at": 0.5}, "a quoted date or a whole number"),
        ("eventually(", {}, "is not an expression"),
        ("", {}, "takes 1 thing"),
        (3, {}, "must read the state"),
        (None, {}, "is not allowed"),
        ("eventually(x == hi)", {"under": "none"}, "'none' is not a policy"),
        ("eventually(x == hi)", {"when": 1}, "prob has no 'when'"),
        ("eventually(x == hi)", {"given": 3}, "must read the state"),
        ("eventually(x == hi)", {"during": 3}, "'during' takes two dates"),
        ("eventually(x == hi)", {"from_": "x > lo"}, "'from_' takes levels"),
    ],
)
def test_bad_queries(certain: foedus.Run, query: Any, options: dict[str, Any], fragment: str):
    with pytest.raises(FoedusError) as caught:
        certain.prob(query, **options)
    assert fragment in str(caught.value)


def test_numbers_of_numpy_are_numbers(certain: foedus.Run):
    assert certain.prob("x == hi", at=np.int64(0)).equals(certain.prob("x == hi", at=0))


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"policies": ["nope"]}, "'nope' is not a policy. Known: status_quo."),
        ({"worlds": 0}, "worlds must be a whole number, 1 or more, not 0."),
        ({"worlds": 2.5}, "worlds must be a whole number"),
        ({"worlds": "many"}, "not 'many'"),
        ({"worlds": True}, "worlds must be a whole number"),
        ({"subset": 0}, "subset must be"),
        ({"threads": 0}, "threads must be"),
        ({"seed": "x"}, "seed must be a whole number, not 'x'"),
        ({"method": "dice"}, "is not a sampling method"),
    ],
)
def test_bad_runs(options: dict[str, Any], fragment: str):
    with pytest.raises(FoedusError) as caught:
        foedus.run(foedus.load(CERTAIN), **{"worlds": 2, **options})
    assert fragment in str(caught.value)


@pytest.mark.parametrize("wrong", ["signorino-deterrence", {}, None, 3])
def test_what_is_no_scenario_is_not_run(wrong: Any):
    for function in (foedus.run, foedus.check, foedus.validate):
        with pytest.raises(FoedusError, match="is no scenario"):
            function(wrong)


@pytest.mark.parametrize("wrong", [None, 3, b"x", ["a"]])
def test_what_cannot_be_loaded(wrong: Any):
    with pytest.raises(FoedusError, match="cannot be loaded"):
        foedus.load(wrong)


def test_a_scenario_of_the_wrong_shape_is_told_in_plain_words():
    with pytest.raises(ScenarioError, match="'actors' is missing"):
        foedus.Scenario()
    with pytest.raises(ScenarioError) as caught:
        foedus.Scenario(**{**CERTAIN, "turn": [{"id": "m", "chnce": []}]})
    assert "turn.0.chnce: error: 'chnce' is not a key here. Did you mean 'chance'?" in str(caught.value)
    with pytest.raises(ScenarioError, match="is not a level of 'x'"):
        foedus.run(foedus.Scenario(**{**CERTAIN, "state": {"x": {"levels": ["lo", "hi"], "start": "mid"}}}))


def test_everything_public_is_there_and_importing_warns_of_nothing():
    code = "import foedus; [getattr(foedus, name) for name in foedus.__all__]"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "before", ["foedus.Run", "import foedus.runs.local", "from foedus.runs.local import run", "import foedus.runs"]
)
def test_the_function_is_not_hidden_by_its_module(before: str):
    code = f"import foedus; {before}; assert callable(foedus.run) and foedus.run.__name__ == 'run'"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
