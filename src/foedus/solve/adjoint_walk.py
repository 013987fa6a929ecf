"""Derivatives of the walk forward in all its coefficients and choice probabilities at once: its adjoint.

See ``solve.adjoint``. One world at a time, in plain doubles.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Bits, Bools, Floats, Ints
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END
from foedus.solve.adjoint_worth import gain, gain_paid, now, of_action, of_branch, paid, shut


class Monitors(NamedTuple):
    """Columns of a forward pass, as in ``solve.forward.Columns``; ``bit`` holds each one's event (0: none).

    ``pair`` are the two actors whose stage values are correlated (-1: none), ``shift`` [2] what is taken off these.
    """

    bit: Bits
    first: Ints
    last: Ints
    follow: Ints
    entry: Bools
    full: Ints
    pair: Ints
    shift: Floats


class Counts(NamedTuple):
    """What a walk counts in one world, or the weight of each count in a number: see ``solve.forward.Forward``."""

    hit: Floats  # [columns, periods]
    taken: Floats  # [full, periods, actions]
    decided: Floats  # [full, periods, phases]
    pays: Floats  # [full, objectives]
    end_event: Floats  # [full, periods, events]
    moments: Floats  # [6] of the pair at periods' ends: visits, sums u and v, and of u u, v v and u v


class Walk(NamedTuple):
    """One world's walk under ``policy`` [periods, actions] from ``start`` (nodes, coefficients, flags): ``mass`` [periods,
    nodes, columns] is what arrives at each node (zeros at first), ``rest`` [periods, actors] are the discounts."""

    policy: Floats
    monitors: Monitors
    start: tuple[Any, Any, Any]
    mass: Floats
    rest: Floats


class Bars(NamedTuple):
    """What a number gains by each coefficient [rows], choice probability [periods, actions] and discount [periods, actors]."""

    table: Floats
    policy: Floats
    rest: Floats


@part
def waits(monitors: Any, m: int, t: int, flags: Any) -> bool:
    """Whether column ``m`` waits in period ``t`` for something that holds where it lands."""
    return m >= 0 and monitors.first[m] <= t <= monitors.last[m] and flags & monitors.bit[m] != np.uint64(0)


@part
def land(monitors: Any, m: int, t: int, flags: Any, x: float, to: int, mass: Floats, hit: Floats) -> None:
    """Adds mass ``x`` of column ``m`` to node ``to``, after a look at what holds there."""
    while waits(monitors, m, t, flags):
        hit[m, t] += x
        m = monitors.follow[m]
    if m >= 0:
        mass[t, to, m] += x


@part
def landing(monitors: Any, m: int, t: int, flags: Any, to: int, later: Floats, hit: Floats) -> float:
    """What a unit of mass of column ``m`` that lands on ``to`` is worth."""
    total = 0.0
    while waits(monitors, m, t, flags):
        total += hit[m, t]
        m = monitors.follow[m]
    return total + later[to, m] if m >= 0 else total


@part
def _count_pays(g: Any, table: Floats, t: int, pays: Any, x: float, f: int, rest: Floats, out: Any) -> None:
    for k in range(pays[0], pays[1]):
        o = g.pay_obj[k]
        out.pays[f, o] += x * now(g, table, g.pay_coef[k], t) * rest[t, g.obj_actor[o]]


@part
def staged(g: Any, table: Floats, t: int, n: int, k: int, monitors: Any) -> Any:
    """The stage value of actor ``k`` of the pair at the period's end ``n``, less the shift."""
    a = g.a_ptr[n]
    return paid(g, table, t, of_action(g, a), monitors.pair[k]) - monitors.shift[k]


@part
def _count_pair(g: Any, table: Floats, t: int, n: int, x: float, monitors: Any, moments: Floats) -> None:
    u, v = staged(g, table, t, n, 0, monitors), staged(g, table, t, n, 1, monitors)
    moments[0] += x
    moments[1] += x * u
    moments[2] += x * v
    moments[3] += x * u * u
    moments[4] += x * v * v
    moments[5] += x * u * v


@part
def _pair_back(g: Any, table: Floats, t: int, n: int, x: float, monitors: Any, w: Floats, bar: Floats) -> float:
    """What a unit of mass at the period's end ``n`` is worth in the moments; mass ``x`` is there."""
    u, v, a = staged(g, table, t, n, 0, monitors), staged(g, table, t, n, 1, monitors), g.a_ptr[n]
    gain_paid(g, bar, t, of_action(g, a), monitors.pair[0], x * (w[1] + 2.0 * w[3] * u + w[5] * v))
    gain_paid(g, bar, t, of_action(g, a), monitors.pair[1], x * (w[2] + 2.0 * w[4] * v + w[5] * u))
    return w[0] + w[1] * u + w[2] * v + w[3] * u * u + w[4] * v * v + w[5] * u * v  # type: ignore[no-any-return]


@part
def _close(g: Any, table: Floats, t: int, last: bool, end: Any, m: int, x: float, walk: Any, out: Any) -> None:
    """Counts mass ``x`` of column ``m`` at the period's ``end`` (node, number), and moves it to the next period."""
    n, e = end
    a, f = g.a_ptr[n], walk.monitors.full[m]
    if m == 0 and walk.monitors.pair[0] >= 0:
        _count_pair(g, table, t, n, x, walk.monitors, out.moments)
    if f >= 0:
        _count_pays(g, table, t, of_action(g, a), x, f, walk.rest, out)
        for v in range(out.end_event.shape[2]):
            if (g.end_flags[e] >> np.uint64(v)) & np.uint64(1) != np.uint64(0):
                out.end_event[f, t, v] += x
    if not last:
        b = g.b_ptr[a]
        land(walk.monitors, m, t + 1, g.flags[b], x, g.target[b], walk.mass, out.hit)


@part
def _act(g: Any, table: Floats, n: int, t: int, m: int, x: float, walk: Any, out: Any) -> None:
    """Moves mass ``x`` of column ``m`` at node ``n`` on: through the choice made there, and nature's branches."""
    decides, f = g.kind[n] == DECIDE, walk.monitors.full[m]
    if decides and f >= 0:
        out.decided[f, t, g.phase[n]] += x
    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
        y = x * walk.policy[t, a] if decides else x
        if y == 0.0:
            continue
        if f >= 0:
            if decides:
                out.taken[f, t, g.action_id[a]] += y
            _count_pays(g, table, t, of_action(g, a), y, f, walk.rest, out)
        for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
            z = y * now(g, table, g.prob[0, b], t)
            if f >= 0:
                _count_pays(g, table, t, of_branch(g, b), z, f, walk.rest, out)
            land(walk.monitors, m, t, g.flags[b], z, g.target[b], walk.mass, out.hit)


@kernel
def walk_forward(g: Any, table: Floats, periods: int, walk: Any, out: Any) -> None:
    """Walks one world forward, fills the ``mass`` and ``rest`` of its walk and counts into ``out``."""
    monitors, start, mass, rest = walk.monitors, walk.start, walk.mass, walk.rest
    for k in range(len(start[0])):
        for m in range(len(monitors.bit)):
            if monitors.entry[m]:
                land(monitors, m, 0, start[2][k], now(g, table, start[1][k], 0), start[0][k], mass, out.hit)
    rest[0] = 1.0
    if monitors.pair[0] >= 0:
        # Moments are taken about the first stage values seen: a correlation of large numbers that hardly vary stays exact.
        for k in range(2):
            monitors.shift[k] = 0.0
            monitors.shift[k] = staged(g, table, 0, g.end_nodes[0], k, monitors)
    for t in range(periods):
        if t > 0:
            for i in range(len(g.patience)):
                rest[t, i] = rest[t - 1, i] * now(g, table, g.patience[i], t - 1)
        ends = 0
        for n in range(len(g.kind)):
            for m in range(len(monitors.bit)):
                x = mass[t, n, m]
                if x == 0.0:
                    continue
                if g.kind[n] == END:
                    _close(g, table, t, t == periods - 1, (n, ends), m, x, walk, out)
                elif shut(g, table, n, t):
                    mass[t, g.pass_to[n], m] += x
                else:
                    _act(g, table, n, t, m, x, walk, out)
            if g.kind[n] == END:
                ends += 1


@part
def _pays_back(g: Any, table: Floats, t: int, pays: Any, x: float, f: int, rest: Floats, seed: Any, bars: Any) -> float:
    """What a unit of mass earns of payments; mass ``x`` earns it, which the payments' coefficients are credited with."""
    total = 0.0
    if f < 0:
        return total
    for k in range(pays[0], pays[1]):
        o = g.pay_obj[k]
        i, w = g.obj_actor[o], seed.pays[f, o]
        if w != 0.0:
            amount = now(g, table, g.pay_coef[k], t)
            total += w * amount * rest[t, i]
            gain(g, bars.table, g.pay_coef[k], t, x * w * rest[t, i])
            bars.rest[t, i] += x * w * amount
    return total


@part
def _act_back(g: Any, table: Floats, n: int, t: int, m: int, walk: Any, seed: Any, later: Floats, bars: Any) -> float:
    """What a unit of mass of column ``m`` at node ``n`` is worth, given what it is worth ``later``.

    The count is sum over paths of mass x policy x odds x what is counted: by a choice probability it gains the mass at
    the node times what a unit is worth after the action, by odds that mass times the choice times what follows.
    """
    decides, f, x = g.kind[n] == DECIDE, walk.monitors.full[m], walk.mass[t, n, m]
    total = seed.decided[f, t, g.phase[n]] if decides and f >= 0 else 0.0
    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
        taken = walk.policy[t, a] if decides else 1.0
        act = seed.taken[f, t, g.action_id[a]] if decides and f >= 0 else 0.0
        act += _pays_back(g, table, t, of_action(g, a), x * taken, f, walk.rest, seed, bars)
        for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
            p = now(g, table, g.prob[0, b], t)
            then = _pays_back(g, table, t, of_branch(g, b), x * taken * p, f, walk.rest, seed, bars)
            then += landing(walk.monitors, m, t, g.flags[b], g.target[b], later, seed.hit)
            gain(g, bars.table, g.prob[0, b], t, x * taken * then)
            act += p * then
        if decides:
            bars.policy[t, a] += x * act
        total += taken * act
    return total


@part
def _ends_back(g: Any, table: Floats, t: int, walk: Any, seed: Any, later: Floats, bars: Any) -> None:
    """What a unit of mass is worth at the ends of period ``t``; ``later`` holds what was carried over from the next."""
    monitors = walk.monitors
    for e in range(len(g.end_nodes)):
        n = g.end_nodes[e]
        for m in range(len(monitors.bit)):
            f, x, pays = monitors.full[m], walk.mass[t, n, m], of_action(g, g.a_ptr[n])
            total = later[n, m] + _pays_back(g, table, t, pays, x, f, walk.rest, seed, bars)
            if m == 0 and monitors.pair[0] >= 0:
                total += _pair_back(g, table, t, n, x, monitors, seed.moments, bars.table)
            if f >= 0:
                for v in range(seed.end_event.shape[2]):
                    if (g.end_flags[e] >> np.uint64(v)) & np.uint64(1) != np.uint64(0):
                        total += seed.end_event[f, t, v]
            later[n, m] = total


@kernel
def walk_back(
    g: Any, table: Floats, periods: int, walk: Any, seed: Any, later: Floats, held: Floats, bars: Any
) -> None:
    """The adjoint of ``walk_forward``: from the weight of each count in a number, ``seed``, adds to ``bars`` what
    coefficients and choice probabilities are worth.

    It goes through periods and nodes the other way round. ``later`` [nodes, columns] and ``held`` [ends, columns] are
    room; the bars of discounts start as zeros.
    """
    monitors, rest = walk.monitors, walk.rest
    for t in range(periods - 1, -1, -1):
        # Read all of the next period's starts before the ends of this one are written over them.
        for e in range(len(g.end_nodes)):
            b = g.b_ptr[g.a_ptr[g.end_nodes[e]]]
            for m in range(len(monitors.bit)):
                held[e, m] = 0.0
                if t < periods - 1:
                    held[e, m] = landing(monitors, m, t + 1, g.flags[b], g.target[b], later, seed.hit)
        for e in range(len(g.end_nodes)):
            for m in range(len(monitors.bit)):
                later[g.end_nodes[e], m] = held[e, m]
        _ends_back(g, table, t, walk, seed, later, bars)
        for n in range(len(g.kind) - len(g.end_nodes) - 1, -1, -1):
            if g.first_t[n] > t:
                continue
            closed = shut(g, table, n, t)
            for m in range(len(monitors.bit)):
                if closed:
                    later[n, m] = later[g.pass_to[n], m]
                else:
                    later[n, m] = _act_back(g, table, n, t, m, walk, seed, later, bars)
    for k in range(len(walk.start[0])):
        for m in range(len(monitors.bit)):
            if monitors.entry[m]:
                worth = landing(monitors, m, 0, walk.start[2][k], walk.start[0][k], later, seed.hit)
                gain(g, bars.table, walk.start[1][k], 0, worth)
    # rest[t] = rest[t - 1] x patience[t - 1]: from the last discount to the first.
    for t in range(periods - 1, 0, -1):
        for i in range(len(g.patience)):
            gain(g, bars.table, g.patience[i], t - 1, bars.rest[t, i] * rest[t - 1, i])
            bars.rest[t - 1, i] += bars.rest[t, i] * now(g, table, g.patience[i], t - 1)


@kernel
def reach(
    g: Any, table: Floats, periods: int, bit: Any, mover: int, most: bool, later: Floats, held: Floats, policy: Floats
) -> None:
    """Puts ``mover`` in ``policy`` on the actions that make an event most (or least) likely; see ``solve.reach``.

    ``later`` [nodes] and ``held`` [ends] are room.
    """
    for t in range(periods - 1, -1, -1):
        for e in range(len(g.end_nodes)):
            b = g.b_ptr[g.a_ptr[g.end_nodes[e]]]
            held[e] = 0.0
            if t < periods - 1:
                held[e] = 1.0 if g.flags[b] & bit != np.uint64(0) else later[g.target[b]]
        for e in range(len(g.end_nodes)):
            later[g.end_nodes[e]] = held[e]
        for n in range(len(g.kind) - len(g.end_nodes) - 1, -1, -1):
            if g.first_t[n] > t:
                continue
            decides = g.kind[n] == DECIDE
            free = decides and g.mover[n] == mover
            best, value, total = -1, 0.0, 0.0
            for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                x = 0.0
                for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
                    then = 1.0 if g.flags[b] & bit != np.uint64(0) else later[g.target[b]]
                    x += now(g, table, g.prob[0, b], t) * then
                total += (policy[t, a] if decides else 1.0) * x
                better = best < 0 or (x > value if most else x < value)
                if free and now(g, table, g.mask[a], t) != 0.0 and better:
                    best, value = a, x
            if free:
                for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                    policy[t, a] = 1.0 if a == best else 0.0
            later[n] = later[g.pass_to[n]] if shut(g, table, n, t) else (value if free else total)
