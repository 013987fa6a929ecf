"""Every state by period: how often it is decided in, and what it is worth.

The forward pass of ``solve.forward`` adds up as it goes; here the distribution itself is kept, and the
values of every period are handed out one after the other, for lenses that look inside a solved game.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, INTERVAL, LANES
from foedus.solve import sections as sec
from foedus.solve.backward import add_up, close_period, gather, interval, mixture, payment, spread
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which
from foedus.solve.packed import MEMORY, Graph, section


def visits(
    graph: Graph, table: Floats, periods: int, policy: Floats, start: Any, stop: NDArray[np.bool_] | None = None
) -> Floats:
    """[periods, nodes, LANES]: the probability that each node acts in each period.

    A node whose guard is shut passes its mass on and has none. Mass that goes along a branch in ``stop``
    [branches] leaves the game: what is left has not yet taken one. ``start`` is (nodes, coefficients, event bits).
    """
    nodes, ends = len(section(graph, sec.KIND)), len(section(graph, sec.END_NODES))
    stops = np.zeros(len(section(graph, sec.TARGET)), bool) if stop is None else stop
    mass, wrap = np.zeros((periods, nodes, LANES)), np.zeros((ends, LANES))
    begin = np.array(start[0], np.int32), np.array(start[1], np.int32)
    _visit(graph.packed, MEMORY.work(graph), table, periods, policy, stops, *begin, mass, wrap)
    return mass


def values(graph: Graph, table: Floats, periods: int, policy: Floats, split: int = 0) -> Iterator[tuple[int, Floats]]:
    """(period, values [nodes, actors, LANES]) from the last period to the first, everybody playing ``policy``.

    The array is the same each time and overwritten by the next step; nodes that cannot be reached in a period are
    left as they were. With ``split`` the first so many "actors" are the objectives of one, whose attitude to
    ambiguity is settled by their sum.
    """
    found = np.zeros((len(section(graph, sec.KIND)), len(section(graph, sec.PATIENCE)), LANES))
    for t in range(periods - 1, -1, -1):
        _value(graph.packed, MEMORY.work(graph), table, t, t == periods - 1, policy, split, found)
        yield t, found


@part
def kept(g: Ints, work: Floats, n: int, row: int, x: Any, mass: Floats) -> Any:
    """What of the mass ``x`` at node ``n`` acts there; where the phase is shut it passes on. ``row`` is the period's first."""
    if at(g, sec.GUARD, n) >= 0:
        active, zero = load(work, at(g, sec.GUARD, n)) != splat(0.0), splat(0.0)
        to = row + at(g, sec.PASS_TO, n)
        store(mass, to, load(mass, to) + select(active, zero, x))
        x = select(active, x, zero)
        store(mass, row + n, x)
    return x


@part
def _forward(
    g: Ints, work: Floats, n: int, t: int, row: int, x: Any, policy: Floats, stop: NDArray[np.bool_], mass: Floats
) -> None:
    """Moves mass ``x`` at ``n`` along its branches."""
    decides = at(g, sec.KIND, n) == DECIDE
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        taken = x
        if decides:
            taken = x * load(policy, t * count(g, sec.BASE) + a)
        for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
            if not stop[b]:
                to = row + at(g, sec.TARGET, b)
                store(mass, to, muladd(taken, load(work, at(g, sec.PROB, b)), load(mass, to)))


@kernel
def _visit(
    g: Ints,
    work: Floats,
    table: Floats,
    periods: int,
    policy: Floats,
    stop: NDArray[np.bool_],
    nodes: Ints,
    probs: Ints,
    mass: Floats,
    wrap: Floats,
) -> None:
    """Fills ``mass``, which must be zeros."""
    zero = splat(0.0)
    for t in range(periods):
        gather(g, table, t, t == 0, work)
        row = t * count(g, sec.KIND)
        if t == 0:
            for k in range(len(nodes)):
                c = int(probs[k])
                x = load(work, c if c >= 0 else count(g, sec.OFFSET))
                store(mass, int(nodes[k]), load(mass, int(nodes[k])) + x)
        for e in range(count(g, sec.END_NODES)):
            to = row + at(g, sec.END_TO, e)
            store(mass, to, load(mass, to) + load(wrap, e))
        for n in range(count(g, sec.KIND) - count(g, sec.END_NODES)):
            x = load(mass, row + n)
            if which(x != zero) == 0:
                continue
            x = kept(g, work, n, row, x, mass)
            _forward(g, work, n, t, row, x, policy, stop, mass)
        for e in range(count(g, sec.END_NODES)):
            n = at(g, sec.END_NODES, e)
            store(wrap, e, zero if stop[at(g, sec.B_PTR, at(g, sec.A_PTR, n))] else load(mass, row + n))


@part
def _interval_of_one(g: Ints, work: Floats, values: Floats, n: int, split: int) -> None:
    """A clause read as an interval, by objective: the odds that the sum of an actor's objectives settles."""
    actors, a = count(g, sec.PATIENCE), at(g, sec.A_PTR, n)
    if at(g, sec.AMBIGUITY, 0) >= 0:
        b = at(g, sec.B_PTR, a)
        first, second = at(g, sec.TARGET, b) * actors, at(g, sec.TARGET, b + 1) * actors
        one, two = splat(0.0), splat(0.0)
        for i in range(split):
            one = one + load(values, first + i) + payment(g, work, at(g, sec.B_LIST, b), i)
            two = two + load(values, second + i) + payment(g, work, at(g, sec.B_LIST, b + 1), i)
        odds = mixture(g, work, n, 0, one, two)
        for i in range(split):
            x = load(values, first + i) + payment(g, work, at(g, sec.B_LIST, b), i)
            y = load(values, second + i) + payment(g, work, at(g, sec.B_LIST, b + 1), i)
            store(values, n * actors + i, muladd(odds, x - y, y) + payment(g, work, at(g, sec.A_LIST, a), i))


@kernel
def _value(
    g: Ints, work: Floats, table: Floats, t: int, last: bool, policy: Floats, split: int, values: Floats
) -> None:
    """Turns the values of period ``t + 1`` into those of ``t``."""
    actors, zero = count(g, sec.PATIENCE), splat(0.0)
    gather(g, table, t, True, work)
    add_up(g, work)
    close_period(g, work, last, values)
    row, pi = t * count(g, sec.BASE), at(g, sec.ROWS, sec.PI)
    for n in range(count(g, sec.KIND) - 1, -1, -1):
        kind, guard = at(g, sec.KIND, n), at(g, sec.GUARD, n)
        if at(g, sec.FIRST_T, n) > t or kind == END:
            continue
        first = at(g, sec.A_PTR, n)
        if kind == DECIDE:
            for a in range(at(g, sec.A_PTR, n + 1) - first):
                store(work, pi + a, load(policy, row + first + a))
        spread(g, work, values, n, kind == DECIDE)
        if kind == INTERVAL:
            if split > 0:
                _interval_of_one(g, work, values, n, split)
            else:
                interval(g, work, values, n)
        if guard >= 0:
            active = load(work, guard) != zero
            for i in range(actors):
                other = load(values, at(g, sec.PASS_TO, n) * actors + i)
                store(values, n * actors + i, select(active, load(values, n * actors + i), other))


def account(graph: Graph, table: Floats, t: int, policy: Floats, mass: Floats, found: Floats) -> tuple[Floats, Floats]:
    """(paid [nodes, actors, LANES], spread [actors, actors, LANES]) of one period.

    ``paid`` is what has been paid since the period began, summed over the ways that lead to a node, each times
    its probability. ``spread`` is the covariance that the period's choices and odds add to what actors expect:
    the sum over moves of the products of what each does to ``found``, the values of the period (the terms with the
    second actor not after the first; the law of total covariance). ``mass`` are the visits of the period.
    """
    actors = len(section(graph, sec.PATIENCE))
    paid, delta = np.zeros((len(section(graph, sec.KIND)), actors, LANES)), np.zeros((actors, LANES))
    spread = np.zeros((actors, actors, LANES))
    _account(graph.packed, MEMORY.work(graph), table, t, policy, mass, found, paid, delta, spread)
    return paid, spread


@part
def _step(
    g: Ints,
    work: Floats,
    n: int,
    a: int,
    b: int,
    x: Any,
    p: Any,
    found: Floats,
    paid: Floats,
    delta: Floats,
    spread: Floats,
) -> None:
    """Counts what going along branch ``b`` of action ``a`` pays and changes, with probability ``p`` of the mass ``x``."""
    actors, to = count(g, sec.PATIENCE), at(g, sec.TARGET, b) * count(g, sec.PATIENCE)
    for i in range(actors):
        pay = payment(g, work, at(g, sec.A_LIST, a), i) + payment(g, work, at(g, sec.B_LIST, b), i)
        store(delta, i, pay + load(found, to + i) - load(found, n * actors + i))
        store(paid, to + i, muladd(p, load(paid, n * actors + i) + x * pay, load(paid, to + i)))
    for i in range(actors):
        one = x * p * load(delta, i)
        for j in range(i + 1):
            store(spread, i * actors + j, muladd(one, load(delta, j), load(spread, i * actors + j)))


@kernel
def _account(
    g: Ints,
    work: Floats,
    table: Floats,
    t: int,
    policy: Floats,
    mass: Floats,
    found: Floats,
    paid: Floats,
    delta: Floats,
    spread: Floats,
) -> None:
    """Fills ``paid`` and ``spread``, which must be zeros."""
    actors, zero = count(g, sec.PATIENCE), splat(0.0)
    gather(g, table, t, True, work)
    add_up(g, work)
    for n in range(count(g, sec.KIND) - count(g, sec.END_NODES)):
        if at(g, sec.GUARD, n) >= 0:
            active, to = load(work, at(g, sec.GUARD, n)) != zero, at(g, sec.PASS_TO, n) * actors
            for i in range(actors):
                x = load(paid, n * actors + i)
                store(paid, to + i, load(paid, to + i) + select(active, zero, x))
                store(paid, n * actors + i, select(active, x, zero))
        x = load(mass, n)
        if which(x != zero) == 0:
            continue
        for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
            taken = splat(1.0)
            if at(g, sec.KIND, n) == DECIDE:
                taken = load(policy, t * count(g, sec.BASE) + a)
            for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
                _step(g, work, n, a, b, x, taken * load(work, at(g, sec.PROB, b)), found, paid, delta, spread)
