"""Drawings: text cannot break out of them, scales keep order, charts show the numbers that they were given."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foedus.present import colours
from foedus.present.charts.effects import Effect, Panel, effects, panels
from foedus.present.charts.matrix import Matrix, matrices
from foedus.present.charts.shares import shares
from foedus.present.frame import Frame, strips, tick
from foedus.present.svg import Drawing, ceiling, clipped, fitted, wrapped
from foedus.worlds.weights import Spread

printable = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Cn")))
numbers = st.floats(-1e6, 1e6)


def parsed(drawing) -> ET.Element:
    return ET.fromstring(str(drawing))


def parts(drawing, tag: str, style: str = "") -> list[ET.Element]:
    return [e for e in parsed(drawing).iter(tag) if style in (e.get("class") or "").split() or not style]


@given(printable, printable, printable)
def test_any_text_comes_out_as_it_went_in(description, text, tip):
    drawing = Drawing(100, 50, description)
    drawing.text(1, 2, text, "small", "end", link=f"part-{text}")
    drawing.rect(0, 0, 10, 10, "bar", tip=tip)
    tree = parsed(drawing.render())
    assert (tree.findtext("title") or "") == description
    link = tree.find("a")
    assert link.get("href") == f"#part-{text}" and (link.findtext("text") or "") == text
    assert (tree.find("rect").findtext("title") or "") == tip


@given(printable, st.floats(1, 500), st.floats(8, 20))
def test_clipped_text_fits_and_begins_as_it_did(text, width, size):
    short = clipped(text, width, size)
    assert len(short) <= max(3, width / (size * 0.53)) and (short == text or text.startswith(short[:-1]))


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=30), min_size=1, max_size=12), st.integers(1, 4))
def test_wrapped_text_loses_nothing_and_fitted_text_has_its_lines(words, lines):
    text = " ".join(words)
    assert "".join(wrapped(text, 100)).replace(" ", "") == "".join(words)
    assert len(fitted(text, 100, lines)) <= lines


@given(st.floats(1e-9, 1))
def test_axes_end_at_or_above_what_they_show(top):
    assert top <= ceiling(top) <= max(2.5 * top, 0.001)


@given(numbers, numbers, numbers, numbers)
def test_scales_keep_order_and_stay_inside(a, b, low, high):
    low, high = sorted((low, high))
    frame = Frame(10, 20, 300, 200, across=(low, high), up=(low, high), margin=8)
    first, second = sorted((a, b))
    assert 18 - 1e-6 <= frame.x(first) <= frame.x(second) <= 302 + 1e-6
    assert 212 + 1e-6 >= frame.y(first) >= frame.y(second) >= 28 - 1e-6


@given(st.floats(-50, 50), st.floats(0.1, 50), st.floats(0, 1))
def test_a_share_of_the_way_is_the_same_share_of_the_frame(low, span, share):
    frame = Frame(0, 0, 100, 100, across=(low, low + span), up=(low, low + span))
    assert frame.x(low + share * span) == pytest.approx(100 * share, abs=1e-6)
    assert frame.y(low + share * span) == pytest.approx(100 - 100 * share, abs=1e-6)


def test_a_scale_without_length_is_drawn_all_the_same():
    assert Frame(0, 0, 100, 100, across=(3, 3)).x(3) == 0


def test_undefined_numbers_are_left_out_of_curves_and_bands():
    frame = Frame(0, 0, 100, 100, across=(0, 3))
    assert frame.points([0.0, float("nan"), 1.0, 0.5]) == [(0, 100), (pytest.approx(200 / 3), 0), (100, 50)]
    drawing = Drawing(100, 100, "a band")
    frame.band(drawing, [0, np.nan, 0, 0], [1, np.nan, 1, 1])
    corners = parts(drawing.render(), "polygon")[0].get("points").split()
    assert len(corners) == 6 and corners[0] == "0,0" and corners[-1] == "0,100"


def test_strips_give_each_period_the_same_room():
    frame = Frame(0, 0, 120, 10, across=strips(4))
    assert [frame.x(t) for t in range(4)] == [15, 45, 75, 105]


def test_panels_stand_in_rows():
    first = Frame(5, 7, 100, 50)
    places = [(f.left, f.top, f.width) for f in (first.nth(i, 3, 10, 20) for i in range(4))]
    assert places == [(5, 7, 100), (115, 7, 100), (225, 7, 100), (5, 77, 100)]


@pytest.mark.parametrize("upright", [True, False])
def test_lines_stand_where_their_labels_say(upright):
    frame, drawing = Frame(40, 20, 200, 100, across=(0, 0.4), up=(0, 0.4)), Drawing(300, 200, "axes")
    draw, place = (frame.uprights, frame.x) if upright else (frame.levels, frame.y)
    draw(drawing, say=tick)
    lines = [float(e.get("x1" if upright else "y1")) for e in parts(drawing.render(), "line")]
    assert [e.text for e in parts(drawing.render(), "text")] == ["0%", "20%", "40%"]
    assert lines == [place(value) for value in (0, 0.2, 0.4)]
    assert len(parts(drawing.render(), "line", "axis")) == 1


def test_labels_at_the_ends_can_stay_within():
    drawing = Drawing(300, 200, "axes")
    Frame(40, 20, 200, 100).uprights(drawing, say=tick, within=True)
    anchors = [e.get("text-anchor", "start") for e in parts(drawing.render(), "text")]
    assert anchors == ["start", "middle", "end"]


def test_feet_are_at_the_ends_or_one_in_the_middle():
    frame, two, one = Frame(40, 20, 200, 100), Drawing(1, 1, ""), Drawing(1, 1, "")
    frame.foot(two, "2024", "2025")
    frame.foot(one, "2024")
    assert [float(e.get("x")) for e in parts(two.render(), "text")] == [40, 240]
    assert [float(e.get("x")) for e in parts(one.render(), "text")] == [140]


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_cells_are_blue_above_nothing_and_orange_below(cells):
    values = np.array(cells).reshape(2, 2)
    texts = [[f"{v:+.2f}" for v in row] for row in values]
    drawing = matrices([Matrix("M", ["a", "b"], ["c", "d"], values, texts)], "a matrix")
    styles = [e.get("class") for e in parts(drawing, "rect")]
    for style, value in zip(styles, cells, strict=True):
        assert style.startswith("for") == (value >= 0.05) and style.startswith("against") == (value <= -0.05)
    assert [e.text for e in parts(drawing, "text", "num")] == [*texts[0], *texts[1]]


@given(st.floats(0, 5), st.floats(0.1, 5))
def test_colours_grow_with_the_number(value, edge):
    steps = ["zone", "for1", "for2", "for3"]
    assert steps.index(colours.effect(value, edge)) >= steps.index(colours.effect(value / 2, edge))
    assert colours.effect(-value, edge) == colours.effect(value, edge).replace("for", "against")


@given(st.integers(1, 12))
def test_levels_go_from_the_faintest_to_the_strongest(many):
    styles = [colours.level(k, many) for k in range(many)]
    assert styles == sorted(styles) and styles[0] == "l0" and (many == 1 or styles[-1] == "l6")


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_shared_bars_are_as_long_as_their_shares(weights):
    values = np.array([weights]) / sum(weights)
    bars = parts(shares(["row"], ["a", "b", "c"], values, "shares"), "rect", "level")
    lengths = np.array([float(bar.get("width")) for bar in bars])
    assert lengths / lengths.sum() == pytest.approx(values[0], abs=0.001)


def test_a_row_of_nothing_says_so():
    drawing = shares(["row"], ["a", "b"], np.full((1, 2), np.nan), "shares")
    assert "nothing" in [e.text for e in parts(drawing, "text")] and not parts(drawing, "rect", "level")


def test_bars_of_effects_go_both_ways_from_nothing_in_proportion():
    rows = [Effect("Heading"), *(Effect(str(m), Spread(m, m - 0.1, m, m + 0.1)) for m in (0.8, -0.4))]
    drawing = effects(rows, "effects")
    up, down = parts(drawing, "rect", "for3"), parts(drawing, "rect", "against3")
    assert len(up) == len(down) == 1
    assert float(up[0].get("width")) == pytest.approx(2 * float(down[0].get("width")), abs=0.2)
    zero = float(parts(drawing, "line")[0].get("x1"))
    assert float(up[0].get("x")) == pytest.approx(zero, abs=0.1)
    assert float(down[0].get("x")) + float(down[0].get("width")) == pytest.approx(zero, abs=0.2)


def test_panels_over_time_have_a_band_and_a_line_each():
    mean = np.array([0.1, 0.2, 0.3])
    part = Panel("War", "30%", mean, mean / 2, mean * 2, marks=[1])
    drawing = panels([part, replace(part, title="Peace")], ["2024", "2025", "2026"], "panels")
    assert len(parts(drawing, "polygon", "band")) == len(parts(drawing, "polyline", "mean")) == 2
    heights = [float(corner.split(",")[1]) for corner in parts(drawing, "polyline", "mean")[0].get("points").split()]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.11)
    assert len(parts(drawing, "line", "now")) == 2
