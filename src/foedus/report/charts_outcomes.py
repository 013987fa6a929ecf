"""Charts of outcomes: over time, by policy, and by precision of choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present import colours
from foedus.present.frame import Frame, strips, tick
from foedus.present.svg import Drawing, ceiling, clipped, fitted
from foedus.present.wording import band, percent
from foedus.report.quantities import Course, by_precision, course
from foedus.runs.view import RunView
from foedus.scenario.names import plain


def outcome_charts(results: RunView, outcome: str, policies: Sequence[str]) -> Markup:
    """Small multiples, one a policy: an outcome's probability over time, its spread, and the observed months."""
    courses = [course(results, outcome, policy) for policy in policies]
    titles = [fitted(results.names.policy(policy), 124, 2, 14) for policy in policies]
    head, gap = 11 + 15 * max(len(lines) for lines in titles), 12.0
    top = ceiling(max(float(each.high.max()) for each in courses))
    first = Frame(44, head, 168, 96, across=strips(len(results.periods)), up=(0, top))
    width, name = first.left + len(policies) * (first.width + gap), results.names.outcome(outcome)
    drawing = Drawing(width, first.bottom + 20, f"{name} over time")
    for i, (lines, each) in enumerate(zip(titles, courses, strict=True)):
        frame = first.nth(i, len(policies), gap)
        _panel(drawing, frame, results, each, courses[0].mean if i else None)
        for k, line in enumerate(lines):
            drawing.text(frame.left, 14 + 15 * k, line, "strong")
        drawing.text(frame.right, 14, percent(float(each.mean[-1])), "num", "end")
        if i == 0:
            for share in (0, top / 2, top):
                drawing.text(frame.left - 6, frame.y(share) + 4, tick(share), "small", "end")
    return drawing.render()


def _panel(drawing: Drawing, frame: Frame, results: RunView, drawn: Course, reference: Floats | None) -> None:
    periods = results.periods
    for t in results.observed_periods:
        drawing.rect(frame.x(t - 0.5), frame.bottom, frame.width / len(periods), 4, "seen")
    frame.levels(drawing, (frame.up[1] / 2, frame.up[1], 0))
    frame.band(drawing, drawn.low, drawn.high)
    if reference is not None:
        frame.curve(drawing, reference, "reference")
    frame.curve(drawing, drawn.median, "median")
    frame.curve(drawing, drawn.mean)
    if len(periods) == 1:
        drawing.dot(*frame.points(drawn.mean)[0], 4, "posterior")
        drawing.text(frame.x(0), frame.bottom + 15, periods[0], "small", "middle")
        return
    for t, anchor in ((0, "start"), (len(periods) - 1, "end")):
        drawing.text(frame.x(t), frame.bottom + 15, periods[t], "small", anchor)


def level_charts(results: RunView, variables: Sequence[str], policy: str) -> Markup:
    """Small multiples, one a state variable: the average share of each level over time, stacked."""
    columns, gap, last = 4, 100.0, len(results.periods) - 1
    first = Frame(4, 24, 130, 80, across=(0, last))
    rows = -(-len(variables) // columns)
    drawing = Drawing(10 + columns * (first.width + gap), rows * (first.height + 50), "State variables over time")
    for i, name in enumerate(variables):
        levels = results.scenario.state[name].levels
        shares = np.array([_level_mean(results, policy, f"{name}={level}") for level in levels])
        frame = first.nth(i, columns, gap, 50)
        drawing.text(frame.left, frame.top - 8, clipped(results.names.variable(name), first.width + gap - 10), "strong")
        _stack(drawing, frame, shares, levels)
        drawing.text(frame.left, frame.bottom + 14, results.periods[0], "small")
        if last:
            drawing.text(frame.right, frame.bottom + 14, results.periods[last], "small", "end")
    return drawing.render()


def _level_mean(results: RunView, policy: str, label: str) -> Floats:
    variable = next(name for name in results.run.data.data_vars if "level" in results.run.data[name].dims)
    if label not in results.labels("level"):
        return np.zeros(len(results.periods))
    return np.asarray(results.weights @ results.array(str(variable), "period", policy=policy, level=label))


def _stack(drawing: Drawing, frame: Frame, shares: Floats, levels: Sequence[str]) -> None:
    """Stacked areas from the lowest level (faint) to the highest (strong), named at the right where they fit."""
    edges = np.vstack([np.zeros(shares.shape[1]), np.cumsum(shares, axis=0)])
    free = frame.bottom + 4
    for k, level in enumerate(levels):
        frame.band(drawing, edges[k], edges[k + 1], f"level {colours.level(k, len(levels))}")
        if shares[k, -1] > 0.015:
            # Names go up from the foot; each keeps 10 pixels from the one below, so that none covers another.
            free = min(frame.y((edges[k + 1, -1] + edges[k, -1]) / 2) + 4, free - 10)
            named = f"{percent(float(shares[k, -1]))} {plain(level)}"
            drawing.text(frame.right + 4, free, clipped(named, 98, 11), "small")


def policy_chart(results: RunView) -> Markup:
    """One row a policy, one column an outcome: average and the range of nine worlds in ten by the end."""
    outcomes = results.outcomes[:4]
    order = [policy for policy, _ in results.ranked_policies(outcomes[0])]
    styles = ["now" if policy == results.factual else "" for policy in order]
    row, gap = 19.0, 26.0
    first = Frame(230, 34, (900 - 240.0) / len(outcomes) - gap, 10 + row * len(order))
    rows = [44 + row * (i + 0.5) for i in range(len(order))]
    drawing = Drawing(900, first.bottom + 12, "Outcomes by policy")
    for k, outcome in enumerate(outcomes):
        spreads = [results.final_spread(outcome, policy) for policy in order]
        frame = replace(first.nth(k, len(outcomes), gap), across=(0, ceiling(max(s.high for s in spreads))))
        drawing.text(frame.left, 14, clipped(results.names.outcome(outcome), frame.width, 12.5), "strong")
        frame.uprights(drawing, say=tick, gap=4, within=True)
        for policy, s, style, y in zip(order, spreads, styles, rows, strict=True):
            drawing.line(frame.x(s.low), y, frame.x(s.high), y, f"interval {style}")
            drawing.line(frame.x(s.median), y - 4, frame.x(s.median), y + 4, f"interval {style}")
            drawing.dot(frame.x(s.mean), y, 4.5, f"posterior {style}", f"{results.names.policy(policy)}: {band(s)}")
    for policy, style, y in zip(order, styles, rows, strict=True):
        name = clipped(results.names.policy(policy), first.left - 16, 13)
        drawing.text(first.left - 12, y + 4, name, "strong" if style else "", "end")
    return drawing.render()


def sweep_chart(results: RunView, policy: str) -> Markup:
    """One panel an outcome: its final probability at each precision, average and the range over the subset."""
    outcomes, gap = results.outcomes[:4], 40.0
    first = Frame(44, 26, 190, 110)
    drawing = Drawing(
        first.left + len(outcomes) * (first.width + gap), first.height + 46, "Outcomes by precision of choice"
    )
    for k, outcome in enumerate(outcomes):
        spreads = by_precision(results, outcome, policy)
        if not spreads:
            continue
        most = ceiling(max(s.high for s in spreads.values()))
        frame = replace(first.nth(k, len(outcomes), gap), across=strips(len(spreads)), up=(0, most))
        drawing.text(frame.left, 14, clipped(results.names.outcome(outcome), frame.width, 12.5), "strong")
        frame.levels(drawing, say=tick, gap=6)
        frame.curve(drawing, [s.mean for s in spreads.values()])
        for i, (step, s) in enumerate(spreads.items()):
            x = frame.x(i)
            drawing.line(x, frame.y(s.low), x, frame.y(s.high), "interval")
            drawing.dot(x, frame.y(s.mean), 4, "posterior", f"{step.label}: {percent(s.mean)}")
            drawing.text(x, frame.bottom + 15, step.short, "small", "middle")
    return drawing.render()
