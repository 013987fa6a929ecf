"""Robust search against brute force on a grid, and its held-out figures against other worlds."""

from __future__ import annotations

import json

import numpy as np
import pytest

from command_line import foedus
from foedus.errors import FoedusError
from foedus.lenses.policies.comparison import Direction
from foedus.lenses.policies.levers import Lever, LeverKind, default_levers, read_lever, with_levers
from foedus.lenses.policies.search import Criterion, Problem, SearchSettings, read_aim, search
from foedus.lenses.policies.search_telling import search_json, search_section
from foedus.runs.local import run
from foedus.scenario.load import load
from foedus.scenario.parts import Assumption
from foedus.scenario.query import parse_query
from foedus.scenario.scope import query_scope
from foedus.worlds.simulate import simulate
from small_policies import dial

WAR, COST, RAIDS, PAY = (
    "prob(eventually(war == yes))",
    "expect(ann.cost)",
    "prob(eventually(raids == some))",
    "expect(bob)",
)


def found_by(policy, lever, aims, worlds, **settings):
    """The frontier of one lever of ``dial``; aims as (query, which way is better)."""
    scenario = dial()
    read = tuple(read_aim(scenario, text, Direction(way)) for text, way in aims)
    return search(Problem(scenario, policy, (lever,), read), *worlds, SearchSettings(**settings))


@pytest.fixture(scope="module")
def worlds():
    return [run(dial(), policies=[], worlds=16, seed=seed, judge=False) for seed in (0, 1)]


def test_single_metric_finds_the_known_optimum(worlds) -> None:
    found = found_by("status_quo", Lever("c", 0, 1), [(WAR, "lower")], worlds, evaluations=120)
    best = found.candidates[0]
    assert len(found.candidates) == 1 and best.levers["c"] == pytest.approx(0.3, abs=0.003)
    for run_, number in zip(worlds, (best.trained[0], best.held_out[0])):
        assert number == pytest.approx((best.levers["c"] - 0.3) ** 2 + run_.draws["x"].mean() / 10, abs=1e-12)
    assert not np.allclose(worlds[0].draws["x"], worlds[1].draws["x"])
    assert found.base.held_out[0] == pytest.approx(
        np.mean((worlds[1].draws["c"] - 0.3) ** 2 + worlds[1].draws["x"] / 10)
    )


def test_frontier_of_two_metrics_is_that_of_a_grid(worlds) -> None:
    found = found_by("status_quo", Lever("c", 0, 1), [(WAR, "lower"), (COST, "higher")], worlds, evaluations=200)
    settings = np.array([one.levers["c"] for one in found.candidates])
    assert (
        len(settings) > 5
        and settings.min() < 0.02
        and settings.max() == pytest.approx(0.3, abs=0.01)
        and (settings <= 0.301).all()
    )
    assert all(one.still_efficient for one in found.candidates)
    for one in found.candidates:
        assert one.held_out[1] == pytest.approx(-one.levers["c"], abs=1e-6)


def test_timing_of_a_binding_against_brute_force(worlds) -> None:
    """Guarding from period k on: 4 - k periods at 0.05 each, k chances of a raid at 0.1."""
    found = found_by(
        "guarding", Lever("guard", 0, 4, LeverKind.TIMING), [(RAIDS, "lower"), (PAY, "higher")], worlds, evaluations=64
    )
    by_start = {int(one.levers["guard"]): one for one in found.candidates}
    assert sorted(by_start) == [0, 1, 2, 3, 4]
    for k, one in by_start.items():
        assert one.held_out[0] == pytest.approx(1 - 0.9**k, abs=1e-6) and one.held_out[1] == pytest.approx(
            -0.05 * (4 - k), abs=1e-6
        )


def test_tail_rule_averages_the_worst_tenth(worlds) -> None:
    found = found_by("status_quo", Lever("c", 0, 1), [(WAR, "lower")], worlds, criterion=Criterion.TAIL, evaluations=64)
    x = np.sort(worlds[0].draws["x"])[::-1]
    worst = (x[0] / 16 + x[1] * (0.1 - 1 / 16)) / 0.1
    assert found.candidates[0].trained[0] == pytest.approx(
        worst / 10 + (found.candidates[0].levers["c"] - 0.3) ** 2, abs=1e-12
    )


def test_a_lever_is_the_same_as_a_policy_that_sets_it(worlds) -> None:
    scenario = dial()
    lever = Lever("c", 0, 1)
    changed = with_levers(scenario, "status_quo", [lever])
    query = parse_query(WAR, query_scope(scenario))
    draws = worlds[0].draws
    moved = simulate(changed, {**draws, lever.slot: np.full(16, 0.7)}, ["status_quo"], [query], observe=False).query[
        "status_quo"
    ][0]
    scenario.policies["status_quo"].set["c"] = 0.7
    np.testing.assert_allclose(
        moved, simulate(scenario, draws, ["status_quo"], [query], observe=False).query["status_quo"][0]
    )


def test_default_levers_are_the_dials_of_one_actors_commitments() -> None:
    whose, (vow,) = default_levers(dial(), "status_quo")
    assert whose == "ann"
    assert (vow.name, vow.low, vow.high, vow.kind, vow.commitment) == ("c", 0, 1, "credibility", "vow")
    # The policy binds Bob's guard and touches no lever of Ann's: it is Bob's.
    whose, (guard,) = default_levers(dial(), "guarding")
    assert (whose, guard.name, guard.kind) == ("bob", "guard", "timing")
    assert default_levers(dial(), "guarding", "ann") == ("ann", [vow])
    with pytest.raises(FoedusError, match=r"no commitment of 'bob' .* Levers are had by ann"):
        default_levers(dial(), "status_quo", "bob")
    case = load("russia-dprk-pact")
    levers = {}
    for actor in ("usa", "china", "russia"):
        levers[actor] = {lever.name: lever.kind for lever in default_levers(case, "deterrence_only", actor)[1]}
        assert all(
            name not in other for other in levers.values() if other is not levers[actor] for name in levers[actor]
        )
    assert {"us_vagueness": "clarity", "us_cost": "credibility"}.items() <= levers["usa"].items()
    assert {"threat_vagueness", "threat_cost", "assure_clarity", "assure_cost"} <= levers["china"].keys()
    assert "pact_cost" in levers["russia"]
    assert default_levers(case, "deterrence_only")[0] == "usa"
    assert default_levers(case, "threats_and_assurances")[0] == "china"


def test_the_command_moves_the_levers_of_one_actor(tmp_path) -> None:
    file = tmp_path / "dial.yaml"
    file.write_text(dial().to_yaml())
    asked = ("search", str(file), "--worlds", "8", "--few", "4", "--evaluations", "16")
    told = foedus(*asked, "--policy", "guarding").stdout
    assert "Moved are the levers of Bob" in " ".join(told.split())
    told = " ".join(foedus(*asked, "--policy", "guarding", "--actor", "ann").stdout.split())
    assert "Moved are the levers of Ann" in told and "resolve" in told
    for wrong, says in (
        (("--actor", "cem"), "is not an actor"),
        (("--actor", "bob"), "no commitment of 'bob'"),
        (("--actor", "ann", "--lever", "c=0:1"), "--lever or --actor"),
        (("--lever", "c=1e300:1e308"), "at most 1e+100"),
        (("--lever", "c=-1e101:0"), "at least -1e+100"),
        (("--lever", "ann.precision=-1:2"), "at least 0"),
        (("--lever", "bob.patience=0:1.5"), "at most 1"),
    ):
        done = foedus(*asked, *wrong)
        assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("written", "ends"),
    [
        ({"choice": [0.6, 2, 0.1, 0.3]}, (0.1, 2)),  # the least and the greatest, not the first and the last
        ({"choice": {2: 0.5, -1: 0.3, 0: 0.2}}, (-1, 2)),
        ({"triangular": [0.1, 0.2, 0.7]}, (0.1, 0.7)),
        ({"loguniform": [1e-3, 10]}, (1e-3, 10)),
        ({"normal": [1, 2]}, (1 - 2 * 2.3263478740408408, 1 + 2 * 2.3263478740408408)),  # its middle 98%
    ],
)
def test_a_default_lever_runs_over_the_whole_of_its_distribution(written, ends) -> None:
    scenario = dial()
    scenario.assumptions["c"] = Assumption.model_validate(written)
    _, (lever,) = default_levers(scenario, "status_quo")
    assert (lever.low, lever.high) == pytest.approx(ends, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("c", "Write name=low:high"),
        ("c=1:0", "from a lower to a higher"),
        ("d=0:1", "neither an assumption"),
        ("c=a:b", "must be numbers"),
        ("guard=0:9", "whole periods from 0 to 4"),
    ],
)
def test_wrong_levers_are_refused(text, says) -> None:
    with pytest.raises(FoedusError, match=says):
        read_lever(dial(), "guarding", text)


def test_section_says_the_numbers(worlds) -> None:
    found = found_by("status_quo", Lever("c", 0, 1), [(WAR, "lower"), (COST, "higher")], worlds, evaluations=64)
    section = search_section(dial(), found)
    text = " ".join(section.sentences)
    assert (
        f"{found.tried} candidates were tried in 16 worlds" in text
        and "in 16 held-out worlds" in text
        and "luck" in text
    )
    assert str(section.figures[0].drawing).startswith("<svg") and len(section.tables) == 2
    told = json.loads(json.dumps(search_json(dial(), found), allow_nan=False))
    assert len(told["candidates"]) == len(found.candidates)


def test_command_searches(tmp_path) -> None:
    file = tmp_path / "dial.yaml"
    file.write_text(dial().to_yaml())
    asked = ("search", str(file), "--worlds", "16", "--few", "8", "--evaluations", "40")
    found = json.loads(foedus(*asked, "--lever", "c=0:0.5", "--metric", WAR, "--json").stdout)
    assert found["candidates"][0]["levers"]["c"] == pytest.approx(0.3, abs=0.05)
    page = tmp_path / "page.html"
    shown = foedus(*asked, "--html", str(page))
    assert "<svg" in page.read_text() and "Settings of the levers" in page.read_text()
    assert shown.returncode == 0 and "Settings of the levers" in shown.stdout, shown.stderr
    for wrong in (
        ("--lever", "q=0:1"),
        ("--rule", "dice"),
        ("--policy", "no"),
        ("--html", str(tmp_path)),
        ("--metric", 'prob(eventually(war == yes), under="guarding")'),
    ):
        done = foedus(*asked, *wrong)
        assert done.returncode == 2 and done.stderr.startswith("foedus: "), done.stderr
