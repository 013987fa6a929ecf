"""Shares of worlds as they are told: the number, the interval that the number of worlds leaves, and words for it.

A share of worlds is no probability of an event: its words are those of counting (*in most worlds*), not those of
likelihood. The interval is that of Wilson (1927) at 95%, for as many draws as the weighted worlds are worth (the effective
sample of Kish 1965). Both the words and the interval come from here alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from foedus.present.wording import percent, printed
from foedus.worlds import weights as of_worlds
from foedus.worlds.thresholds import FAILS_SHARE, HARDLY_ANY, HOLDS_SHARE, NEARLY_ALL

_DIVIDED = 3
# From failing throughout to holding throughout: how much of the worlds that is, and what divided worlds lean to.
_MUCH = ("all", "nearly all", "most", "", "most", "nearly all", "all")
_LEANS = ("none", "hardly any", "few", "", "most", "nearly all", "all")


class Side(StrEnum):
    """Where a claim stands, by the share of worlds in which its first reading holds."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


@dataclass(frozen=True)
class Share:
    """The share of worlds in which something holds, the ends of its 95% interval, and the effective number of ``worlds``
    that it was counted in. NaN where there is no world to count."""

    share: float
    low: float
    high: float
    worlds: float

    @classmethod
    def of(cls, share: float, worlds: float) -> Share:
        """A share of an effective number of worlds, with its interval."""
        return cls(share, *of_worlds.wilson(share, worlds), worlds)

    @classmethod
    def undefined(cls) -> Share:
        """That of no world."""
        return cls.of(math.nan, 0.0)

    @property
    def interval(self) -> str:
        """``64 to 78``, in percent."""
        return f"{percent(self.low).removesuffix('%')} to {percent(self.high).removesuffix('%')}"

    @property
    def ranged(self) -> str:
        """``71% (64 to 78)``; the number alone where nothing is left open, as where all worlds are alike."""
        return self._told("")

    def __str__(self) -> str:
        """``71% of worlds (64 to 78)``."""
        return self._told(" of worlds")

    def _told(self, of: str) -> str:
        if math.isnan(self.share):
            return "–"
        return f"{percent(self.share)}{of}" + ("" if self.low == self.high else f" ({self.interval})")

    @property
    def side(self) -> Side:
        """Whether it holds in most worlds, fails in most, or neither, by the share as printed."""
        band = _band(self.share)
        return Side.OPEN if band == _DIVIDED else Side.HOLDS if band > _DIVIDED else Side.FAILS

    @property
    def between(self) -> bool:
        """Whether the interval crosses an edge, so that the verdict lies between two words."""
        return not math.isnan(self.share) and self._bands[0] != self._bands[1]

    @property
    def _bands(self) -> tuple[int, int]:
        """Where the ends of the interval lie."""
        low, own, high = (_band(each) for each in (self.low, self.share, self.high))
        return (6 if own == 6 and low == 5 else low), (0 if own == 0 and high == 1 else high)

    def words(self, holds: str = "holds", fails: str = "fails") -> str:
        """The verdict in words for shares, with other verbs than these where they are given.

        ``holds throughout`` (in every world drawn), ``in nearly all`` (95% and more), ``in most`` (70%), ``divided``, and the
        same for failing, by the share as printed. An interval that crosses an edge says so (``divided to most``,
        ``divided to few``, ``holds in most to all``), one that spans from failing in most to holding in most that there are
        too few worlds. No number of worlds tells all from nearly all, so that the edge between these two is not counted as
        crossed: throughout is said of the worlds drawn.
        """
        if math.isnan(self.share):
            return "undefined"
        low, high = self._bands
        if low < _DIVIDED < high:
            return "too few worlds to say"
        if low == _DIVIDED == high:
            return "divided"
        if _DIVIDED in (low, high):
            return f"divided to {_LEANS[low if high == _DIVIDED else high]}"
        verb, less, more = (holds, low, high) if low > _DIVIDED else (fails, high, low)
        if less == more:
            return f"{verb} throughout" if _MUCH[more] == "all" else f"{verb} in {_MUCH[more]}"
        return f"{verb} in {_MUCH[less]} to {_MUCH[more]}"


def _band(share: float) -> int:
    """From 0, in no world, to 6, in every world, of the number as printed."""
    shown = printed(share)
    if shown in (0.0, 1.0):
        return 6 if shown else 0
    edges = (HARDLY_ANY, FAILS_SHARE)
    if shown <= 0.5:
        return 1 + sum(shown > edge + 1e-12 for edge in edges)
    return _DIVIDED + sum(shown >= edge - 1e-12 for edge in (HOLDS_SHARE, NEARLY_ALL))


def share_of(holds: ArrayLike, weights: ArrayLike | None = None, among: ArrayLike | None = None) -> Share:
    """The weighted share of the worlds ``among`` (all unless told) in which something ``holds`` [world]."""
    true = np.asarray(holds, dtype=bool)
    inside = np.ones(len(true), bool) if among is None else np.asarray(among, dtype=bool)
    mass = of_worlds.normalised(weights, len(true))[inside]
    if not mass.sum() > 0:
        return Share.undefined()
    return Share.of(of_worlds.share(true[inside], mass), of_worlds.ess(mass))


def scale() -> str:
    """What the words mean, in one line."""
    return (
        "throughout, in every world drawn; in nearly all, 95% of worlds or more; in most, 70% or more; divided, between; "
        "an interval that crosses one of these says both"
    )
