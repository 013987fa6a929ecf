"""Scores of forecasts: against predictive probabilities and rivals worked out by hand."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from foedus.cli import app
from foedus.errors import FoedusError
from foedus.record.forecasts import RIVALS, Forecaster, Score
from foedus.record.mechanisms import drop_each, mechanisms, switched
from foedus.record.questions import recorded_answers
from foedus.record.score import Gap, Kind, MeanScores, Standing, TrackRecord, resampled, score_scenario
from foedus.record.score_telling import brief, headline, section, state_name
from foedus.report.html import render
from foedus.runs.local import run
from foedus.scenario.load import load
from foedus.scenario.names import Names
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import simulate

EVENTS = Path(__file__).parent.parent.parent / "shared" / "data" / "events-2024-2025.csv"
WORLDS = 40


def raw(periods: int = 5, **changes: Any) -> dict[str, Any]:
    """Each period, if an alarm rings (by chance), a guard waits, shouts or shoots. ``gain`` is what acting brings."""
    return {
        "horizon": {"periods": periods, "beyond": 0},
        "actors": {"guard": {"precision": 1.5, "patience": 0}},
        "assumptions": {"gain": {"uniform": [-1, 1]}, "risk": {"uniform": [0.3, 0.9]}},
        "state": {
            "alarm": {"levels": ["off", "low", "high"], "start": "off", "within": "period"},
            "tired": {"levels": ["no", "yes"], "start": "no"},
        },
        "turn": [
            {"id": "ring", "chance": [{"prob": "risk", "then": {"alarm": "low"}}, {"prob": "rest"}]},
            {
                "id": "answer",
                "decide": "guard",
                "when": "alarm == low",
                "actions": {
                    "wait": {"base": 2},
                    "shout": {"pays": {"guard": "gain"}, "then": {"tired": "yes"}},
                    "shoot": {"pays": {"guard": "gain - tired"}},
                },
            },
        ],
        **changes,
    }


OBSERVED = [
    {"at": 0, "took": "answer.shout", "error": 0.1, "event": "2024-06-09 a shout"},
    {"at": 1, "is": "alarm == off", "error": 0.2},
    {"at": 2, "took": "answer.wait", "error": 0.1},
    {"at": 2, "is": "alarm >= low", "error": 0.2},
    {"at": 4, "took": "answer.wait", "error": 0.1},
]


def choices(gain: Any, tired: int, precision: float = 1.5) -> Any:
    """[worlds, 3] by hand: base rate times exp(precision x payoff)."""
    odds = np.stack([np.full_like(gain, 2), np.exp(precision * gain), np.exp(precision * (gain - tired))], axis=1)
    return odds / odds.sum(axis=1, keepdims=True)


def by_hand(precision: float = 1.5, weighed: bool = True) -> dict[int, Any]:
    """The model's forecast of each observation [answers], by a filter over one hidden bit in each world; with worlds
    weighed by what was observed before, or not."""
    draws = sample(Scenario.model_validate(raw()), WORLDS, 0)
    gain, risk = draws["gain"], draws["risk"]
    fresh, weights, found = np.ones(WORLDS), np.full(WORLDS, 1 / WORLDS), {}  # probability of not being tired yet
    for t in range(5):
        p = fresh[:, None] * choices(gain, 0, precision) + (1 - fresh)[:, None] * choices(gain, 1, precision)
        acts = {i: o for i, o in enumerate(OBSERVED) if o["at"] == t}
        for i, o in acts.items():
            cells = risk[:, None] * p if "took" in o else np.stack([1 - risk, risk], axis=1)
            mixed = weights @ cells / (weights @ cells).sum()
            found[i] = (1 - o["error"]) * mixed + o["error"] * (1 - mixed) / (len(mixed) - 1)
        joint = np.stack([fresh, 1 - fresh])  # weigh, then move on
        likely, after = np.zeros(WORLDS), np.zeros(WORLDS)
        for tired in (0, 1):
            q = choices(gain, tired, precision)
            for ring in (0, 1):
                for a in range(3) if ring else [None]:
                    mass = joint[tired] * (risk * q[:, a] if ring else 1 - risk)
                    for o in acts.values():
                        names = ["wait", "shout", "shoot"]
                        agrees = (
                            a is not None and o["took"] == f"answer.{names[a]}"
                            if "took" in o
                            else (o["is"] == "alarm == off") == (not ring)
                        )
                        mass = mass * (1 - o["error"] if agrees else o["error"])
                    likely += mass
                    after += mass * (tired == 0 and a != 1)
        fresh = after / likely
        weights = weights * likely / (weights @ likely) if weighed else weights
    return found


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.model_validate(raw(observations=OBSERVED))


@pytest.fixture(scope="module")
def scored(scenario: Scenario) -> TrackRecord:
    return score_scenario(scenario, WORLDS, 0)


def test_the_models_forecasts_are_those_worked_out_by_hand(scored: TrackRecord) -> None:
    expected = by_hand()
    assert [event.outcome for event in scored.events] == [1, 0, 0, 1, 0]
    for event, p in zip(scored.events, expected.values(), strict=True):
        np.testing.assert_allclose(event.forecast["model"], p, rtol=1e-10)
        assert sum(event.forecast["model"]) == pytest.approx(1)
    given = [p[event.outcome] for event, p in zip(scored.events, expected.values(), strict=True)]
    assert scored.scores.log_score["model"] == pytest.approx(-np.mean(np.log2(given)))
    errors = [p - np.eye(len(p))[e.outcome] for e, p in zip(scored.events, expected.values(), strict=True)]
    assert scored.scores.by["brier_score"]["model"] == pytest.approx(np.mean([np.sum(x**2) / 2 for x in errors]))
    risk = sample(Scenario.model_validate(raw()), WORLDS, 0)["risk"]
    assert scored.events[0].comes_up == pytest.approx(risk.mean())


def test_rivals_are_those_worked_out_by_hand(scored: TrackRecord) -> None:
    answers = [e for e in scored.events if e.kind == "choice"]
    assert answers[0].answers == [["answer.wait"], ["answer.shout"], ["answer.shoot"]]
    np.testing.assert_allclose(answers[0].forecast["base_rate"], [1 / 3] * 3)
    np.testing.assert_allclose(answers[1].forecast["base_rate"], [0.5 / 2.5, 1.5 / 2.5, 0.5 / 2.5])
    np.testing.assert_allclose(answers[2].forecast["base_rate"], [1.5 / 3.5, 1.5 / 3.5, 0.5 / 3.5])
    np.testing.assert_allclose(answers[0].forecast["persistence"], [1 / 3] * 3)
    np.testing.assert_allclose(answers[1].forecast["persistence"], [0.05, 0.9, 0.05])
    # it changed once: (0 repeats + 0.9) / 2; the rest by base rates of 1.5 and 0.5
    np.testing.assert_allclose(answers[2].forecast["persistence"], [0.45, 0.55 * 0.75, 0.55 * 0.25])
    states = [e for e in scored.events if e.kind == "state"]
    assert states[0].question == states[1].question == "alarm == off" and states[1].outcome == 1
    np.testing.assert_allclose(states[1].forecast["persistence"], [0.8, 0.2])
    gap = scored.scores.against["base_rate"]["log_score"]
    assert gap.difference == pytest.approx(scored.scores.log_score["model"] - scored.scores.log_score["base_rate"])
    assert gap.low <= gap.difference <= gap.high


def test_the_model_without_one_thing_is_worked_out_by_hand(scored: TrackRecord) -> None:
    """With nobody weighing anything (precision 0) and worlds weighed by that; and with worlds never weighed at all."""
    for who, expected in (("nobody_weighing", by_hand(0.0)), ("unweighted", by_hand(weighed=False))):
        for event, p in zip(scored.events, expected.values(), strict=True):
            np.testing.assert_allclose(event.forecast[who], p, rtol=1e-10)
    assert scored.events[2].forecast["unweighted"] != scored.events[2].forecast["model"]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=6)
def test_scores_and_gaps_of_all_rivals_are_those_of_their_forecasts(seed: int) -> None:
    """Recomputed from the forecasts that are told, in other words: plain sums over events."""
    rng = np.random.default_rng(seed)
    acts = rng.choice(["wait", "shout", "shoot"], 7)
    observed = [{"at": t, "took": f"answer.{act}", "error": 0.05} for t, act in enumerate(acts)]
    record = score_scenario(Scenario.model_validate(raw(7, observations=observed)), 12, seed % 1000)
    for who in Forecaster:
        total = {Score.LOG: 0.0, Score.BRIER: 0.0}
        for event in record.events:
            given_to = event.forecast[who]
            assert sum(given_to) == pytest.approx(1)
            total[Score.LOG] += -math.log(given_to[event.outcome], 2) / 7
            total[Score.BRIER] += sum((p - (k == event.outcome)) ** 2 for k, p in enumerate(given_to)) / 14
        for kind, value in total.items():
            assert record.scores.by[kind][who] == pytest.approx(value)
            if who != Forecaster.MODEL:
                gap = record.scores.against[who][kind]
                assert gap.difference == pytest.approx(record.scores.by[kind]["model"] - value)
                spans = gap.low <= 0 <= gap.high
                assert gap.better is None and (gap.standing is Standing.TIE) == spans
                assert spans or (gap.standing is Standing.BETTER) == (gap.high < 0)


def test_two_periods_ahead_nothing_later_is_known(scenario: Scenario) -> None:
    found = score_scenario(scenario, WORLDS, 0, horizon=2)
    assert [event.period for event in found.events] == ["1", "2", "2", "4"]
    changed = [dict(o) for o in OBSERVED]
    changed[2]["took"] = "answer.shoot"
    other = score_scenario(Scenario.model_validate(raw(observations=changed)), WORLDS, 0, horizon=2)
    for who in Forecaster:
        for i in (0, 1, 2):  # period 2 is forecast from what was known before period 1
            assert found.events[i].forecast[who] == other.events[i].forecast[who]
        if who not in (Forecaster.UNWEIGHTED, Forecaster.NOBODY_WEIGHING):  # whose forecasts hang on the state alone
            assert found.events[3].forecast[who] != other.events[3].forecast[who]


def test_answers_that_the_record_does_not_tell_apart_are_one() -> None:
    observed = [{"at": 0, "took": ["answer.shoot", "answer.shout"], "error": 0.1}, {"at": 1, "took": "answer.wait"}]
    changed = raw(
        observations=[*observed, {"at": 2, "is": "not alarm != off", "error": 0.1}, {"at": 2, "is": "tired >= no"}]
    )
    found = recorded_answers(Scenario.model_validate(changed))
    assert found[0].question.answers == (frozenset({"answer.wait"}), frozenset({"answer.shout", "answer.shoot"}))
    assert [one.answer for one in found] == [1, 0, 0, 0]


def test_resamples_of_whole_periods() -> None:
    """Three periods with one value each: all 27 draws can be listed."""
    found = resampled([3.0, 3.0, -1.0, -2.0] * 8, [0, 0, 1, 2] * 8)
    values, sizes = np.array([6.0, -1, -2]), np.array([2, 1, 1])
    means = [values[list(d)].sum() / sizes[list(d)].sum() for d in np.ndindex(3, 3, 3)]
    assert found.difference == pytest.approx(0.75)
    assert found.better == pytest.approx(np.mean(np.array(means) < 0), abs=0.04)
    assert found.low == pytest.approx(np.quantile(means, 0.05), abs=0.2)
    assert found.standing is Standing.TIE
    assert resampled([3.0, 3.0, -1.0, -2.0], [0, 0, 1, 2]).better is None  # too few answers for shares of resamples
    assert resampled([1.0], [0]).low is None and resampled([1.0], [0]).standing is Standing.TOO_FEW
    assert resampled([1.0, 2.0, 3.0], [0, 1, 2]).standing is Standing.WORSE
    assert resampled([-1.0, -2.0, -3.0], [0, 1, 2]).standing is Standing.BETTER
    assert resampled([0.0, 0.0], [0, 1]).standing is Standing.TIE


def test_a_switch_at_one_changes_nothing_and_at_zero_drops_its_part() -> None:
    scenario = load("extended-deterrence-realign")
    parts = mechanisms(scenario)
    twin, switches = switched(scenario, parts)
    draws = sample(twin, 8, 0)
    plain = simulate(scenario, {n: d for n, d in draws.items() if n in scenario.all_assumptions})
    for policy, value in simulate(twin, draws).value.items():
        np.testing.assert_allclose(value, plain.value[policy], rtol=1e-12, atol=1e-12)
    for part in parts:
        if part.kind != Kind.COMMITMENT:
            continue
        off = simulate(twin, {**draws, **dict.fromkeys(switches[part], np.zeros(8))})
        without = scenario.model_copy(
            update={
                "commitments": {
                    n: c.model_copy(update={"in_force": 0}) if n == part.name else c
                    for n, c in scenario.commitments.items()
                }
            }
        )
        wanted = simulate(without, {n: d for n, d in draws.items() if n in scenario.all_assumptions})
        for policy, value in off.value.items():
            np.testing.assert_allclose(value, wanted.value[policy], rtol=1e-12, atol=1e-12)


def losing() -> Scenario:
    """A guard whose wish to shoot is written far too strong: he waits every period."""
    observed = [{"at": t, "took": "answer.wait", "error": 0.02} for t in range(8)]
    changed = raw(8, observations=observed)
    changed["assumptions"]["gain"] = {"uniform": [1, 3]}
    return Scenario.model_validate(changed)


def test_a_model_that_loses_says_so_and_what_is_to_blame() -> None:
    scenario = losing()
    dropped = drop_each(scenario, 20)
    assert (dropped.each[0].kind, dropped.tried, dropped.idle) == ("weighing", 2, 0)  # the weighing, the objective
    # by base rates alone the guard waits in two cases of four
    expected = -np.log2(0.98 * 0.5 + 0.02 * 0.25)
    assert dropped.each[0].log_score == pytest.approx(expected)
    made = run(scenario, worlds=20)
    text = " ".join(render(made).split())
    assert "loses to the base rate so far (" in text
    assert "The mechanism that hurts the forecasts most: Guard weighs consequences." in text
    assert (
        "The record is no evidence for the strategic part of the model: the same model with nobody weighing anything"
        in text
    )
    assert "on 8 answers only: too few to say how sure that is" in text
    assert "not a forecast until it has been scored" not in text


def test_the_section_says_the_numbers(scenario: Scenario, scored: TrackRecord) -> None:
    made = section(Names(scenario), scored)
    assert made.sentences[0].startswith(headline(scored.scores))
    assert "5 recorded answers in 4 periods" in made.sentences[1]
    for who in Forecaster:
        assert f"{2 ** -scored.scores.log_score[who]:.0%}" in made.sentences[1]
    assert "of resamples of the record" not in " ".join(made.sentences)
    assert [table.caption.split(":")[0] for table in made.tables][:3] == [
        "Mean scores",
        "The model's mean score less each rival's, and where nine resamples in ten lie",
        "Log score by question",
    ]
    assert made.tables[-1].rows[0][0] == "2024-06-09"
    assert all(str(figure.drawing).startswith("<svg") for figure in made.figures)
    assert state_name(Names(scenario), "alarm >= low") == "Alarm: low or more"


def told(model: float, nobody: float, standing: Standing, n: int = 40) -> str:
    """The headline of a record with these mean log scores."""
    gap = model - nobody
    ends = (None, None) if standing is Standing.TOO_FEW else (gap - 0.05, gap + 0.05)
    better = None if n < 30 or standing is Standing.TOO_FEW else 0.98
    against = {who: dict.fromkeys(Score, Gap(gap, standing, *ends, better)) for who in RIVALS}
    scores = MeanScores(n, {kind: dict.fromkeys(Forecaster, nobody) | {"model": model} for kind in Score}, against)
    assert brief(scores).startswith(headline(scores))
    return headline(scores)


def test_the_headline_says_when_the_record_is_no_evidence_for_strategy() -> None:
    good = told(0.5, 0.7, Standing.BETTER)
    assert good.startswith("The record speaks for the strategic part") and "in 98% of resamples" in good
    few = told(0.5, 0.7, Standing.BETTER, n=12)
    assert few.startswith("The record is too short to be evidence for the strategic part") and "resamples" not in few
    for standing, scores in ((Standing.TIE, (0.68, 0.7)), (Standing.WORSE, (0.9, 0.7)), (Standing.TOO_FEW, (0.5, 0.7))):
        assert told(*scores, standing).startswith("The record is no evidence for the strategic part of the model")
    assert "which may be chance" in told(0.68, 0.7, Standing.TIE)


def test_the_command_prints_strict_json(tmp_path: Path, scenario: Scenario) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text(scenario.to_yaml(), encoding="utf-8")
    out = CliRunner().invoke(app, ["score", str(file), "--worlds", "10", "--drop", "4", "--json"])
    found = json.loads(out.stdout)
    assert set(found["log_score"]) == set(found["brier_score"]) == set(Forecaster)
    assert set(found["against"]) == set(Forecaster) - {"model"}
    assert {gap["log_score"]["standing"] for gap in found["against"].values()} <= set(Standing)
    assert (
        len(found["events"]) == found["n"] == 5 and len(found["mechanisms"]["each"]) + found["mechanisms"]["idle"] == 2
    )
    learned = CliRunner().invoke(app, ["learn", str(file), "--worlds", "50", "--effective", "10", "--json"])
    told = json.loads(learned.stdout)
    assert {one["id"] for one in told["assumptions"]} == {"gain", "risk"} and len(told["observations"]) == 5
    shown = CliRunner().invoke(app, ["score", str(file), "--worlds", "10", "--drop", "0"])
    assert "How good were its forecasts" in shown.stdout
    shown = CliRunner().invoke(app, ["learn", str(file), "--worlds", "50", "--resample", "--effective", "20"])
    assert "Which observation moved what" in shown.stdout


def test_what_cannot_be_scored_is_said_in_words(scenario: Scenario) -> None:
    vague = Scenario.model_validate(raw(observations=[{"at": 0, "took": "answer.wait", "error": "risk / 9"}]))
    with pytest.raises(FoedusError, match="error"):
        run(vague, worlds=4)
    sure = Scenario.model_validate(
        raw(observations=[{"at": 0, "took": ["answer.wait", "answer.shout", "answer.shoot"]}])
    )
    with pytest.raises(FoedusError, match="only answer that was possible"):
        score_scenario(sure, 4)
    assert run(sure, worlds=8).score is None
    halves = Scenario.model_validate(raw(observations=[{"at": 0, "took": "answer.wait", "error": "1 / 20"}]))
    assert score_scenario(halves, 4).events[0].error == 0.05
    with pytest.raises(FoedusError, match="no 'observations'"):
        score_scenario(Scenario.model_validate(raw()), 4)
    with pytest.raises(FoedusError, match="9 periods ahead"):
        score_scenario(scenario, 4, horizon=9)


def test_the_reference_case_is_scored_on_events_of_the_record() -> None:
    if not EVENTS.exists():
        pytest.skip("the table of events is not here")
    with EVENTS.open(encoding="utf-8", newline="") as file:
        table = {(row["date"], row["event"]) for row in csv.DictReader(file)}
    dates = {date for date, _ in table}
    found = score_scenario(load("russia-dprk-pact"), 8)
    matched = [event for event in found.events if event.date in dates and event.what.startswith(event.date)]
    assert len(matched) >= 20
    assert {len(found.scores.by[kind]) for kind in Score} == {len(Forecaster)}
