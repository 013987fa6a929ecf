"""A run in this process: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Unpack

from foedus.runs.finish import finish
from foedus.runs.layout import Arrays
from foedus.runs.plan import Plan
from foedus.runs.progress import Progress, Tally
from foedus.runs.result import Run
from foedus.runs.settings import RunOptions, RunSettings, whole_number
from foedus.runs.trials import expected_trials
from foedus.runs.work import Piece
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
    whole, expected = plan.piece("main", range(plan.settings.worlds)), expected_trials(plan)
    tally = Tally(whole.count + expected, progress)
    main = plan.labelled(whole, plan.solver.solve(whole, threads, tally))
    plan.refuse_unreachable()
    timings = {"solve": time.perf_counter() - started}

    def solve(pieces: Sequence[Piece]) -> dict[str, Arrays]:
        tally.total += sum(piece.count for piece in pieces) - expected
        return {piece.name: plan.solver.solve(piece, threads, tally) for piece in pieces}

    return finish(plan, main, solve, timings)
