"""What a single action is worth, outside the kernels: for explanations."""

from __future__ import annotations

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import GameArrays


def coefficients(g: GameArrays, table: Floats, t: int) -> Floats:
    """[coefficients, LANES]: their values in period ``t``."""
    return np.asarray(table[g.offset + t * g.timed])


def action_values(g: GameArrays, now: Floats, values: Floats, a: int) -> Floats:
    """[actors, LANES]: what action ``a`` is worth to every actor, given the ``values`` of the nodes it leads to.

    ``now`` are the coefficients of the period. Nature's odds are those that each actor believes.
    """
    _, actors, lanes = values.shape
    total, ones = np.zeros((actors, lanes)), np.ones(lanes)
    for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
        p = np.stack([now[c] if c >= 0 else ones for c in g.prob[g.view_of, b]])
        total += p * values[g.target[b]]
        for k in range(g.bp_ptr[b], g.bp_ptr[b + 1]):
            i = g.obj_actor[g.pay_obj[k]]
            total[i] += p[i] * now[g.pay_coef[k]]
    for k in range(g.ap_ptr[a], g.ap_ptr[a + 1]):
        total[g.obj_actor[g.pay_obj[k]]] += now[g.pay_coef[k]]
    return total
