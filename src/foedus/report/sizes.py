"""How large a scenario's game is."""

from __future__ import annotations

from foedus.claims.reach import refuse_unreachable
from foedus.claims.reading import read_claims
from foedus.runs.result import GameSize
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.contradiction import refuse_contradiction
from foedus.worlds.sample import NEST, sample
from foedus.worlds.simulate import Games, Options, simulate


def sizes(scenario: Scenario) -> GameSize:
    """The size of the largest game among the policies, a period.

    Raises FoedusError where a game cannot be built, or where no world can produce what was observed, naming what is to blame.
    """
    readings = read_claims(scenario)
    queries = [query for reading in readings for query in reading.queries]
    games = Games(scenario, queries, outcomes_of(scenario))
    largest = max((games.play(policy)[0].game for policy in scenario.all_policies), key=lambda game: game.branches)
    refuse_unreachable(readings, games)
    simulate(
        scenario, sample(scenario, NEST), list(scenario.all_policies)[:1], observe=False, options=Options(threads=1)
    )
    refuse_contradiction(scenario)
    return GameSize.of(largest)
