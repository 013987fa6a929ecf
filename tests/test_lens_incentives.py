"""Incentives against plain recursion over every state, payments that really turn a choice, and a known threshold."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings

from foedus.errors import FoedusError
from foedus.lenses.incentives.flips import flips, middle
from foedus.lenses.incentives.measure import look
from foedus.lenses.registry import lens_section
from foedus.lenses.registry import look as look_at
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games
from oracle import Oracle, State
from strategies import Case, Features, cases

FORK: dict[str, Any] = {
    "actors": {"red": {"precision": 2, "label": "Red"}, "blue": {}},
    "assumptions": {"gain": {"uniform": [0, 2], "label": "The gain"}, "pain": {"uniform": [0, 1]}},
    "state": {"x": {"levels": ["home", "out", "struck"], "start": "home"}},
    "objectives": {"red": {"land": {}, "calm": {}}, "blue": {"order": {}}},
    "turn": [
        {
            "id": "go",
            "decide": "red",
            "label": "Red goes",
            "actions": {
                "stay": {"base": 2},
                "leave": {"pays": {"red": {"land": "gain", "calm": -0.7}}, "then": {"x": "out"}},
                "shout": {"base": 0.1},
            },
        },
        {
            "id": "strike",
            "decide": "blue",
            "when": "x == out",
            "actions": {
                "wait": {},
                "hit": {"pays": {"red": {"calm": "-pain"}, "blue": {"order": 0.4}}, "then": {"x": "struck"}},
            },
        },
    ],
}


def decisions(oracle: Oracle) -> Iterator[tuple[float, int, int, State]]:
    """Every decision that play comes to: (probability, period, rung, state)."""

    def walk(p: float, t: int, k: int, state: State) -> Iterator[tuple[float, int, int, State]]:
        if p <= 0:
            return
        if k == len(oracle.rungs) or oracle.ended(state):
            if t + 1 < oracle.periods:
                yield from walk(p, t + 1, 0, oracle.next_start(state, oracle.true, t))
            return
        kind, what = oracle.rungs[k]
        if kind == "clause":
            if not oracle.is_read(None, what, state, oracle.true, t):
                yield from walk(p, t, k + 1, state)
                return
            q = oracle.clause_odds(what, state, oracle.true, t)[2]
            for applies, odds in ((True, q), (False, 1 - q)):
                yield from walk(p * odds, t, k + 1, oracle.after_reading(what, applies, state, oracle.true, t))
        elif not oracle.active(what, state, oracle.true, t):
            yield from walk(p, t, k + 1, oracle.fallen_back(what, state))
        else:
            played: dict[Any, float] = {None: 1.0}
            if what.decide is not None:
                yield p, t, k, state
                played = oracle.played(t, k, state)
            for action, odds in played.items():
                for q, _, new in oracle.outcomes(what, action, state, oracle.true, t):
                    yield from walk(p * odds * q, t, k + 1, new)

    for p, state in oracle.starts(oracle.true):
        yield from walk(p, 0, 0, state)


@settings(max_examples=25)
@given(cases(Features(observations=False)))
def test_worth_bonus_and_probability_over_every_decision(case: Case) -> None:
    scenario = case.scenario.model_copy(update={"claims": {}})
    policy = scenario.factual_policy
    try:
        made = run(scenario, worlds=2, judge=False)
    except FoedusError:  # the makers of cases see to the worlds that they draw, not to others
        reject()
    found = look(made, policy)
    world = {name: float(draw[0]) for name, draw in made.draws.items()}
    oracle = Oracle(scenario, world, policy)
    sums: dict[str, float] = defaultdict(float)
    for p, t, k, state in decisions(oracle):
        phase = oracle.rungs[k][1]
        game = oracle.own_game(phase.decide)
        menu = {a: b for a, b in oracle.menu(phase, state, oracle.env(game), t).items() if b > 0}
        if len(menu) < 2 or oracle.bound(phase, game, menu, state, oracle.env(game), t) is not None:
            continue
        precision = oracle.env(game)[f"{phase.decide}.precision"]
        q = {a: oracle._expected(game, t, k, state, a)[phase.decide] for a in menu}
        pull = {a: q[a] + (0 if oracle.perfect else math.log(menu[a]) / precision) for a in menu}
        sums[phase.id] += p
        for a, odds in oracle.played(t, k, state).items():
            if a in menu:
                other = max(pull[b] for b in menu if b != a)
                for name, x in (("there", 1), ("worth", q[a]), ("probability", odds), ("bonus", other - pull[a])):
                    sums[f"{phase.id}|{a}.{name}"] += p * x
    for situation in found["situation"].values:
        if "[" not in situation:
            assert float(found["met"].sel(situation=situation)[0]) == pytest.approx(sums[situation], abs=1e-9)
    references = found.attrs["references"]
    for option in found["option"].values:
        situation, action = option.split("|")
        there = sums[f"{option}.there"]
        if "[" in situation or there < 1e-6:
            continue
        for name in ("worth", "probability", "bonus"):
            expected = sums[f"{option}.{name}"] / there
            assert float(found[name].sel(option=option)[0]) == pytest.approx(expected, rel=1e-6, abs=1e-7), option
        reference = f"{situation}|{references[situation]}"
        together = {a: sums[f"{situation}|{a}.there"] for a in (action, references[situation])}
        if all(abs(x - sums[situation]) < 1e-12 for x in together.values()):  # both always available
            gap = (sums[f"{option}.worth"] - sums[f"{reference}.worth"]) / there
            assert float(found["versus"].sel(option=option)[0].sum()) == pytest.approx(gap, rel=1e-6, abs=1e-7)


def test_the_bonus_turns_the_choice_and_a_little_less_does_not() -> None:
    made = run(Scenario.model_validate(FORK), worlds=6, judge=False)
    found = look(made, "status_quo")
    for w in range(6):
        world = {name: float(draw[w]) for name, draw in made.draws.items()}
        for action in ("stay", "leave", "shout"):
            bonus = float(found["bonus"].sel(option=f"go|{action}")[w])
            for more, turned in ((1e-6, True), (-1e-6, False)):
                written = deepcopy(FORK)
                pays = written["turn"][0]["actions"][action].setdefault("pays", {}).setdefault("red", {})
                pays["calm"] = pays.get("calm", 0) + bonus + more
                oracle = Oracle(Scenario.model_validate(written), world)
                odds = oracle.played(0, 0, oracle.starts(oracle.true)[0][1])
                assert (max(odds, key=lambda a: odds[a]) == action) is turned


def test_by_objective_is_what_each_pays() -> None:
    made = run(Scenario.model_validate(FORK), worlds=4, judge=False)
    found = look(made, "status_quo")
    assert found.attrs["references"]["strike"] == "hit"
    hit = 1 / (1 + math.exp(-0.4))
    sign = 1 if found.attrs["references"]["go"] == "leave" else -1
    option = "go|stay" if sign > 0 else "go|leave"
    versus = found["versus"].sel(option=option)
    np.testing.assert_allclose(versus.sel(objective="red.land"), -sign * made.draws["gain"])
    np.testing.assert_allclose(versus.sel(objective="red.calm"), sign * (0.7 + hit * made.draws["pain"]))
    assert (versus.sel(objective="blue.order") == 0).all()


def test_flips_are_where_the_closed_form_says() -> None:
    scenario = Scenario.model_validate(FORK)
    made = run(scenario, worlds=40, judge=False)
    turned, _ = flips(made, Games(scenario, (), {}, observe=False), "status_quo")
    pain = middle(made.draws["pain"], made.weights)
    expected = math.log(2) / 2 + 0.7 + pain / (1 + math.exp(-0.4))
    (flip,) = [one for one in turned if one.assumption == "gain"]
    assert (flip.phase, flip.below, flip.above) == ("go", "stay", "leave")
    assert flip.at == pytest.approx(expected, abs=1e-6)
    assert middle(np.array([3.0, 1, 2, 9]), np.array([0.1, 0.2, 0.6, 0.1])) == 2


def test_section_says_the_numbers() -> None:
    made = run(Scenario.model_validate(FORK), worlds=20, judge=False)
    found = look_at("incentives", made)
    section = lens_section(RunView(made), found)
    weights, leads, margins = made.few(16).weights, {}, {}
    for situation in ("go", "strike"):
        first = f"{situation}|{found.attrs['references'][situation]}"
        others = [o for o in found["option"].values if o.split("|")[0] == situation and o != first]
        mean = {o: float(weights @ found["bonus"].sel(option=o).values) for o in others}
        second = min(others, key=lambda o: mean[o])
        margins[situation] = mean[second]
        odds = [float(weights @ found["probability"].sel(option=o).values) for o in (first, second)]
        leads[situation] = abs(math.log(odds[0] / odds[1]))
    closest = min(leads, key=lambda s: leads[s])
    assert {"go": "“Red goes”", "strike": "“Strike”"}[closest] in section.sentences[0]
    assert f"{abs(margins[closest]):.2f}" in section.sentences[1]
    assert any("The gain" in str(row[0]) for row in section.tables[-1].rows)
    assert len(section.figures) == 2 and all(figure.drawing.startswith("<svg") for figure in section.figures)
    json.dumps(section_json(section, found), allow_nan=False)


def test_without_a_choice() -> None:
    dull = {
        "actors": {"red": {}},
        "state": {"x": {"levels": ["a"], "start": "a"}},
        "turn": [{"id": "go", "decide": "red", "actions": {"stay": {}}}],
    }
    made = run(Scenario.model_validate(dull), worlds=4, judge=False)
    found = look_at("incentives", made)
    section = lens_section(RunView(made), found)
    assert "No actor ever has a free choice" in section.sentences[0] and len(section.sentences) == 2
    json.dumps(section_json(section, found), allow_nan=False)


def test_situations_are_parts_of_their_phase() -> None:
    """What is met in the parts is met in all of it, and averages over all lie between those of the parts."""
    raw = deepcopy(FORK) | {"horizon": {"periods": 4}}
    raw["turn"][1]["when"] = "x >= out"
    raw["turn"][1]["actions"]["hit"]["pays"]["blue"]["order"] = "0.4 - 0.3 * (x == struck)"
    made = run(Scenario.model_validate(raw), worlds=5, judge=False)
    found = look(made, "status_quo")
    levels = found.attrs["levels"]
    parts = [s for s in found["situation"].values if levels[s] and s.startswith("strike")]
    assert [levels[s] for s in parts] and all(set(levels[s]) == {"x"} for s in parts) and len(parts) == 2
    np.testing.assert_allclose(found["met"].sel(situation=parts).sum("situation"), found["met"].sel(situation="strike"))
    whole = found["probability"].sel(option="strike|hit")
    each = found["probability"].sel(option=[f"{s}|hit" for s in parts])
    weight = found["met"].sel(situation=parts).values
    np.testing.assert_allclose((each.values * weight).sum(axis=1) / weight.sum(axis=1), whole)


def test_odds_follow_from_worth_and_habit() -> None:
    """Where a choice is met in one state, the log of its odds is precision times what it is worth more, habit included."""
    made = run(Scenario.model_validate(FORK), worlds=6, judge=False)
    found = look(made, "status_quo")
    reference = found.attrs["references"]["go"]
    p = {a: found["probability"].sel(option=f"go|{a}") for a in ("stay", "leave", "shout")}
    assert np.allclose(sum(p.values()), 1)
    for action, odds in p.items():
        gap = found["versus"].sel(option=f"go|{action}").sum("objective") + found["habit"].sel(option=f"go|{action}")
        np.testing.assert_allclose(np.log(odds / p[reference]), 2 * gap, atol=1e-9)
        np.testing.assert_allclose(
            found["usual"].sel(option=f"go|{action}"), {"stay": 2, "leave": 1, "shout": 0.1}[action] / 3.1
        )
    assert (np.sign(found["bonus"].sel(option="go|leave")) == np.sign(p["stay"] - p["leave"])).all()


def test_a_rational_mover_has_no_habit_and_a_bound_one_no_choice() -> None:
    raw = deepcopy(FORK) | {
        "rationality": "perfect",
        "policies": {"status_quo": {}, "held": {"bind": [{"phase": "go", "do": "leave"}]}},
    }
    made = run(Scenario.model_validate(raw), worlds=3, judge=False)
    assert np.nan_to_num(look(made, "status_quo")["habit"]).max() == 0
    held = look(made, "held")
    assert (held["met"].sel(situation="go") == 0).all() and np.isnan(held["bonus"].sel(option="go|stay")).all()
    assert (held["met"].sel(situation="strike") == 1).all()
    section = lens_section(RunView(made), look_at("incentives", made, "held"))
    assert section.sentences[0].startswith("The only choice is Blue's “Strike”")


def test_an_assumption_that_changes_nothing_turns_nothing() -> None:
    raw = deepcopy(FORK)
    raw["assumptions"] |= {"idle": {"uniform": [0, 1]}, "gain": {"uniform": [1.9, 2]}, "pain": 0.5}
    scenario = Scenario.model_validate(raw)
    made = run(scenario, worlds=30, judge=False)
    turned, tried = flips(made, Games(scenario, (), {}, observe=False), "status_quo")
    assert turned == [] and set(tried) <= {"gain", "idle"}
    fixed = Scenario.model_validate(deepcopy(FORK) | {"assumptions": {"gain": 1, "pain": 0.5}})
    assert flips(run(fixed, worlds=4, judge=False), Games(fixed, (), {}, observe=False), "status_quo") == ([], [])
