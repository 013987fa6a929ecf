"""Who pays, in which outcomes, and through whose moves.

Every expected payment, discounted to the start and over the reported periods, is put down to an actor's objective,
to the outcomes that hold when it falls due, and to the mover. An outcome holds for what a move pays if it holds in the
state in which the move is made or in the one that it leads to, so that a step into war and a step out of it both count
as war; what a period pays counts by the state at its end. *Costs* are the payments below 0, *gains* those above. The
*ladder* is the chain of outcomes, in the order declared, each of which implies the one before it; its rungs share out
all payments. The counterfactual takes every commitment out of force and solves anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bools, Dataset, Floats, Longs
from foedus.game.arrays import DECIDE, END, LANES, GameArrays
from foedus.runs.result import Run
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Mode, Query, QueryKind
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import TERMINAL
from foedus.scenario.tree import evaluate
from foedus.worlds.blocks import Block, Shape, blocks
from foedus.worlds.simulate import Games, simulate

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WORLDS = 25
NONE = "none"  # the rung on which no outcome of the ladder holds
NATURE, FLOW = "nature", "flow"  # payments by nature's moves, and those of periods' ends
DIMS = {
    "paid": ("objective", "rung"),
    "costs": ("actor", "rung"),
    "gains": ("actor", "rung"),
    "through": ("mover", "actor"),
    "during": ("objective", "outcome"),
    "costs_during": ("actor", "outcome"),
    "time": ("outcome",),
    "rung_time": ("rung",),
}


def look(run: Run, policy: str) -> Dataset:
    """Payments under ``policy``, in a few worlds of weight ``weight``; sums over reported periods, discounted.

    Every objective has an ``owner`` and an ``aim``.

    ``paid`` [world, objective, rung] by rung of the ladder (``none`` and the outcomes in ``ladder``); ``costs`` and
    ``gains`` [world, actor, rung]; ``during`` [world, objective, outcome] while an outcome holds, and ``costs_during``
    [world, actor, outcome]; ``time`` [world, outcome] and ``rung_time`` [world, rung], shares of periods that end so;
    ``through`` [world, mover, actor], what each mover's moves pay to each actor (``nature``: odds of its own,
    ``flow``: periods' ends). ``without`` and ``factual`` [world, actor] are the change of what an actor gets from the
    game without commitments, and from the factual policy, to this one (NaN where there is nothing to compare).
    """
    import xarray as xr

    some, scenario, outcomes = run.few(WORLDS), run.scenario, outcomes_of(run.scenario)
    # Asked for at a date, an outcome is kept apart in the states at periods' ends, with what lasts for a period only.
    asked = [Query(QueryKind.PROB, mode=Mode.AT, event=tree, window=(0, 0)) for tree in outcomes.values()]
    games = Games(scenario, asked, outcomes, observe=False)
    account, parts = None, []
    for block in blocks(games, policy, some.draws):
        account = account or _Account(block, list(outcomes))
        parts.append({name: part[: block.width] for name, part in account.read(block).items()})
    assert account is not None
    variables: dict[str, Any] = {
        name: (("world", *dims), np.concatenate([part[name] for part in parts])) for name, dims in DIMS.items()
    }
    actors, factual = list(scenario.actors), scenario.factual_policy
    value = some.data["value"].transpose("world", "policy", "actor")
    here = np.asarray(value.sel(policy=policy).values)
    variables["without"] = variables["factual"] = ("world", "actor"), np.full(here.shape, np.nan)
    if scenario.commitments:
        variables["without"] = ("world", "actor"), here - _uncommitted(scenario, policy, some)
    if policy != factual and factual in some.policies:
        variables["factual"] = ("world", "actor"), here - value.sel(policy=factual).values
    coords = {
        "objective": [f"{actor}.{aim}" for actor, aim in account.objectives],
        "owner": ("objective", [actor for actor, _ in account.objectives]),
        "aim": ("objective", [aim for _, aim in account.objectives]),
        "actor": actors,
        "mover": [*actors, NATURE, FLOW],
        "rung": [NONE, *account.ladder],
        "outcome": list(outcomes),
    }
    attrs = {"policy": policy, "factual": factual, "commitments": list(scenario.commitments)}
    return xr.Dataset(variables | {"weight": ("world", some.weights)}, coords, attrs)


def _uncommitted(scenario: Scenario, policy: str, some: Run) -> Floats:
    """[world, actor] what actors get under the policy with every commitment out of force."""
    off = {name: c.model_copy(update={"in_force": 0}) for name, c in scenario.commitments.items()}
    free = scenario.model_copy(update={"commitments": off})
    result = simulate(free, some.draws, [policy], observe=False).results[policy]
    actors, pays = list(scenario.actors), np.zeros((len(some.weights), len(scenario.actors)))
    for o, (actor, name) in enumerate(result.objectives):
        if name != TERMINAL:
            pays[:, actors.index(actor)] += result.pays[:, o]
    return pays


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
        self.objectives = [objective for objective, k in zip(turn.objectives, keep, strict=True) if k]
        paid = g.pay_obj[self.pay]
        objective, self.use, self.actor = (np.cumsum(keep) - 1)[paid], keep[paid], g.obj_actor[paid]
        aims, actors, rungs = len(self.objectives), len(turn.actors), 1 + len(self.ladder)
        sizes = aims, actors, actors + 2, rungs, len(outcomes)
        self.sizes = dict(zip(("objective", "actor", "mover", "rung", "outcome"), sizes, strict=True))
        # What a move pays counts on the higher rung of where it is made and where it leads, and for all outcomes of both.
        rung = np.maximum(self.rung_of_node[self.node], self.rung_of_node[after])
        held = self.held[self.node] | self.held[after]
        mover = np.where(g.kind[self.node] == DECIDE, g.mover[self.node], np.where(ends, actors + 1, actors))
        self.by_rung = self._sum(objective * rungs + rung, aims * rungs)
        self.actor_rung = self._sum(self.actor * rungs + rung, actors * rungs)
        self.by_mover = self._sum(mover * actors + self.actor, (actors + 2) * actors)
        self.by_outcome = [self._sum(objective, aims, holds) for holds in held.T]
        self.actor_outcome = [self._sum(self.actor, actors, holds) for holds in held.T]

    def _sum(self, row: NDArray[Any], rows: int, where: Bools | None = None) -> csr_array:
        """A matrix [rows, payments] that adds up the payments of each row."""
        from scipy.sparse import csr_array

        use = np.flatnonzero(self.use if where is None else self.use & where)
        return csr_array((np.ones(len(use)), (row[use], use)), shape=(rows, len(self.use)))

    def read(self, block: Block) -> dict[str, Floats]:
        """All results, [LANES, ...] with the dims of ``DIMS``."""
        g, visits = self.g, block.visits()
        patience = block.now(0)[g.patience]
        shapes = {name: (*(self.sizes[dim] for dim in dims), LANES) for name, dims in DIMS.items()}
        sums = {name: np.zeros(shape) for name, shape in shapes.items()}
        for t in range(block.game.periods):
            now = block.now(t)
            amount = now[g.pay_coef[self.pay]] * (patience**t)[self.actor] * now[g.prob[0, self.branch]]
            amount = amount * visits[t, self.node] * block.acts(t)[self.owner]
            cost = np.minimum(amount, 0.0)
            sums["paid"] += (self.by_rung @ amount).reshape(shapes["paid"])
            sums["costs"] += (self.actor_rung @ cost).reshape(shapes["costs"])
            sums["gains"] += (self.actor_rung @ (amount - cost)).reshape(shapes["gains"])
            sums["through"] += (self.by_mover @ amount).reshape(shapes["through"])
            for o in range(self.sizes["outcome"]):
                sums["during"][:, o] += self.by_outcome[o] @ amount
                sums["costs_during"][:, o] += self.actor_outcome[o] @ cost
        often = visits[:, g.end_nodes].mean(axis=0)
        rungs = np.stack([self.rung_of_node[g.end_nodes] == r for r in range(self.sizes["rung"])], axis=1)
        times = {"time": self.held[g.end_nodes], "rung_time": rungs}
        shares = {name: often.T @ at_end.astype(float) for name, at_end in times.items()}
        return {name: np.moveaxis(total, -1, 0) for name, total in sums.items()} | shares


def _along(shape: Shape, g: GameArrays) -> tuple[Longs, Longs]:
    """(payments, branches): each payment with each branch along which it is paid, those of actions with all of theirs."""
    of_actions = np.flatnonzero(shape.action_of_pay >= 0)
    actions = shape.action_of_pay[of_actions]
    many = np.diff(g.b_ptr)[actions]
    # For each such payment the numbers b_ptr[action], b_ptr[action] + 1, ... of its action's branches, without a loop.
    first = np.repeat(g.b_ptr[actions], many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    others = np.flatnonzero(shape.branch_of_pay >= 0)
    branches = np.concatenate([first, shape.branch_of_pay[others]]).astype(int)
    return np.concatenate([np.repeat(of_actions, many), others]), branches


def _holding(block: Block, outcomes: list[str]) -> Bools:
    """[nodes, outcomes] whether each outcome holds in each state."""
    game = block.game
    columns = {v.name: game.rows[:, i].astype(float) for i, v in enumerate(game.turn.variables)}
    holds = np.zeros((game.nodes, len(outcomes)), bool)
    for o, tree in enumerate(block.play.events):
        holds[:, o] = np.broadcast_to(np.asarray(evaluate(tree, columns, {})) != 0, game.nodes)
    return holds


def _rungs(held: Bools, outcomes: list[str]) -> tuple[Longs, list[str]]:
    """([nodes] rung, names of the rungs above the lowest): from the first outcome on, each that implies the last."""
    rung, inside, names = np.zeros(len(held), np.int64), np.ones(len(held), bool), []
    for here, name in zip(held.T, outcomes, strict=True):
        if here.any() and not (here & ~inside).any() and (here.sum() < inside.sum()):
            inside = here
            names.append(name)
            rung[here] = len(names)
    return rung, names
