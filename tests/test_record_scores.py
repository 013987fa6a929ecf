"""Scores, calibration and resamples of the record against decompositions and closed forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from foedus.record.charts import interval
from foedus.record.forecasts import Forecast, Forecaster, Score, base_rate, persistence
from foedus.record.questions import Question, RecordedAnswer
from foedus.record.score import calibration, mean_score, resampled

YES_NO = Question(state="war == yes")
THREE = Question("answer", (frozenset({"a"}), frozenset({"b"}), frozenset({"c"})))


def forecast(given: list[float], answer: int, question: Question = YES_NO, period: int = 0) -> Forecast:
    return Forecast(RecordedAnswer(0, period, question, answer, 0.1), {Forecaster.MODEL: np.array(given)}, 1.0, 0)


def model(forecasts: list[Forecast], kind: Score) -> float:
    return mean_score(forecasts, kind, Forecaster.MODEL)


def probabilities(size: int) -> st.SearchStrategy[list[float]]:
    whole = st.lists(st.integers(1, 20), min_size=size, max_size=size)
    return whole.map(lambda parts: [part / sum(parts) for part in parts])


def test_scores_by_hand() -> None:
    made = forecast([0.7, 0.2, 0.1], 1, THREE)
    assert made.score(Score.LOG, Forecaster.MODEL) == pytest.approx(-np.log2(0.2))
    assert made.score(Score.BRIER, Forecaster.MODEL) == pytest.approx((0.49 + 0.64 + 0.01) / 2)
    yes = forecast([0.8, 0.2], 0)
    assert yes.score(Score.BRIER, Forecaster.MODEL) == pytest.approx((0.8 - 1) ** 2)
    assert forecast([1.0, 0.0], 1).score(Score.LOG, Forecaster.MODEL) == np.inf


@given(probabilities(3), probabilities(3))
def test_nothing_scores_better_than_what_one_believes(belief: list[float], told: list[float]) -> None:
    """Both scores are proper (Gneiting and Raftery 2007); what honesty gains is relative entropy, and half a distance."""

    def expected(given: list[float], kind: Score) -> float:
        scores = [forecast(given, k, THREE).score(kind, Forecaster.MODEL) for k in range(3)]
        return float(np.dot(belief, scores))

    p, q = np.array(belief), np.array(told)
    lost = {kind: expected(told, kind) - expected(belief, kind) for kind in Score}
    assert lost[Score.LOG] == pytest.approx(float(np.sum(p * np.log2(p / q))), abs=1e-9)
    assert lost[Score.BRIER] == pytest.approx(float(np.sum((p - q) ** 2)) / 2, abs=1e-9)
    assert min(lost.values()) >= -1e-12


def test_the_brier_score_is_reliability_less_resolution_plus_uncertainty() -> None:
    """Murphy's decomposition (1973) from the bands, exact where all forecasts of a band are the same."""
    dice = np.random.default_rng(3)
    chances = dice.choice([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98], 400)
    happened = dice.random(400) < np.clip(chances + 0.1, 0, 1)
    made = [forecast([p, 1 - p], 0 if true else 1) for p, true in zip(chances, happened, strict=True)]
    bands = calibration(made, Forecaster.MODEL)
    n, given_, true = (np.array([getattr(band, name) for band in bands]) for name in ("n", "forecast", "happened"))
    base = happened.mean()
    assert n.sum() == 400 and len(bands) == 7
    reliability, resolution = n @ (given_ - true) ** 2 / 400, n @ (true - base) ** 2 / 400
    assert model(made, Score.BRIER) == pytest.approx(reliability - resolution + base * (1 - base))


@given(st.lists(st.tuples(probabilities(3), st.integers(0, 2)), min_size=1, max_size=30))
def test_bands_count_every_answer_of_a_question_with_more_than_two(rows: list[tuple[list[float], int]]) -> None:
    bands = calibration([forecast(given, answer, THREE) for given, answer in rows], Forecaster.MODEL)
    assert sum(band.n for band in bands) == 3 * len(rows)
    assert sum(band.n * band.happened for band in bands) == pytest.approx(len(rows))
    assert sum(band.n * band.forecast for band in bands) == pytest.approx(len(rows))
    for band in bands:
        inside = [(p, k == answer) for given, answer in rows for k, p in enumerate(given) if band.low <= p < band.high]
        assert band.n == len(inside)
        assert band.forecast == pytest.approx(np.mean([p for p, _ in inside]))
        assert band.happened == pytest.approx(np.mean([true for _, true in inside]))


def test_a_certain_forecast_lies_in_the_last_band() -> None:
    (band,) = calibration([forecast([1.0, 0.0], 0)], Forecaster.MODEL)
    assert (band.high, band.n, band.forecast, band.happened) == (1.0, 1, 1.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(0, 4), (3, 10), (17, 20), (50, 50), (1, 1)])
def test_the_interval_is_wilsons(k: int, n: int) -> None:
    low, high = interval(k / n, n)
    expected = stats.binomtest(k, n).proportion_ci(0.90, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=2e-4)


@given(st.lists(st.integers(0, 2), max_size=12), st.floats(0.0, 0.5))
def test_rivals_give_probabilities_and_learn(answers: list[int], error: float) -> None:
    history = [RecordedAnswer(i, i, THREE, answer, error) for i, answer in enumerate(answers)]
    base = base_rate(THREE, history)
    assert base.sum() == pytest.approx(1) and (base > 0).all()
    np.testing.assert_allclose(base, [(answers.count(k) + 0.5) / (len(answers) + 1.5) for k in range(3)])
    again = persistence(RecordedAnswer(99, 99, THREE, 0, error), history, base)
    assert again.sum() == pytest.approx(1) and (again >= 0).all()
    if answers:
        repeats = sum(a == b for a, b in pairwise(answers))
        assert again[answers[-1]] == pytest.approx((repeats + 1 - max(error, 0.01)) / len(answers))
    else:
        np.testing.assert_array_equal(again, base)


def test_resamples_spread_as_the_mean_of_periods_does() -> None:
    """With one answer a period the bootstrap's interval is that of a mean: 1.645 standard errors either side."""
    gaps = np.random.default_rng(5).normal(0.2, 1, 400)
    gap = resampled(gaps.tolist(), list(range(400)))
    error = gaps.std() / 20
    assert gap.difference == pytest.approx(gaps.mean())
    assert (gap.low, gap.high) == pytest.approx((gaps.mean() - 1.645 * error, gaps.mean() + 1.645 * error), abs=0.015)
    assert gap.better == pytest.approx(stats.norm.cdf(-gaps.mean() / error), abs=0.02)
    # answers of one period are drawn together: copies of a period add nothing
    copied = resampled(np.repeat(gaps, 3).tolist(), np.repeat(np.arange(400), 3).tolist())
    assert (copied.low, copied.high) == pytest.approx((gap.low, gap.high))
    assert resampled([0.1, -0.3], [0, 1]).low is None
