"""Numbers, lists and likelihoods in words: what is written is what was meant, as closely as it is printed."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foedus.present.likelihood import estimative, scale
from foedus.present.wording import band, capital, count, listed, number, percent, points, ranged, signed, source_name
from foedus.worlds.weights import Spread

shares = st.floats(0, 1)
values = st.floats(-1e9, 1e9)
words = st.text(st.characters(categories=("L",)), min_size=1, max_size=8)


def bounds(text: str) -> tuple[float, float]:
    """Between which shares a printed percentage stands."""
    value = float(text.strip("<>%"))
    if text[0] in "<>":
        return (0, value / 100) if text[0] == "<" else (value / 100, 1)
    half = 0.05 if "." in text else 0.5
    return (value - half) / 100, (value + half) / 100


def read(text: str) -> float:
    """A printed number as a number."""
    return float(text.replace("−", "-"))


@given(shares)
def test_a_percentage_holds_the_share(share):
    low, high = bounds(percent(share))
    assert low - 1e-9 <= share <= high + 1e-9
    assert not percent(share).startswith("-")


@given(shares, shares)
def test_percentages_rise_with_the_shares(a, b):
    low, high = sorted((a, b))
    assert bounds(percent(low))[0] <= bounds(percent(high))[1] + 1e-12


@given(shares)
def test_only_what_is_certain_is_written_as_certain(share):
    assert (percent(share) == "0%") == (share == 0)
    assert (percent(share) == "100%") == (abs(share - 1) < 1e-12)


@given(values, st.integers(1, 6))
def test_a_number_is_within_its_printed_precision(value, digits):
    text = number(value, digits)
    assert "-" not in text and text != "−0"
    assert math.isclose(
        read(text), value, rel_tol=0.5001 * 10 ** (1 - digits), abs_tol=0.5 * (abs(value) >= 10**digits)
    )


@given(values, values)
def test_numbers_rise_with_the_values(a, b):
    low, high = sorted((a, b))
    assert read(number(low)) <= read(number(high))


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_change_has_its_sign_and_is_within_its_precision(value, decimals):
    text = signed(value, decimals)
    assert read(text) == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-6)
    assert text[0] in ("+" if read(text) > 0 else "−" if read(text) < 0 else "0")
    assert signed(-value, decimals) == text.translate(str.maketrans("+−", "−+"))


@given(st.floats(-1, 1))
def test_points_are_hundredths_of_a_probability(change):
    assert read(points(change)) == pytest.approx(100 * change, abs=0.0501)


def test_what_is_undefined_is_a_dash():
    nan = float("nan")
    assert {percent(None), percent(nan), number(None), number(nan), signed(nan)} == {"–"}


@given(shares, shares, shares)
def test_a_range_names_average_and_ends_in_this_order(mean, low, high):
    spread = Spread(mean, low, 0.5, high)
    assert re.fullmatch(r"(.+) \((.+) to (.+)\)", band(spread)).groups() == (percent(mean), percent(low), percent(high))
    assert ranged(spread).split(" ")[0] == signed(mean)


@given(st.lists(words, max_size=12), st.integers(2, 8))
def test_a_list_names_all_or_counts_the_rest(items, most):
    text = listed(items, most)
    named = re.split(r", | and ", text) if items else []
    if len(items) <= most:
        assert named == items
    else:
        assert named[:-1] == items[: most - 1] and named[-1] == f"{len(items) - most + 1} others"


@given(st.integers(0, 10**7))
def test_counts_agree_with_their_noun(n):
    figure, noun = count(n, "policy", "policies").split(" ")
    assert int(figure.replace(",", "")) == n and noun == ("policy" if n == 1 else "policies")


def test_names_of_sources():
    assert (source_name("leeds_long2000"), source_name("treaty_text")) == ("Leeds Long 2000", "Treaty text")
    assert (capital(""), capital("élan")) == ("", "Élan")


ORDER = (
    "almost no chance",
    "very unlikely",
    "unlikely",
    "roughly even chance",
    "likely",
    "very likely",
    "almost certain",
)


@given(shares, shares)
def test_likelihoods_rise_with_the_probability(a, b):
    low, high = sorted((a, b))
    assert ORDER.index(estimative(low)) <= ORDER.index(estimative(high))


@given(shares)
def test_a_likelihood_and_its_opposite_mirror_each_other(p):
    assert ORDER.index(estimative(p)) + ORDER.index(estimative(1 - p)) == len(ORDER) - 1


def test_the_scale_covers_every_percentage_once_and_in_order():
    bands = [re.fullmatch(r"(.+), (\d+) to (\d+)%", part).groups() for part in scale().split("; ")]
    assert tuple(name for name, _, _ in bands) == ORDER
    ends = [(int(low), int(high)) for _, low, high in bands]
    assert ends[0][0] == 0 and ends[-1][1] == 100 and all(b[0] == a[1] + 1 for a, b in pairwise(ends))


@pytest.mark.parametrize("p", [-0.01, 1.01, float("inf")])
def test_what_is_no_probability_has_no_likelihood(p):
    with pytest.raises(ValueError, match="not a probability"):
        estimative(p)
