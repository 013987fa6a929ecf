"""The value of information against closed forms, misperception against a slow second implementation, and the section."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from foedus.lenses.information.blind_spots import BlindSpot, blind_spots, without
from foedus.lenses.information.voi import basis, floor, partial, partial_with_error, perfect
from foedus.lenses.labels import labels_along
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
                price = paid - usual.ask(f"expect({actor})")  # what seeing things otherwise costs
                assert float(here["price"].sel(item=item, actor=actor)) == pytest.approx(price, abs=1e-10)
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
    likelier = "less likely" if moved > 0 else "likelier"
    assert f"“War” is {100 * abs(moved):.2g} points {likelier} for it" in section.sentences[1]
    prices = dict(zip(found["actor"].values, found["weight"].values @ found["price"].sel(item="all").values))
    pays = max(prices, key=lambda actor: prices[actor])
    assert prices[pays] > 0 and f"costs {pays.capitalize()} {prices[pays]:.2g}" in section.sentences[1]
    assert "4 misperceptions and secrets" in section.sentences[1]
    assert len(section.sentences) == 2 and section.figures and len(section.tables) >= 2
    json.dumps(strict(section_json(section, found)), allow_nan=False)


def test_one_policy_and_no_secrets_are_said_in_words():
    raw = copy.deepcopy(DARK) | {"beliefs": {}, "commitments": {}, "policies": {}}
    made = run(Scenario.model_validate(raw), worlds=4, judge=False)
    section = lens_section(RunView(made), look("information", made))
    assert "nothing to choose" in section.sentences[0] and "no misperception" in section.sentences[1]


# --- by hand ------------------------------------------------------------------------------------


def test_two_worlds_by_hand():
    """Umbrella or not: worth 0 and 1 when dry (weight 0.7), 0 and -2 when wet."""
    values, weights = np.array([[0.0, 1.0], [0.0, -2.0]]), np.array([0.7, 0.3])
    value, error = perfect(values, weights)  # leaving it is worth 0.1; knowing saves 2 in 0.3 of worlds
    assert value == pytest.approx(0.7 - 0.1)
    assert error == pytest.approx(np.sqrt((0.7 * 0.6**2 + 0.3 * 1.4**2) * (0.7**2 + 0.3**2)))
    assert partial(values, np.array([0.0, 1.0]), weights) == pytest.approx(value)  # the one assumption is the world
    assert partial(values, np.array([4.0, 4.0]), weights) == 0


def test_a_binary_assumption_is_worth_what_choosing_in_each_group_adds():
    rng = np.random.default_rng(3)
    values, x, weights = rng.normal(size=(200, 4)), rng.integers(0, 2, 200), rng.exponential(size=200)
    mass = weights / weights.sum()
    groups = [(mass[x == k].sum(), mass[x == k] @ values[x == k] / mass[x == k].sum()) for k in (0, 1)]
    expected = sum(p * mean.max() for p, mean in groups) - (mass @ values).max()
    assert partial(values, x, weights) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 10_000))
def test_information_is_never_worth_less_than_nothing_nor_an_answer_more_than_all(seed: int):
    rng = np.random.default_rng(seed)
    n, options = int(rng.integers(20, 120)), int(rng.integers(2, 5))
    x, weights = rng.normal(size=n), rng.exponential(size=n)
    values = np.outer(x, rng.normal(size=options)) + rng.normal(size=(n, options)) * rng.uniform(0, 2)
    whole, part = perfect(values, weights)[0], partial(values, x, weights)
    assert part >= 0 and 0 <= partial(values, x > 0, weights) <= whole + 1e-9  # a regression on x itself may overshoot
    # Neither moves with what every option is worth alike, with the order of worlds, nor with how x is measured.
    shift, order = rng.normal(size=(n, 1)), rng.permutation(n)
    assert perfect(values + shift, weights)[0] == pytest.approx(whole, abs=1e-9)
    assert partial(values[order], x[order], weights[order]) == pytest.approx(part, abs=1e-9)
    assert partial(values, 3 - 2 * x, weights) == pytest.approx(part, abs=1e-9)
    assert partial(5 * values, x, weights) == pytest.approx(5 * part, abs=1e-9)


def test_the_basis_is_orthonormal_and_small_where_worlds_are_few():
    rng = np.random.default_rng(4)
    x = rng.normal(size=300)
    for weights, columns in ((np.ones(300), 5), (np.where(np.arange(300) < 31, 1.0, 0.0), 3)):
        mass = weights / weights.sum()
        made = basis(x, mass)
        assert made.shape == (300, columns)
        np.testing.assert_allclose(made.T @ (mass[:, None] * made), np.eye(columns), atol=1e-10)
    assert basis(np.ones(300), np.full(300, 1 / 300)).shape == (300, 1)


def test_more_than_a_few_misperceptions_are_only_dropped_together():
    raw = copy.deepcopy(DARK)
    raw["assumptions"] |= {f"k{i}": {"uniform": [0, 1]} for i in range(5)}
    raw["beliefs"]["bob"] = {f"k{i}": "0.5" for i in range(5)}
    made = run(Scenario.model_validate(raw), worlds=4, judge=False)
    found = look("information", made, "firm")
    spots = labels_along(found, "item", BlindSpot)
    assert [spot.kind for spot in spots] == ["all", "belief", "dispute", *["belief"] * 4]
    assert [spot.actor for spot in spots] == ["", "ann", "ann", *["bob"] * 4] and found.attrs["left_out"] == 3
    section = lens_section(RunView(made), found)
    assert "3 further misperceptions only dropped together" in section.notes[-1]
    assert [str(row[0]) for row in section.tables[-1].rows][:2] == ["Everything", "What Ann takes to be: Cost"]


def test_the_price_of_misperception_by_hand():
    """The robber of docs/lenses/information.md: the clerk believes a gun loaded that is not, and pays 1 for it."""
    scenario = Scenario.from_yaml(
        """
rationality: perfect
actors: {clerk: {}, robber: {}}
assumptions: {loaded: 0}
state: {till: {levels: [full, empty], start: full}}
turn:
  - {id: demand, decide: clerk, actions: {refuse: {pays: {clerk: -5 * loaded}}, pay: {pays: {clerk: -1, robber: 1}, then: {till: empty}}}}
beliefs: {clerk: {loaded: 1}}
outcomes: {robbed: till == empty}
"""
    )
    made = run(scenario, worlds=1, judge=False)
    seen = look("information", made)
    price = seen["price"].isel(world_few=0, item=0)
    assert float(price.sel(actor="clerk")) == 1 and float(price.sel(actor="robber")) == -1
    told = lens_section(RunView(made), seen).sentences[1]
    assert "costs Clerk 1 and brings Robber 1" in told and "100 points likelier for it (100%)" in told
