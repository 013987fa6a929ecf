"""What every action of an actor is worth to it, by objective: for the lenses that ask why a move is made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import DECIDE, LANES, GameArrays
from foedus.solve.packed import Chain, graph
from foedus.solve.values import values
from foedus.worlds.blocks import Block, Shape


def split_by_objective(g: GameArrays, actor: int) -> tuple[GameArrays, Longs]:
    """(the game in which each objective of an actor is valued apart, those objectives).

    The last columns are what control costs the actor and the rest. Choices must be given. Nature and ambiguity are as
    the actor sees them.
    """
    own = np.flatnonzero(g.obj_actor == actor)
    many = len(own) + 2
    column = np.full(len(g.obj_actor), many - 1, np.int32)
    column[own] = np.arange(len(own))
    split = g._replace(
        obj_actor=column,
        patience=np.full(many, g.patience[actor]),
        view_of=np.full(many, g.view_of[actor]),
        ambiguity=np.append(np.full(many - 1, g.ambiguity[actor]), -1).astype(np.int32),
    )
    return split, own


class ActionValues:
    """One actor's actions where it has two or more, and what each is worth to it in its own version of the game.

    ``nodes`` [N] are its decisions, ``acts`` [A] the actions there and ``node_of`` [A] which of these decisions each
    belongs to; ``own`` [O] are its objectives.
    """

    def __init__(self, block: Block, actor: int):
        from scipy.sparse import csr_array

        self.g, self.actor, shape = (g := block.game.arrays), actor, Shape(block.game.arrays)
        self.solve = next(s for s, solving in enumerate(block.play.solves) if actor in solving.own)
        split, self.own = split_by_objective(g, actor)
        self.graph = graph(split)
        decides = (g.kind == DECIDE) & (g.mover == actor) & (np.diff(g.a_ptr) > 1)
        self.nodes, self.acts = np.flatnonzero(decides), np.flatnonzero(decides[shape.node_of_action])
        self.node_of = np.searchsorted(self.nodes, shape.node_of_action[self.acts])
        self.slot = self.acts - g.a_ptr[self.nodes][self.node_of] if len(self.acts) else self.acts
        place = np.full(len(g.base), -1)
        place[self.acts] = np.arange(len(self.acts))
        self.branches = np.flatnonzero(place[shape.action_of_branch] >= 0)
        self.starts = np.searchsorted(shape.action_of_branch[self.branches], self.acts)
        # An action's payments stand with the action itself or with its branches; a sparse matrix adds both up by objective.
        payer = np.where(
            shape.action_of_pay >= 0, shape.action_of_pay, shape.action_of_branch[np.maximum(shape.branch_of_pay, 0)]
        )
        to_actor = (place[payer] >= 0) & (g.obj_actor[g.pay_obj] == actor) if len(payer) else np.zeros(0, bool)
        self.pays = np.flatnonzero(to_actor)
        self.pay_branch = shape.branch_of_pay[self.pays]
        column = np.searchsorted(self.own, g.pay_obj[self.pays])
        row = place[payer[self.pays]] * len(self.own) + column if len(self.pays) else self.pays
        size = len(self.acts) * len(self.own), len(self.pays)
        self.sum = csr_array((np.ones(len(self.pays)), (row, np.arange(len(self.pays)))), shape=size)

    def periods(self, block: Block) -> Iterator[tuple[int, Floats, Floats]]:
        """(reported period, its coefficients, values of nodes [nodes, objectives + 2, LANES]), the last period first."""
        table, policy = block.play.solves[self.solve].table, block.choices[self.solve]
        chain = Chain(self.graph, block.tables[table], policy, block.game.solved)
        for t, later in values(chain, len(self.own) + 1, self.actor):
            if t < block.game.periods:
                yield t, block.now(t, table), later

    def worth(self, now: Floats, later: Floats) -> Floats:
        """[acts, objectives + 1, LANES] what each action is worth, given coefficients and values of nodes in its period.

        The last column is what control of the actor's later choices takes off: 0 where that does not count.
        """
        g, many = self.g, len(self.own)
        odds = now[g.prob[g.view_of[self.actor]]]
        ahead = later[g.target[self.branches], : many + 1] * odds[self.branches][:, None]
        total = np.add.reduceat(ahead, self.starts, axis=0) if len(ahead) else np.zeros((0, many + 1, LANES))
        amount = now[g.pay_coef[self.pays]]
        amount = amount * np.where(self.pay_branch[:, None] >= 0, odds[np.maximum(self.pay_branch, 0)], 1.0)
        total[:, :many] += (self.sum @ amount).reshape(len(self.acts), many, LANES)
        return np.asarray(total)

    def by_node(self, per_act: Floats, fill: float) -> Floats:
        """[nodes, most actions, LANES] numbers of actions [acts, LANES] laid out by node."""
        grid = np.full((len(self.nodes), int(self.slot.max(initial=-1)) + 1, LANES), fill)
        grid[self.node_of, self.slot] = per_act
        return grid

    def best_other(self, per_act: Floats) -> Floats:
        """[acts, LANES] the highest number among the other actions of the same node; -inf where there is none."""
        grid = self.by_node(per_act, -np.inf)
        others = np.full_like(grid, -np.inf)
        for i in range(grid.shape[1]):
            others[:, i] = np.delete(grid, i, axis=1).max(axis=1, initial=-np.inf)
        return np.asarray(others[self.node_of, self.slot])
