"""Charts of outcomes: over time, by policy, and by precision of choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.frame import Frame, strips, tick
from foedus.present.svg import Drawing, ceiling, fitted
from foedus.present.wording import band, percent
from foedus.report.quantities import Course, by_precision, course
from foedus.runs.view import RunView

_IN_A_ROW = 4  # panels of small multiples


def outcome_charts(results: RunView, outcome: str, policies: Sequence[str]) -> Markup:
    """Small multiples, one a policy: an outcome's probability over time, its spread, and the observed months."""
    courses = [course(results, outcome, policy) for policy in policies]
    titles = [fitted(results.names.policy(policy), 124, 2, 14) for policy in policies]
    head, gap, columns = 11 + 15 * max(len(lines) for lines in titles), 12.0, min(len(policies), _IN_A_ROW)
    top = ceiling(max(float(each.high.max()) for each in courses))
    first = Frame(44, head, 168, 96, across=strips(len(results.periods)), up=(0, top))
    rows, row_gap, name = -(-len(policies) // columns), head + 26.0, results.names.outcome(outcome)
    width, height = (
        first.left + columns * (first.width + gap),
        first.bottom + 20 + (rows - 1) * (first.height + row_gap),
    )
    drawing = Drawing(width, height, f"{name} over time")
    for i, (lines, each) in enumerate(zip(titles, courses, strict=True)):
        frame = first.nth(i, columns, gap, row_gap)
        _panel(drawing, frame, results, each, courses[0].mean if i else None)
        for k, line in enumerate(lines):
            drawing.text(frame.left, frame.top - head + 14 + 15 * k, line, "strong")
        drawing.text(frame.right, frame.top - head + 14, percent(float(each.mean[-1])), "num", "end")
        if i % columns == 0:
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


def policy_chart(results: RunView) -> Markup:
    """One row a policy, one column an outcome: average and the range of nine worlds in ten by the end."""
    outcomes = results.outcomes[:4]
    order = [policy for policy, _ in results.ranked_policies(outcomes[0])]
    order += [policy for policy in results.policies if policy not in order]
    styles = ["now" if policy == results.factual else "" for policy in order]
    row, gap = 19.0, 26.0
    first = Frame(230, 34, (900 - 240.0) / len(outcomes) - gap, 10 + row * len(order))
    rows = [44 + row * (i + 0.5) for i in range(len(order))]
    drawing = Drawing(900, first.bottom + 12, "Outcomes by policy")
    for k, outcome in enumerate(outcomes):
        spreads = [results.final_spread(outcome, policy) for policy in order]
        frame = replace(first.nth(k, len(outcomes), gap), across=(0, ceiling(max(s.high for s in spreads))))
        drawing.label(frame.left, 14, results.names.outcome(outcome), frame.width, "strong", size=12.5)
        frame.uprights(drawing, say=tick, gap=4, within=True)
        for policy, s, style, y in zip(order, spreads, styles, rows, strict=True):
            drawing.line(frame.x(s.low), y, frame.x(s.high), y, f"interval {style}")
            drawing.line(frame.x(s.median), y - 4, frame.x(s.median), y + 4, f"interval {style}")
            drawing.dot(frame.x(s.mean), y, 4.5, f"posterior {style}", f"{results.names.policy(policy)}: {band(s)}")
    for policy, style, y in zip(order, styles, rows, strict=True):
        drawing.label(
            first.left - 12,
            y + 4,
            results.names.marked_policy(policy),
            first.left - 16,
            "strong" if style else "",
            "end",
        )
    return drawing.render()


def sweep_chart(results: RunView, policy: str) -> Markup:
    """One panel an outcome: its final probability at each precision, average and the range over the subset."""
    outcomes, gap = results.outcomes[:4], 40.0
    first = Frame(44, 26, 170, 110)
    width = first.left + len(outcomes) * (first.width + gap)
    drawing = Drawing(width, first.height + 46, "Outcomes by precision of choice")
    for k, outcome in enumerate(outcomes):
        spreads = by_precision(results, outcome, policy)
        if not spreads:
            continue
        most = ceiling(max(s.high for s in spreads.values()))
        frame = replace(first.nth(k, len(outcomes), gap), across=strips(len(spreads)), up=(0, most))
        drawing.label(frame.left, 14, results.names.outcome(outcome), frame.width, "strong", size=12.5)
        frame.levels(drawing, say=tick, gap=6)
        frame.curve(drawing, [s.mean for s in spreads.values()])
        for i, (step, s) in enumerate(spreads.items()):
            x = frame.x(i)
            drawing.line(x, frame.y(s.low), x, frame.y(s.high), "interval")
            drawing.dot(x, frame.y(s.mean), 4, "posterior", f"{step.label}: {percent(s.mean)}")
            drawing.text(x, frame.bottom + 15, step.short, "small", "middle")
    return drawing.render()
