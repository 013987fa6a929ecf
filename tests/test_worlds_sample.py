"""Sampling of worlds and the evaluation of assumptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foedus.errors import FoedusError
from foedus.present.likelihood import estimative
from foedus.scenario.errors import ScenarioError
from foedus.scenario.schema import Scenario
from foedus.worlds.methods import EXTENSIBLE, METHODS
from foedus.worlds.sample import (
    NEST,
    SOBOL_DIMENSIONS,
    name_seed,
    replace,
    resolve,
    sample,
    sobol_dimensions,
    uncertain,
    unit_sample,
)


def scenario(**assumptions: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "actors": {"a": {"precision": {"uniform": [2, 6]}}, "b": {}},
            "state": {"x": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [{"id": "go", "decide": "a", "actions": {"stay": {}, "move": {}}}],
            "assumptions": assumptions,
        }
    )


@pytest.mark.parametrize("method", METHODS)
def test_draws_are_seeded_by_name(method: Any) -> None:
    few = sample(scenario(p={"uniform": [0, 1]}, q={"normal": [0, 1]}), 64, 3, method)
    many = sample(scenario(z={"uniform": [0, 1]}, q={"normal": [0, 1]}, p={"uniform": [0, 1]}, k=2), 64, 3, method)
    for name in few:
        np.testing.assert_array_equal(few[name], many[name])
    assert set(many) - set(few) == {"z", "k"}
    assert (many["k"] == 2).all()
    other = sample(scenario(p={"uniform": [0, 1]}), 64, 4, method)
    assert not np.array_equal(other["p"], few["p"])


def test_actors_numbers_are_sampled_too() -> None:
    case = scenario(p=0.5, q="p * 2")
    draws = sample(case, 10)
    assert uncertain(case) == ["a.precision"]
    assert set(draws) == {"p", "a.precision", "a.patience", "b.precision", "b.patience"}
    assert ((draws["a.precision"] > 2) & (draws["a.precision"] < 6)).all()


@pytest.mark.parametrize("method", METHODS)
def test_every_slice_has_one_point(method: Any) -> None:
    unit = unit_sample(["a", "b", "c"], 128, 7, method)
    for column in unit.values():
        assert sorted(np.floor(column * 128)) == list(range(128))
        assert column.min() > 0 and column.max() < 1
    table = np.corrcoef([*unit.values()])
    assert np.abs(table - np.eye(3)).max() < 0.3


@pytest.mark.parametrize("method", EXTENSIBLE)
@given(few=st.integers(1, 700), more=st.integers(0, 700), seed=st.integers(0, 2**70))
@settings(max_examples=25, deadline=None)
def test_a_world_stays_the_same_world_when_more_are_drawn(method: Any, few: int, more: int, seed: int) -> None:
    short, long = (unit_sample(["a", "b"], n, seed, method) for n in (few, few + more))
    for name in short:
        np.testing.assert_array_equal(short[name], long[name][:few])


@given(doublings=st.integers(0, 8), seed=st.integers(0, 2**40))
@settings(max_examples=25, deadline=None)
def test_a_nested_sample_is_a_latin_hypercube_at_every_doubling_and_spread_between(doublings: int, seed: int) -> None:
    n = NEST * 2**doublings
    column = unit_sample(["a"], 2 * n, seed)["a"]
    assert sorted(np.floor(column[:n] * n)) == list(range(n))
    for start in range(0, 2 * n, NEST):
        assert sorted(np.floor(column[start : start + NEST] * NEST)) == list(range(NEST))


def test_a_nested_sample_has_the_error_of_a_hypercube_made_for_its_size() -> None:
    """Of the mean of a sum of nonlinear terms, whose variance within slices is all that is left; and no two columns go
    together more than chance has it."""
    names, seeds, n = [f"n{i}" for i in range(6)], range(60), 192

    def error(method: Any) -> float:
        columns = [np.stack([*unit_sample(names, n, seed, method).values()]) for seed in seeds]
        return float(np.std([np.mean(np.exp(2 * unit).sum(axis=0)) for unit in columns]))

    plain = np.sqrt(6 * ((np.e**4 - 1) / 4 - ((np.e**2 - 1) / 2) ** 2) / n)
    assert error("nested") < 0.15 * plain
    correlations = [np.corrcoef(np.stack([*unit_sample(names, n, seed).values()])) for seed in seeds]
    off = np.stack(correlations)[:, *np.triu_indices(6, 1)]
    assert np.sqrt(np.mean(off**2)) == pytest.approx(1 / np.sqrt(n), rel=0.15)


def test_sobol_is_the_same_in_blocks_and_better_than_chance() -> None:
    names = [f"n{i}" for i in range(5)]
    whole = unit_sample(names, 9000, 1, "sobol")
    part = unit_sample(names, 500, 1, "sobol")
    for name in names:
        np.testing.assert_array_equal(whole[name][:500], part[name])
    product = np.prod([whole[name][:4096] for name in names], axis=0)
    assert abs(product.mean() - 2.0**-5) < 3e-4  # plain Monte Carlo: a standard error of 8e-4


def test_sobol_collisions_are_settled_by_hash() -> None:
    names = [f"n{i}" for i in range(200)]
    first = [name_seed(0, name, "sobol") % SOBOL_DIMENSIONS for name in names]
    assert len(set(first)) < len(first)  # there are collisions to settle
    found = sobol_dimensions(names)
    assert len(set(found.values())) == len(names)
    assert found == sobol_dimensions(reversed(names))
    kept = sum(found[name] == choice for name, choice in zip(names, first, strict=True))
    assert kept >= len(set(first))
    with pytest.raises(FoedusError, match="at most 1024"):
        sobol_dimensions(f"m{i}" for i in range(SOBOL_DIMENSIONS + 1))


def test_sampling_refuses_nonsense() -> None:
    with pytest.raises(FoedusError, match="at least 1"):
        sample(scenario(), 0)
    with pytest.raises(FoedusError, match="lhs"):
        sample(scenario(), 5, 0, "lsh")  # type: ignore[arg-type]


def test_expressions_follow_what_they_read() -> None:
    case = scenario(c="b * 10", b="a + 1", a={"uniform": [0, 1]}, d=4)
    draws = sample(case, 20)
    values = resolve(case, draws)
    assert list(values) == list(case.all_assumptions)
    np.testing.assert_allclose(values["c"], (draws["a"] + 1) * 10)
    assert (values["d"] == 4).all()


def test_overrides_read_the_values_before_any_of_them() -> None:
    case = scenario(a={"uniform": [0, 1]}, b=3, c="a + b", d="c * 2", e="d + a")
    draws = sample(case, 20)
    a = draws["a"]
    values = resolve(case, draws, {"a": "a / 2 + b", "b": "a", "d": "c"})
    np.testing.assert_allclose(values["a"], a / 2 + 3)
    np.testing.assert_allclose(values["b"], a)
    np.testing.assert_allclose(values["c"], a / 2 + 3 + a)  # derived anew
    np.testing.assert_allclose(values["d"], a + 3)  # the override, over the old c
    np.testing.assert_allclose(values["e"], values["d"] + values["a"])
    np.testing.assert_allclose(resolve(case, draws, {"a": ("num", 0.25)})["c"], 3.25)


def test_replacing_on_top_keeps_what_is_held() -> None:
    case = scenario(a=1, b="a * 2", c="a * 3")
    policy = resolve(case, sample(case, 4), {"b": 7})
    assert (replace(case, policy, {"a": "a + 1"}, held=["b"])["b"] == 7).all()
    assert (replace(case, policy, {"a": "a + 1"})["b"] == 4).all()
    assert (replace(case, policy, {"a": "b"}, held=["b"])["c"] == 21).all()


def test_as_many_worlds_as_asked_where_nothing_is_uncertain() -> None:
    raw = {
        "actors": {"a": {}},
        "state": {"s": {"levels": ["x", "y"], "start": "x"}},
        "turn": [{"id": "p", "decide": "a", "actions": {"n": {}}}],
    }
    assert {len(draw) for draw in sample(Scenario.model_validate(raw), 3).values()} == {3}


def test_bad_assumptions_are_errors_a_person_can_act_on() -> None:
    case = scenario(a="b", b="c + 1", c="a")
    with pytest.raises(FoedusError, match="depend on each other"):
        resolve(case, sample(case, 3))
    case = scenario(a="1 / b", b={"choice": [0, 0]})
    with pytest.raises(FoedusError, match="'a' is nan in world 0"):
        resolve(case, sample(case, 3))
    case = scenario(a="pp", p=1)
    with pytest.raises(ScenarioError, match="'pp' is not known"):
        resolve(case, sample(case, 3))
    case = scenario(p={"uniform": [0, 1]})
    with pytest.raises(FoedusError, match="no value of the assumption 'p'"):
        resolve(case, {"a.precision": np.ones(2)})
    with pytest.raises(FoedusError, match="'q' is not an assumption"):
        resolve(case, sample(case, 3), {"q": 1})


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0, "almost no chance"),
        (0.05, "almost no chance"),
        (0.06, "very unlikely"),
        (0.2, "very unlikely"),
        (0.3, "unlikely"),
        (0.45, "unlikely"),
        (0.5, "roughly even chance"),
        (0.55, "likely"),
        (0.79, "likely"),
        (0.8, "very likely"),
        (0.95, "almost certain"),
        (1, "almost certain"),
        (float("nan"), "undefined"),
    ],
)
def test_words_of_estimative_probability(p: float, said: str) -> None:
    assert estimative(p) == said


def test_words_mirror_and_refuse() -> None:
    opposite = {"almost certain": "almost no chance", "very likely": "very unlikely", "likely": "unlikely"}
    for p in np.linspace(0.5, 1, 1001):
        assert estimative(1 - p) == opposite.get(estimative(p), estimative(p))
    with pytest.raises(ValueError, match="not a probability"):
        estimative(1.2)


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (7, 3), (200, 11)])
def test_latin_hypercube_is_that_of_scipy(n, seed):
    from scipy.stats import qmc

    theirs = qmc.LatinHypercube(d=1, rng=np.random.default_rng(name_seed(seed, "cost"))).random(n)[:, 0]
    assert np.array_equal(unit_sample(["cost"], n, seed, "lhs")["cost"], np.clip(theirs, 2.0**-40, 1 - 2.0**-40))


def test_where_nothing_is_uncertain_there_are_as_many_worlds_as_asked() -> None:
    scenario = Scenario.model_validate(
        {
            "actors": {"a": {}},
            "state": {"s": {"levels": ["x", "y"], "start": "x"}},
            "turn": [{"id": "m", "decide": "a", "actions": {"stay": {}, "go": {"then": {"s": "y"}}}}],
        }
    )
    assert {len(draw) for draw in sample(scenario, 5).values()} == {5}
