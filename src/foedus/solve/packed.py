"""A compiled game's arrays made ready for the kernels, and the memory that they work in."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bits, Floats, Ints
from foedus.game.arrays import LANES, GameArrays
from foedus.solve import sections


class Graph(NamedTuple):
    """A compiled game as the kernels want it.

    ``packed`` holds whole numbers, one section (see ``sections``) after the other; its first
    entries say where each begins. A mask or probability that is absent points at row
    ``count(OFFSET)`` of the coefficients of a period, which holds ones.
    """

    packed: Ints
    flags: Bits  # [branches] events in the state landed in
    end_flags: Bits  # [ends] events at the period's end
    start_flags: Bits  # [ends] events at the next period's start


class Chain(NamedTuple):
    """A game in which everybody's choices are made, in one block of worlds: a Markov chain over nodes and periods."""

    graph: Graph
    table: Floats  # [rows, LANES] coefficients
    policy: Floats  # [periods, actions, LANES]
    periods: int


def graph(g: GameArrays) -> Graph:
    """The arrays of a game as the kernels want them."""
    ones = len(g.offset)
    branch = g.b_ptr[g.a_ptr]
    lists, payments = _lists(g)
    a_list, b_list = lists[: len(g.base)], lists[len(g.base) :]
    pays = np.add.reduceat(np.concatenate([a_list >= 0, [False]]), g.a_ptr[:-1]) > 0
    branch_pays = np.add.reduceat(np.concatenate([b_list >= 0, [False]]), branch[:-1]) > 0
    views = np.argsort(g.view_of, kind="stable")
    end_branch = branch[g.end_nodes]
    acts, branches = np.diff(g.a_ptr).max(initial=1), np.diff(branch).max(initial=1)
    sizes = ones + 1, len(payments["sum_actor"]), len(g.end_nodes) * len(g.patience), acts, acts, branches
    parts = {name: np.asarray(part) for name, part in g._asdict().items()} | payments
    parts |= {
        "mask": np.where(g.mask < 0, ones, g.mask),
        "prob": np.where(g.prob < 0, ones, g.prob),
        "pays": pays + 2 * branch_pays,
        "a_list": a_list,
        "b_list": b_list,
        "view_actors": views,
        "view_ptr": np.searchsorted(g.view_of[views], np.arange(len(g.prob) + 1)),
        "end_to": g.target[end_branch],
        "rows": _pointers(sizes)[1:],
    }
    flags = np.ascontiguousarray(g.flags, np.uint64)
    return Graph(pack(parts), flags, np.ascontiguousarray(g.end_flags, np.uint64), flags[end_branch])


def pack(parts: dict[str, NDArray[Any]]) -> Ints:
    """The sections one after the other, behind the places where they begin."""
    flat = [np.asarray(parts[name], np.int32).ravel() for name in sections.NAMES]
    starts = len(sections.NAMES) + 1 + np.concatenate([[0], np.cumsum([len(part) for part in flat])])
    return np.concatenate([starts, *flat]).astype(np.int32)


def section(graph: Graph, which: int) -> Ints:
    """One section of a graph, as an array."""
    return graph.packed[graph.packed[which] : graph.packed[which + 1]]


class Memory(threading.local):
    """Buffers of one thread, kept from block to block: fresh memory costs more than the work done in it."""

    def __init__(self) -> None:
        self.kept: dict[str, Floats] = {}

    def take(self, name: str, *shape: int) -> Floats:
        """The buffer of that name, at least so large: zeros at first, then what was last left in it."""
        size = int(np.prod(shape))
        if name not in self.kept or self.kept[name].size < size:
            self.kept[name] = aligned(size)
        return self.kept[name][:size].reshape(shape)

    def work(self, graph: Graph) -> Floats:
        """A buffer [rows, LANES] for the small things of a kernel."""
        return self.take("work", int(section(graph, sections.ROWS)[-1]), LANES)


MEMORY = Memory()


def aligned(*shape: int) -> Floats:
    """Zeros at an address that a row of LANES numbers divides, so that no row spans two cache lines."""
    size = int(np.prod(shape)) * 8
    memory = np.zeros(size + 8 * LANES, np.uint8)
    skip = -memory.ctypes.data % (8 * LANES)
    return memory[skip : skip + size].view(np.float64).reshape(shape)


def _lists(g: GameArrays) -> tuple[Ints, dict[str, Ints]]:
    """The list of payments of every action, then of every branch (-1: none), and the distinct lists."""
    starts = np.concatenate([g.ap_ptr[:-1], g.bp_ptr[:-1]]).tolist()
    ends = np.concatenate([g.ap_ptr[1:], g.bp_ptr[1:]]).tolist()
    pairs = list(zip(g.pay_obj.tolist(), g.pay_coef.tolist(), strict=True))
    known: dict[tuple[tuple[int, int], ...], int] = {(): -1}
    which = [known.setdefault(tuple(pairs[a:b]), len(known) - 1) for a, b in zip(starts, ends, strict=True)]
    del known[()]
    sum_actor, sums, parts = [], [], []
    for pays in known:
        by_actor: dict[int, list[int]] = {}
        for objective, coefficient in pays:
            by_actor.setdefault(int(g.obj_actor[objective]), []).append(coefficient)
        sum_actor += list(by_actor)
        parts += list(by_actor.values())
        sums.append(len(by_actor))
    i32 = np.int32
    flat = [pair for pays in known for pair in pays]
    return np.asarray(which, i32), {
        "list_ptr": _pointers([len(pays) for pays in known]),
        "sum_ptr": _pointers(sums),
        "pay_obj": np.asarray([o for o, _ in flat], i32),
        "pay_coef": np.asarray([c for _, c in flat], i32),
        "sum_actor": np.asarray(sum_actor, i32),
        "part_ptr": _pointers([len(part) for part in parts]),
        "part_coef": np.asarray([c for part in parts for c in part], i32),
    }


def _pointers(sizes: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
