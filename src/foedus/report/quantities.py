"""Numbers that several parts of a report tell: each is computed here, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.sweep import Precision
from foedus.claims.verdict import ClaimResult
from foedus.present.shares import Share, share_of
from foedus.record.settled import Settled, recorded_acts
from foedus.runs.view import RunView
from foedus.worlds.thresholds import LEAST_TURN, NEGLIGIBLE, TURNS
from foedus.worlds.ties import ROUNDING
from foedus.worlds.weights import Spread


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


def rests_on(results: RunView, claim: ClaimResult) -> list[str]:
    """The assumptions that state a claim directly, as they stand inside a sentence."""
    names, written = results.names, results.scenario.claims.get(claim.id)
    return [names.inside(names.assumption(name)) for name in written.rests_on] if written else []


def event_of(results: RunView, outcome: str) -> str:
    """The event that an outcome stands for; one that was not declared stands for itself."""
    written = results.scenario.outcomes.get(outcome)
    return written.event if written else outcome


def better_share(results: RunView, outcome: str, policy: str, other: str) -> Share:
    """Share of worlds (posterior) in which an outcome is less likely under one policy than under another."""
    gap = results.final_of(outcome, other) - results.final_of(outcome, policy)
    return share_of(gap > ROUNDING, results.weights)


def value_change(results: RunView, actor: str, policy: str) -> Spread:
    """What a policy changes in an actor's expected total value, against the factual policy."""
    values = [results.array("value", actor=actor, policy=p) for p in (policy, results.factual)]
    return results.spread(values[0] - values[1])


def pays(results: RunView, policies: Sequence[str]) -> list[tuple[str, list[Spread]]]:
    """Change in each objective's expected value against the factual policy; unmoved objectives left out."""
    by_policy = [results.array("expected", "objective", policy=policy) for policy in (results.factual, *policies)]
    changes = [expected - by_policy[0] for expected in by_policy[1:]]
    rows = [
        (results.names.objective(objective), [results.spread(change[:, i]) for change in changes])
        for i, objective in enumerate(results.labels("objective"))
    ]
    return [(name, spreads) for name, spreads in rows if any(abs(s.mean) >= NEGLIGIBLE for s in spreads)]


def recorded(results: RunView) -> dict[str, int]:
    """How often each action was observed, by its name; empty without observations."""
    acts = recorded_acts(results.scenario) if results.run.observed else {}
    return {results.names.action(action): times for action, times in acts.items()}


def taken(results: RunView, policies: Sequence[str]) -> list[tuple[str, list[float]]]:
    """How often each action is taken under each policy; those that hardly ever are left out."""
    times = np.array([results.mean("taken", "action", "period", policy=p).sum(axis=1) for p in policies])
    actions = [results.names.action(action) for action in results.labels("action")]
    return [(name, row) for name, row in zip(actions, times.T.tolist(), strict=True) if max(row) >= NEGLIGIBLE]


def entropies(results: RunView, policies: Sequence[str]) -> list[tuple[str, list[Spread]]]:
    """The chance left in each actor's decisions under each policy, in bits; actors that never decide left out."""
    rows = [
        (results.names.actor(a), [results.spread(results.array("entropy", actor=a, policy=p)) for p in policies])
        for a in results.labels("actor")
    ]
    return [(name, spreads) for name, spreads in rows if any(s.mean == s.mean for s in spreads)]


@dataclass(frozen=True)
class Given:
    """An outcome's probability given all that was observed: that it has happened so far (by the last observed period), that
    it happens after that and by the end, and that it has happened at all by the end. ``settled``: when it was observed."""

    outcome: str
    so_far: Spread
    ahead: Spread
    by_end: Spread
    settled: Settled | None
    goes_on: bool

    @property
    def told(self) -> Spread:
        """What is told first: that it comes after what was observed, or, where nothing is reported after that, that it came."""
        return self.ahead if self.goes_on else self.by_end


def given_what_happened(results: RunView) -> list[Given]:
    """Each outcome as seen from the last observed period, under the factual policy; empty without observations."""
    last = results.seen_from
    return [] if last is None else [_given(results, outcome, last) for outcome in results.outcomes]


def _given(results: RunView, outcome: str, last: int) -> Given:
    by, ahead = (results.array(name, "period", outcome=outcome) for name in ("outcome_by_given", "outcome_ahead"))
    so_far, later, in_all = (results.spread(values) for values in (by[:, last], ahead[:, -1], by[:, -1]))
    return Given(outcome, so_far, later, in_all, results.settled(outcome), results.goes_on)


_PARTS = ("mean", "low", "median", "high")


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
    spreads = [results.spread(values[:, t]) for t in range(values.shape[1])]
    mean, low, median, high = (np.array([getattr(s, part) for s in spreads]) for part in _PARTS)
    return Course(mean, results.prior_weights @ values, low, median, high)


def by_precision(results: RunView, outcome: str, policy: str) -> dict[Precision, Spread]:
    """Setting of the precision -> an outcome's final probability, where the sweep knows it, over the worlds of the
    trials with their posterior weights."""
    swept = results.sweep(outcome, policy)
    spreads = {step: results.spread(values, results.sweep_weights) for step, values in swept.items() if values.size}
    return {step: spread for step, spread in spreads.items() if spread.mean == spread.mean}
