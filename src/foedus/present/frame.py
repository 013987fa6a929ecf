"""Where numbers lie on a drawing: a frame with two scales, its lines and labels, and curves and bands in it.

Every chart with an axis uses it. Over time or along a grid, one panel::

    drawing = Drawing(420, 200, "War over time")
    frame = Frame(44, 26, 340, 140, across=(0, len(mean) - 1), up=(0, ceiling(highest)))
    frame.levels(drawing, say=tick)  # lines and labels at nothing, half way and the top
    frame.band(drawing, low, high)  # where nine worlds in ten lie
    frame.curve(drawing, mean, "mean")
    frame.foot(drawing, "2024-06", "2025-05")

Rows under one scale (a policy or an assumption each): ``frame.uprights(drawing, say=tick)`` draws the lines with labels
above; marks stand at ``frame.x(value)``. Several panels: ``frame.nth(i, columns, 30, 50)`` is the place of the i-th,
and ``dataclasses.replace(frame, up=(0, most))`` gives it a scale of its own. ``strips(n)`` as ``across`` gives each of
n periods a strip of its own. A scatter keeps a ``margin`` inside, so that no dot is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from foedus.present.svg import Drawing

At = Sequence[float] | None  # where lines stand; None: at both ends and half way
Say = Callable[[float], str] | None  # what is written at a line


def tick(share: float) -> str:
    """A probability or share on an axis."""
    return f"{100 * share:.3g}%"


def strips(n: int) -> tuple[float, float]:
    """The scale on which period t has the strip from t - 0.5 to t + 0.5."""
    return -0.5, n - 0.5


@dataclass(frozen=True)
class Frame:
    """A place in a drawing, in pixels, and the numbers at its ends: ``across`` from left to right, ``up`` from its foot."""

    left: float
    top: float
    width: float
    height: float
    across: tuple[float, float] = (0.0, 1.0)
    up: tuple[float, float] = (0.0, 1.0)
    margin: float = 0.0

    @property
    def right(self) -> float:
        """Its right side."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its foot."""
        return self.top + self.height

    def x(self, value: float) -> float:
        """Where a number lies across; beyond the ends of the scale, at the end."""
        return self.left + self.margin + (self.width - 2 * self.margin) * _share(value, *self.across)

    def y(self, value: float) -> float:
        """Where a number lies upright."""
        return self.bottom - self.margin - (self.height - 2 * self.margin) * _share(value, *self.up)

    def nth(self, i: int, columns: int, gap: float, row_gap: float = 0.0) -> Frame:
        """The frame of panel ``i`` of several, ``columns`` in a row, this being the first."""
        row, column = divmod(i, columns)
        left, top = self.left + column * (self.width + gap), self.top + row * (self.height + row_gap)
        return replace(self, left=left, top=top)

    def points(self, values: Iterable[float], across: Iterable[float] | None = None) -> list[tuple[float, float]]:
        """Where numbers lie, by position or at the given places; undefined ones are left out."""
        pairs = enumerate(values) if across is None else zip(across, values, strict=True)
        return [(self.x(float(a)), self.y(float(v))) for a, v in pairs if v == v]

    def curve(self, drawing: Drawing, values: Iterable[float], style: str = "mean") -> None:
        """A line through numbers by position."""
        drawing.path(self.points(values), style)

    def band(self, drawing: Drawing, low: Iterable[float], high: Iterable[float]) -> None:
        """The area between two lines."""
        drawing.path([*self.points(high), *reversed(self.points(low))], "band", closed=True)

    def levels(self, drawing: Drawing, at: At = None, say: Say = None, gap: float = 5) -> None:
        """Lines across with labels to the left; that of 0 is an axis."""
        for value in _thirds(self.up) if at is None else at:
            y = self.y(value)
            drawing.line(self.left, y, self.right, y, "grid" if value else "axis")
            if say is not None:
                drawing.text(self.left - gap, y + 4, say(value), "small", "end")

    def uprights(
        self, drawing: Drawing, at: At = None, say: Say = None, gap: float = 6, axes: At = (0,), within: bool = False
    ) -> None:
        """Upright lines with labels above, those at the ends inside the frame if ``within``; ``axes`` are drawn in full."""
        for value in _thirds(self.across) if at is None else at:
            x = self.x(value)
            drawing.line(x, self.top, x, self.bottom, "axis" if value in (axes or ()) else "grid")
            if say is not None:
                first, last = (within and value == end for end in self.across)
                drawing.text(x, self.top - gap, say(value), "small", "start" if first else "end" if last else "middle")

    def foot(self, drawing: Drawing, first: str, last: str = "", below: float = 14) -> None:
        """Labels under the ends; one alone stands in the middle."""
        ends = [(self.left, first, "start"), (self.right, last, "end")]
        for x, text, anchor in ends if last else [(self.left + self.width / 2, first, "middle")]:
            drawing.text(x, self.bottom + below, text, "small", anchor)


def _share(value: float, low: float, high: float) -> float:
    """How far along a scale a number is, from 0 to 1."""
    return (min(max(value, low), high) - low) / ((high - low) or 1.0)


def _thirds(ends: tuple[float, float]) -> Sequence[float]:
    low, high = ends
    return low, low + (high - low) / 2, high
