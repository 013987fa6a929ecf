"""Inverse analysis: what would the players have to prefer for a state to last? (Kinsara and others 2015.)

Stability of a state s for a player depends only on which states the player prefers to s. So for each concept the
condition on its preferences is a list of clauses, one for each move the player has, all of which must be met. A
clause lists alternatives, and an alternative is a set of states none of which the player may prefer to s. Under
SEQ and SIM the alternatives depend on what the others prefer, which is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from foedus.conflict.concepts import States, concept_for, confrontations
from foedus.conflict.graph_form import AnyConflict, Model, model_of, player_names
from foedus.conflict.moves import Moves, steps_from
from foedus.errors import FoedusError

_MOST_CHANGES = 4
_MOST_COUNTED = 16


@dataclass(frozen=True)
class Requirement:
    """What one player must prefer for a state to be stable for it.

    ``clauses``: each must be met, by keeping all states of one of its alternatives no better than the state.
    ``preferred``: the states that the player now prefers to it. ``met``: whether the condition holds now.
    ``change``: a smallest set of states that the player would have to cease to prefer, None if it has more than
    four. ``share``: of all strict orders of the states, the share that meets the condition; None if more than 16
    states matter or the player has several members.
    """

    player: str
    clauses: tuple[tuple[States, ...], ...]
    preferred: States
    met: bool
    change: States | None
    share: float | None


def inverse(conflict: AnyConflict, state: int | str, concept: str) -> list[Requirement]:
    """The condition on each player's preferences under which ``state`` (index or label) is an equilibrium. Raises
    FoedusError for an unknown concept or state, and for ``sim`` outside option form."""
    model = model_of(conflict)
    answers = concept_for(model, concept).answers
    if answers is None:
        raise FoedusError(f"There is no inverse analysis of the concept {concept!r}.")
    target = model.state(state) if isinstance(state, str) else state
    requirements = []
    for name, faced in zip(player_names(model), confrontations(model), strict=True):
        firsts = steps_from(faced.focal, target, improving=False)
        clauses = {_smallest([frozenset({first}), *answers(faced, target, first)], target) for first in firsts}
        # A clause that keeps nothing from being preferred is always met.
        clauses -= {(frozenset(),)}
        ordered = sorted(clauses, key=lambda clause: [sorted(alternative) for alternative in clause])
        requirements.append(_requirement(name, tuple(ordered), faced.focal, target))
    return requirements


def sentences(model: Model, state: int, requirement: Requirement) -> list[str]:
    """The condition in words, a sentence for each clause."""

    def named(states: States) -> str:
        return " and ".join(model.label(other) for other in sorted(states))

    clauses, here = ["; or ".join(map(named, clause)) for clause in requirement.clauses], model.label(state)
    return [f"{requirement.player} must not prefer to {here}: {ways}." for ways in clauses]


def _smallest(alternatives: Sequence[States], state: int) -> tuple[States, ...]:
    """The alternatives, less ``state`` itself, that contain no other one; the smallest first."""
    kept: list[States] = []
    without = {alternative - {state} for alternative in alternatives}
    for alternative in sorted(without, key=lambda states: (len(states), sorted(states))):
        if not any(other <= alternative for other in kept):
            kept.append(alternative)
    return tuple(kept)


def _requirement(name: str, clauses: tuple[tuple[States, ...], ...], focal: Moves, state: int) -> Requirement:
    better = (focal.ranks > focal.ranks[:, [state]]).all(axis=0)
    preferred = frozenset(int(other) for other in np.flatnonzero(better))
    share = _share(clauses) if len(focal.ranks) == 1 else None
    return Requirement(name, clauses, preferred, _met(clauses, preferred), _change(clauses, preferred), share)


def _met(clauses: Sequence[Sequence[States]], preferred: States) -> bool:
    return all(any(not alternative & preferred for alternative in clause) for clause in clauses)


def _change(clauses: Sequence[Sequence[States]], preferred: States) -> States | None:
    """A smallest set of states to stop preferring, found by trying ever larger ones, clause by clause."""

    def search(dropped: States, left: int) -> States | None:
        rest = preferred - dropped
        failing = next((clause for clause in clauses if all(alt & rest for alt in clause)), None)
        if failing is None:
            return dropped
        for alternative in failing:
            needed = alternative & rest
            if len(needed) <= left and (change := search(dropped | needed, left - len(needed))) is not None:
                return change
        return None

    for size in range(_MOST_CHANGES + 1):
        if (change := search(frozenset(), size)) is not None:
            return change
    return None


def _share(clauses: Sequence[Sequence[States]]) -> float | None:
    """The share of strict orders that meet the clauses. Of the r states that matter, exactly a given set of b is
    preferred in b! (r - b)! / (r + 1)! of all orders."""
    matter = sorted({state for clause in clauses for alternative in clause for state in alternative})
    r = len(matter)
    if r > _MOST_COUNTED:
        return None
    met = [sum(_met(clauses, frozenset(above)) for above in combinations(matter, size)) for size in range(r + 1)]
    return sum((orders / ((r + 1) * comb(r, size)) for size, orders in enumerate(met)), 0.0)
