"""Why moves were made: the likeliest paths of one world, and what each alternative was worth to its mover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.lenses.explain.decisive import decisive
from foedus.lenses.explain.routes import Routes
from foedus.lenses.explain.takes import Take, placed
from foedus.lenses.explain.telling import Telling
from foedus.lenses.explain.told import Explanation
from foedus.runs.settings import WORLDS, whole_number
from foedus.scenario.check import validate
from foedus.scenario.schema import Scenario
from foedus.worlds.blocks import blocks
from foedus.worlds.methods import METHOD, Method
from foedus.worlds.sample import sample, uncertain
from foedus.worlds.simulate import Games, simulate
from foedus.worlds.weights import posterior

MOST_PATHS = 100


def explain(
    scenario: Scenario,
    world: int = 0,
    policy: str | None = None,
    worlds: int = WORLDS,
    seed: int = 0,
    take: Sequence[str] = (),
    paths: int | None = None,
    method: Method = METHOD,
) -> Explanation:
    """A path through the reported periods in one world, and why moves were made on it.

    On the path what is likeliest at every step is done and happens. With ``paths`` the so many likeliest whole paths
    are told instead: those of the highest probabilities of all. ``take`` are moves, ``phase.action`` or
    ``phase.action@period`` (default: the first in which it can be taken), that are asked for: then only paths with them
    count. An alternative's value is what it was worth to the mover in the mover's own version of the game, by its own
    beliefs and attitude to ambiguity, discounted to that period. Decisions in which only one action was available are
    left out. FoedusError for a move that cannot be made.
    """
    validate(scenario)
    if paths is not None and whole_number("paths", paths, 1) > MOST_PATHS:
        raise FoedusError(f"at most {MOST_PATHS} paths can be told, not {paths}.")
    takes = [Take.read(text, scenario) for text in take]
    name = policy or scenario.factual_policy
    drawn = sample(scenario, worlds, seed, method)
    draws = {assumption: draw[world : world + 1] for assumption, draw in drawn.items()}
    games = Games(scenario, (), {}, observe=False)
    (block,) = blocks(games, name, draws)
    routes = Routes(block, placed(block, takes, scenario, name))
    likeliest, telling = routes.likeliest(paths or 1), Telling(scenario, routes)
    told = likeliest if paths else [routes.walk()]
    free = [step for step in telling.decided(told[0]) if not telling.bound(step)]
    return Explanation(
        world=world,
        worlds=worlds,
        seed=seed,
        method=method,
        policy=name,
        weight=_weight(scenario, drawn, world),
        decisive=decisive(games, name, draws, free),
        steps=paths is None,
        best=likeliest[0].probability,
        paths=telling.told(told),
    )


def _weight(scenario: Scenario, drawn: Mapping[str, Floats], world: int) -> float | None:
    """The world's weight among those drawn, after the observations (0 where none of them allows these); None without any."""
    if not scenario.observations or not uncertain(scenario):
        return None
    name = scenario.factual_policy
    heard = simulate(scenario, drawn, [name], games=Games(scenario, (), {}, lean=True)).loglik
    return 0.0 if heard.max() == -np.inf else float(posterior(heard)[world])
