"""The value of information against closed forms, misperception against a slow second implementation, and the section."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from foedus.lenses.information.blind_spots import blind_spots, without
from foedus.lenses.information.voi import floor, partial, partial_with_error, perfect
from foedus.lenses.registry import lens_section, look
from foedus.present.plain import section_json, strict
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.schema import Scenario
from oracle import Oracle, settle
from strategies import Features, make_case


def unit_loss(mean: float, sd: float) -> float:
    """E max(0, N(mean, sd^2)) - max(0, mean): the unit normal loss integral (Raiffa and Schlaifer 1961)."""
    z = abs(mean) / sd
    return float(sd * norm.pdf(z) - abs(mean) * norm.cdf(-z))


def linear(n: int, seed: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Two actions, worth 0 and mean + 2 X + Y - Z with standard normal X, Y, Z: values and draws."""
    draws = np.random.default_rng(seed).standard_normal((n, 4))
    return np.stack([np.zeros(n), mean + draws[:, :3] @ [2.0, 1.0, -1.0]], axis=1), draws


@pytest.mark.parametrize("mean", [0.0, 0.8, -1.5])
def test_linear_normal_two_actions(mean: float):
    values, draws = linear(4000, 1, mean)
    value, error = perfect(values)
    assert value == pytest.approx(unit_loss(mean, np.sqrt(6)), abs=4 * error)
    for column, scale in ((0, 2.0), (1, 1.0), (2, 1.0)):
        found = partial_with_error(values, draws[:, column])
        assert found.value == pytest.approx(unit_loss(mean, scale), abs=3 * found.error + 0.01)
        assert found.value == pytest.approx(partial(values, draws[:, column]))
    mean_fake, most = floor(values[:600])
    assert partial(values[:600], draws[:600, 3]) < most and 0 <= mean_fake < most
    assert partial(values[:600], draws[:600, 0]) > most


def test_weights_stand_for_another_distribution():
    """Draws of twice the spread, weighted back to the standard normal, give the same values."""
    x = 2 * np.random.default_rng(2).standard_normal(20_000)
    weights = norm.pdf(x) / norm.pdf(x, scale=2)
    values = np.stack([np.zeros_like(x), 0.5 + x], axis=1)
    assert perfect(values, weights)[0] == pytest.approx(unit_loss(0.5, 1), abs=0.01)
    assert partial(values, x, weights) == pytest.approx(unit_loss(0.5, 1), abs=0.015)


def test_standard_error_is_the_spread_of_repeated_estimates():
    found = []
    for seed in range(60):
        values, draws = linear(300, 100 + seed, 0.5)
        found.append(partial_with_error(values, draws[:, 1]))
    spread = float(np.std([one.value for one in found]))
    assert spread == pytest.approx(float(np.mean([one.error for one in found])), rel=0.5)


def test_a_switch_of_sign_is_found_and_a_constant_is_worth_nothing():
    x = (np.arange(400) + 0.5) / 200 - 1
    values = np.stack([x, -x], axis=1)
    assert perfect(values)[0] == pytest.approx(0.5)
    assert partial(values, x) == pytest.approx(0.5, abs=1e-9)
    assert partial(values, np.ones(400)) == pytest.approx(0, abs=1e-12)


# --- misperception ----------------------------------------------------------------------------

DARK: dict[str, Any] = {
    "title": "Who reads what",
    "horizon": {"periods": 2, "beyond": 1},
    "actors": {"ann": {"precision": 2, "patience": 0.9}, "bob": {"precision": 3}, "cem": {"precision": 1}},
    "assumptions": {"cost": {"uniform": [0.2, 1.5]}, "q": {"uniform": [0.2, 0.6]}},
    "state": {"tension": {"levels": ["calm", "crisis", "war"], "start": "calm", "ends": "war"}},
    "objectives": {"bob": {"peace": {"value": "-cost * tension"}}, "ann": {"gain": {"value": "tension == crisis"}}},
    "turn": [
        {
            "id": "push",
            "decide": "ann",
            "when": "tension == calm",
            "actions": {"hold": {}, "push": {"then": {"tension": "crisis"}}},
        },
        {
            "id": "answer",
            "decide": "bob",
            "when": "tension == crisis",
            "actions": {
                "yield": {"then": {"tension": "calm"}, "pays": {"bob": "-cost / 2"}},
                "fight": {"pays": {"ann": -2}, "chance": [{"prob": "q", "then": {"tension": "war"}}, {}]},
            },
        },
        {
            "id": "help",
            "decide": "cem",
            "actions": {"none": {}, "aid": {"pays": {"ann": "0.5 + tension", "cem": -0.1}}},
        },
    ],
    "commitments": {
        "pact": {
            "from": "cem",
            "to": "ann",
            "attach": "help",
            "order": ["none", "aid"],
            "expected": "aid",
            "trigger": {"severity": "tension", "threshold": "crisis"},
            "known_to": ["cem", "bob"],
            "reneging": {"objective": "payoff", "cost": 1},
        }
    },
    "beliefs": {"ann": {"cost": "cost + 1", "q": {"is": "q / 2", "known": True}}},
    "policies": {
        "status_quo": {},
        "firm": {"bind": [{"phase": "answer", "do": "fight", "when": "t == 1", "known": False}]},
    },
    "outcomes": {"war": {"event": "tension == war", "label": "War"}},
}


def cleared(items: list[str]) -> Scenario:
    """The scenario written anew without these, by hand."""
    raw = copy.deepcopy(DARK)
    for item in items:
        match item:
            case "belief:ann.cost":
                del raw["beliefs"]["ann"]["cost"]
            case "dispute:ann.q":
                del raw["beliefs"]["ann"]["q"]
            case "secret:pact":
                del raw["commitments"]["pact"]["known_to"]
            case "binding:0":
                raw["policies"]["firm"]["bind"][0]["known"] = True
    return Scenario.model_validate(raw)


def test_what_misperception_costs_agrees_with_a_second_implementation():
    scenario = Scenario.model_validate(DARK)
    made = run(scenario, worlds=3, judge=False)
    spots = ["belief:ann.cost", "dispute:ann.q", "secret:pact", "binding:0"]
    assert [spot.label for spot in blind_spots(scenario, "firm")] == spots
    found = look("information", made, "firm")
    assert list(found["item"].values) == ["all", *spots]
    moved = set()
    for w in range(3):
        drawn = {name: float(draw[w]) for name, draw in made.draws.items()}
        for item in found["item"].values:
            changed = cleared(spots if item == "all" else [str(item)])
            oracle = Oracle(changed, settle(changed, drawn, {}), "firm")
            usual = Oracle(scenario, settle(scenario, drawn, {}), "firm")
            here = found.isel(world_few=w)
            risk = oracle.ask("prob(eventually(tension == war))")
            assert float(here["risk_if"].sel(item=item, outcome="war")) == pytest.approx(risk, abs=1e-10)
            assert float(here["risk"].sel(outcome="war")) == pytest.approx(
                usual.ask("prob(eventually(tension == war))")
            )
            for actor in scenario.actors:
                paid = oracle.ask(f"expect({actor})")
                assert float(here["paid_if"].sel(item=item, actor=actor)) == pytest.approx(paid, abs=1e-10)
                assert float(here["paid"].sel(actor=actor)) == pytest.approx(usual.ask(f"expect({actor})"), abs=1e-10)
                moved |= {str(item)} if abs(paid - usual.ask(f"expect({actor})")) > 1e-6 else set()
    assert moved == {"all", *spots}  # each of them matters here


def test_nothing_is_left_once_all_is_dropped():
    """On random scenarios that use every kind of misperception."""
    kinds = set()
    for seed in range(60):
        scenario = make_case(random.Random(seed), Features(observations=False)).scenario
        for policy in scenario.all_policies:
            spots = blind_spots(scenario, policy)
            kinds |= {spot.kind for spot in spots}
            assert not blind_spots(without(scenario, policy, spots), policy)
    assert kinds == {"belief", "dispute", "secret", "binding"}


def test_values_to_choosers_are_those_of_the_table():
    made = run(Scenario.model_validate(DARK), worlds=40, judge=False)
    found = look("information", made)
    value = made.data["value"].sel(actor="bob").transpose("world", "policy").values
    assert float(found["evpi"].sel(chooser="bob")) == pytest.approx(value.max(axis=1).mean() - value.mean(axis=0).max())
    assert (found["evppi"] <= found["evpi"] + 1e-12).all() and (found["evppi"] >= 0).all()
    risk = made.data["outcome_by"].isel(period=-1, outcome=0).transpose("world", "policy").values
    expected = risk.mean(axis=0).min() - risk.min(axis=1).mean()
    assert float(found["evpi"].sel(chooser="least:war")) == pytest.approx(expected, abs=1e-12)


def test_section_says_what_was_computed():
    made = run(Scenario.model_validate(DARK), worlds=40, judge=False)
    found = look("information", made, "firm")
    section = lens_section(RunView(made), found)
    moved = float(
        found["weight"].values
        @ (found["risk_if"].sel(item="all", outcome="war") - found["risk"].sel(outcome="war")).values
    )
    assert f"would {'rise' if moved > 0 else 'fall'} by {100 * abs(moved):.2g} points" in section.sentences[1]
    assert "4 misperceptions and secrets" in section.sentences[1]
    assert len(section.sentences) == 2 and section.figures and len(section.tables) >= 2
    json.dumps(strict(section_json(section, found)), allow_nan=False)


def test_one_policy_and_no_secrets_are_said_in_words():
    raw = copy.deepcopy(DARK) | {"beliefs": {}, "commitments": {}, "policies": {}}
    made = run(Scenario.model_validate(raw), worlds=4, judge=False)
    section = lens_section(RunView(made), look("information", made))
    assert "nothing to choose" in section.sentences[0] and "no misperception" in section.sentences[1]
