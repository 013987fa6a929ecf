"""The section on leverage: who can move what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Table, Told
from foedus.present.svg import Drawing, ceiling, clipped
from foedus.present.wording import band, capital, count, listed, percent
from foedus.runs.view import RunView

if TYPE_CHECKING:
    import xarray as xr

_DRAWN = 4  # outcomes in the drawing; the table has all
_SMALL = 0.01  # reach below this is none worth a sentence


def tell(results: RunView, found: xr.Dataset) -> Told:
    """The leverage matrix: how far each actor can move each outcome, the others as they are and responding."""

    view = _View(results, found)
    notes = [
        f"{capital(count(view.worlds, 'world'))} that stand for all; averages, and the range of nine worlds in ten. "
        "An actor may use every action it has, costly and unlikely ones too: this is what it could do, not what it wants. "
        "Once others respond, playing against an event can end above playing for it: what all know is used.",
        *([str(found.attrs["note"])] if found.attrs["note"] else []),
    ]
    if not view.actors or not view.outcomes:
        return Told(["No outcome, or nobody who decides: there is nothing to move.", ""])
    figure = Figure(
        _title(view),
        "Blue: from the lowest to the highest probability that the actor can bring about by its own play, the others "
        "going on as they do. Orange: the same when the others know what it plays for and respond. Line: as things are.",
        _drawing(view),
    )
    return Told([_first(view), _second(view)], [figure], [_detail(view), *_matrices(view)], notes)


class _View:
    """The numbers of the lens with their names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.names = results, results.names
        self.weights: Floats = np.asarray(found["weight"].values, float)
        self.actors = [str(actor) for actor in found["actor"].values]
        self.outcomes = [str(outcome) for outcome in found["outcome"].values]
        self.usual: Floats = np.asarray(found["usual"].values)
        self.spans: dict[str, Floats] = {name: np.asarray(found[name].values) for name in ("held", "responding")}
        self.worlds = len(self.weights)
        self.responds = not np.isnan(self.spans["responding"]).all()

    def mean(self, values: Floats) -> Floats:
        """Averages over worlds."""
        return np.asarray(self.weights @ values.reshape(self.worlds, -1)).reshape(values.shape[1:])

    def reach(self, kind: str, outcome: int) -> Floats:
        """[actors, (low, high)], averages."""
        return self.mean(self.spans[kind][:, :, outcome])

    def amount(self, values: Floats) -> Amount:
        """A probability as a cell with its range."""
        spread = self.results.spread(values, self.weights)
        return Amount(percent(spread.mean), spread.mean, f"{percent(spread.low)} to {percent(spread.high)}")


def _title(view: _View) -> str:
    reach = view.reach("held", 0)
    widest = int(np.argmax(reach[:, 1] - reach[:, 0]))
    outcome = view.names.outcome(view.outcomes[0])
    if reach[widest, 1] - reach[widest, 0] < _SMALL:
        return f"Nobody alone can move this: {outcome}"
    return f"{view.names.actor(view.actors[widest])} has the widest reach over this: {outcome}"


def _first(view: _View) -> str:
    """The widest and the narrowest reach over the main outcome, the others held."""
    reach, names = view.reach("held", 0), view.names
    width = reach[:, 1] - reach[:, 0]
    order = np.argsort(-width, kind="stable")
    usual = view.results.spread(view.usual[:, 0], view.weights)
    outcome = names.outcome(view.outcomes[0])
    start = f"“{outcome}” has a probability of {band(usual)}, {estimative(usual.mean)}, as things are; "
    best = int(order[0])
    if width[best] < _SMALL:
        return f"{start}no actor can move it by {percent(_SMALL)} by its own play while the others go on as they do."
    text = (
        f"{start}{names.actor(view.actors[best])} alone, the others going on as they do, could bring it anywhere "
        f"from {percent(reach[best, 0])} to {percent(reach[best, 1])}"
    )
    idle = [names.actor(view.actors[i]) for i in order if width[i] < _SMALL]
    last = int(order[-1])
    if idle:
        return f"{text}, while {listed(idle)} can hardly move it."
    if last != best:
        return f"{text}, {names.actor(view.actors[last])} only from {percent(reach[last, 0])} to {percent(reach[last, 1])}."
    return f"{text}."


def _second(view: _View) -> str:
    """Who can lower the main outcome most, and what the others' answers do to reach."""
    held, usual = view.reach("held", 0), float(view.mean(view.usual)[0])
    best = int(np.argmin(held[:, 0]))
    who, share = view.names.actor(view.actors[best]), (1 - held[best, 0] / usual if usual > 0 else 0.0)
    lower = f"The most that one actor can take off it is {percent(float(share))} of the risk ({who})"
    if usual - held[best, 0] < 1e-9:
        lower = "No actor alone can lower it"
    if not view.responds:
        return f"{lower}; how the others would respond was not solved."
    responding = view.reach("responding", 0)
    worst = int(np.argmax(responding[:, 0]))
    if responding[worst, 0] - usual >= _SMALL:
        return (
            f"{lower}; to be known to do anything against it can backfire, since the others use it: where "
            f"{view.names.actor(view.actors[worst])} plays so and all know it, the probability is {percent(float(responding[worst, 0]))} "
            f"instead of {percent(usual)}."
        )
    gap = np.abs(np.stack([view.reach("responding", o) - view.reach("held", o) for o in range(len(view.outcomes))]))
    o, i, end = (int(k) for k in np.unravel_index(int(np.argmax(gap)), gap.shape))
    if gap[o, i, end] < _SMALL:
        return f"{lower}; the others' responses change nobody's reach by {percent(_SMALL)} or more."
    before, after = view.reach("held", o)[i, end], view.reach("responding", o)[i, end]
    return (
        f"{lower}; the others' responses matter most where {view.names.actor(view.actors[i])} plays "
        f"{'for' if end else 'against'} “{view.names.outcome(view.outcomes[o])}”: it gets to {percent(float(after))} instead of "
        f"{percent(float(before))}."
    )


def _drawing(view: _View) -> Markup:
    """One row an actor, one column an outcome: the spans and where things are."""
    outcomes = view.outcomes[:_DRAWN]
    left, row, gap = 150.0, 34.0, 26.0
    width = (900 - left) / len(outcomes) - gap
    drawing = Drawing(900, 56 + row * len(view.actors), "How far each actor can move each outcome")
    usual = view.mean(view.usual)
    for k, outcome in enumerate(outcomes):
        start = left + k * (width + gap)
        spans = {kind: view.reach(kind, k) for kind in ("held", "responding")}
        most = ceiling(max(float(np.nanmax(span)) for span in spans.values() if not np.isnan(span).all()))
        drawing.text(start, 14, clipped(view.names.outcome(outcome), width + gap - 12, 13.5), "strong")
        for share in (0.0, 0.5, 1.0):
            x = start + width * share
            drawing.line(x, 36, x, 44 + row * len(view.actors), "grid" if share else "axis")
            drawing.text(
                x, 31, f"{100 * share * most:.3g}%", "small", "start" if not share else "middle" if share < 1 else "end"
            )
        for i, actor in enumerate(view.actors):
            y = 46 + row * i
            for kind, style, down in (("held", "bar", 4.0), ("responding", "posterior now", 15.0)):
                low, high = (float(v) for v in np.sort(spans[kind][i]))
                if not np.isnan(low):
                    tip = f"{view.names.actor(actor)}, {view.names.outcome(outcome)}: {percent(low)} to {percent(high)}"
                    size = max(width * (high - low) / most, 2.0)
                    drawing.rect(start + width * low / most, y + down, size, 8, style, 2, tip)
        x = start + width * float(usual[k]) / most
        drawing.line(x, 42, x, 44 + row * len(view.actors), "flow")
    for i, actor in enumerate(view.actors):
        drawing.text(left - 12, 46 + row * i + 17, clipped(view.names.actor(actor), left - 16, 13), "", "end")
    return drawing.render()


def _detail(view: _View) -> Table:
    """The spans of the main outcome, with their ranges over worlds."""
    usual = view.results.spread(view.usual[:, 0], view.weights)
    kinds = ("held", "responding") if view.responds else ("held",)
    columns = [
        "actor",
        "lowest",
        "highest",
        *(["lowest, others respond", "highest, others respond"][: 2 * len(kinds) - 2]),
    ]
    rows: list[list[Cell]] = [
        [view.names.actor(actor), *(view.amount(view.spans[kind][:, i, 0, end]) for kind in kinds for end in range(2))]
        for i, actor in enumerate(view.actors)
    ]
    return Table(f"{view.names.outcome(view.outcomes[0])}: {band(usual)} as things are", columns, rows)


def _matrices(view: _View) -> list[Table]:
    """The leverage matrix, sorted by the width of a span: the others as they are, and responding."""
    captions = {"held": "Leverage, the others as they are", "responding": "Leverage, the others responding"}
    usual = [Amount(percent(float(p)), float(p)) for p in view.mean(view.usual)]
    tables = []
    for kind in ("held", "responding") if view.responds else ("held",):
        reach = [view.reach(kind, o) for o in range(len(view.outcomes))]
        rows: list[list[Cell]] = [
            [view.names.actor(actor), *(_span(float(span[i, 0]), float(span[i, 1])) for span in reach)]
            for i, actor in enumerate(view.actors)
        ]
        columns = ["actor", *(view.names.outcome(outcome) for outcome in view.outcomes)]
        tables.append(Table(captions[kind], columns, [*rows, ["As things are", *usual]]))
    return tables


def _span(low: float, high: float) -> Amount:
    """From the lowest to the highest, as a cell."""
    return Amount(f"{percent(low)} to {percent(high)}" if percent(low) != percent(high) else percent(low), high - low)
