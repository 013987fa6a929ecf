"""A matrix of signed numbers: the main colour above nothing, the other below, the number written in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present import colours
from foedus.present.svg import Drawing, wrapped

CELL, SIDE, HEAD, GAP = 58.0, 130.0, 62.0, 28.0


@dataclass(frozen=True)
class Matrix:
    """Numbers [rows, columns] with their names and how each is written; ``edge`` is the number of full colour."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Floats
    texts: Sequence[Sequence[str]]
    edge: float = 1.0
    tips: Sequence[Sequence[str]] | None = None


def matrices(parts: Sequence[Matrix], description: str, cell: float = CELL, side: float = SIDE) -> Markup:
    """Matrices side by side; the names of the rows stand at the first one, and at others where they differ."""
    named = [i == 0 or list(part.rows) != list(parts[0].rows) for i, part in enumerate(parts)]
    widths = [(side if show else 0) + cell * len(part.columns) + GAP for part, show in zip(parts, named, strict=True)]
    height = HEAD + 24 + 26 * max((len(part.rows) for part in parts), default=0) + 6
    drawing, x = Drawing(sum(widths), height, description), 0.0
    for part, show, width in zip(parts, named, widths, strict=True):
        left = x + (side if show else 0)
        drawing.label(left, 14, part.title, width - (left - x), "strong", size=12.5)
        for j, name in enumerate(part.columns):
            for k, line in enumerate(wrapped(name, cell - 4, 11)[:3]):
                drawing.text(left + cell * (j + 0.5), 34 + 13 * k, line, "small", "middle")
        for i, name in enumerate(part.rows):
            top = HEAD + 10 + 26 * i
            for j, text in enumerate(part.texts[i]):
                style, tip = colours.effect(float(part.values[i, j]), part.edge), part.tips[i][j] if part.tips else ""
                drawing.rect(left + cell * j + 1, top, cell - 2, 24, style, 2, tip)
                drawing.text(left + cell * (j + 0.5), top + 17, text, "num", "middle")
            if show:
                drawing.label(left - 8, top + 17, name, side - 10, "", "end", size=12)
        x += width
    return drawing.render()
