"""What a query gains by a small change of each coefficient, world by world: the adjoint kernels put together.

A query's number is a count of the walk forward, or one count over another. Its weight on each count is walked back to
choice probabilities and coefficients; each actor's choices go back through the solve that its policy comes from, and
through the earlier ones that that solve takes others' choices from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import GameArrays
from foedus.scenario.query import Query
from foedus.scenario.scope import TERMINAL
from foedus.solve import adjoint, adjoint_walk
from foedus.solve.adjoint import Room, Solved
from foedus.solve.adjoint_walk import Counts, Monitors, Walk
from foedus.solve.play import Play
from foedus.solve.queries import QueryPlan, looked_for

Weights = list[tuple[str, tuple[int | slice, ...], float]]  # which counts, with which weight


class Gradient:
    """The derivatives of queries under one policy."""

    def __init__(self, play: Play, queries: Sequence[Query]):
        self.play, self.game, self.g = play, play.game, play.game.arrays
        self.asked = [_Asked(play, query) for query in queries]
        most = int(np.diff(self.g.a_ptr).max(initial=1))
        self.room = Room(*(np.zeros(most) for _ in range(3)))

    def world(self, tables: Sequence[Floats], scale: float = 1.0) -> tuple[Floats, list[list[Floats]]]:
        """(answers [queries], slopes: for each query an array [rows] for each table) in one world.

        ``tables`` as for ``Play.block``, each [rows]. An answer that is undefined has slopes NaN.
        """
        solved = self._solve(tables, scale)
        played = self.play.joined([each.policy for each in solved])
        answers, slopes = np.full(len(self.asked), np.nan), []
        for i, asked in enumerate(self.asked):
            bars = [np.zeros(len(table)) for table in tables]
            answers[i], policy_bar = asked.back(self.g, tables[0], played, bars[0])
            if np.isnan(answers[i]):
                bars = [np.full(len(table), np.nan) for table in tables]
            else:
                self._back(tables, scale, solved, policy_bar, bars)
            slopes.append(bars)
        return answers, slopes

    def _solve(self, tables: Sequence[Floats], scale: float) -> list[Solved]:
        """Every solve, in order."""
        nodes, actors, periods = self.game.nodes, len(self.game.turn.actors), self.game.solved
        done: list[Solved] = []
        for solving in self.play.solves:
            fixed, given = np.zeros(actors, bool), np.zeros((periods, len(self.g.base)))
            for actor, source in solving.fixed:
                fixed[actor] = True
                acts = self.play.acts[actor]
                given[:, acts] = done[source].policy[:, acts]
            done.append(Solved(fixed, given, np.zeros((periods, nodes, actors)), np.zeros_like(given)))
            adjoint.solve(self.g, tables[solving.table], periods, scale, done[-1], self.room)
        return done

    def _back(
        self, tables: Sequence[Floats], scale: float, solved: Sequence[Solved], policy_bar: Floats, bars: list[Floats]
    ) -> None:
        """Passes what choice probabilities as played are worth back through the solves, the last first: a solve may take
        others' choices from earlier ones."""
        solves = self.play.solves
        seeds = [np.zeros_like(each.policy) for each in solved]
        for s, solving in enumerate(solves):
            for actor in solving.own:
                acts = self.play.acts[actor]
                seeds[s][: len(policy_bar), acts] += policy_bar[:, acts]
        for s in range(len(solved) - 1, -1, -1):
            if not seeds[s].any():
                continue
            table = solves[s].table
            back = adjoint.Bars(bars[table], np.zeros_like(solved[s].values), np.zeros_like(seeds[s]))
            adjoint.solve_back(self.g, tables[table], self.game.solved, scale, solved[s], seeds[s], self.room, back)
            for actor, source in solves[s].fixed:
                acts = self.play.acts[actor]
                seeds[source][:, acts] += back.given[:, acts]


class _Asked:
    """One query: the columns of its walk, and its weights on what they count."""

    def __init__(self, play: Play, query: Query):
        self.play, self.game, self.query, self.start = play, play.game, query, play.game.starts[query.start]
        plan = QueryPlan(play.game, query.start)
        self.pair, self.mover = np.full(2, -1, np.int32), -1
        self.above: Weights = []
        self.below: Weights = []
        self.constant = 0.0
        if query.kind == "alignment":
            self.pair = np.array([play.game.turn.actors.index(name) for name in query.names], np.int32)
        elif query.kind in ("most", "least"):
            assert query.event is not None
            self.mover = play.game.turn.actors.index(query.names[0])
            self.above = [("hit", (plan.eventually(query.event), slice(None)), 1.0)]
        else:
            self.above, self.below, self.constant = _weights(plan, query)
        columns = plan.columns()
        bit = np.where(columns.event < 0, np.uint64(0), np.uint64(1) << np.maximum(columns.event, 0).astype(np.uint64))
        self.monitors = Monitors(bit.astype(np.uint64), *columns[1:], self.pair, np.zeros(2))
        self.fulls = plan.fulls

    def back(self, g: GameArrays, table: Floats, played: Floats, bar: Floats) -> tuple[float, Floats]:
        """(answer, what each choice probability as played is worth); adds to ``bar`` what coefficients are worth."""
        game, many = self.game, len(self.monitors.bit)
        periods, actors = game.periods, len(game.turn.actors)
        played = self._best_play(g, table, played) if self.mover >= 0 else played
        walk = Walk(
            played, self.monitors, self.start, np.zeros((periods, game.nodes, many)), np.ones((periods, actors))
        )
        counts, seed = self._counts(), self._counts()
        adjoint_walk.walk_forward(g, table, periods, walk, counts)
        answer, policy_bar = self._answer(counts, seed), np.zeros((periods, played.shape[1]))
        if np.isnan(answer):
            return answer, policy_bar
        later, held = np.zeros((game.nodes, many)), np.zeros((len(g.end_nodes), many))
        bars = adjoint_walk.Bars(bar, policy_bar, np.zeros((periods, actors)))
        adjoint_walk.walk_back(g, table, periods, walk, seed, later, held, bars)
        if self.mover >= 0:  # at its best play a small change of it changes nothing (Danskin 1966)
            policy_bar[:, self.play.acts[self.mover]] = 0.0
        return answer, policy_bar

    def _answer(self, counts: Counts, seed: Counts) -> float:
        """The number that counts come to (NaN where undefined); puts its weight on each count into ``seed``."""
        if self.pair[0] >= 0:
            answer, seed.moments[:] = correlation_weights(counts.moments, self.monitors.shift)
            return answer
        above, below = _sum(counts, self.above), _sum(counts, self.below) if self.below else 1.0
        if not below > 0:
            return float("nan")
        _add(seed, self.above, 1 / below)
        _add(seed, self.below, -above / below**2)
        return self.constant + above / below

    def _best_play(self, g: GameArrays, table: Floats, played: Floats) -> Floats:
        """``played`` with the mover on what makes the event most, or least, likely."""
        best, bit = played.copy(), np.uint64(1) << np.uint64(self.game.watch.events.index(self.query.event))
        room = np.zeros(self.game.nodes), np.zeros(len(g.end_nodes))
        most = self.query.kind == "most"
        adjoint_walk.reach(g, table, self.game.periods, bit, self.mover, most, *room, best)
        return best

    def _counts(self) -> Counts:
        game, f, t = self.game, self.fulls, self.game.periods
        return Counts(
            np.zeros((len(self.monitors.bit), t)),
            np.zeros((f, t, max(len(game.action_ids), 1))),
            np.zeros((f, t, max(len(game.phase_ids), 1))),
            np.zeros((f, max(len(game.turn.objectives), 1))),
            np.zeros((f, t, max(len(game.watch.events), 1))),
            np.zeros(6),
        )


def correlation_weights(moments: Floats, shift: Floats) -> tuple[float, Floats]:
    """(correlation, its slope in each of the six ``moments`` of ``Counts``); NaN without variance, as in ``solve.queries``."""
    n, u, v, uu, vv, uv = moments
    x, y = u / n, v / n
    xx, yy, xy = uu / n - x * x, vv / n - y * y, uv / n - x * y
    scale = max(uu, vv) / n + float(shift @ shift)
    if not min(xx, yy) > 1e-15 * scale:
        return float("nan"), np.full(6, np.nan)
    root = np.sqrt(xx * yy)
    r = xy / root
    in_xx, in_yy, in_xy = -r / (2 * xx), -r / (2 * yy), 1 / root
    by_n = in_xx * (2 * x * x - uu / n) + in_yy * (2 * y * y - vv / n) + in_xy * (2 * x * y - uv / n)
    by_u, by_v = -2 * x * in_xx - y * in_xy, -2 * y * in_yy - x * in_xy
    slopes = np.array([by_n, by_u, by_v, in_xx, in_yy, in_xy]) / n
    return float(np.clip(r, -1, 1)), slopes


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
    if query.kind not in ("rate", "share"):
        raise ValueError(f"no slopes are known of a query of kind {query.kind}")
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
