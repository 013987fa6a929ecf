"""Forecasts of the recorded answers, from a rolling origin: the model's, and those of two simple rivals."""

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


RIVALS = (Forecaster.BASE_RATE, Forecaster.PERSISTENCE)


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
    scenario: Scenario, result: PolicyResult, horizon: int = 1, prior: Floats | None = None
) -> list[Forecast]:
    """Forecasts of all recorded answers, ``horizon`` periods ahead, in order of time.

    ``result`` is that of the factual policy, solved with forecasts ``ahead`` of ``horizon``; ``prior``: weights of the
    worlds before any observation, unless alike. The model's forecast of a
    choice is that of its answer if it comes up: what was not up for choice was not recorded.
    """
    record, forecasts = recorded_answers(scenario), []
    origins = {recorded.period: recorded.period - horizon + 1 for recorded in record}
    weights = {period: known_weights(result, origin, prior) for period, origin in origins.items() if origin >= 0}
    for recorded in record:
        if recorded.period not in weights:
            continue
        question, origin = recorded.question, origins[recorded.period]
        history = [earlier for earlier in record if earlier.question == question and earlier.period < origin]
        mass = weights[recorded.period] @ _answered(result, recorded)
        base = base_rate(question, history)
        by = {
            Forecaster.MODEL: _as_recorded(mass, recorded),
            Forecaster.BASE_RATE: base,
            Forecaster.PERSISTENCE: persistence(recorded, history, base),
        }
        forecasts.append(Forecast(recorded, by, float(min(mass.sum(), 1.0)), len(history)))
    return forecasts


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
    """How often each answer was recorded before, half a record added to each (Krichevsky and Trofimov 1981)."""
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
