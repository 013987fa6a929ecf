"""Work on a policy's game block by block of worlds, for what the simulation does not compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from foedus.game.arrays import LANES
from foedus.solve.play import Play
from foedus.worlds.simulate import Games, same_tables, tables_of

Floats = NDArray[np.float64]


def in_blocks(games: Games, policy: str, draws: Mapping[str, Floats],
              work: Callable[[Play, list[Floats]], dict[str, Floats]], threads: int = 2) -> dict[str, Floats]:  # fmt: skip
    """What ``work(play, tables)`` gives for every block of LANES worlds, joined; the first dim of each array is the world.

    ``tables`` are the coefficients [rows, LANES] as they are, then those of each version of the game that
    ``play.solves`` (those that are alike shared) name. The last block is padded with copies of the last world, whose results are dropped.
    """
    play, perception = games.play(policy)
    width = len(next(iter(draws.values())))
    padded = -(-width // LANES) * LANES
    filled = {name: np.concatenate([draw, np.repeat(draw[-1:], padded - width)]) for name, draw in draws.items()}
    tables = tables_of(games.scenario, policy, play.game, perception, filled, padded)
    play = play.reduced(same_tables(tables))
    blocks = [[np.ascontiguousarray(t[:, at : at + LANES]) for t in tables] for at in range(0, padded, LANES)]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        found = list(pool.map(lambda block: work(play, block), blocks))
    return {key: np.concatenate([part[key] for part in found])[:width] for key in found[0]}
