"""Probabilities pulled back through a game: how likely an event is from every node on, and what actors can make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bools, Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, LANES
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, load, muladd, select, splat, store
from foedus.solve.nodes import gather, idle
from foedus.solve.packed import MEMORY, Chain, section

GO_ON, HIT, DEAD = 0, 1, 2  # what a branch does: nothing, bring the event about, rule it out
Codes = NDArray[np.int8]


def pull(chain: Chain, codes: Codes) -> Floats:
    """[periods, nodes, LANES]: the probability of a branch with code HIT, before any with code DEAD.

    Nodes that cannot be reached in a period are left at 0.
    """
    nobody = np.zeros(len(section(chain.graph, sec.PATIENCE)), bool)
    return _swept(chain, codes, nobody, False, chain.periods)


def extreme(
    chain: Chain, event: int, movers: Bools, most: bool, start: Any, everywhere: bool = False
) -> tuple[Floats, Floats]:
    """(value [LANES], by node): P(eventually the event) when ``movers`` choose for it (``most``) or against it.

    They may take every action that is available, unlikely ones and against a binding included; all others play the
    chain's policy, nature its true odds. Exact dynamic programming. With no movers it is the probability of the event
    from every node on. By node it is [periods, nodes, LANES] with ``everywhere``, else [1, nodes, LANES] of the first
    period (nodes that cannot be reached are left as they are). ``start`` is (nodes, coefficients, event bits).
    """
    bit, offset = np.uint64(1) << np.uint64(event), section(chain.graph, sec.OFFSET)
    codes = np.where(chain.graph.flags & bit, HIT, GO_ON).astype(np.int8)
    worth = _swept(chain, codes, movers, most, chain.periods if everywhere else 1)
    value = np.zeros(LANES)
    for node, c, flags in zip(*start, strict=True):
        p = chain.table[offset[c]] if c >= 0 else np.ones(LANES)
        value += p * (1.0 if flags & bit else worth[0, node])
    return value, worth


def _swept(chain: Chain, codes: Codes, movers: Bools, most: bool, kept: int) -> Floats:
    """[kept, nodes, LANES]: all periods, or only the first."""
    graph = chain.graph
    worth = np.zeros((kept, len(section(graph, sec.KIND)), LANES))
    held = MEMORY.take("wrap", len(section(graph, sec.END_NODES)), LANES)
    _sweep(graph.packed, MEMORY.work(graph), chain, codes, movers, most, held, worth)
    return worth


@part
def _along(b: int, codes: Codes, to: int, worth: Floats) -> Any:
    """The probability of the event along branch ``b``, which leads to row ``to``."""
    later = splat(0.0)
    if codes[b] == HIT:
        later = splat(1.0)
    elif codes[b] == GO_ON:
        later = load(worth, to)
    return later


@part
def _chance(g: Ints, work: Floats, row: int, a: int, codes: Codes, worth: Floats) -> Any:
    """The probability of the event after action ``a``."""
    total = splat(0.0)
    for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
        later = _along(b, codes, row + at(g, sec.TARGET, b), worth)
        total = muladd(load(work, at(g, sec.PROB, b)), later, total)
    return total


@part
def _node(
    g: Ints, work: Floats, n: int, row: int, t: int, chain: Any, codes: Codes, free: bool, most: bool, worth: Floats
) -> Any:
    """The probability of the event from node ``n`` on; ``free`` where a choosing actor moves."""
    zero, decides = splat(0.0), at(g, sec.KIND, n) == DECIDE
    total = splat((-1.0 if most else 2.0) if free else 0.0)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        x = _chance(g, work, row, a, codes, worth)
        if free:
            better = (x > total) if most else (x < total)
            total = select((load(work, at(g, sec.MASK, a)) != zero) & better, x, total)
        elif decides:
            total = muladd(load(chain.policy, t * count(g, sec.BASE) + a), x, total)
        else:
            total = x
    return total


@kernel
def _sweep(
    g: Ints, work: Floats, chain: Any, codes: Codes, movers: Bools, most: bool, held: Floats, worth: Floats
) -> None:
    """Fills ``worth`` from the last period back; in place where it holds one period only."""
    nodes, apart = count(g, sec.KIND), worth.shape[0] > 1
    for t in range(chain.periods - 1, -1, -1):
        gather(g, chain.table, t, t == chain.periods - 1, work)
        row = t * nodes if apart else 0
        after = row + nodes if apart else row
        # First all ends are read, then all written: in place they overwrite what they read.
        for e in range(count(g, sec.END_NODES)):
            later = splat(0.0)
            if t < chain.periods - 1:
                b = at(g, sec.B_PTR, at(g, sec.A_PTR, at(g, sec.END_NODES, e)))
                later = _along(b, codes, after + at(g, sec.END_TO, e), worth)
            store(held, e, later)
        for e in range(count(g, sec.END_NODES)):
            store(worth, row + at(g, sec.END_NODES, e), load(held, e))
        for n in range(nodes - 1, -1, -1):
            if idle(g, n, t):
                continue
            free = at(g, sec.KIND, n) == DECIDE and movers[at(g, sec.MOVER, n)]
            total = _node(g, work, n, row, t, chain, codes, free, most, worth)
            guard = at(g, sec.GUARD, n)
            if guard >= 0:
                total = select(load(work, guard) != splat(0.0), total, load(worth, row + at(g, sec.PASS_TO, n)))
            store(worth, row + n, total)
