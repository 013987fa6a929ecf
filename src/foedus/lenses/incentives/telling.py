"""The section on incentives: why actors choose as they do, and what would turn a choice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats
from foedus.lenses.incentives.flips import Flip
from foedus.lenses.incentives.situations import SituatedAction
from foedus.lenses.labels import labels_along
from foedus.lenses.lens import Looked
from foedus.present.charts.effects import Effect, effects
from foedus.present.section import Amount, Columns, Figure, Table, Told, amount, change, probability, table
from foedus.present.wording import count, listed, number, percent, ranged, signed
from foedus.runs.view import RunView
from foedus.scenario.dotted import applies_variable
from foedus.scenario.names import lowered, plain
from foedus.worlds.ties import ROUNDING
from foedus.worlds.weights import Spread

NEGLIGIBLE = 0.005
SHOWN = 5  # choices whose situations are listed: those closest to turning
RARE = 0.01  # choices met less often than this, a play, are not the main one


@dataclass(frozen=True)
class PhaseChoice:
    """A phase over all its states: the action taken most, the one next to be so, the payment that makes it tie, and how far
    the log odds of the two are from even."""

    phase: str
    first: SituatedAction
    second: SituatedAction
    margin: Spread
    odds: float


def tell(results: RunView, data: xr.Dataset) -> Told:
    """Choices as sentences, charts and tables."""
    view = _Incentives(results, data)
    if not view.choices:
        none = "No actor ever has a free choice between two actions."
        return Told([none, "So no payment or assumption can turn one."], notes=view.notes())
    return Told([view.first(), view.second()], [view.why(), view.margins()], view.tables(), view.notes())


class _Incentives(Looked):
    """The lens's numbers with names."""

    def __init__(self, results: RunView, data: xr.Dataset):
        super().__init__(results, data)
        self.situations = dict(zip(self.labels("situation"), self.labels("situation_phase"), strict=True))
        self.place = {option: i for i, option in enumerate(labels_along(data, "option", SituatedAction))}
        known = (~np.isnan(self.array("probability"))).sum(axis=0)
        self.available = [option for option, i in self.place.items() if known[i]]  # at some time, in some world
        self.objectives = list(zip(self.labels("objective_actor"), self.labels("objective_name"), strict=True))
        self.flips = labels_along(data, "flip", Flip)
        self.tried = len(data.attrs["tried"])

    def of(self, name: str, option: SituatedAction) -> Floats:
        return self.array(name)[:, self.place[option]]

    def spread_of(self, name: str, option: SituatedAction) -> Spread:
        return self.spread(self.of(name, option))

    def gap(self, option: SituatedAction) -> Spread:
        """What an option is worth more than the one taken most."""
        return self.spread(self.of("versus", option).sum(axis=1))

    def options(self, situation: str) -> list[SituatedAction]:
        """The actions that are ever available in a situation."""
        return [option for option in self.available if option.situation == situation]

    @cached_property
    def choices(self) -> list[PhaseChoice]:
        """The phases with a choice, by how far the odds of its two actions are from even; those seldom met come last."""
        choices = []
        for phase in dict.fromkeys(self.situations.values()):  # the situation that bears its name is all of a phase
            first = SituatedAction(phase, phase, self.data.attrs["references"][phase])
            margins = {option: self.spread_of("bonus", option) for option in self.options(phase) if option != first}
            margins = {option: margin for option, margin in margins.items() if margin.mean == margin.mean}
            if margins:
                second = min(margins, key=lambda option: margins[option].mean)
                odds = [max(self.spread_of("probability", option).mean, 1e-12) for option in (first, second)]
                order = self.met(phase) < RARE, abs(float(np.log(odds[0] / odds[1])))
                choices.append((order, PhaseChoice(phase, first, second, margins[second], order[1])))
        return [choice for _, choice in sorted(choices, key=lambda pair: pair[0])]

    def met(self, situation: str) -> float:
        return self.spread(self.array("met", situation=situation)).mean

    # --- names

    def who(self, phase: str) -> str:
        return self.names.actor(self.names.phases[phase].decide or "")

    def act(self, option: SituatedAction) -> str:
        return self.names.act(option.phase, option.action)

    def choice(self, phase: str) -> str:
        return f"{self.who(phase)}: {self.names.phase(phase)}"

    def situation(self, name: str) -> str:
        """The levels of a situation in words."""
        parts, state = [], self.results.scenario.state
        applies = {applies_variable(name): self.names.commitment(name) for name in self.results.scenario.commitments}
        for variable, level in self.data.attrs["levels"][name].items():
            if variable in applies:
                parts.append(f"“{applies[variable]}” {'applies' if level else 'does not apply'}")
            elif variable in state:
                parts.append(f"{lowered(self.names.variable(variable))}: {plain(state[variable].levels[int(level)])}")
        return "; ".join(parts) or "all"

    # --- sentences

    def first(self) -> str:
        """What the closest choice is, and why it is taken as it is."""
        c, many = self.choices[0], len(self.choices)
        taken, gap = self.spread_of("probability", c.first), self.gap(c.second)
        which = "The only choice" if many == 1 else f"Of {many} choices the closest to turning"
        as_close = [self.choice(other.phase) for other in self.choices[1:] if other.odds - c.odds <= ROUNDING]
        which += f" (as close: {listed(as_close, 3)})" if as_close else ""
        same = percent(taken.mean) == percent(self.spread_of("probability", c.second).mean)
        often = f"as often “{self.act(c.first)}” as “{self.act(c.second)}”" if same else f"mostly “{self.act(c.first)}”"
        return (
            f"{which} is {self.who(c.phase)}'s “{self.names.phase(c.phase)}”: {often} "
            f"({percent(taken.mean)}, {percent(taken.low)} to {percent(taken.high)} over worlds), worth {signed(-gap.mean)} "
            f"({signed(-gap.high)} to {signed(-gap.low)}) against “{self.act(c.second)}”{self._reasons(c)}."
        )

    def _reasons(self, c: PhaseChoice) -> str:
        """The objectives that speak most for and against the action taken most."""
        parts = [(gap.mean, name) for name, gap in self._by_objective(c.second)]
        best, worst = min(parts, default=(0.0, "")), max(parts, default=(0.0, ""))
        reasons = [f"for it speaks “{best[1]}” ({signed(-best[0])})"] if best[0] <= -NEGLIGIBLE else []
        reasons += [f"against it “{worst[1]}” ({signed(-worst[0])})"] if worst[0] >= NEGLIGIBLE else []
        habit = self.spread_of("habit", c.second).mean
        reasons += [f"and habit is worth {signed(-habit)}"] if habit <= -NEGLIGIBLE else []
        return f"; {', '.join(reasons)}" if reasons else ""

    def _by_objective(self, option: SituatedAction) -> list[tuple[str, Spread]]:
        """The objectives by which an option is worth more or less than the action taken most, and how much more."""
        versus = self.of("versus", option)
        gaps = [(self.names.aim(*objective), self.spread(versus[:, o])) for o, objective in enumerate(self.objectives)]
        return [(name, gap) for name, gap in gaps if gap.mean == gap.mean and gap.mean != 0]

    def second(self) -> str:
        """What would turn it."""
        c = self.choices[0]
        action, units = self.act(c.second), f"in units of {self.who(c.phase)}'s own"
        text = f"“{action}” would be as likely if it paid {ranged(c.margin)} more at that choice, {units}"
        if abs(c.margin.mean) <= ROUNDING:
            text = f"“{action}” ties with it already: it would have to pay {ranged(c.margin)} more, {units}"
        elif c.margin.mean < 0:
            text = f"“{action}” is even ahead on average over worlds: what it would have to pay more to tie is {ranged(c.margin)}, {units}"
        text += f"; it is the likelier one in {percent(self._already(c))} of worlds"
        if self.flips:
            return f"{text}; {self._flip(next((f for f in self.flips if f.phase == c.phase), self.flips[0]))}."
        none = f", and none of the {count(self.tried, 'assumption')} tried turns any choice by itself"
        return f"{text}{none if self.tried else ''}."

    def _already(self, c: PhaseChoice) -> float:
        """The share of worlds in which the runner-up is the likelier one."""
        bonus = self.of("bonus", c.second)
        known = ~np.isnan(bonus)
        return float(self.weights[known] @ (bonus[known] < -ROUNDING)) / float(self.weights[known].sum())

    def _flip(self, flip: Flip) -> str:
        phase, assumption = self.names.phase(flip.phase), self.names.assumption(flip.assumption)
        below, above = (self.names.act(flip.phase, action) for action in (flip.below, flip.above))
        return (
            f"in a middling world “{assumption}” beyond {number(flip.at)} turns “{phase}” from “{below}” to “{above}”"
        )

    # --- figures and tables

    def why(self) -> Figure:
        """The worth of the other actions of the closest choice by objective, against the one taken most."""
        c, rows = self.choices[0], list[Effect]()
        for option in (option for option in self.options(c.phase) if option != c.first):
            rows.append(Effect(f"{self.act(option)}: {signed(self.gap(option).mean)} in all"))
            parts = sorted(self._by_objective(option), key=lambda part: -abs(part[1].mean))
            parts = [part for part in parts if abs(part[1].mean) >= NEGLIGIBLE][:6]
            habit = self.spread_of("habit", option)
            parts += [("habit (base rates)", habit)] if abs(habit.mean) >= NEGLIGIBLE else []
            rows += [Effect(name, s, ranged(s), f"{name}: {ranged(s)}") for name, s in parts]
        who = self.who(c.phase)
        title = f"{who}, “{self.names.phase(c.phase)}”: what each action is worth against “{self.act(c.first)}”"
        note = f"In {who}'s own units and its own version of the game: average, and the line on which nine worlds in ten lie."
        return Figure(title, note, effects(rows, title))

    def margins(self) -> Figure:
        rows = []
        for c in self.choices[:16]:
            tip = f"{self.names.phase(c.phase)}: {self.act(c.second)} instead of {self.act(c.first)}"
            rows.append(Effect(self.choice(c.phase), c.margin, ranged(c.margin), tip))
        near, choices = sum(c.margin.low < -ROUNDING for c in self.choices), count(len(self.choices), "choice")
        title = f"{near} of {choices} {'turns' if near == 1 else 'turn'} in some plausible world"
        note = (
            "Payment at the choice that would make the runner-up as likely as the action taken most, each in the mover's "
            "own units; ordered by the odds of the two. Very long lines are cut."
        )
        return Figure(title, note, effects(rows, title, 330.0, 350.0))

    def tables(self) -> list[Table]:
        columns: Columns[PhaseChoice] = {
            "who decides what": lambda c: self.choice(c.phase),
            "mostly": lambda c: self.act(c.first),
            "how often": lambda c: probability(self.spread_of("probability", c.first)),
            "else": lambda c: self.act(c.second),
            "payment that turns it": lambda c: change(c.margin),
            "likelier already, worlds": lambda c: probability(self._already(c)),
            "or if it counted": self._reweigh,
        }
        choices = table(f"Choices under {self.names.policy(self.policy)}", columns, self.choices)
        return [choices, self._situations(), *([self._flips()] if self.flips else [])]

    def _reweigh(self, c: PhaseChoice) -> str:
        """The objective whose weight, in this choice alone, would have to change least to turn it, and by what factor."""
        gaps = {name: gap.mean for name, gap in self._by_objective(c.second) if abs(gap.mean) >= NEGLIGIBLE}
        turning = [(1 + c.margin.mean / gap, name) for name, gap in gaps.items()]
        factors = [(abs(np.log(max(x, 0.05))), name, x) for x, name in turning if 0 <= x <= 20]
        if not factors:
            return "–"
        _, name, factor = min(factors)
        return f"“{name}” × {number(factor, 2)}"

    def _situations(self) -> Table:
        """Every action in the situations of the closest choices."""
        shown: list[SituatedAction] = []
        for c in self.choices[:SHOWN]:
            every = [situation for situation, phase in self.situations.items() if phase == c.phase]
            shown += [option for situation in every[1:] or every for option in self.options(situation)]
        columns: Columns[SituatedAction] = {
            "choice": lambda o: self.names.phase(o.phase),
            "situation": lambda o: self.situation(o.situation),
            "action": self.act,
            "how often": lambda o: probability(self.spread_of("probability", o)),
            "by base rates": lambda o: probability(self.spread_of("usual", o).mean),
            "worth": lambda o: Amount(signed(self.gap(o).mean), float(np.nan_to_num(self.gap(o).mean))),
            "payment to be likeliest": lambda o: change(self.spread_of("bonus", o), dash=0.0),
            "met, a play": lambda o: amount(self.met(o.situation), lambda x: number(x, 2)),
        }
        return table("The closest choices by situation", columns, shown)

    def _flips(self) -> Table:
        def turns_at(flip: Flip) -> Amount:
            draw = self.results.run.draws[flip.assumption]
            return Amount(number(flip.at), flip.at, f"{number(float(draw.min()))} to {number(float(draw.max()))}")

        columns: Columns[Flip] = {
            "assumption": lambda f: self.names.assumption(f.assumption),
            "turns at (of its range)": turns_at,
            "choice": lambda f: self.choice(f.phase),
            "below": lambda f: self.names.act(f.phase, f.below),
            "above": lambda f: self.names.act(f.phase, f.above),
        }
        return table("Assumptions that turn a choice by themselves", columns, self.flips)

    def notes(self) -> list[str]:
        return [
            f"In {count(len(self.weights), 'world')} that stand for all, over the states in which there is a free choice. Worth is "
            "against the action taken most, now and later, in the mover's own units and its own version of the game; never "
            "compare it between actors. Habit is what a higher base rate is worth: the log of its ratio over precision. "
            f"{count(self.tried, 'assumption')} that go most with the choices were tried, one at a time over "
            "the range drawn, all others at their middle."
        ]
