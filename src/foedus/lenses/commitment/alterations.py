"""What a commitment is compared with: its absence, clearer and vaguer texts, dearer and cheaper words, shared readings."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.game.clauses import applies
from foedus.lenses.counterfactuals import Counterfactuals, DialValues
from foedus.lenses.dials import ReadingPlace, bearing, draws_line, read_at
from foedus.scenario.tree import evaluate, number, state_names
from foedus.worlds.sample import resolve

VAGUENESS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # times what is written (steps of severity where a bright line is written)
CREDIBILITY = (0.0, 0.5, 1.0, 2.0, 4.0)  # times what breaking the word costs now
SHARP = 0.02  # stands for a bright line where the odds are held: a line itself cannot be read as applying half the time


class Dial(StrEnum):
    """What is altered of a commitment."""

    AS_IS = "as_is"
    OFF = "off"
    VAGUE = "vague"
    ODDS = "odds"  # vagueness, with the line moved so that the clause applies as often
    COST = "cost"
    HIDDEN = "no_hidden"
    OPEN = "no_open"
    INTERVAL = "no_interval"


class Alteration(NamedTuple):
    """A dial and the factor it is set to, of what is written."""

    dial: Dial
    factor: float = 0.0


AS_IS, OFF = Alteration(Dial.AS_IS, 1.0), Alteration(Dial.OFF)
READINGS = (Alteration(Dial.HIDDEN), Alteration(Dial.OPEN), Alteration(Dial.INTERVAL))
TEXTS = [Alteration(dial, k) for dial in (Dial.VAGUE, Dial.ODDS) for k in VAGUENESS]
ALTERATIONS = (AS_IS, OFF, *TEXTS, *(Alteration(Dial.COST, m) for m in CREDIBILITY), *READINGS)


def labels() -> dict[str, tuple[str, list[str]] | tuple[str, list[float]]]:
    """The coords ``dial`` and ``factor`` of a dataset whose dim ``setting`` runs over ``ALTERATIONS``."""
    dials, factors = [str(a.dial) for a in ALTERATIONS], [a.factor for a in ALTERATIONS]
    return {"dial": ("setting", dials), "factor": ("setting", factors)}


def setting(data: Dataset, alteration: Alteration) -> Dataset:
    """The part of such a dataset that is about one alteration."""
    return data.isel(setting=ALTERATIONS.index(alteration))


class Blur(StrEnum):
    """How a text is made vaguer: its line is blurred, a bright line is added to in steps of severity, or its interval is
    widened where its odds are the same in every state; not at all where it gives one number and no line."""

    BLURRED = "blurred"
    ADDED = "added"
    WIDENED = "widened"
    NOT = ""

    @property
    def as_written(self) -> float:
        """Where on the grid of vagueness the text as it is written stands."""
        return 0.0 if self is Blur.ADDED else 1.0


class CommitmentText:
    """The text of one commitment, and what its dials must be set to for each alteration."""

    def __init__(self, games: Counterfactuals, name: str):
        self.games, self.name, self.dials = games, name, games.dials[name]
        self.commitment = games.scenario.commitments[name]

    @property
    def blur(self) -> Blur:
        """How it is made vaguer."""
        trigger, reader = self.commitment.trigger, self.games.reader
        if draws_line(trigger):
            return Blur.ADDED if reader.tree(trigger.vagueness) == number(0) else Blur.BLURRED
        if state_names(applies(reader, self.commitment)):
            return Blur.BLURRED
        return Blur.WIDENED if trigger.reads is not None else Blur.NOT

    def blurred(self, k: float) -> DialValues:
        """The dials of a text ``k`` times as vague as written, or of ``k`` steps where a bright line is; 0 is a bright line."""
        by = {Blur.BLURRED: self.dials.blur, Blur.WIDENED: self.dials.width, Blur.ADDED: self.dials.extra}
        return {by[self.blur]: k} if self.blur in by else {}

    def alterations(self, policy: str) -> dict[Alteration, DialValues]:
        """Everything that is asked about it under a policy; nothing is set where things stay as they are."""
        asked: dict[Alteration, DialValues] = {AS_IS: {}, OFF: {self.dials.force: 0}}
        if self.blur:
            written = self.blur.as_written
            asked |= {Alteration(Dial.VAGUE, k): {} if k == written else self.blurred(k) for k in VAGUENESS}
        for k, shift in self._shifts(policy).items():
            asked[Alteration(Dial.ODDS, k)] = {} if k == 1 else {**self.blurred(max(k, SHARP)), self.dials.shift: shift}
        asked |= {Alteration(Dial.COST, m): {} if m == 1 else {self.dials.cost: m} for m in CREDIBILITY}
        bears, beliefs = bearing(self.games.reader, self.name), self.games.scenario.beliefs
        heard = {knob: (who, what) for (who, what), knob in self.games.instrumented.heard.items() if what in bears}
        for dial, known in ((Dial.HIDDEN, False), (Dial.OPEN, True)):
            if silenced := [knob for knob, (who, what) in heard.items() if beliefs[who][what].known == known]:
                asked[Alteration(dial)] = dict.fromkeys(silenced, 0.0)
        if self.commitment.trigger.reads is not None:
            asked[Alteration(Dial.INTERVAL)] = {self.dials.width: 0}
        return asked

    def _shifts(self, policy: str) -> dict[float, Floats]:
        """For every vagueness how far to move the line so that the clause applies as often, at the severities at
        which it is read now; none where these cannot be told apart."""
        places = self.games.instrumented.places[self.name]
        if not places or self.blur is not Blur.BLURRED:
            return {}
        base, scenario = self.games.base(policy), self.games.scenario
        env = resolve(scenario, self.games.draws, scenario.all_policies[policy].set)
        weight = np.stack([base.count(self.name, read_at(i))[0] for i in range(len(places))])
        lines = [_line(place, env, len(self.games.weights)) for place in places]
        gap, blur = (np.stack(part) for part in zip(*lines, strict=True))
        return {k: level_shift(gap, blur, weight, max(k, SHARP)) for k in VAGUENESS}


def _line(place: ReadingPlace, env: Mapping[str, Floats], worlds: int) -> tuple[Floats, Floats]:
    """(distance above the line, width of the line), in log odds and 1 where the text gives odds; [world] each."""
    gap = np.broadcast_to(np.asarray(evaluate(place.gap, {}, env), float), worlds)
    if place.blur is None:
        return -np.log(1 / np.clip(gap, 1e-12, 1 - 1e-12) - 1), np.ones(worlds)
    return gap, np.broadcast_to(np.asarray(evaluate(place.blur, {}, env), float), worlds)


def level_shift(gap: Floats, blur: Floats, weight: Floats, k: float) -> Floats:
    """[world] how far the line must move up when its vagueness is multiplied by ``k`` for the clause to apply as often.

    ``gap``, ``blur`` and ``weight`` are [place, world]: how far above the line each place is, how wide the line is
    there, and how often the clause is read there. Solves for s, by bisection,

        sum_p w_p F((gap_p - s) / (k blur_p)) = sum_p w_p F(gap_p / blur_p),   F the logistic function,

    whose left side falls in s. Lines without width stay where they are. 0 where the clause is never read.
    """
    from scipy.special import expit

    total = weight.sum(axis=0)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)

    def mean(shift: Floats | float, k: float) -> Floats:
        line = gap - shift * (blur > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.where(blur > 0, expit(line / (blur * k)), line >= 0)
        return np.asarray((share * odds).sum(axis=0))

    target = mean(0.0, 1.0)
    high = np.abs(gap).max(axis=0) + 60 * blur.max(axis=0) * max(k, 1.0)  # 60 widths away the logistic is 0 or 1
    low = -high
    for _ in range(80):  # halves the bracket to the last bit
        middle = (low + high) / 2
        over = mean(middle, k) > target
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(total > 0, (low + high) / 2, 0.0)
