"""Charts of the record: what was learned from it, and how forecasts did against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from markupsafe import Markup

from foedus.present.frame import Frame
from foedus.present.svg import Drawing
from foedus.present.wording import count, number, percent, signed
from foedus.record.forecasts import RIVALS, Forecaster
from foedus.record.score import Band, ScoredEvent

RIVAL_NAMES = {
    Forecaster.BASE_RATE: "the base rate so far",
    Forecaster.PERSISTENCE: "persistence",
    Forecaster.NOBODY_WEIGHING: "the same model with nobody weighing anything",
    Forecaster.UNWEIGHTED: "the same model unweighted by observations",
}
_LINES = {  # the stroke of each line, and of its label
    Forecaster.BASE_RATE: ("median", ""),
    Forecaster.PERSISTENCE: ("flow", "em"),
    Forecaster.NOBODY_WEIGHING: ("mean", "strong"),
    Forecaster.UNWEIGHTED: ("reference", ""),
}


def ranges_chart(names: Sequence[str], ranks: Sequence[Sequence[float]], changes: Sequence[str]) -> Markup:
    """A row an assumption: where nine worlds in ten lie by rank, before and after, and the median after."""
    row = 21.0
    frame = Frame(330, 24, 400, 4 + row * len(names))
    drawing = Drawing(frame.right + 170, 40 + row * len(names), "Assumptions before and after the observations")
    ends = {0.0: "lowest", 0.5: "middle", 1.0: "highest"}
    frame.uprights(drawing, list(ends), say=lambda share: ends[share], gap=8, axes=())
    for k, (name, (low, middle, high), change) in enumerate(zip(names, ranks, changes, strict=True)):
        y = 28 + row * k + row / 2
        drawing.text(frame.left - 12, y + 4, name, "", "end")
        drawing.rect(frame.x(0.05), y - 4, frame.width * 0.9, 8, "track", 3)
        drawing.line(frame.x(low), y, frame.x(high), y, "interval")
        drawing.dot(frame.x(middle), y, 4.5, "posterior", f"median after: rank {100 * middle:.0f} of 100")
        drawing.text(frame.right + 14, y + 4, change, "num")
    return drawing.render()


def periods_chart(bits: Mapping[str, float]) -> Markup:
    """Bits learned by period, as columns."""
    step = min(60.0, 820 / len(bits))
    frame = Frame(50, 14, step * len(bits), 120, up=(0, max([*bits.values(), 1e-9])))
    drawing = Drawing(60 + frame.width, 170, "Bits learned by period")
    drawing.line(frame.left, frame.bottom, frame.right, frame.bottom)
    frame.levels(drawing, [frame.up[1] / 2, frame.up[1]], say=lambda value: number(value, 2), gap=6)
    every = -(-len(bits) // max(int(820 / 60), 1))
    for k, (label, learned) in enumerate(bits.items()):
        top = frame.y(learned)
        tip = f"{label}: {number(learned, 2)} bits"
        drawing.rect(52 + step * k, top, step - 4, frame.bottom - top, "bar", 0, tip)
        if k % every == 0:
            drawing.text(50 + step * (k + 0.5), 150, label, "small", "middle")
    return drawing.render()


def lead_chart(events: Sequence[ScoredEvent]) -> Markup:
    """The model's lead over each rival, added up period by period."""
    periods = list(dict.fromkeys(event.period for event in events))
    gains = {rival: np.zeros(len(periods)) for rival in RIVALS}
    for event in events:
        for rival in RIVALS:
            lead = event.log_score[rival] - event.log_score[Forecaster.MODEL]
            gains[rival][periods.index(event.period)] += lead
    leads = {rival: [0.0, *accumulate(map(float, line))] for rival, line in gains.items()}
    low, high = min(map(min, leads.values())), max(map(max, leads.values()))
    drawing = Drawing(720, 250, "The model's lead over its rivals, in bits")
    frame = Frame(56, 16, 424, 200, across=(0, len(periods)), up=(low, max(high, low + 1e-9)))
    frame.levels(drawing, [*{low, 0.0, high}], say=lambda value: signed(value) if value else "0", gap=6)
    ends = _apart([frame.y(leads[rival][-1]) for rival in RIVALS], frame.top, frame.bottom)
    for (rival, line), end in zip(leads.items(), ends, strict=True):
        style, label = _LINES[rival]
        frame.curve(drawing, line, style)
        drawing.label(frame.right + 8, end + 4, f"on {RIVAL_NAMES[rival]}", 225, label)
    drawing.text(frame.x(1), frame.bottom + 18, periods[0], "small", "middle")
    drawing.text(frame.right, frame.bottom + 18, periods[-1], "small", "end")
    return drawing.render()


def _apart(places: Sequence[float], top: float, bottom: float, gap: float = 27) -> list[float]:
    """Labels' heights, moved apart where they would overlap, and kept between two heights."""
    order = sorted(range(len(places)), key=places.__getitem__)
    heights, lowest = list(places), top - gap
    for rank, k in enumerate(order):
        room = bottom - gap * (len(order) - 1 - rank)  # what those below it need
        heights[k] = lowest = min(max(places[k], lowest + gap), room)
    return heights


def interval(share: float, n: float, z: float = 1.645) -> tuple[float, float]:
    """Wilson's interval of a share (1927), at 90%."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return float(middle - half), float(middle + half)


def calibration_chart(bands: Sequence[Band]) -> Markup:
    """How often forecasts came true, by what was forecast."""
    drawing = Drawing(420, 320, "Forecast probability and how often it came true")
    frame = Frame(56, 16, 340, 256)
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y, style, label = frame.x(share), frame.y(share), "grid" if share else "axis", percent(float(share))
        drawing.line(frame.left, y, frame.right, y, style)
        drawing.line(x, frame.bottom, x, frame.top, style)
        drawing.text(frame.left - 6, y + 4, label, "small", "end")
        drawing.text(x, frame.bottom + 16, label, "small", "middle")
    drawing.line(frame.left, frame.bottom, frame.right, frame.top, "shift")
    most = max(band.n for band in bands)
    for band in bands:
        low, high = (frame.y(end) for end in interval(band.happened, band.n))
        x = frame.x(band.forecast)
        drawing.line(x, low, x, high, "interval")
        tip = f"forecast {percent(band.forecast)}, came true {percent(band.happened)} of {count(band.n, 'time')}"
        drawing.dot(x, frame.y(band.happened), 3 + 5 * np.sqrt(band.n / most), "posterior", tip)
    middle = frame.left + frame.width / 2
    drawing.label(middle, frame.bottom + 36, "what was forecast", 200, "small", "middle")
    return drawing.render()
