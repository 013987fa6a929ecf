"""Who stands with whom, and the ways that an actor may stand otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from foedus.lenses.coalition.values import Coalition
from foedus.scenario.schema import Scenario


class SidesFrom(StrEnum):
    """Where the sides come from."""

    WRITTEN = "sides"
    PROMISES = "promises"
    NONE = "none"


class Standing(StrEnum):
    """What an actor may do about its side."""

    STAY = "stay"
    LEAVE = "leave"
    JOIN = "join"


def sides_of(scenario: Scenario) -> tuple[list[Coalition], SidesFrom]:
    """The sides that the scenario names, else those tied by promises; none without either."""
    written = [frozenset(members) for members in scenario.sides.values()]
    if written:
        return written, SidesFrom.WRITTEN
    tied = sides_by_promise(scenario)
    return tied, SidesFrom.PROMISES if tied else SidesFrom.NONE


def sides_by_promise(scenario: Scenario) -> list[Coalition]:
    """Sets of two or more actors connected by commitments that are not hostile, the largest first."""
    side_of = {actor: frozenset([actor]) for actor in scenario.actors}
    for commitment in scenario.commitments.values():
        if not commitment.is_hostile:
            joined = frozenset().union(*(side_of[a] for a in (commitment.from_, *commitment.to)))
            side_of |= dict.fromkeys(joined, joined)
    sides = [side for side in dict.fromkeys(side_of.values()) if len(side) > 1]
    return sorted(sides, key=lambda side: -len(side))


def side_with(player: str, sides: Sequence[Coalition]) -> Coalition:
    """The side of a player; an actor that is on none is a side of one."""
    return next((side for side in sides if player in side), frozenset([player]))


def structures(player: str, sides: Sequence[Coalition]) -> dict[Standing, list[list[Coalition]]]:
    """The ways that all may stand when ``player`` stays, leaves, or joins another side (one for each)."""
    mine = side_with(player, sides)
    others = [side for side in sides if side != mine]
    rest = [side for side in [mine - {player}] if side]
    return {
        Standing.STAY: [[mine, *others]],
        Standing.LEAVE: [[*rest, *others]] if len(mine) > 1 else [],
        Standing.JOIN: [[*rest, side | {player}, *(s for s in others if s != side)] for side in others],
    }
