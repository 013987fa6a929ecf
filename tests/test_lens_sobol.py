"""Variance attribution and tipping points on functions whose answer is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from foedus.errors import FoedusError
from foedus.lenses.policies.tipping import tipping_points
from foedus.sensitivity.sobol import attribute, design, indices

NAMES = ["x1", "x2", "x3"]


def ishigami(unit: dict[str, np.ndarray]) -> np.ndarray:
    x1, x2, x3 = (np.pi * (2 * unit[name] - 1) for name in NAMES)
    return np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)


def ishigami_indices() -> tuple[list[float], list[float]]:
    """Closed form (Ishigami and Homma 1990) with a = 7, b = 0.1."""
    a, b = 7.0, 0.1
    v1, v2 = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8
    v13 = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    v = v1 + v2 + v13
    return [v1 / v, v2 / v, 0.0], [(v1 + v13) / v, v2 / v, v13 / v]


def test_ishigami() -> None:
    first, total = ishigami_indices()
    found = attribute(ishigami, NAMES, 2048, seed=1)
    assert found["assumption"].values.tolist() == NAMES
    np.testing.assert_allclose(found["first"], first, atol=0.02)
    np.testing.assert_allclose(found["total"], total, atol=0.02)
    assert (found["first_error"] < 0.1).all() and (found["total_error"] > 0).all()


def g_function(unit: dict[str, np.ndarray], weights: list[float]) -> np.ndarray:
    return np.prod([(np.abs(4 * x - 2) + a) / (1 + a) for x, a in zip(unit.values(), weights, strict=True)], axis=0)


def test_the_g_function_of_sobol() -> None:
    """Closed form (Saltelli and Sobol 1995): a factor's variance is 1 / (3 (1 + a)^2), and factors multiply."""
    weights = [0.0, 0.5, 3.0, 9.0]
    names = [f"x{i}" for i in range(4)]
    parts = 1 / (3 * (1 + np.array(weights)) ** 2)
    variance = np.prod(1 + parts) - 1
    found = attribute(lambda unit: g_function(unit, weights), names, 2048, seed=2)
    np.testing.assert_allclose(found["first"], parts / variance, atol=0.02)
    np.testing.assert_allclose(found["total"], parts * np.prod(1 + parts) / (1 + parts) / variance, atol=0.02)
    assert float(found["total"].sum()) > 1 > float(found["first"].sum())


def test_intervals_hold_the_truth_and_shrink_with_the_root_of_the_points() -> None:
    first, total = ishigami_indices()
    few, many = (attribute(ishigami, NAMES, n, seed=3) for n in (256, 4096))
    for found in (few, many):
        assert (np.abs(found["first"] - first) < 2 * found["first_error"] + 0.01).all()
        assert (np.abs(found["total"] - total) < 2 * found["total_error"] + 0.01).all()
    assert float((few["total_error"] / many["total_error"]).mean()) == pytest.approx(4, rel=0.35)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_intervals(seed: int) -> None:
    """SALib takes a seed of 0 for none; intervals then differed from run to run."""
    points = design(NAMES, 16, seed)
    xr.testing.assert_identical(indices(NAMES, ishigami(points), seed), indices(NAMES, ishigami(points), seed))


def test_the_design_takes_one_coordinate_after_another_from_the_other_points() -> None:
    n, table = 8, np.stack(list(design(NAMES, 8).values()), axis=1).reshape(8, 5, 3)
    for block in table:
        first, last = block[0], block[-1]
        for k in range(3):
            changed = first.copy()
            changed[k] = last[k]
            np.testing.assert_array_equal(block[1 + k], changed)
    assert ((table > 0) & (table < 1)).all() and len(np.unique(table[:, 0, 0])) == n


def test_what_does_not_vary_or_is_undefined() -> None:
    points = design(NAMES, 8)
    assert len(points["x1"]) == 8 * 5
    assert np.isnan(indices(NAMES, np.full(40, 0.3))["first"]).all()
    with pytest.raises(FoedusError, match="undefined at 1 of 40"):
        indices(NAMES, np.where(np.arange(40) == 3, np.nan, 1.0))
    with pytest.raises(FoedusError, match="power of two"):
        design(NAMES, 100)
    with pytest.raises(FoedusError, match="nothing to attribute"):
        design([], 8)


def metric(*columns: np.ndarray) -> xr.DataArray:
    names = ["firm", "soft", "mixed"][: len(columns)]
    return xr.DataArray(np.stack(columns, axis=1), dims=("world", "policy"), coords={"policy": names})


def worlds(seed: int, n: int = 400) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"cost": rng.uniform(0, 2, n), "idle": rng.random(n)}, rng.normal(size=(n, 2))


def test_a_tipping_point_is_where_the_lines_cross() -> None:
    covered = 0
    for seed in range(20):
        draws, noise = worlds(seed)
        found = tipping_points(draws, metric(1.2 - draws["cost"] + 0.3 * noise[:, 0], 0.2 * noise[:, 1]))
        (point,) = found
        assert (point.assumption, point.below, point.above) == ("cost", "firm", "soft")
        assert point.value == pytest.approx(1.2, abs=0.15)
        assert point.low <= point.value <= point.high and point.high - point.low < 0.6
        covered += point.low <= 1.2 <= point.high
    assert covered >= 18


def test_lower_is_better_turns_it_round() -> None:
    draws, _ = worlds(1)
    (point,) = tipping_points(draws, metric(draws["cost"], np.full(400, 0.8)), "lower")
    assert (point.below, point.above) == ("firm", "soft")
    assert point.value == pytest.approx(0.8, abs=0.02)


def test_three_policies_and_weights() -> None:
    draws, _ = worlds(2, 800)
    x = draws["cost"]
    data = metric(1 - x, np.full(800, 0.3), 2 * x - 2.0)
    points = tipping_points(draws, data)
    assert [(p.below, p.above) for p in points] == [("firm", "soft"), ("soft", "mixed")]
    assert [p.value for p in points] == pytest.approx([0.7, 1.15], abs=0.03)
    high = tipping_points(draws, data, weights=(x > 0.9).astype(float))
    assert [(p.below, p.above) for p in high] == [("soft", "mixed")]


def test_noise_makes_no_tipping_points() -> None:
    made = 0
    for seed in range(30):
        draws, noise = worlds(seed)
        made += len(tipping_points(draws, metric(noise[:, 0], noise[:, 1])))
    assert made <= 3


def test_levels_and_missing_worlds() -> None:
    rng = np.random.default_rng(0)
    draws = {"level": rng.integers(0, 3, 300).astype(float)}
    gain = np.where(draws["level"] >= 2, 1.0, -1.0) + 0.1 * rng.normal(size=300)
    gain[5] = np.nan
    (point,) = tipping_points(draws, metric(np.zeros(300), gain))
    assert 1 <= point.low <= point.value <= point.high <= 2
    assert tipping_points(draws, metric(np.zeros(300))) == []
    assert tipping_points(draws, metric(np.zeros(300), np.full(300, np.nan))) == []
