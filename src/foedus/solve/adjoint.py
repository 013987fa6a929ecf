"""Derivatives of backward induction in all its coefficients at once: its adjoint.

Reverse accumulation (Griewank and Walther 2008, chapter 3): what a query gains by a small change of each number, from the
last step of its computation to the first. One world at a time, in plain doubles. Quantal response only: a perfectly
rational choice jumps. Guards, masks and bindings are conditions: they have no slope.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, INTERVAL


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
def paid(g: Any, table: Floats, t: int, first: int, last: int, i: int) -> Any:
    """What payments ``first`` to ``last`` come to for actor ``i``."""
    total = 0.0
    for k in range(first, last):
        if g.obj_actor[g.pay_obj[k]] == i:
            total += now(g, table, g.pay_coef[k], t)
    return total


@part
def gain_paid(g: Any, bar: Floats, t: int, first: int, last: int, i: int, x: float) -> None:
    """The same payments are worth ``x`` each."""
    for k in range(first, last):
        if g.obj_actor[g.pay_obj[k]] == i:
            gain(g, bar, g.pay_coef[k], t, x)


@part
def after(g: Any, table: Floats, t: int, values: Floats, b: int, i: int) -> Any:
    """What branch ``b`` and all that follows it are worth to actor ``i``."""
    return paid(g, table, t, g.bp_ptr[b], g.bp_ptr[b + 1], i) + values[t, g.target[b], i]


@part
def worth(g: Any, table: Floats, t: int, values: Floats, a: int, i: int) -> Any:
    """What action ``a`` is worth to actor ``i``."""
    total = paid(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], i)
    for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
        total += now(g, table, g.prob[g.view_of[i], b], t) * after(g, table, t, values, b, i)
    return total


@part
def gain_worth(
    g: Any, table: Floats, t: int, values: Floats, a: int, i: int, x: float, vbar: Floats, bar: Floats
) -> None:
    """The worth of action ``a`` to actor ``i`` counts ``x``: passes that on to all that it is made of."""
    gain_paid(g, bar, t, g.ap_ptr[a], g.ap_ptr[a + 1], i, x)
    for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
        c = g.prob[g.view_of[i], b]
        p = now(g, table, c, t)
        gain(g, bar, c, t, x * after(g, table, t, values, b, i))
        gain_paid(g, bar, t, g.bp_ptr[b], g.bp_ptr[b + 1], i, x * p)
        vbar[t, g.target[b], i] += x * p


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
def weigh(g: Any, table: Floats, n: int, t: int, values: Floats, lam: float, q: Floats, odds: Floats) -> float:
    """Fills ``q`` with the worth of each action to the mover and ``odds`` with exp(lam (q - best)) where it is available.

    Returns the sum of base rates times odds.
    """
    first, last, j = g.a_ptr[n], g.a_ptr[n + 1], g.mover[n]
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
            odds[a - first] = np.exp(lam * min(q[a - first] - top, 50.0 / max(lam, 1e-9)))
            total += now(g, table, g.base[a], t) * odds[a - first]
    return total


@part
def decide(
    g: Any, table: Floats, n: int, t: int, values: Floats, lam: float, q: Floats, odds: Floats, policy: Floats
) -> None:
    """Puts the choices at node ``n`` into ``policy``."""
    first, last = g.a_ptr[n], g.a_ptr[n + 1]
    held = bound(g, table, n, t)
    total = 0.0
    if held < 0:
        total = weigh(g, table, n, t, values, lam, q, odds)
    for a in range(first, last):
        if held >= 0:
            policy[t, a] = 1.0 if a == held else 0.0
        else:
            policy[t, a] = now(g, table, g.base[a], t) * odds[a - first] / total if total > 0.0 else 0.0


@part
def ready(g: Any, n: int, t: int) -> bool:
    """Whether all that node ``n`` leads to has a value at ``t``."""
    known = True
    for b in range(g.b_ptr[g.a_ptr[n]], g.b_ptr[g.a_ptr[n + 1]]):
        known = known and g.first_t[g.target[b]] <= t
    return known


@part
def mixed(g: Any, table: Floats, n: int, t: int, i: int, low_worse: bool) -> Any:
    """The odds of an interval's first branch that give its value to actor ``i``, as in ``solve.nodes.mixture``."""
    low, high = now(g, table, g.low[n], t), now(g, table, g.high[n], t)
    worse, better = (low, high) if low_worse else (high, low)
    return better + now(g, table, g.ambiguity[i], t) * (worse - better)


@part
def ended(g: Any, table: Floats, n: int, t: int, periods: int, values: Floats, i: int) -> Any:
    """What the period's end ``n`` is worth to actor ``i``."""
    a = g.a_ptr[n]
    b = g.b_ptr[a]
    total = paid(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], i) + paid(g, table, t, g.bp_ptr[b], g.bp_ptr[b + 1], i)
    if t < periods - 1:
        total += now(g, table, g.patience[i], t) * values[t + 1, g.target[b], i]
    return total


@kernel
def solve(
    g: Any,
    table: Floats,
    periods: int,
    scale: float,
    fixed: Any,
    given: Floats,
    q: Floats,
    odds: Floats,
    values: Floats,
    policy: Floats,
) -> None:
    """Fills ``values`` [periods, nodes, actors] and ``policy`` [periods, actions] of one world.

    Movers in ``fixed`` play ``given``. ``q`` and ``odds`` are room for the actions of a node.
    """
    actors = len(g.patience)
    for t in range(periods - 1, -1, -1):
        for n in range(len(g.kind) - 1, -1, -1):
            if g.first_t[n] > t:
                continue
            if g.kind[n] == END:
                for i in range(actors):
                    values[t, n, i] = ended(g, table, n, t, periods, values, i)
                continue
            closed = shut(g, table, n, t)
            if g.kind[n] == DECIDE and (not closed or ready(g, n, t)):
                j = g.mover[n]
                if fixed[j]:
                    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                        policy[t, a] = given[t, a]
                else:
                    decide(g, table, n, t, values, scale * now(g, table, g.precision[j], t), q, odds, policy)
            for i in range(actors):
                if closed:
                    values[t, n, i] = values[t, g.pass_to[n], i]
                elif g.kind[n] == INTERVAL and g.ambiguity[i] >= 0:
                    b = g.b_ptr[g.a_ptr[n]]
                    one, two = after(g, table, t, values, b, i), after(g, table, t, values, b + 1, i)
                    mean = two + mixed(g, table, n, t, i, one >= two) * (one - two)
                    a = g.a_ptr[n]
                    values[t, n, i] = mean + paid(g, table, t, g.ap_ptr[a], g.ap_ptr[a + 1], i)
                else:
                    total = 0.0
                    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                        p = policy[t, a] if g.kind[n] == DECIDE else 1.0
                        if p != 0.0:
                            total += p * worth(g, table, t, values, a, i)
                    values[t, n, i] = total


@part
def _interval_back(
    g: Any, table: Floats, n: int, t: int, i: int, x: float, values: Floats, vbar: Floats, bar: Floats
) -> None:
    a = g.a_ptr[n]
    b = g.b_ptr[a]
    one, two = after(g, table, t, values, b, i), after(g, table, t, values, b + 1, i)
    mix, alpha = mixed(g, table, n, t, i, one >= two), now(g, table, g.ambiguity[i], t)
    worse, better = (g.low[n], g.high[n]) if one >= two else (g.high[n], g.low[n])
    gain_paid(g, bar, t, g.ap_ptr[a], g.ap_ptr[a + 1], i, x)
    gain(g, bar, worse, t, x * (one - two) * alpha)
    gain(g, bar, better, t, x * (one - two) * (1.0 - alpha))
    gain(g, bar, g.ambiguity[i], t, x * (one - two) * (now(g, table, worse, t) - now(g, table, better, t)))
    for k in range(2):
        w = x * (mix if k == 0 else 1.0 - mix)
        gain_paid(g, bar, t, g.bp_ptr[b + k], g.bp_ptr[b + k + 1], i, w)
        vbar[t, g.target[b + k], i] += w


@part
def _choice_back(
    g: Any,
    table: Floats,
    n: int,
    t: int,
    scale: float,
    values: Floats,
    policy: Floats,
    q: Floats,
    odds: Floats,
    gains: Floats,
    vbar: Floats,
    bar: Floats,
) -> None:
    """A free mover's choice probabilities are worth ``gains``: passes that on through its quantal response."""
    first, last, j = g.a_ptr[n], g.a_ptr[n + 1], g.mover[n]
    if last - first == 1 or bound(g, table, n, t) >= 0:
        return
    lam = scale * now(g, table, g.precision[j], t)
    total = weigh(g, table, n, t, values, lam, q, odds)
    if not total > 0.0:
        return
    mean = 0.0
    for a in range(first, last):
        mean += policy[t, a] * gains[a - first]
    for a in range(first, last):
        off = gains[a - first] - mean
        if off == 0.0 or odds[a - first] == 0.0:
            continue
        gain(g, bar, g.base[a], t, odds[a - first] / total * off)
        x = policy[t, a] * off
        if x != 0.0:
            gain(g, bar, g.precision[j], t, scale * x * q[a - first])
            gain_worth(g, table, t, values, a, j, lam * x, vbar, bar)


@kernel
def solve_back(
    g: Any,
    table: Floats,
    periods: int,
    scale: float,
    fixed: Any,
    values: Floats,
    policy: Floats,
    seed: Floats,
    q: Floats,
    odds: Floats,
    gains: Floats,
    vbar: Floats,
    bar: Floats,
    given: Floats,
) -> None:
    """The adjoint of ``solve``: from ``seed`` [periods, actions], what each choice probability is worth, adds to ``bar``
    [rows] what each coefficient is worth and to ``given`` what the choices of fixed movers are. ``vbar`` starts as zeros."""
    actors = len(g.patience)
    for t in range(periods):
        for n in range(len(g.kind)):
            if g.first_t[n] > t:
                continue
            first, last = g.a_ptr[n], g.a_ptr[n + 1]
            if g.kind[n] == END:
                b = g.b_ptr[first]
                for i in range(actors):
                    x = vbar[t, n, i]
                    if x != 0.0:
                        gain_paid(g, bar, t, g.ap_ptr[first], g.ap_ptr[first + 1], i, x)
                        gain_paid(g, bar, t, g.bp_ptr[b], g.bp_ptr[b + 1], i, x)
                        if t < periods - 1:
                            gain(g, bar, g.patience[i], t, x * values[t + 1, g.target[b], i])
                            vbar[t + 1, g.target[b], i] += x * now(g, table, g.patience[i], t)
                continue
            decides, closed = g.kind[n] == DECIDE, shut(g, table, n, t)
            if decides:
                for a in range(first, last):
                    gains[a - first] = seed[t, a]
            for i in range(actors):
                x = vbar[t, n, i]
                if x == 0.0:
                    continue
                if closed:
                    vbar[t, g.pass_to[n], i] += x
                elif g.kind[n] == INTERVAL and g.ambiguity[i] >= 0:
                    _interval_back(g, table, n, t, i, x, values, vbar, bar)
                elif not decides:
                    gain_worth(g, table, t, values, first, i, x, vbar, bar)
                else:
                    for a in range(first, last):
                        gains[a - first] += x * worth(g, table, t, values, a, i)
                        if policy[t, a] != 0.0:
                            gain_worth(g, table, t, values, a, i, x * policy[t, a], vbar, bar)
            if decides and fixed[g.mover[n]]:
                for a in range(first, last):
                    given[t, a] += gains[a - first]
            elif decides and (not closed or ready(g, n, t)):
                _choice_back(g, table, n, t, scale, values, policy, q, odds, gains, vbar, bar)
