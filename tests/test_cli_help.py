"""Help pages: they fit 80 columns, and their examples are commands that can be given."""

from __future__ import annotations

import os
import shlex
from unittest import mock

import pytest
import typer

from command_line import foedus
from foedus.cli import app
from foedus.lenses.policies.comparison import Direction
from foedus.lenses.policies.levers import read_lever
from foedus.lenses.policies.search import read_aim
from foedus.scenario.files import shipped
from foedus.scenario.load import load

GROUP = typer.main.get_group(app)


def printed_help(*arguments: str) -> list[str]:
    with mock.patch.dict(os.environ, {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}):
        done = foedus(*arguments, "--help")
    assert done.returncode == 0
    return done.stdout.splitlines()


def examples(name: str) -> list[str]:
    """The lines below the heading at the end of a command's help."""
    lines = printed_help(name)
    return [line.strip() for line in lines[lines.index("  Examples:") + 1 :] if line.strip()]


def test_the_list_of_commands_tells_each_in_a_whole_sentence() -> None:
    text = printed_help()
    assert max(map(len, text)) <= 80
    words = " ".join(" ".join(text).split())
    for name, command in GROUP.commands.items():
        assert f"{name} {' '.join((command.help or '').split())}" in words


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_help_fits_and_ends_with_examples_that_can_be_given(name: str) -> None:
    assert max(map(len, printed_help(name))) <= 80
    assert 1 <= len(examples(name)) <= 3
    for line in examples(name):
        program, command, *arguments = shlex.split(line.split(" > ")[0])
        assert (program, command) == ("foedus", name)
        told = GROUP.commands[name].make_context(name, arguments).params
        if (scenario := told.get("scenario")) not in shipped():
            assert scenario is None or scenario.endswith((".yaml", ".gmcr"))
            continue
        loaded = load(scenario)
        policies = told.get("policy") or loaded.factual_policy
        assert {*(told.get("measure") or []), *([policies] if isinstance(policies, str) else policies)} <= {
            *loaded.all_policies
        }
        assert told.get("claim") in {None, *loaded.claims}
        for query in [*(told.get("metric") or []), *([told["query"]] if told.get("query") else [])]:
            read_aim(loaded, query, Direction.LOWER)
        for phase, action in (move.split("@")[0].split(".") for move in told.get("take") or []):
            assert action in next(one for one in loaded.turn if one.id == phase).actions
        for lever in told.get("lever") or []:
            read_lever(loaded, loaded.factual_policy, lever)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_messages_and_lists_fit_the_terminal_and_break_no_word(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    for arguments in (
        ["list"],
        ["lens", "--list"],
        ["check", "signorino-deterrence"],
        ["learn", "signorino-deterrence"],
    ):
        monkeypatch.delenv("COLUMNS", raising=False)
        apart = foedus(*arguments)
        monkeypatch.setenv("COLUMNS", str(width))
        done = foedus(*arguments)
        text, whole = done.stdout + done.stderr, apart.stdout + apart.stderr
        assert all(len(line) <= width or len(line.split()) == 1 for line in text.splitlines())
        assert sorted(text.split()) == sorted(whole.split())


def test_a_message_stays_on_one_line_where_it_is_not_read_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert foedus("measures", "signorino-deterrence").stderr.count("\n") == 1
