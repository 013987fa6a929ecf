"""Dated events: phases that happen at some times only, and the game in which one never comes or turns out in one way.

The changed games are solved anew, so that everybody knows from the start how the event will go: what it does
before its date is what being sure of it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.scenario.tree import reads_time
from foedus.solve.play import Play
from foedus.worlds.blocks import Block, Change, Shape


@dataclass(frozen=True)
class Dated:
    """A phase (index ``k`` of the turn) that can happen in ``periods`` only.

    ``ways`` (order, id) it can turn out in: actions by name, nature's branches that change something by number.
    """

    k: int
    id: str
    periods: tuple[int, ...]
    ways: tuple[tuple[int, str], ...]


def dated_phases(block: Block) -> list[Dated]:
    """The phases whose guard reads the time and is shut in some reported periods, whatever the state."""
    game, found = block.game, []
    g = game.arrays
    for k, phase in enumerate(game.turn.phases):
        nodes = np.flatnonzero(g.phase == k)
        if phase.guard is None or not reads_time(phase.guard) or not len(nodes) or (g.guard[nodes] < 0).any():
            continue
        open_at = [t for t in range(game.periods) if (block.now(t)[g.guard[nodes]] != 0).any()]
        if 0 < len(open_at) < game.periods:
            branches = phase.actions[0].branches
            ways = [(i, str(i)) for i, branch in enumerate(branches) if branch.effects or branch.pays]
            if phase.mover >= 0:
                ways = [(i, action.name) for i, action in enumerate(phase.actions)]
            if phase.commitment is not None or len(branches if phase.mover < 0 else ways) < 2:
                ways = []
            found.append(Dated(k, phase.id, tuple(open_at), tuple(ways)))
    return found


def never(event: Dated) -> Change:
    """The game in which the event does not come."""

    def change(play: Play, tables: list[Floats]) -> tuple[Play, list[Floats]]:
        g = play.game.arrays
        zero = len(g.offset)
        return _changed(play, tables, guard=np.where(g.phase == event.k, zero, g.guard).astype(np.int32))

    return change


def held(event: Dated, way: int) -> Change:
    """The game in which the event turns out in one way wherever it can."""

    def change(play: Play, tables: list[Floats]) -> tuple[Play, list[Floats]]:
        g, shape = play.game.arrays, Shape(play.game.arrays)
        zero, one = len(g.offset), len(g.offset) + 1
        here = g.phase[shape.node_of_action] == event.k
        if play.game.turn.phases[event.k].mover >= 0:
            force = np.where(here, np.where(play.game.action_order == way, one, -1), g.force)
            return _changed(play, tables, force=force.astype(np.int32))
        mine = here[shape.action_of_branch]
        wanted = mine & (play.game.branch_order == way)
        able = np.zeros(len(g.base), bool)
        able[shape.action_of_branch[wanted]] = True
        other = mine & able[shape.action_of_branch] & ~wanted
        prob = np.where(wanted[None], -1, np.where(other[None], zero, g.prob))
        return _changed(play, tables, prob=prob.astype(np.int32))

    return change


def _changed(play: Play, tables: list[Floats], **arrays: Any) -> tuple[Play, list[Floats]]:
    """The play of a changed game; two coefficients are added to it: 0 and 1."""
    g, rows = play.game.arrays, len(tables[0])
    offset = np.concatenate([g.offset, [rows, rows + 1]]).astype(np.int32)
    timed = np.concatenate([g.timed, [0, 0]]).astype(np.int32)
    made = g._replace(offset=offset, timed=timed, **arrays)
    two = np.stack([np.zeros(LANES), np.ones(LANES)])
    game = replace(play.game, arrays=made)
    again = Play(game, play.solves, play.queries, play.policy, play.events, play.ends)
    return again, [np.concatenate([table, two]) for table in tables]


def variants(events: list[Dated]) -> Iterator[tuple[str, Change]]:
    """Every changed game: ``phase:never`` and ``phase:way``."""
    for event in events:
        yield f"{event.id}:never", never(event)
        for order, name in event.ways:
            yield f"{event.id}:{name}", held(event, order)
