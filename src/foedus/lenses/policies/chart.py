"""Charts of policies: regret, trade-offs, and the degrees of measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.lenses.policies.rules import dominated
from foedus.present.svg import Drawing, ceiling, clipped
from foedus.present.wording import number, percent, signed
from foedus.runs.view import RunView

if TYPE_CHECKING:
    from foedus.lenses.policies.choice import Verdict

ROW = 19.0


def regret_chart(results: RunView, verdict: Verdict, shown: Callable[[float], str]) -> Markup:
    """One row a policy, by its mean regret: the average, where 95% of worlds lie, and the worst world."""
    found = verdict.compared
    names = [str(p) for p in found["policy"].values]
    means, tails, worst = (
        found["regret_mean"].values,
        found["regret_quantiles"].sel(quantile=0.95).values,
        found["regret_max"].values,
    )
    order = [int(i) for i in np.argsort(means, kind="stable") if not np.isnan(means[i])]
    left, width = 250.0, 560.0
    top = max(float(np.nanmax(worst)), 1e-12)
    top = ceiling(top) if top <= 1 else top * 1.05
    drawing = Drawing(900, 40 + ROW * len(order), "Regret by policy")
    for share in (0, 0.5, 1):
        x = left + width * share
        drawing.line(x, 26, x, 32 + ROW * len(order), "axis" if share == 0 else "grid")
        drawing.text(x, 20, shown(share * top), "small", "middle")
    for row, i in enumerate(order):
        y, style = 32 + ROW * row + ROW / 2, "now" if names[i] == results.factual else ""
        at = [left + width * min(float(v[i]) / top, 1) for v in (means, tails, worst)]
        label = clipped(results.names.policy(names[i]), left - 20, 13)
        drawing.text(left - 12, y + 4, label, "strong" if style else "", "end")
        drawing.line(left, y, at[1], y, f"interval {style}")
        drawing.line(at[2], y - 5, at[2], y + 5, f"interval {style}")
        tip = (
            f"{results.names.policy(names[i])}: {shown(float(means[i]))} on average, {shown(float(worst[i]))} at worst"
        )
        drawing.dot(at[0], y, 4.5, f"posterior {style}", tip)
        drawing.text(at[2] + 8, y + 4, shown(float(worst[i])), "small")
    return drawing.render()


def trade_offs(results: RunView, first: Verdict, actors: Sequence[Verdict]) -> Markup:
    """One panel an actor: the first metric against what the actor expects, a dot a policy, the efficient ones joined."""
    columns, width, height = 3, 236.0, 150.0
    rows = -(-len(actors) // columns)
    drawing = Drawing(
        columns * (width + 64), rows * (height + 62), "Trade-offs between the outcome and what each actor expects"
    )
    policies = first.ranked
    x = np.array([float(first.compared["mean"].sel(policy=p)) for p in policies])
    for k, verdict in enumerate(actors):
        means = {
            str(p): float(v)
            for p, v in zip(verdict.compared["policy"].values, verdict.compared["mean"].values, strict=True)
        }
        y = np.array([means[p] - means[results.factual] for p in policies])
        left, top = 52 + (k % columns) * (width + 64), 24 + (k // columns) * (height + 62)
        drawing.text(left, top - 9, clipped(results.names.actor(verdict.metric.name), width), "strong")
        _panel(drawing, results, policies, x, y, first.metric.direction == "lower", (left, top, width, height))
    return drawing.render()


def _panel(
    drawing: Drawing,
    results: RunView,
    policies: Sequence[str],
    x: Floats,
    y: Floats,
    lower: bool,
    frame: tuple[float, float, float, float],
) -> None:
    left, top, width, height = frame
    ends = [(float(v.min()), max(float(np.ptp(v)), 1e-9)) for v in (x, y)]
    px = left + 8 + (width - 16) * (x - ends[0][0]) / ends[0][1]
    py = top + height - 8 - (height - 16) * (y - ends[1][0]) / ends[1][1]
    drawing.line(left, top + height, left + width, top + height)
    drawing.line(left, top, left, top + height)
    if ends[1][0] < 0 < ends[1][0] + ends[1][1]:
        zero = top + height - 8 - (height - 16) * (0 - ends[1][0]) / ends[1][1]
        drawing.line(left, zero, left + width, zero, "grid")
    whole = x.max() <= 1 and x.min() >= 0
    for value, at, anchor in ((x.min(), px.min(), "start"), (x.max(), px.max(), "end")):
        drawing.text(
            float(at), top + height + 14, percent(float(value)) if whole else number(float(value)), "small", anchor
        )
    for value, at in ((y.min(), py.max()), (y.max(), py.min())):
        drawing.text(left - 5, float(at) + 4, signed(float(value)), "small", "end")
    efficient = ~dominated(np.stack([-x if lower else x, y], axis=1))
    drawing.path([(float(px[i]), float(py[i])) for i in np.argsort(x, kind="stable") if efficient[i]], "median")
    for i, policy in enumerate(policies):
        style = "posterior now" if policy == results.factual else "posterior" if efficient[i] else "prior"
        drawing.dot(
            float(px[i]),
            float(py[i]),
            4.5 if efficient[i] or policy == results.factual else 3.5,
            style,
            f"{results.names.policy(policy)}: {signed(float(y[i]))}",
        )
