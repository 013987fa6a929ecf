"""The kernels against each other, where two of them must give the same in different ways, on random scenarios."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from foedus.game.arrays import DECIDE, LANES
from foedus.scenario.expressions import parse
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import scope_of
from foedus.solve import sections as sec
from foedus.solve.flow import flows, push
from foedus.solve.gradient import correlation_weights
from foedus.solve.joint import joint, plain_graph
from foedus.solve.packed import Chain
from foedus.solve.pursuit import layered
from foedus.solve.queries import correlation, ratio
from foedus.solve.reach import DEAD, GO_ON, HIT, extreme, pull
from foedus.solve.values import account, values
from foedus.worlds.blocks import Block, blocks
from foedus.worlds.simulate import Games, simulate
from strategies import Case, Features, cases

CHECKS = settings(max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))
PLAIN = Features(beliefs=False, intervals=False, secrets=False)


def draws_of(case: Case) -> dict[str, np.ndarray]:
    derived = {name for name, a in case.scenario.all_assumptions.items() if isinstance(a.value, str)}
    names = [name for name in case.scenario.all_assumptions if name not in derived]
    return {name: np.array([world[name] for world in case.worlds]) for name in names}


def solved(case: Case) -> Iterator[Block]:
    """Every policy's games, with the levels of the first variable as outcomes."""
    games = Games(case.scenario, (), events(case.scenario), observe=False)
    for policy in case.scenario.all_policies:
        yield from blocks(games, policy, draws_of(case))


def events(scenario: Scenario) -> dict[str, tuple]:
    name, variable = next(iter(scenario.state.items()))
    return {level: parse(f"{name} == {level}", scope_of(scenario)) for level in variable.levels}


@CHECKS
@given(cases())
def test_mass_is_kept_and_starts_again_each_period(case: Case) -> None:
    for block in solved(case):
        g, mass = block.game.arrays, block.visits()
        np.testing.assert_allclose(mass[:, g.end_nodes].sum(axis=1), 1, atol=1e-12)  # what arrives at the period's ends
        branches = np.arange(len(g.target))
        taken = flows(g, block.tables[0], block.played, mass, branches)
        arrived = np.zeros_like(mass)
        ends = set(g.b_ptr[g.a_ptr[g.end_nodes]].tolist())
        for b in branches:
            if b in ends:
                arrived[1:, g.target[b]] += taken[:-1, b]
            else:
                arrived[:, g.target[b]] += taken[:, b]
        for node, c in zip(g.start_node, g.start_prob, strict=True):
            arrived[0, node] += block.now(0)[c]
        shut = g.guard >= 0  # a shut phase passes mass on by no branch: look only at nodes that no mass is passed to
        plain = np.setdiff1d(np.flatnonzero(~shut), g.pass_to[shut])
        np.testing.assert_allclose(mass[:, plain], arrived[:, plain], atol=1e-12)


@CHECKS
@given(cases())
def test_the_chance_of_an_event_pulled_back_and_pushed_forward(case: Case) -> None:
    """From every state on by ``pull`` and ``extreme``; from the start by mass that is stopped; by the forward pass."""
    games = Games(case.scenario, (), events(case.scenario), observe=False)
    for policy in case.scenario.all_policies:
        by = simulate(case.scenario, draws_of(case), [policy], games=games).results[policy].by[:, -1]
        for block in blocks(games, policy, draws_of(case)):
            g, start = block.game.arrays, block.game.starts[()]
            nobody = np.zeros(len(g.patience), bool)
            for o, tree in enumerate(block.play.events):
                event = block.game.watch.events.index(tree)
                bit = np.uint64(1) << np.uint64(event)
                codes = np.where(g.flags & bit, HIT, GO_ON).astype(np.int8)
                back = pull(block.chain, codes)
                value, everywhere = extreme(block.chain, event, nobody, False, start, everywhere=True)
                np.testing.assert_array_equal(back, everywhere)
                np.testing.assert_array_equal(value, extreme(block.chain, event, nobody, True, start)[0])
                np.testing.assert_allclose(value[: block.width], by[block.worlds, o], atol=1e-11)
                there = (start[2] & bit) != 0
                free = start[0][~there], start[1][~there], start[2][~there]
                left = block.visits(codes == HIT) if not there.any() else None
                if left is not None:  # what reaches the last end has never seen the event, but on the last branch
                    never = left[-1, g.end_nodes].sum(axis=0)
                    np.testing.assert_allclose(1 - never, value, atol=1e-11)
                    assert len(free[0]) == len(start[0])
                assert (pull(block.chain, np.where(codes == HIT, DEAD, GO_ON).astype(np.int8)) == 0).all()


@CHECKS
@given(cases())
def test_more_movers_reach_further(case: Case) -> None:
    for block in solved(case):
        actors, start = len(block.game.turn.actors), block.game.starts[()]
        for most in (False, True):
            sign = 1 if most else -1
            nested = [extreme(block.chain, 0, np.arange(actors) < k, most, start)[0] for k in range(actors + 1)]
            for fewer, more in pairwise(nested):
                assert (sign * (more - fewer) >= -1e-12).all()


@CHECKS
@given(cases(PLAIN))
def test_coalitions_of_one_play_as_usual(case: Case) -> None:
    for block in solved(case):
        g, game = block.game.arrays, block.game
        alone = np.arange(len(g.patience), dtype=np.int32)
        worth, wrong = joint(plain_graph(g), block.tables[0], game.solved, alone, block.perfect, game.starts[()])
        assert wrong is None
        expected = block.play.solve(block.tables, 1.0, block.perfect)[1]
        np.testing.assert_allclose(worth.T, expected, rtol=1e-10, atol=1e-11)


@CHECKS
@given(cases(PLAIN))
def test_values_of_given_choices_are_those_of_the_solve_and_variances_add_up(case: Case) -> None:
    """Values by period, from choices already made, against the solve that made them; the mean square of what a play pays
    by the law of total covariance, against all that can happen, is left to the alignment lens's own tests."""
    for block in solved(case):
        g, game = block.game.arrays, block.game
        policy, value = block.play.solve(block.tables, 1.0, block.perfect)
        chain = Chain(block.play.graph, block.tables[0], policy, game.solved)
        *_, (last, worth) = values(chain)
        assert last == 0
        start = sum(worth[n] * block.now(0)[c] for n, c in zip(g.start_node, g.start_prob, strict=True))
        np.testing.assert_allclose(start.T, value, rtol=1e-10, atol=1e-11)
        paid, spread = account(
            Chain(block.play.graph, block.tables[0], policy, game.periods), 0, block.visits()[0], worth
        )
        diagonal = np.einsum("iil->il", spread)
        assert (diagonal >= -1e-12).all() and np.isfinite(paid).all()


@CHECKS
@given(cases(PLAIN))
def test_a_layered_game_is_two_games(case: Case) -> None:
    """In the game in layers for an event a branch leads to the upper layer just where it lands on the event."""
    for block in solved(case):
        graph, g = block.play.graph, block.game.arrays
        packed = layered(graph, 0)

        def part(array: np.ndarray, section: int) -> np.ndarray:
            return array[array[section] : array[section + 1]]

        moved = part(packed, sec.TARGET) - part(graph.packed, sec.TARGET)
        np.testing.assert_array_equal(moved, np.where(g.flags & np.uint64(1), len(g.kind), 0))
        for name in ("KIND", "A_PTR", "PROB", "PAY_COEF"):
            section = getattr(sec, name)
            np.testing.assert_array_equal(part(packed, section), part(graph.packed, section))


@CHECKS
@given(cases())
def test_without_days_mass_stays_and_a_limit_holds_it(case: Case) -> None:
    for block in solved(case):
        g = block.game.arrays
        nowhere = np.zeros(len(g.target), bool)
        mass = np.zeros((block.game.periods, len(g.kind), LANES))
        mass[:, g.start_node[0]] = 1.0
        whole = mass.copy()
        push(block.chain, mass, nowhere, days=False)
        np.testing.assert_allclose(mass[:, g.end_nodes].sum(axis=1), 1, atol=1e-12)
        push(block.chain, whole, nowhere, days=False, worth=np.ones_like(whole), limit=1.0)
        inner = np.setdiff1d(np.arange(len(g.kind)), g.end_nodes)
        held, past = whole[:, inner].sum(axis=1), whole[:, g.end_nodes].sum(axis=1)
        np.testing.assert_allclose(held + past, 1, atol=1e-12)  # held where it acts first
        assert (past == 0).all() or (g.guard >= 0).any()  # phases that are shut hold nothing


@CHECKS
@given(cases())
def test_choices_are_probabilities(case: Case) -> None:
    for block in solved(case):
        g = block.game.arrays
        decides = np.flatnonzero(g.kind == DECIDE)
        visits = block.visits()
        for n in decides:
            total = block.played[: len(visits), g.a_ptr[n] : g.a_ptr[n + 1]].sum(axis=1)
            np.testing.assert_allclose(total[visits[:, n] > 0], 1, atol=1e-12)
        assert (block.played >= 0).all() and (block.played <= 1 + 1e-12).all()


def test_a_correlation_and_its_slopes() -> None:
    rng = np.random.default_rng(5)
    weights, u, v = rng.random(30), rng.normal(size=30), rng.normal(size=30)
    moments = np.array([(weights * x).sum() for x in (np.ones(30), u, v, u * u, v * v, u * v)])
    r, slopes = correlation_weights(moments, np.zeros(2))
    cov = np.cov(u, v, aweights=weights, bias=True)
    assert r == pytest.approx(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]))
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-6 * abs(moments[k])
        up, down = (correlation_weights(moments + s * step, np.zeros(2))[0] for s in (1, -1))
        assert slopes[k] == pytest.approx((up - down) / (2 * step[k]), rel=1e-5)
    flat = copy.deepcopy(moments)
    flat[[1, 3, 5]] = moments[0] * 2, moments[0] * 4, moments[2] * 2  # u is always 2
    assert np.isnan(correlation_weights(flat, np.zeros(2))[0])


def test_a_correlation_over_lanes_and_ratios() -> None:
    rng = np.random.default_rng(1)
    weights, stage = rng.random((20, LANES)), rng.normal(size=(2, 20, LANES))
    stage[1, :, 3] = 7.0  # no variance in this lane
    shift = stage[:, 0]
    apart = stage - shift[:, None]
    product = np.einsum("el,iel,jel->ijl", weights, apart, apart)
    counts = SimpleNamespace(
        visits=weights.sum(axis=0), stage=np.einsum("el,iel->il", weights, apart), product=product, shift=shift
    )
    found = correlation(counts, 1, 0)
    for lane in range(LANES):
        cov = np.cov(*stage[:, :, lane], aweights=weights[:, lane], bias=True)
        if lane == 3:
            assert np.isnan(found[lane])
        else:
            assert found[lane] == pytest.approx(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]), abs=1e-12)
    np.testing.assert_array_equal(ratio(np.array([1.0, 0, 2]), np.array([2.0, 0, -1])), [0.5, np.nan, np.nan])
