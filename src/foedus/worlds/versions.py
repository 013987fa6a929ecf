"""The assumptions as they are, and as each version of the game has them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.perceive import Version, secrets_of
from foedus.game.views import believed, disputed
from foedus.scenario.basics import Num
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import replace, resolve


def environments(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], versions: list[Version | None]
) -> list[dict[str, Floats]]:
    """The assumptions in each version of the game (None: as things are), arrays [worlds].

    A belief is an expression over what the policy has set; what is derived from a believed
    assumption follows the belief. Open beliefs are kept beside, for the actor's view of nature.
    """
    overrides = scenario.all_policies[policy].set
    values = resolve(scenario, draws, overrides)
    actors = list(scenario.actors)
    by_version = []
    for version in versions:
        believer = None if version is None or version.believer < 0 else actors[version.believer]
        env = _held(scenario, values, overrides, believer, known=False) if believer else dict(values)
        for actor in scenario.beliefs:
            names = disputed(scenario, actor)
            if names:
                # What others say openly is heard in every version, beside what its believer holds in secret. Both are
                # expressions over what the policy has set, not over each other.
                base = _beliefs(scenario, believer, known=False) if believer else {}
                both = {**base, **_beliefs(scenario, actor, known=True)}
                held = replace(scenario, values, both, set(overrides))
                env |= {believed(actor, name): held[name] for name in names}
        width = len(next(iter(values.values())))
        # A switch for each secret: it is played as things are, and in the versions of those who know of it.
        for name in secrets_of(scenario, policy):
            env[name] = np.full(width, float(version is None or name in version.secrets))
        by_version.append(env)
    return by_version


def _beliefs(scenario: Scenario, actor: str, known: bool) -> dict[str, Num]:
    return {name: b.is_ for name, b in scenario.beliefs.get(actor, {}).items() if b.known == known}


def _held(
    scenario: Scenario, values: Mapping[str, Floats], overrides: Mapping[str, Num], actor: str, known: bool
) -> dict[str, Floats]:
    return dict(replace(scenario, values, _beliefs(scenario, actor, known), set(overrides)))
