"""Which states are stable for a player, under each concept of the graph model for conflict resolution.

Writing R(s) for a player's moves from s, and sequences of moves by the others in which nobody moves twice running:

* Nash (R): no improvement exists (Nash 1950).
* GMR: after every improvement the others can move to a state that is no better than s (Howard 1971).
* SMR: the same, and the player cannot then move to a state better than s (Howard 1971).
* SEQ: the others reach such a state by moves that each improve on the last for their mover (Fraser and Hipel 1979).
* SIM: such a state results if others make improvements of theirs from s in the same instant (Fraser and Hipel 1979).

A state is better for a player of several members if it is better for every member.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from foedus.arraytypes import Bools, Longs
from foedus.conflict.conflict import OptionModel
from foedus.conflict.graph import Model
from foedus.conflict.moves import Moves, Reach, Values, closure, closure_once
from foedus.conflict.simultaneous import simultaneous

CONCEPTS = ("nash", "gmr", "smr", "seq", "sim")


def stable_states(
    model: Model, focal: Moves, others: Sequence[Moves], concepts: Sequence[str] = CONCEPTS, once: bool = False
) -> dict[str, Bools]:
    """For each concept the states that are stable for ``focal`` when ``others`` may respond, as bool arrays.

    With ``once`` each of the others responds at most once; otherwise as often as it likes, but not twice running.
    Simultaneous stability is defined for option form only and left out for other conflicts.
    """
    nash = focal.improvements.counts == 0
    out: dict[str, Bools] = {}
    for concept in concepts:
        if concept == "nash":
            out[concept] = nash
        elif concept == "gmr":
            out[concept] = nash | ~_unanswered(focal, _after(focal, _lows(others), focal.ranks, once))
        elif concept == "seq":
            out[concept] = nash | ~_unanswered(focal, _after(focal, _better_lows(others), focal.ranks, once))
        elif concept == "smr":
            out[concept] = _symmetric(focal, others, nash, once)
        elif isinstance(model, OptionModel):
            out[concept] = simultaneous(model, focal, others)
    return out


def _lows(movers: Sequence[Moves]) -> list[Reach]:
    """Steps to the lowest value over all moves."""
    return [partial(moves.gather, combine=np.minimum, none=moves.size) for moves in movers]


def _better_lows(movers: Sequence[Moves]) -> list[Reach]:
    """Steps to the lowest value over improvements."""
    return [partial(moves.improvements.lowest, none=moves.size) for moves in movers]


def _after(focal: Moves, steps: Sequence[Reach], values: Longs, once: bool) -> Longs:
    """For each member, the lowest of its ``values`` at a state and where the others can take it from there."""
    return np.stack([_spread(steps, row, np.minimum, focal.closed, once) for row in values])


def _spread(steps: Sequence[Reach], start: Values, combine: np.ufunc, closed: bool, once: bool) -> Values:
    return closure_once(steps, start, combine) if once else closure(steps, start, combine, closed)


def _unanswered(focal: Moves, after: Longs) -> Bools:
    """Where a move exists that leaves every member better off even after the worst response to it."""
    if len(after) == 1:
        best = focal.gather(after[0], np.maximum, -1)
        return np.asarray(best > focal.ranks[0])
    return focal.runs(after, focal.ranks).counts > 0


def _symmetric(focal: Moves, others: Sequence[Moves], nash: Bools, once: bool) -> Bools:
    """Symmetric metarational stability.

    With one member, a response is as good for it as the better of where it ends and where it lets the member move.
    """
    if len(focal.ranks) > 1:
        return _symmetric_coalition(focal, others, nash, once)
    own = focal.ranks[0]
    relief = np.maximum(own, focal.gather(own, np.maximum, -1))
    after = np.minimum(own, _after(focal, _lows(others), relief[None], once)[0])
    return nash | ~_unanswered(focal, after[None])


def _symmetric_coalition(focal: Moves, others: Sequence[Moves], nash: Bools, once: bool) -> Bools:
    """Symmetric metarational stability for several members, 64 thresholds at a time as the bits of a word."""
    steps: list[Reach] = [partial(moves.gather, combine=np.bitwise_or, none=0) for moves in others]
    stable = nash.copy()
    asked = np.flatnonzero(~nash)
    levels, which = np.unique(focal.ranks[:, asked], axis=1, return_inverse=True)
    for first in range(0, levels.shape[1], 64):
        better = np.zeros(focal.size, np.uint64)
        for bit, level in enumerate(levels[:, first : first + 64].T):
            better |= (focal.ranks > level[:, None]).all(axis=0).astype(np.uint64) << np.uint64(bit)
        escapes = better | focal.gather(better, np.bitwise_or, 0)
        sanctions = _spread(steps, ~escapes, np.bitwise_or, focal.closed, once)
        unanswered = focal.gather(better & ~sanctions, np.bitwise_or, 0)
        mine = (which >= first) & (which < first + 64)
        bits = (which[mine] - first).astype(np.uint64)
        stable[asked[mine]] = (unanswered[asked[mine]] >> bits & np.uint64(1)) == 0
    return stable
