"""What was tried of claims and outcomes in words: built in or not, and whether strategy adds anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.claims.sweep import Precision
from foedus.claims.verdict import ClaimResult, ReadingResult, Trial
from foedus.present.wording import count, listed, percent
from foedus.report.quantities import rests_on
from foedus.runs.view import RunView
from foedus.worlds.weights import Z95, Spread, ess, spread


def counted(worlds: int, effective: float) -> str:
    """``24 worlds``, and what they are worth where some weigh more than others."""
    worth = f" (worth {effective:.0f} equal ones)" if effective < worlds - 0.5 else ""
    return f"{count(worlds, 'world')} that stand{'s' if worlds == 1 else ''} for all{worth}"


def tried(results: RunView, claim: ClaimResult, reading: ReadingResult) -> list[str]:
    """What was tried of a reading, a sentence each; empty where nothing was."""
    trial = reading.trial
    if not trial.by_precision:
        return []
    shares = f"it holds in {percent(trial.as_assumed)} of them as assumed and in {percent(trial.unweighed)} where nobody weighs anything"
    if trial.neutral is None:
        return [
            f"In {counted(trial.worlds, trial.effective)} {shares}. The claim names nothing that it rests on.",
            *_idle(trial),
        ]
    these = listed(rests_on(results, claim))
    return [
        f"In {counted(trial.worlds, trial.effective)} {shares}; with {these} made neutral it holds in {percent(trial.neutral)}.",
        _owed(results, claim, trial),
        *_idle(trial),
    ]


def _owed(results: RunView, claim: ClaimResult, trial: Trial) -> str:
    if trial.owed is not None:
        interval = f"{percent(trial.owed.low).removesuffix('%')} to {percent(trial.owed.high).removesuffix('%')}"
        return f"Of its variance over worlds, {percent(trial.owed.share)} ({interval}) is owed to that."
    written, every = results.scenario.claims.get(claim.id), results.scenario.all_assumptions
    varies = written and any(name in every and every[name].distribution is not None for name in written.rests_on)
    if varies and results.run.game.quick_look(len(results.weights)):
        return "How much of its variance is owed to that is left out of a quick look; more worlds tell it (--worlds)."
    return (
        "None of its variance is owed to that, which does not vary."
        if not varies
        else "It does not vary over these worlds."
    )


def _idle(trial: Trial) -> list[str]:
    return ["Strategy adds nothing to its share."] if trial.strategy_adds_nothing else []


@dataclass(frozen=True)
class AgainstBaseRates:
    """An outcome's probability as assumed and where nobody weighs anything, on the same worlds; ``error``: the standard
    error of the average difference."""

    assumed: Spread
    unweighed: Spread
    error: float

    @property
    def same(self) -> bool:
        """Whether the two are printed alike."""
        return percent(self.assumed.mean) == percent(self.unweighed.mean)

    @property
    def within(self) -> bool:
        """Whether the average difference is within its 95% interval of nothing."""
        return abs(self.assumed.mean - self.unweighed.mean) <= Z95 * self.error


def against_base_rates(results: RunView, outcome: str, policy: str) -> AgainstBaseRates | None:
    """An outcome against base rates alone; None where that was not tried."""
    swept, weights = results.sweep(outcome, policy), results.sweep_weights
    if not len(weights) or not all(swept[step].size for step in (Precision.ZERO, Precision.ONE)):
        return None
    assumed, unweighed = swept[Precision.ONE], swept[Precision.ZERO]
    if np.isnan(assumed).any() or np.isnan(unweighed).any():
        return None
    error = spread(assumed - unweighed, weights) / np.sqrt(max(ess(weights) - 1, 1))
    return AgainstBaseRates(results.spread(assumed, weights), results.spread(unweighed, weights), float(error))


def adds_nothing(results: RunView) -> str:
    """To which outcomes and claims strategy adds nothing, in a sentence or two; empty where it adds to all."""
    outcomes: dict[bool, list[str]] = {True: [], False: []}
    for outcome in results.outcomes:
        against = against_base_rates(results, outcome, results.factual)
        if against is not None and (against.same or against.within):
            numbers = (
                f"{percent(against.assumed.mean)} as assumed, {percent(against.unweighed.mean)} at base rates alone"
            )
            outcomes[against.same].append(f"“{results.names.outcome(outcome)}” ({numbers})")
    claims = [
        f"“{results.names.claim(c.id)}”"
        for c in results.run.claims
        if c.readings and c.readings[0].trial.strategy_adds_nothing
    ]
    told = []
    if outcomes[True]:
        told.append(f"It adds nothing to the probability of {listed(outcomes[True])}.")
    if outcomes[False]:
        few = counted(len(results.sweep_weights), ess(results.sweep_weights))
        told.append(f"On average it adds nothing that {few} can tell to that of {listed(outcomes[False])}.")
    if claims:
        verb = "holds" if len(claims) == 1 else "hold"
        told.append(f"{listed(claims, 4)} {verb} in as many worlds where nobody weighs anything.")
    return " ".join(told)
