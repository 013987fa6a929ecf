"""Conflicts in option form: who can take which options, what each prefers, and the states that follow.

A state says of every option whether it is taken (Y) or not (N). States are numbered as in the programs of
the GMCR family (Fang, Hipel, Kilgour and Peng 2003): options are put in the order of their first owner, the
i-th of them weighs 2^i, and a state's number is the sum over its options that are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from foedus.arraytypes import Bools, Longs
from foedus.errors import FoedusError

PermittedDirection = Literal["both", "fwd", "back"]
Pattern = tuple[tuple[int, bool], ...]

MOST_OPTIONS = 62
MOST_STATES = 1 << 22


@dataclass(frozen=True)
class Option:
    """Something that can be done or left undone; ``fwd`` can only be taken, ``back`` only be given up."""

    name: str
    direction: PermittedDirection = "both"


@dataclass(frozen=True)
class Condition:
    """Holds in a state where one of its patterns does; a pattern holds where all its options are as it says."""

    patterns: tuple[Pattern, ...]
    compound: bool = False


@dataclass(frozen=True)
class DecisionMaker:
    """One who controls options (numbered as in the conflict) and prefers some states to others.

    ``preferences`` are conditions, the most important first. ``ranking``, where there is one, is used instead of
    them: positions of the feasible states from 1, best first, equally good ones together. ``misperceptions`` are
    conditions whose states this decision maker does not see.
    """

    name: str
    options: tuple[int, ...]
    preferences: tuple[Condition, ...] = ()
    misperceptions: tuple[Condition, ...] = ()
    ranking: tuple[tuple[int, ...], ...] | None = None


@dataclass(frozen=True)
class Conflict:
    """A conflict in option form. ``coalitions`` list decision makers that act together; the others act alone. ``notes``
    are entries of the file that mean nothing to the analysis; they are kept and written back."""

    options: tuple[Option, ...]
    decision_makers: tuple[DecisionMaker, ...]
    infeasibles: tuple[Condition, ...] = ()
    coalitions: tuple[tuple[int, ...], ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def players(self) -> tuple[tuple[int, ...], ...]:
        """Those who move as one: the coalitions, and every decision maker that is in none."""
        joined = {member for coalition in self.coalitions for member in coalition}
        alone = [(i,) for i in range(len(self.decision_makers)) if i not in joined]
        return tuple(sorted([*self.coalitions, *alone], key=min))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Options by decision maker, those that nobody controls last."""
        owned = [option for maker in self.decision_makers for option in maker.options]
        return tuple(dict.fromkeys([*owned, *range(len(self.options))]))


class OptionModel:
    """The feasible states of a conflict, with every decision maker's ranks over them.

    ``numbers``: int64 array of the n feasible states' numbers, ascending; ``ranks``: [decision maker, state],
    dense ranks from 0 (worst), equal where a decision maker is indifferent; ``sees``: the same shape, False where
    the decision maker misperceives the state. Raises FoedusError where there are no or too many feasible states,
    or where a ranking does not name each of them once.
    """

    def __init__(self, conflict: Conflict):
        self.conflict = conflict
        self.names = [maker.name for maker in conflict.decision_makers]
        self.players = conflict.players
        self._bit = {option: 1 << place for place, option in enumerate(conflict.order)}
        self.numbers = self._feasible()
        self.size = len(self.numbers)
        self.ranks: Longs = np.stack([self._rank(maker) for maker in conflict.decision_makers])
        self.sees: Bools = np.stack([~self._any(maker.misperceptions) for maker in conflict.decision_makers])

    @property
    def labels(self) -> list[str]:
        """Names of the options in the order of a state's letters."""
        return [self.conflict.options[option].name for option in self.conflict.order]

    def mask(self, options: Iterable[int]) -> int:
        """The bits of these options."""
        return sum({self._bit[option] for option in options})

    def controlled(self, members: Sequence[int]) -> int:
        """The bits of the options that these decision makers control."""
        makers = self.conflict.decision_makers
        return self.mask(option for member in members for option in makers[member].options)

    def one_way(self, direction: PermittedDirection) -> int:
        """The bits of the options with this permitted direction."""
        return self.mask(i for i, option in enumerate(self.conflict.options) if option.direction == direction)

    def label(self, state: int) -> str:
        """The state as letters, such as ``YNN``."""
        return self.letters(np.array([state]))[0]

    def letters(self, states: Longs) -> list[str]:
        """The labels of many states."""
        count = len(self.conflict.options)
        taken = self.numbers[states][:, None] >> np.arange(count) & 1
        codes = np.where(taken == 1, ord("Y"), ord("N")).astype(np.uint32)
        return [str(label) for label in np.ascontiguousarray(codes).view(f"<U{count}").ravel()]

    def state(self, label: str) -> int:
        """The index of the state with these letters. Raises FoedusError where there is none."""
        if len(label) != len(self.conflict.options) or set(label) - {"Y", "N"}:
            raise FoedusError(f"{label!r} is not a state: write one Y or N for each of the options {self.labels}.")
        index = int(self.find(np.array([sum(1 << i for i, letter in enumerate(label) if letter == "Y")]))[0])
        if index < 0:
            raise FoedusError(f"The state {label} is not feasible.")
        return index

    def find(self, numbers: Longs) -> Longs:
        """Indices of the states with these numbers, -1 where there is no feasible one."""
        if len(self.table):
            return self.table[numbers]
        place = np.minimum(np.searchsorted(self.numbers, numbers), self.size - 1)
        return np.where(self.numbers[place] == numbers, place, -1)

    @cached_property
    def table(self) -> Longs:
        """Index by number, empty where that table would be large."""
        if len(self.conflict.options) > 22:
            return np.empty(0, np.int64)
        table = np.full(1 << len(self.conflict.options), -1, np.int64)
        table[self.numbers] = np.arange(self.size)
        return table

    def _bits(self, conditions: Sequence[Condition]) -> Iterator[tuple[int, int]]:
        """Mask and value of every pattern that does not contradict itself."""
        for pattern in (pattern for condition in conditions for pattern in condition.patterns):
            wanted = dict(pattern)
            if all(wanted[option] == taken for option, taken in pattern):
                yield self.mask(wanted), self.mask(option for option, taken in wanted.items() if taken)

    def _any(self, conditions: Sequence[Condition]) -> Bools:
        """Where one of the conditions holds."""
        holds = np.zeros(len(self.numbers), bool)
        for mask, value in self._bits(conditions):
            holds |= (self.numbers & mask) == value
        return holds

    def _feasible(self) -> Longs:
        """All numbers that meet no infeasible condition, grown option by option."""
        banned: dict[int, list[tuple[int, int]]] = {}
        for bits in self._bits(self.conflict.infeasibles):
            banned.setdefault(bits[0].bit_length(), []).append(bits)
        numbers = np.zeros(0 if 0 in banned else 1, np.int64)
        for place in range(len(self.conflict.options)):
            numbers = np.concatenate([numbers, numbers | 1 << place])
            for mask, value in banned.get(place + 1, []):
                numbers = numbers[(numbers & mask) != value]
            if len(numbers) > MOST_STATES:
                hint = "Give fewer options, or more infeasibles."
                raise FoedusError(f"The conflict has more than {MOST_STATES:,} states. {hint}")
        if not len(numbers):
            raise FoedusError("The conflict has no feasible state: its infeasible conditions rule all of them out.")
        return numbers

    def _rank(self, maker: DecisionMaker) -> Longs:
        """Dense ranks of the states for one decision maker, 0 the worst."""
        if maker.ranking is not None:
            return self._listed(maker.name, maker.ranking)
        rank = np.zeros(len(self.numbers), np.int64)
        for condition in maker.preferences:
            rank = np.unique(2 * rank + self._any([condition]), return_inverse=True)[1].astype(np.int64)
        return rank

    def _listed(self, name: str, ranking: Sequence[Sequence[int]]) -> Longs:
        listed, total = [state for group in ranking for state in group], len(self.numbers)
        for state in listed:
            if not 1 <= state <= total:
                raise FoedusError(f"The ranking of {name} names state {state}; feasible states are 1 to {total}.")
        if len(set(listed)) < len(listed):
            twice = next(state for state in listed if listed.count(state) > 1)
            raise FoedusError(f"The ranking of {name} names state {twice} more than once.")
        if len(listed) < total:
            missing = min(set(range(1, total + 1)) - set(listed))
            raise FoedusError(f"The ranking of {name} leaves out state {missing} of {total}.")
        rank = np.empty(total, np.int64)
        for place, group in enumerate(ranking):
            rank[np.array(group, np.int64) - 1] = len(ranking) - 1 - place
        return rank
