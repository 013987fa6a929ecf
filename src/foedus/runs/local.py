"""A run in this process: a scenario, its worlds and policies, and what they say about its claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Unpack

import numpy as np

from foedus.arraytypes import Floats
from foedus.runs.finish import finish
from foedus.runs.grow import Clock, Known, grow, known_of
from foedus.runs.layout import Arrays
from foedus.runs.plan import Plan
from foedus.runs.progress import Progress, Tally
from foedus.runs.result import Run
from foedus.runs.settings import RunOptions, RunSettings, whole_number
from foedus.runs.trials import expected_trials
from foedus.runs.work import Piece
from foedus.scenario.schema import Scenario


def run(
    scenario: Scenario,
    *,
    progress: Progress | None = None,
    threads: int = 2,
    clock: Clock = time.monotonic,
    **options: Unpack[RunOptions],
) -> Run:
    """Solves a scenario in sampled worlds under its policies and judges its claims.

    ``options`` are those of ``RunSettings``: ``policies``, ``worlds``, ``seed``, ``method``, ``subset``, ``judge``,
    ``resample`` and ``budget``; ``clock`` counts the seconds of the budget. Raises FoedusError (ScenarioError with all
    that is wrong) for what cannot be run.
    """
    started = time.perf_counter()
    whole_number("threads", threads, 1)
    plan = Plan(scenario, RunSettings.of(**options))
    expected = expected_trials(plan)
    tally = Tally(expected, progress)
    spans = _Spans(tally, lambda piece: plan.solver.solve(piece, threads, tally))
    if plan.grows:
        plan, plan.growth = grow(plan, spans.more, clock)
    else:
        spans.more(plan, range(plan.worlds))
    main = plan.labelled(plan.piece("main", range(plan.worlds)), spans.whole())
    timings = {"solve": time.perf_counter() - started}

    def solve(pieces: Sequence[Piece]) -> dict[str, Arrays]:
        tally.total += sum(piece.count for piece in pieces) - expected
        return {piece.name: plan.solver.solve(piece, threads, tally) for piece in pieces}

    return finish(plan, main, solve, timings)


class _Spans:
    """Spans of a run's worlds, solved one after the other."""

    def __init__(self, tally: Tally, solve: Callable[[Piece], Arrays]):
        self.tally, self.solve, self.parts = tally, solve, list[Arrays]()

    def more(self, plan: Plan, worlds: range) -> Known:
        """Solves a span that begins where those before it end; what is known of all."""
        piece = plan.piece("main", worlds)
        self.tally.total += piece.count
        self.parts.append(self.solve(piece))
        if not worlds.start:
            plan.refuse_unreachable()
        return known_of(plan, self.joined, len(worlds))

    def joined(self, name: str) -> Floats | None:
        """One array of all spans, joined; None where they have none of that name."""
        return np.concatenate([part[name] for part in self.parts]) if name in self.parts[0] else None

    def whole(self) -> Arrays:
        """All arrays of all spans, which are let go of."""
        if len(self.parts) == 1:
            return self.parts.pop()
        return {name: np.concatenate([part.pop(name) for part in self.parts]) for name in list(self.parts[0])}
