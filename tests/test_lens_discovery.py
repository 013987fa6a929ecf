"""Drivers and scenario discovery on data whose structure is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from foedus.present.plain import strict
from foedus.sensitivity.association import Ranker, Ranking
from foedus.sensitivity.discovery import Box, Limit, Region, Worlds, ends_of, peel, prim, tree, where_it_fails
from foedus.sensitivity.telling import in_words, where


def cube(n: int, names: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {f"x{i}": rng.random(n) for i in range(names)}


def rank(draws, size=None, holds=None, weights=None, rounds: int = 200) -> Ranking:
    return Ranker(draws, weights, rounds).rank(size, holds)


def inside_of(box: Box, draws) -> np.ndarray:
    return Worlds(draws, np.zeros(len(draws["x0"]))).inside(ends_of(box.limits))


def ends(box: Box) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for limit in box.limits:
        both = found.setdefault(limit.assumption, [-np.inf, np.inf])
        both[:] = [max(both[0], limit.low), min(both[1], limit.high)]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_prim_finds_the_box_that_made_the_data(seed: int) -> None:
    draws = cube(1500, 8, seed)
    cases = (draws["x2"] < 0.45) & (draws["x5"] > 0.3) & (draws["x5"] <= 0.8)
    cases ^= np.random.default_rng(99 + seed).random(1500) < 0.02
    box = prim(draws, cases)
    assert set(ends(box)) == {"x2", "x5"}
    assert ends(box)["x2"] == [-np.inf, pytest.approx(0.45, abs=0.03)]
    assert ends(box)["x5"] == pytest.approx([0.3, 0.8], abs=0.03)
    assert all(limit.chance < 1e-6 for limit in box.limits)
    inside = inside_of(box, draws)
    assert box.density == pytest.approx(cases[inside].mean())
    assert box.coverage == pytest.approx(cases[inside].sum() / cases.sum())
    assert box.mass == pytest.approx(inside.mean()) and box.base == pytest.approx(cases.mean())


def test_quasi_p_is_the_binomial_tail() -> None:
    draws = cube(400, 3, 5)
    cases = (draws["x0"] < 0.5) & (draws["x1"] < 0.5)
    box = prim(draws, cases)
    for limit in box.limits:
        others = replace(box, limits=tuple(one for one in box.limits if one != limit))
        inside, wider = inside_of(box, draws), inside_of(others, draws)
        tail = stats.binom.sf(cases[inside].sum() - 1, inside.sum(), cases[wider].mean())
        assert limit.chance == pytest.approx(tail, rel=1e-6)


def test_trajectory_is_nested_and_ends_at_the_least_mass() -> None:
    draws = cube(600, 4, 1)
    cases = np.random.default_rng(2).random(600) < np.where(draws["x0"] < 0.4, 0.8, 0.1)
    boxes = peel(Worlds(draws, cases))
    assert boxes[0].limits == () and boxes[0].coverage == 1
    for wide, narrow in pairwise(boxes):
        assert not (inside_of(narrow, draws) & ~inside_of(wide, draws)).any()
        assert narrow.mass < wide.mass
    assert 0.05 <= boxes[-1].mass < 0.06


def test_weights_count_as_copies() -> None:
    draws = cube(300, 3, 3)
    cases = (draws["x0"] < 0.5) & (draws["x1"] > 0.4)
    counts = np.random.default_rng(0).integers(0, 4, 300)
    copies = {name: np.repeat(x, counts) for name, x in draws.items()}
    weighted, copied = prim(draws, cases, counts), prim(copies, np.repeat(cases, counts))
    for one in ("density", "coverage", "mass", "base"):
        assert getattr(weighted, one) == pytest.approx(getattr(copied, one), abs=0.02)
    assert set(ends(weighted)) == set(ends(copied)) == {"x0", "x1"}


def test_levels_are_taken_whole() -> None:
    draws = {
        **cube(800, 2, 4),
        "level": np.random.default_rng(1).integers(0, 4, 800).astype(float),
        "fixed": np.ones(800),
    }
    box = prim(draws, draws["level"] >= 2)
    assert ends(box) == {"level": [1.5, np.inf]}
    assert (box.density, box.coverage) == (1, 1)


def test_noise_rarely_makes_a_region() -> None:
    found = []
    for seed in range(20):
        draws = cube(200, 20, 100 + seed)
        box = where_it_fails(draws, np.random.default_rng(seed).random(200) < 0.6)
        assert box is not None
        found.append(bool(box.limits))
    assert sum(found) <= 4


def test_where_it_fails_names_what_fails_it() -> None:
    draws = cube(300, 12, 7)
    margin = draws["x3"] - 0.4 + 0.05 * np.random.default_rng(0).normal(size=300)
    box = where_it_fails(draws, margin > 0, margin)
    assert box is not None and set(ends(box)) == {"x3"}
    said = in_words(box, {"x3": "the cost"})
    assert said.startswith("It fails in ") and "the cost is below 0.392 and in 39% of all worlds" in said
    assert where_it_fails(draws, np.ones(300, bool)) is None
    assert where_it_fails(draws, np.zeros(300, bool)) is None
    assert where_it_fails(draws, np.arange(300) > 2) is None
    assert "too few" in in_words(None)


def test_words() -> None:
    limits = (Limit("a", low=1), Limit("b", high=2), Limit("c", low=0), Limit("c", high=0.5))
    assert where(limits) == "a is above 1, b is below 2 and c is between 0 and 0.5"
    assert where(limits[:1]) == "a is above 1"
    assert where(()) == ""
    assert "no region" in in_words(Box((), 0.3, 1, 1, 0.3))
    assert in_words(Box(limits[:1], 0.8, 0.9, 0.2, 0.3), event="loses") == (
        "It loses in 80% of the worlds where a is above 1 and in 30% of all worlds; "
        "these are 90% of the worlds in which it loses."
    )


def test_a_tree_parts_the_worlds() -> None:
    draws = cube(500, 5, 2)
    cases = (draws["x1"] > 0.7) | (draws["x4"] < 0.2)
    weights = np.random.default_rng(3).random(500)
    leaves = tree(draws, cases, weights)
    assert sum(leaf.mass for leaf in leaves) == pytest.approx(1)
    assert sum(leaf.mass * leaf.density for leaf in leaves) == pytest.approx(weights[cases].sum() / weights.sum())
    assert {limit.assumption for leaf in leaves for limit in leaf.limits} == {"x1", "x4"}
    assert leaves[0].density == pytest.approx(1) and leaves[-1].density == pytest.approx(0)
    (whole,) = tree(draws, np.ones(500, bool))
    assert whole.density == 1 and whole.limits == ()


def test_ranking_against_known_correlations() -> None:
    draws = cube(400, 10, 11)
    size = 3 * draws["x0"] - draws["x1"]
    found = rank(draws, size)
    assert [driver.assumption for driver in found.drivers[:2]] == ["x0", "x1"]
    assert [driver.direction for driver in found.drivers[:2]] == [1, -1]
    for one in found.associations:
        reference = stats.spearmanr(draws[one.assumption], size).statistic
        assert one.correlation == pytest.approx(reference, abs=1e-9)
        above = size > np.quantile(size, 0.5, method="hazen")
        column = draws[one.assumption]
        assert one.distance == pytest.approx(stats.ks_2samp(column[above], column[~above]).statistic)


def test_what_matters_in_the_middle_is_found_by_distance() -> None:
    draws = cube(500, 6, 12)
    holds = np.abs(draws["x2"] - 0.5) < 0.25
    (first, *_) = rank(draws, holds=holds).associations
    assert first.assumption == "x2" and first.real and first.distance > 0.4
    assert abs(first.correlation) < rank(draws, holds=holds).noise[0]


def test_noise_passes_as_a_driver_in_few_rankings() -> None:
    passed = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        weights = rng.gamma(1, size=150)
        passed += bool(rank(cube(150, 15, 500 + seed), rng.normal(size=150), weights=weights, rounds=100).drivers)
    assert stats.binom.sf(passed - 1, 60, 0.05) > 1e-3


def test_ranking_of_outcomes_that_do_not_vary() -> None:
    draws = {**cube(50, 2, 0), "fixed": np.ones(50)}
    found = rank(draws, holds=np.ones(50, bool))
    assert found.drivers == [] and [one.assumption for one in found.associations] == ["x0", "x1"]
    assert rank(draws, size=np.full(50, np.nan)).drivers == []
    assert found.associations[0].score == 0 and found.associations[0].driver.direction == 0
    with pytest.raises(ValueError, match="size"):
        rank(draws)


def test_undefined_worlds_are_left_out() -> None:
    draws = cube(300, 3, 8)
    size = draws["x0"].copy()
    size[::3] = np.nan
    kept = ~np.isnan(size)
    left = {name: x[kept] for name, x in draws.items()}
    assert rank(draws, size).associations[0].correlation == pytest.approx(1)
    for one, other in zip(rank(left, size[kept]).associations, rank(draws, size).associations, strict=True):
        assert (one.assumption, one.real) == (other.assumption, other.real)
        assert (one.correlation, one.distance) == pytest.approx((other.correlation, other.distance))


def test_a_planted_box_is_found_from_worlds_of_any_weight() -> None:
    """Weights that favour a corner change density and mass, not where the box is."""
    draws = cube(3000, 5, 21)
    cases = (draws["x1"] > 0.6) & (draws["x3"] < 0.5)
    for power in (0.0, 2.0):
        weights = draws["x0"] ** power
        box = prim(draws, cases, weights)
        assert set(ends(box)) == {"x1", "x3"}
        assert ends(box)["x1"][0] == pytest.approx(0.6, abs=0.02)
        assert ends(box)["x3"][1] == pytest.approx(0.5, abs=0.02)
        inside = inside_of(box, draws)
        assert box.mass == pytest.approx(weights[inside].sum() / weights.sum())
        assert box.density == pytest.approx(weights[inside & cases].sum() / weights[inside].sum())


def test_pasting_and_tidying_never_shrink_the_best_peeled_box() -> None:
    """Pasting keeps density and adds mass; each limit that tidying drops costs less than 0.01 of quality."""
    for seed in range(8):
        draws = cube(500, 4, 40 + seed)
        cases = ((draws["x0"] < 0.55) & (draws["x2"] > 0.25)) ^ (np.random.default_rng(seed).random(500) < 0.05)
        box, best = prim(draws, cases), max(peel(Worlds(draws, cases)), key=lambda each: each.quality)
        assert box.mass >= best.mass and box.coverage >= best.coverage
        assert box.quality >= best.quality - 0.01 * (len(best.limits) - len(box.limits))
        assert len(box.limits) <= len(best.limits)
        assert all(limit.chance <= 0.05 for limit in box.limits)


def test_effective_worlds_make_quasi_p() -> None:
    """Equal weights on half of the worlds are worth that half: the tail is of as many."""
    draws = cube(600, 2, 9)
    cases = draws["x0"] < 0.4
    weights = (np.arange(600) < 300).astype(float)
    (limit,) = prim(draws, cases, weights).limits
    inside = (draws["x0"] <= limit.high) & (weights > 0)
    tail = stats.binomtest(int(cases[inside].sum()), int(inside.sum()), cases[:300].mean(), "greater").pvalue
    assert limit.chance == pytest.approx(tail, rel=1e-6)


def test_a_box_and_a_region_as_json_are_complete() -> None:
    draws = cube(400, 3, 6)
    cases = draws["x2"] > 0.7
    box, leaves = prim(draws, cases), tuple(tree(draws, cases))
    region = Region(float(cases.mean()), box, leaves)
    told = strict(region.to_json())
    assert told["box"].keys() == {"density", "coverage", "mass", "base", "limits"}
    assert told["box"]["limits"] == [strict(vars(limit)) for limit in box.limits] and told["share"] == cases.mean()
    assert sum(leaf["mass"] for leaf in told["tree"]) == pytest.approx(1)
    assert strict(Region(0.0, None, ()).to_json()) == {"share": 0.0, "box": None, "tree": []}
