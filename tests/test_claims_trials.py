"""What is tried of claims: the total index of a group against closed forms, and built in by hand, both ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import foedus
from fake_run import fake_run
from foedus.arraytypes import Floats
from foedus.claims.owed import total_index
from foedus.claims.sweep import Precision
from foedus.claims.verdict import BuiltIn
from foedus.report.json import to_json
from foedus.report.trials import adds_nothing, against_base_rates, tried
from foedus.runs.view import RunView
from foedus.worlds.weights import even, standing_for

MANY = 1 << 16


def pick_freeze(model: Any, group: list[int], inputs: int, n: int = MANY) -> Any:
    """The index of a group of uniform inputs by drawing it anew."""
    rng = np.random.default_rng(5)
    x = rng.random((n, inputs))
    again = x.copy()
    again[:, group] = rng.random((n, len(group)))
    return total_index(model(x), model(again), even(n))


@pytest.mark.parametrize(("group", "index"), [([0], 0.8), ([1], 0.2), ([0, 1], 1.0), ([2], 0.0)])
def test_the_index_of_a_linear_number_by_hand(group: list[int], index: float) -> None:
    # Of 2 a + b, with a and b alike, four fifths of the variance are owed to a.
    owed = pick_freeze(lambda x: 2 * x[:, 0] + x[:, 1], group, 3)
    assert owed.share == pytest.approx(index, abs=0.02) and owed.low <= owed.share <= owed.high


def test_the_index_of_groups_of_the_function_of_ishigami() -> None:
    # Ishigami and Homma (1990), a = 7, b = 0.1: V1, V2 and V13 in closed form (Saltelli and others 2008, p. 179).
    a, b = 7.0, 0.1

    def model(x: Floats) -> Floats:
        z = np.pi * (2 * x - 1)
        return np.asarray(np.sin(z[:, 0]) + a * np.sin(z[:, 1]) ** 2 + b * z[:, 2] ** 4 * np.sin(z[:, 0]))

    v1, v2 = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8
    v13 = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    total = v1 + v2 + v13
    for group, index in (
        ([0, 2], (v1 + v13) / total),
        ([1], v2 / total),
        ([2], v13 / total),
        ([1, 2], (v2 + v13) / total),
    ):
        assert pick_freeze(model, group, 3).share == pytest.approx(index, abs=0.02)


def test_weights_count_as_copies() -> None:
    rng = np.random.default_rng(2)
    before, after, copies = rng.random(30), rng.random(30), rng.integers(1, 5, 30)
    weighed = total_index(before, after, copies / copies.sum())
    copied = total_index(np.repeat(before, copies), np.repeat(after, copies), even(int(copies.sum())))
    assert weighed.share == pytest.approx(copied.share)
    assert total_index(np.ones(9), np.ones(9), even(9)) is None, "what does not vary is owed to nothing"
    few = total_index(before[:3], after[:3], even(3))
    assert (few.low, few.high) == (0, 1), "three worlds tell nothing"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 30))
def test_worlds_that_stand_for_all_carry_their_weight(raw: list[float], most: int) -> None:
    weights = np.array(raw) + 1e-3
    weights /= weights.sum()
    chosen, mass = standing_for(weights, most)
    assert len(chosen) <= most and mass.sum() == pytest.approx(1) and (np.diff(chosen) > 0).all()
    if len(raw) > most:
        # Systematic resampling gives each world its expected number of copies, less than one more or less.
        copies = np.zeros(len(raw))
        copies[chosen] = mass * most
        assert (np.abs(copies - weights * most) < 1 + 1e-9).all()


def test_few_worlds_along_a_number_have_its_distribution() -> None:
    # 20 of 1000 worlds in the middles of twentieths: each quantile is that of all worlds to half a twentieth of rank.
    values = np.random.default_rng(3).exponential(size=1000)
    chosen, mass = standing_for(even(1000), 20, values)
    ranks = np.sort(np.argsort(np.argsort(values))[chosen])
    assert mass == pytest.approx(even(20)) and (np.abs(ranks - (np.arange(20) * 50 + 25)) <= 1).all()


GAME: dict[str, Any] = {
    "title": "Built in",
    "actors": {"a": {"precision": {"uniform": [3, 5]}}},
    "assumptions": {"gain": {"uniform": [1, 2]}, "other": {"uniform": [0, 1]}},
    "state": {"x": {"levels": ["lo", "hi"], "start": "lo"}},
    "objectives": {"a": {"g": {"value": "gain * x"}}},
    "turn": [{"id": "m", "decide": "a", "actions": {"stay": {}, "go": {"then": {"x": "hi"}}}}],
    "outcomes": {"up": "x == hi"},
}


def claims(**readings: tuple[str, dict[str, float]]) -> foedus.Run:
    written = {
        name: {"says": f"{name}.", "readings": {"main": text}, "rests_on": rests_on}
        for name, (text, rests_on) in readings.items()
    }
    return foedus.run(foedus.load({**GAME, "claims": written}), worlds=40, subset=40)


def test_built_in_by_hand_in_both_directions() -> None:
    run = claims(
        put_in=("gain > 0.5", {"gain": 0}),  # true in every world, whoever weighs what; false without a gain
        put_out=("gain < 0.5", {"gain": 0}),  # the other way: it fails because of what was put in
        weighed=("prob(eventually(x == hi)) > 0.9", {"gain": 0}),  # true because the actor weighs the gain
        stands=("gain + other > 0.5", {"other": 0}),  # true throughout, and still without what it names
        nothing=("gain > 0.5", {}),
    )
    by = {claim.id: claim for claim in run.claims}
    trials = {name: (c.share, c.readings[0].trial.unweighed, c.readings[0].neutral) for name, c in by.items()}
    assert trials["put_in"] == (1.0, 1.0, 0.0) and trials["put_out"] == (0.0, 0.0, 1.0)
    assert trials["weighed"] == (1.0, 0.0, 0.0) and trials["stands"] == (1.0, 1.0, 1.0)
    assert {name for name, claim in by.items() if claim.built_in is BuiltIn.YES} == {"put_in", "put_out"}
    assert by["nothing"].built_in is BuiltIn.UNTESTED and by["nothing"].readings[0].trial.owed is None
    same = {name for name, claim in by.items() if claim.readings[0].trial.strategy_adds_nothing}
    assert same == {"put_in", "put_out", "stands", "nothing"}
    assert "“Put in”, “Put out”, “Stands” and “Nothing” hold in as many worlds" in adds_nothing(RunView(run))


def test_the_share_of_variance_of_a_run_in_closed_form() -> None:
    run = claims(
        both=("2 * gain + other > 3", {"gain": 0}),
        whole=("gain > 1.5", {"gain": 0}),
        none=("gain > 1.5", {"a.precision": 0}),
    )
    owed = {claim.id: claim.readings[0].trial.owed for claim in run.claims}
    assert owed["both"].low <= 0.8 <= owed["both"].high and owed["both"].share == pytest.approx(0.8, abs=0.2)
    assert owed["whole"].share == pytest.approx(1, abs=0.25) and owed["none"].share == 0


def test_trials_share_worlds_and_weights_with_what_is_assumed() -> None:
    scenario = foedus.load(
        {
            **GAME,
            "claims": {"c": {"says": "C.", "readings": {"main": "gain > 1.7"}, "rests_on": {"other": 0}}},
            "observations": [{"at": 0, "took": ["m.go"], "error": 0.01}],
        }
    )
    run = foedus.run(scenario, worlds=60, subset=16)
    trial = run.claims[0].readings[0].trial
    up = run.data["outcome_by"].sel(policy="status_quo", outcome="up").isel(period=-1).values
    chosen, weights = standing_for(run.weights, 16, up)
    assert trial.worlds == len(chosen) and trial.effective == pytest.approx(1 / np.sum(weights**2))
    expected = float(weights @ (run.draws["gain"][chosen] > 1.7))
    assert trial.by_precision == pytest.approx(dict.fromkeys(Precision, expected)) and trial.neutral == pytest.approx(
        expected
    )
    np.testing.assert_array_equal(run.sweep["weight"].values, weights)
    assumed = run.sweep["outcome_by"].sel(setting="one", policy="status_quo", outcome="up").values
    np.testing.assert_array_equal(
        assumed, run.data["outcome_by"].sel(policy="status_quo", outcome="up").isel(period=-1).values[chosen]
    )


def test_an_outcome_that_strategy_adds_nothing_to_is_told() -> None:
    idle = {
        **GAME,
        "objectives": {"a": {"g": {"value": "0"}}},
        "claims": {"c": {"says": "C.", "readings": {"main": "other > 0.5"}}},
    }
    told = adds_nothing(RunView(foedus.run(foedus.load(idle), worlds=16)))
    assert told.startswith("It adds nothing to the probability of “Up” (50% as assumed, 50% at base rates alone).")
    weighed = RunView(claims(c=("prob(eventually(x == hi)) > 0.9", {"gain": 0})))
    against = against_base_rates(weighed, "up", "status_quo")
    assert against.unweighed.mean == pytest.approx(0.5) and not against.same and not against.within
    assert adds_nothing(weighed) == ""


def test_what_was_tried_is_told_with_its_worlds() -> None:
    run = claims(put_in=("gain > 0.5", {"gain": 0}))
    text = " ".join(tried(RunView(run), run.claims[0], run.claims[0].readings[0]))
    assert text.startswith(
        "In 40 worlds that stand for all it holds in 100% of them as assumed and in 100% where nobody weighs anything;"
    )
    assert "with gain made neutral it holds in 0%" in text and "is owed to that" in text
    written = to_json(run)["claims"][0]["readings"][0]["trial"]
    assert written["built_in"] == "built in" and written["strategy_adds_nothing"] and written["worlds"] == 40


def test_a_quick_look_leaves_the_variance_out_and_says_so() -> None:
    run = fake_run()
    claim = next(c for c in run.claims if c.readings[0].neutral is not None)
    run.game.branches = 10**6
    run.scenario.claims[claim.id].rests_on = {"cost": 0}
    assert run.game.quick_look(40) and not run.game.quick_look(100)
    reading = replace(claim.readings[0], trial=replace(claim.readings[0].trial, owed=None))
    assert "left out of a quick look" in " ".join(tried(RunView(run), claim, reading))
