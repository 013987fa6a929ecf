"""A scenario compiled to a game: once for every set of enabled actions, for all worlds and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Longs
from foedus.game.arrays import DECIDE, END, GameArrays
from foedus.game.assemble import Flat, assemble
from foedus.game.build_turn import build_turn
from foedus.game.explore import CompileError, Explorer
from foedus.game.first import first_periods
from foedus.game.liveness import liveness
from foedus.game.numbers import NumberReader
from foedus.game.program import Program
from foedus.game.turn import Turn
from foedus.game.views import open_views
from foedus.scenario.dotted import ActorNumber, Setting
from foedus.scenario.places import error_about
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, fold, number, state_names, sum_of

MAX_STATES = 400_000
MAX_EVENTS = 64
_OWN = {  # actors' own numbers: the highest value of each, and what it is
    Setting.PRECISION: (np.inf, "the precision"),
    Setting.PATIENCE: (1, "the patience"),
    Setting.AMBIGUITY: (1, "the ambiguity attitude"),
}

Levels = tuple[tuple[str, int], ...]
Start = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint64]]  # nodes, coefficients of probability, events


@dataclass(frozen=True)
class Watch:
    """What queries will look at."""

    events: tuple[Tree, ...] = ()
    at_end: frozenset[int] = frozenset()  # events that are looked at when the period ends
    starts: tuple[Levels, ...] = ((),)
    keep: frozenset[str] = frozenset()  # phases whose passing is observed
    together: tuple[tuple[int, int], ...] = ()  # (event, condition): looked for once the condition has held


@dataclass(frozen=True)
class Game:
    """A compiled game."""

    turn: Turn
    program: Program
    arrays: GameArrays
    watch: Watch
    rows: NDArray[np.int8]  # [nodes, variables] levels of each node's state
    action_order: Longs  # [actions] which one of those written each is, -1 for none
    branch_order: Longs  # [branches] likewise
    phase_ids: tuple[str, ...]
    action_ids: tuple[str, ...]
    starts: Mapping[Levels, Start]
    periods: int
    solved: int
    start_states: int
    states: int

    @property
    def nodes(self) -> int:
        """Decision and chance nodes of one period, its ends included."""
        return len(self.arrays.kind)

    @property
    def branches(self) -> int:
        """Branches of one period."""
        return len(self.arrays.target)

    @property
    def actions(self) -> int:
        """Actions of one period, nature's one per node included."""
        return len(self.arrays.base)

    @property
    def bytes_per_world(self) -> int:
        """Memory that solving takes for each world of a block: values, masses and choices."""
        actors = len(self.turn.actors)
        return 8 * (self.nodes * (actors + 2) + self.actions * self.solved + self.program.layout()[2])

    @property
    def choiceless(self) -> int | None:
        """A node at which whoever decides has no action, whatever is assumed; None where there is none."""
        arrays = self.arrays
        bare = (np.diff(arrays.a_ptr) == 0) & (arrays.kind == DECIDE) & (arrays.guard < 0)
        return int(np.flatnonzero(bare)[0]) if bare.any() else None

    def no_action(self, node: int, t: int) -> str:
        """What is wrong where a choice has no action in period ``t``."""
        phase = self.turn.phases[self.arrays.phase[node]]
        return (
            f"phase '{phase.id}' leaves {self.turn.actors[phase.mover]} no action in period {t} "
            f"(where {self.where(node)}): every action's 'when' is false or its base 0"
        )

    def where(self, node: int) -> str:
        """The state of a node in words; the marks of clauses, which have no named levels, are left out."""
        levels = zip(self.turn.variables, self.rows[node], strict=True)
        return ", ".join(v.at(int(x)) for v, x in levels if x != v.home and v.levels) or "the start state"


def compile_game(
    scenario: Scenario, enabled: Iterable[str] = (), watch: Watch | None = None, max_states: int = MAX_STATES
) -> Game:
    """The game in which the actions ``enabled`` exist; ScenarioError when it cannot fit or an effect leaves its levels."""
    watch = watch or Watch()
    if len(watch.events) > MAX_EVENTS:
        reason = f"{len(watch.events)} different events are asked about; at most {MAX_EVENTS} are possible."
        raise error_about(scenario, "", reason, "Ask fewer questions, in a scenario that extends this one.")
    turn = build_turn(scenario, enabled)
    solved = scenario.horizon.periods + scenario.beyond
    program = Program(solved)
    # what queries, bindings and the period's end will read has to be known before states are looked for
    live = liveness(turn, watch.events, watch.at_end, watch.together, bind_trees(scenario))
    explorer = Explorer(turn, program, live, watch.events, watch.keep, max_states)
    begins = {levels: _starts(explorer, levels) for levels in dict.fromkeys(((), *watch.starts))}
    try:
        entered = explorer.explore(np.concatenate([rows for rows, _ in begins.values()]))
    except CompileError as error:
        raise error_about(scenario, error.about, error.reason, error.remedy) from None
    flat = assemble(explorer)
    starts = _start_arrays(begins, entered, explorer, flat)
    arrays = _arrays(scenario, explorer, flat, starts, watch)
    phases, periods = tuple(phase.id for phase in turn.phases), scenario.horizon.periods
    found = flat.node_rows, flat.action_order, flat.branch_order
    counts = len(explorer.stages[0].rows), explorer.count
    return Game(turn, program, arrays, watch, *found, phases, turn.action_ids, starts, periods, solved, *counts)


def game_of(scenario: Scenario, policy: str, watch: Watch | None = None) -> Game:
    """The game in which the actions that a policy enables exist (its bindings come later: ``game.bind``). ScenarioError also
    where somebody who decides is left without an action whatever is assumed."""
    game = compile_game(scenario, scenario.all_policies[policy].enable, watch)
    if (node := game.choiceless) is not None:
        reason = f"under policy '{policy}': {game.no_action(node, 0)}."
        raise error_about(scenario, game.phase_ids[game.arrays.phase[node]], reason)
    return game


def bind_trees(scenario: Scenario) -> list[tuple[str, Tree]]:
    """The conditions of every policy's bindings, with the phase each is read in."""
    numbers = NumberReader(scenario)
    rules = [rule for policy in scenario.policies.values() for rule in policy.bind]
    return [(rule.phase, numbers.tree(rule.when)) for rule in rules if rule.when is not None]


def _starts(explorer: Explorer, levels: Levels) -> tuple[NDArray[np.int8], list[Tree]]:
    """Start states with their probabilities, some levels replaced."""
    wanted, turn = dict(levels), explorer.turn
    choices = [[(wanted[v.name], number(1))] if v.name in wanted else list(v.start.items()) for v in turn.variables]
    rows, probs = [], []
    for combination in product(*choices):
        prob: Tree = number(1)
        for _, part in combination:
            prob = fold(("*", prob, part))
        if prob != number(0):
            rows.append([level for level, _ in combination])
            probs.append(prob)
    return np.asarray(rows, np.int8), probs


def _start_arrays(
    begins: Mapping[Levels, tuple[NDArray[np.int8], list[Tree]]], entered: Longs, explorer: Explorer, flat: Flat
) -> dict[Levels, Start]:
    """For each set of replaced levels: start nodes, coefficient ids of their probabilities, event bits.

    ``entered`` are the states of stage 0 that the explorer was started from, those of all sets one after another.
    """
    starts, at, program = {}, 0, explorer.program
    for levels, (rows, probs) in begins.items():
        nodes = flat.references[0][entered[at : at + len(rows)]].astype(np.int32)
        at += len(rows)
        ids = [-1 if prob == number(1) else program.add(prob, 0, 1, "a start probability") for prob in probs]
        program.add(fold(sum_of(probs)), 1, 1, "the sum of the start probabilities")
        starts[levels] = nodes, np.asarray(ids, np.int32), explorer.flagged(rows, range(len(explorer.events)))
    return starts


def _arrays(
    scenario: Scenario, explorer: Explorer, flat: Flat, starts: Mapping[Levels, Start], watch: Watch
) -> GameArrays:
    """All arrays of the game, actors' own coefficients included."""
    i32, turn, program, arrays = np.int32, explorer.turn, explorer.program, flat.arrays
    own: dict[str, list[int]] = {setting: [] for setting in _OWN}
    for name, actor in scenario.actors.items():
        for setting, (high, what) in _OWN.items():
            tree = ("asm", str(ActorNumber(name, setting)))
            own[setting].append(program.add(tree, 0, high, f"{what} of {name}") if setting in actor.numbers else -1)
    _check_vagueness(turn, program)
    arrays["prob"], arrays["view_of"] = open_views(scenario, program, arrays["prob"][0])
    arrays["start_node"], arrays["start_prob"], arrays["start_flags"] = starts[()]
    ends = np.flatnonzero(arrays["kind"] == END).astype(i32)
    arrays |= {
        "obj_actor": np.asarray([turn.actors.index(actor) for actor, _ in turn.objectives], i32),
        "end_nodes": ends,
        "end_flags": explorer.flagged(flat.node_rows[ends], sorted(watch.at_end)),
        "end_level": np.empty((len(ends), 0), i32),
        **{setting: np.asarray(coefficients, i32) for setting, coefficients in own.items()},
        "control": np.asarray([scenario.value == "entropy" and scenario.rationality != "perfect"], i32),
        "first_t": np.zeros(len(arrays["kind"]), i32),
    }
    arrays["offset"], arrays["timed"], _ = program.layout()
    every_start = np.unique(np.concatenate([nodes for nodes, _, _ in starts.values()]))
    game = GameArrays(**cast(Any, arrays))
    return game._replace(first_t=first_periods(game, program, every_start))


def _check_vagueness(turn: Turn, program: Program) -> None:
    """Vagueness is at least 0, in every state."""
    sizes = {variable.name: variable.size for variable in turn.variables}
    for name, tree in turn.vagueness:
        names = sorted(state_names(tree))
        levels = list(product(*(range(sizes[n]) for n in names)))
        grid = np.asarray(levels, np.int8).reshape(len(levels), len(names))
        columns = {n: grid[:, i] for i, n in enumerate(names)}
        program.spread(tree, columns, len(grid), 0, np.inf, f"the vagueness of {name}")
