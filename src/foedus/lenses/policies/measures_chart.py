"""Charts of measures: how far each suffices and is necessary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from foedus.lenses.policies.chart import ROW
from foedus.present.svg import Drawing, clipped
from foedus.present.wording import percent
from foedus.runs.view import RunView

if TYPE_CHECKING:
    from foedus.lenses.policies.measures import Needs


def needs_chart(results: RunView, needs: Sequence[Needs], label: Callable[[frozenset[str]], str]) -> Markup:
    """One panel a goal, one row a set of measures: how far it suffices (filled) and how far it is necessary (open)."""
    sets = list(dict.fromkeys(n.degrees.measures for one in needs for n in one.needs))
    left, gap = 250.0, 34.0
    width = (900 - left) / len(needs) - gap
    drawing = Drawing(900, 44 + ROW * len(sets), "Necessary and sufficient measures")
    for i, measures in enumerate(sets):
        drawing.text(left - 14, 44 + ROW * i + ROW / 2, clipped(label(measures), left - 20, 13), "", "end")
    for k, one in enumerate(needs):
        start = left + k * (width + gap)
        drawing.text(start, 13, clipped(results.names.outcome(one.goal.metric.name), width + gap - 6, 12.5), "strong")
        for share in (0, 0.5, 1):
            x = start + width * share
            drawing.line(x, 32, x, 38 + ROW * len(sets), "grid" if share == 0.5 else "axis")
            drawing.text(x, 28, f"{100 * share:.0f}%", "small", "middle")
        for need in one.needs:
            y = 40 + ROW * sets.index(need.degrees.measures) + ROW / 2
            for what, degree, style in (
                ("necessary", need.degrees.necessity, "prior"),
                ("suffices", need.degrees.sufficiency, "posterior"),
            ):
                if degree is not None and degree.value == degree.value:
                    tip = f"{label(need.degrees.measures)}: {what} in {percent(degree.value)} of the worlds counted"
                    drawing.dot(start + width * degree.value, y, 5 if style == "prior" else 4, style, tip)
    return drawing.render()
