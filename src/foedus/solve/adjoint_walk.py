"""Derivatives of the walk forward in all its coefficients and choice probabilities at once: its adjoint.

See ``solve.adjoint``. One world at a time, in plain doubles.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END
from foedus.solve.adjoint import gain, gain_paid, now, paid, shut


class Monitors(NamedTuple):
    """Columns of a forward pass, as in ``solve.forward.Columns``; ``bit`` holds each one's event (0: none).

    ``pair`` are the two actors whose stage values are correlated (-1: none), ``shift`` [2] what is taken off these.
    """

    bit: NDArray[np.uint64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    follow: NDArray[np.int32]
    entry: NDArray[np.bool_]
    full: NDArray[np.int32]
    pair: NDArray[np.int32]
    shift: Floats


class Counts(NamedTuple):
    """What a walk counts in one world, or the weight of each count in a number: see ``solve.forward.Forward``."""

    hit: Floats  # [columns, periods]
    taken: Floats  # [full, periods, actions]
    decided: Floats  # [full, periods, phases]
    pays: Floats  # [full, objectives]
    end_event: Floats  # [full, periods, events]
    moments: Floats  # [6] of the pair at periods' ends: visits, sums u and v, and of u u, v v and u v


@part
def waits(seen: Any, m: int, t: int, flags: Any) -> bool:
    """Whether column ``m`` waits in period ``t`` for something that holds where it lands."""
    return m >= 0 and seen.first[m] <= t <= seen.last[m] and flags & seen.bit[m] != np.uint64(0)


@part
def land(seen: Any, m: int, t: int, flags: Any, x: float, to: int, mass: Floats, hit: Floats) -> None:
    """Adds mass ``x`` of column ``m`` to node ``to``, after a look at what holds there."""
    while waits(seen, m, t, flags):
        hit[m, t] += x
        m = seen.follow[m]
    if m >= 0:
        mass[t, to, m] += x


@part
def landing(seen: Any, m: int, t: int, flags: Any, to: int, later: Floats, hit: Floats) -> float:
    """What a unit of mass of column ``m`` that lands on ``to`` is worth."""
    total = 0.0
    while waits(seen, m, t, flags):
        total += hit[m, t]
        m = seen.follow[m]
    return total + later[to, m] if m >= 0 else total


@part
def _count_pays(
    g: Any, table: Floats, t: int, first: int, last: int, x: float, f: int, rest: Floats, pays: Floats
) -> None:
    for k in range(first, last):
        o = g.pay_obj[k]
        pays[f, o] += x * now(g, table, g.pay_coef[k], t) * rest[t, g.obj_actor[o]]


@part
def staged(g: Any, table: Floats, t: int, n: int, k: int, seen: Any) -> Any:
    """The stage value of actor ``k`` of the pair at the period's end ``n``, less the shift."""
    a = g.a_ptr[n]
    return paid(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], seen.pair[k]) - seen.shift[k]


@part
def _count_pair(g: Any, table: Floats, t: int, n: int, x: float, seen: Any, moments: Floats) -> None:
    u, v = staged(g, table, t, n, 0, seen), staged(g, table, t, n, 1, seen)
    moments[0] += x
    moments[1] += x * u
    moments[2] += x * v
    moments[3] += x * u * u
    moments[4] += x * v * v
    moments[5] += x * u * v


@part
def _pair_back(g: Any, table: Floats, t: int, n: int, x: float, seen: Any, w: Floats, bar: Floats) -> float:
    """What a unit of mass at the period's end ``n`` is worth in the moments; mass ``x`` is there."""
    u, v, a = staged(g, table, t, n, 0, seen), staged(g, table, t, n, 1, seen), g.a_ptr[n]
    gain_paid(g, bar, t, g.ap_ptr[a], g.ap_ptr[a + 1], seen.pair[0], x * (w[1] + 2.0 * w[3] * u + w[5] * v))
    gain_paid(g, bar, t, g.ap_ptr[a], g.ap_ptr[a + 1], seen.pair[1], x * (w[2] + 2.0 * w[4] * v + w[5] * u))
    return w[0] + w[1] * u + w[2] * v + w[3] * u * u + w[4] * v * v + w[5] * u * v  # type: ignore[no-any-return]


@part
def _close(
    g: Any,
    table: Floats,
    t: int,
    periods: int,
    n: int,
    e: int,
    m: int,
    x: float,
    seen: Any,
    rest: Floats,
    mass: Floats,
    out: Any,
) -> None:
    """Counts mass ``x`` of column ``m`` at the period's end ``n``, number ``e`` of them, and moves it to the next period."""
    a, f = g.a_ptr[n], seen.full[m]
    if m == 0 and seen.pair[0] >= 0:
        _count_pair(g, table, t, n, x, seen, out.moments)
    if f >= 0:
        _count_pays(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], x, f, rest, out.pays)
        for v in range(out.end_event.shape[2]):
            if (g.end_flags[e] >> np.uint64(v)) & np.uint64(1) != np.uint64(0):
                out.end_event[f, t, v] += x
    if t < periods - 1:
        land(seen, m, t + 1, g.flags[g.b_ptr[a]], x, g.target[g.b_ptr[a]], mass, out.hit)


@kernel
def walk(
    g: Any, table: Floats, periods: int, policy: Floats, seen: Any, start: Any, mass: Floats, rest: Floats, out: Any
) -> None:
    """Walks one world forward: ``mass`` [periods, nodes, columns] (zeros at first) is what arrives at each node.

    ``start`` is (nodes, coefficients, flags); ``rest`` [periods, actors] are the discounts.
    """
    many = len(seen.bit)
    for k in range(len(start[0])):
        for m in range(many):
            if seen.entry[m]:
                land(seen, m, 0, start[2][k], now(g, table, start[1][k], 0), start[0][k], mass, out.hit)
    rest[0] = 1.0
    if seen.pair[0] >= 0:
        for k in range(2):
            seen.shift[k] = 0.0
            seen.shift[k] = staged(g, table, 0, g.end_nodes[0], k, seen)
    for t in range(periods):
        if t > 0:
            for i in range(len(g.patience)):
                rest[t, i] = rest[t - 1, i] * now(g, table, g.patience[i], t - 1)
        ends = 0
        for n in range(len(g.kind)):
            first, last = g.a_ptr[n], g.a_ptr[n + 1]
            end = g.kind[n] == END
            for m in range(many):
                x = mass[t, n, m]
                f = seen.full[m]
                if x == 0.0:
                    continue
                if end:
                    _close(g, table, t, periods, n, ends, m, x, seen, rest, mass, out)
                    continue
                if shut(g, table, n, t):
                    mass[t, g.pass_to[n], m] += x
                    continue
                decides = g.kind[n] == DECIDE
                if decides and f >= 0:
                    out.decided[f, t, g.phase[n]] += x
                for a in range(first, last):
                    y = x * policy[t, a] if decides else x
                    if y == 0.0:
                        continue
                    if f >= 0:
                        if decides:
                            out.taken[f, t, g.action_id[a]] += y
                        _count_pays(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], y, f, rest, out.pays)
                    for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
                        z = y * now(g, table, g.prob[0, b], t)
                        if f >= 0:
                            _count_pays(g, table, t, g.bp_ptr[b], g.bp_ptr[b + 1], z, f, rest, out.pays)
                        land(seen, m, t, g.flags[b], z, g.target[b], mass, out.hit)
            if end:
                ends += 1


@part
def _pays_back(
    g: Any,
    table: Floats,
    t: int,
    first: int,
    last: int,
    x: float,
    f: int,
    rest: Floats,
    seed: Any,
    bar: Floats,
    rested: Floats,
) -> float:
    """What a unit of mass earns of payments; mass ``x`` earns it, which the payments' coefficients are credited with."""
    total = 0.0
    if f < 0:
        return total
    for k in range(first, last):
        o = g.pay_obj[k]
        i, w = g.obj_actor[o], seed.pays[f, o]
        if w != 0.0:
            amount = now(g, table, g.pay_coef[k], t)
            total += w * amount * rest[t, i]
            gain(g, bar, g.pay_coef[k], t, x * w * rest[t, i])
            rested[t, i] += x * w * amount
    return total


@part
def _act_back(
    g: Any,
    table: Floats,
    n: int,
    t: int,
    policy: Floats,
    seen: Any,
    m: int,
    x: float,
    rest: Floats,
    seed: Any,
    later: Floats,
    bar: Floats,
    pbar: Floats,
    rested: Floats,
) -> float:
    """What a unit of mass of column ``m`` at node ``n`` is worth; mass ``x`` is there."""
    decides, f = g.kind[n] == DECIDE, seen.full[m]
    total = seed.decided[f, t, g.phase[n]] if decides and f >= 0 else 0.0
    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
        taken = policy[t, a] if decides else 1.0
        act = seed.taken[f, t, g.action_id[a]] if decides and f >= 0 else 0.0
        act += _pays_back(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], x * taken, f, rest, seed, bar, rested)
        for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
            p = now(g, table, g.prob[0, b], t)
            then = _pays_back(g, table, t, g.bp_ptr[b], g.bp_ptr[b + 1], x * taken * p, f, rest, seed, bar, rested)
            then += landing(seen, m, t, g.flags[b], g.target[b], later, seed.hit)
            gain(g, bar, g.prob[0, b], t, x * taken * then)
            act += p * then
        if decides:
            pbar[t, a] += x * act
        total += taken * act
    return total


@kernel
def walk_back(
    g: Any,
    table: Floats,
    periods: int,
    policy: Floats,
    seen: Any,
    start: Any,
    mass: Floats,
    rest: Floats,
    seed: Any,
    later: Floats,
    held: Floats,
    bar: Floats,
    pbar: Floats,
    rested: Floats,
) -> None:
    """The adjoint of ``walk``: from the weight of each count in a number, ``seed``, adds to ``bar`` [rows] what each
    coefficient is worth and to ``pbar`` [periods, actions] what each choice probability is.

    ``later`` [nodes, columns], ``held`` [ends, columns] and ``rested`` [periods, actors] are room, the last of zeros.
    """
    many, nodes, count = len(seen.bit), len(g.kind), len(g.end_nodes)
    for t in range(periods - 1, -1, -1):
        for e in range(count):
            b = g.b_ptr[g.a_ptr[g.end_nodes[e]]]
            for m in range(many):
                held[e, m] = (
                    landing(seen, m, t + 1, g.flags[b], g.target[b], later, seed.hit) if t < periods - 1 else 0.0
                )
        for e in range(count):
            n = g.end_nodes[e]
            a = g.a_ptr[n]
            for m in range(many):
                f, x = seen.full[m], mass[t, n, m]
                total = held[e, m] + _pays_back(
                    g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], x, f, rest, seed, bar, rested
                )
                if m == 0 and seen.pair[0] >= 0:
                    total += _pair_back(g, table, t, n, x, seen, seed.moments, bar)
                if f >= 0:
                    for v in range(seed.end_event.shape[2]):
                        if (g.end_flags[e] >> np.uint64(v)) & np.uint64(1) != np.uint64(0):
                            total += seed.end_event[f, t, v]
                later[n, m] = total
        for n in range(nodes - count - 1, -1, -1):
            if g.first_t[n] > t:
                continue
            closed = shut(g, table, n, t)
            for m in range(many):
                if closed:
                    later[n, m] = later[g.pass_to[n], m]
                else:
                    later[n, m] = _act_back(
                        g, table, n, t, policy, seen, m, mass[t, n, m], rest, seed, later, bar, pbar, rested
                    )
    for k in range(len(start[0])):
        for m in range(many):
            if seen.entry[m]:
                gain(g, bar, start[1][k], 0, landing(seen, m, 0, start[2][k], start[0][k], later, seed.hit))
    for t in range(periods - 1, 0, -1):
        for i in range(len(g.patience)):
            gain(g, bar, g.patience[i], t - 1, rested[t, i] * rest[t - 1, i])
            rested[t - 1, i] += rested[t, i] * now(g, table, g.patience[i], t - 1)


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
                    x += now(g, table, g.prob[0, b], t) * (
                        1.0 if g.flags[b] & bit != np.uint64(0) else later[g.target[b]]
                    )
                total += (policy[t, a] if decides else 1.0) * x
                better = best < 0 or (x > value if most else x < value)
                if free and now(g, table, g.mask[a], t) != 0.0 and better:
                    best, value = a, x
            if free:
                for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                    policy[t, a] = 1.0 if a == best else 0.0
            later[n] = later[g.pass_to[n]] if shut(g, table, n, t) else (value if free else total)
