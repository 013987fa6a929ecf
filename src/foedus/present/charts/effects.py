"""Signed numbers with their range over worlds, one row each, around a line at nothing; and panels over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.frame import Frame, strips, tick
from foedus.present.svg import Drawing, ceiling
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
    x = Frame(left, 0, width, 0, across=_reach([row.spread for row in rows if row.spread])).x
    drawing = Drawing(left + width + 165, 8 + ROW * len(rows) + 4, description)
    drawing.line(x(0), 4, x(0), 8 + ROW * len(rows))
    for i, row in enumerate(rows):
        y = 8 + ROW * i
        if row.spread is None:
            drawing.label(0, y + 14, row.label, left + width, "strong", size=13)
            continue
        s = row.spread
        drawing.label(left - 10, y + 14, row.label, left - 14, "", "end", size=13.5)
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
    columns, first = 4, Frame(38, 24, 176, 84, across=strips(len(periods)))
    rows = -(-len(parts) // columns)
    drawing = Drawing(columns * (first.width + 46), rows * (first.height + 52), description)
    for i, part in enumerate(parts):
        most = ceiling(max((float(v) for v in part.high if v == v), default=0.0))
        frame = replace(first.nth(i, columns, 46, 52), up=(0, most))
        _panel(drawing, part, frame)
        drawing.label(frame.left, frame.top - 9, part.title, frame.width - 46, "strong", size=13.5)
        drawing.text(frame.right, frame.top - 9, part.corner, "num small", "end")
        frame.foot(drawing, periods[0], periods[-1] if len(periods) > 1 else "")
    return drawing.render()


def _panel(drawing: Drawing, part: Panel, frame: Frame) -> None:
    frame.levels(drawing, say=tick)
    for t in part.marks:
        drawing.line(frame.x(t), frame.top, frame.x(t), frame.bottom, "interval now")
    mean = frame.points(part.mean)
    if len(mean) == 1:
        x, y = mean[0]
        drawing.line(x, frame.points(part.high)[0][1], x, frame.points(part.low)[0][1], "interval")
        drawing.dot(x, y, 4, "posterior")
    elif mean:
        frame.band(drawing, part.low, part.high)
        frame.curve(drawing, part.mean)
