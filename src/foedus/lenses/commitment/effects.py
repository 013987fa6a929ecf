"""The commitment lens's result as its section and charts read it."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.commitment.alterations import ALTERATIONS, AS_IS, OFF, Alteration, Blur, Dial
from foedus.lenses.commitment.drawn_in import Answered
from foedus.lenses.commitment.measure import Raising
from foedus.lenses.dials import Count
from foedus.lenses.lens import Looked
from foedus.present.wording import capital, listed
from foedus.runs.view import RunView
from foedus.scenario.outcomes import feared_outcome
from foedus.solve.queries import ratio
from foedus.worlds.weights import Spread


class BestText(StrEnum):
    """The kind of text that is best for a party."""

    BRIGHT = "bright line"
    BETWEEN = "between"
    VAGUE = "vague"
    SAME = "all the same"


class CommitmentEffects(Looked):
    """What each commitment does, with names.

    ``feared`` is the outcome that is asked about; ``alive`` are the commitments in force at some time, those under the
    policy asked for first, the weightiest first, ``written`` those of them whose text could be clearer or vaguer,
    ``pairs`` the threats and assurances that some policy brings into force.
    """

    def __init__(self, results: RunView, data: Dataset):
        super().__init__(results, data)
        self.commitments = results.scenario.commitments
        self.all, self.measures = self.labels("commitment"), self.labels("measure")
        self.outcomes, self.actors = self.labels("outcome"), self.labels("actor")
        self.kinds = {kind: self.array(kind) for kind in ("amount", "prob", "value")}
        self.under_policy = dict(zip(self.all, self.labels("under"), strict=True))
        self.blur = dict(zip(self.all, map(Blur, self.labels("made_vaguer")), strict=True))
        self.feared = feared_outcome(results.scenario)
        self.event = f"“{self.names.outcome(self.feared)}”"
        self.alive = [name for name in self.all if self.under_policy[name]]
        self.alive.sort(key=lambda name: (self.under_policy[name] != self.policy, -abs(self.change(name).mean)))
        self.written = [name for name in self.alive if self.blur[name]]
        under = self.labels("pair_under") if "pair" in data.dims else []
        self.pairs = [PairEffects(self, i) for i, policy in enumerate(under) if policy]

    def label(self, name: str) -> str:
        """A commitment's name."""
        return self.commitments[name].label or capital(name.replace("_", " "))

    def obligor(self, name: str) -> str:
        """Who gave the word."""
        return self.names.actor(self.commitments[name].from_)

    def addressees(self, name: str) -> str:
        """To whom it was given."""
        return listed([self.names.actor(actor) for actor in self.commitments[name].to])

    def amount(self, name: str, measure: str, setting: Alteration = AS_IS) -> Floats:
        """[world] a measure in one setting."""
        return self._pick("amount", name, setting, self.measures.index(measure))

    def prob(self, name: str, setting: Alteration = AS_IS, outcome: str = "") -> Floats:
        """[world] the probability of an outcome (the feared one unless said) by the end."""
        return self._pick("prob", name, setting, self.outcomes.index(outcome or self.feared))

    def value(self, name: str, actor: str, setting: Alteration = AS_IS) -> Floats:
        """[world] what an actor gets."""
        return self._pick("value", name, setting, self.actors.index(actor))

    def _pick(self, kind: str, name: str, setting: Alteration, which: int) -> Floats:
        return np.asarray(self.kinds[kind][:, self.all.index(name), ALTERATIONS.index(setting), which])

    def ratio(self, name: str, above: str, below: str, setting: Alteration = AS_IS) -> Floats:
        """[world] one measure for each time of another."""
        return ratio(self.amount(name, above, setting), self.amount(name, below, setting))

    def met(self, name: str, setting: Alteration = AS_IS) -> Floats:
        """[world] how often the obligor answers as expected or more, of the times that it is asked while it is in force."""
        return self.ratio(name, Count.MEETS, Count.OCCASIONS, setting)

    def fell_short(self, name: str, setting: Alteration = AS_IS) -> Floats:
        """[world] how often the obligor falls short, of the times that the clause applied."""
        return self.ratio(name, Count.SHORT, Count.APPLIES, setting)

    def chances(self, name: str, who: Raising, setting: Alteration = AS_IS) -> Floats:
        """[world] the occasions on which a party could raise severity."""
        return self.amount(name, who.chances, setting)

    def could(self, name: str, who: Raising) -> bool:
        """Whether a party ever could, with the commitment or without."""
        return bool(max(np.nansum(self.chances(name, who, setting)) for setting in (AS_IS, OFF)) > 1e-9)

    def per_occasion(self, name: str, who: Raising, setting: Alteration = AS_IS) -> Floats:
        """[world] how often a party raises severity, of the occasions on which it could."""
        return ratio(self.amount(name, who.times, setting), self.chances(name, who, setting))

    def why(self, name: str, reason: Answered) -> Floats:
        """[world] how often promised help comes or does not for a reason; NaN of words that promise none."""
        return self.array("answered", commitment=name, why=str(reason))

    def per_call(self, name: str, reason: Answered) -> Floats:
        """[world] the same, of the calls on the promise."""
        return ratio(self.why(name, reason), self.why(name, Answered.CALLS))

    def change(self, name: str, outcome: str = "") -> Spread:
        """What the commitment adds to the probability of an outcome."""
        return self.spread(self.prob(name, AS_IS, outcome) - self.prob(name, OFF, outcome))

    def gain(self, name: str, actor: str) -> Spread:
        """What the commitment adds to what an actor gets."""
        return self.spread(self.value(name, actor) - self.value(name, actor, OFF))

    def grid(self, dial: Dial) -> list[Alteration]:
        """The settings along a curve."""
        return [alteration for alteration in ALTERATIONS if alteration.dial is dial]

    def contrast(self, name: str, dial: Dial) -> Floats:
        """[world] change of the chance of the feared outcome from a bright line to the vaguest text."""
        grid = self.grid(dial)
        return self.prob(name, grid[-1]) - self.prob(name, grid[0])

    def best(self, name: str, actor: str) -> dict[BestText, float]:
        """Shares of worlds in which each kind of text is best for an actor, a world with ties split between them."""
        table = np.stack([self.value(name, actor, setting) for setting in self.grid(Dial.VAGUE)], axis=1)
        top = table.max(axis=1, keepdims=True)
        tied = table >= top - 1e-9 * np.maximum(np.abs(top), 1)
        kinds = np.stack([tied[:, 0], tied[:, 1:-1].any(axis=1), tied[:, -1]], axis=1)
        flat = tied.all(axis=1)
        parts = np.where(flat[:, None], 0.0, kinds / kinds.sum(axis=1, keepdims=True))
        shares = [*(self.weights @ parts / self.weights.sum()), self.share(flat).share]
        return dict(zip(BestText, map(float, shares), strict=True))

    def dearest(self, name: str, actor: str) -> Floats:
        """[world] the cost of breaking the word that is best for an actor, as a multiple of what is written; NaN if all are."""
        grid = self.grid(Dial.COST)
        table = np.stack([self.value(name, actor, setting) for setting in grid], axis=1)
        slack = 1e-9 * np.maximum(np.abs(table).max(axis=1, keepdims=True), 1)
        top = table >= table.max(axis=1, keepdims=True) - slack  # the cheapest of those that tie
        factors = np.array([setting.factor for setting in grid])
        return np.where(top.all(axis=1), np.nan, factors[top.argmax(axis=1)])

    def parties(self, name: str) -> list[str]:
        """The actors whose text differs from another's for them, the obligor first."""
        return list(dict.fromkeys([self.commitments[name].from_, *self.commitments[name].to, *self.actors]))


class PairEffects:
    """A threat and an assurance of one actor: what it gets and the chance of the feared outcome.

    ``value`` and ``chance`` [text, power] on average, ``value_by_word`` and ``chance_by_word`` [world, word].
    """

    def __init__(self, effects: CommitmentEffects, i: int):
        self.threat, self.assurance, self.under = (effects.labels(n)[i] for n in ("threat", "assurance", "pair_under"))
        self.obligor = effects.commitments[self.threat].from_
        self.texts, self.words = effects.labels("text"), effects.labels("word")
        self.power = [float(power) for power in effects.data["power"].values]
        actor, outcome = effects.actors.index(self.obligor), effects.outcomes.index(effects.feared)
        weights = effects.weights / effects.weights.sum()
        self.value = np.tensordot(weights, effects.array("pair_value")[:, i, :, :, actor], 1)
        self.chance = np.tensordot(weights, effects.array("pair_prob")[:, i, :, :, outcome], 1)
        self.value_by_word = effects.array("word_value")[:, i, :, actor]
        self.chance_by_word = effects.array("word_prob")[:, i, :, outcome]
