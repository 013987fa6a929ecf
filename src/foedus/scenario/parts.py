"""The parts of a scenario as typed objects: one class a concept. ``scenario.schema`` puts them together."""

# pydantic copies mutable defaults
# ruff: noqa: RUF012

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from foedus.scenario.basics import TEXT, WHOLE, Effects, EvidenceList, Id, Model, Moment, Num, Pays, listed
from foedus.scenario.calendar import Calendar
from foedus.scenario.commitments import KINDS, CommitmentKind
from foedus.scenario.distributions import LAWS, Distribution


class Horizon(Model):
    """How many periods are reported, what they are, and how many more are solved."""

    periods: Annotated[int, Field(ge=1, le=2000), WHOLE] = 1
    unit: Literal["day", "week", "month", "quarter", "year", "period"] = "period"
    first: Annotated[str | None, TEXT] = None
    beyond: Annotated[int, Field(ge=0, le=2000), WHOLE] | dict[Id, Num] | None = None

    @property
    def calendar(self) -> Calendar:
        """The dates of the periods."""
        return Calendar(self.unit, self.first)


def _unfold_distribution(value: Any) -> Any:
    """A number, ``{uniform: [0, 1], why: ...}`` or the full form, as the full form."""
    if value is None or isinstance(value, (int, float, str)):
        return {"value": value} if value is not None else value
    if isinstance(value, dict) and "distribution" not in value:
        kinds = [key for key in value if key in LAWS]
        if kinds:
            rest = {key: item for key, item in value.items() if key not in kinds}
            return {**rest, "distribution": {key: value[key] for key in kinds}}
    return value


class Assumption(Model):
    """A named number: fixed, an expression over other assumptions, or a distribution."""

    value: Num | None = None
    distribution: Distribution | None = None
    why: str = ""
    evidence: EvidenceList = []
    label: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _unfold_distribution(value)

    @model_validator(mode="after")
    def _kind(self) -> Assumption:
        if (self.value is None) == (self.distribution is None):
            raise ValueError(
                "give either a value (a number or an expression) or one distribution, as in uniform: [0, 1]"
            )
        return self


class Actor(Model):
    """A state (or other party): precision (logit lambda), patience (discount a period), ambiguity attitude."""

    label: str = ""
    precision: Assumption = Assumption(value=1.0)
    patience: Assumption = Assumption(value=1.0)
    ambiguity: Assumption | None = None
    why: str = ""


class StateVariable(Model):
    """Something that is at one of a few ordered levels."""

    levels: Annotated[list[Id], Field(min_length=1, max_length=120)]
    start: Id | dict[Id, Num]
    ends: Annotated[list[Id], BeforeValidator(listed)] = []
    within: Literal["period"] | None = None
    label: str = ""
    why: str = ""


class Objective(Model):
    """Something an actor wants: a weight, and a value paid every period (or once, at the end)."""

    weight: Num = 1.0
    value: Num | None = None
    final: bool = False
    label: str = ""
    why: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"weight": value} if isinstance(value, (int, float, str)) else value


class Branch(Model):
    """One thing that nature may do. ``prob: rest`` takes what the others leave."""

    prob: Num = "rest"
    then: Effects = {}
    pays: Pays = {}
    label: str = ""


class Action(Model):
    """One thing that an actor may do."""

    when: Num | None = None
    base: Num = 1.0
    pays: Pays = {}
    then: Effects = {}
    chance: list[Branch] = []
    exists: Literal["always", "enabled"] = "always"
    in_place_of: Id | None = None
    label: str = ""
    why: str = ""

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value


class Phase(Model):
    """One step of a period: an actor decides, or nature moves."""

    id: Id
    decide: Id | None = None
    actions: dict[Id, Action] = {}
    chance: list[Branch] = []
    when: Num | None = None
    at: Annotated[list[Moment], BeforeValidator(listed)] = []
    label: str = ""
    why: str = ""

    @model_validator(mode="after")
    def _kind(self) -> Phase:
        if self.decide is None and not self.chance:
            raise ValueError("a phase needs 'decide' (an actor) with 'actions', or 'chance' (branches)")
        if self.decide is not None and not self.actions:
            raise ValueError("a phase that an actor decides needs 'actions'")
        if self.decide is not None and self.chance:
            raise ValueError("a phase has either 'decide' or 'chance', not both; put 'chance' inside an action")
        if self.decide is None and self.actions:
            raise ValueError("'actions' need 'decide': the actor who chooses among them")
        return self


class Enters(Model):
    """A lump paid when the state enters a condition that did not hold before the phase."""

    when: dict[Id, Id]
    pays: Pays
    why: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, dict) and "when" not in value:
            known = {"pays", "why"}
            return {
                "when": {key: item for key, item in value.items() if key not in known},
                **{key: item for key, item in value.items() if key in known},
            }
        return value


class Reading(Model):
    """A clause read as an interval of probabilities; nature moves by ``true``."""

    low: Num
    high: Num
    true: Num


class Trigger(Model):
    """When a clause applies: severity against a threshold, a probability, or an interval."""

    severity: Num | None = None
    threshold: Num | None = None
    vagueness: Num = 0.0
    applies: Num | None = None
    reads: Reading | None = None
    read: Literal["on_rise", "always"] = "on_rise"

    @model_validator(mode="after")
    def _kind(self) -> Trigger:
        by_severity = self.severity is not None and self.threshold is not None
        if sum([by_severity, self.applies is not None, self.reads is not None]) != 1:
            raise ValueError("a trigger has one of: 'severity' with 'threshold', 'applies', or 'reads'")
        return self


class Reneging(Model):
    """What falling short of the expected answer costs the obligor, per step."""

    objective: Id
    cost: Num


class Word(Model):
    """What a kept or broken word changes."""

    then: Effects = {}
    pays: Pays = {}


class Commitment(Model):
    """A pact, threat, assurance or red line: if the trigger occurs, the obligor is expected to answer."""

    from_: Id = Field(alias="from")
    to: Annotated[list[Id], BeforeValidator(listed)]
    kind: Id = CommitmentKind.DEFENCE_PACT.value
    hostile: bool | None = None
    attach: Id
    order: Annotated[list[Id], Field(min_length=2)]
    expected: Id
    in_force: Num = 1.0
    trigger: Trigger
    reneging: Reneging
    known_to: list[Id] | None = None
    kept: Word | None = None
    broken: Word | None = None
    label: str = ""
    why: str = ""
    evidence: EvidenceList = []

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """``applies``, ``reads`` and ``read`` may stand beside the trigger or in it."""
        if not isinstance(value, dict):
            return value
        moved = {key: value[key] for key in ("applies", "reads", "read") if key in value}
        rest = {key: item for key, item in value.items() if key not in moved}
        if moved and isinstance(rest.get("trigger", {}), dict):
            rest["trigger"] = {**rest.get("trigger", {}), **moved}
        return rest

    @property
    def is_hostile(self) -> bool:
        """Whether it is made against its addressee: as its kind is, or as ``hostile`` says for a kind of one's own.

        Commitments that are not hostile put the parties on one side, where ``Scenario.sides`` does not name the sides.
        """
        known = KINDS.get(self.kind)
        return known.hostile if known is not None else bool(self.hostile)


class Belief(Model):
    """What an actor takes an assumption to be; ``known`` when all know that it differs."""

    is_: Num = Field(alias="is")
    known: bool = False
    why: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"is": value} if isinstance(value, (int, float, str)) else value


class Bind(Model):
    """An actor is bound to an action of a phase, openly or secretly."""

    phase: Id
    do: Id
    when: Num | None = None
    known: bool = True
    known_to: list[Id] | None = None


class Policy(Model):
    """A way things could be done: assumptions set, actions enabled, actors bound; ``measures`` names what it takes."""

    label: str = ""
    why: str = ""
    measures: list[Id] = []
    set: dict[str, Num] = {}
    enable: list[str] = []
    bind: list[Bind] = []

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value


class Observation(Model):
    """Something that happened: a set of actions one of which was taken, or a state that was."""

    at: Moment
    took: Annotated[list[str] | None, BeforeValidator(lambda v: v if v is None else listed(v))] = None
    is_: Num | None = Field(default=None, alias="is")
    error: Num = 0.0
    source: str = ""
    event: str = ""
    why: str = ""

    @model_validator(mode="after")
    def _kind(self) -> Observation:
        if (self.took is None) == (self.is_ is None):
            raise ValueError("an observation has either 'took' (actions) or 'is' (an expression)")
        return self


class Literature(Model):
    """What published work says for and against a claim."""

    support: list[str] = Field(default=[], alias="for")
    against: list[str] = []


class Claim(Model):
    """A sentence of an argument, with fair readings of it and what states it directly."""

    says: str
    evidence: EvidenceList = []
    readings: Annotated[dict[Id, str], Field(min_length=1)]
    rests_on: dict[str, Num] = {}
    literature: Literature = Literature()
    label: str = ""
    why: str = ""


class Outcome(Model):
    """An event whose probability is reported over time."""

    event: str
    feared: bool = False
    label: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"event": value} if isinstance(value, str) else value
