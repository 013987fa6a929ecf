"""How a mover chooses: the one place where choices are made of values, for every pass that solves a game.

Quantal response: an action's odds are its base rate times exp(precision x its value to the mover) (McKelvey and
Palfrey 1998; Signorino 1999; base rates as a fixed reference distribution: Mattsson and Weibull 2002). Perfect rationality takes the best action, ties split
in proportion to base rates. Values stand in the rows Q of a work array, choices in its rows PI, one an action.

``solve.adjoint_choice`` has the same in plain doubles, one world at a time: it differentiates the unpacked arrays, where
payments are added one by one, so that its numbers agree with these in all but the last digits.

A choice is worth to its mover what it pays on average, or (CONTROL) less what it costs to steer away from base rates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Bools, Floats, Ints
from foedus.compiled import part
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, exp_below, load, log2_of, muladd, select, splat, store, which
from foedus.solve.nodes import payment

TIE = 1e-12
LEAST_BITS = 1e-28  # rounding leaves divergences of this size where there is none
LN2 = float(np.log(2))
NO_ACTION, NOT_FINITE, NO_BASE = 1, 2, 3  # what can be wrong with a world


class Choosing(NamedTuple):
    """How movers choose in a solve.

    ``scale`` multiplies every precision. Movers in ``fixed`` [actors] play ``given`` [periods, actions, LANES]; the
    choices of those in ``keep`` [actors] are stored.
    """

    scale: float
    perfect: bool
    fixed: Bools
    given: Floats
    keep: Bools


@part
def action_value(g: Ints, work: Floats, values: Floats, a: int, j: int, pays: int) -> Any:
    """What action ``a`` is worth to actor ``j``; ``pays`` as in section PAYS."""
    actors, row = count(g, sec.PATIENCE), at(g, sec.VIEW_OF, j) * count(g, sec.TARGET)
    total = splat(0.0)
    for b in range(at(g, sec.B_PTR, a), at(g, sec.B_PTR, a + 1)):
        worth = load(values, at(g, sec.TARGET, b) * actors + j)
        if pays >= 2:
            worth = worth + payment(g, work, at(g, sec.B_LIST, b), j)
        total = muladd(load(work, at(g, sec.PROB, row + b)), worth, total)
    if pays & 1 != 0:
        total = total + payment(g, work, at(g, sec.A_LIST, a), j)
    return total


@part
def base_rate(g: Ints, work: Floats, a: int) -> Any:
    """The base rate of action ``a``, 0 where it is not available."""
    zero = splat(0.0)
    return select(load(work, at(g, sec.MASK, a)) != zero, load(work, at(g, sec.BASE, a)), zero)


@part
def offer(g: Ints, work: Floats, a: int, weight: Any, worth: Any, top: Any) -> Any:
    """Puts a base rate into PI and a value into Q; the best value so far of those with a base rate."""
    store(work, at(g, sec.ROWS, sec.PI) + a, weight)
    store(work, at(g, sec.ROWS, sec.Q) + a, worth)
    return select((weight > splat(0.0)) & (worth > top), worth, top)


@part
def respond(g: Ints, work: Floats, n: int, top: Any, scale: float, perfect: bool) -> Any:
    """Turns base rates in PI into weights, by the values in Q to the mover of ``n``; their sum."""
    acts = at(g, sec.A_PTR, n + 1) - at(g, sec.A_PTR, n)
    q, pi, zero, unit = at(g, sec.ROWS, sec.Q), at(g, sec.ROWS, sec.PI), splat(0.0), splat(1.0)
    size = select(top < zero, zero - top, top)
    close = top - splat(TIE) * select(size > unit, size, unit)
    lam, total = load(work, at(g, sec.PRECISION, at(g, sec.MOVER, n))) * splat(scale), zero
    for a in range(acts):
        weight, value = load(work, pi + a), load(work, q + a)
        if perfect:
            weight = select(value >= close, weight, zero)
        else:
            # From the best value down, so that the exponential cannot overflow. What is worth more than that has no
            # base rate (or is not available): any finite number will do.
            gap = value - top
            weight = weight * exp_below(lam * select(gap < zero, gap, zero))
        store(work, pi + a, weight)
        total = total + weight
    return total


@part
def normalise(g: Ints, work: Floats, n: int, total: Any) -> None:
    """Makes the weights in PI, which add up to ``total``, probabilities; zeros where that is 0."""
    pi, zero = at(g, sec.ROWS, sec.PI), splat(0.0)
    share = select(total > zero, splat(1.0) / total, zero)
    for a in range(at(g, sec.A_PTR, n + 1) - at(g, sec.A_PTR, n)):
        store(work, pi + a, load(work, pi + a) * share)


@part
def choose(g: Ints, work: Floats, values: Floats, n: int, scale: float, perfect: bool) -> Any:
    """The free choices of the mover of ``n`` (zeros where the menu is empty) in PI; the sum of their weights."""
    first, pi, zero = at(g, sec.A_PTR, n), at(g, sec.ROWS, sec.PI), splat(0.0)
    acts = at(g, sec.A_PTR, n + 1) - first
    if acts == 1:  # nothing to weigh
        total = base_rate(g, work, first)
        store(work, pi, select(total > zero, splat(1.0), zero))
        return total
    top = splat(-np.inf)
    for a in range(acts):
        worth = action_value(g, work, values, first + a, at(g, sec.MOVER, n), at(g, sec.PAYS, n))
        top = offer(g, work, a, base_rate(g, work, first + a), worth, top)
    total = respond(g, work, n, top, scale, perfect)
    normalise(g, work, n, total)
    return total


@part
def bind(g: Ints, work: Floats, n: int, total: Any) -> Any:
    """Puts a bound mover on its action, where that is available; the sum of weights, 1 where bound."""
    first = at(g, sec.A_PTR, n)
    acts = at(g, sec.A_PTR, n + 1) - first
    zero, sure, pi = splat(0.0), splat(1.0), at(g, sec.ROWS, sec.PI)
    free = sure == sure  # lanes in which no earlier action binds
    for a in range(acts):
        if at(g, sec.FORCE, first + a) >= 0:
            there = load(work, at(g, sec.MASK, first + a)) != zero
            here = free & there & (load(work, at(g, sec.FORCE, first + a)) != zero)
            if which(here) != 0:
                for other in range(acts):
                    store(work, pi + other, select(here, splat(1.0 if other == a else 0.0), load(work, pi + other)))
                total = select(here, sure, total)
                free = free & ~here
    return total


@part
def divergence(g: Ints, work: Floats, n: int) -> Any:
    """How far the choices at ``n`` in PI are from the base rates (Kullback and Leibler 1951), in nats; NaN where an
    action is taken that has none.

    The sum of b f(p/b), f(r) = r log r - r + 1, whose terms are none below 0: where p is nearly b no digits are lost.
    """
    first, pi, zero, unit = at(g, sec.A_PTR, n), at(g, sec.ROWS, sec.PI), splat(0.0), splat(1.0)
    acts, bases, total = at(g, sec.A_PTR, n + 1) - first, zero, zero
    for a in range(acts):
        bases = bases + base_rate(g, work, first + a)
    for a in range(acts):
        base, p = base_rate(g, work, first + a) / select(bases > zero, bases, unit), load(work, pi + a)
        r = p / select(base > zero, base, unit)
        some = r > splat(1e-290)
        log = splat(LN2) * log2_of(select(some, r, unit))
        total = total + base * (select(some, r * log, zero) - (r - unit))
        total = select((p > zero) & ~(base > zero), splat(np.nan), total)
    return total


@part
def pay_control(g: Ints, work: Floats, n: int, column: int, scale: float, values: Floats) -> Any:
    """Takes what control costs off values[n, column]; the lanes in which it costs infinitely much.

    That is the choice's divergence from the base rates over the mover's precision (Mattsson and Weibull 2002): a free
    choice is then worth log(sum of b exp(lambda Q)) / lambda, and no other choice there is worth more.
    """
    row, zero = n * count(g, sec.PATIENCE) + column, splat(0.0)
    lam, far = load(work, at(g, sec.PRECISION, at(g, sec.MOVER, n))) * splat(scale), divergence(g, work, n)
    weighs = lam > zero  # who weighs nothing controls nothing
    cost = select(weighs & (far > splat(LEAST_BITS)), far / select(weighs, lam, splat(1.0)), zero)
    store(values, row, load(values, row) - cost)
    return weighs & (far != far)


@part
def play_given(g: Ints, work: Floats, n: int, t: int, given: Floats) -> Any:
    """Puts the choices ``given`` for node ``n`` at ``t`` into PI; their sum."""
    first, row, pi = at(g, sec.A_PTR, n), t * count(g, sec.BASE), at(g, sec.ROWS, sec.PI)
    total = splat(0.0)
    for a in range(first, at(g, sec.A_PTR, n + 1)):
        p = load(given, row + a)
        store(work, pi + a - first, p)
        total = total + p
    return total


@part
def keep_choices(g: Ints, work: Floats, n: int, t: int, policy: Floats) -> None:
    """Writes the choices in PI down as those of node ``n`` at ``t``."""
    first, row, pi = at(g, sec.A_PTR, n), t * count(g, sec.BASE), at(g, sec.ROWS, sec.PI)
    for a in range(first, at(g, sec.A_PTR, n + 1)):
        store(policy, row + a, load(work, pi + a - first))
