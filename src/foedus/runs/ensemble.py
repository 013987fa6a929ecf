"""A run whose results are kept in a directory, a chunk of worlds at a time: it can be killed, and go on.

In the directory, ``chunks/`` holds the scenario as it was resolved, what the run is (``manifest.json``) and the pieces
that were solved. Which pieces there are and who solves them decides nothing about the results.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Unpack

from foedus.errors import FoedusError
from foedus.runs.executors import Executor
from foedus.runs.finish import finish
from foedus.runs.layout import Arrays, Layout
from foedus.runs.plan import Plan
from foedus.runs.progress import Progress, Tally
from foedus.runs.provenance import engine, scenario_hash
from foedus.runs.result import LOADED, Run
from foedus.runs.settings import RunOptions, RunSettings
from foedus.runs.solved import stored
from foedus.runs.store import MANIFEST, ChunkStore, Manifest, chunk_name, locked, write_atomic
from foedus.runs.trials import expected_trials
from foedus.runs.work import Piece, forget
from foedus.scenario.dump import dump
from foedus.scenario.errors import ScenarioError
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario

CHUNKS, SCENARIO = "chunks", "scenario.yaml"
_CHUNK_BYTES, _CHUNK_BLOCK, _LEAST_CHUNKS = 16 * 2**20, 32, 4
_DIFFERS = {
    "scenario": "another scenario, or an earlier state of this one",
    "version": "another version of Foedus",
    "policies": "other policies",
}


def ensemble(
    scenario: Scenario,
    directory: Path | str,
    *,
    chunk: int | None = None,
    executor: Executor | None = None,
    anew: bool = False,
    progress: Progress | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """``foedus.run`` with its results kept in a directory; chunks that are there already are not solved again.

    ``options`` are those of ``RunSettings``. ``chunk`` is the number of worlds kept together (default: by size); results
    do not depend on it, nor on the ``executor``. A finished run of something else in the directory is replaced, an
    unfinished one only with ``anew``, which solves all chunks again. FoedusError when the disk is full: what was solved
    is kept.
    """
    plan = Plan(scenario, RunSettings.of(**options))
    chunk = chunk_size(plan.solver.layout, plan.settings.worlds) if chunk is None else chunk
    manifest = Manifest(scenario_hash(scenario), engine(), chunk, plan.settings)
    kept = Path(directory) / CHUNKS
    with locked(kept, directory):
        _make_way(kept, manifest, anew)
        text = dump(scenario).encode()
        if not (kept / SCENARIO).exists() or (kept / SCENARIO).read_bytes() != text:
            write_atomic(kept / SCENARIO, text)
        return _solve(plan, ChunkStore(kept, manifest, directory), executor or Executor(), progress)


def resume(directory: Path | str, *, executor: Executor | None = None, progress: Progress | None = None) -> Run:
    """Goes on with the run in a directory: solves what is missing or damaged.

    The result is that of a run that was never stopped. FoedusError when there is no run, when it was begun by another
    version of Foedus or of the libraries that it computes with, or when its scenario was changed since.
    """
    kept = Path(directory) / CHUNKS
    if not (kept / MANIFEST).exists():
        raise FoedusError(f"{directory} holds no run to resume. Start one: foedus run SCENARIO --out {directory}.")
    with locked(kept, directory):
        manifest = Manifest.read(kept / MANIFEST)
        plan = Plan(_scenario(kept / SCENARIO, manifest, directory), manifest.settings)
        return _solve(plan, ChunkStore(kept, manifest, directory), executor or Executor(), progress)


def chunk_size(layout: Layout, worlds: int) -> int:
    """How many worlds are kept together: some megabytes of them, in blocks of 32, and no more than a quarter."""
    fit = min(_CHUNK_BYTES // max(layout.bytes_per_world, 1), -(-worlds // _LEAST_CHUNKS))
    return max(-(-fit // _CHUNK_BLOCK), 1) * _CHUNK_BLOCK


def _scenario(path: Path, manifest: Manifest, directory: Path | str) -> Scenario:
    """The scenario that a run was begun with; FoedusError when it, or the version, is another now."""
    if manifest.version != engine():
        versions = f"another version of Foedus ({manifest.version}); this is {engine()}"
        remedy = "Resume it with that one, or start it anew with this one (foedus run)."
        raise FoedusError(f"{directory} was begun by {versions}. {remedy}")
    try:
        scenario = load(path)
    except ScenarioError as error:
        raise FoedusError(f"the scenario kept in {directory} cannot be used: {error}") from None
    if scenario_hash(scenario) != manifest.scenario:
        remedy = "Put it back as it was, or start a run of the changed one in another directory (foedus run --out)."
        raise FoedusError(f"{path} is not the scenario that this run was begun with. {remedy}")
    return scenario


def _make_way(kept: Path, manifest: Manifest, anew: bool) -> None:
    """Takes away what a finished run of something else left, or any run if ``anew``."""
    try:
        there = None if anew else Manifest.read(kept / MANIFEST)
    except FoedusError:  # there is none, or none that can be read
        there = None
    if there is not None:
        differences = [_DIFFERS.get(name, text) for name, text in manifest.differences(there).items()]
        if not differences:
            return
        solved = sum((kept / f"{chunk_name(i)}.npz").exists() for i in range(there.chunks))
        if 0 < solved < there.chunks:
            remedy = (
                f"Finish it with `foedus resume {kept.parent}`, give another --out, or add --anew to throw it away."
            )
            other = f"an unfinished run of something else ({'; '.join(differences)})"
            raise FoedusError(f"{kept.parent} holds {other}. {remedy}")
    for path in kept.glob("*.npz*"):
        path.unlink()
    (kept / MANIFEST).unlink(missing_ok=True)  # last: what goes before it is then still a part of the old run


def _solve(plan: Plan, store: ChunkStore, executor: Executor, progress: Progress | None) -> Run:
    """Solves the pieces that the store lacks, then says what all of them say."""
    started = time.perf_counter()
    for partial in store.run.glob("*.partial"):  # of a report that was being written when the run was killed
        partial.unlink(missing_ok=True)
    # Importing it takes a while, and it is needed when all is solved.
    importing = Thread(target=import_module, args=("xarray",), daemon=True)
    importing.start()
    absent, bytes_per_world = store.missing(), plan.solver.layout.bytes_per_world
    _check_room(store, len(absent) * store.manifest.chunk * bytes_per_world)

    def chunk(index: int) -> Piece:
        return plan.piece(chunk_name(index), store.manifest.span(index))

    expected = expected_trials(plan)
    tally = Tally(sum(chunk(index).count for index in absent) + expected, progress)

    def keep(pieces: Iterable[Piece]) -> None:
        for done, (piece, arrays) in enumerate(executor.solve(plan.solver, pieces, tally)):
            if done == 0:
                plan.refuse_unreachable()
            store.keep(piece.name, arrays)

    def trials(pieces: Sequence[Piece]) -> dict[str, Arrays]:
        lacking = [piece for piece in pieces if not store.sound(piece.name)]
        solved.extend(piece.name for piece in lacking)
        tally.total += sum(piece.count for piece in lacking) - expected
        if lacking:
            keep(lacking)
        return {piece.name: store.read(piece.name) for piece in pieces}

    solved = [chunk_name(index) for index in absent]
    if absent:
        keep(map(chunk, absent))  # made one at a time, since each holds its draws
    timings = {"solve": time.perf_counter() - started}
    importing.join()  # two threads that import parts of it at once may find them half made
    main = stored(store, plan.solver.layout)
    if bytes_per_world * store.manifest.settings.worlds <= LOADED:
        main.data.load()
    run = finish(plan, main, trials, timings)
    run.solved = len(solved)
    forget()
    return run


def _check_room(store: ChunkStore, needed: int) -> None:
    """FoedusError when the disk has no room for the bytes that are still to come."""
    free = shutil.disk_usage(store.directory).free
    if needed > free:
        room = f"has room for {free / 1e9:.3g} GB, the run needs about {needed / 1e9:.3g} GB more"
        remedy = f"Make room and run `foedus resume {store.run}`, or give another --out."
        raise FoedusError(f"the disk that holds {store.run} {room}. {remedy}")
