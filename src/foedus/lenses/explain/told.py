"""What an explanation of one world holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Alternative:
    """An action that could be taken: how likely it was; its share of the base rates there, which is how likely it would
    be if nothing were at stake; what it was worth to the mover, by objective and in all; and the probability of the
    likeliest whole path that goes on with it from there."""

    action: str
    probability: float
    base: float
    value: float
    objectives: Mapping[str, float]
    path: float


@dataclass(frozen=True)
class Decision:
    """A decision on the path: the action taken, how likely it was, and all that could be taken. ``bound``: the policy
    leaves the actor no choice. ``asked``: the action was asked for."""

    period: str
    phase: str
    actor: str
    action: str
    probability: float
    precision: float
    bound: bool
    asked: bool
    alternatives: Sequence[Alternative]


@dataclass(frozen=True)
class Event:
    """A turn of chance on the path, in words: of a phase, of what follows its ``action``, or of the ``clause`` of a
    commitment."""

    period: str
    phase: str
    action: str | None
    clause: str | None
    happens: str
    probability: float


@dataclass(frozen=True)
class WholePath:
    """A path through the reported periods: its probability, that of its ``start`` included (empty where there is but
    one), and all that could have gone otherwise, in order."""

    probability: float
    start: str
    moves: Sequence[Decision | Event]

    @property
    def decisions(self) -> list[Decision]:
        """What actors decided."""
        return [move for move in self.moves if isinstance(move, Decision)]


@dataclass(frozen=True)
class Decisive:
    """An assumption that decides about what is taken: its value in this world, the ends of the interval that holds nine
    in ten of its values, and the decision that it moves most: how likely what was taken there would be at each end, all
    else as it is."""

    assumption: str
    value: float
    low: float
    high: float
    period: str
    phase: str
    action: str
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """By how much it moves that decision."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Explanation:
    """One world under one policy. ``weight`` is the world's among the sample after the observations, which would be
    1 / ``worlds`` without (None where nothing was observed); ``decisive``: the assumptions that decide most about what
    is taken on the first path. ``paths``: the likeliest whole paths, the likeliest first; or, where none were asked
    for, the one of the ``steps`` that are likeliest where they are met. ``best`` is the probability of the likeliest
    whole path."""

    world: int
    worlds: int
    seed: int
    method: str
    policy: str
    weight: float | None
    decisive: Sequence[Decisive]
    steps: bool
    best: float
    paths: Sequence[WholePath]
