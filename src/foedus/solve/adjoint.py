"""Derivatives of backward induction in all its coefficients at once: its adjoint.

Reverse accumulation (Griewank and Walther 2008, chapter 3): what a query gains by a small change of each number, from the
last step of its computation to the first. One world at a time, in plain doubles. Quantal response only: a perfectly
rational choice jumps. Guards, masks and bindings are conditions: they have no slope.

The choices are those of ``solve.decision``, worked out anew here (see there why). What the query gains by a number is
called its bar.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from foedus.arraytypes import Bools, Floats
from foedus.compiled import kernel, part
from foedus.game.arrays import DECIDE, END, INTERVAL
from foedus.solve.adjoint_choice import bound, choice_back, choose, control_back, divergence, spends, weigh
from foedus.solve.adjoint_worth import after, gain, gain_paid, gain_worth, now, of_action, of_branch, paid, shut, worth


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
def valued(g: Any, table: Floats, n: int, t: int, i: int, closed: bool, lam: float, solved: Any) -> float:
    """What node ``n``, not an end, is worth to actor ``i`` under the policy; its mover has precision ``lam``."""
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
    if g.kind[n] == DECIDE and spends(g, n, i, solved) and lam > 0.0:
        total -= divergence(g, table, n, t, solved.policy) / lam
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
            closed, j, lam = shut(g, table, n, t), g.mover[n], 0.0
            if g.kind[n] == DECIDE:
                lam = scale * now(g, table, g.precision[j], t)
            if g.kind[n] == DECIDE and (not closed or known(g, n, t)):
                if solved.fixed[j]:
                    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
                        policy[t, a] = solved.given[t, a]
                else:
                    choose(g, table, n, t, lam, solved, room)
            for i in range(len(g.patience)):
                values[t, n, i] = valued(g, table, n, t, i, closed, lam, solved)


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
            held, total = -1, 0.0
            if decides:
                for a in range(first, last):
                    room.gains[a - first] = seed[t, a]
                held = bound(g, table, n, t)
                free = held < 0 and last - first > 1 and not solved.fixed[g.mover[n]]
                if free and (not closed or known(g, n, t)):
                    total = weigh(g, table, n, t, values, scale * now(g, table, g.precision[g.mover[n]], t), room)
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
                    # Where control costs, the mover's own choice is the best for it: a small change of it changes nothing.
                    best = spends(g, n, i, solved)
                    if best:
                        control_back(g, table, n, t, scale, (held, total), x, solved, room, bars)
                    for a in range(first, last):
                        if not best:
                            room.gains[a - first] += x * worth(g, table, t, values, a, i)
                        if policy[t, a] != 0.0:
                            gain_worth(g, table, t, values, a, i, x * policy[t, a], bars)
            if decides and solved.fixed[g.mover[n]]:
                for a in range(first, last):
                    bars.given[t, a] += room.gains[a - first]
            elif total > 0.0:
                choice_back(g, table, n, t, scale, total, solved, room, bars)
