"""Values of coalitions, the core and balance, on games known from the literature and by brute force."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foedus.lenses.coalition.measure import stability
from foedus.lenses.coalition.values import balance, balance_by_chance, coalitions_of, core_surplus, shapley


def game(players: str, worth) -> tuple[list[frozenset[str]], np.ndarray]:  # type: ignore[no-untyped-def]
    teams = coalitions_of(players)
    return teams, np.array([[worth(team) for team in teams]], float)


def members(teams: list[frozenset[str]], players: str) -> np.ndarray:
    return np.array([[p in team for p in players] for team in teams])


def test_glove_game() -> None:
    """One left glove, two right ones: Shapley value 2/3, 1/6, 1/6, and a core that gives all to the left."""
    teams, worth = game("LRS", lambda team: float("L" in team and len(team) > 1))
    assert shapley(teams, "LRS", worth)[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert core_surplus(members(teams, "LRS"), worth)[0] == pytest.approx(0.0, abs=1e-9)


def test_airport_game() -> None:
    """A runway as long as the largest user needs: each length is shared by those who need it (Littlechild and Owen 1973)."""
    length = {"a": 1.0, "b": 2.0, "c": 4.0}
    teams, worth = game("abc", lambda team: -max(length[p] for p in team))
    assert shapley(teams, "abc", worth)[0] == pytest.approx([-1 / 3, -1 / 3 - 1 / 2, -1 / 3 - 1 / 2 - 2])


def test_majority_game_has_no_core() -> None:
    teams, worth = game("abc", lambda team: float(len(team) >= 2))
    assert core_surplus(members(teams, "abc"), worth)[0] == pytest.approx(-0.5)
    assert shapley(teams, "abc", worth)[0] == pytest.approx([1 / 3] * 3)


def test_balance_of_triads() -> None:
    signs = np.full((4, 3, 3), 0.5)
    signs[1, 0, 1] = signs[1, 1, 0] = -0.5
    signs[2, 0, 1:] = signs[2, 1:, 0] = -1.0
    signs[3] = 0.0
    assert balance(signs)[:3] == pytest.approx([1, 0, 1])
    assert np.isnan(balance(signs)[3])


def test_dictator_and_unanimity_games() -> None:
    """A dictator takes all; where all are needed all share alike, and the core is as large as can be."""
    coalitions, worth = game("abc", lambda coalition: float("a" in coalition))
    assert shapley(coalitions, "abc", worth)[0] == pytest.approx([1, 0, 0])
    coalitions, worth = game("abc", lambda coalition: float(len(coalition) == 3))
    assert shapley(coalitions, "abc", worth)[0] == pytest.approx([1 / 3] * 3)
    assert core_surplus(members(coalitions, "abc"), worth)[0] == pytest.approx(1.0)


def test_shapley_value_is_the_average_over_orders_of_joining() -> None:
    rng = np.random.default_rng(11)
    coalitions = coalitions_of("abcd")
    worth = rng.normal(size=(2, len(coalitions)))
    index = {coalition: c for c, coalition in enumerate(coalitions)}
    total = np.zeros((2, 4))
    orders = list(permutations("abcd"))
    for order in orders:
        before = np.zeros(2)
        for k, player in enumerate(order):
            after = worth[:, index[frozenset(order[: k + 1])]]
            total[:, "abcd".index(player)] += after - before
            before = after
    assert shapley(coalitions, "abcd", worth) == pytest.approx(total / len(orders), abs=1e-12)
    assert shapley(coalitions, "abcd", worth).sum(axis=1) == pytest.approx(worth[:, -1])


def test_balance_by_chance_is_that_of_all_ways_to_lay_the_signs() -> None:
    """Each pair of four gets a plus with probability 4/6, by itself: the average degree over all 64 ways, by their odds."""
    pairs = list(combinations(range(4), 2))
    total = 0.0
    for signs in product([-1.0, 1.0], repeat=6):
        table = np.zeros((1, 4, 4))
        for (i, j), sign in zip(pairs, signs, strict=True):
            table[0, i, j] = table[0, j, i] = sign
        total += float(np.prod([2 / 3 if sign > 0 else 1 / 3 for sign in signs])) * balance(table)[0]
    written = np.zeros((1, 4, 4))
    for k, (i, j) in enumerate(pairs):
        written[0, i, j] = written[0, j, i] = 0.7 if k < 4 else -0.2
    assert balance_by_chance(written)[0] == pytest.approx(total)
    assert np.isnan(balance_by_chance(np.zeros((1, 3, 3)))[0])


def test_core_of_three_players_by_the_balanced_collections() -> None:
    """For three players the core is not empty where no balanced collection is worth more than all (Shapley 1967)."""
    rng = np.random.default_rng(4)
    coalitions = coalitions_of("abc")
    worth = rng.uniform(0, 1, (40, len(coalitions)))
    one, two = worth[:, :3], worth[:, 3:6][:, ::-1]  # the pair without a, without b, without c
    balanced = [one.sum(axis=1), two.sum(axis=1) / 2, *(one[:, i] + two[:, i] for i in range(3))]
    surplus = core_surplus(members(coalitions, "abc"), worth)
    assert surplus == pytest.approx(worth[:, 6] - np.max(balanced, axis=0), abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_stability_by_its_definitions(seed: int) -> None:
    """Each definition spelled out once more, coalition by coalition, on random payoffs of four players."""
    coalitions = coalitions_of("abcd")
    payoff = np.random.default_rng(seed).integers(0, 4, (1, len(coalitions), 4)).astype(float)
    payoff[:, :4] = payoff[:, :1]  # a coalition of one is everybody alone
    pay = {c: dict(zip("abcd", payoff[0, k], strict=True)) for k, c in enumerate(coalitions)}
    alone = pay[frozenset("a")]
    holds, closed, unblocked = stability(coalitions, "abcd", payoff)
    for k, c in enumerate(coalitions):
        left = {p: pay.get(c - {p}, alone) for p in c}
        assert holds[0, k] == all(left[p][p] <= pay[c][p] for p in c)
        assert closed[0, k] == all(pay[c | {p}][p] <= pay[c][p] for p in frozenset("abcd") - c)
        parts = [part for part in coalitions if part < c]
        assert unblocked[0, k] == (not any(all(pay[part][p] > pay[c][p] for p in part) for part in parts))


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_balance_by_counting_triads(seed: int) -> None:
    signs = np.triu(np.random.default_rng(seed).choice([-1.0, 1.0], (5, 5)), 1)
    signs += signs.T
    triads = [signs[i, j] * signs[j, k] * signs[i, k] for i, j, k in combinations(range(5), 3)]
    assert balance(signs[None])[0] == pytest.approx(sum(t > 0 for t in triads) / len(triads))
