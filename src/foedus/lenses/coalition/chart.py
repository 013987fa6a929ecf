"""Charts of coalitions: what going would bring, and who stands with whom."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.svg import Drawing, clipped
from foedus.present.wording import number

if TYPE_CHECKING:
    from foedus.lenses.coalition.telling import Sides


def going_chart(sides: Sides) -> Markup:
    """One row a member of a side: the change in what it gets by leaving, and by joining the best other side."""
    rows = [(p, kind) for side in sides.sides for p in side for kind in (1, 2)]
    spreads = {}
    for player, kind in rows:
        at = sides.players.index(player)
        spreads[player, kind] = sides.spread(sides.option[:, at, kind] - sides.option[:, at, 0])
    known = [s for s in spreads.values() if s.mean == s.mean]
    low = min([0.0, *(s.low for s in known)])
    high = max([0.0, *(s.high for s in known)])
    pad = max((high - low) * 0.05, 1e-9)
    left, width, row, top = 150.0, 560.0, 30.0, 34.0
    members = [p for side in sides.sides for p in side]
    drawing = Drawing(
        left + width + 60, top + row * len(members) + 14 * len(sides.sides) + 10, "What going would bring"
    )

    def x(value: float) -> float:
        return left + width * (value - low + pad) / (high - low + 2 * pad)

    bottom = top + row * len(members) + 14 * len(sides.sides)
    drawing.line(x(0), top - 8, x(0), bottom, "axis")
    drawing.text(x(0), 14, "as when it stays", "small", "middle")
    for end in (low, high):
        if abs(end) > 0.1 * (high - low):
            drawing.text(x(end), 14, number(end, 2), "small", "middle")
            drawing.line(x(end), top - 8, x(end), bottom, "grid")
    y = top
    for side in sides.sides:
        for player in side:
            drawing.text(left - 12, y + 16, clipped(sides.name(player), left - 16), "", "end")
            for kind, offset in ((1, 8.0), (2, 18.0)):
                s = spreads[player, kind]
                if s.mean != s.mean:
                    continue
                said = f"{sides.name(player)} by {'leaving' if kind == 1 else 'joining the other side'}: {number(s.mean)} ({number(s.low)} to {number(s.high)})"
                drawing.line(x(s.low), y + offset, x(s.high), y + offset, "interval" if kind == 2 else "shift")
                drawing.dot(x(s.mean), y + offset, 4.5, "posterior" if kind == 2 else "prior", said)
            y += row
        y += 14
    return drawing.render()


def network_chart(sides: Sides, signs: Floats, least: float) -> Markup:
    """The actors on a circle, with a line for each pair whose alignment is at least ``least`` in size."""
    n, radius, cx, cy = len(sides.players), 120.0, 330.0, 160.0
    drawing = Drawing(680, 330, "Who wants the same as whom")
    places = [
        (cx + radius * cos(2 * pi * k / n - pi / 2), cy + radius * sin(2 * pi * k / n - pi / 2)) for k in range(n)
    ]
    for i in range(n):
        for j in range(i):
            if abs(signs[i, j]) >= least:
                _tie(drawing, places[i], places[j], float(signs[i, j]))
    for k, player in enumerate(sides.players):
        px, py = places[k]
        drawing.dot(px, py, 6, "prior", sides.name(player))
        out = (px - cx) / radius
        anchor = "middle" if abs(out) < 0.2 else "start" if out > 0 else "end"
        dy = -12 if py < cy - radius / 2 else 22 if py > cy + radius / 2 else 4
        drawing.text(
            px + (0 if anchor == "middle" else 14 * np.sign(out)), py + dy, sides.name(player), "strong", anchor
        )
    return drawing.render()


def _tie(drawing: Drawing, a: tuple[float, float], b: tuple[float, float], sign: float) -> None:
    """A band between two places, as wide as the alignment is strong."""
    (x1, y1), (x2, y2) = a, b
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    half = 0.4 + 4 * abs(sign)
    dx, dy = -(y2 - y1) / length * half, (x2 - x1) / length * half
    corners = [(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)]
    drawing.path(corners, "posterior" if sign > 0 else "posterior now", closed=True)
