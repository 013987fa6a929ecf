"""The main job: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
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
from foedus.scenario.errors import FoedusError
from foedus.scenario.expr import nearest
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.worlds.learn import Drawn, half_posterior
from foedus.worlds.reach import refuse_unreachable
from foedus.worlds.sample import sample, uncertain
from foedus.worlds.simulate import Games, Setting, Simulation, simulate
from foedus.worlds.weights import ess

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
SUBSET = 24  # worlds of the precision sweep and the tests of what is built in: three full blocks
SETTINGS = {"zero": Setting(0.0), "half": Setting(0.5), "twice": Setting(2.0), "perfect": Setting(perfect=True)}


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
        method: str = "lhs", subset: int = SUBSET, judge: bool = True, resample: bool = False, progress: Progress | None = None,
        threads: int = 2) -> Run:  # fmt: skip
    """Solves a scenario in ``worlds`` sampled worlds under its policies and judges its claims.

    ``policies`` limits what is compared; the policies that claims need are always solved.
    At most ``subset`` worlds (the first ones, in full blocks) are used for the precision sweep and
    built-in tests. With ``resample`` half of the worlds are drawn where the observations point. Without
    ``judge`` claims are left alone, and with them the sweep and the tests: for looking through a lens.
    Raises FoedusError (ScenarioError with all that is wrong) for what cannot be run.
    """
    validate(scenario)
    policies = [policies] if isinstance(policies, str) else policies
    for name in policies or []:
        if name not in scenario.all_policies:
            raise FoedusError(f"'{name}' is not a policy. {nearest(name, scenario.all_policies)}".strip())
    for what, value, least in (
        ("worlds", worlds, 1),
        ("subset", subset, 1),
        ("threads", threads, 1),
        ("seed", seed, None),
    ):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or (least is not None and value < least):
            raise FoedusError(f"{what} must be a whole number{f', {least} or more' if least else ''}, not {value!r}.")
    first = worlds - worlds // 2 if resample else worlds
    few = min(subset, first if first < LANES else first // LANES * LANES)
    return Job(scenario, policies, worlds, seed, method, few, judge, resample, progress, threads).run()


@dataclass
class Job:
    """What a run was asked for, and how far it is."""

    scenario: Scenario
    chosen: Sequence[str] | None
    worlds: int
    seed: int
    method: str
    subset: int
    judge: bool
    resample: bool
    progress: Progress | None
    threads: int
    done: int = 0

    def __post_init__(self) -> None:
        self.readings = read_claims(self.scenario) if self.judge else []
        self.queries = list(dict.fromkeys(query for reading in self.readings for query in reading.queries))
        self.outcomes = outcomes_of(self.scenario)
        known = list(self.scenario.all_policies)
        needed = {self.scenario.factual_policy, *(query.under for query in self.queries)}
        self.policies = [name for name in known if self.chosen is None or name in self.chosen or name in needed]

    def run(self) -> Run:
        """Everything, in order."""
        started = time.perf_counter()
        games = Games(self.scenario, self.queries, self.outcomes, entropy=True, ahead=1)
        drawn = self._draw()
        draws = drawn.draws
        self.variants = self._variants()
        self.total = self.worlds * len(self.policies)
        self.total += self.subset * len(self.policies) * len(SETTINGS) * self.judge
        self.total += self.subset * sum(len(needed) for _, needed in self.variants)
        refuse_unreachable(self.readings, games)
        main = self._simulate(
            games, draws, self.policies, variations=settings_of(self.scenario) if self.judge else {}, few=self.subset
        )
        solved = time.perf_counter()
        prior, weights, effective = drawn.weigh(main.loglik)
        few = {name: draw[: self.subset] for name, draw in draws.items()}
        with ThreadPoolExecutor(max_workers=1) as beside:
            made = Judge(self, main, draws, weights, beside.submit(self._neutral, games, few), prior)
            data, drivers, claims = made.data(), made.drivers(), made.claims()
        timings = {"solve": solved - started, "judge": time.perf_counter() - solved}
        size = games.play(self.scenario.factual_policy)[0].game
        layout = GameSize(
            size.start_states, size.nodes, size.branches, size.actions, len(size.program.trees), size.bytes_per_world
        )
        run = Run(
            self.scenario, draws, weights, effective, bool(self.scenario.observations), by_observation(main),
            self.policies, made.periods, data, Claims(claims), made.sweep_data(), drivers, layout,
            provenance(self.scenario, self.worlds, self.seed, self.method, self.subset, timings) | drawn.about,
        )  # fmt: skip
        run.prior = prior
        run.score, run.learned = self._score(main, prior), from_run(run)
        run.warnings = warnings_of(run)
        return run

    def _draw(self) -> Drawn:
        """The worlds: of the prior, or half of them drawn where the observations point."""
        if not self.resample:
            return Drawn(sample(self.scenario, self.worlds, self.seed, self.method))  # type: ignore[arg-type]
        return half_posterior(self.scenario, self.worlds, self.seed, self.threads)

    def _simulate(self, games: Games, draws: Mapping[str, Floats], policies: Sequence[str], **how: Any) -> Simulation:
        def tell(count: int) -> None:
            self.done += count
            if self.progress is not None:
                self.progress("solving", self.done, self.total)

        return simulate(games.scenario, draws, policies, self.queries, outcomes=self.outcomes, threads=self.threads,
                        progress=tell, games=games, **how)  # fmt: skip

    def _score(self, main: Simulation, prior: Floats | None) -> dict[str, Any] | None:
        """The forecasts against the record; where they lose to a rival, also which mechanism is to blame."""
        if not asked(self.scenario):
            return None
        scored = score(self.scenario, main.results[self.scenario.factual_policy], prior=prior)
        if self.judge and loses_to(scored):
            scored["mechanisms"] = drop_each(self.scenario, self.subset, self.seed)
        return scored

    def _variants(self) -> list[tuple[str, list[str]]]:
        """Claims that say what they rest on, with the policies that they ask about."""
        if not self.judge:
            return []
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
            neutral = self.scenario.claims[claim].rests_on
            changed = neutral_scenario(self.scenario, neutral)
            put = {name: np.full(self.subset, float(v)) for name, v in neutral.items() if not isinstance(v, str)}
            try:
                found = self._simulate(games.of(changed), {**few, **put}, policies)
            except FoedusError as error:
                values = ", ".join(f"{name} = {value}" for name, value in neutral.items())
                raise FoedusError(f"With what claim '{claim}' rests on made neutral ({values}): {error}") from None
            made[claim] = found, changed
        return made


def settings_of(scenario: Scenario) -> dict[str, Setting]:
    """The settings of the sweep: where play is perfect, precision means nothing but at 0, where nobody weighs anything."""
    if scenario.rationality == "logit":
        return SETTINGS
    return {name: setting if setting.scale == 0 else Setting(perfect=True) for name, setting in SETTINGS.items()}


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
    if not uncertain(run.scenario):
        found.append("Nothing in this scenario is uncertain: all worlds are alike, and shares of them say nothing.")
    if run.observed and run.ess < 0.1 * len(run.weights):
        found.append(
            f"The observations leave an effective sample of only {run.ess:.0f} of {len(run.weights)} worlds: "
            "posterior figures rest on few worlds."
        )
    noisy = [claim.label or claim.id.replace("_", " ") for claim in run.claims if claim.warning]
    if noisy:
        found.append(f"Verdicts that turn with how precisely actors choose: {', '.join(noisy)}.")
    return found


def by_observation(main: Simulation) -> Floats | None:
    """[observations, world] what each observation adds to the log-likelihood, given those before; None without any."""
    for result in main.results.values():
        if "log_each" in result.parts:
            return np.ascontiguousarray(result.log_each.T)
    return None
