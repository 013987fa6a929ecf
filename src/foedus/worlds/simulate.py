"""Plays a scenario in every world under every policy: the bridge from draws to results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from threading import RLock

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.game.bind import bind
from foedus.game.compile import Game, Watch, compile_game
from foedus.game.numbers import NumberReader
from foedus.game.perceive import Perception, Version, perceive, secrets_of
from foedus.game.program import Memo, WorldError
from foedus.scenario.errors import ScenarioError
from foedus.scenario.places import error_about
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, state_names
from foedus.solve.observe import Observations
from foedus.solve.play import Play, Solving
from foedus.solve.queries import watch_for
from foedus.worlds.versions import environments

CHUNK = 256  # worlds whose coefficients are evaluated together
AHEAD = 3  # policies whose coefficients are made ready before those of the first are needed no more


@dataclass(frozen=True)
class Behaviour:
    """How choices are made: the precision of all actors times ``scale``, or perfect rationality.

    ``bare`` leaves entropies and what was observed out of the results.
    """

    scale: float = 1.0
    perfect: bool = False
    bare: bool = False


@dataclass
class PolicyResult:
    """What one policy gives in every world; the first dim of every array is the world.

    ``query`` [W, queries], ``by`` and ``at`` [W, periods, outcomes], ``taken`` [W, periods,
    actions], ``decided`` [W, periods, phases], ``pays`` [W, objectives], ``entropy`` [W, actors]
    (bits a decision, NaN without any), ``value`` [W, actors]. Under the factual policy also
    ``log_likelihood`` [W, periods], and with forecasts (see ``solve.likelihood.Heard``) ``log_each``
    [W, observations], ``foreseen`` [W, periods, actions] and ``foreseen_state`` [W, observations].
    """

    actions: tuple[str, ...]
    phases: tuple[str, ...]
    objectives: tuple[tuple[str, str], ...]
    parts: dict[str, Floats] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Floats:
        try:
            return self.__dict__["parts"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None


@dataclass
class Simulation:
    """Results by policy, and the games they were played in.

    ``varied`` holds the same for the first few worlds under other settings.
    """

    results: dict[str, PolicyResult]
    games: dict[str, Game]
    varied: dict[str, Simulation] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, list[Floats]]:
        """By policy: an array [W] for each query (NaN where the query names another policy)."""
        return {policy: list(result.query.T) for policy, result in self.results.items()}

    @property
    def value(self) -> dict[str, Floats]:
        """By policy: [W, actors], what each actor expects at the start in its own version of the game."""
        return {policy: result.value for policy, result in self.results.items()}

    @property
    def loglik(self) -> Floats:
        """[W] log-likelihood of the observations under the factual policy; zeros without observations."""
        for result in self.results.values():
            if "log_likelihood" in result.parts:
                return np.asarray(result.log_likelihood.sum(axis=1))
        first = next(iter(self.results.values()))
        return np.zeros(len(first.value))


def simulate(
    scenario: Scenario,
    worlds: Mapping[str, Floats],
    policies: Sequence[str] | None = None,
    queries: Sequence[Query] = (),
    *,
    lam_scale: float = 1.0,
    rationality: str | None = None,
    outcomes: Mapping[str, Tree] | None = None,
    observe: bool = True,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
    games: Games | None = None,
    variations: Mapping[str, Behaviour] | None = None,
    few: int = 0,
    first: int = 0,
    bare: bool = False,
) -> Simulation:
    """Solves the game of each policy in each world and answers the queries, exactly.

    ``worlds`` maps every sampled assumption to an array [W]. ``outcomes`` are events whose
    probability over time is wanted. ``progress`` is called with the number of world-policies done.
    The first ``few`` worlds (at most CHUNK) are played in each of the ``variations`` too. ``first``
    is the number of the first world, where these are a span of more. ``bare``: see Behaviour.
    Raises FoedusError where a number is impossible in some world, naming it.
    """
    names = list(policies or scenario.all_policies)
    games = games or Games(scenario, queries, outcomes or {}, observe)
    perfect = (rationality or scenario.rationality) == "perfect"
    settings = {"": Behaviour(lam_scale, perfect, bare), **(variations or {})}
    width = len(next(iter(worlds.values())))
    made: dict[tuple[str, str], list[dict[str, Floats]]] = {}
    waiting: deque[_Work] = deque()
    for start in range(0, width, CHUNK):
        chunk = {name: np.asarray(draw, float)[start : start + CHUNK] for name, draw in worlds.items()}
        games.memo = Memo() if width > CHUNK else games.memo
        for policy in names:
            own = few if start == 0 else 0
            waiting.append(_Work(games, policy, chunk, first + start, settings, own, _pool(threads)))
            if len(waiting) > AHEAD:
                waiting.popleft().collect(made, progress)
    while waiting:
        waiting.popleft().collect(made, progress)
    played = {policy: games.play(policy)[0].game for policy in names}
    simulations = [Simulation(_joined(made, setting, played), played) for setting in settings]
    simulations[0].varied = dict(zip(settings, simulations, strict=True))
    del simulations[0].varied[""]
    return simulations[0]


def _joined(
    made: Mapping[tuple[str, str], list[dict[str, Floats]]], setting: str, played: Mapping[str, Game]
) -> dict[str, PolicyResult]:
    """The results of each policy in one setting, chunks joined."""
    results = {}
    for policy, game in played.items():
        parts = made[setting, policy]
        joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        results[policy] = PolicyResult(game.action_ids, game.phase_ids, game.turn.objectives, joined)
    return results


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay, and with them the memory that each works in."""
    return ThreadPoolExecutor(max_workers=threads)


class Games:
    """The compiled games of a scenario's policies, compiled once per set of enabled actions."""

    def __init__(
        self,
        scenario: Scenario,
        queries: Sequence[Query],
        outcomes: Mapping[str, Tree],
        observe: bool = True,
        entropy: bool = False,
        ahead: int = 0,
        lean: bool = False,
    ):
        self.entropy, self.ahead, self.lean = entropy, ahead, lean
        self.scenario, self.queries, self.outcomes = scenario, tuple(queries), dict(outcomes)
        self.observed = Observations(scenario) if observe and scenario.observations else None
        words = NumberReader(scenario)
        scratch = {v.name for v in words.variables() if v.scratch} | {f"{c}.applies" for c in scenario.commitments}
        self.lasting = {name for name, tree in self.outcomes.items() if not state_names(tree) & scratch}
        self.compiled: dict[tuple[frozenset[str], bool], Game] = {}
        self.plays: dict[str, tuple[Play, Perception]] = {}
        self.memo = Memo()
        self.lock = RLock()

    def of(self, scenario: Scenario) -> Games:
        """The same games for a scenario that differs in numbers only."""
        twin = copy(self)
        twin.scenario = scenario
        return twin

    def watch(self, factual: bool) -> Watch:
        """What is looked at, under any policy."""
        ends = [self.outcomes[name] for name in self.outcomes if name in self.lasting]
        seen = self.observed if factual else None
        return watch_for(
            self.queries, self.outcomes.values(), [*ends, *(seen.events if seen else [])], seen.phases if seen else []
        )

    def game(self, policy: str) -> Game:
        """The game of a policy, its bindings included."""
        factual = self.observed is not None and policy == self.scenario.factual_policy
        key = frozenset(self.scenario.all_policies[policy].enable), factual
        if key not in self.compiled:
            self.compiled[key] = compile_game(self.scenario, key[0], self.watch(factual))
        return bind(self.compiled[key], self.scenario, policy)

    def play(self, policy: str) -> tuple[Play, Perception]:
        """What is computed under a policy, and who plays which version of the game."""
        with self.lock:
            return self._play(policy)

    def _play(self, policy: str) -> tuple[Play, Perception]:
        if policy not in self.plays:
            game, perception = self.game(policy), perceive(self.scenario, policy)
            factual = self.observed is not None and policy == self.scenario.factual_policy
            versions = list(dict.fromkeys(solve.version for solve in perception.solves))
            solves = [
                Solving(1 + versions.index(solve.version), solve.fixed, tuple(sorted(solve.own)))
                for solve in perception.solves
            ]
            events = list(self.outcomes.values())
            ends = [self.outcomes[name] if name in self.lasting else None for name in self.outcomes]
            self.plays[policy] = (
                Play(
                    game,
                    solves,
                    self.queries,
                    policy,
                    events,
                    ends,
                    self.observed if factual else None,
                    self.entropy,
                    self.ahead,
                    self.lean,
                ),
                perception,
            )
        return self.plays[policy]


class _Work:
    """One policy in one chunk of worlds, in blocks padded with copies of the last world, handed to the pool."""

    def __init__(
        self,
        games: Games,
        policy: str,
        draws: Mapping[str, Floats],
        first: int,
        settings: Mapping[str, Behaviour],
        few: int,
        pool: ThreadPoolExecutor,
    ):
        self.games, self.policy, self.draws, self.first, self.pool = games, policy, draws, first, pool
        self.width = len(next(iter(draws.values())))
        self.widths = {name: min(few, self.width) if name else self.width for name in settings}
        padded = -(-self.width // LANES) * LANES
        filled = {name: np.concatenate([x, np.repeat(x[-1:], padded - self.width)]) for name, x in draws.items()}
        play, perception = games.play(policy)
        try:
            tables = coefficient_tables(games.scenario, policy, play.game, perception, filled, padded, games.memo)
        except WorldError as error:
            raise self._blamed(error, 0) from None
        play = play.reduced(first_alike(tables))
        blocks = [
            [np.ascontiguousarray(table[:, at : at + LANES]) for table in tables] for at in range(0, padded, LANES)
        ]
        self.jobs = {
            name: [
                pool.submit((play.bare() if how.bare else play).block, block, how.scale, how.perfect)
                for block in self._of(name, blocks)
            ]
            for name, how in settings.items()
        }

    def _of(self, setting: str, blocks: list[list[Floats]]) -> list[list[Floats]]:
        """The blocks that a setting is played in."""
        return blocks[: -(-self.widths[setting] // LANES)]

    def collect(
        self, made: dict[tuple[str, str], list[dict[str, Floats]]], progress: Callable[[int], None] | None
    ) -> None:
        """Waits for the blocks and keeps their results."""
        for name, jobs in self.jobs.items():
            width = self.widths[name]
            if not jobs:
                continue
            found = list(self._results(jobs, width, progress))
            whole = {key: np.concatenate([part[key] for part in found])[:width] for key in found[0]}
            made.setdefault((name, self.policy), []).append(whole)

    def _results(
        self, jobs: list[Future[dict[str, Floats]]], width: int, progress: Callable[[int], None] | None
    ) -> Iterator[dict[str, Floats]]:
        for block, job in enumerate(jobs):
            at = block * LANES
            try:
                yield job.result()
            except WorldError as error:
                raise self._blamed(error, at) from None
            if progress is not None:
                progress(min(LANES, width - at))

    def _blamed(self, error: WorldError, at: int) -> ScenarioError:
        wrong = WorldError(str(error), at + error.world, error.about)
        return error_in_world(self.games.scenario, self.policy, self.draws, self.first, wrong)


def first_alike(tables: Sequence[Floats]) -> tuple[int, ...]:
    """For each table the first one that holds the same numbers."""
    return tuple(
        next(j for j in range(i + 1) if tables[j] is table or np.array_equal(tables[j], table))
        for i, table in enumerate(tables)
    )


def coefficient_tables(
    scenario: Scenario,
    policy: str,
    game: Game,
    perception: Perception,
    draws: Mapping[str, Floats],
    width: int,
    memo: Memo | None = None,
) -> list[Floats]:
    """Evaluated coefficients: of things as they are, then of each version of the game."""
    versions = list(dict.fromkeys(solve.version for solve in perception.solves))
    plain = Version(-1, frozenset(secrets_of(scenario, policy)))
    envs = environments(scenario, policy, draws, [None, *(v for v in versions if v != plain)])
    tables = [game.program.evaluate(env, width, memo) for env in envs]
    others = iter(tables[1:])
    return [tables[0], *(tables[0] if version == plain else next(others) for version in versions)]


def error_in_world(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], first: int, error: WorldError
) -> ScenarioError:
    """An error with the world that it happened in, at the place in the scenario that it is about."""
    world = min(error.world, len(next(iter(draws.values()))) - 1)
    drawn = [name for name, a in scenario.all_assumptions.items() if a.distribution is not None and name in draws]
    shown = ", ".join(f"{name} = {draws[name][world]:.4g}" for name in drawn[:12])
    more = f" and {len(drawn) - 12} more" if len(drawn) > 12 else ""
    where = f"in world {first + world} under policy '{policy}'"
    reason = f"{where}: {error}." + (f" There {shown}{more}." if shown else "")
    return error_about(scenario, error.about, reason)
