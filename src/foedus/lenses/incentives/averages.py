"""Averages over the states and periods in which choices are met: what each option is worth, and what would turn it.

The formulas are those of the lens (``incentives.measure``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import LANES
from foedus.lenses.action_values import ActionValues
from foedus.lenses.incentives.situations import Situation
from foedus.solve.queries import ratio
from foedus.worlds.blocks import Block


@dataclass
class SituatedActions:
    """Every action in every situation, one situation after the other, with the reference action of each situation.

    ``references`` [situation] are by public index: the action that the others are set against.
    """

    situations: Sequence[Situation]
    references: Sequence[int]
    first: Longs = field(init=False)

    def __post_init__(self) -> None:
        self.first = np.cumsum([0, *(len(situation.actions) for situation in self.situations)])

    def __len__(self) -> int:
        return int(self.first[-1])


def averages(block: Block, visits: Floats, actions: SituatedActions) -> dict[str, Floats]:
    """By measure, of one block of worlds with ``visits`` [periods, nodes, LANES]; the last dim is the lane.

    ``met`` [situation]; [option]: ``probability``, ``usual``, ``worth``, ``bonus``, ``habit``; ``versus`` [option,
    objective], 0 for objectives that are not the mover's. NaN where an option is never available.
    """
    objectives = block.game.arrays.obj_actor
    sums = _WeightedSums(actions, len(objectives))
    own = np.zeros((len(actions), len(objectives)), bool)
    for mover in sorted({situation.mover for situation in actions.situations}):
        adder = _Adder(block, ActionValues(block, mover), actions, sums)
        own[adder.by_objective] = True
        adder.add_all(visits)
    both = np.broadcast_to(sums.both[:, None], sums.versus.shape)
    return {
        "met": sums.met,
        "probability": ratio(sums.taken, sums.there),
        "usual": ratio(sums.usual, sums.there),
        "worth": ratio(sums.worth.sum(axis=1), sums.there),
        "bonus": ratio(sums.bonus, sums.rivals),
        "habit": ratio(sums.habit, sums.both),
        "versus": np.where(own[..., None], ratio(sums.versus, both), 0.0),
    }


class _WeightedSums:
    """Sums over states and periods, weighted by how often they are met.

    ``there``: how often an option is available, ``both``: it and the reference, ``rivals``: it and another.
    """

    def __init__(self, actions: SituatedActions, objectives: int):
        shape = len(actions), LANES
        self.met = np.zeros((len(actions.situations), LANES))
        self.there, self.taken, self.usual = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.both, self.habit = np.zeros(shape), np.zeros(shape)
        self.rivals, self.bonus = np.zeros(shape), np.zeros(shape)
        self.worth, self.versus = (np.zeros((len(actions), objectives, LANES)) for _ in range(2))


class _Adder:
    """Adds one actor's choices to the sums of a block."""

    def __init__(self, block: Block, values: ActionValues, actions: SituatedActions, sums: _WeightedSums):
        self.block, self.values, self.sums = block, values, sums
        public = values.g.action_id[values.acts]
        acts, option, reference = [], [], []
        self.nodes: dict[int, Longs] = {}
        for s, situation in enumerate(actions.situations):
            if situation.mover != values.actor:
                continue
            inside = np.flatnonzero(np.isin(values.nodes[values.node_of], situation.nodes))
            at_node = np.full(len(values.nodes), -1)  # where in a node its reference action is
            ours = inside[public[inside] == actions.references[s]]
            at_node[values.node_of[ours]] = ours
            acts.append(inside)
            option.append(actions.first[s] + np.searchsorted(situation.actions, public[inside]))
            reference.append(at_node[values.node_of[inside]])
            self.nodes[s] = np.unique(values.node_of[inside])
        self.acts, self.reference = np.concatenate(acts), np.concatenate(reference)
        self.options = np.concatenate(option)
        self.by_objective = np.ix_(self.options, values.own)

    def add_all(self, visits: Floats) -> None:
        """Every reported period."""
        for t, now, later in self.values.periods(self.block):
            if visits[t, self.values.nodes].any():
                self._add(visits[t, self.values.nodes], t, now, self.values.worth(now, later))

    def _add(self, visits: Floats, t: int, now: Floats, worth: Floats) -> None:
        """One period: ``visits`` [nodes, LANES] of the actor's decisions, ``worth`` [acts, objectives, LANES]."""
        values, g, sums = self.values, self.values.g, self.sums
        base = now[g.base[values.acts]] * (now[g.mask[values.acts]] != 0)
        there = base > 0
        force = g.force[values.acts]
        bound = np.where(force[:, None] >= 0, now[np.maximum(force, 0)], 0.0) * there
        # A choice is free where two actions can be taken and no binding holds.
        several = values.by_node(there.astype(float), 0.0).sum(axis=1) > 1
        visits = visits * (several & (values.by_node(bound, 0.0).sum(axis=1) == 0))
        for s, nodes in self.nodes.items():
            sums.met[s] += visits[nodes].sum(axis=0)
        precision = now[g.precision[values.actor]]
        with np.errstate(divide="ignore", invalid="ignore"):
            habit = np.zeros_like(base) if self.block.perfect else np.where(there, np.log(base), -np.inf) / precision
        usual = base / np.maximum(values.by_node(base, 0.0).sum(axis=1), 1e-300)[values.node_of]
        pull = np.where(there, worth.sum(axis=1) + habit, -np.inf)
        bonus = (values.best_other(pull) - pull)[self.acts]
        weight = (visits[values.node_of] * there)[self.acts]
        np.add.at(sums.there, self.options, weight)
        np.add.at(sums.taken, self.options, weight * self.block.choices[values.solve][t, values.acts[self.acts]])
        np.add.at(sums.usual, self.options, weight * usual[self.acts])
        np.add.at(sums.worth, self.by_objective, weight[:, None] * worth[self.acts])
        defined = (weight > 0) & np.isfinite(bonus)
        np.add.at(sums.bonus, self.options, np.where(defined, weight * np.where(defined, bonus, 0.0), 0.0))
        np.add.at(sums.rivals, self.options, np.where(defined, weight, 0.0))
        reference = np.maximum(self.reference, 0)
        both = np.where(self.reference[:, None] >= 0, weight * there[reference], 0.0)
        np.add.at(sums.both, self.options, both)
        np.add.at(sums.versus, self.by_objective, both[:, None] * (worth[self.acts] - worth[reference]))
        with np.errstate(invalid="ignore"):
            lead = np.where(both > 0, habit[self.acts] - habit[reference], 0.0)
        np.add.at(sums.habit, self.options, both * lead)
