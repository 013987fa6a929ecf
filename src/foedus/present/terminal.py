"""How things are shown in the terminal, at any width from 80 columns up: sections, tables, headings, small bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from foedus.present.section import Cell, Section

WIDE = 110  # columns from which tables show more
_BARS = "▁▂▃▄▅▆▇█"


def grid(*columns: Column, **options: Any) -> Table:
    """A table without lines: its columns, and what else rich should know."""
    return Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", **options)


def indented(text: Text | Table) -> Padding:
    """The same, two columns in."""
    return Padding(text, (0, 0, 0, 2), expand=False)


def print_heading(console: Console, title: str, text: str = "") -> None:
    """A part's title after an empty line, with a few words beside it."""
    console.print()
    console.print(Text.assemble((title, "bold"), f"  {text}" if text else ""))


def sparkline(values: Sequence[float], top: float | None = None) -> str:
    """Values from 0 to ``top`` (their highest unless given) as a row of small bars."""
    most = max([*values, 0.0]) if top is None else top
    if most <= 0:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(int(len(_BARS) * max(v, 0) / most), len(_BARS) - 1)] for v in values)


def print_section(section: Section, console: Console) -> None:
    """Shows a section in the terminal: its sentences and tables."""
    console.print(Rule(Text(section.heading, style="bold")))
    console.print(Text(section.question, style="italic"))
    for sentence in section.sentences:
        console.print(indented(Text(sentence)))
    for table in section.tables:
        columns = [
            Column(name, justify="right" if right else "left", overflow="fold")
            for name, right in zip(table.columns, table.amounts, strict=True)
        ]
        shown = grid(*columns, title=Text(table.caption, style="bold"), title_justify="left")
        for row in table.rows:
            shown.add_row(*map(_shown, row))
        console.print()
        console.print(shown)
    for note in section.notes:
        console.print(Text(note, style="dim"))


def _shown(cell: Cell) -> Text:
    if isinstance(cell, str):
        return Text(cell)
    return Text.assemble(cell.text, (f" {cell.range}", "dim")) if cell.range else Text(cell.text)
