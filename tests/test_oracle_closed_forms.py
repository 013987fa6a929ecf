"""The oracle itself against numbers known from elsewhere, worked by hand or published."""

from __future__ import annotations

import math
from typing import Any

import pytest

from foedus.scenario.schema import Scenario
from oracle import Oracle, log_likelihood

APPROX = {"rel": 1e-12, "abs": 1e-12}


def scenario(**parts: Any) -> Scenario:
    return Scenario.model_validate(
        {"actors": {"a": {}, "b": {}}, "state": {"s": {"levels": ["lo", "hi"], "start": "lo"}}, **parts}
    )


def logit(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def signorino() -> Scenario:
    """The three-outcome game of Signorino (1999): a keeps quiet or challenges, b gives way or resists."""
    return Scenario.model_validate(
        {
            "actors": {"a": {"precision": 2**-0.5}, "b": {"precision": 2**-0.5}},
            "state": {"out": {"levels": ["quiet", "concede", "resist"], "start": "quiet"}},
            "turn": [
                {
                    "id": "first",
                    "decide": "a",
                    "actions": {"quiet": {"pays": {"a": 0.558652}}, "challenge": {"then": {"out": "concede"}}},
                },
                {
                    "id": "second",
                    "decide": "b",
                    "when": "out == concede",
                    "actions": {
                        "concede": {},
                        "resist": {"pays": {"a": 0.254877, "b": 0.755512}, "then": {"out": "resist"}},
                    },
                },
            ],
        }
    )


def test_published_probabilities_of_the_strategic_probit_game():
    oracle = Oracle(signorino(), {})
    found = [oracle.ask(f"prob(out == {level}, at=0)") for level in ("quiet", "concede", "resist")]
    assert found == pytest.approx([0.569890, 0.158939, 0.271171], abs=1e-6)  # the inputs are published to six digits


def test_single_decision_with_bases_is_the_weighted_logit():
    game = scenario(
        actors={"a": {"precision": 2}, "b": {}},
        turn=[
            {"id": "p", "decide": "a", "actions": {"x": {"base": 3}, "y": {"pays": {"a": 0.7}, "then": {"s": "hi"}}}}
        ],
    )
    p = math.exp(1.4) / (3 + math.exp(1.4))
    oracle = Oracle(game, {})
    assert oracle.ask("prob(eventually(s == hi))") == pytest.approx(p, **APPROX)
    assert oracle.start_value("a") == pytest.approx(0.7 * p, **APPROX)
    assert oracle.ask("most(a, s == hi)") == 1 and oracle.ask("least(a, s == hi)") == 0
    assert Oracle(game, {}, rationality="perfect").ask("rate(p.y)") == 1


def test_perfect_ties_split_by_base():
    game = scenario(
        rationality="perfect",
        turn=[{"id": "p", "decide": "a", "actions": {"x": {"base": 3}, "y": {}, "z": {"base": 0}}}],
    )
    assert [Oracle(game, {}).ask(f"share(p.{a})") for a in "xyz"] == pytest.approx([0.75, 0.25, 0])


def test_rent_over_time_is_a_geometric_sum():
    game = scenario(
        horizon={"periods": 3, "beyond": 2},
        actors={"a": {"patience": 0.9}, "b": {"patience": 0.5}},
        objectives={"a": {"rent": {"weight": 2, "value": 1.5}}, "b": {"last": {"value": 1, "final": True}}},
        turn=[{"id": "p", "chance": [{"prob": 1, "then": {"s": "hi"}}]}],
    )
    oracle = Oracle(game, {})
    assert oracle.start_value("a") == pytest.approx(3 * sum(0.9**t for t in range(5)), **APPROX)
    assert oracle.start_value("b") == pytest.approx(0.5**4, **APPROX)
    assert oracle.ask("expect(a)") == pytest.approx(3 * (1 + 0.9 + 0.81), **APPROX)
    assert oracle.ask("expect(b)") == 0


def test_waiting_time_is_geometric_and_given_shifts_it():
    game = scenario(
        horizon={"periods": 3, "beyond": 0},
        state={"s": {"levels": ["lo", "hi", "top"], "start": "lo", "ends": "top"}},
        turn=[{"id": "n", "chance": [{"prob": 0.3, "then": {"s": "s + 1"}}, {"prob": "rest"}]}],
    )
    oracle = Oracle(game, {})
    assert [oracle.ask(f"first(s == hi, at={t})") for t in range(3)] == pytest.approx([0.3, 0.21, 0.147])
    assert oracle.ask("prob(eventually(s == hi))") == pytest.approx(1 - 0.7**3)
    given = 0.3 * (1 - 0.7**2) + 0.7 * 0.3 * 0.3
    assert oracle.ask("prob(eventually(s == top), given=s == hi)") == pytest.approx(given / (1 - 0.7**3))
    assert oracle.ask("prob(always(s != hi))") == pytest.approx(0.7**3)
    assert math.isnan(oracle.ask("prob(eventually(s == hi), given=s > top)"))
    assert oracle.ask("prob(eventually(s == top), from_=s == hi, during=(0, 1))") == pytest.approx(1 - 0.7**2)


def interval_game(alpha: dict[str, float]) -> Scenario:
    """b threatens with a clause read between 0.2 and 0.9; a provokes or not before it is read."""
    return Scenario.model_validate(
        {
            "actors": {
                "a": {k: v for k, v in {"ambiguity": alpha.get("a"), "precision": 1}.items() if v is not None},
                "b": {"precision": 50},
            },
            "state": {"s": {"levels": ["calm", "hit", "war"], "start": "calm"}},
            "turn": [
                {
                    "id": "provoke",
                    "decide": "a",
                    "actions": {"no": {}, "yes": {"pays": {"a": 1}, "then": {"s": "hit"}}},
                },
                {
                    "id": "answer",
                    "decide": "b",
                    "when": "s == hit",
                    "actions": {"none": {}, "war": {"pays": {"a": -2}, "then": {"s": "war"}}},
                },
            ],
            "commitments": {
                "line": {
                    "from": "b",
                    "to": "a",
                    "attach": "answer",
                    "order": ["none", "war"],
                    "expected": "war",
                    "in_force": "s == hit",
                    "trigger": {"reads": {"low": 0.2, "high": 0.9, "true": 0.5}},
                    "reneging": {"objective": "word", "cost": 10},
                }
            },
        }
    )


@pytest.mark.parametrize("alpha, believed", [(1.0, 0.9), (0.0, 0.2), (0.25, 0.25 * 0.9 + 0.75 * 0.2), (None, 0.5)])
def test_interval_is_valued_by_alpha_maxmin_and_walked_by_true_odds(alpha: float | None, believed: float):
    oracle = Oracle(interval_game({} if alpha is None else {"a": alpha}), {})
    peace = 0.5  # without the clause b is indifferent
    worse = -2 * (believed * 1 + (1 - believed) * peace)
    yes = logit(1 + worse)
    assert oracle.ask("rate(provoke.yes)") == pytest.approx(yes, **APPROX)
    assert oracle.ask("prob(eventually(s == war))") == pytest.approx(yes * (0.5 + 0.5 * peace), **APPROX)


def clause_game(**trigger: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "horizon": {"periods": 2, "beyond": 0},
            "actors": {"a": {}, "b": {}},
            "state": {
                "s": {"levels": ["calm", "crisis", "war"], "start": "calm"},
                "word": {"levels": ["good", "bad"], "start": "good"},
            },
            "turn": [
                {"id": "up", "chance": [{"prob": 1, "then": {"s": "min(s + 1, 1)"}}]},
                {"id": "answer", "decide": "a", "actions": {"none": {}, "some": {}, "full": {}}},
            ],
            "commitments": {
                "pact": {
                    "from": "a",
                    "to": "b",
                    "attach": "answer",
                    "order": ["none", "some", "full"],
                    "expected": "full",
                    "trigger": {"severity": "s", **trigger},
                    "reneging": {"objective": "word", "cost": 0.5},
                    "broken": {"then": {"word": "bad"}},
                }
            },
        }
    )


def test_clause_is_read_once_on_a_rise_and_twice_always():
    q = logit((1 - 0.8) / 0.4)
    once = Oracle(clause_game(threshold=0.8, vagueness=0.4), {})
    assert once.ask("prob(eventually(pact.applies == yes))") == pytest.approx(q, **APPROX)
    always = Oracle(clause_game(threshold=0.8, vagueness=0.4, read="always"), {})
    assert always.ask("prob(eventually(pact.applies == yes))") == pytest.approx(1 - (1 - q) ** 2, **APPROX)


def test_named_level_puts_the_line_half_a_step_below():
    assert Oracle(clause_game(threshold="crisis"), {}).ask("prob(eventually(pact.applies == yes))") == pytest.approx(
        1, **APPROX
    )
    assert Oracle(clause_game(threshold="war"), {}).ask("prob(eventually(pact.applies == yes))") == 0
    vague = Oracle(clause_game(threshold="crisis", vagueness=0.5), {})
    assert vague.ask("prob(eventually(pact.applies == yes))") == pytest.approx(logit(1), **APPROX)


def test_falling_short_costs_by_the_step_and_breaks_the_word():
    oracle = Oracle(clause_game(threshold="crisis"), {})
    weights = [math.exp(-1), math.exp(-0.5), 1]
    assert oracle.ask("prob(word == bad, at=0)") == pytest.approx((weights[0] + weights[1]) / sum(weights), **APPROX)


def test_outsiders_play_without_a_discreet_red_line():
    raw = interval_game({}).model_dump(by_alias=True)
    raw["commitments"]["line"]["known_to"] = ["b"]
    oracle = Oracle(Scenario.model_validate(raw), {})
    yes = logit(1 - 2 * 0.5)
    assert oracle.ask("rate(provoke.yes)") == pytest.approx(yes, **APPROX)
    assert oracle.ask("prob(eventually(s == war))") == pytest.approx(yes * 0.75, **APPROX)


def test_who_knows_a_secret_knows_that_the_other_does_not():
    """b is secretly bound to war; a does not know; b, moving before, expects a to provoke as if b were free."""
    game = Scenario.model_validate(
        {
            "actors": {"a": {}, "b": {}},
            "state": {
                "s": {"levels": ["calm", "hit", "war"], "start": "calm"},
                "armed": {"levels": ["no", "yes"], "start": "no"},
            },
            "turn": [
                {"id": "arm", "decide": "b", "actions": {"no": {}, "yes": {"then": {"armed": "yes"}}}},
                {
                    "id": "provoke",
                    "decide": "a",
                    "actions": {"no": {}, "yes": {"pays": {"a": 1}, "then": {"s": "hit"}}},
                },
                {
                    "id": "answer",
                    "decide": "b",
                    "when": "s == hit",
                    "actions": {"none": {}, "war": {"pays": {"a": -2, "b": "2 * armed - 1"}, "then": {"s": "war"}}},
                },
            ],
            "policies": {"status_quo": {}, "hidden": {"bind": [{"phase": "answer", "do": "war", "known": False}]}},
        }
    )
    oracle = Oracle(game, {}, "hidden")

    def provokes(pay: float) -> float:
        return logit(1 - 2 * logit(pay))

    arms = logit(provokes(1) * 1 - provokes(-1) * -1)
    assert oracle.ask("rate(arm.yes)") == pytest.approx(arms, **APPROX)
    assert oracle.ask("prob(eventually(s == war))") == pytest.approx(
        arms * provokes(1) + (1 - arms) * provokes(-1), **APPROX
    )


def test_hidden_and_open_beliefs_differ_in_who_reckons_with_them():
    """b moves first and gains if a goes ahead; a goes ahead as it judges the odds."""

    def game(known: bool) -> Oracle:
        raw = {
            "actors": {"a": {}, "b": {}},
            "assumptions": {"p": 0.2},
            "state": {"s": {"levels": ["lo", "hi"], "start": "lo"}, "ask": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [
                {"id": "ask", "decide": "b", "actions": {"no": {}, "yes": {"then": {"ask": "yes"}}}},
                {
                    "id": "go",
                    "decide": "a",
                    "when": "ask == yes",
                    "actions": {
                        "no": {},
                        "yes": {
                            "pays": {"b": 1},
                            "chance": [{"prob": "p", "pays": {"a": 3}, "then": {"s": "hi"}}, {"prob": "rest"}],
                        },
                    },
                },
            ],
            "beliefs": {"a": {"p": {"is": "p + 0.4", "known": known}}},
        }
        return Oracle(Scenario.model_validate(raw), {})

    goes, thought = logit(3 * 0.6), logit(3 * 0.2)
    for known, expected in ((True, goes), (False, thought)):
        asks = logit(expected)
        assert game(known).ask("rate(ask.yes)") == pytest.approx(asks, **APPROX)
        assert game(known).ask("prob(eventually(s == hi))") == pytest.approx(asks * goes * 0.2, **APPROX)


def test_policy_sets_over_the_original_assumptions_and_derived_ones_follow():
    game = scenario(
        assumptions={"p": {"uniform": [0, 1]}, "half": "p / 2"},
        turn=[{"id": "n", "chance": [{"prob": "half", "then": {"s": "hi"}}, {"prob": "rest"}]}],
        policies={"status_quo": {}, "less": {"set": {"p": "p - 0.2"}}, "fixed": {"set": {"half": 0.05, "p": "half"}}},
    )
    found = [Oracle(game, {"p": 0.6}, name).ask("prob(s == hi, at=0)") for name in ("status_quo", "less", "fixed")]
    assert found == pytest.approx([0.3, 0.2, 0.05], **APPROX)


def test_likelihood_of_acts_and_states():
    game = scenario(
        turn=[
            {"id": "p", "decide": "a", "actions": {"x": {}, "y": {"then": {"s": "hi"}}}},
            {"id": "q", "decide": "b", "when": "s == hi", "actions": {"x": {}, "y": {}}},
        ],
        observations=[
            {"at": 0, "took": ["p.y"], "error": 0.1},
            {"at": 0, "is": "s == lo", "error": 0.2},
            {"at": 0, "took": "q.x", "error": 0.3},
        ],
    )
    expected = 0.5 * 0.1 * 0.8 * 0.3 + 0.5 * 0.9 * 0.2 * (0.5 * 0.7 + 0.5 * 0.3)
    assert log_likelihood(game, {}) == pytest.approx(math.log(expected), **APPROX)


def test_alignment_of_opposed_and_of_constant_interests():
    game = scenario(
        objectives={"a": {"v": {"value": "s"}}, "b": {"v": {"value": "3 - 2 * s"}}},
        turn=[{"id": "n", "chance": [{"prob": 0.3, "then": {"s": "hi"}}, {"prob": "rest"}]}],
    )
    assert Oracle(game, {}).ask("alignment(a, b)") == pytest.approx(-1)
    assert Oracle(game, {}).ask("alignment(a, a)") == pytest.approx(1)
    flat = scenario(
        objectives={"a": {"v": {"value": "s"}}},
        turn=[{"id": "n", "chance": [{"prob": 0.3, "then": {"s": "hi"}}, {"prob": "rest"}]}],
    )
    assert math.isnan(Oracle(flat, {}).ask("alignment(a, b)"))


def test_new_action_in_place_of_another_leaves_the_third_its_share():
    game = scenario(
        turn=[
            {
                "id": "p",
                "decide": "a",
                "actions": {
                    "stay": {"base": 3},
                    "act": {},
                    "new": {"base": 1, "exists": "enabled", "in_place_of": "stay"},
                },
            }
        ],
        policies={"status_quo": {}, "more": {"enable": ["p.new"]}},
    )
    for policy, shares in (("status_quo", [0.75, 0.25, 0]), ("more", [0.5, 0.25, 0.25])):
        assert [Oracle(game, {}, policy).ask(f"share(p.{a})") for a in ("stay", "act", "new")] == pytest.approx(shares)


def test_entering_pays_once_and_only_on_the_way_in():
    game = scenario(
        horizon={"periods": 3, "beyond": 0},
        turn=[{"id": "n", "chance": [{"prob": 0.3, "then": {"s": "1 - s"}}, {"prob": "rest"}]}],
        enters=[{"s": "hi", "pays": {"a": {"shock": "-1 - s"}}}],
    )
    entries = sum(p.prob * sum(x[0] == "pay" for x in p.items) for p in Oracle(game, {}).paths())
    assert Oracle(game, {}).ask("expect(a)") == pytest.approx(-entries, **APPROX)
    low, expected = 1.0, 0.0
    for _ in range(3):
        expected += low * 0.3
        low = low * 0.7 + (1 - low) * 0.3
    assert entries == pytest.approx(expected, **APPROX)


def test_terminal_value_stands_for_what_comes_after():
    game = scenario(
        horizon={"periods": 2, "beyond": {"a": "2 * s"}},
        actors={"a": {"patience": 0.5}, "b": {}},
        turn=[{"id": "n", "chance": [{"prob": 0.3, "then": {"s": "hi"}}, {"prob": "rest"}]}],
    )
    assert Oracle(game, {}).start_value("a") == pytest.approx(0.25 * 2 * (1 - 0.49), **APPROX)
    assert Oracle(game, {}).ask("expect(a)") == 0
