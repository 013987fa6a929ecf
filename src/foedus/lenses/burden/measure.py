"""Who pays, in which outcomes, and through whose moves.

Every expected payment, discounted to the start and over the reported periods, is put down to an actor's objective,
to the outcomes that hold when it falls due, and to the mover. An outcome holds for what a move pays if it holds in the
state in which the move is made or in the one that it leads to, so that a step into war and a step out of it both count
as war; what a period pays counts by the state at its end. *Costs* are the payments below 0, *gains* those above. The
*ladder* is the chain of outcomes, in the order declared, each of which implies the one before it; its rungs share out
all payments. The counterfactual takes every commitment out of force and solves anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bools, Floats, Longs
from foedus.game.arrays import DECIDE, END, LANES, GameArrays
from foedus.game.words import TERMINAL
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Mode, Query, QueryKind
from foedus.scenario.schema import Scenario
from foedus.worlds.blocks import Block, Shape, blocks
from foedus.worlds.simulate import Games, simulate

if TYPE_CHECKING:
    import xarray as xr
    from scipy.sparse import csr_array

    from foedus.runs.result import Run

WORLDS = 25
NONE = "none"  # the rung on which no outcome of the ladder holds
NATURE, FLOW = "nature", "flow"  # payments by nature's moves, and those of periods' ends


def look(run: Run, policy: str) -> xr.Dataset:
    """Payments under ``policy``, in a few worlds of weight ``weight``; sums over reported periods, discounted.

    ``paid`` [world, objective, rung] by rung of the ladder (``none`` and the outcomes in ``ladder``); ``costs`` and
    ``gains`` [world, actor, rung]; ``during`` [world, objective, outcome] while an outcome holds, and ``costs_during``
    [world, actor, outcome]; ``time`` [world, outcome] and ``rung_time`` [world, rung], shares of periods that end so;
    ``through`` [world, mover, actor], what each mover's moves pay to each actor (``nature``: odds of its own,
    ``flow``: periods' ends). ``without`` and ``factual`` [world, actor] are the change of what an actor gets from the
    game without commitments, and from the factual policy, to this one (NaN where there is nothing to compare).
    """
    import xarray as xr

    few = run.few(WORLDS)
    scenario = run.scenario
    outcomes = outcomes_of(scenario)
    asked = [Query(QueryKind.PROB, mode=Mode.AT, event=tree, window=(0, 0)) for tree in outcomes.values()]
    games = Games(scenario, asked, outcomes, observe=False)
    account = None
    parts: list[dict[str, Floats]] = []
    for block in blocks(games, policy, few.draws):
        account = account or _Account(block, list(outcomes))
        parts.append({name: part[: block.width] for name, part in account.read(block).items()})
    assert account is not None
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    actors = list(scenario.actors)
    w = "world"
    return xr.Dataset(
        {
            "paid": ((w, "objective", "rung"), found["paid"]),
            "costs": ((w, "actor", "rung"), found["costs"]),
            "gains": ((w, "actor", "rung"), found["gains"]),
            "during": ((w, "objective", "outcome"), found["during"]),
            "costs_during": ((w, "actor", "outcome"), found["costs_during"]),
            "time": ((w, "outcome"), found["time"]),
            "rung_time": ((w, "rung"), found["rung_time"]),
            "through": ((w, "mover", "actor"), found["through"]),
            "without": ((w, "actor"), _without(scenario, policy, few)),
            "factual": ((w, "actor"), _factual(few, policy)),
            "weight": (w, few.weights),
        },
        coords={
            "objective": account.objectives,
            "actor": actors,
            "mover": [*actors, NATURE, FLOW],
            "rung": [NONE, *account.ladder],
            "outcome": list(outcomes),
        },
        attrs={"policy": policy, "factual": scenario.factual_policy, "commitments": list(scenario.commitments)},
    )


def without_commitments(scenario: Scenario) -> Scenario:
    """The scenario with every commitment out of force."""
    off = {name: c.model_copy(update={"in_force": 0}) for name, c in scenario.commitments.items()}
    return scenario.model_copy(update={"commitments": off})


def _without(scenario: Scenario, policy: str, few: Run) -> Floats:
    """[world, actor] what actors get under the policy less what they would without any commitment."""
    here = few.data["value"].sel(policy=policy).transpose("world", "actor").values
    if not scenario.commitments:
        return np.full(here.shape, np.nan)
    result = simulate(without_commitments(scenario), few.draws, [policy], observe=False).results[policy]
    actors, pays = list(scenario.actors), np.zeros(here.shape)
    for o, (actor, name) in enumerate(result.objectives):
        if name != TERMINAL:
            pays[:, actors.index(actor)] += result.pays[:, o]
    return np.asarray(here - pays)


def _factual(few: Run, policy: str) -> Floats:
    """[world, actor] what actors get under the policy less what they get under the factual one."""
    value, factual = few.data["value"].transpose("world", "policy", "actor"), few.scenario.factual_policy
    here = np.asarray(value.sel(policy=policy).values)
    if policy == factual or factual not in few.policies:
        return np.full(here.shape, np.nan)
    return np.asarray(here - value.sel(policy=factual).values)


class _Account:
    """Where each payment of a compiled game is put down to."""

    def __init__(self, block: Block, outcomes: list[str]):
        self.g = g = block.game.arrays
        shape, turn = Shape(g), block.game.turn
        self.pay, self.branch = _along(shape, g)
        self.owner = shape.action_of_branch[self.branch]
        self.node = shape.node_of_action[self.owner]
        ends = g.kind[self.node] == END
        after = np.where(ends, self.node, g.target[self.branch])
        self.held = _holding(block, outcomes)
        self.rung_of_node, self.ladder = _rungs(self.held, outcomes)
        keep = np.array([name != TERMINAL for _, name in turn.objectives], bool)
        self.objectives = [f"{a}.{n}" for (a, n), k in zip(turn.objectives, keep, strict=True) if k]
        paid = g.pay_obj[self.pay]
        objective = (np.cumsum(keep) - 1)[paid] if len(keep) else paid
        self.use = keep[paid] if len(keep) else np.zeros(0, bool)
        self.actor = g.obj_actor[paid] if len(keep) else paid
        actors, rungs = len(turn.actors), 1 + len(self.ladder)
        self.shape = {"objectives": len(self.objectives), "actors": actors, "rungs": rungs, "outcomes": len(outcomes)}
        rung = np.maximum(self.rung_of_node[self.node], self.rung_of_node[after])
        held = self.held[self.node] | self.held[after]
        kind = np.where(g.kind[self.node] == DECIDE, g.mover[self.node], np.where(ends, actors + 1, actors))
        self.by_rung = self._sum(objective * rungs + rung, len(self.objectives) * rungs)
        self.actor_rung = self._sum(self.actor * rungs + rung, actors * rungs)
        self.by_mover = self._sum(kind * actors + self.actor, (actors + 2) * actors)
        self.by_outcome = [self._sum(objective, len(self.objectives), held[:, o]) for o in range(len(outcomes))]
        self.actor_outcome = [self._sum(self.actor, actors, held[:, o]) for o in range(len(outcomes))]

    def _sum(self, row: NDArray[Any], rows: int, where: Bools | None = None) -> csr_array:
        """A matrix [rows, payments] that adds up the payments of each row."""
        from scipy.sparse import csr_array

        use = np.flatnonzero(self.use if where is None else self.use & where)
        return csr_array((np.ones(len(use)), (row[use], use)), shape=(rows, len(self.use)))

    def read(self, block: Block) -> dict[str, Floats]:
        """All results, [LANES, ...]."""
        n, g = self.shape, self.g
        seen, patience = block.visits(), block.now(0)[g.patience]
        found = {
            "paid": np.zeros((n["objectives"] * n["rungs"], LANES)),
            "costs": np.zeros((n["actors"] * n["rungs"], LANES)),
            "gains": np.zeros((n["actors"] * n["rungs"], LANES)),
            "through": np.zeros(((n["actors"] + 2) * n["actors"], LANES)),
            "during": np.zeros((n["outcomes"], n["objectives"], LANES)),
            "costs_during": np.zeros((n["outcomes"], n["actors"], LANES)),
        }
        for t in range(block.game.periods):
            now = block.now(t)
            amount = now[g.pay_coef[self.pay]] * (patience**t)[self.actor] * now[g.prob[0, self.branch]]
            amount = amount * seen[t, self.node] * block.acts(t)[self.owner]
            cost = np.minimum(amount, 0.0)
            found["paid"] += self.by_rung @ amount
            found["costs"] += self.actor_rung @ cost
            found["gains"] += self.actor_rung @ (amount - cost)
            found["through"] += self.by_mover @ amount
            for o in range(n["outcomes"]):
                found["during"][o] += self.by_outcome[o] @ amount
                found["costs_during"][o] += self.actor_outcome[o] @ cost
        return self._shaped(found) | self._times(seen)

    def _shaped(self, found: Mapping[str, Floats]) -> dict[str, Floats]:
        n = self.shape
        return {
            "paid": found["paid"].reshape(n["objectives"], n["rungs"], LANES).transpose(2, 0, 1),
            "costs": found["costs"].reshape(n["actors"], n["rungs"], LANES).transpose(2, 0, 1),
            "gains": found["gains"].reshape(n["actors"], n["rungs"], LANES).transpose(2, 0, 1),
            "through": found["through"].reshape(n["actors"] + 2, n["actors"], LANES).transpose(2, 0, 1),
            "during": found["during"].transpose(2, 1, 0),
            "costs_during": found["costs_during"].transpose(2, 1, 0),
        }

    def _times(self, seen: Floats) -> dict[str, Floats]:
        """Shares of the reported periods that end with each outcome, and on each rung."""
        ends = self.g.end_nodes
        often = seen[:, ends].mean(axis=0)
        rungs = np.stack([self.rung_of_node[ends] == r for r in range(self.shape["rungs"])], axis=1)
        return {"time": often.T @ self.held[ends].astype(float), "rung_time": often.T @ rungs.astype(float)}


def _along(shape: Shape, g: GameArrays) -> tuple[Longs, Longs]:
    """(payments, branches): each payment with each branch along which it is paid, those of actions with all of theirs."""
    own = np.flatnonzero(shape.action_of_pay >= 0)
    actions = shape.action_of_pay[own]
    many = np.diff(g.b_ptr)[actions]
    first = np.repeat(g.b_ptr[actions], many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    others = np.flatnonzero(shape.branch_of_pay >= 0)
    return np.concatenate([np.repeat(own, many), others]), np.concatenate([first, shape.branch_of_pay[others]]).astype(
        int
    )


def _holding(block: Block, outcomes: list[str]) -> Bools:
    """[nodes, outcomes] whether each outcome holds in each state."""
    from foedus.scenario.tree import evaluate

    game = block.game
    columns = {v.name: game.rows[:, i].astype(float) for i, v in enumerate(game.turn.variables)}
    made = np.zeros((game.nodes, len(outcomes)), bool)
    for o, tree in enumerate(block.play.events):
        made[:, o] = np.broadcast_to(np.asarray(evaluate(tree, columns, {})) != 0, game.nodes)
    return made


def _rungs(held: Bools, outcomes: list[str]) -> tuple[Longs, list[str]]:
    """([nodes] rung, names of the rungs above the lowest): from the first outcome on, each that implies the last."""
    rung, names = np.zeros(len(held), np.int64), []
    inside = np.ones(len(held), bool)
    for o, name in enumerate(outcomes):
        here = held[:, o]
        if here.any() and not (here & ~inside).any() and (here.sum() < inside.sum()):
            inside = here
            names.append(name)
            rung[here] = len(names)
    return rung, names
