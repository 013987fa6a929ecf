"""Weights of worlds and weighted statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foedus.errors import FoedusError
from foedus.worlds import weights as w


def test_posterior_is_bayes_rule_even_where_likelihoods_underflow() -> None:
    np.testing.assert_allclose(w.posterior([-2000.0, -2000.0 + np.log(3)]), [0.25, 0.75])
    np.testing.assert_allclose(w.posterior([0, -np.inf, np.log(2)], np.log([0.5, 0.3, 0.2])), [5 / 9, 0, 4 / 9])
    with pytest.raises(FoedusError, match="no world allows"):
        w.posterior([-np.inf, -np.inf])
    with pytest.raises(FoedusError, match="world 1 is not a number"):
        w.posterior([0, np.nan])


def test_log_evidence() -> None:
    assert w.log_evidence(np.log([0.2, 0.4]) - 900) == pytest.approx(np.log(0.3) - 900)
    assert w.log_evidence(np.log([0.2, 0.4]), [3, 1]) == pytest.approx(np.log(0.25))
    assert w.log_evidence([-np.inf]) == -np.inf


def test_effective_sample_size() -> None:
    assert w.ess(w.even(40)) == pytest.approx(40)
    assert w.ess([1, 0, 0]) == 1
    assert w.ess([1e-300, 1e-300]) == pytest.approx(2)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.floats(0, 1))
def test_equal_weights_give_hazens_quantiles(values: list[float], q: float) -> None:
    found = w.weighted_quantile(values, q)
    assert float(found) == pytest.approx(np.quantile(values, q, method="hazen"), abs=1e-9)


def test_weights_count_as_copies() -> None:
    values, counts = np.array([3.0, 1.0, 2.0, 9.0]), np.array([1, 4, 2, 0])
    copies = np.repeat(values, counts)
    assert w.mean(values, counts) == pytest.approx(copies.mean())
    assert w.spread(values, counts) == pytest.approx(copies.std())
    assert w.share(values > 1.5, counts) == pytest.approx(np.mean(copies > 1.5))
    np.testing.assert_allclose(w.ranks(values, counts)[:3], [6.5 / 7, 2 / 7, 5 / 7])
    assert w.share([True, True, True], [0.1, 0.2, 0.7]) == 1.0


def test_undefined_worlds_are_left_out() -> None:
    values = [1.0, np.nan, 3.0]
    assert w.mean(values, [1, 5, 3]) == pytest.approx(2.5)
    assert float(w.weighted_quantile(values, 0.5)) == 2
    assert np.isnan(w.mean([np.nan]))
    assert np.isnan(w.weighted_quantile([np.nan], [0.1, 0.9])).all()


@pytest.mark.parametrize("bad", [[1.0], [1, -1], [0, 0], [np.nan, 1]])
def test_weights_that_cannot_be(bad: list[float]) -> None:
    with pytest.raises(FoedusError, match="weights must be 2 numbers"):
        w.normalised(bad, 2)


def test_weighted_quantiles_of_many_columns_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(0)
    values, probs = rng.normal(size=(30, 4, 2)), (0.05, 0.5, 0.95)
    np.testing.assert_allclose(w.weighted_quantile(values, probs), np.quantile(values, probs, axis=0, method="hazen"))
    weights = rng.dirichlet(np.ones(30))
    values[3, 1, 0] = np.nan
    together = w.weighted_quantile(values, probs, weights)
    for i, j in np.ndindex(4, 2):
        np.testing.assert_array_equal(together[:, i, j], w.weighted_quantile(values[:, i, j], probs, weights))


def test_a_value_stands_at_the_middle_of_its_weight() -> None:
    rng = np.random.default_rng(1)
    values, weights = np.sort(rng.normal(size=12)), rng.dirichlet(np.ones(12))
    below = np.cumsum(weights) - weights
    np.testing.assert_allclose(w.weighted_quantile(values, list(below + weights / 2), weights), values)
    halves = w.weighted_quantile(np.repeat(values, 2), [0.3, 0.7], np.repeat(weights / 2, 2))
    assert (np.abs(halves - w.weighted_quantile(values, [0.3, 0.7], weights)) <= np.ptp(values) / 2).all()


def test_the_fewest_worlds_that_carry_a_share_of_the_weight() -> None:
    assert w.carrying([0.05, 0.9, 0.05], 0.9) == 1 and w.carrying([0.05, 0.89, 0.06], 0.9) == 2
    assert w.carrying(np.full(200, 1 / 200), 0.9) == 180 and w.carrying([1.0], 1.0) == 1
