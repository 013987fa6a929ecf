"""Plays a scenario in every world under every policy: the bridge from draws to results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field, fields, replace
from functools import cache
from threading import RLock

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.game.bind import bind
from foedus.game.compile import Game, Watch, game_of
from foedus.game.numbers import NumberReader
from foedus.game.perceive import Perception, Version, perceive, secrets_of
from foedus.game.program import Memo, WorldError
from foedus.scenario.dotted import applies_variable
from foedus.scenario.errors import ScenarioError
from foedus.scenario.places import error_about
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, state_names
from foedus.solve.observe import Observations
from foedus.solve.play import Play, Solving
from foedus.solve.queries import watch_for
from foedus.worlds.padding import Blocks, joined, padded, width_of
from foedus.worlds.versions import environments

CHUNK = 256  # worlds whose coefficients are evaluated together
AHEAD = 3  # policies whose coefficients are made ready before those of the first are needed no more


@dataclass(frozen=True)
class Behaviour:
    """How choices are made: the precision of all actors times ``scale``, or perfect rationality.

    ``bare`` leaves entropies and what was observed out of the results, ``record`` all but values and what was observed.
    """

    scale: float = 1.0
    perfect: bool = False
    bare: bool = False
    record: bool = False

    @classmethod
    def of(cls, scenario: Scenario, scale: float = 1.0, bare: bool = False) -> Behaviour:
        """As the scenario says, with precisions times ``scale``."""
        return cls(scale, scenario.rationality == "perfect", bare)

    def playing(self, play: Play) -> Play:
        """What is computed of a policy when choices are made so."""
        return play.bare() if self.bare else play.of_the_record() if self.record else play


NOBODY_WEIGHS = Behaviour(scale=0.0, record=True)  # all choices by base rates alone


@dataclass(frozen=True)
class Options:
    """How worlds are played.

    ``behaviour``: None is that of the scenario. ``progress`` is called with the number of world-policies done. ``first`` is
    the number of the first world, where these are a span of more.
    """

    behaviour: Behaviour | None = None
    threads: int = 2
    progress: Callable[[int], None] | None = None
    first: int = 0


_Arrays = dict[str, list[dict[str, Floats]]]  # of each chunk, by policy


def _none() -> Floats:
    return np.zeros((0, 0))


@dataclass(frozen=True)
class PolicyResult:
    """What one policy gives in every world; the first dim of every array is the world. Empty: not asked for.

    ``value`` [W, actors], ``query`` [W, queries], ``by`` and ``at`` [W, periods, outcomes], ``taken`` [W, periods,
    actions], ``decided`` [W, periods, phases], ``pays`` [W, objectives], ``entropy`` [W, actors] (bits a decision, NaN
    without any). Under the factual policy also ``log_likelihood`` [W, periods], and with forecasts (see
    ``solve.likelihood.Heard``) ``log_each`` [W, observations], ``foreseen`` [W, periods, actions] and
    ``foreseen_state`` [W, observations]; and, given all that was observed (see ``solve.outlook.Outlook``), ``given_by``,
    ``given_ahead`` and ``given_at`` [W, periods, outcomes].
    """

    actions: tuple[str, ...]
    phases: tuple[str, ...]
    objectives: tuple[tuple[str, str], ...]
    value: Floats = field(default_factory=_none)
    query: Floats = field(default_factory=_none)
    by: Floats = field(default_factory=_none)
    at: Floats = field(default_factory=_none)
    taken: Floats = field(default_factory=_none)
    decided: Floats = field(default_factory=_none)
    pays: Floats = field(default_factory=_none)
    entropy: Floats = field(default_factory=_none)
    log_likelihood: Floats = field(default_factory=_none)
    log_each: Floats = field(default_factory=_none)
    foreseen: Floats = field(default_factory=_none)
    foreseen_state: Floats = field(default_factory=_none)
    given_by: Floats = field(default_factory=_none)
    given_ahead: Floats = field(default_factory=_none)
    given_at: Floats = field(default_factory=_none)

    @classmethod
    def of(cls, game: Game, arrays: Mapping[str, Floats]) -> PolicyResult:
        """Arrays by their names here, labelled as in their game."""
        return cls(game.action_ids, game.phase_ids, game.turn.objectives, **arrays)

    @property
    def arrays(self) -> dict[str, Floats]:
        """The arrays that there are, by name."""
        every = {each.name: getattr(self, each.name) for each in fields(self)[3:]}
        return {name: array for name, array in every.items() if len(array)}

    def worlds(self, which: slice) -> PolicyResult:
        """Some of the worlds."""
        some = {name: array[which] for name, array in self.arrays.items()}
        return PolicyResult(self.actions, self.phases, self.objectives, **some)


@dataclass
class Simulation:
    """Results by policy, and the games they were played in."""

    results: dict[str, PolicyResult]
    games: dict[str, Game]

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
        results = list(self.results.values())
        heard = [result.log_likelihood.sum(axis=1) for result in results if len(result.log_likelihood)]
        return np.asarray(heard[0]) if heard else np.zeros(len(results[0].value))


def simulate(
    scenario: Scenario,
    worlds: Mapping[str, Floats],
    policies: Sequence[str] | None = None,
    queries: Sequence[Query] = (),
    *,
    observe: bool = True,
    games: Games | None = None,
    options: Options | None = None,
) -> Simulation:
    """Solves the game of each policy in each world and answers the queries, exactly.

    ``worlds`` maps every sampled assumption to an array [W]. ``games``: compiled before, for their own queries, outcomes
    and observations, where worlds are played again and again. Raises FoedusError where a number is impossible in some
    world, naming it.
    """
    names, options = list(policies or scenario.all_policies), options or Options()
    games = games or Games(scenario, queries, {}, observe)
    how = options.behaviour or Behaviour.of(scenario)
    width, arrays, waiting = width_of(worlds), _Arrays(), deque[_Work]()
    for start in range(0, width, CHUNK):
        chunk = {name: np.asarray(draw, float)[start : start + CHUNK] for name, draw in worlds.items()}
        games.memo = Memo() if width > CHUNK else games.memo
        span = replace(options, first=options.first + start)
        for policy in names:
            waiting.append(_Work(games, policy, chunk, how, span))
            if len(waiting) > AHEAD:
                waiting.popleft().collect(arrays)
    while waiting:
        waiting.popleft().collect(arrays)
    played = {policy: games.play(policy)[0].game for policy in names}
    return Simulation(
        {policy: PolicyResult.of(game, joined(arrays[policy])) for policy, game in played.items()}, played
    )


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
        scratch = {v.name for v in words.variables() if v.scratch} | {applies_variable(c) for c in scenario.commitments}
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

    def observed_under(self, policy: str) -> Observations | None:
        """What was observed, under the factual policy; nothing under others."""
        return self.observed if policy == self.scenario.factual_policy else None

    def watch(self, seen: Observations | None) -> Watch:
        """What is looked at where this was observed."""
        lasting = [tree for name, tree in self.outcomes.items() if name in self.lasting]
        events, phases = (seen.events, seen.phases) if seen else ([], [])
        return watch_for(self.queries, self.outcomes.values(), [*lasting, *events], phases)

    def game(self, policy: str) -> Game:
        """The game of a policy, its bindings included."""
        seen = self.observed_under(policy)
        key = frozenset(self.scenario.all_policies[policy].enable), seen is not None
        if key not in self.compiled:
            self.compiled[key] = game_of(self.scenario, policy, self.watch(seen))
        return bind(self.compiled[key], self.scenario, policy)

    def play(self, policy: str) -> tuple[Play, Perception]:
        """What is computed under a policy, and who plays which version of the game."""
        with self.lock:
            if policy not in self.plays:
                game, perception = self.game(policy), perceive(self.scenario, policy)
                versions = perception_versions(perception)
                solves = [
                    Solving(1 + versions.index(s.version), s.fixed, tuple(sorted(s.own))) for s in perception.solves
                ]
                events, seen = list(self.outcomes.values()), self.observed_under(policy)
                ends = [tree if name in self.lasting else None for name, tree in self.outcomes.items()]
                about = events, ends, seen, self.entropy, self.ahead, self.lean
                self.plays[policy] = Play(game, solves, self.queries, policy, *about), perception
            return self.plays[policy]

    def tables(self, policy: str, draws: Mapping[str, Floats], memo: Memo | None = None) -> list[Floats]:
        """Evaluated coefficients [rows, worlds]: of things as they are, then of each version of the game that the solves
        of ``play`` name. ``memo`` is kept between calls with the same draws. WorldError where one is impossible."""
        play, perception = self.play(policy)
        versions = perception_versions(perception)
        # A version in which nobody believes otherwise and all secrets are out is things as they are: the same table.
        plain = Version(-1, frozenset(secrets_of(self.scenario, policy)))
        others = [version for version in versions if version != plain]
        envs = environments(self.scenario, policy, draws, [None, *others])
        actual, *believed = [play.game.program.evaluate(env, width_of(draws), memo) for env in envs]
        by_version = dict(zip(others, believed, strict=True))
        return [actual, *(by_version.get(version, actual) for version in versions)]

    def in_blocks(self, policy: str, draws: Mapping[str, Floats], memo: Memo | None = None) -> tuple[Play, Blocks]:
        """(what is computed under a policy, solves that are alike in all these worlds shared; the worlds in blocks)."""
        blocks = Blocks.cut(self.tables(policy, padded(draws), memo), width_of(draws))
        return self.play(policy)[0].reduced(blocks.same), blocks


def perception_versions(perception: Perception) -> list[Version]:
    """The versions of the game that are solved, each once, in the order of tables."""
    return list(dict.fromkeys(solve.version for solve in perception.solves))


class _Work:
    """One policy in one chunk of worlds, block by block, handed to the pool."""

    def __init__(self, games: Games, policy: str, draws: Mapping[str, Floats], how: Behaviour, options: Options):
        self.games, self.policy, self.draws, self.options = games, policy, draws, options
        try:
            play, blocks = games.in_blocks(policy, draws, games.memo)
        except WorldError as error:
            raise error_in_world(games.scenario, policy, draws, options.first, error) from None
        self.width, pool = blocks.width, _pool(options.threads)
        block = how.playing(play).block
        self.jobs = [pool.submit(block, tables, how.scale, how.perfect) for tables in blocks.tables]

    def collect(self, arrays: _Arrays) -> None:
        """Waits for the blocks and keeps their results."""
        arrays.setdefault(self.policy, []).append(joined(list(self._results()), self.width))

    def _results(self) -> Iterator[dict[str, Floats]]:
        for block, job in enumerate(self.jobs):
            start = block * LANES
            try:
                yield job.result()
            except WorldError as error:
                scenario, first = self.games.scenario, self.options.first
                raise error_in_world(scenario, self.policy, self.draws, first, error, start) from None
            if self.options.progress is not None:
                self.options.progress(min(LANES, self.width - start))


def error_in_world(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], first: int, error: WorldError, start: int = 0
) -> ScenarioError:
    """An error with the world that it happened in (of a block from world ``start`` on), at the place that it is about."""
    world = min(start + error.world, width_of(draws) - 1)  # a copy that fills up a block is its last world
    drawn = [name for name, a in scenario.all_assumptions.items() if a.distribution is not None and name in draws]
    shown = ", ".join(f"{name} = {draws[name][world]:.4g}" for name in drawn[:12])
    more = f" and {len(drawn) - 12} more" if len(drawn) > 12 else ""
    where = f"in world {first + world} under policy '{policy}'"
    reason = f"{where}: {error}." + (f" There {shown}{more}." if shown else "")
    return error_about(scenario, error.about, reason)
