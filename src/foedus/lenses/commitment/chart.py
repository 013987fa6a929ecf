"""Charts of commitments: curves against clarity and credibility, who would write which text, threat and assurance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.lenses.commitment.effects import pair_arrays
from foedus.present.svg import Drawing, ceiling, clipped
from foedus.present.wording import number, percent
from foedus.worlds.weights import HIGH, LOW, quantiles

if TYPE_CHECKING:
    from foedus.lenses.commitment.effects import Effects

WIDTH, HEIGHT, GAP, LEFT = 106.0, 84.0, 44.0, 44.0


@dataclass(frozen=True)
class Panel:
    """One of the small multiples: a share, or a change against the same world without the commitment."""

    title: str
    values: Callable[[str], Floats]  # setting -> [world]
    change: bool
    points: bool = False  # of a probability


def curves(effects: Effects, name: str) -> Markup:
    """Small multiples: each effect against clarity (above) and credibility (below)."""
    panels = _panels(effects, name)
    rows = (["vague"] if effects.dial[name] else []) + ["cost"]
    drawing = Drawing(
        LEFT + len(panels) * (WIDTH + GAP), len(rows) * (HEIGHT + 62) + 8, f"{effects.label(name)}: curves"
    )
    for r, kind in enumerate(rows):
        for p, panel in enumerate(panels):
            left, top = LEFT + p * (WIDTH + GAP), 30 + r * (HEIGHT + 62)
            drawing.text(left - 20, top - 14, clipped(panel.title, WIDTH + GAP - 6, 12), "strong")
            _curve(drawing, effects, name, kind, panel, left, top)
    return drawing.render()


def _panels(effects: Effects, name: str) -> list[Panel]:
    def ratio(above: str, below: str) -> Callable[[str], Floats]:
        return lambda setting: effects.ratio(name, above, below, setting)

    def raised(measure: str) -> Callable[[str], Floats]:
        without = effects.amount(name, measure, "off")
        some = without > 1e-9
        scale = np.where(some, without, np.nan if some.any() else 1.0)
        return lambda setting: (effects.amount(name, measure, setting) - without) / scale

    answered = ratio("meets", "occasions")
    return [
        Panel("Clause applies", ratio("applies", "occasions"), change=False),
        Panel("Addressee raises", raised("addressee"), change=True),
        Panel("Others raise", raised("others"), change=True),
        Panel("As expected", lambda setting: answered(setting) - answered("off"), change=True, points=True),
        Panel("Falls short", ratio("short", "applies"), change=False),
        Panel(
            effects.names.outcome(effects.war),
            lambda s: effects.prob(name, s) - effects.prob(name, "off"),
            change=True,
            points=True,
        ),
    ]


def _curve(drawing: Drawing, effects: Effects, name: str, kind: str, panel: Panel, left: float, top: float) -> None:
    """One panel: the average along the grid with its band, and the odds held."""
    grid = effects.grid(kind)
    table = np.stack([panel.values(f"{kind} {k:g}") for k in grid])
    spreads = np.array([quantiles(row, effects.weights, (LOW, HIGH)) for row in table])
    if np.isnan(spreads).all() or not np.nanmax(np.abs(spreads)) > 1e-12:
        drawing.text(left, top + HEIGHT / 2, "no change" if panel.change else "never", "small")
        return
    low, high = min(0.0, float(np.nanmin(spreads))), max(0.0, float(np.nanmax(spreads)))
    if not panel.change:
        high = ceiling(high)
    place = _Place(left, top, len(grid), low, high)
    for end in {low, 0.0, high}:
        drawing.line(left, place.y(end), left + WIDTH, place.y(end), "grid" if end else "axis")
        if end == 0 or abs(end) > 0.12 * (high - low):
            drawing.text(left - 4, place.y(end) + 4, _tick(end, panel), "small", "end")
    known = [i for i in range(len(grid)) if not np.isnan(spreads[i]).any()]
    over = [(place.x(i), place.y(float(spreads[i, 1]))) for i in known]
    under = [(place.x(i), place.y(float(spreads[i, 0]))) for i in reversed(known)]
    drawing.path([*over, *under], "band", closed=True)
    means = [effects.spread(row).mean for row in table]
    drawing.path([(place.x(i), place.y(means[i])) for i in known], "mean")
    if kind == "vague":
        held = [effects.spread(panel.values(f"odds {k:g}")).mean for k in grid]
        drawing.path([(place.x(i), place.y(v)) for i, v in enumerate(held) if v == v], "reference")
    now = grid.index(0.0 if kind == "vague" and effects.dial[name] == "added" else 1.0)
    if now in known:
        drawing.dot(place.x(now), place.y(means[now]), 3.5, "posterior", f"as written: {_tick(means[now], panel)}")
    ends = ("bright", "vague") if kind == "vague" else ("free", f"{grid[-1]:g}× as dear")
    drawing.text(left, top + HEIGHT + 14, ends[0], "small")
    drawing.text(left + WIDTH, top + HEIGHT + 14, ends[1], "small", "end")


def _tick(value: float, panel: Panel) -> str:
    """A number on an axis: a share, a change in percent, or in points."""
    if not panel.change or value == 0:
        return f"{100 * value:.3g}%" if value else "0"
    text = f"{'+' if value > 0 else '−'}{number(abs(100 * value), 2)}"
    return text if panel.points else f"{text}%"


class _Place:
    """A panel's scales."""

    def __init__(self, left: float, top: float, points: int, low: float, high: float):
        self.left, self.top, self.points, self.low, self.high = left, top, points, low, high

    def x(self, i: int) -> float:
        return self.left + WIDTH * i / max(self.points - 1, 1)

    def y(self, value: float) -> float:
        return self.top + HEIGHT * (self.high - min(max(value, self.low), self.high)) / (self.high - self.low)


def texts_chart(effects: Effects, written: Sequence[str]) -> Markup:
    """One row a party, one column a commitment: how often each text is best for it."""
    left, row, top = 130.0, 22.0, 40.0
    width = min(220.0, (900 - left) / len(written) - 20)
    parties = effects.actors
    drawing = Drawing(
        left + len(written) * (width + 20), top + row * len(parties) + 8, "The text that each party would write"
    )
    for i, actor in enumerate(parties):
        drawing.text(left - 10, top + row * i + 14, clipped(effects.names.actor(actor), left - 14), "", "end")
    for c, name in enumerate(written):
        start = left + c * (width + 20)
        drawing.text(start, 14, clipped(effects.label(name), width, 12.5), "strong")
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
            drawing.dot(
                *points[best], 4, "posterior" if t == 0 else "posterior now", f"{text}: best at {power[best]:g}"
            )
        drawing.text(left, 28 + height + 16, "weak: assurance believed", "small")
        drawing.text(left + width, 28 + height + 16, "strong: threat believed", "small", "end")
    drawing.line(56, height + 58, 80, height + 58, "interval")
    drawing.text(86, height + 62, f"{texts[0]} words", "small")
    drawing.line(186, height + 58, 210, height + 58, "interval now")
    drawing.text(216, height + 62, f"{texts[1]}", "small")
    return drawing.render()
