"""What must always be true of the engine, on random scenarios (docs/model.md, "What must always be true")."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine_adapter import play
from foedus.scenario.schema import Scenario
from strategies import Case, Features, cases

CHECKS = settings(max_examples=30, derandomize=True, suppress_health_check=list(HealthCheck))
PLAIN = Features(beliefs=False, intervals=False, secrets=False, terminal=False)


def same(a: Any, b: Any, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance, equal_nan=True)


def changed(raw: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(raw)


def acts(case: Case) -> list[str]:
    """A rate for every action."""
    return [f"rate({p.id}.{a})" for p in case.scenario.turn if p.decide for a in p.actions]


def states(case: Case) -> list[str]:
    """The probability of every level at every period's end."""
    variables = case.scenario.state.items()
    return [
        f"prob({n} == {level}, at={t})"
        for n, v in variables
        for level in v.levels
        for t in range(case.scenario.horizon.periods)
    ]


@CHECKS
@given(cases())
def test_probabilities_sum_to_one(case: Case):
    found = play(case.scenario, case.worlds, states(case)).query
    for answers in found.values():
        at = iter(answers)
        for variable in case.scenario.state.values():
            block = np.array([[next(at) for _ in range(case.scenario.horizon.periods)] for _ in variable.levels])
            same(block.sum(axis=0), np.ones(block.shape[1:]), 1e-12)
            assert (block >= 0).all()


@CHECKS
@given(cases())
def test_first_times_add_up_and_always_is_the_complement(case: Case):
    name, variable = next(iter(case.scenario.state.items()))
    event = f"{name} == {variable.levels[-1]}"
    firsts = [f"first({event}, at={t})" for t in range(case.scenario.horizon.periods)]
    texts = [f"prob(eventually({event}))", f"prob(always(not ({event})))", *firsts]
    for answers in play(case.scenario, case.worlds, texts).query.values():
        same(answers[0], 1 - answers[1], 1e-12)
        same(answers[2:].sum(axis=0), answers[0], 1e-12)


@CHECKS
@given(cases())
def test_own_play_reaches_between_least_and_most(case: Case):
    name, variable = next(iter(case.scenario.state.items()))
    event = f"{name} == {variable.levels[0]}"
    for actor in case.scenario.actors:
        texts = [f"least({actor}, {event})", f"prob(eventually({event}))", f"most({actor}, {event})"]
        for least, chance, most in play(case.scenario, case.worlds, texts).query.values():
            assert (least <= chance + 1e-12).all() and (chance <= most + 1e-12).all()


@CHECKS
@given(cases(worlds=21, queries=6), st.permutations(range(21)), st.integers(1, 3))
def test_same_bits_in_any_order_blocks_and_threads(case: Case, order: list[int], threads: int):
    whole = play(case.scenario, case.worlds, case.queries, threads=2)
    mixed = play(case.scenario, [case.worlds[i] for i in order], case.queries, threads=threads)
    alone = play(case.scenario, case.worlds[:1], case.queries, threads=1)
    for policy in case.scenario.all_policies:
        assert whole.query[policy][:, order].tobytes() == mixed.query[policy].tobytes()
        assert whole.value[policy][order].tobytes() == mixed.value[policy].tobytes()
        assert whole.query[policy][:, :1].tobytes() == alone.query[policy].tobytes()
    assert whole.loglik[order].tobytes() == mixed.loglik.tobytes()


@CHECKS
@given(cases(worlds=21, queries=4))
def test_same_bits_for_any_chunk(case: Case):
    import foedus.worlds.simulate as module

    whole = play(case.scenario, case.worlds, case.queries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", 8)
        parts = play(case.scenario, case.worlds, case.queries)
    for policy in case.scenario.all_policies:
        assert whole.query[policy].tobytes() == parts.query[policy].tobytes()
        assert whole.value[policy].tobytes() == parts.value[policy].tobytes()


@CHECKS
@given(cases(PLAIN))
def test_forward_value_is_backward_value(case: Case):
    raw = copy.deepcopy(case.raw)
    raw["horizon"]["beyond"] = 0
    scenario = changed(raw)
    found = play(scenario, case.worlds, [f"expect({actor})" for actor in scenario.actors])
    for policy in scenario.all_policies:
        same(found.query[policy].T, found.value[policy])


@CHECKS
@given(cases(), st.floats(-3, 3))
def test_a_constant_a_period_changes_no_policy(case: Case, constant: float):
    raw = copy.deepcopy(case.raw)
    gain = raw["objectives"]["ann"]["gain"]
    gain["value"] = f"({gain['value']}) + {constant:.6f}"
    texts = [*acts(case), *states(case)]
    before, after = play(case.scenario, case.worlds, texts), play(changed(raw), case.worlds, texts)
    for policy in case.scenario.all_policies:
        same(before.query[policy], after.query[policy])


@CHECKS
@given(cases(), st.floats(0.1, 10))
def test_units_of_payoff_do_not_matter(case: Case, factor: float):
    """All of ann's payoffs times c and its precision, true and believed, over c."""
    raw = copy.deepcopy(case.raw)
    c = f"{factor:.6f}"
    own = raw["objectives"]["ann"]
    for name in ("gain", "word", "end", "payoff"):
        if name in own or name != "end":
            written = own.get(name, {})
            written = written if isinstance(written, dict) else {"weight": written}
            own[name] = {**written, "weight": f"({written.get('weight', 1)}) * {c}"}
    if isinstance(raw["horizon"]["beyond"], dict) and "ann" in raw["horizon"]["beyond"]:
        raw["horizon"]["beyond"]["ann"] = f"({raw['horizon']['beyond']['ann']}) * {c}"
    worlds = [{**world, "ann.precision": world["ann.precision"] / float(c)} for world in case.worlds]
    texts = [*acts(case), *states(case)]
    before, after = play(case.scenario, case.worlds, texts), play(changed(raw), worlds, texts)
    for policy in case.scenario.all_policies:
        same(before.query[policy], after.query[policy], 1e-9)
        same(before.value[policy][:, 0] * float(c), after.value[policy][:, 0], 1e-9)


@CHECKS
@given(cases(Features(commitments=False, observations=False)))
def test_copies_that_share_a_base_change_nothing(case: Case):
    raw = copy.deepcopy(case.raw)
    phase = next(phase for phase in raw["turn"] if "decide" in phase)
    action = phase["actions"]["act"]
    action["base"] = f"({action.get('base', 1)}) / 3"
    phase["actions"] |= {"copy": copy.deepcopy(action), "again": copy.deepcopy(action)}
    texts = [*states(case), *[q for q in case.queries if f"{phase['id']}.act" not in q]]
    before, after = play(case.scenario, case.worlds, texts), play(changed(raw), case.worlds, texts)
    for policy in case.scenario.all_policies:
        same(before.query[policy], after.query[policy])
        same(before.value[policy], after.value[policy])


@CHECKS
@given(cases(), st.sampled_from([0, "f0"]))
def test_a_commitment_not_in_force_is_no_commitment(case: Case, off: Any):
    assume(case.raw["commitments"])
    raw, without = copy.deepcopy(case.raw), copy.deepcopy(case.raw)
    without["commitments"] = {}
    for commitment in raw["commitments"].values():
        commitment["in_force"] = off
    for phase in without["turn"]:
        if "applies" in str(phase.get("when")):  # it never does
            phase["when"] = int(phase["when"].endswith("== no"))
    for made in (raw, without):
        for beliefs in made.get("beliefs", {}).values():
            beliefs.pop("f0", None)
        for policy in made["policies"].values():
            policy.get("set", {}).pop("f0", None)
    worlds = [{**world, "f0": 0.0} for world in case.worlds]
    texts = [*acts(case), *states(case), *[q for q in case.queries if "applies" not in q]]
    with_it, without_it = play(changed(raw), worlds, texts), play(changed(without), worlds, texts)
    for policy in case.scenario.all_policies:
        same(with_it.query[policy], without_it.query[policy], 1e-12)
        same(with_it.value[policy], without_it.value[policy], 1e-12)


@CHECKS
@given(cases())
def test_only_the_clause_probability_matters(case: Case):
    """A threshold with its vagueness, and the probability they imply, written as such."""
    raw = copy.deepcopy(case.raw)
    found = False
    for name, commitment in case.scenario.commitments.items():
        trigger = commitment.trigger
        levels = {level for variable in case.scenario.state.values() for level in variable.levels}
        if trigger.threshold is None or trigger.threshold in levels or trigger.vagueness in (0, 0.0):
            continue
        found = True
        gap = f"(({trigger.severity}) - ({trigger.threshold}))"
        odds = f"1 / (1 + exp(-{gap} / ({trigger.vagueness})))"
        raw["commitments"][name]["trigger"] = {"severity": trigger.severity, "read": trigger.read, "applies": odds}
    assume(found)
    texts = [*acts(case), *states(case), *case.queries]
    before, after = play(case.scenario, case.worlds, texts), play(changed(raw), case.worlds, texts)
    for policy in case.scenario.all_policies:
        same(before.query[policy], after.query[policy], 1e-11)
        same(before.value[policy], after.value[policy], 1e-11)


@pytest.mark.parametrize("stretch", [0.5, 2.0, 10.0])
def test_two_clauses_with_other_numbers_and_equal_odds_play_identically(stretch: float):
    def game(threshold: float, vagueness: float) -> Scenario:
        return Scenario.model_validate(
            {
                "horizon": {"periods": 3, "beyond": 0},
                "actors": {"a": {}, "b": {"precision": 2}},
                "objectives": {"b": {"word": 1}},
                "assumptions": {"line": threshold, "vague": vagueness},
                "state": {
                    "s": {"levels": ["calm", "crisis"], "start": "calm"},
                    "war": {"levels": ["no", "yes"], "start": "no", "ends": "yes"},
                },
                "turn": [
                    {
                        "id": "provoke",
                        "decide": "a",
                        "actions": {"no": {}, "yes": {"pays": {"a": 0.4}, "then": {"s": "crisis"}}},
                    },
                    {
                        "id": "answer",
                        "decide": "b",
                        "when": "s == crisis",
                        "actions": {
                            "none": {"then": {"s": "calm"}},
                            "fight": {"pays": {"a": -2, "b": -1}, "then": {"war": "yes"}},
                        },
                    },
                ],
                "commitments": {
                    "pact": {
                        "from": "b",
                        "to": "a",
                        "attach": "answer",
                        "order": ["none", "fight"],
                        "expected": "fight",
                        "trigger": {"severity": "s", "threshold": "line", "vagueness": "vague"},
                        "reneging": {"objective": "word", "cost": 1.2},
                    }
                },
            }
        )

    first, second = game(0.4, 0.3), game(1 - 0.6 * stretch, 0.3 * stretch)
    texts = ["prob(eventually(war == yes))", "rate(provoke.yes)", "expect(a)", "expect(b)"]
    worlds = [[{name: float(a.value) for name, a in s.all_assumptions.items()}] for s in (first, second)]  # type: ignore[arg-type]
    found = [play(s, w, texts) for s, w in zip((first, second), worlds, strict=True)]
    same(found[0].query["status_quo"], found[1].query["status_quo"], 1e-13)
    assert 0 < found[0].query["status_quo"][0, 0] < 1
