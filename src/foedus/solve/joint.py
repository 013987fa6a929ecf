"""Backward induction in which teams of actors choose for the sum of what their members get.

At a node of actor j an action is worth ``s sum of Q_i(a)`` over the members i of j's team, to all of whom it is the same; j
chooses with its own precision. ``s`` keeps a team from erring less only because its members want the same: where the sum
spreads further over the actions that can be taken than what any one member gets, it is brought back to that,

    s = min(1, max_i r_i / r),   r_i = max_a Q_i(a) - min_a Q_i(a),   r = the same of the sum.

So like-minded members play as each would alone, and a team chooses as surely as the member with most at stake. Actors
alone in their team play as in ``backward``: a coalition against outsiders who stay single (the gamma assumption: Hart and
Kurz 1983; Chander and Tulkens 1997).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, LANES, GameArrays
from foedus.solve import sections as sec
from foedus.solve.decision import (
    NO_ACTION,
    NO_BASE,
    NOT_FINITE,
    action_value,
    base_rate,
    bind,
    normalise,
    offer,
    pay_control,
    respond,
)
from foedus.solve.lanes import at, count, select, splat, which
from foedus.solve.nodes import begin_period, idle, lowest, opened, pass_over, spread
from foedus.solve.packed import MEMORY, Graph, graph, section


def plain_graph(g: GameArrays) -> Graph:
    """The game valued at nature's own odds by everybody, and without attitudes to ambiguity."""
    return graph(g._replace(prob=g.prob[:1], view_of=np.zeros_like(g.view_of), ambiguity=np.full_like(g.ambiguity, -1)))


def joint(graph: Graph, table: Floats, periods: int, team: Ints, perfect: bool, start: Any) -> tuple[Floats, Any]:
    """(value [actors, LANES] at the start, None), or (zeros, (node, period, lane, what is wrong)).

    ``team`` [actors] numbers the team of each actor; ``start`` is (nodes, coefficients of their probability).
    """
    actors = len(section(graph, sec.PATIENCE))
    values = MEMORY.take("values", len(section(graph, sec.KIND)), actors, LANES)
    offset = section(graph, sec.OFFSET)
    node, t, lane, wrong = _joint(graph.packed, MEMORY.work(graph), table, periods, perfect, team, values)
    total = np.zeros((actors, LANES))
    if wrong:
        values[:] = 0.0
        return total, (node, t, lane, wrong)
    for n, c in zip(start[0], start[1], strict=True):
        total += values[n] * (table[offset[c]] if c >= 0 else 1.0)
    return total, None


@part
def _scale(g: Ints, work: Floats, values: Floats, n: int, team: Ints) -> Any:
    """What the joint worth of actions at ``n`` is multiplied by (see above); 1 for an actor alone."""
    first, j, pays = at(g, sec.A_PTR, n), at(g, sec.MOVER, n), at(g, sec.PAYS, n)
    acts, zero, unit, members = at(g, sec.A_PTR, n + 1) - first, splat(0.0), splat(1.0), 0
    most = zero
    for i in range(count(g, sec.PATIENCE)):
        if team[i] == team[j]:
            members += 1
            low, high = splat(np.inf), splat(-np.inf)
            for a in range(acts):
                open_, worth = base_rate(g, work, first + a) > zero, action_value(g, work, values, first + a, i, pays)
                low, high = select(open_ & (worth < low), worth, low), select(open_ & (worth > high), worth, high)
            spread_ = high - low
            most = select(spread_ > most, spread_, most)
    if members == 1:
        return unit
    low, high = splat(np.inf), splat(-np.inf)
    for a in range(acts):
        together = zero
        for i in range(count(g, sec.PATIENCE)):
            if team[i] == team[j]:
                together = together + action_value(g, work, values, first + a, i, pays)
        open_ = base_rate(g, work, first + a) > zero
        low, high = select(open_ & (together < low), together, low), select(open_ & (together > high), together, high)
    # Sums that are the same to rounding are not blown up by the quotient of two small numbers: s is at most 1.
    spread_ = high - low
    return select(spread_ > most, most / select(spread_ > zero, spread_, unit), unit)


@part
def _choose(g: Ints, work: Floats, values: Floats, n: int, perfect: bool, team: Ints) -> Any:
    """The choices at ``n`` in PI, made for the mover's team; the sum of their weights."""
    first, j, pays = at(g, sec.A_PTR, n), at(g, sec.MOVER, n), at(g, sec.PAYS, n)
    acts, top, scale = at(g, sec.A_PTR, n + 1) - first, splat(-np.inf), _scale(g, work, values, n, team)
    for a in range(acts):
        together = splat(0.0)
        for i in range(count(g, sec.PATIENCE)):
            if team[i] == team[j]:
                together = together + action_value(g, work, values, first + a, i, pays)
        top = offer(g, work, a, base_rate(g, work, first + a), together * scale, top)
    total = respond(g, work, n, top, 1.0, perfect)
    normalise(g, work, n, total)
    return total


@kernel
def _joint(g: Ints, work: Floats, table: Floats, periods: int, perfect: bool, team: Ints, values: Floats) -> Any:
    """Fills ``values`` [nodes, actors, LANES] at period 0; returns as ``backward`` does."""
    zero = splat(0.0)
    for t in range(periods - 1, -1, -1):
        bad, lanes = begin_period(g, work, table, t, t == periods - 1, t == periods - 1, values)
        if bad >= 0:
            return bad, t, lowest(lanes), NOT_FINITE
        for n in range(count(g, sec.KIND) - 1, -1, -1):
            if idle(g, n, t):
                continue
            active, decides = opened(g, work, n), at(g, sec.KIND, n) == DECIDE
            if which(active) != 0:
                if decides:
                    total = bind(g, work, n, _choose(g, work, values, n, perfect, team))
                    empty = which(active & ~(total > zero))
                    if empty != 0:
                        return n, t, lowest(empty), NO_ACTION
                spread(g, work, n, decides, values)
                if decides and at(g, sec.CONTROL, 0) != 0 and not perfect:
                    endless = which(active & pay_control(g, work, n, at(g, sec.MOVER, n), 1.0, values))
                    if endless != 0:
                        return n, t, lowest(endless), NO_BASE
            pass_over(g, n, active, values)
    return -1, 0, 0, 0
