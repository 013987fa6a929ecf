"""Timing against the geometric distribution, every path listed, and dated events written out by hand."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from foedus.lenses.registry import lens_section, look
from foedus.lenses.timing.measure import hazards, medians, times_in
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games
from oracle import Oracle
from strategies import Case, cases

VOTE: dict[str, Any] = {
    "horizon": {"periods": 4, "unit": "month", "first": "2024-09", "beyond": 2},
    "actors": {"red": {"precision": 2, "label": "Red"}, "blue": {"precision": 1}},
    "assumptions": {"p_new": {"uniform": [0.3, 0.7]}, "gain": {"uniform": [0.1, 1]}},
    "state": {
        "tension": {"levels": ["calm", "crisis"], "start": "calm"},
        "house": {"levels": ["old", "new"], "start": "old"},
    },
    "objectives": {
        "red": {"spoils": {"value": "gain * (tension == crisis) * (house == new)"}},
        "blue": {"calm": {"value": "-(tension == crisis)"}},
    },
    "turn": [
        {
            "id": "push",
            "decide": "red",
            "when": "tension == calm",
            "actions": {
                "hold": {"base": 3},
                "press": {
                    "pays": {"red": -0.2},
                    "chance": [{"prob": 0.5, "then": {"tension": "crisis"}}, {"prob": "rest"}],
                },
            },
        },
        {
            "id": "drift",
            "when": "tension == calm",
            "chance": [{"prob": 0.05, "then": {"tension": "crisis"}}, {"prob": "rest"}],
        },
        {
            "id": "vote",
            "at": "2024-10",
            "label": "The vote",
            "chance": [{"prob": "p_new", "then": {"house": "new"}}, {"prob": "rest"}],
        },
    ],
    "outcomes": {"crisis": {"event": "tension == crisis", "label": "A crisis"}},
}


def draws_of(scenario: Scenario, worlds: list[dict[str, float]]) -> dict[str, np.ndarray]:
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    return {n: np.array([world[n] for world in worlds]) for n in scenario.all_assumptions if n not in derived}


def test_a_constant_hazard_is_geometric() -> None:
    p, many = 0.3, 8
    written = {
        "horizon": {"periods": many},
        "actors": {"red": {}},
        "state": {"war": {"levels": ["no", "yes"], "start": "no"}},
        "turn": [
            {"id": "luck", "when": "war == no", "chance": [{"prob": p, "then": {"war": "yes"}}, {"prob": "rest"}]}
        ],
    }
    found = look("timing", run(Scenario.model_validate(written), worlds=4, judge=False))
    t = np.arange(many)
    np.testing.assert_allclose(found["first"][0, 0], p * (1 - p) ** t)
    np.testing.assert_allclose(found["survival"][0, 0], (1 - p) ** (t + 1))
    np.testing.assert_allclose(found["hazard"][0, 0], np.full(many, p))
    assert float(found["median"][0, 0]) == np.ceil(np.log(0.5) / np.log(1 - p)) - 1
    assert float(found["cause"].sel(move="luck")[0, 0]) == pytest.approx(1 - (1 - p) ** many)


def test_hazards_and_medians_where_it_is_sure_or_never() -> None:
    first, hazard = hazards(np.array([[0.5, 1, 1], [0, 0, 0]]))
    np.testing.assert_allclose(first, [[0.5, 0.5, 0], [0, 0, 0]])
    np.testing.assert_array_equal(hazard, [[0.5, 1, np.nan], [0, 0, 0]])
    np.testing.assert_array_equal(medians(np.array([[0.5, 1, 1], [0, 0, 0.4]])), [0, np.nan])


@settings(max_examples=12)
@given(cases())
def test_causes_and_first_acts_over_every_path(case: Case) -> None:
    scenario = case.scenario
    policy = next(iter(scenario.all_policies))
    outcomes = outcomes_of(scenario)
    games = Games(scenario, (), outcomes, observe=False)
    times = times_in(games, policy, draws_of(scenario, case.worlds))
    np.testing.assert_allclose(times.cause.sum(axis=2), times.by[:, 0, :, -1], atol=1e-12)
    world = case.worlds[0]
    oracle = Oracle(scenario, world, policy)
    acts = np.zeros((len(times.acts), scenario.horizon.periods))
    labels = [act.label for act in times.acts]
    causes = {name: dict.fromkeys((move.label for move in times.moves), 0.0) for name in outcomes}
    for path in oracle.paths():
        done: set[str] = set()
        for item in path.items:
            name = f"{item[2]}.{item[3]}" if item[0] == "act" else ""
            if name in labels and name not in done:
                done.add(name)
                acts[labels.index(name), item[1]] += path.prob
        for name, tree in outcomes.items():
            last = None
            for item in path.items:
                if item[0] == "act":
                    last = f"{item[2]}.{item[3]}"
                elif item[0] == "look":
                    if oracle.event(tree, item[2]):
                        causes[name][last or ""] = causes[name].get(last or "", 0.0) + path.prob
                        break
                    last = None  # what comes next without an act is nature's, or a period's start
    np.testing.assert_allclose(times.first[0], acts, atol=1e-9)
    for o, name in enumerate(outcomes):
        for m, move in enumerate(times.moves):
            if move.action:
                assert times.cause[0, o, m] == pytest.approx(causes[name][move.label], abs=1e-9)


@pytest.mark.parametrize("variant", ["vote:never", "vote:0"])
def test_dated_events_are_games_written_without_them_or_with_them_sure(variant: str) -> None:
    made = run(Scenario.model_validate(VOTE), worlds=3, judge=False)
    found = look("timing", made)
    assert list(found["variant"].values) == ["as_is", "vote:never", "vote:0"]  # a branch without effects is no way
    assert found.attrs["dated"] == [{"phase": "vote", "periods": [1], "ways": ["0"]}]
    written = deepcopy(VOTE)
    if variant == "vote:never":
        del written["turn"][2]
    else:
        written["turn"][2]["chance"] = [{"prob": 1, "then": {"house": "new"}}]
    other = Scenario.model_validate(written)
    for w in range(3):
        world = {name: float(draw[w]) for name, draw in made.draws.items()}
        oracle = Oracle(other, world)
        for t in range(4):
            expected = oracle.ask(f"prob(eventually(tension == crisis), during=(0, {t}))")
            assert float(found["dated_by"].sel(variant=variant)[w, 0, t]) == pytest.approx(expected, abs=1e-9)
            expected = oracle.ask(f"rate(push.press, during=({t}, {t}))")
            assert float(found["dated_taken"].sel(variant=variant, act="push.press")[w, t]) == pytest.approx(expected)


def test_a_dated_choice_is_held_to_each_action() -> None:
    written = deepcopy(VOTE)
    written["turn"][2] = {
        "id": "vote",
        "at": "2024-10",
        "decide": "blue",
        "actions": {"keep": {}, "turn": {"then": {"house": "new"}}},
    }
    made = run(Scenario.model_validate(written), worlds=2, judge=False)
    found = look("timing", made)
    written["policies"] = {"bound": {"bind": [{"phase": "vote", "do": "turn"}]}}
    world = {name: float(draw[1]) for name, draw in made.draws.items()}
    expected = Oracle(Scenario.model_validate(written), world, "bound").ask("prob(eventually(tension == crisis))")
    assert float(found["dated_by"].sel(variant="vote:turn")[1, 0, -1]) == pytest.approx(expected, abs=1e-9)


def test_section_says_the_numbers() -> None:
    made = run(Scenario.model_validate(VOTE), worlds=10, judge=False)
    found = look("timing", made)
    section = lens_section(RunView(made), found)
    mean = float(made.weights @ (1 - found["survival"].values[:, 0, -1]))
    assert (
        "“A crisis” comes within the horizon" in section.sentences[0] and f"{100 * mean:.0f}%" in section.sentences[0]
    )
    assert "“Push: press”" in section.sentences[0]
    assert "“The vote” (2024-10)" in section.sentences[1] and "points" in section.sentences[1]
    assert len(section.figures) == 2 and all(f.drawing.startswith("<svg") for f in section.figures)
    json.dumps(section_json(section, found), allow_nan=False)


def test_without_dates_it_says_so() -> None:
    alone = {
        "actors": {"red": {}},
        "state": {"x": {"levels": ["a"], "start": "a"}},
        "turn": [{"id": "go", "decide": "red", "actions": {"stay": {}, "leave": {}}}],
    }
    made = run(Scenario.model_validate(alone), worlds=4, judge=False)
    found = look("timing", made)
    section = lens_section(RunView(made), found)
    assert "nothing to time" in section.sentences[0] and "no dated event" in section.sentences[1]
    assert "start" in found["move"].values
    json.dumps(section_json(section, found), allow_nan=False)
