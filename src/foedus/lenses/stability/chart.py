"""The posture graph as a drawing: the status quo, the postures that last, and the improving moves between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from foedus.present.svg import Drawing, wrapped
from foedus.present.wording import percent

_WIDTH, _GAP, _PAD, _LINE, _HEAD = 164.0, 66.0, 8.0, 15.0, 26.0
_Point = tuple[float, float]


@dataclass(frozen=True)
class PostureBox:
    """A posture: the orders in force, the share of worlds in which it lasts, and how far it is (where not drawn)."""

    orders: Sequence[str]
    share: float
    start: bool
    distance: str
    tip: str

    @cached_property
    def lines(self) -> list[str]:
        """The orders broken into lines."""
        return [line for order in self.orders for line in wrapped(order, _WIDTH - 2 * _PAD, 12.5)]

    @property
    def height(self) -> float:
        """Of its box."""
        return 2 * _PAD + _LINE * (len(self.lines) + 1) + 6


def posture_graph(boxes: Mapping[int, PostureBox], ways: Sequence[Sequence[tuple[str, int]]], start: int) -> Markup:
    """Postures in columns by how many moves lead there from ``start``; those that no way reaches in a row below.

    ``ways`` are sequences of (who moves, the posture that follows), all from ``start``.
    """
    column = {start: 0}
    for way in ways:
        for depth, (_, posture) in enumerate(way, 1):
            column.setdefault(posture, depth)
    places, foot = _columns(boxes, column)
    apart = [posture for posture in boxes if posture not in column]
    places |= {posture: (2 + i * (_WIDTH + 18), foot + _HEAD) for i, posture in enumerate(apart)}
    height = foot + (_HEAD + max(boxes[posture].height for posture in apart) + 4 if apart else 0)
    drawing = Drawing(max(x for x, _ in places.values()) + _WIDTH + 4, height, "Postures and the moves between them")
    for depth in range(max(column.values()) + 1):
        told = f"After {depth} move{'s' * (depth > 1)}" if depth else "Status quo"
        drawing.text(depth * (_WIDTH + _GAP) + 2, 14, told, "small")
    if apart:
        drawing.text(2, foot + 14, "Other postures that last in some worlds", "small")

    def side(posture: int, right: float) -> _Point:
        x, y = places[posture]
        return x + right, y + boxes[posture].height / 2

    steps = [(here, *step) for way in ways for here, step in zip([start, *(posture for _, posture in way)], way)]
    for here, who, there in dict.fromkeys(steps):
        _arrow(drawing, side(here, _WIDTH), side(there, 0), who)
    for posture, box in boxes.items():
        _draw(drawing, box, *places[posture], box.distance if posture in apart else "")
    return drawing.render()


def _columns(boxes: Mapping[int, PostureBox], column: Mapping[int, int]) -> tuple[dict[int, _Point], float]:
    """Left top corners of the boxes, one below the other in their columns, and where the longest column ends."""
    free, places = dict[int, float](), dict[int, _Point]()
    for posture in (posture for posture in boxes if posture in column):
        top = free.get(column[posture], _HEAD)
        places[posture] = (column[posture] * (_WIDTH + _GAP) + 2, top)
        free[column[posture]] = top + boxes[posture].height + 16
    return places, max(free.values())


def _draw(drawing: Drawing, box: PostureBox, x: float, y: float, distance: str) -> None:
    drawing.rect(x, y, _WIDTH, box.height, "box chance" if box.start else "box", 4, box.tip)
    for i, line in enumerate(box.lines):
        drawing.text(x + _PAD, y + _PAD + _LINE * i + 10, line, "strong" * box.start)
    foot = y + _PAD + _LINE * len(box.lines) + 10
    where = f", {distance}" if distance else " of worlds"
    drawing.text(x + _PAD, foot, f"lasts in {percent(box.share)}{where}", "small num")
    drawing.rect(x + _PAD, foot + 5, _WIDTH - 2 * _PAD, 4, "track")
    drawing.rect(x + _PAD, foot + 5, (_WIDTH - 2 * _PAD) * box.share, 4, "bar")


def _arrow(drawing: Drawing, start: _Point, end: _Point, who: str) -> None:
    """From the right side of one box to the left side of another, with the mover's name on it."""
    (x1, y1), (x2, y2) = start, end
    turn = x1 + 10 if x2 > x1 else x1 + _GAP / 2
    drawing.path([(x1, y1), (turn, y1), (turn, y2), (x2 - 5, y2)], "flow")
    drawing.path([(x2 - 6, y2 - 4), (x2 - 6, y2 + 4), (x2, y2)], "head", closed=True)
    lines = wrapped(who, _GAP - 14, 11)[:2]
    for i, line in enumerate(lines):
        drawing.text((turn + x2) / 2 - 3, y2 - 5 - 12 * (len(lines) - 1 - i), line, "small", "middle")
