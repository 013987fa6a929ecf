"""Alignment against every path listed, numpy, scipy, and an example of S worked by hand."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import kendalltau

from foedus.lenses.alignment.measure import Measure, alignment, kendall, similarity
from foedus.lenses.alignment.telling import _alike
from foedus.lenses.registry import lens_section, look
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games
from oracle import Oracle
from strategies import Case, Features, cases

STREET: dict[str, Any] = {
    "horizon": {"periods": 2, "unit": "month", "first": "2024-01", "beyond": 0},
    "actors": {"red": {"precision": 2, "patience": 0.9}, "blue": {"precision": 1.5, "patience": 0.8}, "green": {}},
    "assumptions": {"cost": {"uniform": [0.2, 1]}, "odds": {"uniform": [0.2, 0.6]}},
    "state": {"tension": {"levels": ["calm", "crisis", "war"], "start": "calm"}},
    "objectives": {
        "red": {"order": {"value": "1.5 * (tension == crisis) - 2 * (tension == war)"}},
        "blue": {"calm": {"value": "-cost * tension"}},
    },
    "turn": [
        {
            "id": "push",
            "decide": "red",
            "when": "tension < war",
            "actions": {
                "hold": {},
                "press": {
                    "pays": {"red": -0.3, "blue": 0.1},
                    "chance": [{"prob": "odds", "then": {"tension": "tension + 1"}}, {"prob": "rest"}],
                },
            },
        },
        {
            "id": "calm",
            "decide": "blue",
            "when": "tension == crisis",
            "actions": {"wait": {}, "yield": {"pays": {"blue": -0.5, "red": 0.4}, "then": {"tension": "calm"}}},
        },
    ],
    "policies": {"status_quo": {}, "cheap": {"set": {"cost": 0.1}, "label": "Cheap crises"}},
    "outcomes": {"war": "tension == war"},
}


def draws_of(scenario: Scenario, worlds: list[dict[str, float]]) -> dict[str, np.ndarray]:
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    return {n: np.array([world[n] for world in worlds]) for n in scenario.all_assumptions if n not in derived}


@settings(max_examples=12)
@given(cases(Features(terminal=False)))
def test_plays_are_the_correlation_over_every_path(case: Case) -> None:
    scenario = case.scenario
    policy = next(iter(scenario.all_policies))
    games = Games(scenario, (), {}, observe=False)
    found = alignment(games, policy, draws_of(scenario, case.worlds))
    actors = list(scenario.actors)
    for w, world in enumerate(case.worlds):
        oracle = Oracle(scenario, world, policy)
        paths = oracle.paths()
        weight = np.array([path.prob for path in paths])
        paid = np.array(
            [
                [
                    sum(x[4] * oracle.true[f"{a}.patience"] ** x[1] for x in p.items if x[0] == "pay" and x[2] == a)
                    for a in actors
                ]
                for p in paths
            ]
        )
        if len(paths) < 2:
            continue
        covariance = np.cov(paid.T, aweights=weight, ddof=0).reshape(len(actors), len(actors))
        scale = np.sqrt(np.diag(covariance))
        for i in range(len(actors)):
            for j in range(len(actors)):
                if min(scale[i], scale[j]) > 1e-6:
                    expected = covariance[i, j] / scale[i] / scale[j]
                    assert found[w, 0, i, j] == pytest.approx(expected, abs=1e-7)


def test_worth_of_outcomes_and_its_ranks_from_every_path() -> None:
    scenario = Scenario.model_validate(STREET)
    world = {
        "cost": 0.7,
        "odds": 0.4,
        **{
            f"{a}.{k}": v
            for a, k, v in (
                ("red", "precision", 2),
                ("red", "patience", 0.9),
                ("blue", "precision", 1.5),
                ("blue", "patience", 0.8),
                ("green", "precision", 1),
                ("green", "patience", 1),
            )
        },
    }
    found = alignment(Games(scenario, (), {}, observe=False), "status_quo", draws_of(scenario, [world]))[0]
    oracle = Oracle(scenario, world, "status_quo")
    patience = np.array([0.9, 0.8])
    mass: dict[tuple[int, int], float] = defaultdict(float)
    total: dict[tuple[int, int], np.ndarray] = defaultdict(lambda: np.zeros(2))
    for path in oracle.paths():
        pays = [(x[1], x[2], x[4]) for x in path.items if x[0] == "pay"]
        for item in path.items:
            if item[0] == "end":
                t, key = item[1], (item[1], int(item[2]["tension"]))
                later = [
                    sum(x * patience[i] ** (at - t) for at, who, x in pays if who == a and at >= t)
                    for i, a in enumerate(("red", "blue"))
                ]
                mass[key] += path.prob
                total[key] += path.prob * np.array(later)
    keys = sorted(mass)
    weight, worth = np.array([mass[k] for k in keys]), np.array([total[k] / mass[k] for k in keys])
    for t in (0, 1):
        here = np.array([k[0] == t for k in keys])
        worth[here] -= weight[here] @ worth[here] / weight[here].sum()
    expected = np.cov(worth.T, aweights=weight, ddof=0)
    assert found[2, 0, 1] == pytest.approx(expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1]))
    levels = np.array([k[1] for k in keys])
    visits = np.array([weight[levels == level].sum() for level in range(3)])
    average = np.array([weight[levels == level] @ worth[levels == level] for level in range(3)]) / visits[:, None]
    signs = [(np.sign(average[i] - average[j]), visits[i] * visits[j]) for i in range(3) for j in range(i)]
    assert found[3, 0, 1] == pytest.approx(sum(s[0] * s[1] * w for s, w in signs) / sum(w for _, w in signs))
    steps = np.sign(np.diff(average, axis=0))
    often = [2 * a * b / (a + b) for a, b in pairwise(visits)]
    assert found[4, 0, 1] == pytest.approx(
        1 - sum(w * abs(s[0] - s[1]) for s, w in zip(steps, often, strict=True)) / sum(often)
    )
    assert np.isnan(found[:4, 2]).all()  # green is never paid


def test_tau_b_is_scipys_with_ties_and_whole_weights() -> None:
    rng = np.random.default_rng(5)
    values, times = rng.integers(0, 4, (3, 14)).astype(float), rng.integers(1, 4, 14)
    plain, weighted = kendall(values, np.ones(14)), kendall(values, times.astype(float))
    many = np.repeat(values, times, axis=1)
    for i in range(3):
        for j in range(3):
            assert plain[i, j] == pytest.approx(kendalltau(values[i], values[j]).statistic)
            assert weighted[i, j] == pytest.approx(kendalltau(many[i], many[j]).statistic)
    assert np.isnan(kendall(np.ones((2, 4)), np.ones(4))).all()


def test_s_by_hand() -> None:
    # Three issues that weigh 1, 1 and 2; A and B differ by one step of two on the second, A and C by two on all.
    found = similarity(np.array([[1.0, 0, 1], [1, 1, 1], [-1, 2, -1]]), np.array([1.0, 1, 2]))
    assert found[0, 1] == pytest.approx(1 - 2 * 1 / (2 * 4))
    assert found[0, 2] == pytest.approx(1 - 2 * (2 + 2 + 4) / (2 * 4)) == -1
    assert np.isnan(similarity(np.zeros((2, 0)), np.zeros(0))).all()


def test_payoffs_are_the_query_and_the_section_says_the_numbers() -> None:
    made = run(Scenario.model_validate(STREET), worlds=12, judge=False)
    found = look("alignment", made, "cheap")
    asked = made.ask("alignment", "red", "blue").sel(policy="cheap").values
    np.testing.assert_allclose(found["alignment"].sel(measure="payoffs", actor="red", other="blue"), asked, atol=1e-9)
    assert list(found["measure"].values) == list(Measure)
    results = RunView(made)
    section = lens_section(results, found)
    average = float(made.weights @ found["alignment"].sel(measure="plays", actor="red", other="blue").values)
    assert f"{abs(average):.2f}" in section.sentences[0]
    assert "Red and Blue" in section.sentences[0] and "Cheap crises" in section.sentences[1]
    assert section.figures[0].drawing.startswith("<svg") and f"{abs(average):.2f}" in section.figures[0].drawing
    json.dumps(section_json(section, found), allow_nan=False)


def test_one_actor_has_nobody_to_compare_with() -> None:
    alone = {
        "actors": {"red": {}},
        "state": {"x": {"levels": ["a", "b"], "start": "a"}},
        "turn": [{"id": "go", "decide": "red", "actions": {"stay": {}, "leave": {"then": {"x": "b"}}}}],
    }
    made = run(Scenario.model_validate(alone), worlds=4, judge=False)
    section = lens_section(RunView(made), look("alignment", made))
    assert "there is one actor only" in section.sentences[0]


def single(payoff: dict[str, tuple[float, float, float]], precision: float = 1.0, weight: float = 1.0) -> Scenario:
    """Red picks one of three actions; each actor is paid by which it is."""
    actions = {
        f"go{i}": {"pays": {actor: pays[i] for actor, pays in payoff.items()}, "then": {"x": f"l{i}"}} for i in range(3)
    }
    return Scenario.model_validate(
        {
            "actors": {"red": {"precision": precision}, **{a: {} for a in payoff if a != "red"}},
            "state": {"x": {"levels": ["l0", "l1", "l2"], "start": "l0"}},
            "objectives": {"red": {"payoff": {"weight": weight}}},
            "turn": [{"id": "go", "decide": "red", "actions": actions}],
        }
    )


def plays(scenario: Scenario) -> np.ndarray:
    """[actor, other] the correlation over plays."""
    games = Games(scenario, (), {}, observe=False)
    draws = {f"{actor}.{what}": np.ones(1) for actor in scenario.actors for what in ("patience",)}
    return alignment(games, scenario.factual_policy, draws)[0, 0]


def test_correlation_by_enumeration_of_a_single_choice() -> None:
    payoff = {"red": (0.0, 1.0, 0.4), "blue": (0.3, -1.0, 2.0), "green": (0.0, 0.5, 0.2)}
    weights = np.exp(1.7 * np.array(payoff["red"]))
    weights /= weights.sum()
    table = np.array(list(payoff.values()))
    covariance = np.cov(table, aweights=weights, ddof=0)
    scale = np.sqrt(np.diag(covariance))
    found = plays(single(payoff, 1.7))
    np.testing.assert_allclose(found, covariance / np.outer(scale, scale), atol=1e-12)
    assert found[0, 2] == pytest.approx(1.0)  # green is paid half of what red is
    np.testing.assert_allclose(found, found.T, atol=1e-12)


def test_the_opposed_the_alike_and_the_indifferent() -> None:
    found = plays(
        single(
            {"red": (0.0, 1.0, 0.4), "foe": (1.0, 0.0, 0.6), "friend": (5.0, 7.0, 5.8), "bystander": (2.0, 2.0, 2.0)}
        )
    )
    assert found[0, 1:3] == pytest.approx([-1.0, 1.0])
    assert np.isnan(found[0, 3]) and np.isnan(found[3, 3])


def test_units_do_not_matter() -> None:
    """Twice the payoffs at half the precision is the same play, and correlations have no units."""
    payoff = {"red": (0.0, 1.0, 0.4), "blue": (0.3, -1.0, 2.0)}
    doubled = {actor: tuple(3 * pay for pay in pays) for actor, pays in payoff.items()}
    games = [single(payoff, 1.5), single(doubled, 0.5), single(payoff, 0.5, weight=3.0)]  # type: ignore[arg-type]
    first, *others = (plays(scenario) for scenario in games)
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-12)


def test_what_is_said_of_a_pair_is_what_its_number_says() -> None:
    for value, said in (
        (0.9, "want much the same"),
        (0.3, "want somewhat the same"),
        (0.05, "little to do"),
        (-0.3, "want somewhat opposite"),
        (-0.9, "want opposite"),
    ):
        assert said in _alike(value)


def test_a_policy_that_changes_a_pair_is_named_with_its_change() -> None:
    made = run(Scenario.model_validate(STREET), worlds=12, judge=False)
    found = look("alignment", made)
    at = {"measure": "plays", "actor": "red", "other": "blue"}
    change = found["compared"].sel(at).sel(policy="cheap") - found["compared"].sel(at).sel(policy="status_quo")
    mean = float(found["few_weight"].values @ change.values)
    said = lens_section(RunView(made), found).sentences[1]
    assert f"{'closer' if mean > 0 else 'further apart'} by {'+' if mean > 0 else '−'}{abs(mean):.2f}" in said
