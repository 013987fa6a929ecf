"""A compiled game unrolled to a tree, for formats that hold trees."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.export.world import OneWorld
from foedus.game.arrays import DECIDE, END

NATURE = -1  # in the place of a player


@dataclass
class Tree:
    """A node of the tree: its moves with what each leads to, or none at the end.

    ``player`` is the mover's index, or NATURE. ``weights`` are bases or probabilities.
    ``paid`` [periods, actors] is what an end of the tree pays in each period.
    """

    player: int
    period: int = 0
    label: str = ""
    moves: list[tuple[str, Tree]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    paid: Floats | None = None


def unrolled(world: OneWorld, max_nodes: int) -> Tree:
    """The whole tree; nature draws the start where it is uncertain. FoedusError beyond ``max_nodes`` nodes."""
    return _Unroller(world, max_nodes).start()


class _Unroller:
    """Walks a game from its start.

    A period's graph comes together again where paths meet, and so does the next period's: a tree repeats what follows
    on every path, because what was paid on the way there differs. Nodes with one way on are left out.
    """

    def __init__(self, world: OneWorld, max_nodes: int):
        self.world, self.max_nodes, self.count = world, max_nodes, 0

    def start(self) -> Tree:
        arrays = self.world.game.arrays
        unpaid = np.zeros((self.world.game.solved, len(arrays.precision)))
        odds = [self.world.at(int(prob), 0) for prob in arrays.start_prob]
        starts = [(int(node), p) for node, p in zip(arrays.start_node, odds, strict=True) if p > 0]
        return self._drawn([self.node(node, 0, unpaid) for node, _ in starts], [p for _, p in starts], 0, "start")

    def node(self, node: int, t: int, paid: Floats) -> Tree:
        """The tree from a node on, ``paid`` [periods, actors] having been paid before."""
        world, arrays = self.world, self.world.game.arrays
        node = world.settle(node, t)
        first = int(arrays.a_ptr[node])
        if arrays.kind[node] == END:
            # The end of a period has one action with one branch, which pays and leads to the next period's start.
            paid = _with(paid, t, world.paid(first, int(arrays.b_ptr[first]), t))
            if t + 1 == world.game.solved:
                return self._counted(Tree(NATURE, paid=paid))
            return self.node(int(arrays.target[arrays.b_ptr[first]]), t + 1, paid)
        label = f"{world.game.phase_ids[arrays.phase[node]]} {t}"
        menu = world.menu(node, t) if arrays.kind[node] == DECIDE else {first: 1.0}
        if len(menu) == 1:
            return self.after(next(iter(menu)), t, paid, label)
        moves = [(world.name(a), self.after(a, t, paid, f"{label} {world.name(a)}")) for a in menu]
        return self._counted(Tree(int(arrays.mover[node]), t, label, moves, list(menu.values())))

    def after(self, action: int, t: int, paid: Floats, label: str) -> Tree:
        """What follows an action: nature's move where there is one."""
        world, target = self.world, self.world.game.arrays.target
        odds = world.outcomes(action, t)
        below = [self.node(int(target[b]), t, _with(paid, t, world.paid(action, b, t))) for b, _ in odds]
        return self._drawn(below, [p for _, p in odds], t, label)

    def _drawn(self, below: list[Tree], odds: list[float], t: int, label: str) -> Tree:
        """Nature's draw among what may follow, or the one thing that does."""
        moves = [(str(i), tree) for i, tree in enumerate(below, 1)]
        return below[0] if len(below) == 1 else self._counted(Tree(NATURE, t, label, moves, odds))

    def _counted(self, tree: Tree) -> Tree:
        self.count += 1
        if self.count > self.max_nodes:
            size = f"the game tree has more than {self.max_nodes:,} nodes: too large to write"
            raise FoedusError(f"{size}. Use fewer periods or a smaller scenario.")
        return tree


def _with(paid: Floats, t: int, more: Floats) -> Floats:
    """``paid`` [periods, actors] and what is paid in period ``t`` besides."""
    total = paid.copy()
    total[t] += more
    return total
