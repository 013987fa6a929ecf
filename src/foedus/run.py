"""The main job: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.lenses.claims import (
    ClaimResult,
    Driver,
    ReadingResult,
    ReadReading,
    built_in,
    noise_warning,
    read_claims,
    summarise,
)
from foedus.scenario.check import validate
from foedus.scenario.expr import Tree, parse
from foedus.scenario.query import Query, parse_query
from foedus.scenario.schema import Assumption, Scenario
from foedus.scenario.scope import query_scope, scope_of
from foedus.worlds.sample import resolve, sample
from foedus.worlds.simulate import Games, Simulation, simulate
from foedus.worlds.weights import ess, even, posterior

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
SUBSET = 25  # worlds of the precision sweep and the tests of what is built in
SETTINGS: dict[str, dict[str, Any]] = {
    "zero": {"lam_scale": 0.0},
    "half": {"lam_scale": 0.5},
    "one": {},
    "twice": {"lam_scale": 2.0},
    "perfect": {"rationality": "perfect"},
}


@dataclass
class GameSize:
    """How large the compiled game of the factual policy is, a period."""

    states_start: int
    nodes: int
    branches: int
    actions: int
    coefficients: int
    bytes_per_world: int


@dataclass
class OutcomeDriver:
    """What drives the probability of an outcome under a policy."""

    outcome: str
    policy: str
    drivers: list[Driver]


@dataclass
class Run:
    """A finished run. ``data`` is labelled by world, policy, period, outcome, action, actor, objective, reading."""

    scenario: Scenario
    draws: dict[str, Floats]
    weights: Floats
    ess: float
    observed: bool
    loglik_by_observation: Floats | None
    policies: list[str]
    periods: list[str]
    data: xr.Dataset
    claims: list[ClaimResult]
    sweep: xr.Dataset
    drivers: list[OutcomeDriver]
    game: GameSize
    meta: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    score: dict[str, Any] | None = None

    def prob(self, event: str, **options: Any) -> xr.DataArray:
        """The probability of an event as a query writes it: ``r.prob("eventually(tension >= war)")``.

        Options are those of the language: ``under``, ``given``, ``at``, ``during``, ``from_``.
        """
        return self.ask("prob", event, **options)

    def ask(self, kind: str, *subject: str, **options: Any) -> xr.DataArray:
        """Any query, solved anew in the run's worlds: labelled (policy, world)."""
        import xarray as xr

        text = f"{kind}({', '.join([*subject, *(f'{key}={value!r}' for key, value in options.items())])})"
        query = parse_query(text, query_scope(self.scenario))
        policies = [query.under] if query.under else self.policies
        result = simulate(self.scenario, self.draws, policies, [query], observe=False)
        values = np.stack([result.query[policy][0] for policy in policies])
        return xr.DataArray(values, dims=("policy", "world"), coords={"policy": policies}, name=text)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(c.label or c.id)}</td><td>{c.share:.0%}</td><td>{escape(c.verdict)}</td></tr>"
            for c in self.claims
        )
        head = f"<b>{escape(self.scenario.title)}</b>, {len(self.weights)} worlds, {len(self.policies)} policies"
        return f"{head}<table><tr><th>claim</th><th>share</th><th>verdict</th></tr>{rows}</table>"


Progress = Callable[[str, int, int], None]  # what, done, of how many


def run(scenario: Scenario, *, policies: Sequence[str] | None = None, worlds: int = 200, seed: int = 0,
        method: str = "lhs", subset: int = SUBSET, progress: Progress | None = None, threads: int = 2) -> Run:  # fmt: skip
    """Solves a scenario in ``worlds`` sampled worlds under its policies and judges its claims.

    ``policies`` limits what is compared; the policies that claims need are always solved.
    ``subset`` worlds (the first ones) are used for the precision sweep and built-in tests.
    """
    return _Job(scenario, policies, worlds, seed, method, min(subset, worlds), progress, threads).run()


@dataclass
class _Job:
    scenario: Scenario
    chosen: Sequence[str] | None
    worlds: int
    seed: int
    method: str
    subset: int
    progress: Progress | None
    threads: int
    done: int = 0

    def __post_init__(self) -> None:
        validate(self.scenario)
        self.readings = read_claims(self.scenario)
        self.queries = list(dict.fromkeys(query for reading in self.readings for query in reading.queries))
        self.outcomes = outcomes_of(self.scenario)
        known = list(self.scenario.all_policies)
        needed = {self.scenario.factual_policy, *(query.under for query in self.queries)}
        self.policies = [name for name in known if self.chosen is None or name in self.chosen or name in needed]
        self.claim_policies = [name for name in known if name in needed]

    def run(self) -> Run:
        """Everything, in order."""
        started = time.perf_counter()
        games = Games(self.scenario, self.queries, self.outcomes)
        draws = sample(self.scenario, self.worlds, self.seed, self.method)  # type: ignore[arg-type]
        self.variants = self._variants()
        self.total = self.worlds * len(self.policies) + self.subset * len(self.claim_policies) * (len(SETTINGS) - 1)
        self.total += self.subset * sum(len(needed) for _, needed in self.variants)
        for policy in self.policies:
            games.play(policy)
        compiled = time.perf_counter()
        main = self._simulate("solving", games, draws, self.policies)
        solved = time.perf_counter()
        weights = posterior(main.loglik) if self.scenario.observations else even(self.worlds)
        few = {name: draw[: self.subset] for name, draw in draws.items()}
        sweep = {name: self._setting(name, games, few, main) for name in SETTINGS}
        neutral = self._neutral(games, few)
        swept = time.perf_counter()
        made = _Judge(self, main, draws, weights, sweep, neutral)
        claims, data, drivers = made.claims(), made.data(), made.drivers()
        timings = {"compile": compiled - started, "solve": solved - compiled, "sweep": swept - solved}
        timings["judge"] = time.perf_counter() - swept
        size = games.play(self.scenario.factual_policy)[0].game
        layout = GameSize(
            size.start_states, size.nodes, size.branches, size.actions, len(size.program.trees), size.bytes_per_world
        )
        run = Run(
            self.scenario, draws, weights, ess(weights), bool(self.scenario.observations), _by_observation(main),
            self.policies, made.periods, data, claims, made.sweep_data(), drivers, layout,
            provenance(self.scenario, self.worlds, self.seed, self.method, self.subset, timings),
        )  # fmt: skip
        run.warnings = warnings_of(run)
        return run

    def _simulate(
        self, what: str, games: Games, draws: Mapping[str, Floats], policies: Sequence[str], **how: Any
    ) -> Simulation:
        def tell(count: int) -> None:
            self.done += count
            if self.progress is not None:
                self.progress(what, self.done, self.total)

        return simulate(games.scenario, draws, policies, self.queries, outcomes=self.outcomes, threads=self.threads,
                        progress=tell, games=games, **how)  # fmt: skip

    def _setting(self, name: str, games: Games, few: Mapping[str, Floats], main: Simulation) -> Simulation | None:
        """The subset under another precision; None for the main run's own."""
        if name == "one":
            return None
        return self._simulate("varying precision", games, few, self.claim_policies, **SETTINGS[name])

    def _variants(self) -> list[tuple[str, list[str]]]:
        """Claims that say what they rest on, with the policies that they ask about."""
        return [
            (
                claim,
                list(dict.fromkeys(q.under for r in self.readings if r.claim == claim for q in r.queries if q.under)),
            )
            for claim, written in self.scenario.claims.items()
            if written.rests_on
        ]

    def _neutral(self, games: Games, few: Mapping[str, Floats]) -> dict[str, tuple[Simulation, Scenario]]:
        """The subset with what each claim rests on put at its neutral value."""
        made = {}
        for claim, policies in self.variants:
            changed = neutral_scenario(self.scenario, self.scenario.claims[claim].rests_on)
            kept = {name: draw for name, draw in few.items() if name not in self.scenario.claims[claim].rests_on}
            made[claim] = self._simulate("testing what is built in", games.of(changed), kept, policies), changed
        return made


def outcomes_of(scenario: Scenario) -> dict[str, Tree]:
    """The events reported over time: those declared, else every level at which the game ends, else every last level."""
    scope = scope_of(scenario)
    if scenario.outcomes:
        return {name: parse(outcome.event, scope) for name, outcome in scenario.outcomes.items()}
    ends = {f"{v}_{level}": f"{v} == {level}" for v, written in scenario.state.items() for level in written.ends}
    last = {f"{v}_{w.levels[-1]}": f"{v} == {w.levels[-1]}" for v, w in scenario.state.items() if len(w.levels) > 1}
    return {name: parse(text, scope) for name, text in (ends or last).items()}


def neutral_scenario(scenario: Scenario, rests_on: Mapping[str, Any]) -> Scenario:
    """The scenario with some assumptions fixed."""
    changed = scenario.model_copy()
    changed.assumptions = {
        **scenario.assumptions,
        **{name: Assumption(value=value) for name, value in rests_on.items() if name in scenario.assumptions},
    }
    changed.actors = dict(scenario.actors)
    for name, value in rests_on.items():
        actor, _, own = name.partition(".")
        if own and actor in changed.actors:
            changed.actors[actor] = changed.actors[actor].model_copy(update={own: Assumption(value=value)})
    return changed


def provenance(
    scenario: Scenario, worlds: int, seed: int, method: str, subset: int, timings: Mapping[str, float]
) -> dict[str, Any]:
    """What a run was made from."""
    from foedus import __version__

    return {
        "version": __version__, "hash": scenario_hash(scenario), "seed": seed, "method": method, "worlds": worlds,
        "subset": subset, "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
    }  # fmt: skip


def scenario_hash(scenario: Scenario) -> str:
    """A hash of everything that a scenario says."""
    import hashlib

    return hashlib.sha256(scenario.model_dump_json(by_alias=True).encode()).hexdigest()


def warnings_of(run: Run) -> list[str]:
    """What a reader must know before using the numbers."""
    found = []
    if run.observed and run.ess < 0.1 * len(run.weights):
        found.append(
            f"The observations leave an effective sample of only {run.ess:.0f} of {len(run.weights)} worlds: "
            "posterior figures rest on few worlds."
        )
    noisy = [claim.label or claim.id.replace("_", " ") for claim in run.claims if claim.warning]
    if noisy:
        found.append(f"Verdicts that turn with how precisely actors choose: {', '.join(noisy)}.")
    return found


def _by_observation(main: Simulation) -> Floats | None:
    for result in main.results.values():
        if "log_likelihood" in result.parts:
            return np.ascontiguousarray(result.log_likelihood.T)
    return None


@dataclass
class _Judge:
    """Reads claims, labelled data and drivers off finished simulations."""

    job: _Job
    main: Simulation
    draws: Mapping[str, Floats]
    weights: Floats
    sweep: Mapping[str, Simulation | None]
    neutral: Mapping[str, tuple[Simulation, Scenario]]

    def __post_init__(self) -> None:
        self.scenario = self.job.scenario
        calendar = self.scenario.horizon.calendar
        self.periods = [calendar.label(t) for t in range(self.scenario.horizon.periods)]
        self.answers = self._answers(self.main)
        self.assumptions = resolve(
            self.scenario, self.draws, self.scenario.all_policies[self.scenario.factual_policy].set
        )

    def _answers(self, simulation: Simulation) -> dict[Query, Floats]:
        by = simulation.query
        return {q: by[q.under][i] for i, q in enumerate(self.job.queries) if q.under in by}

    def _share(self, reading: ReadReading, simulation: Simulation, scenario: Scenario) -> float:
        """The share of the subset's worlds in which a reading holds in another setting."""
        few = {
            n: d[: self.job.subset]
            for n, d in self.draws.items()
            if scenario is self.scenario or n in sample_names(scenario)
        }
        assumptions = resolve(scenario, few, scenario.all_policies[scenario.factual_policy].set)
        return float(reading.holds(self._answers(simulation), assumptions, self.job.subset).mean())

    def claims(self) -> list[ClaimResult]:
        """Every claim with its readings."""
        from foedus.report.words import words

        made = []
        for claim, written in self.scenario.claims.items():
            readings = [self._reading(r) for r in self.job.readings if r.claim == claim]
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
        from foedus.lenses.drivers import rank

        width = len(self.weights)
        holds = reading.holds(self.answers, self.assumptions, width)
        margin = reading.margin(self.answers, self.assumptions, width)
        result = summarise(reading, holds, margin, ~reading.defined(self.answers, width), self.weights)
        few = self.job.subset
        result.by_precision = {
            name: float(holds[:few].mean()) if simulation is None else self._share(reading, simulation, self.scenario)
            for name, simulation in self.sweep.items()
            if name != "zero"
        }
        zero = self.sweep["zero"]
        result.zero = float("nan") if zero is None else self._share(reading, zero, self.scenario)
        if reading.claim in self.neutral:
            result.neutral = self._share(reading, *self.neutral[reading.claim])
        size = None if np.isnan(margin).all() else margin
        result.decides = rank(self.draws, size, holds).drivers[:5]
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

        few, names = self.job.subset, self.job.claim_policies
        values = [
            np.stack([(simulation or self.main).results[p].by[:few, -1] for p in names], axis=1)
            for simulation in self.sweep.values()
        ]
        return xr.Dataset(
            {"outcome_by": (("setting", "world", "policy", "outcome"), np.stack(values))},
            coords={"setting": list(self.sweep), "policy": names, "outcome": list(self.job.outcomes)},
        )

    def drivers(self) -> list[OutcomeDriver]:
        """What drives each outcome under the factual policy."""
        from foedus.lenses.drivers import rank

        policy = self.scenario.factual_policy
        by = self.main.results[policy].by[:, -1]
        return [
            OutcomeDriver(name, policy, rank(self.draws, by[:, o], weights=self.weights).drivers[:5])
            for o, name in enumerate(self.job.outcomes)
        ]


def sample_names(scenario: Scenario) -> set[str]:
    """Assumptions whose value comes from the draws."""
    return {name for name, a in scenario.all_assumptions.items() if a.distribution is not None}
