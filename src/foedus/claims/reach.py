"""Which events a game can come to at all, whatever is played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foedus.claims.reading import ParsedReading
from foedus.game.compile import Game
from foedus.scenario.errors import Problem, ScenarioError
from foedus.scenario.query import Query
from foedus.scenario.tree import Tree, text
from foedus.worlds.simulate import Games


def events_met(game: Game) -> set[Tree]:
    """The watched events that hold in some state that the game can be in."""
    starts = [flags for _, _, flags in game.starts.values()]
    flags = np.concatenate([game.arrays.flags, game.arrays.end_flags, *starts])
    met = int(np.bitwise_or.reduce(flags)) if len(flags) else 0
    return {event for e, event in enumerate(game.watch.events) if met >> e & 1}


def refuse_unreachable(readings: Sequence[ParsedReading], games: Games) -> None:
    """ScenarioError when a claim asks about an event that no state satisfies, under any policy. Such a question has one
    answer whatever is assumed; as a rule it is a slip."""
    scenario, problems = games.scenario, []
    unmet = {event for reading in readings for query in reading.queries for event in _events(query)}
    for policy in scenario.all_policies:
        if not unmet:
            return
        unmet -= events_met(games.play(policy)[0].game)
    for reading in readings:
        for event in dict.fromkeys(event for query in reading.queries for event in _events(query) if event in unmet):
            reason = f"no state that the game can come to satisfies {text(event, scenario.scopes)}, under any policy."
            path = ("claims", reading.claim, "readings", reading.name, "holds")
            problems.append(Problem(path, reason, "Ask about what can happen, or add the move that leads there."))
    if problems:
        raise ScenarioError(map(scenario.placed, problems))


def _events(query: Query) -> list[Tree]:
    """The events that a query needs to be possible: what must always hold need not be."""
    asked = [] if query.event is None or query.mode == "always" else [query.event]
    return asked if query.given is None else [*asked, query.given]
