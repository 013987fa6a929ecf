"""What to watch: the acts and states whose coming, or not, would move an open verdict most.

A world gives each act of a typical period, and each outcome by the end, a probability; where worlds in which a claim holds
give it another than worlds in which the claim fails, seeing it tells them apart. What it is expected to tell is the mutual
information between the two (Lindley 1956), in bits:

    I = H(holds) - P(seen) H(holds | seen) - P(not seen) H(holds | not seen)

with worlds weighed as after the observations. It says how the model would learn, not what will happen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.claims.verdict import ClaimResult
from foedus.runs.view import RunView

_SIGMAS = 3.0  # by how many standard errors the two groups of worlds must differ: a hundred signs are looked at
_LEAST_MOVE = 0.05  # a share that moves by less is not worth watching for


@dataclass(frozen=True)
class Sign:
    """Something that can be seen, by the probability [world] that each world gives it: an act ``phase.action`` in a typical
    period, or an outcome by the end."""

    name: str
    is_outcome: bool
    odds: Floats


@dataclass(frozen=True)
class Watched:
    """What one sign would do to the share of worlds in which a claim holds: now, if it is seen, and if it is not.
    ``chance`` is the probability of seeing it, ``bits`` what it is expected to tell."""

    claim: str
    sign: str
    is_outcome: bool
    chance: float
    now: float
    seen: float
    unseen: float
    bits: float


def watched(results: RunView, most: int = 4) -> list[Watched]:
    """For each claim that is open the sign that is expected to tell most, the most telling first; none where nothing clearly
    tells, and in runs that keep no results by world."""
    run = results.run
    if run.large or not run.claims or "holds" not in run.data:
        return []
    signs = _signs(results)
    told = (_best(results, claim, signs) for claim in run.claims if claim.readings)
    return sorted((each for each in told if each is not None), key=lambda each: -each.bits)[:most]


def _signs(results: RunView) -> list[Sign]:
    """All that can still be seen under the factual policy: an outcome that was observed is not watched for."""
    policy = results.factual
    open_ones = [outcome for outcome in results.outcomes if results.settled(outcome) is None]
    outcomes = [Sign(outcome, True, results.final_of(outcome, policy)) for outcome in open_ones]
    if "taken" not in results.run.data:
        return outcomes
    taken = results.array("taken", "action", "period", policy=policy).mean(axis=2)  # a phase is played once a period
    return outcomes + [Sign(action, False, taken[:, k]) for k, action in enumerate(results.labels("action"))]


def _best(results: RunView, claim: ClaimResult, signs: list[Sign]) -> Watched | None:
    label = f"{claim.id}.{claim.readings[0].name}"
    holds = np.asarray(results.run.data["holds"].sel(reading=label).values, bool)
    told = [each for sign in signs if (each := tells(claim.id, sign, holds, results.weights)) is not None]
    return max(told, key=lambda each: each.bits, default=None)


def tells(claim: str, sign: Sign, holds: Bools, weights: Floats) -> Watched | None:
    """What a sign tells of whether a claim ``holds`` [world]; None where it does not clearly tell anything."""
    now, chance = float(weights[holds].sum()), float(weights @ sign.odds)
    if not (0 < now < 1 and 0 < chance < 1):
        return None
    (there, error_there), (elsewhere, error_elsewhere) = (
        _average(sign.odds[group], weights[group]) for group in (holds, ~holds)
    )
    if abs(there - elsewhere) <= _SIGMAS * np.hypot(error_there, error_elsewhere):
        return None
    seen, unseen = (min(max(share, 0.0), 1.0) for share in (now * there / chance, now * (1 - there) / (1 - chance)))
    if max(abs(seen - now), abs(unseen - now)) < _LEAST_MOVE:
        return None
    bits = _entropy(now) - chance * _entropy(seen) - (1 - chance) * _entropy(unseen)
    return Watched(claim, sign.name, sign.is_outcome, chance, now, seen, unseen, bits)


def _average(values: Floats, weights: Floats) -> tuple[float, float]:
    """A weighted average and its standard error."""
    shares = weights / weights.sum()
    mean = float(shares @ values)
    return mean, float(np.sqrt(np.sum((shares * (values - mean)) ** 2)))


def _entropy(p: float) -> float:
    """Of a yes or no, in bits."""
    p = min(max(p, 0.0), 1.0)
    return 0.0 if p in (0.0, 1.0) else float(-p * np.log2(p) - (1 - p) * np.log2(1 - p))
