"""What actors get when some of them act as one: exact joint play, in every world.

At a node of a coalition's member the action is chosen by what it is worth to all members together, with the member's own
precision: pi(a) proportional to base(a) exp(lambda_j sum_{i in S} Q_i(a)). The rest play for themselves. One game, one
table of coefficients; only the numbers that say who acts with whom differ from structure to structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.program import WorldError
from foedus.lenses.coalition.values import Coalition
from foedus.solve.joint import joint, plain_graph
from foedus.worlds.simulate import Games


class JointPlay:
    """The game of one policy, in which any coalitions may be tried. Everybody knows it as it is: no beliefs, no secrets."""

    def __init__(self, games: Games, draws: Mapping[str, Floats], policy: str):
        self.game, self.perfect = games.play(policy)[0].game, games.scenario.rationality == "perfect"
        self.actors = list(games.scenario.actors)
        self.graph = plain_graph(self.game.arrays)
        try:
            _, blocks = games.in_blocks(policy, draws, games.memo)
        except WorldError as error:
            raise FoedusError(f"Under policy '{policy}': {error}.") from None
        self.worlds, self.blocks = blocks.width, [tables[0] for tables in blocks.tables]
        self.solved: dict[frozenset[Coalition], Floats] = {}

    def play(self, structures: Sequence[Iterable[Coalition]]) -> list[Floats]:
        """[world, actor] for each structure: what everybody gets when the coalitions in it act as one and the rest alone.

        Values are discounted, at nature's odds, over all solved periods. Structures solved before are not solved again.
        """
        wanted = [frozenset(members for members in structure if len(members) > 1) for structure in structures]
        new = [structure for structure in dict.fromkeys(wanted) if structure not in self.solved]
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = {s: [pool.submit(self._block, block, s) for block in self.blocks] for s in new}
            for structure, parts in jobs.items():
                values = np.concatenate([part.result() for part in parts], axis=1)
                self.solved[structure] = values.T[: self.worlds].copy()
        return [self.solved[structure] for structure in wanted]

    def _block(self, table: Floats, structure: frozenset[Coalition]) -> Floats:
        numbers = np.arange(len(self.actors), dtype=np.int32)  # of each actor's coalition: its first member's
        for coalition in structure:
            members = [self.actors.index(name) for name in coalition]
            numbers[members] = min(members)
        game = self.game
        values, wrong = joint(self.graph, table, game.solved, numbers, self.perfect, game.starts[()])
        if wrong is not None:
            why = "a menu is empty or a payment too large in some world"
            raise FoedusError(f"the game cannot be played jointly: {why}.")
        return values
