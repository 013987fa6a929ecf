"""Backward induction in which teams of actors choose for the sum of what their members get.

At a node of actor j an action is worth ``sum of Q_i(a)`` over the members i of j's team, to all of whom it is
the same; j chooses with its own precision. Actors alone in their team play as in ``backward``: a coalition
against outsiders who stay single (the gamma assumption: Hart and Kurz 1983; Chander and Tulkens 1997).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, LANES, GameArrays
from foedus.solve import sections as sec
from foedus.solve.backward import (
    NO_ACTION,
    NOT_FINITE,
    TIE,
    action_value,
    add_up,
    bind,
    close_period,
    gather,
    lowest,
    spread,
)
from foedus.solve.lanes import at, count, exp_below, load, select, splat, store, which
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
def _choose(g: Ints, work: Floats, values: Floats, n: int, perfect: bool, team: Ints) -> Any:
    """The choices at ``n`` in ``pi``, made for the mover's team; the sum of their weights."""
    first = at(g, sec.A_PTR, n)
    acts = at(g, sec.A_PTR, n + 1) - first
    j, pays, q, pi = at(g, sec.MOVER, n), at(g, sec.PAYS, n), at(g, sec.ROWS, sec.Q), at(g, sec.ROWS, sec.PI)
    zero = splat(0.0)
    top = splat(-np.inf)
    for a in range(acts):
        weight = select(load(work, at(g, sec.MASK, first + a)) != zero, load(work, at(g, sec.BASE, first + a)), zero)
        value = zero
        for i in range(count(g, sec.PATIENCE)):
            if team[i] == team[j]:
                value = value + action_value(g, work, values, first + a, i, pays)
        store(work, pi + a, weight)
        store(work, q + a, value)
        top = select((weight > zero) & (value > top), value, top)
    total = zero
    size = select(top < zero, zero - top, top)
    close = top - splat(TIE) * select(size > splat(1.0), size, splat(1.0))
    lam = load(work, at(g, sec.PRECISION, j))
    for a in range(acts):
        weight, value = load(work, pi + a), load(work, q + a)
        if perfect:
            weight = select(value >= close, weight, zero)
        else:
            gap = value - top
            weight = weight * exp_below(lam * select(gap < zero, gap, zero))
        store(work, pi + a, weight)
        total = total + weight
    share = select(total > zero, splat(1.0) / total, zero)
    for a in range(acts):
        store(work, pi + a, load(work, pi + a) * share)
    return total


@kernel
def _joint(g: Ints, work: Floats, table: Floats, periods: int, perfect: bool, team: Ints, values: Floats) -> Any:
    """Fills ``values`` [nodes, actors, LANES] at period 0; returns as ``backward`` does."""
    actors, zero = count(g, sec.PATIENCE), splat(0.0)
    for t in range(periods - 1, -1, -1):
        gather(g, table, t, t == periods - 1, work)
        add_up(g, work)
        bad, lanes = close_period(g, work, t == periods - 1, values)
        if bad >= 0:
            return bad, t, lowest(lanes), NOT_FINITE
        for n in range(count(g, sec.KIND) - 1, -1, -1):
            kind, guard = at(g, sec.KIND, n), at(g, sec.GUARD, n)
            if at(g, sec.FIRST_T, n) > t or kind == END:
                continue
            active = zero == zero
            if guard >= 0:
                active = load(work, guard) != zero
            if which(active) != 0:
                if kind == DECIDE:
                    total = bind(g, work, n, _choose(g, work, values, n, perfect, team))
                    empty = which(active & ~(total > zero))
                    if empty != 0:
                        return n, t, lowest(empty), NO_ACTION
                spread(g, work, values, n, kind == DECIDE)
            if guard >= 0:
                for i in range(actors):
                    other = load(values, at(g, sec.PASS_TO, n) * actors + i)
                    store(values, n * actors + i, select(active, load(values, n * actors + i), other))
    return -1, 0, 0, 0
