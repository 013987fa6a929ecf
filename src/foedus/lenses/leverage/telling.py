"""The section on leverage: who can move what."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.lens import Looked
from foedus.lenses.leverage.chart import OutcomeSpans, spans_chart
from foedus.present.colours import MAIN, OTHER
from foedus.present.section import Amount, Cell, Figure, Table, Told, probability, table
from foedus.present.wording import band, capital, listed, percent
from foedus.runs.view import RunView

_DRAWN = 4  # outcomes in the drawing; the table has all
_SMALL = 0.01  # reach below this is none worth a sentence
LOW, HIGH = 0, 1  # the ends of a span: playing against the outcome, and for it
CAPTIONS = {"held": "Leverage, the others as they are", "responding": "Leverage, the others responding"}
NOTE = (
    "An actor may use every action it has, costly and unlikely ones too: this is what it could do, not what it wants. "
    "Once others respond, playing against an event can end above playing for it: what all know is used."
)
FIGURE_NOTE = (
    f"{capital(MAIN)}: from the lowest to the highest probability that the actor can bring about by its own play, the others "
    f"going on as they do. {capital(OTHER)}: the same when the others know what it plays for and respond. Line: as things are."
)


def tell(results: RunView, data: Dataset) -> Told:
    """The leverage matrix: how far each actor can move each outcome, the others as they are and responding."""
    if not data.sizes["actor"] or not data.sizes["outcome"]:
        return Told(["No outcome, or nobody who decides: there is nothing to move.", ""])
    leverage = Leverage(results, data)
    solved = f"{capital(leverage.counted)} that stand for all; averages, and the range of nine worlds in ten. {NOTE}"
    notes = [solved, *filter(None, [str(data.attrs["note"])])]
    drawn = [
        OutcomeSpans(name, float(leverage.usual[o]), {kind: leverage.reach(kind, o) for kind in CAPTIONS})
        for o, name in enumerate(leverage.outcomes[:_DRAWN])
    ]
    figure = Figure(_title(leverage), FIGURE_NOTE, spans_chart(leverage.actors, drawn))
    tables = [_detail(leverage), *(_matrix(leverage, kind) for kind in leverage.kinds)]
    return Told([_first(leverage), _second(leverage)], [figure], tables, notes)


class Leverage(Looked):
    """Spans in the actors' hands: ``means`` are averages by kind [actor, outcome, end]. The main outcome is the first;
    ``main`` is its probability as things are, with its range."""

    def __init__(self, results: RunView, data: Dataset):
        super().__init__(results, data)
        self.actors = [self.names.actor(actor) for actor in self.labels("actor")]
        self.outcomes = [self.names.outcome(outcome) for outcome in self.labels("outcome")]
        self.spans = {kind: self.array(kind) for kind in CAPTIONS}
        each = range(len(self.outcomes))
        self.means = {k: np.stack([self.mean(span[:, :, o]) for o in each], axis=1) for k, span in self.spans.items()}
        self.usual, self.main = self.mean(self.array("usual")), band(self.spread(self.array("usual")[:, 0]))
        self.words = results.words_for(self.labels("outcome")[0], float(self.usual[0]))
        self.kinds = [kind for kind, span in self.spans.items() if not np.isnan(span).all()]

    def reach(self, kind: str, outcome: int = 0) -> Floats:
        """[actor, end] of an outcome, averages."""
        return self.means[kind][:, outcome]


def _title(leverage: Leverage) -> str:
    low, high = leverage.reach("held").T
    widest = int(np.argmax(high - low))
    small = high[widest] - low[widest] < _SMALL
    who = "Nobody alone can move" if small else f"{leverage.actors[widest]} has the widest reach over"
    return f"{who} this: {leverage.outcomes[0]}"


def _first(leverage: Leverage) -> str:
    """The widest and the narrowest reach over the main outcome, the others held."""
    low, high = leverage.reach("held").T
    order = np.argsort(low - high, kind="stable")
    best, last = int(order[0]), int(order[-1])
    start = f"“{leverage.outcomes[0]}” has a probability of {leverage.main}, {leverage.words}, as things are; "
    if high[best] - low[best] < _SMALL:
        return f"{start}no actor can move it by {percent(_SMALL)} by its own play while the others go on as they do."
    span = [f"from {percent(low[i])} to {percent(high[i])}" for i in (best, last)]
    text = f"{start}{leverage.actors[best]} alone, the others going on as they do, could bring it anywhere {span[0]}"
    idle = [leverage.actors[i] for i in order if high[i] - low[i] < _SMALL]
    if idle:
        return f"{text}, while {listed(idle)} can hardly move it."
    return f"{text}, {leverage.actors[last]} only {span[1]}." if last != best else f"{text}."


def _second(leverage: Leverage) -> str:
    """Who can lower the main outcome most, and what the others' answers do to reach."""
    lowest, usual = leverage.reach("held")[:, LOW], float(leverage.usual[0])
    best = int(np.argmin(lowest))
    lower = "No actor alone can lower it"
    if usual - lowest[best] >= 1e-9:
        share = percent(float(1 - lowest[best] / usual) if usual > 0 else 0.0)
        lower = f"The most that one actor can take off it is {share} of the risk ({leverage.actors[best]})"
    if "responding" not in leverage.kinds:
        return f"{lower}; how the others would respond was not solved."
    answered = leverage.reach("responding")[:, LOW]
    worst = int(np.argmax(answered))
    if answered[worst] - usual >= _SMALL:
        lower += "; to be known to do anything against it can backfire, since the others use it: where"
        now = f"{percent(float(answered[worst]))} instead of {percent(usual)}"
        return f"{lower} {leverage.actors[worst]} plays so and all know it, the probability is {now}."
    before, after = leverage.means["held"], leverage.means["responding"]
    gap = np.abs(after - before).swapaxes(0, 1)  # outcome first: of equal gaps the one over the main outcome is told
    o, i, end = (int(k) for k in np.unravel_index(int(np.argmax(gap)), gap.shape))
    if gap[o, i, end] < _SMALL:
        return f"{lower}; the others' responses change nobody's reach by {percent(_SMALL)} or more."
    where = f"{leverage.actors[i]} plays {'for' if end == HIGH else 'against'} “{leverage.outcomes[o]}”"
    then, now = (percent(float(means[i, o, end])) for means in (after, before))
    return f"{lower}; the others' responses matter most where {where}: it gets to {then} instead of {now}."


def _detail(leverage: Leverage) -> Table:
    """The spans of the main outcome, with their ranges over worlds."""
    how = {"held": "", "responding": ", others respond"}

    def at(kind: str, end: int) -> Callable[[int], Cell]:
        return lambda i: probability(leverage.spread(leverage.spans[kind][:, i, 0, end]))

    columns: dict[str, Callable[[int], Cell]] = {"actor": lambda i: leverage.actors[i]}
    for kind in leverage.kinds:
        columns |= {f"lowest{how[kind]}": at(kind, LOW), f"highest{how[kind]}": at(kind, HIGH)}
    return table(f"{leverage.outcomes[0]}: {leverage.main} as things are", columns, range(len(leverage.actors)))


def _matrix(leverage: Leverage, kind: str) -> Table:
    """The leverage matrix, sorted by the width of a span: the others as they are, or responding."""
    spans = [[_span(float(low), float(high)) for low, high in means] for means in leverage.means[kind]]
    rows = [*zip(leverage.actors, spans), ("As things are", [probability(float(p)) for p in leverage.usual])]
    return Table(CAPTIONS[kind], ["actor", *leverage.outcomes], [[name, *row] for name, row in rows])


def _span(low: float, high: float) -> Amount:
    return Amount(f"{percent(low)} to {percent(high)}" if percent(low) != percent(high) else percent(low), high - low)
