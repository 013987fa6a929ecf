"""The coalition lens against brute force on a tree of three players, and published cooperative games."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from foedus.lenses.coalition.joint_play import JointPlay
from foedus.lenses.coalition.measure import margin, stability
from foedus.lenses.coalition.sides import SidesFrom, sides_by_promise, sides_of, structures
from foedus.lenses.coalition.values import coalitions_of
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
        mine = scaled([{p: float(v[ABC.index(p)]) for p in team[ABC[k]]} for v in after])
        if perfect:
            weights = [2.0 * (mine[0] >= mine[1]), 1.0 * (mine[1] >= mine[0])]
        else:
            weights = [2 * math.exp(precisions[k] * mine[0]), math.exp(precisions[k] * mine[1])]
        return (weights[0] * after[0] + weights[1] * after[1]) / sum(weights)

    return worth(())


def scaled(worths: Sequence[Mapping[str, float]]) -> list[float]:
    """The joint worth of each action from what it is worth to each member, no further apart than to the one most touched."""
    total = [sum(worth.values()) for worth in worths]
    apart = max(max(w[p] for w in worths) - min(w[p] for w in worths) for p in worths[0])
    width = max(total) - min(total)
    return [value * min(1.0, apart / width) if width > 0 else value for value in total]


TEAM = """
horizon: {periods: 1}
actors: {a: {precision: 1}, b: {precision: 1}, c: {precision: 2}}
state: {x: {levels: [l0, l1], start: l0}}
objectives: {a: {g: {value: x}}, b: {g: {value: x}}, c: {g: 1}}
turn:
  - {id: one, decide: a, actions: {no_: {then: {x: l0}}, yes_: {then: {x: l1}}}}
  - {id: two, decide: b, actions: {keep: {}, alter: {}}}
  - {id: three, decide: c, actions: {rest: {}, gift: {pays: {a: 1}}}}
"""


def test_the_like_minded_gain_nothing_by_acting_together() -> None:
    """With one aim there is nothing to agree on; neither is there with somebody whose moves concern nobody else."""
    play = JointPlay(
        Games(Scenario.from_yaml(TEAM), [], {}, observe=False), {"a.precision": np.full(2, 1.0)}, "status_quo"
    )
    alone, alike, given = play.play([[], [frozenset("ab")], [frozenset("ac")]])
    expected = 1 / (1 + math.exp(-1)) + 0.5  # a's own choice, and a gift by the toss of a coin
    assert alone[0] == pytest.approx([expected, expected - 0.5, 0], abs=1e-12)
    assert alike == pytest.approx(alone, abs=1e-12)
    # c gives with the precision of its own and a's stake in it: 1 / (1 + e^-2).
    assert given[0] == pytest.approx([expected - 0.5 + 1 / (1 + math.exp(-2)), expected - 0.5, 0], abs=1e-12)


def test_there_is_a_gain_where_there_is_something_to_agree_on() -> None:
    """Each may help the other by 2 at a cost of 1. Alone nobody does, to the end of precision; together both do."""
    text = """
horizon: {periods: 1}
actors: {a: {precision: 9}, b: {precision: 9}}
state: {x: {levels: [l0, l1], start: l0}}
objectives: {a: {g: 1}, b: {g: 1}}
turn:
  - {id: one, decide: a, actions: {keep: {}, help: {pays: {a: -1, b: 2}, then: {x: l1}}}}
  - {id: two, decide: b, actions: {keep: {}, help: {pays: {b: -1, a: 2}}}}
"""
    play = JointPlay(
        Games(Scenario.from_yaml(text), [], {}, observe=False), {"a.precision": np.full(2, 9.0)}, "status_quo"
    )
    alone, together = play.play([[], [frozenset("ab")]])
    helps = 1 / (1 + math.exp(9))  # alone; jointly help is worth 2 - 1 = 1 more, which spreads no further than 2
    assert alone[0] == pytest.approx([helps, helps], abs=1e-9)
    assert together[0] == pytest.approx([1 - helps, 1 - helps], abs=1e-9)


@pytest.mark.parametrize("perfect", [False, True])
def test_joint_play_is_that_of_brute_force(perfect: bool) -> None:
    payoff = np.random.default_rng(7).normal(size=(3, 2, 2, 2)).round(3)
    precisions = (0.7, 2.0, 1.3)
    scenario = tree(payoff, precisions, "perfect" if perfect else "logit")
    table = JointPlay(Games(scenario, [], {}, observe=False), {"a.precision": np.full(3, precisions[0])}, "status_quo")
    for teams, found in zip(
        PARTITIONS, table.play([[frozenset(t) for t in teams] for teams in PARTITIONS]), strict=True
    ):
        assert found.shape == (3, 3)
        assert found[1] == pytest.approx(brute(payoff, precisions, teams, perfect), abs=1e-12)


def test_where_everybody_is_alone_the_game_is_the_usual_one() -> None:
    made = run(load("patron-chooses-text"), worlds=9, judge=False)
    table = JointPlay(Games(made.scenario, [], {}, observe=False), made.draws, "status_quo")
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
    """What an action is worth to each; ``each`` of the mover's team."""

    def __init__(self, values, team, mover):  # type: ignore[no-untyped-def]
        super().__init__(values)
        self.each = {p: values[p] for p in team[mover]} if mover else {}


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
        q = dict(zip(menu, scaled([oracle._expected(game, t, k, state, a).each for a in menu]), strict=True))
        return oracle.respond(menu, q, oracle.env(game)[f"{phase.decide}.precision"])

    oracle._choice = choose  # type: ignore[method-assign]
    table = JointPlay(Games(scenario, [], {}, observe=False), {"a.precision": np.full(2, 1.4)}, policy)
    found = table.play([[frozenset(t) for t in teams]])[0]
    assert found[0] == pytest.approx([oracle.start_value(p) for p in ABC], abs=1e-12)


def test_who_leaves_joins_and_blocks() -> None:
    teams = coalitions_of("abc")
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


AXIS = """
actors: {a: {}, b: {}, c: {}, d: {}}
state: {x: {levels: [no, yes], start: no}}
objectives: {a: {word: 1}}
turn:
  - {id: help, decide: a, actions: {stand: {pays: {b: -1}}, aid: {pays: {a: -0.5, c: -0.2}}}}
  - {id: push, decide: b, actions: {hold: {}, push: {pays: {b: 0.5, a: 0.2, c: -1}, then: {x: yes}}}}
  - {id: wait, decide: c, actions: {sit: {}, act: {pays: {c: 0.3, b: -0.4, d: 0.1}}}}
  - {id: trade, decide: d, actions: {keep: {}, open: {pays: {c: 0.2, d: 0.1}}}}
commitments:
  word: {from: a, to: b, KIND, attach: help, order: [stand, aid], expected: aid, applies: 1, reneging: {objective: word, cost: 1}}
"""


@pytest.mark.parametrize(
    ("kind", "allied"),
    [
        ("kind: defence_pact", True),
        ("kind: assurance", True),
        ("kind: threat", False),
        ("kind: red_line", False),
        ("kind: basing_treaty, hostile: false", True),
        ("kind: ultimatum, hostile: true", False),
    ],
)
def test_hostile_commitments_make_no_allies(kind: str, allied: bool) -> None:
    scenario = Scenario.from_yaml(AXIS.replace("KIND", kind))
    expected = ([frozenset("ab")], SidesFrom.PROMISES) if allied else ([], SidesFrom.NONE)
    assert sides_of(scenario) == expected


def test_sides_that_the_scenario_names_come_before_promises() -> None:
    text = AXIS.replace("KIND", "kind: defence_pact") + "sides: {north: [a, c], south: [b, d]}\n"
    made = run(Scenario.from_yaml(text), worlds=3, judge=False)
    found = look("coalition", made)
    assert found["side"].values.tolist() == [0, 1, 0, 1]
    section = lens_section(RunView(made), found)
    assert "Sides as the scenario names them: A and C; B and D." in section.notes[-1]
    play = JointPlay(Games(made.scenario, [], {}, observe=False), made.draws, "status_quo")
    stay, leave = play.play([[frozenset("ac"), frozenset("bd")], [frozenset("bd")]])
    option = found["option"].sel(player="c")
    assert option.sel(choice="stay").values == pytest.approx(stay[:, 2], abs=1e-12)
    assert option.sel(choice="leave").values == pytest.approx(leave[:, 2], abs=1e-12)


def test_without_promises_and_sides_there_is_no_axis_to_ask_about() -> None:
    made = run(Scenario.from_yaml(AXIS.replace("KIND", "kind: threat")), worlds=3, judge=False)
    found = look("coalition", made)
    section = lens_section(RunView(made), found)
    assert "there is no axis to ask about" in section.sentences[0]
    assert (found["side"].values == -1).all() and np.isnan(found["option"].sel(choice="leave").values).all()
    assert [table.caption.split(":")[0] for table in section.tables][-1].startswith("Coalitions against")
    json.dumps(section_json(section, found), allow_nan=False)


def test_values_of_the_axis_by_hand() -> None:
    """What each gets alone is the sum over independent moves; together a and b choose for both."""
    made = run(Scenario.from_yaml(AXIS.replace("KIND", "kind: threat")), worlds=1, judge=False)
    play = JointPlay(Games(made.scenario, [], {}, observe=False), made.draws, "status_quo")
    pays = {  # (what the second action brings less the first) to a, b, c, d, and what the first brings
        "a": ((-0.5, 1.0, -0.2, 0.0), (0.0, -1.0, 0.0, 0.0)),
        "b": ((0.2, 0.5, -1.0, 0.0), (0.0,) * 4),
        "c": ((0.0, -0.4, 0.3, 0.1), (0.0,) * 4),
        "d": ((0.0, 0.0, 0.2, 0.1), (0.0,) * 4),
    }

    def by_hand(team: str) -> np.ndarray:
        total = np.zeros(4)
        for mover, (gain, base) in pays.items():
            mine = team if mover in team else mover
            # breaking the word costs a 1; the sum spreads no further than what one member gets
            each = [gain["abcd".index(p)] + (1.0 if p == mover == "a" else 0.0) for p in mine]
            pull = float(np.clip(sum(each), -max(map(abs, each)), max(map(abs, each))))
            odds = 1 / (1 + math.exp(-pull))
            total += np.array(base) + odds * np.array(gain)
            total[0] -= (1 - odds) if mover == "a" else 0.0
        return total

    for team, found in zip(("", "ab", "abcd"), play.play([[frozenset(t)] for t in ("", "ab", "abcd")]), strict=True):
        assert found[0] == pytest.approx(by_hand(team), abs=1e-12)


def test_the_section_says_its_numbers() -> None:
    made = run(load("patron-chooses-text"), worlds=20, judge=False)
    found = look("coalition", made)
    section = lens_section(RunView(made), found)
    stays = margin(found["option"].values)[:, :2] >= -1e-9
    assert f"in {100 * stays.all(axis=1).mean():.0f}% of worlds (" in section.sentences[0]
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


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_perfectly_rational_all_together_get_the_most_in_all(seed: int) -> None:
    """Who chooses for the sum of all at every node reaches the greatest sum: no way to stand gives more (Bellman 1957)."""
    payoff = np.random.default_rng(seed).normal(size=(3, 2, 2, 2)).round(3)
    scenario = tree(payoff, (1.0, 1.0, 1.0), "perfect")
    play = JointPlay(Games(scenario, [], {}, observe=False), {"a.precision": np.ones(1)}, "status_quo")
    totals = [float(found.sum()) for found in play.play([[frozenset(t) for t in teams] for teams in PARTITIONS])]
    assert totals[-1] == pytest.approx(payoff.sum(axis=0).max()) and totals[-1] >= max(totals) - 1e-9


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6))
def test_sides_are_the_connected_parts_of_the_network_of_promises(ties: list[tuple[int, int]]) -> None:
    names = "abcdef"
    written = {
        f"c{n}": {
            **{
                "from": names[i],
                "to": names[j],
                "attach": f"m{i}",
                "order": ["no", "yes"],
                "expected": "yes",
                "applies": 1,
            },
            "reneging": {"objective": "word", "cost": 1},
        }
        for n, (i, j) in enumerate(ties)
        if i != j
    }
    scenario = Scenario.model_validate(
        {
            "actors": {p: {} for p in names},
            "state": {"x": {"levels": ["l", "h"], "start": "l"}},
            "objectives": {p: {"word": 1} for p in names},
            "turn": [{"id": f"m{i}", "decide": p, "actions": {"no": {}, "yes": {}}} for i, p in enumerate(names)],
            "commitments": written,
        }
    )
    graph = np.zeros((6, 6))
    for i, j in ties:
        graph[i, j] = i != j
    _, parts = connected_components(graph, directed=False)
    expected = {frozenset(names[i] for i in np.flatnonzero(parts == part)) for part in set(parts)}
    assert set(sides_by_promise(scenario)) == {part for part in expected if len(part) > 1}


def test_tables_say_the_shares_of_worlds() -> None:
    made = run(load("patron-chooses-text"), worlds=20, judge=False)
    found = look("coalition", made)
    section = lens_section(RunView(made), found)
    table = section.tables[-1]
    lasting = (found["holds"] & found["unblocked"]).values
    of_two = found["member"].values.sum(axis=1) > 1
    shares = sorted((float(share) for share in lasting.mean(axis=0)[of_two]), reverse=True)
    assert [row[1].value for row in table.rows] == pytest.approx(shares)  # type: ignore[union-attr]
    members = section.tables[0]
    gain = (found["option"].sel(choice="join") - found["option"].sel(choice="stay")).mean("world")
    assert [row[3].value for row in members.rows] == pytest.approx(gain.values.tolist(), nan_ok=True)  # type: ignore[union-attr]
    wedges = section.tables[1]
    staying = (found["wedge"].values >= -1e-9).mean(axis=0)
    for row, shares_of in zip(wedges.rows, staying, strict=True):
        on_a_side = shares_of[found["side"].values >= 0]
        assert [cell.value for cell in row[1:]] == pytest.approx(on_a_side.tolist())  # type: ignore[union-attr]
