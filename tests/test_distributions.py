"""Every registered distribution: quantiles against scipy, support, words, notation. A new one is tried as soon as it is there."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from foedus.present.wording import number, percent
from foedus.scenario.distributions import LAWS, Distribution, Law, Normal, OneOf, registered
from foedus.scenario.load import load
from foedus.scenario.parts import Assumption

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
U = np.array([1e-9, 0.01, 0.2, 0.51, 0.77, 0.99, 1 - 1e-9])
VALUES = (-1.0, 0.5, 1.0, 2.0, 4.0)


def truncated(mean: float, sd: float, low: float, high: float) -> Any:
    return stats.truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd)


# the same distribution as scipy has it
SCIPY: dict[str, Callable[..., Any]] = {
    "uniform": lambda low, high: stats.uniform(low, high - low),
    "loguniform": stats.loguniform,
    "triangular": lambda low, mode, high: stats.triang((mode - low) / (high - low), low, high - low),
    "pert": lambda low, mode, high: stats.beta(
        1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low), low, high - low
    ),
    "beta": lambda a, b, low=0, high=1: stats.beta(a, b, low, high - low),
    "normal": lambda mean, sd, *ends: truncated(mean, sd, *ends) if ends else stats.norm(mean, sd),
    "lognormal": lambda median, sd: stats.lognorm(sd, scale=median),
    "integers": lambda low, high: stats.randint(low, high + 1),
}


def cases(name: str) -> list[list[float]]:
    """Parameters that the distribution takes, of every length."""
    if name == "choice":
        return [[2.0], [0.5, 1.0], [-1.0, 0.5, 4.0]]
    lengths = (list(p) for n in range(1, 5) for p in itertools.product(VALUES, repeat=n))
    return [parameters for parameters in lengths if written(name, parameters) is not None]


def written(name: str, parameters: list[float]) -> Distribution | None:
    try:
        return Distribution.model_validate({name: parameters})
    except ValidationError:
        return None


def law(name: str, parameters: list[float]) -> Law:
    return LAWS[name].of(parameters, [])


@pytest.mark.parametrize("name", [name for name in LAWS if name != "choice"])  # which has a test of its own
def test_quantiles_and_support_are_those_of_scipy(name: str) -> None:
    tried = [(law(name, parameters), SCIPY[name](*parameters)) for parameters in cases(name)]
    assert len(tried) >= 6
    for ours, theirs in tried:
        np.testing.assert_allclose(ours.quantile(U), theirs.ppf(U), rtol=1e-6, atol=1e-9, err_msg=str(ours))
        np.testing.assert_allclose(ours.support(), theirs.support(), rtol=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_quantiles_rise_within_the_support(name: str) -> None:
    grid = np.concatenate([[2.0**-40], np.linspace(0.001, 0.999, 99), [1 - 2.0**-40]])
    for parameters in cases(name):
        ours = law(name, parameters)
        values, (low, high) = ours.quantile(grid), ours.support()
        assert values.shape == grid.shape and (np.diff(values) >= 0).all(), ours
        assert low <= values[0] and values[-1] <= high, ours


@pytest.mark.parametrize("name", LAWS)
def test_words_tell_every_parameter(name: str) -> None:
    for parameters in cases(name):
        text = law(name, parameters).words(number, percent)
        assert all(number(p) in text for p in parameters), text
    assert "50%" in OneOf((1, 2), (0.5, 0.5)).words(number, percent)


@pytest.mark.parametrize("name", LAWS)
def test_notation_goes_through_yaml(name: str) -> None:
    base = load("signorino-deterrence")
    for parameters in cases(name)[:5]:
        distribution = Distribution.model_validate({name: parameters})
        case = base.model_copy(update={"assumptions": {"extra": Assumption(distribution=distribution)}})
        assert load(case.to_yaml()).assumptions["extra"].distribution == distribution
    assert f"`{name}`" in PAGE and LAWS[name].takes and LAWS[name].__doc__


@pytest.mark.parametrize("name", LAWS)
def test_what_is_impossible_is_refused(name: str) -> None:
    for parameters in ([], [float("nan")], [1.0, float("inf")]):
        assert written(name, parameters) is None
    weighted = {"distribution": {"kind": name, "parameters": [1, 2], "weights": [0.5]}}
    with pytest.raises(ValidationError, match=f"{name} takes"):
        Assumption.model_validate(weighted)


def test_choice_takes_each_value_as_often_as_it_says() -> None:
    u = (np.arange(1000) + 0.5) / 1000
    values = Distribution.model_validate({"choice": {1: 0.2, 5: 0.5, 2: 0.3}}).quantile(u)
    assert [np.mean(values == value) for value in (1, 5, 2)] == pytest.approx([0.2, 0.5, 0.3])
    never = Distribution.model_validate({"choice": {1: 1.0, 5: 0.0}})
    assert never.quantile(np.array([1 - 2.0**-40])) == [1]
    even = Distribution.model_validate({"choice": [4, 8]}).quantile(u)
    assert np.mean(even == 4) == 0.5


def test_a_distribution_that_lacks_something_is_no_distribution() -> None:
    class Half(Normal):
        takes = "[sd]"

    class Bare(Law):
        name = "bare"

    with pytest.raises(TypeError, match="Half lacks name"):
        registered(Half)
    with pytest.raises(TypeError, match="quantile"):
        registered(Bare)
    with pytest.raises(TypeError, match="two laws are called normal"):
        registered(Normal)
