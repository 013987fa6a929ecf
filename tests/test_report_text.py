"""What the terminal shows, the JSON object, and the words and spreads that all reports share."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from fake_run import fake_run, fake_scenario
from foedus.lenses.explain.terminal import chance, print_explanation
from foedus.lenses.explain.told import Alternative, Decision, Decisive, Event, Explanation, WholePath
from foedus.present.terminal import sparkline
from foedus.present.wording import count, listed, number, percent, signed
from foedus.report.background import clause_text
from foedus.report.json import to_json
from foedus.report.scenario_text import print_scenario
from foedus.report.summary import print_summary
from foedus.runs.view import RunView
from foedus.scenario.names import Names
from foedus.scenario.schema import Scenario


def shown(show, what, width):
    stream = io.StringIO()
    show(what, Console(file=stream, width=width, force_terminal=False, legacy_windows=False))
    return stream.getvalue()


def long_names(run):
    """The run with names as long as people write them."""
    for i, claim in enumerate(run.scenario.claims.values()):
        claim.label = f"Claim {i}: the pact divides its parties from their neighbour more than it binds them"
    for i, policy in enumerate(run.scenario.policies.values()):
        policy.label = f"Policy {i}: clear and credible threats, with assurances, in parallel steps"
    for outcome in run.scenario.outcomes.values():
        outcome.label = (outcome.label or "Another") + " on the peninsula or around it"
    return run


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("long", [False, True])
def test_the_summary_fits_the_terminal(width, long):
    run = fake_run(worlds=60, policies=24, claims=17, periods=19)
    text = shown(print_summary, long_names(run) if long else run, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    for heading in ("Claims", "Outcomes over time", "Policies", "How sure", "What drives the results"):
        assert heading in text
    words = " ".join(text.split())
    assert "not a forecast until it has been scored" in words
    assert all(f"Claim {i}" in text for i in range(17))


def test_a_wide_terminal_shows_more(width=120):
    run = fake_run()
    assert "Decided most by" in shown(print_summary, run, 120)
    assert "Decided most by" not in shown(print_summary, run, 80)


def test_labels_are_not_taken_for_markup():
    run = fake_run()
    run.scenario.title = "[bold]Title[/bold] [/nonsense]"
    run.scenario.claims["claim0"].label = "[red]a claim"
    text = shown(print_summary, run, 80)
    assert "[bold]Title[/bold] [/nonsense]" in text and "[red]a claim" in text


def test_the_scenario_is_shown_whole():
    scenario = fake_scenario()
    text = shown(print_scenario, scenario, 80)
    assert max(len(line) for line in text.splitlines()) <= 80
    for part in (
        "Arland",
        "Quiet on its border",
        "Leverage wears away",
        "The pact",
        "anywhere from 1 to 3",
        "Explicit pact",
    ):
        assert part in text
    assert all(claim.label in text for claim in scenario.claims.values())


def test_the_smallest_scenario_is_shown():
    scenario = Scenario.model_validate(
        {
            "actors": {"a": {}},
            "state": {"x": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [
                {"id": "go", "decide": "a", "actions": {"stay": {"pays": {"a": 1}}, "move": {"then": {"x": "yes"}}}}
            ],
        }
    )
    text = shown(print_scenario, scenario, 80)
    assert "Go" in text and "stay, move" in text and "Claims" not in text


def an_explanation(**changes):
    hold = Alternative("hold", 0.6, 0.9, 1.2, {"prestige": 1.0, "survival": 0.2}, 0.02)
    attack = Alternative("attack", 0.4, 0.1, 1.0, {"prestige": 1.3, "survival": -0.3}, 0.03)
    moves = [
        Decision("2024-06", "provoke", "north_land", "hold", 0.6, 2.5, False, False, [attack, hold]),
        Event("2024-06", "provoke", "hold", None, "nothing comes of it", 0.7),
        Decision("2024-07", "provoke", "north_land", "attack", 0.4, 2.5, False, True, [attack, hold]),
        Decision("2024-08", "provoke", "north_land", "attack", 0.42, 2.5, False, True, [attack, hold]),
    ]
    number = Decisive("threshold", 0.3, 0.1, 0.9, "2024-06", "provoke", "hold", 0.2, 0.8)
    other = WholePath(0.00012, "", moves[:1])
    told = {
        "world": 7,
        "worlds": 20,
        "seed": 3,
        "method": "lhs",
        "policy": "status_quo",
        "weight": 0.08,
        "decisive": [number],
    }
    return Explanation(**{**told, "steps": True, "best": 0.03, "paths": [WholePath(0.015, "", moves), other]} | changes)


@pytest.mark.parametrize("width", [80, 120])
def test_an_explanation_says_where_it_is_and_what_each_alternative_was_worth(width):
    names = Names(fake_scenario())
    text = shown(lambda told, console: print_explanation(told, names, console), an_explanation(), width)
    lines, flat = text.splitlines(), " ".join(text.split())
    assert lines[0] == "World 7 of 20 (seed 3), policy: Status quo" and max(map(len, lines)) <= width
    assert "Drawn by lhs: with another number of worlds, world 7 is another one." in flat
    assert "observations: 8%; before them 5%" in flat
    assert "path as a whole: 1.5%." in flat
    assert "The likeliest whole path is another, with 3%" in flat
    assert "0.3 here, 0.1 to 0.9" in flat and "hold (2024-06) 20% to 80%" in flat
    assert "Arland provokes: North land hold (60%)" in flat and "attack an island (40%, as asked for)" in flat
    assert "attack an island instead: survival −0.50, prestige +0.30" in flat
    assert next(row.split()[1:] for row in lines if row.split()[:1] == ["hold"]) == ["60%", "90%", "1.2"]
    assert "2024-08: the same again." in flat and "(42%)" in flat
    assert "Path 2: 1 in 8,300 as a whole" in flat and "less happens" in flat
    assert "Precision: North land 2.5" in flat and "--take provoke.hold@2024-07" in flat


def test_a_move_that_is_not_the_likeliest_says_why():
    hold = Alternative("hold", 0.6, 0.9, 1.2, {}, 0.01)
    attack = Alternative("attack", 0.4, 0.1, 1.0, {}, 0.2)
    move = Decision("2024-06", "provoke", "north_land", "attack", 0.4, 1.0, False, False, [attack, hold])
    names = Names(fake_scenario())

    def text(**changes):
        told = an_explanation(paths=[WholePath(0.2, "", [move])], steps=False, weight=None, decisive=[], **changes)
        return " ".join(shown(lambda what, console: print_explanation(what, names, console), told, 80).split())

    assert "By itself hold is likelier here, but the likeliest whole path with it has 1.0%, this one 20%." in text()
    assert "observations" not in text() and "The likeliest whole path; probability" in text()


def test_small_chances_are_told_as_one_in_so_many():
    assert [chance(p) for p in (0.5, 0.001, 0.00099, 1 / 15432, 0.0)] == [
        "50%",
        "0.1%",
        "1 in 1,000",
        "1 in 15,000",
        "0%",
    ]
    assert chance(1e-15) == "1e−15"


def test_the_json_object_is_strict_and_complete():
    run = fake_run()
    run.claims[0].readings[0].margin_quantiles = (float("nan"), float("inf"), 0.1)
    found = json.loads(json.dumps(to_json(run), allow_nan=False))
    assert {"claims", "outcomes", "policies", "drivers", "meta", "warnings"} <= found.keys()
    for written, claim in zip(found["claims"], run.claims):
        assert (written["id"], written["says"], written["verdict"]) == (claim.id, claim.says, claim.verdict)
        assert written["share"] == pytest.approx(claim.share) and written["built_in"] == claim.built_in
        assert [r["name"] for r in written["readings"]] == [r.name for r in claim.readings]
        assert all({"name", "text", "prior", "posterior", "undefined"} <= r.keys() for r in written["readings"])
    assert found["claims"][0]["readings"][0]["margin"] == {"low": None, "median": None, "high": 0.1}
    assert [p["id"] for p in found["policies"]] == run.policies
    assert found["drivers"][0]["drivers"][0] == {"assumption": "threshold", "score": 0.6, "direction": -1}


def test_the_json_outcomes_are_weighted_averages():
    run = fake_run()
    found = to_json(run)
    values = run.data["outcome_by"].sel(policy="no_pact", outcome="war").values
    assert found["outcomes"][0]["policies"]["no_pact"]["mean"] == pytest.approx(list(run.weights @ values))
    final = {p["id"]: p["outcomes"]["war"]["mean"] for p in found["policies"]}
    assert final["no_pact"] == pytest.approx(float(run.weights @ values[:, -1]))


def test_undefined_worlds_weigh_nothing():
    values = np.array([1.0, np.nan, 3.0])
    weights = np.array([0.25, 0.5, 0.25])
    spread = RunView(fake_run()).spread(values, weights)
    assert (spread.low, spread.mean, spread.high) == (1.0, 2.0, 3.0)
    assert np.isnan(RunView(fake_run()).spread(np.full(3, np.nan), weights).mean)


def test_drawn_policies_are_the_factual_one_and_the_extremes():
    run = fake_run(policies=12)
    results = RunView(run)
    ranked = [policy for policy, _ in results.ranked_policies("war")]
    chosen = results.selected_policies()
    assert chosen[0] == "status_quo" and len(chosen) == 5
    assert {ranked[0], ranked[-1], "no_pact"} <= set(chosen)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0%"), (1, "100%"), (0.5, "50%"), (0.0151, "1.5%"), (1e-5, "<0.1%"), (0.99999, ">99.9%"), (float("nan"), "–")],
)
def test_percentages(value, text):
    assert percent(value) == text


def test_numbers_and_lists():
    assert (number(-0.51234), number(0), number(12345.6), number(float("nan"))) == ("−0.512", "0", "12346", "–")
    assert (signed(0.004), signed(-0.5), signed(2)) == ("0.00", "−0.50", "+2.00")
    assert (listed(["a"]), listed(["a", "b", "c"]), listed(list("abcdefgh"), 3)) == (
        "a",
        "a, b and c",
        "a, b and 6 others",
    )
    assert (count(1, "world"), count(2000, "policy", "policies")) == ("1 world", "2,000 policies")


def test_sparklines_rise_with_the_values():
    assert sparkline([0, 0.5, 1]) == "▁▅█"
    assert sparkline([0, 0]) == "▁▁"


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        ({"applies": 0.7}, "with probability 0.7"),
        ({"reads": {"low": 0.2, "high": 0.6, "true": 0.4}}, "with a probability read as anywhere from 0.2 to 0.6"),
        (
            {"severity": "x", "threshold": 0.5, "vagueness": 0},
            "as x passes 0.5 (a bright line), read at the first answer after a rise",
        ),
        (
            {"severity": "x", "threshold": 0.5, "vagueness": 0.3, "read": "always"},
            "as x passes 0.5 (vague by 0.3), read at each answer",
        ),
    ],
)
def test_when_a_commitment_applies_is_told_as_it_is_written(trigger, told):
    scenario = fake_scenario()
    raw = scenario.model_dump(by_alias=True, exclude_defaults=True)
    name = next(iter(raw["commitments"]))
    raw["commitments"][name]["trigger"] = {k: "tension" if v == "x" else v for k, v in trigger.items()}
    commitment = Scenario.model_validate(raw).commitments[name]
    assert told.replace("as x", "as tension") in clause_text(commitment)


def test_a_policy_is_told_by_what_it_changes():
    scenario = fake_scenario()
    text = " ".join(shown(print_scenario, scenario, 160).split())
    for policy in scenario.policies.values():
        assert not policy.set or "sets " in text
        assert not policy.enable or "enables " in text
    assert Names(scenario).policy(scenario.factual_policy) in text
