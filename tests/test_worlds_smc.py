"""Particles and importance weights against closed forms, and what must hold of them whatever the likelihood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr, ndtri

from foedus.errors import FoedusError
from foedus.worlds import weights as w
from foedus.worlds.sample import unit_sample
from foedus.worlds.smc import (
    MoveRule,
    Unit,
    _increment,
    _left,
    _next_power,
    _Particles,
    _rejuvenate,
    _Shape,
    _systematic,
    smc,
)

EXACT = settings(max_examples=100, derandomize=True)
positive = st.lists(st.floats(0.001, 1), min_size=2, max_size=30).map(np.array)


def normal(mean: float, sd: float) -> Callable[[Unit], Any]:
    """A measurement of x's normal coordinate, of which the prior is standard normal."""
    return lambda unit: stats.norm.logpdf(mean, ndtri(unit["x"]), sd)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (3.0, 0.3), (-4.0, 0.05)])
def test_a_measured_normal(mean: float, sd: float) -> None:
    """Conjugate: posterior mean m / (1 + s^2), variance s^2 / (1 + s^2); evidence normal with variance 1 + s^2."""
    particles = smc(normal(mean, sd), ["x"], 2000, seed=3)
    z = ndtri(particles.unit["x"])
    center, spread = mean / (1 + sd**2), sd / np.sqrt(1 + sd**2)
    assert z.mean() == pytest.approx(center, abs=5 * spread / np.sqrt(particles.effective))
    assert z.std() == pytest.approx(spread, rel=0.1)
    assert particles.log_evidence == pytest.approx(stats.norm.logpdf(mean, 0, np.sqrt(1 + sd**2)), abs=0.3)
    np.testing.assert_allclose(particles.loglik, normal(mean, sd)(particles.unit), rtol=1e-6)
    assert 0 < particles.effective <= 2000 + 1e-9
    assert [stage.power for stage in particles.stages] == sorted({stage.power for stage in particles.stages})
    assert particles.stages[-1].power == 1.0


def test_what_says_nothing_leaves_the_prior() -> None:
    particles = smc(lambda unit: np.full(len(unit["x"]), -7.0), ["x", "y"], 4000, seed=1)
    assert particles.log_evidence == pytest.approx(-7)
    assert len(particles.stages) == 1 and particles.stages[0].ess == pytest.approx(4000)
    for u in particles.unit.values():
        assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(*particles.unit.values())[0, 1]) < 0.06


def test_impossible_worlds_go() -> None:
    """A likelihood of 1 on a fifth of the prior: the posterior is uniform there, the evidence a fifth."""
    particles = smc(lambda unit: np.where(unit["x"] < 0.2, 0.0, -np.inf), ["x"], 1000, seed=2)
    assert particles.unit["x"].max() < 0.2
    assert particles.log_evidence == pytest.approx(np.log(0.2), abs=0.01)  # the start is a Latin hypercube
    assert stats.kstest(particles.unit["x"] / 0.2, "uniform").pvalue > 1e-3


def test_the_same_seed_gives_the_same_particles_and_a_start_costs_nothing() -> None:
    names, loglik = ["x", "y"], lambda unit: -8 * (unit["x"] - unit["y"]) ** 2
    first, second = (smc(loglik, names, 200, seed=5) for _ in range(2))
    start = unit_sample(names, 200, 5)
    third = smc(loglik, names, 200, seed=5, start=(start, loglik(start)))
    other = smc(loglik, names, 200, seed=6)
    for name in names:
        np.testing.assert_array_equal(first.unit[name], second.unit[name])
        np.testing.assert_array_equal(first.unit[name], third.unit[name])
        assert not np.array_equal(first.unit[name], other.unit[name])
    assert first.evaluations - third.evaluations == 200
    assert third.evaluations == 200 * sum(stage.moves for stage in third.stages)


@EXACT
@given(positive, st.integers(1, 200), st.integers(0, 99))
def test_systematic_resampling_takes_each_as_often_as_expected(weights: np.ndarray, n: int, seed: int) -> None:
    chosen = _systematic(weights, n, np.random.default_rng(seed))
    expected = n * weights / weights.sum()
    counts = np.bincount(chosen, minlength=len(weights))
    assert counts.sum() == n and (np.diff(chosen) >= 0).all()
    assert (np.abs(counts - expected) < 1 + 1e-9).all()


def test_systematic_resampling_leaves_out_what_has_no_weight() -> None:
    weights = np.array([0.0, 1.0, 0.0, 2.0, 0.0])
    for seed in range(50):
        assert set(_systematic(weights, 7, np.random.default_rng(seed))) == {1, 3}


@EXACT
@given(st.lists(st.floats(-50, 0), min_size=5, max_size=40), st.floats(0, 0.9), st.floats(0.2, 0.9))
def test_each_power_keeps_as_many_effective_worlds_as_asked(logs: list[float], power: float, share: float) -> None:
    loglik, wanted = np.array(logs), share * len(logs)
    found = _next_power(loglik, power, wanted)
    assert power < found <= 1
    effective = w.ess(_increment(loglik, found - power)[0])
    assert effective >= wanted * (1 - 1e-9)
    assert found == 1 or effective == pytest.approx(wanted, rel=1e-6)


def test_where_impossible_worlds_alone_are_too_many_they_go_first() -> None:
    assert _next_power(np.array([-1.0, -2.0, *[-np.inf] * 8]), 0.0, 5) == 0.0


@EXACT
@given(positive, st.floats(0.01, 1))
def test_an_increment_is_the_mean_likelihood_to_that_power(likelihoods: np.ndarray, step: float) -> None:
    weights, gain = _increment(np.log(likelihoods), step)
    assert np.exp(gain) == pytest.approx(np.mean(likelihoods**step))
    np.testing.assert_allclose(weights / weights.sum(), likelihoods**step / np.sum(likelihoods**step))


@pytest.mark.parametrize("kind", ["autoregressive", "walk"])
def test_a_step_comes_with_the_ratio_that_makes_it_reversible(kind: str) -> None:
    """prior(new) q(old | new) / (prior(old) q(new | old)), with q worked out from the shape by hand."""
    rng = np.random.default_rng(4)
    z = rng.normal(size=(400, 3)) @ np.array([[1, 0.4, 0], [0, 0.8, 0.2], [0, 0, 0.5]]) + [0.5, -1, 0]
    shape, size = _Shape(z), 0.6
    new, ratio = getattr(shape, kind)(z, size, rng)
    cov = shape.root @ shape.root.T

    def proposal(to: np.ndarray, here: np.ndarray) -> np.ndarray:
        mean = shape.mean + np.sqrt(1 - size**2) * (here - shape.mean) if kind == "autoregressive" else here
        return stats.multivariate_normal.logpdf(to - mean, np.zeros(3), size**2 * cov)

    prior = stats.norm.logpdf(new).sum(axis=1) - stats.norm.logpdf(z).sum(axis=1)
    np.testing.assert_allclose(ratio, prior + proposal(z, new) - proposal(new, z), atol=1e-9)
    assert abs(np.mean(new - z)) < 1


def test_the_shape_is_that_of_the_worlds_and_of_the_prior_where_they_are_few() -> None:
    rng = np.random.default_rng(0)
    cov = np.array([[1.0, 0.7], [0.7, 2.0]])
    many = _Shape(rng.multivariate_normal([1, 2], cov, 20_000))
    np.testing.assert_allclose(many.root @ many.root.T, cov, atol=0.08)
    np.testing.assert_allclose(many.mean, [1, 2], atol=0.05)
    lone = _Shape(np.tile([[3.0, -3.0]], (50, 1)))  # one distinct world
    np.testing.assert_allclose(np.diag(lone.root @ lone.root.T), 2 / 3, rtol=1e-6)
    np.testing.assert_allclose(lone.mean, [1, -1])


def test_moves_keep_a_distribution_as_it_is() -> None:
    """Worlds drawn from the prior, moved under a flat likelihood, are still drawn from it."""
    rng = np.random.default_rng(9)
    particles = _Particles(lambda unit: np.zeros(len(unit["a"])), ["a", "b"], rng.normal(size=(4000, 2)), None)
    before = particles.z.copy()
    steps, accepted, left = _rejuvenate(particles, 1.0, rng, MoveRule(least=6, most=6))
    assert steps == 6 and 0.2 < accepted < 1 and left < 0.5
    assert left == pytest.approx(max(np.corrcoef(before[:, i], particles.z[:, i])[0, 1] for i in range(2)))
    for i in range(2):
        assert stats.kstest(particles.z[:, i], "norm").pvalue > 1e-3


def test_what_is_left_of_where_worlds_stood() -> None:
    z = np.random.default_rng(0).normal(size=(100, 2))
    assert _left(z, z) == pytest.approx(1)
    assert _left(z, -z) == 0  # a negative correlation is none to be sorry for
    assert _left(np.ones((5, 1)), np.ones((5, 1))) == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: smc(normal(0, 1), ["x"], 3), "at least 4 worlds"),
        (lambda: smc(normal(0, 1), [], 10), "an uncertain assumption"),
        (lambda: smc(normal(0, 1), ["x"], 10, target=1.0), "between 0 and 1"),
        (lambda: smc(lambda unit: np.full(len(unit["x"]), -np.inf), ["x"], 10), "no world allows"),
        (
            lambda: smc(normal(0, 1), ["x"], 10, start=({"x": np.full(9, 0.5)}, np.full(9, np.nan))),
            "needs a log-likelihood",
        ),
    ],
)
def test_what_cannot_be_resampled(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(FoedusError, match=said):
        call()


@EXACT
@given(positive, st.randoms(use_true_random=False))
def test_weights_do_not_depend_on_order_or_scale(likelihoods: np.ndarray, rng: Any) -> None:
    logs, order = np.log(likelihoods), list(range(len(likelihoods)))
    rng.shuffle(order)
    weights = w.posterior(logs)
    np.testing.assert_allclose(w.posterior(logs + 700), weights, rtol=1e-9)
    np.testing.assert_allclose(w.posterior(logs[order]), weights[order], rtol=1e-12)
    assert 1 - 1e-9 <= w.ess(weights) <= len(weights) + 1e-9
    assert w.ess(weights * 1e-200) == pytest.approx(w.ess(weights))
    values = np.arange(len(weights), dtype=float)
    assert w.mean(values[order], weights[order]) == pytest.approx(w.mean(values, weights))
    np.testing.assert_allclose(w.ranks(values[order], weights[order]), w.ranks(values, weights)[order], atol=1e-12)


@EXACT
@given(positive, st.floats(0.05, 0.95))
def test_a_mixture_gives_back_both_of_its_parts(likelihoods: np.ndarray, share: float) -> None:
    """Worlds of which some are of the prior and some of the posterior, present as they should be: weighing each against
    the mixture gives the prior and the posterior again (here in all values at once)."""
    prior = np.full(len(likelihoods), 1 / len(likelihoods))
    after = likelihoods / likelihoods.sum()
    evidence = float(np.log(np.mean(likelihoods)))
    found_prior, found_after = w.mixed(np.log(likelihoods), share, evidence)
    density = (1 - share) * prior + share * after  # of the mixture; as many of each value as that says
    np.testing.assert_allclose(found_prior * density / np.sum(found_prior * density), prior, rtol=1e-9)
    np.testing.assert_allclose(found_after * density / np.sum(found_after * density), after, rtol=1e-9)


def test_learning_in_steps_is_learning_at_once() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(2, 50))
    at_once = w.posterior(first + second)
    in_steps = w.posterior(second, np.log(w.posterior(first)))
    np.testing.assert_allclose(in_steps, at_once)
    together = w.log_evidence(first) + w.log_evidence(second, w.posterior(first))
    assert together == pytest.approx(w.log_evidence(first + second))


def test_the_normal_cube_is_the_unit_cube() -> None:
    u = unit_sample(["x"], 500, 1)["x"]
    np.testing.assert_allclose(ndtr(ndtri(u)), u, rtol=1e-12)
    assert stats.kstest(ndtri(u), "norm").pvalue > 0.9  # a Latin hypercube is more even than chance
