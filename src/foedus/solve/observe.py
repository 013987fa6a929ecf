"""Observations as arrays for the likelihood pass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foedus.game.compile import Game
from foedus.game.numbers import NumberReader
from foedus.scenario.dotted import ActionName
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, constant


class ObservedArrays(NamedTuple):
    """One row an observation: period, phase (-1 for a state), actions that match
    [observations, actions], event bit (-1 for an action), chance that the coding is wrong."""

    t: NDArray[np.int32]
    phase: NDArray[np.int32]
    match: NDArray[np.uint8]
    event: NDArray[np.int32]
    error: NDArray[np.float64]


class Observations:
    """What happened, as a scenario tells it."""

    def __init__(self, scenario: Scenario):
        words = NumberReader(scenario)
        self.items = [
            (
                period_of(scenario, o.at),
                frozenset(o.took or ()),
                None if o.is_ is None else words.tree(o.is_),
                constant(words.tree(o.error)),
            )
            for o in scenario.observations
        ]

    @property
    def events(self) -> list[Tree]:
        """State events that were observed."""
        return [tree for _, _, tree, _ in self.items if tree is not None]

    @property
    def phases(self) -> list[str]:
        """Phases whose choices were observed."""
        return sorted({ActionName.read(next(iter(took))).phase for _, took, _, _ in self.items if took})

    def arrays(self, game: Game, only: slice = slice(None)) -> ObservedArrays:
        """The observations in the numbering of a game."""
        items = self.items[only]
        match = np.zeros((len(items), max(len(game.action_ids), 1)), np.uint8)
        phase = np.full(len(items), -1, np.int32)
        event = np.full(len(items), -1, np.int32)
        for i, (_, took, tree, _) in enumerate(items):
            if tree is not None:
                event[i] = game.watch.events.index(tree)
                continue
            phase[i] = game.phase_ids.index(ActionName.read(next(iter(took))).phase)
            for a, name in enumerate(game.action_ids):
                match[i, a] = name in took
        t = np.asarray([item[0] for item in items], np.int32)
        error = np.asarray([item[3] for item in items], float)
        return ObservedArrays(t, phase, match, event, error)
