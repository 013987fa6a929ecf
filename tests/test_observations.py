"""What `check` says of observations: both ways, together, in the periods that there are."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from foedus.errors import FoedusError
from foedus.record.score import score_scenario
from foedus.report.sizes import sizes
from foedus.runs.local import run
from foedus.scenario.check import check, validate
from foedus.scenario.errors import ScenarioError
from foedus.scenario.files import shipped
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario
from foedus.worlds.contradiction import contradiction
from foedus.worlds.posterior import posterior_worlds
from foedus.worlds.sample import sample
from oracle import Oracle
from strategies import make_case
from strategies_scenario import Features

RAW: dict[str, Any] = {
    "horizon": {"periods": 6, "unit": "month", "first": "2024-06", "beyond": 0},
    "actors": {"a": {"precision": {"uniform": [0.5, 2]}}},
    "assumptions": {"luck": 0.0, "gain": {"uniform": [0, 1]}, "spare": 1},
    "state": {
        "mood": {"levels": ["calm", "tense", "war"], "start": "calm", "ends": "war"},
        "side": {"levels": ["east", "west"], "start": "east"},
    },
    "turn": [
        {"id": "chance", "chance": [{"prob": "luck", "then": {"side": "west"}}, {"prob": "rest"}]},
        {
            "id": "move",
            "decide": "a",
            "actions": {"wait": {}, "push": {"pays": {"a": "gain"}, "then": {"mood": "tense"}}},
        },
        {
            "id": "strike",
            "decide": "a",
            "when": "mood == tense",
            "actions": {"hold": {}, "hit": {"when": "side == west", "then": {"mood": "war"}}},
        },
        {
            "id": "talk",
            "decide": "a",
            "at": ["2024-07", "2024-09"],
            "actions": {"no": {}, "yes": {"exists": "enabled"}},
        },
    ],
    "policies": {"status_quo": {}, "talks": {"enable": ["talk.yes"]}},
}


def took(month: int, *actions: str, error: float = 0.1) -> dict[str, Any]:
    return {"at": f"2024-{month:02d}", "took": list(actions), "error": error}


def state(month: int, text: str, error: float = 0.1) -> dict[str, Any]:
    return {"at": f"2024-{month:02d}", "is": text, "error": error}


def made(*observations: dict[str, Any], **changes: Any) -> Scenario:
    return Scenario.model_validate(RAW | {"observations": list(observations)} | changes)


def errors(*observations: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    problems = check(made(*observations, **changes))
    return [(".".join(map(str, p.path)), p.reason) for p in problems if p.severity == "error"]


ONE_WAY = {
    "acts alone": [took(6, "move.push"), took(8, "move.push")],
    "quiet alone": [took(6, "move.wait"), took(7, "move.wait"), state(9, "side == east")],
    "answers that one action fits": [took(6, "move.push"), took(9, "move.push", "move.wait")],
    "states alone": [state(6, "mood >= tense"), state(7, "mood >= tense"), state(9, "mood == tense")],
    "only where it takes place": [took(6, "move.wait"), took(8, "move.wait"), took(7, "talk.no")],
}
BOTH_WAYS = {
    "every period": [took(6, "move.push"), took(7, "move.push"), took(8, "move.push")],
    "each answer once": [took(6, "move.push"), took(9, "move.wait")],
    "states that exclude each other": [state(6, "mood == tense"), state(9, "mood < tense")],
    "once": [took(6, "move.push"), state(9, "side == west")],
    "a state twice": [state(6, "mood >= tense"), state(8, "mood == tense")],
    "with a guard": [took(6, "strike.hold"), took(9, "strike.hold")],
    "not in other periods": [took(7, "talk.no"), took(9, "talk.no")],
    "until it is over": [took(6, "move.push"), took(7, "move.push"), state(7, "mood == war"), state(9, "side == east")],
    "nothing": [],
}


@pytest.mark.parametrize("name", ONE_WAY)
def test_coding_one_way_is_refused_at_its_first_record(name: str) -> None:
    found = errors(*ONE_WAY[name])
    assert [reason for _, reason in found if "is coded one way" in reason], found
    assert all(path.startswith("observations.") for path, _ in found)


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_coding_both_ways_passes(name: str) -> None:
    assert errors(*BOTH_WAYS[name]) == []


def test_the_message_counts_and_says_what_would_be_right() -> None:
    (problem,) = [p for p in check(made(*ONE_WAY["acts alone"])) if p.severity == "error"]
    assert "only in the 2 periods in which the answer fits 'move.push', and not in 1 others" in problem.reason
    assert "(2024-07)" in problem.reason and problem.remedy.startswith("Code these periods too")


@pytest.mark.parametrize("name", shipped())
def test_shipped_scenarios_are_coded_both_ways(name: str) -> None:
    assert not [p for p in check(load(name)) if p.severity == "error"]


@pytest.mark.parametrize(
    "observed",
    [
        [took(6, "move.push", error=0), took(6, "move.wait", error=0)],
        [state(6, "mood == calm", 0), state(6, "mood >= tense", 0)],
        [state(6, "mood == calm or side == east", 0), state(6, "mood > calm", 0), state(6, "side == west", 0)],
        [state(6, "mood == calm and mood == war", 0)],
        [took(6, "talk.no", error=0)],
        [took(7, "talk.yes", error=0)],
    ],
)
def test_what_excludes_itself_in_a_period_is_refused(observed: list[dict[str, Any]]) -> None:
    assert errors(*observed)
    unsure = [item | {"error": 0.1} for item in observed]
    assert not [reason for _, reason in errors(*unsure) if "coded one way" not in reason]


def test_observations_that_no_world_can_produce_are_named_with_the_assumptions() -> None:
    """A hit needs the west side, which luck 0 never brings; neither is impossible by the words alone."""
    scenario = made(took(6, "move.push", error=0), took(6, "strike.hit", error=0), state(6, "side == west", 0.2))
    validate(scenario)
    for act in (
        lambda: sizes(scenario),
        lambda: run(scenario, worlds=8),
        lambda: posterior_worlds(scenario, 50),
        lambda: score_scenario(scenario, 8),
    ):
        with pytest.raises(ScenarioError, match=r"no world can produce .strike\.hit.") as caught:
            act()
        (problem,) = caught.value.problems
        assert problem.path == ("observations", 1) and "bear on it: luck." in problem.reason
    lucky = made(*scenario.model_dump(by_alias=True)["observations"], assumptions=RAW["assumptions"] | {"luck": 0.1})
    sizes(lucky)


def test_the_smallest_set_is_named() -> None:
    """Waiting in every period and yet being tense at the end of the third: the third's wait is not needed to see that the
    first two are, but all three are needed with the state."""
    waits = [took(m, "move.wait", error=0) for m in (6, 7, 8)]
    scenario = made(*waits, state(8, "mood == tense", 0), state(7, "side == east", 0))
    assert contradiction(scenario, sample(scenario, 8)) == [0, 1, 2, 3]
    with pytest.raises(FoedusError, match=r"observations 0, 1, 2, 3; 256 tried under 'status_quo'"):
        sizes(scenario)


def test_contradictions_are_those_of_an_enumeration_of_paths() -> None:
    """In random games: some observations clash in a world where their joint probability along all paths is 0."""
    clashes = tried = 0
    for seed in range(60):
        case = make_case(random.Random(seed), Features(perfect=False), worlds=1)
        if not case.scenario.observations:
            continue
        sure = [o.model_copy(update={"error": 0.0}) for o in case.scenario.observations]
        scenario = case.scenario.model_copy(update={"observations": sure})
        world = {name: np.full(1, value) for name, value in case.worlds[0].items()}
        oracle = Oracle(scenario, case.worlds[0], scenario.factual_policy)
        likely = sum(p.prob for p in oracle.paths() if all(oracle.fits(o, p) == 1 for o in sure))
        clash = contradiction(scenario, world)
        assert bool(clash) == (likely == 0)
        clashes, tried = clashes + bool(clash), tried + 1
    assert tried > 20 and clashes > 3


@pytest.mark.parametrize("at", [6, "2024-12", "2023"])
def test_periods_outside_are_refused_in_the_words_of_the_language(at: Any) -> None:
    (found,) = errors({"at": at, "took": "move.wait"})
    assert found == ("observations.0.at", f"'{at}' is outside the reported periods, 2024-06 to 2024-11.")
    undated = RAW | {"horizon": {"periods": 3}, "turn": RAW["turn"][:3]}
    problems = check(Scenario.model_validate(undated | {"observations": [{"at": 3, "took": "move.wait"}]}))
    assert "'3' is outside the reported periods, 0 to 2." in [p.reason for p in problems]
    assert [undated_label(t) for t in range(3)] == ["0", "1", "2"]


def undated_label(t: int) -> str:
    return Scenario.model_validate(RAW | {"horizon": {"periods": 3}}).horizon.calendar.label(t)
