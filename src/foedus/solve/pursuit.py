"""An actor that plays for an event, and the others who know it.

The actor chooses at every node what makes the event most (or least) likely, and where that leaves it a choice
what it would choose anyway. The others answer by quantal response to their own values in the game where it
plays so: the solution is backward induction in the game in which the actor's objective is the event, a
commitment that all can see (Schelling 1960). Once the event has happened, or after the reported periods,
everybody plays as usual.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, LANES
from foedus.solve import sections as sec
from foedus.solve.decision import (
    TIE,
    Choosing,
    action_value,
    bind,
    choose,
    keep_choices,
    offer,
    pay_control,
    play_given,
    respond,
)
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which
from foedus.solve.nodes import begin_period, idle, known, opened, pass_over, value_node
from foedus.solve.packed import MEMORY, Chain, Graph, pack, section


class Pursuit(NamedTuple):
    """Which actor plays for (``most``) or against an event, by its bit."""

    mover: int
    event: int
    most: bool


def layered(graph: Graph, event: int) -> Ints:
    """The packed game whose branches into the event lead to node + nodes: to the game as it is once it has happened."""
    bit, nodes = np.uint64(1) << np.uint64(event), len(section(graph, sec.KIND))
    parts = {name: section(graph, i) for i, name in enumerate(sec.NAMES)}
    parts["target"] = parts["target"] + np.where(graph.flags & bit, nodes, 0)
    parts["end_to"] = parts["end_to"] + np.where(graph.start_flags & bit, nodes, 0)
    parts["first_t"] = np.tile(parts["first_t"], 2)
    return pack(parts)


def usual_values(chain: Chain) -> Floats:
    """[periods + 1, nodes, actors, LANES]: what every node is worth to every actor when all play the chain's policy.

    The policy [solved, actions, LANES] may go on after the chain's periods; the last row stays 0 where it does not.
    """
    graph, policy = chain.graph, chain.policy
    nodes, actors = len(section(graph, sec.KIND)), len(section(graph, sec.PATIENCE))
    values = np.zeros((nodes, actors, LANES))
    record = np.zeros((chain.periods + 1, nodes, actors, LANES))
    _record(graph.packed, MEMORY.work(graph), chain.table, len(policy), policy, values, record)
    return record


def pursue(
    graph: Graph, packed: Ints, table: Floats, aim: Pursuit, record: Floats, how: Choosing, policy: Floats
) -> None:
    """Puts the choices before the event has happened into ``policy`` [solved, actions, LANES], of those kept.

    ``packed`` is the game as ``layered`` makes it for the event, ``record`` what ``usual_values`` gives for it.
    """
    nodes, actors, ends = (len(section(graph, which)) for which in (sec.KIND, sec.PATIENCE, sec.END_NODES))
    values = MEMORY.take("pursuit values", 2 * nodes, actors, LANES)
    chance, held = MEMORY.take("pursuit chance", 2 * nodes, LANES), MEMORY.take("wrap", ends, LANES)
    _pursue(packed, MEMORY.work(graph), table, aim, record, how, _Layers(values, chance, held), policy)


class _Layers(NamedTuple):
    """What a pass fills in: rows from ``nodes`` on are of the game in which the event has happened.

    ``values`` [2 x nodes, actors, LANES], ``chance`` [2 x nodes, LANES] of the event; ``held`` [ends, LANES] is room.
    """

    values: Floats
    chance: Floats
    held: Floats


@part
def _copy(source: Floats, first: int, rows: int, to: Floats, place: int) -> None:
    """Copies rows."""
    for i in range(rows):
        store(to, place + i, load(source, first + i))


@kernel
def _record(g: Ints, work: Floats, table: Floats, solved: int, policy: Floats, values: Floats, record: Floats) -> None:
    """Values under given choices, from the last period back, kept for the first periods."""
    nodes = count(g, sec.KIND)
    rows = nodes * count(g, sec.PATIENCE)
    for t in range(solved - 1, -1, -1):
        begin_period(g, work, table, t, t == solved - 1, t == solved - 1, values)
        for n in range(nodes - 1, -1, -1):
            if idle(g, n, t):
                continue
            active = opened(g, work, n)
            if which(active) != 0:
                decides = at(g, sec.KIND, n) == DECIDE
                if decides:
                    play_given(g, work, n, t, policy)
                value_node(g, work, n, values)
                if decides and at(g, sec.CONTROL, 0) != 0:
                    pay_control(g, work, n, at(g, sec.MOVER, n), 1.0, values)
            pass_over(g, n, active, values)
        if t < record.shape[0]:
            _copy(values, 0, rows, record, t * rows)


@part
def _after(g: Ints, work: Floats, row: int, a: int, chance: Floats) -> Any:
    """The probability of the event after action ``a``, by the odds of the view that begins at ``row``."""
    total = splat(0.0)
    for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
        total = muladd(load(work, at(g, sec.PROB, row + b)), load(chance, at(g, sec.TARGET, b)), total)
    return total


@part
def _best(g: Ints, work: Floats, row: int, n: int, most: bool, chance: Floats) -> Any:
    """The highest (``most``) or lowest probability of the event among the available actions of ``n``."""
    best, zero = splat(-1.0 if most else 2.0), splat(0.0)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        x = _after(g, work, row, a, chance)
        better = (x > best) if most else (x < best)
        best = select((load(work, at(g, sec.MASK, a)) != zero) & better, x, best)
    return best


@part
def _aim(g: Ints, work: Floats, row: int, n: int, most: bool, perfect: bool, layers: Any) -> None:
    """The choices of the actor that plays for the event: among the best for it, its usual ones.

    An action that is never taken (base 0) is taken where nothing else serves.
    """
    first, zero, sure = at(g, sec.A_PTR, n), splat(0.0), splat(1.0)
    acts, pi, serving = at(g, sec.A_PTR, n + 1) - first, at(g, sec.ROWS, sec.PI), at(g, sec.ROWS, sec.WEIGHT)
    if acts == 1:
        store(work, pi, sure)
        return
    best, size, top = _best(g, work, row, n, most, layers.chance), zero, splat(-np.inf)
    for a in range(acts):
        x = _after(g, work, row, first + a, layers.chance)
        gap = select(x > best, x - best, best - x)
        serves = (load(work, at(g, sec.MASK, first + a)) != zero) & (splat(TIE) >= gap)
        size = size + select(serves, sure, zero)
        store(work, serving + a, select(serves, sure, zero))  # each action has a branch at least: there is room
        weight = select(serves, load(work, at(g, sec.BASE, first + a)), zero)
        worth = action_value(g, work, layers.values, first + a, at(g, sec.MOVER, n), at(g, sec.PAYS, n))
        top = offer(g, work, a, weight, worth, top)
    total = respond(g, work, n, top, 1.0, perfect)
    for a in range(acts):
        even = select(load(work, serving + a) > zero, sure / size, zero)
        # A quotient, where ``normalise`` multiplies by a reciprocal: the two differ in the last digit.
        usual = load(work, pi + a) / select(total > zero, total, sure)
        store(work, pi + a, select(total > zero, usual, even))


@part
def _event(g: Ints, work: Floats, row: int, n: int, chance: Floats) -> Any:
    """The probability of the event from node ``n`` on, under the choices in PI."""
    first, pi, total = at(g, sec.A_PTR, n), at(g, sec.ROWS, sec.PI), splat(0.0)
    for a in range(first, at(g, sec.A_PTR, n + 1)):
        x = _after(g, work, row, a, chance)
        total = total + (load(work, pi + a - first) * x if at(g, sec.KIND, n) == DECIDE else x)
    return total


@part
def _end(g: Ints, last: bool, chance: Floats, held: Floats) -> None:
    """The probability of the event from the ends of a period on."""
    for e in range(count(g, sec.END_NODES)):
        store(held, e, splat(0.0) if last else load(chance, at(g, sec.END_TO, e)))
    for e in range(count(g, sec.END_NODES)):
        store(chance, at(g, sec.END_NODES, e), load(held, e))


@kernel
def _pursue(g: Ints, work: Floats, table: Floats, aim: Any, record: Floats, how: Any, layers: Any, out: Floats) -> None:
    """One pass over the reported periods."""
    nodes, actors, zero = count(g, sec.KIND), count(g, sec.PATIENCE), splat(0.0)
    rows, row = nodes * actors, at(g, sec.VIEW_OF, aim.mover) * count(g, sec.TARGET)
    periods, solved, values, chance = record.shape[0] - 1, out.shape[0], layers.values, layers.chance
    for n in range(nodes):
        store(chance, n, zero)
        store(chance, nodes + n, splat(1.0))
    _copy(record, periods * rows, rows, values, 0)
    _copy(record, periods * rows, rows, values, rows)
    for t in range(periods - 1, -1, -1):
        begin_period(g, work, table, t, t == periods - 1, t == solved - 1, values)
        _end(g, t == periods - 1, chance, layers.held)
        _copy(record, t * rows, rows, values, rows)  # once the event has happened all play as usual
        for n in range(nodes - 1, -1, -1):
            if idle(g, n, t):
                continue
            active, decides, j = opened(g, work, n), at(g, sec.KIND, n) == DECIDE, at(g, sec.MOVER, n)
            if which(active) != 0 or (decides and known(g, n, t)):
                if decides:
                    if how.fixed[j]:
                        play_given(g, work, n, t, how.given)
                    elif j == aim.mover:
                        _aim(g, work, row, n, aim.most, how.perfect, layers)
                    else:
                        bind(g, work, n, choose(g, work, values, n, how.scale, how.perfect))
                    if how.keep[j]:
                        keep_choices(g, work, n, t, out)
                value_node(g, work, n, values)
                # who plays for the event bears no cost: its own payoffs decide between ways that serve it equally
                free = decides and not (how.perfect or how.fixed[j] or j == aim.mover)
                if free and at(g, sec.CONTROL, 0) != 0:
                    pay_control(g, work, n, j, how.scale, values)
                store(chance, n, _event(g, work, row, n, chance))
            pass_over(g, n, active, values)
            if at(g, sec.GUARD, n) >= 0:
                store(chance, n, select(active, load(chance, n), load(chance, at(g, sec.PASS_TO, n))))


def too_large(periods: int, nodes: int, actors: int, most: int = 1 << 28) -> bool:
    """Whether what ``usual_values`` keeps would take more than ``most`` bytes."""
    return 8 * LANES * (periods + 1) * nodes * actors > most
