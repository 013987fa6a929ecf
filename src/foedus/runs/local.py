"""The main job in this process: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from foedus.runs.plan import Job, Progress, Tally, whole_number
from foedus.runs.result import Run
from foedus.runs.solved import Found
from foedus.scenario.schema import Scenario


def run(
    scenario: Scenario,
    *,
    policies: Sequence[str] | None = None,
    worlds: int = 200,
    seed: int = 0,
    method: str = "lhs",
    subset: int | None = None,
    judge: bool = True,
    resample: bool = False,
    progress: Progress | None = None,
    threads: int = 2,
) -> Run:
    """Solves a scenario in ``worlds`` sampled worlds under its policies and judges its claims.

    ``policies`` limits what is compared; the policies that claims need are always solved.
    At most ``subset`` worlds (the first ones, in full blocks; default: half of all, at most SUBSET)
    are used for the precision sweep and built-in tests. With ``resample`` half of the worlds are drawn where the observations point. Without
    ``judge`` claims are left alone, and with them the sweep and the tests: for looking through a lens.
    Raises FoedusError (ScenarioError with all that is wrong) for what cannot be run.
    """
    started = time.perf_counter()
    job = Job(scenario, policies, worlds, seed, method, subset, judge, resample)
    whole_number("threads", threads, 1)
    main = job.span("main", range(worlds))
    tell = Tally(sum(task.count for task in (main, *job.tested.values())), progress)
    found = job.found(main, job.work.solve(main, threads, tell))
    job.refuse()
    solved = time.perf_counter()

    def beside() -> dict[str, Found]:
        return {claim: job.found(task, job.work.solve(task, threads, tell)) for claim, task in job.tested.items()}

    with ThreadPoolExecutor(max_workers=1) as pool:
        return job.finish(found, pool.submit(beside), {"solve": solved - started})
