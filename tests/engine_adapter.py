"""What the checks ask of the engine, in one place: names and shapes as the checks want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.scenario.query import Query, parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.worlds.simulate import Games, Options, simulate


@dataclass
class Played:
    """One engine run: ``query[policy]`` [queries, W], ``value[policy]`` [W, actors], ``loglik`` [W]."""

    query: dict[str, Floats]
    value: dict[str, Floats]
    loglik: Floats
    simulation: Any


def parse_queries(scenario: Scenario, texts: Sequence[str]) -> list[Query]:
    scope = query_scope(scenario)
    return [parse_query(text, scope) for text in texts]


def play(
    scenario: Scenario,
    worlds: Sequence[dict[str, float]],
    queries: Sequence[str] = (),
    games: Games | None = None,
    **options: Any,
) -> Played:
    """Runs the engine in worlds that give every assumption's value."""
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    names = [name for name in scenario.all_assumptions if name not in derived]
    columns = {name: np.array([world[name] for world in worlds]) for name in names}
    found = simulate(
        scenario, columns, queries=parse_queries(scenario, queries), games=games, options=Options(**options)
    )
    query = {policy: np.array(answers).reshape(len(queries), len(worlds)) for policy, answers in found.query.items()}
    return Played(query, found.value, found.loglik, found)
