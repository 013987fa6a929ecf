"""Escalation on a Markov chain whose levels, visits and routes are known in closed form."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from foedus.lenses.escalation.ladder import Ladder, rungs
from foedus.lenses.escalation.routes import best_routes
from foedus.lenses.registry import look
from foedus.runs.local import run
from foedus.scenario.schema import Scenario
from foedus.worlds.blocks import blocks
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games

P = np.array([[0.7, 0.25, 0.05, 0.0], [0.4, 0.3, 0.2, 0.1], [0.1, 0.3, 0.4, 0.2], [0.0, 0.0, 0.0, 1.0]])
LEVELS = ["calm", "tense", "crisis", "war"]


def drifting(periods: int) -> Scenario:
    """Nature alone moves up and down: an absorbing Markov chain."""
    text = [
        " else ".join([*(f"{P[a, b]} if s == {a}" for a in range(3)), "0"]).replace("s ==", "tension ==")
        for b in range(4)
    ]
    branches = [{"prob": f"({text[b]})", "then": {"tension": LEVELS[b]}} for b in range(4)]
    return Scenario.model_validate(
        {
            "horizon": {"periods": periods, "beyond": 0},
            "actors": {"a": {}},
            "state": {"tension": {"levels": LEVELS, "start": "calm", "ends": "war"}},
            "turn": [{"id": "drift", "chance": branches}],
        }
    )


def test_levels_follow_the_markov_chain():
    found = look("escalation", run(drifting(6), worlds=1, judge=False)).isel(world=0)
    at = np.array([np.linalg.matrix_power(P, t)[0] for t in range(1, 7)])
    np.testing.assert_allclose(found["periods_at"], at.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["step"].values[:3], P[:3], atol=1e-12)
    for k in range(1, 4):
        chain = P.copy()
        chain[k:] = np.eye(4)[k:]
        expected = np.linalg.matrix_power(chain, 6)[0, k:].sum()
        assert float(found["ever"][k]) == pytest.approx(expected, abs=1e-12)
    before = np.vstack([np.eye(4)[0], at[:-1]]).sum(axis=0)
    moves = {str(m): float(v) for m, v in zip(found["move"].values, found["moves"].values)}
    for a in range(3):
        for b in range(4):
            if a != b and P[a, b]:
                assert moves[f"drift: {LEVELS[a]} to {LEVELS[b]}"] == pytest.approx(before[a] * P[a, b], abs=1e-12)


def test_in_the_long_run_visits_are_the_fundamental_matrix():
    found = look("escalation", run(drifting(600), worlds=1, judge=False)).isel(world=0)
    fundamental = np.linalg.inv(np.eye(3) - P[:3, :3])
    np.testing.assert_allclose(found["periods_at"].values[:3], fundamental[0] - [1, 0, 0], rtol=1e-9)
    assert float(found["ever"][3]) == pytest.approx(1, abs=1e-9)


def test_moves_on_the_way_up_are_those_of_the_chain_that_must_reach_the_top():
    """Doob's h-transform by matrix powers: flow(t, a to b) h(T - t - 1, b) / h(T, start)."""
    periods = 5
    found = look("escalation", run(drifting(periods), worlds=1, judge=False)).isel(world=0)
    h = [np.linalg.matrix_power(P, left)[:, 3] for left in range(periods + 1)]  # the top is never left
    up = {str(m): float(v) for m, v in zip(found["move"].values, found["moves_up"].values)}
    for a in range(3):
        at = [np.linalg.matrix_power(P, t)[0, a] for t in range(periods)]
        for b in range(4):
            if a != b and P[a, b]:
                expected = sum(at[t] * P[a, b] * h[periods - t - 1][b] for t in range(periods)) / h[periods][0]
                assert up[f"drift: {LEVELS[a]} to {LEVELS[b]}"] == pytest.approx(expected, abs=1e-12)
    # Every path to the top climbs three levels more than it falls.
    rise = sum(up[str(m)] * (b - a) for m, a, b in zip(*(found[x].values for x in ("move", "move_from", "move_to"))))
    assert rise == pytest.approx(3)


def every_route(periods: int, target: int) -> dict[tuple[int, ...], float]:
    """Levels visited since calm was last left, up to the target -> probability, by listing all sequences of levels."""
    routes: dict[tuple[int, ...], float] = defaultdict(float)

    def walk(p: float, t: int, levels: tuple[int, ...]) -> None:
        if levels[-1] >= target:
            routes[levels] += p
        elif t < periods:
            for b in range(4):
                if P[levels[-1], b]:
                    after = (0,) if b == 0 else levels if b == levels[-1] else (*levels, b)
                    walk(p * P[levels[-1], b], t + 1, after)

    walk(1.0, 0, (0,))
    return routes


def test_routes_are_the_likeliest_of_all_sequences_of_levels():
    found = look("escalation", run(drifting(6), worlds=1, judge=False)).isel(world=0)
    routes = every_route(6, 3)
    ranked = sorted(routes.values(), reverse=True)
    np.testing.assert_allclose(found["route"], ranked[:6], atol=1e-13)
    for r in range(6):
        levels = (0, *(int(to) for to in found["route_to"].values[r] if to >= 0))
        assert routes[levels] == pytest.approx(float(found["route"][r]), abs=1e-13)
    assert sum(routes.values()) == pytest.approx(float(found["ever"][3]))


def test_all_routes_together_are_all_paths_to_the_target(monkeypatch: pytest.MonkeyPatch):
    scenario = drifting(4)
    games = Games(scenario, (), dict(enumerate(rungs(scenario, "tension"))), observe=False)
    (block,) = blocks(games, "status_quo", sample(scenario, 1))
    ladder, one = Ladder(block, "tension", 4), np.ones(8) / 8
    routes = best_routes(ladder, 3, one, most=1000)
    assert routes.sure and len(routes.best) == len(every_route(4, 3))
    chances = [float(route.chance[0]) for route in routes.best]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(float(ladder.risk(3)[0][0]))
    monkeypatch.setattr("foedus.lenses.escalation.routes.MOST_STEPS", 3)
    cut = best_routes(ladder, 3, one, most=1000)
    assert not cut.sure and [route.moves for route in cut.best] == [r.moves for r in routes.best[: len(cut.best)]]
