"""Legal sequences of moves, in which nobody moves twice running (Fang, Hipel and Kilgour 1993)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foedus.arraytypes import Longs
from foedus.conflict.moves import Moves, Reach, Values


def closure(steps: Sequence[Reach], start: Values, combine: np.ufunc, closed: bool) -> Values:
    """For each state, ``start`` combined over the state itself and all states reached by legal sequences of moves.

    A sequence is legal if nobody moves twice in a row (Fang, Hipel and Kilgour 1993). ``steps[j]`` combines values
    over the states that mover j reaches in one move; ``combine`` must be a lattice operation (minimum, maximum, or).
    Where the movers' moves are ``closed`` the rule excludes nothing new, and one array is enough; otherwise one is
    kept for each mover who goes first.
    """
    if len(steps) < 2:
        return combine(start, steps[0](start)) if steps else start
    if closed:
        total, before = start, None
        while before is None or not np.array_equal(before, total):
            before = total
            for step in steps:
                total = combine(total, step(total))
        return total
    first = [step(start) for step in steps]
    changed = True
    while changed:
        changed = False
        for mover, step in enumerate(steps):
            reached = step(_over(combine, start, first[:mover] + first[mover + 1 :]))
            changed |= not np.array_equal(reached, first[mover])
            first[mover] = reached
    return _over(combine, start, first)


def closure_once(steps: Sequence[Reach], start: Values, combine: np.ufunc) -> Values:
    """Like ``closure``, but over sequences in which each mover moves at most once (as in the program GMCR+)."""
    reached = {0: start}
    for movers in range(1, 1 << len(steps)):
        moving = [mover for mover in range(len(steps)) if movers >> mover & 1]
        reached[movers] = _over(combine, start, [steps[mover](reached[movers & ~(1 << mover)]) for mover in moving])
    return reached[(1 << len(steps)) - 1]


def legally_reached(movers: Sequence[Moves], start: int, improving: bool) -> Longs:
    """The states that legal sequences of moves, or of improvements, lead to from ``start``; at least one move."""
    reached: set[tuple[int, int]] = set()
    front = [(start, -1)]
    while front:
        state, last = front.pop()
        for mover, moves in enumerate(movers):
            if mover != last:
                fresh = {(after, mover) for after in steps_from(moves, state, improving)} - reached
                reached |= fresh
                front.extend(fresh)
    return np.array(sorted({state for state, _ in reached}), np.int64)


def steps_from(moves: Moves, state: int, improving: bool) -> list[int]:
    """The states that one move, or one improvement, leads to, ascending."""
    after = moves.improvements.pairs(np.array([state]))[1] if improving else moves.successors(state)
    return [int(index) for index in np.sort(after)]


def _over(combine: np.ufunc, start: Values, rest: Sequence[Values]) -> Values:
    """``start`` combined with all the others."""
    for values in rest:
        start = combine(start, values)
    return start
