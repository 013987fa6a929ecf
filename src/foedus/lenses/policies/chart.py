"""Charts of policies: regret, trade-offs, the degrees of measures, and candidates of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Bools, Floats
from foedus.lenses.policies.choice import Comparison
from foedus.lenses.policies.comparison import dominated
from foedus.lenses.policies.measures import GoalDegrees
from foedus.lenses.policies.search import Frontier
from foedus.lenses.query_names import in_unit
from foedus.present.frame import Frame
from foedus.present.svg import Drawing, ceiling, clipped
from foedus.present.wording import percent, signed
from foedus.runs.view import RunView
from foedus.scenario.names import Names

ROW = 19.0


def regret_chart(results: RunView, comparison: Comparison) -> Markup:
    """One row a policy, by its mean regret: the average, where 95% of worlds lie, and the worst world."""
    compared, unit = comparison.compared, comparison.metric.unit
    policies = [str(p) for p in compared["policy"].values]
    means, worst = compared["regret_mean"].values, compared["regret_max"].values
    tails = compared["regret_quantiles"].sel(quantile=0.95).values
    order = [int(i) for i in np.argsort(means, kind="stable") if not np.isnan(means[i])]
    top = max(float(np.nanmax(worst)), 1e-12)
    top = ceiling(top) if top <= 1 else top * 1.05
    drawing = Drawing(900, 40 + ROW * len(order), "Regret by policy")
    frame = Frame(250, 26, 560, 6 + ROW * len(order), across=(0, top))
    frame.uprights(drawing, say=lambda value: in_unit(unit, value))
    for row, i in enumerate(order):
        y, style = 32 + ROW * row + ROW / 2, "now" if policies[i] == results.factual else ""
        mean, tail, end = (frame.x(float(values[i])) for values in (means, tails, worst))
        name = results.names.policy(policies[i])
        drawing.label(frame.left - 12, y + 4, name, frame.left - 20, "strong" if style else "", "end", size=13)
        drawing.line(frame.left, y, tail, y, f"interval {style}")
        drawing.line(end, y - 5, end, y + 5, f"interval {style}")
        tip = f"{name}: {in_unit(unit, means[i])} on average, {in_unit(unit, worst[i])} at worst"
        drawing.dot(mean, y, 4.5, f"posterior {style}", tip)
        drawing.text(end + 8, y + 4, in_unit(unit, worst[i]), "small")
    return drawing.render()


def _around(values: Floats) -> tuple[float, float]:
    """The scale from the least to the largest value."""
    low = float(values.min())
    return low, low + max(float(np.ptp(values)), 1e-9)


def _axes(drawing: Drawing, frame: Frame) -> None:
    drawing.line(frame.left, frame.bottom, frame.right, frame.bottom)
    drawing.line(frame.left, frame.top, frame.left, frame.bottom)


def _front(drawing: Drawing, frame: Frame, points: Floats, signs: Sequence[float]) -> Bools:
    """Joins the efficient ones of ``points`` [each, (across, up)]; which they are."""
    efficient = ~dominated(points * signs)
    front = np.array([points[i] for i in np.argsort(points[:, 0], kind="stable") if efficient[i]])
    drawing.path(frame.points(front[:, 1], front[:, 0]), "median")
    return efficient


def trade_offs(results: RunView, first: Comparison, actors: Sequence[Comparison]) -> Markup:
    """One panel an actor: the first metric against what the actor expects, a dot a policy, the efficient ones joined."""
    columns, panel = 3, Frame(52, 24, 236, 150, margin=8)
    title = "Trade-offs between the outcome and what each actor expects"
    rows = -(-len(actors) // columns)
    drawing = Drawing(columns * (panel.width + 64), rows * (panel.height + 62), title)
    x = np.array([first.mean(policy) for policy in first.ranked])
    for k, comparison in enumerate(actors):
        y = np.array([comparison.mean(p) - comparison.mean(results.factual) for p in first.ranked])
        frame = replace(panel.nth(k, columns, 64, 62), across=_around(x), up=_around(y))
        name = results.names.actor(comparison.metric.name)
        drawing.label(frame.left, frame.top - 9, name, frame.width, "strong")
        _panel(drawing, frame, results, first, np.stack([x, y], axis=1))
    return drawing.render()


def _panel(drawing: Drawing, frame: Frame, results: RunView, first: Comparison, places: Floats) -> None:
    x, y = places.T
    _axes(drawing, frame)
    if frame.up[0] < 0 < frame.up[1]:
        drawing.line(frame.left, frame.y(0), frame.right, frame.y(0), "grid")
    for value, anchor in ((x.min(), "start"), (x.max(), "end")):
        drawing.text(frame.x(value), frame.bottom + 14, in_unit(first.metric.unit, value), "small", anchor)
    for value in (y.min(), y.max()):
        drawing.text(frame.left - 5, frame.y(value) + 4, signed(float(value)), "small", "end")
    efficient = _front(drawing, frame, places, [first.metric.direction.sign, 1])
    for i, policy in enumerate(first.ranked):
        now = policy == results.factual
        style = "posterior now" if now else "posterior" if efficient[i] else "prior"
        tip = f"{results.names.policy(policy)}: {signed(float(y[i]))}"
        drawing.dot(frame.x(x[i]), frame.y(y[i]), 4.5 if efficient[i] or now else 3.5, style, tip)


def degrees_chart(names: Names, goals: Sequence[GoalDegrees], label: Callable[[frozenset[str]], str]) -> Markup:
    """One panel a goal, one row a set of measures: how far it suffices (filled) and how far it is necessary (open)."""
    sets = list(dict.fromkeys(each.measures for goal in goals for each in goal.sets))
    left, gap = 250.0, 34.0
    first = Frame(left, 32, (900 - left) / len(goals) - gap, 6 + ROW * len(sets))
    drawing = Drawing(900, 44 + ROW * len(sets), "Necessary and sufficient measures")
    for i, measures in enumerate(sets):
        drawing.label(left - 14, 44 + ROW * i + ROW / 2, label(measures), left - 20, "", "end", size=13)
    for k, goal in enumerate(goals):
        frame = first.nth(k, len(goals), gap)
        heading = clipped(names.outcome(goal.goal.metric.name), frame.width + gap - 6, 12.5)
        drawing.text(frame.left, 13, heading, "strong")
        frame.uprights(drawing, say=lambda share: f"{100 * share:.0f}%", gap=4, axes=(0, 1))
        for each in goal.sets:
            y = 40 + ROW * sets.index(each.measures) + ROW / 2
            open_dot, filled = ("necessary", each.necessity, "prior", 5), ("suffices", each.sufficiency, "posterior", 4)
            for what, degree, style, radius in (open_dot, filled):
                if degree is not None and degree.value == degree.value:
                    tip = f"{label(each.measures)}: {what} in {percent(degree.value)} of the worlds counted"
                    drawing.dot(frame.x(degree.value), y, radius, style, tip)
    return drawing.render()


def frontier_chart(frontier: Frontier) -> Markup:
    """Every candidate on the first two aims: in held-out worlds, and joined to it, in the worlds searched."""
    (across, up), every = frontier.problem.aims[:2], [*frontier.candidates, frontier.base]
    points = np.array([[c.held_out[:2], c.trained[:2]] for c in every])
    scales = _around(points[:, :, 0]), _around(points[:, :, 1])
    frame = Frame(70, 16, 560, 280, *scales, margin=12)
    drawing = Drawing(700, frame.height + 60, "Candidates in training and held-out worlds")
    _axes(drawing, frame)
    for (x, y), anchor in zip(zip(*scales, strict=True), ("start", "end"), strict=True):
        drawing.text(frame.x(x), frame.bottom + 16, in_unit(across.unit, x), "small", anchor)
        drawing.text(frame.left - 6, frame.y(y) + 4, in_unit(up.unit, y), "small", "end")
    _front(drawing, frame, points[:-1, 0], [across.direction.sign, up.direction.sign])
    for i, both in enumerate(points):
        base, ((x, y), (x0, y0)) = i == len(points) - 1, [(frame.x(a), frame.y(b)) for a, b in both]
        drawing.line(x, y, x0, y0, "shift")
        drawing.dot(x0, y0, 3.5, "prior")
        drawing.dot(x, y, 4.5, "posterior now" if base else "posterior")
        drawing.text(x + 7, y - 6, "as written" if base else str(i + 1), "small")
    return drawing.render()
