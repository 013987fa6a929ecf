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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.record.questions import Asked, Question, asked
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, PolicyResult, simulate
from foedus.worlds.weights import ess, posterior

FORECASTERS = ("model", "base_rate", "persistence")
RIVALS = FORECASTERS[1:]
SCORES = ("log_score", "brier_score")
EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)  # of the bins of the calibration table
SETTLED = 3  # answers to a question from which on its rivals have something to go by
LEAST_ERROR = 0.01  # the least chance that persistence leaves for a change
_DRAWS = 2000
_DATE = re.compile(r"^\d{4}(-\d{2}){1,2}\b")


@dataclass(frozen=True)
class Forecast:
    """What was forecast of one recorded answer: ``by`` forecaster the probability of each answer; the probability,
    to the model, that the choice comes up at all; how often the question had been answered when it was forecast."""

    asked: Asked
    by: dict[str, Floats]
    reached: float
    earlier: int

    def surprise(self, forecaster: str) -> float:
        """Minus the binary logarithm of what was given to the recorded answer."""
        with np.errstate(divide="ignore"):
            return float(-np.log2(self.by[forecaster][self.asked.answer]))

    def brier(self, forecaster: str) -> float:
        """Half the summed squared error of the probabilities."""
        happened = np.arange(self.asked.question.size) == self.asked.answer
        return float(np.sum((self.by[forecaster] - happened) ** 2) / 2)

    def score(self, kind: str, forecaster: str) -> float:
        """One of the two scores."""
        return self.surprise(forecaster) if kind == "log_score" else self.brier(forecaster)


def forecasts(
    scenario: Scenario, result: PolicyResult, horizon: int = 1, prior: Floats | None = None
) -> list[Forecast]:
    """Forecasts of all recorded answers, ``horizon`` periods ahead, in order of time.

    ``result`` is that of the factual policy, solved with forecasts ``ahead`` of ``horizon``; ``prior``: weights of the
    worlds before any observation, unless alike. The model's forecast of a
    choice is that of its answer if it comes up: what was not up for choice was not recorded.
    """
    record, made = asked(scenario), []
    origins = {one.period: one.period - horizon + 1 for one in record}
    weights = {t: _known(result, origin, prior) for t, origin in origins.items() if origin >= 0}
    for one in record:
        if one.period in weights:
            history = [old for old in record if old.question == one.question and old.period < origins[one.period]]
            cells = _cells(result, one)
            mass = weights[one.period] @ cells
            base = base_rate(one.question, history)
            by = {"model": _recorded(mass, one), "base_rate": base, "persistence": persistence(one, history, base)}
            made.append(Forecast(one, by, float(min(mass.sum(), 1.0)), len(history)))
    return made


def _known(result: PolicyResult, origin: int, prior: Floats | None) -> Floats:
    """Weights of worlds by what was observed before period ``origin``."""
    with np.errstate(divide="ignore"):
        return posterior(result.log_likelihood[:, :origin].sum(axis=1), None if prior is None else np.log(prior))


def _cells(result: PolicyResult, one: Asked) -> Floats:
    """[worlds, answers] probability that each answer's acts are taken, or that the state holds and not."""
    if not one.question.phase:
        held = result.foreseen_state[:, one.observation]
        return np.stack([1 - held, held] if one.answer else [held, 1 - held], axis=1)
    places = [[result.actions.index(a) for a in sorted(cell) if a in result.actions] for cell in one.question.answers]
    return np.stack([result.foreseen[:, one.period, place].sum(axis=1) for place in places], axis=1)


def _recorded(mass: Floats, one: Asked) -> Floats:
    """From the probability of each answer to that of its being recorded: a wrong coding may be any of the others."""
    total, k = mass.sum(), one.question.size
    p = mass / total if total > 0 else np.full(k, 1 / k)
    return np.asarray((1 - one.error) * p + one.error * (1 - p) / (k - 1))


def base_rate(question: Question, history: Sequence[Asked]) -> Floats:
    """How often each answer was recorded before, half a record added to each (Krichevsky and Trofimov 1981)."""
    counts = np.bincount([old.answer for old in history], minlength=question.size) + 0.5
    return np.asarray(counts / counts.sum())


def persistence(one: Asked, history: Sequence[Asked], base: Floats) -> Floats:
    """The answer recorded last, as surely as answers have been repeated before; the base rate where there is none.

    Before any repetition was seen it is as sure as the coding, 1 - error; that counts as one case. What is left goes
    to the other answers by their base rates.
    """
    if not history:
        return base
    answers = [old.answer for old in history]
    kept = sum(a == b for a, b in pairwise(answers))
    sure = (kept + 1 - max(one.error, LEAST_ERROR)) / len(answers)
    p = base.copy()
    p[answers[-1]] = 0
    p *= (1 - sure) / p.sum()
    p[answers[-1]] = sure
    return p


def score(scenario: Scenario, result: PolicyResult, horizon: int = 1, prior: Floats | None = None) -> dict[str, Any]:
    """The scores of a run's forecasts, as plain data (see ``docs/learning.md`` for every key).

    FoedusError where the scenario has nothing to score.
    """
    if not scenario.observations:
        raise FoedusError("nothing can be scored: the scenario has no 'observations'. Add what happened, with dates.")
    made = forecasts(scenario, result, horizon, prior)
    if not made:
        if not asked(scenario):
            raise FoedusError("nothing can be scored: each observation is the only answer that was possible.")
        raise FoedusError(f"nothing can be scored {horizon} periods ahead: all observations are earlier than that.")
    weights = [_known(result, one.asked.period - horizon + 1, prior) for one in made]
    return {
        **_summary(made),
        "periods": len({one.asked.period for one in made}),
        "horizon": horizon,
        "worlds": len(result.log_likelihood),
        "effective_sample": min(ess(w) for w in weights),
        "unit": "log score in bits; lower is better for both scores",
        "events": [_event(scenario, one) for one in made],
        "calibration": {who: calibration(made, who) for who in FORECASTERS},
        "questions": _by_question(made),
        "settled": _summary([one for one in made if one.earlier >= SETTLED]),
    }


def score_scenario(
    scenario: Scenario,
    worlds: int = 200,
    seed: int = 0,
    horizon: int = 1,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """The scores of a scenario's forecasts in ``worlds`` sampled worlds, in a game compiled for nothing else."""
    games, policy = Games(scenario, (), {}, ahead=horizon, lean=True), scenario.factual_policy
    found = simulate(scenario, sample(scenario, worlds, seed), [policy], games=games, progress=progress)
    return score(scenario, found.results[policy], horizon)


def _summary(made: Sequence[Forecast]) -> dict[str, Any]:
    """Mean scores, and the model's less its rivals'; just ``n`` where there is nothing to score."""
    if not made:
        return {"n": 0}
    return {
        "n": len(made),
        **{kind: {who: _mean(made, kind, who) for who in FORECASTERS} for kind in SCORES},
        "against": {who: {kind: difference(made, kind, who) for kind in SCORES} for who in RIVALS},
    }


def _by_question(made: Sequence[Forecast]) -> list[dict[str, Any]]:
    """The mean log score by question."""
    by: dict[Question, list[Forecast]] = defaultdict(list)
    for one in made:
        by[one.asked.question].append(one)
    return [
        {
            "question": q.phase or q.state,
            "kind": "choice" if q.phase else "state",
            "n": len(found),
            "log_score": {who: _mean(found, "log_score", who) for who in FORECASTERS},
        }
        for q, found in by.items()
    ]


def loses_to(scored: Mapping[str, Any]) -> list[str]:
    """The rivals with a better mean log score than the model."""
    return [who for who in RIVALS if scored["log_score"][who] < scored["log_score"]["model"]]


def _mean(made: Sequence[Forecast], kind: str, who: str) -> float:
    return float(np.mean([one.score(kind, who) for one in made]))


def _event(scenario: Scenario, one: Forecast) -> dict[str, Any]:
    """One scored answer as plain data."""
    o, asked_ = scenario.observations[one.asked.observation], one.asked
    label = scenario.horizon.calendar.label(asked_.period)
    question = asked_.question
    names = [sorted(cell) for cell in question.answers] or [["yes"], ["no"]]
    dated = _DATE.match(o.event)
    return {
        "date": dated.group() if dated else label,
        "period": label,
        "what": o.event or o.why,
        "source": o.source,
        "question": question.phase or question.state,
        "kind": "choice" if question.phase else "state",
        "answers": names,
        "outcome": asked_.answer,
        "error": asked_.error,
        "comes_up": one.reached,
        "probability": {who: float(one.by[who][asked_.answer]) for who in FORECASTERS},
        "forecast": {who: one.by[who].tolist() for who in FORECASTERS},
        "log_score": {who: one.surprise(who) for who in FORECASTERS},
    }


def difference(made: Sequence[Forecast], kind: str, rival: str) -> dict[str, float | None]:
    """The model's mean score less a rival's (below 0: the model is better), and how sure that is."""
    gaps = [one.score(kind, "model") - one.score(kind, rival) for one in made]
    return resampled(gaps, [one.asked.period for one in made])


def resampled(gaps: Sequence[float], periods: Sequence[int]) -> dict[str, float | None]:
    """The mean of score differences, with what whole periods drawn anew with replacement make of it.

    ``low`` and ``high`` hold nine resamples in ten, ``better`` is the share of them below 0 (block bootstrap: Efron
    and Tibshirani 1993; the answers of one period hang together). None where there are fewer than three periods.
    """
    sums: dict[int, float] = defaultdict(float)
    counts: dict[int, int] = defaultdict(int)
    for gap, period in zip(gaps, periods, strict=True):
        sums[period] += gap
        counts[period] += 1
    total, n = np.array([sums[t] for t in sums]), np.array([counts[t] for t in sums])
    found: dict[str, float | None] = {"difference": float(total.sum() / n.sum())}
    if len(total) < 3:
        return found | {"low": None, "high": None, "better": None}
    drawn = np.random.default_rng(0x5C0).integers(len(total), size=(_DRAWS, len(total)))
    means = total[drawn].sum(axis=1) / n[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.05, 0.95])
    return found | {"low": float(low), "high": float(high), "better": float(np.mean(means < 0))}


def calibration(made: Sequence[Forecast], who: str) -> list[dict[str, float]]:
    """How often what was given a probability came true, by bins of the probability.

    Every answer of a question with more than two is one forecast; of a question with two, the first answer.
    """
    p = np.concatenate([one.by[who] if one.asked.question.size > 2 else one.by[who][:1] for one in made])
    true = np.concatenate(
        [np.arange(len(one.by[who]) if one.asked.question.size > 2 else 1) == one.asked.answer for one in made]
    )
    bins = np.clip(np.searchsorted(EDGES, p, side="right") - 1, 0, len(EDGES) - 2)
    return [
        {
            "low": EDGES[b],
            "high": EDGES[b + 1],
            "n": int((bins == b).sum()),
            "forecast": float(p[bins == b].mean()),
            "happened": float(true[bins == b].mean()),
        }
        for b in range(len(EDGES) - 1)
        if (bins == b).any()
    ]
