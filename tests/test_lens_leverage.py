"""Leverage against a slow second implementation, against all pure strategies, and as a section."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import count, product
from typing import Any

import numpy as np
import pytest

from foedus.lenses.registry import lens_section, look
from foedus.present.plain import section_json, strict
from foedus.present.wording import percent
from foedus.runs.local import run
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.scenario.check import check
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree
from foedus.worlds.sample import sample
from oracle import Game, Oracle, State, settle
from strategies import Features, make_case

SEEN = "!seen"
CHAIN = {
    "title": "Two provocations",
    "horizon": {"periods": 2, "beyond": 1},
    "actors": {"ann": {"precision": 2}, "bob": {"precision": 3}},
    "assumptions": {"q": {"uniform": [0.2, 0.6]}},
    "state": {"tension": {"levels": ["calm", "crisis", "war"], "start": "calm", "ends": "war"}},
    "objectives": {"bob": {"peace": {"value": "-2 * tension"}}, "ann": {"gain": {"value": "tension == crisis"}}},
    "turn": [
        {
            "id": "push",
            "decide": "ann",
            "when": "tension == calm",
            "actions": {
                "hold": {"base": 3},
                "test": {"chance": [{"prob": 0.4, "then": {"tension": "crisis"}}, {}]},
                "attack": {"base": 0.2, "then": {"tension": "crisis"}},
            },
        },
        {
            "id": "answer",
            "decide": "bob",
            "when": "tension == crisis",
            "actions": {
                "yield": {"then": {"tension": "calm"}, "pays": {"bob": -0.5}},
                "fight": {"pays": {"ann": -2}, "chance": [{"prob": "q", "then": {"tension": "war"}}, {}]},
            },
        },
    ],
    "outcomes": {"crisis": {"event": "tension >= crisis", "label": "A crisis"}, "war": "tension == war"},
    "policies": {"status_quo": {}},
}


class Committed(Oracle):
    """The game in which one actor plays for or against an event until it has happened, and all know it."""

    def __init__(self, scenario: Scenario, world: dict[str, float], policy: str, mover: str, tree: Tree, most: bool):
        super().__init__(scenario, world, policy)
        self.mover, self.tree, self.pick = mover, tree, max if most else min

    def seen(self, state: State, t: int) -> State:
        return {**state, SEEN: float(state.get(SEEN, 0) or (t < self.periods and self.event(self.tree, state)))}

    def starts(self, env: Any, levels: Any = ()) -> list[tuple[float, State]]:
        return [(p, self.seen(state, 0)) for p, state in super().starts(env, levels)]

    def outcomes(self, phase: Any, action: Any, state: State, env: Any, t: int) -> Any:
        return [(p, pays, self.seen(new, t)) for p, pays, new in super().outcomes(phase, action, state, env, t)]

    def after_reading(self, name: str, applies: bool, state: State, env: Any, t: int) -> State:
        return self.seen(super().after_reading(name, applies, state, env, t), t)

    def next_start(self, state: State, env: Any, t: int) -> State:
        return self.seen(super().next_start(state, env, t), t + 1)

    def chance(self, game: Game, t: int, k: int, state: State) -> float:
        """The probability of the event as the mover judges it in a game."""
        env = self.env(game, self.mover)
        if state[SEEN]:
            return 1.0
        if k == len(self.rungs) or self.ended(state):
            return (
                0.0 if t + 1 >= self.periods else self.chance(game, t + 1, 0, self.next_start(state, self.env(game), t))
            )
        kind, what = self.rungs[k]
        if kind == "clause":
            if not self.is_read(game, what, state, self.env(game), t):
                return self.chance(game, t, k + 1, state)
            q = self.clause_odds(what, state, env, t)[2]
            yes, no = (self.after_reading(what, applies, state, self.env(game), t) for applies in (True, False))
            return q * self.chance(game, t, k + 1, yes) + (1 - q) * self.chance(game, t, k + 1, no)
        if not self.active(what, state, self.env(game), t):
            return self.chance(game, t, k + 1, state)
        choice = {None: 1.0} if what.decide is None else self.choice(game, t, k, state)
        return sum(p * self.after(game, t, k, state, action) for action, p in choice.items() if p > 0)

    def after(self, game: Game, t: int, k: int, state: State, action: str | None) -> float:
        phase = self.rungs[k][1]
        odds = [p for p, _, _ in self.outcomes(phase, action, state, self.env(game, self.mover), t)]
        landed = self.outcomes(phase, action, state, self.env(game), t)
        return sum(p * self.chance(game, t, k + 1, new) for p, (_, _, new) in zip(odds, landed) if p > 0)

    def _choice(self, game: Game, t: int, k: int, state: State) -> dict[str, float]:
        phase, env = self.rungs[k][1], self.env(game)
        if phase.decide != self.mover or state[SEEN] or t >= self.periods:
            return super()._choice(game, t, k, state)
        menu = self.menu(phase, state, env, t)
        x = {a: self.after(game, t, k, state, a) for a in menu}
        best = self.pick(x.values())
        left = {a: menu[a] for a in menu if abs(x[a] - best) <= 1e-12}
        if not any(base > 0 for base in left.values()):
            return {a: (a in left) / len(left) for a in menu}
        q = {a: self._expected(game, t, k, state, a)[self.mover] for a in left}
        return dict.fromkeys(menu, 0.0) | self.respond(left, q, env[f"{self.mover}.precision"])

    def _less_control(self, game: Game, t: int, k: int, state: State, q: Any) -> float:
        """Who plays for the event bears no cost of control."""
        if self.rungs[k][1].decide != self.mover or state[SEEN] or t >= self.periods:
            return super()._less_control(game, t, k, state, q)
        return sum(p * q[action] for action, p in self.choice(game, t, k, state).items() if p > 0)


def worlds_of(made: Run, found: Any) -> list[dict[str, float]]:
    return [{name: float(draw[w]) for name, draw in made.draws.items()} for w in found["world"].values]


def against(scenario: Scenario, policy: str) -> int:
    """Compares both spans with the second implementation; how often responses matter."""
    made = run(scenario, worlds=2, judge=False)
    found, differ = look("leverage", made, policy), 0
    for w, drawn in enumerate(worlds_of(made, found)):
        world = settle(scenario, drawn, {})
        for o, tree in outcomes_of(scenario).items():
            for actor in scenario.actors:
                for end, kind in (("low", "least"), ("high", "most")):
                    here = {"actor": actor, "outcome": o, "end": end}
                    query = Query(kind, (actor,), event=tree)
                    held = Oracle(scenario, world, policy).steered(query)
                    assert float(found["held"].sel(here)[w]) == pytest.approx(held, abs=1e-10), (here, w)
                    committed = Committed(scenario, world, policy, actor, tree, kind == "most")
                    expected = committed.steered(query)
                    assert float(found["responding"].sel(here)[w]) == pytest.approx(expected, abs=1e-9), (here, w)
                    differ += abs(expected - held) > 1e-6
    return differ


def contested(most: int = 10, paths: int = 400) -> Iterator[tuple[Scenario, str]]:
    """Random cases of several periods and movers that are quick to list, with hidden beliefs, secrets or intervals."""
    found = 0
    for seed in count():
        scenario = make_case(random.Random(seed), Features(observations=False)).scenario
        policy = list(scenario.all_policies)[-1]
        hidden = any(not b.known for held in scenario.beliefs.values() for b in held.values())
        hidden |= any(c.known_to is not None or c.trigger.reads is not None for c in scenario.commitments.values())
        hidden |= any(not rule.known for rule in scenario.all_policies[policy].bind)
        movers = {phase.decide for phase in scenario.turn if phase.decide}
        if not hidden or scenario.horizon.periods < 2 or len(movers) < 2 or len(outcomes_of(scenario)) > 2:
            continue
        if (
            all(problem.severity != "error" for problem in check(scenario))
            and Oracle(scenario, draw(scenario), policy).count() <= paths
        ):
            found += 1
            yield scenario, policy
        if found == most:
            return


def draw(scenario: Scenario) -> dict[str, float]:
    return settle(scenario, {name: float(x[0]) for name, x in sample(scenario, 1).items()}, {})


def test_both_spans_agree_with_a_second_implementation():
    assert sum(against(scenario, policy) for scenario, policy in contested()) > 3  # the responses of others matter


def test_held_spans_are_the_best_of_all_pure_strategies():
    """Every plan of ann (an action at each period and state where she moves), walked forward one by one."""
    scenario = Scenario.model_validate(CHAIN)
    made = run(scenario, worlds=1, judge=False)
    found = look("leverage", made)
    oracle = Oracle(scenario, settle(scenario, worlds_of(made, found)[0], {}))
    q = oracle.true["q"]
    fights = [oracle.played(t, 1, {"tension": 1.0})["fight"] for t in range(2)]
    up = {"hold": 0.0, "test": 0.4, "attack": 1.0}
    chances = []
    for plan in product(up, repeat=2):
        at = {"calm": 1.0, "crisis": 0.0, "war": 0.0}  # tension at the start of a period
        for t, action in enumerate(plan):
            crisis = at["crisis"] + at["calm"] * up[action]
            at = {
                "calm": at["calm"] * (1 - up[action]) + crisis * (1 - fights[t]),
                "crisis": crisis * fights[t] * (1 - q),
                "war": at["war"] + crisis * fights[t] * q,
            }
        chances.append(at["war"])
    held = found["held"].sel(outcome="war", actor="ann").values[0]
    np.testing.assert_allclose(held, [min(chances), max(chances)], atol=1e-12)
    assert held[0] < float(found["usual"].sel(outcome="war")[0]) < held[1]


def test_ties_leave_the_rest_as_it_is():
    """An actor that cannot move an event plays as usual: others have nothing to respond to."""
    raw = {**CHAIN, "actors": {**CHAIN["actors"], "cem": {}}}  # type: ignore[dict-item]
    raw["turn"] = [*CHAIN["turn"], {"id": "trade", "decide": "cem", "actions": {"on": {}, "off": {"pays": {"ann": 1}}}}]  # type: ignore[misc]
    found = look("leverage", run(Scenario.model_validate(raw), worlds=3, judge=False))
    for span in ("held", "responding"):
        cem = found[span].sel(actor="cem")
        np.testing.assert_allclose(cem.sel(end="low"), found["usual"], atol=1e-12)
        np.testing.assert_allclose(cem.sel(end="high"), found["usual"], atol=1e-12)


def test_section_says_what_was_computed():
    made = run(Scenario.model_validate(CHAIN), worlds=12, judge=False)
    found = look("leverage", made)
    section = lens_section(RunView(made), found)
    assert len(section.sentences) == 2 and section.figures and section.tables
    low, high = np.average(found["held"].sel(outcome="crisis", actor="ann"), axis=0, weights=found["weight"])
    assert (
        f"Ann alone, the others going on as they do, could bring it anywhere from {low:.0%} to {high:.0%}"
        in section.sentences[0]
    )
    assert {"Ann", "Bob"} == {row[0] for row in section.tables[0].rows}
    json.dumps(strict(section_json(section, found)), allow_nan=False)


def simple(bob: bool = False) -> Scenario:
    """Ann holds, tests or attacks; bob, where there is one, may calm things down."""
    answer = {
        "id": "answer",
        "decide": "bob",
        "when": "war == danger",
        "actions": {"calm": {"pays": {"bob": -0.4}, "then": {"war": "no"}}, "fight": {"then": {"war": "yes"}}},
    }
    high = "danger" if bob else "yes"
    return Scenario.model_validate(
        {
            "actors": {"ann": {"precision": 2}, **({"bob": {"precision": 3}} if bob else {})},
            "state": {"war": {"levels": ["no", "danger", "yes"], "start": "no"}},
            "turn": [
                {
                    "id": "push",
                    "decide": "ann",
                    "actions": {
                        "hold": {"base": 3},
                        "test": {"pays": {"ann": 0.2}, "chance": [{"prob": 0.4, "then": {"war": high}}, {}]},
                        "attack": {"pays": {"ann": -0.5}, "then": {"war": high}},
                    },
                },
                *([answer] if bob else []),
            ],
            "outcomes": {"war": "war == yes"},
        }
    )


def test_one_decision_by_hand() -> None:
    """A single actor's span is from its least to its most dangerous action, and nobody is there to respond."""
    found = look("leverage", run(simple(), worlds=1, judge=False)).sel(actor="ann", outcome="war").isel(world=0)
    weights = np.array([3.0, np.exp(2 * 0.2), np.exp(2 * -0.5)])
    odds = np.array([0.0, 0.4, 1.0])
    assert float(found["usual"]) == pytest.approx(weights @ odds / weights.sum(), abs=1e-12)
    np.testing.assert_allclose(found["held"], [0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(found["responding"], [0.0, 1.0], atol=1e-12)


def test_one_decision_and_one_answer_by_hand() -> None:
    """Bob's answer has its logit odds whatever ann plays for; ann's own span is that of her action times bob's odds."""
    found = look("leverage", run(simple(bob=True), worlds=1, judge=False)).sel(outcome="war").isel(world=0)
    fights = 1 / (1 + np.exp(3 * -0.4))
    weights = np.array([3.0, np.exp(2 * 0.2), np.exp(2 * -0.5)])
    danger = weights @ [0.0, 0.4, 1.0] / weights.sum()
    for span in ("held", "responding"):
        np.testing.assert_allclose(found[span].sel(actor="ann"), [0.0, fights], atol=1e-12)
        np.testing.assert_allclose(found[span].sel(actor="bob"), [0.0, danger], atol=1e-12)
    assert float(found["usual"]) == pytest.approx(danger * fights, abs=1e-12)


def test_spans_hold_what_happens_as_things_are() -> None:
    """Against play as it is an actor's own play is one of its plans, so that what happens lies in its span."""
    for scenario, policy in contested(4):
        found = look("leverage", run(scenario, worlds=3, judge=False), policy)
        usual = found["usual"]
        assert (found["held"].sel(end="low") <= usual + 1e-12).all()
        assert (found["held"].sel(end="high") >= usual - 1e-12).all()


def test_tables_say_the_spans() -> None:
    made = run(Scenario.model_validate(CHAIN), worlds=6, judge=False)
    found = look("leverage", made)
    section = lens_section(RunView(made), found)
    matrix = next(table for table in section.tables if table.caption.startswith("Leverage, the others as they are"))
    weights = found["weight"].values
    for row, actor in zip(matrix.rows, found["actor"].values, strict=False):
        for cell, outcome in zip(row[1:], found["outcome"].values, strict=True):
            low, high = weights @ found["held"].sel(actor=actor, outcome=outcome).values
            assert cell.value == pytest.approx(high - low)  # type: ignore[union-attr]
            assert cell.text.split(" to ")[0] == percent(low)  # type: ignore[union-attr]
