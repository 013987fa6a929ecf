"""A run whose results are kept in a directory, a chunk of worlds at a time: it can be killed, and go on.

In the directory, ``chunks/`` holds the scenario as it was resolved, what the run is (``manifest.json``) and the pieces
that were solved. Which pieces there are and who solves them decides nothing about the results.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Unpack

from foedus.errors import FoedusError
from foedus.game.arrays import LANES
from foedus.runs.executors import Executor, Solve
from foedus.runs.finish import finish
from foedus.runs.grow import Clock, Known, grow, known_of
from foedus.runs.layout import Arrays, Layout
from foedus.runs.plan import Plan
from foedus.runs.progress import Progress, Tally
from foedus.runs.provenance import engine, scenario_hash
from foedus.runs.result import LOADED, Run
from foedus.runs.settings import AUTO, RunOptions, RunSettings
from foedus.runs.solved import stored
from foedus.runs.store import MANIFEST, ChunkStore, Manifest, chunk_name, claim, locked, sweep, write_atomic
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
    "grows": "a number of worlds that was asked for in another way",
}


def ensemble(
    scenario: Scenario,
    directory: Path | str,
    *,
    chunk: int | None = None,
    executor: Executor | None = None,
    anew: bool = False,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
    lenses: str = "auto",
    **options: Unpack[RunOptions],
) -> Run:
    """``foedus.run`` with its results kept in a directory; chunks that are there already are not solved again.

    ``options`` are those of ``RunSettings``. ``chunk`` is the number of worlds kept together (default: by size); results
    do not depend on it, nor on the ``executor``. A finished run of something else in the directory is replaced, an
    unfinished one only with ``anew``, which solves all chunks again. ``lenses`` are those of its report, kept so that
    ``resume`` shows the same. FoedusError when the directory holds something else, or the disk is full: what was solved is kept.
    """
    plan = Plan(scenario, RunSettings.of(**options))
    chunk = chunk_size(plan.solver.layout, plan.worlds) if chunk is None else chunk
    grows = plan.asked.worlds == AUTO
    manifest = Manifest(scenario_hash(scenario), engine(), chunk, plan.settings, grows, plan.growth, lenses)
    kept = Path(directory) / CHUNKS
    claim(directory, kept)
    with locked(kept, directory):
        _make_way(kept, manifest, anew)
        if grows and (kept / MANIFEST).exists():  # go on from what it has come to
            manifest = replace(Manifest.read(kept / MANIFEST), lenses=lenses)
        store, text = ChunkStore(kept, manifest, directory), dump(scenario).encode()
        if not (kept / SCENARIO).is_file() or (kept / SCENARIO).read_bytes() != text:
            write_atomic(kept / SCENARIO, text)
        return _solve(_planned(plan, manifest), store, executor or Executor(), progress, clock)


def resume(
    directory: Path | str,
    *,
    executor: Executor | None = None,
    lenses: str | None = None,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
) -> Run:
    """Goes on with the run in a directory: solves what is missing or damaged. Its report shows the same lenses as before,
    unless others are named.

    The result is that of a run that was never stopped. FoedusError when there is no run, when it was begun by another
    version of Foedus or of the libraries that it computes with, or when its scenario was changed since.
    """
    kept = Path(directory) / CHUNKS
    _refuse_absent(kept, directory)
    with locked(kept, directory):
        manifest = Manifest.read(kept / MANIFEST)
        manifest = manifest if lenses is None else replace(manifest, lenses=lenses)
        asked = replace(manifest.settings, worlds=AUTO) if manifest.grows else manifest.settings
        plan = _planned(Plan(_scenario(kept / SCENARIO, manifest, directory), asked), manifest)
        return _solve(plan, ChunkStore(kept, manifest, directory), executor or Executor(), progress, clock)


@contextmanager
def kept_in(directory: Path | str, begun: bool = False) -> Iterator[None]:
    """Holds a run's directory for all that is written to it, its report included; FoedusError when it is not a run's (with
    ``begun``: when it holds none yet), or another process writes to it. Where nothing comes to be written, no folder stays."""
    place = Path(directory)
    kept = place / CHUNKS
    if begun:
        _refuse_absent(kept, directory)
    claim(directory, kept)
    made = [folder for folder in (kept, place, *place.parents) if not folder.exists()]
    with locked(kept, directory):
        try:
            yield
        finally:
            for folder in made:
                with suppress(OSError):  # it holds something by now
                    folder.rmdir()


def _refuse_absent(kept: Path, directory: Path | str) -> None:
    if not (kept / MANIFEST).exists():
        raise FoedusError(f"{directory} holds no run to resume. Start one: foedus run SCENARIO --out {directory}.")


def kept_lenses(directory: Path | str) -> str:
    """The lenses that the report of a kept run shows, as they were asked for."""
    return Manifest.read(Path(directory) / CHUNKS / MANIFEST).lenses


def _planned(plan: Plan, manifest: Manifest) -> Plan:
    """The plan for the worlds that the directory has come to, and with why there are no more, once that is known."""
    if manifest.grows:
        plan = plan.of(manifest.worlds)
        plan.grows, plan.growth = manifest.growth is None, manifest.growth
    return plan


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
    there = None if anew or not (kept / MANIFEST).exists() else Manifest.read(kept / MANIFEST)
    if there is not None:
        differences = [_DIFFERS.get(name, text) for name, text in manifest.differences(there).items()]
        if not differences:
            return
        solved = sum((kept / f"{chunk_name(i)}.npz").exists() for i in range(there.chunks))
        if solved and (solved < there.chunks or there.growing):
            remedy = (
                f"Finish it with `foedus resume {kept.parent}`, give another --out, or add --anew to throw it away."
            )
            other = f"an unfinished run of something else ({'; '.join(differences)})"
            raise FoedusError(f"{kept.parent} holds {other}. {remedy}")
    sweep(kept)
    (kept / MANIFEST).unlink(missing_ok=True)  # last: what goes before it is then still a part of the old run


def _solve(plan: Plan, store: ChunkStore, executor: Executor, progress: Progress | None, clock: Clock) -> Run:
    """Solves the pieces that the store lacks, then says what all of them say."""
    started = time.perf_counter()
    sweep(store.run, partial=True)  # of a report that was being written when the run was killed
    # Importing it takes a while, and it is needed when all is solved.
    importing = Thread(target=import_module, args=("xarray",), daemon=True)
    importing.start()
    with _Solving(store, executor, plan, progress) as solving:
        if plan.grows:
            unit = math.lcm(store.manifest.chunk, LANES)
            plan, plan.growth = grow(plan, solving.more, clock, unit)
            solving.store = solving.store.grown(plan.settings, plan.growth)
        else:
            solving.chunks(plan)
        timings = {"solve": time.perf_counter() - started}
        importing.join()  # two threads that import parts of it at once may find them half made
        main = stored(solving.store, plan.solver.layout)
        if plan.solver.layout.bytes_per_world * plan.worlds <= LOADED:
            main.data.load()
        run = finish(plan, main, partial(solving.trials, plan), timings)
    run.solved = solving.solved
    forget()
    return run


class _Solving:
    """Solves the pieces that a store lacks; a context, for as long as it is used. ``solved`` counts them."""

    def __init__(self, store: ChunkStore, executor: Executor, plan: Plan, progress: Progress | None):
        self.store, self.executor, self.solver = store, executor, plan.solver
        self.expected = expected_trials(plan)
        self.tally, self.solved = Tally(self.expected, progress), 0
        self.open = ExitStack()

    def __enter__(self) -> _Solving:
        return self

    def __exit__(self, *error: object) -> None:
        self.open.close()

    @cached_property
    def solve(self) -> Solve:
        """What solves pieces, opened when the first one is to be solved."""
        return self.open.enter_context(self.executor.opened(self.solver))

    def more(self, plan: Plan, worlds: range) -> Known:
        """Sees to the chunks of a span of worlds; what is known of all so far."""
        if plan.worlds != self.store.manifest.worlds:
            self.store = self.store.grown(plan.settings)
        fresh = self.chunks(plan, worlds.start)
        return known_of(plan, self.store.joined, fresh * self.store.manifest.chunk)

    def chunks(self, plan: Plan, first: int = 0) -> int:
        """Solves the chunks that are lacking from world ``first`` on, and counts them."""
        absent = self.store.missing(first)
        _check_room(self.store, len(absent) * self.store.manifest.chunk * self.solver.layout.bytes_per_world)

        def chunk(index: int) -> Piece:
            return plan.piece(chunk_name(index), self.store.manifest.span(index))

        self.tally.total += sum(chunk(index).count for index in absent)
        if absent:
            self._keep(plan, map(chunk, absent))  # made one at a time, since each holds its draws
        return len(absent)

    def trials(self, plan: Plan, pieces: Sequence[Piece]) -> dict[str, Arrays]:
        """The arrays of other pieces, by name; those that are lacking are solved."""
        lacking = [piece for piece in pieces if not self.store.sound(piece.name)]
        self.tally.total += sum(piece.count for piece in lacking) - self.expected
        if lacking:
            self._keep(plan, lacking)
        return {piece.name: self.store.read(piece.name) for piece in pieces}

    def _keep(self, plan: Plan, pieces: Iterable[Piece]) -> None:
        for piece, arrays in self.solve(pieces, self.tally):
            if not self.solved:
                plan.refuse_unreachable()
            self.store.keep(piece.name, arrays)
            self.solved += 1


def _check_room(store: ChunkStore, needed: int) -> None:
    """FoedusError when the disk has no room for the bytes that are still to come."""
    free = shutil.disk_usage(store.directory).free
    if needed > free:
        room = f"has room for {free / 1e9:.3g} GB, the run needs about {needed / 1e9:.3g} GB more"
        remedy = f"Make room and run `foedus resume {store.run}`, or give another --out."
        raise FoedusError(f"the disk that holds {store.run} {room}. {remedy}")
