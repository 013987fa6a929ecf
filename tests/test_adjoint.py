"""Slopes by the adjoint against central differences of whole solves, and against closed forms."""

from __future__ import annotations

import random

import numpy as np
import pytest

from foedus.errors import FoedusError
from foedus.scenario.expressions import Scope, parse
from foedus.scenario.query import parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.scenario.tree import differentiate
from foedus.worlds.query_slopes import query_slopes
from foedus.worlds.sample import sample
from foedus.worlds.simulate import simulate
from small_policies import coin
from strategies import make_case

STEP = 1e-5


def central(scenario, draws, policy, queries, name):
    """(slope, curvature x step) by whole solves a step up and down; None where a number would leave its range."""
    try:
        up, down = (
            np.stack(
                simulate(scenario, {**draws, name: draws[name] + step}, [policy], queries, observe=False).query[policy]
            )
            for step in (STEP, -STEP)
        )
    except FoedusError:
        return None
    here = np.stack(simulate(scenario, draws, [policy], queries, observe=False).query[policy])
    return (up - down) / (2 * STEP), np.abs(up - 2 * here + down) / STEP


# Seeds whose scenarios together have hidden and open beliefs, secrets, intervals, commitments, bindings, guards, endings.
@pytest.mark.parametrize("seed", [17, 23, 28, 38])
def test_random_scenarios_against_central_differences(seed) -> None:
    case = make_case(random.Random(seed))
    scenario = case.scenario.model_copy(update={"rationality": "logit"})
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    draws = {name: np.array([world[name] for world in case.worlds]) for name in case.worlds[0] if name not in derived}
    queries = [parse_query(text, query_scope(scenario)) for text in case.queries]
    checked = 0
    for policy in list(scenario.all_policies)[:2]:
        asked = [query for query in queries if query.under in (None, policy)]
        if not asked:
            continue
        answers, found = query_slopes(scenario, draws, policy, asked)
        straight = np.stack(simulate(scenario, draws, [policy], asked, observe=False).query[policy])
        np.testing.assert_allclose(answers, straight, rtol=1e-9, atol=1e-11)
        for name in list(draws)[:10]:
            if (differences := central(scenario, draws, policy, asked, name)) is not None:
                slope, bend = differences
                smooth = (bend < 1e-3) & ~np.isnan(slope)  # at a kink a central difference is between the two sides
                np.testing.assert_allclose(found[name][smooth], slope[smooth], rtol=1e-4, atol=1e-6, err_msg=name)
                checked += int(smooth.sum())
    assert checked > 20


def test_closed_form_of_a_quantal_response() -> None:
    """P(attack) = b e^(l x) / (b e^(l x) + 1): its slopes in x, l and b."""
    scenario = Scenario.model_validate(
        {
            "actors": {"ann": {"precision": {"uniform": [1, 3]}}},
            "assumptions": {"x": {"uniform": [-1, 1]}, "b": {"uniform": [0.5, 2]}},
            "objectives": {"ann": {"gain": 1}},
            "state": {"war": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [
                {
                    "id": "move",
                    "decide": "ann",
                    "actions": {
                        "stay": {},
                        "attack": {"base": "b", "pays": {"ann": {"gain": "x"}}, "then": {"war": "yes"}},
                    },
                }
            ],
        }
    )
    draws = sample(scenario, 5, 0)
    query = parse_query("prob(eventually(war == yes))", query_scope(scenario))
    (answer,), found = query_slopes(scenario, draws, "status_quo", [query])
    x, lam, b = draws["x"], draws["ann.precision"], draws["b"]
    p = b * np.exp(lam * x) / (b * np.exp(lam * x) + 1)
    np.testing.assert_allclose(answer, p, rtol=1e-13)
    for name, slope in (("x", lam * p * (1 - p)), ("ann.precision", x * p * (1 - p)), ("b", p * (1 - p) / b)):
        np.testing.assert_allclose(found[name][0], slope, rtol=1e-11)


def test_expressions_against_central_differences() -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(0.2, 0.9, 50) for name in "xyz"}
    one = {name: {name: np.ones(50)} for name in "xyz"}
    texts = [
        "x * y / z - 3",
        "exp(x) ** y",
        "log(x + y * z)",
        "min(x, y, z)",
        "max(x, 0.5) - abs(y - 0.5)",
        "clip(x + y, z, 1.2)",
        "x if y > z else x ** 3",
        "-x ** 2 * (y > z)",
        "clip(x, 0.4, y) + (x and y)",
        "2 ** x - x ** 2",
    ]
    for text in texts:
        tree = parse(text, Scope(assumptions=frozenset("xyz")))
        value, slope = differentiate(tree, values, one)
        for name in "xyz":
            up, down = (
                np.asarray(differentiate(tree, {**values, name: values[name] + step}, {})[0]) for step in (1e-6, -1e-6)
            )
            smooth = np.abs(up - 2 * value + down) < 1e-9
            assert smooth.mean() > 0.9
            rate = np.broadcast_to(slope.get(name, 0.0), 50)
            np.testing.assert_allclose(rate[smooth], ((up - down) / 2e-6)[smooth], rtol=1e-6, atol=1e-7, err_msg=text)


def test_what_has_no_slope_is_refused() -> None:
    scenario = coin()
    draws = sample(scenario, 2, 0)
    plain = parse_query("expect(ann)", query_scope(scenario))
    with pytest.raises(FoedusError, match="jump"):
        query_slopes(scenario.model_copy(update={"rationality": "perfect"}), draws, "steady", [plain])


def test_the_reference_case_against_central_differences() -> None:
    from foedus.scenario.load import load
    from foedus.worlds.simulate import Games

    scenario = load("russia-dprk-pact")
    draws = {name: draw[:2] for name, draw in sample(scenario, 20, 3).items()}
    texts = ["prob(eventually(tension >= limited_war))", "expect(china)"]
    queries = [parse_query(text, query_scope(scenario)) for text in texts]
    _, found = query_slopes(scenario, draws, "status_quo", queries)
    games = Games(scenario, queries, {}, observe=False)
    for name in (
        "dprk.precision",
        "russia.patience",
        "usa.ambiguity",
        "pact_threshold",
        "dprk_optimism",
        "attack_gain",
        "pact_cost",
    ):
        step = 1e-4 * np.ptp(sample(scenario, 20, 3)[name])
        up, down = (
            np.stack(
                simulate(
                    scenario, {**draws, name: draws[name] + s}, ["status_quo"], queries, observe=False, games=games
                ).query["status_quo"]
            )
            for s in (step, -step)
        )
        np.testing.assert_allclose(found[name], (up - down) / (2 * step), rtol=1e-4, atol=1e-8, err_msg=name)
