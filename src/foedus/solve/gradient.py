"""What a query gains by a small change of each coefficient, world by world: the adjoint kernels put together.

A query's number is a count of the walk forward, or one count over another. Its weight on each count is walked back to
choice probabilities and coefficients; each actor's choices go back through the solve that its policy comes from, and
through the earlier ones that that solve takes others' choices from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foedus.game.words import TERMINAL
from foedus.scenario.errors import FoedusError
from foedus.scenario.query import Query
from foedus.solve import adjoint, adjoint_walk
from foedus.solve.adjoint_walk import Counts, Seen
from foedus.solve.play import Play
from foedus.solve.queries import QueryPlan, looked_for

Floats = NDArray[np.float64]
Weights = list[tuple[str, tuple[int | slice, ...], float]]  # which counts, with which weight
SMOOTH = ("prob", "first", "rate", "share", "expect")


@dataclass
class _Solved:
    """One solve in one world."""

    table: int
    fixed: NDArray[np.bool_]
    given: Floats
    values: Floats
    policy: Floats


class Gradient:
    """The derivatives of queries under one policy."""

    def __init__(self, play: Play, queries: Sequence[Query]):
        for query in queries:
            if query.kind not in SMOOTH:
                raise FoedusError(
                    f"the slope of {query.kind}(...) is not worked out: it is a best answer or a correlation. "
                    f"Slopes are given for {', '.join(SMOOTH)}."
                )
        self.play, self.game, self.g = play, play.game, play.game.arrays
        self.asked = [_Asked(play, query) for query in queries]
        most = int(np.diff(self.g.a_ptr).max(initial=1))
        self.q, self.odds, self.gains = (np.zeros(most) for _ in range(3))

    def world(self, tables: Sequence[Floats], scale: float = 1.0) -> tuple[Floats, list[list[Floats]]]:
        """(answers [queries], slopes: for each query an array [rows] for each table) in one world.

        ``tables`` as for ``Play.block``, each [rows]. An answer that is undefined has slopes NaN.
        """
        solved = self._solve(tables, scale)
        played = np.zeros_like(solved[0].policy)
        for s, solving in enumerate(self.play.solves):
            for actor in solving.own:
                mine = self.play.acts[actor]
                played[:, mine] = solved[s].policy[:, mine]
        answers, slopes = np.full(len(self.asked), np.nan), []
        for i, asked in enumerate(self.asked):
            bars = [np.zeros(len(table)) for table in tables]
            answers[i], pbar = asked.back(self.g, tables[0], played, bars[0])
            if np.isnan(answers[i]):
                bars = [np.full(len(table), np.nan) for table in tables]
            else:
                self._back(tables, scale, solved, pbar, bars)
            slopes.append(bars)
        return answers, slopes

    def _solve(self, tables: Sequence[Floats], scale: float) -> list[_Solved]:
        """Every solve, in order."""
        nodes, actors, periods = self.game.nodes, len(self.game.turn.actors), self.game.solved
        done: list[_Solved] = []
        for solving in self.play.solves:
            fixed, given = np.zeros(actors, bool), np.zeros((periods, len(self.g.base)))
            for actor, source in solving.fixed:
                fixed[actor] = True
                mine = self.play.acts[actor]
                given[:, mine] = done[source].policy[:, mine]
            one = _Solved(solving.table, fixed, given, np.zeros((periods, nodes, actors)), np.zeros_like(given))
            adjoint.solve(
                self.g, tables[one.table], periods, scale, fixed, given, self.q, self.odds, one.values, one.policy
            )
            done.append(one)
        return done

    def _back(
        self, tables: Sequence[Floats], scale: float, solved: Sequence[_Solved], pbar: Floats, bars: list[Floats]
    ) -> None:
        """Passes what choice probabilities as played are worth back through the solves, the last first."""
        seeds = [np.zeros_like(one.policy) for one in solved]
        for s, solving in enumerate(self.play.solves):
            for actor in solving.own:
                mine = self.play.acts[actor]
                seeds[s][: len(pbar), mine] += pbar[:, mine]
        for s in range(len(solved) - 1, -1, -1):
            one, given = solved[s], np.zeros_like(seeds[s])
            if not seeds[s].any():
                continue
            adjoint.solve_back(self.g, tables[one.table], self.game.solved, scale, one.fixed, one.values, one.policy, seeds[s],
                               self.q, self.odds, self.gains, np.zeros_like(one.values), bars[one.table], given)  # fmt: skip
            for actor, source in self.play.solves[s].fixed:
                mine = self.play.acts[actor]
                seeds[source][:, mine] += given[:, mine]


class _Asked:
    """One query: the columns of its walk, and its weights on what they count."""

    def __init__(self, play: Play, query: Query):
        self.game, self.start = play.game, play.game.starts[query.start]
        plan = QueryPlan(play.game, query.start)
        self.above, self.below, self.constant = _weights(plan, query)
        columns = plan.columns()
        bit = np.where(columns.event < 0, np.uint64(0), np.uint64(1) << np.maximum(columns.event, 0).astype(np.uint64))
        self.seen = Seen(bit.astype(np.uint64), *columns[1:])
        self.fulls = plan.fulls

    def back(self, g: object, table: Floats, played: Floats, bar: Floats) -> tuple[float, Floats]:
        """(answer, what each choice probability as played is worth); adds to ``bar`` what coefficients are worth."""
        game, many = self.game, len(self.seen.bit)
        periods, actors = game.periods, len(game.turn.actors)
        mass, rest = np.zeros((periods, game.nodes, many)), np.ones((periods, actors))
        counts = self._counts()
        adjoint_walk.walk(g, table, periods, played, self.seen, self.start, mass, rest, counts)
        above, below = _sum(counts, self.above), _sum(counts, self.below) if self.below else 1.0
        pbar = np.zeros((periods, played.shape[1]))
        if not below > 0:
            return float("nan"), pbar
        seed = self._counts()
        _add(seed, self.above, 1 / below)
        _add(seed, self.below, -above / below**2)
        later, held = np.zeros((game.nodes, many)), np.zeros((len(game.arrays.end_nodes), many))
        adjoint_walk.walk_back(g, table, periods, played, self.seen, self.start, mass, rest, seed, later, held, bar, pbar,
                               np.zeros((periods, actors)))  # fmt: skip
        return self.constant + above / below, pbar

    def _counts(self) -> Counts:
        game, f, t = self.game, self.fulls, self.game.periods
        return Counts(
            np.zeros((len(self.seen.bit), t)), np.zeros((f, t, max(len(game.action_ids), 1))),
            np.zeros((f, t, max(len(game.phase_ids), 1))), np.zeros((f, max(len(game.turn.objectives), 1))),
            np.zeros((f, t, max(len(game.watch.events), 1))),
        )  # fmt: skip


def _sum(counts: Counts, weights: Weights) -> float:
    return float(sum(w * getattr(counts, name)[index].sum() for name, index, w in weights))


def _add(seed: Counts, weights: Weights, times: float) -> None:
    for name, index, w in weights:
        getattr(seed, name)[index] += w * times


def _weights(plan: QueryPlan, query: Query) -> tuple[Weights, Weights, float]:
    """(numerator, denominator, constant) of a query as weights on counts; no denominator: 1."""
    first, last = query.window or (0, plan.last)
    span, whole = slice(first, last + 1), slice(None)
    if query.kind in ("prob", "first") and query.mode != "at":
        return _hits(plan, query, span)
    waiting, full = (-1, 0) if query.given is None else plan.full_after(query.given)
    until = slice(0, first + 1) if query.kind == "prob" else whole
    below: Weights = [] if waiting < 0 else [("hit", (waiting, until), 1.0)]
    if query.kind == "prob":
        assert query.event is not None
        return [("end_event", (full, first, plan.events[query.event]), 1.0)], below, 0.0
    if query.kind == "expect":
        pairs = plan.game.turn.objectives
        paid = [i for i, pair in enumerate(pairs) if pair[: len(query.names)] == query.names and pair[1] != TERMINAL]
        return [("pays", (full, i), 1.0) for i in paid], below, 0.0
    name = ".".join(query.names)
    action = plan.game.action_ids.index(name) if name in plan.game.action_ids else -1
    times = 1.0 if query.kind == "share" else 1.0 / (last - first + 1)
    taken: Weights = [("taken", (full, span, action), times)] if action >= 0 else []
    if query.kind == "share":
        below = [("decided", (full, span, plan.game.phase_ids.index(query.names[0])), 1.0)]
    return taken, below, 0.0


def _hits(plan: QueryPlan, query: Query, span: slice) -> tuple[Weights, Weights, float]:
    """The probability that an event is seen, in the window or for the first time in it, or (always) that it never fails."""
    event = looked_for(query)
    assert event is not None
    counts = slice(None) if query.kind == "prob" else span
    window = query.window if query.kind == "prob" else None
    sign, constant = (-1.0, 1.0) if query.mode == "always" else (1.0, 0.0)
    if query.given is None:
        return [("hit", (plan.eventually(event, window), counts), sign)], [], constant
    ends = window or (0, plan.last)
    waiting, follow = plan.after(query.given, (plan.events[event], *ends, -1, False, -1, plan.events[query.given]))
    return [("hit", (follow, counts), sign)], [("hit", (waiting, slice(None)), 1.0)], constant
