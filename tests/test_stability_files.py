"""Reading and writing ``.gmcr`` files."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from foedus.conflict.analysis import analyse
from foedus.conflict.file import MOST_BYTES, conflict_from_json, load_conflict, save_conflict
from foedus.conflict.option_form import Conflict, OptionModel
from foedus.errors import FoedusError
from test_stability_brute import Definitions, random_conflict

LIBRARY = sorted((Path(__file__).parents[1] / "src/foedus/library/conflicts").glob("*.gmcr"))

GOOD: dict[str, Any] = {
    "options": [{"name": "a", "permittedDirection": "both"}, {"name": "b", "permittedDirection": "fwd"}],
    "decisionMakers": [
        {"name": "x", "options": [0], "preferences": [[[0, "Y"]]], "misperceptions": []},
        {"name": "y", "options": [1], "preferences": [{"compound": True, "members": [[[0, "N"]], [[1, "Y"]]]}]},
    ],
    "infeasibles": [],
    "coalitions": [0, 1],
    "useManualPreferenceRanking": False,
}


def ranked(first: Any, second: Any = (1, 2, 3, 4)) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    data["useManualPreferenceRanking"] = True
    for maker, ranking in zip(data["decisionMakers"], (first, second)):
        maker["preferenceRanking"] = list(ranking) if isinstance(ranking, tuple) else ranking
    return data


def broken(path: list[Any], value: Any) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    spot: Any = data
    for key in path[:-1]:
        spot = spot[key]
    if value is KeyError:
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    return data


MALFORMED: list[tuple[Any, str]] = [
    ([], "the file: expected an object"),
    (broken(["options"], KeyError), "'options' is missing"),
    (broken(["options"], {}), "options: expected a list"),
    (broken(["options"], []), "options: there are none"),
    (broken(["options"], [{"name": "o"}] * 63), "at most 62"),
    (broken(["options", 0], "a"), r"options\[0\]: expected an object"),
    (broken(["options", 0, "name"], KeyError), "'name' is missing"),
    (broken(["options", 0, "name"], 3), "expected a text"),
    (broken(["options", 0, "name"], "\ud800"), "cannot be shown"),
    (broken(["decisionMakers", 1, "name"], "a\x1b[2J"), "cannot be shown"),
    (broken(["decisionMakers", 0, "preferences"], {}), "expected a list"),
    (broken(["infeasibles"], 0), "expected a list"),
    (broken(["options", 0, "permittedDirection"], "up"), '"fwd" or "back"'),
    (broken(["decisionMakers"], KeyError), "'decisionMakers' is missing"),
    (broken(["decisionMakers"], []), "decisionMakers: there are none"),
    (broken(["decisionMakers", 0, "options"], KeyError), "'options' is missing"),
    (broken(["decisionMakers", 0, "options"], [2]), "there is no option 2"),
    (broken(["decisionMakers", 0, "options"], [-1]), "there is no option -1"),
    (broken(["decisionMakers", 0, "options"], [True]), "expected the number of option"),
    (broken(["decisionMakers", 0, "preferences"], KeyError), "'preferences' is missing"),
    (broken(["decisionMakers", 0, "preferences"], [[[0, "Y"], [9, "N"]]]), "there is no option 9"),
    (broken(["decisionMakers", 0, "preferences"], [[[0, "yes"]]]), 'expected "Y" or "N"'),
    (broken(["decisionMakers", 0, "preferences"], [[0, "Y"]]), r"such as \[0"),
    (broken(["decisionMakers", 0, "preferences"], [[[0, "Y", 1]]]), r"such as \[0"),
    (broken(["decisionMakers", 0, "preferences"], ["Y-"]), "expected a list"),
    (broken(["decisionMakers", 0, "preferences"], [{"members": []}]), '"compound": true'),
    (broken(["decisionMakers", 0, "preferences"], [{"compound": True}]), "'members' is missing"),
    (broken(["decisionMakers", 0, "misperceptions"], [[[5, "N"]]]), "there is no option 5"),
    (broken(["infeasibles"], [[[0, "Y"]], [[0, "N"]]]), "no feasible state"),
    (broken(["infeasibles"], [[]]), "no feasible state"),
    (broken(["infeasibles"], "none"), "expected a list"),
    (broken(["coalitions"], [[0, 1], 1]), "more than one place"),
    (broken(["coalitions"], [2]), "there is no decision maker 2"),
    (broken(["coalitions"], [[]]), "empty coalition"),
    (broken(["useManualPreferenceRanking"], "yes"), "expected true or false"),
    (broken(["useManualPreferenceRanking"], True), "'preferenceRanking' is missing"),
    (ranked((1, 2, 3)), "leaves out state 4 of 4"),
    (ranked((1, 2, 3, 3)), "more than once"),
    (ranked((1, 2, 3, 5)), "names state 5; feasible states are 1 to 4"),
    (ranked((0, 1, 2, 3)), "names state 0"),
    (ranked((1, 2, 3, "4")), "expected the position"),
    (ranked((1, 2, [], 3)), "empty list"),
    (ranked("1234"), "expected a list"),
]


@pytest.mark.parametrize(("data", "message"), MALFORMED)
def test_malformed_files_say_what_is_wrong(tmp_path: Path, data: Any, message: str) -> None:
    path = tmp_path / "bad.gmcr"
    path.write_text(json.dumps(data))
    with pytest.raises(FoedusError, match=message) as caught:
        load_conflict(path)
    assert str(caught.value).startswith(str(path))


def test_the_model_of_the_malformed_ones_is_good() -> None:
    assert conflict_from_json(GOOD).decision_makers[1].name == "y"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"options": [\n  {"name": }]}', ":2:12: not valid JSON"),
        ("", ":1:1: not valid JSON"),
        ("[" * 100_000, "not usable JSON"),
        ('{"options": [], "decisionMakers": []', "not valid JSON"),
    ],
)
def test_bad_json_is_placed(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.gmcr"
    path.write_text(text)
    with pytest.raises(FoedusError, match=message):
        load_conflict(path)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(FoedusError, match="cannot be read"):
        load_conflict(tmp_path / "none.gmcr")
    with pytest.raises(FoedusError, match="it is not a file"):
        load_conflict(tmp_path)
    (tmp_path / "binary.gmcr").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(FoedusError, match="UTF-8"):
        load_conflict(tmp_path / "binary.gmcr")
    with pytest.raises(FoedusError, match="cannot be written"):
        save_conflict(conflict_from_json(GOOD), tmp_path / "no" / "such.gmcr")


def test_too_many_states() -> None:
    makers = [{"name": "x", "options": [0], "preferences": []}]
    many = conflict_from_json({"options": [{"name": "o"}] * 30, "decisionMakers": makers})
    with pytest.raises(FoedusError, match="more than 4,194,304 states"):
        OptionModel(many)
    only_one = [[[i, "Y"], [j, "Y"]] for i in range(30) for j in range(i)]
    few = {"options": [{"name": "o"}] * 30, "decisionMakers": makers, "infeasibles": only_one}
    assert OptionModel(conflict_from_json(few)).size == 31


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_library_files_come_back_as_they_were(path: Path, tmp_path: Path) -> None:
    conflict = load_conflict(path)
    assert {"title", "about", "source"} <= set(conflict.notes)
    save_conflict(conflict, tmp_path / "copy.gmcr")
    assert load_conflict(tmp_path / "copy.gmcr") == conflict
    assert analyse(load_conflict(tmp_path / "copy.gmcr")).to_json() == analyse(load_conflict(path)).to_json()


def test_random_files_come_back_as_they_were(tmp_path: Path) -> None:
    for seed in range(60):
        data = random_conflict(seed)
        if not Definitions(data).states:
            continue
        conflict: Conflict = conflict_from_json(data)
        save_conflict(conflict, tmp_path / "copy.gmcr")
        assert load_conflict(tmp_path / "copy.gmcr") == conflict
        written = json.loads((tmp_path / "copy.gmcr").read_text())
        for key in ("options", "infeasibles", "useManualPreferenceRanking"):
            assert written[key] == data[key]
        assert [maker["preferences"] for maker in written["decisionMakers"]] == [
            maker["preferences"] for maker in data["decisionMakers"]
        ]


def test_older_names_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    old = ranked((4, [2, 3], 1))
    old["useManualPreferenceVectors"] = old.pop("useManualPreferenceRanking")
    for maker in old["decisionMakers"]:
        maker["preferenceVector"] = maker.pop("preferenceRanking")
    (tmp_path / "old.gmcr").write_text("\ufeff" + json.dumps(old), encoding="utf-8")
    conflict = load_conflict(tmp_path / "old.gmcr")
    assert conflict.decision_makers[0].ranking == ((4,), (2, 3), (1,))
    assert OptionModel(conflict).ranks.tolist() == [[0, 1, 1, 2], [3, 2, 1, 0]]


def test_a_ranking_counts_only_where_it_is_in_force() -> None:
    data = ranked((1, 2, 3, 4))
    data["useManualPreferenceRanking"] = False
    assert OptionModel(conflict_from_json(data)).ranks[0].tolist() == [0, 1, 0, 1]


def test_duplicate_conditions_change_nothing() -> None:
    twice = broken(["decisionMakers", 0, "preferences"], [[[0, "Y"]], [[1, "Y"]], [[0, "Y"]]])
    once = broken(["decisionMakers", 0, "preferences"], [[[0, "Y"]], [[1, "Y"]]])
    ranks = [OptionModel(conflict_from_json(data)).ranks[0].tolist() for data in (twice, once)]
    assert ranks[0] == ranks[1] == [0, 2, 1, 3]


def test_more_conditions_than_bits_of_a_number() -> None:
    many = [[[0, "N"]], *[[[0, "Y"], [1, "Y"]]] * 70]
    data = broken(["decisionMakers", 0, "preferences"], many)
    assert OptionModel(conflict_from_json(data)).ranks[0].tolist() == [2, 0, 2, 1]
    assert analyse(conflict_from_json(data)).labels("nash")


def test_what_is_no_file_or_too_large_is_not_read(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe.gmcr", tmp_path / "large.gmcr"
    os.mkfifo(pipe)
    (tmp_path / "zero.gmcr").symlink_to("/dev/zero")
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    for path, reason in ((pipe, "not a file"), (tmp_path / "zero.gmcr", "not a file"), (large, "the limit is")):
        with pytest.raises(FoedusError, match=reason):
            load_conflict(path)


def test_many_decision_makers_are_refused_and_many_answers_at_once_leave_sim_out() -> None:
    maker = {"name": "y", "options": [1], "preferenceRanking": [2, 4, 3, 1]}
    data = ranked([3, 4, 2, 1]) | {"coalitions": None}
    data["options"] = [{"name": "a"}, {"name": "b"}]
    first = data["decisionMakers"][0]
    with pytest.raises(FoedusError, match="at most 62"):
        conflict_from_json(data | {"decisionMakers": [first, *[maker] * 62]})
    large = analyse(conflict_from_json(data | {"decisionMakers": [first, *[maker] * 61]}))
    assert set(large.left_out) == {"sim"} and "sim" not in large.stable and "nash" in large.stable
    assert "sim" in large.to_json()["concepts_left_out"]
    small = analyse(conflict_from_json(data | {"decisionMakers": [first, maker]}))
    assert "sim" in small.stable and not small.left_out
