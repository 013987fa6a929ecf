"""Charts of coalitions: what going would bring, and who stands with whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, pi, sin

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.lenses.coalition.sides import Standing
from foedus.present.frame import Frame
from foedus.present.svg import Drawing
from foedus.present.wording import number, ranged
from foedus.worlds.weights import Spread

Point = tuple[float, float]
MARKS = {  # how far down its row, the styles of band and dot, and how it is said
    Standing.LEAVE: (8.0, "shift", "prior", "leaving"),
    Standing.JOIN: (18.0, "interval", "posterior", "joining the other side"),
}


def going_chart(sides: Sequence[Sequence[str]], changes: Mapping[tuple[str, Standing], Spread]) -> Markup:
    """One row a member of a side, by name: the change in what it gets by leaving, and by joining the best other side."""
    known = [spread for spread in changes.values() if spread.mean == spread.mean]
    low, high = min([0.0, *(s.low for s in known)]), max([0.0, *(s.high for s in known)])
    pad = max((high - low) * 0.05, 1e-9)
    left, row, gap, top = 150.0, 30.0, 14.0, 34.0
    height = row * sum(map(len, sides)) + gap * len(sides)
    frame = Frame(left, top - 8, 560.0, height + 8, across=(low - pad, high + pad))
    drawing = Drawing(frame.right + 60, frame.bottom + 10, "What going would bring")
    frame.uprights(drawing, [0.0], lambda _: "as when it stays", 12)
    ends = [end for end in (low, high) if abs(end) > 0.1 * (high - low)]  # nearer ones would lie over the label of 0
    frame.uprights(drawing, ends, lambda end: number(end, 2), 12)
    y = top
    for side in sides:
        for player in side:
            drawing.label(left - 12, y + 16, player, left - 16, "", "end")
            for option, (down, band, dot, how) in MARKS.items():
                spread = changes[player, option]
                if spread.mean == spread.mean:
                    drawing.line(frame.x(spread.low), y + down, frame.x(spread.high), y + down, band)
                    tip = f"{player} by {how}: {ranged(spread, number)}"
                    drawing.dot(frame.x(spread.mean), y + down, 4.5, dot, tip)
            y += row
        y += gap
    return drawing.render()


def network_chart(players: Sequence[str], signs: Floats, least: float) -> Markup:
    """The actors on a circle, with a line for each pair whose alignment is at least ``least`` in size."""
    n, radius, cx, cy = len(players), 120.0, 330.0, 160.0
    drawing = Drawing(680, 330, "Who wants the same as whom")
    angles = [2 * pi * k / n - pi / 2 for k in range(n)]
    points = [(cx + radius * cos(angle), cy + radius * sin(angle)) for angle in angles]
    for i in range(n):
        for j in range(i):
            if abs(signs[i, j]) >= least:
                _tie(drawing, points[i], points[j], float(signs[i, j]))
    for player, (x, y) in zip(players, points, strict=True):
        drawing.dot(x, y, 6, "prior", player)
        out = (x - cx) / radius
        anchor = "middle" if abs(out) < 0.2 else "start" if out > 0 else "end"
        down = -12 if y < cy - radius / 2 else 22 if y > cy + radius / 2 else 4
        drawing.text(x + (0 if anchor == "middle" else 14 * np.sign(out)), y + down, player, "strong", anchor)
    return drawing.render()


def _tie(drawing: Drawing, a: Point, b: Point, sign: float) -> None:
    """A band between two points, as wide as the alignment is strong."""
    (x1, y1), (x2, y2) = a, b
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    half = 0.4 + 4 * abs(sign)
    dx, dy = -(y2 - y1) / length * half, (x2 - x1) / length * half
    corners = [(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)]
    drawing.path(corners, "posterior" if sign > 0 else "posterior now", closed=True)
