"""Backward induction: what every state is worth to every actor, and how each chooses (see ``solve.decision``)."""

from __future__ import annotations

from typing import Any

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel
from foedus.game.arrays import DECIDE
from foedus.solve import sections as sec
from foedus.solve.decision import NO_ACTION, NO_BASE, NOT_FINITE, bind, choose, keep_choices, pay_control, play_given
from foedus.solve.lanes import at, count, splat, which
from foedus.solve.nodes import begin_period, idle, known, lowest, opened, pass_over, value_node


@kernel
def backward(g: Ints, work: Floats, table: Floats, periods: int, how: Any, policy: Floats, values: Floats) -> Any:
    """Fills ``values`` [nodes, actors, LANES] (at period 0) and ``policy`` [periods, actions, LANES].

    ``table`` [rows, LANES] holds the coefficients; ``how`` is a ``Choosing``. Choices to be kept are stored also where
    a guard shuts the phase: in another version of the game it may be open. Returns (node, period, lane, NO_ACTION,
    NOT_FINITE or NO_BASE) of what went wrong, node -1 if nothing.
    """
    zero = splat(0.0)
    for t in range(periods - 1, -1, -1):
        bad, lanes = begin_period(g, work, table, t, t == periods - 1, t == periods - 1, values)
        if bad >= 0:
            return bad, t, lowest(lanes), NOT_FINITE
        for n in range(count(g, sec.KIND) - 1, -1, -1):
            if idle(g, n, t):
                continue
            active, decides, j = opened(g, work, n), at(g, sec.KIND, n) == DECIDE, at(g, sec.MOVER, n)
            if which(active) != 0 or (decides and how.keep[j] and known(g, n, t)):
                if decides:
                    if how.fixed[j]:
                        total = play_given(g, work, n, t, how.given)
                    else:
                        total = bind(g, work, n, choose(g, work, values, n, how.scale, how.perfect))
                    if how.keep[j]:
                        keep_choices(g, work, n, t, policy)
                    empty = which(active & ~(total > zero))
                    if empty != 0:
                        return n, t, lowest(empty), NO_ACTION
                value_node(g, work, n, values)
                if decides and at(g, sec.CONTROL, 0) != 0 and not (how.perfect or how.fixed[j]):
                    endless = which(active & pay_control(g, work, n, j, how.scale, values))
                    if endless != 0:
                        return n, t, lowest(endless), NO_BASE
            pass_over(g, n, active, values)
    return -1, 0, 0, 0
