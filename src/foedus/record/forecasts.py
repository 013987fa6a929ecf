"""Forecasts of the recorded answers, from a rolling origin: the model's, and those of its four rivals.

Two rivals know nothing but the record: the *base rate* so far, and *persistence*. Two are the model itself with one thing
taken out: with *nobody weighing* consequences (precision 0 of all actors: what its base rates, odds and rules say without
its strategic part), and *unweighted*, every world counting as it was assumed, whatever was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from foedus.arraytypes import Floats
from foedus.record.questions import Question, RecordedAnswer, recorded_answers
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import PolicyResult
from foedus.worlds.weights import posterior

LEAST_ERROR = 0.01  # the least chance that persistence leaves for a change


class Forecaster(StrEnum):
    """Who forecasts."""

    MODEL = "model"
    BASE_RATE = "base_rate"
    PERSISTENCE = "persistence"
    NOBODY_WEIGHING = "nobody_weighing"
    UNWEIGHTED = "unweighted"


RIVALS: tuple[Forecaster, ...] = tuple(who for who in Forecaster if who != Forecaster.MODEL)


class Score(StrEnum):
    """How a forecast is scored; lower is better."""

    LOG = "log_score"
    BRIER = "brier_score"


@dataclass(frozen=True)
class Forecast:
    """What was forecast of one recorded answer: ``by`` forecaster the probability of each answer; the probability,
    to the model, that the choice comes up at all; how often the question had been answered when it was forecast."""

    recorded: RecordedAnswer
    by: dict[Forecaster, Floats]
    reached: float
    earlier: int

    def score(self, kind: Score, who: Forecaster) -> float:
        """Minus the binary logarithm of what was given to the recorded answer, or half the summed squared error."""
        given, answer = self.by[who], self.recorded.answer
        if kind == Score.LOG:
            with np.errstate(divide="ignore"):
                return float(-np.log2(given[answer]))
        return float(np.sum((given - (np.arange(self.recorded.question.size) == answer)) ** 2) / 2)


def forecasts(
    scenario: Scenario, result: PolicyResult, idle: PolicyResult, horizon: int = 1, prior: Floats | None = None
) -> list[Forecast]:
    """Forecasts of all recorded answers by everybody, ``horizon`` periods ahead, in order of time.

    ``result`` and ``idle`` are those of the factual policy in the same worlds, solved with forecasts ``ahead`` of
    ``horizon``: as written, and at precision 0. ``prior``: weights of the worlds before any observation, unless alike.
    """
    record, told = recorded_answers(scenario), []
    without = model_forecasts(scenario, idle, horizon, prior)
    for own, other in zip(model_forecasts(scenario, result, horizon, prior), without, strict=True):
        recorded, question = own.recorded, own.recorded.question
        origin = recorded.period - horizon + 1
        history = [earlier for earlier in record if earlier.question == question and earlier.period < origin]
        base, assumed = base_rate(question, history), known_weights(result, 0, prior)
        by = own.by | {
            Forecaster.BASE_RATE: base,
            Forecaster.PERSISTENCE: persistence(recorded, history, base),
            Forecaster.NOBODY_WEIGHING: other.by[Forecaster.MODEL],
            Forecaster.UNWEIGHTED: _as_recorded(assumed @ _answered(result, recorded), recorded),
        }
        told.append(Forecast(recorded, by, own.reached, len(history)))
    return told


def model_forecasts(
    scenario: Scenario, result: PolicyResult, horizon: int = 1, prior: Floats | None = None
) -> list[Forecast]:
    """The model's own forecasts, as ``forecasts``. That of a choice is of its answer if it comes up: what was not up for
    choice was not recorded."""
    record, told = recorded_answers(scenario), []
    origins = {recorded.period: recorded.period - horizon + 1 for recorded in record}
    weights = {period: known_weights(result, origin, prior) for period, origin in origins.items() if origin >= 0}
    for recorded in record:
        if recorded.period in weights:
            mass = weights[recorded.period] @ _answered(result, recorded)
            by = {Forecaster.MODEL: _as_recorded(mass, recorded)}
            told.append(Forecast(recorded, by, float(min(mass.sum(), 1.0)), 0))
    return told


def known_weights(result: PolicyResult, origin: int, prior: Floats | None) -> Floats:
    """Weights of worlds by what was observed before period ``origin``."""
    with np.errstate(divide="ignore"):
        return posterior(result.log_likelihood[:, :origin].sum(axis=1), None if prior is None else np.log(prior))


def _answered(result: PolicyResult, recorded: RecordedAnswer) -> Floats:
    """[worlds, answers] probability that each answer's acts are taken, or that the state holds and not."""
    question = recorded.question
    if not question.phase:
        held = result.foreseen_state[:, recorded.observation]
        return np.stack([1 - held, held] if recorded.answer else [held, 1 - held], axis=1)
    places = [[result.actions.index(a) for a in sorted(acts) if a in result.actions] for acts in question.answers]
    return np.stack([result.foreseen[:, recorded.period, place].sum(axis=1) for place in places], axis=1)


def _as_recorded(mass: Floats, recorded: RecordedAnswer) -> Floats:
    """From the probability of each answer to that of its being recorded: a wrong coding may be any of the others."""
    total, k = mass.sum(), recorded.question.size
    p = mass / total if total > 0 else np.full(k, 1 / k)
    return np.asarray((1 - recorded.error) * p + recorded.error * (1 - p) / (k - 1))


def base_rate(question: Question, history: Sequence[RecordedAnswer]) -> Floats:
    """How often each answer was recorded before, half a record added to each (Krichevsky and Trofimov 1981): a prior from
    before the period, which knows nothing of what came. The answer that is forecast is never among those counted."""
    counts = np.bincount([earlier.answer for earlier in history], minlength=question.size) + 0.5
    return np.asarray(counts / counts.sum())


def persistence(recorded: RecordedAnswer, history: Sequence[RecordedAnswer], base: Floats) -> Floats:
    """The answer recorded last, as surely as answers have been repeated before; the base rate where there is none.

    Before any repetition was seen it is as sure as the coding, 1 - error; that counts as one case. What is left goes
    to the other answers by their base rates.
    """
    if not history:
        return base
    answers = [earlier.answer for earlier in history]
    repeated = sum(a == b for a, b in pairwise(answers))
    sure = (repeated + 1 - max(recorded.error, LEAST_ERROR)) / len(answers)
    p = base.copy()
    p[answers[-1]] = 0
    p *= (1 - sure) / p.sum()
    p[answers[-1]] = sure
    return p
