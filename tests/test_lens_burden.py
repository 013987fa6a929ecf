"""Burden against every path listed, the query language, and a scenario written without its commitment."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings

from foedus.errors import FoedusError
from foedus.lenses.burden.measure import FLOW, NATURE, NONE, _rungs, look
from foedus.lenses.registry import lens_section
from foedus.lenses.registry import look as look_at
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.schema import Scenario
from oracle import Oracle
from strategies import Case, Features, cases

PACT: dict[str, Any] = {
    "horizon": {"periods": 2, "beyond": 0},
    "actors": {"red": {"precision": 2, "patience": 0.9, "label": "Red"}, "blue": {"precision": 1.5, "patience": 0.8}},
    "assumptions": {"p_war": {"uniform": [0.2, 0.6]}, "word": {"uniform": [0.5, 2]}},
    "state": {"tension": {"levels": ["calm", "crisis", "war"], "start": "calm"}},
    "objectives": {
        "red": {"order": {"value": "-(tension >= crisis)"}, "moves": {}},
        "blue": {"calm": {"value": "0.3 - tension"}, "word": {}},
    },
    "turn": [
        {
            "id": "push",
            "decide": "red",
            "when": "tension == calm",
            "actions": {
                "hold": {"base": 2},
                "press": {"pays": {"red": {"moves": 0.8}, "blue": {"calm": -0.2}}, "then": {"tension": "crisis"}},
            },
        },
        {
            "id": "help",
            "decide": "blue",
            "when": "tension == crisis",
            "actions": {
                "none": {},
                "aid": {
                    "pays": {"blue": {"calm": -0.4}, "red": {"moves": 0.3}},
                    "chance": [
                        {"prob": "p_war", "then": {"tension": "war"}, "pays": {"red": {"order": -2}}},
                        {"prob": "rest"},
                    ],
                },
            },
        },
    ],
    "enters": [{"tension": "war", "pays": {"blue": {"calm": -3}}}],
    "commitments": {
        "pact": {
            "from": "blue",
            "to": "red",
            "attach": "help",
            "order": ["none", "aid"],
            "expected": "aid",
            "trigger": {"applies": 0.7},
            "reneging": {"objective": "word", "cost": "word"},
        }
    },
    "outcomes": {
        "crisis": {"event": "tension >= crisis", "label": "A crisis"},
        "war": "tension == war",
        "quiet": "tension == calm",
    },
}


def listed(oracle: Oracle, actors: list[str], rungs: list[str]) -> tuple[dict[str, float], np.ndarray]:
    """Payments by objective|rung|mover, and costs [actor, rung], from every path of the pact's game."""
    found: dict[str, float] = {}
    costs = np.zeros((len(actors), len(rungs)))
    movers = {"push": "red", "help": "blue"}
    for path in oracle.paths():
        state, mover, ended = path.items[0][2], NATURE, False
        for i, item in enumerate(path.items):
            if item[0] == "look":
                state, mover, ended = item[2], NATURE, False
            elif item[0] == "act":
                mover = movers[item[2]]
            elif item[0] == "end":
                mover, ended, state = FLOW, True, item[2]
            if item[0] != "pay":
                continue
            _, t, actor, objective, amount = item
            here = state
            if not ended:
                after = next(x[2] for x in path.items[i:] if x[0] == "look")
                here = max(state, after, key=lambda one: one["tension"])
            rung = rungs[int(here["tension"])]
            x = path.prob * amount * oracle.true[f"{actor}.patience"] ** t
            for key in (f"{actor}.{objective}|{rung}", f"{mover}>{actor}"):
                found[key] = found.get(key, 0.0) + x
            costs[actors.index(actor), rungs.index(rung)] += min(x, 0)
    return found, costs


def test_payments_by_rung_and_mover_over_every_path() -> None:
    scenario = Scenario.model_validate(PACT)
    made = run(scenario, worlds=3, judge=False)
    found = look(made, "status_quo")
    rungs = [NONE, "crisis", "war"]
    assert list(found["rung"].values) == rungs  # "quiet" does not imply war
    for w in range(3):
        oracle = Oracle(scenario, {name: float(draw[w]) for name, draw in made.draws.items()})
        expected, costs = listed(oracle, ["red", "blue"], rungs)
        for objective in found["objective"].values:
            for rung in rungs:
                value = float(found["paid"].sel(objective=objective, rung=rung)[w])
                assert value == pytest.approx(expected.get(f"{objective}|{rung}", 0.0), abs=1e-9)
        for mover in found["mover"].values:
            for actor in ("red", "blue"):
                value = float(found["through"].sel(mover=mover, actor=actor)[w])
                assert value == pytest.approx(expected.get(f"{mover}>{actor}", 0.0), abs=1e-9)
        np.testing.assert_allclose(found["costs"][w], costs, atol=1e-9)
        for t in (0, 1):
            assert float(found["time"].sel(outcome="war")[w]) == pytest.approx(
                np.mean([oracle.ask(f"prob(tension == war, at={t})") for t in (0, 1)])
            )


def test_without_the_commitment_is_the_game_written_without_it() -> None:
    scenario = Scenario.model_validate(PACT)
    made = run(scenario, worlds=3, judge=False)
    found = look(made, "status_quo")
    plain = Scenario.model_validate({name: part for name, part in PACT.items() if name != "commitments"})
    for w in range(3):
        world = {name: float(draw[w]) for name, draw in made.draws.items()}
        for actor in ("red", "blue"):
            change = Oracle(scenario, world).ask(f"expect({actor})") - Oracle(plain, world).ask(f"expect({actor})")
            assert float(found["without"].sel(actor=actor)[w]) == pytest.approx(change, abs=1e-9)


@settings(max_examples=10)
@given(cases(Features(observations=False)))
def test_every_split_adds_up_to_what_is_expected(case: Case) -> None:
    scenario = case.scenario.model_copy(update={"claims": {}})
    try:
        made = run(scenario, worlds=3, judge=False)
    except FoedusError:  # the makers of cases see to the worlds that they draw, not to others
        reject()
    found = look(made, scenario.factual_policy)
    expected = made.data["expected"].sel(policy=scenario.factual_policy).values
    np.testing.assert_allclose(found["paid"].sum("rung").values, expected, atol=1e-9)
    value = made.data["value"].sel(policy=scenario.factual_policy).values
    np.testing.assert_allclose(found["through"].sum("mover").values, value, atol=1e-9)
    np.testing.assert_allclose((found["costs"] + found["gains"]).sum("rung").values, value, atol=1e-9)
    np.testing.assert_allclose(found["rung_time"].sum("rung").values, 1)


def test_section_says_the_numbers() -> None:
    made = run(Scenario.model_validate(PACT), worlds=10, judge=False)
    found = look_at("burden", made)
    section = lens_section(RunView(made), found)
    costs = made.weights @ found["costs"].sel(actor="blue").values
    red = made.weights @ found["costs"].sel(actor="red").values
    worst = max(1 - costs[0] / costs.sum(), 1 - red[0] / red.sum())
    assert f"{100 * worst:.0f}%" in section.sentences[0] and "“A crisis”" in section.sentences[0]
    assert "no commitment in force" in section.sentences[1]
    assert all(figure.drawing.startswith("<svg") for figure in section.figures)
    assert "never numbers between actors" in section.notes[0]
    json.dumps(section_json(section, found), allow_nan=False)


def test_nobody_pays() -> None:
    alone = {
        "actors": {"red": {}},
        "state": {"x": {"levels": ["a"], "start": "a"}},
        "turn": [{"id": "go", "decide": "red", "actions": {"stay": {}, "leave": {}}}],
    }
    made = run(Scenario.model_validate(alone), worlds=4, judge=False)
    found = look_at("burden", made)
    section = lens_section(RunView(made), found)
    assert "no actor has any costs" in section.sentences[0] and "No actor pays" in section.sentences[1]
    json.dumps(section_json(section, found), allow_nan=False)


def test_a_single_step_by_hand() -> None:
    """Red presses or not, and blue pays for it: odds times payment, on the rung that the step leads to."""
    scenario = Scenario.model_validate(
        {
            "actors": {"red": {"precision": 2}, "blue": {}},
            "state": {"war": {"levels": ["no", "yes"], "start": "no"}},
            "objectives": {"blue": {"losses": {}, "calm": {"value": "0.5 * (war == no)"}}},
            "turn": [
                {
                    "id": "press",
                    "decide": "red",
                    "actions": {
                        "hold": {},
                        "press": {
                            "pays": {"red": 0.3},
                            "chance": [{"prob": 0.6, "then": {"war": "yes"}, "pays": {"blue": {"losses": -2}}}, {}],
                        },
                    },
                }
            ],
            "outcomes": {"war": "war == yes"},
        }
    )
    found = look(run(scenario, worlds=1, judge=False), "status_quo").isel(world=0)
    press = 1 / (1 + np.exp(-2 * 0.3))
    war = 0.6 * press
    paid = found["paid"]
    assert float(paid.sel(objective="blue.losses", rung="war")) == pytest.approx(-2 * war, abs=1e-12)
    assert float(paid.sel(objective="blue.losses", rung=NONE)) == 0
    assert float(paid.sel(objective="blue.calm", rung=NONE)) == pytest.approx(0.5 * (1 - war), abs=1e-12)
    # what red is paid for pressing counts by where each branch leads
    assert float(paid.sel(objective="red.payoff", rung="war")) == pytest.approx(0.3 * war, abs=1e-12)
    assert float(paid.sel(objective="red.payoff", rung=NONE)) == pytest.approx(0.3 * (press - war), abs=1e-12)
    assert float(found["through"].sel(mover="red", actor="blue")) == pytest.approx(-2 * war, abs=1e-12)
    assert float(found["through"].sel(mover=FLOW, actor="blue")) == pytest.approx(0.5 * (1 - war), abs=1e-12)
    assert float(found["time"].sel(outcome="war")) == pytest.approx(war, abs=1e-12)
    assert [f"{owner}.{aim}" for owner, aim in zip(found["owner"].values, found["aim"].values, strict=True)] == list(
        found["objective"].values
    )


def test_the_ladder_is_the_chain_of_outcomes_that_imply_each_other() -> None:
    held = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1]], bool)  # [states, outcomes]
    rungs, names = _rungs(held, ["crisis", "war", "quiet", "split"])
    assert names == ["crisis", "war"]  # quiet holds outside a crisis, split holds outside of war
    assert rungs.tolist() == [0, 1, 2, 1]
    assert _rungs(np.zeros((3, 1), bool), ["never"])[1] == []


def test_tables_and_bars_share_out_costs() -> None:
    made = run(Scenario.model_validate(PACT), worlds=10, judge=False)
    found = look_at("burden", made)
    section = lens_section(RunView(made), found)
    table = next(t for t in section.tables if t.caption.startswith("Share of each actor"))
    costs, during = found["costs"].sum("rung"), found["costs_during"]
    for row, outcome in zip(table.rows, found["outcome"].values, strict=True):
        for cell, actor in zip(row[2:], found["actor"].values, strict=True):
            here = {"actor": actor, "outcome": outcome}
            share = (made.weights @ during.sel(here).values) / (made.weights @ costs.sel(actor=actor).values)
            assert cell.value == pytest.approx(float(share))  # type: ignore[union-attr]
