"""The section on information: what it would be worth to know more, and what misperception costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.section import Amount, Cell, Figure, Table, Told
from foedus.present.svg import Drawing, clipped
from foedus.present.wording import capital, count, listed, number, percent, signed
from foedus.runs.view import RunView

if TYPE_CHECKING:
    import xarray as xr

_SHOWN = 10  # assumptions in the chart and the table
_SMALL = 0.0005  # a change in probability below this is none worth a sentence


def tell(results: RunView, found: xr.Dataset) -> Told:
    """The value of knowing the world or one assumption, and how things would go if all saw alike."""

    view = View(results, found)
    figures = [figure for figure in (_worth_figure(view), _seen_figure(view)) if figure is not None]
    tables = [table for table in (_choosers(view), _assumptions(view), _dropped(view)) if table.rows]
    notes = [
        "Knowing more is valued for a choice among the policies of the run, as if each could choose any of them; an actor's units are its own payoffs, "
        f"in the reported periods, discounted. Of an assumption it says what an answer to that question alone would add, estimated by regression in {count(view.worlds, 'world')} "
        f"(effectively {view.results.run.ess:.0f}); only what is worth more than each of 200 irrelevant assumptions seems to be is named. "
        f"Misperception is solved anew in {count(len(view.weights), 'world')} that stand for all."
    ]
    if found.attrs["left_out"]:
        notes.append(
            f"{count(int(found.attrs['left_out']), 'further misperception')} only dropped together with the rest."
        )
    return Told([_first(view), _second(view)], figures, tables, notes)


class View:
    """The numbers of the lens with their names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.names, self.found = results, results.names, found
        self.worlds = int(found.attrs["worlds"])
        self.weights: Floats = np.asarray(found["weight"].values, float)
        self.choosers = [str(chooser) for chooser in found["chooser"].values]
        self.assumptions = [str(name) for name in found["assumption"].values]
        self.evpi = self.array("evpi")
        self.items = [str(item) for item in found["item"].values]
        self.actors = [str(actor) for actor in found["actor"].values]
        self.outcomes = [str(outcome) for outcome in found["outcome"].values]
        self.spots = [item for item in self.items if item != "all"]
        risky = [i for i, chooser in enumerate(self.choosers) if chooser.startswith("least:") and self.evpi[i] > 1e-9]
        self.main = risky[0] if risky else int(np.argmax(self.evpi))

    def array(self, name: str) -> Floats:
        """A variable of the lens."""
        return np.asarray(self.found[name].values, dtype=float)

    def chooser(self, i: int) -> str:
        """Who chooses."""
        kind, _, outcome = self.choosers[i].partition(":")
        return f"whoever wants “{self.names.outcome(outcome)}” least" if kind == "least" else self.names.actor(kind)

    def worth(self, i: int, value: float) -> str:
        """A value in the chooser's units."""
        return f"{number(100 * value, 2)} points" if self.choosers[i].startswith("least:") else number(value, 2)

    def policy(self, i: int) -> str:
        """The policy that a chooser would choose."""
        return self.names.policy(str(self.found["best"].values[i]))

    def clear(self, i: int) -> list[int]:
        """Assumptions worth more to a chooser than any irrelevant one seems, the most valuable first."""
        worth = self.array("evppi")[i]
        return [int(k) for k in np.argsort(-worth, kind="stable") if worth[k] > self.array("floor")[i]]

    def spot(self, item: str) -> str:
        """What keeps parties from seeing alike, in words."""
        kind, _, what = item.partition(":")
        if kind == "all":
            return "everything"
        if kind in ("belief", "dispute"):
            actor, _, name = what.partition(".")
            held = "what {} takes to be" if kind == "belief" else "the known dispute of {} over"
            return f"{held.format(self.names.actor(actor))}: {self.names.assumption(name)}"
        if kind == "secret":
            label = self.results.scenario.commitments[what].label or what.replace("_", " ")
            return f"the secrecy of: {label}"
        rule = self.results.scenario.all_policies[str(self.found.attrs["policy"])].bind[int(what)]
        return f"the secrecy of: {self.names.action(f'{rule.phase}.{rule.do}')}"

    def change(self, name: str, item: int, k: int) -> Floats:
        """By world: how ``paid`` or ``risk`` of the k-th actor or outcome changes if the item is dropped."""
        return np.asarray(self.array(f"{name}_if")[:, item, k] - self.array(name)[:, k])

    def mean(self, values: Floats) -> float:
        """The average over the few worlds."""
        return float(self.weights @ values)


def _first(view: View) -> str:
    """What knowing the world would be worth, and which assumption most."""
    if len(view.results.policies) < 2:
        return "With one policy there is nothing to choose, so that knowing more could change nothing."
    i = view.main
    if not view.evpi[i] > 1e-9:
        return (
            "Whoever chooses among these policies would choose the same in every world: to know more would be worth nothing "
            f"(to {view.chooser(len(view.choosers) - 1)}: {view.policy(len(view.choosers) - 1)})."
        )
    error, switch = view.array("evpi_error")[i], view.array("switch")[i]
    text = (
        f"{capital(view.chooser(i))} would choose “{view.policy(i)}”, and to know the world first would be worth "
        f"{view.worth(i, view.evpi[i])} more (standard error {view.worth(i, error)}), since another policy is better in {percent(float(switch))} of worlds"
    )
    named = view.clear(i)
    if not named:
        return f"{text}; no single assumption is clearly worth knowing."
    worth = view.array("evppi")[i]
    return f"{text}; most worth knowing is “{view.names.assumption(view.assumptions[named[0]])}” ({view.worth(i, worth[named[0]])})."


def _second(view: View) -> str:
    """What misperception and secrecy do."""
    if not view.spots:
        return "Under this policy nobody holds a hidden belief and nothing is secret: there is no misperception to pay for."
    item = view.items.index("all") if "all" in view.items else 0
    changes = [view.mean(view.change("paid", item, k)) for k in range(len(view.actors))]
    gains, loses = int(np.argmax(changes)), int(np.argmin(changes))
    parts = []
    if view.outcomes:
        before = view.mean(view.array("risk")[:, 0])
        moved = view.mean(view.change("risk", item, 0))
        outcome = view.names.outcome(view.outcomes[0])
        if abs(moved) < _SMALL:
            parts.append(f"“{outcome}” would stay at {percent(before)}")
        else:
            parts.append(
                f"“{outcome}” would {'rise' if moved > 0 else 'fall'} by {number(100 * abs(moved), 2)} points from {percent(before)}"
            )
    if max(abs(changes[gains]), abs(changes[loses])) < _SMALL:
        parts.append("nobody would be noticeably better or worse off")
    else:
        if changes[gains] > 0:
            parts.append(f"{view.names.actor(view.actors[gains])} would gain {number(changes[gains], 2)}")
        if changes[loses] < 0:
            parts.append(f"{view.names.actor(view.actors[loses])} would lose {number(-changes[loses], 2)}")
    return f"If everybody saw things as they are ({count(len(view.spots), 'misperception or secret', 'misperceptions and secrets')} dropped), {listed(parts)}."


def _worth_figure(view: View) -> Figure | None:
    """The value of knowing each assumption, to the main chooser."""
    i = view.main
    named = view.clear(i)[:_SHOWN] if view.evpi[i] > 1e-9 else []
    if not named:
        return None
    scale = 100 if view.choosers[i].startswith("least:") else 1
    share = view.array("evppi")[i, named[0]] / view.evpi[i]
    return Figure(
        f"To {view.chooser(i)}: knowing “{view.names.assumption(view.assumptions[named[0]])}” alone gives {percent(float(share))} of what knowing all would",
        f"The value of knowing one assumption before choosing a policy, {'in percentage points of risk' if scale == 100 else 'in its payoff units'}; "
        "lines: one standard error each way. Dashed: the most that 200 irrelevant assumptions seem worth.",
        _bars(view, i, named, scale),
    )


def _bars(view: View, i: int, named: list[int], scale: int) -> Markup:
    worth, errors = scale * view.array("evppi")[i, named], scale * np.nan_to_num(view.array("evppi_error")[i, named])
    left, width, row = 330.0, 480.0, 22.0
    top = float((worth + errors).max())
    drawing = Drawing(900, 26 + row * len(named), "What knowing each assumption is worth")
    for k, (v, e) in enumerate(zip(worth, errors, strict=True)):
        y, name = 20 + row * k, view.names.assumption(view.assumptions[named[k]])
        drawing.text(left - 10, y + 12, clipped(name, left - 16, 12.5), "", "end")
        drawing.rect(left, y + 2, width * v / top, 12, "bar", 2, f"{name}: {number(v, 2)}")
        drawing.line(left + width * max(v - e, 0) / top, y + 8, left + width * (v + e) / top, y + 8, "flow")
        drawing.text(left + width * (v + e) / top + 8, y + 12, number(v, 2), "num")
    floor = left + width * scale * float(view.array("floor")[i]) / top
    drawing.line(floor, 12, floor, 22 + row * len(named), "reference")
    return drawing.render()


def _seen_figure(view: View) -> Figure | None:
    """How each actor fares if all see alike."""
    if not view.spots:
        return None
    item = view.items.index("all") if "all" in view.items else 0
    spreads = [view.results.spread(view.change("paid", item, k), view.weights) for k in range(len(view.actors))]
    most = max(max(abs(s.low), abs(s.high), abs(s.mean)) for s in spreads)
    if most < 1e-9:
        return None
    better = sum(s.mean > _SMALL for s in spreads)
    left, width, row = 200.0, 560.0, 24.0
    drawing = Drawing(900, 40 + row * len(spreads), "Change in what each actor is paid if all see things as they are")
    middle = left + width / 2
    for share in (-1.0, 0.0, 1.0):
        x = middle + share * width / 2
        drawing.line(x, 24, x, 32 + row * len(spreads), "axis" if not share else "grid")
        drawing.text(x, 16, number(share * most, 2) if share else "no change", "small", "middle")
    for k, s in enumerate(spreads):
        y = 32 + row * k + 10
        drawing.text(left - 12, y + 4, clipped(view.names.actor(view.actors[k]), left - 16, 13), "", "end")
        drawing.line(middle + width / 2 * s.low / most, y, middle + width / 2 * s.high / most, y, "interval")
        drawing.dot(middle + width / 2 * s.mean / most, y, 4.5, "posterior", f"{signed(s.mean)}")
    return Figure(
        f"{count(better, 'actor')} of {len(spreads)} would be better off if all saw things as they are",
        "Change in what each actor is paid in the reported periods, in its own units: average, and nine worlds in ten.",
        drawing.render(),
    )


def _choosers(view: View) -> Table:
    """What knowing more is worth to each."""
    rows: list[list[Cell]] = []
    for i in range(len(view.choosers)) if len(view.results.policies) > 1 else ():
        named = view.clear(i) if view.evpi[i] > 1e-9 else []
        best = "none clearly"
        if named:
            best = f"{view.names.assumption(view.assumptions[named[0]])} ({view.worth(i, view.array('evppi')[i, named[0]])})"
        gain, value, error, switch = (float(view.array(name)[i]) for name in ("gain", "evpi", "evpi_error", "switch"))
        rows.append(
            [
                capital(view.chooser(i)),
                view.policy(i),
                best,
                Amount(view.worth(i, gain), gain),
                Amount(view.worth(i, value), value, f"± {view.worth(i, error)}"),
                Amount(percent(switch), switch),
            ]
        )
    now = view.names.policy(str(view.found.attrs["policy"]))
    columns = [
        "who chooses",
        "would choose",
        "most worth knowing",
        f"gain over “{now}”",
        "knowing the world",
        "worlds where another is better",
    ]
    return Table("What it would be worth to know the world before choosing a policy", columns, rows)


def _assumptions(view: View) -> Table:
    """What each assumption is worth to the main chooser."""
    i = view.main
    rows: list[list[Cell]] = []
    for k in view.clear(i)[:_SHOWN] if view.evpi[i] > 1e-9 else ():
        worth, error, bias = (float(view.array(name)[i, k]) for name in ("evppi", "evppi_error", "evppi_bias"))
        share = worth / float(view.evpi[i])
        rows.append(
            [
                view.names.assumption(view.assumptions[k]),
                Amount(view.worth(i, worth), worth, f"± {view.worth(i, error)}"),
                Amount(view.worth(i, bias), bias),
                Amount(percent(share), share),
            ]
        )
    return Table(
        f"What one answer would be worth to {view.chooser(i)}",
        ["assumption", "worth knowing", "of it bias (estimate)", "share of knowing all"],
        rows,
    )


def _dropped(view: View) -> Table:
    """What dropping each misperception or secret changes."""
    rows: list[list[Cell]] = []
    for j, item in enumerate(view.items if view.spots else ()):
        cells: list[Cell] = [capital(view.spot(item))]
        for k in range(min(len(view.outcomes), 2)):
            s = view.results.spread(100 * view.change("risk", j, k), view.weights)
            cells.append(Amount(signed(s.mean), s.mean, f"{signed(s.low)} to {signed(s.high)}"))
        for k in range(len(view.actors)):
            value = view.mean(view.change("paid", j, k))
            cells.append(Amount(signed(value), value))
        rows.append(cells)
    columns = ["dropped", *(f"{view.names.outcome(o)}, points" for o in view.outcomes[:2])]
    columns += [view.names.actor(actor) for actor in view.actors]
    return Table("What changes if parties no longer misperceive, or keep no secret", columns, rows)
