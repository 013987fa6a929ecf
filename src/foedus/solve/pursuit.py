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
from numpy.typing import NDArray

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, INTERVAL, LANES
from foedus.solve import sections as sec
from foedus.solve.backward import TIE, add_up, bind, close_period, gather, interval, known, spread, weigh
from foedus.solve.lanes import at, count, exp_below, load, muladd, select, splat, store, which
from foedus.solve.packed import MEMORY, Graph, pack, section


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


def usual_values(graph: Graph, table: Floats, periods: int, policy: Floats) -> Floats:
    """[periods + 1, nodes, actors, LANES]: what every node is worth to every actor when all play ``policy``.

    ``policy`` [solved, actions, LANES] holds everybody's choices. The last row stays 0 where
    nothing is solved beyond the reported ``periods``.
    """
    nodes, actors = len(section(graph, sec.KIND)), len(section(graph, sec.PATIENCE))
    values = np.zeros((nodes, actors, LANES))
    record = np.zeros((periods + 1, nodes, actors, LANES))
    _record(graph.packed, MEMORY.work(graph), table, len(policy), policy, values, record)
    return record


def pursue(
    graph: Graph,
    packed: Ints,
    table: Floats,
    aim: Pursuit,
    record: Floats,
    fixed: NDArray[np.bool_],
    given: Floats,
    perfect: bool,
    keep: NDArray[np.bool_],
    out: Floats,
) -> None:
    """Puts the choices before the event has happened into ``out`` [solved, actions, LANES], of movers in ``keep``.

    ``packed`` is the game as ``layered`` makes it for the event, ``record`` what ``usual_values`` gives for it.
    Movers in ``fixed`` play ``given``.
    """
    nodes, actors, ends = (len(section(graph, which)) for which in (sec.KIND, sec.PATIENCE, sec.END_NODES))
    values = MEMORY.take("pursuit values", 2 * nodes, actors, LANES)
    chance, held = MEMORY.take("pursuit chance", 2 * nodes, LANES), MEMORY.take("wrap", ends, LANES)
    _pursue(
        packed,
        MEMORY.work(graph),
        table,
        len(out),
        aim.mover,
        aim.most,
        record,
        fixed,
        given,
        perfect,
        keep,
        values,
        chance,
        held,
        out,
    )


@part
def _copy(source: Floats, first: int, rows: int, to: Floats, place: int) -> None:
    """Copies rows."""
    for i in range(rows):
        store(to, place + i, load(source, first + i))


@part
def _shut(g: Ints, work: Floats, values: Floats, n: int, active: Any) -> None:
    """Where the guard of ``n`` shuts its phase, its values are those of the node it passes to."""
    actors = count(g, sec.PATIENCE)
    for i in range(actors):
        other = load(values, at(g, sec.PASS_TO, n) * actors + i)
        store(values, n * actors + i, select(active, load(values, n * actors + i), other))


@kernel
def _record(g: Ints, work: Floats, table: Floats, solved: int, policy: Floats, values: Floats, record: Floats) -> None:
    """Values under given choices, from the last period back, kept for the first periods."""
    nodes, pi, zero = count(g, sec.KIND), at(g, sec.ROWS, sec.PI), splat(0.0)
    rows = nodes * count(g, sec.PATIENCE)
    for t in range(solved - 1, -1, -1):
        gather(g, table, t, t == solved - 1, work)
        add_up(g, work)
        close_period(g, work, t == solved - 1, values)
        for n in range(nodes - 1, -1, -1):
            kind, guard = at(g, sec.KIND, n), at(g, sec.GUARD, n)
            if at(g, sec.FIRST_T, n) > t or kind == END:
                continue
            active = zero == zero
            if guard >= 0:
                active = load(work, guard) != zero
            if which(active) != 0:
                if kind == DECIDE:
                    first = at(g, sec.A_PTR, n)
                    for a in range(first, at(g, sec.A_PTR, n + 1)):
                        store(work, pi + a - first, load(policy, t * count(g, sec.BASE) + a))
                spread(g, work, values, n, kind == DECIDE)
                if kind == INTERVAL:
                    interval(g, work, values, n)
            if guard >= 0:
                _shut(g, work, values, n, active)
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
def _aim(g: Ints, work: Floats, values: Floats, row: int, n: int, most: bool, chance: Floats, perfect: bool) -> None:
    """The choices of the actor that plays for the event: among the best for it, its usual ones.

    An action that is never taken (base 0) is taken where nothing else serves.
    """
    first, zero, one = at(g, sec.A_PTR, n), splat(0.0), splat(1.0)
    acts, q, pi = at(g, sec.A_PTR, n + 1) - first, at(g, sec.ROWS, sec.Q), at(g, sec.ROWS, sec.PI)
    if acts == 1:
        store(work, pi, one)
        return
    weigh(g, work, values, n, 1.0, perfect)
    best = _best(g, work, row, n, most, chance)
    top, size = splat(-np.inf), zero
    for a in range(acts):
        x = _after(g, work, row, first + a, chance)
        gap = select(x > best, x - best, best - x)
        serves = (load(work, at(g, sec.MASK, first + a)) != zero) & (splat(TIE) >= gap)
        size = size + select(serves, one, zero)
        weight = select(serves, load(work, at(g, sec.BASE, first + a)), zero)
        store(work, pi + a, select(serves, weight, splat(-1.0)))
        top = select((weight > zero) & (load(work, q + a) > top), load(work, q + a), top)
    wide = select(top < zero, zero - top, top)
    close = splat(TIE) * select(wide > one, wide, one)
    lam, total = load(work, at(g, sec.PRECISION, at(g, sec.MOVER, n))), zero
    for a in range(acts):
        gap = load(work, q + a) - top
        factor = select(gap + close >= zero, one, zero)
        if not perfect:
            factor = exp_below(lam * select(gap < zero, gap, zero))
        weight = load(work, pi + a)
        total = total + select(weight > zero, weight * factor, zero)
        store(work, q + a, select(weight > zero, weight * factor, zero))
    for a in range(acts):
        even = select(load(work, pi + a) >= zero, one / size, zero)
        store(work, pi + a, select(total > zero, load(work, q + a) / select(total > zero, total, one), even))


@part
def _event(g: Ints, work: Floats, row: int, n: int, chance: Floats) -> Any:
    """The probability of the event from node ``n`` on, under the choices in ``pi``."""
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


@part
def _choose(
    g: Ints,
    work: Floats,
    values: Floats,
    t: int,
    n: int,
    mover: int,
    most: bool,
    row: int,
    chance: Floats,
    fixed: NDArray[np.bool_],
    given: Floats,
    perfect: bool,
    keep: bool,
    out: Floats,
) -> None:
    """The choices at node ``n``, put into ``pi``, and into ``out`` if they are to be kept."""
    first, place, pi, j = at(g, sec.A_PTR, n), t * count(g, sec.BASE), at(g, sec.ROWS, sec.PI), at(g, sec.MOVER, n)
    if fixed[j]:
        for a in range(first, at(g, sec.A_PTR, n + 1)):
            store(work, pi + a - first, load(given, place + a))
    elif j == mover:
        _aim(g, work, values, row, n, most, chance, perfect)
    else:
        bind(g, work, n, weigh(g, work, values, n, 1.0, perfect))
    if keep:
        for a in range(first, at(g, sec.A_PTR, n + 1)):
            store(out, place + a, load(work, pi + a - first))


@kernel
def _pursue(
    g: Ints,
    work: Floats,
    table: Floats,
    solved: int,
    mover: int,
    most: bool,
    record: Floats,
    fixed: NDArray[np.bool_],
    given: Floats,
    perfect: bool,
    keep: NDArray[np.bool_],
    values: Floats,
    chance: Floats,
    held: Floats,
    out: Floats,
) -> None:
    """One pass over the reported periods; rows of ``values`` and ``chance`` from ``nodes`` on: the event has happened."""
    nodes, actors, zero = count(g, sec.KIND), count(g, sec.PATIENCE), splat(0.0)
    rows, row = nodes * actors, at(g, sec.VIEW_OF, mover) * count(g, sec.TARGET)
    periods = record.shape[0] - 1
    for n in range(nodes):
        store(chance, n, zero)
        store(chance, nodes + n, splat(1.0))
    _copy(record, periods * rows, rows, values, 0)
    _copy(record, periods * rows, rows, values, rows)
    for t in range(periods - 1, -1, -1):
        gather(g, table, t, t == periods - 1, work)
        add_up(g, work)
        close_period(g, work, t == solved - 1, values)
        _end(g, t == periods - 1, chance, held)
        _copy(record, t * rows, rows, values, rows)
        for n in range(nodes - 1, -1, -1):
            kind, guard = at(g, sec.KIND, n), at(g, sec.GUARD, n)
            if at(g, sec.FIRST_T, n) > t or kind == END:
                continue
            active = zero == zero
            if guard >= 0:
                active = load(work, guard) != zero
            if which(active) != 0 or (kind == DECIDE and known(g, n, t)):
                if kind == DECIDE:
                    j = at(g, sec.MOVER, n)
                    _choose(g, work, values, t, n, mover, most, row, chance, fixed, given, perfect, keep[j], out)
                spread(g, work, values, n, kind == DECIDE)
                if kind == INTERVAL:
                    interval(g, work, values, n)
                store(chance, n, _event(g, work, row, n, chance))
            if guard >= 0:
                _shut(g, work, values, n, active)
                store(chance, n, select(active, load(chance, n), load(chance, at(g, sec.PASS_TO, n))))


def too_large(periods: int, nodes: int, actors: int, most: int = 1 << 28) -> bool:
    """Whether what ``usual_values`` keeps would take more than ``most`` bytes."""
    return 8 * LANES * (periods + 1) * nodes * actors > most


__all__ = ["Pursuit", "layered", "pursue", "too_large", "usual_values"]
