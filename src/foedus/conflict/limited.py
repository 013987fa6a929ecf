"""Limited-move stability: players who look h moves ahead (Zagare 1984; Kilgour 1985; Fang, Hipel and Kilgour 1993).

Player i at state s with horizon h compares staying with its best move, knowing that after it another player takes
the initiative with horizon h - 1, and so on; with two players they alternate. With several, i expects of the
others the one whose initiative is worst for i. Where several moves are equally good for i, the one to the state
that comes first is taken. A state is stable with horizon h for i if i would stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foedus.arraytypes import Bools, Longs
from foedus.conflict.analysis import StabilityResult
from foedus.conflict.graph_form import AnyConflict, model_of, movers_of, player_names
from foedus.errors import FoedusError

MOST_MOVES = 1 << 26


def limited_moves(conflict: AnyConflict, horizon: int) -> StabilityResult:
    """Stability with every horizon from 1 to ``horizon``, as the concepts ``l1``, ``l2`` and so on.

    Raises FoedusError for a horizon below 1, for coalitions (several members may disagree on which move is best),
    and where there are more than 2^26 moves.
    """
    model = model_of(conflict)
    if horizon < 1:
        raise FoedusError(f"The horizon must be at least 1 move, not {horizon}.")
    if any(len(members) > 1 for members in model.players):
        raise FoedusError("Limited-move stability is defined for decision makers who act alone, not for coalitions.")
    movers = movers_of(model)
    total = sum(moves.count() for moves in movers)
    if total > MOST_MOVES:
        raise FoedusError(f"The conflict has {total:,} moves; limited-move stability takes at most {MOST_MOVES:,}.")
    arcs = [moves.arcs() for moves in movers]
    ends = np.tile(np.arange(model.size), (len(movers), 1))
    stable: dict[str, Bools] = {}
    for depth in range(1, horizon + 1):
        ends = np.stack([_look(player, arcs[player], moves.ranks[0], ends) for player, moves in enumerate(movers)])
        stable[f"l{depth}"] = ends == np.arange(model.size)
    return StabilityResult(model, player_names(model), stable)


def _look(player: int, arcs: Sequence[Longs], rank: Longs, ends: Longs) -> Longs:
    """Where play ends if ``player`` has the initiative at each state; ``ends``: the same for all, one move shorter."""
    size = len(rank)
    others = np.delete(ends, player, axis=0) if len(ends) > 1 else np.arange(size)[None]
    final = np.take_along_axis(others, rank[others].argmin(axis=0)[None], axis=0)[0]
    source, target = arcs
    out = np.arange(size)
    if len(source):
        first = np.flatnonzero(np.diff(source, prepend=-1))
        best = np.maximum.reduceat(rank[final][target] * size + (size - 1 - target), first)
        state, move = source[first], size - 1 - best % size
        goes = rank[final[move]] > rank[state]
        out[state[goes]] = final[move[goes]]
    return out
