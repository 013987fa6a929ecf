"""Charts of what drives a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from foedus.present.frame import Frame
from foedus.present.svg import Drawing
from foedus.present.wording import number

LEFT, WIDTH, ROW = 320.0, 470.0, 20.0


def sobol_chart(names: Sequence[str], first: Sequence[float], total: Sequence[float], error: Sequence[float]) -> Markup:
    """One row an assumption: its first-order index, and its total index with its interval."""
    top = max(max(t + e for t, e in zip(total, error, strict=True)), 0.01)
    drawing = Drawing(880, 34 + ROW * len(names), "Sobol indices")
    frame = Frame(LEFT, 22, WIDTH, 6 + ROW * len(names), across=(0, top))
    frame.uprights(drawing, say=lambda value: number(value, 2))
    for k, name in enumerate(names):
        y = 28 + ROW * k + ROW / 2
        drawing.label(LEFT - 12, y + 4, name, LEFT - 14, "", "end", size=12)
        drawing.line(frame.x(total[k] - error[k]), y, frame.x(total[k] + error[k]), y, "interval")
        drawing.dot(frame.x(total[k]), y, 4.5, "prior", f"{name}: total {number(total[k])} ± {number(error[k])}")
        drawing.dot(frame.x(first[k]), y, 4, "posterior", f"{name}: alone {number(first[k])}")
    return drawing.render()


def effects_chart(names: Sequence[str], effects: Sequence[float], shown: Callable[[float], str]) -> Markup:
    """One row an assumption: a bar to the right where more of it raises the number, to the left where it lowers it."""
    top = max(max(abs(effect) for effect in effects), 1e-300)
    drawing = Drawing(880, 10 + ROW * len(names), "Local sensitivities")
    drawing.line(LEFT + WIDTH / 2, 2, LEFT + WIDTH / 2, 6 + ROW * len(names))
    for k, (name, effect) in enumerate(zip(names, effects, strict=True)):
        y, size = 4 + ROW * k, WIDTH / 2 * abs(effect) / top
        drawing.label(LEFT - 12, y + 14, name, LEFT - 14, "", "end", size=12)
        start = LEFT + WIDTH / 2 - (size if effect < 0 else 0)
        drawing.rect(start, y + 4, size, 11, "bar" if effect > 0 else "posterior now", 0, f"{name}: {shown(effect)}")
        drawing.text(LEFT + WIDTH + 8, y + 14, shown(effect), "num small")
    return drawing.render()
