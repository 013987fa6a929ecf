"""Inputs at the edges, by their kinds: each case is one that once ended in a traceback, or in a wrong word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import foedus
from command_line import foedus as cli
from foedus.claims.reading import _digits
from foedus.errors import visible
from foedus.report.files import write_run
from foedus.scenario.calendar import Calendar
from foedus.scenario.check import problems_of
from foedus.scenario.errors import ScenarioError
from foedus.scenario.expressions import parse
from foedus.scenario.query import parse_query
from foedus.scenario.scope import query_scope, scope_of
from foedus.scenario.tree import evaluate, fold
from foedus.scenario.yamltext import read_yaml
from foedus.worlds.sample import library_seed

TWO_WAYS = """
title: Two ways
horizon: {periods: 2, beyond: 0}
actors: {a: {precision: 1}}
assumptions: {x: {uniform: [0, 1]}}
state: {s: {levels: [off, hit], start: off}}
objectives: {a: {x: 1}}
turn:
  - id: go
    decide: a
    actions: {wait: {}, act: {base: 1 if x > 0.5 else 0, then: {s: hit}}}
policies: {now: {}, ban: {bind: [{phase: go, do: wait}]}}
outcomes: {hit: s == hit}
"""


def with_claims(**readings: str) -> str:
    written = "".join(f"  {name}: {{says: So., readings: {{r: {text!r}}}}}\n" for name, text in readings.items())
    return f"{TWO_WAYS}claims:\n{written}"


# --- undefined arithmetic ------------------------------------------------------------------


def test_a_comparison_with_an_undefined_number_does_not_hold_negated_or_not() -> None:
    ratio = 'prob(s == hit, at=0, under="ban") / prob(s == hit, at=0)'
    text = with_claims(
        plain=f"{ratio} < 0.5",
        negated=f"not ({ratio} < 0.5)",
        other=f"{ratio} >= 0.5 or prob(s == hit, at=0) >= 0",
        infinite='prob(s == hit, at=0) / prob(s == hit, at=0, under="ban") > 2',
        least='min(prob(s == hit, at=0) / prob(s == hit, at=0, under="ban"), 1) == 1',
        overflown="exp(1000 * (x + 1)) > 5 * prob(s == hit, at=0)",
    )
    run = foedus.run(foedus.load(text), worlds=16, subset=16)
    told = {claim.id: (claim.readings[0].posterior, claim.readings[0].undefined) for claim in run.claims}
    assert told["plain"] == (0.5, 0.5) and told["negated"] == (0.0, 0.5)  # 0/0 in half of the worlds
    assert told["other"] == (1.0, 0.0)  # what is defined decides alone
    assert told["infinite"] == told["least"] == told["overflown"] == (0.0, 1.0)


SCOPE = scope_of(foedus.load(TWO_WAYS))
AMOUNTS = st.recursive(
    st.sampled_from(["x", "0", "1", "-1"]),
    lambda parts: (
        st.tuples(parts, st.sampled_from("+-*/"), parts).map("({0[0]} {0[1]} {0[2]})".format)
        | parts.map("log({})".format)
        | parts.map("exp(1000 * {})".format)
    ),
    max_leaves=5,
)
TRUTHS = st.recursive(
    st.tuples(AMOUNTS, st.sampled_from(["<", ">=", "=="]), AMOUNTS).map("({0[0]} {0[1]} {0[2]})".format),
    lambda parts: (
        st.tuples(parts, st.sampled_from(["and", "or"]), parts).map("({0[0]} {0[1]} {0[2]})".format)
        | parts.map("(not {})".format)
    ),
    max_leaves=4,
)


@given(TRUTHS)
@pytest.mark.filterwarnings("error")
def test_nothing_holds_together_with_its_negation_and_only_undefined_truths_fail_both(text: str) -> None:
    try:
        trees = [parse(each, SCOPE) for each in (text, f"not {text}")]
    except foedus.errors.FoedusError:
        return  # a constant part is undefined, which is refused where it is written
    worlds = {"x": np.array([0.0, 0.5, 1.0])}
    holds, fails = (np.broadcast_to(np.asarray(evaluate(tree, {}, worlds), bool), 3) for tree in trees)
    assert not (holds & fails).any()
    if "/" not in text and "log" not in text and "exp" not in text:
        assert (holds | fails).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2))
def test_what_differs_in_the_last_digits_is_a_tie(numbers: list[float]) -> None:
    first, second = _digits(np.array(numbers))
    assert (first < second) <= (numbers[0] < numbers[1])  # no order is made or turned
    assert _digits(np.array([0.1 + 0.2]))[0] == _digits(np.array([0.3]))[0]
    assert first == pytest.approx(numbers[0], rel=1e-11)


def test_a_condition_that_is_undefined_in_a_state_does_not_hold_there() -> None:
    scope = scope_of(foedus.load(TWO_WAYS))
    for text in ("1 / s > 0.5", "not 1 / s > 0.5"):  # s is 0 in its first level
        assert fold(parse(text, scope), {"s": 0.0}) == ("num", 0.0)
    assert fold(parse("1 / s > 0.5", scope), {"s": 1.0}) == ("num", 1.0)


# --- choices without actions ---------------------------------------------------------------


@pytest.mark.parametrize(
    "actions, policies",
    [
        ("{wait: {when: s == hit}, act: {when: s == hit, then: {s: hit}}}", "{now: {}}"),
        ("{wait: {exists: enabled}, act: {exists: enabled, then: {s: hit}}}", "{none: {}, some: {enable: [go.act]}}"),
    ],
)
def test_somebody_left_without_an_action_is_told_wherever_a_game_is_built(
    tmp_path: Path, actions: str, policies: str
) -> None:
    text = TWO_WAYS.replace("{wait: {}, act: {base: 1 if x > 0.5 else 0, then: {s: hit}}}", actions)
    text = text.replace("{now: {}, ban: {bind: [{phase: go, do: wait}]}}", policies)
    path = tmp_path / "empty.yaml"
    path.write_text(text, encoding="utf-8")
    first = policies[1:].split(":")[0]
    for command in (
        "check",
        "run --worlds 2 --json",
        "explain",
        "export --format efg",
        "lens burden",
        "learn",
        "drivers",
    ):
        name, *options = command.split()
        found = cli(*([name, "burden", str(path)] if name == "lens" else [name, str(path), *options[:]]))
        if name == "learn" or name == "drivers":  # which ask for observations, or for a query, first
            assert found.returncode == 2
            continue
        assert found.returncode == 2 and "phase 'go' leaves a no action in period 0" in found.stdout + found.stderr, (
            command
        )
        assert f"under policy '{first}'" in found.stdout + found.stderr


# --- calendars -----------------------------------------------------------------------------


@given(
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)),
    st.integers(0, 400),
)
def test_a_period_is_found_by_what_it_is_called(unit: str, first: date, t: int) -> None:
    for written in (first.isoformat(), first.isoformat()[:7], first.isoformat()[:4]):
        calendar = Calendar(unit, written)
        assert calendar.index(calendar.label(t)) == t


def test_a_bare_year_is_a_date_in_queries_as_elsewhere() -> None:
    for first, period in (("2025", 2), ("2025-07", 1)):
        text = TWO_WAYS.replace("{periods: 2, beyond: 0}", f"{{periods: 4, beyond: 0, unit: year, first: {first}}}")
        scope = query_scope(foedus.load(text))
        for at in ("2027", "'2027'", "'2027-01'"):
            assert parse_query(f"prob(s == hit, at={at})", scope).window == (period, period)
    counted = query_scope(foedus.load(TWO_WAYS.replace("periods: 2", "periods: 1500")))
    assert parse_query("prob(s == hit, at=1400)", counted).window == (1400, 1400)  # no dates, so no years


# --- texts, names, streams -----------------------------------------------------------------


@pytest.mark.parametrize("letter", ["\x1b", "\x07", "\u202e", "\u2066", "\u200b", "\x9b", "\ufeff"])
def test_characters_that_cannot_be_shown_are_refused_at_their_place(letter: str) -> None:
    escaped = f"\\u{ord(letter):04x}"
    for old in ("title: Two ways", "a: {precision: 1}"):
        new = (
            'title: "Two ' + escaped + ' ways"'
            if old.startswith("title")
            else f'a: {{precision: 1, label: "x{escaped}"}}'
        )
        with pytest.raises(ScenarioError, match=f"U\\+{ord(letter):04X} cannot be shown") as caught:
            foedus.load(TWO_WAYS.replace(old, new))
        assert caught.value.problems[0].line is not None
    with pytest.raises(ScenarioError, match="cannot be shown"):
        foedus.load({"title": f"x{letter}"})
    assert letter not in visible(f"a{letter}b") and visible("a\nb\tc é 中") == "a\nb\tc é 中"


@pytest.mark.parametrize(
    "name", ["Taiwan: blockade.yaml", "br[bold]x.yaml", "-dash.yaml", "ü ß.yaml", "x\x1b[31m.yaml"]
)
def test_a_file_that_is_there_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TWO_WAYS, encoding="utf-8")
    found = cli("check", "--", str(tmp_path / name))
    assert found.returncode == 0 and "\x1b" not in found.stdout
    assert visible(name).replace("\n", "") in found.stdout.replace("\n", "")
    assert foedus.load(str(tmp_path / name)).title == "Two ways"


BRACKETS = TWO_WAYS.replace("a: {precision: 1}", "a: {precision: 1, label: 'Chal [RU] [/red]'}").replace(
    "hit: s == hit", "hit: {event: s == hit, label: 'War [limited] [/b]'}"
)


@pytest.mark.parametrize(
    "command", ["run --worlds 8", "show", "compare --worlds 8", "lens burden --worlds 8", "explain"]
)
def test_brackets_are_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    (tmp_path / "b[red]x.yaml").write_text(BRACKETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    name, *options = command.split()
    given_ = [name, *(["burden"] if name == "lens" else []), "b[red]x.yaml", *[o for o in options if o != "burden"]]
    found = cli(*given_)
    assert found.returncode == 0, found.stderr
    assert "[RU]" in found.stdout or "[limited]" in found.stdout
    if name == "run":
        assert "b[red]x/report.html" in found.stdout.replace("\n", "")


def foedus_process(
    *arguments: str, where: Path, closed: tuple[int, ...] = (), **env: str
) -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own, with some of its streams closed."""
    close = "".join(f"exec {number}{'<' if number == 0 else '>'}&-; " for number in closed)
    command = [sys.executable, "-m", "foedus", *arguments]
    return subprocess.run(
        ["sh", "-c", f'{close}exec "$@"', "sh", *command], cwd=where, env={**os.environ, **env}, capture_output=True
    )


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_letters_that_an_encoding_lacks_are_replaced(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "s.yaml").write_text(TWO_WAYS.replace("Two ways", "Zwei “Wege” 中"), encoding="utf-8")
    shown = foedus_process(
        "run", "s.yaml", "--worlds", "2", "--lenses", "none", where=tmp_path, PYTHONIOENCODING=encoding
    )
    assert shown.returncode == 0 and b"Report:" in shown.stdout, shown.stderr
    told = foedus_process("run", "s.yaml", "--worlds", "2", "--json", where=tmp_path, PYTHONIOENCODING=encoding)
    assert json.loads(told.stdout.decode(encoding))["title"] == "Zwei “Wege” 中"


@pytest.mark.parametrize("closed", [(2,), (1,), (0,), (0, 1, 2)])
def test_closed_streams_lead_nowhere(tmp_path: Path, closed: tuple[int, ...]) -> None:
    (tmp_path / "s.yaml").write_text(TWO_WAYS, encoding="utf-8")
    ended = foedus_process(
        "run", "s.yaml", "--worlds", "2", "--lenses", "none", "--out", "out", where=tmp_path, closed=closed
    )
    assert ended.returncode == 0 and (tmp_path / "out" / "report.html").exists()
    refused = foedus_process("check", "none.yaml", where=tmp_path, closed=closed)
    assert refused.returncode == 2 and b"Traceback" not in refused.stderr


# --- YAML ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before, reason",
    [
        ("%YAML 1.2\n---\n", None),
        ("%YAML 1.1\n---\n", None),
        ("\ufeff", None),
        ("# only a comment\n", None),
        ("%YAML 1.3\n---\n", "only YAML 1.2"),
        ("%YAML 2.0\n---\n", "only YAML 1.2"),
        ("%TAG ! tag:x,2000:\n---\n", None),
        ("%YAML x\n---\n", "YAML"),
        ("%YAML 1.2\n%YAML 1.2\n---\n", "YAML"),
    ],
)
def test_directives_and_marks_are_read_or_refused_in_words(tmp_path: Path, before: str, reason: str | None) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(before + TWO_WAYS.lstrip(), encoding="utf-8")
    errors = [problem for problem in problems_of(path) if problem.severity == "error"]
    assert (not errors) if reason is None else (errors and reason in errors[0].reason and errors[0].line is not None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "---\n",
        "...\n",
        "a:\tb\n",
        "\t\n",
        "a: [\n",
        "? a\n: b\n",
        "- 1\n",
        "!!x y\n",
        "a: &b *b\n",
        "%\n",
        "%YAML\n",
        "a: !<x> y\n",
        "\u2028a: b\n",
        "a: |2\n  x\n",
        "{a: b}: c\n",
        "a: *x\n",
        "'a",
        "a: 0o9\n",
        "a: 1e999\n",
    ],
)
def test_odd_yaml_ends_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    assert any(problem.severity == "error" for problem in problems_of(path))


@pytest.mark.parametrize(
    "text, plain",
    [
        ("a:\tb\nc: \t d\n", {"a": "b", "c": "d"}),
        ("a:\t# told\n  b: c\n", {"a": {"b": "c"}}),
        ("a: b\n\t\n  \t # told\nc: d\t\n\t# told\n", {"a": "b", "c": "d"}),
        ("a:\n-\tb\n-\t[c,\t d]\n", {"a": ["b", ["c", "d"]]}),
        ("a: {b:\tc,\td: e}\t# told\nf: 'x\ty'\n", {"a": {"b": "c", "d": "e"}, "f": "x\ty"}),
        ("a:\n\tb: c\n", None),
        ("a:\n  b: c\n\td: e\n", None),
        ("a:\n-\tb: c\n", None),
    ],
)
def test_tabs_are_white_space_and_no_indentation(text: str, plain: object) -> None:
    if plain is None:
        with pytest.raises(ScenarioError):
            read_yaml(text, "s.yaml")
    else:
        assert read_yaml(text, "s.yaml").plain() == plain


@pytest.mark.parametrize(
    "old, new, path",
    [
        ("objectives: {a: {x: 1}}", "objectives: {a: {x: {value: s}, final: true}}", "objectives.a.final"),
        ("objectives: {a: {x: 1}}", "objectives: {a: {x: {value: s}, weight: 2}}", "objectives.a.weight"),
        ("outcomes: {hit: s == hit}", "outcomes: {hit: s == hit, label: s == off}", "outcomes.label"),
        ("assumptions: {x: {uniform: [0, 1]}}", "assumptions: {x: {uniform: [0, 1]}, value: 3}", "assumptions.value"),
    ],
)
def test_keys_one_level_too_high_are_told(old: str, new: str, path: str) -> None:
    told = [problem for problem in problems_of(TWO_WAYS.replace(old, new)) if problem.severity == "error"]
    assert [".".join(map(str, problem.path)) for problem in told] == [path] and "belongs inside" in told[0].reason


# --- seeds, results ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["0", "-1", str(2**32), str(2**80), str(-(2**70))])
@pytest.mark.parametrize(
    "command", ["run --lenses none --json", "drivers --query rate(go.act) --points 4", "lens burden", "explain"]
)
def test_any_whole_number_is_a_seed(tmp_path: Path, seed: str, command: str) -> None:
    (tmp_path / "s.yaml").write_text(TWO_WAYS, encoding="utf-8")
    name, *options = command.split()
    subject = ["burden", str(tmp_path / "s.yaml")] if name == "lens" else [str(tmp_path / "s.yaml")]
    options = [option for option in options if option != "burden"]
    found = cli(name, *subject, "--worlds", "8", "--seed", seed, *options)
    assert found.returncode == 0, found.stderr


def test_seeds_that_others_cannot_take_become_some_that_they_can() -> None:
    assert library_seed(0) == 0 and library_seed(7) == 7
    others = [library_seed(seed) for seed in (-1, -2, 2**32, 2**80)]
    assert len(set(others)) == 4 and all(0 <= seed < 2**32 for seed in others)


@pytest.mark.parametrize("without", ["claims", "outcomes", "policies"])
def test_results_without_labels_open(tmp_path: Path, without: str) -> None:
    plain: dict[str, Any] = foedus.load(with_claims(c="prob(s == hit, at=0) > 0.5")).model_dump(
        by_alias=True, exclude_defaults=True
    )
    plain.pop(without, None)
    if without == "policies":
        plain.pop("factual", None)
    run = foedus.run(foedus.load(plain), worlds=3)
    write_run(run, tmp_path)
    with xr.open_dataset(tmp_path / "results.nc") as data:
        assert data.sizes["world"] == 3 and all(size > 0 for size in data.sizes.values())
