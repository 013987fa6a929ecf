"""Points of no return: states from which even the best joint play of a set of actors cannot bring a risk below a limit.

The others go on as they do. The lowest risk is found by dynamic programming for a coalition (Puterman 1994;
``solve.reach``): every state of every phase of every period counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.turn import Turn
from foedus.lenses.escalation.ladder import Ladder, summed
from foedus.solve.queries import ratio

LIMITS = (0.1, 0.5)
PAIRED = 8  # actors up to which pairs are looked at

Arrays = dict[str, tuple[tuple[str, ...], Floats]]  # by name the dims behind the world, and the numbers


def sets_of(turn: Turn) -> list[tuple[int, ...]]:
    """The sets of actors whose best efforts are asked for: each that decides, pairs where they are few, all."""
    movers = sorted({phase.mover for phase in turn.phases if phase.mover >= 0})
    pairs = combinations(movers, 2) if len(movers) <= PAIRED else ()
    return list(dict.fromkeys([*combinations(movers, 1), *pairs, tuple(movers)]))


def against(ladder: Ladder, target: int, sets: Sequence[tuple[int, ...]]) -> Arrays:
    """Risk of one target and what sets of actors can do against it; see ``measure.look``."""
    usual, worth = ladder.risk(target)
    # [periods, changing branches, LANES]: what comes to a level below the target from below, before the target.
    rises = (ladder.comes_to > ladder.comes_from) & (ladder.comes_to < target)
    entered = np.asarray(ladder.taken(ladder.before(target)) * rises[:, None])
    with ThreadPoolExecutor(max_workers=2) as pool:
        parts = list(pool.map(lambda members: _best_of(ladder, target, members, entered), sets))
    return stacked("set", parts) | {"usual": ((), usual), "usual_at": _on_entry(ladder, worth, entered)}


def stacked(dim: str, parts: Sequence[Arrays]) -> Arrays:
    """Several cases put together along a new dim, the first behind the world."""
    return {n: ((dim, *dims), np.stack([part[n][1] for part in parts], axis=1)) for n, (dims, _) in parts[0].items()}


def _best_of(ladder: Ladder, target: int, members: Sequence[int], entered: Floats) -> Arrays:
    """What one set of actors can do against a target."""
    least, worth = ladder.risk(target, members)
    first = stacked("limit", [_first(ladder, target, worth, limit) for limit in LIMITS])
    passed = ("limit",), first["first_at"][1].sum(axis=2)
    return {"least": ((), least), "least_at": _on_entry(ladder, worth, entered), "passed": passed, **first}


def _first(ladder: Ladder, target: int, worth: Floats, limit: float) -> Arrays:
    """The probability that a path's first state of no return is at each level, and that each phase is next there."""
    # Mass is held back where the risk is at the limit, so what lies there in the end has come there for the first time.
    mass = ladder.pushed(ladder.begin(range(target)), ladder.lands >= target, worth=worth, limit=limit)
    mass = np.where(worth >= limit, mass, 0.0)
    mass[:, ladder.g.end_nodes] = 0.0  # a period's end is the same state as the next one's start
    first, phases = mass.sum(axis=0), len(ladder.block.game.phase_ids)
    after = summed(first, np.maximum(ladder.g.phase, 0), phases)
    return {"first_at": (("level",), ladder.by_level(first, ladder.level)), "first_next": (("phase",), after)}


def _on_entry(ladder: Ladder, worth: Floats, entered: Floats) -> tuple[tuple[str, ...], Floats]:
    """By level the average of ``worth`` over arrivals at a level from below, and starts there."""
    at_start = ladder.begin()[0]
    risk = ladder.by_level((entered * worth[:, ladder.next]).sum(axis=0), ladder.comes_to)
    arrivals = ladder.by_level(entered.sum(axis=0), ladder.comes_to)
    risk += ladder.by_level(at_start * worth[0], ladder.level)
    arrivals += ladder.by_level(at_start, ladder.level)
    return ("level",), ratio(risk, arrivals)
