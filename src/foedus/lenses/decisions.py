"""What every choice is worth to the one who makes it, by objective, gathered over the states it is met in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Floats, Longs
from foedus.game.arrays import DECIDE, LANES, GameArrays
from foedus.game.turn import TurnPhase
from foedus.scenario.tree import state_names
from foedus.solve.packed import Graph, graph
from foedus.solve.visits import values
from foedus.worlds.blocks import Block, Shape

ANY = ""  # the situation that holds all states of a phase
MOST = 3  # situations of a phase that are told apart: those met most


@dataclass(frozen=True)
class Situation:
    """States in which a phase is decided: those with the same ``levels`` of what the phase reads; none for all."""

    phase: str
    levels: tuple[tuple[str, int], ...]
    nodes: Longs

    @property
    def name(self) -> str:
        """As in ``provoke[talks=1,capability=0]``."""
        inside = ",".join(f"{name}={level}" for name, level in self.levels)
        return f"{self.phase}[{inside}]" if inside else self.phase


def own_objectives(g: GameArrays, mover: int) -> tuple[GameArrays, Longs]:
    """(the game in which each objective of an actor is valued apart, those objectives); the last column is the rest.

    Choices must be given. Nature and ambiguity are as the actor sees them.
    """
    own = np.flatnonzero(g.obj_actor == mover)
    column = np.full(len(g.obj_actor), len(own), np.int32)
    column[own] = np.arange(len(own))
    many = len(own) + 1
    return g._replace(
        obj_actor=column,
        patience=np.full(many, g.patience[mover]),
        view_of=np.full(many, g.view_of[mover]),
        ambiguity=np.append(np.full(len(own), g.ambiguity[mover]), -1).astype(np.int32),
    ), own


def situations(block: Block, often: Floats) -> list[Situation]:
    """The situations of each phase in which a choice is met, ``often`` [nodes] being how much.

    The first of a phase is all of it; others follow where what the phase reads differs among them.
    """
    game, g = block.game, block.game.arrays
    options = np.diff(g.a_ptr)
    free = (g.kind == DECIDE) & (options > 1) & (often > 0)
    found: list[Situation] = []
    for k, phase in enumerate(game.turn.phases):
        nodes = np.flatnonzero(free & (g.phase == k))
        if not len(nodes):
            continue
        found.append(Situation(phase.id, (), nodes))
        read = reads(phase)
        columns = [i for i, v in enumerate(game.turn.variables) if v.name in read and np.ptp(game.rows[nodes, i]) > 0]
        keys, which = np.unique(game.rows[nodes][:, columns], axis=0, return_inverse=True)
        which = which.ravel()
        weight = np.bincount(which, often[nodes], minlength=len(keys))
        if len(keys) > 1:
            for i in np.argsort(-weight, kind="stable")[:MOST]:
                names = [game.turn.variables[c].name for c in columns]
                levels = tuple(zip(names, (int(level) for level in keys[i]), strict=True))
                found.append(Situation(phase.id, levels, nodes[which == i]))
    return found


def reads(phase: TurnPhase) -> set[str]:
    """The state variables that a phase's menu, base rates, payments and odds read."""
    trees: list[Any] = [] if phase.guard is None else [phase.guard]
    for action in phase.actions:
        trees += [action.base, *(pay.amount for pay in action.pays)]
        trees += [] if action.when is None else [action.when]
        for branch in action.branches:
            trees += [] if branch.prob is None else [branch.prob]
            trees += [pay.amount for pay in branch.pays]
    return {name for tree in trees for name in state_names(tree)}


class MoverChoices:
    """One actor's choices in a compiled game: its actions, and how to value them by objective."""

    def __init__(self, block: Block, mover: int):
        from scipy.sparse import csr_array

        g, shape = block.game.arrays, Shape(block.game.arrays)
        self.g, self.mover = g, mover
        self.solve = next(s for s, solving in enumerate(block.play.solves) if mover in solving.own)
        split, self.own = own_objectives(g, mover)
        self.graph: Graph = graph(split)
        nodes = (g.kind == DECIDE) & (g.mover == mover) & (np.diff(g.a_ptr) > 1)
        self.nodes = np.flatnonzero(nodes)
        self.acts = np.flatnonzero(nodes[shape.node_of_action])
        self.node_of = np.searchsorted(self.nodes, shape.node_of_action[self.acts])
        place = np.full(len(g.base), -1)
        place[self.acts] = np.arange(len(self.acts))
        self.branches = np.flatnonzero(place[shape.action_of_branch] >= 0)
        self.starts = np.searchsorted(shape.action_of_branch[self.branches], self.acts)
        owner = np.where(
            shape.action_of_pay >= 0, shape.action_of_pay, shape.action_of_branch[np.maximum(shape.branch_of_pay, 0)]
        )
        mine = (place[owner] >= 0) & (g.obj_actor[g.pay_obj] == mover) if len(owner) else np.zeros(0, bool)
        self.pays = np.flatnonzero(mine)
        self.pay_branch = shape.branch_of_pay[self.pays]
        column = np.searchsorted(self.own, g.pay_obj[self.pays])
        row = place[owner[self.pays]] * len(self.own) + column if len(self.pays) else self.pays
        size = len(self.acts) * len(self.own), len(self.pays)
        self.sum = csr_array((np.ones(len(self.pays)), (row, np.arange(len(self.pays)))), shape=size)
        self.width = int(np.diff(g.a_ptr)[self.nodes].max(initial=0))
        self.slot = self.acts - g.a_ptr[self.nodes][self.node_of] if len(self.acts) else self.acts

    def worth(self, now: Floats, found: Floats) -> Floats:
        """[actions, objectives, LANES] by objective, given the values of the nodes [nodes, objectives + 1, LANES]."""
        g, many = self.g, len(self.own)
        view = g.view_of[self.mover]
        odds = now[g.prob[view]]
        later = found[g.target[self.branches], :many] * odds[self.branches][:, None]
        total = np.add.reduceat(later, self.starts, axis=0) if many else np.zeros((len(self.acts), 0, LANES))
        amount = now[g.pay_coef[self.pays]]
        amount = amount * np.where(self.pay_branch[:, None] >= 0, odds[np.maximum(self.pay_branch, 0)], 1.0)
        return np.asarray(total + (self.sum @ amount).reshape(len(self.acts), many, LANES))

    def padded(self, per_action: Floats, fill: float) -> Floats:
        """[nodes, most actions, LANES] numbers of actions laid out by node."""
        made = np.full((len(self.nodes), self.width, LANES), fill)
        made[self.node_of, self.slot] = per_action
        return made

    def best_other(self, per_action: Floats) -> Floats:
        """[actions, LANES] the highest number among the other actions of the same node."""
        grid = self.padded(per_action, -np.inf)
        made = np.full_like(grid, -np.inf)
        for i in range(self.width):
            others = np.delete(grid, i, axis=1)
            made[:, i] = others.max(axis=1, initial=-np.inf)
        return np.asarray(made[self.node_of, self.slot])


@dataclass
class Gathered:
    """Sums over the states and periods of each situation; the first dim is the situation, the last the lane.

    ``met`` [S], and for each of the phase's actions: ``there`` [S, A] how often it was available, ``taken``,
    ``worth`` [S, A, O], ``versus`` [S, A, O] less the worth of the reference action where both are available
    (``both`` [S, A]), ``habit`` [S, A] the log of the ratio of base rates over precision, ``usual`` its share by base
    rates alone, ``bonus`` the payment at which it ties with the likeliest of the others.
    """

    met: Floats
    there: Floats
    taken: Floats
    usual: Floats
    worth: Floats
    both: Floats
    versus: Floats
    habit: Floats
    bonus: Floats
    rivals: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass
class Gatherer:
    """Adds up what one actor's choices are worth, over one block of worlds."""

    block: Block
    choices: MoverChoices
    seen: Floats  # [periods, nodes, LANES] visits
    mine: Sequence[Situation]
    references: Sequence[int]  # the action (by public index) that others are set against, a situation
    actions: Sequence[Sequence[int]]  # the phase's actions by public index, a situation

    @cached_property
    def places(self) -> list[tuple[Longs, Longs, Longs]]:
        """For each situation: the actions met in it, their place among the phase's, and the reference of each (-1)."""
        made = []
        for situation, actions, reference in zip(self.mine, self.actions, self.references, strict=True):
            inside = np.isin(self.choices.nodes[self.choices.node_of], situation.nodes)
            acts = np.flatnonzero(inside)
            public = self.choices.g.action_id[self.choices.acts[acts]]
            at_node = np.full(len(self.choices.nodes), -1)
            is_reference = public == reference
            at_node[self.choices.node_of[acts[is_reference]]] = acts[is_reference]
            made.append(
                (acts, np.array([list(actions).index(a) for a in public], int), at_node[self.choices.node_of[acts]])
            )
        return made

    def gather(self) -> Gathered:
        """The sums over all reported periods."""
        many, most = len(self.mine), max((len(a) for a in self.actions), default=0)
        o = len(self.choices.own)
        plain = (many, most, LANES)
        total = Gathered(
            np.zeros((many, LANES)),
            np.zeros(plain),
            np.zeros(plain),
            np.zeros(plain),
            np.zeros((many, most, o, LANES)),
            np.zeros(plain),
            np.zeros((many, most, o, LANES)),
            np.zeros(plain),
            np.zeros(plain),
            np.zeros(plain),
        )
        choices, game = self.choices, self.block.game
        table, policy = self.block.play.solves[choices.solve].table, self.block.choices[choices.solve]
        split = len(choices.own)
        for t, found in values(choices.graph, self.block.tables[table], game.solved, policy, split):
            if t < game.periods and self.seen[t, choices.nodes].any():
                self._period(t, self.block.now(t, table), found, policy[t, choices.acts], total)
        return total

    def _period(self, t: int, now: Floats, found: Floats, played: Floats, total: Gathered) -> None:
        choices, g = self.choices, self.choices.g
        base = now[g.base[choices.acts]] * (now[g.mask[choices.acts]] != 0)
        there = base > 0
        force = g.force[choices.acts]
        bound = np.where(force[:, None] >= 0, now[np.maximum(force, 0)], 0.0) * there
        free = (choices.padded(there.astype(float), 0.0).sum(axis=1) > 1) & (
            choices.padded(bound, 0.0).sum(axis=1) == 0
        )
        visits = self.seen[t, choices.nodes] * free
        worth = choices.worth(now, found)
        precision = now[g.precision[choices.mover]]
        with np.errstate(divide="ignore", invalid="ignore"):
            habit = np.zeros_like(base) if self.block.perfect else np.where(there, np.log(base), -np.inf) / precision
        usual = base / np.maximum(choices.padded(base, 0.0).sum(axis=1), 1e-300)[choices.node_of]
        pull = np.where(there, worth.sum(axis=1) + habit, -np.inf)
        bonus = choices.best_other(pull) - pull
        self._add(total, visits, there, played, usual, worth, habit, bonus)

    def _add(
        self,
        total: Gathered,
        visits: Floats,
        there: Bools,
        played: Floats,
        usual: Floats,
        worth: Floats,
        habit: Floats,
        bonus: Floats,
    ) -> None:
        choices = self.choices
        weight = visits[choices.node_of] * there
        for s, (acts, place, reference) in enumerate(self.places):
            nodes = np.unique(choices.node_of[acts])
            total.met[s] += visits[nodes].sum(axis=0)
            w = weight[acts]
            both = np.where(reference[:, None] >= 0, w * there[np.maximum(reference, 0)], 0.0)
            defined = (w > 0) & np.isfinite(bonus[acts])
            np.add.at(total.there[s], place, w)
            np.add.at(total.taken[s], place, w * played[acts])
            np.add.at(total.usual[s], place, w * usual[acts])
            np.add.at(total.worth[s], place, w[:, None] * worth[acts])
            np.add.at(total.both[s], place, both)
            gap = worth[acts] - worth[np.maximum(reference, 0)]
            np.add.at(total.versus[s], place, both[:, None] * gap)
            with np.errstate(invalid="ignore"):
                lead = np.where(both > 0, habit[acts] - habit[np.maximum(reference, 0)], 0.0)
            np.add.at(total.habit[s], place, both * lead)
            np.add.at(total.bonus[s], place, np.where(defined, w * np.where(defined, bonus[acts], 0.0), 0.0))
            np.add.at(total.rivals[s], place, np.where(defined, w, 0.0))
