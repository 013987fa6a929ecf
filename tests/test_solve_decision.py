"""One choice, in closed form: quantal response with base rates, perfect play with ties, masks and bindings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine_adapter import parse_queries
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Behaviour, Options, simulate

CHECKS = settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))


def choice(worths: list[float], bases: list[float], rationality: str = "logit", **more: Any) -> Scenario:
    """One actor chooses once among actions that pay it ``worths``; ``when`` and ``bind`` by ``more``."""
    actions: dict[str, Any] = {
        f"a{i}": {"base": base, "pays": {"a": {"gain": worth}}}
        for i, (worth, base) in enumerate(zip(worths, bases, strict=True))
    }
    for name, when in more.pop("when", {}).items():
        actions[name]["when"] = when
    return Scenario.model_validate(
        {
            "rationality": rationality,
            "horizon": {"periods": 1},
            "actors": {"a": {"precision": "lam"}},
            "assumptions": {"lam": {"uniform": [0, 9]}, "on": {"choice": [0, 1]}},
            "state": {"s": {"levels": ["x", "y"], "start": "x"}},
            "objectives": {"a": {"gain": {"value": "0"}}},
            "turn": [{"id": "p", "decide": "a", "actions": actions}],
            **more,
        }
    )


def shares(scenario: Scenario, lam: float, on: float = 0.0, **options: Any) -> np.ndarray:
    return answers(scenario, {"lam": [lam], "on": [on]}, "status_quo", **options)[:, 0]


def answers(scenario: Scenario, draws: dict[str, list[float]], policy: str, **options: Any) -> np.ndarray:
    """[actions, worlds]: how often each is taken."""
    width = len(draws["lam"])
    worlds = sample(scenario, width) | {name: np.array(draw, float) for name, draw in draws.items()}
    queries = parse_queries(scenario, [f"rate(p.{name})" for name in scenario.turn[0].actions])
    return np.stack(simulate(scenario, worlds, [policy], queries, options=Options(**options)).query[policy])


def logit(worths: Any, bases: Any, lam: float) -> np.ndarray:
    """b exp(lam q) / sum, in logs so that nothing overflows."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(bases, float)) + lam * np.asarray(worths, float)
    odds = np.exp(logs - logs.max())
    return odds / odds.sum()


@CHECKS
@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(0.01, 5)), min_size=1, max_size=6), st.floats(0, 20))
def test_quantal_response_with_base_rates(options: list[tuple[float, float]], lam: float) -> None:
    worths, bases = zip(*options, strict=True)
    found = shares(choice(list(worths), list(bases)), lam)
    np.testing.assert_allclose(found, logit(worths, bases, lam), rtol=1e-11, atol=1e-250)


def test_a_base_rate_of_zero_is_never_taken_even_if_best() -> None:
    np.testing.assert_allclose(
        shares(choice([1, 100, 0], [1, 0, 2]), 2), logit([1, 0], [1, 2], 2)[[0, 0, 1]] * [1, 0, 1]
    )


def test_precision_zero_is_base_rates_and_scale_multiplies_precision() -> None:
    case = choice([3, -4, 1], [1, 2, 5])
    np.testing.assert_allclose(shares(case, 0), [1 / 8, 2 / 8, 5 / 8])
    np.testing.assert_array_equal(shares(case, 0.5, behaviour=Behaviour(3.0)), shares(case, 1.5))
    np.testing.assert_array_equal(shares(case, 7, behaviour=Behaviour(0.0)), shares(case, 0))


def test_very_large_payments_neither_overflow_nor_lose_the_smaller_ones() -> None:
    found = shares(choice([1e15, 1e15 - 1, -1e99], [1, 1, 1]), 1)
    np.testing.assert_allclose(found, [1 / (1 + np.exp(-1)), 1 / (1 + np.e), 0], rtol=1e-12)


def test_perfect_play_splits_ties_by_base_rates() -> None:
    np.testing.assert_allclose(shares(choice([2, 5, 5, 5 - 1e-9], [1, 1, 3, 9], "perfect"), 1), [0, 0.25, 0.75, 0])
    near = shares(choice([5, 5 * (1 + 1e-14)], [1, 3], "perfect"), 1)  # apart by rounding only: a tie
    np.testing.assert_allclose(near, [0.25, 0.75])


@pytest.mark.parametrize("rationality", ["logit", "perfect"])
def test_what_is_not_available_has_no_weight(rationality: str) -> None:
    case = choice([1, 9, 2], [1, 1, 1], rationality, when={"a1": "on"})
    lam = 1.5
    expected = logit([1, 2], [1, 1], lam) if rationality == "logit" else np.array([0.0, 1.0])
    np.testing.assert_allclose(shares(case, lam, on=0), [expected[0], 0, expected[1]])
    assert shares(case, lam, on=1)[1] == pytest.approx(
        1.0 if rationality == "perfect" else logit([1, 9, 2], [1] * 3, lam)[1]
    )


@pytest.mark.parametrize("rationality", ["logit", "perfect"])
def test_the_bound_do_what_they_are_bound_to(rationality: str) -> None:
    policies: dict[str, Any] = {"status_quo": {}, "tied": {"bind": [{"phase": "p", "do": "a0", "when": "on"}]}}
    case = choice([-5, 1, 2], [1, 1, 1], rationality, policies=policies)
    found = answers(case, {"lam": [1.0, 1.0], "on": [0.0, 1.0]}, "tied")
    np.testing.assert_allclose(found[:, 0], shares(case, 1.0))
    np.testing.assert_array_equal(found[:, 1], [1, 0, 0])


@CHECKS
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=5), st.floats(-100, 100), st.floats(0.1, 5))
def test_only_differences_of_worth_times_precision_count(worths: list[float], shift: float, lam: float) -> None:
    bases = [1.0] * len(worths)
    plain = shares(choice(worths, bases), lam)
    np.testing.assert_allclose(shares(choice([w + shift for w in worths], bases), lam), plain, rtol=1e-9)
    np.testing.assert_allclose(shares(choice([w * 2 for w in worths], bases), lam / 2), plain, rtol=1e-9)
    order = np.argsort(worths)
    assert (np.diff(plain[order]) >= -1e-12).all()
