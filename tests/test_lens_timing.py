"""Timing against the geometric distribution, every path listed, and dated events written out by hand."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from foedus.lenses.labels import labels_along
from foedus.lenses.moves import Move
from foedus.lenses.registry import lens_section, look
from foedus.lenses.timing.dated import dated_phases, variants
from foedus.lenses.timing.measure import hazards, medians, population_hazard, rate_over, times_in
from foedus.present.charts.effects import Effect
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.blocks import blocks
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


def test_the_hazard_over_worlds_counts_who_is_still_at_risk() -> None:
    """By hand: worlds with 10% and 50% a month. 0.3 at first, then (0.9 * 0.1 + 0.5 * 0.5) / 1.4 = 0.243, and so on down:
    the frail go first (Vaupel, Manton and Stallard 1979), though in each world the hazard stays the same."""
    by = 1 - np.array([0.9, 0.5])[:, None] ** np.arange(1, 5)
    hazard = population_hazard(by, np.array([1.0, 1.0]))
    np.testing.assert_allclose(hazard[:3], [0.3, 0.34 / 1.4, (0.81 * 0.1 + 0.25 * 0.5) / 1.06])
    assert (np.diff(hazard) < 0).all()
    np.testing.assert_allclose(np.cumprod(1 - hazard), 1 - by.mean(axis=0))
    whole = rate_over(by, np.array([1.0, 1.0]), 0, 4)
    assert whole.mean == pytest.approx(by[:, 3].sum() / (1 + 0.9 + 0.81 + 0.729 + 1 + 0.5 + 0.25 + 0.125))
    assert (whole.low, whole.high) == (pytest.approx(0.1), pytest.approx(0.5))


@given(st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=1, max_size=6), st.integers(0, 99))
def test_hazards_over_worlds_multiply_up_to_the_average(rates: list[list[float]], seed: int) -> None:
    survival = np.cumprod(1 - np.array(rates), axis=1)
    weights = np.random.default_rng(seed).exponential(size=len(rates))
    hazard = population_hazard(1 - survival, weights)
    average = weights @ survival / weights.sum()
    known = np.concatenate([[1], average[:-1]]) > 1e-6
    left = np.concatenate([[1], average[:-1]])[known] * (1 - hazard[known])
    np.testing.assert_allclose(left, average[known], atol=1e-9)


def test_the_printed_course_multiplies_up_and_a_flat_hazard_names_no_month() -> None:
    written = {
        "horizon": {"periods": 4},
        "actors": {"red": {}},
        "assumptions": {"p": {"choice": [0.1, 0.5]}},
        "state": {"war": {"levels": ["no", "yes"], "start": "no"}},
        "turn": [
            {"id": "luck", "when": "war == no", "chance": [{"prob": "p", "then": {"war": "yes"}}, {"prob": "rest"}]}
        ],
    }
    made = run(Scenario.model_validate(written), worlds=8, judge=False)
    course = next(
        t for t in lens_section(RunView(made), look("timing", made)).tables if "period by period" in t.caption
    )
    before, comes, come = (np.array([row[i].value for row in course.rows]) for i in (1, 2, 3))
    np.testing.assert_allclose(1 - np.cumprod(1 - comes), come, atol=1e-12)
    np.testing.assert_allclose(before[1:], 1 - come[:-1])
    assert comes[0] == pytest.approx(0.3) and comes[1] == pytest.approx(0.34 / 1.4)
    flat = run(Scenario.model_validate(written | {"assumptions": {"p": 0.2}}), worlds=2, judge=False)
    (figure,) = lens_section(RunView(flat), look("timing", flat)).figures
    assert "as likely to come in any period as in another, if it has not yet (20%)" in figure.title


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


# --- identities ---------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_survival_is_the_product_of_what_the_hazards_leave(rates: list[float]) -> None:
    survival = np.cumprod(1 - np.array(rates))
    first, hazard = hazards(1 - survival)
    np.testing.assert_allclose(first.sum(), 1 - survival[-1], atol=1e-12)
    np.testing.assert_allclose(first, np.concatenate([[1], survival[:-1]]) * rates, atol=1e-12)
    known = np.concatenate([[1], survival[:-1]]) > 1e-6  # where hardly anything is left rounding is all
    np.testing.assert_allclose(hazard[known], np.array(rates)[known], atol=1e-9)
    half = next((t for t, s in enumerate(survival) if 1 - s >= 0.5), np.nan)
    np.testing.assert_array_equal(medians(1 - survival), half)


def test_every_outcome_is_set_off_by_something_and_times_add_up() -> None:
    made = run(Scenario.model_validate(VOTE), worlds=6, judge=False)
    found = look("timing", made)
    np.testing.assert_allclose(found["cause"].sum("move"), found["dated_by"].sel(variant="as_is").isel(period=-1))
    np.testing.assert_allclose(found["first"].sum("period"), 1 - found["survival"].isel(period=-1))
    np.testing.assert_allclose(found["dated_by"].sel(variant="as_is"), 1 - found["survival"], atol=1e-12)
    # A crisis is never left here, so pressing for the first time is no rarer than once a path, and no likelier.
    pressed = found["dated_taken"].sel(variant="as_is", act="push.press").sum("period")
    assert (found["act_first"].sel(act="push.press").sum("period") <= pressed + 1e-12).all()


def test_what_makes_moves_and_variants_are_told_by_their_parts() -> None:
    made = run(Scenario.model_validate(VOTE), worlds=2, judge=False)
    found = look("timing", made)
    moves = labels_along(found, "move", Move)
    assert moves == [Move("push", "hold"), Move("push", "press"), Move("drift"), Move("vote"), Move()]
    assert [move.label for move in moves] == ["push.hold", "push.press", "drift", "vote", "start"]
    assert found["variant_phase"].values.tolist() == ["", "vote", "vote"]
    assert found["variant_way"].values.tolist() == ["", "", "0"]


def test_an_action_called_never_is_not_an_event_that_never_comes() -> None:
    written = deepcopy(VOTE)
    actions = {"never": {"then": {"house": "new"}}, "keep": {}}
    written["turn"][2] = {"id": "vote", "at": "2024-10", "decide": "blue", "actions": actions}
    made = run(Scenario.model_validate(written), worlds=2, judge=False)
    found = look("timing", made)
    assert found["variant_way"].values.tolist() == ["", "", "never", "keep"]
    by = found["dated_by"].isel(outcome=0, period=-1)
    assert (by.isel(variant=1) == by.isel(variant=3)).all() and (by.isel(variant=1) != by.isel(variant=2)).all()
    titles = [row.label for row in _rows(made, found)]
    assert "If it never came" in titles and "If it were sure to end with “never”" in titles


def _rows(made: Run, found: xr.Dataset) -> list[Effect]:
    """The headings of the figure on the first dated event."""
    shown: list[Effect] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("foedus.lenses.timing.telling.effects", lambda rows, _: shown.extend(rows) or "")
        lens_section(RunView(made), found)
    return [row for row in shown if row.spread is None]


def test_only_what_is_shut_at_some_time_is_dated() -> None:
    written = deepcopy(VOTE)
    written["turn"][1]["when"] = "t >= 0 and tension == calm"
    written["turn"].append({"id": "late", "when": "t >= 2", "chance": [{"prob": 1, "then": {"house": "old"}}]})
    games = Games(Scenario.model_validate(written), (), {}, observe=False)
    (block,) = blocks(games, "status_quo", {"p_new": np.array([0.5]), "gain": np.array([1.0])})
    dated = dated_phases(block)
    assert [(event.phase, event.periods) for event in dated] == [("vote", (1,)), ("late", (2, 3))]
    assert [[way.name for way in event.ways] for event in dated] == [["0"], []]  # what is sure has no ways
    assert [variant.label for variant in variants(dated)] == ["vote:never", "vote:0", "late:never"]
