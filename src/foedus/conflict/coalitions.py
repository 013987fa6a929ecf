"""Coalition stability: would some group of players move together? (Kilgour, Hipel, Fang and Peng 2001.)

A coalition improves where every member does. A state is coalition stable under a concept if it is stable for every
coalition of players, single ones included (Inohara and Hipel 2008). Players outside may respond: under GMR and SMR
by any moves of theirs, under SEQ by improvements of theirs, alone or in coalitions of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from foedus.arraytypes import Bools
from foedus.conflict.analysis import model_of
from foedus.conflict.concepts import stable_states
from foedus.conflict.conflict import Conflict
from foedus.conflict.graph import GraphConflict, Model, moves_of
from foedus.errors import FoedusError

MOST_PLAYERS = 10
COALITION_CONCEPTS = ("nash", "gmr", "smr", "seq")


@dataclass(frozen=True)
class CoalitionResult:
    """``coalitions``: names of the members of each; ``stable``: concept to bool array [coalition, state]."""

    model: Model
    coalitions: tuple[tuple[str, ...], ...]
    stable: dict[str, Bools]

    def labels(self, concept: str) -> list[str]:
        """The states that are stable for every coalition, by label, sorted."""
        return sorted(self.model.label(int(state)) for state in np.flatnonzero(self.stable[concept].all(axis=0)))

    def broken_by(self, state: int, concept: str) -> list[tuple[str, ...]]:
        """The coalitions for which the state is not stable."""
        return [members for members, row in zip(self.coalitions, self.stable[concept]) if not row[state]]


def coalition_stability(
    conflict: Conflict | GraphConflict | Model, concepts: Sequence[str] = COALITION_CONCEPTS
) -> CoalitionResult:
    """Stability of every state for every coalition. Raises FoedusError where there are more than 10 players."""
    model = model_of(conflict) if isinstance(conflict, Conflict | GraphConflict) else conflict
    count = len(model.players)
    if count > MOST_PLAYERS:
        raise FoedusError(f"Coalition stability takes at most {MOST_PLAYERS} players, and there are {count}.")
    groups = [group for size in range(1, count + 1) for group in combinations(range(count), size)]
    movers = {group: moves_of(model, [m for player in group for m in model.players[player]]) for group in groups}
    rows: dict[str, list[Bools]] = {concept: [] for concept in concepts}
    for group in groups:
        outside = [other for other in groups if not set(other) & set(group)]
        for concept in concepts:
            others = [movers[other] for other in outside if concept == "seq" or len(other) == 1]
            rows[concept].append(stable_states(model, movers[group], others, [concept])[concept])
    names = tuple(tuple(model.names[m] for player in group for m in model.players[player]) for group in groups)
    return CoalitionResult(model, names, {concept: np.stack(parts) for concept, parts in rows.items()})
