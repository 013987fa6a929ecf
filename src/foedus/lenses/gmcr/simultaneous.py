"""Simultaneous stability: what happens if others improve in the same instant (Fraser and Hipel 1979).

An improvement of the focal player from s is deterred if each of some others, by an improvement of its own from s,
takes the outcome of all these changes at once to a feasible state that is no better for the focal player than s.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foedus.lenses.gmcr.conflict import Bools, Ints, OptionModel
from foedus.lenses.gmcr.moves import Moves

_PAIRS = 1 << 20
_CELLS = 1 << 23


def simultaneous(model: OptionModel, focal: Moves, others: Sequence[Moves]) -> Bools:
    """The states that are stable for ``focal`` under simultaneous responses, as a bool array over states."""
    counts = focal.improvements.counts
    stable: Bools = counts == 0
    asked = np.flatnonzero(~stable)
    answered = np.zeros(len(asked), bool)
    for moves in others:
        answered |= moves.improvements.counts[asked] > 0
    asked = asked[answered]
    best = focal.improvements.pick(asked, counts[asked] - 1)
    asked = asked[_deterred(model, focal, others, asked, np.arange(len(asked)), best)]
    ends = np.searchsorted(np.cumsum(counts[asked]), np.arange(_PAIRS, counts[asked].sum() + _PAIRS, _PAIRS))
    for chunk in np.split(asked, np.unique(ends)):
        if len(chunk):
            stable[chunk] = _deterred(model, focal, others, chunk, *focal.improvements.pairs(chunk))
    return stable


def _deterred(
    model: OptionModel, focal: Moves, others: Sequence[Moves], states: Ints, rows: Ints, improved: Ints
) -> Bools:
    """Whether all improvements listed for a state, ``improved`` for ``states[rows]``, are deterred."""
    boxes = np.ones(len(states), np.int64)
    for moves in others:
        boxes *= moves.improvements.counts[states] + 1
    open_pairs = np.arange(len(rows))
    undeterred = np.zeros(len(states), bool)
    done, width = 0, 8
    while len(open_pairs):
        alive, slot = np.unique(rows[open_pairs], return_inverse=True)
        joint, real = _joint_changes(model, others, states[alive], boxes[alive], done, width)
        hit = _sanctioned(model, focal, states[rows[open_pairs]], improved[open_pairs], joint[slot], real[slot])
        open_pairs = open_pairs[~hit]
        done += width
        exhausted = boxes[rows[open_pairs]] <= done
        undeterred[rows[open_pairs[exhausted]]] = True
        open_pairs = open_pairs[~undeterred[rows[open_pairs]]]
        width = int(np.clip(_CELLS // max(len(open_pairs), 1), 8, 2 * width))
    return ~undeterred


def _joint_changes(
    model: OptionModel, others: Sequence[Moves], states: Ints, boxes: Ints, first: int, width: int
) -> tuple[Ints, Bools]:
    """Bits that change under the combinations ``first`` to ``first + width`` of the others' improvements.

    A combination is a number whose digits say of each other player which improvement it makes, 0 for none. Returns
    the bits and whether the combination exists, both [state, combination].
    """
    digits = first + np.arange(width)[None, :] + np.zeros((len(states), 1), np.int64)
    real = digits < boxes[:, None]
    digits = np.where(real, digits, 0)
    joint = np.zeros_like(digits)
    for place, moves in enumerate(others):
        if place < len(others) - 1:
            digits, which = np.divmod(digits, moves.improvements.counts[states][:, None] + 1)
        else:
            which = digits
        row, column = np.nonzero(which)
        target = moves.improvements.pick(states[row], which[row, column] - 1)
        joint[row, column] |= model.numbers[target] ^ model.numbers[states[row]]
    return joint, real


def _sanctioned(model: OptionModel, focal: Moves, states: Ints, improved: Ints, joint: Ints, real: Bools) -> Bools:
    """Which improvements some combination of changes turns into a state that is no better than the first."""
    start = model.numbers[states]
    own = start ^ model.numbers[improved]
    outcome = model.find(start[:, None] ^ (own[:, None] | joint))
    better = np.ones(outcome.shape, bool)
    for rank in focal.ranks:
        better &= rank[outcome] > rank[states][:, None]
    return np.asarray((real & (outcome >= 0) & ~better).any(axis=1))
