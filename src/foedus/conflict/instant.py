"""Joint changes: what results if several parties change a state in the same instant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Longs
from foedus.compiled import kernel, part

_KEPT = 1 << 18


class Sets(NamedTuple):
    """For each of several parties and each state a set of states, as stretches ``items[low:high]``.

    The stretches of party j and state s are ``first[j, s]:first[j, s + 1]``.
    """

    first: Longs
    low: Longs
    high: Longs
    items: Longs


@part
def _place(numbers: Longs, table: Longs, number: int) -> int:
    """The index of a number among the ascending ``numbers``, -1 where it is not there; ``table`` has it, or is empty."""
    if len(table) > 0:
        return table[number]  # type: ignore[no-any-return]
    low, high = 0, len(numbers) - 1
    while low < high:
        middle = (low + high) // 2
        if numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low if numbers[low] == number else -1


@part
def _joint(changes: Longs, begin: Longs, which: int) -> int:
    """The bits that change in combination ``which``: its digits say which change of each party."""
    found = 0
    for j in range(len(begin) - 1):
        count = begin[j + 1] - begin[j]
        found |= changes[begin[j] + which % count]
        which //= count
    return found


@part
def _sanctions(numbers: Longs, table: Longs, ranks: Longs, state: int, number: int) -> bool:
    """Whether a number is a state that some member does not prefer to ``state``."""
    outcome = _place(numbers, table, number)
    if outcome < 0:
        return False
    for member in range(len(ranks)):  # noqa: SIM110
        if ranks[member, outcome] <= ranks[member, state]:
            return True
    return False


@part
def _load(numbers: Longs, others: Sets, state: int, changes: Longs, begin: Longs) -> int:
    """Puts what each of the others may change from ``state`` (nothing first) into ``changes``; how many combinations."""
    total, at = 1, 0
    for j in range(len(begin) - 1):
        begin[j] = at
        changes[at] = 0
        at += 1
        for r in range(others.first[j, state], others.first[j, state + 1]):
            for i in range(others.low[r], others.high[r]):
                changes[at] = numbers[others.items[i]] ^ numbers[state]
                at += 1
        total *= at - begin[j]
    begin[len(begin) - 1] = at
    return total


@kernel
def _decide(
    states: Longs,
    numbers: Longs,
    table: Longs,
    ranks: Longs,
    own: Sets,
    others: Sets,
    changes: Longs,
    begin: Longs,
    kept: Longs,
    out: NDArray[np.bool_],
) -> None:
    for q in range(len(states)):
        state = states[q]
        start = numbers[state]
        total = _load(numbers, others, state, changes, begin)
        made, last, stable = 0, 0, True
        for r in range(own.first[0, state], own.first[0, state + 1]):
            i = own.high[r] - 1
            while stable and i >= own.low[r]:
                change = numbers[own.items[i]] ^ start
                hit = _sanctions(numbers, table, ranks, state, start ^ (change | _joint(changes, begin, last)))
                k = 0
                while not hit and k < total:
                    if k < made:
                        joint = kept[k]
                    else:
                        joint = _joint(changes, begin, k)
                        if k < len(kept):
                            kept[k] = joint
                            made = k + 1
                    hit = _sanctions(numbers, table, ranks, state, start ^ (change | joint))
                    if hit:
                        last = k
                    k += 1
                stable = hit
                i -= 1
        out[q] = stable


def deterred(states: Longs, numbers: Longs, table: Longs, ranks: Longs, own: Sets, others: Sets) -> NDArray[np.bool_]:
    """For each of ``states``, whether every improvement in ``own`` (one party) is deterred.

    It is if some combination of the changes in ``others``, made in the same instant, leads to a state that some member
    of ``ranks`` [member, state] does not prefer. ``numbers`` [state] are the states as bits, ascending; ``table`` is
    the index by number, or empty.
    """
    parties = len(others.first)
    sizes = np.concatenate([[0], np.cumsum(others.high - others.low)])
    most = sum(int(np.diff(sizes[row]).max(initial=0)) + 1 for row in others.first)
    out = np.zeros(len(states), bool)
    scratch = np.empty(most, np.int64), np.zeros(parties + 1, np.int64), np.empty(_KEPT, np.int64)
    _decide(states, numbers, table, ranks, own, others, *scratch, out)
    return out
