"""Backward induction: what every state is worth to every actor, and how each chooses.

Quantal response: an action's odds are its base rate times exp(precision x its value to
the mover) (McKelvey and Palfrey 1998; Signorino 1999; base rates: Matejka and McKay 2015).
Perfect rationality takes the best action, ties split in proportion to base rates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, INTERVAL
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, exp_below, load, muladd, select, splat, store, which

TIE = 1e-12
NO_ACTION, NOT_FINITE = 1, 2


@part
def gather(g: Ints, table: Floats, t: int, everything: bool, work: Floats) -> None:
    """Puts the coefficients of period ``t`` into the first rows of ``work``, then a row of ones.

    Rows that time does not change are left as they are unless ``everything``.
    """
    for c in range(count(g, sec.OFFSET)):
        if everything or at(g, sec.TIMED, c) != 0:
            store(work, c, load(table, at(g, sec.OFFSET, c) + t * at(g, sec.TIMED, c)))
    store(work, count(g, sec.OFFSET), splat(1.0))


@part
def add_up(g: Ints, work: Floats) -> None:
    """What each distinct list of payments comes to for each actor that it pays."""
    for k in range(count(g, sec.SUM_ACTOR)):
        total = splat(0.0)
        for c in range(at(g, sec.PART_PTR, k), at(g, sec.PART_PTR, k + 1)):
            total = total + load(work, at(g, sec.PART_COEF, c))
        store(work, at(g, sec.ROWS, sec.SUMS) + k, total)


@part
def payment(g: Ints, work: Floats, found: int, i: int) -> Any:
    """What list ``found`` of payments comes to for actor ``i``."""
    total = splat(0.0)
    if found >= 0:
        for k in range(at(g, sec.SUM_PTR, found), at(g, sec.SUM_PTR, found + 1)):
            if at(g, sec.SUM_ACTOR, k) == i:
                total = load(work, at(g, sec.ROWS, sec.SUMS) + k)
    return total


@part
def close_period(g: Ints, work: Floats, last: bool, values: Floats) -> Any:
    """The ends of a period: stage values plus the discounted value of the next start.

    Returns (end, lanes) of a value that is not finite, or (-1, 0).
    """
    actors, held = count(g, sec.PATIENCE), at(g, sec.ROWS, sec.HELD)
    for e in range(count(g, sec.END_NODES)):
        for i in range(actors):
            later = splat(0.0)
            if not last:
                later = load(work, at(g, sec.PATIENCE, i)) * load(values, at(g, sec.END_TO, e) * actors + i)
            store(work, held + e * actors + i, later)
    bad, lanes = -1, 0
    for e in range(count(g, sec.END_NODES)):
        n = at(g, sec.END_NODES, e)
        a = at(g, sec.A_PTR, n)
        for i in range(actors):
            stage = payment(g, work, at(g, sec.A_LIST, a), i) + payment(
                g, work, at(g, sec.B_LIST, at(g, sec.B_PTR, a)), i
            )
            value = load(work, held + e * actors + i) + stage
            store(values, n * actors + i, value)
            wrong = which((value - value) != splat(0.0))
            if wrong != 0:
                bad, lanes = n, wrong
    return bad, lanes


@part
def action_value(g: Ints, work: Floats, values: Floats, a: int, j: int, pays: int) -> Any:
    """What action ``a`` is worth to actor ``j``."""
    actors, row = count(g, sec.PATIENCE), at(g, sec.VIEW_OF, j) * count(g, sec.TARGET)
    total = splat(0.0)
    for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
        worth = load(values, at(g, sec.TARGET, b) * actors + j)
        if pays >= 2:
            worth = worth + payment(g, work, at(g, sec.B_LIST, b), j)
        total = muladd(load(work, at(g, sec.PROB, row + b)), worth, total)
    if pays & 1 != 0:
        total = total + payment(g, work, at(g, sec.A_LIST, a), j)
    return total


@part
def weigh(g: Ints, work: Floats, values: Floats, n: int, scale: float, perfect: bool) -> Any:
    """The choices of the mover of ``n`` (zeros where the menu is empty) in ``pi``; the sum of their weights."""
    first = at(g, sec.A_PTR, n)
    acts = at(g, sec.A_PTR, n + 1) - first
    j, pays, q, pi = at(g, sec.MOVER, n), at(g, sec.PAYS, n), at(g, sec.ROWS, sec.Q), at(g, sec.ROWS, sec.PI)
    zero = splat(0.0)
    if acts == 1:
        total = select(load(work, at(g, sec.MASK, first)) != zero, load(work, at(g, sec.BASE, first)), zero)
        store(work, pi, select(total > zero, splat(1.0), zero))
        return total
    top = splat(-np.inf)
    for a in range(acts):
        weight = select(load(work, at(g, sec.MASK, first + a)) != zero, load(work, at(g, sec.BASE, first + a)), zero)
        value = action_value(g, work, values, first + a, j, pays)
        store(work, pi + a, weight)
        store(work, q + a, value)
        top = select((weight > zero) & (value > top), value, top)
    total = zero
    size = select(top < zero, zero - top, top)
    close = top - splat(TIE) * select(size > splat(1.0), size, splat(1.0))
    lam = load(work, at(g, sec.PRECISION, j)) * splat(scale)
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


@part
def bind(g: Ints, work: Floats, n: int, total: Any) -> Any:
    """Puts a bound mover on its action, where that is available; the sum of weights, 1 where bound."""
    first = at(g, sec.A_PTR, n)
    acts = at(g, sec.A_PTR, n + 1) - first
    zero, one, pi = splat(0.0), splat(1.0), at(g, sec.ROWS, sec.PI)
    free = one == one
    for a in range(acts):
        if at(g, sec.FORCE, first + a) >= 0:
            there = load(work, at(g, sec.MASK, first + a)) != zero
            here = free & there & (load(work, at(g, sec.FORCE, first + a)) != zero)
            if which(here) != 0:
                for other in range(acts):
                    store(work, pi + other, select(here, splat(1.0 if other == a else 0.0), load(work, pi + other)))
                total = select(here, one, total)
                free = free & ~here
    return total


@part
def _decide(
    g: Ints,
    work: Floats,
    values: Floats,
    t: int,
    n: int,
    scale: float,
    perfect: bool,
    fixed: bool,
    given: Floats,
    keep: bool,
    policy: Floats,
) -> Any:
    """The choices at node ``n`` in ``pi``; a sum of weights that is positive where there is an action."""
    first, row, pi = at(g, sec.A_PTR, n), t * count(g, sec.BASE), at(g, sec.ROWS, sec.PI)
    acts = at(g, sec.A_PTR, n + 1) - first
    total = splat(0.0)
    if fixed:
        for a in range(acts):
            p = load(given, row + first + a)
            store(work, pi + a, p)
            total = total + p
    else:
        total = bind(g, work, n, weigh(g, work, values, n, scale, perfect))
    if keep:
        for a in range(acts):
            store(policy, row + first + a, load(work, pi + a))
    return total


@part
def _four(g: Ints, work: Floats, values: Floats, start: int, end: int, to: int, i: int) -> None:
    """Mean values over branches, for the four actors from position ``i`` on."""
    actors, weight = count(g, sec.PATIENCE), at(g, sec.ROWS, sec.WEIGHT)
    i0, i1, i2, i3 = (
        at(g, sec.VIEW_ACTORS, i),
        at(g, sec.VIEW_ACTORS, i + 1),
        at(g, sec.VIEW_ACTORS, i + 2),
        at(g, sec.VIEW_ACTORS, i + 3),
    )
    v0 = v1 = v2 = v3 = splat(0.0)
    for b in range(start, end):
        w, row = load(work, weight + b - start), at(g, sec.TARGET, b) * actors
        v0 = muladd(w, load(values, row + i0), v0)
        v1 = muladd(w, load(values, row + i1), v1)
        v2 = muladd(w, load(values, row + i2), v2)
        v3 = muladd(w, load(values, row + i3), v3)
    store(values, to + i0, v0)
    store(values, to + i1, v1)
    store(values, to + i2, v2)
    store(values, to + i3, v3)


@part
def _two(g: Ints, work: Floats, values: Floats, start: int, end: int, to: int, i: int, j: int) -> None:
    """Mean values over branches, for the actors at positions ``i`` and ``j``."""
    actors, weight = count(g, sec.PATIENCE), at(g, sec.ROWS, sec.WEIGHT)
    i0, i1 = at(g, sec.VIEW_ACTORS, i), at(g, sec.VIEW_ACTORS, j)
    v0 = v1 = splat(0.0)
    for b in range(start, end):
        w, row = load(work, weight + b - start), at(g, sec.TARGET, b) * actors
        v0 = muladd(w, load(values, row + i0), v0)
        v1 = muladd(w, load(values, row + i1), v1)
    store(values, to + i0, v0)
    store(values, to + i1, v1)


@part
def _add_pays(g: Ints, work: Floats, found: int, view: int, weight: Any, to: int, values: Floats) -> None:
    """Adds a list of payments, times ``weight``, to the values of the actors of a view (-1: of all)."""
    if found >= 0:
        for k in range(at(g, sec.SUM_PTR, found), at(g, sec.SUM_PTR, found + 1)):
            i = at(g, sec.SUM_ACTOR, k)
            if view < 0 or at(g, sec.VIEW_OF, i) == view:
                store(values, to + i, muladd(weight, load(work, at(g, sec.ROWS, sec.SUMS) + k), load(values, to + i)))


@part
def spread(g: Ints, work: Floats, values: Floats, n: int, decides: bool) -> None:
    """values[n]: for every actor the mean over the branches of ``n``, by the odds as it judges them."""
    first, last, to, pays = at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1), n * count(g, sec.PATIENCE), at(g, sec.PAYS, n)
    start, end = at(g, sec.B_PTR, first), at(g, sec.B_PTR, last)
    pi, weight = at(g, sec.ROWS, sec.PI), at(g, sec.ROWS, sec.WEIGHT)
    for view in range(count(g, sec.VIEW_PTR) - 1):
        row = view * count(g, sec.TARGET)
        for a in range(first, last):
            p = load(work, pi + a - first) if decides else splat(1.0)
            for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
                store(work, weight + b - start, p * load(work, at(g, sec.PROB, row + b)))
        i, stop = at(g, sec.VIEW_PTR, view), at(g, sec.VIEW_PTR, view + 1)
        while i + 4 <= stop:
            _four(g, work, values, start, end, to, i)
            i += 4
        while i < stop:
            _two(g, work, values, start, end, to, i, min(i + 1, stop - 1))
            i += 2
        if pays >= 2:
            for b in range(start, end):
                _add_pays(g, work, at(g, sec.B_LIST, b), view, load(work, weight + b - start), to, values)
    if pays & 1 != 0:
        for a in range(first, last):
            p = load(work, pi + a - first) if decides else splat(1.0)
            _add_pays(g, work, at(g, sec.A_LIST, a), -1, p, to, values)


@part
def mixture(g: Ints, work: Floats, n: int, i: int, one: Any, two: Any) -> Any:
    """The odds of the first branch of an interval that give its value to actor ``i``.

    ``one`` and ``two`` are the worth of its branches. Value = alpha x the worse end + (1 -
    alpha) x the better one: recursive alpha-maxmin (Gilboa and Schmeidler 1989; Epstein and
    Schneider 2003).
    """
    low, high = load(work, at(g, sec.LOW, n)), load(work, at(g, sec.HIGH, n))
    likes = one >= two  # then the low end is the worse one
    worse, better = select(likes, low, high), select(likes, high, low)
    return muladd(load(work, at(g, sec.AMBIGUITY, i)), worse - better, better)


@part
def interval(g: Ints, work: Floats, values: Floats, n: int) -> None:
    """Values of a clause that is read as an interval, for the actors with an ambiguity attitude."""
    actors, a = count(g, sec.PATIENCE), at(g, sec.A_PTR, n)
    b = at(g, sec.B_PTR, a)
    for i in range(actors):
        if at(g, sec.AMBIGUITY, i) >= 0:
            one = load(values, at(g, sec.TARGET, b) * actors + i) + payment(g, work, at(g, sec.B_LIST, b), i)
            two = load(values, at(g, sec.TARGET, b + 1) * actors + i) + payment(g, work, at(g, sec.B_LIST, b + 1), i)
            mean = muladd(mixture(g, work, n, i, one, two), one - two, two)
            store(values, n * actors + i, mean + payment(g, work, at(g, sec.A_LIST, a), i))


@part
def known(g: Ints, n: int, t: int) -> bool:
    """Whether all that node ``n`` leads to has a value at ``t``."""
    known = True
    for b in range(at(g, sec.B_PTR, at(g, sec.A_PTR, n)), at(g, sec.B_PTR, at(g, sec.A_PTR, n + 1))):
        known = known and at(g, sec.FIRST_T, at(g, sec.TARGET, b)) <= t
    return known


@part
def lowest(lanes: int) -> int:
    """The lowest lane of those in a mask's bits."""
    lane = 0
    while lanes >> lane & 1 == 0:
        lane += 1
    return lane


@kernel
def backward(
    g: Ints,
    work: Floats,
    table: Floats,
    periods: int,
    scale: float,
    perfect: bool,
    fixed: NDArray[np.bool_],
    given: Floats,
    keep: NDArray[np.bool_],
    policy: Floats,
    values: Floats,
) -> Any:
    """Fills ``values`` [nodes, actors, LANES] (at period 0) and ``policy`` [periods, actions, LANES].

    ``table`` [rows, LANES] holds the coefficients, ``scale`` multiplies every precision.
    Movers in ``fixed`` play ``given``; the choices of movers in ``keep`` are stored, also
    where a guard shuts the phase (in another version of the game it may be open). Returns
    (node, period, lane, NO_ACTION or NOT_FINITE) of what went wrong, node -1 if nothing.
    """
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
            j = at(g, sec.MOVER, n)
            if which(active) != 0 or (kind == DECIDE and keep[j] and known(g, n, t)):
                if kind == DECIDE:
                    total = _decide(g, work, values, t, n, scale, perfect, fixed[j], given, keep[j], policy)
                    empty = which(active & ~(total > zero))
                    if empty != 0:
                        return n, t, lowest(empty), NO_ACTION
                spread(g, work, values, n, kind == DECIDE)
                if kind == INTERVAL:
                    interval(g, work, values, n)
            if guard >= 0:
                for i in range(actors):
                    other = load(values, at(g, sec.PASS_TO, n) * actors + i)
                    store(values, n * actors + i, select(active, load(values, n * actors + i), other))
    return -1, 0, 0, 0
