"""Exported game trees, solved by Gambit (a program that shares nothing with this one).

Gambit's agent quantal response equilibrium values an action by what it gives once its
information set is reached. With perfect information every set is one node, so this is
the recursion solved here; only where a set holds several nodes would their probabilities
of being reached enter.
"""

from __future__ import annotations

import io
import itertools
import math
import random
import re
from typing import Any

import numpy as np
import pytest

from engine_adapter import play
from foedus.errors import FoedusError
from foedus.export.efg import to_efg
from foedus.scenario.schema import Scenario
from oracle import Oracle
from strategies import Case, Features, make_case

gambit = pytest.importorskip("pygambit")

PERFECT_INFORMATION = Features(
    beliefs=False, intervals=False, secrets=False, perfect=False, observations=False, terminal=True
)
MOVE = re.compile(r'"([^"]*)"(?: (\d+/\d+))?')


def solved(text: str) -> Any:
    return gambit.qre.logit_solve_lambda(gambit.read_efg(io.StringIO(text)), 1.0)[0].profile


def recursion(text: str) -> tuple[dict[tuple[int, int], list[float]], list[float]]:
    """Choice probabilities by (player, information set), and the players' values, at lambda = 1."""
    lines = iter(text.splitlines()[2:])
    choices: dict[tuple[int, int], list[float]] = {}

    def node() -> np.ndarray:
        line = next(lines)
        if line[0] == "t":
            return np.array([float(x) for x in line[line.index("{") + 1 : line.index("}")].split(",")])
        head, moves = line.split(" { ")[0], MOVE.findall(line.split(" { ")[1])
        numbers = [int(part) for part in head.split('"')[2].split()]
        below = np.array([node() for _ in moves])
        if line[0] == "c":
            odds = np.array([int(p.split("/")[0]) / int(p.split("/")[1]) for _, p in moves])
        else:
            q = below[:, numbers[0] - 1]
            odds = np.exp(q - q.max()) / np.exp(q - q.max()).sum()
            choices[numbers[0], numbers[1]] = odds.tolist()
        return odds @ below

    return choices, node().tolist()


def small_trees(count: int, most: int) -> list[tuple[Case, str, str]]:
    """Cases whose tree is small enough for Gambit's path following, with the policy and the file."""
    found: list[tuple[Case, str, str]] = []
    seed = 0
    while len(found) < count:
        seed += 1
        case = make_case(random.Random(seed), PERFECT_INFORMATION, worlds=1)
        for policy in case.scenario.all_policies:
            try:
                text = to_efg(case.scenario, case.worlds[0], policy, max_nodes=most)
            except FoedusError:
                continue
            if text.count("\np ") > 1:
                found.append((case, policy, text))
    return found


def even(case: Case) -> Scenario:
    """The same game with all bases equal, so that the players are the actors."""
    raw = {**case.raw, "turn": [dict(phase) for phase in case.raw["turn"]]}
    for phase in raw["turn"]:
        if "decide" in phase:
            phase["actions"] = {
                n: {k: v for k, v in a.items() if k not in ("base", "in_place_of")} for n, a in phase["actions"].items()
            }
    return Scenario.model_validate(raw)


def gambit_agrees(text: str) -> None:
    """Gambit's choices are those of the recursion on the file."""
    choices, _ = recursion(text)
    for number, sets in enumerate(solved(text), 1):
        for i, (_, found) in enumerate(sets, 1):
            assert [p for _, p in found] == pytest.approx(choices[number, i], abs=1e-8), (number, i)


def test_actors_as_players_in_random_trees_with_chance():
    """With equal bases and full patience the players are the actors, and their values those of the oracle."""
    for case, policy, _ in small_trees(25, 300):
        scenario = even(case)
        world = {**case.worlds[0], **{f"{actor}.patience": 1.0 for actor in scenario.actors}}
        text = to_efg(scenario, world, policy, max_nodes=2000)
        gambit_agrees(text)
        assert text.splitlines()[0].endswith("{ " + " ".join(f'"{actor}"' for actor in scenario.actors) + " }")
        oracle = Oracle(scenario, world, policy)
        expected = [oracle.start_value(a) * oracle.true[f"{a}.precision"] for a in scenario.actors]
        assert recursion(text)[1] == pytest.approx(expected, rel=1e-9, abs=1e-10)


def test_agents_as_players_where_bases_differ():
    for case, policy, text in small_trees(12, 120):
        gambit_agrees(text)
        assert_path_odds(case, policy, text)
        assert re.match(r'EFG 2 R "[^"]*" { "(ann|bob|cem) 1"', text)


def assert_path_odds(case: Case, policy: str, text: str) -> None:
    """The probability of every way through the tree, from the file and from the oracle."""
    choices, _ = recursion(text)
    lines = iter(text.splitlines()[2:])

    def leaves(prob: float) -> list[float]:
        line = next(lines)
        if line[0] == "t":
            return [prob]
        head, moves = line.split(" { ")[0], MOVE.findall(line.split(" { ")[1])
        numbers = [int(part) for part in head.split('"')[2].split()]
        if line[0] == "c":
            odds = [int(p.split("/")[0]) / int(p.split("/")[1]) for _, p in moves]
        else:
            odds = choices[numbers[0], numbers[1]]
        return [leaf for p in odds for leaf in leaves(prob * p)]

    raw = {**case.raw, "horizon": {**case.raw["horizon"]}}
    if raw["horizon"]["beyond"] == 1:
        raw["horizon"] |= {"periods": case.scenario.horizon.periods + 1, "beyond": 0}
    longer = Scenario.model_validate(raw)
    paths = Oracle(longer, case.worlds[0], policy).paths()
    squares = math.fsum(p.prob**2 for p in paths), math.fsum(p**2 for p in leaves(1.0))
    assert squares[0] == pytest.approx(squares[1], rel=1e-9)


def test_a_published_game_solved_by_gambit():
    turn = [
        {"id": "first", "decide": "a", "actions": {"quiet": {"pays": {"a": 0.558652}}, "go": {"then": {"s": "hit"}}}},
        {
            "id": "second",
            "decide": "b",
            "when": "s == hit",
            "actions": {"give": {}, "resist": {"pays": {"a": 0.254877, "b": 0.755512}}},
        },
    ]
    game = Scenario.model_validate(
        {
            "actors": {"a": {"precision": 2**-0.5}, "b": {"precision": 2**-0.5}},
            "state": {"s": {"levels": ["calm", "hit"], "start": "calm"}},
            "turn": turn,
        }
    )
    (_, first), (_, second) = (move for sets in solved(to_efg(game, {}, "status_quo")) for move in sets)
    found = [first["quiet"], first["go"] * second["give"], first["go"] * second["resist"]]
    assert found == pytest.approx([0.569890, 0.158939, 0.271171], abs=1e-6)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_where_discounting_parts_the_solution_from_agent_qre_on_the_tree(monkeypatch: pytest.MonkeyPatch):
    """The small case of docs/model.md: entering costs 0.4 now, for a choice between 0 and 1 that is worth half as much now.

    With one player an actor, payoffs discounted to the start, Gambit finds the later choice noisier and so entering
    worth less. With a player a decision, as it is exported, it finds the solution here.
    """
    turn = [
        {
            "id": "enter",
            "at": 0,
            "decide": "a",
            "actions": {"no": {}, "yes": {"pays": {"a": -0.4}, "then": {"s": "inside"}}},
        },
        {"id": "take", "at": 1, "when": "s == inside", "decide": "a", "actions": {"no": {}, "yes": {"pays": {"a": 1}}}},
    ]
    game = Scenario.model_validate(
        {
            "horizon": {"periods": 2, "beyond": 0},
            "actors": {"a": {"precision": 2, "patience": 0.5}},
            "state": {"s": {"levels": ["out", "inside"], "start": "out"}},
            "turn": turn,
        }
    )
    world = {"a.precision": 2.0, "a.patience": 0.5}
    here = play(game, [world], ["share(enter.yes)", "share(take.yes)"]).query["status_quo"][:, 0]
    later, on_tree = logistic(2), logistic(1)
    assert here == pytest.approx([logistic(2 * (0.5 * later - 0.4)), later])  # 0.520, 0.881

    def odds(text: str) -> list[float]:
        moves = [dict(moves) for sets in solved(text) for _, moves in sets]
        return [next(p for name, p in zip(each, each.values(), strict=True) if "yes" in str(name)) for each in moves]

    assert odds(to_efg(game, world, "status_quo")) == pytest.approx(here, abs=1e-7)
    monkeypatch.setattr("foedus.export.efg._needs_agents", lambda tree, patience: False)
    assert odds(to_efg(game, world, "status_quo")) == pytest.approx(
        [logistic(2 * (0.5 * on_tree - 0.4)), on_tree], abs=1e-7
    )  # 0.483, 0.731
    patient = world | {"a.patience": 1.0}  # the two are one
    expected = play(game, [patient], ["share(enter.yes)", "share(take.yes)"]).query["status_quo"][:, 0]
    assert odds(to_efg(game, patient, "status_quo")) == pytest.approx(expected, abs=1e-7)


def whole_tree(depth: int, chance: bool) -> Scenario:
    """Every combination of ``depth`` twofold moves is a leaf of its own; with ``chance`` nature makes a third of them."""
    rng, bits = random.Random(depth), [f"b{i}" for i in range(depth)]
    turn: list[dict[str, Any]] = []
    for i, bit in enumerate(bits):
        then = {"then": {bit: "one"}}
        if chance and i % 3 == 1:
            turn.append({"id": f"p{i}", "chance": [{"prob": 0.3, **then}, {"prob": "rest"}]})
        else:
            turn.append({"id": f"p{i}", "decide": "abc"[i % 3], "actions": {"no": {}, "yes": then}})

    def value() -> str:
        pairs = itertools.pairwise(bits)
        terms = [f"{rng.uniform(-1, 1):.3f} * {bit}" for bit in bits]
        return " + ".join(terms + [f"{rng.uniform(-2, 2):.3f} * {a} * {b}" for a, b in pairs])

    return Scenario.model_validate(
        {
            "actors": {actor: {"precision": 0.8 + 0.3 * i} for i, actor in enumerate("abc")},
            "state": {bit: {"levels": ["nought", "one"], "start": "nought"} for bit in bits},
            "objectives": {actor: {"gain": {"value": value()}} for actor in "abc"},
            "turn": turn,
        }
    )


@pytest.mark.parametrize("chance", [False, True])
@pytest.mark.parametrize("depth", [5, 9])
def test_trees_of_up_to_512_leaves(depth: int, chance: bool):
    scenario = whole_tree(depth, chance)
    text = to_efg(scenario, {}, "status_quo", max_nodes=2000)
    assert text.count("\nt ") == 2**depth and (text.count("\nc ") > 0) == chance
    gambit_agrees(text)
    world = {name: float(number.value) for name, number in scenario.all_assumptions.items()}  # type: ignore[arg-type]
    played = play(scenario, [world]).value["status_quo"][0]
    precisions = [world[f"{actor}.precision"] for actor in "abc"]
    assert played * precisions == pytest.approx(recursion(text)[1], abs=1e-8)


def test_what_a_tree_cannot_say_is_refused():
    raw: dict[str, Any] = {
        "horizon": {"periods": 30},
        "actors": {"a": {}},
        "assumptions": {"x": 1},
        "state": {"s": {"levels": ["lo", "hi"], "start": "lo"}},
        "turn": [{"id": "p", "decide": "a", "actions": {"x": {}, "y": {"pays": {"a": "x"}}}}],
    }
    with pytest.raises(FoedusError, match="too large"):
        to_efg(Scenario.model_validate(raw), {}, "status_quo")
    with pytest.raises(FoedusError, match="beliefs"):
        to_efg(Scenario.model_validate({**raw, "beliefs": {"a": {"x": {"is": 2}}}}), {}, "status_quo")
    raw["horizon"] = {"periods": 2, "beyond": 0}
    with pytest.raises(FoedusError, match="what control will cost"):
        to_efg(Scenario.model_validate({**raw, "value": "entropy"}), {}, "status_quo")
    raw["horizon"] = {"periods": 1, "beyond": 0}
    once = [to_efg(Scenario.model_validate({**raw, "value": v}), {}, "status_quo") for v in ("entropy", "payoff")]
    assert once[0] == once[1]
    secret = {"status_quo": {"bind": [{"phase": "p", "do": "x", "known": False}]}}
    with pytest.raises(FoedusError, match="knows"):
        to_efg(Scenario.model_validate({**raw, "policies": secret}), {}, "status_quo")
