"""What finished simulations say about claims and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.claims.reading import ReadReading
from foedus.claims.verdict import ClaimResult, OutcomeDriver, ReadingResult, built_in, noise_warning, summarise
from foedus.runs.solved import Found
from foedus.scenario.schema import Scenario
from foedus.sensitivity.association import Ranker
from foedus.worlds.sample import resolve, uncertain

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.plan import Job

# Numbers (worlds times uncertain assumptions) among which associations are looked for; each is shuffled
# hundreds of times to tell it from noise.
SEARCHED = 500_000


def searched(draws: Mapping[str, Floats], worlds: int) -> int:
    """How many worlds (the first ones) associations with assumptions are looked for in."""
    varied = sum(bool(np.ptp(draw) > 0) for draw in draws.values())
    return min(worlds, max(SEARCHED // max(varied, 1), 1))


@dataclass
class Judge:
    """Reads claims, labelled data and drivers off what was found.

    ``main`` is finished: of all worlds, and of the subset in each setting. ``neutral`` (by claim, the
    subset with what the claim rests on made neutral) may still be under way, and is waited for last.
    """

    job: Job
    main: Found
    draws: Mapping[str, Floats]
    weights: Floats
    neutral: Future[dict[str, Found]]
    prior: Floats | None = None

    def __post_init__(self) -> None:
        from foedus.scenario.names import Names

        self.scenario, self.answers = self.job.scenario, self.main.answers
        self.assumptions = self._resolved(self.scenario, self.draws)
        self.searched = searched(self.draws, len(self.weights))
        self.leading = {name: draw[: self.searched] for name, draw in self.draws.items()}
        self.ranker = Ranker(self.leading)
        names = Names(self.scenario)
        self.labels = {name: names.inside(names.assumption(name)) for name in self.draws}
        self.few = {name: values[: self.job.subset] for name, values in self.assumptions.items()}

    def _resolved(self, scenario: Scenario, draws: Mapping[str, Floats]) -> dict[str, Floats]:
        return resolve(scenario, draws, scenario.all_policies[scenario.factual_policy].set)

    def _neutral(self, reading: ReadReading) -> float | None:
        """The share of the subset's worlds in which a reading holds where what its claim rests on is neutral."""
        found = self.neutral.result()
        if reading.claim not in found:
            return None
        scenario = self.job.tested[reading.claim].scenario
        assert scenario is not None
        drawn = uncertain(scenario)
        few = {name: draw[: self.job.subset] for name, draw in self.draws.items() if name in drawn}
        return self._share(reading, found[reading.claim], self._resolved(scenario, few))

    def _share(self, reading: ReadReading, played: Found, assumptions: Mapping[str, Floats]) -> float:
        """The share of the subset's worlds in which a reading holds in another setting."""
        return float(reading.holds(played.answers, assumptions, self.job.subset).mean())

    def claims(self) -> list[ClaimResult]:
        """Every claim with its readings."""
        from foedus.present.likelihood import estimative

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
                    claim,
                    written.says,
                    written.evidence,
                    written.label,
                    written.literature,
                    readings,
                    first.posterior,
                    estimative(first.posterior),
                    built_in(first, bool(written.rests_on)),
                    noise_warning(first),
                )
            )
        return made

    def _reading(self, reading: ReadReading) -> ReadingResult:
        from foedus.sensitivity.discovery import in_words, where_it_fails

        width = len(self.weights)
        holds = reading.holds(self.answers, self.assumptions, width)
        margin = reading.margin(self.answers, self.assumptions, width)
        result = summarise(reading, holds, margin, ~reading.defined(self.answers, width), self.weights, self.prior)
        shares = {name: self._share(reading, played, self.few) for name, played in self.main.varied.items()}
        shares["one"] = float(holds[: self.job.subset].mean())
        result.zero = shares["zero"]
        result.by_precision = {name: shares[name] for name in ("half", "one", "twice", "perfect")}
        holds, margin = holds[: self.searched], margin[: self.searched]
        size = None if np.isnan(margin).all() else margin
        result.decides = self.ranker.rank(size, holds).drivers[:5]
        if 0 < holds.sum() < len(holds):
            result.fails_where = in_words(where_it_fails(self.leading, holds, size), self.labels)
        return result

    def data(self) -> xr.Dataset:
        """All results, labelled, with which readings hold in each world."""
        holds, margins = self._readings()
        return self.main.data.assign(
            holds=(("world", "reading"), holds), margin=(("world", "reading"), margins)
        ).assign_coords(reading=[r.label for r in self.job.readings])

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
        few, order = self.job.subset, ("zero", "half", "one", "twice", "perfect")
        played = [self.main.varied.get(setting, self.main).data["outcome_by"] for setting in order]
        values = [by.isel(world=slice(few), period=-1).drop_vars("period") for by in played]
        return xr.concat(values, dim="setting").assign_coords(setting=list(order)).to_dataset(name="outcome_by")

    def drivers(self) -> list[OutcomeDriver]:
        """What drives each outcome under the factual policy."""
        policy = self.scenario.factual_policy
        if not self.job.judge:
            return []
        by = self.main.data["outcome_by"].sel(policy=policy).isel(period=-1, world=slice(self.searched)).values
        ranker = Ranker(self.leading, self.weights[: self.searched])
        return [
            OutcomeDriver(name, policy, ranker.rank(by[:, o]).drivers[:5]) for o, name in enumerate(self.job.outcomes)
        ]
