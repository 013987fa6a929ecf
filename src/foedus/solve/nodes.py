"""What the nodes of a period are worth, piece by piece: shared by all passes that walk from the last period back.

A pass begins a period (``begin_period``), then takes its nodes from the last to the first: it passes over those of no concern
(``idle``), puts a mover's choices into PI (see ``solve.decision``), works out the node's ``value_node``, and lets it have
the value of another node where a guard shuts its phase (``pass_over``).
"""

from __future__ import annotations

from typing import Any

from foedus.arraytypes import Floats, Ints
from foedus.compiled import part
from foedus.game.arrays import DECIDE, END, INTERVAL
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which


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
def payment(g: Ints, work: Floats, pays: int, i: int) -> Any:
    """What list ``pays`` of payments (-1: none) comes to for actor ``i``."""
    total = splat(0.0)
    if pays >= 0:
        for k in range(at(g, sec.SUM_PTR, pays), at(g, sec.SUM_PTR, pays + 1)):
            if at(g, sec.SUM_ACTOR, k) == i:
                total = load(work, at(g, sec.ROWS, sec.SUMS) + k)
    return total


@part
def begin_period(g: Ints, work: Floats, table: Floats, t: int, everything: bool, last: bool, values: Floats) -> Any:
    """Makes ready for period ``t``: its coefficients, payments and the values of its ends, (discounted) those of the
    next period's starts unless it is the ``last``.

    Returns (end, lanes) of a value that is not finite, or (-1, 0).
    """
    gather(g, table, t, everything, work)
    add_up(g, work)
    actors, held = count(g, sec.PATIENCE), at(g, sec.ROWS, sec.HELD)
    # First all are read, then all written: ``values`` still holds the next period, and an end may lead to any node of it.
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
        by_action, by_branch = at(g, sec.A_LIST, a), at(g, sec.B_LIST, at(g, sec.B_PTR, a))
        for i in range(actors):
            stage = payment(g, work, by_action, i) + payment(g, work, by_branch, i)
            value = load(work, held + e * actors + i) + stage
            store(values, n * actors + i, value)
            wrong = which((value - value) != splat(0.0))  # true of infinity and NaN only
            if wrong != 0:
                bad, lanes = n, wrong
    return bad, lanes


@part
def idle(g: Ints, n: int, t: int) -> bool:
    """Whether node ``n`` needs no work in period ``t``: it cannot be reached yet, or is an end (see ``begin_period``)."""
    return at(g, sec.FIRST_T, n) > t or at(g, sec.KIND, n) == END  # type: ignore[no-any-return]


@part
def opened(g: Ints, work: Floats, n: int) -> Any:
    """The lanes in which no guard shuts the phase of node ``n``."""
    zero = splat(0.0)
    active = zero == zero
    if at(g, sec.GUARD, n) >= 0:
        active = load(work, at(g, sec.GUARD, n)) != zero
    return active


@part
def known(g: Ints, n: int, t: int) -> bool:
    """Whether all that node ``n`` leads to has a value at ``t``."""
    known = True
    for b in range(at(g, sec.B_PTR, at(g, sec.A_PTR, n)), at(g, sec.B_PTR, at(g, sec.A_PTR, n + 1))):
        known = known and at(g, sec.FIRST_T, at(g, sec.TARGET, b)) <= t
    return known


@part
def pass_over(g: Ints, n: int, active: Any, values: Floats) -> None:
    """In lanes that are not ``active`` the node has the values of the one that its guard passes to."""
    if at(g, sec.GUARD, n) >= 0:
        actors = count(g, sec.PATIENCE)
        for i in range(actors):
            other = load(values, at(g, sec.PASS_TO, n) * actors + i)
            store(values, n * actors + i, select(active, load(values, n * actors + i), other))


@part
def value_node(g: Ints, work: Floats, n: int, values: Floats) -> None:
    """values[n]: what the node is worth to every actor, under the choices in PI where somebody decides."""
    spread(g, work, n, at(g, sec.KIND, n) == DECIDE, values)
    if at(g, sec.KIND, n) == INTERVAL:
        interval(g, work, n, values)


@part
def _four(g: Ints, work: Floats, branches: Any, to: int, i: int, values: Floats) -> None:
    """Mean values over branches, for the four actors from position ``i`` on."""
    actors, weight = count(g, sec.PATIENCE), at(g, sec.ROWS, sec.WEIGHT)
    i0, i1 = at(g, sec.VIEW_ACTORS, i), at(g, sec.VIEW_ACTORS, i + 1)
    i2, i3 = at(g, sec.VIEW_ACTORS, i + 2), at(g, sec.VIEW_ACTORS, i + 3)
    v0 = v1 = v2 = v3 = splat(0.0)
    for b in range(branches[0], branches[1]):
        w, row = load(work, weight + b - branches[0]), at(g, sec.TARGET, b) * actors
        v0 = muladd(w, load(values, row + i0), v0)
        v1 = muladd(w, load(values, row + i1), v1)
        v2 = muladd(w, load(values, row + i2), v2)
        v3 = muladd(w, load(values, row + i3), v3)
    store(values, to + i0, v0)
    store(values, to + i1, v1)
    store(values, to + i2, v2)
    store(values, to + i3, v3)


@part
def _two(g: Ints, work: Floats, branches: Any, to: int, i: int, j: int, values: Floats) -> None:
    """Mean values over branches, for the actors at positions ``i`` and ``j``."""
    actors, weight = count(g, sec.PATIENCE), at(g, sec.ROWS, sec.WEIGHT)
    i0, i1 = at(g, sec.VIEW_ACTORS, i), at(g, sec.VIEW_ACTORS, j)
    v0 = v1 = splat(0.0)
    for b in range(branches[0], branches[1]):
        w, row = load(work, weight + b - branches[0]), at(g, sec.TARGET, b) * actors
        v0 = muladd(w, load(values, row + i0), v0)
        v1 = muladd(w, load(values, row + i1), v1)
    store(values, to + i0, v0)
    store(values, to + i1, v1)


@part
def _add_pays(g: Ints, work: Floats, pays: int, view: int, weight: Any, to: int, values: Floats) -> None:
    """Adds a list of payments, times ``weight``, to the values of the actors of a view (-1: of all)."""
    if pays >= 0:
        for k in range(at(g, sec.SUM_PTR, pays), at(g, sec.SUM_PTR, pays + 1)):
            i = at(g, sec.SUM_ACTOR, k)
            if view < 0 or at(g, sec.VIEW_OF, i) == view:
                store(values, to + i, muladd(weight, load(work, at(g, sec.ROWS, sec.SUMS) + k), load(values, to + i)))


@part
def spread(g: Ints, work: Floats, n: int, decides: bool, values: Floats) -> None:
    """values[n]: for every actor the mean over the branches of ``n``, by the odds as it judges them."""
    first, last, pays = at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1), at(g, sec.PAYS, n)
    to, start, end = n * count(g, sec.PATIENCE), at(g, sec.B_PTR, first), at(g, sec.B_PTR, last)
    pi, weight = at(g, sec.ROWS, sec.PI), at(g, sec.ROWS, sec.WEIGHT)
    # Actors who judge nature alike (a view) share the weights of branches. They are taken four at a time: enough sums
    # under way to hide how long one addition takes, few enough to stay in registers.
    for view in range(count(g, sec.VIEW_PTR) - 1):
        row = view * count(g, sec.TARGET)
        for a in range(first, last):
            p = load(work, pi + a - first) if decides else splat(1.0)
            for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
                store(work, weight + b - start, p * load(work, at(g, sec.PROB, row + b)))
        i, stop = at(g, sec.VIEW_PTR, view), at(g, sec.VIEW_PTR, view + 1)
        while i + 4 <= stop:
            _four(g, work, (start, end), to, i, values)
            i += 4
        while i < stop:
            _two(g, work, (start, end), to, i, min(i + 1, stop - 1), values)  # the last one alone: counted twice, alike
            i += 2
        if pays >= 2:
            for b in range(start, end):
                _add_pays(g, work, at(g, sec.B_LIST, b), view, load(work, weight + b - start), to, values)
    if pays & 1 != 0:
        for a in range(first, last):
            p = load(work, pi + a - first) if decides else splat(1.0)
            _add_pays(g, work, at(g, sec.A_LIST, a), -1, p, to, values)


@part
def mixture(g: Ints, work: Floats, n: int, i: int, first: Any, second: Any) -> Any:
    """The odds of the first branch of an interval that give its value to actor ``i``, who values its branches at
    ``first`` and ``second``.

    Value = alpha x the worse end + (1 - alpha) x the better one: recursive alpha-maxmin (Gilboa and Schmeidler 1989;
    Epstein and Schneider 2003).
    """
    least, most = load(work, at(g, sec.LOW, n)), load(work, at(g, sec.HIGH, n))
    likes = first >= second  # then the first branch's lowest probability is the worse end
    worse, better = select(likes, least, most), select(likes, most, least)
    return muladd(load(work, at(g, sec.AMBIGUITY, i)), worse - better, better)


@part
def branch_worth(g: Ints, work: Floats, b: int, i: int, values: Floats) -> Any:
    """What branch ``b`` and all that follows it are worth to actor ``i``."""
    after = load(values, at(g, sec.TARGET, b) * count(g, sec.PATIENCE) + i)
    return after + payment(g, work, at(g, sec.B_LIST, b), i)


@part
def interval(g: Ints, work: Floats, n: int, values: Floats) -> None:
    """Values of a clause that is read as an interval, for the actors with an ambiguity attitude."""
    actors, a = count(g, sec.PATIENCE), at(g, sec.A_PTR, n)
    b = at(g, sec.B_PTR, a)
    for i in range(actors):
        if at(g, sec.AMBIGUITY, i) >= 0:
            first, second = branch_worth(g, work, b, i, values), branch_worth(g, work, b + 1, i, values)
            mean = muladd(mixture(g, work, n, i, first, second), first - second, second)
            store(values, n * actors + i, mean + payment(g, work, at(g, sec.A_LIST, a), i))


@part
def lowest(lanes: int) -> int:
    """The lowest lane of those in a mask's bits."""
    lane = 0
    while lanes >> lane & 1 == 0:
        lane += 1
    return lane
