"""``value: entropy``: a choice is worth what it pays less what control costs (Mattsson and Weibull 2002)."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_adapter import play
from foedus.errors import FoedusError
from foedus.lenses.action_values import ActionValues
from foedus.scenario.check import check
from foedus.scenario.query import parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.solve.joint import joint, plain_graph
from foedus.solve.packed import Chain
from foedus.solve.values import values
from foedus.worlds.blocks import Block, blocks
from foedus.worlds.query_slopes import query_slopes
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Behaviour, Games, simulate
from strategies import Case, Features, make_case
from test_adjoint import central
from test_lens_leverage import against, contested
from test_oracle import compare
from test_solve_passes import draws_of

LOGIT = Features(perfect=False, observations=False)


def entropic(case: Case) -> Case:
    """The same with control counted."""
    scenario = case.scenario.model_copy(update={"value": "entropy"})
    return Case(scenario, case.worlds, case.queries)


SLOW = {3008, 3014, 3032, 3033, 3036}  # so many paths that listing them takes seconds


@pytest.mark.parametrize("seed", sorted({*range(3000, 3040)} - SLOW))
def test_engine_agrees_with_brute_force(seed: int) -> None:
    case = entropic(make_case(random.Random(seed)))
    try:
        compare(case)
        if seed % 4 == 0:
            compare(case, scale=0.5)
            compare(case, scale=0.0)
    except FoedusError as error:
        assert "base 0" in str(error)  # a binding to what is never done
        assert any(rule for policy in case.scenario.policies.values() for rule in policy.bind)


def menu(pays: list[float], bases: list[float], precision: float, bind: int | None = None, **parts: Any) -> Scenario:
    """One choice, and before it one that nothing hangs on."""
    actions = {
        f"a{i}": {"base": base, "pays": {"ann": pay}} for i, (pay, base) in enumerate(zip(pays, bases, strict=True))
    }
    policies = {
        "status_quo": {},
        **({} if bind is None else {"bound": {"bind": [{"phase": "move", "do": f"a{bind}"}]}}),
    }
    raw = {
        "actors": {"ann": {"precision": precision}, "bob": {}},
        "state": {"s": {"levels": ["no", "yes"], "start": "no"}},
        "turn": [{"id": "move", "decide": "ann", "actions": actions}],
        "value": "entropy",
        "policies": policies,
    }
    return Scenario.model_validate(raw | parts)


def value(scenario: Scenario, policy: str = "status_quo", actor: int = 0, **behaviour: Any) -> float:
    """What an actor expects at the start, in the scenario's only world."""
    options = {"behaviour": Behaviour(**behaviour)} if behaviour else {}
    world = {name: float(a.value) for name, a in scenario.all_assumptions.items()}
    return float(play(scenario, [world], **options).value[policy][0, actor])


number = st.floats(-5, 5, allow_subnormal=False)
menus = st.lists(st.tuples(number, st.floats(1e-3, 1e3)), min_size=2, max_size=5)


@settings(deadline=None, max_examples=60)
@given(menus, st.one_of(st.just(0.0), st.floats(1e-18, 1e-3), st.floats(1e-3, 50)), st.integers(0, 4))
def test_the_value_of_a_choice_and_its_bounds(choices: list[tuple[float, float]], precision: float, which: int) -> None:
    """Log-sum-exp; between the mean at base rates and the expected payoff, that below the best; none bound is worth more."""
    pays, bases = np.array(choices).T
    bound = which % len(pays)
    scenario = menu(pays.tolist(), bases.tolist(), precision, bound)
    entropy, held = value(scenario), value(scenario, "bound")
    payoff = value(scenario.model_copy(update={"value": "payoff"}))
    shares = bases / bases.sum()
    best, usual = pays.max(), float(shares @ pays)
    exact = usual
    if precision > 0:
        exact = best + math.log1p(float(shares @ np.expm1(precision * (pays - best)))) / precision
    assert entropy == pytest.approx(exact, abs=1e-11)
    slack = 1e-12
    assert usual - slack <= entropy <= payoff + slack <= best + 2 * slack
    if precision > 0:
        assert held == pytest.approx(pays[bound] + math.log(shares[bound]) / precision, rel=1e-9, abs=1e-9)
        assert held <= entropy + slack * max(1, abs(held))
    assert value(scenario, perfect=True) == pytest.approx(best, abs=1e-11)


def test_by_hand() -> None:
    """Two actions of one base rate, worth 0 and -1, at precision 1."""
    scenario = menu([0, -1], [1, 1], 1, bind=0)
    taken = 1 / (1 + math.exp(-1))
    assert value(scenario) == pytest.approx(math.log((1 + math.exp(-1)) / 2))  # -0.380
    assert value(scenario.model_copy(update={"value": "payoff"})) == pytest.approx(taken - 1)  # -0.269
    assert value(scenario, "bound") == pytest.approx(
        math.log(1 / 2)
    )  # -0.693: its word is kept by steering away from half
    assert value(scenario.model_copy(update={"value": "payoff"}), "bound") == pytest.approx(0)


def test_only_the_mover_bears_the_cost() -> None:
    """Bob gets what ann's choice gives him on average, whatever it costs her to make it."""
    pays = {"first": {"ann": 1, "bob": 3}, "second": {"bob": -1}}
    turn = [{"id": "move", "decide": "ann", "actions": {name: {"pays": amounts} for name, amounts in pays.items()}}]
    scenario = menu([], [], 2, turn=turn)
    p = 1 / (1 + math.exp(-2))
    assert value(scenario, actor=1) == pytest.approx(3 * p - (1 - p))
    assert value(scenario) == pytest.approx(math.log((1 + math.exp(2)) / 2) / 2)


def test_control_counts_in_earlier_choices_of_the_same_actor_alone() -> None:
    """Entering a choice between equals costs nothing; entering one with a bad way out is worth its log-sum-exp."""
    deep = {"when": "s == yes"}
    turn = [
        {"id": "enter", "decide": "ann", "actions": {"no": {}, "yes": {"then": {"s": "yes"}}}},
        {"id": "deep", "decide": "ann", **deep, "actions": {"good": {}, "bad": {"pays": {"ann": -4}}}},
    ]
    scenario = menu([], [], 1.5, turn=turn)
    query = ["rate(enter.yes)"]
    worlds = [{name: float(a.value) for name, a in scenario.all_assumptions.items()}]
    behind = math.log((1 + math.exp(-6)) / 2) / 1.5
    odds = 1 / (1 + math.exp(-1.5 * behind))
    assert play(scenario, worlds, query).query["status_quo"][0, 0] == pytest.approx(odds)
    payoff = scenario.model_copy(update={"value": "payoff"})
    p = 1 / (1 + math.exp(6))
    assert play(payoff, worlds, query).query["status_quo"][0, 0] == pytest.approx(1 / (1 + math.exp(1.5 * 4 * p)))


def test_a_binding_to_what_is_never_done_is_refused() -> None:
    scenario = menu([0, 1], [1, 0], 1, bind=1)
    with pytest.raises(FoedusError, match="base 0: with 'value: entropy'"):
        value(scenario)
    assert value(scenario.model_copy(update={"value": "payoff"}), "bound") == 1
    assert value(scenario.model_copy(update={"rationality": "perfect"}), "bound") == 1
    told = [problem for problem in check(scenario) if problem.severity == "error"]
    assert [problem.path for problem in told] == [("policies", "bound", "bind", 0, "do")]
    assert "whose base is 0" in told[0].reason


@pytest.mark.parametrize("seed", [17, 23, 28, 38])
def test_slopes_against_central_differences(seed: int) -> None:
    case = make_case(random.Random(seed), LOGIT)
    scenario = entropic(case).scenario
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    draws = {name: np.array([world[name] for world in case.worlds]) for name in case.worlds[0] if name not in derived}
    queries = [parse_query(text, query_scope(scenario)) for text in case.queries]
    checked = 0
    for policy in scenario.all_policies:
        asked = [query for query in queries if query.under in (None, policy)]
        if not asked:
            continue
        answers, slopes = query_slopes(scenario, draws, policy, asked)
        straight = np.stack(simulate(scenario, draws, [policy], asked, observe=False).query[policy])
        np.testing.assert_allclose(answers, straight, rtol=1e-9, atol=1e-11)
        for name in list(draws)[:10]:
            if (differences := central(scenario, draws, policy, asked, name)) is not None:
                slope, bend = differences
                smooth = (bend < 1e-3) & ~np.isnan(slope)
                np.testing.assert_allclose(slopes[name][smooth], slope[smooth], rtol=1e-4, atol=1e-6, err_msg=name)
                checked += int(smooth.sum())
    assert checked > 20


def entropic_blocks(seed: int) -> Iterator[Block]:
    """Every policy's games of a random scenario in which all know the game."""
    case = entropic(
        make_case(random.Random(seed), Features(beliefs=False, intervals=False, secrets=False, perfect=False))
    )
    games = Games(case.scenario, (), {}, observe=False)
    for policy in case.scenario.all_policies:
        try:
            yield from blocks(games, policy, draws_of(case))
        except FoedusError as error:
            assert "base 0" in str(error)


@pytest.mark.parametrize("seed", range(3100, 3106))
def test_all_passes_agree(seed: int) -> None:
    """The solve, values of given choices, coalitions of one, and worth by objective with control apart."""
    for block in entropic_blocks(seed):
        g, game = block.game.arrays, block.game
        policy, worth = block.play.solve(block.tables, 1.0, False)
        alone = np.arange(len(g.patience), dtype=np.int32)
        np.testing.assert_allclose(
            joint(plain_graph(g), block.tables[0], game.solved, alone, False, game.starts[()])[0].T, worth, atol=1e-11
        )
        *_, (_, last) = values(Chain(block.play.graph, block.tables[0], policy, game.solved))
        start = sum(last[n] * block.now(0)[c] for n, c in zip(g.start_node, g.start_prob, strict=True))
        np.testing.assert_allclose(start.T, worth, atol=1e-11)
        for actor in range(len(alone)):
            apart = ActionValues(block, actor)
            for t, now, later in apart.periods(block):
                total = apart.worth(now, later).sum(axis=1)
                base = now[g.base[apart.acts]] * (now[g.mask[apart.acts]] != 0)
                power = apart.by_node(np.where(base > 0, base * np.exp(now[g.precision[actor]] * total), 0.0), 0.0)
                odds = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-300)
                played = apart.by_node(policy[t, apart.acts], 0.0)
                free = ~(played == 1).any(axis=1) & (block.visits()[t, apart.nodes] > 0)
                gap = np.where(free[:, None], played - odds, 0.0)
                assert np.abs(gap).max(initial=0) < 1e-9


def test_leverage_agrees_with_a_second_implementation() -> None:
    compared = 0
    for scenario, policy in contested(most=4):
        if scenario.rationality == "perfect":
            continue
        try:
            against(scenario.model_copy(update={"value": "entropy"}), policy)
            compared += 1
        except FoedusError as error:
            assert "base 0" in str(error)
    assert compared > 1


@pytest.mark.parametrize(("policy", "low", "high"), [("status_quo", 1, 3), ("status_quo", 1e-9, 2e-9), ("bound", 1, 3)])
def test_closed_form_of_slopes(policy: str, low: float, high: float) -> None:
    """Entering is worth what is behind it: Z = exp(l V) is (1 + b exp(-l x)) / (1 + b), bound b exp(-l x) / (1 + b)."""
    turn = [
        {"id": "enter", "decide": "ann", "actions": {"no": {}, "yes": {"then": {"s": "yes"}}}},
        {
            "id": "deep",
            "decide": "ann",
            "when": "s == yes",
            "actions": {"good": {}, "bad": {"base": "b", "pays": {"ann": "-x"}}},
        },
    ]
    scenario = menu(
        [],
        [],
        1,
        turn=turn,
        actors={"ann": {"precision": {"uniform": [low, high]}}},
        assumptions={"x": {"uniform": [0.5, 2]}, "b": {"uniform": [0.5, 2]}},
        policies={"status_quo": {}, "bound": {"bind": [{"phase": "deep", "do": "bad"}]}},
    )
    draws = sample(scenario, 5, 0)
    query = parse_query("share(enter.yes)", query_scope(scenario))
    (answer,), slopes = query_slopes(scenario, draws, policy, [query])
    lam, b, x = draws["ann.precision"], draws["b"], draws["x"]
    power, free = np.exp(-lam * x), float(policy == "status_quo")
    z = (free + b * power) / (1 + b)
    np.testing.assert_allclose(answer, z / (1 + z), rtol=1e-12)
    by_b = power / (1 + b) - z / (1 + b) if not free else np.expm1(-lam * x) / (1 + b) ** 2
    for name, by in (("b", by_b), ("x", -lam * b * power / (1 + b)), ("ann.precision", -x * b * power / (1 + b))):
        np.testing.assert_allclose(slopes[name][0], by / (1 + z) ** 2, rtol=1e-6, err_msg=name)
