"""A run in this process: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Unpack

from foedus.runs.finish import finish
from foedus.runs.plan import Plan
from foedus.runs.progress import Progress, Tally
from foedus.runs.result import Run
from foedus.runs.settings import RunOptions, RunSettings, whole_number
from foedus.scenario.schema import Scenario


def run(
    scenario: Scenario, *, progress: Progress | None = None, threads: int = 2, **options: Unpack[RunOptions]
) -> Run:
    """Solves a scenario in sampled worlds under its policies and judges its claims.

    ``options`` are those of ``RunSettings``: ``policies``, ``worlds``, ``seed``, ``method``, ``subset``, ``judge`` and
    ``resample``. Raises FoedusError (ScenarioError with all that is wrong) for what cannot be run.
    """
    started = time.perf_counter()
    whole_number("threads", threads, 1)
    plan = Plan(scenario, RunSettings.of(**options))
    whole = plan.piece("main", range(plan.settings.worlds))
    tally = Tally(sum(piece.count for piece in (whole, *plan.neutral_pieces.values())), progress)
    solve = partial(plan.solver.solve, threads=threads, progress=tally)
    main = plan.labelled(whole, solve(whole))
    plan.refuse_unreachable()
    timings = {"solve": time.perf_counter() - started}
    with ThreadPoolExecutor(max_workers=1) as pool:  # solved while the rest is judged: both let go of the interpreter
        return finish(plan, main, pool.submit(plan.neutral, solve).result, timings)
