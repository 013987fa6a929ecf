"""The section on information: what it would be worth to know more, and what misperception costs."""

from __future__ import annotations

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats
from foedus.lenses.information.blind_spots import BlindSpot, SpotKind
from foedus.lenses.information.chart import changes_chart, values_chart
from foedus.lenses.information.measure import Chooser
from foedus.lenses.labels import labels_along
from foedus.lenses.lens import Looked
from foedus.present.section import Amount, Cell, Columns, Figure, Table, Told, change, probability, table
from foedus.present.wording import capital, count, listed, number, percent
from foedus.runs.view import RunView
from foedus.worlds.ties import tied

_SHOWN = 10  # assumptions in the chart and the table
_SMALL = 0.0005  # a change in probability below this is none worth a sentence
_EVERY = 0  # the item in which all are dropped comes first; where there is one blind spot it is the only item
_NOTHING = 1e-9  # the most that knowing the world may be worth where it is worth nothing


def tell(results: RunView, data: xr.Dataset) -> Told:
    """The value of knowing the world or one assumption, and how things would go if all saw alike."""
    view = _Information(results, data)
    figures = [figure for figure in (_worth_figure(view), _changes_figure(view)) if figure is not None]
    tables = [each for each in (_choosers(view), _assumptions(view), _dropped(view)) if each.rows]
    notes = [
        "Knowing more is valued for a choice among the policies of the run that somebody can choose, as if each could choose any of them; an actor's units are its own payoffs, "
        f"in the reported periods, discounted. Of an assumption it says what an answer to that question alone would add, estimated by regression in {count(int(data.attrs['worlds']), 'world')} "
        f"(effectively {results.run.ess:.0f}); only what is worth more than each of 200 irrelevant assumptions seems to be is named. "
        f"Misperception is solved anew in {view.counted} that stand for all."
    ]
    if left_out := int(data.attrs["left_out"]):
        notes.append(f"{count(left_out, 'further misperception')} only dropped together with the rest.")
    return Told([_first(view), _second(view)], figures, tables, notes)


class _Information(Looked):
    """The numbers of the lens with their names; ``main`` is the chooser of whom most is told."""

    def __init__(self, results: RunView, data: xr.Dataset):
        super().__init__(results, data)
        self.choosers = labels_along(data, "chooser", Chooser)
        self.assumptions = [self.names.assumption(name) for name in self.labels("assumption")]
        options, level = self.labels("option"), np.asarray(data["level"].values, bool)
        self.options, self.tied = len(options), level.sum(axis=1)
        named = zip(self.labels("best"), level, strict=True)
        self.best = [self._with_ties(best, [o for o, t in zip(options, tie) if t]) for best, tie in named]
        self.evpi, self.evppi, self.floor = self.array("evpi"), self.array("evppi"), self.array("floor")
        self.items = labels_along(data, "item", BlindSpot)
        self.spots = sum(item.kind != SpotKind.ALL for item in self.items)
        self.actors = [self.names.actor(actor) for actor in self.labels("actor")]
        self.outcomes = [self.names.outcome(outcome) for outcome in self.labels("outcome")]
        # [item, actor, world] what perceiving things so costs, and [item, outcome, world] by how much it raises the risk.
        raised = self.array("risk")[:, None] - self.array("risk_if")
        self.price, self.raised = (each.transpose(1, 2, 0).copy() for each in (self.array("price"), raised))
        risky = [i for i, c in enumerate(self.choosers) if c.outcome and self.evpi[i] > _NOTHING]
        self.main = risky[0] if risky else int(np.argmax(self.evpi))

    def _with_ties(self, best: str, level: list[str]) -> str:
        others = [f"“{self.names.policy(policy)}”" for policy in level if policy != best]
        return f"“{self.names.policy(best)}”" + (f" (a tie with {listed(others)})" if others else "")

    def chooser(self, i: int) -> str:
        c = self.choosers[i]
        return f"whoever wants “{self.names.outcome(c.outcome)}” least" if c.outcome else self.names.actor(c.actor)

    def worth(self, i: int, value: float) -> str:
        """A value in the chooser's units."""
        return f"{number(100 * value, 2)} points" if self.choosers[i].outcome else number(value, 2)

    def cell(self, i: int, value: float, error: float | None = None) -> Amount:
        """The same for a table, with its standard error."""
        return Amount(self.worth(i, value), float(value), "" if error is None else f"± {self.worth(i, error)}")

    def named(self, i: int) -> list[int]:
        """Assumptions worth more to a chooser than any irrelevant one seems, the most valuable first; if any at all is."""
        ranked = np.argsort(-self.evppi[i], kind="stable").tolist() if self.evpi[i] > _NOTHING else []
        return [k for k in ranked if self.evppi[i, k] > self.floor[i]]

    def spot(self, j: int) -> str:
        spot = self.items[j]
        if spot.kind == SpotKind.ALL:
            return "everything"
        if spot.kind in (SpotKind.SECRET, SpotKind.BINDING):
            name = self.names.commitment if spot.kind == SpotKind.SECRET else self.names.action
            return f"the secrecy of: {name(spot.name)}"
        held = "what {} takes to be" if spot.kind == SpotKind.BELIEF else "the known dispute of {} over"
        return f"{held.format(self.names.actor(spot.actor))}: {self.names.assumption(spot.name)}"

    def average(self, values: Floats) -> float:
        return float(self.weights @ values)


def _first(view: _Information) -> str:
    """What knowing the world would be worth, and which assumption most."""
    if view.options < 2:
        return (
            "With one policy that can be chosen there is nothing to choose, so that knowing more could change nothing."
        )
    i, last = view.main, len(view.choosers) - 1
    if not view.evpi[i] > _NOTHING:
        return (
            "Whoever chooses among these policies would choose the same in every world: to know more would be worth nothing "
            f"(to {view.chooser(last)}: {view.best[last]})."
        )
    error, switch = view.array("evpi_error")[i], float(view.array("switch")[i])
    text = (
        f"{capital(view.chooser(i))} would choose {view.best[i]}, and to know the world first would be worth "
        f"{view.worth(i, view.evpi[i])} more (standard error {view.worth(i, error)}), since another policy is better in {percent(switch)} of worlds"
    )
    if not (named := view.named(i)):
        return f"{text}; no single assumption is clearly worth knowing."
    worth, level = view.worth(i, view.evppi[i, named[0]]), tied(view.evppi[i, named], say=lambda v: view.worth(i, v))
    what = listed([f"“{view.assumptions[named[k]]}”" for k in level], 3)
    return (
        f"{text}; most worth knowing {'are' if len(level) > 1 else 'is'} {what} ({worth}{' each' * (len(level) > 1)})."
    )


def _second(view: _Information) -> str:
    """What misperception and secrecy cost, and whom."""
    if not view.spots:
        return "Under this policy nobody holds a hidden belief and nothing is secret: there is no misperception to pay for."
    prices = [view.average(view.price[_EVERY, k]) for k in range(len(view.actors))]
    what = count(view.spots, "misperception or secret", "misperceptions and secrets")
    order = sorted(range(len(prices)), key=lambda k: -abs(prices[k]))
    pays, gains = (
        listed([f"{view.actors[k]} {number(abs(prices[k]), 2)}" for k in order if sign * prices[k] >= _SMALL])
        for sign in (1, -1)
    )
    parts = [f"costs {pays}"] if pays else []
    parts += [f"brings {gains}"] if gains else []
    text = f"That parties do not see alike ({what}) {' and '.join(parts) or 'costs nobody anything noticeable'}"
    text += ", each in its own units" if parts else ""
    if view.outcomes:
        now, raised = view.average(view.array("risk")[:, 0]), view.average(view.raised[_EVERY, 0])
        way = f"{number(100 * abs(raised), 2)} points {'likelier' if raised > 0 else 'less likely'} for it"
        text += f"; “{view.outcomes[0]}” is {'no likelier for it' if abs(raised) < _SMALL else way} ({percent(now)})"
    return f"{text}."


def _worth_figure(view: _Information) -> Figure | None:
    """The value of knowing each assumption, to the main chooser."""
    i = view.main
    named = view.named(i)[:_SHOWN]
    if not named:
        return None
    scale, unit = (100, "in percentage points of risk") if view.choosers[i].outcome else (1, "in its payoff units")
    worth, errors = scale * view.evppi[i], scale * np.nan_to_num(view.array("evppi_error")[i])
    values = [(view.assumptions[k], float(worth[k]), float(errors[k])) for k in named]
    share = percent(float(view.evppi[i, named[0]] / view.evpi[i]))
    return Figure(
        f"To {view.chooser(i)}: knowing “{view.assumptions[named[0]]}” alone gives {share} of what knowing all would",
        f"The value of knowing one assumption before choosing a policy, {unit}; "
        "lines: one standard error each way. Dashed: the most that 200 irrelevant assumptions seem worth.",
        values_chart(values, scale * float(view.floor[i])),
    )


def _changes_figure(view: _Information) -> Figure | None:
    """What misperception costs each actor."""
    spreads = [view.spread(view.price[_EVERY, k]) for k in range(len(view.actors))]
    most = max(max(abs(s.low), abs(s.high), abs(s.mean)) for s in spreads)
    if not view.spots or most < 1e-9:
        return None
    pay = sum(s.mean >= _SMALL for s in spreads)
    return Figure(
        f"{count(pay, 'actor')} of {len(spreads)} {'pays' if pay == 1 else 'pay'} for misperception",
        "What perceiving things so costs each actor over the reported periods, in its own units: average, and nine worlds in ten. "
        "To the right it pays, to the left it gains.",
        changes_chart(list(zip(view.actors, spreads, strict=True)), most),
    )


def _choosers(view: _Information) -> Table:
    gain, error, switch = (view.array(name) for name in ("gain", "evpi_error", "switch"))

    def most(i: int) -> str:
        told = [f"{view.assumptions[k]} ({view.worth(i, view.evppi[i, k])})" for k in view.named(i)[:1]]
        return "".join(told) or "none clearly"

    columns: Columns[int] = {
        "who chooses": lambda i: capital(view.chooser(i)),
        "would choose": lambda i: view.best[i],
        "most worth knowing": most,
        f"gain over “{view.names.policy(view.policy)}”": lambda i: view.cell(i, gain[i]),
        "knowing the world": lambda i: view.cell(i, view.evpi[i], error[i]),
        "worlds where another is better": lambda i: probability(float(switch[i])),
    }
    who = range(len(view.choosers)) if view.options > 1 else ()
    return table("What it would be worth to know the world before choosing a policy", columns, who)


def _assumptions(view: _Information) -> Table:
    i = view.main
    error, bias = view.array("evppi_error")[i], view.array("evppi_bias")[i]
    columns: Columns[int] = {
        "assumption": lambda k: view.assumptions[k],
        "worth knowing": lambda k: view.cell(i, view.evppi[i, k], error[k]),
        "of it bias (estimate)": lambda k: view.cell(i, bias[k]),
        "share of knowing all": lambda k: probability(float(view.evppi[i, k]) / float(view.evpi[i])),
    }
    return table(f"What one answer would be worth to {view.chooser(i)}", columns, view.named(i)[:_SHOWN])


def _dropped(view: _Information) -> Table:
    rows: list[list[Cell]] = []
    for j in range(len(view.items)) if view.spots else ():
        risks = [view.spread(100 * view.raised[j, k]) for k in range(len(view.outcomes[:2]))]
        prices = [view.average(view.price[j, k]) for k in range(len(view.actors))]
        rows.append([capital(view.spot(j)), *map(change, risks), *map(change, prices)])
    columns = ["what is not seen alike", *(f"{outcome}, points" for outcome in view.outcomes[:2]), *view.actors]
    caption = (
        "The price of misperception and secrets: what each costs an actor (below 0: it gains), and adds to outcomes"
    )
    return Table(caption, columns, rows)
