"""Policy comparison against hand-worked numbers and its invariants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foedus.errors import FoedusError
from foedus.lenses.policies.comparison import compare, dominated, pareto, regret
from foedus.lenses.policies.rules import RULES, Rule, chosen_by_rule, tied_by_rule
from foedus.present.wording import percent
from foedus.worlds.ties import tied

VALUES = np.array([[1.0, 2.0, 2.0], [5.0, 3.0, 1.0], [4.0, 4.0, np.nan]])
WEIGHTS = [0.5, 0.3, 0.2]


def metric(values: np.ndarray) -> xr.DataArray:
    names = [chr(97 + i) for i in range(values.shape[1])]
    return xr.DataArray(values, dims=("world", "policy"), coords={"policy": names})


def test_by_hand() -> None:
    found = compare(metric(VALUES), "higher", WEIGHTS, enough=2)
    np.testing.assert_allclose(found["mean"], [0.5 + 1.5 + 0.8, 1 + 0.9 + 0.8, (1 + 0.3) / 0.8])
    np.testing.assert_allclose(found["regret_mean"], [0.5, 0.6, 1.2 / 0.8])
    np.testing.assert_allclose(found["regret_max"], [1, 2, 4])
    np.testing.assert_allclose(found["satisficing"], [0.5, 1, 0.5])
    np.testing.assert_allclose(found["best"], [0.5, 0.7, 0.5])
    np.testing.assert_allclose(found["undefined"], [0, 0, 0.2])
    np.testing.assert_allclose(found["better"], [[0, 0.3, 0.3], [0.5, 0, 0.3], [0.5, 0, 0]])
    # b is good enough in all three worlds and a in half of the weight; 0.5 is within 1.96 * sqrt(0.25 * 0.38) of 0, a tie
    # that the best on average keeps.
    assert chosen_by_rule(found) == dict.fromkeys(RULES, "a")
    np.testing.assert_allclose(found["satisficing_error"].sel(policy="a", other="b"), np.sqrt(0.25 * 0.38))
    assert tied_by_rule(found)["satisficing"] == ("a", "b", "c") and tied_by_rule(found)["minimax_regret"] == ("a",)
    lower = compare(metric(VALUES), "lower", WEIGHTS, enough=2)
    np.testing.assert_allclose(lower["satisficing"], [0.5, 0.5, 0.8])
    np.testing.assert_allclose(lower["regret_max"], [4, 2, 1])
    assert chosen_by_rule(lower)["expected"] == "c"


def test_dims_may_come_in_any_order_and_are_checked() -> None:
    flipped = metric(VALUES).transpose("policy", "world")
    xr.testing.assert_equal(compare(flipped, "higher", WEIGHTS), compare(metric(VALUES), "higher", WEIGHTS))
    with pytest.raises(FoedusError, match="dims world and policy"):
        compare(metric(VALUES).rename(policy="actor"))
    with pytest.raises(FoedusError, match="'higher' or 'lower'"):
        compare(metric(VALUES), "up")  # type: ignore[arg-type]


@given(arrays(float, (12, 4), elements=st.integers(-5, 5).map(float)), st.integers(1, 9))
def test_invariants(values: np.ndarray, shift: int) -> None:
    data = metric(values)
    loss = regret(data).values
    assert (loss.min(axis=1) == 0).all()
    np.testing.assert_allclose(regret(data + shift).values, loss)
    np.testing.assert_allclose(regret(-data, "lower").values, loss)
    found = compare(data)
    better = found["better"].values
    ties = (values[:, :, None] == values[:, None, :]).mean(axis=0)
    np.testing.assert_allclose(better + better.T + ties, 1)
    assert (found["regret_max"] >= found["regret_mean"] - 1e-12).all()
    # what maximises the mean minimises the mean regret
    assert found["regret_mean"].values[np.argmax(found["mean"].values)] == pytest.approx(found["regret_mean"].min())


@given(arrays(float, (7, 3), elements=st.integers(0, 3).map(float)))
def test_dominance_is_what_it_says(points: np.ndarray) -> None:
    for row, found in zip(points, dominated(points), strict=True):
        assert found == any((other >= row).all() and (other > row).any() for other in points)
    assert not dominated(points).all()


def test_pareto_over_two_metrics() -> None:
    war = metric(np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.3]]))
    cost = metric(np.array([[3.0, 1.0, 1.0], [3.0, 1.0, 1.0]]))
    found = pareto({"war": war, "cost": cost}, {"war": "lower", "cost": "lower"}, [0.75, 0.25])
    assert found["efficient"].values.tolist() == [True, True, False]
    np.testing.assert_allclose(found["efficient_share"], [0.75, 1, 0])
    np.testing.assert_allclose(found["mean"].sel(policy="a"), [0.15, 3])
    with pytest.raises(FoedusError, match="needs a direction"):
        pareto({"war": war}, {})


def test_a_policy_without_numbers_is_not_efficient_nor_chosen() -> None:
    data = metric(np.array([[1.0, np.nan], [2.0, np.nan]]))
    found = pareto({"m": data}, {"m": "higher"})
    assert found["efficient"].values.tolist() == [True, False]
    assert chosen_by_rule(compare(data))["minimax_regret"] == "a"
    assert chosen_by_rule(compare(metric(np.full((2, 2), np.nan)))) == {}


def brute_force(values: np.ndarray, weights: np.ndarray, enough: float) -> dict[str, str]:
    """The choice of each rule from its definition, policy by policy and world by world; higher is better."""
    worlds, policies = range(len(values)), range(values.shape[1])
    loss = [[max(values[w]) - values[w][p] for w in worlds] for p in policies]
    scores = {
        "expected": [sum(weights[w] * values[w][p] for w in worlds) for p in policies],
        "minimax_regret": [-max(loss[p][w] for w in worlds if weights[w] > 0) for p in policies],
        "regret_mean": [-sum(weights[w] * loss[p][w] for w in worlds) for p in policies],
        "satisficing": [sum(weights[w] for w in worlds if values[w][p] >= enough) for p in policies],
    }
    return {rule: chr(97 + max(policies, key=lambda p: (round(score[p], 9), -p))) for rule, score in scores.items()}


@given(
    arrays(float, (9, 4), elements=st.integers(-9, 9).map(float)),
    st.lists(st.integers(0, 8), min_size=9, max_size=9).filter(any),
    st.integers(-3, 3),
)
def test_every_rule_chooses_as_its_definition_does(values: np.ndarray, mass: list[int], enough: int) -> None:
    # a tie may go either way by rounding, so the choices are compared by their scores
    weights = np.array(mass, float)
    compared = compare(metric(values), "higher", weights, enough)
    shares = weights / weights.sum()
    expected = brute_force(values, shares, enough)
    level = tied_by_rule(compared)
    assert level.keys() == expected.keys() == RULES.keys()
    columns = {name: i for i, name in enumerate(compared["policy"].values)}
    for rule, tie in level.items():
        score, best = RULES[rule].score(compared), expected[rule]
        told = values >= enough if rule == "satisficing" else values
        for name, place in columns.items():
            gap = [float(told[w, columns[best]]) - float(told[w, place]) for w in range(9)]
            lead = sum(shares[w] * gap[w] for w in range(9))
            error = sum((shares[w] * (gap[w] - lead)) ** 2 for w in range(9)) ** 0.5 * (rule != "minimax_regret")
            room = 1.96 * error + 2e-9
            if abs(score[columns[best]] - score[place] - room) > 1e-8:  # at the border rounding decides
                assert (name in tie) == (score[columns[best]] - score[place] <= room), (rule, name)
        assert tie[0] == level["expected"][0] or level["expected"][0] not in tie


def test_a_tie_is_what_cannot_be_told_apart() -> None:
    """Case 16: three policies that are good enough everywhere tie, and the best on average stays the choice."""
    rng = np.random.default_rng(1)
    risk = rng.uniform(0.4, 0.6, 200)
    alike = np.stack([risk, risk + 1e-13, np.zeros(200)], axis=1)
    level = tied_by_rule(compare(metric(alike), "lower", None, enough=0.9))
    assert level["satisficing"] == ("c", "a", "b") and level["expected"] == level["minimax_regret"] == ("c",)
    found = compare(metric(alike[:, :2]), "lower")
    assert tied_by_rule(found)["expected"] == ("a", "b") and not found["better"].values.any()
    assert found["best"].values.tolist() == [1, 1]
    # Within the interval: two policies that differ world by world, by nothing on average that 200 worlds can tell.
    noise = rng.normal(0, 0.1, 200)
    close = np.stack([risk, risk + noise - noise.mean() + 0.005, risk + 0.2], axis=1)
    assert tied_by_rule(compare(metric(close), "lower"))["expected"] == ("a", "b")
    # A lead that all worlds share is a win though it is small, unless print hides it.
    lead = compare(metric(np.stack([risk, risk + 0.001], axis=1)), "lower")
    assert percent(risk.mean()) == percent(risk.mean() + 0.001) == "50%"
    assert tied_by_rule(lead)["expected"] == ("a",) and tied_by_rule(lead, percent)["expected"] == ("a", "b")
    assert tied(np.array([0.001, 0.0]), say=percent) == [0] and tied(np.array([0.0005, 0.00001]), say=percent) == [0]
    assert tied(np.array([np.nan, np.nan])) == []


@given(arrays(float, (6, 4, 2), elements=st.integers(0, 3).map(float)))
def test_the_pareto_set_is_found_by_trying_every_pair(cube: np.ndarray) -> None:
    def beaten(points: np.ndarray, p: int) -> bool:
        return any(all(other >= points[p]) and any(other > points[p]) for other in points)

    found = pareto({"war": metric(-cube[:, :, 0]), "value": metric(cube[:, :, 1])}, {"war": "lower", "value": "higher"})
    shares = [np.mean([not beaten(world, p) for world in cube]) for p in range(4)]
    np.testing.assert_allclose(found["efficient_share"], shares)
    totals = cube.sum(axis=0)
    means = np.round(found["mean"].values * [-1, 1] * 6)
    np.testing.assert_allclose(means, totals)
    assert found["efficient"].values.any()
    for p in range(4):
        if beaten(totals, p) and not any(
            (np.abs(totals[p] - row) < 1e-9).any() for i, row in enumerate(totals) if i != p
        ):
            assert not found["efficient"].values[p]


def test_a_new_decision_rule_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Maximin (Wald 1950) as a row of its own: the largest 5% quantile stands in for the worst value."""
    maximin = Rule(
        "cautious", "best of the bad", "is best in bad worlds", "Wald 1950", lambda c: c["quantiles"].values[:, 0]
    )
    monkeypatch.setitem(RULES, "cautious", maximin)
    found = compare(metric(np.array([[0.0, 4.0], [10.0, 5.0], [11.0, 6.0]])))
    assert chosen_by_rule(found)["cautious"] == "b" and chosen_by_rule(found)["expected"] == "a"


def test_the_page_lists_every_rule_with_its_source() -> None:
    page = (Path(__file__).parents[1] / "docs/policies.md").read_text(encoding="utf-8")
    rows = {cells[1]: cells[3] for line in page.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 5}
    for rule in RULES.values():
        assert rule.source in rows[rule.words]
