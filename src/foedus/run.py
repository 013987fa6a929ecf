"""The main job: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.game.arrays import LANES
from foedus.judge import Judge
from foedus.lenses.claims import Claims, OutcomeDriver, neutral_scenario, read_claims
from foedus.lenses.learning import from_run
from foedus.lenses.mechanisms import drop_each
from foedus.lenses.questions import asked
from foedus.lenses.score import loses_to, score
from foedus.scenario.check import validate
from foedus.scenario.dump import dump
from foedus.scenario.errors import FoedusError
from foedus.scenario.expr import nearest
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.worlds.found import Found, in_memory
from foedus.worlds.learn import Drawn, half_posterior
from foedus.worlds.reach import refuse_unreachable
from foedus.worlds.sample import sample, uncertain
from foedus.worlds.simulate import PolicyResult, Setting, simulate
from foedus.worlds.weights import ess, means
from foedus.worlds.work import VARIED, Arrays, Task, Work

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
SUBSET = 24  # worlds of the precision sweep and the tests of what is built in: three full blocks
SETTINGS = {
    "zero": Setting(0.0, bare=True), "half": Setting(0.5, bare=True), "twice": Setting(2.0, bare=True),
    "perfect": Setting(perfect=True, bare=True),
}  # fmt: skip
LOADED = 128 * 2**20  # bytes of labelled results that a run holds in memory; larger ones stay on the disk


@dataclass
class GameSize:
    """How large the compiled game of the factual policy is, a period."""

    states_start: int
    nodes: int
    branches: int
    actions: int
    coefficients: int
    bytes_per_world: int


@dataclass(repr=False)
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
    claims: Claims
    sweep: xr.Dataset
    drivers: list[OutcomeDriver]
    game: GameSize
    meta: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    score: dict[str, Any] | None = None
    learned: xr.Dataset | None = None
    prior: Floats | None = None  # weights of worlds before the observations; None: all alike
    lenses: dict[str, xr.Dataset] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    solved: int = 0  # pieces solved in this go, of a run that is kept in a directory
    _means: dict[tuple[str, str], xr.DataArray] = field(default_factory=dict, init=False, repr=False)

    def few(self, most: int = SUBSET) -> Run:
        """The same run on at most ``most`` worlds that stand for all, for what is too slow in every world.

        Worlds are drawn from the posterior by systematic resampling, without chance; one that is
        drawn k times weighs k times as much.
        """
        if len(self.weights) <= most:
            return self
        marks = (np.arange(most) + 0.5) / most
        drawn = np.minimum(np.searchsorted(np.cumsum(self.weights) / self.weights.sum(), marks), len(self.weights) - 1)
        chosen, times = np.unique(drawn, return_counts=True)
        weights = times / most
        return replace(
            self, draws={name: draw[chosen] for name, draw in self.draws.items()}, weights=weights, ess=ess(weights),
            data=self.data.isel(world=chosen), loglik_by_observation=None, prior=None,
        )  # fmt: skip

    @property
    def large(self) -> bool:
        """Whether the results by world are too large to be held in memory, or in one file."""
        return int(self.data.nbytes) > LOADED

    def mean(self, variable: str, policy: str) -> xr.DataArray:
        """The posterior mean of a variable of ``data`` over the worlds where it is defined.

        Read a block of worlds at a time, so that it may be larger than memory.
        """
        key = variable, policy
        if key not in self._means:
            self._means[key] = means(self.data[variable].sel(policy=policy), self.weights)
        return self._means[key]

    def prob(self, event: str, **options: Any) -> xr.DataArray:
        """The probability of an event as a query writes it: ``r.prob("eventually(tension >= war)")``.

        Options are those of the language: ``under``, ``given``, ``at``, ``during``, ``from_``.
        """
        return self.ask("prob", event, **options)

    def ask(self, kind: str, *subject: str, **options: Any) -> xr.DataArray:
        """Any query, solved anew in the run's worlds: labelled (policy, world)."""
        import xarray as xr

        given = {key: value.item() if isinstance(value, np.generic) else value for key, value in options.items()}
        text = f"{kind}({', '.join([*map(str, subject), *(f'{key}={value!r}' for key, value in given.items())])})"
        query = parse_query(text, query_scope(self.scenario))
        policies = [query.under] if query.under else self.policies
        result = simulate(self.scenario, self.draws, policies, [query], observe=False)
        values = np.stack([result.query[policy][0] for policy in policies])
        return xr.DataArray(values, dims=("policy", "world"), coords={"policy": policies}, name=text)

    def __repr__(self) -> str:
        worlds, policies, claims = len(self.weights), len(self.policies), len(self.claims)
        counts = f"worlds: {worlds}, policies: {policies}, claims: {claims}"
        return f"Run({self.scenario.title!r}, {counts})"

    def _repr_html_(self) -> str:
        from html import escape

        head = f"<b>{escape(self.scenario.title)}</b>, {len(self.weights)} worlds, {len(self.policies)} policies"
        return head + Claims(self.claims)._repr_html_()


Progress = Callable[[str, int, int], None]  # what, done, of how many


def run(scenario: Scenario, *, policies: Sequence[str] | None = None, worlds: int = 200, seed: int = 0,
        method: str = "lhs", subset: int | None = None, judge: bool = True, resample: bool = False, progress: Progress | None = None,
        threads: int = 2) -> Run:  # fmt: skip
    """Solves a scenario in ``worlds`` sampled worlds under its policies and judges its claims.

    ``policies`` limits what is compared; the policies that claims need are always solved.
    At most ``subset`` worlds (the first ones, in full blocks; default: half of all, at most SUBSET)
    are used for the precision sweep and built-in tests. With ``resample`` half of the worlds are drawn where the observations point. Without
    ``judge`` claims are left alone, and with them the sweep and the tests: for looking through a lens.
    Raises FoedusError (ScenarioError with all that is wrong) for what cannot be run.
    """
    started = time.perf_counter()
    job = Job(scenario, policies, worlds, seed, method, subset, judge, resample)
    whole_number("threads", threads, 1)
    main = job.span("main", range(worlds))
    tell = Tally(sum(task.count for task in (main, *job.tested.values())), progress)
    found = job.found(main, job.work.solve(main, threads, tell))
    job.refuse()
    solved = time.perf_counter()

    def beside() -> dict[str, Found]:
        return {claim: job.found(task, job.work.solve(task, threads, tell)) for claim, task in job.tested.items()}

    with ThreadPoolExecutor(max_workers=1) as pool:
        return job.finish(found, pool.submit(beside), {"solve": solved - started})


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

    def _draw(self) -> Drawn:
        """The worlds: of the prior, or half of them drawn where the observations point."""
        if not self.resample:
            return Drawn(sample(self.scenario, self.worlds, self.seed, self.method))  # type: ignore[arg-type]
        return half_posterior(self.scenario, self.worlds, self.seed)

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
            self.scenario, self.draws, weights, effective, bool(self.scenario.observations), by_observation(main),
            self.policies, list(self.work.layout.labels["period"]), data, Claims(claims), made.sweep_data(), drivers, self._size(),
            meta,
        )  # fmt: skip
        run.prior = prior
        run.score, run.learned = self._score(main, prior), from_run(run)
        run.warnings = warnings_of(run)
        timings = {**timings, "judge": time.perf_counter() - started}
        run.timings = {name: round(seconds, 3) for name, seconds in timings.items()}
        return run

    def _score(self, main: Found, prior: Floats | None) -> dict[str, Any] | None:
        """The forecasts against the record; where they lose to a rival, also which mechanism is to blame."""
        if not asked(self.scenario):
            return None
        game = self.work.games.play(self.scenario.factual_policy)[0].game
        heard = PolicyResult(game.action_ids, game.phase_ids, game.turn.objectives, dict(main.heard))
        scored = score(self.scenario, heard, prior=prior)
        if self.judge and loses_to(scored):
            scored["mechanisms"] = drop_each(self.scenario, self.subset, self.seed)
        return scored

    def _size(self) -> GameSize:
        size = self.work.games.play(self.scenario.factual_policy)[0].game
        return GameSize(
            size.start_states, size.nodes, size.branches, size.actions, len(size.program.trees), size.bytes_per_world
        )


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


def settings_of(scenario: Scenario) -> dict[str, Setting]:
    """The settings of the sweep: where play is perfect, precision means nothing but at 0, where nobody weighs anything."""
    if scenario.rationality == "logit":
        return SETTINGS
    return {
        name: setting if setting.scale == 0 else Setting(perfect=True, bare=True) for name, setting in SETTINGS.items()
    }


def provenance(scenario: Scenario, worlds: int, seed: int, method: str, subset: int) -> dict[str, Any]:
    """What a run was made from."""
    from foedus import __version__

    return {
        "version": __version__, "hash": scenario_hash(scenario), "seed": seed, "method": method, "worlds": worlds,
        "subset": subset,
    }  # fmt: skip


def scenario_hash(scenario: Scenario) -> str:
    """A hash of everything that a scenario says."""
    import hashlib

    return hashlib.sha256(dump(scenario).encode()).hexdigest()


def warnings_of(run: Run) -> list[str]:
    """What a reader must know before using the numbers."""
    from foedus.report.results import Names

    found = []
    if not uncertain(run.scenario):
        found.append("Nothing in this scenario is uncertain: all worlds are alike, and shares of them say nothing.")
    if run.observed and run.ess < 0.1 * len(run.weights):
        found.append(
            f"The observations leave an effective sample of only {run.ess:.0f} of {len(run.weights)} worlds: "
            "posterior figures rest on few worlds."
        )
    noisy = [f"“{Names(run.scenario).claim(claim.id)}”" for claim in run.claims if claim.warning]
    if noisy:
        found.append(f"Verdicts that turn with how precisely actors choose: {', '.join(noisy)}.")
    return found


def by_observation(main: Found) -> Floats | None:
    """[observations, world] what each observation adds to the log-likelihood, given those before; None without any."""
    return np.ascontiguousarray(main.heard["log_each"][:].T) if "log_each" in main.heard else None
