"""Derivatives of backward induction in all its coefficients at once: its adjoint.

Reverse accumulation (Griewank and Walther 2008, chapter 3): what a query gains by a small change of each number, from the
last step of its computation to the first. One world at a time, in plain doubles. Quantal response only: a perfectly
rational choice jumps. Guards, masks and bindings are conditions: they have no slope.

The choices are those of ``solve.decision``, worked out anew here (see there why). What the query gains by a number is
called its bar.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, INTERVAL


class Solved(NamedTuple):
    """One solve of one world: movers in ``fixed`` [actors] play ``given`` [periods, actions]; ``values`` [periods,
    nodes, actors] and ``policy`` [periods, actions] come of it."""

    fixed: Bools
    given: Floats
    values: Floats
    policy: Floats


class Room(NamedTuple):
    """Room for the actions of a node: what each is worth to the mover, its odds, and what the query gains by its choice."""

    q: Floats
    odds: Floats
    gains: Floats


class Bars(NamedTuple):
    """What the query gains by each coefficient [rows], by the values of nodes, and by the choices that were given."""

    table: Floats
    values: Floats
    given: Floats


@part
def now(g: Any, table: Floats, c: int, t: int) -> Any:
    """Coefficient ``c`` in period ``t``; an absent one is 1."""
    return 1.0 if c < 0 else table[g.offset[c] + t * g.timed[c]]


@part
def gain(g: Any, bar: Floats, c: int, t: int, x: float) -> None:
    """Notes that coefficient ``c`` of period ``t`` is worth ``x`` more."""
    if c >= 0:
        bar[g.offset[c] + t * g.timed[c]] += x


@part
def of_action(g: Any, a: int) -> Any:
    """The payments of action ``a``: from, to."""
    return g.ap_ptr[a], g.ap_ptr[a + 1]


@part
def of_branch(g: Any, b: int) -> Any:
    """The payments of branch ``b``: from, to."""
    return g.bp_ptr[b], g.bp_ptr[b + 1]


@part
def paid(g: Any, table: Floats, t: int, pays: Any, i: int) -> Any:
    """What some payments come to for actor ``i``."""
    total = 0.0
    for k in range(pays[0], pays[1]):
        if g.obj_actor[g.pay_obj[k]] == i:
            total += now(g, table, g.pay_coef[k], t)
    return total


@part
def gain_paid(g: Any, bar: Floats, t: int, pays: Any, i: int, x: float) -> None:
    """The same payments are worth ``x`` each."""
    for k in range(pays[0], pays[1]):
        if g.obj_actor[g.pay_obj[k]] == i:
            gain(g, bar, g.pay_coef[k], t, x)


@part
def after(g: Any, table: Floats, t: int, values: Floats, b: int, i: int) -> Any:
    """What branch ``b`` and all that follows it are worth to actor ``i``."""
    return paid(g, table, t, of_branch(g, b), i) + values[t, g.target[b], i]


@part
def worth(g: Any, table: Floats, t: int, values: Floats, a: int, i: int) -> Any:
    """What action ``a`` is worth to actor ``i``."""
    total = paid(g, table, t, of_action(g, a), i)
    for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
        total += now(g, table, g.prob[g.view_of[i], b], t) * after(g, table, t, values, b, i)
    return total


@part
def gain_worth(g: Any, table: Floats, t: int, values: Floats, a: int, i: int, x: float, bars: Any) -> None:
    """The worth of action ``a`` to actor ``i`` counts ``x``: passes that on to all that it is made of.

    d sum p (pay + V) = sum (pay + V) dp + p dpay + p dV.
    """
    gain_paid(g, bars.table, t, of_action(g, a), i, x)
    for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
        c = g.prob[g.view_of[i], b]
        p = now(g, table, c, t)
        gain(g, bars.table, c, t, x * after(g, table, t, values, b, i))
        gain_paid(g, bars.table, t, of_branch(g, b), i, x * p)
        bars.values[t, g.target[b], i] += x * p


@part
def shut(g: Any, table: Floats, n: int, t: int) -> Any:
    """Whether node ``n`` is passed over."""
    return g.guard[n] >= 0 and now(g, table, g.guard[n], t) == 0.0


@part
def bound(g: Any, table: Floats, n: int, t: int) -> int:
    """The action that the mover is bound to, -1 if free."""
    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
        if g.force[a] >= 0 and now(g, table, g.force[a], t) != 0.0 and now(g, table, g.mask[a], t) != 0.0:
            return a
    return -1


@part
def weigh(g: Any, table: Floats, n: int, t: int, values: Floats, lam: float, room: Any) -> float:
    """Fills ``q`` with the worth of each action to the mover and ``odds`` with exp(lam (q - best)) where it is available.

    Returns the sum of base rates times odds.
    """
    first, last, j, q, odds = g.a_ptr[n], g.a_ptr[n + 1], g.mover[n], room.q, room.odds
    top = -np.inf
    for a in range(first, last):
        q[a - first] = worth(g, table, t, values, a, j)
        there = now(g, table, g.mask[a], t) != 0.0
        odds[a - first] = 1.0 if there else 0.0
        if there and now(g, table, g.base[a], t) > 0.0 and q[a - first] > top:
            top = q[a - first]
    total = 0.0
    for a in range(first, last):
        if odds[a - first] > 0.0:
            # An action of base rate 0 may be worth more than the best of the others. Its odds count only in what a
            # little base rate would gain: they are capped at e^50, far beyond any answer and far below an overflow.
            odds[a - first] = np.exp(lam * min(q[a - first] - top, 50.0 / max(lam, 1e-9)))
            total += now(g, table, g.base[a], t) * odds[a - first]
    return total


@part
def choose(g: Any, table: Floats, n: int, t: int, lam: float, solved: Any, room: Any) -> None:
    """Puts the choices at node ``n`` into the policy."""
    first, last, policy = g.a_ptr[n], g.a_ptr[n + 1], solved.policy
    held = bound(g, table, n, t)
    total = 0.0
    if held < 0:
        total = weigh(g, table, n, t, solved.values, lam, room)
    for a in range(first, last):
        if held >= 0:
            policy[t, a] = 1.0 if a == held else 0.0
        else:
            policy[t, a] = now(g, table, g.base[a], t) * room.odds[a - first] / total if total > 0.0 else 0.0


@part
def known(g: Any, n: int, t: int) -> bool:
    """Whether all that node ``n`` leads to has a value at ``t``."""
    every = True
    for b in range(g.b_ptr[g.a_ptr[n]], g.b_ptr[g.a_ptr[n + 1]]):
        every = every and g.first_t[g.target[b]] <= t
    return every


@part
def mixture(g: Any, table: Floats, n: int, t: int, i: int, low_worse: bool) -> Any:
    """The odds of an interval's first branch that give its value to actor ``i``, as in ``solve.nodes.mixture``."""
    low, high = now(g, table, g.low[n], t), now(g, table, g.high[n], t)
    worse, better = (low, high) if low_worse else (high, low)
    return better + now(g, table, g.ambiguity[i], t) * (worse - better)


@part
def ended(g: Any, table: Floats, n: int, t: int, periods: int, values: Floats, i: int) -> Any:
    """What the period's end ``n`` is worth to actor ``i``."""
    a = g.a_ptr[n]
    b = g.b_ptr[a]
    total = paid(g, table, t, of_action(g, a), i) + paid(g, table, t, of_branch(g, b), i)
    if t < periods - 1:
        total += now(g, table, g.patience[i], t) * values[t + 1, g.target[b], i]
    return total


@part
def valued(g: Any, table: Floats, n: int, t: int, i: int, closed: bool, solved: Any) -> float:
    """What node ``n``, not an end, is worth to actor ``i`` under the policy."""
    a, values = g.a_ptr[n], solved.values
    if closed:
        return values[t, g.pass_to[n], i]  # type: ignore[no-any-return]
    if g.kind[n] == INTERVAL and g.ambiguity[i] >= 0:
        b = g.b_ptr[a]
        first, second = after(g, table, t, values, b, i), after(g, table, t, values, b + 1, i)
        mean = second + mixture(g, table, n, t, i, first >= second) * (first - second)
        return mean + paid(g, table, t, of_action(g, a), i)  # type: ignore[no-any-return]
    total = 0.0
    for k in range(a, g.a_ptr[n + 1]):
        p = solved.policy[t, k] if g.kind[n] == DECIDE else 1.0
        if p != 0.0:
            total += p * worth(g, table, t, values, k, i)
    return total


@kernel
def solve(g: Any, table: Floats, periods: int, scale: float, solved: Any, room: Any) -> None:
    """Fills the ``values`` and ``policy`` of one world's ``Solved``; ``table`` [rows] holds its coefficients."""
    values, policy = solved.values, solved.policy
    for t in range(periods - 1, -1, -1):
        for n in range(len(g.kind) - 1, -1, -1):
            if g.first_t[n] > t:
                continue
            if g.kind[n] == END:
                for i in range(len(g.patience)):
                    values[t, n, i] = ended(g, table, n, t, periods, values, i)
                continue
            closed = shut(g, table, n, t)
            if g.kind[n] == DECIDE and (not closed or known(g, n, t)):
                j = g.mover[n]
                if solved.fixed[j]:
                    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                        policy[t, a] = solved.given[t, a]
                else:
                    choose(g, table, n, t, scale * now(g, table, g.precision[j], t), solved, room)
            for i in range(len(g.patience)):
                values[t, n, i] = valued(g, table, n, t, i, closed, solved)


@part
def _interval_back(g: Any, table: Floats, n: int, t: int, i: int, x: float, values: Floats, bars: Any) -> None:
    """An interval's value to actor ``i`` counts ``x``.

    V = m first + (1 - m) second with m = alpha x worse + (1 - alpha) x better, where worse and better are the ends of
    the interval: dV = m dfirst + (1 - m) dsecond + (first - second) (alpha dworse + (1 - alpha) dbetter + (worse - better)
    dalpha). Which end is the worse one is a condition.
    """
    a = g.a_ptr[n]
    b = g.b_ptr[a]
    first, second = after(g, table, t, values, b, i), after(g, table, t, values, b + 1, i)
    mix, alpha, apart = mixture(g, table, n, t, i, first >= second), now(g, table, g.ambiguity[i], t), first - second
    worse, better = (g.low[n], g.high[n]) if first >= second else (g.high[n], g.low[n])
    gain_paid(g, bars.table, t, of_action(g, a), i, x)
    gain(g, bars.table, worse, t, x * apart * alpha)
    gain(g, bars.table, better, t, x * apart * (1.0 - alpha))
    gain(g, bars.table, g.ambiguity[i], t, x * apart * (now(g, table, worse, t) - now(g, table, better, t)))
    for k in range(2):
        w = x * (mix if k == 0 else 1.0 - mix)
        gain_paid(g, bars.table, t, of_branch(g, b + k), i, w)
        bars.values[t, g.target[b + k], i] += w


@part
def _choice_back(g: Any, table: Floats, n: int, t: int, scale: float, solved: Any, room: Any, bars: Any) -> None:
    """A free mover's choice probabilities are worth ``gains``: passes that on through its quantal response.

    P_a = b_a e^(l q_a) / sum: what is gained by b_a is e^(l q_a) / sum x (gains_a - mean), by l q_a it is
    P_a (gains_a - mean), where mean = sum P gains. (The best value, taken off all alike, drops out.)
    """
    first, last, j, policy = g.a_ptr[n], g.a_ptr[n + 1], g.mover[n], solved.policy
    if last - first == 1 or bound(g, table, n, t) >= 0:
        return
    lam = scale * now(g, table, g.precision[j], t)
    total = weigh(g, table, n, t, solved.values, lam, room)
    if not total > 0.0:
        return
    mean = 0.0
    for a in range(first, last):
        mean += policy[t, a] * room.gains[a - first]
    for a in range(first, last):
        off = room.gains[a - first] - mean
        if off == 0.0 or room.odds[a - first] == 0.0:
            continue
        gain(g, bars.table, g.base[a], t, room.odds[a - first] / total * off)
        x = policy[t, a] * off
        if x != 0.0:
            gain(g, bars.table, g.precision[j], t, scale * x * room.q[a - first])
            gain_worth(g, table, t, solved.values, a, j, lam * x, bars)


@part
def _end_back(g: Any, table: Floats, n: int, t: int, periods: int, values: Floats, bars: Any) -> None:
    """What the period's end is worth passes on to its payments, to patience and to the next period's start."""
    a = g.a_ptr[n]
    b = g.b_ptr[a]
    for i in range(len(g.patience)):
        x = bars.values[t, n, i]
        if x != 0.0:
            gain_paid(g, bars.table, t, of_action(g, a), i, x)
            gain_paid(g, bars.table, t, of_branch(g, b), i, x)
            if t < periods - 1:
                gain(g, bars.table, g.patience[i], t, x * values[t + 1, g.target[b], i])
                bars.values[t + 1, g.target[b], i] += x * now(g, table, g.patience[i], t)


@kernel
def solve_back(
    g: Any, table: Floats, periods: int, scale: float, solved: Any, seed: Floats, room: Any, bars: Any
) -> None:
    """The adjoint of ``solve``: from ``seed`` [periods, actions], what each choice probability is worth, adds to
    ``bars`` what coefficients and given choices are. Its values start as zeros.

    ``solve`` goes from the last period and node to the first, so this goes from the first to the last: when it comes
    to a node, all that its value enters has been here.
    """
    values, policy = solved.values, solved.policy
    for t in range(periods):
        for n in range(len(g.kind)):
            if g.first_t[n] > t:
                continue
            if g.kind[n] == END:
                _end_back(g, table, n, t, periods, values, bars)
                continue
            first, last, decides, closed = g.a_ptr[n], g.a_ptr[n + 1], g.kind[n] == DECIDE, shut(g, table, n, t)
            if decides:
                for a in range(first, last):
                    room.gains[a - first] = seed[t, a]
            for i in range(len(g.patience)):
                x = bars.values[t, n, i]
                if x == 0.0:
                    continue
                if closed:
                    bars.values[t, g.pass_to[n], i] += x
                elif g.kind[n] == INTERVAL and g.ambiguity[i] >= 0:
                    _interval_back(g, table, n, t, i, x, values, bars)
                elif not decides:
                    gain_worth(g, table, t, values, first, i, x, bars)
                else:
                    # V_i = sum P_a Q_ia: what is gained by V_i is gained by the choices and by what they are worth to i.
                    for a in range(first, last):
                        room.gains[a - first] += x * worth(g, table, t, values, a, i)
                        if policy[t, a] != 0.0:
                            gain_worth(g, table, t, values, a, i, x * policy[t, a], bars)
            if decides and solved.fixed[g.mover[n]]:
                for a in range(first, last):
                    bars.given[t, a] += room.gains[a - first]
            elif decides and (not closed or known(g, n, t)):
                _choice_back(g, table, n, t, scale, solved, room, bars)
