"""Dated events: phases that happen at some times only, and the game in which one never comes or turns out in one way.

The changed games are solved anew, so that everybody knows from the start how the event will go: what it does
before its date is what being sure of it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.game.turn import TurnPhase
from foedus.scenario.tree import reads_time
from foedus.solve.play import Play
from foedus.worlds.blocks import Block, Shape


@dataclass(frozen=True)
class Way:
    """How a dated event can turn out: an action by name, or a branch of nature's by number; ``order`` as written."""

    order: int
    name: str


@dataclass(frozen=True)
class DatedPhase:
    """A phase (index ``k`` of the turn) that can happen in ``periods`` only."""

    k: int
    phase: str
    periods: tuple[int, ...]
    ways: tuple[Way, ...]


def dated_phases(block: Block) -> list[DatedPhase]:
    """The phases whose guard reads the time and is shut in some reported periods, whatever the state."""
    game, g = block.game, block.game.arrays
    dated = []
    for k, phase in enumerate(game.turn.phases):
        nodes = np.flatnonzero(g.phase == k)
        if phase.guard is None or not reads_time(phase.guard) or not len(nodes) or (g.guard[nodes] < 0).any():
            continue
        open_at = tuple(t for t in range(game.periods) if (block.now(t)[g.guard[nodes]] != 0).any())
        if 0 < len(open_at) < game.periods:
            dated.append(DatedPhase(k, phase.id, open_at, _ways(phase)))
    return dated


def _ways(phase: TurnPhase) -> tuple[Way, ...]:
    """All actions, or those of nature's branches that change something; none where there is but one, or a text is read."""
    if phase.commitment is not None:
        return ()
    if phase.mover >= 0:
        return tuple(Way(i, action.name) for i, action in enumerate(phase.actions)) if len(phase.actions) > 1 else ()
    branches = phase.actions[0].branches
    changing = tuple(Way(i, str(i)) for i, branch in enumerate(branches) if branch.effects or branch.pays)
    return changing if len(branches) > 1 else ()


@dataclass(frozen=True)
class Variant:
    """The game in which an event turns out in one way wherever it can, or never comes; a change for ``blocks``."""

    event: DatedPhase
    way: Way | None = None

    @property
    def label(self) -> str:
        """As in ``vote:never``, ``vote:keep``."""
        return f"{self.event.phase}:{'never' if self.way is None else self.way.name}"

    def __call__(self, play: Play, tables: list[Floats]) -> tuple[Play, list[Floats]]:
        """The changed game, which has two more coefficients: 0 and 1."""
        g, rows = play.game.arrays, len(tables[0])
        arrays = {
            "offset": np.concatenate([g.offset, [rows, rows + 1]]),
            "timed": np.concatenate([g.timed, [0, 0]]),
            **self._changes(play),
        }
        packed: dict[str, Any] = {name: values.astype(np.int32) for name, values in arrays.items()}
        game, two = replace(play.game, arrays=g._replace(**packed)), np.stack([np.zeros(LANES), np.ones(LANES)])
        changed = Play(game, play.solves, play.queries, play.policy, play.events, play.ends)
        return changed, [np.concatenate([table, two]) for table in tables]

    def _changes(self, play: Play) -> dict[str, Any]:
        """The arrays that differ; ``zero`` and ``sure`` are the new coefficients."""
        g, shape = play.game.arrays, Shape(play.game.arrays)
        zero, sure = len(g.offset), len(g.offset) + 1
        if self.way is None:
            return {"guard": np.where(g.phase == self.event.k, zero, g.guard)}
        here = g.phase[shape.node_of_action] == self.event.k
        if play.game.turn.phases[self.event.k].mover >= 0:
            bound = np.where(play.game.action_order == self.way.order, sure, -1)
            return {"force": np.where(here, bound, g.force)}
        # Nature's wanted branch gets all the odds in those states in which it is one of the branches.
        branches = here[shape.action_of_branch]
        wanted = branches & (play.game.branch_order == self.way.order)
        able = np.zeros(len(g.base), bool)
        able[shape.action_of_branch[wanted]] = True
        other = branches & able[shape.action_of_branch] & ~wanted
        return {"prob": np.where(wanted[None], -1, np.where(other[None], zero, g.prob))}


def variants(events: Sequence[DatedPhase]) -> list[Variant]:
    """Every changed game: each event never, and in each way."""
    return [Variant(event, way) for event in events for way in (None, *event.ways)]
