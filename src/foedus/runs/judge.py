"""What finished simulations say about claims and outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.claims.owed import Owed, total_index
from foedus.claims.sweep import Precision
from foedus.claims.verdict import ClaimResult, OutcomeDriver, ReadingResult, Trial
from foedus.present.shares import Share, share_of
from foedus.runs.plan import Plan
from foedus.runs.solved import Solved
from foedus.runs.trials import Trials, Tried, resolved
from foedus.scenario.names import Names
from foedus.sensitivity import discovery, telling
from foedus.sensitivity.association import Ranker
from foedus.worlds.thresholds import SEARCHED
from foedus.worlds.weights import share, weighted_quantile

if TYPE_CHECKING:
    import xarray as xr

_DECIDING = 5  # assumptions that are named as deciding, at most


class Judge:
    """Reads claims, labelled data and drivers off ``main`` (all worlds solved) and off ``trials``. ``weights`` are those
    after the observations, ``prior`` those before (None: all alike)."""

    def __init__(self, plan: Plan, main: Solved, trials: Trials, weights: Floats, prior: Floats | None = None):
        self.plan, self.main, self.trials, self.weights, self.prior = plan, main, trials, weights, prior
        self.width = len(weights)
        self.assumptions = resolved(plan.scenario, plan.draws)
        self.varied = varied = sum(bool(np.ptp(draw) > 0) for draw in plan.draws.values())
        # Associations with assumptions are looked for in so many worlds, the first ones.
        self.searched = min(self.width, max(SEARCHED // max(varied, 1), 1))
        self.leading = {name: draw[: self.searched] for name, draw in plan.draws.items()}
        known = main.answers, self.assumptions, self.width
        self.holds = [reading.holds(*known) for reading in plan.readings]
        self.margins = [reading.margin(*known) for reading in plan.readings]

    def claims(self, tried: Callable[[], Tried]) -> list[ClaimResult]:
        """Every claim with its readings; what was ``tried`` is waited for once all else is known."""
        if not self.plan.settings.judge:
            return []
        ranker, names = Ranker(self.leading), Names(self.plan.scenario)
        labels = {name: names.inside(names.assumption(name)) for name in self.leading}
        judged = [self._reading(i, ranker, labels) for i in range(len(self.plan.readings))]
        after = tried()
        results: dict[str, list[ReadingResult]] = {claim: [] for claim in self.plan.scenario.claims}
        for i, (reading, result) in enumerate(zip(self.plan.readings, judged, strict=True)):
            results[reading.claim].append(replace(result, trial=self._trial(i, after)))
        return [
            ClaimResult(claim, written.says, written.evidence, written.label, written.literature, results[claim])
            for claim, written in self.plan.scenario.claims.items()
        ]

    def _reading(self, i: int, ranker: Ranker, labels: Mapping[str, str]) -> ReadingResult:
        """The i-th reading, without what was tried."""
        reading, holds, margin = self.plan.readings[i], self.holds[i], self.margins[i]
        low, middle, high = (float(q) for q in weighted_quantile(margin, [0.05, 0.5, 0.95], self.weights))
        first_holds, first_margin = holds[: self.searched], margin[: self.searched]
        size = None if np.isnan(first_margin).all() else first_margin
        varies = 0 < first_holds.sum() < len(first_holds)
        return ReadingResult(
            reading.name,
            reading.text,
            before=self._share(holds, self.prior),
            held=self._share(holds, self.weights),
            undefined=share(~reading.defined(self.main.answers, self.assumptions, self.width), self.prior),
            margin_quantiles=(low, middle, high),
            decides=ranker.rank(size, first_holds).drivers[:_DECIDING],
            fails_where=telling.in_words(discovery.where_it_fails(self.leading, first_holds, size), labels)
            if varies
            else "",
        )

    def _share(self, holds: Bools, weights: Floats | None) -> Share:
        """The share of worlds, with its interval; where nothing is uncertain one world tells all."""
        counted = share_of(holds, weights)
        return counted if self.varied else Share.of(counted.share, math.inf)

    def _trial(self, i: int, tried: Tried) -> Trial:
        """What becomes of the i-th reading on the worlds of the trials, all with the same weights."""
        reading, trials = self.plan.readings[i], self.trials
        few, weights = len(trials.worlds), trials.weights
        known = {name: values[trials.worlds] for name, values in self.assumptions.items()}

        def holding(solved: Solved, assumptions: Mapping[str, Floats] = known) -> float:
            return share(reading.holds(solved.answers, assumptions, few), weights)

        as_assumed = share(self.holds[i][trials.worlds], weights)
        by_precision = {s: holding(tried.swept[s]) if s in tried.swept else as_assumed for s in Precision}
        group, neutral, owed = trials.groups.get(reading.claim), None, None
        if group is not None:
            neutral = holding(tried.neutral[group], resolved(*trials.neutral(group)))
            if group in tried.redrawn:
                owed = self._owed(i, tried.redrawn[group], resolved(self.plan.scenario, trials.anew(group)))
        return Trial(few, trials.effective, by_precision, neutral, owed)

    def _owed(self, i: int, redrawn: Solved, assumptions: Mapping[str, Floats]) -> Owed | None:
        """How much of the variance of the i-th reading is owed to what was drawn anew: of its margin where it is a
        comparison that is defined throughout, else of whether it holds."""
        reading, worlds, few = self.plan.readings[i], self.trials.worlds, len(self.trials.worlds)
        before, after = self.margins[i][worlds], reading.margin(redrawn.answers, assumptions, few)
        if not np.isfinite(before + after).all():
            before = self.holds[i][worlds].astype(float)
            after = reading.holds(redrawn.answers, assumptions, few).astype(float)
        return total_index(before, after, self.trials.weights, self.plan.settings.seed)

    def data(self) -> xr.Dataset:
        """All results, labelled, with which readings hold in each world and by how much."""
        empty = np.zeros((self.width, 0))
        holds = np.stack(self.holds, axis=1) if self.holds else empty.astype(bool)
        margins = np.stack(self.margins, axis=1) if self.margins else empty
        by_reading = {"holds": (("world", "reading"), holds), "margin": (("world", "reading"), margins)}
        labels = [reading.label for reading in self.plan.readings]
        return self.main.data.assign(by_reading).assign_coords(reading=labels)

    def sweep_data(self, tried: Tried) -> xr.Dataset:
        """Outcomes at the end of the horizon as precision goes from nothing to perfect, with the weights of these worlds."""
        import xarray as xr

        if not tried.swept:
            return xr.Dataset()
        assumed = self.main.data["outcome_by"].isel(world=self.trials.worlds)
        swept = [tried.swept[step].data["outcome_by"] if step in tried.swept else assumed for step in Precision]
        final = [outcome_by.isel(period=-1).drop_vars("period") for outcome_by in swept]
        steps = [str(step) for step in Precision]
        outcomes = xr.concat(final, dim="setting").assign_coords(setting=steps).to_dataset(name="outcome_by")
        return outcomes.assign(weight=("world", self.trials.weights))

    def drivers(self) -> list[OutcomeDriver]:
        """What drives each outcome under the factual policy."""
        if not self.plan.settings.judge:
            return []
        policy, few = self.plan.scenario.factual_policy, slice(self.searched)
        final = self.main.data["outcome_by"].sel(policy=policy).isel(period=-1, world=few).values
        ranker = Ranker(self.leading, self.weights[few])
        return [
            OutcomeDriver(outcome, policy, ranker.rank(final[:, o]).drivers[:_DECIDING])
            for o, outcome in enumerate(self.plan.outcomes)
        ]
