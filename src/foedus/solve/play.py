"""One policy's game played in one block of worlds: solve, walk forward, read off the answers."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.game.compile import Game, Levels, Start
from foedus.game.program import WorldError
from foedus.scenario.query import Query
from foedus.scenario.tree import Tree
from foedus.solve.backward import backward
from foedus.solve.decision import NO_ACTION, NO_BASE, Choosing
from foedus.solve.forward import Forward, forward
from foedus.solve.likelihood import hear
from foedus.solve.observe import Observations, ObservedArrays
from foedus.solve.outlook import outlook
from foedus.solve.packed import MEMORY, Chain, graph
from foedus.solve.queries import QueryPlan, group
from foedus.solve.reach import extreme


@dataclass(frozen=True)
class Solving:
    """One solve: which table of coefficients, which actors play the policy of an earlier
    solve (actor, solve), and the actors whose policies are taken from this one."""

    table: int
    fixed: tuple[tuple[int, int], ...]
    own: tuple[int, ...]


@dataclass
class Play:
    """What is computed for one policy.

    ``events`` are outcomes reported over time; ``ends`` the same where they can also be
    looked at when a period ends, else None. ``ahead``: how many periods before it each observation
    is forecast (0: not). ``lean``: nothing but values, observations and forecasts.
    """

    game: Game
    solves: Sequence[Solving]
    queries: tuple[Query, ...]
    policy: str
    events: Sequence[Tree] = ()
    ends: Sequence[Tree | None] = ()
    observed: Observations | None = None
    entropy: bool = False
    ahead: int = 0
    lean: bool = False
    plans: dict[Levels, tuple[QueryPlan, list[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = graph(self.game.arrays)
        owner = np.repeat(np.arange(self.game.nodes), np.diff(self.game.arrays.a_ptr))
        self.acts = [np.flatnonzero(self.game.arrays.mover[owner] == i) for i in range(len(self.game.turn.actors))]
        self.plans = {(): (QueryPlan(self.game), [])}
        for start, which in group(self.queries, self.policy).items():
            plan = self.plans.setdefault(start, (QueryPlan(self.game), []))
            for i in which:
                plan[0].add(self.queries[i])
            plan[1].extend(which)
        self.monitors = [self.plans[()][0].eventually(tree) for tree in self.events]
        bits = {tree: e for e, tree in enumerate(self.game.watch.events)}
        self.outcomes = np.array([bits[tree] for tree in self.events], np.int32)
        self.bits = [-1 if tree is None else bits[tree] for tree in self.ends]
        self.extremes = [
            (i, query)
            for i, query in enumerate(self.queries)
            if query.kind in ("most", "least") and query.under in (None, self.policy)
        ]
        self.seen: ObservedArrays | None = None if self.observed is None else self.observed.arrays(self.game)

    def reduced(self, same: tuple[int, ...]) -> Play:
        """The same with solves shared that are alike when table i holds the numbers of table ``same[i]``.

        A solve in which others play what they play in an earlier solve of the same numbers, and
        all of them in that one, is that solve.
        """
        solves = _reduce(tuple(self.solves), same)
        if len(solves) == len(self.solves):
            return self
        twin = copy(self)
        twin.solves = solves
        return twin

    def bare(self) -> Play:
        """The same without entropies and observations."""
        twin = copy(self)
        twin.entropy, twin.seen = False, None
        return twin

    def of_the_record(self) -> Play:
        """The same with nothing but values, observations and forecasts."""
        twin = copy(self)
        twin.lean, twin.extremes = True, []
        return twin

    def block(self, tables: Sequence[Floats], scale: float = 1.0, perfect: bool = False) -> dict[str, Floats]:
        """All results of LANES worlds; the first dim of every array is the world.

        ``tables[0]`` holds the true coefficients [rows, LANES], the others those of the
        versions of the game that ``solves`` name. WorldError where a choice has no action.
        """
        policy, value = self.solve(tables, scale, perfect, MEMORY.take("played", *self._shape))
        answers = np.full((LANES, len(self.queries)), np.nan)
        parts: dict[str, Floats] = {}
        for start, (plan, which) in () if self.lean else self.plans.items():
            walk = self.walk(tables[0], policy, plan, self.game.starts[start])
            for reader, i in zip(plan.readers, which, strict=True):
                answers[:, i] = reader(walk)
            if start == ():
                parts |= self.read(walk)
        for i, query in self.extremes:
            answers[:, i] = self.reach(tables[0], policy, query)
        parts |= {"value": value, "query": answers}
        if self.seen is not None:
            parts |= self.observe(tables[0], policy, self.seen)
        return {name: np.ascontiguousarray(part) for name, part in parts.items()}

    def solve(
        self, tables: Sequence[Floats], scale: float, perfect: bool, played: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """(choices [periods, actions, LANES] as played, value [LANES, actors] at the start).

        The choices are written into ``played`` where it is given; those that nobody can face
        are then left as they were.
        """
        needed = {source for solving in self.solves for _, source in solving.fixed}
        played = np.zeros(self._shape) if played is None else played
        value = np.zeros((LANES, len(self.game.turn.actors)))
        kept: dict[int, Floats] = {}
        for s, solving in enumerate(self.solves):
            if s in needed:
                kept[s] = MEMORY.take(f"kept {s}", *self._shape)
            start = self._one(solving, tables[solving.table], scale, perfect, kept, kept.get(s, played), s in needed)
            for actor in solving.own:
                value[:, actor] = start[actor]
                if s in needed:
                    mine = self.acts[actor]
                    played[:, mine] = kept[s][:, mine]
        return played, value

    def joined(self, policies: Sequence[Floats]) -> Floats:
        """[periods, actions, ...] what everybody really does, each actor as in its own solve; 0 for nature."""
        played = np.zeros_like(policies[0])
        for solving, policy in zip(self.solves, policies, strict=True):
            for actor in solving.own:
                played[:, self.acts[actor]] = policy[:, self.acts[actor]]
        return played

    def policies(self, tables: Sequence[Floats], scale: float, perfect: bool) -> list[Floats]:
        """Everybody's choices [periods, actions, LANES] in each solve."""
        kept: dict[int, Floats] = {}
        for s, solving in enumerate(self.solves):
            kept[s] = np.zeros(self._shape)
            self._one(solving, tables[solving.table], scale, perfect, kept, kept[s], True)
        return list(kept.values())

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.game.solved, len(self.game.arrays.base), LANES

    def _one(
        self,
        solving: Solving,
        table: Floats,
        scale: float,
        perfect: bool,
        kept: dict[int, Floats],
        out: Floats,
        everyone: bool,
    ) -> Floats:
        """One solve: fills ``out`` with the choices of everyone (or its own actors); the value at the start."""
        actors = len(self.game.turn.actors)
        fixed, store = np.zeros(actors, bool), np.full(actors, everyone)
        store[list(solving.own)] = True
        given = np.zeros((0, 0, LANES))
        if solving.fixed:
            given = MEMORY.take("given", *self._shape)
        for actor, source in solving.fixed:
            fixed[actor] = True
            mine = self.acts[actor]
            given[:, mine] = kept[source][:, mine]
        values = MEMORY.take("values", self.game.nodes, actors, LANES)
        how = Choosing(float(scale), perfect, fixed, given, store)
        work, periods = MEMORY.work(self.graph), self.game.solved
        node, t, lane, wrong = backward(self.graph.packed, work, table, periods, how, out, values)
        if wrong:
            values[:] = 0.0
            if wrong in (NO_ACTION, NO_BASE):
                phase = self.game.turn.phases[self.game.arrays.phase[node]].id
                raise WorldError((self.game.no_action if wrong == NO_ACTION else self._no_base)(node, t), lane, phase)
            raise WorldError(self._not_finite(t), lane)
        return self._at_start(table, values)

    def walk(self, table: Floats, policy: Floats, plan: QueryPlan, start: Start) -> Forward:
        """A forward pass with a plan's columns."""
        game = self.game
        sizes = len(game.action_ids), len(game.phase_ids), len(game.watch.events)
        chain = Chain(self.graph, table, policy, game.periods)
        return forward(chain, plan.columns(), start, sizes, self.entropy)

    def read(self, walk: Forward) -> dict[str, Floats]:
        """Outcomes over time, actions, payments and entropy."""
        periods = self.game.periods
        by, at = np.zeros((LANES, periods, len(self.events))), np.full((LANES, periods, len(self.events)), np.nan)
        for o, (column, bit) in enumerate(zip(self.monitors, self.bits, strict=True)):
            by[:, :, o] = np.cumsum(walk.hit[column], axis=0).T
            if bit >= 0:
                at[:, :, o] = walk.end_event[0, :, bit].T
        with np.errstate(invalid="ignore", divide="ignore"):
            bits = (walk.entropy / walk.choices).T
        return {
            "by": by,
            "at": at,
            "taken": walk.taken[0].transpose(2, 0, 1),
            "decided": walk.decided[0].transpose(2, 0, 1),
            "pays": walk.pays[0].T,
            "entropy": bits,
        }

    def observe(self, table: Floats, policy: Floats, seen: ObservedArrays) -> dict[str, Floats]:
        """The likelihood of what was observed, the forecasts of it, and outcomes given all of it."""
        chain = Chain(self.graph, table, policy, self.game.periods)
        heard = hear(chain, self.game.starts[()], seen, self.ahead)
        parts = {"log_likelihood": heard.period.T}
        if self.ahead:
            taken = heard.taken.transpose(2, 0, 1)
            parts |= {"log_each": heard.each.T, "foreseen": taken, "foreseen_state": heard.held.T}
        if self.events and not self.lean:
            given = outlook(chain, self.game.starts[()], seen, self.outcomes)
            at = np.where((np.asarray(self.bits) >= 0)[:, None], given.at, np.nan)
            told = {"given_by": given.by, "given_ahead": given.ahead, "given_at": at}
            parts |= {name: part.transpose(2, 0, 1) for name, part in told.items()}
        return parts

    def reach(self, table: Floats, policy: Floats, query: Query) -> Floats:
        """[LANES] the most or least that an actor can make of an event."""
        game = self.game
        movers = np.array([actor == query.names[0] for actor in game.turn.actors])
        event = game.watch.events.index(query.event)
        most = query.kind == "most"
        chain = Chain(self.graph, table, policy, game.periods)
        return extreme(chain, event, movers, most, game.starts[query.start])[0]

    def _at_start(self, table: Floats, values: Floats) -> Floats:
        """[actors, LANES] value at the start, over the start states."""
        g = self.game.arrays
        total = np.zeros(values.shape[1:])
        for node, c in zip(g.start_node, g.start_prob, strict=True):
            total += values[node] * (table[g.offset[c]] if c >= 0 else 1.0)
        return total

    def _not_finite(self, t: int) -> str:
        """What is wrong where payments add up to more than a number can hold."""
        return f"what actors expect from the end of period {t} on is not a finite number: payments are too large"

    def _no_base(self, node: int, t: int) -> str:
        """What is wrong where a binding would cost infinitely much."""
        phase = self.game.turn.phases[self.game.arrays.phase[node]]
        return (
            f"phase '{phase.id}' binds {self.game.turn.actors[phase.mover]} in period {t} (where {self.game.where(node)}) to "
            "an action of base 0: with 'value: entropy' that would cost infinitely much. Give it a small base"
        )


def _reduce(solves: Sequence[Solving], same: tuple[int, ...]) -> list[Solving]:
    """Solves without repeats, those that are alike played by the first."""
    kept: list[Solving] = []
    place: list[int] = []
    for solving in solves:
        table = same[solving.table]
        fixed = tuple((actor, place[source]) for actor, source in solving.fixed)
        sources = {source for _, source in fixed}
        alike = [
            s
            for s, known in enumerate(kept)
            if known.table == table and (known.fixed == fixed or (sources == {s} and not known.fixed))
        ]
        if alike:
            place.append(alike[0])
            own = {*kept[alike[0]].own, *solving.own}
            kept[alike[0]] = replace(kept[alike[0]], own=tuple(sorted(own)))
        else:
            place.append(len(kept))
            kept.append(Solving(table, fixed, solving.own))
    return kept
