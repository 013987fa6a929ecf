"""Numbers that several parts of a report tell: each is computed here, once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from foedus.arraytypes import Floats
from foedus.claims.sweep import Precision
from foedus.claims.verdict import ClaimResult
from foedus.runs.view import RunView
from foedus.worlds.thresholds import FAILS_SHARE, HOLDS_SHARE, LEAST_TURN, TURNS
from foedus.worlds.weights import HIGH, LOW, MIDDLE, Spread, even, quantiles


class Side(StrEnum):
    """Where a claim stands, by the share of worlds in which its first reading holds."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


def side(share: float) -> Side:
    """Where a claim stands that holds in this share of worlds."""
    return Side.HOLDS if share >= HOLDS_SHARE else Side.FAILS if share <= FAILS_SHARE else Side.OPEN


def hangs_on_noise(claim: ClaimResult) -> bool:
    """Whether the verdict of the first reading turns as choices get more or less precise."""
    return bool(claim.warning)


def readings_reach(claim: ClaimResult) -> tuple[float, float]:
    """The lowest and the highest share of worlds among a claim's readings; NaN without any."""
    shares = [reading.posterior for reading in claim.readings] or [float("nan")]
    return min(shares), max(shares)


def readings_differ(claim: ClaimResult) -> bool:
    """Whether one fair reading of the claim holds in most worlds and another in less than half."""
    low, high = readings_reach(claim)
    return low < TURNS <= high and high - low > LEAST_TURN


def decided_most_by(results: RunView, claim: ClaimResult) -> str:
    """The assumption on which a claim's first reading turns most; nothing where none is known."""
    deciding = claim.readings[0].decides if claim.readings else []
    return results.names.assumption(deciding[0].assumption) if deciding else ""


def event_of(results: RunView, outcome: str) -> str:
    """The event that an outcome stands for; one that was not declared stands for itself."""
    written = results.scenario.outcomes.get(outcome)
    return written.event if written else outcome


def better_share(results: RunView, outcome: str, policy: str, other: str) -> float:
    """Share of worlds (posterior) in which an outcome is less likely under one policy than under another."""
    return float(results.weights @ (results.final_of(outcome, policy) < results.final_of(outcome, other)))


def value_change(results: RunView, actor: str, policy: str) -> Spread:
    """What a policy changes in an actor's expected total value, against the factual policy."""
    values = [results.array("value", actor=actor, policy=p) for p in (policy, results.factual)]
    return results.spread(values[0] - values[1])


@dataclass(frozen=True)
class Course:
    """A probability by period, over worlds: averages after and before the observations, and nine worlds in ten."""

    mean: Floats
    prior_mean: Floats
    low: Floats
    median: Floats
    high: Floats


def course(results: RunView, outcome: str, policy: str) -> Course:
    """The probability that an outcome has happened by the end of each period."""
    values = results.array("outcome_by", "period", policy=policy, outcome=outcome)
    ends = quantiles(values, results.weights, (LOW, MIDDLE, HIGH))
    return Course(results.weights @ values, results.prior_weights @ values, *ends)


def by_precision(results: RunView, outcome: str, policy: str) -> dict[Precision, Spread]:
    """Setting of the precision -> an outcome's final probability, where the sweep knows it, over the subset's worlds."""
    swept = results.sweep(outcome, policy)
    spreads = {step: results.spread(values, even(len(values))) for step, values in swept.items() if values.size}
    return {step: spread for step, spread in spreads.items() if spread.mean == spread.mean}
