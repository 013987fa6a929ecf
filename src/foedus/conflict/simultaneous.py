"""Simultaneous stability: what happens if others improve in the same instant (Fraser and Hipel 1979).

An improvement of the focal player from s is deterred if each of some others, by an improvement of its own from s,
takes the outcome of all these changes at once to a feasible state that is no better for the focal player than s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Bools
from foedus.conflict.conflict import OptionModel
from foedus.conflict.moves import Moves, Runs

if TYPE_CHECKING:
    from foedus.conflict.instant import Sets


def simultaneous(model: OptionModel, focal: Moves, others: Sequence[Moves]) -> Bools:
    """The states that are stable for ``focal`` under simultaneous responses, as a bool array over states."""
    from foedus.conflict.instant import deterred

    stable: Bools = focal.improvements.counts == 0
    answered = np.zeros(model.size, bool)
    for moves in others:
        answered |= moves.improvements.counts > 0
    asked = np.flatnonzero(~stable & answered)
    if len(asked):
        own, theirs = _sets([focal.improvements]), _sets([moves.improvements for moves in others])
        stable[asked] = deterred(asked, model.numbers, model.table, np.ascontiguousarray(focal.ranks), own, theirs)
    return stable


def _sets(parts: Sequence[Runs]) -> Sets:
    """The improvements of several players as the solver takes them."""
    from foedus.conflict.instant import Sets

    first, low, high, items, offset, stretches = [], [], [], [], 0, 0
    for part in parts:
        first.append(np.searchsorted(part.owner, np.arange(part.size + 1)) + stretches)
        low.append(part.low + offset)
        high.append(part.high + offset)
        items.append(part.items)
        offset += len(part.items)
        stretches += len(part.owner)
    return Sets(np.stack(first), np.concatenate(low), np.concatenate(high), np.concatenate(items))
