"""Worlds in blocks of LANES, as the kernels take them: padded, cut, and results put together again.

The last block is filled up with copies of its last world. Every operation of the kernels works lane by lane, so a copy
changes nothing in other worlds, fails only where that world fails too, and is taken off the results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES


def width_of(draws: Mapping[str, Floats]) -> int:
    """The number of worlds; 1 where nothing is drawn."""
    return len(next(iter(draws.values()))) if draws else 1


def padded(draws: Mapping[str, Floats]) -> dict[str, Floats]:
    """Draws {assumption: [worlds]} filled up to whole blocks."""
    missing = -width_of(draws) % LANES
    return {name: np.concatenate([draw, np.repeat(draw[-1:], missing)]) for name, draw in draws.items()}


@dataclass(frozen=True)
class Blocks:
    """Coefficients of ``width`` worlds, cut: for each block its ``tables`` [rows, LANES], of things as they are and then
    of each version of the game; ``same``: for each table the first one that holds the same numbers in all worlds."""

    tables: list[list[Floats]]
    same: tuple[int, ...]
    width: int

    @classmethod
    def cut(cls, whole: Sequence[Floats], width: int) -> Blocks:
        """Of tables [rows, worlds filled up]."""
        columns = range(0, whole[0].shape[1], LANES)
        tables = [[np.ascontiguousarray(table[:, at : at + LANES]) for table in whole] for at in columns]
        # Equal at the latest to itself.
        alike = (
            (j for j, other in enumerate(whole) if other is table or np.array_equal(other, table)) for table in whole
        )
        return cls(tables, tuple(map(next, alike)), width)


def joined(parts: Sequence[Mapping[str, Floats]], width: int | None = None) -> dict[str, Floats]:
    """The results of blocks after each other, worlds along the first axis, without those that were filled up."""
    return {name: np.concatenate([part[name] for part in parts])[:width] for name in parts[0]}
