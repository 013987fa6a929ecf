"""Postures: which standing orders each actor has given, and what each posture is worth to everyone.

A **standing order** binds an actor, openly, to one action of one phase whenever that phase comes up. A **posture**
says of every order considered whether it is in force; where none is, the actor decides case by case, as solved.
What a posture is worth is not assumed: the whole game is solved with the orders in force (a strategic move in the
sense of Schelling 1960), in the same compiled game, as one more world of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bools, Floats
from foedus.conflict.graph_form import dense_ranks
from foedus.conflict.option_form import Condition, Conflict, DecisionMaker, Option, OptionModel
from foedus.game.build_turn import build_turn
from foedus.scenario.parts import Assumption, Bind, Policy
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games, simulate

if TYPE_CHECKING:
    from foedus.runs.result import Run


LEAST_WORLDS, MOST_WORLDS = 4, 25
MOST_POSTURES = 256
BUDGET = 9e8  # branches visited: two to three seconds
FEW_SOLVES = 8  # postures are few enough that each can be solved in this many worlds
POLICY = "posture"


@dataclass(frozen=True)
class Order:
    """A standing order; ``given`` where the policy looked at gives it already."""

    actor: str
    phase: str
    action: str
    given: bool = False

    @property
    def id(self) -> str:
        """``phase.action``."""
        return f"{self.phase}.{self.action}"


@dataclass(frozen=True)
class Postures:
    """What the postures are worth.

    ``orders`` are ordered by actor; ``taken`` [posture, order] says which are in force; ``worth``
    [world, posture, actor] is what each actor is paid, discounted to the start, at true odds over the reported
    periods; ``weights`` [world]. ``start`` is the posture of the policy itself. ``tried`` are all orders that were
    tried one at a time, with ``gain`` [tried] (to the actor who gives it, in its own units, on average over worlds)
    and ``score`` [tried] by which the orders were chosen.
    """

    orders: tuple[Order, ...]
    taken: Bools
    worth: Floats
    weights: Floats
    start: int
    tried: tuple[Order, ...]
    gain: Floats
    score: Floats


def postures(run: Run, policy: str) -> Postures | str:
    """The most consequential postures under a policy, solved; a sentence where there are none."""
    work = _Workshop(run, policy)
    if not work.orders:
        return "Nobody has more than one thing to do in any phase, so there are no postures to choose between."
    few = run.few(int(np.clip(work.solves // (4 * len(work.orders) + 4), LEAST_WORLDS, MOST_WORLDS)))
    single = work.solve(few, np.concatenate([work.base[None], _singles(work)]))
    sign = np.where(work.base, -1.0, 1.0)[:, None]
    shift = sign * np.tensordot(few.weights, single[:, 1:] - single[:, :1], 1)
    gain, score = _score(work, shift, np.abs(single).max(axis=(0, 1)))
    chosen = _choose(work, score)
    part = _states([work.orders[i] for i in chosen])
    few = run.few(int(np.clip(work.solves // len(part), LEAST_WORLDS, MOST_WORLDS)))
    taken = np.zeros((len(part), len(work.orders)), bool)
    taken[:, chosen] = part
    worth = work.solve(few, taken)
    matter = _matters(part, worth)
    if not matter.any():
        return "No standing order changes what anybody can expect, so there are no postures to choose between."
    kept = (part[:, ~matter] == work.base[chosen][~matter]).all(axis=1)
    part, worth = part[kept][:, matter], worth[:, kept]
    orders = tuple(work.orders[i] for i, matters in zip(chosen, matter, strict=True) if matters)
    start = int(np.flatnonzero((part == [order.given for order in orders]).all(axis=1))[0])
    return Postures(orders, part, worth, few.weights, start, tuple(work.orders), gain, score)


def _matters(part: Bools, worth: Floats) -> Bools:
    """[order] whether an order moves anybody's worth in any posture and world."""
    place = {tuple(row): p for p, row in enumerate(part.tolist())}
    size = np.abs(worth).max(axis=(0, 1))
    found = np.zeros(part.shape[1], bool)
    for i in range(part.shape[1]):
        given = np.flatnonzero(part[:, i])
        without = [place[(*row[:i], False, *row[i + 1 :])] for row in part[given].tolist()]
        found[i] = (np.abs(worth[:, given] - worth[:, without]) > 1e-9 * size).any()
    return found


def conflict_of(
    orders: Sequence[Order],
    worth: Floats | None = None,
    actors: Sequence[str] = (),
    order_names: Sequence[str] = (),
    actor_names: Sequence[str] = (),
) -> Conflict:
    """The postures as a conflict in option form: an order is an option, two orders for one phase exclude each other.

    ``worth`` [posture, actor] gives the preferences, with ``actors`` as its columns. Names replace the ids.
    """
    movers = list(dict.fromkeys(order.actor for order in orders))
    labels = order_names or [order.id for order in orders]
    called = dict(zip(movers, actor_names or movers, strict=True))
    ranks = None if worth is None else dense_ranks(worth.T)
    makers = []
    for mover in movers:
        own = tuple(i for i, order in enumerate(orders) if order.actor == mover)
        ranking = None if ranks is None else _ranking(ranks[list(actors).index(mover)])
        makers.append(DecisionMaker(called[mover], own, ranking=ranking))
    clashes = [(i, j) for j, later in enumerate(orders) for i in range(j) if orders[i].phase == later.phase]
    return Conflict(
        tuple(map(Option, labels)), tuple(makers), tuple(Condition((((i, True), (j, True)),)) for i, j in clashes)
    )


def _ranking(ranks: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    """Positions of the states from 1, best first, equals together."""
    return tuple(tuple(int(s) + 1 for s in np.flatnonzero(ranks == rank)) for rank in range(ranks.max(), -1, -1))


def _states(orders: Sequence[Order]) -> Bools:
    """[posture, order] every combination that is possible, in the order of a conflict's states."""
    model = OptionModel(conflict_of(orders))
    return (model.numbers[:, None] >> np.arange(len(orders)) & 1).astype(bool)


def _singles(work: _Workshop) -> Bools:
    """[order, order] each order given, or withdrawn where the policy gives it, everything else as under the policy."""
    out = np.tile(work.base, (len(work.orders), 1))
    for i, order in enumerate(work.orders):
        if not order.given:
            out[i] &= [other.phase != order.phase for other in work.orders]
        out[i, i] = not order.given
    return out


def _score(work: _Workshop, shift: Floats, size: Floats) -> tuple[Floats, Floats]:
    """(gain, score) [order]: what an order brings to its giver, and that plus what it moves for the others.

    Both parts of the score are shares of the most that any single order moves for the actor concerned; of the
    others the mean is taken.
    """
    moved = np.abs(shift) > 1e-9 * np.maximum(size, 1e-300)
    scale = np.where(moved, np.abs(shift), 0.0).max(axis=0)
    share = np.divide(shift, scale, out=np.zeros_like(shift), where=scale > 0)
    own = np.array([list(work.run.scenario.actors).index(order.actor) for order in work.orders])
    rows = np.arange(len(own))
    others = np.abs(share)
    others[rows, own] = 0.0
    concerned = (scale > 0).sum() - (scale[own] > 0)
    score = share[rows, own] + others.sum(axis=1) / np.maximum(concerned, 1)
    return shift[rows, own], score


def _choose(work: _Workshop, score: Floats) -> list[int]:
    """The orders to combine: those the policy gives, each actor's best, then the best of the rest.

    Orders are taken as long as their combinations stay few enough; one that moves nothing alone may matter together
    with others. Ascending by actor.
    """
    ranked = [int(i) for i in np.argsort(-score, kind="stable")]
    first = {work.orders[i].actor: i for i in reversed(ranked)}
    best = sorted(first.values(), key=ranked.index)
    given = [i for i in ranked if work.orders[i].given]
    most = int(np.clip(work.solves // FEW_SOLVES, 4, MOST_POSTURES))
    chosen: list[int] = []
    for i in dict.fromkeys([*given, *best, *ranked]):
        if _count([work.orders[j] for j in [*chosen, i]]) <= most:
            chosen.append(i)
    actors = list(work.run.scenario.actors)
    return sorted(chosen, key=lambda i: (actors.index(work.orders[i].actor), i))


def _count(orders: Sequence[Order]) -> int:
    """How many postures these orders combine to: for each phase one of them, or none."""
    phases = [order.phase for order in orders]
    return int(np.prod([1 + phases.count(phase) for phase in set(phases)]))


class _Workshop:
    """The scenario under a policy, with a switch for every standing order, compiled once."""

    def __init__(self, run: Run, policy: str):
        self.run = run
        self.policy = run.scenario.all_policies[policy]
        turn = build_turn(run.scenario, self.policy.enable)
        given = {rule.phase: rule.do for rule in reversed(self.policy.bind) if _standing(rule)}
        self.orders = [
            Order(turn.actors[phase.mover], phase.id, action.name, given.get(phase.id) == action.name)
            for phase in turn.phases
            if phase.mover >= 0 and len(phase.actions) > 1
            for action in phase.actions
        ]
        self.base = np.array([order.given for order in self.orders], bool)

    @cached_property
    def switches(self) -> list[str]:
        """The names of the orders' switches, which no other assumption has."""
        taken = {*self.run.scenario.all_assumptions, *self.run.scenario.state}
        taken |= {level for variable in self.run.scenario.state.values() for level in variable.levels}
        stem = "order"
        while any(name.startswith(f"{stem}_") for name in taken):
            stem += "_"
        return [f"{stem}_{i}" for i in range(len(self.orders))]

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario in which every order hangs on its switch; what else the policy binds comes first."""
        written = self.run.scenario
        rules = {
            order.id: Bind(phase=order.phase, do=order.action, when=switch)
            for order, switch in zip(self.orders, self.switches)
        }
        given = {order.id for order in self.orders if order.given}
        bound = []
        for rule in self.policy.bind:
            name = f"{rule.phase}.{rule.do}"
            bound.append(rules.pop(name) if _standing(rule) and name in given and name in rules else rule)
        policy: Policy = self.policy.model_copy(update={"bind": [*bound, *rules.values()]})
        return written.model_copy(
            update={
                "assumptions": {**written.assumptions, **{name: Assumption(value=0.0) for name in self.switches}},
                "policies": {**written.all_policies, POLICY: policy},
            }
        )

    @cached_property
    def games(self) -> Games:
        """The game, compiled once for all postures."""
        return Games(self.scenario, (), {}, observe=False)

    @cached_property
    def solves(self) -> int:
        """How many times the game can be solved within the budget."""
        play, perception = self.games.play(POLICY)
        return int(BUDGET / (play.game.branches * play.game.solved * (len(perception.solves) + 1)))

    def solve(self, few: Run, taken: Bools) -> Floats:
        """[world, posture, actor]: what each actor is paid where the orders in ``taken`` [posture, order] are in force."""
        worlds, count = len(few.weights), len(taken)
        draws = {name: np.tile(draw, count) for name, draw in few.draws.items()}
        draws |= {name: np.repeat(taken[:, i], worlds).astype(float) for i, name in enumerate(self.switches)}
        result = simulate(self.scenario, draws, [POLICY], observe=False, games=self.games).results[POLICY]
        pays = result.pays.reshape(count, worlds, -1)
        own = [[k for k, (who, _) in enumerate(result.objectives) if who == actor] for actor in self.scenario.actors]
        worth = np.stack([pays[:, :, columns].sum(axis=2) for columns in own], axis=2)
        return np.ascontiguousarray(worth.transpose(1, 0, 2))


def _standing(rule: Bind) -> bool:
    """Whether a binding is a standing order: open, and without condition."""
    return rule.when is None and rule.known


__all__ = ["Order", "Postures", "conflict_of", "postures"]
