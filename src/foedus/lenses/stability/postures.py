"""Postures: which standing orders each actor has given, and what each posture is worth to everyone.

A **posture** says of every order considered whether it is in force; where none is, the actor decides case by case, as
solved. What a posture is worth is not assumed: the whole game is solved with the orders in force (a strategic move in
the sense of Schelling 1960).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Bools, Floats, Longs
from foedus.conflict.graph_form import dense_ranks
from foedus.conflict.option_form import Condition, Conflict, DecisionMaker, Option, OptionModel
from foedus.lenses.stability.orders import StandingOrder, Switchboard
from foedus.runs.result import Run

LEAST_WORLDS, MOST_WORLDS = 4, 25
MOST_POSTURES = 256
FEW_SOLVES = 8  # postures are few enough that each can be solved in this many worlds


@dataclass(frozen=True)
class Postures:
    """What the postures are worth.

    ``orders`` are ordered by actor; ``taken`` [posture, order] says which are in force; ``worth``
    [world, posture, actor] is what each actor is paid, discounted to the start, at true odds over the reported
    periods; ``weights`` [world]. ``start`` is the posture of the policy itself. ``tried`` are all orders that were
    tried one at a time, with ``gain`` [tried] (to the actor who gives it, in its own units, on average over worlds)
    and ``score`` [tried] by which the orders were chosen.
    """

    orders: tuple[StandingOrder, ...]
    taken: Bools
    worth: Floats
    weights: Floats
    start: int
    tried: tuple[StandingOrder, ...]
    gain: Floats
    score: Floats


def postures(run: Run, policy: str) -> Postures | str:
    """The most consequential postures under a policy, solved; a sentence where there are none."""
    board = Switchboard(run, policy)
    if not board.orders:
        return "Nobody has more than one thing to do in any phase, so there are no postures to choose between."
    subset = run.few(int(np.clip(board.solves // (4 * len(board.orders) + 4), LEAST_WORLDS, MOST_WORLDS)))
    single = board.solve(subset, np.concatenate([board.base[None], _singles(board)]))
    sign = np.where(board.base, -1.0, 1.0)[:, None]
    shift = sign * np.tensordot(subset.weights, single[:, 1:] - single[:, :1], 1)
    gain, score = _score(board, shift, np.abs(single).max(axis=(0, 1)))
    chosen = _choose(board, score)
    part = _states([board.orders[i] for i in chosen])
    subset = run.few(int(np.clip(board.solves // len(part), LEAST_WORLDS, MOST_WORLDS)))
    taken = np.zeros((len(part), len(board.orders)), bool)
    taken[:, chosen] = part
    worth = board.solve(subset, taken)
    matter = _matters(part, worth)
    if not matter.any():
        return "No standing order changes what anybody can expect, so there are no postures to choose between."
    kept = (part[:, ~matter] == board.base[chosen][~matter]).all(axis=1)
    part, worth = part[kept][:, matter], worth[:, kept]
    orders = tuple(board.orders[i] for i, matters in zip(chosen, matter, strict=True) if matters)
    start = int(np.flatnonzero((part == [order.given for order in orders]).all(axis=1))[0])
    return Postures(orders, part, worth, subset.weights, start, tuple(board.orders), gain, score)


def _matters(part: Bools, worth: Floats) -> Bools:
    """[order] whether an order moves anybody's worth in any posture and world."""
    place = {tuple(row): p for p, row in enumerate(part.tolist())}
    matter, least = np.zeros(part.shape[1], bool), 1e-9 * np.abs(worth).max(axis=(0, 1))
    for i in range(part.shape[1]):
        given = np.flatnonzero(part[:, i])
        without = [place[(*row[:i], False, *row[i + 1 :])] for row in part[given].tolist()]
        matter[i] = (np.abs(worth[:, given] - worth[:, without]) > least).any()
    return matter


def conflict_of(
    orders: Sequence[StandingOrder],
    worth: Floats | None = None,
    actors: Sequence[str] = (),
    order_names: Sequence[str] = (),
    actor_names: Sequence[str] = (),
) -> Conflict:
    """The postures as a conflict in option form: an order is an option, two orders for one phase exclude each other.

    ``worth`` [posture, actor] gives the preferences, with ``actors`` as its columns. Names replace the ids.
    """
    movers = list(dict.fromkeys(order.actor for order in orders))
    labels = order_names or [order.label for order in orders]
    called = dict(zip(movers, actor_names or movers, strict=True))
    rankings = {} if worth is None else dict(zip(actors, map(_ranking, dense_ranks(worth.T)), strict=True))
    own = {mover: tuple(i for i, order in enumerate(orders) if order.actor == mover) for mover in movers}
    makers = tuple(DecisionMaker(called[mover], own[mover], ranking=rankings.get(mover)) for mover in movers)
    clashes = [(i, j) for j, later in enumerate(orders) for i in range(j) if orders[i].phase == later.phase]
    return Conflict(tuple(map(Option, labels)), makers, tuple(Condition((((i, True), (j, True)),)) for i, j in clashes))


def _ranking(ranks: Longs) -> tuple[tuple[int, ...], ...]:
    """Positions of the states from 1, best first, equals together."""
    return tuple(tuple(int(s) + 1 for s in np.flatnonzero(ranks == rank)) for rank in range(ranks.max(), -1, -1))


def _states(orders: Sequence[StandingOrder]) -> Bools:
    """[posture, order] every combination that is possible, in the order of a conflict's states."""
    model = OptionModel(conflict_of(orders))
    return (model.numbers[:, None] >> np.arange(len(orders)) & 1).astype(bool)


def _singles(board: Switchboard) -> Bools:
    """[order, order] each order given, or withdrawn where the policy gives it, everything else as under the policy."""
    rivals = np.array([[one.phase == other.phase for other in board.orders] for one in board.orders])
    given, change = board.base[:, None], np.eye(len(board.orders), dtype=bool)
    return np.where(given, board.base & ~change, board.base & ~rivals | change)


def _score(board: Switchboard, shift: Floats, size: Floats) -> tuple[Floats, Floats]:
    """(gain, score) [order]: what an order brings to its giver, and that plus what it moves for the others.

    Both parts of the score are shares of the most that any single order moves for the actor concerned; of the
    others the mean is taken.
    """
    moved = np.abs(shift) > 1e-9 * np.maximum(size, 1e-300)
    scale = np.where(moved, np.abs(shift), 0.0).max(axis=0)
    share = np.divide(shift, scale, out=np.zeros_like(shift), where=scale > 0)
    actors, rows = list(board.run.scenario.actors), np.arange(len(board.orders))
    own = np.array([actors.index(order.actor) for order in board.orders])
    others = np.abs(share)
    others[rows, own] = 0.0
    concerned = (scale > 0).sum() - (scale[own] > 0)
    score = share[rows, own] + others.sum(axis=1) / np.maximum(concerned, 1)
    return shift[rows, own], score


def _choose(board: Switchboard, score: Floats) -> list[int]:
    """The orders to combine: those the policy gives, each actor's best, then the best of the rest.

    Orders are taken as long as their combinations stay few enough; one that moves nothing alone may matter together
    with others. Ascending by actor.
    """
    ranked = np.argsort(-score, kind="stable").tolist()
    best = sorted({board.orders[i].actor: i for i in reversed(ranked)}.values(), key=ranked.index)
    given = [i for i in ranked if board.orders[i].given]
    most = int(np.clip(board.solves // FEW_SOLVES, 4, MOST_POSTURES))
    chosen: list[int] = []
    for i in dict.fromkeys([*given, *best, *ranked]):
        phases = [board.orders[j].phase for j in [*chosen, i]]
        # For each phase one of its orders, or none.
        if np.prod([1 + phases.count(phase) for phase in set(phases)]) <= most:
            chosen.append(i)
    actors = list(board.run.scenario.actors)
    return sorted(chosen, key=lambda i: (actors.index(board.orders[i].actor), i))
