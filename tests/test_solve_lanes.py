"""The vector language of the kernels: exponentials, logarithms, comparisons and packed arrays, lane by lane."""

from __future__ import annotations

import math

import numpy as np
import pytest

from foedus.compiled import kernel
from foedus.game.arrays import LANES
from foedus.solve import sections as sec
from foedus.solve.lanes import at, count, exp_below, load, log2_of, muladd, select, splat, store, which
from foedus.solve.nodes import lowest
from foedus.solve.packed import Memory, aligned, pack


@kernel
def _apply(x, exps, logs, sums):
    for row in range(x.shape[0]):
        value = load(x, row)
        store(exps, row, exp_below(value))
        store(logs, row, log2_of(exp_below(value)))
        store(sums, row, muladd(value, splat(3.0), splat(1.0)))


@kernel
def _compare(x, y, row):
    a, b = load(x, row), load(y, row)
    store(y, row, select(a > b, a, b))
    return which(a != a), which(a >= b), which(~(a == b) & (a < b))


@kernel
def _read(packed, section, out):
    for i in range(count(packed, section)):
        out[i] = at(packed, section, i)
    return count(packed, section)


def rows(values) -> np.ndarray:
    array = aligned(-(-len(values) // LANES), LANES)
    array.ravel()[: len(values)] = values
    return array


def test_exponential_and_logarithm_to_the_last_digits() -> None:
    x = rows(
        [-t for t in [0.0, 1e-300, 1e-9, 0.3, math.log(2) / 2, 0.7, 1, 5.5, 50, 300, 690, 707.9, 708.5, 5000, math.inf]]
    )
    exps, logs, sums = (np.zeros_like(x) for _ in range(3))
    _apply(x, exps, logs, sums)
    alive = x >= -708
    np.testing.assert_allclose(exps[alive], [math.exp(v) for v in x[alive]], rtol=4e-16)
    assert (exps[~alive] == 0).all() and exps.ravel()[0] == 1.0
    some = x > -690  # the logarithm is for numbers above 1e-300
    np.testing.assert_allclose(logs[some], x[some] / math.log(2), rtol=3e-15, atol=1e-15)
    np.testing.assert_allclose(sums[np.isfinite(x)], 3 * x[np.isfinite(x)] + 1, rtol=1e-15, atol=4e-16)


def test_exponential_on_a_grid() -> None:
    x = -np.geomspace(1e-12, 700, 80 * LANES).reshape(-1, LANES)
    exps, logs, sums = (np.zeros_like(x) for _ in range(3))
    _apply(x, exps, logs, sums)
    assert np.max(np.abs(exps / np.exp(x) - 1)) < 4e-16
    assert (np.diff(exps.ravel()) <= 0).all()


def test_a_lane_knows_nothing_of_the_others() -> None:
    x = rows(-np.linspace(0, 40, LANES))
    whole, alone = [np.zeros_like(x) for _ in range(3)], [np.zeros_like(x) for _ in range(3)]
    _apply(x, *whole)
    for lane in range(LANES):
        _apply(np.full((1, LANES), x[0, lane]), *alone)
        assert all(a[0, 0] == w[0, lane] for a, w in zip(alone, whole, strict=True))


def test_comparisons_with_numbers_that_are_none() -> None:
    x, y = rows([1, 2, math.nan, -math.inf, 0, 5, 6, 7]), rows([2, 2, 0, math.nan, -0.0, 4, math.inf, 7])
    none, least, less = _compare(x, y.copy(), 0)
    bits = lambda mask: sum(1 << i for i, true in enumerate(mask) if true)  # noqa: E731
    assert none == bits(np.isnan(x[0]))
    assert least == bits(x[0] >= y[0])
    assert less == bits(x[0] < y[0])
    assert lowest.py_func(least) == 1  # lane 0 is less


def test_packed_sections_come_back() -> None:
    rng = np.random.default_rng(0)
    parts = {name: rng.integers(-1, 99, rng.integers(0, 7)) for name in sec.NAMES}
    packed = pack(parts)
    for number, name in enumerate(sec.NAMES):
        out = np.zeros(9, np.int64)
        assert getattr(sec, name.upper()) == number
        assert _read(packed, number, out) == len(parts[name])
        np.testing.assert_array_equal(out[: len(parts[name])], parts[name])


@pytest.mark.parametrize("shape", [(1, LANES), (3, 5, LANES), (0, LANES)])
def test_buffers_are_aligned_and_kept(shape) -> None:
    memory = Memory()
    first = memory.take("a", *shape)
    assert first.shape == shape and not first.any()
    assert first.ctypes.data % (8 * LANES) == 0 or first.size == 0  # what holds nothing stands nowhere
    first[:] = 1
    assert memory.take("a", *shape).all() and memory.take("a", *shape).ctypes.data == first.ctypes.data
    assert not memory.take("b", *shape).any()
    assert memory.take("a", 2, *shape).shape == (2, *shape)
