"""Outcomes given the path observed, against enumeration of all paths weighed by how well they fit what was observed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foedus.game.numbers import NumberReader
from foedus.record.settled import Settled, settled
from foedus.report.html import render
from foedus.report.json import to_json
from foedus.report.quantities import given_what_happened
from foedus.runs.local import run
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games, PolicyResult, simulate
from oracle import Oracle
from strategies import Case, make_case
from test_forecasts import period_of


def solved(scenario: Scenario, worlds: list[dict[str, float]], events: list[str]) -> PolicyResult:
    tree = NumberReader(scenario).tree
    drawn = [name for name, a in scenario.all_assumptions.items() if not isinstance(a.value, str)]
    columns = {name: np.array([world[name] for world in worlds]) for name in drawn}
    games = Games(scenario, (), {event: tree(event) for event in events}, ahead=1)
    return simulate(scenario, columns, [scenario.factual_policy], games=games).results[scenario.factual_policy]


def events_of(case: Case) -> list[str]:
    """An event about each state variable, at its highest level."""
    return [f"{name} == {v.levels[-1]}" for name, v in case.scenario.state.items()]


def enumerated(oracle: Oracle, event: Any, last: int, t: int) -> tuple[float, float, float] | None:
    """(seen by the end of ``t``, first seen or seen again after ``last`` and by then, holds at its end) given everything."""
    total = by = ahead = at = 0.0
    for path in oracle.paths():
        weight = path.prob
        for o in oracle.s.observations:
            weight *= oracle.fits(o, path)
        looks = [x[1] for x in path.items if x[0] == "look" and x[1] <= t and oracle.event(event, x[2])]
        total += weight
        by += weight * bool(looks)
        ahead += weight * any(seen > last for seen in looks)
        at += weight * any(x[0] == "end" and x[1] == t and oracle.event(event, x[2]) for x in path.items)
    return None if total == 0 else (by / total, ahead / total, at / total)


def test_outcomes_given_the_path_are_those_of_all_paths_weighed() -> None:
    checked = 0
    for seed in range(28):
        case = make_case(random.Random(seed), worlds=2)
        scenario, events = case.scenario, events_of(case)
        if not scenario.observations:
            continue
        result, tree = solved(scenario, case.worlds, events), NumberReader(scenario).tree
        for w, world in enumerate(case.worlds):
            oracle = Oracle(scenario, world, scenario.factual_policy)
            last = max(period_of(oracle, o) for o in scenario.observations)
            assert np.isnan(result.given_by[w, :last]).all()
            for t in range(last, scenario.horizon.periods):
                for k, event in enumerate(events):
                    found = result.given_by[w, t, k], result.given_ahead[w, t, k], result.given_at[w, t, k]
                    expected = enumerated(oracle, tree(event), last, t)
                    if expected is None:
                        assert np.isnan(found).all()
                        continue
                    scratch = np.isnan(found[2])  # what falls back is not looked at when a period ends
                    assert found[: 2 if scratch else 3] == pytest.approx(
                        expected[: 2 if scratch else 3], rel=1e-9, abs=1e-10
                    ), (seed, w, t, event)
                    checked += 1
    assert checked > 40


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_an_observation_that_says_nothing_changes_nothing(seed: int) -> None:
    """Right as often as wrong: the outlook is that without it, and it lies between 0 and 1 and never falls."""
    case = make_case(random.Random(seed), worlds=2)
    events = events_of(case)
    blank = {"at": 0, "is": events[0], "error": 0.5}
    result = solved(Scenario.model_validate(case.raw | {"observations": [blank]}), case.worlds, events)
    np.testing.assert_allclose(result.given_by, result.by, rtol=1e-9, atol=1e-10)
    kept = ~np.isnan(result.given_at)
    np.testing.assert_allclose(result.given_at[kept], result.at[kept], rtol=1e-9, atol=1e-10)
    assert np.all(np.diff(result.given_by, axis=1) >= -1e-12) and np.all(result.given_ahead <= result.given_by + 1e-12)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_what_was_observed_for_sure_has_happened(seed: int) -> None:
    """Its probability is 1 where a world allows it at all, and the outlook is undefined where none does."""
    case = make_case(random.Random(seed), worlds=2)
    lasting = [event for event, v in zip(events_of(case), case.scenario.state.values(), strict=True) if not v.within]
    if not lasting:
        return
    seen = {"at": case.scenario.horizon.periods - 1, "is": lasting[0]}
    result = solved(Scenario.model_validate(case.raw | {"observations": [seen]}), case.worlds, lasting)
    for w in range(2):
        possible = np.isfinite(result.log_likelihood[w].sum())
        expected = 1.0 if possible else np.nan
        np.testing.assert_allclose(result.given_by[w, -1, 0], expected, rtol=1e-9)
        np.testing.assert_allclose(result.given_at[w, -1, 0], expected, rtol=1e-9)


WATCH: dict[str, Any] = {
    "horizon": {"periods": 4, "beyond": 0},
    "actors": {"a": {}},
    "assumptions": {"odds": {"uniform": [0.1, 0.4]}, "back": {"uniform": [0.5, 0.9]}},
    "state": {"alarm": {"levels": ["off", "on"], "start": "off"}},
    "turn": [
        {"id": "ring", "when": "alarm == off", "chance": [{"prob": "odds", "then": {"alarm": "on"}}, {"prob": "rest"}]},
        {"id": "look", "decide": "a", "actions": {"away": {}, "up": {}}},
        {"id": "calm", "when": "alarm == on", "chance": [{"prob": "back", "then": {"alarm": "off"}}, {"prob": "rest"}]},
    ],
    "outcomes": {"alarm": "alarm == on"},
}


def test_a_case_by_hand() -> None:
    """The alarm is on at the end of period 1, for sure: so it has rung. What comes in periods 2 and 3 starts from there:
    it is seen at once at the start of period 2, being on."""
    scenario = Scenario.model_validate(WATCH | {"observations": [{"at": 1, "is": "alarm == on"}]})
    world = {"odds": 0.2, "back": 0.6, "a.precision": 1.0, "a.patience": 1.0}
    result = solved(scenario, [world], ["alarm == on"])
    np.testing.assert_allclose(result.given_by[0, 1:, 0], 1)
    np.testing.assert_allclose(result.given_ahead[0, 1:, 0], [0, 1, 1])
    on = [1.0]  # turned off with 0.6; an alarm that rings stays on with 0.4
    for _ in range(2):
        on.append(on[-1] * 0.4 + (1 - on[-1]) * 0.2 * 0.4)
    np.testing.assert_allclose(result.given_at[0, 1:, 0], on)
    off = Scenario.model_validate(WATCH | {"observations": [{"at": 1, "is": "alarm == off", "error": 0.1}]})
    given_off = solved(off, [world], ["alarm == on"])
    oracle = Oracle(off, world, "status_quo")
    by, ahead, at = enumerated(oracle, NumberReader(off).tree("alarm == on"), 1, 3) or (0, 0, 0)
    np.testing.assert_allclose(
        [x[0, 3, 0] for x in (given_off.given_by, given_off.given_ahead, given_off.given_at)], (by, ahead, at)
    )


def watched(observations: list[dict[str, Any]]) -> Run:
    return run(Scenario.model_validate(WATCH | {"observations": observations}), worlds=16)


def test_a_run_carries_and_tells_what_is_given() -> None:
    made = watched([{"at": 0, "is": "alarm == off", "error": 0.2}, {"at": 1, "is": "alarm == on", "error": 0.1}])
    view = RunView(made)
    (row,) = given_what_happened(view)
    event = NumberReader(made.scenario).tree("alarm == on")
    worlds = [{name: float(draw[w]) for name, draw in made.draws.items()} for w in range(16)]
    told = [enumerated(Oracle(made.scenario, world, "status_quo"), event, 1, 3) for world in worlds]
    for spread, values in zip((row.by_end, row.ahead), np.array(told).T[:2], strict=True):
        assert spread.mean == pytest.approx(float(made.weights @ values), rel=1e-9)
    assert made.data["outcome_by_given"].dims == ("world", "period", "outcome")
    assert row.settled == Settled(1, 0.1)
    json = to_json(made)
    assert json["given_what_happened"]["from"] == "1"
    assert made.thin == ""
    assert json["outcomes"][0]["observed"] == {"period": 1, "error": 0.1}
    page = " ".join(render(made).split())
    assert (
        "As seen from 1, given what happened" in page
        and "replayed; it was observed in 1, with a coding error of 10%" in page
    )


def test_without_observations_nothing_is_given() -> None:
    made = watched([])
    assert RunView(made).seen_from is None and not given_what_happened(RunView(made))
    assert to_json(made)["given_what_happened"] is None and "given what happened" not in render(made)


def test_what_an_observation_settles() -> None:
    crisis = {"levels": ["calm", "crisis", "war"], "start": "calm"}
    raw = WATCH | {"state": WATCH["state"] | {"tension": crisis}}

    def seen(*observed: dict[str, Any]) -> Settled | None:
        scenario = Scenario.model_validate(raw | {"observations": list(observed)})
        return settled(scenario, NumberReader(scenario).tree("tension >= crisis"))

    assert seen({"at": 2, "is": "tension == war"}) == Settled(2, 0.0)
    assert seen({"at": 2, "is": "tension == war and alarm == on"}) == Settled(2, 0.0)
    assert seen(
        {"at": 2, "is": "tension == war", "error": 0.1}, {"at": 1, "is": "tension > calm", "error": 0.3}
    ) == Settled(1, 0.3)
    assert seen({"at": 2, "is": "tension >= crisis", "error": 0.5}) is None
    assert seen({"at": 2, "is": "tension == war or alarm == on"}) is None
    assert seen({"at": 2, "is": "tension < war"}) is None and seen() is None
