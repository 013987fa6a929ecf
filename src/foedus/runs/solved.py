"""What was solved, labelled: in memory, or left in the chunks of a run directory and read when looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.runs import layout as kept
from foedus.runs.layout import VARIABLES, Arrays, Layout
from foedus.runs.store import ChunkStore
from foedus.scenario.query import Query

if TYPE_CHECKING:
    import xarray as xr

Index = tuple[int | slice | NDArray[np.intp], ...]


class ChunkedArray:
    """An array [world, ...] of a run's chunks; ``array[:, ...]`` reads that part of it."""

    def __init__(self, store: ChunkStore, name: str):
        self.store, self.name = store, name

    def __len__(self) -> int:
        return self.store.manifest.worlds

    def __getitem__(self, index: Any) -> Floats:
        """A part of all worlds."""
        first = index[0] if isinstance(index, tuple) else index
        if first != slice(None):
            raise IndexError("all worlds are read together: begin with ':'")
        parts = [self.store.member(chunk, self.name) for chunk in range(self.store.manifest.chunks)]
        return np.concatenate([part[index] for part in parts if part is not None])


@dataclass
class Solved:
    """The answers to queries [world], the labelled results, and the parts of the likelihood of the observations
    [world, ...] by name (see ``worlds.simulate.PolicyResult``); ``idle``: the same parts with nobody weighing anything."""

    answers: Mapping[Query, Floats]
    data: xr.Dataset
    record: Mapping[str, Any]
    idle: Mapping[str, Any]


def in_memory(arrays: Arrays, layout: Layout, policies: Sequence[str], step: str = "") -> Solved:
    """A piece's arrays, labelled: those at a step of its sweep where it has one. They are taken out of ``arrays``, so that
    they are not held twice."""
    stacked = {
        variable: np.stack([arrays.pop(kept.key(variable, policy, step)) for policy in policies], axis=1)
        for variable in VARIABLES
        if kept.key(variable, policies[0], step) in arrays
    }
    record, idle = (
        {part: arrays.pop(key) for part in kept.RECORD_PARTS if (key := kept.key(kept.RECORD, part, how)) in arrays}
        for how in ("", kept.IDLE)
    )
    keys = {variable: kept.key(kept.RECORD, part) for variable, part in kept.GIVEN.items()}
    given = {variable: arrays.pop(key) for variable, key in keys.items() if key in arrays}
    answers = _by_query(arrays.pop(kept.key(kept.ANSWERS, step=step)), layout)
    return Solved(answers, _dataset(stacked, given, layout, policies), record, idle)


def stored(store: ChunkStore, layout: Layout) -> Solved:
    """All chunks of a run, labelled; of ``data`` only what is looked at is read, when it is looked at. ``data.load()``
    reads it all; ``data.isel(world=slice(0, 100))`` or ``data.sel(policy="x")`` a part."""
    from xarray.backends import BackendArray
    from xarray.core import indexing

    class LazyVariable(BackendArray):  # type: ignore[no-untyped-call,misc,unused-ignore]
        """A variable as xarray's lazy indexing wants it."""

        def __init__(self, variable: str):
            self.variable, self.dtype = variable, np.dtype(float)
            self.shape = (store.manifest.worlds, len(layout.policies), *layout.shape(variable))

        def __getitem__(self, key: Any) -> Any:
            def read(index: Index) -> Floats:
                return _read(store, self.variable, layout.policies, index)

            return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, read)

    class LazyGiven(BackendArray):  # type: ignore[no-untyped-call,misc,unused-ignore]
        """The same of what is given all that was observed; it is small, and read whole."""

        def __init__(self, key: str):
            self.whole, self.dtype = ChunkedArray(store, key), np.dtype(float)
            self.shape = (store.manifest.worlds, *layout.shape("outcome_by"))

        def __getitem__(self, key: Any) -> Any:
            def read(index: Index) -> Floats:
                picked = self.whole[:]
                for axis in reversed(range(len(index))):  # a number takes its axis away
                    picked = picked[(slice(None),) * axis + (index[axis],)]
                return picked

            return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, read)

    lazy = {variable: indexing.LazilyIndexedArray(LazyVariable(variable)) for variable in VARIABLES}
    record, idle = (
        {
            part: ChunkedArray(store, key)
            for part in kept.RECORD_PARTS
            if store.member(0, key := kept.key(kept.RECORD, part, how)) is not None
        }
        for how in ("", kept.IDLE)
    )
    keys = {variable: kept.key(kept.RECORD, part) for variable, part in kept.GIVEN.items()}
    given = {
        variable: indexing.LazilyIndexedArray(LazyGiven(key))
        for variable, key in keys.items()
        if store.member(0, key) is not None
    }
    answers = _by_query(ChunkedArray(store, kept.ANSWERS)[:], layout)
    return Solved(answers, _dataset(lazy, given, layout, layout.policies), record, idle)


def _by_query(answers: Floats, layout: Layout) -> dict[Query, Floats]:
    return {query: np.ascontiguousarray(answers[:, i]) for i, query in enumerate(layout.queries)}


def _dataset(
    arrays: Mapping[str, Any], given: Mapping[str, Any], layout: Layout, policies: Sequence[str]
) -> xr.Dataset:
    """Results by policy, and those ``given`` all that was observed, which are of the factual policy alone."""
    import xarray as xr

    variables = {name: (("world", "policy", *VARIABLES[name]), array) for name, array in arrays.items()}
    variables |= {name: (("world", *VARIABLES["outcome_by"]), array) for name, array in given.items()}
    used = {dim for name in arrays for dim in VARIABLES[name]}
    labels = {dim: list(labels) for dim, labels in layout.labels.items() if dim in used}
    return xr.Dataset(variables, coords={"policy": list(policies), **labels})


def _read(store: ChunkStore, variable: str, policies: Sequence[str], index: Index) -> Floats:
    """A part of a variable: ``index`` picks along each axis by itself, a number takes its axis away."""
    lengths, size = (store.manifest.worlds, len(policies)), store.manifest.chunk
    # Numbers become arrays of one, so that every axis stays until all is read; the last line takes them away.
    worlds, chosen = (np.atleast_1d(np.arange(n)[key]) for n, key in zip(lengths, index, strict=False))
    inner = [slice(None), *(np.atleast_1d(key) if isinstance(key, int | np.integer) else key for key in index[2:])]
    picked: Floats | None = None
    for chunk in np.unique(worlds // size) if len(worlds) else [0]:  # one is read for its shape where no world is asked
        here = np.flatnonzero(worlds // size == chunk)
        rows = worlds[here] - store.manifest.span(int(chunk)).start
        for column, policy in enumerate(chosen):
            part = store.member(int(chunk), kept.key(variable, policies[policy]))
            assert part is not None
            part = part[rows]
            for axis, key in enumerate(inner):
                part = part[(slice(None),) * axis + (key,)]
            if picked is None:
                picked = np.empty((len(worlds), len(chosen), *part.shape[1:]))
            picked[here, column] = part
    assert picked is not None  # no policy is never asked for
    return picked[tuple(0 if isinstance(key, int | np.integer) else slice(None) for key in index)]
