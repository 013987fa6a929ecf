"""The section on incentives: why actors choose as they do, and what would turn a choice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from foedus.present.charts.effects import Effect, effects
from foedus.present.section import Amount, Cell, Figure, Table, Told, change, probability
from foedus.present.wording import count, number, percent, ranged, signed
from foedus.runs.view import RunView
from foedus.scenario.names import lowered, plain, titled
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    import xarray as xr

NEGLIGIBLE = 0.005
SHOWN = 5  # choices whose situations are listed: those closest to turning
RARE = 0.01  # choices met less often than this, a play, are not the main one


@dataclass(frozen=True)
class Choice:
    """A phase over all its states: the action taken most, the one next to be so, and the payment that makes it tie.

    ``lead`` is the log of the ratio of their average probabilities, which has no units.
    """

    phase: str
    first: str
    second: str
    margin: Spread
    lead: float
    met: float


def tell(results: RunView, found: xr.Dataset) -> Told:
    """Choices as sentences, charts and tables."""
    view = _View(results, found)
    return Told([view.first(), view.second()], view.figures(), view.tables(), view.notes())


class _View:
    """The lens's numbers with names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found, self.names = results, found, results.names
        self.weights = np.asarray(found["weight"].values, float)
        self.situations = [str(name) for name in found["situation"].values]
        self.options = [str(name) for name in found["option"].values]
        self.objectives = [str(name) for name in found["objective"].values]
        self.policy = str(found.attrs["policy"])
        self.phases = {phase.id: phase for phase in results.scenario.turn}
        self.values = {str(name): np.asarray(values.values, float) for name, values in found.data_vars.items()}

    def spread(self, name: str, option: str) -> Spread:
        """A number of an option over worlds."""
        return self.results.spread(self.values[name][:, self.options.index(option)], self.weights)

    def gap(self, option: str) -> Spread:
        """What an option is worth more than the one taken most."""
        values = self.values["versus"][:, self.options.index(option)]
        return self.results.spread(values.sum(axis=1), self.weights)

    def actions(self, situation: str) -> list[str]:
        """The actions that are ever available in a situation."""
        mine = [o.split("|")[1] for o in self.options if o.split("|")[0] == situation]
        return [
            a for a in mine if not np.isnan(self.values["probability"][:, self.options.index(f"{situation}|{a}")]).all()
        ]

    @cached_property
    def choices(self) -> list[Choice]:
        """The phases with a choice, the one closest to turning first."""
        made = []
        for s, situation in enumerate(self.situations):
            if "[" in situation:
                continue
            first = str(self.found.attrs["references"][situation])
            margins = {a: self.spread("bonus", f"{situation}|{a}") for a in self.actions(situation) if a != first}
            margins = {a: m for a, m in margins.items() if m.mean == m.mean}
            if margins:
                second = min(margins, key=lambda a: margins[a].mean)
                met = self.results.spread(self.values["met"][:, s], self.weights).mean
                odds = [max(self.spread("probability", f"{situation}|{a}").mean, 1e-12) for a in (first, second)]
                made.append(Choice(situation, first, second, margins[second], float(np.log(odds[0] / odds[1])), met))
        return sorted(made, key=lambda c: (c.met < RARE, abs(c.lead)))

    # --- names

    def who(self, phase: str) -> str:
        return self.names.actor(self.phases[phase].decide or "")

    def phase(self, phase: str) -> str:
        return self.phases[phase].label or titled(phase)

    def action(self, phase: str, action: str) -> str:
        return self.phases[phase].actions[action].label or plain(action)

    def objective(self, name: str) -> str:
        return self.names.objective(name).split(": ", 1)[1]

    def situation(self, name: str) -> str:
        """The levels of a situation in words."""
        parts = []
        for variable, level in self.found.attrs["levels"][name].items():
            if variable.endswith(".applies"):
                commitment = self.results.scenario.commitments[variable.removesuffix(".applies")]
                what = commitment.label or plain(variable.removesuffix(".applies"))
                parts.append(f"“{what}” {'applies' if level else 'does not apply'}")
            elif variable in self.results.scenario.state:
                levels = self.results.scenario.state[variable].levels
                parts.append(f"{lowered(self.names.variable(variable))}: {plain(levels[int(level)])}")
        return "; ".join(parts) or "all"

    # --- sentences

    def first(self) -> str:
        """What the closest choice is, and why it is taken as it is."""
        if not self.choices:
            return "No actor ever has a free choice between two actions."
        c = self.choices[0]
        taken = self.spread("probability", f"{c.phase}|{c.first}")
        gap = self.gap(f"{c.phase}|{c.second}")
        which = (
            "The only choice" if len(self.choices) == 1 else f"Of {len(self.choices)} choices the closest to turning"
        )
        text = (
            f"{which} is {self.who(c.phase)}'s “{self.phase(c.phase)}”: mostly “{self.action(c.phase, c.first)}” "
            f"({percent(taken.mean)}, {percent(taken.low)} to {percent(taken.high)} over worlds), worth "
            f"{signed(-gap.mean)} ({signed(-gap.high)} to {signed(-gap.low)}) against “{self.action(c.phase, c.second)}”"
        )
        return f"{text}{self._reasons(c)}."

    def _reasons(self, c: Choice) -> str:
        """The objectives that speak most for and against the action taken most."""
        parts = [(mean, name) for name, mean in self._by_objective(f"{c.phase}|{c.second}").items()]
        best = min(parts, default=(0.0, ""))
        worst = max(parts, default=(0.0, ""))
        found = [f"for it speaks “{best[1]}” ({signed(-best[0])})"] if best[0] <= -NEGLIGIBLE else []
        found += [f"against it “{worst[1]}” ({signed(-worst[0])})"] if worst[0] >= NEGLIGIBLE else []
        habit = self.spread("habit", f"{c.phase}|{c.second}").mean
        if habit <= -NEGLIGIBLE:
            found.append(f"and habit is worth {signed(-habit)}")
        return f"; {', '.join(found)}" if found else ""

    def _by_objective(self, option: str) -> dict[str, float]:
        """The mover's objectives -> average worth more than the action taken most."""
        mover = self.phases[option.split("|")[0].split("[")[0]].decide
        values = self.values["versus"][:, self.options.index(option)]
        means = {
            self.objective(name): self.results.spread(values[:, o], self.weights).mean
            for o, name in enumerate(self.objectives)
            if name.split(".")[0] == mover
        }
        return {name: mean for name, mean in means.items() if mean == mean and mean != 0}

    def second(self) -> str:
        """What would turn it."""
        if not self.choices:
            return "So no payment or assumption can turn one."
        c = self.choices[0]
        m, share = c.margin, self._already(c)
        action = self.action(c.phase, c.second)
        units = f"in units of {self.who(c.phase)}'s own"
        text = f"“{action}” would be as likely if it paid {ranged(m)} more at that choice, {units}"
        if m.mean < 0:
            text = f"“{action}” is even ahead on average over worlds: what it would have to pay more to tie is {ranged(m)}, {units}"
        text += f"; it is the likelier one in {percent(share)} of worlds"
        flips, tried = list(self.found["flip"].values), len(self.found.attrs["tried"])
        if not flips:
            return (
                f"{text}, and none of the {count(tried, 'assumption')} tried turns any choice by itself."
                if tried
                else f"{text}."
            )
        mine = [i for i, name in enumerate(flips) if str(name).split("|")[0] == c.phase]
        return f"{text}; {self._flip(mine[0] if mine else 0)}."

    def _already(self, c: Choice) -> float:
        values = self.values["bonus"][:, self.options.index(f"{c.phase}|{c.second}")]
        known = ~np.isnan(values)
        return float(self.weights[known] @ (values[known] < 0)) / float(self.weights[known].sum())

    def _flip(self, i: int) -> str:
        phase, assumption = str(self.found["flip"].values[i]).split("|")
        below, above = (str(self.found[name].values[i]) for name in ("flip_below", "flip_above"))
        return (
            f"in a middling world “{self.names.assumption(assumption)}” beyond {number(float(self.values['flip_at'][i]))} turns "
            f"“{self.phase(phase)}” from “{self.action(phase, below)}” to “{self.action(phase, above)}”"
        )

    # --- figures and tables

    def figures(self) -> list[Figure]:
        if not self.choices:
            return []
        return [self._why(self.choices[0]), self._margins()]

    def _why(self, c: Choice) -> Figure:
        """The worth of the other actions by objective, against the one taken most."""
        rows: list[Effect] = []
        for action in self.actions(c.phase):
            if action == c.first:
                continue
            option = f"{c.phase}|{action}"
            gap = self.gap(option)
            rows += [Effect(f"{self.action(c.phase, action)}: {signed(gap.mean)} in all")]
            values = self.values["versus"][:, self.options.index(option)]
            parts = [
                (self.objective(name), self.results.spread(values[:, o], self.weights))
                for o, name in enumerate(self.objectives)
            ]
            parts = [(name, s) for name, s in parts if abs(s.mean) >= NEGLIGIBLE]
            parts = sorted(parts, key=lambda part: -abs(part[1].mean))[:6]
            habit = self.spread("habit", option)
            parts += [("habit (base rates)", habit)] if abs(habit.mean) >= NEGLIGIBLE else []
            rows += [Effect(name, s, ranged(s), f"{name}: {ranged(s)}") for name, s in parts]
        first = self.action(c.phase, c.first)
        title = f"{self.who(c.phase)}, “{self.phase(c.phase)}”: what each action is worth against “{first}”"
        note = (
            f"In {self.who(c.phase)}'s own units and its own version of the game: average, and the line on which nine worlds "
            "in ten lie."
        )
        return Figure(title, note, effects(rows, title))

    def _margins(self) -> Figure:
        """How far each choice is from turning."""
        rows = []
        for c in self.choices[:16]:
            tip = f"{self.phase(c.phase)}: {self.action(c.phase, c.second)} instead of {self.action(c.phase, c.first)}"
            rows.append(Effect(f"{self.who(c.phase)}: {self.phase(c.phase)}", c.margin, ranged(c.margin), tip))
        near = sum(c.margin.low < 0 for c in self.choices)
        title = (
            f"{near} of {count(len(self.choices), 'choice')} {'turns' if near == 1 else 'turn'} in some plausible world"
        )
        note = (
            "Payment at the choice that would make the runner-up as likely as the action taken most, each in the mover's "
            "own units; ordered by the odds of the two. Very long lines are cut."
        )
        return Figure(title, note, effects(rows, title, 330.0, 350.0))

    def tables(self) -> list[Table]:
        if not self.choices:
            return []
        made = [
            Table(
                f"Choices under {self.names.policy(self.policy)}", self._columns, [self._row(c) for c in self.choices]
            )
        ]
        made.append(self._situations())
        if len(self.found["flip"]):
            made.append(self._flips())
        return made

    _columns = (
        "who decides what",
        "mostly",
        "how often",
        "else",
        "payment that turns it",
        "likelier already, worlds",
        "or if it counted",
    )

    def _row(self, c: Choice) -> list[Cell]:
        taken = self.spread("probability", f"{c.phase}|{c.first}")
        return [
            f"{self.who(c.phase)}: {self.phase(c.phase)}",
            self.action(c.phase, c.first),
            probability(taken),
            self.action(c.phase, c.second),
            change(c.margin),
            probability(self._already(c)),
            self._reweigh(c),
        ]

    def _reweigh(self, c: Choice) -> str:
        """The objective whose weight, in this choice alone, would have to change least to turn it, and by what factor."""
        found = []
        for name, gap in self._by_objective(f"{c.phase}|{c.second}").items():
            factor = 1 + c.margin.mean / gap
            if abs(gap) >= NEGLIGIBLE and 0 <= factor <= 20:
                found.append((abs(np.log(max(factor, 0.05))), name, factor))
        if not found:
            return "–"
        _, name, factor = min(found)
        return f"“{name}” × {number(factor, 2)}"

    def _situations(self) -> Table:
        """Every action in the situations of the closest choices."""
        rows: list[list[Cell]] = []
        for c in self.choices[:SHOWN]:
            mine = [s for s in self.situations if s == c.phase or s.startswith(f"{c.phase}[")]
            for situation in mine[1:] or mine:
                met = self.results.spread(self.values["met"][:, self.situations.index(situation)], self.weights)
                for action in self.actions(situation):
                    rows.append([self.phase(c.phase), *self._option(situation, c.phase, action), _times(met)])
        caption = "The closest choices by situation"
        columns = [
            "choice",
            "situation",
            "action",
            "how often",
            "by base rates",
            "worth",
            "payment to be likeliest",
            "met, a play",
        ]
        return Table(caption, columns, rows)

    def _option(self, situation: str, phase: str, action: str) -> list[Cell]:
        option = f"{situation}|{action}"
        taken, usual, bonus = (self.spread(name, option) for name in ("probability", "usual", "bonus"))
        gap = self.gap(option)
        return [
            self.situation(situation),
            self.action(phase, action),
            probability(taken),
            probability(usual.mean),
            change(gap.mean) if gap.mean == gap.mean else Amount("–", 0.0),
            change(bonus) if bonus.mean == bonus.mean else Amount("–", 0.0),
        ]

    def _flips(self) -> Table:
        rows: list[list[Cell]] = []
        for i, name in enumerate(self.found["flip"].values):
            phase, assumption = str(name).split("|")
            draw = self.results.run.draws[assumption]
            value = float(self.values["flip_at"][i])
            rows.append(
                [
                    self.names.assumption(assumption),
                    Amount(number(value), value, f"{number(float(draw.min()))} to {number(float(draw.max()))}"),
                    f"{self.who(phase)}: {self.phase(phase)}",
                    self.action(phase, str(self.found["flip_below"].values[i])),
                    self.action(phase, str(self.found["flip_above"].values[i])),
                ]
            )
        caption = "Assumptions that turn a choice by themselves"
        return Table(caption, ["assumption", "turns at (of its range)", "choice", "below", "above"], rows)

    def notes(self) -> list[str]:
        return [
            f"In {count(len(self.weights), 'world')} that stand for all, over the states in which there is a free choice. Worth is "
            "against the action taken most, now and later, in the mover's own units and its own version of the game; never "
            "compare it between actors. Habit is what a higher base rate is worth: the log of its ratio over precision. "
            f"{count(len(self.found.attrs['tried']), 'assumption')} that go most with the choices were tried, one at a time over "
            "the range drawn, all others at their middle."
        ]


def _times(s: Spread) -> Amount:
    return Amount(number(s.mean, 2), s.mean)
