"""Turns what the explorer found into the flat arrays that the kernels read.

Nodes are numbered stage by stage, so that every target within a period lies behind its source. What belongs to a node (its
actions, their branches, their payments) is sorted by owner and found through pointers, as in compressed sparse rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Ints, Longs
from foedus.game.arrays import CHANCE, DECIDE, END, INTERVAL
from foedus.game.explore import Actions, Branches, Explorer, Guards, Payments, R, record


@dataclass(frozen=True)
class Flat:
    """The flat structure: see ``game.arrays.GameArrays`` for what each array means."""

    arrays: dict[str, NDArray[np.generic]]
    node_rows: NDArray[np.int8]
    action_order: Longs
    branch_order: Longs
    references: tuple[Longs, ...]  # per stage: the node that each state leads to


def assemble(explorer: Explorer) -> Flat:
    """Nodes in order of stage, their actions, branches and payments as pointer arrays."""
    references, sizes = _number(explorer)
    records, n = explorer.records, int(sum(sizes))
    guards, actions = _joined(Guards, records.guards), _joined(Actions, records.actions)
    branches = _joined(Branches, records.branches)
    flags = np.concatenate(records.flags) if records.flags else np.zeros(0, np.uint64)

    def node(stage: Longs, state: Longs) -> Longs:
        """The node that each state of a stage leads to."""
        nodes = np.full(len(stage), -1, np.int64)
        for k in np.unique(stage):
            nodes[stage == k] = references[k][state[stage == k]]
        return nodes

    guard_node = node(guards.stage, guards.state)
    guard, pass_to, stage_of = (np.full(n, -1, np.int64) for _ in range(3))
    guard[guard_node], stage_of[guard_node] = guards.guard, guards.stage
    passing = guards.to_state >= 0
    pass_to[guard_node[passing]] = node(guards.to_stage[passing], guards.to_state[passing])

    action_node = node(actions.stage, actions.state)
    order = np.lexsort((actions.order, action_node))
    actions, action_node = _picked(actions, order), action_node[order]
    m = len(action_node)

    branch_action = _find(action_node, actions.order, node(branches.stage, branches.state), branches.order)
    order = np.lexsort((branches.branch, branch_action))
    branches, branch_action, flags = _picked(branches, order), branch_action[order], flags[order]

    # payments of actions first, those of branches after them, in one table
    pays = _joined(Payments, records.pays)
    pay_action = _find(action_node, actions.order, node(pays.stage, pays.state), pays.order)
    at_once = pays.branch < 0
    ap_order = np.argsort(pay_action[at_once], kind="stable")
    pay_branch = _find(branch_action, branches.branch, pay_action[~at_once], pays.branch[~at_once])
    bp_order = np.argsort(pay_branch, kind="stable")
    pay_order = np.concatenate([np.flatnonzero(at_once)[ap_order], np.flatnonzero(~at_once)[bp_order]])

    last = explorer.last
    movers = np.array([phase.mover for phase in explorer.turn.phases] + [-1])
    passes = np.zeros(n, bool)
    passes[action_node[actions.order < 0]] = True
    mover = np.where(passes, -1, movers[stage_of])
    kind = np.where(stage_of == last, END, np.where(mover >= 0, DECIDE, CHANCE))
    low, high = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    for block in records.intervals:
        at = node(block.stage, block.state)
        kind[at], low[at], high[at] = INTERVAL, block.low, block.high
    action_ids = {pair: i for i, pair in enumerate(explorer.turn.choices)}
    ids = [action_ids.get((int(s), int(o)), -1) for s, o in zip(stage_of[action_node], actions.order, strict=True)]
    phase, force, target = (
        np.where(stage_of == last, -1, stage_of),
        -np.ones(m),
        node(branches.to_stage, branches.to_state),
    )
    of_nodes = {"mover": mover, "phase": phase, "guard": guard, "pass_to": pass_to, "low": low, "high": high}
    of_actions = {"base": actions.base, "mask": actions.mask, "force": force, "action_id": np.asarray(ids)}
    of_rest = {"target": target, "pay_obj": pays.objective[pay_order], "pay_coef": pays.amount[pay_order]}
    arrays: dict[str, NDArray[np.generic]] = {
        **{name: column.astype(np.int32) for name, column in (of_nodes | of_actions | of_rest).items()},
        "kind": kind.astype(np.int8),
        "a_ptr": _pointers(action_node, n),
        "b_ptr": _pointers(branch_action, m),
        "ap_ptr": _pointers(pay_action[at_once], m),
        "bp_ptr": _pointers(pay_branch, len(branch_action)) + np.int32(at_once.sum()),
        "prob": branches.prob.astype(np.int32)[None, :],
        "flags": flags,
    }
    # the states of a stage that point onward are no nodes
    parts = [np.delete(np.stack(s.rows), list(s.onward), axis=0) for s in explorer.stages if s.rows]
    return Flat(arrays, np.concatenate(parts), actions.order, branches.branch, references)


def _number(explorer: Explorer) -> tuple[tuple[Longs, ...], list[int]]:
    """Node numbers by stage (through states that point onward), and nodes per stage."""
    sizes = [len(stage.rows) - len(stage.onward) for stage in explorer.stages]
    references = [np.full(len(stage.rows), -1, np.int64) for stage in explorer.stages]
    for k, stage in reversed(list(enumerate(explorer.stages))):
        is_node = np.ones(len(stage.rows), bool)
        is_node[list(stage.onward)] = False
        references[k][is_node] = sum(sizes[:k]) + np.arange(sizes[k])
        for i, (to, state) in stage.onward.items():  # to a later stage, whose references are known by now
            references[k][i] = references[to][state]
    return tuple(references), sizes


def _joined(kind: type[R], blocks: list[R]) -> R:
    """The blocks of a record, one after another; there may be none, as where no action is possible at all."""
    return (
        kind(*map(np.concatenate, zip(*blocks, strict=True)))
        if blocks
        else record(kind, *np.empty((len(kind._fields), 0)))
    )


def _picked(block: R, order: Longs) -> R:
    return type(block)(*(column[order] for column in block))


def _pointers(owner: Longs, n: int) -> Ints:
    """Where the items of each of ``n`` owners begin and end, when they are sorted by owner."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n))]).astype(np.int32)


def _find(owner: Longs, order: Longs, want_owner: Longs, want_order: Longs) -> Longs:
    """Positions of (owner, order) pairs in arrays sorted by them: both numbers are put into one that sorts alike."""
    span = int(max(order.max(initial=0), want_order.max(initial=0))) + 3
    return np.searchsorted(owner * span + order + 1, want_owner * span + want_order + 1)
