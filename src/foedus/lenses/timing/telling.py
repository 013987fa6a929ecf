"""The section on timing: when outcomes come, what sets them off, and what dated events change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.timing.measure import START
from foedus.present.charts.effects import Effect, Panel, effects, panels
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Figure, Table, Told, probability
from foedus.present.wording import band, count, listed, percent, signed
from foedus.runs.view import RunView
from foedus.scenario.names import lowered, plain, titled
from foedus.worlds.weights import HIGH, LOW, Spread, quantiles

if TYPE_CHECKING:
    import xarray as xr

WINDOW = 3  # periods before and after a date that are put side by side
NOTABLE = 0.0005  # a change of a probability that is worth a line


def tell(results: RunView, found: xr.Dataset) -> Told:
    """Times as sentences, panels and tables."""
    view = _View(results, found)
    return Told([view.first(), view.second()], view.figures(), view.tables(), view.notes())


class _View:
    """The lens's numbers with names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found, self.names = results, found, results.names
        self.policy = str(found.attrs["policy"])
        self.outcomes = [str(name) for name in found["outcome"].values]
        self.acts = [str(name) for name in found["act"].values]
        self.moves = [str(name) for name in found["move"].values]
        self.variants = [str(name) for name in found["variant"].values]
        self.dated: list[dict[str, Any]] = list(found.attrs["dated"])
        self.few = np.asarray(found["few_weight"].values, float)
        self.unit = results.scenario.horizon.unit

    def array(self, name: str) -> Floats:
        return np.asarray(self.found[name].values, float)

    def by_end(self, o: int) -> Spread:
        """The spread of the probability that an outcome comes within the horizon."""
        return self.results.spread(1 - self.array("survival")[:, o, -1], self.results.weights)

    def mean_first(self, o: int) -> Floats:
        """[period] average probability that the outcome first comes in each."""
        return np.asarray(self.results.weights @ self.array("first")[:, o] / self.results.weights.sum())

    # --- sentences

    def first(self) -> str:
        """When the main outcome comes, and what sets it off."""
        if not self.outcomes:
            return "No outcome is declared and no variable has a last level, so there is nothing to time."
        s, name, under = self.by_end(0), self.names.outcome(self.outcomes[0]), self.names.policy(self.policy)
        text = f"Under {under}, “{name}” comes within the horizon with probability {band(s)}, {estimative(s.mean)}"
        if s.mean > 0 and len(self.results.periods) > 1:
            come = np.cumsum(self.mean_first(0))
            half = int(np.argmax(come >= come[-1] / 2))
            text += f"; if it comes, it is as likely as not to have come by {self.results.periods[half]}"
        found = self.causes(0)
        if found:
            top = [f"{self.move(move)} ({percent(share)})" for move, share in found[:2]]
            text += f"; it is most often set off by {listed(top)}"
        return text + "."

    def second(self) -> str:
        """What dated events change."""
        if not self.dated:
            return (
                "No phase of this scenario is tied to a date, so there is no dated event to compare with other times."
            )
        effects = [(self.effect(event, variant, o), event, variant, o) for event, variant, o in self.comparisons()]
        effects = [item for item in effects if abs(item[0].mean) >= NOTABLE]
        dates = listed([f"“{self.event(event)}” ({self.when(event)})" for event in self.dated])
        if not effects:
            only = "moves" if len(self.dated) == 1 else "move"
            return f"{dates} {only} no other outcome by as much as 0.05 percentage points within the horizon."
        s, event, variant, o = max(effects, key=lambda item: abs(item[0].mean))
        name = f"“{self.event(event)}” ({self.when(event)})"
        which = name if len(self.dated) == 1 else f"Of {dates}, {name}"
        return (
            f"{which} matters most for “{self.names.outcome(self.outcomes[o])}”: {self.way(event, variant)}, its probability "
            f"within the horizon would go from {percent(self._end('as_is', o).mean)} to "
            f"{percent(self._end(variant, o).mean)} (change {points(s)})."
        )

    def when(self, event: dict[str, Any]) -> str:
        periods = [self.results.periods[t] for t in event["periods"]]
        whole = event["periods"] == list(range(event["periods"][0], event["periods"][-1] + 1))
        return f"{periods[0]} to {periods[-1]}" if whole and len(periods) > 2 else listed(periods)

    # --- names

    def move(self, move: str) -> str:
        if move == START:
            return "the start of a period"
        return (
            f"“{self.names.action(move)}”"
            if "." in move and move in self.results.labels("action")
            else self.phase(move)
        )

    def phase(self, name: str) -> str:
        if name.endswith(".clause"):
            name = name.removesuffix(".clause")
            return f"the reading of “{self.results.scenario.commitments[name].label or plain(name)}”"
        labels = {phase.id: phase.label for phase in self.results.scenario.turn}
        return f"“{labels.get(name) or titled(name)}”"

    def event(self, event: dict[str, Any]) -> str:
        return self.phase(event["phase"]).strip("“”")

    def way(self, event: dict[str, Any], variant: str) -> str:
        """How the event turns out in a variant, as the start of a clause."""
        way = variant.split(":", 1)[1]
        return "if it never came" if way == "never" else f"if it were sure to end with “{self.result(event, way)}”"

    def result(self, event: dict[str, Any], way: str) -> str:
        phase = next(phase for phase in self.results.scenario.turn if phase.id == event["phase"])
        if phase.decide is not None:
            return self.names.action(f"{phase.id}.{way}").split(": ", 1)[1]
        branch = phase.chance[int(way)]
        then = [f"{lowered(self.names.variable(name))}: {plain(str(level))}" for name, level in branch.then.items()]
        return branch.label or listed(then) or "no change"

    # --- numbers

    def causes(self, o: int) -> list[tuple[str, float]]:
        """The moves that set an outcome off, the most frequent first, as shares of all that do."""
        mean = self.few @ self.array("cause")[:, o]
        total = float(mean.sum())
        order = [i for i in np.argsort(-mean, kind="stable") if total > 0 and mean[i] > 0.005 * total]
        return [(self.moves[i], float(mean[i]) / total) for i in order]

    def comparisons(self) -> list[tuple[dict[str, Any], str, int]]:
        """Each event with its variants and the outcomes that it does not bring about by itself."""
        found = []
        for event in self.dated:
            for variant in self.variants:
                if variant.rsplit(":", 1)[0] == event["phase"]:
                    found += [(event, variant, o) for o in range(len(self.outcomes)) if not self._is_own(event, o)]
        return found

    def _is_own(self, event: dict[str, Any], o: int) -> bool:
        causes = self.causes(o)
        own = sum(share for move, share in causes if move.split(".")[0] == event["phase"])
        return bool(causes) and own > 0.99

    def effect(self, event: dict[str, Any], variant: str, o: int) -> Spread:
        """Change in the probability of an outcome within the horizon against the game as it is."""
        by = self.array("dated_by")[..., o, -1]
        return self.results.spread(by[:, self.variants.index(variant)] - by[:, 0], self.few)

    def _end(self, variant: str, o: int) -> Spread:
        return self.results.spread(self.array("dated_by")[:, self.variants.index(variant), o, -1], self.few)

    # --- figures and tables

    def figures(self) -> list[Figure]:
        made = []
        if self.outcomes:
            marks = sorted({t for event in self.dated for t in event["periods"]} if self.dated else set())
            marks = marks if len(marks) <= 6 else marks[:1]
            parts = [self._panel(o, marks) for o in range(min(len(self.outcomes), 8))]
            title = self._hazard_title()
            note = (
                f"Probability a {self.unit}, given that it has not come before: average over worlds and where nine in ten "
                "lie. In the corner: within the horizon." + (" Orange: dated events." if marks else "")
            )
            made.append(Figure(title, note, panels(parts, self.results.periods, title)))
        made += [figure for figure in (self._dated_figure(event) for event in self.dated) if figure]
        return made

    def _panel(self, o: int, marks: list[int]) -> Panel:
        hazard = self.array("hazard")[:, o]
        low, high = quantiles(hazard, self.results.weights, (LOW, HIGH))
        mean = np.array([self.results.spread(hazard[:, t]).mean for t in range(hazard.shape[1])])
        return Panel(self.names.outcome(self.outcomes[o]), percent(self.by_end(o).mean), mean, low, high, marks)

    def _hazard_title(self) -> str:
        name, hazard = self.names.outcome(self.outcomes[0]), self.array("hazard")[:, 0]
        mean = np.array([self.results.spread(hazard[:, t]).mean for t in range(hazard.shape[1])])
        if len(mean) == 1 or np.isnan(mean).all():
            return f"“{name}”: {percent(self.by_end(0).mean)} within the horizon"
        t = int(np.nanargmax(mean))
        return f"“{name}” is likeliest to come, if it has not yet, in {self.results.periods[t]} ({percent(mean[t])})"

    def _dated_figure(self, event: dict[str, Any]) -> Figure | None:
        mine = [(variant, o) for other, variant, o in self.comparisons() if other is event]
        rows: list[Effect] = []
        for variant in dict.fromkeys(variant for variant, _ in mine):
            lines = [
                (self.names.outcome(self.outcomes[o]), self.effect(event, variant, o)) for v, o in mine if v == variant
            ]
            lines = [(name, s) for name, s in lines if abs(s.mean) >= NOTABLE]
            rows.append(Effect(f"{self.way(event, variant)[:1].upper()}{self.way(event, variant)[1:]}"))
            rows += [
                Effect(name, s, points(s).removesuffix(" points"), f"{name}: {points(s)}") for name, s in lines[:6]
            ]
            rows += [Effect("no change", Spread(0, 0, 0, 0), "below 0.05 points")] if not lines else []
        if not rows:
            return None
        title = f"What “{self.event(event)}” changes within the horizon"
        note = "Change in percentage points against the game as it is: average, and the line on which nine worlds in ten lie."
        return Figure(title, note, effects(rows, title))

    def tables(self) -> list[Table]:
        made = []
        if self.outcomes:
            rows = [self._outcome_row(o) for o in range(len(self.outcomes))]
            columns = [
                "outcome",
                "within the horizon",
                "typical time, if it comes",
                f"a {self.unit}, at most",
                "set off by",
            ]
            made.append(Table(f"When outcomes come under {self.names.policy(self.policy)}", columns, rows))
        if self.acts:
            made.append(self._acts_table())
        made += [table for table in (self._windows(event) for event in self.dated) if table]
        return made

    def _outcome_row(self, o: int) -> list[str | Amount]:
        s, first = self.by_end(o), self.mean_first(o)
        hazard = self.array("hazard")[:, o]
        worst = max((self.results.spread(hazard[:, t]).mean for t in range(hazard.shape[1])), default=float("nan"))
        half = int(np.argmax(np.cumsum(first) >= first.sum() / 2))
        causes = listed([f"{self.move(move)} {percent(share)}" for move, share in self.causes(o)[:3]])
        when = Amount(self.results.periods[half], half) if s.mean > 0 else Amount("–", -1)
        return [self.names.outcome(self.outcomes[o]), probability(s), when, probability(worst), causes or "–"]

    def _acts_table(self) -> Table:
        first = self.array("act_first")
        rows: list[list[str | Amount]] = []
        taken = self.array("dated_taken")[:, 0]
        for i, act in enumerate(self.acts):
            s = self.results.spread(first[:, i].sum(axis=1), self.few)
            mean = self.few @ first[:, i]
            half = int(np.argmax(np.cumsum(mean) >= mean.sum() / 2))
            rate = self.results.spread(taken[:, i].mean(axis=1), self.few)
            when = Amount(self.results.periods[half], half) if s.mean > 0 else Amount("–", -1)
            rows.append([self.names.action(act), probability(s), when, probability(rate)])
        columns = ["act", "at least once", "typical first time", f"a {self.unit}, on average"]
        return Table("First time of the acts that set most off", columns, rows)

    def _windows(self, event: dict[str, Any]) -> Table | None:
        """Rates of acts and hazards of outcomes before, at and after a date, and after it had it never come."""
        start, end = event["periods"][0], event["periods"][-1]
        many = len(self.results.periods)
        spans = {
            f"{WINDOW} before": range(max(0, start - WINDOW), start),
            "at it": range(start, end + 1),
            f"{WINDOW} after": range(end + 1, min(many, end + 1 + WINDOW)),
        }
        spans = {name: span for name, span in spans.items() if len(span)}
        never = self.variants.index(f"{event['phase']}:never")
        rows: list[list[str | Amount]] = []
        series = [(self.names.action(act), self.array("dated_taken")[:, :, i]) for i, act in enumerate(self.acts)]
        series += [(self.names.outcome(name), self._hazard(o)) for o, name in enumerate(self.outcomes)]
        for name, values in series:
            cells: list[str | Amount] = [name]
            for span in spans.values():
                s = self.results.spread(values[:, 0, span.start : span.stop].mean(axis=1), self.few)
                cells.append(probability(s))
            late = values[:, :, start:].mean(axis=2)
            s = self.results.spread(late[:, never] - late[:, 0], self.few)
            cells.append(Amount(points(s), s.mean))
            rows.append(cells)
        if not rows:
            return None
        caption = f"Around “{self.event(event)}” ({self.when(event)}): probability a {self.unit}"
        return Table(caption, ["act or outcome", *spans, "change from then on if it never came"], rows)

    def _hazard(self, o: int) -> Floats:
        """[few, variant, period] hazards; where an outcome is sure to have come, 0."""
        from foedus.lenses.timing.measure import hazards

        return np.nan_to_num(hazards(self.array("dated_by")[:, :, o])[1])

    def notes(self) -> list[str]:
        text = (
            f"Outcomes from all worlds; causes, acts and dated events in {count(len(self.few), 'world')} that stand for all. "
            "The typical time is when the probability of having come reaches half of what it is at the end."
        )
        if self.dated:
            text += (
                " Where a dated event never comes or is sure to turn out in one way, everybody knows so from the start: "
                "what changes before its date is what being sure of it does."
            )
        return [text]


def points(s: Spread) -> str:
    """A change of a probability in percentage points with its range."""
    if s.mean != s.mean:
        return "–"
    return f"{signed(100 * s.mean)} ({signed(100 * s.low)} to {signed(100 * s.high)}) points"
