"""Escalation against Markov chain formulas, against every path of small games, and as a section."""

from __future__ import annotations

import copy
import json
import random
from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr

from foedus.lenses.escalation.ladder import ladder_of, rungs
from foedus.lenses.escalation.measure import NO_LADDER
from foedus.lenses.escalation.measure import look as look_at
from foedus.lenses.escalation.no_return import LIMITS
from foedus.lenses.labels import labels_along
from foedus.lenses.moves import Move
from foedus.lenses.registry import lens_section, look
from foedus.present.plain import section_json, strict
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.check import check
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree
from foedus.worlds.sample import sample
from oracle import Oracle, Path, State, settle
from strategies import Features, make_case

# --- every path of small games --------------------------------------------------------------------


def climbs(path: Path, variable: str) -> list[tuple[str, int, int]]:
    """The moves between levels on a path; nature's phases are not told apart."""
    moves, by, level = [], "nature", None
    for item in path.items:
        if item[0] == "act":
            by = f"{item[2]}.{item[3]}"
        elif item[0] == "look":
            now = int(item[2][variable])
            if level is not None and now != level:
                moves.append((by, level, now))
            by, level = "nature", now
    return moves


def route(path: Path, variable: str, target: int) -> tuple[tuple[str, int, int], ...] | None:
    """The moves since the lowest level was last left, up to the first time at the target; None where never there."""
    levels = [int(item[2][variable]) for item in path.items if item[0] == "look"]
    if max(levels) < target or levels[0] >= target:
        return None
    moves = climbs(path, variable)
    upto = next((i for i, move in enumerate(moves) if move[2] >= target), -1) + 1
    since = max((i for i in range(upto) if moves[i][1] == 0), default=0)
    return tuple(moves[since:upto])


class Best(Oracle):
    """The lowest risk that a set of actors can bring about, from every state, and who passes no return."""

    def __init__(self, scenario: Scenario, world: Any, policy: str, variable: str, target: int, members: set[str]):
        super().__init__(scenario, world, policy)
        self.variable, self.target, self.members = variable, target, members
        self.event_tree: Tree = rungs(scenario, variable)[target - 1]
        self.memo: dict[Any, float] = {}

    def there(self, state: State) -> bool:
        return self.event(self.event_tree, state)

    def worth(self, t: int, k: int, state: State) -> float:
        key = (t, k, tuple(state.values()))
        if key not in self.memo:
            options = self.options(t, k, state)
            free = k < len(self.rungs) and getattr(self.rungs[k][1], "decide", None) in self.members
            values = [
                (p, sum(q * (1.0 if self.there(s) else self.worth(*node, s)) for q, node, s in to)) for p, to in options
            ]
            self.memo[key] = min(v for _, v in values) if free and len(options) > 1 else sum(p * v for p, v in values)
        return self.memo[key]

    def options(self, t: int, k: int, state: State) -> list[tuple[float, list[tuple[float, tuple[int, int], State]]]]:
        """(how often it is chosen, where it leads) of everything that can be done from here; unavailable acts left out."""
        env = self.true
        if k == len(self.rungs) or self.ended(state):
            if t + 1 >= self.periods:
                return []
            return [(1.0, [(1.0, (t + 1, 0), self.next_start(state, env, t))])]
        kind, what = self.rungs[k]
        on = (t, k + 1)
        if kind == "clause":
            if not self.is_read(None, what, state, env, t):
                return [(1.0, [(1.0, on, state)])]
            q = self.clause_odds(what, state, env, t)[2]
            return [
                (1.0, [(p, on, self.after_reading(what, yes, state, env, t)) for yes, p in ((True, q), (False, 1 - q))])
            ]
        if not self.active(what, state, env, t):
            return [(1.0, [(1.0, on, state)])]
        choice = {None: 1.0} if what.decide is None else self.played(t, k, state)
        if what.decide is not None:
            choice = dict.fromkeys(self.menu(what, state, env, t), 0.0) | choice
        return [(p, [(q, on, s) for q, _, s in self.outcomes(what, a, state, env, t)]) for a, p in choice.items()]

    def first(self, limit: float) -> dict[int, float]:
        """By level: the probability that a path's first state of no return is there, short of the target."""
        found: dict[int, float] = defaultdict(float)

        def walk(p: float, t: int, k: int, state: State) -> None:
            if p == 0 or self.there(state):
                return
            if self.worth(t, k, state) >= limit:
                found[int(state[self.variable])] += p
                return
            for chosen, to in self.options(t, k, state):
                for q, node, s in to:
                    walk(p * chosen * q, *node, s)

        for p, state in self.starts(self.true):
            walk(p, 0, 0, state)
        return found


def named(found: xr.Dataset, values: Any) -> dict[tuple[str, int, int], float]:
    """Engine moves with nature's phases not told apart."""
    total: dict[tuple[str, int, int], float] = defaultdict(float)
    for by, a, b, value in zip(found["move_by"].values, found["move_from"].values, found["move_to"].values, values):
        total[(str(by) if "." in str(by) else "nature", int(a), int(b))] += float(value)
    return total


def compare(scenario: Scenario, policy: str) -> int:
    """Everything that the lens computes, in one world, against a list of all paths; how many routes there are."""
    made = run(scenario, worlds=1, judge=False)
    found = look("escalation", made, policy).isel(world=0)
    variable = ladder_of(scenario)
    assert variable == found.attrs["variable"] and variable is not None
    world = settle(scenario, {name: float(draw[0]) for name, draw in made.draws.items()}, {})
    oracle, top = Oracle(scenario, world, policy), len(scenario.state[variable].levels) - 1
    paths = oracle.paths()
    ends = np.zeros(top + 1)
    ever = np.zeros(top + 1)
    moves: dict[Any, float] = defaultdict(float)
    up: dict[Any, float] = defaultdict(float)
    for path in paths:
        levels = [int(item[2][variable]) for item in path.items if item[0] == "look"]
        ever[: max(levels) + 1] += path.prob
        for item in path.items:
            if item[0] == "end":
                ends[int(item[2][variable])] += path.prob
        every = climbs(path, variable)
        upto = next((i for i, move in enumerate(every) if move[2] >= top), -1) + 1
        for i, move in enumerate(every):
            moves[move] += path.prob
            up[move] += path.prob * (max(levels) == top and levels[0] < top and i < upto)
    np.testing.assert_allclose(found["ever"], ever, atol=1e-10)
    np.testing.assert_allclose(found["periods_at"], ends, atol=1e-10)
    engine = named(found, found["moves"].values)
    assert all(engine[move] == pytest.approx(p, abs=1e-10) for move, p in moves.items())
    if ever[top] > 1e-9:
        engine = named(found, found["moves_up"].values)
        assert all(engine[move] == pytest.approx(p / ever[top], abs=1e-8) for move, p in up.items())
    no_return(found, scenario, world, policy, variable)
    return routes_agree(found, paths, variable)


def no_return(found: xr.Dataset, scenario: Scenario, world: Any, policy: str, variable: str) -> None:
    """Lowest risks and points of no return of every set."""
    levels = scenario.state[variable].levels
    for target in found["target"].values:
        for chosen in found["set"].values:
            best = Best(scenario, world, policy, variable, levels.index(str(target)), set(str(chosen).split("+")))
            here = found.sel(target=target, set=chosen)
            least = sum(p * (best.there(s) or best.worth(0, 0, s)) for p, s in best.starts(best.true))
            assert float(here["least"]) == pytest.approx(least, abs=1e-10)
            for limit in LIMITS:
                first = best.first(limit)
                expected = [first[k] for k in range(len(levels))]
                np.testing.assert_allclose(here["first_at"].sel(limit=limit), expected, atol=1e-9)
                assert float(here["passed"].sel(limit=limit)) == pytest.approx(sum(expected), abs=1e-9)
                assert float(here["first_next"].sel(limit=limit).sum()) == pytest.approx(sum(expected), abs=1e-9)


def routes_agree(found: xr.Dataset, paths: list[Path], variable: str) -> int:
    """The likeliest routes are the first of all routes (nature's phases not told apart only where there is one)."""
    target = list(found["level"].values).index(found.attrs["route_target"])
    every: dict[Any, float] = defaultdict(float)
    for path in paths:
        moves = route(path, variable, target)
        if moves:
            every[moves] += path.prob
    ranked = sorted(every.values(), reverse=True)
    engine = found["route"].values
    assert found.attrs["routes_sure"] and len(engine) == min(6, len(ranked))
    np.testing.assert_allclose(engine, ranked[: len(engine)], atol=1e-10)
    for i, chance in enumerate(engine):
        steps = zip(found["route_by"].values[i], found["route_from"].values[i], found["route_to"].values[i])
        moves = tuple((str(by) if "." in str(by) else "nature", int(a), int(b)) for by, a, b in steps if by)
        assert every[moves] == pytest.approx(chance, abs=1e-10)
        assert all(one[2] == two[1] for one, two in pairwise(moves))
    return len(ranked)


CLIMB = {
    "title": "A climb",
    "horizon": {"periods": 3, "beyond": 1},
    "actors": {"ann": {"precision": 2}, "bob": {"precision": 1}, "cem": {}},
    "assumptions": {"q": {"uniform": [0.2, 0.6]}},
    "state": {"tension": {"levels": ["calm", "crisis", "war", "general"], "start": "calm", "ends": "general"}},
    "objectives": {"bob": {"peace": {"value": "-tension"}}, "ann": {"gain": {"value": "tension == crisis"}}},
    "turn": [
        {
            "id": "push",
            "decide": "ann",
            "when": "tension <= crisis",
            "actions": {
                "hold": {"base": 2},
                "test": {"chance": [{"prob": 0.4, "then": {"tension": "crisis"}}, {}]},
                "attack": {"base": 0.3, "then": {"tension": "tension + 1"}},
            },
        },
        {
            "id": "answer",
            "decide": "bob",
            "when": "tension >= crisis and tension < general",
            "actions": {
                "yield": {"then": {"tension": "tension - 1"}, "pays": {"bob": -0.5}},
                "fight": {"pays": {"ann": -2}, "chance": [{"prob": "q", "then": {"tension": "tension + 1"}}, {}]},
            },
        },
        {"id": "drift", "when": "tension == war", "chance": [{"prob": 0.5, "then": {"tension": "general"}}, {}]},
        {
            "id": "calm",
            "decide": "cem",
            "when": "tension == crisis",
            "actions": {"wait": {}, "mediate": {"then": {"tension": "calm"}}},
        },
    ],
    "outcomes": {"war": {"event": "tension >= war", "label": "War"}},
}


def test_a_climb_against_every_path():
    assert compare(Scenario.model_validate(CLIMB), "status_quo") > 6


def test_random_games_against_every_path():
    """The first games that are quick to list; nature's phases are told apart only where there is one."""
    games = routes = 0
    for seed in range(400):
        scenario = make_case(random.Random(seed), Features(observations=False)).scenario
        policy = list(scenario.all_policies)[-1]
        phases = sum(phase.decide is None for phase in scenario.turn)
        if phases > 1 or any(problem.severity == "error" for problem in check(scenario)):
            continue
        world = settle(scenario, {name: float(x[0]) for name, x in sample(scenario, 1).items()}, {})
        if 8 <= Oracle(scenario, world, policy).count() <= 150:
            games, routes = games + 1, routes + compare(scenario, policy)
        if games == 25:
            break
    assert games == 25 and routes > 10


def test_the_phase_after_which_nothing_can_be_held():
    """Once war has come nature decides: with the drift next, and only there, not even all together hold it."""
    found = look("escalation", run(Scenario.model_validate(CLIMB), worlds=1, judge=False)).isel(world=0)
    before = found["first_next"].sel(target="general", set="ann+bob+cem", limit=0.5)
    assert float(before.sel(phase="drift")) == pytest.approx(float(before.sum())) and float(before.sum()) > 0
    assert float(found["passed"].sel(target="war", set="ann+bob+cem", limit=0.1)) == 0


def test_where_there_is_no_ladder_it_says_so():
    raw = {
        "actors": {"a": {}},
        "state": {"s": {"levels": ["off", "on"], "start": "off", "within": "period"}},
        "turn": [{"id": "x", "decide": "a", "actions": {"n": {}, "y": {"then": {"s": "on"}}}}],
    }
    made = run(Scenario.model_validate(raw), worlds=2, judge=False)
    found = look("escalation", made)
    assert found.attrs["note"] == NO_LADDER
    assert lens_section(RunView(made), found).sentences[0] == NO_LADDER


def test_section_says_what_was_computed():
    made = run(Scenario.model_validate(CLIMB), worlds=12, judge=False)
    found = look("escalation", made)
    section = lens_section(RunView(made), found)
    assert len(section.sentences) == 2 and len(section.figures) == 2 and section.tables
    usual = float(np.average(found["ever"].sel(level="general"), weights=found["weight"]))
    assert f"The chance that tension ever comes to “general” is {100 * usual:.1f}%" in section.sentences[0]
    json.dumps(strict(section_json(section, found)), allow_nan=False)


# --- closed forms without the oracle ----------------------------------------------------------------


def test_more_actors_can_do_more_and_higher_limits_are_passed_less():
    found = look("escalation", run(Scenario.model_validate(CLIMB), worlds=6, judge=False))
    members = found["members"].values
    assert [str(s) for s in found["set"].values[:3]] == ["ann", "bob", "cem"] and members[:3].tolist() == np.eye(
        3
    ).tolist()
    for i, j in [(i, j) for i in range(len(members)) for j in range(len(members)) if (members[i] <= members[j]).all()]:
        for name in ("least", "passed"):
            assert (found[name].isel(set=j) <= found[name].isel(set=i) + 1e-12).all()
    assert (found["least"] <= found["usual"] + 1e-12).all()
    assert (found["passed"].sel(limit=0.5) <= found["passed"].sel(limit=0.1) + 1e-12).all()
    np.testing.assert_allclose(found["first_at"].sum("level"), found["first_next"].sum("phase"), atol=1e-12)
    np.testing.assert_allclose(found["step"].sum("to").where(found["step"].notnull().all("to")), 1, atol=1e-12)


def test_a_variable_of_choice_and_what_makes_moves():
    raw = copy.deepcopy(CLIMB)
    raw["state"]["weather"] = {"levels": ["fair", "foul"], "start": "fair"}
    raw["turn"].append({"id": "sky", "chance": [{"prob": 0.25, "then": {"weather": "foul"}}, {}]})
    scenario = Scenario.model_validate(raw)
    assert ladder_of(scenario) == "tension"
    found = look_at(run(scenario, worlds=1, judge=False), "status_quo", "weather")
    assert found.attrs["variable"] == "weather" and labels_along(found, "by", Move) == [Move("sky")]
    ever = float(found["ever"].isel(world=0, level=1))
    assert 0.25 < ever < 1 - 0.75**3  # the game may end before the weather turns
    assert float(found["moves"].isel(world=0).sum()) == pytest.approx(ever) == float(found["route"].isel(world=0).sum())
