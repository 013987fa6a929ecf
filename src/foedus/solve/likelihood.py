"""The likelihood of what was observed: a forward pass in which mass is weighed by each observation."""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.game.arrays import DECIDE, END, LANES
from foedus.solve import sections as s
from foedus.solve.arrays import MEMORY, Bits, Floats, Graph, Ints, section
from foedus.solve.backward import gather
from foedus.solve.lanes import at, count, kernel, load, muladd, part, select, splat, store, which
from foedus.solve.observe import ObservedArrays


def log_likelihood(graph: Graph, table: Floats, periods: int, policy: Floats, start: Any,
                   seen: ObservedArrays) -> Floats:  # fmt: skip
    """[periods, LANES]: the log-likelihood that each period's observations add, given those before.

    An observed action counts 1 - error where it was taken and error where it was not, in
    whatever way (another action, the phase passed over, the game over). ``start`` is (nodes,
    coefficients, event bits).
    """
    total = np.ones((periods, LANES))
    ends = len(section(graph, s.END_NODES))
    mass, wrap = MEMORY.take("mass", len(section(graph, s.KIND)), LANES), MEMORY.take("wrap", ends, LANES)
    order = np.argsort(seen.t, kind="stable")
    ptr = np.searchsorted(seen.t[order], np.arange(periods + 1)).astype(np.int32)
    nodes, probs = np.array(start[0], np.int32), np.array(start[1], np.int32)
    _weigh(graph.packed, graph.end_flags, MEMORY.work(graph), table, policy, nodes, probs, ptr, seen.phase[order],
           seen.match[order], seen.event[order], seen.error[order], mass, wrap, total)  # fmt: skip
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(total))


@part
def _missed(low: int, high: int, ptr: Ints, t: int, phases: Ints, error: Any) -> float:
    """The weight of passing over all choices observed at ``t`` in phases between ``low`` and ``high``."""
    weight = 1.0
    for o in range(ptr[t], ptr[t + 1]):
        if low < phases[o] < high:
            weight *= error[o]
    return weight


@part
def _factor(phase: int, action: int, ptr: Ints, t: int, phases: Ints, match: Any, error: Any) -> float:
    """The weight of taking public action ``action`` (-1: none) in ``phase`` at ``t``."""
    weight = 1.0
    for o in range(ptr[t], ptr[t + 1]):
        if phases[o] >= 0 and phases[o] == phase:
            weight *= 1.0 - error[o] if action >= 0 and match[o, action] != 0 else error[o]
    return weight


@part
def _place(g: Ints, to: int) -> int:
    """Where in the turn a node stands: its phase, or after all phases."""
    return 1 << 30 if at(g, s.KIND, to) == END else at(g, s.PHASE, to)


@part
def _begin(g: Ints, work: Floats, t: int, nodes: Ints, probs: Ints, ptr: Ints, phases: Ints, error: Any, mass: Floats,
           wrap: Floats) -> None:  # fmt: skip
    """Puts mass on the first nodes of period ``t``, weighed by what it has passed over already."""
    for k in range(len(nodes) if t == 0 else count(g, s.END_NODES)):
        if t == 0:
            to, c = int(nodes[k]), int(probs[k])
            x = load(work, c if c >= 0 else count(g, s.OFFSET))
        else:
            to, x = at(g, s.END_TO, k), load(wrap, k)
        weight = splat(_missed(-1, _place(g, to), ptr, t, phases, error))
        store(mass, to, muladd(weight, x, load(mass, to)))


@part
def _advance(g: Ints, work: Floats, n: int, t: int, policy: Floats, ptr: Ints, phases: Ints, match: Any, error: Any,
             mass: Floats) -> None:  # fmt: skip
    """Moves the mass at ``n`` on, weighed by what is observed of its phase and of those passed over."""
    x, zero, phase = load(mass, n), splat(0.0), at(g, s.PHASE, n)
    decides, row = at(g, s.KIND, n) == DECIDE, t * count(g, s.BASE)
    none = _factor(phase, -1, ptr, t, phases, match, error)
    guard = at(g, s.GUARD, n)
    if guard >= 0:
        active, to = load(work, guard) != zero, at(g, s.PASS_TO, n)
        weight = splat(none * _missed(phase, _place(g, to), ptr, t, phases, error))
        store(mass, to, muladd(weight, select(active, zero, x), load(mass, to)))
        x = select(active, x, zero)
    for a in range(at(g, s.A_PTR, n), at(g, s.A_PTR, n + 1)):
        taken, weight = x, none
        if decides:
            taken = x * load(policy, row + a)
            weight = _factor(phase, at(g, s.ACTION_ID, a), ptr, t, phases, match, error)
        for b in range(at(g, s.B_PTR, a), at(g, s.B_PTR, a + 1)):
            to = at(g, s.TARGET, b)
            lost = splat(weight * _missed(phase, _place(g, to), ptr, t, phases, error))
            store(mass, to, muladd(lost, taken * load(work, at(g, s.PROB, b)), load(mass, to)))


@part
def _close(g: Ints, end_flags: Bits, t: int, ptr: Ints, event: Ints, error: Any, mass: Floats, wrap: Floats,
           total: Floats) -> None:  # fmt: skip
    """Takes the mass off the ends, weighed by the states observed, and scales it to one."""
    together, zero = splat(0.0), splat(0.0)
    for e in range(count(g, s.END_NODES)):
        weight = 1.0
        for o in range(ptr[t], ptr[t + 1]):
            if event[o] >= 0:
                true = (end_flags[e] >> np.uint64(event[o])) & np.uint64(1) != np.uint64(0)
                weight *= 1.0 - error[o] if true else error[o]
        x = splat(weight) * load(mass, at(g, s.END_NODES, e))
        store(mass, at(g, s.END_NODES, e), zero)
        store(wrap, e, x)
        together = together + x
    if ptr[t] < ptr[t + 1]:
        store(total, t, together)
        for e in range(count(g, s.END_NODES)):
            store(wrap, e, load(wrap, e) / select(together > zero, together, splat(1.0)))


@kernel
def _weigh(g: Ints, end_flags: Bits, work: Floats, table: Floats, policy: Floats, nodes: Ints, probs: Ints, ptr: Ints,
           phases: Ints, match: Any, event: Ints, error: Any, mass: Floats, wrap: Floats,
           total: Floats) -> None:  # fmt: skip
    """Fills ``total`` [periods, LANES] where something was observed; ``mass`` must be zeros and is left so.

    Observations are sorted by period: those of ``t`` are ``ptr[t]`` to ``ptr[t + 1]``.
    """
    zero, last = splat(0.0), len(ptr) - 2
    while last >= 0 and ptr[last] == ptr[last + 1]:
        last -= 1
    for t in range(last + 1):
        gather(g, table, t, t == 0, work)
        _begin(g, work, t, nodes, probs, ptr, phases, error, mass, wrap)
        for n in range(count(g, s.KIND) - count(g, s.END_NODES)):
            if which(load(mass, n) != zero) != 0:
                _advance(g, work, n, t, policy, ptr, phases, match, error, mass)
                store(mass, n, zero)
        _close(g, end_flags, t, ptr, event, error, mass, wrap, total)
