"""Padding, cutting and joining of worlds: nothing depends on how many there are, in which order, or how they are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foedus.errors import FoedusError
from foedus.game.arrays import LANES
from foedus.scenario.errors import ScenarioError
from foedus.scenario.schema import Scenario
from foedus.worlds import simulate as simulation
from foedus.worlds.blocks import Shape, blocks, in_blocks
from foedus.worlds.padding import Blocks, joined, padded, width_of
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Behaviour, Games, Options, PolicyResult, simulate
from small_policies import coin
from strategies import Case, cases

CHECKS = settings(max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))


@given(st.integers(1, 40), st.integers(1, 5))
@settings(derandomize=True)
def test_what_is_cut_and_joined_is_what_was_there(worlds: int, rows: int) -> None:
    draws = {"a": np.arange(worlds, dtype=float), "b": -np.arange(worlds, dtype=float)}
    filled = padded(draws)
    assert width_of(filled) % LANES == 0 and 0 <= width_of(filled) - worlds < LANES
    for name, draw in draws.items():
        np.testing.assert_array_equal(filled[name][:worlds], draw)
        assert (filled[name][worlds:] == draw[-1]).all()
    table = np.outer(np.arange(1.0, rows + 1), filled["a"])
    cut = Blocks.cut([table, 2 * table, table.copy()], worlds)
    assert cut.same == ((0, 1, 0) if worlds > 1 else (0, 0, 0))  # in one world all is 0
    assert len(cut.tables) == -(-worlds // LANES) == width_of(filled) // LANES
    for block in cut.tables:
        assert all(part.shape == (rows, LANES) and part.flags["C_CONTIGUOUS"] for part in block)
    whole = joined([{"first": block[0].T, "second": block[1].T} for block in cut.tables], cut.width)
    np.testing.assert_array_equal(whole["first"], table.T[:worlds])
    np.testing.assert_array_equal(whole["second"], 2 * table.T[:worlds])


def test_nothing_drawn_is_one_world() -> None:
    assert width_of({}) == 1 and padded({}) == {}


def draws_of(case: Case) -> dict[str, np.ndarray]:
    derived = {name for name, a in case.scenario.all_assumptions.items() if isinstance(a.value, str)}
    names = [name for name in case.scenario.all_assumptions if name not in derived]
    return {name: np.array([world[name] for world in case.worlds]) for name in names}


def parts(games: Games, policy: str, draws: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Choices and visits of every world, its lane first."""
    solved = [(block, block.visits()) for block in blocks(games, policy, draws)]
    choices = np.concatenate([block.played.transpose(2, 0, 1)[: block.width] for block, _ in solved])
    visits = np.concatenate([visits.transpose(2, 0, 1)[: block.width] for block, visits in solved])
    return choices, visits


@CHECKS
@given(cases(worlds=11), st.permutations(range(11)), st.integers(1, 11))
def test_blocks_give_the_same_bits_in_any_order_and_number(case: Case, order: list[int], first: int) -> None:
    games, draws = Games(case.scenario, (), {}, observe=False), draws_of(case)
    for policy in case.scenario.all_policies:
        choices, visits = parts(games, policy, draws)
        mixed = parts(games, policy, {name: draw[order] for name, draw in draws.items()})
        some = parts(games, policy, {name: draw[:first] for name, draw in draws.items()})
        # What a guard shuts is not written, so only choices that can be met are compared.
        g = games.game(policy).arrays
        met = np.repeat(visits > 0, np.diff(g.a_ptr), axis=2)
        reported = slice(0, visits.shape[1])
        np.testing.assert_array_equal(
            np.where(met[order], mixed[0][:, reported], 0), np.where(met, choices[:, reported], 0)[order]
        )
        np.testing.assert_array_equal(mixed[1], visits[order])
        np.testing.assert_array_equal(some[1], visits[:first])


@CHECKS
@given(cases(worlds=9))
def test_in_blocks_joins_what_blocks_gives(case: Case) -> None:
    games, draws = Games(case.scenario, (), {}, observe=False), draws_of(case)
    perfect = case.scenario.rationality == "perfect"
    for policy in case.scenario.all_policies:
        together = in_blocks(games, policy, draws, lambda play, tables: {"value": play.solve(tables, 1.0, perfect)[1]})
        result = simulate(case.scenario, draws, [policy], games=games).results[policy]
        np.testing.assert_array_equal(together["value"], result.value)


@CHECKS
@given(cases())
def test_who_owns_what(case: Case) -> None:
    for policy in case.scenario.all_policies:
        g = Games(case.scenario, (), {}, observe=False).game(policy).arrays
        shape = Shape(g)
        for a, n in enumerate(shape.node_of_action):
            assert g.a_ptr[n] <= a < g.a_ptr[n + 1]
        for b, a in enumerate(shape.action_of_branch):
            assert g.b_ptr[a] <= b < g.b_ptr[a + 1]
        for k, (a, b) in enumerate(zip(shape.action_of_pay, shape.branch_of_pay, strict=True)):
            assert (a < 0) != (b < 0)
            assert g.ap_ptr[a] <= k < g.ap_ptr[a + 1] if a >= 0 else g.bp_ptr[b] <= k < g.bp_ptr[b + 1]


@pytest.mark.parametrize("how", [Behaviour(), Behaviour(0.5), Behaviour(perfect=True)])
def test_a_chunk_is_no_boundary(how: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    case = coin()
    draws, options = sample(case, 21, 3), Options(how)
    whole = simulate(case, draws, options=options)
    monkeypatch.setattr(simulation, "CHUNK", 16)
    cut = simulate(case, draws, options=options)
    for policy, result in whole.results.items():
        for name, array in result.arrays.items():
            np.testing.assert_array_equal(array, getattr(cut.results[policy], name))


def test_progress_counts_each_world_once() -> None:
    case, counts = coin(), []
    simulate(case, sample(case, 11), options=Options(progress=counts.append))
    assert sum(counts) == len(case.all_policies) * 11


def test_results_have_what_was_asked_for() -> None:
    case = coin()
    bare = simulate(case, sample(case, 5), options=Options(behaviour=Behaviour.of(case, bare=True)))
    for result in bare.results.values():
        assert {"value", "query", "by", "pays"} <= result.arrays.keys()
        assert "log_likelihood" not in result.arrays and len(result.log_likelihood) == 0
        some = result.worlds(slice(1, 3))
        assert isinstance(some, PolicyResult) and some.actions == result.actions
        np.testing.assert_array_equal(some.value, result.value[1:3])
        with pytest.raises(AttributeError):
            result.valeu  # noqa: B018
    lean = simulate(case, sample(case, 5), games=Games(case, (), {}, lean=True)).results
    assert all(result.arrays.keys() == {"value", "query"} for result in lean.values())


def broken() -> Scenario:
    return Scenario.model_validate(
        {
            "actors": {"a": {}},
            "state": {"s": {"levels": ["x", "y"], "start": "x"}},
            "assumptions": {"p": {"uniform": [0, 1]}},
            "turn": [{"id": "m", "decide": "a", "actions": {"go": {"when": "p < 0.5", "then": {"s": "y"}}}}],
        }
    )


@pytest.mark.parametrize(("worlds", "bad"), [(21, 20), (21, 9), (3, 2), (8, 7)])
def test_what_goes_wrong_names_its_world_and_not_a_copy(worlds: int, bad: int) -> None:
    case = broken()
    draws = sample(case, worlds) | {"p": np.where(np.arange(worlds) == bad, 0.9, 0.1)}
    with pytest.raises(ScenarioError, match=rf"in world {bad} under policy .*p = 0\.9"):
        simulate(case, draws)
    with pytest.raises(ScenarioError, match=f"in world {100 + bad} "):
        simulate(case, draws, options=Options(first=100))
    with pytest.raises(FoedusError, match=f"in world {bad} "):
        list(blocks(Games(case, (), {}), case.factual_policy, draws))
