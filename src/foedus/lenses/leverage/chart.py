"""The chart of leverage: how far each actor can move each outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.svg import Drawing, ceiling
from foedus.present.wording import percent

STYLES = {"held": ("bar", 4.0), "responding": ("posterior now", 15.0)}  # a span's style, and how far down its row


@dataclass(frozen=True)
class OutcomeSpans:
    """An outcome, its probability as things are, and each kind of span [actor, (low, high)]; NaN where not solved."""

    outcome: str
    usual: float
    spans: dict[str, Floats]


def spans_chart(actors: Sequence[str], reaches: Sequence[OutcomeSpans]) -> Markup:
    """One row an actor, one column an outcome: the spans and where things are."""
    left, row, gap = 150.0, 34.0, 26.0
    width, foot = (900 - left) / len(reaches) - gap, 44 + row * len(actors)
    drawing = Drawing(900, foot + 12, "How far each actor can move each outcome")
    for k, reach in enumerate(reaches):
        start = left + k * (width + gap)
        known = [float(np.nanmax(span)) for span in reach.spans.values() if not np.isnan(span).all()]
        most = ceiling(max(known))
        drawing.label(start, 14, reach.outcome, width + gap - 12, "strong", size=13.5)
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
            x = start + width * share
            drawing.line(x, 36, x, foot, "grid" if share else "axis")
            drawing.text(x, 31, f"{100 * share * most:.3g}%", "small", anchor)
        for i, actor in enumerate(actors):
            for kind, (style, down) in STYLES.items():
                low, high = (float(end) for end in np.sort(reach.spans[kind][i]))
                if not np.isnan(low):
                    tip = f"{actor}, {reach.outcome}: {percent(low)} to {percent(high)}"
                    size = max(width * (high - low) / most, 2.0)
                    drawing.rect(start + width * low / most, 46 + row * i + down, size, 8, style, 2, tip)
        x = start + width * reach.usual / most
        drawing.line(x, 42, x, foot, "flow")
    for i, actor in enumerate(actors):
        drawing.label(left - 12, 46 + row * i + 17, actor, left - 16, "", "end", size=13)
    return drawing.render()
