"""Names made of parts, as ``phase.action``: the one place that writes them and reads them apart."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ActionName(NamedTuple):
    """``phase.action``."""

    phase: str
    action: str

    def __str__(self) -> str:
        return f"{self.phase}.{self.action}"

    @classmethod
    def read(cls, text: str) -> ActionName:
        """The parts of a name; ``action`` is empty where the text has one part only."""
        return cls(*text.partition(".")[::2])


class ObjectiveName(NamedTuple):
    """``actor.objective``."""

    actor: str
    objective: str

    def __str__(self) -> str:
        return f"{self.actor}.{self.objective}"

    @classmethod
    def read(cls, text: str) -> ObjectiveName:
        """The parts of a name; ``objective`` is empty where the text has one part only."""
        return cls(*text.partition(".")[::2])


class Setting(StrEnum):
    """The numbers of an actor's own."""

    PRECISION = "precision"
    PATIENCE = "patience"
    AMBIGUITY = "ambiguity"


class ActorNumber(NamedTuple):
    """``actor.precision`` and the like: the assumption that an actor's own number is."""

    actor: str
    setting: Setting

    def __str__(self) -> str:
        return f"{self.actor}.{self.setting}"

    @classmethod
    def read(cls, text: str) -> ActorNumber | None:
        """The parts of a name, or None for the name of another assumption."""
        actor, dot, setting = text.partition(".")
        return cls(actor, Setting(setting)) if dot and setting in list(Setting) else None


def applies_variable(commitment: str) -> str:
    """The state variable that is 1 where a commitment's clause applies: expressions may read it."""
    return f"{commitment}.applies"


def seen_variable(commitment: str) -> str:
    """The state variable that holds the severity at the last reading of a clause that is read on a rise."""
    return f"{commitment}.seen"


def clause_phase(commitment: str) -> str:
    """The phase in which nature reads a commitment's clause."""
    return f"{commitment}.clause"
