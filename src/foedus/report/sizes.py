"""How large a scenario's game is."""

from __future__ import annotations

from typing import Any

from foedus.scenario.schema import Scenario


def sizes(scenario: Scenario) -> dict[str, Any]:
    """States, nodes, branches, coefficients and bytes a world of the largest game among the policies.

    Raises FoedusError where a game cannot be built, naming what is to blame.
    """
    from foedus.claims.reach import refuse_unreachable
    from foedus.claims.reading import read_claims
    from foedus.scenario.outcomes import outcomes_of
    from foedus.worlds.sample import sample
    from foedus.worlds.simulate import Games, simulate

    readings = read_claims(scenario)
    queries = [query for reading in readings for query in reading.queries]
    games = Games(scenario, queries, outcomes_of(scenario))
    largest = max((games.play(policy)[0].game for policy in scenario.all_policies), key=lambda game: game.branches)
    refuse_unreachable(readings, games)
    simulate(scenario, sample(scenario, 8), list(scenario.all_policies)[:1], observe=False, threads=1)
    return {
        "states_start": largest.start_states,
        "nodes": largest.nodes,
        "branches": largest.branches,
        "actions": largest.actions,
        "coefficients": len(largest.program.trees),
        "bytes_per_world": largest.bytes_per_world,
    }
