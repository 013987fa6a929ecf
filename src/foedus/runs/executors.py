"""Who solves the pieces of a run: threads of this process, or the workers of a Dask cluster.

Pieces come back in whatever order they are done. Few are under way at a time, so that memory is bounded by the size of
a piece and not by the number of worlds.
"""

from __future__ import annotations

import logging
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from foedus.errors import FoedusError, nearest
from foedus.runs.layout import Arrays
from foedus.runs.provenance import engine
from foedus.runs.work import Piece, Solver

SolvedPieces = Iterator[tuple[Piece, Arrays]]
Tell = Callable[[int], None]  # so many more world-policies are done
Solve = Callable[[Iterable[Piece], Tell], SolvedPieces]
EXECUTORS = ("local", "dask")
CONNECT = 5  # seconds that a scheduler has to answer
FETCH = 30  # seconds that a solved chunk may take to arrive
IDLE = 60  # seconds without any worker after which a run stops
_KEPT = "What was solved is kept; `foedus resume` goes on."
_WORKERS = 8  # at most, unless told


@dataclass(frozen=True)
class Executor:
    """``kind`` is local or dask; ``scheduler`` the address of a running one, else dask starts ``workers`` processes on
    this machine; local ``workers`` are threads. FoedusError for what does not fit together."""

    kind: str = "local"
    scheduler: str | None = None
    workers: int | None = None
    security: Any = None  # a distributed.Security (TLS) for the scheduler; else what Dask's own settings say

    def __post_init__(self) -> None:
        if self.kind not in EXECUTORS:
            raise FoedusError(f"'{self.kind}' is not an executor. {nearest(self.kind, EXECUTORS)}".strip())
        if self.workers is not None and self.workers < 1:
            raise FoedusError(f"the number of workers must be at least 1, not {self.workers}.")
        if self.scheduler and self.kind != "dask":
            raise FoedusError("a scheduler is for Dask: give --executor dask with --scheduler.")
        if self.scheduler and self.workers:
            raise FoedusError("a scheduler has workers of its own: give --workers without --scheduler.")

    @contextmanager
    def opened(self, solver: Solver) -> Iterator[Solve]:
        """What solves pieces again and again; each comes back with its arrays, in any order."""
        workers = self.workers or min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, _WORKERS)
        if self.kind != "dask":
            yield lambda pieces, tell: _on_threads(solver, pieces, workers, tell)
            return
        with _client(self.scheduler, workers, self.security) as client:
            _check_engines(client)
            # Sent once: every piece refers to it.
            shared = client.submit(pickle.loads, pickle.dumps(solver), pure=False)
            yield lambda pieces, tell: _on_dask(client, shared, pieces, tell)


class _Stopped(Exception):
    """A thread is told to give up."""


def _on_threads(solver: Solver, pieces: Iterable[Piece], workers: int, tell: Tell) -> SolvedPieces:
    """Solves pieces in threads; the kernels let go of the interpreter."""
    stop, lock, source = threading.Event(), threading.Lock(), iter(pieces)

    def count(done: int) -> None:
        if stop.is_set():
            raise _Stopped
        with lock:
            tell(done)

    running: dict[Future[Arrays], Piece] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        # Pieces are taken as they are solved, never ahead: what waits to be written stays bounded.
        while True:
            while len(running) < workers and (piece := next(source, None)) is not None:
                running[pool.submit(solver.solve, piece, workers, count)] = piece
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _on_dask(client: Any, shared: Any, pieces: Iterable[Piece], tell: Tell) -> SolvedPieces:
    """Solves pieces on a cluster, which has the ``shared`` solver. What a lost worker had under way is done again by
    another."""
    source, running = iter(pieces), dict[Any, Piece]()
    last_seen = time.monotonic()
    while True:
        threads = _threads(client)
        last_seen = time.monotonic() if threads else last_seen
        if time.monotonic() - last_seen > IDLE:
            raise FoedusError(f"no Dask worker has been there for {IDLE} seconds. {_KEPT}")
        while len(running) < 2 * max(threads, 1) and (piece := next(source, None)) is not None:
            running[client.submit(_solve, shared, piece, pure=False, retries=2)] = piece
        if not running:
            return
        for future in _done(list(running)):
            arrays = _result(future)
            if arrays is not None:  # else it stays, and is done again where there are still workers
                piece = running.pop(future)
                tell(piece.count)
                yield piece, arrays


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _gone(error: Exception) -> FoedusError:
    return FoedusError(f"the Dask scheduler does not answer any more ({type(error).__name__}). {_KEPT}")


def _done(futures: list[Any]) -> list[Any]:
    """Those that are done, after a moment if none is yet."""
    try:
        return list(import_module("distributed").wait(futures, timeout=2, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return []
    except Exception as error:
        raise _gone(error) from None


def _solve(solver: Solver, piece: Piece) -> Arrays:
    """A piece, in a worker. What is wrong with the scenario is an answer: another try would find the same."""
    try:
        return solver.solve(piece)
    except FoedusError as error:
        return {"error": error}  # type: ignore[dict-item]


def _result(future: Any) -> Arrays | None:
    """A future's arrays, or what went wrong in words; None where the worker that has them is gone."""
    try:
        arrays: Arrays = future.result(timeout=FETCH)
    except TimeoutError:
        return None
    except (OSError, CancelledError) as error:
        raise _gone(error) from None
    except Exception as error:
        reason = f"{type(error).__name__}: {_first_line(error)[:300]}"
        raise FoedusError(f"a Dask worker could not solve a chunk: {reason}. {_KEPT}") from error
    if "error" in arrays:
        raise arrays["error"]  # type: ignore[misc]
    return arrays


def _threads(client: Any) -> int:
    """How many threads there are; FoedusError when the scheduler is gone."""
    try:
        return sum(client.nthreads().values())
    except Exception as error:
        raise _gone(error) from None


def _check_engines(client: Any) -> None:
    """FoedusError unless every worker runs this very version, without which results would not be the same."""
    try:
        engines = client.run(engine, on_error="return")
    except Exception as error:
        raise FoedusError(f"the Dask workers do not answer: {type(error).__name__}: {error}.") from None
    for worker, answer in engines.items():
        if isinstance(answer, BaseException):
            raise FoedusError(f"the Dask worker {worker} cannot run Foedus: {answer}. Install Foedus where it runs.")
        if answer != engine():
            versions = f"another Foedus ({answer}) than this one ({engine()})"
            raise FoedusError(f"the Dask worker {worker} runs {versions}: install the same.")


@contextmanager
def _client(scheduler: str | None, workers: int, security: Any = None) -> Iterator[Any]:
    """A client of the scheduler, or of worker processes started here for as long as it is used."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise FoedusError("Dask is not installed: pip install 'foedus[dask]'.") from None
    for name in ("distributed", "distributed.client", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is raised
    if scheduler is None:
        own = {"host": "127.0.0.1", "dashboard_address": None, "silence_logs": logging.CRITICAL}
        cluster = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, **own)
        with cluster, distributed.Client(cluster) as client:
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=CONNECT, security=security)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        reason = _first_line(error) or type(error).__name__
        remedy = "Start one (dask scheduler) and give its address, as in --scheduler tcp://127.0.0.1:8786."
        raise FoedusError(f"no Dask scheduler answers at '{scheduler}': {reason}. {remedy}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError:
            remedy = f"start some (dask worker {scheduler})"
            raise FoedusError(f"the Dask scheduler at '{scheduler}' has no workers: {remedy}.") from None
        yield client
