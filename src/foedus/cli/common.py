"""What commands share: the app, options, and how they print."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import Annotated, Any

import typer

from foedus.errors import FoedusError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Foedus: strategic crises between states, solved in every plausible world.",
)

Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="a shipped scenario's name, or a file")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object instead")]
Worlds = Annotated[int, typer.Option(min=1, max=1_000_000, help="how many worlds are sampled")]
Seed = Annotated[int, typer.Option(help="the seed of the sample")]
Policies = Annotated[list[str] | None, typer.Option("--policy", help="a policy to compare (repeatable); default: all")]


def known(names: list[str], valid: Any, what: str) -> None:
    """Refuses names that are not among the valid ones."""
    from foedus.errors import nearest

    for name in names:
        if name not in valid:
            raise FoedusError(f"'{name}' is not a {what}. {nearest(name, valid)}".strip())


def print_json(value: Any) -> None:
    """Prints strict JSON."""
    print(jsonlib.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


def console() -> Any:
    """The terminal, as rich sees it."""
    from rich.console import Console

    return Console(highlight=False)


class Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, show: bool):
        self.progress: Any = None
        self.task: Any = None
        if show and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self.progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self.task = self.progress.add_task("compiling")

    def __enter__(self) -> Bar:
        if self.progress is not None:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def step(self, what: str, done: int, total: int) -> None:
        """Shows how far the work is."""
        if self.progress is not None:
            self.progress.update(self.task, description=what, completed=done, total=total)
