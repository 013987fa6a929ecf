"""Turns what the explorer found into the flat arrays that the kernels read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Longs
from foedus.game.arrays import CHANCE, DECIDE, END, INTERVAL
from foedus.game.explore import Explorer


@dataclass(frozen=True)
class Flat:
    """The flat structure: see ``game.arrays.GameArrays`` for what each array means."""

    arrays: dict[str, NDArray[np.generic]]
    node_rows: NDArray[np.int8]
    action_order: Longs
    branch_order: Longs
    references: tuple[Longs, ...]  # per stage: the node that each state leads to
    stage_of: Longs


def assemble(explorer: Explorer, action_ids: dict[tuple[int, int], int]) -> Flat:
    """Nodes in order of stage, their actions, branches and payments as pointer arrays.

    ``action_ids`` maps (phase index, action's order) to the action's public index.
    """
    references, sizes = _number(explorer)
    guards, actions = _stack(explorer.records.guards, 5), _stack(explorer.records.actions, 5)
    branches, pays = _stack(explorer.records.branches, 7), _stack(explorer.records.pays, 6)
    flags = np.concatenate(explorer.records.flags)
    n = int(sum(sizes))

    def node(stage: Longs, state: Longs) -> Longs:
        found = np.full(len(stage), -1, np.int64)
        for k in np.unique(stage):
            found[stage == k] = references[k][state[stage == k]]
        return found

    guard_node = node(guards[:, 0], guards[:, 1])
    guard, pass_to, stage_of = (np.full(n, -1, np.int64) for _ in range(3))
    guard[guard_node], stage_of[guard_node] = guards[:, 2], guards[:, 0]
    passing = guards[:, 4] >= 0
    pass_to[guard_node[passing]] = node(guards[passing, 3], guards[passing, 4])

    action_node = node(actions[:, 0], actions[:, 1])
    order = np.lexsort((actions[:, 2], action_node))
    actions, action_node = actions[order], action_node[order]
    a_ptr = _pointers(action_node, n)

    branch_node = node(branches[:, 0], branches[:, 1])
    branch_action = _find(action_node, actions[:, 2], branch_node, branches[:, 2])
    order = np.lexsort((branches[:, 3], branch_action))
    branches, branch_action, flags = branches[order], branch_action[order], flags[order]
    b_ptr = _pointers(branch_action, len(actions))
    target = node(branches[:, 5], branches[:, 6])

    pay_action = _find(action_node, actions[:, 2], node(pays[:, 0], pays[:, 1]), pays[:, 2])
    own = pays[:, 3] < 0
    ap_ptr, ap_order = _sorted_pointers(pay_action[own], len(actions))
    pay_branch = _find(branch_action, branches[:, 3], pay_action[~own], pays[~own, 3])
    bp_ptr, bp_order = _sorted_pointers(pay_branch, len(branches))
    ordered = np.concatenate([pays[own][ap_order], pays[~own][bp_order]])
    bp_ptr = bp_ptr + int(own.sum())

    last = explorer.last
    movers = np.array([phase.mover for phase in explorer.turn.phases] + [-1])
    passes = np.zeros(n, bool)
    passes[action_node[actions[:, 2] < 0]] = True
    mover = np.where(passes, -1, movers[stage_of])
    kind = np.where(stage_of == last, END, np.where(mover >= 0, DECIDE, CHANCE))
    low, high = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    intervals = _stack(explorer.records.intervals, 4)
    at = node(intervals[:, 0], intervals[:, 1])
    kind[at], low[at], high[at] = INTERVAL, intervals[:, 2], intervals[:, 3]
    ids = [action_ids.get((int(s), int(o)), -1) for s, o in zip(stage_of[action_node], actions[:, 2], strict=True)]
    i32 = np.int32
    arrays: dict[str, NDArray[np.generic]] = {
        "kind": kind.astype(np.int8),
        "mover": mover.astype(i32),
        "phase": np.where(stage_of == last, -1, stage_of).astype(i32),
        "guard": guard.astype(i32),
        "pass_to": pass_to.astype(i32),
        "low": low.astype(i32),
        "high": high.astype(i32),
        "a_ptr": a_ptr.astype(i32),
        "base": actions[:, 3].astype(i32),
        "mask": actions[:, 4].astype(i32),
        "force": np.full(len(actions), -1, i32),
        "action_id": np.asarray(ids, i32),
        "b_ptr": b_ptr.astype(i32),
        "ap_ptr": ap_ptr.astype(i32),
        "target": target.astype(i32),
        "prob": branches[:, 4].astype(i32)[None, :],
        "flags": flags,
        "bp_ptr": bp_ptr.astype(i32),
        "pay_obj": ordered[:, 4].astype(i32),
        "pay_coef": ordered[:, 5].astype(i32),
    }
    return Flat(arrays, _node_rows(explorer, sizes), actions[:, 2], branches[:, 3], references, stage_of)


def _number(explorer: Explorer) -> tuple[tuple[Longs, ...], list[int]]:
    """Node numbers by stage (through states that point onward), and nodes per stage."""
    stages = explorer.stages
    sizes = [sum(stage.node.values()) for stage in stages]
    base = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    references: list[Longs] = [np.empty(0, np.int64) for _ in stages]
    for k in range(len(stages) - 1, -1, -1):
        stage = stages[k]
        is_node = np.array([stage.node[i] for i in range(len(stage.rows))], bool)
        found = np.full(len(stage.rows), -1, np.int64)
        found[is_node] = base[k] + np.arange(sizes[k])
        for i, (to, state) in stage.onward.items():
            found[i] = references[to][state]
        references[k] = found
    return tuple(references), sizes


def _node_rows(explorer: Explorer, sizes: list[int]) -> NDArray[np.int8]:
    """Levels of every node's state, [nodes, variables]."""
    parts = [
        stage.table()[[i for i in range(len(stage.rows)) if stage.node[i]]]
        for stage, size in zip(explorer.stages, sizes, strict=True)
        if size
    ]
    return np.concatenate(parts)


def _stack(parts: list[Longs], width: int) -> Longs:
    return np.concatenate(parts).astype(np.int64) if parts else np.empty((0, width), np.int64)


def _pointers(owner: Longs, n: int) -> Longs:
    """CSR pointers of items sorted by owner."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n))]).astype(np.int64)


def _sorted_pointers(owner: Longs, n: int) -> tuple[Longs, Longs]:
    return _pointers(owner, n), np.argsort(owner, kind="stable")


def _find(owner: Longs, order: Longs, want_owner: Longs, want_order: Longs) -> Longs:
    """Positions of (owner, order) pairs in arrays sorted by them."""
    span = int(max(order.max(initial=0), want_order.max(initial=0))) + 3
    return np.searchsorted(owner * span + order + 1, want_owner * span + want_order + 1)
