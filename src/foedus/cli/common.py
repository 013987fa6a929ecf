"""What commands share: the app, options, how a scenario is read and how results are shown."""

from __future__ import annotations

import json as jsonlib
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

from typer import Argument, Option, Typer
from typer.core import TyperGroup

from foedus.errors import FoedusError, nearest, visible
from foedus.runs.progress import Progress as Step
from foedus.worlds.methods import METHODS

if TYPE_CHECKING:  # what these need takes a second to import, which help would have to wait for
    from rich.console import Console

    from foedus.present.section import Section
    from foedus.runs.result import Run
    from foedus.scenario.schema import Scenario

_ORDER = {
    "scenarios": ("list", "show", "new", "check"),
    "runs": ("run", "resume", "explain"),
    "questions": ("lens", "compare", "measures", "drivers", "search", "learn", "score"),
    "other programs": ("export", "schema"),
}


class InOrder(TyperGroup):
    """Commands in the order in which a user comes to them, each with its whole sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the part of the help that lists commands."""
        for heading, names in _ORDER.items():
            with formatter.section(f"Commands for {heading}"):
                formatter.write_dl([(name, " ".join((self.commands[name].help or "").split())) for name in names])


app = Typer(
    cls=InOrder, add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


def examples(*lines: str) -> str:
    """What stands at the end of a command's help; the mark keeps its lines as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


Name = Annotated[str, Argument(metavar="SCENARIO", help="a shipped scenario's name, or a file")]
Json = Annotated[bool, Option("--json", help="print one JSON object instead")]
MOST = 1_000_000
Worlds = Annotated[int, Option(min=1, max=MOST, help="how many worlds are sampled")]
World = Annotated[int, Option(min=0, help="which world of the sample")]
Seed = Annotated[int, Option(help="the seed of the sample")]
Method = Annotated[str, Option(help=f"how worlds are sampled: {', '.join(METHODS)}")]
Policy = Annotated[str | None, Option(help="the policy; default: the factual one")]
Policies = Annotated[list[str] | None, Option("--policy", help="a policy to compare (repeatable); default: all")]
Page = Annotated[Path | None, Option("--html", help="also write it with its charts to this HTML file")]


def known(names: Iterable[str | None], valid: Iterable[str], what: str) -> None:
    """Refuses names that are not among the valid ones; None is none."""
    valid = list(valid)
    for name in names:
        if name is not None and name not in valid:
            article = "an" if what[0] in "aeio" else "a"
            raise FoedusError(f"'{name}' is not {article} {what}. {nearest(name, valid)}".strip())


def read(name: str, *policies: str | None) -> Scenario:
    """The scenario of that name, or in that file; FoedusError where it has no such policy."""
    from foedus.scenario.load import load

    scenario = load(name)
    known(policies, scenario.all_policies, "policy")
    return scenario


def solve(scenario: Scenario, worlds: int, seed: int, step: Step, policies: Iterable[str] | None = None) -> Run:
    """A run that is asked other things than its claims."""
    from foedus.runs.local import run

    chosen = None if policies is None else list(policies)
    return run(scenario, policies=chosen, worlds=worlds, seed=seed, judge=False, progress=step)


def say(text: str, stream: TextIO | None = None) -> None:
    """Prints a message on a line of its own; in a terminal on as many as it takes, so that no word is broken."""
    stream, shown = stream or sys.stdout, visible(text)
    if stream.isatty() or os.environ.get("COLUMNS"):
        width = max(20, shutil.get_terminal_size().columns)
        wrap = partial(
            textwrap.wrap, width=width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        shown = "\n".join(line for part in shown.splitlines() for line in wrap(part) or [""])
    print(shown, file=stream)


def show_list(rows: Iterable[tuple[str, str]]) -> None:
    """Prints names, and beside each what is said of it."""
    from rich.table import Column
    from rich.text import Text

    from foedus.present.terminal import print_table

    cells = [(Text(name), Text(said)) for name, said in rows]
    print_table(console(), [Column(no_wrap=True), Column()], cells, header=False)


def show_json(value: Any) -> None:
    """Prints strict JSON."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")
    print(jsonlib.dumps(value, indent=2, allow_nan=False, ensure_ascii=not unicode))


def console() -> Console:
    """The terminal, as rich sees it."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def present(section: Section, told: Any, json: bool, page: Path | None = None, title: str = "") -> None:
    """Shows a section: in the terminal, or what is ``told`` of it as JSON; and on a page of its own if asked."""
    from foedus.present.page import write_page
    from foedus.present.terminal import print_section

    if page is not None:
        write_page(title, [section], page)
    if json:
        show_json(told)
        return
    terminal = console()
    print_section(section, terminal)
    if page is not None:
        terminal.print(visible(f"Page: {page}"), soft_wrap=True)


@contextmanager
def progress(show: bool) -> Iterator[Step]:
    """A bar on standard error, where that is a terminal, and what tells it how far the work is."""
    if not (show and sys.stderr.isatty()):
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = [TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f}%")]
    times = [TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns, *times, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("compiling")
        yield lambda what, done, total: bar.update(task, description=visible(what), completed=done, total=total)
