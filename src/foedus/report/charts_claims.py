"""Charts of claims and of single assumptions, drawn by hand so that they are small and follow the page's colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.claims.sweep import Precision
from foedus.claims.verdict import ReadingResult
from foedus.present.frame import Frame, tick
from foedus.present.svg import Drawing
from foedus.present.wording import number, percent
from foedus.runs.view import RunView
from foedus.worlds.thresholds import FAILS_SHARE, HOLDS_SHARE


def claims_chart(results: RunView) -> Markup:
    """One row a claim: share of worlds in which its first reading holds, before and after the observations."""
    claims, row = results.run.claims, 20
    frame = Frame(300, 22, 520, 8 + row * len(claims))
    drawing = Drawing(880, frame.bottom + 16, "Share of worlds in which each claim holds")
    frame.uprights(drawing, (0, 0.25, 0.5, 0.75, 1), tick, axes=(0, 1))
    for low, high in ((HOLDS_SHARE, 1.0), (0.0, FAILS_SHARE)):
        drawing.rect(frame.x(low), frame.top, frame.x(high) - frame.x(low), frame.height - 4, "zone")
    for i, claim in enumerate(claims):
        y = 26 + row * i + row / 2
        drawing.label(
            frame.left - 12, y + 4, results.names.claim(claim.id), frame.left - 20, "", "end", f"claim-{claim.id}"
        )
        for reading in claim.readings[1:]:
            drawing.line(frame.x(reading.posterior), y - 6, frame.x(reading.posterior), y + 6, "tick")
        if not claim.readings:
            continue
        before, after = claim.readings[0].prior, claim.readings[0].posterior
        if results.run.observed:
            drawing.line(frame.x(before), y, frame.x(after), y, "shift")
            drawing.dot(frame.x(before), y, 4.5, "prior", f"before: {percent(before)}")
        drawing.dot(frame.x(after), y, 5, "posterior", f"{percent(after)} of worlds")
        drawing.text(frame.right + 12, y + 4, percent(after), "num")
    return drawing.render()


def share_bar(share: float) -> Markup:
    """A share of worlds as a short bar."""
    drawing = Drawing(64, 12, f"{percent(share)} of worlds")
    drawing.rect(0, 3, 64, 7, "track", 3)
    drawing.rect(0, 3, 64 * share, 7, "bar", 3)
    return drawing.render("inline")


def reading_bar(reading: ReadingResult, observed: bool) -> Markup:
    """Prior (open) and posterior (filled) share of worlds of one reading."""
    drawing = Drawing(180, 16, f"before {percent(reading.prior)}, after {percent(reading.posterior)}")
    drawing.rect(1, 5, 178, 6, "track", 3)
    drawing.line(90, 2, 90, 14, "grid")
    drawing.rect(1, 5, 178 * reading.posterior, 6, "bar", 3)
    if observed:
        drawing.dot(6 + 168 * reading.prior, 8, 4.5, "prior")
    return drawing.render("inline")


def precision_bar(shares: Mapping[Precision, float]) -> Markup:
    """Columns for the share of worlds at each setting of the precision; undefined ones are left out."""
    width = 24 * len(shares) + 4
    drawing = Drawing(width, 46, "share of worlds by precision of choice")
    drawing.line(0, 31, width, 31)
    drawing.line(0, 17, width, 17, "grid")
    for i, (step, share) in enumerate(shares.items()):
        if share == share:
            tip = f"{step.label}: {percent(share)}"
            drawing.rect(4 + 24 * i, 31 - 28 * share, 18, 28 * share, "bar", tip=tip)
        drawing.text(13 + 24 * i, 42, step.symbol, "small", "middle")
    return drawing.render("inline")


def density(values: Floats, prior: Floats, posterior: Floats, observed: bool) -> Markup:
    """An assumption's draws before and after the observations, as a small histogram."""
    low, high = float(values.min()), float(values.max())
    drawing = Drawing(150, 34, f"from {number(low)} to {number(high)}")
    edges = np.linspace(low, high, 13)
    before, after = (np.histogram(values, edges, weights=weights)[0] for weights in (prior, posterior))
    most, step = max(float(before.max()), float(after.max()), 1e-12), 150 / 12
    for i, tall in enumerate(30 * before / most):
        drawing.rect(i * step, 32 - tall, step - 1, tall, "ghost")
    if observed:
        tops = [(x, 32 - tall) for i, tall in enumerate(30 * after / most) for x in (i * step, (i + 1) * step - 1)]
        drawing.path(tops, "mean")
    drawing.line(0, 32.5, 150, 32.5)
    return drawing.render("inline")
