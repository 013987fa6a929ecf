"""What was observed: how likely it was, and what was to be expected before it.

A forward pass in which mass is weighed by each observation (a filter); before each period's observations are
brought in, the same pass without them gives the forecast of that period.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Bits, Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, LANES
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, load, muladd, select, splat, store, which
from foedus.solve.nodes import gather
from foedus.solve.observe import ObservedArrays
from foedus.solve.packed import MEMORY, Graph, section


class Heard(NamedTuple):
    """What observations say in LANES worlds; the last dim is the lane.

    ``period`` [periods]: the log-likelihood that each period's observations add, given those of the periods before.
    ``each`` [observations], in the scenario's order: what each adds, given those of the periods before and those of
    its own period that come before it in the turn (states come last); those of a period add up to the period's.
    ``taken`` [periods, public actions], in periods with observations: the probability that the action is taken, given
    what was observed up to ``ahead`` periods before. ``held`` [observations]: the same for an observed state; 0 for acts.
    ``each``, ``taken`` and ``held`` are only filled with ``ahead`` of 1 or more.
    """

    period: Floats
    each: Floats
    taken: Floats
    held: Floats


class _Observed(NamedTuple):
    """Observations as the kernel wants them, sorted by period and by place in the turn: those of ``t`` are
    ``ptr[t]`` to ``ptr[t + 1]``."""

    ptr: Ints
    phase: Ints
    match: Any
    event: Ints
    error: Any


def hear(
    graph: Graph, table: Floats, periods: int, policy: Floats, start: Any, seen: ObservedArrays, ahead: int = 0
) -> Heard:
    """The likelihood of observations, and the forecasts before them.

    An observed action counts 1 - error where it was taken and error where it was not, in
    whatever way (another action, the phase passed over, the game over). ``start`` is (nodes,
    coefficients, event bits).
    """
    ends, actions = len(section(graph, sec.END_NODES)), seen.match.shape[1]
    shapes = (periods,), (len(seen.t),), (periods, actions), (len(seen.t),)
    found = Heard(np.ones((periods, LANES)), *(np.zeros((*shape, LANES)) for shape in shapes[1:]))
    mass, wrap = MEMORY.take("mass", len(section(graph, sec.KIND)), LANES), MEMORY.take("wrap", ends, LANES)
    spare = MEMORY.take("spare", ends, LANES)
    order = np.lexsort((np.where(seen.phase < 0, 1 << 30, seen.phase), seen.t))
    ptr = np.searchsorted(seen.t[order], np.arange(periods + 1)).astype(np.int32)
    sorted_seen = _Observed(ptr, seen.phase[order], seen.match[order], seen.event[order], seen.error[order])
    nodes, probs = np.array(start[0], np.int32), np.array(start[1], np.int32)
    _filter(
        graph.packed,
        graph.end_flags,
        MEMORY.work(graph),
        table,
        policy,
        nodes,
        probs,
        sorted_seen,
        ahead,
        mass,
        wrap,
        spare,
        found,
    )
    with np.errstate(divide="ignore"):
        return found._replace(
            period=np.log(found.period), each=_by_observation(found.each, ptr, order), held=_unsorted(found.held, order)
        )


def _unsorted(values: Floats, order: Any) -> Floats:
    """Rows put back in the order that the scenario lists them."""
    back = np.empty_like(values)
    back[order] = values
    return back


def _by_observation(together: Floats, ptr: Ints, order: Any) -> Floats:
    """From likelihoods of ever more of a period's observations, what each adds in logs."""
    before = np.ones_like(together)
    before[1:] = together[:-1]
    before[np.unique(ptr[ptr < len(together)])] = 1.0
    with np.errstate(invalid="ignore"):
        added = np.log(together) - np.log(before)
    return _unsorted(np.where(together > 0, added, -np.inf), order)


@part
def _missed(low: int, high: int, first: int, last: int, seen: Any) -> float:
    """The weight of passing over all choices observed in phases between ``low`` and ``high``."""
    weight = 1.0
    for o in range(first, last):
        if low < seen.phase[o] < high:
            weight *= seen.error[o]
    return weight


@part
def _factor(phase: int, action: int, first: int, last: int, seen: Any) -> float:
    """The weight of taking public action ``action`` (-1: none) in ``phase``."""
    weight = 1.0
    for o in range(first, last):
        if seen.phase[o] >= 0 and seen.phase[o] == phase:
            weight *= 1.0 - seen.error[o] if action >= 0 and seen.match[o, action] != 0 else seen.error[o]
    return weight


@part
def _place(g: Ints, to: int) -> int:
    """Where in the turn a node stands: its phase, or after all phases."""
    return 1 << 30 if at(g, sec.KIND, to) == END else at(g, sec.PHASE, to)


@part
def _begin(
    g: Ints,
    work: Floats,
    t: int,
    nodes: Ints,
    probs: Ints,
    first: int,
    last: int,
    seen: Any,
    mass: Floats,
    wrap: Floats,
) -> None:
    """Puts mass on the first nodes of period ``t``, weighed by what it has passed over already."""
    for k in range(len(nodes) if t == 0 else count(g, sec.END_NODES)):
        if t == 0:
            to, c = int(nodes[k]), int(probs[k])
            x = load(work, c if c >= 0 else count(g, sec.OFFSET))
        else:
            to, x = at(g, sec.END_TO, k), load(wrap, k)
        weight = splat(_missed(-1, _place(g, to), first, last, seen))
        store(mass, to, muladd(weight, x, load(mass, to)))


@part
def _advance(
    g: Ints,
    work: Floats,
    n: int,
    t: int,
    policy: Floats,
    first: int,
    last: int,
    seen: Any,
    note: bool,
    mass: Floats,
    taken: Floats,
) -> None:
    """Moves the mass at ``n`` on, weighed by what is observed of its phase and of those passed over.

    ``note``: counts what is taken.
    """
    x, zero, phase = load(mass, n), splat(0.0), at(g, sec.PHASE, n)
    decides, row = at(g, sec.KIND, n) == DECIDE, t * count(g, sec.BASE)
    none = _factor(phase, -1, first, last, seen)
    guard = at(g, sec.GUARD, n)
    if guard >= 0:
        active, to = load(work, guard) != zero, at(g, sec.PASS_TO, n)
        weight = splat(none * _missed(phase, _place(g, to), first, last, seen))
        store(mass, to, muladd(weight, select(active, zero, x), load(mass, to)))
        x = select(active, x, zero)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        done, weight = x, none
        if decides:
            done, action = x * load(policy, row + a), at(g, sec.ACTION_ID, a)
            weight = _factor(phase, action, first, last, seen)
            if note:
                place = t * taken.shape[1] + action
                store(taken, place, load(taken, place) + done)
        for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
            to = at(g, sec.TARGET, b)
            lost = splat(weight * _missed(phase, _place(g, to), first, last, seen))
            store(mass, to, muladd(lost, done * load(work, at(g, sec.PROB, b)), load(mass, to)))


@part
def _close(g: Ints, end_flags: Bits, first: int, last: int, seen: Any, mass: Floats, wrap: Floats) -> Any:
    """Takes the mass off the ends, weighed by the states observed; how much it is together."""
    together, zero = splat(0.0), splat(0.0)
    for e in range(count(g, sec.END_NODES)):
        weight = 1.0
        for o in range(first, last):
            if seen.event[o] >= 0:
                true = (end_flags[e] >> np.uint64(seen.event[o])) & np.uint64(1) != np.uint64(0)
                weight *= 1.0 - seen.error[o] if true else seen.error[o]
        x = splat(weight) * load(mass, at(g, sec.END_NODES, e))
        store(mass, at(g, sec.END_NODES, e), zero)
        store(wrap, e, x)
        together = together + x
    return together


@part
def _period(
    g: Ints,
    end_flags: Bits,
    work: Floats,
    t: int,
    policy: Floats,
    nodes: Ints,
    probs: Ints,
    first: int,
    last: int,
    seen: Any,
    note: bool,
    mass: Floats,
    source: Floats,
    sink: Floats,
    taken: Floats,
) -> Any:
    """Walks period ``t`` from the ends ``source`` of the one before to its own, ``sink``, weighed by observations
    ``first`` to ``last``; the mass that is left."""
    _begin(g, work, t, nodes, probs, first, last, seen, mass, source)
    zero = splat(0.0)
    for n in range(count(g, sec.KIND) - count(g, sec.END_NODES)):
        if which(load(mass, n) != zero) != 0:
            _advance(g, work, n, t, policy, first, last, seen, note, mass, taken)
            store(mass, n, zero)
    return _close(g, end_flags, first, last, seen, mass, sink)


@part
def _hold(g: Ints, end_flags: Bits, t: int, seen: Any, ends: Floats, held: Floats) -> None:
    """Counts how likely each state observed at ``t`` is."""
    for o in range(seen.ptr[t], seen.ptr[t + 1]):
        if seen.event[o] >= 0:
            for e in range(count(g, sec.END_NODES)):
                if (end_flags[e] >> np.uint64(seen.event[o])) & np.uint64(1) != np.uint64(0):
                    store(held, o, load(held, o) + load(ends, e))


@kernel
def _filter(
    g: Ints,
    end_flags: Bits,
    work: Floats,
    table: Floats,
    policy: Floats,
    nodes: Ints,
    probs: Ints,
    seen: Any,
    ahead: int,
    mass: Floats,
    wrap: Floats,
    spare: Floats,
    found: Any,
) -> None:
    """Fills ``found`` with likelihoods and probabilities; ``mass`` must be zeros and is left so.

    ``found.each`` gets the likelihood of the period's observations up to each.
    """
    last = len(seen.ptr) - 2
    while last >= 0 and seen.ptr[last] == seen.ptr[last + 1]:
        last -= 1
    for t in range(last + 1):
        gather(g, table, t, t == 0, work)
        low, high, target = seen.ptr[t], seen.ptr[t + 1], t + ahead - 1
        if ahead > 0 and target <= last and seen.ptr[target] < seen.ptr[target + 1]:
            for u in range(t, target + 1):
                if u > t:
                    gather(g, table, u, False, work)
                source = wrap if u == t else spare
                _period(
                    g,
                    end_flags,
                    work,
                    u,
                    policy,
                    nodes,
                    probs,
                    low,
                    low,
                    seen,
                    u == target,
                    mass,
                    source,
                    spare,
                    found.taken,
                )
            _hold(g, end_flags, target, seen, spare, found.held)
            if target > t:
                gather(g, table, t, False, work)
        for upto in range(low + 1 if ahead > 0 and high > low else high, high + 1):
            sink = wrap if upto == high else spare
            together = _period(
                g, end_flags, work, t, policy, nodes, probs, low, upto, seen, False, mass, wrap, sink, found.taken
            )
            if upto > low:
                store(found.each, upto - 1, together)
                if upto == high:
                    _scale(g, together, wrap)
                    store(found.period, t, together)


@part
def _scale(g: Ints, together: Any, wrap: Floats) -> None:
    """Makes the masses at the ends sum to one again."""
    zero = splat(0.0)
    for e in range(count(g, sec.END_NODES)):
        store(wrap, e, load(wrap, e) / select(together > zero, together, splat(1.0)))
