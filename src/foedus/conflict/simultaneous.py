"""Simultaneous stability: what happens if others improve in the same instant (Fraser and Hipel 1979).

An improvement of the focal player from s is deterred if each of some others, by an improvement of its own from s,
takes the outcome of all these changes at once to a feasible state that is no better for the focal player than s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from foedus.arraytypes import Bools, Longs
from foedus.compiled import kernel, part
from foedus.conflict.moves import Moves, steps_from
from foedus.conflict.option_form import OptionModel
from foedus.conflict.state_sets import StateSets

_KEPT = 1 << 18  # combinations of the others' changes
MOST_JOINT = 1 << 22  # combinations that are looked through from one state


class Sets(NamedTuple):
    """For each of several parties and each state a set of states, as stretches ``items[low:high]``. The stretches of
    party j and state s are ``first[j, s]:first[j, s + 1]``."""

    first: Longs
    low: Longs
    high: Longs
    items: Longs


class Feasible(NamedTuple):
    """The states as bits, ascending (``numbers``), their index by number or an empty array (``table``), and ``ranks``
    [member, state] of the focal player."""

    numbers: Longs
    table: Longs
    ranks: Longs


class Scratch(NamedTuple):
    """Room to work in: what each of the others may change (party j: ``changes[begin[j]:begin[j + 1]]``), and the first
    combinations of these, kept for one improvement after another."""

    changes: Longs
    begin: Longs
    kept: Longs


@part
def _place(states: Feasible, number: int) -> int:
    """The index of the state with a number, -1 where it is not feasible."""
    if len(states.table) > 0:
        return states.table[number]  # type: ignore[no-any-return]
    low, high = 0, len(states.numbers) - 1
    while low < high:
        middle = (low + high) // 2
        if states.numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low if states.numbers[low] == number else -1


@part
def _joint(room: Scratch, which: int) -> int:
    """The bits that change in combination ``which``: its digits say which change of each party."""
    bits = 0
    for j in range(len(room.begin) - 1):
        count = room.begin[j + 1] - room.begin[j]
        bits |= room.changes[room.begin[j] + which % count]
        which //= count
    return bits


@part
def _sanctions(states: Feasible, state: int, number: int) -> bool:
    """Whether a number is a state that some member does not prefer to ``state``."""
    outcome = _place(states, number)
    if outcome < 0:
        return False
    for member in range(len(states.ranks)):  # noqa: SIM110
        if states.ranks[member, outcome] <= states.ranks[member, state]:
            return True
    return False


@part
def _load(numbers: Longs, others: Sets, state: int, room: Scratch) -> int:
    """Puts what each of the others may change from ``state`` (nothing first) into ``room``; how many combinations."""
    total, at = 1, 0
    for j in range(len(room.begin) - 1):
        room.begin[j] = at
        room.changes[at] = 0
        at += 1
        for r in range(others.first[j, state], others.first[j, state + 1]):
            for i in range(others.low[r], others.high[r]):
                room.changes[at] = numbers[others.items[i]] ^ numbers[state]
                at += 1
        total *= at - room.begin[j]
    room.begin[len(room.begin) - 1] = at
    return total


@kernel
def _decide(asked: Longs, states: Feasible, focal: Sets, others: Sets, room: Scratch, out: Bools) -> None:
    """For each state ``asked``, whether every improvement of the focal player is deterred, into ``out``."""
    for q in range(len(asked)):
        state = asked[q]
        start = states.numbers[state]
        total = _load(states.numbers, others, state, room)
        kept, last, stable = 0, 0, True
        for r in range(focal.first[0, state], focal.first[0, state + 1]):
            i = focal.high[r] - 1
            while stable and i >= focal.low[r]:
                change = states.numbers[focal.items[i]] ^ start
                # What deterred the last improvement often deters the next one too: it is tried first.
                hit = _sanctions(states, state, start ^ (change | _joint(room, last)))
                k = 0
                while not hit and k < total:
                    if k < kept:
                        joint = room.kept[k]
                    else:
                        joint = _joint(room, k)
                        if k < len(room.kept):
                            room.kept[k] = joint
                            kept = k + 1
                    hit = _sanctions(states, state, start ^ (change | joint))
                    if hit:
                        last = k
                    k += 1
                stable = hit
                i -= 1
        out[q] = stable


def simultaneous(model: OptionModel, focal: Moves, others: Sequence[Moves]) -> Bools:
    """The states that are stable for ``focal`` under simultaneous responses, as a bool array over states."""
    stable: Bools = focal.improvements.counts == 0
    answered = np.any([moves.improvements.counts > 0 for moves in others], axis=0)
    asked = np.flatnonzero(~stable & answered)
    if not len(asked):
        return stable
    answers = _sets([moves.improvements for moves in others])
    ends = np.concatenate([[0], np.cumsum(answers.high - answers.low)])
    most = sum(int(np.diff(ends[row]).max(initial=0)) + 1 for row in answers.first)
    room = Scratch(np.empty(most, np.int64), np.zeros(len(others) + 1, np.int64), np.empty(_KEPT, np.int64))
    states = Feasible(model.numbers, model.table, np.ascontiguousarray(focal.ranks))
    deterred = np.zeros(len(asked), bool)
    _decide(asked, states, _sets([focal.improvements]), answers, room, deterred)
    stable[asked] = deterred
    return stable


def joint_changes(focal: Moves, others: Sequence[Moves]) -> float:
    """The most combinations of the others' improvements, each making one of its own or none, from any state that the focal
    player would leave."""
    ways = np.prod([1.0 + moves.improvements.counts for moves in others], axis=0)
    return float(np.max(np.broadcast_to(ways, focal.size), where=focal.improvements.counts > 0, initial=0.0))


def joint_outcomes(model: OptionModel, others: Sequence[Moves], state: int, first: int) -> list[int]:
    """Feasible outcomes when others improve from ``state`` in the instant of the move to ``first``."""
    start = int(model.numbers[state])
    changes = {start ^ int(model.numbers[first])}
    for moves in others:
        further = [0, *(start ^ int(model.numbers[after]) for after in steps_from(moves, state, improving=True))]
        changes = {change | more for change in changes for more in further}
    outcomes = model.find(np.array([start ^ change for change in sorted(changes)]))
    return [int(outcome) for outcome in outcomes if outcome >= 0]


def _sets(parties: Sequence[StateSets]) -> Sets:
    """The improvements of several parties as the kernel takes them."""
    offsets = np.cumsum([0, *(len(party.items) for party in parties[:-1])])
    before = np.cumsum([0, *(len(party.owner) for party in parties[:-1])])
    first = [np.searchsorted(party.owner, np.arange(party.size + 1)) + n for party, n in zip(parties, before)]
    low = np.concatenate([party.low + n for party, n in zip(parties, offsets)])
    high = np.concatenate([party.high + n for party, n in zip(parties, offsets)])
    return Sets(np.stack(first), low, high, np.concatenate([party.items for party in parties]))
