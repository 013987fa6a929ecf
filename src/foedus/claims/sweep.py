"""The precision sweep: every claim is asked again where all actors choose more, or less, precisely."""

from __future__ import annotations

import math
from enum import StrEnum

from foedus.worlds.simulate import Behaviour


class Precision(StrEnum):
    """A step of the sweep, from chance to perfection: its name, how many times the assumed precision it is, and how it
    is called in a sentence, under a bar and in a small chart. Another step is another line."""

    scale: float
    label: str
    short: str
    symbol: str

    def __new__(cls, name: str, scale: float, label: str, short: str, symbol: str) -> Precision:
        """A string with what belongs to it."""
        step = str.__new__(cls, name)
        step._value_, step.scale, step.label, step.short, step.symbol = name, scale, label, short, symbol
        return step

    ZERO = "zero", 0.0, "by base rate alone", "none", "0"
    HALF = "half", 0.5, "half as precise", "half", "½"
    ONE = "one", 1.0, "as assumed", "as is", "1"
    TWICE = "twice", 2.0, "twice as precise", "twice", "2"
    PERFECT = "perfect", math.inf, "perfectly rational", "perfect", "∞"

    def behaviour(self, rationality: str) -> Behaviour:
        """How choices are made at this step. Where play is ``perfect`` as written, precision means nothing but at 0,
        where nobody weighs anything."""
        if self.scale == math.inf or (rationality == "perfect" and self.scale > 0):
            return Behaviour(perfect=True, bare=True)
        return Behaviour(self.scale, bare=True)


# Solved beside the run itself.
VARIED: tuple[Precision, ...] = tuple(step for step in Precision if step != Precision.ONE)
