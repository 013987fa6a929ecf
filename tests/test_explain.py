"""The explanation of a world against the oracle: the likeliest path, and what each move is worth by objective."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

import pytest

import foedus
from foedus.errors import FoedusError
from foedus.lenses.explain.explanation import explain
from foedus.lenses.explain.told import Decision, Event
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
        told = explain(scenario, world=1, policy=policy, worlds=3, paths=1)
        steps, best = told.paths[0].decisions, max(path.prob for path in oracle.paths())
        assert told.paths[0].probability == pytest.approx(best, rel=1e-9) == told.best
        likeliest = [choices(oracle, path) for path in oracle.paths() if path.prob >= best * (1 - 1e-9)]
        moves = [(step.phase, step.action) for step in steps]
        same = [path for path in likeliest if [(oracle.rungs[k][1].id, a) for _, k, a, _ in path] == moves]
        assert same, (policy, moves)
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
    (step,) = explain(foedus.load(raw), worlds=1, paths=1).paths[0].decisions
    assert (step.phase, step.actor, step.action, step.probability) == ("m", "a", "stay", pytest.approx(0.4))
    assert [each.action for each in step.alternatives] == ["risk", "stay"]
    assert [each.path for each in step.alternatives] == pytest.approx([0.6 * 0.25, 0.4])
    walked = explain(foedus.load(raw), worlds=1)
    assert [move.action for move in walked.paths[0].decisions] == ["risk"]  # by itself the likelier move
    assert (walked.paths[0].probability, walked.best) == (pytest.approx(0.15), pytest.approx(0.4))


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
    (step,) = explain(foedus.load(raw), worlds=1).paths[0].decisions
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
    steps = explain(scenario, worlds=1, paths=1).paths[0].decisions
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
    steps = explain(scenario, worlds=1).paths[0].decisions
    assert steps
    for step in steps:
        precision = precisions["ab".index(step.actor)]
        written = next(phase for phase in scenario.turn if phase.id == step.phase).actions
        first, second = step.alternatives
        base = math.log(float(written[second.action].base) / float(written[first.action].base))
        assert math.log(second.base / first.base) == pytest.approx(base) and first.base + second.base == pytest.approx(
            1
        )
        assert step.precision == precision
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
    steps = explain(foedus.load(raw), worlds=1, policy="held").paths[0].decisions
    climbs = [step for step in steps if step.phase == "climb"]
    assert {(step.action, step.probability, step.bound) for step in climbs} == {("go", 1.0, True)}  # no chance is left
    first_period = [step for step in steps if step.period == steps[0].period]
    assert [step.phase for step in first_period] == ["climb"]  # from mid the other can only let it be


def acts(path: Path) -> set[tuple[int, str, str]]:
    """(period, phase, action) of all that is done on a path."""
    return {(item[1], item[2], item[3]) for item in path.items if item[0] == "act"}


@pytest.mark.parametrize("seed", range(7100, 7112))
def test_the_likeliest_paths_are_those_of_full_enumeration(seed: int):
    """The k highest probabilities of all paths, and of all paths with a move that was asked for."""
    scenario = make_case(random.Random(seed), Features(), queries=1).scenario
    if any(problem.severity == "error" for problem in foedus.check(scenario)):
        pytest.skip("the engine plays more than the language allows")
    policy, many = scenario.factual_policy, 12
    every = Oracle(scenario, world_of(scenario), policy).paths()
    ranked = sorted((path.prob for path in every if path.prob > 0), reverse=True)[:many]
    told = explain(scenario, 1, policy, worlds=3, paths=many)
    assert [path.probability for path in told.paths] == pytest.approx(ranked, rel=1e-9)
    for path in told.paths:
        odds = [move.probability for move in path.moves]
        assert math.prod(odds) == pytest.approx(path.probability) or path.start
    t, phase, action = sorted(set().union(*(acts(path) for path in every)))[-1]
    with_it = sorted((path.prob for path in every if (t, phase, action) in acts(path)), reverse=True)
    taken = explain(scenario, 1, policy, worlds=3, take=[f"{phase}.{action}@{t}"], paths=many)
    assert [path.probability for path in taken.paths] == pytest.approx([p for p in with_it if p > 0][:many], rel=1e-9)


def test_equal_chances_do_not_widen_the_search():
    """2^40 paths, all alike: the first few are found at once."""
    raw: dict[str, Any] = {
        "horizon": {"periods": 40, "beyond": 0},
        "actors": {"a": {"precision": 0}},
        "state": {"x": {"levels": ["low", "high"], "start": "low"}},
        "turn": [
            {"id": "m", "decide": "a", "actions": {"up": {"then": {"x": "high"}}, "down": {"then": {"x": "low"}}}}
        ],
    }
    told = explain(foedus.load(raw), worlds=1, paths=5)
    assert [path.probability for path in told.paths] == pytest.approx([2.0**-40] * 5)
    assert len({tuple(move.action for move in path.decisions) for path in told.paths}) == 5


CRISIS: dict[str, Any] = {
    "horizon": {"periods": 4, "unit": "day", "first": "2025-05-06", "beyond": 0},
    "actors": {"a": {"precision": {"uniform": [0.5, 2]}}, "b": {"precision": 0}},
    "assumptions": {"gain": {"uniform": [0, 4]}, "idle": {"uniform": [0, 4]}},
    "state": {"x": {"levels": ["calm", "crisis", "war"], "start": "calm", "ends": "war"}},
    "turn": [
        {
            "id": "strike",
            "decide": "a",
            "when": "x < war",
            "actions": {
                "hold": {"base": 9},
                "camps": {"pays": {"a": "gain"}, "then": {"x": "crisis"}},
                "never": {"when": "x == war"},
            },
        },
        {
            "id": "reply",
            "decide": "b",
            "when": "x == crisis",
            "actions": {"absorb": {"base": 3, "then": {"x": "calm"}}, "shell": {}},
        },
        {
            "id": "spiral",
            "when": "x == crisis",
            "chance": [{"prob": 0.1, "label": "it spreads", "then": {"x": "war"}}, {"prob": "rest"}],
        },
    ],
    "policies": {"status_quo": {}, "restraint": {"bind": [{"phase": "strike", "do": "hold"}]}},
}


def test_a_move_that_is_asked_for_is_made_as_soon_as_it_can_be_and_the_rest_follows():
    scenario = foedus.load(CRISIS)
    told = explain(scenario, worlds=5, take=["reply.shell"])
    first = [move for move in told.paths[0].moves if move.period == "2025-05-06"]
    assert [(move.phase, move.action) for move in first if isinstance(move, Decision)] == [
        ("strike", "camps"),  # far from the likeliest, but nothing else leads there
        ("reply", "shell"),
    ]
    assert [move.asked for move in first if isinstance(move, Decision)] == [False, True]
    assert [(move.happens, move.probability) for move in first if isinstance(move, Event)] == [("nothing changes", 0.9)]
    later = explain(scenario, worlds=5, take=["strike.camps@2025-05-08", "strike.camps"]).paths[0]
    camps = [move.period for move in later.decisions if move.action == "camps" and move.asked]
    assert camps == ["2025-05-06", "2025-05-08"]


@pytest.mark.parametrize(
    ("take", "policy", "fragment"),
    [
        ("strike", None, "Write phase.action, or phase.action@period"),
        ("strik.hold", None, "'strik' is no phase: only what an actor decides can be taken. Did you mean 'strike'?"),
        ("spiral.x", None, "'spiral' is a phase of chance"),
        ("strike.camp", None, "'camp' is not an action of 'strike'. Did you mean 'camps'?"),
        ("strike.camps@2026-01-01", None, "the reported periods are 2025-05-06 to 2025-05-09"),
        ("strike.camps@soon", None, "'strike.camps@soon': "),
        ("strike.camps@7", None, "so '7' is none of them"),
        ("strike.never", None, "it is not on the menu in this world"),
        ("reply.shell", "restraint", "'reply' is never decided in this world under policy 'restraint'"),
        ("strike.camps", "restraint", "policy 'restraint' binds the actor to another action"),
    ],
)
def test_a_move_that_cannot_be_made_is_refused_with_the_reason(take: str, policy: str | None, fragment: str):
    with pytest.raises(FoedusError) as refused:
        explain(foedus.load(CRISIS), policy=policy, worlds=2, take=[take])
    assert fragment in str(refused.value)


def test_the_same_move_twice_in_one_period_is_refused_with_the_others():
    with pytest.raises(FoedusError, match="with the moves asked for before it: it can be in 2025-05-07"):
        explain(foedus.load(CRISIS), worlds=2, take=["strike.camps@2025-05-06", "strike.hold@2025-05-06"])


def test_the_numbers_that_decide_are_those_that_move_the_choices():
    """Only the gain and the precision enter the odds of the one choice that is met; at each end they are a logit."""
    told = explain(foedus.load(CRISIS), world=2, worlds=8)
    assert {each.assumption for each in told.decisive} == {"gain", "a.precision"}
    draws = foedus.sample(foedus.load(CRISIS), 8)
    gain, precision = float(draws["gain"][2]), float(draws["a.precision"][2])
    by_name = {each.assumption: each for each in told.decisive}
    assert by_name["gain"].value == gain and (by_name["gain"].low, by_name["gain"].high) == pytest.approx((0.2, 3.8))
    last = explain(foedus.load(CRISIS | {"horizon": {"periods": 1, "beyond": 0}}), world=2, worlds=8)
    (number,) = [each for each in last.decisive if each.assumption == "gain"]
    for end, odds in ((number.low, number.at_low), (number.high, number.at_high)):
        held = 9 / (9 + math.exp(precision * end))
        assert odds == pytest.approx({"hold": held, "camps": 1 - held}[number.action], abs=1e-9)


def test_the_weight_of_a_world_is_its_posterior_weight():
    raw = CRISIS | {"observations": [{"at": "2025-05-06", "took": "strike.camps"}]}
    scenario = foedus.load(raw)
    run = foedus.run(scenario, worlds=16, judge=False)
    told = [explain(scenario, world, worlds=16).weight for world in range(0, 16, 5)]
    assert told == pytest.approx(run.weights[::5].tolist(), rel=1e-9)
    assert explain(foedus.load(CRISIS), worlds=4).weight is None
