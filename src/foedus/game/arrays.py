"""The arrays of a compiled game: the contract between compiling and solving.

A game is the graph of one period. Nodes are numbered so that within a period every target is larger than its source;
the ends of the period come last, and their single branch leads to a node of the next period.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Ints


class NodeKind(IntEnum):
    """What happens at a node."""

    CHANCE = 0  # nature moves
    DECIDE = 1  # an actor chooses
    END = 2  # the period ends
    INTERVAL = 3  # nature reads a clause whose probability is known as an interval only


# as plain numbers, which kernels take in
CHANCE, DECIDE, END, INTERVAL = (int(kind) for kind in NodeKind)
LANES = 8  # worlds in a block: one vector register of AVX-512, two of AVX2


class GameArrays(NamedTuple):
    """Flat int32 arrays unless said otherwise. ``-1`` means none. Coefficients are ids.

    A node's actions are ``a_ptr[n]:a_ptr[n+1]`` (nodes that nobody decides have one), an action's branches
    ``b_ptr[a]:b_ptr[a+1]``, its payments ``ap_ptr[a]:ap_ptr[a+1]``, a branch's payments ``bp_ptr[b]:bp_ptr[b+1]``.
    Coefficient c at period t is row ``offset[c] + t * timed[c]`` of the evaluated table.
    """

    kind: NDArray[np.int8]  # [nodes] a NodeKind
    mover: Ints  # [nodes] actor who decides
    phase: Ints  # [nodes] index of the phase, -1 for ends
    guard: Ints  # [nodes] coefficient; where it is 0 the node passes to pass_to
    pass_to: Ints  # [nodes]
    low: Ints  # [nodes] coefficient of the lowest probability of the first branch (INTERVAL)
    high: Ints  # [nodes]
    first_t: Ints  # [nodes] earliest period in which the node can be reached
    a_ptr: Ints  # [nodes + 1]
    base: Ints  # [actions] coefficient of the base rate
    mask: Ints  # [actions] coefficient; available where it is not 0
    force: Ints  # [actions] coefficient; where it is not 0 the mover is bound to the action
    action_id: Ints  # [actions] public index of the action
    b_ptr: Ints  # [actions + 1]
    ap_ptr: Ints  # [actions + 1]
    prob: Ints  # [views, branches] coefficient of the probability; -1 is sure
    view_of: Ints  # [actors] the view each actor values nature by; view 0 is true
    target: Ints  # [branches] node
    flags: NDArray[np.uint64]  # [branches] events true in the state landed in
    bp_ptr: Ints  # [branches + 1]
    pay_obj: Ints  # [payments] objective
    pay_coef: Ints  # [payments] coefficient of the amount, weight included
    obj_actor: Ints  # [objectives]
    start_node: Ints  # [starts]
    start_prob: Ints  # [starts]
    start_flags: NDArray[np.uint64]  # [starts]
    end_nodes: Ints  # [ends] nodes that end the period
    end_flags: NDArray[np.uint64]  # [ends] events true at the period's end, before scratch falls back
    end_level: NDArray[np.int32]  # [ends, variables reported]
    precision: Ints  # [actors]
    patience: Ints  # [actors]
    ambiguity: Ints  # [actors]
    control: Ints  # [1] 1 where a choice is worth what it pays less what control costs
    offset: Ints  # [coefficients]
    timed: Ints  # [coefficients] 1 where the value changes with the period
