"""What actors get when some of them act as one: exact joint play, in every world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.arrays import LANES
from foedus.game.program import WorldError
from foedus.scenario.schema import Scenario
from foedus.solve.joint import joint, plain_graph
from foedus.worlds.simulate import Games, coefficient_tables

Team = frozenset[str]
THREADS = 2


class Table:
    """The game of one policy, in which any teams may be tried. Everybody knows it as it is: no beliefs, no secrets."""

    def __init__(self, games: Games, draws: Mapping[str, Floats], policy: str):
        scenario: Scenario = games.scenario
        play, perception = games.play(policy)
        self.game, self.perfect = play.game, scenario.rationality == "perfect"
        self.actors = list(scenario.actors)
        self.worlds = len(next(iter(draws.values())))
        padded = -(-self.worlds // LANES) * LANES
        filled = {
            name: np.concatenate([draw, np.repeat(draw[-1:], padded - self.worlds)]) for name, draw in draws.items()
        }
        self.graph = plain_graph(self.game.arrays)
        try:
            table = coefficient_tables(scenario, policy, self.game, perception, filled, padded, games.memo)[0]
        except WorldError as error:
            raise FoedusError(f"Under policy '{policy}': {error}.") from None
        self.blocks = [np.ascontiguousarray(table[:, k : k + LANES]) for k in range(0, padded, LANES)]
        self.known: dict[frozenset[Team], Floats] = {}

    def play(self, structures: Sequence[Iterable[Team]]) -> list[Floats]:
        """[world, actor] for each structure: what everybody gets when the teams in it act as one and the rest alone.

        Values are discounted, at nature's odds, over all solved periods.
        """
        wanted = [frozenset(team for team in teams if len(team) > 1) for teams in structures]
        new = [teams for teams in dict.fromkeys(wanted) if teams not in self.known]
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            jobs = [(teams, [pool.submit(self._block, block, teams) for block in self.blocks]) for teams in new]
            for teams, parts in jobs:
                values = np.concatenate([part.result() for part in parts], axis=1)
                self.known[teams] = values.T[: self.worlds].copy()
        return [self.known[teams] for teams in wanted]

    def _block(self, table: Floats, teams: frozenset[Team]) -> Floats:
        numbers = np.arange(len(self.actors), dtype=np.int32)
        for team in teams:
            members = [self.actors.index(name) for name in team]
            numbers[members] = min(members)
        start = self.game.starts[()]
        values, wrong = joint(self.graph, table, self.game.solved, numbers, self.perfect, start)
        if wrong is not None:
            raise FoedusError(
                "the game cannot be played jointly: a menu is empty or a payment too large in some world."
            )
        return values
