"""Shipped scenarios, conflicts and queries spoilt at random, and what must come of them: an error in words, with its place
where there is one, or something sound; never anything else. Asked by ``test_fuzz`` and, for longer, by ``scripts/fuzz.py``."""

from __future__ import annotations

import copy
import json
import math
import random
import re
import warnings
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from command_line import foedus
from foedus.claims.reading import ParsedReading
from foedus.conflict.analysis import analyse
from foedus.conflict.file import conflict_from_json, conflict_to_json
from foedus.conflict.graph_form import model_of
from foedus.conflict.option_form import OptionModel
from foedus.errors import FoedusError
from foedus.present.in_words import Teller
from foedus.report.json import to_json
from foedus.runs.local import run
from foedus.scenario.check import problems_of
from foedus.scenario.files import shipped
from foedus.scenario.load import load
from foedus.scenario.names import Names
from foedus.scenario.query import Unit, parse_reading, queries_of, unit_of
from foedus.scenario.scope import query_scope
from foedus.scenario.tree import leaves
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
    name = rng.choice(LARGE if rng.random() < 0.02 else sorted(PLAIN))
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


CONFLICTS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((files("foedus.library") / "conflicts").iterdir())
    if path.name.endswith(".gmcr")
}
CONFLICT_JUNK = [
    None,
    True,
    -1,
    0,
    1,
    99,
    10**30,
    0.5,
    "",
    "Y",
    "N",
    "fwd",
    [],
    {},
    [0],
    [[0, "Y"]],
    [[[0, "Y"]]],
    "\x1b[2J",
]
FEW_STATES = 300  # a conflict with no more is analysed


def spoilt_conflict(rng: random.Random) -> tuple[str, Any]:
    """The name of a conflict, and the conflict with one to four parts replaced, repeated, moved or left out."""
    name = rng.choice(sorted(CONFLICTS))
    conflict = copy.deepcopy(CONFLICTS[name])
    for _ in range(rng.choice([1, 1, 2, 4])):
        ways = [path for path in places(conflict) if path]
        if not ways:
            break
        path = rng.choice(ways)
        parent, key = at(conflict, path[:-1]), path[-1]
        match rng.randrange(6):
            case 0:
                del parent[key]
            case 1:
                parent[key] = copy.deepcopy(rng.choice(CONFLICT_JUNK))
            case 2 | 3 | 4:
                alike = [other for other in ways if type(at(conflict, other)) is type(parent[key])]
                parent[key] = copy.deepcopy(at(conflict, rng.choice(alike)))
            case _ if isinstance(parent, list):
                parent.insert(key, copy.deepcopy(parent[key]))
            case _:
                parent[f"{key}x"] = parent.pop(key)
    return name, conflict


def conflict_outcome(data: Any) -> str:
    """What becomes of a conflict."""
    try:
        conflict = conflict_from_json(data)
        model = OptionModel(conflict)
    except FoedusError as error:
        assert str(error).strip().endswith((".", "?")), error
        return "refused"
    assert conflict_from_json(conflict_to_json(conflict)) == conflict
    if model.size > FEW_STATES:
        return "large"
    json.dumps(analyse(model_of(conflict)).to_json(), allow_nan=False)
    return "analysed"


SCENARIOS = {name: load(PLAIN[name]) for name in sorted(PLAIN)}
SCOPES = {name: query_scope(scenario) for name, scenario in SCENARIOS.items()}
TELLERS = {name: Teller(Names(scenario)) for name, scenario in SCENARIOS.items()}
QUERIES = {
    name: [
        *(reading.holds for claim in scenario.claims.values() for reading in claim.readings.values()),
        *(f"prob(eventually({event.event}))" for event in scenario.outcomes.values()),
        *(f"expect({actor})" for actor in scenario.actors),
    ]
    for name, scenario in SCENARIOS.items()
}
TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|\d+\.\d+|\w+|[=<>!]=|\S")
QUERY_WORDS = [
    *["prob", "expect", "share", "rate", "time", "changes", "until", "eventually", "always", "at", "after", "before", "by", "given", "under", "from_", "and", "or", "not", "if", "else", "min", "max", "abs", "exp", "log", "clip", "t", "risk", "x", "0", "1", "2", "-1", "0.5", "1e308", "1e999", "1e-320", "0x10", "1_000", "08", "2025", "inf", "nan", "None", "True", "lambda"],
    *["(", ")", "[", "]", "{", "}", ",", ".", ":", "+", "-", "*", "/", "**", "%", "=", "==", "!=", "<", "<=", ">", ">=", "@", ";", "#", "'", '"', "\\", "é", "\u202e", "\x1b", "\t", "\n"],
    '"2025-01"', "'status_quo'", "1/0", "0/0", "log(-1)", "(" * 60, "not " * 60, "9" * 400, "a" * 300, "- " * 300,
]  # fmt: skip
QUERY_KINDS = [
    ["prob", "expect", "share", "rate"],
    ["eventually", "always"],
    ["+", "-", "*", "/"],
    ["==", "!=", "<", "<=", ">", ">="],
    ["and", "or"],
    ["at", "after", "before", "by"],
    ["min", "max", "abs", "exp", "log"],
    ["0", "1", "2", "5", "0.5", "1e9", "1e-9"],
]


def spoilt_query(rng: random.Random, name: str | None = None) -> tuple[str, str]:
    """The name of a scenario, and a query or reading about it with words left out, replaced, repeated, moved or put around."""
    name = name or rng.choice(sorted(QUERIES))
    words = TOKEN.findall(rng.choice(QUERIES[name]))
    scope = SCOPES[name]
    known = [*scope.scope.state, *scope.actions, *scope.objectives, *scope.policies]
    for _ in range(rng.choice([1, 1, 2, 3])):
        i = rng.randrange(len(words) + 1)
        more = [rng.choice(known) if known and rng.random() < 0.3 else rng.choice(QUERY_WORDS)]
        match rng.randrange(9):
            case 0:
                del words[i : i + 1]
            case 1:
                words[i : i + 1] = more
            case 2:
                words[i:i] = more
            case 3:
                words[i:i] = words[rng.randrange(len(words) + 1) :][: rng.randrange(1, 6)]
            case 4 | 5 | 6:  # a word by one of its kind
                kinds = [kind for kind in QUERY_KINDS if words[i : i + 1] and words[i] in kind] or [known]
                words[i : i + 1] = [rng.choice(kinds[0])] if kinds[0] else []
            case 7:
                words = [*TOKEN.findall(rng.choice(QUERIES[name])), rng.choice("+-*/<>=.,"), *words]
            case _:
                words = [rng.choice(["not", "abs", "log", "exp", "min", "-", "1/", "prob"]), "(", *words, ")"]
    return name, " ".join(words)


def query_outcome(name: str, text: str, rng: random.Random) -> str:
    """What becomes of a query: refused in words, or a tree that can be told, written, read again and worked out."""
    try:
        tree = parse_reading(text, SCOPES[name])
    except FoedusError as error:
        assert str(error).strip().endswith((".", "?")), error
        return "refused"
    assert TELLERS[name].reading(text).endswith(".")
    if unit_of(tree) != Unit.TRUTH:
        return "number"
    numbers = [0.0, 1.0, -1.0, 0.3, 1e300, -1e300, np.nan, 5e-324]
    denial = ("not", tree)
    answers = {query: np.array([rng.choice(numbers) for _ in range(4)]) for query in queries_of(tree)}
    assumed = {leaf[1]: np.array([rng.choice(numbers) for _ in range(4)]) for leaf in leaves(tree) if leaf[0] == "asm"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        either = [ParsedReading("", "", text, one, tuple(answers)) for one in (tree, denial)]
        holds, fails = (reading.holds(answers, assumed, 4) for reading in either)
        either[0].margin(answers, assumed, 4)
        assert ((holds ^ fails) == either[0].defined(answers, assumed, 4)).all(), text
    return "truth"


LENSES = [
    "alignment",
    "incentives",
    "leverage",
    "commitment",
    "coalition",
    "burden",
    "information",
    "timing",
    "escalation",
    "stability",
]
COMMANDS = [
    *(["check", "show", "export", "explain", "run", "compare", "search", "learn", "score", "measures"]),
    *(f"lens {name}" for name in LENSES),
]
MORE = {
    "run": "--worlds 2 --json",
    "export": "--format efg",
    "explain": "--worlds 2 --paths 2",
    "search": "--worlds 2 --few 2 --evaluations 16",
    "score": "--worlds 4 --drop 0",
    "show": "",
    "check": "",
}


def spoilt_command(rng: random.Random, folder: Path) -> list[str]:
    """The arguments of a command about a spoilt scenario, which is written into the folder."""
    name, source = rng.choice(sorted(PLAIN)), None
    for _ in range(12):  # mostly one that is sound, since a command that refuses it does nothing else
        source = spoil_value(rng, copy.deepcopy(PLAIN[name])) if rng.random() < 0.7 else spoil_text(rng, TEXTS[name])
        if not any(problem.severity == "error" for problem in problems_of(source)):
            break
    file = folder / "spoilt.yaml"
    text = source if isinstance(source, str) else json.dumps(source)  # JSON is YAML
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    command, *rest = rng.choice(COMMANDS).split()
    if rng.random() < 0.2:
        query = spoilt_query(rng, name)[1]
        return ["drivers", str(file), "--worlds", "4", "--points", "4", f"--query={query}"]
    return [command, *rest, str(file), *MORE.get(command, "--worlds 2").split()]


def command_outcome(arguments: list[str]) -> str:
    """What a command ends with: done, or refused in words."""
    done = foedus(*arguments)
    assert done.returncode in (0, 2), (arguments, done)
    assert done.returncode == 0 or (done.stdout + done.stderr).strip(), arguments
    return f"{arguments[0]} {'refused' if done.returncode else 'done'}"
