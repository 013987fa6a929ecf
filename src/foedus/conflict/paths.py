"""Paths from the status quo: what can follow from a given state, and how (Li, Kilgour and Hipel 2005)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Longs
from foedus.conflict.graph_form import AnyConflict, Model, model_of, movers_of, player_names
from foedus.conflict.moves import steps_from

_Node = tuple[int, int]


@dataclass(frozen=True)
class Paths:
    """Shortest legal sequences of moves from ``start``. ``length``: number of moves to each state, -1 for none."""

    model: Model
    start: int
    length: Longs
    _back: dict[_Node, _Node]
    _arrival: dict[int, _Node]

    def to(self, state: int) -> list[tuple[str, str]]:
        """The moves to ``state``: who moves, and the label of the state that follows. Empty if there are none."""
        steps, node = [], self._arrival.get(state)
        while node is not None and node in self._back:
            steps.append((player_names(self.model)[node[1]], self.model.label(node[0])))
            node = self._back[node]
        return steps[::-1]


def paths_from(conflict: AnyConflict, start: int | str, improving: bool = True, most: int | None = None) -> Paths:
    """The states that can follow from ``start`` (an index or a label) in at most ``most`` moves.

    Nobody moves twice in a row. With ``improving`` each move must be an improvement for whoever makes it. Raises
    FoedusError where ``start`` is not a state.
    """
    model = model_of(conflict)
    origin = model.state(start) if isinstance(start, str) else start
    movers, tried = list(enumerate(movers_of(model))), set[_Node]()
    length = np.full(model.size, -1, np.int64)
    length[origin] = 0
    back: dict[_Node, _Node] = {}
    arrival: dict[int, _Node] = {}
    front, depth = [(origin, -1)], 0
    while front and (most is None or depth < most):
        depth += 1
        onward = []
        for state, last in front:
            free = [(mover, moves) for mover, moves in movers if mover != last and (state, mover) not in tried]
            tried.update((state, mover) for mover, _ in free)
            reached = [(after, mover) for mover, moves in free for after in steps_from(moves, state, improving)]
            for node in reached:
                if node not in back:
                    back[node] = state, last
                    onward.append(node)
                    if length[node[0]] < 0:
                        length[node[0]], arrival[node[0]] = depth, node
        front = onward
    return Paths(model, origin, length, back, arrival)
