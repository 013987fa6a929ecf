"""How a mover chooses and what control costs it, and what a query gains by what the choice is made of.

See ``solve.adjoint``; the choices are those of ``solve.decision``, worked out anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.compiled import part
from foedus.solve.adjoint_worth import gain, gain_worth, now, worth
from foedus.solve.decision import LEAST_BITS


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
def spends(g: Any, n: int, i: int, solved: Any) -> bool:
    """Whether actor ``i`` bears a cost of control at node ``n``, which somebody decides."""
    return g.control[0] != 0 and g.mover[n] == i and not solved.fixed[i]


@part
def bases(g: Any, table: Floats, n: int, t: int) -> float:
    """The sum of the base rates of available actions."""
    total = 0.0
    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
        if now(g, table, g.mask[a], t) != 0.0:
            total += now(g, table, g.base[a], t)
    return total


@part
def divergence(g: Any, table: Floats, n: int, t: int, policy: Floats) -> float:
    """How far the choices at node ``n`` are from the base rates, as ``solve.decision.divergence``."""
    total, every = 0.0, bases(g, table, n, t)
    for a in range(g.a_ptr[n], g.a_ptr[n + 1]):
        if now(g, table, g.mask[a], t) != 0.0 and now(g, table, g.base[a], t) > 0.0:
            base = now(g, table, g.base[a], t) / every
            r = policy[t, a] / base
            total += base * ((r * np.log(r) if r > 1e-290 else 0.0) - (r - 1.0))
    return total if total > LEAST_BITS else 0.0


@part
def choice_back(
    g: Any, table: Floats, n: int, t: int, scale: float, total: float, solved: Any, room: Any, bars: Any
) -> None:
    """A free mover's choice probabilities are worth ``gains``: passes that on through its quantal response.

    P_a = b_a e^(l q_a) / ``total``: what is gained by b_a is e^(l q_a) / total x (gains_a - mean), by l q_a it is
    P_a (gains_a - mean), where mean = sum P gains. (The best value, taken off all alike, drops out.) ``total`` and ``room``
    as ``weigh`` leaves them.
    """
    first, last, j, policy = g.a_ptr[n], g.a_ptr[n + 1], g.mover[n], solved.policy
    lam = scale * now(g, table, g.precision[j], t)
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
def control_back(
    g: Any, table: Floats, n: int, t: int, scale: float, choice: Any, x: float, solved: Any, room: Any, bars: Any
) -> None:
    """The mover's value of node ``n`` counts ``x``: passes on what the cost of control in it owes to base rates and precision.

    The cost is D / l, D = sum P log P - sum P log b + log sum b, in which P need not be varied: by b_a the value gains
    (P_a / b_a - 1 / sum b) / l, by l it gains D / l^2. As l goes to 0 these go to (q_a - mean) / sum b and half the variance of q.
    ``choice`` is (the action that the mover is bound to or -1, the sum of weights that ``weigh`` gives or 0).
    """
    first, last, j = g.a_ptr[n], g.a_ptr[n + 1], g.mover[n]
    held, total = choice
    lam, every = scale * now(g, table, g.precision[j], t), bases(g, table, n, t)
    if held >= 0:
        base = now(g, table, g.base[held], t)
        if lam > 0.0 and base > 0.0:
            gain(g, bars.table, g.base[held], t, x / (lam * base))
            for a in range(first, last):
                if now(g, table, g.mask[a], t) != 0.0:
                    gain(g, bars.table, g.base[a], t, -x / (lam * every))
            gain(g, bars.table, g.precision[j], t, x * scale * divergence(g, table, n, t, solved.policy) / lam**2)
        return
    if not total > 0.0:
        return
    mean, square, top, low = 0.0, 0.0, -np.inf, np.inf
    for a in range(first, last):
        if room.odds[a - first] > 0.0:
            base, q = now(g, table, g.base[a], t) / every, room.q[a - first]
            mean, square = mean + base * q, square + base * q * q
            top, low = max(top, q), min(low, q)
    little = lam * (top - low) < 1e-7
    for a in range(first, last):
        if now(g, table, g.mask[a], t) != 0.0:
            by_base = (
                (room.q[a - first] - mean) / every if little else (room.odds[a - first] / total - 1.0 / every) / lam
            )
            gain(g, bars.table, g.base[a], t, x * by_base)
    spread = divergence(g, table, n, t, solved.policy) / lam**2 if not little else (square - mean * mean) / 2.0
    gain(g, bars.table, g.precision[j], t, x * scale * spread)
