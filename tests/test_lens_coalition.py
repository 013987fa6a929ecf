"""The coalition lens against brute force on a tree of three players, and published cooperative games."""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
import pytest

from foedus.lenses.coalition.joint_play import Table
from foedus.lenses.coalition.measure import every, margin, sides_by_promise, stability, structures
from foedus.lenses.coalition.values import balance, camps, core_surplus, shapley
from foedus.lenses.registry import lens_section, look
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games
from oracle import Oracle

ABC = ("a", "b", "c")
PARTITIONS = [[], ["ab"], ["ac"], ["bc"], ["abc"]]


def tree(payoff: np.ndarray, precisions: tuple[float, ...], rationality: str = "logit") -> Scenario:
    """Three players move in turn, each seeing the moves before; ``payoff`` [player, 2, 2, 2]."""
    cells = list(product((0, 1), repeat=3))
    value = {
        p: " + ".join(f"({float(payoff[(i, *c)])!r}) * (xa == {c[0]}) * (xb == {c[1]}) * (xc == {c[2]})" for c in cells)
        for i, p in enumerate(ABC)
    }
    return Scenario.model_validate(
        {
            "rationality": rationality,
            "actors": {p: {"precision": k} for p, k in zip(ABC, precisions, strict=True)},
            "state": {f"x{p}": {"levels": ["no", "yes"], "start": "no"} for p in ABC},
            "objectives": {p: {"all": {"value": value[p]}} for p in ABC},
            "turn": [
                {"id": f"m{p}", "decide": p, "actions": {"no": {"base": 2}, "yes": {"then": {f"x{p}": "yes"}}}}
                for p in ABC
            ],
        }
    )


def brute(payoff: np.ndarray, precisions: tuple[float, ...], teams: list[str], perfect: bool) -> np.ndarray:
    """[player] by recursion over the tree: each mover weighs the sum over its team."""
    team = {p: next((t for t in teams if p in t), p) for p in ABC}

    def worth(played: tuple[int, ...]) -> np.ndarray:
        k = len(played)
        if k == 3:
            return payoff[(slice(None), *played)]
        after = [worth((*played, move)) for move in (0, 1)]
        mine = [sum(v[ABC.index(p)] for p in team[ABC[k]]) for v in after]
        if perfect:
            weights = [2.0 * (mine[0] >= mine[1]), 1.0 * (mine[1] >= mine[0])]
        else:
            weights = [2 * math.exp(precisions[k] * mine[0]), math.exp(precisions[k] * mine[1])]
        return (weights[0] * after[0] + weights[1] * after[1]) / sum(weights)

    return worth(())


@pytest.mark.parametrize("perfect", [False, True])
def test_joint_play_is_that_of_brute_force(perfect: bool) -> None:
    payoff = np.random.default_rng(7).normal(size=(3, 2, 2, 2)).round(3)
    precisions = (0.7, 2.0, 1.3)
    scenario = tree(payoff, precisions, "perfect" if perfect else "logit")
    table = Table(Games(scenario, [], {}, observe=False), {"a.precision": np.full(3, precisions[0])}, "status_quo")
    for teams, found in zip(
        PARTITIONS, table.play([[frozenset(t) for t in teams] for teams in PARTITIONS]), strict=True
    ):
        assert found.shape == (3, 3)
        assert found[1] == pytest.approx(brute(payoff, precisions, teams, perfect), abs=1e-12)


def test_where_everybody_is_alone_the_game_is_the_usual_one() -> None:
    made = run(load("patron-chooses-text"), worlds=9, judge=False)
    table = Table(Games(made.scenario, [], {}, observe=False), made.draws, "status_quo")
    assert table.play([[]])[0] == pytest.approx(made.data["value"].sel(policy="status_quo").values, abs=1e-12)


LONGER = """
horizon: {periods: 3, unit: month, beyond: 1}
actors: {a: {precision: 1.4, patience: 0.9}, b: {precision: 0.8, patience: 0.7}, c: {precision: 1.1, ambiguity: 1}}
state:
  tension: {levels: [calm, crisis, war], start: {calm: 0.7, crisis: 0.3}, ends: war}
objectives: {a: {word: 1, calm: {value: -0.3 * tension}}, b: {calm: {value: 0.2 * tension}}, c: {calm: {value: -0.5 * tension}}}
turn:
  - {id: push, decide: b, when: tension == calm, actions: {hold: {base: 2}, push: {pays: {b: 0.4}, then: {tension: crisis}}}}
  - id: meet
    decide: c
    when: tension == crisis
    actions: {wait: {}, fire: {base: 0.5, pays: {c: 0.3}, chance: [{prob: 0.3, then: {tension: war}, pays: {a: -1}}, {prob: rest}]}}
  - {id: help, decide: a, when: tension == crisis, actions: {drop: {pays: {b: -1}, then: {tension: calm}}, fight: {pays: {a: -0.6, c: -0.8}}}}
commitments:
  pledge: {from: a, to: b, attach: help, order: [drop, fight], expected: fight, reneging: {objective: word, cost: 0.5},
           in_force: tension == crisis, trigger: {reads: {low: 0.2, high: 0.9, true: 0.4}}}
policies: {status_quo: {}, bound: {bind: [{phase: meet, do: wait, when: t == 1}]}}
"""


class TeamOracle(Oracle):
    """The second implementation, in which teams choose for their sum and clauses have their true odds for all."""

    team: dict[str, str]

    def _expected(self, game, t, k, state, action):  # type: ignore[no-untyped-def]
        found = super()._expected(game, t, k, state, action)
        return TeamValue(found, self.team, self.rungs[k][1].decide)

    def _clause_value(self, game, t, k, state):  # type: ignore[no-untyped-def]
        name = self.rungs[k][1]
        q = self.clause_odds(name, state, self.env(game), t)[2]
        yes, no = (
            self.value(game, t, k + 1, self.after_reading(name, x, state, self.env(game), t)) for x in (True, False)
        )
        return {actor: q * yes[actor] + (1 - q) * no[actor] for actor in self.s.actors}


class TeamValue(dict):  # type: ignore[type-arg]
    """What an action is worth to each; ``joint`` to the mover's team."""

    def __init__(self, values, team, mover):  # type: ignore[no-untyped-def]
        super().__init__(values)
        self.joint = sum(values[p] for p in team[mover]) if mover else 0.0


@pytest.mark.parametrize("policy", ["status_quo", "bound"])
@pytest.mark.parametrize("teams", PARTITIONS)
def test_a_longer_joint_game_is_that_of_a_second_implementation(teams: list[str], policy: str) -> None:
    scenario = Scenario.from_yaml(LONGER)
    oracle = TeamOracle(scenario, {}, policy)
    oracle.team = {p: next((t for t in teams if p in t), p) for p in ABC}

    def choose(game, t, k, state):  # type: ignore[no-untyped-def]
        phase = oracle.rungs[k][1]
        menu = oracle.menu(phase, state, oracle.env(game), t)
        forced = oracle.bound(phase, game, menu, state, oracle.env(game), t)
        if forced is not None:
            return {a: float(a == forced) for a in menu}
        q = {a: oracle._expected(game, t, k, state, a).joint for a in menu}
        return oracle.respond(menu, q, oracle.env(game)[f"{phase.decide}.precision"])

    oracle._choice = choose  # type: ignore[method-assign]
    table = Table(Games(scenario, [], {}, observe=False), {"a.precision": np.full(2, 1.4)}, policy)
    found = table.play([[frozenset(t) for t in teams]])[0]
    assert found[0] == pytest.approx([oracle.start_value(p) for p in ABC], abs=1e-12)


def game(players: str, worth) -> tuple[list[frozenset[str]], np.ndarray]:  # type: ignore[no-untyped-def]
    teams = every(players)
    return teams, np.array([[worth(team) for team in teams]], float)


def members(teams: list[frozenset[str]], players: str) -> np.ndarray:
    return np.array([[p in team for p in players] for team in teams])


def test_glove_game() -> None:
    """One left glove, two right ones: Shapley value 2/3, 1/6, 1/6, and a core that gives all to the left."""
    teams, worth = game("LRS", lambda team: float("L" in team and len(team) > 1))
    assert shapley(teams, "LRS", worth)[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert core_surplus(members(teams, "LRS"), worth)[0] == pytest.approx(0.0, abs=1e-9)


def test_airport_game() -> None:
    """A runway as long as the largest user needs: each length is shared by those who need it (Littlechild and Owen 1973)."""
    length = {"a": 1.0, "b": 2.0, "c": 4.0}
    teams, worth = game("abc", lambda team: -max(length[p] for p in team))
    assert shapley(teams, "abc", worth)[0] == pytest.approx([-1 / 3, -1 / 3 - 1 / 2, -1 / 3 - 1 / 2 - 2])


def test_majority_game_has_no_core() -> None:
    teams, worth = game("abc", lambda team: float(len(team) >= 2))
    assert core_surplus(members(teams, "abc"), worth)[0] == pytest.approx(-0.5)
    assert shapley(teams, "abc", worth)[0] == pytest.approx([1 / 3] * 3)


def test_balance_of_triads() -> None:
    signs = np.full((4, 3, 3), 0.5)
    signs[1, 0, 1] = signs[1, 1, 0] = -0.5
    signs[2, 0, 1:] = signs[2, 1:, 0] = -1.0
    signs[3] = 0.0
    assert balance(signs)[:3] == pytest.approx([1, 0, 1])
    assert np.isnan(balance(signs)[3])


def test_camps_are_those_that_were_planted() -> None:
    side = np.array([1, 1, -1, -1, 1])
    signs = np.outer(side, side).astype(float)
    signs[0, 2] = signs[2, 0] = 0.2  # a friend across the line is not enough
    assert camps("abcde", signs) == [frozenset("abe"), frozenset("cd")]
    assert camps("abc", np.zeros((3, 3))) == []


def test_who_leaves_joins_and_blocks() -> None:
    teams = every("abc")
    pay = dict.fromkeys(teams, (0.0, 0.0, 0.0))
    pay |= {frozenset("ab"): (2.0, 2.0, 1.0), frozenset("ac"): (3.0, 1.0, -1.0), frozenset("abc"): (2.5, 0.5, 2.0)}
    payoff = np.array([[pay[team] for team in teams]])
    holds, closed, unblocked = (dict(zip(teams, found[0], strict=True)) for found in stability(teams, "abc", payoff))
    assert holds[frozenset("ab")]
    assert not holds[frozenset("ac")]  # c would rather be alone
    assert not holds[frozenset("abc")]  # b would rather leave: 1 against 0.5
    assert not closed[frozenset("ab")]  # c gains by joining: 2 against 1
    assert not closed[frozenset("a")]
    assert closed[frozenset("abc")]
    assert unblocked[frozenset("ab")]
    assert not unblocked[frozenset("ac")]  # c alone gains
    assert unblocked[frozenset("abc")]  # ab would give a less than it has
    assert closed[frozenset("bc")] is not None


def test_ways_to_stand() -> None:
    sides = [frozenset("ab"), frozenset("cde")]
    found = structures("a", sides)
    assert [set(s) for s in found["leave"]] == [{frozenset("b"), frozenset("cde")}]
    assert [set(s) for s in found["join"]] == [{frozenset("b"), frozenset("acde")}]
    assert structures("z", sides)["leave"] == []
    assert [set(s) for s in structures("z", sides)["join"]] == [
        {frozenset("abz"), frozenset("cde")},
        {frozenset("ab"), frozenset("cdez")},
    ]
    assert margin(np.array([[[1.0, 0.5, 2.0], [1.0, np.nan, 0.25], [1.0, np.nan, np.nan]]]))[0, :2].tolist() == [
        -1.0,
        0.75,
    ]


def test_sides_are_tied_by_promises_and_not_by_threats() -> None:
    found = sides_by_promise(load("russia-dprk-pact"))
    assert {frozenset({"usa", "rok", "japan"}), frozenset({"russia", "dprk", "china"})} == set(found)


def test_the_section_says_its_numbers() -> None:
    made = run(load("patron-chooses-text"), worlds=20, judge=False)
    found = look("coalition", made)
    section = lens_section(RunView(made), found)
    stays = margin(found["option"].values)[:, :2] >= -1e-9
    assert f"({100 * stays.all(axis=1).mean():.0f}% of worlds)" in section.sentences[0]
    nonempty = (found["surplus"].values >= -1e-9).mean()
    assert f"{100 * nonempty:.0f}% of worlds" in section.sentences[1]
    assert found["shapley"].values.sum(axis=1) == pytest.approx(found["worth"].values[:, -1])
    assert section.figures
    json.dumps(section_json(section, found), allow_nan=False)


@pytest.mark.parametrize("name", ["tied-hands-sunk-costs", "brinkmanship-cuba", "entrapment-abandonment"])
def test_other_scenarios_have_a_section(name: str) -> None:
    made = run(load(name), worlds=4, judge=False)
    found = look("coalition", made)
    section = lens_section(RunView(made), found)
    assert len(section.sentences) == 2
    json.dumps(section_json(section, found), allow_nan=False)


def test_one_actor_makes_no_coalition() -> None:
    alone = {
        "actors": {"a": {}},
        "state": {"s": {"levels": ["x", "y"], "start": "x"}},
        "turn": [{"id": "m", "decide": "a", "actions": {"stay": {}, "go": {"then": {"s": "y"}}}}],
    }
    made = run(Scenario.model_validate(alone), worlds=2, judge=False)
    section = lens_section(RunView(made), look("coalition", made))
    assert "Fewer than two" in section.sentences[0]
