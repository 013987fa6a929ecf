"""The engine against the oracle on random scenarios that use the whole language."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from engine_adapter import play
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Behaviour
from oracle import Oracle, log_likelihood, settle
from strategies import Case, Features, make_case

SEEDS = range(120)


def compare(case: Case, **options: float) -> None:
    """All queries, start values and the likelihood, in every world and policy, to 1e-10."""
    behaviour = Behaviour.of(case.scenario, options.get("scale", 1.0))
    played = play(case.scenario, case.worlds, case.queries, behaviour=behaviour)
    for policy in case.scenario.all_policies:
        for w, world in enumerate(case.worlds):
            oracle = Oracle(case.scenario, world, policy, **options)
            for i, text in enumerate(case.queries):
                expected, found = oracle.ask(text), played.query[policy][i, w]
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-10, nan_ok=True), (policy, w, text)
            values = [oracle.start_value(actor) for actor in case.scenario.actors]
            assert played.value[policy][w] == pytest.approx(values, rel=1e-9, abs=1e-10), (policy, w)
    for w, world in enumerate(case.worlds):
        expected = log_likelihood(case.scenario, world, **options)
        assert played.loglik[w] == pytest.approx(expected, rel=1e-9, abs=1e-10), w


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_agrees_with_brute_force(seed: int):
    compare(make_case(random.Random(seed)))


@pytest.mark.parametrize("seed", range(1000, 1020))
def test_engine_agrees_with_precision_scaled(seed: int):
    case = make_case(random.Random(seed), Features(perfect=False))
    compare(case, scale=0.5)
    compare(case, scale=0.0)


def test_who_knows_less_is_modelled_as_knowing_who_knows_still_less():
    """c knows both bindings, b its own, a none: c's model of b must have b reckon with a's ignorance."""
    strike = {"pays": {"a": 1, "b": "2 * near + armed - 1", "c": "armed"}, "then": {"hit": "yes"}}
    switch = {"levels": ["no", "yes"], "start": "no"}
    raw = {
        "actors": {"a": {}, "b": {"precision": 2}, "c": {"precision": 3}},
        "state": {"armed": switch, "near": switch, "hit": switch},
        "turn": [
            {"id": "arm", "decide": "c", "actions": {"no": {}, "yes": {"pays": {"b": 0.5}, "then": {"armed": "yes"}}}},
            {"id": "come", "decide": "b", "actions": {"no": {}, "yes": {"pays": {"c": -1}, "then": {"near": "yes"}}}},
            {"id": "strike", "decide": "a", "actions": {"no": {}, "yes": strike}},
            {"id": "answer", "decide": "b", "actions": {"none": {}, "war": {"pays": {"a": "-3 * hit", "b": -1}}}},
            {"id": "join", "decide": "c", "actions": {"none": {}, "war": {"pays": {"a": "-2 * hit", "c": -1}}}},
        ],
        "policies": {
            "hidden": {
                "bind": [
                    {"phase": "answer", "do": "war", "known": False, "known_to": ["c"]},
                    {"phase": "join", "do": "war", "known": False},
                ]
            }
        },
    }
    scenario = Scenario.model_validate(raw)
    queries = ["rate(arm.yes)", "rate(come.yes)", "rate(strike.yes)", "expect(b)"]
    compare(Case(scenario, [settle(scenario, {}, {})], queries))


def test_a_commitment_in_force_from_a_date_reads_the_crisis_it_finds():
    raw = {
        "horizon": {"periods": 3, "beyond": 0},
        "actors": {"a": {}, "b": {}},
        "state": {"s": {"levels": ["calm", "crisis"], "start": "calm"}},
        "objectives": {"a": {"word": 1}},
        "turn": [
            {"id": "up", "chance": [{"prob": 0.5, "then": {"s": "crisis"}}, {"prob": "rest"}]},
            {"id": "answer", "decide": "a", "actions": {"none": {}, "full": {}}},
        ],
        "commitments": {
            "pact": {
                "from": "a",
                "to": "b",
                "attach": "answer",
                "order": ["none", "full"],
                "expected": "full",
                "in_force": "t >= 1",
                "trigger": {"severity": "s", "threshold": "crisis"},
                "reneging": {"objective": "word", "cost": 0.5},
            }
        },
    }
    scenario = Scenario.model_validate(raw)
    world = settle(scenario, {}, {})
    queries = ["prob(eventually(pact.applies == yes))", "rate(answer.full)", "prob(pact.applies == yes, at=1)"]
    compare(Case(scenario, [world], queries))
    assert Oracle(scenario, world).ask(queries[0]) == pytest.approx(1 - 0.5**3)


@pytest.mark.parametrize("off", ["f", "f if 1 < 2 else 0", "t * 0 + f"])
def test_who_wrongly_believes_in_a_commitment(off: str):
    """b thinks itself bound from the first crisis on; what the clause was, it takes for read (by the world alone)."""
    raw = {
        "horizon": {"periods": 3, "beyond": 1},
        "actors": {"a": {}, "b": {"precision": 2}},
        "assumptions": {"f": 0},
        "state": {"s": {"levels": ["calm", "crisis"], "start": "calm"}, "v": {"levels": ["no", "yes"], "start": "no"}},
        "objectives": {"b": {"word": 1, "ease": {"value": "-s"}}},
        "turn": [
            {"id": "up", "decide": "a", "actions": {"no": {}, "yes": {"then": {"s": "crisis"}, "pays": {"a": 0.3}}}},
            {
                "id": "answer",
                "decide": "b",
                "actions": {"none": {}, "full": {"then": {"v": "yes", "s": "calm"}, "pays": {"b": -0.4}}},
            },
        ],
        "beliefs": {"b": {"f": {"is": 1}}},
        "commitments": {
            "pact": {
                "from": "b",
                "to": "a",
                "attach": "answer",
                "order": ["none", "full"],
                "expected": "full",
                "in_force": off,
                "trigger": {"severity": "s", "threshold": "crisis", "vagueness": 0.4},
                "reneging": {"objective": "word", "cost": 1.5},
            }
        },
    }
    scenario = Scenario.model_validate(raw)
    queries = [
        "rate(answer.full)",
        "rate(answer.full, during=(1, 2))",
        "rate(up.yes)",
        "prob(eventually(pact.applies == yes))",
        "expect(b)",
    ]
    compare(Case(scenario, [settle(scenario, {}, {})], queries))
    assert Oracle(scenario, {}).ask("prob(eventually(pact.applies == yes))") == 0


def test_random_scenarios_use_the_whole_language():
    """The comparison means little unless the scenarios exercise what they claim to."""
    used: set[str] = set()
    for seed in SEEDS:
        scenario = make_case(random.Random(seed)).scenario
        triggers = [c.trigger for c in scenario.commitments.values()]
        used |= {f"on_rise {t.read == 'on_rise'}" for t in triggers if t.severity is not None}
        used |= {"reads" for t in triggers if t.reads} | {"applies" for t in triggers if t.applies is not None}
        used |= {"known_to" for c in scenario.commitments.values() if c.known_to}
        used |= {"kept" for c in scenario.commitments.values() if c.kept} | {"enters" for _ in scenario.enters}
        used |= {f"belief {b.known}" for own in scenario.beliefs.values() for b in own.values()}
        binds = [b for p in scenario.policies.values() for b in p.bind]
        used |= {f"bind {b.known}" for b in binds} | {"at" for p in scenario.turn if p.at}
        used |= {"enable" for p in scenario.policies.values() if p.enable} | {scenario.rationality}
        used |= {"ends" for v in scenario.state.values() if v.ends} | {
            "scratch" for v in scenario.state.values() if v.within
        }
        used |= {"odds" for v in scenario.state.values() if isinstance(v.start, dict)}
        used |= {"took" if o.took else "is" for o in scenario.observations}
        used |= (
            {"terminal"}
            if isinstance(scenario.horizon.beyond, dict)
            else {"beyond" if scenario.beyond else "none beyond"}
        )
        used |= {"final" for own in scenario.objectives.values() for o in own.values() if o.final}
    wanted = {
        "on_rise True",
        "on_rise False",
        "reads",
        "applies",
        "known_to",
        "kept",
        "enters",
        "belief True",
        "belief False",
        "bind True",
        "bind False",
        "at",
        "enable",
        "logit",
        "perfect",
        "ends",
        "scratch",
        "odds",
        "took",
        "is",
        "terminal",
        "beyond",
        "none beyond",
        "final",
    }
    assert wanted <= used


def test_oracle_paths_are_a_distribution():
    for seed in range(20):
        case = make_case(random.Random(seed))
        for policy in case.scenario.all_policies:
            total = math.fsum(path.prob for path in Oracle(case.scenario, case.worlds[0], policy).paths())
            assert total == pytest.approx(1, abs=1e-12)


def test_oracle_forward_and_backward_values_agree_where_they_must():
    plain = Features(beliefs=False, intervals=False, secrets=False, terminal=False)
    for seed in range(40):
        case = make_case(random.Random(seed), plain)
        if case.scenario.beyond:
            continue
        for policy in case.scenario.all_policies:
            oracle = Oracle(case.scenario, case.worlds[0], policy)
            forward = [oracle.ask(f"expect({actor})") for actor in case.scenario.actors]
            assert np.allclose(forward, [oracle.start_value(a) for a in case.scenario.actors], rtol=1e-11, atol=1e-11)
