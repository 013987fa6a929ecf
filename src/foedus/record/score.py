"""Forecasts scored against what happened, from a rolling origin.

For each period with observations, worlds are weighed by what was known ``horizon`` periods before its end, the model
forecasts the answers that will be recorded, and the forecast is compared with the record and with two simple rivals.
Scores are means over the recorded answers, lower is better:

- log score: ``-log2`` of the probability given to what was recorded, in bits (Good 1952);
- Brier score: half the sum over answers of (probability - what happened)^2 (Brier 1950), so that for a yes-or-no
  question it is (p - y)^2.

Both are proper: on average nothing scores better than what one believes (Gneiting and Raftery 2007).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.record.forecasts import RIVALS, Forecast, Forecaster, Score, forecasts, known_weights
from foedus.record.questions import Question, QuestionKind, recorded_answers
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, Options, PolicyResult, simulate
from foedus.worlds.thresholds import SETTLED
from foedus.worlds.weights import ess

EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)  # of the bins of the calibration table
_RESAMPLES = 2000
_DATE = re.compile(r"^\d{4}(-\d{2}){1,2}\b")


@dataclass(frozen=True)
class Gap:
    """A difference of mean scores (below 0: the first is better); ``low`` to ``high`` hold nine resamples of the record
    in ten, ``better`` is the share of them below 0. None where there are fewer than three periods to resample."""

    difference: float
    low: float | None = None
    high: float | None = None
    better: float | None = None


@dataclass(frozen=True)
class MeanScores:
    """Scores averaged over ``n`` recorded answers: ``by`` score and forecaster, and ``against`` each rival by score the
    model's less the rival's. Empty where n is 0."""

    n: int
    by: dict[Score, dict[Forecaster, float]]
    against: dict[Forecaster, dict[Score, Gap]]

    @property
    def log_score(self) -> dict[Forecaster, float]:
        """The mean log score by forecaster, in bits."""
        return self.by[Score.LOG]

    @classmethod
    def of(cls, forecasts: Sequence[Forecast]) -> MeanScores:
        """The mean scores of some forecasts."""
        if not forecasts:
            return cls(0, {}, {})
        by = {kind: {who: mean_score(forecasts, kind, who) for who in Forecaster} for kind in Score}
        against = {who: {kind: _against(forecasts, kind, who) for kind in Score} for who in RIVALS}
        return cls(len(forecasts), by, against)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        if not self.n:
            return {"n": 0}
        plain = asdict(self)
        return {"n": self.n, **plain["by"], "against": plain["against"]}


@dataclass(frozen=True)
class CalibrationBand:
    """The forecasts between two probabilities: how many, their mean, and the share that came true."""

    low: float
    high: float
    n: int
    forecast: float
    happened: float


@dataclass(frozen=True)
class QuestionScore:
    """The mean log score of the ``n`` answers to one question, by forecaster."""

    question: str
    kind: QuestionKind
    n: int
    log_score: dict[Forecaster, float]


@dataclass(frozen=True)
class ScoredEvent:
    """One recorded answer (``outcome`` of ``answers``) with what was given to it, and the whole ``forecast``."""

    date: str
    period: str
    what: str
    source: str
    question: str
    kind: QuestionKind
    answers: list[list[str]]
    outcome: int
    error: float
    comes_up: float
    probability: dict[Forecaster, float]
    forecast: dict[Forecaster, list[float]]
    log_score: dict[Forecaster, float]


class Kind(StrEnum):
    """What can be dropped: a commitment, the weighing of consequences, a belief, an objective."""

    COMMITMENT = "commitment"
    WEIGHING = "weighing"
    BELIEF = "belief"
    OBJECTIVE = "objective"


@dataclass(frozen=True)
class Dropped:
    """The score without one mechanism; ``change`` of the log score is that without less that with it."""

    kind: Kind
    actor: str
    name: str
    log_score: float
    brier_score: float
    change: Gap


@dataclass(frozen=True)
class DroppedEach:
    """The model's score with all mechanisms, and without each that matters, the most harmful ones (lowest change) first.

    ``tried`` counts them all, ``idle`` those that change nothing.
    """

    worlds: int
    log_score: float
    brier_score: float
    tried: int
    idle: int
    each: list[Dropped]


@dataclass(frozen=True)
class TrackRecord:
    """How a model's forecasts did (see ``docs/learning.md`` for every key of its JSON).

    ``settled``: the scores where a question had been answered three times before. ``mechanisms``: what dropping each
    does, where that was asked for.
    """

    scores: MeanScores
    periods: int
    horizon: int
    worlds: int
    effective_sample: float
    events: list[ScoredEvent]
    calibration: dict[Forecaster, list[CalibrationBand]]
    questions: list[QuestionScore]
    settled: MeanScores
    mechanisms: DroppedEach | None = None

    @property
    def lost_to(self) -> list[Forecaster]:
        """The rivals with a better mean log score than the model."""
        mean = self.scores.log_score
        return [who for who in RIVALS if mean[who] < mean[Forecaster.MODEL]]

    def to_json(self) -> dict[str, Any]:
        """As plain data; ``mechanisms`` only where they were tried."""
        plain = {
            **self.scores.to_json(),
            "periods": self.periods,
            "horizon": self.horizon,
            "worlds": self.worlds,
            "effective_sample": self.effective_sample,
            "unit": "log score in bits; lower is better for both scores",
            "events": [asdict(event) for event in self.events],
            "calibration": {who: [asdict(band) for band in bands] for who, bands in self.calibration.items()},
            "questions": [asdict(question) for question in self.questions],
            "settled": self.settled.to_json(),
        }
        return plain if self.mechanisms is None else plain | {"mechanisms": asdict(self.mechanisms)}


def track_record(
    scenario: Scenario, result: PolicyResult, horizon: int = 1, prior: Floats | None = None
) -> TrackRecord:
    """The scores of the forecasts of a solved scenario (see ``forecasts``). FoedusError when there is nothing to score."""
    if not scenario.observations:
        raise FoedusError("nothing can be scored: the scenario has no 'observations'. Add what happened, with dates.")
    scored = forecasts(scenario, result, horizon, prior)
    if not scored:
        if not recorded_answers(scenario):
            raise FoedusError("nothing can be scored: each observation is the only answer that was possible.")
        raise FoedusError(f"nothing can be scored {horizon} periods ahead: all observations are earlier than that.")
    periods = list(dict.fromkeys(forecast.recorded.period for forecast in scored))
    return TrackRecord(
        MeanScores.of(scored),
        len(periods),
        horizon,
        len(result.log_likelihood),
        min(ess(known_weights(result, period - horizon + 1, prior)) for period in periods),
        [_event(scenario, forecast) for forecast in scored],
        {who: calibration(scored, who) for who in Forecaster},
        _by_question(scored),
        MeanScores.of([forecast for forecast in scored if forecast.earlier >= SETTLED]),
    )


def score_scenario(
    scenario: Scenario, worlds: int, seed: int = 0, horizon: int = 1, progress: Callable[[int], None] | None = None
) -> TrackRecord:
    """The scores of a scenario's forecasts in ``worlds`` sampled worlds, in a game compiled for nothing else."""
    games, policy = Games(scenario, (), {}, ahead=horizon, lean=True), scenario.factual_policy
    solved = simulate(
        scenario, sample(scenario, worlds, seed), [policy], games=games, options=Options(progress=progress)
    )
    return track_record(scenario, solved.results[policy], horizon)


def mean_score(forecasts: Sequence[Forecast], kind: Score, who: Forecaster) -> float:
    """The mean of a forecaster's scores."""
    return float(np.mean([forecast.score(kind, who) for forecast in forecasts]))


def _against(forecasts: Sequence[Forecast], kind: Score, rival: Forecaster) -> Gap:
    gaps = [forecast.score(kind, Forecaster.MODEL) - forecast.score(kind, rival) for forecast in forecasts]
    return resampled(gaps, [forecast.recorded.period for forecast in forecasts])


def _by_question(forecasts: Sequence[Forecast]) -> list[QuestionScore]:
    """The mean log score by question."""
    by: dict[Question, list[Forecast]] = defaultdict(list)
    for forecast in forecasts:
        by[forecast.recorded.question].append(forecast)
    return [
        QuestionScore(
            question.name, question.kind, len(asked), {who: mean_score(asked, Score.LOG, who) for who in Forecaster}
        )
        for question, asked in by.items()
    ]


def _event(scenario: Scenario, forecast: Forecast) -> ScoredEvent:
    """One scored answer."""
    recorded, question = forecast.recorded, forecast.recorded.question
    o, label = scenario.observations[recorded.observation], scenario.horizon.calendar.label(recorded.period)
    dated = _DATE.match(o.event)
    return ScoredEvent(
        date=dated.group() if dated else label,
        period=label,
        what=o.event or o.why,
        source=o.source,
        question=question.name,
        kind=question.kind,
        answers=[sorted(acts) for acts in question.answers] or [["yes"], ["no"]],
        outcome=recorded.answer,
        error=recorded.error,
        comes_up=forecast.reached,
        probability={who: float(given[recorded.answer]) for who, given in forecast.by.items()},
        forecast={who: given.tolist() for who, given in forecast.by.items()},
        log_score={who: forecast.score(Score.LOG, who) for who in Forecaster},
    )


def resampled(gaps: Sequence[float], periods: Sequence[int]) -> Gap:
    """The mean of score differences, with what whole periods drawn anew with replacement make of it.

    Block bootstrap (Efron and Tibshirani 1993): the answers of one period hang together.
    """
    sums: dict[int, float] = defaultdict(float)
    counts: dict[int, int] = defaultdict(int)
    for gap, period in zip(gaps, periods, strict=True):
        sums[period] += gap
        counts[period] += 1
    total, n = np.array([sums[t] for t in sums]), np.array([counts[t] for t in sums])
    difference = float(total.sum() / n.sum())
    if len(total) < 3:
        return Gap(difference)
    drawn = np.random.default_rng(0x5C0).integers(len(total), size=(_RESAMPLES, len(total)))
    means = total[drawn].sum(axis=1) / n[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.05, 0.95])
    return Gap(difference, float(low), float(high), float(np.mean(means < 0)))


def calibration(forecasts: Sequence[Forecast], who: Forecaster) -> list[CalibrationBand]:
    """How often what was given a probability came true, by bins of the probability.

    Every answer of a question with more than two is one forecast; of a question with two, the first answer.
    """
    counted = [
        (p, k == forecast.recorded.answer)
        for forecast in forecasts
        for k, p in enumerate(forecast.by[who])
        if k == 0 or forecast.recorded.question.size > 2
    ]
    given, true = np.array([p for p, _ in counted]), np.array([happened for _, happened in counted])
    bins = np.clip(np.searchsorted(EDGES, given, side="right") - 1, 0, len(EDGES) - 2)
    return [
        CalibrationBand(
            EDGES[b], EDGES[b + 1], int(inside.sum()), float(given[inside].mean()), float(true[inside].mean())
        )
        for b in range(len(EDGES) - 1)
        if (inside := bins == b).any()
    ]
