"""Assumptions as each version of the game has them: policies, hidden and open beliefs, and what is derived from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from foedus.game.perceive import Version, perceive
from foedus.game.views import believed
from foedus.scenario.schema import Scenario
from foedus.worlds.query_slopes import assumption_slopes, environment_slopes
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, simulate
from foedus.worlds.versions import environments

PLAIN, OF_A, OF_B = (Version(believer, frozenset()) for believer in (-1, 0, 1))


def scenario(beliefs: dict[str, Any], **policy: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "horizon": {"periods": 2},
            "actors": {"a": {}, "b": {}},
            "state": {"s": {"levels": ["calm", "war"], "start": "calm"}},
            "assumptions": {"p": {"uniform": [0.1, 0.4]}, "q": "p / 2", "r": "q + 0.1"},
            "beliefs": beliefs,
            "objectives": {"a": {"gain": {"value": "-(s == war)"}}, "b": {"gain": {"value": "s == war"}}},
            "turn": [
                {"id": "m", "decide": "a", "actions": {"hold": {}, "push": {"pays": {"a": {"gain": 0.2}}}}},
                {"id": "n", "chance": [{"prob": "r", "then": {"s": "war"}}, {"then": {"s": "calm"}}]},
            ],
            "policies": {"status_quo": {}, "other": {"set": policy or {"q": 0.3}}},
        }
    )


def envs(case: Scenario, policy: str, *versions: Version | None) -> list[dict[str, np.ndarray]]:
    return environments(case, policy, sample(case, 6, 1), list(versions))


def test_a_hidden_belief_changes_all_that_is_derived_from_it_in_its_version_only() -> None:
    case = scenario({"a": {"p": {"is": "p * 2", "known": False}}})
    actual, plain, mine = envs(case, "status_quo", None, PLAIN, OF_A)
    p = sample(case, 6, 1)["p"]
    for env, held in ((actual, p), (plain, p), (mine, 2 * p)):
        np.testing.assert_allclose(env["p"], held)
        np.testing.assert_allclose(env["q"], held / 2)
        np.testing.assert_allclose(env["r"], held / 2 + 0.1)


def test_a_belief_holds_what_the_policy_has_set() -> None:
    case = scenario({"a": {"p": {"is": 0.8, "known": False}}})
    (mine,) = envs(case, "other", OF_A)
    assert (mine["p"] == 0.8).all()
    assert (mine["q"] == 0.3).all()  # set by the policy: what a believes of p does not reach it
    np.testing.assert_allclose(mine["r"], 0.4)


def test_an_open_belief_is_kept_beside() -> None:
    case = scenario({"b": {"q": {"is": "q + 0.2", "known": True}}})
    (env,) = envs(case, "status_quo", None)
    p = sample(case, 6, 1)["p"]
    np.testing.assert_allclose(env["r"], p / 2 + 0.1)
    np.testing.assert_allclose(env[believed("b", "q")], p / 2 + 0.2)
    np.testing.assert_allclose(env[believed("b", "r")], p / 2 + 0.3)
    assert believed("b", "p") not in env


def test_who_believes_in_secret_still_knows_what_others_say_openly() -> None:
    case = scenario({"a": {"p": {"is": "p * 2", "known": False}}, "b": {"q": {"is": "q + 0.2", "known": True}}})
    (mine,) = envs(case, "status_quo", OF_A)
    p = sample(case, 6, 1)["p"]
    np.testing.assert_allclose(mine["q"], p)  # half of twice p
    np.testing.assert_allclose(mine[believed("b", "q")], p / 2 + 0.2)  # an expression over what the policy has set


@pytest.mark.parametrize("policy", ["status_quo", "other"])
def test_slopes_of_versions_are_those_of_their_values(policy: str) -> None:
    """Values as in ``environments``; slopes by stepping the draws."""
    case = scenario(
        {"a": {"p": {"is": "p ** 2 + q", "known": False}}, "b": {"q": {"is": "q * (1 + p)", "known": True}}}
    )
    draws, step = sample(case, 6, 1), 1e-6
    perception = perceive(case, policy)
    versions = [None, *dict.fromkeys(solve.version for solve in perception.solves)]
    here = environments(case, policy, draws, versions)
    up, down = (environments(case, policy, {**draws, "p": draws["p"] + s}, versions) for s in (step, -step))
    for k, (values, moving) in enumerate(environment_slopes(case, policy, draws, perception)):
        assert values.keys() == here[k].keys()
        for name, value in values.items():
            np.testing.assert_allclose(value, here[k][name])
            slope = moving.get(name, {}).get("p", np.zeros(6))
            np.testing.assert_allclose(slope, (up[k][name] - down[k][name]) / (2 * step), atol=1e-8, err_msg=name)
    values, moving = assumption_slopes(case, policy, draws)
    np.testing.assert_allclose(moving["p"]["p"], np.ones(6))
    assert moving["r"].get("p", np.zeros(6)) == pytest.approx(np.full(6, 0.5 if policy == "status_quo" else 0.0))


def test_a_version_that_is_as_things_are_shares_its_table() -> None:
    case = scenario({"a": {"p": {"is": "p * 2", "known": False}}})
    games, draws = Games(case, (), {}, observe=False), sample(case, 6, 1)
    tables = games.tables("status_quo", draws)
    play, perception = games.play("status_quo")
    versions = list(dict.fromkeys(solve.version for solve in perception.solves))
    assert len(tables) == 1 + len(versions)
    assert tables[1 + versions.index(PLAIN)] is tables[0]
    assert not np.array_equal(tables[1 + versions.index(OF_A)], tables[0])
    same = {**draws, "p": np.zeros(6)}  # twice 0 is 0: now all versions are alike, and so are the solves
    alike, blocks = games.in_blocks("status_quo", same)
    assert blocks.same == (0,) * len(tables)
    assert len(alike.solves) < len(play.solves)
    one = scenario({})
    np.testing.assert_array_equal(
        simulate(case, same, ["status_quo"]).value["status_quo"],
        simulate(one, same, ["status_quo"]).value["status_quo"],
    )
