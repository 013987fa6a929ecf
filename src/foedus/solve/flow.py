"""Mass pushed forward through a game whose choices are made: what passes through each node in each period.

The forward pass of ``solve.forward`` adds up as it goes; here the distribution itself is kept, [periods, nodes, LANES],
for questions about single states: visits, points of no return, routes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Floats, Ints, Longs
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, LANES, GameArrays
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which
from foedus.solve.nodes import gather
from foedus.solve.packed import MEMORY, Chain, section


def push(
    chain: Chain, mass: Floats, stop: Bools, *, days: bool = True, worth: Floats | None = None, limit: float = 2.0
) -> None:
    """Carries ``mass`` [periods, nodes, LANES] forward, in place.

    Afterwards each entry holds what passes through the node (a phase that is shut is passed by). Mass that takes
    a branch with ``stop`` [branches] is gone; without ``days`` it stays at the ends of its period. Where ``worth``
    (shaped like ``mass``) is at least ``limit`` mass stays at the node.
    """
    graph, held = chain.graph, np.zeros((0, 0, LANES)) if worth is None else worth
    _push(graph.packed, MEMORY.work(graph), chain.table, chain.policy, stop, days, held, limit, mass)


def visits(chain: Chain, start: Any, stop: Bools | None = None) -> Floats:
    """[periods, nodes, LANES]: the probability that each node acts in each period.

    A node whose guard is shut passes its mass on and has none. Mass that goes along a branch in ``stop``
    [branches] leaves the game: what is left has not yet taken one. ``start`` is (nodes, coefficients, event bits).
    """
    graph = chain.graph
    mass, offset = np.zeros((chain.periods, len(section(graph, sec.KIND)), LANES)), section(graph, sec.OFFSET)
    for node, c in zip(start[0], start[1], strict=True):
        mass[0, node] += chain.table[offset[c]] if c >= 0 else 1.0
    push(chain, mass, np.zeros(len(section(graph, sec.TARGET)), bool) if stop is None else stop)
    return mass


def flows(g: GameArrays, table: Floats, policy: Floats, mass: Floats, branches: Longs) -> Floats:
    """[periods, branches, LANES]: the mass that takes each of some branches, of ``mass`` that passes through nodes."""
    owner = np.repeat(np.arange(len(g.base)), np.diff(g.b_ptr))[branches]
    node = np.repeat(np.arange(len(g.kind)), np.diff(g.a_ptr))[owner]
    decided = (g.kind[node] == DECIDE)[:, None]
    prob, taken = g.prob[0][branches], np.empty((len(mass), len(branches), LANES))
    for t in range(len(mass)):
        p = np.where((prob >= 0)[:, None], table[g.offset[prob] + t * g.timed[prob]], 1.0)
        taken[t] = mass[t, node] * np.where(decided, policy[t, owner], 1.0) * p
    return taken


@part
def _kept(g: Ints, work: Floats, n: int, row: int, x: Any, mass: Floats) -> Any:
    """What of the mass ``x`` at node ``n`` acts there; where the phase is shut it passes on. ``row`` is the period's first."""
    if at(g, sec.GUARD, n) >= 0:
        active, zero = load(work, at(g, sec.GUARD, n)) != splat(0.0), splat(0.0)
        to = row + at(g, sec.PASS_TO, n)
        store(mass, to, load(mass, to) + select(active, zero, x))
        x = select(active, x, zero)
        store(mass, row + n, x)
    return x


@part
def _onward(g: Ints, work: Floats, n: int, t: int, x: Any, policy: Floats, stop: Bools, mass: Floats) -> None:
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
    stop: Bools,
    days: bool,
    worth: Floats,
    limit: float,
    mass: Floats,
) -> None:
    """Fills ``mass`` from what was put there. Targets come after sources within a period, so one sweep is enough."""
    nodes, ends, periods, zero = count(g, sec.KIND), count(g, sec.END_NODES), mass.shape[0], splat(0.0)
    for t in range(periods):
        gather(g, table, t, t == 0, work)
        row = t * nodes
        for n in range(nodes - ends):
            x = load(mass, row + n)
            if which(x != zero) == 0:
                continue
            x = _kept(g, work, n, row, x, mass)
            if worth.shape[0] > 0:
                x = select(load(worth, row + n) >= splat(limit), zero, x)
            _onward(g, work, n, t, x, policy, stop, mass)
        if days and t + 1 < periods:
            for e in range(ends):
                n, to = at(g, sec.END_NODES, e), row + nodes + at(g, sec.END_TO, e)
                if not stop[at(g, sec.B_PTR, at(g, sec.A_PTR, n))]:
                    store(mass, to, load(mass, to) + load(mass, row + n))
