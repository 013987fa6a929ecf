"""The explanation of a world against the oracle: the likeliest path, and what each move is worth by objective."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

import pytest

import foedus
from foedus.lenses.explain.path import explain
from foedus.scenario.schema import Scenario
from oracle import Oracle, Path, settle
from strategies import Features, make_case


def world_of(scenario: Scenario) -> dict[str, float]:
    """World 1 of three, all assumptions."""
    return settle(scenario, {name: float(draw[1]) for name, draw in foedus.sample(scenario, 3).items()}, {})


def choices(oracle: Oracle, path: Path) -> list[tuple[int, int, str, dict[str, float]]]:
    """(period, rung, action, state) of the decisions in a path in which there was more than one thing to do."""
    rung = {what.id: k for k, (kind, what) in enumerate(oracle.rungs) if kind == "phase"}
    found, state = [], dict[str, float]()
    for item in path.items:
        if item[0] == "look":
            state = item[2]
        if item[0] == "act":
            k = rung[item[2]]
            phase = oracle.rungs[k][1]
            if len(oracle.menu(phase, state, oracle.env(oracle.own_game(phase.decide)), item[1])) > 1:
                found.append((item[1], k, item[3], state))
    return found


def compare(scenario: Scenario) -> int:
    """Checks every policy; how many alternatives were compared."""
    if any(problem.severity == "error" for problem in foedus.check(scenario)):
        return 0  # the engine plays more than the language allows
    compared = 0
    for policy in scenario.all_policies:
        oracle = Oracle(scenario, world_of(scenario), policy)
        steps = explain(scenario, world=1, policy=policy, worlds=3)
        best = max(path.prob for path in oracle.paths())
        likeliest = [choices(oracle, path) for path in oracle.paths() if path.prob >= best * (1 - 1e-9)]
        told = [(step.phase, step.action) for step in steps]
        same = [path for path in likeliest if [(oracle.rungs[k][1].id, a) for _, k, a, _ in path] == told]
        assert same, (policy, told)
        if len(same) > 1:
            continue  # nature may have moved differently
        for step, (t, k, action, state) in zip(steps, same[0], strict=True):
            game = oracle.own_game(step.actor)
            played = oracle.choice(game, t, k, state)
            assert step.probability == pytest.approx(played[action], abs=1e-10)
            assert {each.action: each.probability for each in step.alternatives} == pytest.approx(played, abs=1e-10)
            for each in step.alternatives:
                expected = oracle._expected(game, t, k, state, each.action)[step.actor]
                assert each.value == pytest.approx(expected, abs=1e-9), (policy, t, each.action)
                assert each.value == pytest.approx(sum(each.objectives.values()), abs=1e-12)
                compared += 1
    return compared


@pytest.mark.parametrize("features", [Features(), Features(beliefs=False, secrets=False, perfect=False)])
def test_path_and_worth_agree_with_the_oracle(features: Features):
    assert (
        sum(compare(make_case(random.Random(seed), features, queries=1).scenario) for seed in range(7000, 7025)) > 150
    )


def test_the_likeliest_path_may_begin_with_an_unlikely_move():
    """After the likelier first move chance spreads; after the other one all is sure."""
    spread = [{"prob": 0.25, "then": {"x": level}} for level in ("b", "c", "d", "e")]
    raw: dict[str, Any] = {
        "actors": {"a": {}},
        "state": {"x": {"levels": ["a", "b", "c", "d", "e"], "start": "a"}},
        "turn": [{"id": "m", "decide": "a", "actions": {"risk": {"base": 6, "chance": spread}, "stay": {"base": 4}}}],
    }
    (step,) = explain(foedus.load(raw), worlds=1)
    assert (step.phase, step.actor, step.action, step.probability) == ("m", "a", "stay", pytest.approx(0.4))
    assert [each.action for each in step.alternatives] == ["risk", "stay"]


def test_what_counts_is_what_the_mover_reckons_with():
    """A rival that reckons with the worse end of a clause is deterred by it, and is shown to be."""
    raw: dict[str, Any] = {
        "actors": {"rival": {"precision": 20, "ambiguity": 1}, "patron": {"precision": 50}},
        "state": {"x": {"levels": ["calm", "raid"], "start": "calm"}},
        "objectives": {"patron": {"word": 1}},
        "turn": [
            {
                "id": "m",
                "decide": "rival",
                "actions": {"hold": {}, "raid": {"then": {"x": "raid"}, "pays": {"rival": 1}}},
            },
            {
                "id": "r",
                "decide": "patron",
                "when": "x == raid",
                "actions": {"no": {}, "fight": {"pays": {"rival": -3, "patron": -0.5}}},
            },
        ],
        "commitments": {
            "c": {
                "from": "patron",
                "to": "rival",
                "attach": "r",
                "order": ["no", "fight"],
                "expected": "fight",
                "reads": {"low": 0.1, "high": 0.9, "true": 0.2},
                "read": "always",
                "in_force": "x == raid",
                "reneging": {"objective": "word", "cost": 2},
            }
        },
    }
    (step,) = explain(foedus.load(raw), worlds=1)
    worth = {each.action: each.value for each in step.alternatives}
    assert step.action == "hold" and worth["hold"] == 0
    assert worth["raid"] == pytest.approx(1 - 0.9 * 3, abs=1e-6)


CHAIN: dict[str, Any] = {
    "horizon": {"periods": 3},
    "actors": {"a": {"precision": 1.5, "patience": 0.8}, "b": {"precision": 0.7}},
    "state": {"x": {"levels": ["low", "mid", "high"], "start": "low"}},
    "objectives": {"a": {"height": {"value": "x"}, "rest": {}}, "b": {"depth": {"value": "-x"}}},
    "turn": [
        {
            "id": "climb",
            "decide": "a",
            "actions": {"stay": {"base": 3}, "go": {"then": {"x": "min(x + 1, high)"}, "pays": {"a": {"rest": -0.4}}}},
        },
        {
            "id": "check",
            "decide": "b",
            "when": "x >= mid",
            "actions": {"let": {}, "stop": {"base": 0.5, "then": {"x": "low"}, "pays": {"b": -0.2}}},
        },
    ],
}


def test_without_nature_the_odds_of_the_path_are_the_product_of_its_decisions():
    """And no other sequence of decisions is likelier."""
    scenario = foedus.load(CHAIN)
    steps = explain(scenario, worlds=1)
    oracle = Oracle(scenario, settle(scenario, {}, {}))
    paths = {tuple(f"{i[2]}.{i[3]}" for i in path.items if i[0] == "act"): path.prob for path in oracle.paths()}
    odds = math.prod(step.probability for step in steps)
    assert sum(paths.values()) == pytest.approx(1)
    assert odds == pytest.approx(max(paths.values()))
    assert paths[tuple(f"{step.phase}.{step.action}" for step in steps)] == pytest.approx(odds)


@pytest.mark.parametrize("precisions", [(1.5, 0.7), (4.0, 0.1)])
def test_odds_follow_from_worths_by_the_logit(precisions: tuple[float, float]):
    """ln(p_b / p_a) = ln(base_b / base_a) + precision (Q(b) - Q(a)): quantal response with base rates."""
    scenario = foedus.load(CHAIN | {"actors": {"a": {"precision": precisions[0]}, "b": {"precision": precisions[1]}}})
    steps = explain(scenario, worlds=1)
    assert steps
    for step in steps:
        precision = precisions["ab".index(step.actor)]
        written = next(phase for phase in scenario.turn if phase.id == step.phase).actions
        first, second = step.alternatives
        base = math.log(float(written[second.action].base) / float(written[first.action].base))
        odds = math.log(second.probability / first.probability)
        assert odds == pytest.approx(base + precision * (second.value - first.value), abs=1e-9)
        assert first.probability + second.probability == pytest.approx(1)
        for each in step.alternatives:
            assert sum(each.objectives.values()) == pytest.approx(each.value, abs=1e-12)
            assert set(scenario.objectives[step.actor]) <= set(each.objectives)


def test_bound_and_single_choices_are_left_out():
    """What cannot be chosen is no alternative, and a decision without one is not told."""
    raw = copy.deepcopy(CHAIN) | {"policies": {"held": {"bind": [{"phase": "climb", "do": "go"}]}}}
    raw["turn"][1]["actions"]["stop"]["when"] = "x == high"
    steps = explain(foedus.load(raw), worlds=1, policy="held")
    climbs = [step for step in steps if step.phase == "climb"]
    assert {(step.action, step.probability) for step in climbs} == {("go", 1.0)}  # a binding leaves no chance
    first_period = [step for step in steps if step.period == steps[0].period]
    assert [step.phase for step in first_period] == ["climb"]  # from mid the other can only let it be
