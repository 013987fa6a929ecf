"""Shares of worlds: their intervals against published values and other libraries, and words that follow the numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest

import foedus
from foedus.lenses.registry import chosen, look_through
from foedus.present.likelihood import estimative, scale
from foedus.present.section import probability
from foedus.present.shares import Share, Side, share_of
from foedus.present.wording import band, percent, printed
from foedus.report.html import render
from foedus.worlds.weights import Spread, ess, wilson

shares = st.floats(0, 1) | st.sampled_from([0.0, 0.005, 0.02, 0.05, 0.125, 0.3, 0.7, 0.875, 0.95, 0.98, 0.999, 1.0])
many = st.floats(1, 5000)


@given(st.integers(1, 3000), st.data())
def test_the_interval_is_that_of_scipy(n, data):
    k = data.draw(st.integers(0, n))
    reference = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k / n, n) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_the_interval_of_a_published_case():
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (k, n), ends in published.items():
        assert wilson(k / n, n) == pytest.approx(ends, abs=5e-5)


def test_the_effective_sample_by_hand():
    # Kish (1965): weights 3, 1, 1, 1 are worth 6 squared over 12 equal ones, and so are their multiples.
    assert ess([3, 1, 1, 1]) == pytest.approx(3) == ess([0.75, 0.25, 0.25, 0.25])
    counted = share_of([True, False, True, False], [3, 1, 1, 1])
    assert (counted.share, counted.worlds) == pytest.approx((4 / 6, 3))
    assert (counted.low, counted.high) == pytest.approx(wilson(4 / 6, 3))
    among = share_of([True, False, True, False], [3, 1, 1, 1], among=[False, True, True, True])
    assert (among.share, among.worlds) == pytest.approx((1 / 3, 3))
    assert share_of([True], among=[False]).words() == "undefined" and str(share_of([True], among=[False])) == "–"


@pytest.mark.parametrize(
    ("share", "worlds", "words", "told"),
    [
        (1.0, 500, "holds throughout", "100% of worlds (99.2 to 100)"),
        (1.0, 24, "holds in most to all", "100% of worlds (86 to 100)"),
        (0.97, 1000, "holds in nearly all", "97% of worlds (96 to 98%)".replace("%)", ")")),
        (0.85, 200, "holds in most", "85% of worlds (79 to 89)"),
        (0.71, 160, "divided to most", "71% of worlds (64 to 77)"),
        (0.5, 200, "divided", "50% of worlds (43 to 57)"),
        (0.28, 200, "divided to few", "28% of worlds (22 to 35)"),
        (0.15, 200, "fails in most", "15% of worlds (11 to 21)"),
        (0.0, 500, "fails throughout", "0% of worlds (0 to 0.8)"),
        (0.5, 4, "too few worlds to say", "50% of worlds (15 to 85)"),
        (1.0, float("inf"), "holds throughout", "100% of worlds"),
    ],
)
def test_words_and_interval(share, worlds, words, told):
    assert (Share.of(share, worlds).words(), str(Share.of(share, worlds))) == (words, told)


def test_other_verbs_read_well():
    assert Share.of(0.85, 200).words("is best", "is not best") == "is best in most"
    assert Share.of(0.15, 200).words("is reached", "is missed") == "is missed in most"


# What the words say of the share, from failing throughout to holding throughout, each with the ends of its span.
RANKS = ["fails throughout", "fails in nearly all", "fails in most", "divided"]
RANKS += ["holds in most", "holds in nearly all", "holds throughout"]


@given(shares, shares)
def test_verdicts_rise_with_the_share(a, b):
    low, high = sorted((a, b))
    exact = [Share.of(share, float("inf")) for share in (low, high)]
    assert RANKS.index(exact[0].words()) <= RANKS.index(exact[1].words())
    assert [Side.FAILS, Side.OPEN, Side.HOLDS].index(exact[0].side) <= [Side.FAILS, Side.OPEN, Side.HOLDS].index(
        exact[1].side
    )


@given(shares)
def test_a_verdict_and_its_opposite_mirror_each_other(p):
    assume(p in (0, 1) or 1e-9 < p < 1 - 1e-9)  # 1 less a tiny number is 1
    words = [Share.of(share, float("inf")).words() for share in (p, 1 - p)]
    assert RANKS.index(words[0]) + RANKS.index(words[1]) == 6


@given(shares, many)
def test_a_verdict_that_is_one_word_holds_at_both_ends(p, n):
    share = Share.of(p, n)
    words = share.words()
    ends = [Share.of(end, float("inf")).words() for end in (share.low, share.high)]
    if words in RANKS:
        assert set(ends) <= {words} or words.endswith("throughout")
    else:
        assert ends[0] != ends[1]


def shown(text: str) -> float:
    """A printed percentage as a number that orders as it does."""
    return {"<0.1": 0.05, ">99.9": 99.95}.get(text) or float(text)


@given(shares, many)
def test_every_share_printed_lies_in_the_interval_printed_with_it(p, n):
    share, low, high = re.fullmatch(r"(.+)% of worlds \((.+) to (.+)\)", str(Share.of(p, n))).groups()
    assert shown(low) <= shown(share) <= shown(high)
    cell = probability(Share.of(p, n))
    assert cell.text == percent(p) and cell.range == f"{low} to {high}"


@given(st.lists(shares, min_size=1, max_size=12), st.data())
def test_every_mean_printed_lies_in_the_range_printed_with_it(values, data):
    weights = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(values), max_size=len(values))))
    assume(weights.sum() > 1e-3)
    spread = Spread.of(values, weights)
    mean, low, high = re.fullmatch(r"(.+)% \((.+)% to (.+)%\)", band(spread)).groups()
    assert shown(low) <= shown(mean) <= shown(high)
    assert min(values) <= spread.low <= spread.mean <= spread.high <= max(values)


@given(st.floats(0, 1), st.integers(1, 300))
def test_equal_numbers_have_one_number_as_their_range(value, n):
    # A sum of products may fall on the other side of a half: 87% beside 88% to 88%.
    weights = np.random.default_rng(n).random(n) + 0.01
    spread = Spread.of(np.full(n, value), weights)
    assert (spread.low, spread.mean, spread.high) == (value, value, value)


def test_a_mean_that_few_worlds_pull_beyond_nine_in_ten_widens_the_range():
    # One world in a hundred has 1: the mean of 0.01 lies beyond the 95% quantile, which is 0.
    spread = Spread.of(np.r_[np.zeros(99), 1.0])
    assert (spread.low, spread.median, spread.mean, spread.high) == pytest.approx((0, 0, 0.01, 0.01))


@given(shares, shares)
def test_one_printed_number_has_one_word(a, b):
    assert (printed(a) <= printed(b)) or a > b
    if percent(a) == percent(b):
        assert estimative(a) == estimative(b)
        assert Share.of(a, float("inf")).words() == Share.of(b, float("inf")).words()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_run_at_an_edge_has_one_word_everywhere():
    scenario = foedus.load(
        {
            "title": "Words at five per cent",
            "actors": {"a": {"precision": 0}},
            "state": {"s": {"levels": ["peace", "war"], "start": "peace"}},
            "turn": [
                {"id": "m", "decide": "a", "actions": {"stay": {"base": 951}, "go": {"base": 49, "then": {"s": "war"}}}}
            ],
            "outcomes": {"low": "s == war"},
        }
    )
    run = foedus.run(scenario, worlds=8)
    look_through(run, chosen("all", run))
    text = render(run)
    assert "almost no chance" in text and "very unlikely" not in text.replace(scale(), "")
    assert "Read shares as rough" not in text, "nothing is uncertain, so that one world tells all"


def test_words_at_an_edge():
    assert [percent(p) for p in (0.0451, 0.0549, 0.2049)] == ["5%", "5%", "20%"]
    assert [estimative(p) for p in (0.0451, 0.05, 0.0549)] == ["almost no chance"] * 3
    assert estimative(0.2049) == "very unlikely" and estimative(0.7951) == "very likely"
    assert percent(0.0004) == "<0.1%" and estimative(0.0004) == "almost no chance"
    assert percent(0.9995) == ">99.9%" and estimative(0.9995) == "almost certain"
