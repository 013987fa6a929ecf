"""A run whose results are kept in a directory, a chunk of worlds at a time: it can be killed, and go on.

    r = foedus.ensemble(scenario, "out", worlds=100_000)
    r = foedus.resume("out")

In the directory, ``chunks/`` holds the scenario as it was resolved, what the run is (``manifest.json``) and
the pieces that were solved. Which pieces there are and who solves them decides nothing about the results.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future
from importlib import import_module
from itertools import chain
from pathlib import Path
from threading import Thread

from foedus.errors import FoedusError
from foedus.runs.executors import Executor
from foedus.runs.plan import Job, Progress, Tally, whole_number
from foedus.runs.provenance import scenario_hash
from foedus.runs.result import LOADED, Run
from foedus.runs.solved import Found, stored
from foedus.runs.store import MANIFEST, ChunkStore, Manifest, locked, write_atomic
from foedus.runs.work import Layout, Task, engine, forget
from foedus.scenario.dump import dump
from foedus.scenario.errors import ScenarioError
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario

CHUNKS, SCENARIO = "chunks", "scenario.yaml"
PIECE = 16 * 2**20  # bytes of results in a chunk, about
_LEAST, _SPLIT = 32, 4  # worlds in a chunk and chunks in a run, at least
_SAID = {
    "scenario": "another scenario, or an earlier state of this one",
    "version": "another version of Foedus",
    "settings": "other policies or another way of sampling",
}


def ensemble(
    scenario: Scenario,
    directory: Path | str,
    *,
    policies: Sequence[str] | None = None,
    worlds: int = 200,
    seed: int = 0,
    method: str = "lhs",
    subset: int | None = None,
    resample: bool = False,
    chunk: int | None = None,
    executor: Executor | None = None,
    anew: bool = False,
    progress: Progress | None = None,
) -> Run:
    """``foedus.run`` with its results kept in a directory; chunks that are there already are not solved again.

    ``chunk`` is the number of worlds kept together (default: by size); results do not depend on it, nor on
    the ``executor``. A finished run of something else in the directory is replaced, an unfinished one only
    with ``anew``, which also solves all chunks again; else FoedusError. FoedusError when the disk is full:
    what was solved is kept.
    """
    job = Job(scenario, policies, worlds, seed, method, subset, True, resample)
    if chunk is not None:
        whole_number("chunk", chunk, 1)
    size = chunk or chunk_size(job.work.layout, worlds)
    settings = {"method": method, "policies": job.policies, "subset": job.subset, "resample": resample}
    manifest = Manifest(scenario_hash(scenario), engine(), seed, worlds, size, settings)
    kept = Path(directory) / CHUNKS
    with locked(kept, directory):
        _clear(job, kept, manifest, anew)
        text = dump(scenario).encode()
        if not (kept / SCENARIO).exists() or (kept / SCENARIO).read_bytes() != text:
            write_atomic(kept / SCENARIO, text)
        store = ChunkStore(kept, manifest, directory)
        return _solve(job, store, executor or Executor(), progress)


def resume(directory: Path | str, *, executor: Executor | None = None, progress: Progress | None = None) -> Run:
    """Goes on with the run in a directory: solves what is missing or damaged.

    The result is that of a run that was never stopped. FoedusError when there is no run, when it was begun by
    another version of Foedus, or when its scenario was changed since.
    """
    kept = Path(directory) / CHUNKS
    if not (kept / MANIFEST).exists():
        raise FoedusError(f"{directory} holds no run to resume. Start one: foedus run SCENARIO --out {directory}.")
    with locked(kept, directory):
        manifest = Manifest.read(kept / MANIFEST)
        scenario = _scenario(kept / SCENARIO, manifest, directory)
        settings = manifest.settings
        job = Job(
            scenario,
            settings["policies"],
            manifest.worlds,
            manifest.seed,
            settings["method"],
            settings["subset"],
            True,
            settings["resample"],
        )
        return _solve(job, ChunkStore(kept, manifest, directory), executor or Executor(), progress)


def chunk_size(layout: Layout, worlds: int) -> int:
    """How many worlds are kept together: some megabytes of them, in blocks of 32, and no more than a quarter."""
    fit = min(PIECE // max(layout.bytes_per_world, 1), -(-worlds // _SPLIT))
    return max(-(-fit // _LEAST) * _LEAST, _LEAST)


def _scenario(path: Path, manifest: Manifest, directory: Path | str) -> Scenario:
    """The scenario that a run was begun with; FoedusError when it, or the version, is another now."""
    if manifest.version != engine():
        raise FoedusError(
            f"{directory} was begun by another version of Foedus ({manifest.version}); this is {engine()}. "
            "Resume it with that one, or start it anew with this one (foedus run)."
        )
    try:
        scenario = load(path)
    except ScenarioError as error:
        raise FoedusError(f"the scenario kept in {directory} cannot be used: {error}") from None
    if scenario_hash(scenario) != manifest.scenario:
        raise FoedusError(
            f"{path} is not the scenario that this run was begun with. Put it back as it was, "
            "or start a run of the changed one in another directory (foedus run --out)."
        )
    return scenario


def _clear(job: Job, kept: Path, manifest: Manifest, anew: bool) -> None:
    """Makes way for a run: takes away what a finished run of something else left, or any run if ``anew``."""
    if (kept / MANIFEST).exists():
        try:
            old = Manifest.read(kept / MANIFEST)
            differences = [_SAID.get(text.split()[0], text) for text in manifest.differences(old)]
            there = sum((kept / f"{ChunkStore.name(i)}.npz").exists() for i in range(old.chunks))
            unfinished = 0 < there < old.chunks
        except FoedusError:
            differences, unfinished = ["it cannot be read"], False
        if not differences and not anew:
            return
        if unfinished and not anew:
            raise FoedusError(
                f"{kept.parent} holds an unfinished run of something else ({'; '.join(differences)}). Finish it with "
                f"`foedus resume {kept.parent}`, give another --out, or add --anew to throw it away."
            )
    for path in kept.glob("*.npz*"):
        path.unlink()
    (kept / MANIFEST).unlink(missing_ok=True)  # last: what goes before it is then still a part of the old run


def _solve(job: Job, store: ChunkStore, executor: Executor, progress: Progress | None) -> Run:
    """Solves the pieces that the store lacks, then says what all of them say."""
    started = time.perf_counter()
    for left in store.run.glob("*.partial"):  # of a report that was being written when the run was killed
        left.unlink(missing_ok=True)
    absent = store.missing()
    Thread(
        target=import_module, args=("xarray",), daemon=True
    ).start()  # takes a while, and is needed when all is solved
    tested = [task for task in job.tested.values() if not store.sound(task.name)]
    _room(job, store, len(absent))
    count = sum(task.count for task in tested) + sum(_span(job, store, index).count for index in absent)
    tasks = chain((_span(job, store, index) for index in absent), tested)
    for done, (task, arrays) in enumerate(executor.solve(job.work, tasks, Tally(count, progress)) if count else ()):
        if done == 0:
            job.refuse()
        store.keep(task.name, arrays)
    solved = time.perf_counter()
    main = stored(store, job.queries, job.work.layout, list(job.settings))
    if job.work.layout.bytes_per_world * store.manifest.worlds <= LOADED:
        main.data.load()
    neutral: Future[dict[str, Found]] = Future()
    neutral.set_result({claim: job.found(task, store.read(task.name)) for claim, task in job.tested.items()})
    run = job.finish(main, neutral, {"solve": solved - started})
    run.solved = len(tested) + len(absent)
    forget()
    return run


def _span(job: Job, store: ChunkStore, index: int) -> Task:
    return job.span(store.name(index), store.manifest.span(index))


def _room(job: Job, store: ChunkStore, chunks: int) -> None:
    """FoedusError when the disk has no room for the chunks that are still to come."""
    needed = chunks * store.manifest.chunk * job.work.layout.bytes_per_world
    free = shutil.disk_usage(store.directory).free
    if needed > free:
        raise FoedusError(
            f"the disk that holds {store.run} has room for {free / 1e9:.3g} GB, the run needs about "
            f"{needed / 1e9:.3g} GB more. Make room and run `foedus resume {store.run}`, or give another --out."
        )
