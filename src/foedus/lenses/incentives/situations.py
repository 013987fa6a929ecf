"""The situations in which a phase is decided: all its states, and those told apart by what the phase reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import DECIDE
from foedus.game.compile import Game
from foedus.game.turn import TurnPhase
from foedus.scenario.tree import state_names

MOST = 3  # situations of a phase that are told apart: those met most


@dataclass(frozen=True)
class Situation:
    """States in which a phase is decided: those with the same ``levels`` of what the phase reads; none for all.

    ``actions`` are the phase's, by public index.
    """

    phase: str
    mover: int
    actions: tuple[int, ...]
    levels: tuple[tuple[str, int], ...]
    nodes: Longs

    @property
    def label(self) -> str:
        """As in ``provoke[talks=1,capability=0]``."""
        inside = ",".join(f"{name}={level}" for name, level in self.levels)
        return f"{self.phase}[{inside}]" if inside else self.phase


@dataclass(frozen=True)
class SituatedAction:
    """An action in a situation of a phase."""

    phase: str
    situation: str
    action: str

    @property
    def label(self) -> str:
        """``situation|action``."""
        return f"{self.situation}|{self.action}"


def situations(game: Game, often: Floats) -> list[Situation]:
    """The situations of each phase in which a choice is met, ``often`` [nodes] being how much.

    The first of a phase is all of it; others follow where what the phase reads differs among them.
    """
    g, variables = game.arrays, game.turn.variables
    free = (g.kind == DECIDE) & (np.diff(g.a_ptr) > 1) & (often > 0)
    every: list[Situation] = []
    for k, phase in enumerate(game.turn.phases):
        nodes = np.flatnonzero(free & (g.phase == k))
        if not len(nodes):
            continue
        actions = tuple(i for i, (of, _) in enumerate(game.turn.choices) if of == k)
        every.append(Situation(phase.id, phase.mover, actions, (), nodes))
        read = _reads(phase)
        columns = [i for i, v in enumerate(variables) if v.name in read and np.ptp(game.rows[nodes, i]) > 0]
        keys, key_of = np.unique(game.rows[nodes][:, columns], axis=0, return_inverse=True)
        weight = np.bincount(key_of := key_of.ravel(), often[nodes], minlength=len(keys))
        for i in np.argsort(-weight, kind="stable")[:MOST] if len(keys) > 1 else ():
            levels = tuple((variables[c].name, int(level)) for c, level in zip(columns, keys[i], strict=True))
            every.append(Situation(phase.id, phase.mover, actions, levels, nodes[key_of == i]))
    return every


def _reads(phase: TurnPhase) -> set[str]:
    """The state variables that a phase's menu, base rates, payments and odds read."""
    branches = [branch for action in phase.actions for branch in action.branches]
    trees: list[Any] = [phase.guard, *(branch.prob for branch in branches)]
    trees += [tree for action in phase.actions for tree in (action.base, action.when)]
    payers: list[Any] = [*phase.actions, *branches]
    trees += [pay.amount for payer in payers for pay in payer.pays]
    return {name for tree in trees if tree is not None for name in state_names(tree)}
