"""Bars that are shared out: one row each, its parts side by side from the faintest to the strongest colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present import colours
from foedus.present.svg import Drawing, clipped
from foedus.present.wording import percent


def shares(rows: Sequence[str], parts: Sequence[str], values: Floats, description: str) -> Markup:
    """``values`` [rows, parts], each row summing to one; a row of NaN is left empty. The key stands above."""
    left, width, row = 150.0, 620.0, 26.0
    key, styles = [clipped(part, 180, 12) for part in parts], [colours.level(j, len(parts)) for j in range(len(parts))]
    starts = [left + sum(32 + 5.7 * len(text) for text in key[:j]) for j in range(len(key) + 1)]
    drawing = Drawing(max(left + width + 20, starts[-1]), 34 + row * len(rows), description)
    for j, text in enumerate(key):
        drawing.rect(starts[j], 4, 14, 12, styles[j], 2)
        drawing.text(starts[j] + 19, 14, text, "small")
    for i, name in enumerate(rows):
        top, start = 28 + row * i, left
        drawing.label(left - 10, top + 15, name, left - 14, "", "end", size=12.5)
        if np.isnan(values[i]).any():
            drawing.text(left, top + 15, "nothing", "small")
            continue
        for j, part in enumerate(parts):
            wide = width * float(values[i, j])
            share = percent(float(values[i, j]))
            drawing.rect(start, top, wide, row - 6, f"level {styles[j]}", tip=f"{name}, {part}: {share}")
            if wide > 40:
                style = "num" if colours.is_pale(styles[j]) else "num onlevel"
                drawing.text(start + wide / 2, top + 14, share, style, "middle")
            start += wide
    return drawing.render()
