"""What was observed: how likely it was, and what was to be expected before it.

A forward pass in which mass is weighed by each observation (a filter); before each period's observations are
brought in, the same pass without them gives the forecast of that period. What comes after is in ``outlook``.
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
from foedus.solve.packed import MEMORY, Chain, section


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


class Sorted(NamedTuple):
    """Observations as kernels want them, sorted by period and by place in the turn: those of ``t`` are
    ``ptr[t]`` to ``ptr[t + 1]``."""

    ptr: Ints
    phase: Ints
    match: Any
    event: Ints
    error: Any


class _Room(NamedTuple):
    """What the filter works in: mass at the nodes of a period (zeros, and left so), at the ends of the last one, and at
    the ends of a walk made for a forecast only."""

    mass: Floats
    wrap: Floats
    spare: Floats


def hear(chain: Chain, start: Any, observed: ObservedArrays, ahead: int = 0) -> Heard:
    """The likelihood of observations, and the forecasts before them.

    An observed action counts 1 - error where it was taken and error where it was not, in
    whatever way (another action, the phase passed over, the game over). ``start`` is (nodes,
    coefficients, event bits).
    """
    graph, periods, many = chain.graph, chain.periods, len(observed.t)
    nodes, ends = len(section(graph, sec.KIND)), len(section(graph, sec.END_NODES))
    shapes = (many,), (periods, observed.match.shape[1]), (many,)
    heard = Heard(np.ones((periods, LANES)), *(np.zeros((*shape, LANES)) for shape in shapes))
    room = _Room(*(MEMORY.take(name, k, LANES) for name, k in (("mass", nodes), ("wrap", ends), ("spare", ends))))
    arrays, order = in_order(observed, periods)
    _filter(chain, MEMORY.work(graph), at_start(start), arrays, ahead, room, heard)
    each, held = _by_observation(heard.each, arrays.ptr, order), _unsorted(heard.held, order)
    with np.errstate(divide="ignore"):
        return heard._replace(period=np.log(heard.period), each=each, held=held)


def in_order(observed: ObservedArrays, periods: int) -> tuple[Sorted, Any]:
    """The observations by period and place in the turn, states last; and which one each of them is."""
    order = np.lexsort((np.where(observed.phase < 0, 1 << 30, observed.phase), observed.t))
    ptr = np.searchsorted(observed.t[order], np.arange(periods + 1)).astype(np.int32)
    return Sorted._make([ptr, *(part[order] for part in observed[1:])]), order


def at_start(start: Any) -> Any:
    """Where a game starts, as kernels want it: nodes, coefficients and event bits."""
    return np.array(start[0], np.int32), np.array(start[1], np.int32), np.array(start[2], np.uint64)


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
    with np.errstate(invalid="ignore", divide="ignore"):
        added = np.log(together) - np.log(before)
    return _unsorted(np.where(together > 0, added, -np.inf), order)


@part
def _missed(low: int, high: int, span: Any, observed: Any) -> float:
    """The weight of passing over all choices observed in phases between ``low`` and ``high``."""
    weight = 1.0
    for o in range(span[0], span[1]):
        if low < observed.phase[o] < high:
            weight *= observed.error[o]
    return weight


@part
def _factor(phase: int, action: int, span: Any, observed: Any) -> float:
    """The weight of taking public action ``action`` (-1: none) in ``phase``."""
    weight = 1.0
    for o in range(span[0], span[1]):
        if observed.phase[o] >= 0 and observed.phase[o] == phase:
            weight *= 1.0 - observed.error[o] if action >= 0 and observed.match[o, action] != 0 else observed.error[o]
    return weight


@part
def _place(g: Ints, to: int) -> int:
    """Where in the turn a node stands: its phase, or after all phases."""
    return 1 << 30 if at(g, sec.KIND, to) == END else at(g, sec.PHASE, to)


@part
def _begin(graph: Any, work: Floats, t: int, start: Any, span: Any, observed: Any, ends: Any, avoid: Any) -> None:
    """Puts mass on the first nodes of period ``t``, weighed by what it has passed over already."""
    nodes, probs, flags = start
    g, mass, wrap = graph.packed, ends[0], ends[1]
    for k in range(len(nodes) if t == 0 else count(g, sec.END_NODES)):
        if (flags[k] if t == 0 else graph.start_flags[k]) & avoid != np.uint64(0):
            continue
        if t == 0:
            to, c = int(nodes[k]), int(probs[k])
            x = load(work, c if c >= 0 else count(g, sec.OFFSET))
        else:
            to, x = at(g, sec.END_TO, k), load(wrap, k)
        weight = splat(_missed(-1, _place(g, to), span, observed))
        store(mass, to, muladd(weight, x, load(mass, to)))


@part
def _advance(
    chain: Any, work: Floats, n: int, t: int, span: Any, observed: Any, how: Any, mass: Floats, taken: Floats
) -> None:
    """Moves the mass at ``n`` on, weighed by what is observed of its phase and of those passed over.

    ``how`` are (whether to count what is taken, the events whose mass is dropped when they are seen).
    """
    g, (note, avoid) = chain.graph.packed, how
    x, zero, phase = load(mass, n), splat(0.0), at(g, sec.PHASE, n)
    decides, row = at(g, sec.KIND, n) == DECIDE, t * count(g, sec.BASE)
    none = _factor(phase, -1, span, observed)
    guard = at(g, sec.GUARD, n)
    if guard >= 0:
        active, to = load(work, guard) != zero, at(g, sec.PASS_TO, n)
        weight = splat(none * _missed(phase, _place(g, to), span, observed))
        store(mass, to, muladd(weight, select(active, zero, x), load(mass, to)))
        x = select(active, x, zero)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        done, weight = x, none
        if decides:
            done, action = x * load(chain.policy, row + a), at(g, sec.ACTION_ID, a)
            weight = _factor(phase, action, span, observed)
            if note:
                place = t * taken.shape[1] + action
                store(taken, place, load(taken, place) + done)
        for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
            if chain.graph.flags[b] & avoid != np.uint64(0):
                continue
            # A branch may lead past phases (they are shut, or the game is over): what was observed in these is missed.
            to = at(g, sec.TARGET, b)
            lost = splat(weight * _missed(phase, _place(g, to), span, observed))
            store(mass, to, muladd(lost, done * load(work, at(g, sec.PROB, b)), load(mass, to)))


@part
def _close(g: Ints, end_flags: Bits, span: Any, observed: Any, mass: Floats, wrap: Floats) -> Any:
    """Takes the mass off the ends, weighed by the states observed; how much it is together."""
    together, zero = splat(0.0), splat(0.0)
    for e in range(count(g, sec.END_NODES)):
        weight = 1.0
        for o in range(span[0], span[1]):
            if observed.event[o] >= 0:
                true = (end_flags[e] >> np.uint64(observed.event[o])) & np.uint64(1) != np.uint64(0)
                weight *= 1.0 - observed.error[o] if true else observed.error[o]
        x = splat(weight) * load(mass, at(g, sec.END_NODES, e))
        store(mass, at(g, sec.END_NODES, e), zero)
        store(wrap, e, x)
        together = together + x
    return together


@part
def walk_period(
    chain: Any, work: Floats, t: int, start: Any, span: Any, observed: Any, how: Any, ends: Any, taken: Floats
) -> Any:
    """Walks period ``t``, weighed by the observations of ``span`` (from, to); the mass that is left.

    ``ends`` are (mass at the nodes, at the ends of the period before, at its own ends). ``how`` as in ``_advance``.
    """
    g, mass, zero = chain.graph.packed, ends[0], splat(0.0)
    _begin(chain.graph, work, t, start, span, observed, ends, how[1])
    for n in range(count(g, sec.KIND) - count(g, sec.END_NODES)):
        if which(load(mass, n) != zero) != 0:
            _advance(chain, work, n, t, span, observed, how, mass, taken)
            store(mass, n, zero)
    return _close(g, chain.graph.end_flags, span, observed, mass, ends[2])


@part
def scale_to_one(g: Ints, together: Any, wrap: Floats) -> None:
    """The mass left at the ends is the likelihood of what was observed so far; scaled to one, it is the distribution over
    states given all of it, and stays so over any number of observations."""
    total = select(together > splat(0.0), together, splat(1.0))
    for e in range(count(g, sec.END_NODES)):
        store(wrap, e, load(wrap, e) / total)


@part
def _hold(g: Ints, end_flags: Bits, t: int, observed: Any, ends: Floats, held: Floats) -> None:
    """Counts how likely each state observed at ``t`` is."""
    for o in range(observed.ptr[t], observed.ptr[t + 1]):
        if observed.event[o] >= 0:
            for e in range(count(g, sec.END_NODES)):
                if (end_flags[e] >> np.uint64(observed.event[o])) & np.uint64(1) != np.uint64(0):
                    store(held, o, load(held, o) + load(ends, e))


@part
def _forecast(chain: Any, work: Floats, t: int, target: int, start: Any, observed: Any, room: Any, heard: Any) -> None:
    """Walks from period ``t`` to ``target`` without observations and counts what is taken and holds there."""
    g, nothing = chain.graph.packed, (observed.ptr[t], observed.ptr[t])
    for u in range(t, target + 1):
        if u > t:
            gather(g, chain.table, u, False, work)
        source = room.wrap if u == t else room.spare
        how = u == target, np.uint64(0)
        walk_period(chain, work, u, start, nothing, observed, how, (room.mass, source, room.spare), heard.taken)
    _hold(g, chain.graph.end_flags, target, observed, room.spare, heard.held)
    if target > t:  # back to the coefficients of ``t``
        gather(g, chain.table, t, False, work)


@kernel
def _filter(chain: Any, work: Floats, start: Any, observed: Any, ahead: int, room: Any, heard: Any) -> None:
    """Fills ``heard`` with likelihoods and probabilities; ``heard.each`` gets the likelihood of the period's
    observations up to each."""
    g = chain.graph.packed
    last = len(observed.ptr) - 2
    while last >= 0 and observed.ptr[last] == observed.ptr[last + 1]:  # nothing is observed after it
        last -= 1
    for t in range(last + 1):
        gather(g, chain.table, t, t == 0, work)
        low, high, target = observed.ptr[t], observed.ptr[t + 1], t + ahead - 1
        if ahead > 0 and target <= last and observed.ptr[target] < observed.ptr[target + 1]:
            _forecast(chain, work, t, target, start, observed, room, heard)
        # With the first observation of the period, with the first two, ... : each walk starts anew from the period's
        # start, and only the one with all of them moves the mass on. Without ``ahead`` only that one is needed.
        for upto in range(low + 1 if ahead > 0 and high > low else high, high + 1):
            sink = room.wrap if upto == high else room.spare
            ends, how = (room.mass, room.wrap, sink), (False, np.uint64(0))
            together = walk_period(chain, work, t, start, (low, upto), observed, how, ends, heard.taken)
            if upto > low:
                store(heard.each, upto - 1, together)
                if upto == high:
                    scale_to_one(g, together, room.wrap)
                    store(heard.period, t, together)
