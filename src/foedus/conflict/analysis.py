"""The analysis of a conflict: which states would last.

Reads conflicts in option form (``.gmcr`` files) and graphs of states, and finds the states that are stable for
every player under the concepts of the graph model for conflict resolution (Fang, Hipel and Kilgour 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foedus.arraytypes import Bools
from foedus.conflict.concepts import CONCEPTS, stable_states
from foedus.conflict.conflict import Conflict, OptionModel
from foedus.conflict.file import load_conflict, save_conflict
from foedus.conflict.graph import GraphConflict, GraphModel, Model, conflict_from_payoffs, moves_of

__all__ = [
    "CONCEPTS",
    "StabilityResult",
    "analyse",
    "conflict_from_payoffs",
    "load_conflict",
    "model_of",
    "run_file",
    "save_conflict",
]


@dataclass(frozen=True)
class StabilityResult:
    """Stability of every state. ``stable``: concept to bool array [player, state]; ``players``: their names."""

    model: Model
    players: tuple[str, ...]
    stable: dict[str, Bools]

    def equilibria(self, concept: str) -> list[int]:
        """Indices of the states that are stable for every player."""
        return [int(state) for state in np.flatnonzero(self.stable[concept].all(axis=0))]

    def labels(self, concept: str) -> list[str]:
        """The equilibria by their labels (letters in option form), sorted."""
        return sorted(self.model.letters(np.flatnonzero(self.stable[concept].all(axis=0))))

    def to_json(self) -> dict[str, Any]:
        """States, options and equilibria, as written by ``foedus lens stability FILE --json``."""
        out: dict[str, Any] = {"states": self.model.size, "players": list(self.players)}
        if isinstance(self.model, OptionModel):
            out["options"] = self.model.labels
        out["equilibria"] = {concept: self.labels(concept) for concept in self.stable}
        return out


def model_of(conflict: Conflict | GraphConflict) -> Model:
    """The states, ranks and players of a conflict. Raises FoedusError where it has no usable states."""
    return OptionModel(conflict) if isinstance(conflict, Conflict) else GraphModel(conflict)


def analyse(
    conflict: Conflict | GraphConflict | Model, concepts: Sequence[str] = CONCEPTS, once: bool = False
) -> StabilityResult:
    """Stability of every state for every player under each of the concepts (``sim`` in option form only).

    With ``once`` each opponent responds to an improvement at most once, as in the program GMCR+; otherwise in any
    legal sequence, as in the literature.
    """
    model = model_of(conflict) if isinstance(conflict, Conflict | GraphConflict) else conflict
    movers = [moves_of(model, members) for members in model.players]
    judged = [
        stable_states(model, focal, movers[:place] + movers[place + 1 :], concepts, once)
        for place, focal in enumerate(movers)
    ]
    stable = {concept: np.stack([one[concept] for one in judged]) for concept in judged[0]}
    names = tuple(" + ".join(model.names[member] for member in members) for members in model.players)
    return StabilityResult(model, names, stable)


def run_file(path: str | Path) -> dict[str, Any]:
    """The analysis of a ``.gmcr`` file as JSON-able data. Raises FoedusError if the file cannot be used."""
    return analyse(load_conflict(path)).to_json()
