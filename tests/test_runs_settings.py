"""What a run is asked for: one object, checked when it is made, the same for every way to ask."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, asdict, fields
from itertools import product
from typing import Any, get_type_hints

import numpy as np
import pytest

import foedus
from ensemble_cases import ONE, tiny
from foedus.claims.sweep import VARIED, Precision
from foedus.errors import FoedusError
from foedus.game.arrays import LANES
from foedus.report.json import to_json
from foedus.runs.plan import Plan, subset_of
from foedus.runs.settings import AUTO, RunOptions, RunSettings, whole_number
from foedus.runs.trials import Trials
from foedus.worlds.thresholds import SUBSET
from foedus.worlds.weights import even


def test_what_may_be_written_is_what_a_run_is_asked_for() -> None:
    assert list(get_type_hints(RunOptions)) == [field.name for field in fields(RunSettings)]
    assert RunSettings.of() == RunSettings() and RunSettings().worlds == AUTO


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"worlds": 0}, "worlds must be a whole number, 1 or more, not 0."),
        ({"worlds": 2.0}, "worlds must be a whole number"),
        ({"worlds": None}, "worlds must be a whole number"),
        ({"seed": True}, "seed must be a whole number, not True"),
        ({"subset": -1}, "subset must be a whole number, 1 or more"),
        ({"method": "sobl"}, "'sobl' is not a sampling method. Did you mean 'sobol'?"),
        ({"method": None}, "'None' is not a sampling method"),
        ({"judge": 0}, "judge must be True or False, not 0."),
        ({"resample": "half"}, "resample must be True or False, not 'half'."),
        ({"world": 5}, "'world' is not a setting of a run. Did you mean 'worlds'?"),
        ({"threds": 1}, "'threds' is not a setting of a run."),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_done(
    tmp_path: Any, options: Any, fragment: str
) -> None:
    for ask in (
        lambda: RunSettings.of(**options),
        lambda: foedus.run(tiny(), **options),
        lambda: foedus.ensemble(tiny(), tmp_path / "out", **options),
    ):
        with pytest.raises(FoedusError) as caught:
            ask()
        assert fragment in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_settings_are_plain_whatever_they_were_written_with() -> None:
    settings = RunSettings.of(worlds=np.int64(30), seed=np.int32(-2), subset=np.uint8(9), policies="status_quo")
    assert settings == RunSettings(("status_quo",), 30, -2, "nested", 9)
    assert RunSettings(**json.loads(json.dumps(asdict(settings)))) == settings
    assert RunSettings.of(policies=["b", "a"]).policies == ("b", "a") and RunSettings.of(policies=[]).policies == ()
    assert whole_number("n", np.int16(3)) == 3 and type(whole_number("n", np.int16(3))) is int


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(FoedusError, match="Did you mean 'bright_line'"):
        Plan(tiny(), RunSettings(policies=("status_quo", "brite_line")))


def test_a_plan_says_which_policies_and_worlds_it_solves() -> None:
    plan = Plan(tiny(), RunSettings(policies=(), worlds=30))
    assert plan.policies == ["status_quo", "bright_line"]  # the factual one, and the one that a claim asks about
    assert plan.settings == RunSettings(("status_quo", "bright_line"), 30, 0, "nested", 8)
    assert Plan(tiny(), plan.settings).settings == plan.settings
    bare = Plan(tiny(), RunSettings(policies=(), worlds=30, judge=False))
    assert bare.policies == ["status_quo"] and not bare.readings and not Trials(bare, even(30)).pieces()
    with pytest.raises(FrozenInstanceError):
        plan.settings.worlds = 3  # type: ignore[misc]


@pytest.mark.parametrize("resample", [False, True])
def test_the_subset_is_full_blocks(resample: bool) -> None:
    for worlds, asked in product([1, 7, 8, 9, 15, 16, 31, 40, 47, 48, 90, 500], [None, 1, 5, 24, 10_000]):
        full = worlds if worlds < LANES else worlds - worlds % LANES
        subset = subset_of(RunSettings(worlds=worlds, subset=asked, resample=resample))
        assert 1 <= subset <= full
        if asked is not None:
            assert subset == min(asked, full)
        else:
            assert subset <= SUBSET and (subset % LANES == 0 or subset == full < LANES)
            assert subset >= min(full, LANES) and (subset == SUBSET or subset > full // 2 - LANES)


def test_pieces_are_the_worlds_of_the_run_in_order() -> None:
    plan = Plan(tiny(), RunSettings(worlds=50))
    pieces = [plan.piece(str(start), range(start, min(start + 13, 50))) for start in range(0, 50, 13)]
    for name, draw in plan.draws.items():
        np.testing.assert_array_equal(np.concatenate([piece.draws[name] for piece in pieces]), draw)
    assert plan.subset == 24 and [piece.count for piece in pieces] == [3 * 13, 3 * 13, 3 * 13, 3 * 11]


def test_trials_are_all_on_the_worlds_that_stand_for_all() -> None:
    plan = Plan(tiny(), RunSettings(worlds=50))
    weights = np.random.default_rng(1).random(50) ** 8
    trials = Trials(plan, weights / weights.sum())
    sweep, neutral, redrawn = trials.pieces()
    assert set(sweep.sweep) == set(VARIED) and sweep.count == 3 * 4 * len(trials.worlds)
    assert 1 < trials.effective < 24 and trials.weights.sum() == pytest.approx(1)
    for name, draw in plan.draws.items():
        np.testing.assert_array_equal(sweep.draws[name], draw[trials.worlds])
        same = [np.array_equal(piece.draws[name], draw[trials.worlds]) for piece in (neutral, redrawn)]
        assert same == [name != "cost"] * 2
    assert (
        neutral.name == "neutral-000"
        and redrawn.name == "redrawn-000"
        and set(neutral.policies) == {"status_quo", "bright_line"}
    )
    assert not neutral.draws["cost"].any() and plan.draws["cost"].all()


def test_a_piece_keeps_its_arrays_by_name_and_labelling_takes_them_out() -> None:
    plan = Plan(tiny(), RunSettings(worlds=10))
    piece = plan.piece("main", range(10))
    arrays = plan.solver.solve(piece)
    variables = ("outcome_by", "outcome_at", "expected", "value", "taken", "entropy")
    expected = {"answers", "heard/log_likelihood", "heard/log_each", "heard/foreseen", "heard/foreseen_state"}
    expected |= {f"{variable}/{policy}" for variable in variables for policy in plan.policies}
    expected |= {f"heard/{name}" for name in ("given_by", "given_ahead", "given_at")}
    expected |= {f"idle:heard/{name}" for name in ("log_likelihood", "log_each", "foreseen", "foreseen_state")}
    assert set(arrays) == expected and {len(array) for array in arrays.values()} == {10}
    solved = plan.labelled(piece, arrays)
    given = ("outcome_by_given", "outcome_ahead", "outcome_at_given")
    assert not arrays and set(solved.data.data_vars) == {*variables, *given}
    assert solved.data["outcome_by"].dims == ("world", "policy", "period", "outcome")
    sweep = Trials(plan, even(10)).pieces()[0]
    swept = plan.solver.solve(sweep)
    expected = {f"{step}:answers" for step in VARIED}
    assert set(swept) == expected | {f"{step}:outcome_by/{policy}" for step in VARIED for policy in plan.policies}
    assert {len(array) for array in swept.values()} == {8}


def test_a_kept_run_may_leave_claims_alone(tmp_path: Any) -> None:
    kept = foedus.ensemble(tiny(), tmp_path, worlds=20, judge=False, executor=ONE)
    assert to_json(kept) == to_json(foedus.run(tiny(), worlds=20, judge=False)) and not kept.claims and kept.solved == 1
    assert foedus.resume(tmp_path, executor=ONE).solved == 0


def test_the_sweep_goes_from_chance_to_perfection() -> None:
    scales = [step.scale for step in Precision]
    assert scales == sorted(scales) and scales[0] == 0 and scales[-1] == math.inf and Precision.ONE.scale == 1
    assert {*VARIED, Precision.ONE} == set(Precision)
    for kind in ("label", "short", "symbol"):
        assert len({getattr(step, kind) for step in Precision}) == len(Precision)
    for step in Precision:
        how = step.behaviour("logit")
        assert how.bare and (how.perfect if step == Precision.PERFECT else how.scale == step.scale)
        assert step.behaviour("perfect").perfect == (step != Precision.ZERO)
    assert json.dumps({Precision.HALF: 1}) == '{"half": 1}' and f"{Precision.HALF}" == "half"
