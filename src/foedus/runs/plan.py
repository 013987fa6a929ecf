"""The main job: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.reach import refuse_unreachable
from foedus.claims.reading import neutral_scenario, read_claims
from foedus.claims.verdict import Claims
from foedus.errors import FoedusError, nearest
from foedus.game.arrays import LANES
from foedus.record.learned import learning
from foedus.record.mechanisms import drop_each
from foedus.record.questions import recorded_answers
from foedus.record.score import TrackRecord, track_record
from foedus.runs.judge import Judge
from foedus.runs.provenance import provenance, warnings_of
from foedus.runs.result import SUBSET, GameSize, Run
from foedus.runs.solved import Found, in_memory
from foedus.runs.work import VARIED, Arrays, Task, Work
from foedus.scenario.check import validate
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.posterior import MixtureSample, Posterior, WeightedWorlds, mixture_sample
from foedus.worlds.sample import sample, uncertain
from foedus.worlds.simulate import Behaviour, PolicyResult
from foedus.worlds.weights import ranks

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run


SETTINGS = {
    "zero": Behaviour(0.0, bare=True),
    "half": Behaviour(0.5, bare=True),
    "twice": Behaviour(2.0, bare=True),
    "perfect": Behaviour(perfect=True, bare=True),
}


Progress = Callable[[str, int, int], None]  # what, done, of how many


@dataclass
class Job:
    """What a run was asked for: the pieces that it is solved in, and what they say together."""

    scenario: Scenario
    chosen: Sequence[str] | None
    worlds: int
    seed: int
    method: str
    subset: Any  # int; None: half of the worlds, at most SUBSET
    judge: bool
    resample: bool = False

    def __post_init__(self) -> None:
        validate(self.scenario)
        self.chosen = [self.chosen] if isinstance(self.chosen, str) else self.chosen
        for name in self.chosen or []:
            if name not in self.scenario.all_policies:
                raise FoedusError(f"'{name}' is not a policy. {nearest(name, self.scenario.all_policies)}".strip())
        whole_number("worlds", self.worlds, 1)
        whole_number("subset", SUBSET if self.subset is None else self.subset, 1)
        whole_number("seed", self.seed, None)
        first = self.worlds - self.worlds // 2 if self.resample else self.worlds  # the subset is of the prior
        full = first if first < LANES else first // LANES * LANES
        half = min(SUBSET, max(full // 2 // LANES * LANES, min(full, LANES)))
        self.subset = half if self.subset is None else min(self.subset, full)
        self.readings = read_claims(self.scenario) if self.judge else []
        self.queries = list(dict.fromkeys(query for reading in self.readings for query in reading.queries))
        self.outcomes = outcomes_of(self.scenario)
        known = list(self.scenario.all_policies)
        needed = {self.scenario.factual_policy, *(query.under for query in self.queries)}
        self.policies = [name for name in known if self.chosen is None or name in self.chosen or name in needed]
        self.settings = settings_of(self.scenario) if self.judge else {}
        self.drawn = self._draw()
        self.draws = self.drawn.draws
        self.work = Work(self.scenario, tuple(self.policies), tuple(self.queries), self.outcomes)

    def _draw(self) -> MixtureSample:
        """The worlds: of the prior, or half of them drawn where the observations point."""
        if not self.resample:
            return MixtureSample(sample(self.scenario, self.worlds, self.seed, self.method))  # type: ignore[arg-type]
        return mixture_sample(self.scenario, self.worlds, self.seed)

    def refuse(self) -> None:
        """ScenarioError when claims ask about what cannot be; needs the games, so ask once they are compiled."""
        refuse_unreachable(self.readings, self.work.games)

    def span(self, name: str, worlds: range) -> Task:
        """Some of the worlds; those of them that are in the subset under each other precision too."""
        draws = {assumption: draw[worlds.start : worlds.stop] for assumption, draw in self.draws.items()}
        few = max(min(self.subset, worlds.stop) - worlds.start, 0) if self.judge else 0
        return Task(name, worlds.start, draws, tuple(self.policies), self.settings, few)

    @cached_property
    def tested(self) -> dict[str, Task]:
        """By claim that says what it rests on: the subset with that at its neutral value, under what it asks about."""
        made: dict[str, Task] = {}
        for claim, written in self.scenario.claims.items() if self.judge else ():
            if written.rests_on:
                neutral = written.rests_on
                put = {name: np.full(self.subset, float(v)) for name, v in neutral.items() if not isinstance(v, str)}
                draws = {name: draw[: self.subset] for name, draw in self.draws.items()} | put
                asked = dict.fromkeys(q.under for r in self.readings if r.claim == claim for q in r.queries if q.under)
                asked = asked or dict.fromkeys([self.scenario.factual_policy])  # a claim that asks nothing of the game
                values = ", ".join(f"{name} = {value}" for name, value in neutral.items())
                about = f"With what claim '{claim}' rests on made neutral ({values})"
                changed = neutral_scenario(self.scenario, neutral)
                name = f"neutral-{len(made):03d}"
                made[claim] = Task(name, 0, draws, tuple(asked), scenario=changed, only=VARIED, about=about)
        return made

    def found(self, task: Task, arrays: Arrays) -> Found:
        """A task's arrays, labelled."""
        return in_memory(
            arrays, self.queries, self.work.layout, task.policies, list(task.variations) if task.few else []
        )

    def finish(self, main: Found, neutral: Future[dict[str, Found]], timings: Mapping[str, float]) -> Run:
        """What the pieces say together; ``neutral`` are those of ``tested``, by claim, waited for last."""
        started = time.perf_counter()
        no_news = np.zeros(self.worlds)
        prior, weights, effective = self.drawn.weigh(
            main.heard["log_likelihood"][:].sum(axis=1) if main.heard else no_news
        )
        made = Judge(self, main, self.draws, weights, neutral, prior)
        data, drivers, claims = made.data(), made.drivers(), made.claims()
        meta = provenance(self.scenario, self.worlds, self.seed, self.method, self.subset) | self.drawn.about
        if made.searched < self.worlds:
            meta["searched_worlds"] = made.searched
        run = Run(
            self.scenario,
            self.draws,
            weights,
            effective,
            bool(self.scenario.observations),
            by_observation(main),
            self.policies,
            list(self.work.layout.labels["period"]),
            data,
            Claims(claims),
            made.sweep_data(),
            drivers,
            GameSize.of(self.work.games.play(self.scenario.factual_policy)[0].game),
            meta,
        )
        run.prior = prior
        run.score, run.learned = self._score(main, prior), learned_in(run)
        run.warnings = warnings_of(run)
        timings = {**timings, "judge": time.perf_counter() - started}
        run.timings = {name: round(seconds, 3) for name, seconds in timings.items()}
        return run

    def _score(self, main: Found, prior: Floats | None) -> TrackRecord | None:
        """The forecasts against the record; where they lose to a rival, also which mechanism is to blame."""
        if not recorded_answers(self.scenario):
            return None
        game = self.work.games.play(self.scenario.factual_policy)[0].game
        heard = PolicyResult(game.action_ids, game.phase_ids, game.turn.objectives, dict(main.heard))
        record = track_record(self.scenario, heard, prior=prior)
        if self.judge and record.lost_to:
            record = replace(record, mechanisms=drop_each(self.scenario, self.subset, self.seed))
        return record


def whole_number(what: str, value: object, least: int | None = None) -> None:
    """FoedusError when a number that was asked for is not whole, or is too small."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or (least is not None and value < least):  # type: ignore[operator]
        raise FoedusError(f"{what} must be a whole number{f', {least} or more' if least else ''}, not {value!r}.")


class Tally:
    """Tells how far the solving is, over all pieces; ``total`` counts worlds, each under each policy."""

    def __init__(self, total: int, progress: Progress | None):
        self.total, self.progress, self.done = total, progress, 0

    def __call__(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        if self.progress is not None:
            self.progress("solving", self.done, self.total)


def settings_of(scenario: Scenario) -> dict[str, Behaviour]:
    """The settings of the sweep: where play is perfect, precision means nothing but at 0, where nobody weighs anything."""
    if scenario.rationality == "logit":
        return SETTINGS
    return {
        name: setting if setting.scale == 0 else Behaviour(perfect=True, bare=True)
        for name, setting in SETTINGS.items()
    }


def by_observation(main: Found) -> Floats | None:
    """[observations, world] what each observation adds to the log-likelihood, given those before; None without any."""
    return np.ascontiguousarray(main.heard["log_each"][:].T) if "log_each" in main.heard else None


def learned_in(run: Run) -> xr.Dataset | None:
    """The same for the worlds of a run, by their ranks among them; None without observations."""
    if run.loglik_by_observation is None or not uncertain(run.scenario):
        return None
    unit = {name: ranks(run.draws[name], run.prior) for name in uncertain(run.scenario)}
    cloud = WeightedWorlds(unit, run.draws, run.loglik_by_observation.T, run.weights, run.ess)
    return learning(run.scenario, Posterior(cloud, None, None), run.prior)
