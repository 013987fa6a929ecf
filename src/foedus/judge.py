"""What finished simulations say about claims and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.lenses.claims import (
    ClaimResult,
    OutcomeDriver,
    ReadingResult,
    ReadReading,
    built_in,
    noise_warning,
    summarise,
)
from foedus.lenses.drivers import Ranker
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import resolve, uncertain
from foedus.worlds.simulate import Simulation

if TYPE_CHECKING:
    import xarray as xr

    from foedus.run import Job

Floats = NDArray[np.float64]


@dataclass
class Judge:
    """Reads claims, labelled data and drivers off simulations.

    ``main`` is finished: of all worlds, and of the subset in each setting. ``neutral`` (by claim, the
    subset with what the claim rests on made neutral) may still be under way, and is waited for last.
    """

    job: Job
    main: Simulation
    draws: Mapping[str, Floats]
    weights: Floats
    neutral: Future[dict[str, tuple[Simulation, Scenario]]]
    prior: Floats | None = None

    def __post_init__(self) -> None:
        self.scenario = self.job.scenario
        calendar = self.scenario.horizon.calendar
        self.periods = [calendar.label(t) for t in range(self.scenario.horizon.periods)]
        self.answers = self._answers(self.main)
        self.assumptions = self._resolved(self.scenario, self.draws)
        self.ranker = Ranker(self.draws)
        self.few = {name: values[: self.job.subset] for name, values in self.assumptions.items()}

    def _resolved(self, scenario: Scenario, draws: Mapping[str, Floats]) -> dict[str, Floats]:
        return resolve(scenario, draws, scenario.all_policies[scenario.factual_policy].set)

    def _answers(self, simulation: Simulation) -> dict[Query, Floats]:
        by = simulation.query
        return {q: by[q.under][i] for i, q in enumerate(self.job.queries) if q.under in by}

    def _neutral(self, reading: ReadReading) -> float | None:
        """The share of the subset's worlds in which a reading holds where what its claim rests on is neutral."""
        found = self.neutral.result()
        if reading.claim not in found:
            return None
        simulation, scenario = found[reading.claim]
        drawn = uncertain(scenario)
        few = {name: draw[: self.job.subset] for name, draw in self.draws.items() if name in drawn}
        return self._share(reading, simulation, self._resolved(scenario, few))

    def _share(self, reading: ReadReading, simulation: Simulation, assumptions: Mapping[str, Floats]) -> float:
        """The share of the subset's worlds in which a reading holds in another setting."""
        return float(reading.holds(self._answers(simulation), assumptions, self.job.subset).mean())

    def claims(self) -> list[ClaimResult]:
        """Every claim with its readings."""
        from foedus.report.words import words

        results = [self._reading(reading) for reading in self.job.readings]
        made = []
        for claim, written in self.scenario.claims.items() if self.job.judge else ():
            own = [(r, result) for r, result in zip(self.job.readings, results, strict=True) if r.claim == claim]
            for reading, result in own:
                result.neutral = self._neutral(reading)
            readings = [result for _, result in own]
            first = readings[0]
            made.append(
                ClaimResult(
                    claim, written.says, written.evidence, written.label, written.literature, readings,
                    first.posterior, words(first.posterior), built_in(first, bool(written.rests_on)), noise_warning(first),
                )
            )  # fmt: skip
        return made

    def _reading(self, reading: ReadReading) -> ReadingResult:
        from foedus.lenses.discovery import in_words, where_it_fails

        width = len(self.weights)
        holds = reading.holds(self.answers, self.assumptions, width)
        margin = reading.margin(self.answers, self.assumptions, width)
        result = summarise(reading, holds, margin, ~reading.defined(self.answers, width), self.weights, self.prior)
        shares = {name: self._share(reading, played, self.few) for name, played in self.main.varied.items()}
        shares["one"] = float(holds[: self.job.subset].mean())
        result.zero = shares["zero"]
        result.by_precision = {name: shares[name] for name in ("half", "one", "twice", "perfect")}
        size = None if np.isnan(margin).all() else margin
        result.decides = self.ranker.rank(size, holds).drivers[:5]
        if 0 < holds.sum() < width:
            labels = {name: a.label for name, a in self.scenario.all_assumptions.items()}
            result.fails_where = in_words(where_it_fails(self.draws, holds, size), labels)
        return result

    def data(self) -> xr.Dataset:
        """All results, labelled."""
        import xarray as xr

        results = [self.main.results[policy] for policy in self.job.policies]
        first = results[0]
        keep = [i for i, (_, name) in enumerate(first.objectives) if name != "terminal"]
        objectives = [f"{actor}.{name}" for actor, name in (first.objectives[i] for i in keep)]
        actions = list(dict.fromkeys(name for result in results for name in result.actions))
        actors = list(self.scenario.actors)
        expected = (
            np.stack([result.pays[:, keep] for result in results], axis=1)
            if keep
            else np.zeros((len(self.weights), len(results), 0))
        )
        owner = np.array([[first.objectives[i][0] == actor for i in keep] for actor in actors], float).reshape(
            len(actors), len(keep)
        )
        taken = np.zeros((len(self.weights), len(results), len(self.periods), len(actions)))
        for p, result in enumerate(results):
            taken[:, p][:, :, [actions.index(name) for name in result.actions]] = result.taken[
                :, :, : len(result.actions)
            ]
        holds, margins = self._readings()
        w, policy, o = "world", "policy", "outcome"
        return xr.Dataset(
            {
                "outcome_by": ((w, policy, "period", o), np.stack([r.by for r in results], axis=1)),
                "outcome_at": ((w, policy, "period", o), np.stack([r.at for r in results], axis=1)),
                "expected": ((w, policy, "objective"), expected),
                "value": ((w, policy, "actor"), expected @ owner.T),
                "taken": ((w, policy, "period", "action"), taken),
                "entropy": ((w, policy, "actor"), np.stack([r.entropy for r in results], axis=1)),
                "holds": ((w, "reading"), holds),
                "margin": ((w, "reading"), margins),
            },
            coords={
                policy: self.job.policies, "period": self.periods, o: list(self.job.outcomes), "objective": objectives,
                "actor": actors, "action": actions, "reading": [r.label for r in self.job.readings],
            },
        )  # fmt: skip

    def _readings(self) -> tuple[NDArray[np.bool_], Floats]:
        width = len(self.weights)
        holds = [r.holds(self.answers, self.assumptions, width) for r in self.job.readings]
        margins = [r.margin(self.answers, self.assumptions, width) for r in self.job.readings]
        empty = np.zeros((width, 0))
        return (np.stack(holds, axis=1), np.stack(margins, axis=1)) if holds else (empty.astype(bool), empty)

    def sweep_data(self) -> xr.Dataset:
        """Outcomes at the end of the horizon as precision goes from nothing to perfect, on the subset."""
        import xarray as xr

        if not self.main.varied:
            return xr.Dataset()
        few, names = self.job.subset, self.job.policies
        order = ("zero", "half", "one", "twice", "perfect")
        played = [self.main.varied.get(setting, self.main) for setting in order]
        values = [np.stack([one.results[p].by[:few, -1] for p in names], axis=1) for one in played]
        return xr.Dataset(
            {"outcome_by": (("setting", "world", "policy", "outcome"), np.stack(values))},
            coords={"setting": list(order), "policy": names, "outcome": list(self.job.outcomes)},
        )

    def drivers(self) -> list[OutcomeDriver]:
        """What drives each outcome under the factual policy."""
        policy = self.scenario.factual_policy
        if not self.job.judge:
            return []
        by = self.main.results[policy].by[:, -1]
        ranker = Ranker(self.draws, self.weights)
        return [
            OutcomeDriver(name, policy, ranker.rank(by[:, o]).drivers[:5]) for o, name in enumerate(self.job.outcomes)
        ]
