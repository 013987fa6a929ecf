"""Coalition stability: would some group of players move together? (Kilgour, Hipel, Fang and Peng 2001.)

A coalition improves where every member does. A state is coalition stable under a concept if it is stable for every
coalition of players, single ones included (Inohara and Hipel 2008). Players outside may respond: under GMR and SMR
by any moves of theirs, under SEQ by improvements of theirs, alone or in coalitions of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from foedus.arraytypes import Bools
from foedus.conflict.analysis import StabilityResult
from foedus.conflict.concepts import CONCEPTS, Confrontation
from foedus.conflict.graph_form import AnyConflict, model_of, moves_of
from foedus.errors import FoedusError

MOST_PLAYERS = 10
COALITION_CONCEPTS = tuple(concept.id for concept in CONCEPTS.values() if not concept.options_only)


@dataclass(frozen=True)
class CoalitionResult(StabilityResult):
    """Stability of every state for every coalition, as for a player; ``coalitions``: names of the members of each."""

    coalitions: tuple[tuple[str, ...], ...]

    def broken_by(self, state: int, concept: str) -> list[tuple[str, ...]]:
        """The coalitions for which the state is not stable."""
        return [members for members, row in zip(self.coalitions, self.stable[concept], strict=True) if not row[state]]


def coalition_stability(conflict: AnyConflict, concepts: Iterable[str] = COALITION_CONCEPTS) -> CoalitionResult:
    """Stability of every state for every coalition. Raises FoedusError where there are more than 10 players."""
    model = model_of(conflict)
    count = len(model.players)
    if count > MOST_PLAYERS:
        raise FoedusError(f"Coalition stability takes at most {MOST_PLAYERS} players, and there are {count}.")
    groups = [group for size in range(1, count + 1) for group in combinations(range(count), size)]
    members = {group: [member for player in group for member in model.players[player]] for group in groups}
    movers = {group: moves_of(model, members[group]) for group in groups}

    def judged(group: tuple[int, ...], concept: str) -> Bools:
        # Groups of outsiders matter only where each step must pay for all who take it; without that rule their members
        # reach the same states one after another.
        outside = [other for other in groups if not set(other) & set(group)]
        others = [movers[other] for other in outside if CONCEPTS[concept].credible or len(other) == 1]
        return CONCEPTS[concept].stable(Confrontation(model, movers[group], others))

    stable = {concept: np.stack([judged(group, concept) for group in groups]) for concept in concepts}
    coalitions = tuple(tuple(model.names[member] for member in members[group]) for group in groups)
    return CoalitionResult(model, tuple(" + ".join(names) for names in coalitions), stable, coalitions)
