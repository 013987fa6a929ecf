"""What finished simulations say about claims and outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.claims.reading import ParsedReading
from foedus.claims.sweep import Precision
from foedus.claims.verdict import ClaimResult, OutcomeDriver, ReadingResult
from foedus.present.shares import Share, share_of
from foedus.runs.plan import Plan
from foedus.runs.solved import Solved
from foedus.scenario.names import Names
from foedus.scenario.schema import Scenario
from foedus.sensitivity import discovery, telling
from foedus.sensitivity.association import Ranker
from foedus.worlds.sample import resolve, uncertain
from foedus.worlds.thresholds import SEARCHED
from foedus.worlds.weights import share, weighted_quantile

if TYPE_CHECKING:
    import xarray as xr

_DECIDING = 5  # assumptions that are named as deciding, at most


class Judge:
    """Reads claims, labelled data and drivers off ``main``: all worlds solved, and the subset at each precision.
    ``weights`` are those after the observations, ``prior`` those before (None: all alike)."""

    def __init__(self, plan: Plan, main: Solved, weights: Floats, prior: Floats | None = None):
        self.plan, self.main, self.weights, self.prior = plan, main, weights, prior
        self.width = len(weights)
        self.assumptions = _resolved(plan.scenario, plan.draws)
        self.varied = varied = sum(bool(np.ptp(draw) > 0) for draw in plan.draws.values())
        # Associations with assumptions are looked for in so many worlds, the first ones.
        self.searched = min(self.width, max(SEARCHED // max(varied, 1), 1))
        self.leading = {name: draw[: self.searched] for name, draw in plan.draws.items()}
        known = main.answers, self.assumptions, self.width
        self.holds = [reading.holds(*known) for reading in plan.readings]
        self.margins = [reading.margin(*known) for reading in plan.readings]

    def claims(self, neutral: Callable[[], Mapping[str, Solved]]) -> list[ClaimResult]:
        """Every claim with its readings; ``neutral`` (by claim) are waited for once all else is known."""
        if not self.plan.settings.judge:
            return []
        ranker, names = Ranker(self.leading), Names(self.plan.scenario)
        labels = {name: names.inside(names.assumption(name)) for name in self.leading}
        judged = [self._reading(i, ranker, labels) for i in range(len(self.plan.readings))]
        solved = neutral()
        results: dict[str, list[ReadingResult]] = {claim: [] for claim in self.plan.scenario.claims}
        for reading, result in zip(self.plan.readings, judged, strict=True):
            results[reading.claim].append(replace(result, neutral=self._neutral(reading, solved)))
        return [
            ClaimResult(claim, written.says, written.evidence, written.label, written.literature, results[claim])
            for claim, written in self.plan.scenario.claims.items()
        ]

    def _reading(self, i: int, ranker: Ranker, labels: Mapping[str, str]) -> ReadingResult:
        """The i-th reading, without what is made neutral."""
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
            undefined=share(~reading.defined(self.main.answers, self.width), self.prior),
            margin_quantiles=(low, middle, high),
            by_precision={step: self._share_at(step, reading, holds) for step in Precision},
            decides=ranker.rank(size, first_holds).drivers[:_DECIDING],
            fails_where=telling.in_words(discovery.where_it_fails(self.leading, first_holds, size), labels)
            if varies
            else "",
        )

    def _share(self, holds: Bools, weights: Floats | None) -> Share:
        """The share of worlds, with its interval; where nothing is uncertain one world tells all."""
        counted = share_of(holds, weights)
        return counted if self.varied else Share.of(counted.share, math.inf)

    def _share_at(self, step: Precision, reading: ParsedReading, holds: Bools) -> float:
        """The share of the subset's worlds in which a reading holds at another precision."""
        few = self.plan.subset
        if step == Precision.ONE:
            return float(holds[:few].mean())
        assumptions = {name: values[:few] for name, values in self.assumptions.items()}
        return float(reading.holds(self.main.varied[step].answers, assumptions, few).mean())

    def _neutral(self, reading: ParsedReading, solved: Mapping[str, Solved]) -> float | None:
        """The share of the subset's worlds in which a reading holds where what its claim rests on is neutral."""
        if reading.claim not in solved:
            return None
        scenario, few = self.plan.neutral_pieces[reading.claim].scenario, self.plan.subset
        assert scenario is not None
        drawn = uncertain(scenario)
        draws = {name: draw[:few] for name, draw in self.plan.draws.items() if name in drawn}
        return float(reading.holds(solved[reading.claim].answers, _resolved(scenario, draws), few).mean())

    def data(self) -> xr.Dataset:
        """All results, labelled, with which readings hold in each world and by how much."""
        empty = np.zeros((self.width, 0))
        holds = np.stack(self.holds, axis=1) if self.holds else empty.astype(bool)
        margins = np.stack(self.margins, axis=1) if self.margins else empty
        by_reading = {"holds": (("world", "reading"), holds), "margin": (("world", "reading"), margins)}
        labels = [reading.label for reading in self.plan.readings]
        return self.main.data.assign(by_reading).assign_coords(reading=labels)

    def sweep_data(self) -> xr.Dataset:
        """Outcomes at the end of the horizon as precision goes from nothing to perfect, on the subset."""
        import xarray as xr

        if not self.main.varied:
            return xr.Dataset()
        few = slice(self.plan.subset)
        swept = [self.main.varied.get(step, self.main).data["outcome_by"] for step in Precision]
        final = [outcome_by.isel(world=few, period=-1).drop_vars("period") for outcome_by in swept]
        steps = [str(step) for step in Precision]
        return xr.concat(final, dim="setting").assign_coords(setting=steps).to_dataset(name="outcome_by")

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


def _resolved(scenario: Scenario, draws: Mapping[str, Floats]) -> dict[str, Floats]:
    """All assumptions under the factual policy."""
    return resolve(scenario, draws, scenario.all_policies[scenario.factual_policy].set)
