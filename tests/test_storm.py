"""The chain of a solved game, given to an independent model checker, has the same probabilities."""

import random

import numpy as np
import pytest

from foedus.errors import FoedusError
from foedus.export.drn import to_drn
from foedus.scenario.load import load
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, simulate
from strategies import make_case

stormpy = pytest.importorskip("stormpy")


def reach(text, names, tmp_path):
    path = tmp_path / "chain.drn"
    path.write_text(text)
    model = stormpy.build_model_from_drn(str(path))
    found = {}
    for name in names:
        if name not in model.labeling.get_labels():
            found[name] = 0.0
            continue
        formula = stormpy.parse_properties(f'P=? [F "{name}"]')[0]
        found[name] = stormpy.model_checking(model, formula).get_value(0)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_random_scenarios(seed, tmp_path):
    scenario, world = (case := make_case(random.Random(seed + 500))).scenario, case.worlds[0]
    policy = scenario.factual_policy
    sampled = {name: value for name, value in world.items() if name in scenario.all_assumptions}
    derived = {name for name, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    given = {name: value for name, value in sampled.items() if name not in derived}
    compare(scenario, given, policy, tmp_path)


def test_labels_that_storm_keeps_are_refused():
    raw = make_case(random.Random(500)).raw
    scenario = Scenario.model_validate({**raw, "outcomes": {"init": f"v0 == {raw['state']['v0']['levels'][-1]}"}})
    with pytest.raises(FoedusError, match="'init'"):
        to_drn(scenario, {}, scenario.factual_policy)


def test_shipped_scenario(tmp_path):
    scenario = load("brinkmanship-cuba")
    draws = {name: float(draw[3]) for name, draw in sample(scenario, 8, 1).items()}
    compare(scenario, draws, scenario.factual_policy, tmp_path)


def compare(scenario, world, policy, tmp_path):
    outcomes = outcomes_of(scenario)
    columns = {name: np.array([value]) for name, value in world.items()}
    engine = (
        simulate(scenario, columns, [policy], games=Games(scenario, (), outcomes, observe=False))
        .results[policy]
        .by[0, -1]
    )
    storm = reach(to_drn(scenario, world, policy), outcomes, tmp_path)
    for o, name in enumerate(outcomes):
        assert storm[name] == pytest.approx(engine[o], abs=1e-10), name
