"""Signed numbers with their range over worlds, one row each, around a line at nothing; and panels over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.svg import Drawing, ceiling, clipped
from foedus.worlds.weights import Spread

ROW = 20.0


@dataclass(frozen=True)
class Effect:
    """One row; a row without a spread is a heading."""

    label: str
    spread: Spread | None = None
    text: str = ""
    tip: str = ""


def effects(rows: Sequence[Effect], description: str, left: float = 250.0, width: float = 430.0) -> Markup:
    """Bars from nothing to the average, each with the line on which nine worlds in ten lie (cut if very long)."""
    low, high = _reach([row.spread for row in rows if row.spread])
    span = (high - low) or 1.0

    def x(value: float) -> float:
        return left + width * (min(max(value, low), high) - low) / span

    drawing = Drawing(left + width + 165, 8 + ROW * len(rows) + 4, description)
    drawing.line(x(0), 4, x(0), 8 + ROW * len(rows))
    for i, row in enumerate(rows):
        y = 8 + ROW * i
        if row.spread is None:
            drawing.text(0, y + 14, clipped(row.label, left + width, 13), "strong")
            continue
        s = row.spread
        drawing.text(left - 10, y + 14, clipped(row.label, left - 14, 13.5), "", "end")
        if s.mean == s.mean:
            start, end = sorted((x(0), x(s.mean)))
            drawing.rect(start, y + 4, end - start, ROW - 8, "for3" if s.mean > 0 else "against3", 1, row.tip)
            drawing.line(x(s.low), y + ROW / 2, x(s.high), y + ROW / 2, "axis")
        drawing.text(left + width + 10, y + 14, row.text, "num small")
    return drawing.render()


def _reach(spreads: Sequence[Spread]) -> tuple[float, float]:
    """The ends of the axis: all averages and lines fit, but lines far longer than most are cut."""
    means = [0.0, *(s.mean for s in spreads if s.mean == s.mean)]
    ends = [end for s in spreads for end in (s.low, s.high) if end == end]
    usual = 2.5 * sorted(map(abs, ends))[int(0.85 * (len(ends) - 1))] if ends else 0.0
    ends = [min(max(end, -usual), usual) for end in ends]
    return min([*means, *ends]), max([*means, *ends])


@dataclass(frozen=True)
class Panel:
    """Numbers [period] over time: the average, the ends between which nine worlds in ten lie, and dated marks."""

    title: str
    corner: str
    mean: Floats
    low: Floats
    high: Floats
    marks: Sequence[int] = ()


def panels(parts: Sequence[Panel], periods: Sequence[str], description: str) -> Markup:
    """Small multiples over time, four in a row."""
    columns, width, height, gap = 4, 176.0, 84.0, 46.0
    rows = -(-len(parts) // columns)
    drawing = Drawing(columns * (width + gap), rows * (height + 52), description)
    for i, part in enumerate(parts):
        left, top = 38 + (i % columns) * (width + gap), 24 + (i // columns) * (height + 52)
        _panel(drawing, part, left, top, width, height)
        drawing.text(left, top - 9, clipped(part.title, width - 46, 13.5), "strong")
        drawing.text(left + width, top - 9, part.corner, "num small", "end")
        for t in {0, len(periods) - 1}:
            anchor = "middle" if len(periods) == 1 else "end" if t else "start"
            place = left + width * (0.5 if len(periods) == 1 else float(t > 0))
            drawing.text(place, top + height + 14, periods[t], "small", anchor)
    return drawing.render()


def _panel(drawing: Drawing, part: Panel, left: float, top: float, width: float, height: float) -> None:
    known = [float(v) for v in part.high if v == v]
    most, many = ceiling(max(known, default=0.0)), len(part.mean)

    def at(t: int, value: float) -> tuple[float, float]:
        return left + width * (t + 0.5) / many, top + height * (1 - min(value, most) / most)

    for share in (0, 0.5, 1):
        y = top + height * (1 - share)
        drawing.line(left, y, left + width, y, "grid" if share else "axis")
        drawing.text(left - 5, y + 4, f"{100 * share * most:.3g}%", "small", "end")
    for t in part.marks:
        drawing.line(at(t, 0)[0], top, at(t, 0)[0], top + height, "interval now")
    there = [at(t, float(v)) for t, v in enumerate(part.high) if v == v]
    back = [at(t, float(v)) for t, v in enumerate(part.low) if v == v]
    line = [at(t, float(v)) for t, v in enumerate(part.mean) if v == v]
    if len(line) == 1:
        drawing.line(line[0][0], there[0][1], line[0][0], back[0][1], "interval")
        drawing.dot(*line[0], 4, "posterior")
    elif line:
        drawing.path([*there, *reversed(back)], "band", closed=True)
        drawing.path(line, "mean")
