"""Forecasts scored against what happened, from a rolling origin.

For each period with observations, worlds are weighed by what was known ``horizon`` periods before its end, the model
forecasts the answers that will be recorded, and the forecast is compared with the record and with four rivals.
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
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.record.forecasts import RIVALS, Forecast, Forecaster, Score, forecasts, known_weights
from foedus.record.questions import Question, QuestionKind, recorded_answers
from foedus.scenario.schema import Scenario
from foedus.worlds.contradiction import refuse_impossible
from foedus.worlds.sample import sample
from foedus.worlds.simulate import NOBODY_WEIGHS, Behaviour, Games, Options, PolicyResult, simulate
from foedus.worlds.thresholds import LEAST_ANSWERS, SETTLED
from foedus.worlds.weights import ess

EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)  # of the bins of the calibration table
_RESAMPLES = 2000
_NOTHING = 1e-9
_DATE = re.compile(r"^\d{4}(-\d{2}){1,2}\b")


class Standing(StrEnum):
    """How the first of two forecasters stands against the second: an interval that spans zero is a tie."""

    BETTER = "better"
    TIE = "tie"
    WORSE = "worse"
    TOO_FEW = "too few to tell"


@dataclass(frozen=True)
class Gap:
    """A difference of mean scores (below 0: the first is better); ``low`` to ``high`` hold nine resamples of the record
    in ten, None where there are fewer than three periods to resample. ``better`` is the share of resamples below 0, None
    too where fewer than LEAST_ANSWERS answers are scored."""

    difference: float
    standing: Standing
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
        against = {who: {kind: mean_gap(forecasts, forecasts, kind, who) for kind in Score} for who in RIVALS}
        return cls(len(forecasts), by, against)

    def to_json(self) -> dict[str, Any]:
        """By the keys of its JSON, for ``strict``."""
        by = {str(kind): scores for kind, scores in self.by.items()}
        return {"n": self.n, **by, "against": self.against} if self.n else {"n": 0}


@dataclass(frozen=True)
class Band:
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
    """What can be dropped: a commitment, an actor's weighing of consequences, a belief, an objective."""

    COMMITMENT = "commitment"
    WEIGHING = "weighing"
    BELIEF = "belief"
    OBJECTIVE = "objective"


@dataclass(frozen=True)
class Mechanism:
    """A part of a scenario that can be dropped; ``actor`` is empty for a commitment, ``name`` for a weighing."""

    kind: Kind
    actor: str
    name: str


@dataclass(frozen=True)
class Dropped(Mechanism):
    """The score without one mechanism; ``change`` of the log score is that without less that with it."""

    log_score: float
    brier_score: float
    change: Gap


@dataclass(frozen=True)
class DroppedEach:
    """The model's score with all mechanisms, and without each that matters, the most harmful ones (lowest change)
    first. ``tried`` counts them all, ``idle`` those that change nothing."""

    worlds: int
    log_score: float
    brier_score: float
    tried: int
    idle: int
    each: list[Dropped]


@dataclass(frozen=True)
class TrackRecord:
    """How a model's forecasts did (see ``docs/learning.md`` for every key of its JSON). ``settled``: the scores where a
    question had been answered three times before. ``mechanisms``: what dropping each does, where that was asked for."""

    scores: MeanScores
    periods: int
    horizon: int
    worlds: int
    effective_sample: float
    events: list[ScoredEvent]
    calibration: dict[Forecaster, list[Band]]
    questions: list[QuestionScore]
    settled: MeanScores
    mechanisms: DroppedEach | None = None

    @property
    def lost_to(self) -> list[Forecaster]:
        """The rivals whose mean log score is better than the model's, beyond chance."""
        return [who for who in RIVALS if self.scores.against[who][Score.LOG].standing is Standing.WORSE]

    def to_json(self) -> dict[str, Any]:
        """By the keys of its JSON, for ``strict``; ``mechanisms`` only where they were tried."""
        told = self.scores.to_json() | vars(self)
        told |= {"settled": self.settled.to_json(), "unit": "log score in bits; lower is better for both scores"}
        return {key: value for key, value in told.items() if key != "scores" and value is not None}


def track_record(
    scenario: Scenario, result: PolicyResult, idle: PolicyResult, horizon: int = 1, prior: Floats | None = None
) -> TrackRecord:
    """The scores of the forecasts of a solved scenario (see ``forecasts``). FoedusError when there is nothing to score."""
    if not scenario.observations:
        raise FoedusError("nothing can be scored: the scenario has no 'observations'. Add what happened, with dates.")
    scored = forecasts(scenario, result, idle, horizon, prior)
    if not scored:
        if not recorded_answers(scenario):
            raise FoedusError("nothing can be scored: each observation is the only answer that was possible.")
        raise FoedusError(f"nothing can be scored {horizon} periods ahead: all observations are earlier than that.")
    periods = list(dict.fromkeys(forecast.recorded.period for forecast in scored))
    sizes = len(periods), horizon, len(result.log_likelihood)
    effective = min(ess(known_weights(result, period - horizon + 1, prior)) for period in periods)
    events, calibrated = [_event(scenario, f) for f in scored], {who: calibration(scored, who) for who in Forecaster}
    settled = MeanScores.of([forecast for forecast in scored if forecast.earlier >= SETTLED])
    return TrackRecord(MeanScores.of(scored), *sizes, effective, events, calibrated, _by_question(scored), settled)


def score_scenario(
    scenario: Scenario, worlds: int, seed: int = 0, horizon: int = 1, progress: Callable[[int], None] | None = None
) -> TrackRecord:
    """The scores of a scenario's forecasts in ``worlds`` sampled worlds, in a game compiled for nothing else."""
    games, policy = Games(scenario, (), {}, ahead=horizon, lean=True), scenario.factual_policy
    draws = sample(scenario, worlds, seed)
    written, idle = (
        simulate(scenario, draws, [policy], games=games, options=Options(behaviour=behaviour, progress=progress))
        for behaviour in (Behaviour.of(scenario), NOBODY_WEIGHS)
    )
    refuse_impossible(scenario, draws, written.loglik)
    return track_record(scenario, written.results[policy], idle.results[policy], horizon)


def mean_score(forecasts: Sequence[Forecast], kind: Score, who: Forecaster) -> float:
    """The mean of a forecaster's scores."""
    return float(np.mean([forecast.score(kind, who) for forecast in forecasts]))


def mean_gap(forecasts: Sequence[Forecast], others: Sequence[Forecast], kind: Score, who: Forecaster) -> Gap:
    """The mean of the model's scores less those that ``who`` has in other forecasts of the same answers."""
    pairs = zip(forecasts, others, strict=True)
    gaps = [forecast.score(kind, Forecaster.MODEL) - other.score(kind, who) for forecast, other in pairs]
    return resampled(gaps, [forecast.recorded.period for forecast in forecasts])


def _by_question(forecasts: Sequence[Forecast]) -> list[QuestionScore]:
    """The mean log score by question."""
    by: dict[Question, list[Forecast]] = defaultdict(list)
    for forecast in forecasts:
        by[forecast.recorded.question].append(forecast)
    means = {q: {who: mean_score(asked, Score.LOG, who) for who in Forecaster} for q, asked in by.items()}
    return [QuestionScore(q.name, q.kind, len(asked), means[q]) for q, asked in by.items()]


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
    """The mean of score differences, with what whole periods drawn anew with replacement make of it. Block bootstrap
    (Efron and Tibshirani 1993): the answers of one period hang together."""
    _, which = np.unique(periods, return_inverse=True)
    total, n = np.bincount(which, gaps), np.bincount(which)
    difference = float(total.sum() / n.sum())
    if len(total) < 3:
        return Gap(difference, Standing.TIE if abs(difference) < _NOTHING else Standing.TOO_FEW)
    drawn = np.random.default_rng(0x5C0).integers(len(total), size=(_RESAMPLES, len(total)))
    means = total[drawn].sum(axis=1) / n[drawn].sum(axis=1)
    low, high = (float(end) for end in np.quantile(means, [0.05, 0.95]))
    standing = Standing.TIE if low <= 0 <= high else Standing.BETTER if high < 0 else Standing.WORSE
    better = float(np.mean(means < 0)) if len(gaps) >= LEAST_ANSWERS else None
    return Gap(difference, standing, low, high, better)


def calibration(forecasts: Sequence[Forecast], who: Forecaster) -> list[Band]:
    """How often what was given a probability came true, by bins of the probability. Every answer of a question with
    more than two is one forecast; of a question with two, the first answer."""
    counted = [
        (p, k == forecast.recorded.answer)
        for forecast in forecasts
        for k, p in enumerate(forecast.by[who])
        if k == 0 or forecast.recorded.question.size > 2
    ]
    given, true = np.array(counted).T
    bins = np.clip(np.searchsorted(EDGES, given, side="right") - 1, 0, len(EDGES) - 2)
    bands = []
    for b, (low, high) in enumerate(pairwise(EDGES)):
        if (inside := bins == b).any():
            bands.append(Band(low, high, int(inside.sum()), float(given[inside].mean()), float(true[inside].mean())))
    return bands
