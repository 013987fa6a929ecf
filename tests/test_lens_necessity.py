"""Necessity and sufficiency against cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from foedus.errors import FoedusError
from foedus.lenses.policies.necessity import consistency, degree, degrees_of_sets

POLICIES = {"none": (), "a": ("a",), "b": ("b",), "both": ("a", "b")}


def by_set(found: list) -> dict:
    return {"".join(sorted(one.measures)): one for one in found}


def test_a_goal_that_needs_both() -> None:
    no, yes = np.zeros(4, bool), np.ones(4, bool)
    found = by_set(degrees_of_sets({"none": no, "a": no, "b": no, "both": yes}, POLICIES))
    assert list(found) == ["a", "b", "ab"]
    assert (found["a"].sufficiency.value, found["a"].necessity.value) == (0, 1)
    assert (found["ab"].sufficiency.value, found["ab"].necessity.value) == (1, 1)


def test_a_goal_that_either_reaches() -> None:
    no, yes = np.zeros(4, bool), np.ones(4, bool)
    found = by_set(degrees_of_sets({"none": no, "a": yes, "b": yes, "both": yes}, POLICIES))
    assert (found["a"].sufficiency.value, found["a"].necessity.value) == (1, 0)
    assert found["ab"].necessity.value == 1


def test_a_goal_reached_anyway() -> None:
    yes = np.ones(4, bool)
    found = by_set(degrees_of_sets(dict.fromkeys(POLICIES, yes), POLICIES))["a"]
    assert found.sufficiency.value == 1
    assert np.isnan(found.sufficiency_where_needed.value)
    assert found.sufficiency_where_needed.counted == 0
    assert found.necessity.value == 0


def test_weighted_mixture_by_hand() -> None:
    weights = [0.1, 0.2, 0.3, 0.4]
    reached = {"none": [1, 0, 0, 0], "a": [1, 1, 0, 0], "b": [1, 0, 0, 0], "both": [1, 1, 1, 0]}
    found = by_set(degrees_of_sets(reached, POLICIES, weights))
    assert found["a"].sufficiency.value == pytest.approx(0.3)
    assert found["a"].sufficiency_where_needed.value == pytest.approx(0.2 / 0.9)
    assert found["a"].necessity.value == pytest.approx(0.5 / 0.6)
    assert found["a"].necessity.counted == pytest.approx(0.6)
    assert found["b"].necessity.value == pytest.approx(0.3 / 0.6)


def test_what_was_not_solved_is_not_told() -> None:
    yes = np.ones(3, bool)
    found = by_set(degrees_of_sets({"none": yes, "ab": yes, "c": yes}, {"none": (), "ab": "ab", "c": "c"}))
    assert set(found) == {"ab", "c"}
    assert found["ab"].necessity is None and found["ab"].sufficiency is not None


def test_the_error_is_that_of_a_share() -> None:
    rng = np.random.default_rng(0)
    found = [degree(rng.random(400) < 0.3, np.ones(400, bool)) for _ in range(200)]
    inside = [abs(one.value - 0.3) < 1.96 * one.error for one in found]
    assert stats.binomtest(sum(inside), 200, 0.95).pvalue > 1e-3


def test_consistency_of_crisp_and_fuzzy_sets() -> None:
    crisp = consistency([1, 1, 1, 0, 0], [1, 1, 0, 1, 0])
    assert (crisp.sufficient, crisp.necessary) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    fuzzy = consistency([0.2, 0.6], [0.4, 0.3], [1, 3])
    assert fuzzy.sufficient == pytest.approx((0.2 + 0.9) / (0.2 + 1.8))
    assert fuzzy.necessary == pytest.approx((0.2 + 0.9) / (0.4 + 0.9))
    assert np.isnan(consistency([0, 0], [1, 1]).sufficient)
    with pytest.raises(FoedusError, match="between 0 and 1"):
        consistency([2.0], [1.0])


def test_refusals() -> None:
    with pytest.raises(FoedusError, match="same measures"):
        degrees_of_sets({"x": [True], "y": [True]}, {"x": "a", "y": "a"})
    with pytest.raises(FoedusError, match="policy 'y' is not given"):
        degrees_of_sets({"x": [True]}, {"x": "a", "y": "b"})
    with pytest.raises(FoedusError, match="too many sets"):
        degrees_of_sets({"x": [True]}, {"x": [f"m{i}" for i in range(13)]})


def test_the_four_worlds_of_the_page() -> None:
    """The example of docs/policies.md: two measures, four worlds."""
    reached = {"neither": [0, 0, 1, 0], "a": [0, 1, 1, 0], "b": [0, 0, 1, 0], "both": [1, 1, 1, 0]}
    taken = {"neither": [], "a": ["a"], "b": ["b"], "both": ["a", "b"]}
    first, second, _ = degrees_of_sets(reached, taken)
    assert first.sufficiency is not None and first.sufficiency.value == 2 / 4
    assert first.sufficiency_where_needed is not None and first.sufficiency_where_needed.value == pytest.approx(1 / 3)
    assert first.necessity is not None and first.necessity.value == pytest.approx(2 / 3)
    assert second.necessity is not None and second.necessity.value == pytest.approx(1 / 3)
    assert first.necessity.counted == 3 / 4  # what it presumes: reached with both
    for each in (first, second):
        assert each.needed_not_enough is not None and each.needed_not_enough.value == 1 / 4
    assert (first.over_cases.sufficient, first.over_cases.necessary) == (pytest.approx(5 / 8), pytest.approx(5 / 7))
