"""The arrays that a run's results are kept as: their dims and labels, and the names that a piece keeps them under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.game.build_turn import build_turn
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import PolicyResult

Arrays = dict[str, NDArray[Any]]
# The labelled results, and their dims after (world, policy).
VARIABLES: dict[str, tuple[str, ...]] = {
    "outcome_by": ("period", "outcome"),
    "outcome_at": ("period", "outcome"),
    "expected": ("objective",),
    "value": ("actor",),
    "taken": ("period", "action"),
    "entropy": ("actor",),
}
ANSWERS, RECORD = "answers", "heard"  # to queries; where observations are weighed
SWEPT_VARIABLES = ("outcome_by",)  # what is kept of worlds solved at another precision, or with something made neutral
# What is kept of the factual policy beside, where observations are weighed.
# Given all that was observed, under the factual policy, by period and outcome: of the results, and of what is kept.
GIVEN = {"outcome_by_given": "given_by", "outcome_ahead": "given_ahead", "outcome_at_given": "given_at"}
IDLE = "idle"  # the step under which the same is kept with nobody weighing anything
RECORD_PARTS = ("log_likelihood", "log_each", "foreseen", "foreseen_state")


def key(name: str, of: str = "", step: str = "") -> str:
    """What an array is kept under: a variable, or part of ``RECORD``, ``of`` a policy; ``step``: of the sweep."""
    named = f"{name}/{of}" if of else name
    return f"{step}:{named}" if step else named


@dataclass(frozen=True)
class Layout:
    """The labels of a run's results along each dim, in order."""

    policies: tuple[str, ...]
    queries: tuple[Query, ...]
    labels: dict[str, tuple[str, ...]]  # period, outcome, objective, actor, action
    reported: tuple[int, ...]  # of the game's objectives
    owners: tuple[int, ...]  # the actor of each reported objective

    @classmethod
    def of(
        cls, scenario: Scenario, policies: Sequence[str], queries: Sequence[Query], outcomes: Iterable[str]
    ) -> Layout:
        """The layout of a run under these policies, without compiling their games."""
        actors = list(scenario.actors)
        enabled = dict.fromkeys(frozenset(scenario.all_policies[policy].enable) for policy in policies)
        turns = [build_turn(scenario, actions) for actions in enabled]
        objectives = turns[0].objectives
        reported = tuple(i for i, (_, name) in enumerate(objectives) if name != "terminal")
        labels = {
            "period": tuple(scenario.horizon.calendar.label(t) for t in range(scenario.horizon.periods)),
            "outcome": tuple(outcomes),
            "objective": tuple(".".join(objectives[i]) for i in reported),
            "actor": tuple(actors),
            "action": tuple(dict.fromkeys(name for turn in turns for name in turn.action_ids)),
        }
        owners = tuple(actors.index(objectives[i][0]) for i in reported)
        return cls(tuple(policies), tuple(queries), labels, reported, owners)

    def shape(self, variable: str) -> tuple[int, ...]:
        """The lengths of a variable's dims after world and policy."""
        return tuple(len(self.labels[dim]) for dim in VARIABLES[variable])

    @property
    def bytes_per_world(self) -> int:
        """What all results of one world take."""
        return 8 * len(self.policies) * sum(int(np.prod(self.shape(variable))) for variable in VARIABLES)

    def arrays(self, result: PolicyResult) -> dict[str, Floats]:
        """The VARIABLES of one policy's result, [world, ...]."""
        expected = np.ascontiguousarray(result.pays[:, list(self.reported)])
        value = np.zeros((len(expected), len(self.labels["actor"])))
        for i, owner in enumerate(self.owners):  # one after the other, so that the sum depends on nothing else
            value[:, owner] += expected[:, i]
        taken = np.zeros((len(expected), *self.shape("taken")))
        columns = [self.labels["action"].index(name) for name in result.actions]
        taken[:, :, columns] = result.taken[:, :, : len(columns)]
        return dict(zip(VARIABLES, (result.by, result.at, expected, value, taken, result.entropy), strict=True))
