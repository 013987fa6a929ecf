"""Commitments as they are written: their kinds, triggers, and what keeping and breaking the word means."""

# pydantic copies mutable defaults
# ruff: noqa: RUF012

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from foedus.scenario.basics import LISTED, Effects, EvidenceList, Id, Label, Model, Num, Pays, Why


class Deed(StrEnum):
    """What is done when a word is kept: help for an ally, harm to an adversary, or holding back (and rewarding) it."""

    HELP = "help"
    HARM = "harm"
    RESTRAINT = "restraint"


class CommitmentKind(StrEnum):
    """What a commitment may be called without more being said; the pacts are those of ATOP (Leeds and others 2002)."""

    DEFENCE_PACT = "defence_pact"
    OFFENCE_PACT = "offence_pact"
    NEUTRALITY_PACT = "neutrality_pact"
    NONAGGRESSION_PACT = "nonaggression_pact"
    CONSULTATION_PACT = "consultation_pact"
    EXTENDED_DETERRENCE = "extended_deterrence"
    ASSURANCE = "assurance"
    THREAT = "threat"
    RED_LINE = "red_line"

    @property
    def hostile(self) -> bool:
        """Whether it is made against its addressee, so that it does not make the two allies."""
        return self in (CommitmentKind.THREAT, CommitmentKind.RED_LINE)

    @property
    def deed(self) -> Deed:
        """What is done when the word is kept."""
        restraints = CommitmentKind.ASSURANCE, CommitmentKind.NEUTRALITY_PACT, CommitmentKind.NONAGGRESSION_PACT
        return Deed.HARM if self.hostile else Deed.RESTRAINT if self in restraints else Deed.HELP


COMMITMENT_KINDS: dict[str, CommitmentKind] = {str(kind): kind for kind in CommitmentKind}


class Reading(Model):
    """A clause read as an interval of probabilities; nature moves by ``true``."""

    low: Num = Field(description="The lowest probability that the text allows.")
    high: Num = Field(description="The highest.")
    true: Num = Field(description="The one that nature moves by.")


# a commitment's own keys that stand for the trigger's
TRIGGER_KEYS = ("applies", "reads", "read")


class Trigger(Model):
    """When a clause applies: severity against a threshold, a probability, or an interval."""

    severity: Num | None = Field(None, description="How bad things are: an expression over the state.")
    threshold: Num | None = Field(
        None,
        description="The severity at which the clause applies as likely as not: a level, a number or an expression.",
    )
    vagueness: Num = Field(0.0, description="How gradual the line is; 0 is a bright line.")
    applies: Num | None = Field(None, description="The probability that the clause applies, directly.")
    reads: Reading | None = Field(None, description="The probability as an interval.")
    read: Literal["on_rise", "always"] = Field(
        "on_rise",
        description="At an answer: 'on_rise': where severity is above its value at the last reading; 'always': at each.",
    )

    @model_validator(mode="after")
    def _kind(self) -> Trigger:
        by_severity = self.severity is not None and self.threshold is not None
        if sum([by_severity, self.applies is not None, self.reads is not None]) != 1:
            raise ValueError("a trigger has one of: 'severity' with 'threshold', 'applies', or 'reads'")
        return self


class Reneging(Model):
    """What falling short of the expected answer costs the obligor, per step."""

    objective: Id = Field(description="The obligor's objective that it costs.")
    cost: Num = Field(description="The cost per step below what is expected.")


class Word(Model):
    """What a kept or broken word changes."""

    then: Effects = {}
    pays: Pays = {}


class Commitment(Model):
    """A pact, threat, assurance or red line: if the trigger occurs, the obligor is expected to answer."""

    from_: Id = Field(alias="from", description="The obligor.")
    to: Annotated[list[Id], LISTED] = Field(description="To whom it is made.")
    kind: Id = Field(
        CommitmentKind.DEFENCE_PACT.value,
        description="What it is called: defence_pact (unless said), threat, assurance, red_line, ...",
    )
    hostile: bool | None = Field(None, description="For a kind of one's own: whether it is made against its addressee.")
    attach: Id = Field(description="The phase in which the obligor answers.")
    order: list[Id] = Field(min_length=2, description="The answers from least to most.")
    expected: Id = Field(description="The answer that is expected when the clause applies.")
    exempt: list[Id] = Field([], description="Answers outside the order that break no word.")
    in_force: Num = Field(1.0, description="Whether it holds: an expression; 1 unless said.")
    trigger: Trigger = Field(description="When the clause applies.")
    reneging: Reneging = Field(description="What falling short costs the obligor.")
    known_to: list[Id] | None = Field(None, description="Who knows of it, the obligor included; everybody unless said.")
    kept: Word | None = Field(None, description="What a kept word changes.")
    broken: Word | None = Field(None, description="What a broken word changes.")
    label: Label = ""
    why: Why = ""
    evidence: EvidenceList = []

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """``applies``, ``reads`` and ``read`` may stand beside the trigger or in it."""
        if not isinstance(value, dict):
            return value
        moved = {key: value[key] for key in TRIGGER_KEYS if key in value}
        rest = {key: item for key, item in value.items() if key not in moved}
        if moved and isinstance(rest.get("trigger", {}), dict):
            rest["trigger"] = {**rest.get("trigger", {}), **moved}
        return rest

    @property
    def is_hostile(self) -> bool:
        """Whether it is made against its addressee: as its kind is, or as ``hostile`` says for a kind of one's own.

        Commitments that are not hostile put the parties on one side, where ``Scenario.sides`` does not name the sides.
        """
        known = COMMITMENT_KINDS.get(self.kind)
        return known.hostile if known is not None else bool(self.hostile)

    @property
    def deed(self) -> Deed:
        """What is done when the word is kept: as its kind says; of a kind of one's own, harm where it is hostile, else help."""
        known = COMMITMENT_KINDS.get(self.kind)
        return known.deed if known is not None else Deed.HARM if self.is_hostile else Deed.HELP
