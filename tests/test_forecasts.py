"""Forecasts of what was observed, and what each observation adds, against enumeration of all paths."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from foedus.worlds.simulate import Games, simulate
from oracle import Oracle
from strategies import make_case

SEEDS = range(25)


def period_of(oracle: Oracle, observation: Any) -> int:
    return int(observation.at if isinstance(observation.at, int) else oracle.s.horizon.calendar.index(observation.at))


def in_order(oracle: Oracle) -> list[int]:
    """Observations by period and place in the turn, states last."""
    places = {rung[1].id: k for k, rung in enumerate(oracle.rungs) if getattr(rung[1], "id", None)}

    def place(i: int) -> tuple[int, int]:
        o = oracle.s.observations[i]
        return period_of(oracle, o), places[o.took[0].split(".")[0]] if o.took else 1000

    return sorted(range(len(oracle.s.observations)), key=place)


def probability(oracle: Oracle, seen: list[int], also: Any = None) -> float:
    """Of the observations ``seen``, and of an event of the path."""
    chosen = [oracle.s.observations[i] for i in seen]
    return sum(
        path.prob * math.prod(oracle.fits(o, path) for o in chosen)
        for path in oracle.paths()
        if also is None or also(path)
    )


def forecasts(oracle: Oracle, result: Any, w: int, i: int, t: int) -> list[tuple[float, Any]]:
    """What is forecast of the question that observation ``i`` answers, each with its event of a path."""
    o = oracle.s.observations[i]

    def held(path: Any) -> bool:
        return any(oracle.holds(o.is_, x[2], oracle.true, t) for x in path.items if x[0] == "end" and x[1] == t)

    def took(name: str) -> Any:
        return lambda path: any(f"{x[2]}.{x[3]}" == name for x in path.items if x[0] == "act" and x[1] == t)

    if o.took is None:
        return [(float(result.foreseen_state[w, i]), held)]
    phase = o.took[0].split(".")[0] + "."
    return [
        (float(result.foreseen[w, t, a]), took(name)) for a, name in enumerate(result.actions) if name.startswith(phase)
    ]


@pytest.mark.parametrize("ahead", [1, 2])
def test_forecasts_and_what_each_observation_adds(ahead: int) -> None:
    checked = 0
    for seed in SEEDS:
        case = make_case(random.Random(seed))
        scenario, observed = case.scenario, case.scenario.observations
        if not observed:
            continue
        drawn = [name for name, a in scenario.all_assumptions.items() if not isinstance(a.value, str)]
        columns = {name: np.array([world[name] for world in case.worlds]) for name in drawn}
        policy = scenario.factual_policy
        games = Games(scenario, (), {}, ahead=ahead, lean=True)
        result = simulate(scenario, columns, [policy], games=games).results[policy]
        for w, world in enumerate(case.worlds):
            oracle = Oracle(scenario, world, policy)
            order = in_order(oracle)
            if probability(oracle, order) == 0:
                continue
            for k, i in enumerate(order):
                added = math.log(probability(oracle, order[: k + 1]) / probability(oracle, order[:k]))
                assert result.log_each[w, i] == pytest.approx(added, rel=1e-9, abs=1e-10), (seed, w, i)
            for i, o in enumerate(observed):
                t = period_of(oracle, o)
                if t - ahead + 1 < 0:
                    continue
                before = [j for j in order if period_of(oracle, observed[j]) < t - ahead + 1]
                base = probability(oracle, before)
                for found, event in forecasts(oracle, result, w, i, t):
                    assert found == pytest.approx(probability(oracle, before, event) / base, rel=1e-9, abs=1e-10)
                    checked += 1
    assert checked > 20
