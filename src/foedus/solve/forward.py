"""The forward pass: the exact distribution over states, with monitors of what has been seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Bits, Bools, Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, LANES
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, load, log2_of, muladd, select, splat, store, which
from foedus.solve.nodes import add_up, gather, payment
from foedus.solve.packed import MEMORY, Chain, section


class Columns(NamedTuple):
    """Monitors, one entry a column; the first is plain (no event) and starts with all the mass.

    A column's mass leaves it when its event is seen in a period from ``first`` to ``last``;
    it is counted and goes to column ``follow`` (-1: out). ``entry`` columns start with the
    initial mass; ``full`` numbers those that keep account of actions, payments and events
    at the period's end (-1: not).
    """

    event: Ints
    first: Ints
    last: Ints
    follow: Ints
    entry: Bools
    full: Ints


class Forward(NamedTuple):
    """What a forward pass counts; the last dim is the lane.

    ``hit`` [columns, periods]; ``taken`` [full, periods, actions]; ``decided`` [full, periods,
    phases]; ``pays`` [full, objectives] (discounted); ``end_event`` [full, periods, events];
    ``visits`` of period ends, and of the stage values paid there, less those of the first
    (``shift`` [actors]), the sums ``stage`` [actors] and ``product`` [actors, actors], of which
    the second actor is not after the first; ``entropy`` and ``choices`` [actors] (bits, and how
    many choices).
    """

    hit: Floats
    taken: Floats
    decided: Floats
    pays: Floats
    end_event: Floats
    visits: Floats
    shift: Floats
    stage: Floats
    product: Floats
    entropy: Floats
    choices: Floats


class _Monitors(NamedTuple):
    """Columns as the kernel wants them: ``watch`` and ``active`` are filled as it goes."""

    event: Ints
    first: Ints
    last: Ints
    follow: Ints
    entry: Ints
    full: Ints  # [full] the column of each
    watch: Bits  # the event that each column waits for in this period
    active: Ints  # columns with mass at the node


class _Room(NamedTuple):
    """What a walk works in, zeros at first."""

    mass: Floats  # [nodes, columns, LANES] of this period, left zeros
    wrap: Floats  # [ends, columns, LANES] the mass at the ends of the last period
    flow: Floats  # [full + 1, lists, LANES] how often each list of payments was due; the last: at periods' ends
    rest: Floats  # [actors, LANES] discounts; ones at first


def forward(chain: Chain, columns: Columns, start: Any, sizes: tuple[int, int, int], entropy: bool = False) -> Forward:
    """Walks the game forward over the chain's periods under its policy.

    ``start`` is (nodes, coefficients, event bits); ``sizes`` are the numbers of public actions, phases and events.
    """
    graph, periods = chain.graph, chain.periods
    many, fulls = len(columns.event), int(columns.full.max()) + 1
    actions, phases, events = (max(size, 1) for size in sizes)
    lengths = (len(section(graph, which)) for which in (sec.PATIENCE, sec.END_NODES, sec.OBJ_ACTOR, sec.LIST_PTR))
    actors, ends, objectives, lists = lengths
    by_period = (many, periods), (fulls, periods, actions), (fulls, periods, phases)
    shapes = (
        *by_period,
        (fulls, max(objectives, 1)),
        (fulls, periods, events),
        (),
        (actors,),
        (actors,),
        (actors, actors),
    )
    result = Forward(*(np.zeros((*shape, LANES)) for shape in (*shapes, (actors,), (actors,))))
    order = np.argsort(np.where(columns.full < 0, many, columns.full), kind="stable")[:fulls]
    event, first, last, follow, entry, full = (np.array(part, np.int32) for part in (*columns[:5], order))
    watch, active = np.zeros(many, np.uint64), np.zeros(many, np.int32)
    monitors = _Monitors(event, first, last, follow, entry, full, watch, active)
    begin = np.array(start[0], np.int32), np.array(start[1], np.int32), np.array(start[2], np.uint64)
    nodes = len(section(graph, sec.KIND))
    mass, wrap = MEMORY.take("mass", nodes, many, LANES), MEMORY.take("wrap", ends, many, LANES)
    room = _Room(mass, wrap, np.zeros((fulls + 1, lists, LANES)), np.ones((actors, LANES)))
    _walk(chain, MEMORY.work(graph), monitors, begin, entropy, room, result)
    return result


@part
def _watch(t: int, monitors: Any) -> Any:
    """Notes the events that columns wait for at ``t``; all of them together."""
    care = np.uint64(0)
    for m in range(len(monitors.event)):
        bit = np.uint64(0)
        if monitors.event[m] >= 0 and monitors.first[m] <= t <= monitors.last[m]:
            bit = np.uint64(1) << np.uint64(monitors.event[m])
        monitors.watch[m] = bit
        care |= bit
    return care


@part
def _land(m: int, t: int, flags: Any, x: Any, to: int, monitors: Any, mass: Floats, hit: Floats) -> None:
    """Adds mass ``x`` of column ``m`` to node ``to``, after a look at the events there.

    A column whose event is there hands its mass on to the one that follows it, which looks in its turn: "after A, B"
    holds where both are seen at once.
    """
    while m >= 0 and flags & monitors.watch[m] != np.uint64(0):
        store(hit, m * hit.shape[1] + t, load(hit, m * hit.shape[1] + t) + x)
        m = int(monitors.follow[m])
    if m >= 0:
        row = to * len(monitors.event) + m
        store(mass, row, load(mass, row) + x)


@part
def _enter(g: Ints, work: Floats, monitors: Any, start: Any, mass: Floats, hit: Floats) -> None:
    """Puts the initial mass on the start nodes, every entry column looking at them."""
    nodes, probs, flags = start
    for k in range(len(nodes)):
        c = int(probs[k])
        x = load(work, c if c >= 0 else count(g, sec.OFFSET))
        for m in range(len(monitors.event)):
            if monitors.entry[m] != 0:
                _land(m, 0, flags[k], x, int(nodes[k]), monitors, mass, hit)


@part
def _turn(g: Ints, t: int, start_flags: Bits, monitors: Any, room: Any, hit: Floats) -> None:
    """Moves the mass at the ends of the last period to the starts of period ``t``."""
    many, zero = len(monitors.event), splat(0.0)
    for e in range(count(g, sec.END_NODES)):
        for m in range(many):
            x = load(room.wrap, e * many + m)
            if which(x != zero) != 0:
                _land(m, t, start_flags[e], x, at(g, sec.END_TO, e), monitors, room.mass, hit)


@part
def _find(n: int, monitors: Any, mass: Floats) -> int:
    """Lists the columns that have mass at ``n``; how many."""
    many, active = len(monitors.event), 0
    for m in range(many):
        if which(load(mass, n * many + m) != splat(0.0)) != 0:
            monitors.active[active] = m
            active += 1
    return active


@part
def _pass(n: int, to: int, opened: Any, active: int, monitors: Any, mass: Floats) -> None:
    """Lets the mass at ``n`` pass on to ``to`` in the lanes where the phase is shut."""
    many, zero = len(monitors.event), splat(0.0)
    for k in range(active):
        m = int(monitors.active[k])
        x = load(mass, n * many + m)
        store(mass, to * many + m, load(mass, to * many + m) + select(opened, zero, x))
        store(mass, n * many + m, select(opened, x, zero))


@part
def _surprise(g: Ints, work: Floats, n: int, row: int, x: Any, policy: Floats, out: Any) -> None:
    """Adds the entropy of a free choice at ``n``, made with probability ``x``, in bits."""
    zero, one = splat(0.0), splat(1.0)
    options, bits, free = zero, zero, one
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        there = load(work, at(g, sec.MASK, a)) != zero
        options = options + select(there & (load(work, at(g, sec.BASE, a)) > zero), one, zero)
        if at(g, sec.FORCE, a) >= 0:
            free = select(there & (load(work, at(g, sec.FORCE, a)) != zero), zero, free)
        p = load(policy, row + a)
        bits = bits + select(p > splat(1e-300), p * log2_of(p), zero)
    counted = select((options > one) & (free > zero), x, zero)
    j = at(g, sec.MOVER, n)
    store(out.entropy, j, load(out.entropy, j) - counted * bits)
    store(out.choices, j, load(out.choices, j) + counted)


@part
def _count(row: int, n: int, p: Any, monitors: Any, mass: Floats, into: Floats, stride: int) -> None:
    """Adds ``p`` of the mass at ``n``, in each full column, to row ``row`` of its account."""
    many = len(monitors.event)
    for f in range(len(monitors.full)):
        x = load(mass, n * many + int(monitors.full[f]))
        store(into, f * stride + row, muladd(p, x, load(into, f * stride + row)))


@part
def _move(g: Ints, flags: Bits, step: Any, care: Any, p: Any, monitors: Any, mass: Floats, hit: Floats) -> None:
    """Moves ``p`` of the mass along a ``step`` (period, node, branch, how many columns have mass), each column looking
    at the state landed in."""
    t, n, b, active = step
    many, to = len(monitors.event), at(g, sec.TARGET, b)
    plain = flags[b] & care == np.uint64(0)  # nothing that any column waits for: most branches, kept quick
    for k in range(active):
        m = int(monitors.active[k])
        x = load(mass, n * many + m)
        if plain:
            store(mass, to * many + m, muladd(p, x, load(mass, to * many + m)))
        else:
            _land(m, t, flags[b], p * x, to, monitors, mass, hit)


@part
def _act(chain: Any, work: Floats, n: int, t: int, care: Any, active: int, monitors: Any, room: Any, out: Any) -> None:
    """Moves the mass at ``n`` on: through the choice made there, and nature's branches."""
    g, mass = chain.graph.packed, room.mass
    decides, row, lists = at(g, sec.KIND, n) == DECIDE, t * count(g, sec.BASE), count(g, sec.LIST_PTR)
    public, zero = out.taken.shape[2], splat(0.0)
    for a in range(at(g, sec.A_PTR, n), at(g, sec.A_PTR, n + 1)):
        taken = splat(1.0)
        if decides:
            taken = load(chain.policy, row + a)
            if which(taken != zero) == 0:
                continue
            act, stride = t * public + at(g, sec.ACTION_ID, a), out.taken.shape[1] * public
            _count(act, n, taken, monitors, mass, out.taken, stride)
        if at(g, sec.A_LIST, a) >= 0:
            _count(at(g, sec.A_LIST, a), n, taken, monitors, mass, room.flow, lists)
        for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
            p = taken * load(work, at(g, sec.PROB, b))
            if at(g, sec.B_LIST, b) >= 0:
                _count(at(g, sec.B_LIST, b), n, p, monitors, mass, room.flow, lists)
            _move(g, chain.graph.flags, (t, n, b, active), care, p, monitors, mass, out.hit)


@part
def _end(g: Ints, end_flags: Bits, t: int, monitors: Any, room: Any, out: Any) -> None:
    """Counts events at the period's end and what is paid there, and takes the mass off the ends."""
    many, lists, events = len(monitors.event), count(g, sec.LIST_PTR), out.end_event.shape[2]
    fulls, zero, one, mass, flow = len(monitors.full), splat(0.0), splat(1.0), room.mass, room.flow
    for e in range(count(g, sec.END_NODES)):
        n = at(g, sec.END_NODES, e)
        x = load(mass, n * many)
        if which(x != zero) != 0:
            due = at(g, sec.A_LIST, at(g, sec.A_PTR, n))
            stage = fulls * lists + (due if due >= 0 else lists - 1)  # the last list: nothing is paid
            store(flow, stage, load(flow, stage) + x)
            if due >= 0:
                _count(due, n, one, monitors, mass, flow, lists)
            for v in range(events):
                if (end_flags[e] >> np.uint64(v)) & np.uint64(1) != np.uint64(0):
                    _count(t * events + v, n, one, monitors, mass, out.end_event, out.end_event.shape[1] * events)
        for m in range(many):
            store(room.wrap, e * many + m, load(mass, n * many + m))
            store(mass, n * many + m, zero)


@part
def _pay(g: Ints, work: Floats, fulls: int, flow: Floats, rest: Floats, pays: Floats) -> None:
    """Turns how often each list of payments was due into payments, discounted, and starts anew."""
    lists, objectives, zero = count(g, sec.LIST_PTR), pays.shape[1], splat(0.0)
    for f in range(fulls):
        for k in range(lists - 1):
            x = load(flow, f * lists + k)
            if which(x != zero) != 0:
                for c in range(at(g, sec.LIST_PTR, k), at(g, sec.LIST_PTR, k + 1)):
                    o = at(g, sec.PAY_OBJ, c)
                    amount = load(work, at(g, sec.PAY_COEF, c)) * load(rest, at(g, sec.OBJ_ACTOR, o))
                    store(pays, f * objectives + o, muladd(x, amount, load(pays, f * objectives + o)))
                store(flow, f * lists + k, zero)


@part
def _correlate(g: Ints, work: Floats, first: bool, fulls: int, flow: Floats, out: Any) -> None:
    """Adds the stage values of the period's ends to the sums that correlations are made of.

    They are counted from that of the first end (``shift``): a correlation of large numbers that hardly vary stays exact.
    """
    actors, lists, zero = count(g, sec.PATIENCE), count(g, sec.LIST_PTR), splat(0.0)
    if first:
        due = at(g, sec.A_LIST, at(g, sec.A_PTR, at(g, sec.END_NODES, 0)))
        for i in range(actors):
            store(out.shift, i, payment(g, work, due, i))
    for k in range(lists):
        x = load(flow, fulls * lists + k)
        if which(x != zero) != 0:
            pays = k if k < lists - 1 else -1  # the last list: nothing is paid
            store(out.visits, 0, load(out.visits, 0) + x)
            for i in range(actors):
                mine = x * (payment(g, work, pays, i) - load(out.shift, i))
                store(out.stage, i, load(out.stage, i) + mine)
                for j in range(i + 1):
                    theirs = payment(g, work, pays, j) - load(out.shift, j)
                    store(out.product, i * actors + j, muladd(mine, theirs, load(out.product, i * actors + j)))
            store(flow, fulls * lists + k, zero)


@kernel
def _walk(chain: Any, work: Floats, monitors: Any, start: Any, entropy: bool, room: Any, out: Any) -> None:
    """Fills ``out``. Within a period every target comes after its source, so one sweep over the nodes carries all mass
    from the period's start to its ends."""
    graph, g, mass = chain.graph, chain.graph.packed, room.mass
    many, fulls, zero = len(monitors.event), len(monitors.full), splat(0.0)
    for t in range(chain.periods):
        gather(g, chain.table, t, t == 0, work)
        add_up(g, work)
        care = _watch(t, monitors)
        if t == 0:
            _enter(g, work, monitors, start, mass, out.hit)
        else:
            _turn(g, t, graph.start_flags, monitors, room, out.hit)
        for n in range(count(g, sec.KIND) - count(g, sec.END_NODES)):
            # Column 0 starts with all mass and never loses any: where it has none, no column has.
            if which(load(mass, n * many) != zero) == 0:
                continue
            active = _find(n, monitors, mass)
            if at(g, sec.GUARD, n) >= 0:
                _pass(n, at(g, sec.PASS_TO, n), load(work, at(g, sec.GUARD, n)) != zero, active, monitors, mass)
            if at(g, sec.KIND, n) == DECIDE:
                phase, stride = (
                    t * out.decided.shape[2] + at(g, sec.PHASE, n),
                    out.decided.shape[1] * out.decided.shape[2],
                )
                _count(phase, n, splat(1.0), monitors, mass, out.decided, stride)
                if entropy:
                    _surprise(g, work, n, t * count(g, sec.BASE), load(mass, n * many), chain.policy, out)
            _act(chain, work, n, t, care, active, monitors, room, out)
            for k in range(active):
                store(mass, n * many + int(monitors.active[k]), zero)
        _end(g, graph.end_flags, t, monitors, room, out)
        _pay(g, work, fulls, room.flow, room.rest, out.pays)
        _correlate(g, work, t == 0, fulls, room.flow, out)
        for i in range(count(g, sec.PATIENCE)):
            store(room.rest, i, load(room.rest, i) * load(work, at(g, sec.PATIENCE, i)))
