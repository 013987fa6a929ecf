"""Charts of outcomes: over time, by policy, and by precision of choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.svg import Drawing, ceiling, clipped, fitted
from foedus.present.wording import band, percent
from foedus.runs.view import SETTINGS, RunView
from foedus.scenario.names import plain
from foedus.worlds.weights import HIGH, LOW, MIDDLE, quantiles


def outcome_charts(results: RunView, outcome: str, policies: Sequence[str]) -> Markup:
    """Small multiples, one a policy: an outcome's probability over time, its spread, and the observed months."""
    index = results.outcomes.index(outcome)
    columns = [results.array("outcome_by", "period", policy=p, outcome=results.outcomes[index]) for p in policies]
    bands = [quantiles(values, results.weights, (LOW, MIDDLE, HIGH)) for values in columns]
    means = [results.weights @ values for values in columns]
    top = ceiling(max(float(b[2].max()) for b in bands))
    width, height, left, gap = 168.0, 96.0, 44.0, 12.0
    titles = [fitted(results.names.policy(policy), width - 44, 2, 14) for policy in policies]
    head = 11 + 15 * max(len(lines) for lines in titles)
    drawing = Drawing(
        left + len(policies) * (width + gap), head + height + 20, f"{results.names.outcome(outcome)} over time"
    )
    for i, lines in enumerate(titles):
        frame = _Frame(left + i * (width + gap), head, width, height, len(results.periods), top)
        _panel(drawing, frame, results, bands[i], means[i], means[0] if i else None)
        for k, line in enumerate(lines):
            drawing.text(frame.left, 14 + 15 * k, line, "strong")
        drawing.text(frame.left + width, 14, percent(float(means[i][-1])), "num", "end")
        if i == 0:
            for share in (0, top / 2, top):
                drawing.text(left - 6, frame.y(share) + 4, f"{100 * share:.3g}%", "small", "end")
    return drawing.render()


class _Frame:
    """A panel's place and scales."""

    def __init__(self, left: float, top: float, width: float, height: float, periods: int, most: float):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.periods, self.most = periods, most

    def x(self, t: float) -> float:
        return self.left + self.width * (t + 0.5) / self.periods

    def y(self, value: float) -> float:
        return self.top + self.height * (1 - value / self.most)


def _panel(
    drawing: Drawing, frame: _Frame, results: RunView, spread: Floats, mean: Floats, reference: Floats | None
) -> None:
    step = frame.width / frame.periods
    for t in results.observed_periods:
        drawing.rect(frame.left + t * step, frame.y(0), step, 4, "seen")
    for share in (0.5, 1):
        drawing.line(
            frame.left, frame.y(share * frame.most), frame.left + frame.width, frame.y(share * frame.most), "grid"
        )
    drawing.line(frame.left, frame.y(0), frame.left + frame.width, frame.y(0))
    there = [(frame.x(t), frame.y(v)) for t, v in enumerate(spread[2])]
    back = [(frame.x(t), frame.y(v)) for t, v in reversed(list(enumerate(spread[0])))]
    drawing.path([*there, *back], "band", closed=True)
    if reference is not None:
        drawing.path([(frame.x(t), frame.y(v)) for t, v in enumerate(reference)], "reference")
    drawing.path([(frame.x(t), frame.y(v)) for t, v in enumerate(spread[1])], "median")
    drawing.path([(frame.x(t), frame.y(v)) for t, v in enumerate(mean)], "mean")
    if frame.periods == 1:
        drawing.dot(frame.x(0), frame.y(float(mean[0])), 4, "posterior")
    for t in {0, frame.periods - 1}:
        drawing.text(
            frame.x(t),
            frame.top + frame.height + 15,
            results.periods[t],
            "small",
            "middle" if frame.periods == 1 else "start" if t == 0 else "end",
        )


def level_charts(results: RunView, variables: Sequence[str], policy: str) -> Markup:
    """Small multiples, one a state variable: the average share of each level over time, stacked."""
    columns, width, height, gap = 4, 130.0, 80.0, 100.0
    rows = -(-len(variables) // columns)
    drawing = Drawing(10 + columns * (width + gap), rows * (height + 50), "State variables over time")
    for i, name in enumerate(variables):
        levels = results.scenario.state[name].levels
        share = np.array([_level_mean(results, policy, f"{name}={level}") for level in levels])
        frame = _Frame(
            4 + (i % columns) * (width + gap),
            24 + (i // columns) * (height + 50),
            width,
            height,
            len(results.periods),
            1.0,
        )
        drawing.text(frame.left, frame.top - 8, clipped(results.names.variable(name), width + gap - 10), "strong")
        _stack(drawing, frame, share, levels)
        for t in {0, frame.periods - 1}:
            drawing.text(
                frame.left + (frame.width if t else 0),
                frame.top + height + 14,
                results.periods[t],
                "small",
                "end" if t else "start",
            )
    return drawing.render()


def _level_mean(results: RunView, policy: str, label: str) -> Floats:
    variable = next(name for name in results.run.data.data_vars if "level" in results.run.data[name].dims)
    if label not in results.labels("level"):
        return np.zeros(len(results.periods))
    return np.asarray(results.weights @ results.array(str(variable), "period", policy=policy, level=label))


def _stack(drawing: Drawing, frame: _Frame, share: Floats, levels: Sequence[str]) -> None:
    """Stacked areas from the lowest level (faint) to the highest (strong), named at the right where they fit."""
    below = np.zeros(share.shape[1])
    edges = [frame.left + frame.width * t / max(frame.periods - 1, 1) for t in range(frame.periods)]
    free = frame.top + frame.height + 4
    for k, level in enumerate(levels):
        above = below + share[k]
        points = [(x, frame.y(v)) for x, v in zip(edges, above)] + [
            (x, frame.y(v)) for x, v in zip(edges[::-1], below[::-1])
        ]
        drawing.path(points, f"level l{round(6 * k / max(len(levels) - 1, 1))}", closed=True)
        middle = frame.y(float(above[-1] + below[-1]) / 2) + 4
        if share[k, -1] > 0.015:
            free = min(middle, free - 10)
            drawing.text(
                frame.left + frame.width + 4,
                free,
                clipped(f"{percent(float(share[k, -1]))} {plain(level)}", 98, 11),
                "small",
            )
        below = above


def policy_chart(results: RunView) -> Markup:
    """One row a policy, one column an outcome: average and the range of nine worlds in ten by the end."""
    outcomes = results.outcomes[:4]
    order = [policy for policy, _ in results.ranked_policies(outcomes[0])]
    left, row, width, gap = 230.0, 19.0, (900 - 240.0) / len(outcomes) - 26, 26.0
    drawing = Drawing(900, 48 + row * len(order) + 8, "Outcomes by policy")
    for k, outcome in enumerate(outcomes):
        spreads = [results.final_spread(outcome, p) for p in order]
        most, start = ceiling(max(s.high for s in spreads)), left + k * (width + gap)
        drawing.text(start, 14, clipped(results.names.outcome(outcome), width, 12.5), "strong")
        for share in (0, 0.5, 1):
            drawing.line(
                start + width * share,
                34,
                start + width * share,
                44 + row * len(order),
                "axis" if share == 0 else "grid",
            )
            drawing.text(
                start + width * share,
                30,
                f"{100 * share * most:.3g}%",
                "small",
                "end" if share == 1 else "middle" if share else "start",
            )
        for i, (policy, s) in enumerate(zip(order, spreads)):
            y, style = 44 + row * i + row / 2, "now" if policy == results.factual else ""
            drawing.line(start + width * s.low / most, y, start + width * s.high / most, y, f"interval {style}")
            drawing.line(
                start + width * s.median / most, y - 4, start + width * s.median / most, y + 4, f"interval {style}"
            )
            drawing.dot(
                start + width * s.mean / most,
                y,
                4.5,
                f"posterior {style}",
                f"{results.names.policy(policy)}: {band(s)}",
            )
    for i, policy in enumerate(order):
        drawing.text(
            left - 12,
            48 + row * i + row / 2,
            clipped(results.names.policy(policy), left - 16, 13),
            "strong" if policy == results.factual else "",
            "end",
        )
    return drawing.render()


def sweep_chart(results: RunView, policy: str) -> Markup:
    """One panel an outcome: its final probability at each precision, average and the range over the subset."""
    outcomes = results.outcomes[:4]
    width, height, gap = 190.0, 110.0, 40.0
    drawing = Drawing(44 + len(outcomes) * (width + gap), height + 46, "Outcomes by precision of choice")
    for k, outcome in enumerate(outcomes):
        swept = results.sweep(outcome, policy)
        if not swept:
            continue
        alike = np.ones(len(next(iter(swept.values()))))
        ranges = [quantiles(v, alike, (LOW, MIDDLE, HIGH)) for v in swept.values()]
        most = ceiling(max(float(r[2]) for r in ranges))
        frame = _Frame(44 + k * (width + gap), 26, width, height, len(swept), most)
        drawing.text(frame.left, 14, clipped(results.names.outcome(outcome), width, 12.5), "strong")
        for share in (0, 0.5, 1):
            drawing.line(
                frame.left,
                frame.y(share * most),
                frame.left + width,
                frame.y(share * most),
                "grid" if share else "axis",
            )
            drawing.text(frame.left - 6, frame.y(share * most) + 4, f"{100 * share * most:.3g}%", "small", "end")
        means = [float(v.mean()) for v in swept.values()]
        drawing.path([(frame.x(i), frame.y(m)) for i, m in enumerate(means)], "mean")
        for i, name in enumerate(swept):
            drawing.line(frame.x(i), frame.y(float(ranges[i][0])), frame.x(i), frame.y(float(ranges[i][2])), "interval")
            drawing.dot(frame.x(i), frame.y(means[i]), 4, "posterior", f"{SETTINGS[name]}: {percent(means[i])}")
            label = {"zero": "none", "half": "half", "one": "as is", "twice": "twice", "perfect": "perfect"}[name]
            drawing.text(frame.x(i), frame.top + height + 15, label, "small", "middle")
    return drawing.render()
