"""Sections in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foedus.present.section import Cell, Section

if TYPE_CHECKING:
    from rich.console import Console


def print_section(section: Section, console: Console) -> None:
    """Shows a section in the terminal: its sentences and tables."""
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.table import Table as Grid
    from rich.text import Text

    console.print(Rule(Text(section.heading, style="bold")))
    console.print(Text(section.question, style="italic"))
    for sentence in section.sentences:
        console.print(Padding(Text(sentence), (0, 0, 0, 2), expand=False))
    for table in section.tables:
        grid = Grid(
            box=None,
            pad_edge=False,
            padding=(0, 2, 0, 0),
            header_style="dim",
            title_justify="left",
            title=Text(table.caption, style="bold"),
        )
        for name, right in zip(table.columns, table.amounts, strict=True):
            grid.add_column(name, justify="right" if right else "left", overflow="fold")
        for row in table.rows:
            grid.add_row(*(_shown(cell) for cell in row))
        console.print()
        console.print(grid)
    for note in section.notes:
        console.print(Text(note, style="dim"))


def _shown(cell: Cell) -> Any:
    from rich.text import Text

    if isinstance(cell, str):
        return Text(cell)
    return Text.assemble(cell.text, (f" {cell.range}", "dim")) if cell.range else Text(cell.text)
