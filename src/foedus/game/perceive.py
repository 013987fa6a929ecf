"""Who plays which game: hidden beliefs and secrets as an ordered list of solves.

An actor with a hidden belief plays the policy that is best in its own version of the
game (a first-level hypergame: Bennett 1980). For secrets it models those who do not share
all of them as playing what they would play in the game of the secrets that both know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foedus.game.bind import bind_secret
from foedus.game.clauses import secret
from foedus.scenario.schema import Scenario


@dataclass(frozen=True)
class Version:
    """A version of the game: whose hidden beliefs it holds (-1: none), which secrets are played in it."""

    believer: int
    secrets: frozenset[str]


@dataclass(frozen=True)
class Solve:
    """One solve of a version."""

    version: Version
    fixed: tuple[tuple[int, int], ...] = ()  # (actor, the earlier solve whose policy it plays)
    own: frozenset[int] = frozenset()  # actors whose policies are taken from here


@dataclass
class Perception:
    """The solves of one policy, in order; ``own[i]`` is the solve that actor i's policy comes from."""

    solves: list[Solve] = field(default_factory=list)
    own: dict[int, int] = field(default_factory=dict)


def secrets_of(scenario: Scenario, policy: str) -> dict[str, frozenset[int]]:
    """Every secret with the actors (by index) who know of it."""
    index = {name: i for i, name in enumerate(scenario.actors)}
    knowers = {
        secret(name): frozenset(index[actor] for actor in c.known_to)
        for name, c in scenario.commitments.items()
        if c.known_to is not None
    }
    movers = {phase.id: phase.decide for phase in scenario.turn}
    for i, rule in enumerate(scenario.all_policies[policy].bind):
        mover = movers.get(rule.phase)
        if not rule.known and mover is not None:
            knowers[bind_secret(policy, i)] = frozenset(index[a] for a in (mover, *(rule.known_to or [])))
    return knowers


def perceive(scenario: Scenario, policy: str) -> Perception:
    """The solves needed under ``policy``, identical ones shared."""
    secrets = secrets_of(scenario, policy)
    actors = range(len(scenario.actors))
    knows = {i: frozenset(name for name, who in secrets.items() if i in who) for i in actors}
    believers = {
        i: i if any(not belief.known for belief in scenario.beliefs.get(name, {}).values()) else -1
        for i, name in enumerate(scenario.actors)
    }
    perception = Perception()
    for i in actors:
        perception.own[i] = _solve(perception, Version(believers[i], knows[i]), knows)
    perception.solves = [
        Solve(solve.version, solve.fixed, frozenset(i for i in actors if perception.own[i] == s))
        for s, solve in enumerate(perception.solves)
    ]
    return perception


def _solve(perception: Perception, version: Version, knows: Mapping[int, frozenset[str]]) -> int:
    """The position of a version's solve; who does not know all its secrets plays the version of those it knows."""
    fixed = tuple(
        (j, _solve(perception, Version(version.believer, version.secrets & known), knows))
        for j, known in knows.items()
        if not version.secrets <= known
    )
    solve = Solve(version, fixed)
    if solve not in perception.solves:
        perception.solves.append(solve)
    return perception.solves.index(solve)
