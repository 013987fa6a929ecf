"""Sections on a page, in the terminal and for other programs."""

from __future__ import annotations

import io
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column
from rich.text import Text

import foedus.present
from foedus.errors import FoedusError
from foedus.present import colours
from foedus.present.page import rendered, write_page
from foedus.present.plain import section_json, strict
from foedus.present.section import Amount, Figure, Told, amount, change, probability, table
from foedus.present.svg import Drawing
from foedus.present.terminal import print_section, print_table, sparkline
from foedus.worlds.weights import Spread
from test_report_html import Page

STYLE = (Path(foedus.present.__file__).parent / "report.css").read_text(encoding="utf-8")


def section(text: str = "A <b>finding</b> & more"):
    told = table(
        f"Table of {text}",
        {"Name": str, "Chance": lambda x: probability(Spread(x, 0.1, 0.2, 0.3)), "Change": lambda x: change(x - 0.5)},
        [0.25, 0.75],
    )
    drawing = Drawing(10, 10, text).render()
    return Told([text], [Figure(text, "how to read it", drawing)], [told], [f"Note: {text}"]).under(
        "id-1", "Head", text
    )


def test_a_page_is_whole_escaped_and_loads_nothing(tmp_path):
    path = write_page("Title <script>", [section()], tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.faults == [] and page.open == [] and page.loads == []
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|<link|<iframe|https?://", text)
    assert "A <b>finding</b> & more" in page.text and "<b>" not in text.split("</style>")[1]
    assert page.ids == ["id-1"] and page.links == ["#id-1"]
    assert text.count("<script>") == 1


def test_numbers_sort_by_their_value_and_not_by_their_text():
    html = rendered("page.html", {"title": "", "sections": [section()]})
    cells = re.findall(r'<td class="n" data-sort="([^"]+)">([^ <]+)', html)
    expected = [(0.25, "25%"), (-0.25, "−0.25"), (0.75, "75%"), (0.25, "+0.25")]
    assert [(float(value), text) for value, text in cells] == expected


def test_a_page_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(FoedusError, match="cannot be written"):
        write_page("Title", [], tmp_path / "nowhere" / "page.html")


@pytest.mark.parametrize("medium", ["light", "dark", "print"])
def test_every_colour_that_the_style_uses_is_declared(medium):
    declared = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", colours.declared(medium)))
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) == set(declared)
    assert not re.search(r"#[0-9a-f]{3,6}\b", re.sub(r"\{\{.*?\}\}", "", STYLE)), "a colour outside the table"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("medium", ["light", "dark", "print"])
def test_text_can_be_read_on_its_paper(medium):
    declared = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", colours.declared(medium)))
    for ink in ("ink", "soft"):
        for paper in ("paper", "panel", "warn-paper"):
            bright, dark = sorted((luminance(declared[ink]), luminance(declared[paper])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) > 4.5, (ink, paper)


def shown(width: int, text: str = "A finding") -> str:
    stream = io.StringIO()
    print_section(section(text), Console(file=stream, width=width))
    return stream.getvalue()


@given(st.integers(80, 160), st.text("abc de[]/", min_size=1, max_size=400))
def test_a_section_fits_the_terminal_and_loses_no_word(width, text):
    printed = shown(width, text)
    assert max(map(len, printed.splitlines())) <= width
    assert all(word in printed.replace("\n", "") for word in text.split() if len(word) < 60)


words = st.text("abcdé[]/日", min_size=1, max_size=20)
labels = st.lists(words, min_size=1, max_size=6).map(" ".join)
tables = st.integers(1, 9).flatmap(
    lambda n: st.tuples(st.lists(labels, min_size=n, max_size=n), st.lists(st.lists(labels, min_size=n, max_size=n)))
)


@given(st.integers(80, 120), tables, st.integers(0, 8))
def test_a_table_fits_the_terminal_and_breaks_no_word(width, shape, indent):
    headings, rows = shape
    stream = io.StringIO()
    columns = [Column(heading, justify="right" if k % 2 else "left") for k, heading in enumerate(headings)]
    print_table(Console(file=stream, width=width), columns, [[*map(Text, row)] for row in rows], indent)
    printed = stream.getvalue()
    assert all(cell_len(line) <= width for line in printed.splitlines())
    shown = Counter(printed.split())
    written = Counter(word for row in rows for cell in row for word in cell.split())
    assert written <= shown


def test_what_does_not_fit_beside_each_other_stands_below_each_other():
    numbers = {f"Chance of number {k}": lambda x: probability(Spread(x, 0.1, 0.2, 0.3)) for k in range(8)}
    told = Told([], [], [table("Wide", {"Name": lambda x: f"row {x}", **numbers}, [0.5])], ["end"]).under(
        "id", "Head", "Why?"
    )
    lines = {}
    for width in (80, 120, 160):
        stream = io.StringIO()
        print_section(told, Console(file=stream, width=width))
        lines[width] = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines[80][4:6] == ["row 0.5", "  Chance of number 0: 50% 10% to 30%"]  # one below the other
    assert [line.split()[:2] for line in lines[120][-3:-1]] == [["row", "0.5"], ["10%", "to"]]  # ranges below averages
    assert lines[160][-2].startswith("row 0.5  ") and lines[160][-2].count("50% 10% to 30%") == 8


def test_the_terminal_shows_averages_with_their_ranges():
    assert re.search(r"0\.25 +25% 10% to 30% +−0\.25", shown(80))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_bars_rise_with_their_values(values):
    bars = sparkline(values)
    assert len(bars) == len(values)
    ranked = [bar for _, bar in sorted(zip(values, bars, strict=True))]
    assert ranked == sorted(bars)


def test_an_undefined_spread_can_be_a_dash_that_sorts():
    undefined = Spread(*4 * [float("nan")])
    assert change(undefined, dash=-1.0) == Amount("–", -1.0)
    assert amount(0.5, "{:.2f}".format) == Amount("0.50", 0.5)


@dataclass
class Nested:
    """A result with numpy's types inside."""

    name: str
    numbers: np.ndarray
    share: np.float64


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(plain)
def test_strict_values_are_strict_json_and_the_same(value):
    again = json.loads(json.dumps(strict(value), allow_nan=False))

    def same(a, b):
        if isinstance(a, float) and not math.isfinite(a):
            return b is None
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        if isinstance(a, list):
            return len(a) == len(b) and all(map(same, a, b))
        return a == b and type(a) is type(b)

    assert same(value, again)


def test_numpy_and_dataclasses_become_plain():
    nested = Nested("x", np.array([[1.0, np.inf], [np.nan, 2.0]]), np.float64(0.5))
    assert strict({1: nested}) == {"1": {"name": "x", "numbers": [[1.0, None], [None, 2.0]], "share": 0.5}}


def test_a_section_for_programs_holds_its_arrays_with_their_labels():
    data = xr.Dataset({"share": ("policy", [0.5, np.nan])}, {"policy": ["a", "b"]}, {"lens": "x", "n": np.int64(3)})
    told = section_json(section(), data)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["data"] == {"share": {"dims": ["policy"], "values": [0.5, None]}}
    assert told["coords"] == {"policy": ["a", "b"]} and told["attributes"] == {"lens": "x", "n": 3}
    assert told["lens"] == "id-1" and told["sentences"] == ["A <b>finding</b> & more"]
