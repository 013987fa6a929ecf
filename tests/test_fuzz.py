"""Shipped scenarios spoilt at random: an error with its place, or a scenario that runs; never anything else."""

from __future__ import annotations

import copy
import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from foedus.errors import FoedusError
from foedus.report.json import to_json
from foedus.runs.local import run
from foedus.scenario.check import problems_of
from foedus.scenario.files import shipped
from foedus.scenario.load import load
from foedus.scenario.yamltext import read_yaml

LARGE = ("russia-dprk-pact", "taiwan-strait")  # their texts are spoilt too, but what still runs is not run
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in shipped().items()}
PLAIN = {name: read_yaml(text, name).plain() for name, text in TEXTS.items() if name not in LARGE}
JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    0.5,
    1.5,
    1e308,
    10**400,
    math.nan,
    math.inf,
    "",
    "x",
    "rest",
    "war",
    "t",
    "date",
    "1/0",
    "log(0)",
    "1e999",
    "no",
    [],
    {},
    [1],
    {"x": 1},
    {"uniform": [0, 1]},
    {"choice": [0, 1]},
    {"kind": "x", "parameters": []},
    "2025-01",
    "9" * 400,
    "((((",
    "a" * 5000,
    "é",
    "\u202e",
    "*",
    "'",
    "rest + 1",
    [None],
    {"": None},
    "0 if t else 1",
    "max()",
    "x.y",
    "status_quo",
    "not",
    "exp(1000)",
    {"is": 1},
    [[[]]],
    "risk = 2",
    "t && t",
]
LETTERS = "{}[]:,&*!|>'\"%@#-?\t é0\x00\u2028\ufeff"
LINES = ["---", "...", "<<: *a", "? [a]", "%YAML 1.1", "- - - x", "!!int x: 1", "é: ü", "{", "a: &a [*a]"]
NUMBERS = ["-1", "1e999", "99999999999999999999", "null", ".nan", ".inf", "0", "''", "0x1F", "1_000"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def spoil_value(rng: random.Random, plain: Any) -> Any:
    """One value deleted, replaced, swapped, renamed, repeated or made huge."""
    path = rng.choice([path for path in places(plain) if path])
    parent, key = at(plain, path[:-1]), path[-1]
    match rng.randrange(7):
        case 0:
            del parent[key]
        case 1:
            parent[key] = copy.deepcopy(rng.choice(JUNK))
        case 2:
            parent[key] = copy.deepcopy(at(plain, rng.choice([other for other in places(plain) if other])))
        case 3 if isinstance(parent, dict):
            word = rng.choice(["x", "when", "pays", "then", "prob", "is", "known", "value", "why", "in_place_of"])
            parent[word] = copy.deepcopy(rng.choice(JUNK))
        case 4 if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
        case 5 if isinstance(parent, dict):
            parent[f"{key}x"] = parent.pop(key)
        case _ if isinstance(parent[key], (int, float)):
            parent[key] = rng.choice([0, -parent[key], parent[key] * 1e6, parent[key] * 1e-9, 1e30])
        case _ if isinstance(parent[key], str):
            text, i = parent[key], rng.randrange(len(parent[key]) + 1)
            more = rng.choice(["(", ")", " ", "+", "*", "1", "é", "\n", "#", "'", "not ", " and "])
            parent[key] = text[:i] + more + text[i + rng.randrange(2) :]
    return plain


def spoil_text(rng: random.Random, text: str) -> str:
    """One line deleted, repeated, indented, cut into, anchored, renumbered or replaced."""
    lines = text.split("\n")
    i = rng.randrange(len(lines))
    line, j = lines[i], rng.randrange(len(lines[i]) + 1)
    lines[i : i + 1] = rng.choice(
        [
            [],
            [line, line],
            [f"\t{line}"],
            [" " * rng.randrange(6) + line.lstrip()],
            [line[:j] + rng.choice(LETTERS) + line[j + rng.randrange(2) :]],
            [line.replace(": ", ": &a ", 1)],
            [line.replace(": ", ": *a ", 1)],
            [re.sub(r"\d+(\.\d+)?", lambda _: rng.choice(NUMBERS), line, count=1)],
            [rng.choice(LINES)],
        ]
    )
    return "\n".join(lines) + "\n"


def spoilt(rng: random.Random) -> tuple[str, Any]:
    """The name of a scenario, and the scenario spoilt one to three times."""
    times = rng.choice([1, 1, 1, 2, 3])
    if rng.random() < 0.5:
        name = rng.choice(sorted(PLAIN))
        made = copy.deepcopy(PLAIN[name])
        for _ in range(times):
            made = spoil_value(rng, made)
        return name, made
    name = rng.choice([*sorted(PLAIN), *sorted(PLAIN), *LARGE])
    text = TEXTS[name]
    for _ in range(times):
        text = spoil_text(rng, text)
    return name, text


def outcome(source: Any, solve: bool) -> str:
    """What becomes of a source; anything but a told problem or a sound scenario fails."""
    problems = problems_of(source)
    for problem in problems:
        assert problem.reason.rstrip().endswith((".", "?", "…")), problem
        assert isinstance(source, dict) or (problem.line and problem.column), problem
    if any(problem.severity == "error" for problem in problems):
        return "refused"
    scenario = load(source)
    assert load(scenario.to_yaml()) == scenario
    if not solve:
        return "sound"
    try:
        json.dumps(to_json(run(scenario, worlds=2)), allow_nan=False)
    except FoedusError as error:
        assert str(error).strip()
        return "refused in some world"
    return "ran"


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_scenarios(seed: int):
    rng, count = random.Random(seed), Counter[str]()
    for _ in range(150):
        name, source = spoilt(rng)
        count[outcome(source, name not in LARGE and count["ran"] < 6)] += 1
    assert count["refused"] > 60 and count["ran"] == 6
