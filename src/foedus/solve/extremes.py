"""What one actor could bring about: the highest and lowest probability of an event by its own play."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bits, Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, LANES
from foedus.solve import sections as sec
from foedus.solve.backward import gather
from foedus.solve.lanes import at, count, load, muladd, select, splat, store
from foedus.solve.packed import MEMORY, Graph, section


def extreme(
    graph: Graph,
    table: Floats,
    periods: int,
    policy: Floats,
    event: int,
    movers: NDArray[np.bool_],
    most: bool,
    start: Any,
    everywhere: bool = False,
) -> tuple[Floats, Floats]:
    """(value [LANES], by node): P(eventually the event) when ``movers`` choose for it (``most``) or against it.

    They may take every action that is available, unlikely ones and against a binding
    included; all others play ``policy``, nature its true odds. Exact dynamic programming.
    With no movers it is the probability of the event from every node on. By node it is
    [periods, nodes, LANES] with ``everywhere``, else [1, nodes, LANES] of the first period
    (nodes that cannot be reached are left as they are). ``start`` is (nodes, coefficients,
    event bits).
    """
    nodes = len(section(graph, sec.KIND))
    worth = np.zeros((periods if everywhere else 1, nodes, LANES))
    offset = section(graph, sec.OFFSET)
    held = MEMORY.take("wrap", len(section(graph, sec.END_NODES)), LANES)
    bit = np.uint64(1) << np.uint64(event)
    _sweep(
        graph.packed,
        graph.flags,
        graph.start_flags,
        MEMORY.work(graph),
        table,
        periods,
        policy,
        bit,
        movers,
        most,
        held,
        worth,
    )
    value = np.zeros(LANES)
    for node, c, flags in zip(*start, strict=True):
        p = table[offset[c]] if c >= 0 else np.ones(LANES)
        value += p * (1.0 if flags & bit else worth[0, node])
    return value, worth


@part
def _chance(g: Ints, flags: Bits, work: Floats, row: int, a: int, bit: Any, worth: Floats) -> Any:
    """The probability of the event after action ``a``."""
    total = splat(0.0)
    for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
        later = splat(1.0)
        if flags[b] & bit == np.uint64(0):
            later = load(worth, row + at(g, sec.TARGET, b))
        total = muladd(load(work, at(g, sec.PROB, b)), later, total)
    return total


@part
def _node(
    g: Ints,
    flags: Bits,
    work: Floats,
    row: int,
    n: int,
    t: int,
    policy: Floats,
    bit: Any,
    free: bool,
    most: bool,
    worth: Floats,
) -> Any:
    """The probability of the event from node ``n`` on; ``free`` where a choosing actor moves."""
    zero, decides = splat(0.0), at(g, sec.KIND, n) == DECIDE
    total = splat((-1.0 if most else 2.0) if free else 0.0)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        x = _chance(g, flags, work, row, a, bit, worth)
        if free:
            better = (x > total) if most else (x < total)
            total = select((load(work, at(g, sec.MASK, a)) != zero) & better, x, total)
        elif decides:
            total = muladd(load(policy, t * count(g, sec.BASE) + a), x, total)
        else:
            total = x
    return total


@kernel
def _sweep(
    g: Ints,
    flags: Bits,
    start_flags: Bits,
    work: Floats,
    table: Floats,
    periods: int,
    policy: Floats,
    bit: Any,
    movers: NDArray[np.bool_],
    most: bool,
    held: Floats,
    worth: Floats,
) -> None:
    """Fills ``worth`` from the last period back; in place where it holds one period only."""
    nodes, apart, zero = count(g, sec.KIND), worth.shape[0] > 1, splat(0.0)
    for t in range(periods - 1, -1, -1):
        gather(g, table, t, t == periods - 1, work)
        row = t * nodes if apart else 0
        after = row + nodes if apart else row
        for e in range(count(g, sec.END_NODES)):
            later = zero
            if t < periods - 1:
                later = (
                    splat(1.0) if start_flags[e] & bit != np.uint64(0) else load(worth, after + at(g, sec.END_TO, e))
                )
            store(held, e, later)
        for e in range(count(g, sec.END_NODES)):
            store(worth, row + at(g, sec.END_NODES, e), load(held, e))
        for n in range(nodes - 1, -1, -1):
            if at(g, sec.FIRST_T, n) > t or at(g, sec.KIND, n) == END:
                continue
            free = at(g, sec.KIND, n) == DECIDE and movers[at(g, sec.MOVER, n)]
            total = _node(g, flags, work, row, n, t, policy, bit, free, most, worth)
            guard = at(g, sec.GUARD, n)
            if guard >= 0:
                total = select(load(work, guard) != zero, total, load(worth, row + at(g, sec.PASS_TO, n)))
            store(worth, row + n, total)
