"""Charts of commitments: curves against clarity and credibility, who would write which text, threat and assurance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.lenses.commitment.alterations import OFF, Alteration, Dial
from foedus.lenses.commitment.deeds import words
from foedus.lenses.commitment.effects import BestText, CommitmentEffects, PairEffects
from foedus.lenses.commitment.measure import Raising
from foedus.lenses.dials import Count
from foedus.present.frame import Frame
from foedus.present.svg import Drawing, ceiling
from foedus.present.wording import capital, number, percent
from foedus.worlds.weights import HIGH, LOW, weighted_quantile

WIDTH, HEIGHT, GAP, LEFT = 106.0, 84.0, 44.0, 44.0
STYLES = {BestText.BRIGHT: "level l1", BestText.BETWEEN: "level l3", BestText.VAGUE: "level l6"}


@dataclass(frozen=True)
class CurvePanel:
    """One of the small multiples: a share, or a change against the same world without the commitment."""

    title: str
    values: Callable[[Alteration], Floats]  # setting -> [world]
    change: bool
    points: bool = False  # of a probability

    def tick(self, value: float) -> str:
        """A number on an axis: a share, a change in percent, or in points."""
        if not self.change or value == 0:
            return f"{100 * value:.3g}%" if value else "0"
        text = f"{'+' if value > 0 else '−'}{number(abs(100 * value), 2)}"
        return text if self.points else f"{text}%"


def curves(effects: CommitmentEffects, name: str) -> Markup:
    """Small multiples: each effect against clarity (above) and credibility (below)."""
    panels = _panels(effects, name)
    dials = [Dial.VAGUE, Dial.COST] if effects.blur[name] else [Dial.COST]
    size = LEFT + len(panels) * (WIDTH + GAP), len(dials) * (HEIGHT + 62) + 8
    drawing = Drawing(*size, f"{effects.label(name)}: curves")
    first = Frame(LEFT, 30, WIDTH, HEIGHT)
    for r, dial in enumerate(dials):
        for p, panel in enumerate(panels):
            frame = first.nth(r * len(panels) + p, len(panels), GAP, 62)
            drawing.label(frame.left - 20, frame.top - 14, panel.title, WIDTH + GAP - 6, "strong", size=12)
            written = effects.blur[name].as_written if dial is Dial.VAGUE else 1.0
            _curve(drawing, effects, panel, frame, Alteration(dial, written))
    return drawing.render()


def _panels(effects: CommitmentEffects, name: str) -> list[CurvePanel]:
    said = words(effects, name)

    def raised(measure: Raising) -> Callable[[Alteration], Floats]:
        without = effects.per_occasion(name, measure, OFF)
        return lambda setting: effects.per_occasion(name, measure, setting) - without

    def more(share: Callable[[str, Alteration], Floats]) -> Callable[[Alteration], Floats]:
        return lambda setting: share(name, setting) - share(name, OFF)

    return [
        CurvePanel("Clause applies", lambda s: effects.ratio(name, Count.APPLIES, Count.OCCASIONS, s), change=False),
        CurvePanel("Addressee raises", raised(Raising.ADDRESSEE), change=True, points=True),
        CurvePanel("Others raise", raised(Raising.OTHERS), change=True, points=True),
        CurvePanel(capital(said.does), more(effects.met), change=True, points=True),
        CurvePanel(capital(said.fails), lambda setting: effects.fell_short(name, setting), change=False),
        CurvePanel(effects.names.outcome(effects.feared), more(effects.prob), change=True, points=True),
    ]


def _curve(drawing: Drawing, effects: CommitmentEffects, panel: CurvePanel, place: Frame, written: Alteration) -> None:
    """One panel: the average along the grid with its band, and the odds held."""
    grid = effects.grid(written.dial)
    table = np.stack([panel.values(setting) for setting in grid])
    ends = np.array([weighted_quantile(row, (LOW, HIGH), effects.weights) for row in table])
    if np.isnan(ends).all() or not np.nanmax(np.abs(ends)) > 1e-12:
        drawing.text(place.left, place.top + HEIGHT / 2, "no change" if panel.change else "never", "small")
        return
    low, high = min(0.0, float(np.nanmin(ends))), max(0.0, float(np.nanmax(ends)))
    high = high if panel.change else ceiling(high)
    frame = Frame(place.left, place.top, WIDTH, HEIGHT, (0, max(len(grid) - 1, 1)), (low, high))
    for end in {low, 0.0, high}:
        near_zero = end != 0 and abs(end) <= 0.12 * (high - low)  # no label, which would lie over that of 0
        frame.levels(drawing, [end], None if near_zero else panel.tick, 4)
    frame.band(drawing, ends[:, 0], ends[:, 1])
    means = [effects.spread(row).mean for row in table]
    frame.curve(drawing, means)
    if written.dial is Dial.VAGUE:
        held = [effects.spread(panel.values(setting)).mean for setting in effects.grid(Dial.ODDS)]
        frame.curve(drawing, held, "reference")
    now = grid.index(written)
    if means[now] == means[now]:
        drawing.dot(frame.x(now), frame.y(means[now]), 3.5, "posterior", f"as written: {panel.tick(means[now])}")
    ends_of = ("bright", "vague") if written.dial is Dial.VAGUE else ("free", f"{grid[-1].factor:g}× as dear")
    frame.foot(drawing, *ends_of)


def texts_chart(effects: CommitmentEffects, written: Sequence[str]) -> Markup:
    """One row a party, one column a commitment: how often each text is best for it."""
    left, row, top = 130.0, 22.0, 40.0
    width = min(220.0, (900 - left) / len(written) - 20)
    size = left + len(written) * (width + 20), top + row * len(effects.actors) + 8
    drawing = Drawing(*size, "The text that each party would write")
    for i, actor in enumerate(effects.actors):
        drawing.label(left - 10, top + row * i + 14, effects.names.actor(actor), left - 14, "", "end")
    for c, name in enumerate(written):
        start = left + c * (width + 20)
        drawing.label(start, 14, effects.label(name), width, "strong", size=12.5)
        drawing.text(start, 32, "bright line", "small")
        drawing.text(start + width, 32, "vague", "small", "end")
        for i, actor in enumerate(effects.actors):
            at, y, best = start, top + row * i + 2, effects.best(name, actor)
            for kind, style in STYLES.items():
                tip = f"{effects.names.actor(actor)}: {kind} best in {percent(best[kind])} of worlds"
                drawing.rect(at, y, width * best[kind], row - 6, style, tip=tip)
                at += width * best[kind]
            if best[BestText.SAME] > 0:
                drawing.rect(at, y, width * best[BestText.SAME], row - 6, "ghost", tip="all the same")
            if effects.commitments[name].from_ == actor:
                drawing.text(start + width + 4, y + 12, "✎", "small")
    return drawing.render()


def pair_chart(effects: CommitmentEffects, pair: PairEffects) -> Markup:
    """The chance of the feared outcome and what the obligor gets, against power; clear words solid, as written dashed."""
    width, height = 300.0, 130.0
    drawing = Drawing(2 * (width + 90), height + 70, "Threat and assurance by power")
    low, high = float(pair.value.min()), float(pair.value.max())
    pad = max((high - low) * 0.1, 1e-9)
    first = Frame(56, 28, width, height, (pair.power[0], pair.power[-1]))
    panels = (
        (f"Chance of {effects.event}", pair.chance, (0.0, ceiling(float(pair.chance.max()))), True),
        (f"Value to {effects.names.actor(pair.obligor)}", pair.value, (low - pad, high + pad), False),
    )
    for p, (title, values, ends, probability) in enumerate(panels):
        frame = replace(first.nth(p, 2, 90), up=ends)
        drawing.label(frame.left, 14, title, width, "strong", size=12.5)
        for end in ends:
            drawing.line(frame.left, frame.y(end), frame.right, frame.y(end), "axis" if end == ends[0] else "grid")
            label = f"{100 * end:.3g}%" if probability else number(end)
            drawing.text(frame.left - 5, frame.y(end) + 4, label, "small", "end")
        for t, text in enumerate(pair.texts):
            along = frame.points(values[t], pair.power)
            drawing.path(along, "mean" if t == 0 else "reference")
            best = int(values[t].argmin() if probability else values[t].argmax())
            style, tip = "posterior" if t == 0 else "posterior now", f"{text}: best at {pair.power[best]:g}"
            drawing.dot(*along[best], 4, style, tip)
        frame.foot(drawing, "weak: assurance believed", "strong: threat believed", 16)
    for x, style, text in ((56, "interval", f"{pair.texts[0]} words"), (186, "interval now", pair.texts[1])):
        drawing.line(x, height + 58, x + 24, height + 58, style)
        drawing.text(x + 30, height + 62, text, "small")
    return drawing.render()
