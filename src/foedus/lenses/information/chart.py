"""Charts of information: what knowing each assumption is worth, and who fares how if all see alike."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from foedus.present.svg import Drawing
from foedus.present.wording import number, signed
from foedus.worlds.weights import Spread


def values_chart(values: Sequence[tuple[str, float, float]], floor: float) -> Markup:
    """A bar for each (name, worth, standard error) with a line of one error each way; dashed, what noise seems worth."""
    left, width, row = 330.0, 480.0, 22.0
    top = max(worth + error for _, worth, error in values)
    drawing = Drawing(900, 26 + row * len(values), "What knowing each assumption is worth")
    for k, (name, worth, error) in enumerate(values):
        y, end = 20 + row * k, left + width * (worth + error) / top
        drawing.label(left - 10, y + 12, name, left - 16, "", "end", size=12.5)
        drawing.rect(left, y + 2, width * worth / top, 12, "bar", 2, f"{name}: {number(worth, 2)}")
        drawing.line(left + width * max(worth - error, 0) / top, y + 8, end, y + 8, "flow")
        drawing.text(end + 8, y + 12, number(worth, 2), "num")
    x = left + width * floor / top
    drawing.line(x, 12, x, 22 + row * len(values), "reference")
    return drawing.render()


def changes_chart(changes: Sequence[tuple[str, Spread]], most: float) -> Markup:
    """A row an actor around a line at no change: the average, and nine worlds in ten; ``most`` is the end of the axis."""
    left, width, row = 200.0, 560.0, 24.0
    drawing = Drawing(900, 40 + row * len(changes), "What misperception costs each actor")
    middle = left + width / 2
    for share in (-1.0, 0.0, 1.0):
        x = middle + share * width / 2
        drawing.line(x, 24, x, 32 + row * len(changes), "axis" if not share else "grid")
        drawing.text(x, 16, number(share * most, 2) if share else "nothing", "small", "middle")
    for k, (name, s) in enumerate(changes):
        y = 32 + row * k + 10
        drawing.label(left - 12, y + 4, name, left - 16, "", "end", size=13)
        drawing.line(middle + width / 2 * s.low / most, y, middle + width / 2 * s.high / most, y, "interval")
        drawing.dot(middle + width / 2 * s.mean / most, y, 4.5, "posterior", f"{signed(s.mean)}")
    return drawing.render()
