"""What a run reports over time, against the oracle: outcomes, actions taken, and how surprising choices are."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from engine_adapter import play
from foedus.scenario.expressions import parse
from foedus.scenario.scope import scope_of
from foedus.scenario.tree import Tree
from foedus.worlds.simulate import Games
from oracle import Oracle, number
from strategies import Case, make_case


def happened(oracle: Oracle, tree: Tree, lasting: bool) -> tuple[np.ndarray, np.ndarray]:
    """The probability that an event has been seen by each period, and that it holds at the end of each."""
    by, at = np.zeros(oracle.periods), np.zeros(oracle.periods)
    for path in oracle.paths():
        seen = [item[1] for item in path.items if item[0] == "look" and number(tree, item[2], {}) != 0]
        if seen:
            by[seen[0] :] += path.prob
        for item in path.items:
            if item[0] == "end" and number(tree, item[2], {}) != 0:
                at[item[1]] += path.prob
    return by, at if lasting else np.full(oracle.periods, np.nan)


def taken(oracle: Oracle, name: str) -> np.ndarray:
    """How often an action is taken in each period."""
    found = np.zeros(oracle.periods)
    for path in oracle.paths():
        for item in path.items:
            if item[0] == "act" and f"{item[2]}.{item[3]}" == name:
                found[item[1]] += path.prob
    return found


def surprise(oracle: Oracle, actor: str) -> float:
    """Bits a free choice of an actor's, over the reported periods; NaN where it has none."""
    rung = {what.id: k for k, (kind, what) in enumerate(oracle.rungs) if kind == "phase"}
    bits = choices = 0.0
    for path in oracle.paths():
        state: dict[str, float] = {}
        for item in path.items:
            if item[0] == "look":
                state = item[2]
            if item[0] != "decide":
                continue
            _, t, name = item
            phase = oracle.rungs[rung[name]][1]
            game = oracle.own_game(phase.decide)
            menu = oracle.menu(phase, state, oracle.env(game), t)
            bound = oracle.bound(phase, game, menu, state, oracle.env(game), t)
            if phase.decide != actor or bound is not None or sum(base > 0 for base in menu.values()) < 2:
                continue
            odds = oracle.played(t, rung[name], state).values()
            bits -= path.prob * sum(p * math.log2(p) for p in odds if p > 0)
            choices += path.prob
    return bits / choices if choices > 0 else math.nan


def check(case: Case) -> int:
    """Compares one case; how many choices were free."""
    scope, free = scope_of(case.scenario), 0
    texts = {f"{name} == {v.levels[-1]}" for name, v in case.scenario.state.items()}
    events = {text: parse(text, scope) for text in sorted(texts)}
    games = Games(case.scenario, (), events, entropy=True)
    results = play(case.scenario, case.worlds, games=games).simulation.results
    for policy, result in results.items():
        for w, world in enumerate(case.worlds):
            oracle = Oracle(case.scenario, world, policy)
            for o, (text, tree) in enumerate(events.items()):
                by, at = happened(oracle, tree, text in games.lasting)
                assert result.by[w, :, o] == pytest.approx(by, abs=1e-10), text
                if text in games.lasting:
                    assert result.at[w, :, o] == pytest.approx(at, abs=1e-10), text
            for a, name in enumerate(result.actions):
                assert result.taken[w, :, a] == pytest.approx(taken(oracle, name), abs=1e-10), name
            expected = [surprise(oracle, actor) for actor in case.scenario.actors]
            assert result.entropy[w] == pytest.approx(expected, abs=1e-10, nan_ok=True), policy
            free += sum(not math.isnan(bits) for bits in expected)
    return free


def test_engine_agrees_over_time():
    assert sum(check(make_case(random.Random(seed), worlds=2, queries=1)) for seed in range(5000, 5030)) > 100
