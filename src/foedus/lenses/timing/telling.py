"""The section on timing: when outcomes come, what sets them off, and what dated events change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats
from foedus.lenses.labels import labels_along
from foedus.lenses.lens import Looked
from foedus.lenses.moves import Move
from foedus.lenses.timing.measure import rate_over
from foedus.present.charts.effects import Effect, Panel, effects, panels
from foedus.present.colours import OTHER
from foedus.present.section import Amount, Cell, Columns, Figure, Table, Told, probability, table
from foedus.present.wording import band, capital, count, listed, percent, points, ranged
from foedus.runs.view import RunView
from foedus.scenario.names import lowered, plain
from foedus.worlds.ties import tied
from foedus.worlds.weights import Spread

WINDOW = 3  # periods before and after a date that are put side by side
NOTABLE = 0.0005  # a change of a probability that is worth a line
_two_digits = partial(points, decimals=2)


def tell(results: RunView, data: xr.Dataset) -> Told:
    """Times as sentences, panels and tables."""
    view = _Timing(results, data)
    return Told([view.first(), view.second()], view.figures(), view.tables(), view.notes())


@dataclass(frozen=True)
class _Event:
    """A dated phase and its name, the periods in which it can happen, and its variants; in the first it never comes."""

    phase: str
    name: str
    periods: list[int]
    variants: list[int]


@dataclass(frozen=True)
class _Change:
    """What a variant of an event does to the probability of an outcome within the horizon."""

    event: _Event
    variant: int
    outcome: int
    spread: Spread


class _Timing(Looked):
    """The lens's numbers with names."""

    def __init__(self, results: RunView, data: xr.Dataset):
        super().__init__(results, data)
        self.outcomes = [self.names.outcome(name) for name in self.labels("outcome")]
        self.numbers = range(len(self.outcomes))
        self.acts = [self.names.action(act) for act in self.labels("act")]
        self.moves = labels_along(data, "move", Move)
        phases, self.ways = data["variant_phase"].values, self.labels("variant_way")
        self.events = []
        for e in data.attrs["dated"]:
            variants = np.flatnonzero(phases == e["phase"]).tolist()
            self.events.append(_Event(e["phase"], self.names.phase(e["phase"]), e["periods"], variants))
        self.subset_weights = self.array("few_weight")
        self.periods, self.unit = results.periods, results.scenario.horizon.unit
        self.by, self.taken = self.array("dated_by"), self.array("dated_taken")

    def subset_spread(self, values: Floats) -> Spread:
        return self.results.spread(values, self.subset_weights)

    def by_end(self, o: int) -> Spread:
        return self.spread(1 - self.array("survival")[:, o, -1])

    def typical(self, first: Floats) -> int:
        """The period in which the probability of having come reaches half of that at the end; ``first`` [period]."""
        come = np.cumsum(first)
        return int(np.argmax(come >= come[-1] / 2))

    def hazard(self, o: int) -> Floats:
        """[period] the hazard of an outcome over worlds, each counted as far as it is still at risk."""
        return np.asarray(self.array("population_hazard")[o])

    def hazard_ends(self, o: int) -> tuple[Floats, Floats]:
        """[period] the ends between which the hazards of nine in ten of what is still at risk lie."""
        by = 1 - self.array("survival")[:, o]
        spreads = [rate_over(by, self.weights, t, t + 1) for t in range(by.shape[1])]
        return np.array([s.low for s in spreads]), np.array([s.high for s in spreads])

    # --- sentences

    def first(self) -> str:
        """When the main outcome comes, and what sets it off."""
        if not self.outcomes:
            return "No outcome is declared and no variable has a last level, so there is nothing to time."
        s = self.by_end(0)
        text = f"{self.under}, “{self.outcomes[0]}” comes within the horizon with probability {band(s)}, {self.results.words_for(self.labels('outcome')[0], s.mean)}"
        if s.mean > 0 and len(self.periods) > 1:
            half = self.periods[self.typical(self.mean(self.array("first")[:, 0]))]
            text += f"; if it comes, it is as likely as not to have come by {half}"
        top = [f"{self.move(move)} ({percent(share)})" for move, share in self.causes(0)[:2]]
        return f"{text}; it is most often set off by {listed(top)}." if top else f"{text}."

    def second(self) -> str:
        """What dated events change."""
        if not self.events:
            return (
                "No phase of this scenario is tied to a date, so there is no dated event to compare with other times."
            )
        told = [f"“{event.name}” ({self.when(event)})" for event in self.events]
        many = len(told) > 1
        notable = [c for event in self.events for c in self.changes(event) if abs(c.spread.mean) >= NOTABLE]
        if not notable:
            return f"{listed(told)} {'move' if many else 'moves'} no other outcome by as much as 0.05 percentage points within the horizon."
        level = [notable[i] for i in tied(np.array([abs(c.spread.mean) for c in notable]), say=_two_digits)]
        most, alike = level[0], [change for change in level if change.outcome == level[0].outcome]
        names = list(dict.fromkeys(told[self.events.index(change.event)] for change in alike))
        if len(names) > 1:
            return f"{listed(names)} matter alike for “{self.outcomes[most.outcome]}”, by {_points(most.spread)}."
        which = f"Of {listed(told)}, {names[0]}" if many else names[0]
        before, after = (percent(self.subset_spread(self.by[:, v, most.outcome, -1]).mean) for v in (0, most.variant))
        return (
            f"{which} matters most for “{self.outcomes[most.outcome]}”: {self.way(most.event, most.variant)}, its probability "
            f"within the horizon would go from {before} to {after} (change {_points(most.spread)})."
        )

    # --- names

    def when(self, event: _Event) -> str:
        periods = [self.periods[t] for t in event.periods]
        whole = event.periods == list(range(event.periods[0], event.periods[-1] + 1))
        return f"{periods[0]} to {periods[-1]}" if whole and len(periods) > 2 else listed(periods)

    def move(self, move: Move) -> str:
        if move.commitment:
            return f"the reading of “{self.names.commitment(move.commitment)}”"
        if move.action:
            return f"“{self.names.action(move.label)}”"
        return f"“{self.names.phase(move.phase)}”" if move.phase else "the start of a period"

    def way(self, event: _Event, variant: int) -> str:
        """How the event turns out in a variant, as the start of a clause."""
        way, phase = self.ways[variant], self.names.phases[event.phase]
        if not way:
            return "if it never came"
        if phase.decide is not None:
            return f"if it were sure to end with “{self.names.act(phase.id, way)}”"
        branch = phase.chance[int(way)]
        then = [f"{lowered(self.names.variable(name))}: {plain(str(level))}" for name, level in branch.then.items()]
        return f"if it were sure to end with “{branch.label or listed(then) or 'no change'}”"

    # --- numbers

    def causes(self, o: int) -> list[tuple[Move, float]]:
        """The moves that set an outcome off, the most frequent first, as shares of all that do."""
        mean = self.subset_weights @ self.array("cause")[:, o]
        total = float(mean.sum())
        order = [i for i in np.argsort(-mean, kind="stable") if total > 0 and mean[i] > 0.005 * total]
        return [(self.moves[i], float(mean[i]) / total) for i in order]

    def changes(self, event: _Event) -> list[_Change]:
        """What each variant does to each outcome that the event does not bring about by itself."""
        changes = self.by[..., -1] - self.by[:, :1, :, -1]
        brought = [sum(share for move, share in self.causes(o) if move.phase == event.phase) for o in self.numbers]
        outcomes = [o for o in self.numbers if brought[o] <= 0.99]
        return [_Change(event, v, o, self.subset_spread(changes[:, v, o])) for v in event.variants for o in outcomes]

    # --- figures and tables

    def figures(self) -> list[Figure]:
        dated = (self._dated_figure(event) for event in self.events)
        return [*([self._hazards()] if self.outcomes else []), *filter(None, dated)]

    def _hazards(self) -> Figure:
        marks = sorted({t for event in self.events for t in event.periods})
        marks = marks if len(marks) <= 6 else marks[:1]
        shown = []
        for o, name in enumerate(self.outcomes[:8]):
            shown.append(Panel(name, percent(self.by_end(o).mean), self.hazard(o), *self.hazard_ends(o), marks))
        title, mean = f"“{self.outcomes[0]}”: {percent(self.by_end(0).mean)} within the horizon", self.hazard(0)
        if len(mean) > 1 and not np.isnan(mean).all():
            title = f"“{self.outcomes[0]}” is {self._likeliest(mean)}"
        note = (
            f"Probability a {self.unit}, given that it has not come before: over worlds, each counted as far as it is still at risk, "
            "and where nine in ten of these lie. What each leaves multiplies up to the probability of not having come. "
            f"In the corner: within the horizon.{f' {capital(OTHER)}: dated events.' if marks else ''}"
        )
        return Figure(title, note, panels(shown, self.periods, title))

    def _likeliest(self, hazard: Floats) -> str:
        """When an outcome is likeliest to come, if it has not yet."""
        top = sorted(tied(hazard, say=percent))
        chance = percent(float(hazard[top[0]]))
        if len(top) == int((~np.isnan(hazard)).sum()):
            return f"as likely to come in any {self.unit} as in another, if it has not yet ({chance})"
        when = [self.periods[t] for t in top]
        spell = f"{when[0]} to {when[-1]}" if len(top) > 2 and top == [*range(top[0], top[-1] + 1)] else listed(when, 3)
        return f"likeliest to come, if it has not yet, in {spell} ({chance}{' each' * (len(top) > 1)})"

    def _dated_figure(self, event: _Event) -> Figure | None:
        changes = self.changes(event)
        rows: list[Effect] = []
        for variant in dict.fromkeys(change.variant for change in changes):
            notable = [c for c in changes if c.variant == variant and abs(c.spread.mean) >= NOTABLE][:6]
            named = [(self.outcomes[c.outcome], c.spread, ranged(c.spread, _two_digits)) for c in notable]
            rows.append(Effect(capital(self.way(event, variant))))
            rows += [Effect(name, spread, told, f"{name}: {told} points") for name, spread, told in named]
            rows += [] if notable else [Effect("no change", Spread(0, 0, 0, 0), "below 0.05 points")]
        title = f"What “{event.name}” changes within the horizon"
        note = "Change in percentage points against the game as it is: average, and the line on which nine worlds in ten lie."
        return Figure(title, note, effects(rows, title)) if rows else None

    def tables(self) -> list[Table]:
        windows = [self._windows(event) for event in self.events] if self.acts or self.outcomes else []
        tables = [self._outcomes(), self._course(), self._acts()]
        return [*(each for each in tables if each.rows), *windows]

    def _course(self) -> Table:
        """The main outcome period by period: what is at risk, what comes in it, and what has come."""
        many = len(self.periods) if self.outcomes and len(self.periods) > 1 else 0
        survival = self.mean(self.array("survival")[:, 0]) if many else np.zeros(0)
        hazard = self.hazard(0) if many else np.zeros(0)
        columns: Columns[int] = {
            self.unit: lambda t: self.periods[t],
            "has not come before": lambda t: probability(float(survival[t - 1]) if t else 1.0),
            "comes, if it has not": lambda t: probability(float(hazard[t])),
            "has come by its end": lambda t: probability(1 - float(survival[t])),
        }
        name = self.outcomes[0] if self.outcomes else ""
        return table(f"“{name}”, {self.unit} by {self.unit}, over worlds", columns, range(many))

    def _typical(self, s: Spread, first: Floats) -> Amount:
        half = self.typical(first)
        return Amount(self.periods[half], half) if s.mean > 0 else Amount("–", -1)

    def _outcomes(self) -> Table:
        first = self.array("first")
        columns: Columns[int] = {
            "outcome": lambda o: self.outcomes[o],
            "within the horizon": lambda o: probability(self.by_end(o)),
            "typical time, if it comes": lambda o: self._typical(self.by_end(o), self.mean(first[:, o])),
            f"a {self.unit}, at most": lambda o: probability(float(max(self.hazard(o), default=np.nan))),
            "set off by": lambda o: listed([f"{self.move(m)} {percent(x)}" for m, x in self.causes(o)[:3]]) or "–",
        }
        return table(f"When outcomes come under {self.names.policy(self.policy)}", columns, self.numbers)

    def _acts(self) -> Table:
        first, rate = self.array("act_first"), self.taken[:, 0].mean(axis=2)
        ever = [self.subset_spread(first[:, i].sum(axis=1)) for i in range(len(self.acts))]
        columns: Columns[int] = {
            "act": lambda i: self.acts[i],
            "at least once": lambda i: probability(ever[i]),
            "typical first time": lambda i: self._typical(ever[i], self.subset_weights @ first[:, i]),
            f"a {self.unit}, on average": lambda i: probability(self.subset_spread(rate[:, i])),
        }
        return table("First time of the acts that set most off", columns, range(len(self.acts)))

    def _windows(self, event: _Event) -> Table:
        """Rates of acts and hazards of outcomes before, at and after a date, and after it had it never come."""
        start, end, many = event.periods[0], event.periods[-1] + 1, len(self.periods)
        before, after = (max(0, start - WINDOW), start), (end, min(many, end + WINDOW))
        spans = {f"{WINDOW} before": before, "at it": (start, end), f"{WINDOW} after": after}
        spans = {name: (a, b) for name, (a, b) in spans.items() if b > a}
        rows: list[list[Cell]] = []
        for i, name in enumerate(self.acts):
            values = self.taken[:, :, i]
            late = values[:, :, start:].mean(axis=2)
            change = self.subset_spread(late[:, event.variants[0]] - late[:, 0])
            rates = [self.subset_spread(values[:, 0, a:b].mean(axis=1)) for a, b in spans.values()]
            rows.append([name, *map(probability, rates), Amount(_points(change), change.mean)])
        for o, name in enumerate(self.outcomes):
            usual, never = self.by[:, 0, o], self.by[:, event.variants[0], o]
            rates = [rate_over(usual, self.subset_weights, a, b) for a, b in spans.values()]
            now, then = (rate_over(by, self.subset_weights, start, many).mean for by in (usual, never))
            shown = "–" if np.isnan(then - now) else f"{_two_digits(then - now)} points"
            rows.append([name, *map(probability, rates), Amount(shown, then - now)])
        caption = f"Around “{event.name}” ({self.when(event)}): probability a {self.unit}"
        return Table(caption, ["act or outcome", *spans, "change from then on if it never came"], rows)

    def notes(self) -> list[str]:
        dated = (
            " Where a dated event never comes or is sure to turn out in one way, everybody knows so from the start: "
            "what changes before its date is what being sure of it does."
        )
        return [
            f"Outcomes from all worlds, whose chances a {self.unit} count each world as far as it is still at risk; causes, acts and dated events in {count(len(self.subset_weights), 'world')} that stand for all. "
            f"The typical time is when the probability of having come reaches half of what it is at the end.{dated * bool(self.events)}"
        ]


def _points(s: Spread) -> str:
    """A change of a probability in percentage points with its range."""
    return f"{ranged(s, _two_digits)} points" if s.mean == s.mean else "–"
