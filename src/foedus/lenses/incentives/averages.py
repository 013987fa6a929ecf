"""Averages over the states and periods in which choices are met: what each option is worth, and what would turn it.

The formulas are those of the lens (``incentives.measure``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import LANES
from foedus.lenses.action_values import ActionValues
from foedus.lenses.incentives.situations import Situation
from foedus.solve.queries import ratio
from foedus.worlds.blocks import Block


def averages(block: Block, visits: Floats, met: Sequence[tuple[Situation, int]]) -> dict[str, Floats]:
    """By measure, of one block of worlds with ``visits`` [periods, nodes, LANES]; the last dim is the lane.

    ``met`` are situations, each with the public index of the action that its others are set against. An option is an
    action in a situation, one situation after the other. ``met`` [situation]; [option]: ``probability``, ``usual``,
    ``worth``, ``bonus``, ``habit``; ``versus`` [option, objective], 0 for objectives that are not the mover's. NaN where
    an option is never available.
    """
    options, objectives = sum(len(situation.actions) for situation, _ in met), len(block.game.arrays.obj_actor)
    # Sums over states and periods, weighted by how often they are met. ``there``: how often an option is available,
    # ``both``: it and the reference, ``rivals``: it and another.
    sums = {"met": np.zeros((len(met), LANES))}
    names = ("there", "taken", "usual", "both", "habit", "rivals", "bonus", "control")
    sums |= {name: np.zeros((options, LANES)) for name in names}
    sums |= {name: np.zeros((options, objectives, LANES)) for name in ("worth", "versus")}
    own = np.zeros((options, objectives), bool)
    for mover in sorted({situation.mover for situation, _ in met}):
        adder = _Adder(block, ActionValues(block, mover), met, sums)
        own[adder.by_objective] = True
        adder.add_all(visits)
    both = np.broadcast_to(sums["both"][:, None], sums["versus"].shape)
    return {
        "met": sums["met"],
        "probability": ratio(sums["taken"], sums["there"]),
        "usual": ratio(sums["usual"], sums["there"]),
        "worth": ratio(sums["worth"].sum(axis=1) + sums["control"], sums["there"]),
        "bonus": ratio(sums["bonus"], sums["rivals"]),
        "habit": ratio(sums["habit"], sums["both"]),
        "versus": np.where(own[..., None], ratio(sums["versus"], both), 0.0),
    }


class _Adder:
    """Adds one actor's choices to the sums of a block."""

    def __init__(
        self, block: Block, values: ActionValues, met: Sequence[tuple[Situation, int]], sums: dict[str, Floats]
    ):
        self.block, self.values, self.sums = block, values, sums
        public = values.g.action_id[values.acts]
        first = np.cumsum([0, *(len(situation.actions) for situation, _ in met)])
        acts, option, references = [], [], []
        self.nodes: dict[int, Longs] = {}
        for s, (situation, reference) in enumerate(met):
            if situation.mover != values.actor:
                continue
            inside = np.flatnonzero(np.isin(values.nodes[values.node_of], situation.nodes))
            at_node = np.full(len(values.nodes), -1)  # where in a node its reference action is
            ours = inside[public[inside] == reference]
            at_node[values.node_of[ours]] = ours
            acts.append(inside)
            option.append(first[s] + np.searchsorted(situation.actions, public[inside]))
            references.append(at_node[values.node_of[inside]])
            self.nodes[s] = np.unique(values.node_of[inside])
        self.acts, self.reference = np.concatenate(acts), np.concatenate(references)
        self.options = np.concatenate(option)
        self.by_objective = np.ix_(self.options, values.own)

    def add_all(self, visits: Floats) -> None:
        for t, now, later in self.values.periods(self.block):
            if visits[t, self.values.nodes].any():
                self._add(visits[t, self.values.nodes], t, now, self.values.worth(now, later))

    def _add(self, visits: Floats, t: int, now: Floats, worth: Floats) -> None:
        """One period: ``visits`` [nodes, LANES] of the actor's decisions, ``worth`` [acts, objectives + 1, LANES]."""
        values, g = self.values, self.values.g
        base = now[g.base[values.acts]] * (now[g.mask[values.acts]] != 0)
        there = base > 0
        force = g.force[values.acts]
        bound = np.where(force[:, None] >= 0, now[np.maximum(force, 0)], 0.0) * there
        # A choice is free where two actions can be taken and no binding holds.
        several = values.by_node(there.astype(float), 0.0).sum(axis=1) > 1
        visits = visits * (several & (values.by_node(bound, 0.0).sum(axis=1) == 0))
        for s, nodes in self.nodes.items():
            self.sums["met"][s] += visits[nodes].sum(axis=0)
        precision = now[g.precision[values.actor]]
        with np.errstate(divide="ignore", invalid="ignore"):
            habit = np.zeros_like(base) if self.block.perfect else np.where(there, np.log(base), -np.inf) / precision
        usual = base / np.maximum(values.by_node(base, 0.0).sum(axis=1), 1e-300)[values.node_of]
        pull = np.where(there, worth.sum(axis=1) + habit, -np.inf)
        with np.errstate(invalid="ignore"):  # at precision 0 habit is all, and no bonus is defined
            bonus = (values.best_other(pull) - pull)[self.acts]
        worth, control = worth[:, :-1], worth[:, -1]
        weight = (visits[values.node_of] * there)[self.acts]
        defined = (weight > 0) & np.isfinite(bonus)
        reference = np.maximum(self.reference, 0)
        both = np.where(self.reference[:, None] >= 0, weight * there[reference], 0.0)
        with np.errstate(invalid="ignore"):
            lead = np.where(both > 0, habit[self.acts] - habit[reference], 0.0)
        amounts = {
            "there": weight,
            "taken": weight * self.block.choices[values.solve][t, values.acts[self.acts]],
            "usual": weight * usual[self.acts],
            "worth": weight[:, None] * worth[self.acts],
            "control": weight * control[self.acts],
            "bonus": np.where(defined, weight * np.where(defined, bonus, 0.0), 0.0),
            "rivals": np.where(defined, weight, 0.0),
            "both": both,
            "versus": both[:, None] * (worth[self.acts] - worth[reference]),
            "habit": both * lead,
        }
        for name, amount in amounts.items():
            np.add.at(self.sums[name], self.by_objective if amount.ndim == 3 else self.options, amount)
