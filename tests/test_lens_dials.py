"""Dials on a scenario, by which lenses turn parts of it: at rest they change nothing, and what they hold they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from foedus.lenses.commitment.alterations import AS_IS, OFF, Alteration, Dial, level_shift, setting
from foedus.lenses.counterfactuals import Counterfactuals
from foedus.lenses.dials import Count, instrumented, read_at, written
from foedus.runs.local import run as solve
from foedus.scenario.expressions import parse
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import scope_of
from foedus.worlds.simulate import Games, simulate
from strategies import Case, Features, cases
from test_lens_commitment import HAND, LONGER, numbers, seen


def test_where_one_severity_is_read_nothing_is_left_of_vagueness_once_its_odds_are_held() -> None:
    _, found = seen(HAND)
    assert numbers(found, Alteration(Dial.VAGUE, 4.0))["war"] != pytest.approx(numbers(found, AS_IS)["war"], abs=1e-4)
    for altered in (
        Alteration(Dial.ODDS, 0.0),
        Alteration(Dial.ODDS, 0.25),
        Alteration(Dial.ODDS, 2.0),
        Alteration(Dial.ODDS, 4.0),
    ):
        assert numbers(found, altered) == pytest.approx(numbers(found, AS_IS), abs=1e-12)


def test_held_odds_keep_the_average_and_leave_bright_lines_alone() -> None:
    rng = np.random.default_rng(3)
    gap, weight = rng.normal(size=(4, 6)), rng.random((4, 6))
    blur = rng.uniform(0.2, 1, (4, 6))
    blur[0] = 0.0

    def mean(k: float, shift: float | np.ndarray) -> np.ndarray:
        line = gap - np.where(blur > 0, shift, 0.0)
        odds = np.where(blur > 0, 1 / (1 + np.exp(-line / np.where(blur > 0, blur * k, 1))), line >= 0)
        return (weight * odds).sum(axis=0) / weight.sum(axis=0)

    for k in (0.02, 0.5, 3.0):
        assert mean(k, level_shift(gap, blur, weight, k)) == pytest.approx(mean(1.0, 0.0), abs=1e-9)
    assert level_shift(gap, blur, 0 * weight, 2.0) == pytest.approx(np.zeros(6))


@pytest.mark.parametrize("name", ["strategic-ambiguity", "entrapment-abandonment", "patron-chooses-text"])
def test_dials_at_rest_and_the_tally_change_nothing(name: str) -> None:
    run, found = seen(name, worlds=12)
    commitment = found["commitment"].values[0]
    here = found.sel(commitment=commitment)
    factual = run.data.sel(policy=run.scenario.factual_policy)
    assert np.array_equal(setting(here, AS_IS)["prob"].values, factual["outcome_by"].values[:, -1])
    assert setting(here, AS_IS)["value"].values == pytest.approx(factual["value"].values, abs=1e-12)
    without = run.scenario.model_copy()
    without.commitments = {n: c.model_copy(update={"in_force": 0}) for n, c in run.scenario.commitments.items()}
    bare = solve(without, worlds=12, judge=False).data.sel(policy=run.scenario.factual_policy)
    assert setting(here, OFF)["prob"].values == pytest.approx(bare["outcome_by"].values[:, -1], abs=1e-14)
    assert setting(here, OFF)["value"].values == pytest.approx(bare["value"].values, abs=1e-12)


def test_written_trees_read_back() -> None:
    scenario = instrumented(Scenario.from_yaml(HAND)).scenario
    scope = scope_of(scenario)
    for text in (
        "-line ** 2 if not dispute >= crisis and blur > 0.12345678901 else max(0, t, -dispute)",
        "1e-9 * min(blur, 2)",
    ):
        tree = parse(text, scope)
        assert parse(written(tree), scope) == tree


@settings(max_examples=12)
@given(cases(Features(observations=False)))
def test_instruments_at_rest_leave_every_game_as_it_is(case: Case) -> None:
    """Outcomes, choices and payments of random scenarios, with and without dials and tally: the same but for rounding.

    To the last bit but where a commitment's number is a constant, which the compiler multiplies out beforehand.
    """
    scenario = case.scenario
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    draws = {n: np.array([world[n] for world in case.worlds]) for n in scenario.all_assumptions if n not in derived}
    turned = instrumented(scenario)
    rest = {dial: np.full(len(case.worlds), value) for dial, value in turned.rest.items()}
    policies = list(scenario.all_policies)
    outcomes = outcomes_of(scenario)
    plain = simulate(scenario, draws, policies, games=Games(scenario, (), outcomes, observe=False))
    games = Games(turned.scenario, (), outcomes, observe=False)
    dialled = simulate(turned.scenario, draws | rest, policies, games=games)
    for policy in policies:
        here, there = plain.results[policy], dialled.results[policy]
        np.testing.assert_allclose(here.by, there.by, rtol=0, atol=1e-14)
        np.testing.assert_allclose(here.taken, there.taken, rtol=0, atol=1e-14)
        columns = [there.objectives.index(objective) for objective in here.objectives]
        np.testing.assert_allclose(here.pays, there.pays[:, columns], rtol=1e-13, atol=1e-13)


@settings(max_examples=25)
@given(cases())
def test_expressions_of_instrumented_scenarios_read_back(case: Case) -> None:
    turned = instrumented(case.scenario)
    scope = scope_of(turned.scenario)
    for phase in turned.scenario.turn:
        for action in phase.actions.values():
            for text in action.pays.get(turned.tally, {}).values():
                tree = parse(text, scope)
                assert parse(written(tree), scope) == tree


def test_the_tally_counts_a_clause_read_at_each_place_as_often_as_it_is_read() -> None:
    run, _ = seen(LONGER)
    games = Counterfactuals(run, "status_quo")
    base = games.base("status_quo")
    places = games.instrumented.places["pledge"]
    assert len(places) > 1
    total = sum(base.count("pledge", read_at(i)) for i in range(len(places)))
    np.testing.assert_allclose(total, base.count("pledge", Count.OCCASIONS), atol=1e-12)
