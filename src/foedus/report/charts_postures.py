"""The posture graph as a drawing: the status quo, the postures that last, and the improving moves between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foedus.report.svg import Drawing, clipped
from foedus.report.wording import percent

_WIDTH, _GAP, _PAD, _LINE, _HEAD = 176.0, 66.0, 8.0, 15.0, 26.0


@dataclass(frozen=True)
class Node:
    """A posture: the orders in force, the share of worlds in which it lasts, and how it is marked."""

    orders: Sequence[str]
    share: float
    start: bool
    tip: str

    @property
    def height(self) -> float:
        """Of its box."""
        return 2 * _PAD + _LINE * (len(self.orders) + 1) + 6


def posture_graph(nodes: Mapping[str, Node], ways: Sequence[Sequence[tuple[str, str]]], start: str) -> Markup:
    """Postures in columns by how many moves lead there from ``start``; the others in the last column.

    ``ways`` are sequences of (who moves, the posture that follows), all from ``start``.
    """
    column = {start: 0}
    for way in ways:
        for depth, (_, label) in enumerate(way, 1):
            column.setdefault(label, depth)
    last = max(column.values())
    apart = [label for label in nodes if label not in column]
    column |= dict.fromkeys(apart, last + 1)
    places, height = _places(nodes, column)
    drawing = Drawing((last + 1 + bool(apart)) * (_WIDTH + _GAP) - _GAP + 4, height, "Postures and moves between them")
    for depth in range(last + 1 + bool(apart)):
        told = "Status quo" if depth == 0 else f"After {depth} move{'s' * (depth > 1)}"
        told = "No improving way leads here" if depth == last + 1 else told
        drawing.text(depth * (_WIDTH + _GAP) + 2, 14, clipped(told, _WIDTH + _GAP - 8, 11), "small")
    drawn: set[tuple[str, str]] = set()
    for way in ways:
        here = start
        for who, label in way:
            if (here, label) not in drawn:
                _arrow(drawing, places[here], nodes[here], places[label], nodes[label], who)
            drawn.add((here, label))
            here = label
    for label, node in nodes.items():
        _draw(drawing, node, *places[label])
    return drawing.render()


def _places(nodes: Mapping[str, Node], column: Mapping[str, int]) -> tuple[dict[str, tuple[float, float]], float]:
    """Left top corners of the boxes, one below the other in their columns, and the height of all."""
    free: dict[int, float] = {}
    places = {}
    for label, node in nodes.items():
        top = free.get(column[label], _HEAD)
        places[label] = (column[label] * (_WIDTH + _GAP) + 2, top)
        free[column[label]] = top + node.height + 18
    return places, max(free.values())


def _draw(drawing: Drawing, node: Node, x: float, y: float) -> None:
    drawing.rect(x, y, _WIDTH, node.height, "box chance" if node.start else "box", 4, node.tip)
    for i, order in enumerate(node.orders):
        drawing.text(
            x + _PAD, y + _PAD + _LINE * i + 10, clipped(order, _WIDTH - 2 * _PAD, 11.5), "strong" * node.start
        )
    foot = y + _PAD + _LINE * len(node.orders) + 10
    drawing.text(x + _PAD, foot, f"lasts in {percent(node.share)} of worlds", "small num")
    drawing.rect(x + _PAD, foot + 5, _WIDTH - 2 * _PAD, 4, "track")
    drawing.rect(x + _PAD, foot + 5, (_WIDTH - 2 * _PAD) * node.share, 4, "bar")


def _arrow(
    drawing: Drawing, start: tuple[float, float], box: Node, end: tuple[float, float], to: Node, who: str
) -> None:
    """From the right side of one box to the left side of the other, with the mover's name on it."""
    x1, y1 = start[0] + _WIDTH, start[1] + box.height / 2
    x2, y2 = end[0], end[1] + to.height / 2
    turn = x1 + 10 if x2 > x1 else x1 + _GAP / 2
    drawing.path([(x1, y1), (turn, y1), (turn, y2), (x2 - 5, y2)], "flow")
    drawing.path([(x2 - 6, y2 - 4), (x2 - 6, y2 + 4), (x2, y2)], "head", closed=True)
    drawing.text((turn + x2) / 2 - 3, y2 - 5, clipped(who, _GAP - 12, 10.5), "small", "middle")
