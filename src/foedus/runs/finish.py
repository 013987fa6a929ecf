"""What the solved pieces of a run say together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.verdict import Claims
from foedus.record import learned, mechanisms, questions, score
from foedus.runs.judge import Judge
from foedus.runs.layout import Arrays
from foedus.runs.plan import Plan
from foedus.runs.provenance import provenance
from foedus.runs.result import GameSize, Run
from foedus.runs.solved import Solved
from foedus.runs.trials import Trials
from foedus.runs.work import Piece
from foedus.worlds.contradiction import refuse_impossible
from foedus.worlds.posterior import Posterior, WeightedWorlds
from foedus.worlds.sample import uncertain
from foedus.worlds.simulate import PolicyResult
from foedus.worlds.weights import ranks

if TYPE_CHECKING:
    import xarray as xr


Solve = Callable[[Sequence[Piece]], Mapping[str, Arrays]]


def finish(plan: Plan, main: Solved, solve: Solve, timings: Mapping[str, float]) -> Run:
    """The run: worlds weighed by the observations, claims judged and tried, forecasts scored. ``solve`` gives the arrays of
    pieces by name."""
    started = time.perf_counter()
    record = main.record
    likelihood = record["log_likelihood"][:].sum(axis=1) if record else np.zeros(plan.worlds)
    refuse_impossible(plan.scenario, plan.draws, likelihood)
    prior, weights, effective = plan.sample.weigh(likelihood)
    game = plan.solver.games.play(plan.scenario.factual_policy)[0].game
    size = GameSize.of(game)
    trials = Trials(plan, weights, _main_risk(plan, main), redraw=not size.quick_look(plan.worlds))
    judge = Judge(plan, main, trials, weights, prior)
    meta = provenance(plan.scenario, plan.settings) | plan.sample.about
    if plan.growth is not None:
        meta["growth"] = asdict(plan.growth)
    if judge.searched < plan.worlds:
        meta["searched_worlds"] = judge.searched
    with ThreadPoolExecutor(max_workers=1) as pool:  # solved while the rest is judged: both let go of the interpreter
        solving = pool.submit(solve, trials.pieces())
        tried = cache(lambda: trials.read(solving.result()))
        claims, drivers = judge.claims(tried), judge.drivers()
        swept = judge.sweep_data(tried())
    run = Run(
        scenario=plan.scenario,
        draws=plan.draws,
        weights=weights,
        ess=effective,
        observed=bool(plan.scenario.observations),
        loglik_by_observation=np.ascontiguousarray(record["log_each"][:].T) if record else None,
        policies=plan.policies,
        periods=list(plan.solver.layout.labels["period"]),
        data=judge.data(),
        sweep=swept,
        drivers=drivers,
        claims=Claims(claims),
        game=size,
        meta=meta,
        prior=prior,
        growth=plan.growth,
    )
    run.score, run.learned = _track_record(plan, main, prior), learned_in(run)
    timings = {**timings, "judge": time.perf_counter() - started}
    run.timings = {name: round(seconds, 3) for name, seconds in timings.items()}
    return run


def _main_risk(plan: Plan, main: Solved) -> Floats | None:
    """[world] the probability of the main outcome by the end under the factual policy; None where there is none."""
    if not plan.outcomes:
        return None
    final = main.data["outcome_by"].sel(policy=plan.scenario.factual_policy).isel(period=-1, outcome=0)
    return np.asarray(final.values, dtype=float)


def _track_record(plan: Plan, main: Solved, prior: Floats | None) -> score.TrackRecord | None:
    """The forecasts against the record; where they lose to a rival, also which mechanism is to blame."""
    scenario = plan.scenario
    if not questions.recorded_answers(scenario):
        return None
    game = plan.solver.games.play(scenario.factual_policy)[0].game
    played, idle = (PolicyResult.of(game, parts) for parts in (main.record, main.idle))
    record = score.track_record(scenario, played, idle, prior=prior)
    if plan.settings.judge and record.lost_to:
        record = replace(record, mechanisms=mechanisms.drop_each(scenario, plan.subset, plan.settings.seed))
    return record


def learned_in(run: Run) -> xr.Dataset | None:
    """What a run's observations say about its assumptions, by their ranks among its worlds; None without observations."""
    if run.loglik_by_observation is None or not uncertain(run.scenario):
        return None
    unit = {name: ranks(run.draws[name], run.prior) for name in uncertain(run.scenario)}
    worlds = WeightedWorlds(unit, run.draws, run.loglik_by_observation.T, run.weights, run.ess)
    return learned.learning(run.scenario, Posterior(worlds, None, None), run.prior)
