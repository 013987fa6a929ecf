"""What the parts of a scenario are called: the label that was written, else the id as words."""

from __future__ import annotations

from typing import Protocol

from foedus.scenario.dotted import ActionName, ActorNumber, ObjectiveName
from foedus.scenario.schema import Scenario


def titled(name: str) -> str:
    """An identifier as a name: ``status_quo`` becomes ``Status quo``."""
    words = plain(name)
    return words[:1].upper() + words[1:]


class _Labelled(Protocol):
    label: str


def _label(written: _Labelled | None, name: str) -> str:
    return written.label if written and written.label else name


def plain(name: str) -> str:
    """An identifier as words: ``status_quo`` becomes ``status quo``."""
    return name.replace("_", " ").strip()


class Names:
    """What the parts of a scenario are called: their label where one is written, else their id as words."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.phases = {phase.id: phase for phase in scenario.turn}

    def actor(self, name: str) -> str:
        """An actor's name."""
        return _label(self.scenario.actors.get(name), titled(name))

    def objective(self, name: str) -> str:
        """``actor.objective`` as "Actor: objective"."""
        actor, objective = ObjectiveName.read(name)
        return f"{self.actor(actor)}: {self.aim(actor, objective)}"

    def aim(self, actor: str, objective: str) -> str:
        """An objective's name, without its actor's."""
        return _label(self.scenario.objectives.get(actor, {}).get(objective), plain(objective))

    def policy(self, name: str) -> str:
        """A policy's name."""
        return _label(self.scenario.policies.get(name), titled(name))

    def marked_policy(self, name: str) -> str:
        """A policy's name, with a mark where nobody can choose it."""
        written = self.scenario.policies.get(name)
        return self.policy(name) + (" (counterfactual)" if written is not None and written.counterfactual else "")

    def outcome(self, name: str) -> str:
        """An outcome's name; one that was not declared is called by its event."""
        return _label(self.scenario.outcomes.get(name), titled(name))

    def action(self, name: str) -> str:
        """``phase.action`` as "phase: action"."""
        phase, action = ActionName.read(name)
        return f"{self.phase(phase)}: {self.act(phase, action)}"

    def phase(self, name: str) -> str:
        """A phase's name."""
        return _label(self.phases.get(name), titled(name))

    def act(self, phase: str, action: str) -> str:
        """An action's name, without its phase's."""
        return _label(self.phases[phase].actions.get(action) if phase in self.phases else None, plain(action))

    def commitment(self, name: str) -> str:
        """A commitment's name, as it stands inside a sentence."""
        return _label(self.scenario.commitments.get(name), plain(name))

    def assumption(self, name: str) -> str:
        """An assumption's name; an actor's own number is "Actor: precision"."""
        written = self.scenario.assumptions.get(name)
        if written is None and (own := ActorNumber.read(name)):
            return f"{self.actor(own.actor)}: {own.setting}"
        return _label(written, titled(name))

    def variable(self, name: str) -> str:
        """A state variable's name."""
        return _label(self.scenario.state.get(name), titled(name))

    def claim(self, name: str) -> str:
        """A claim's short name."""
        return _label(self.scenario.claims.get(name), titled(name))

    def reading(self, claim: str, name: str) -> str:
        """A reading's short name, among those of its claim."""
        written = self.scenario.claims.get(claim)
        return _label(written.readings.get(name) if written else None, titled(name))

    def inside(self, text: str) -> str:
        """A name as it stands inside a sentence: lowered, unless it begins with an actor's."""
        return text if any(text.startswith(self.actor(actor)) for actor in self.scenario.actors) else lowered(text)


def lowered(text: str) -> str:
    """The text with its first letter lowered, unless it starts with an acronym."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
