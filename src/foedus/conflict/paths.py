"""Paths from the status quo: what can follow from a given state, and how (Li, Kilgour and Hipel 2005)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Longs
from foedus.conflict.graph_form import GraphConflict, Model, model_of, movers_of, player_names
from foedus.conflict.moves import Moves
from foedus.conflict.option_form import Conflict
from foedus.conflict.sequences import steps_from

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
        steps = []
        node = self._arrival.get(state)
        while node is not None and node in self._back:
            steps.append((player_names(self.model)[node[1]], self.model.label(node[0])))
            node = self._back[node]
        return steps[::-1]


def paths_from(
    conflict: Conflict | GraphConflict | Model, start: int | str, improving: bool = True, most: int | None = None
) -> Paths:
    """The states that can follow from ``start`` (an index or a label) in at most ``most`` moves.

    Nobody moves twice in a row. With ``improving`` each move must be an improvement for whoever makes it. Raises
    FoedusError where ``start`` is not a state.
    """
    model = model_of(conflict)
    origin = model.state(start) if isinstance(start, str) else start
    movers = movers_of(model)
    length = np.full(model.size, -1, np.int64)
    length[origin] = 0
    back: dict[_Node, _Node] = {}
    arrival: dict[int, _Node] = {}
    front: deque[tuple[_Node, int]] = deque([((origin, -1), 0)])
    tried: set[_Node] = set()
    while front:
        node, depth = front.popleft()
        if most is None or depth < most:
            for fresh in _onward(movers, node, improving, tried):
                if fresh not in back:
                    back[fresh] = node
                    front.append((fresh, depth + 1))
                    if length[fresh[0]] < 0:
                        length[fresh[0]] = depth + 1
                        arrival[fresh[0]] = fresh
    return Paths(model, origin, length, back, arrival)


def _onward(movers: list[Moves], node: _Node, improving: bool, tried: set[_Node]) -> list[_Node]:
    """States that others than the last mover can move to, each with who moved; ``tried`` keeps what was done."""
    state, last = node
    onward = []
    for mover, moves in enumerate(movers):
        if mover != last and (state, mover) not in tried:
            tried.add((state, mover))
            onward += [(after, mover) for after in steps_from(moves, state, improving)]
    return onward
