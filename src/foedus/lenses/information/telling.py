"""The section on information: what it would be worth to know more, and what misperception costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.information.blind_spots import BlindSpot, SpotKind
from foedus.lenses.information.chart import Value, changes_chart, values_chart
from foedus.lenses.information.measure import Chooser
from foedus.lenses.labels import labels_along
from foedus.lenses.lens import Looked
from foedus.present.section import Amount, Cell, Figure, Table, Told, amount, change, probability, table
from foedus.present.wording import capital, count, listed, number, percent
from foedus.runs.view import RunView

if TYPE_CHECKING:
    import xarray as xr

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
        "Knowing more is valued for a choice among the policies of the run, as if each could choose any of them; an actor's units are its own payoffs, "
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
        self.evpi, self.evppi, self.floor = self.array("evpi"), self.array("evppi"), self.array("floor")
        self.items = labels_along(data, "item", BlindSpot)
        self.spots = sum(item.kind != SpotKind.ALL for item in self.items)
        self.actors = [self.names.actor(actor) for actor in self.labels("actor")]
        self.outcomes = [self.names.outcome(outcome) for outcome in self.labels("outcome")]
        risky = [i for i, c in enumerate(self.choosers) if c.outcome and self.evpi[i] > _NOTHING]
        self.main = risky[0] if risky else int(np.argmax(self.evpi))

    def chooser(self, i: int) -> str:
        c = self.choosers[i]
        return f"whoever wants “{self.names.outcome(c.outcome)}” least" if c.outcome else self.names.actor(c.actor)

    def worth(self, i: int, value: float) -> str:
        """A value in the chooser's units."""
        return f"{number(100 * value, 2)} points" if self.choosers[i].outcome else number(value, 2)

    def policy_of(self, i: int) -> str:
        return self.names.policy(self.labels("best")[i])

    def clear(self, i: int) -> list[int]:
        """Assumptions worth more to a chooser than any irrelevant one seems, the most valuable first."""
        return [int(k) for k in np.argsort(-self.evppi[i], kind="stable") if self.evppi[i, k] > self.floor[i]]

    def named(self, i: int) -> list[int]:
        """The same, where knowing all is worth anything."""
        return self.clear(i) if self.evpi[i] > _NOTHING else []

    def spot(self, j: int) -> str:
        spot = self.items[j]
        match spot.kind:
            case SpotKind.ALL:
                return "everything"
            case SpotKind.SECRET:
                return f"the secrecy of: {self.names.commitment(spot.name)}"
            case SpotKind.BINDING:
                return f"the secrecy of: {self.names.action(spot.name)}"
        held = "what {} takes to be" if spot.kind == SpotKind.BELIEF else "the known dispute of {} over"
        return f"{held.format(self.names.actor(spot.actor))}: {self.names.assumption(spot.name)}"

    def change(self, name: str, item: int, k: int) -> Floats:
        """By world: how ``paid`` or ``risk`` of the k-th actor or outcome changes if the item is dropped."""
        return np.asarray(self.array(f"{name}_if")[:, item, k] - self.array(name)[:, k])

    def average(self, values: Floats) -> float:
        return float(self.weights @ values)


def _first(view: _Information) -> str:
    """What knowing the world would be worth, and which assumption most."""
    if len(view.results.policies) < 2:
        return "With one policy there is nothing to choose, so that knowing more could change nothing."
    i, last = view.main, len(view.choosers) - 1
    if not view.evpi[i] > _NOTHING:
        return (
            "Whoever chooses among these policies would choose the same in every world: to know more would be worth nothing "
            f"(to {view.chooser(last)}: {view.policy_of(last)})."
        )
    error, switch = view.array("evpi_error")[i], float(view.array("switch")[i])
    text = (
        f"{capital(view.chooser(i))} would choose “{view.policy_of(i)}”, and to know the world first would be worth "
        f"{view.worth(i, view.evpi[i])} more (standard error {view.worth(i, error)}), since another policy is better in {percent(switch)} of worlds"
    )
    named = view.clear(i)
    if not named:
        return f"{text}; no single assumption is clearly worth knowing."
    worth = view.worth(i, view.evppi[i, named[0]])
    return f"{text}; most worth knowing is “{view.assumptions[named[0]]}” ({worth})."


def _second(view: _Information) -> str:
    """What misperception and secrecy do."""
    if not view.spots:
        return "Under this policy nobody holds a hidden belief and nothing is secret: there is no misperception to pay for."
    changes = [view.average(view.change("paid", _EVERY, k)) for k in range(len(view.actors))]
    gains, loses = int(np.argmax(changes)), int(np.argmin(changes))
    parts = []
    if view.outcomes:
        before, moved = view.average(view.array("risk")[:, 0]), view.average(view.change("risk", _EVERY, 0))
        by = f"{'rise' if moved > 0 else 'fall'} by {number(100 * abs(moved), 2)} points from {percent(before)}"
        parts.append(f"“{view.outcomes[0]}” would {f'stay at {percent(before)}' if abs(moved) < _SMALL else by}")
    if max(abs(changes[gains]), abs(changes[loses])) < _SMALL:
        parts.append("nobody would be noticeably better or worse off")
    else:
        parts += [f"{view.actors[gains]} would gain {number(changes[gains], 2)}"] if changes[gains] > 0 else []
        parts += [f"{view.actors[loses]} would lose {number(-changes[loses], 2)}"] if changes[loses] < 0 else []
    dropped = count(view.spots, "misperception or secret", "misperceptions and secrets")
    return f"If everybody saw things as they are ({dropped} dropped), {listed(parts)}."


def _worth_figure(view: _Information) -> Figure | None:
    """The value of knowing each assumption, to the main chooser."""
    i = view.main
    named = view.named(i)[:_SHOWN]
    if not named:
        return None
    points = bool(view.choosers[i].outcome)
    scale = 100 if points else 1
    worth, errors = scale * view.evppi[i], scale * np.nan_to_num(view.array("evppi_error")[i])
    share = percent(float(view.evppi[i, named[0]] / view.evpi[i]))
    return Figure(
        f"To {view.chooser(i)}: knowing “{view.assumptions[named[0]]}” alone gives {share} of what knowing all would",
        f"The value of knowing one assumption before choosing a policy, {'in percentage points of risk' if points else 'in its payoff units'}; "
        "lines: one standard error each way. Dashed: the most that 200 irrelevant assumptions seem worth.",
        values_chart(
            [Value(view.assumptions[k], float(worth[k]), float(errors[k])) for k in named], scale * float(view.floor[i])
        ),
    )


def _changes_figure(view: _Information) -> Figure | None:
    """How each actor fares if all see alike."""
    spreads = [view.spread(view.change("paid", _EVERY, k)) for k in range(len(view.actors))]
    most = max(max(abs(s.low), abs(s.high), abs(s.mean)) for s in spreads)
    if not view.spots or most < 1e-9:
        return None
    better = sum(s.mean > _SMALL for s in spreads)
    return Figure(
        f"{count(better, 'actor')} of {len(spreads)} would be better off if all saw things as they are",
        "Change in what each actor is paid in the reported periods, in its own units: average, and nine worlds in ten.",
        changes_chart(list(zip(view.actors, spreads, strict=True)), most),
    )


def _choosers(view: _Information) -> Table:
    """What knowing more is worth to each."""
    gain, error, switch = (view.array(name) for name in ("gain", "evpi_error", "switch"))

    def most(i: int) -> str:
        named = view.named(i)[:1]
        told = [f"{view.assumptions[k]} ({view.worth(i, view.evppi[i, k])})" for k in named]
        return told[0] if told else "none clearly"

    def evpi(i: int) -> Amount:
        return Amount(view.worth(i, view.evpi[i]), float(view.evpi[i]), f"± {view.worth(i, error[i])}")

    return table(
        "What it would be worth to know the world before choosing a policy",
        {
            "who chooses": lambda i: capital(view.chooser(i)),
            "would choose": view.policy_of,
            "most worth knowing": most,
            f"gain over “{view.names.policy(view.policy)}”": lambda i: amount(
                float(gain[i]), lambda x: view.worth(i, x)
            ),
            "knowing the world": evpi,
            "worlds where another is better": lambda i: probability(float(switch[i])),
        },
        range(len(view.choosers)) if len(view.results.policies) > 1 else (),
    )


def _assumptions(view: _Information) -> Table:
    """What each assumption is worth to the main chooser."""
    i = view.main
    error, bias = view.array("evppi_error")[i], view.array("evppi_bias")[i]

    def worth(value: float) -> str:
        return view.worth(i, value)

    return table(
        f"What one answer would be worth to {view.chooser(i)}",
        {
            "assumption": lambda k: view.assumptions[k],
            "worth knowing": lambda k: Amount(worth(view.evppi[i, k]), float(view.evppi[i, k]), f"± {worth(error[k])}"),
            "of it bias (estimate)": lambda k: amount(float(bias[k]), worth),
            "share of knowing all": lambda k: probability(float(view.evppi[i, k]) / float(view.evpi[i])),
        },
        view.named(i)[:_SHOWN],
    )


def _dropped(view: _Information) -> Table:
    """What dropping each misperception or secret changes."""
    rows: list[list[Cell]] = []
    for j in range(len(view.items)) if view.spots else ():
        risks = [view.spread(100 * view.change("risk", j, k)) for k in range(len(view.outcomes[:2]))]
        paid = [view.average(view.change("paid", j, k)) for k in range(len(view.actors))]
        rows.append([capital(view.spot(j)), *map(change, risks), *map(change, paid)])
    columns = ["dropped", *(f"{outcome}, points" for outcome in view.outcomes[:2]), *view.actors]
    return Table("What changes if parties no longer misperceive, or keep no secret", columns, rows)
