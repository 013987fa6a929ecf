"""Bars that are shared out: one row each, its parts side by side from the faintest to the strongest colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.svg import Drawing, clipped
from foedus.present.wording import percent


def shares(rows: Sequence[str], parts: Sequence[str], values: Floats, description: str) -> Markup:
    """``values`` [rows, parts], each row summing to one; a row of NaN is left empty. The key stands above."""
    left, width, row = 150.0, 620.0, 26.0
    key = [clipped(part, 180, 12) for part in parts]
    starts = [left + sum(32 + 5.7 * len(text) for text in key[:j]) for j in range(len(key) + 1)]
    drawing = Drawing(max(left + width + 20, starts[-1]), 34 + row * len(rows), description)
    for j, text in enumerate(key):
        drawing.rect(starts[j], 4, 14, 12, _style(j, len(parts)), 2)
        drawing.text(starts[j] + 19, 14, text, "small")
    for i, name in enumerate(rows):
        top, start = 28 + row * i, left
        drawing.text(left - 10, top + 15, clipped(name, left - 14, 12.5), "", "end")
        if np.isnan(values[i]).any():
            drawing.text(left, top + 15, "nothing", "small")
            continue
        for j, part in enumerate(parts):
            wide = width * float(values[i, j])
            drawing.rect(
                start,
                top,
                wide,
                row - 6,
                f"level {_style(j, len(parts))}",
                0,
                f"{name}, {part}: {percent(float(values[i, j]))}",
            )
            if wide > 40:
                style = "num" if _level(j, len(parts)) < 3 else "num onlevel"
                drawing.text(start + wide / 2, top + 14, percent(float(values[i, j])), style, "middle")
            start += wide
    return drawing.render()


def _level(j: int, many: int) -> int:
    return round(6 * j / max(many - 1, 1))


def _style(j: int, many: int) -> str:
    return f"l{_level(j, many)}"
