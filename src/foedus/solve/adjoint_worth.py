"""What actions are worth, one world at a time in plain doubles, and what a query gains by the numbers that they are made of.

See ``solve.adjoint``. What the query gains by a number is called its bar.
"""

from __future__ import annotations

from typing import Any

from foedus.arraytypes import Floats
from foedus.compiled import part


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
