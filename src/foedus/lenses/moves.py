"""What can change the state: an actor's action, a phase of nature's, the reading of a commitment, a period's start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foedus.game.turn import Turn

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Move:
    """An ``action`` of a phase, or a ``phase`` in which nature moves (reading a ``commitment``); without both the start."""

    phase: str = ""
    action: str = ""
    commitment: str = ""

    @property
    def label(self) -> str:
        """As in ``provoke.test``, ``drift``, ``start``."""
        return f"{self.phase}.{self.action}" if self.action else self.phase or "start"


def action_moves(turn: Turn) -> list[Move]:
    """The actions of all actors, by public index."""
    return [Move(turn.phases[k].id, turn.phases[k].actions[order].name) for k, order in turn.choices]


def phase_moves(turn: Turn) -> list[Move]:
    """The phases, as moves of nature's."""
    return [Move(phase.id, commitment=phase.commitment or "") for phase in turn.phases]


def move_coords(dim: str, moves: Sequence[Move]) -> dict[str, tuple[str, list[str]]]:
    """The parts of moves as coordinates along a dim."""
    return {
        f"{dim}_phase": (dim, [move.phase for move in moves]),
        f"{dim}_action": (dim, [move.action for move in moves]),
        f"{dim}_commitment": (dim, [move.commitment for move in moves]),
    }


def moves_along(data: xr.Dataset, dim: str) -> list[Move]:
    """The moves that ``move_coords`` wrote."""
    parts = (data[f"{dim}_{part}"].values.tolist() for part in ("phase", "action", "commitment"))
    return [Move(*parts_of_one) for parts_of_one in zip(*parts, strict=True)]
