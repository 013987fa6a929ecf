"""How a run came to its number of worlds, where it was to be as many as are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Stop(StrEnum):
    """Why no more worlds were drawn."""

    NARROW = "narrow"  # every share's interval is narrow, and no verdict lies between two words
    BETWEEN = "between"  # some verdicts lie between two words though their intervals are narrower still
    BUDGET = "budget"  # the time was up
    MOST = "most"  # as many as are ever drawn
    CERTAIN = "certain"  # nothing is uncertain: all worlds are alike
    FIXED = "fixed"  # this sample cannot grow


@dataclass(frozen=True)
class Growth:
    """Why a sample of worlds grew no further: ``stop``; ``width`` of the widest 95% interval of a share (from 0 to 1;
    without readings, of an outcome's average probability), None where none was worked out; how many verdicts lie
    ``between`` two words; the ``budget`` in seconds."""

    stop: Stop
    budget: float
    width: float | None
    between: int

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Growth:
        """One as it is kept; TypeError or ValueError for what is none."""
        return cls(**{**values, "stop": Stop(values["stop"])})
