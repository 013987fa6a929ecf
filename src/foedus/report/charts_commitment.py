"""Charts of commitments: curves against clarity and credibility, who would write which text, threat and assurance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from foedus.report.results import HIGH, LOW, Floats, quantiles
from foedus.report.svg import Drawing, ceiling, clipped
from foedus.report.wording import number, percent

if TYPE_CHECKING:
    from foedus.report.lens_commitment import Effects

Measure = Callable[[str], Floats]  # setting -> [world]
WIDTH, HEIGHT, GAP, LEFT = 112.0, 84.0, 38.0, 40.0


def curves(effects: Effects, name: str) -> Markup:
    """Small multiples: each effect against clarity (above) and credibility (below)."""
    panels = _panels(effects, name)
    rows = (["vague"] if effects.dial[name] else []) + ["cost"]
    drawing = Drawing(LEFT + len(panels) * (WIDTH + GAP), len(rows) * (HEIGHT + 62) + 8, f"{effects.label(name)}: curves")
    for r, kind in enumerate(rows):
        for p, (title, measure, probability) in enumerate(panels):
            left, top = LEFT + p * (WIDTH + GAP), 30 + r * (HEIGHT + 62)
            drawing.text(left, top - 14, clipped(title, WIDTH + GAP - 6, 12), "strong")
            _curve(drawing, effects, kind, measure, probability, left, top)
    return drawing.render()


def _panels(effects: Effects, name: str) -> list[tuple[str, Measure, bool]]:
    """(title, measure, whether it is a probability) of each panel."""
    def ratio(above: str, below: str) -> Measure:
        return lambda setting: effects.ratio(name, above, below, setting)

    def amount(measure: str) -> Measure:
        return lambda setting: effects.amount(name, measure, setting)

    return [
        ("Clause applies", ratio("applies", "occasions"), True),
        ("Addressee raises", amount("addressee"), False),
        ("Others raise", amount("others"), False),
        ("As expected", ratio("meets", "occasions"), True),
        ("Falls short", ratio("short", "applies"), True),
        (effects.names.outcome(effects.war), lambda setting: effects.prob(name, setting), True),
    ]  # fmt: skip


def _curve(drawing: Drawing, effects: Effects, kind: str, measure: Measure, probability: bool, left: float,
           top: float) -> None:  # fmt: skip
    """One panel: the average along the grid with its band, the odds held, and without the commitment."""
    grid = effects.grid(kind)
    table = np.stack([measure(f"{kind} {k:g}") for k in grid])
    held = np.stack([measure(f"odds {k:g}") for k in grid]) if kind == "vague" else np.full_like(table, np.nan)
    without = _mean(effects, measure("off"))
    spreads = np.array([quantiles(row, effects.weights, (LOW, HIGH)) for row in table])
    most = np.nanmax([*spreads.ravel(), without if without == without else 0.0, 0.0])
    scale = ceiling(float(most)) if probability else max(float(most) * 1.05, 1e-9)
    place = _Place(left, top, len(grid), scale if scale == scale else 1.0)
    for share in (0.0, 1.0):
        drawing.line(left, place.y(share * scale), left + WIDTH, place.y(share * scale), "axis" if share == 0 else "grid")
    text = f"{100 * scale:.3g}%" if probability else number(scale, 2)
    drawing.text(left - 4, place.y(scale) + 4, text, "small", "end")
    drawing.text(left - 4, place.y(0) + 4, "0", "small", "end")
    known = [i for i in range(len(grid)) if not np.isnan(spreads[i]).any()]
    if known:
        over = [(place.x(i), place.y(float(spreads[i, 1]))) for i in known]
        under = [(place.x(i), place.y(float(spreads[i, 0]))) for i in reversed(known)]
        drawing.path([*over, *under], "band", closed=True)
        drawing.path([(place.x(i), place.y(_mean(effects, table[i]))) for i in known], "mean")
    if without == without:
        drawing.line(left, place.y(without), left + WIDTH, place.y(without), "axis")
    if not np.isnan(held).all():
        drawing.path([(place.x(i), place.y(_mean(effects, held[i]))) for i in range(len(grid))], "reference")
    now = grid.index(1.0)
    said = percent(_mean(effects, table[now])) if probability else number(_mean(effects, table[now]))
    drawing.dot(place.x(now), place.y(_mean(effects, table[now])), 3.5, "posterior", f"as written: {said}")
    ends = ("bright", "vague") if kind == "vague" else ("free", f"{grid[-1]:g}× as dear")
    drawing.text(left, top + HEIGHT + 14, ends[0], "small")
    drawing.text(left + WIDTH, top + HEIGHT + 14, ends[1], "small", "end")


class _Place:
    """A panel's scales."""

    def __init__(self, left: float, top: float, points: int, most: float):
        self.left, self.top, self.points, self.most = left, top, points, most

    def x(self, i: int) -> float:
        return self.left + WIDTH * i / max(self.points - 1, 1)

    def y(self, value: float) -> float:
        return self.top + HEIGHT * (1 - min(value / self.most, 1.0)) if value == value else self.top + HEIGHT


def _mean(effects: Effects, values: Floats) -> float:
    return effects.spread(values).mean


def texts_chart(effects: Effects, written: Sequence[str]) -> Markup:
    """One row a party, one column a commitment: how often each text is best for it."""
    left, row, top = 130.0, 22.0, 40.0
    width = min(220.0, (900 - left) / len(written) - 20)
    parties = effects.actors
    drawing = Drawing(left + len(written) * (width + 20), top + row * len(parties) + 8, "The text that each party would write")
    for i, actor in enumerate(parties):
        drawing.text(left - 10, top + row * i + 14, clipped(effects.names.actor(actor), left - 14), "", "end")
    for c, name in enumerate(written):
        start = left + c * (width + 20)
        drawing.text(start, 14, clipped(effects.label(name), width + 14, 12.5), "strong")
        drawing.text(start, 32, "bright line", "small")
        drawing.text(start + width, 32, "vague", "small", "end")
        for i, actor in enumerate(parties):
            at, y = start, top + row * i + 2
            best = effects.best(name, actor)
            obligor = effects.scenario.commitments[name].from_ == actor
            for kind, style in (("bright line", "level l1"), ("between", "level l3"), ("vague", "level l6")):
                said = f"{effects.names.actor(actor)}: {kind} best in {percent(best[kind])} of worlds"
                drawing.rect(at, y, width * best[kind], row - 6, style, tip=said)
                at += width * best[kind]
            if best["all the same"] > 0:
                drawing.rect(at, y, width * best["all the same"], row - 6, "ghost", tip="all the same")
            if obligor:
                drawing.text(start + width + 4, y + 12, "✎", "small")
    return drawing.render()


def pair_chart(effects: Effects, i: int, actor: str) -> Markup:
    """The chance of war and what the actor gets, against power; clear words solid, as written dashed."""
    from foedus.report.lens_commitment import pair_arrays

    values, wars, power, texts = pair_arrays(effects, i, actor)
    width, height = 300.0, 130.0
    drawing = Drawing(2 * (width + 90), height + 70, "Threat and assurance by power")
    most = ceiling(float(wars.max()))
    low, high = float(values.min()), float(values.max())
    pad = max((high - low) * 0.1, 1e-9)
    frames = (
        (f"Chance of “{effects.names.outcome(effects.war)}”", wars, 0.0, most, True),
        (f"Value to {effects.names.actor(actor)}", values, low - pad, high + pad, False),
    )
    for f, (title, table, bottom, top, probability) in enumerate(frames):
        left = 56 + f * (width + 90)

        def y(value: float, bottom: float = bottom, top: float = top) -> float:
            return 28 + height * (1 - (value - bottom) / (top - bottom))

        drawing.text(left, 14, clipped(title, width, 12.5), "strong")
        for at in (bottom, top):
            drawing.line(left, y(at), left + width, y(at), "axis" if at == bottom else "grid")
            drawing.text(left - 5, y(at) + 4, f"{100 * at:.3g}%" if probability else number(at), "small", "end")
        steps = [left + width * (p - power[0]) / (power[-1] - power[0]) for p in power]
        for t, text in enumerate(texts):
            points = [(x, y(float(v))) for x, v in zip(steps, table[t], strict=True)]
            drawing.path(points, "mean" if t == 0 else "reference")
            best = int(table[t].argmin() if probability else table[t].argmax())
            drawing.dot(*points[best], 4, "posterior" if t == 0 else "posterior now", f"{text}: best at {power[best]:g}")
        drawing.text(left, 28 + height + 16, "weak: assurance believed", "small")
        drawing.text(left + width, 28 + height + 16, "strong: threat believed", "small", "end")
    drawing.line(56, height + 58, 80, height + 58, "interval")
    drawing.text(86, height + 62, f"{texts[0]} words", "small")
    drawing.line(186, height + 58, 210, height + 58, "interval now")
    drawing.text(216, height + 62, f"{texts[1]}", "small")
    return drawing.render()
