"""The analysis of a conflict: which states would last (Fang, Hipel and Kilgour 1993)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foedus.arraytypes import Bools
from foedus.conflict.concepts import CONCEPTS, concepts_for, confrontations
from foedus.conflict.graph_form import AnyConflict, Model, model_of, player_names
from foedus.conflict.option_form import OptionModel


@dataclass(frozen=True)
class StabilityResult:
    """Stability of every state. ``stable``: concept to bool array [player, state]; ``players``: their names."""

    model: Model
    players: tuple[str, ...]
    stable: dict[str, Bools]
    left_out: dict[str, str] = field(default_factory=dict, kw_only=True)  # concept: why

    def equilibria(self, concept: str) -> list[int]:
        """Indices of the states that are stable for every player."""
        return [int(state) for state in np.flatnonzero(self.stable[concept].all(axis=0))]

    def labels(self, concept: str) -> list[str]:
        """The equilibria by their labels (letters in option form), sorted."""
        return sorted(self.model.letters(np.array(self.equilibria(concept), np.int64)))

    def to_json(self) -> dict[str, Any]:
        """States, options and equilibria, as written by ``foedus lens stability FILE --json``."""
        options = {"options": self.model.labels} if isinstance(self.model, OptionModel) else {}
        told = {"concepts_left_out": self.left_out} if self.left_out else {}
        equilibria = {concept: self.labels(concept) for concept in self.stable}
        return {"states": self.model.size, "players": list(self.players), **options, "equilibria": equilibria} | told


def analyse(conflict: AnyConflict, concepts: Iterable[str] = CONCEPTS, once: bool = False) -> StabilityResult:
    """Stability of every state for every player under each of the concepts that are defined for such a conflict.

    With ``once`` each opponent responds to an improvement at most once, as in the program GMCR+; otherwise in any
    legal sequence, as in the literature. A concept for which the conflict is too large is in ``left_out``.
    """
    model = model_of(conflict)
    faced, defined = confrontations(model, once), [concept for concept in concepts if concept in concepts_for(model)]
    left_out = {concept: why for concept in defined if (why := CONCEPTS[concept].too_much(faced))}
    looked = [concept for concept in defined if concept not in left_out]
    stable = {concept: np.stack([CONCEPTS[concept].stable(each) for each in faced]) for concept in looked}
    return StabilityResult(model, player_names(model), stable, left_out=left_out)
