"""The parts of a scenario as typed objects: one class a concept. ``scenario.schema`` puts them together."""

# pydantic copies mutable defaults
# ruff: noqa: RUF012

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from foedus.scenario.basics import LISTED, NUMBER, WHOLE, Effects, EvidenceList, Id, Label, Model, Num, Pays, Text, Why
from foedus.scenario.calendar import Calendar, Unit
from foedus.scenario.distributions import LAWS, Distribution
from foedus.scenario.dotted import Setting
from foedus.scenario.limits import PERIODS

Moment = str | Annotated[int, Field(ge=0, le=1_000_000), WHOLE]


class Horizon(Model):
    """How many periods are reported, what they are, and how many more are solved."""

    periods: Annotated[int, Field(ge=1, le=PERIODS), WHOLE] = Field(1, description="How many periods are reported.")
    unit: Unit = Field("period", description="What a period is.")
    first: Text | None = Field(None, description="The date of the first period: YYYY, YYYY-MM or YYYY-MM-DD.")
    beyond: Annotated[int, Field(ge=0, le=PERIODS), WHOLE] | dict[Id, Num] | None = Field(
        None, description="Periods solved after the reported ones (6 unless said), or each actor's value at the end."
    )

    @property
    def calendar(self) -> Calendar:
        """The dates of the periods."""
        return Calendar(self.unit, self.first)


class Assumption(Model):
    """A named number: fixed, an expression over other assumptions, or a distribution."""

    bare, alone = NUMBER, "value"
    value: Num | None = Field(None, description="A number, or an expression over other assumptions.")
    distribution: Distribution | None = Field(None, description="A distribution in its full form.")
    why: Why = ""
    evidence: EvidenceList = []
    label: Label = ""

    @model_validator(mode="before")
    @classmethod
    def _unfolded(cls, value: Any) -> Any:
        """``{uniform: [0, 1], why: ...}`` as the full form."""
        kinds = [key for key in value if key in LAWS] if isinstance(value, dict) else []
        if not kinds or "distribution" in value:
            return value
        rest = {key: item for key, item in value.items() if key not in kinds}
        return {**rest, "distribution": {key: value[key] for key in kinds}}

    @model_validator(mode="after")
    def _kind(self) -> Assumption:
        if (self.value is None) != (self.distribution is None):
            return self
        raise ValueError("give either a value (a number or an expression) or one distribution, as in uniform: [0, 1]")


class Actor(Model):
    """A state (or other party): precision (logit lambda), patience (discount a period), ambiguity attitude."""

    bare = (NoneType,)
    label: Label = ""
    precision: Assumption = Field(
        Assumption(value=1.0),
        description="How surely it takes the better action (logit lambda, per unit of its payoff); 1 unless said.",
    )
    patience: Assumption = Field(
        Assumption(value=1.0), description="What a payoff one period later is worth now, from 0 to 1; 1 unless said."
    )
    ambiguity: Assumption | None = Field(
        None, description="The weight on the worse end of a clause that is read as an interval, from 0 to 1."
    )
    why: Why = ""

    @property
    def numbers(self) -> dict[Setting, Assumption]:
        """The actor's own numbers, those that it has."""
        return {setting: number for setting in Setting if (number := getattr(self, setting)) is not None}


class StateVariable(Model):
    """Something that is at one of a few ordered levels."""

    levels: list[Id] = Field(
        min_length=1, description="The names of its levels, in order; in expressions they count 0, 1, 2, ..."
    )
    start: Id | dict[Id, Num] = Field(description="The level it starts at, or level to probability.")
    ends: Annotated[list[Id], LISTED] = Field([], description="A level, or several, at which the game freezes.")
    within: Literal["period"] | None = Field(
        None, description="'period': it falls back to its start when the period ends."
    )
    label: Label = ""
    why: Why = ""


class Objective(Model):
    """Something an actor wants: a weight, and a value paid every period (or once, at the end)."""

    bare, alone = NUMBER, "weight"
    weight: Num = Field(1.0, description="What one unit of it is worth to the actor; 1 unless said.")
    value: Num | None = Field(None, description="What the state pays every period, read after the last phase.")
    final: bool = Field(False, description="Whether the value is paid only once, at the end of the last solved period.")
    label: Label = ""
    why: Why = ""


class Branch(Model):
    """One thing that nature may do. ``prob: rest`` takes what the others leave."""

    prob: Num = Field("rest", description="Its probability, or 'rest' for what the others leave.")
    then: Effects = {}
    pays: Pays = {}
    label: Label = ""


class Action(Model):
    """One thing that an actor may do."""

    bare = (NoneType,)
    when: Num | None = Field(None, description="The action is available only where this holds.")
    base: Num = Field(
        1.0, description="How often it would be taken, against the others, if nothing were at stake; 1 unless said."
    )
    pays: Pays = {}
    then: Effects = {}
    chance: list[Branch] = Field([], description="What nature makes of it: branches with probabilities.")
    exists: Literal["always", "enabled"] = Field(
        "always", description="'enabled': only under policies that list it in 'enable'."
    )
    in_place_of: Id | None = Field(None, description="The action out of whose base this one's is taken.")
    label: Label = ""
    why: Why = ""


class Phase(Model):
    """One step of a period: an actor decides, or nature moves."""

    id: Id = Field(description="The phase's name.")
    decide: Id | None = Field(None, description="The actor who decides.")
    actions: dict[Id, Action] = Field({}, description="What it can do.")
    chance: list[Branch] = Field([], description="Nature's branches, in a phase that nobody decides.")
    when: Num | None = Field(None, description="The phase takes place only where this holds.")
    at: Annotated[list[Moment], LISTED] = Field(
        [], description="The phase takes place only in these periods: dates, or numbers from 0."
    )
    label: Label = ""
    why: Why = ""

    @model_validator(mode="after")
    def _kind(self) -> Phase:
        if self.decide is None and not self.chance:
            raise ValueError("a phase needs 'decide' (an actor) with 'actions', or 'chance' (branches)")
        if self.decide is None and self.actions:
            raise ValueError("'actions' need 'decide': the actor who chooses among them")
        if self.decide is not None and not self.actions:
            raise ValueError("a phase that an actor decides needs 'actions'")
        if self.decide is not None and self.chance:
            raise ValueError("a phase has either 'decide' or 'chance', not both; put 'chance' inside an action")
        return self


class Enters(Model):
    """A lump paid when the state enters a condition that did not hold before the phase."""

    when: dict[Id, Id] = Field(description="State variable to level: all must hold, and not all held before.")
    pays: Pays
    why: Why = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "when" in value:
            return value
        rest = {key: value[key] for key in ("pays", "why") if key in value}
        return {"when": {key: item for key, item in value.items() if key not in rest}, **rest}


class Belief(Model):
    """What an actor takes an assumption to be; ``known`` when all know that it differs."""

    bare, alone = NUMBER, "is"
    is_: Num = Field(
        alias="is", description="What the actor takes it to be: an expression over the value that a policy has set."
    )
    known: bool = Field(
        False, description="Whether all know that it differs; only for what enters nature's odds alone."
    )
    why: Why = ""


class Bind(Model):
    """An actor is bound to an action of a phase, openly or secretly."""

    phase: Id = Field(description="The phase in which the actor is bound.")
    do: Id = Field(description="The action it takes.")
    when: Num | None = Field(None, description="Where the rule holds; everywhere unless said.")
    known: bool = Field(True, description="Whether all know of it.")
    known_to: list[Id] | None = Field(None, description="Who knows of a secret rule, besides the one who is bound.")


class Policy(Model):
    """A way things could be done: assumptions set, actions enabled, actors bound; ``measures`` names what it takes."""

    bare = (NoneType,)
    label: Label = ""
    why: Why = ""
    counterfactual: bool = Field(
        False, description="Whether nobody can choose it: it is there to be compared with, as claims do by 'under'."
    )
    measures: list[Id] = Field(
        [], description="What it takes, by name, so that necessary and sufficient measures can be told apart."
    )
    set: dict[str, Num] = Field(
        {}, description="Assumptions to new values; expressions read the values before the policy."
    )
    enable: list[str] = Field([], description="Actions (phase.action) that it brings to life.")
    bind: list[Bind] = Field([], description="What actors are bound to do.")


class Observation(Model):
    """Something that happened: a set of actions one of which was taken, or a state that was."""

    at: Moment = Field(description="The period: a date, or a number from 0.")
    took: Annotated[list[str], LISTED] | None = Field(
        None, description="The action (phase.action) that was taken, or several of which one was."
    )
    is_: Num | None = Field(
        None, alias="is", description="What was so at the period's end: an expression over the state."
    )
    error: Num = Field(0.0, description="The chance that the coding is wrong.")
    source: str = Field("", description="The id of a source, or a free reference.")
    event: str = Field("", description="What happened, in words.")
    why: Why = ""

    @model_validator(mode="after")
    def _kind(self) -> Observation:
        if (self.took is None) == (self.is_ is None):
            raise ValueError("an observation has either 'took' (actions) or 'is' (an expression)")
        return self


class Literature(Model):
    """What published work says for and against a claim."""

    support: list[str] = Field([], alias="for", description="Works that support it.")
    against: list[str] = Field([], description="Works that speak against it.")


class ClaimReading(Model):
    """One fair way to read a claim: an expression, with a sentence that says it in plain words."""

    bare, alone = (str,), "holds"
    holds: str = Field(description="A yes or no about the game, with the least effect that counts.")
    label: Label = ""
    says: str = Field("", description="The same as a sentence, in your words; told from the expression unless said.")


class Claim(Model):
    """A sentence of an argument, with fair readings of it and what states it directly."""

    says: str = Field(description="The sentence, in your words.")
    evidence: EvidenceList = Field([], description="Where it is made: [source, paragraph, quote].")
    readings: dict[Id, ClaimReading] = Field(min_length=1, description="Fair ways to read it; the first decides.")
    rests_on: dict[str, Num] = Field({}, description="Assumptions that state it directly, each with its neutral value.")
    literature: Literature = Field(Literature(), description="What published work says.")
    label: Label = ""
    why: Why = ""


class Outcome(Model):
    """An event whose probability is reported over time."""

    bare, alone = (str,), "event"
    event: str = Field(description="An expression over the state, as in tension >= war.")
    feared: bool = Field(
        False, description="Whether it is the one that is to be averted, as war is; the first outcome unless said."
    )
    label: Label = ""
