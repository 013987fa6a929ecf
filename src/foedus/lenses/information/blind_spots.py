"""What keeps parties from seeing things alike under a policy, and the scenario without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from foedus.scenario.schema import Scenario


class SpotKind(StrEnum):
    """Beliefs held without or with the others' knowledge, secret commitments, secret rules of the policy; all together."""

    ALL = "all"
    BELIEF = "belief"
    DISPUTE = "dispute"
    SECRET = "secret"
    BINDING = "binding"


@dataclass(frozen=True)
class BlindSpot:
    """One of these: an ``actor``'s belief about an assumption, a commitment, or the policy's ``rule`` for an action."""

    kind: SpotKind
    name: str = ""
    actor: str = ""
    rule: int = -1

    @property
    def label(self) -> str:
        """``belief:ACTOR.NAME``, ``dispute:ACTOR.NAME``, ``secret:COMMITMENT``, ``binding:RULE``, ``all``."""
        if self.kind in (SpotKind.ALL, SpotKind.BINDING):
            return str(self.kind) if self.rule < 0 else f"{self.kind}:{self.rule}"
        return f"{self.kind}:{self.actor}.{self.name}" if self.actor else f"{self.kind}:{self.name}"


def blind_spots(scenario: Scenario, policy: str) -> list[BlindSpot]:
    """All that there are under a policy."""
    beliefs = [
        BlindSpot(SpotKind.DISPUTE if belief.known else SpotKind.BELIEF, name, actor)
        for actor, held in scenario.beliefs.items()
        for name, belief in held.items()
    ]
    secrets = [BlindSpot(SpotKind.SECRET, name) for name, c in scenario.commitments.items() if c.known_to is not None]
    rules = enumerate(scenario.all_policies[policy].bind)
    bindings = [BlindSpot(SpotKind.BINDING, f"{r.phase}.{r.do}", rule=i) for i, r in rules if not r.known]
    return [*beliefs, *secrets, *bindings]


def without(scenario: Scenario, policy: str, spots: Collection[BlindSpot]) -> Scenario:
    """The scenario in which these are dropped: believers see what is true, all know of the secrets."""
    dropped = {(spot.actor, spot.name) for spot in spots}
    beliefs = {
        actor: kept
        for actor, held in scenario.beliefs.items()
        if (kept := {name: belief for name, belief in held.items() if (actor, name) not in dropped})
    }
    told = {spot.name for spot in spots if spot.kind is SpotKind.SECRET}
    commitments = {
        name: c.model_copy(update={"known_to": None}) if name in told else c for name, c in scenario.commitments.items()
    }
    written, open_now = scenario.all_policies[policy], {spot.rule for spot in spots}
    rules = [
        rule.model_copy(update={"known": True, "known_to": None}) if i in open_now else rule
        for i, rule in enumerate(written.bind)
    ]
    return scenario.model_copy(
        update={
            "beliefs": beliefs,
            "commitments": commitments,
            "policies": {**scenario.all_policies, policy: written.model_copy(update={"bind": rules})},
        }
    )
