"""What every state is worth in every period, under choices already made: for lenses that look inside a solved game."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, INTERVAL, LANES
from foedus.solve import sections as sec
from foedus.solve.decision import pay_control, play_given
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which
from foedus.solve.nodes import (
    add_up,
    begin_period,
    branch_worth,
    gather,
    idle,
    mixture,
    opened,
    pass_over,
    payment,
    spread,
    value_node,
)
from foedus.solve.packed import MEMORY, Chain, section


def values(chain: Chain, split: int = 0, actor: int = -1) -> Iterator[tuple[int, Floats]]:
    """(period, values [nodes, actors, LANES]) from the last period to the first, everybody playing the chain's policy.

    The array is the same each time and overwritten by the next step; nodes that cannot be reached in a period are
    left as they were. With ``split`` the first so many "actors" are the objectives of one ``actor``, whose attitude to
    ambiguity is settled by their sum; the last of them is what control costs it (0 where that does not count).
    """
    graph = chain.graph
    worth = np.zeros((len(section(graph, sec.KIND)), len(section(graph, sec.PATIENCE)), LANES))
    for t in range(chain.periods - 1, -1, -1):
        last, part_of = t == chain.periods - 1, (split, actor)
        _value(graph.packed, MEMORY.work(graph), chain.table, t, last, chain.policy, part_of, worth)
        yield t, worth


@part
def _interval_of_one(g: Ints, work: Floats, values: Floats, n: int, split: int) -> None:
    """A clause read as an interval, by objective: the odds that the sum of an actor's objectives settles."""
    a = at(g, sec.A_PTR, n)
    if at(g, sec.AMBIGUITY, 0) >= 0:
        b, actors, first, second = at(g, sec.B_PTR, a), count(g, sec.PATIENCE), splat(0.0), splat(0.0)
        row, other = at(g, sec.TARGET, b) * actors, at(g, sec.TARGET, b + 1) * actors
        for i in range(split):
            first = first + load(values, row + i) + payment(g, work, at(g, sec.B_LIST, b), i)
            second = second + load(values, other + i) + payment(g, work, at(g, sec.B_LIST, b + 1), i)
        odds = mixture(g, work, n, 0, first, second)
        for i in range(split):
            x, y = branch_worth(g, work, b, i, values), branch_worth(g, work, b + 1, i, values)
            worth = muladd(odds, x - y, y) + payment(g, work, at(g, sec.A_LIST, a), i)
            store(values, n * actors + i, worth)


@kernel
def _value(
    g: Ints, work: Floats, table: Floats, t: int, last: bool, policy: Floats, part_of: Any, values: Floats
) -> None:
    """Turns the values of period ``t + 1`` into those of ``t``."""
    split, actor = part_of
    begin_period(g, work, table, t, True, last, values)
    for n in range(count(g, sec.KIND) - 1, -1, -1):
        if idle(g, n, t):
            continue
        kind = at(g, sec.KIND, n)
        if kind == DECIDE:
            play_given(g, work, n, t, policy)
        if kind == INTERVAL and split > 0:
            spread(g, work, n, False, values)
            _interval_of_one(g, work, values, n, split)
        else:
            value_node(g, work, n, values)
        if kind == DECIDE and at(g, sec.CONTROL, 0) != 0 and (split == 0 or at(g, sec.MOVER, n) == actor):
            pay_control(g, work, n, split - 1 if split > 0 else at(g, sec.MOVER, n), 1.0, values)
        pass_over(g, n, opened(g, work, n), values)


def account(chain: Chain, t: int, mass: Floats, worth: Floats) -> tuple[Floats, Floats]:
    """(paid [nodes, actors, LANES], spread [actors, actors, LANES]) of one period.

    ``paid`` is what has been paid since the period began, summed over the ways that lead to a node, each times
    its probability. ``spread`` is the covariance that the period's choices and odds add to what actors expect:
    the sum over moves of the products of what each does to ``worth``, the values of the period (the terms with the
    second actor not after the first; the law of total covariance). ``mass`` are the visits of the period.
    """
    graph = chain.graph
    actors = len(section(graph, sec.PATIENCE))
    sums = _Sums(*(np.zeros((k, actors, LANES)) for k in (len(section(graph, sec.KIND)), 1, actors)))
    _account(graph.packed, MEMORY.work(graph), chain.table, t, chain.policy, mass, worth, sums)
    return sums.paid, sums.spread


class _Sums(NamedTuple):
    """What ``account`` adds up, and room [1, actors, LANES] for the changes of one move."""

    paid: Floats
    change: Floats
    spread: Floats


@part
def _step(g: Ints, work: Floats, branch: Any, x: Any, p: Any, worth: Floats, sums: Any) -> None:
    """Counts what going along a ``branch`` (node, action, branch) pays and changes, with probability ``p`` of the mass ``x``."""
    n, a, b = branch
    actors = count(g, sec.PATIENCE)
    here, to = n * actors, at(g, sec.TARGET, b) * actors
    for i in range(actors):
        pay = payment(g, work, at(g, sec.A_LIST, a), i) + payment(g, work, at(g, sec.B_LIST, b), i)
        store(sums.change, i, pay + load(worth, to + i) - load(worth, here + i))
        store(sums.paid, to + i, muladd(p, load(sums.paid, here + i) + x * pay, load(sums.paid, to + i)))
    for i in range(actors):
        moved = x * p * load(sums.change, i)
        for j in range(i + 1):
            pair = i * actors + j
            store(sums.spread, pair, muladd(moved, load(sums.change, j), load(sums.spread, pair)))


@kernel
def _account(
    g: Ints, work: Floats, table: Floats, t: int, policy: Floats, mass: Floats, worth: Floats, sums: Any
) -> None:
    """Fills ``sums``, which must be zeros."""
    actors, zero, paid = count(g, sec.PATIENCE), splat(0.0), sums.paid
    gather(g, table, t, True, work)
    add_up(g, work)
    for n in range(count(g, sec.KIND) - count(g, sec.END_NODES)):
        if at(g, sec.GUARD, n) >= 0:
            active, to = opened(g, work, n), at(g, sec.PASS_TO, n) * actors
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
                _step(g, work, (n, a, b), x, taken * load(work, at(g, sec.PROB, b)), worth, sums)
