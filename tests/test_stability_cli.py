"""The stability lens as a user runs it, on conflict files and on scenarios."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import command_line
from foedus.conflict.analysis import analyse
from foedus.conflict.file import conflict_from_json
from foedus.conflict.followup import follow_up
from foedus.conflict.graph_form import model_of
from foedus.errors import FoedusError
from test_stability_brute import random_conflict

LIBRARY = Path(__file__).parents[1] / "src/foedus/library/conflicts"
ELMIRA = str(LIBRARY / "elmira.gmcr")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def foedus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Runs the command line in an empty directory: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        done = command_line.foedus(*arguments)
        return done.returncode, done.stdout, done.stderr

    return call


def test_a_file_as_json(foedus: Call) -> None:
    code, out, err = foedus(
        "lens", "stability", ELMIRA, "--json", "--start", "NYNNN", "--hold", "NYNNY", "--horizon", "2"
    )
    assert code == 0 and err == ""
    found = json.loads(out)
    assert found["states"] == 12 and found["options"][0] == "Modify the order"
    assert found["equilibria"]["nash"] == ["NNNYN", "NNNYY", "NYNNY", "YNNYN", "YNNYY", "YNYNY"]
    assert set(found["limited"]) == {"l1", "l2"}
    assert found["paths"]["from"] == "NYNNN" and found["inverse"]["state"] == "NYNNY"
    assert "NYNNY" not in found["coalitional"]["seq"]


def test_a_file_in_the_terminal_and_written_again(foedus: Call) -> None:
    code, out, _ = foedus("lens", "stability", ELMIRA, "--write", "copy.gmcr")
    assert code == 0
    for heading in ("states are stable", "some moves ahead", "leave together", "Improving moves", "an equilibrium"):
        assert heading in out
    assert foedus("lens", "stability", "copy.gmcr", "--json") == foedus("lens", "stability", ELMIRA, "--json")


def test_a_scenario_and_the_conflict_that_it_writes(foedus: Call) -> None:
    arguments = ("lens", "stability", "entrapment-abandonment", "--worlds", "6", "--json", "--write", "postures.gmcr")
    code, out, err = foedus(*arguments)
    assert code == 0, err
    found = json.loads(out)
    lasts = dict(zip(found["coords"]["concept"], found["data"]["lasts"]["values"]))
    written = json.loads(foedus("lens", "stability", "postures.gmcr", "--json")[1])
    for concept, rows in lasts.items():
        assert written["equilibria"][concept] == sorted(p for p, on in zip(found["coords"]["posture"], rows) if on)
    assert written["players"] == ["Patron", "Ally"] and "Pledges: weak" in written["options"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ELMIRA, "--start", "YN"), "is not a state"),
        ((ELMIRA, "--hold", "YYYYY"), "not feasible"),
        ((ELMIRA, "--horizon", "0"), "at least 1"),
        ((ELMIRA, "--write", "no/such/place.gmcr"), "cannot be written"),
        (("signorino-deterrence", "--start", "YN"), "conflict file"),
    ],
)
def test_wrong_arguments_end_with_2(foedus: Call, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = foedus("lens", "stability", *arguments)
    assert code == 2 and "Traceback" not in err
    assert err.startswith("foedus: ") and message in err


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything inside a JSON value."""
    inside = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [found for key, part in inside for found in [(*path, key), *places(part, (*path, key))]]


def test_whatever_is_put_in_a_file_gives_a_result_or_a_plain_message() -> None:
    junk = [
        None,
        True,
        -1,
        0,
        1,
        7,
        10**30,
        0.5,
        float("nan"),
        "",
        "Y",
        "both",
        [],
        {},
        [[]],
        [[[0, "Y"]]],
        {"compound": True},
    ]
    refused = used = 0
    for seed in range(1000):
        dice = random.Random(seed)
        data = copy.deepcopy(random_conflict(seed % 40))
        for _ in range(dice.randint(1, 2)):
            path = dice.choice(places(data))
            spot = data
            for key in path[:-1]:
                spot = spot[key]
            if dice.random() < 0.2:
                del spot[path[-1]]
            else:
                spot[path[-1]] = dice.choice(junk)
        try:
            model = model_of(conflict_from_json(data))
        except FoedusError as error:
            refused += 1
            assert str(error)
            continue
        used += 1
        if seed % 10 == 0:
            json.dumps(analyse(model).to_json() | follow_up(model).to_json(), allow_nan=False)
    assert refused > 300 and used > 60
