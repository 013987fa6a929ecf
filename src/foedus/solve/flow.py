"""Mass pushed forward and probabilities pulled back through a game, with branches that stop them.

Both keep every period, [periods, nodes, LANES], for questions about single states: points of no return, routes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, LANES, GameArrays
from foedus.solve import sections as sec
from foedus.solve.backward import gather
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which
from foedus.solve.packed import MEMORY, Graph, section
from foedus.solve.visits import kept

GO_ON, HIT, DEAD = 0, 1, 2
Codes = NDArray[np.int8]


def push(
    graph: Graph,
    table: Floats,
    policy: Floats,
    mass: Floats,
    stop: NDArray[np.bool_],
    *,
    days: bool = True,
    worth: Floats | None = None,
    limit: float = 2.0,
) -> None:
    """Carries ``mass`` [periods, nodes, LANES] forward under ``policy``, in place.

    Afterwards each entry holds what passes through the node (a phase that is shut is passed by). Mass that takes
    a branch with ``stop`` is gone; without ``days`` it stays at the ends of its period. Where ``worth`` (shaped
    like ``mass``) is at least ``limit`` mass stays at the node.
    """
    held = np.zeros((0, 0, LANES)) if worth is None else worth
    _push(graph.packed, MEMORY.work(graph), table, policy, stop, days, held, limit, mass)


def pull(graph: Graph, table: Floats, policy: Floats, periods: int, codes: Codes) -> Floats:
    """[periods, nodes, LANES]: the probability of a branch with code HIT, before any with code DEAD."""
    worth = np.zeros((periods, len(section(graph, sec.KIND)), LANES))
    _pull(graph.packed, MEMORY.work(graph), table, policy, codes, worth)
    return worth


def flows(g: GameArrays, table: Floats, policy: Floats, mass: Floats, which: NDArray[np.int64]) -> Floats:
    """[periods, branches in ``which``, LANES]: the mass that takes each branch, of ``mass`` that passes through nodes."""
    owner = np.repeat(np.arange(len(g.base)), np.diff(g.b_ptr))[which]
    node = np.repeat(np.arange(len(g.kind)), np.diff(g.a_ptr))[owner]
    decided = (g.kind[node] == DECIDE)[:, None]
    prob, found = g.prob[0][which], np.empty((len(mass), len(which), LANES))
    for t in range(len(mass)):
        p = np.where((prob >= 0)[:, None], table[g.offset[prob] + t * g.timed[prob]], 1.0)
        found[t] = mass[t, node] * np.where(decided, policy[t, owner], 1.0) * p
    return found


@part
def _onward(
    g: Ints, work: Floats, n: int, t: int, x: Any, policy: Floats, stop: NDArray[np.bool_], mass: Floats
) -> None:
    """Moves ``x`` from node ``n`` along its branches."""
    decides, row = at(g, sec.KIND, n) == DECIDE, t * count(g, sec.KIND)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        y = x
        if decides:
            y = x * load(policy, t * count(g, sec.BASE) + a)
        if which(y != splat(0.0)) == 0:
            continue
        for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
            if not stop[b]:
                to = row + at(g, sec.TARGET, b)
                store(mass, to, muladd(y, load(work, at(g, sec.PROB, b)), load(mass, to)))


@kernel
def _push(
    g: Ints,
    work: Floats,
    table: Floats,
    policy: Floats,
    stop: NDArray[np.bool_],
    days: bool,
    worth: Floats,
    limit: float,
    mass: Floats,
) -> None:
    """Fills ``mass`` from what was put there."""
    nodes, ends, periods, zero = count(g, sec.KIND), count(g, sec.END_NODES), mass.shape[0], splat(0.0)
    for t in range(periods):
        gather(g, table, t, t == 0, work)
        row = t * nodes
        for n in range(nodes - ends):
            x = load(mass, row + n)
            if which(x != zero) == 0:
                continue
            x = kept(g, work, n, row, x, mass)
            if worth.shape[0] > 0:
                x = select(load(worth, row + n) >= splat(limit), zero, x)
            _onward(g, work, n, t, x, policy, stop, mass)
        if days and t + 1 < periods:
            for e in range(ends):
                to = row + nodes + at(g, sec.END_TO, e)
                store(mass, to, load(mass, to) + load(mass, row + at(g, sec.END_NODES, e)))


@part
def _chance(g: Ints, work: Floats, row: int, a: int, codes: Codes, worth: Floats) -> Any:
    """The probability of a hit after action ``a``."""
    total = splat(0.0)
    for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
        if codes[b] != DEAD:
            later = splat(1.0)
            if codes[b] == GO_ON:
                later = load(worth, row + at(g, sec.TARGET, b))
            total = muladd(load(work, at(g, sec.PROB, b)), later, total)
    return total


@kernel
def _pull(g: Ints, work: Floats, table: Floats, policy: Floats, codes: Codes, worth: Floats) -> None:
    """Fills ``worth`` from the last period back."""
    nodes, periods, zero = count(g, sec.KIND), worth.shape[0], splat(0.0)
    for t in range(periods - 1, -1, -1):
        gather(g, table, t, t == periods - 1, work)
        row = t * nodes
        for e in range(count(g, sec.END_NODES)):
            later = zero
            if t < periods - 1:
                later = load(worth, row + nodes + at(g, sec.END_TO, e))
            store(worth, row + at(g, sec.END_NODES, e), later)
        for n in range(nodes - 1, -1, -1):
            if at(g, sec.FIRST_T, n) > t or at(g, sec.KIND, n) == END:
                continue
            total = zero
            for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
                x = _chance(g, work, row, a, codes, worth)
                if at(g, sec.KIND, n) == DECIDE:
                    total = muladd(load(policy, t * count(g, sec.BASE) + a), x, total)
                else:
                    total = x
            guard = at(g, sec.GUARD, n)
            if guard >= 0:
                total = select(load(work, guard) != zero, total, load(worth, row + at(g, sec.PASS_TO, n)))
            store(worth, row + n, total)
