"""The earliest period in which each node can be reached, so that solving can skip it before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from foedus.game.arrays import END, GameArrays
from foedus.game.program import Program
from foedus.scenario.tree import assumption_names, evaluate


def first_periods(arrays: GameArrays, program: Program, starts: NDArray[np.int32]) -> NDArray[np.int32]:
    """[nodes] period indices; nodes that are never reached from ``starts`` get the number of periods.

    Conditions on time alone are respected, all others taken as possible.
    """
    periods, n = program.periods, len(arrays.kind)
    first = np.full(n, periods, np.int32)
    closed, stages = _closed(arrays, program), _stages(arrays)
    owner = np.repeat(np.arange(n), arrays.b_ptr[arrays.a_ptr[1:]] - arrays.b_ptr[arrays.a_ptr[:-1]])
    spans = [(np.searchsorted(owner, a), np.searchsorted(owner, b)) for a, b in stages]
    # nodes are numbered so that targets come later: one pass through the stages reaches all that a period can reach
    for t in range(periods):
        reached = np.zeros(n, bool)
        reached[starts] = True
        for (a, b), (low, high) in zip(stages, spans, strict=True):
            here = reached[a:b] & ~closed[a:b, t]
            # a guard may be false in some world, whatever the time: then the node is passed by
            passing = reached[a:b] & (arrays.guard[a:b] >= 0)
            reached[arrays.pass_to[a:b][passing]] = True
            if arrays.kind[a] != END:
                reached[arrays.target[low:high][here[owner[low:high] - a]]] = True
        first[reached & (first > t)] = t
        ends = arrays.end_nodes[reached[arrays.end_nodes]]
        starts = arrays.target[arrays.b_ptr[arrays.a_ptr[ends]]]
    return first


def _closed(arrays: GameArrays, program: Program) -> NDArray[np.bool_]:
    """[nodes, periods]: guards that time alone makes false."""
    closed = np.zeros((len(arrays.kind), program.periods), bool)
    times = np.arange(program.periods, dtype=float)
    for c in np.unique(arrays.guard[arrays.guard >= 0]):
        tree = program.trees[c]
        if not assumption_names(tree):
            closed[arrays.guard == c] = np.broadcast_to(np.asarray(evaluate(tree, {}, {}, times)) == 0, program.periods)
    return closed


def _stages(arrays: GameArrays) -> list[tuple[int, int]]:
    """Ranges of nodes of one phase (targets lie in later ranges)."""
    phase = np.where(arrays.phase < 0, arrays.phase.max(initial=0) + 1, arrays.phase)
    cuts = np.flatnonzero(np.diff(phase)) + 1
    return list(pairwise([0, *cuts.tolist(), len(phase)]))
