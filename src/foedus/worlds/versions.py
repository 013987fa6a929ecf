"""The assumptions as they are, and as each version of the game has them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.perceive import Version, secrets_of
from foedus.game.views import believed, disputed
from foedus.scenario.basics import Num
from foedus.scenario.schema import Scenario
from foedus.worlds.padding import width_of
from foedus.worlds.sample import replace, resolve

T = TypeVar("T")  # a number in every world; with its slopes, where these are asked for
Replace = Callable[[Mapping[str, T], Mapping[str, Num], Collection[str]], dict[str, T]]  # as ``sample.replace``


def environments(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], versions: Sequence[Version | None]
) -> list[dict[str, Floats]]:
    """The assumptions in each version of the game (None: as things are), arrays [worlds]."""
    values = resolve(scenario, draws, scenario.all_policies[policy].set)
    width = width_of(values)
    return in_versions(scenario, policy, values, versions, partial(replace, scenario), lambda x: np.full(width, x))


def in_versions(
    scenario: Scenario,
    policy: str,
    values: Mapping[str, T],
    versions: Sequence[Version | None],
    replace: Replace[T],
    constant: Callable[[float], T],
) -> list[dict[str, T]]:
    """``values`` under a policy as each version of the game has them.

    A belief is an expression over what the policy has set; what is derived from a believed
    assumption follows the belief. Open beliefs are kept beside, for the actor's view of nature.
    """
    held, actors, by_version = set(scenario.all_policies[policy].set), list(scenario.actors), []
    for version in versions:
        believer = None if version is None or version.believer < 0 else actors[version.believer]
        secret = _beliefs(scenario, believer, known=False) if believer else {}
        env = replace(values, secret, held) if believer else dict(values)
        for actor in scenario.beliefs:
            names = disputed(scenario, actor)
            if names:
                # What others say openly is heard in every version, beside what its believer holds in secret. Both are
                # expressions over what the policy has set, not over each other.
                heard = replace(values, secret | _beliefs(scenario, actor, known=True), held)
                env |= {believed(actor, name): heard[name] for name in names}
        # A switch for each secret: it is played as things are, and in the versions of those who know of it.
        for name in secrets_of(scenario, policy):
            env[name] = constant(float(version is None or name in version.secrets))
        by_version.append(env)
    return by_version


def _beliefs(scenario: Scenario, actor: str, known: bool) -> dict[str, Num]:
    return {name: b.is_ for name, b in scenario.beliefs.get(actor, {}).items() if b.known == known}
