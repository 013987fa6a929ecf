"""What was solved, labelled: in memory, or left in the chunks of a run directory and read when looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.runs.store import ChunkStore
from foedus.runs.work import ANSWERS, HEARD, HEARD_PARTS, VARIABLES, VARIED, Arrays, Layout
from foedus.scenario.query import Query

if TYPE_CHECKING:
    import xarray as xr

Key = tuple[int | slice | NDArray[np.intp], ...]


class InChunks:
    """An array [world, ...] of a run's chunks; ``array[:, ...]`` reads that part of it."""

    def __init__(self, store: ChunkStore, name: str):
        self.store, self.name = store, name

    def __len__(self) -> int:
        return self.store.manifest.worlds

    def __getitem__(self, key: Any) -> Floats:
        """A part of all worlds."""
        first = key[0] if isinstance(key, tuple) else key
        if first != slice(None):
            raise IndexError("all worlds are read together: begin with ':'")
        parts = [self.store.member(index, self.name) for index in range(self.store.manifest.chunks)]
        return np.concatenate([part[key] for part in parts if part is not None])


@dataclass
class Found:
    """The answers to queries [world], the labelled results, and what is heard of the observations, by name [world, ...].

    ``varied`` holds answers and outcomes of the first few worlds in other settings.
    """

    answers: Mapping[Query, Floats]
    data: xr.Dataset
    heard: Mapping[str, Any]
    varied: dict[str, Found] = field(default_factory=dict)


def in_memory(
    arrays: Arrays, queries: Sequence[Query], layout: Layout, policies: Sequence[str], settings: Sequence[str] = ()
) -> Found:
    """A task's arrays, labelled, with those of the settings that it was solved in. They are taken out of ``arrays``."""
    answers, made = arrays.pop(ANSWERS), {}
    for variable in VARIABLES:
        if f"{variable}/{policies[0]}" in arrays:
            made[variable] = np.stack([arrays.pop(f"{variable}/{policy}") for policy in policies], axis=1)
    heard = {part: arrays.pop(HEARD + part) for part in HEARD_PARTS if HEARD + part in arrays}
    varied = {}
    for setting in settings:
        own = {key.partition(":")[2]: arrays.pop(key) for key in list(arrays) if key.startswith(f"{setting}:")}
        varied[setting] = in_memory(own, queries, layout, policies)
    return Found(_columns(answers, queries), _dataset(made, layout, policies), heard, varied)


def stored(store: ChunkStore, queries: Sequence[Query], layout: Layout, settings: Sequence[str] = ()) -> Found:
    """All chunks of a run, labelled; of ``data`` only what is looked at is read, when it is looked at.

    ``data.load()`` reads it all; ``data.isel(world=slice(0, 100))`` or ``data.sel(policy="x")`` a part.
    """
    import xarray as xr
    from xarray.backends import BackendArray
    from xarray.core import indexing

    class Lazy(BackendArray):  # type: ignore[no-untyped-call,misc,unused-ignore]
        """A variable as xarray's lazy indexing wants it."""

        def __init__(self, variable: str):
            self.variable, self.dtype = variable, np.dtype(float)
            self.shape = (store.manifest.worlds, len(layout.policies), *layout.shape(variable))

        def __getitem__(self, key: Any) -> Any:
            def read(where: Key) -> Floats:
                return _read(store, self.variable, layout.policies, where)

            return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, read)

    made: dict[str, Any] = {variable: indexing.LazilyIndexedArray(Lazy(variable)) for variable in VARIABLES}
    variables = {name: xr.Variable(("world", "policy", *VARIABLES[name]), array) for name, array in made.items()}
    answers = _joined(store, ANSWERS)
    assert answers is not None
    heard = {part: InChunks(store, HEARD + part) for part in HEARD_PARTS if store.member(0, HEARD + part) is not None}
    varied = {}
    for setting in settings:
        names = [ANSWERS, *(f"{variable}/{policy}" for variable in VARIED for policy in layout.policies)]
        own = {name: array for name in names if (array := _joined(store, f"{setting}:{name}")) is not None}
        varied[setting] = in_memory(own, queries, layout, layout.policies)
    return Found(_columns(answers, queries), _dataset(variables, layout, layout.policies), heard, varied)


def _columns(answers: Floats, queries: Sequence[Query]) -> dict[Query, Floats]:
    return {query: np.ascontiguousarray(answers[:, i]) for i, query in enumerate(queries)}


def _dataset(made: Mapping[str, Any], layout: Layout, policies: Sequence[str]) -> xr.Dataset:
    import xarray as xr

    variables = {
        name: array if isinstance(array, xr.Variable) else (("world", "policy", *VARIABLES[name]), array)
        for name, array in made.items()
    }
    used = {"policy", *(dim for name in made for dim in VARIABLES[name])}
    coords = {"policy": list(policies), **{dim: list(labels) for dim, labels in layout.labels.items()}}
    return xr.Dataset(variables, coords={dim: labels for dim, labels in coords.items() if dim in used})


def _joined(store: ChunkStore, name: str) -> Floats | None:
    """One array of the first chunks that have it, joined; None where none has."""
    parts: list[Floats] = []
    for index in range(store.manifest.chunks):
        part = store.member(index, name)
        if part is None:
            break
        parts.append(part)
    return np.concatenate(parts) if parts else None


def _read(store: ChunkStore, variable: str, policies: Sequence[str], where: Key) -> Floats:
    """A part of a variable: ``where`` picks along each axis by itself, a number takes its axis away."""
    lengths = (store.manifest.worlds, len(policies))
    worlds, chosen = (np.atleast_1d(np.arange(n)[key]) for n, key in zip(lengths, where, strict=False))
    inner = [slice(None), *(np.atleast_1d(key) if isinstance(key, int | np.integer) else key for key in where[2:])]
    made: Floats | None = None
    for index in np.unique(worlds // store.manifest.chunk) if len(worlds) else [0]:
        here = np.flatnonzero(worlds // store.manifest.chunk == index)
        rows = worlds[here] - store.manifest.span(int(index)).start
        for column, policy in enumerate(chosen):
            part = store.member(int(index), f"{variable}/{policies[policy]}")
            assert part is not None
            part = part[rows]
            for axis, key in enumerate(inner):
                part = part[(slice(None),) * axis + (key,)]
            if made is None:
                made = np.empty((len(worlds), len(chosen), *part.shape[1:]))
            made[here, column] = part
    assert made is not None  # no policy is never asked for
    return made[tuple(0 if isinstance(key, int | np.integer) else slice(None) for key in where)]
