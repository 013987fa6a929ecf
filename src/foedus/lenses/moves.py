"""What can change the state: an actor's action, a phase of nature's, the reading of a commitment, a period's start."""

from __future__ import annotations

from dataclasses import dataclass

from foedus.game.turn import Turn
from foedus.scenario.dotted import ActionName


@dataclass(frozen=True)
class Move:
    """An ``action`` of a phase, or a ``phase`` in which nature moves (reading a ``commitment``); without both the start."""

    phase: str = ""
    action: str = ""
    commitment: str = ""

    @property
    def label(self) -> str:
        """As in ``provoke.test``, ``drift``, ``start``."""
        return str(ActionName(self.phase, self.action)) if self.action else self.phase or "start"


def action_moves(turn: Turn) -> list[Move]:
    """The actions of all actors, by public index."""
    return [Move(turn.phases[k].id, turn.phases[k].actions[order].name) for k, order in turn.choices]


def phase_moves(turn: Turn) -> list[Move]:
    """The phases, as moves of nature's."""
    return [Move(phase.id, commitment=phase.commitment or "") for phase in turn.phases]
