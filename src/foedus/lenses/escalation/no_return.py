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

LIMITS = (0.1, 0.5)
PAIRED = 8  # actors up to which pairs are looked at


def sets_of(turn: Turn) -> list[tuple[int, ...]]:
    """The sets of actors whose best efforts are asked for: each that decides, pairs where they are few, all."""
    movers = sorted({phase.mover for phase in turn.phases if phase.mover >= 0})
    pairs = combinations(movers, 2) if len(movers) <= PAIRED else ()
    return list(dict.fromkeys([*combinations(movers, 1), *pairs, tuple(movers)]))


def against(ladder: Ladder, target: int, sets: Sequence[tuple[int, ...]]) -> dict[str, Floats]:
    """Risk of one target and what sets of actors can do against it, the world first; see ``measure.look``."""
    usual, worth = ladder.risk(target)
    # [periods, changing branches, LANES]: what comes to a level below the target from below, before the target.
    rises = (ladder.comes_to > ladder.comes_from) & (ladder.comes_to < target)
    entered = np.asarray(ladder.taken(ladder.before(target)) * rises[:, None])
    with ThreadPoolExecutor(max_workers=2) as pool:
        parts = list(pool.map(lambda members: _best_of(ladder, target, members, entered), sets))
    return stacked(parts) | {"usual": usual, "usual_at": _on_entry(ladder, worth, entered)}


def stacked(parts: Sequence[dict[str, Floats]]) -> dict[str, Floats]:
    """Arrays [world, ...] of several cases as [world, case, ...]."""
    return {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}


def _best_of(ladder: Ladder, target: int, members: Sequence[int], entered: Floats) -> dict[str, Floats]:
    """What one set of actors can do against a target."""
    least, worth = ladder.risk(target, members)
    first = stacked([_first(ladder, target, worth, limit) for limit in LIMITS])
    passed = first["first_at"].sum(axis=2)
    return {"least": least, "least_at": _on_entry(ladder, worth, entered), "passed": passed, **first}


def _first(ladder: Ladder, target: int, worth: Floats, limit: float) -> dict[str, Floats]:
    """The probability that a path's first state of no return is at each level, and that each phase is next there."""
    # Mass is held back where the risk is at the limit, so what lies there in the end has come there for the first time.
    mass = ladder.pushed(ladder.begin(range(target)), ladder.lands >= target, worth=worth, limit=limit)
    mass = np.where(worth >= limit, mass, 0.0)
    mass[:, ladder.g.end_nodes] = 0.0  # a period's end is the same state as the next one's start
    first, phases = mass.sum(axis=0), len(ladder.block.game.phase_ids)
    phase = np.maximum(ladder.g.phase, 0)
    return {"first_at": ladder.by_level(first, ladder.level), "first_next": summed(first, phase, phases)}


def _on_entry(ladder: Ladder, worth: Floats, entered: Floats) -> Floats:
    """[LANES, level]: the average of ``worth`` over arrivals at a level from below, and starts there."""
    at_start = ladder.begin()[0]
    risk = ladder.by_level((entered * worth[:, ladder.next]).sum(axis=0), ladder.comes_to)
    arrivals = ladder.by_level(entered.sum(axis=0), ladder.comes_to)
    risk += ladder.by_level(at_start * worth[0], ladder.level)
    arrivals += ladder.by_level(at_start, ladder.level)
    return np.divide(risk, arrivals, out=np.full_like(risk, np.nan), where=arrivals > 0)
