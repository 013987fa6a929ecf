"""A section of a report: the same for the page, the terminal and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foedus.report.wording import percent, signed

if TYPE_CHECKING:
    import xarray as xr
    from markupsafe import Markup
    from rich.console import Console

    from foedus.report.results import Results


@dataclass(frozen=True)
class Amount:
    """A number in a table: as a person reads it, as it sorts, and its range over worlds if there is one."""

    text: str
    value: float
    range: str = ""


Cell = str | Amount


@dataclass(frozen=True)
class Table:
    """A table that the page lets people sort; cells that are Amounts stand to the right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def amounts(self) -> list[bool]:
        """For each column whether it holds numbers."""
        first = self.rows[0] if self.rows else [""] * len(self.columns)
        return [isinstance(cell, Amount) for cell in first]


@dataclass(frozen=True)
class Figure:
    """A drawing with a title that states what it shows, and a note on how to read it."""

    title: str
    note: str
    drawing: Markup


@dataclass(frozen=True)
class Section:
    """One question, what came out in plain words (written from the numbers), and the charts and tables behind it."""

    id: str
    heading: str
    question: str
    sentences: Sequence[str]
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()


def probability(value: float, low: float | None = None, high: float | None = None) -> Amount:
    """A probability as a table cell, with its range over worlds."""
    return Amount(percent(value), value, "" if low is None else f"{percent(low)} to {percent(high)}")


def change(value: float, low: float | None = None, high: float | None = None) -> Amount:
    """A difference as a table cell, with its range over worlds."""
    span = "" if low is None or high is None else f"{signed(low)} to {signed(high)}"
    return Amount(signed(value), value, span)


def lens_section(results: Results, found: xr.Dataset) -> Section:
    """The section of the lens that made ``found``."""
    from importlib import import_module

    made: Section = import_module(f"foedus.report.lens_{found.attrs['lens']}").section(results, found)
    return made


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
        grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", title_justify="left",
                    title=Text(table.caption, style="bold"))  # fmt: skip
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


def section_json(section: Section, found: xr.Dataset) -> dict[str, Any]:
    """A section as other programs read it: the sentences, and every array with its dims and labels."""
    from foedus.report.json import strict

    return {
        "lens": section.id,
        "question": section.question,
        "sentences": list(section.sentences),
        "attributes": strict(dict(found.attrs)),
        "coords": {str(name): strict(values.values) for name, values in found.coords.items()},
        "data": {
            str(name): {"dims": [str(dim) for dim in values.dims], "values": strict(values.values)}
            for name, values in found.data_vars.items()
        },
    }
