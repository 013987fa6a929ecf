"""How things are shown in the terminal, at any width from 80 columns up: sections, tables, headings, small bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Column
from rich.text import Text

from foedus.present.section import Cell, Section

WIDE = 110  # columns from which tables show more
_BARS = "▁▂▃▄▅▆▇█"
_GAP = 2  # columns between those of a table
_READABLE = 12  # columns that a text gets at least, if it takes them
_LONGEST_WORD = 40  # columns; what is longer, an identifier say, is broken where it must be


def print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text]], indent: int = 0, header: bool = True
) -> None:
    """A table without lines, whose columns are as wide as their longest words and, where there is room, their texts.

    Where even the longest words do not fit beside each other, each row is told below the one before: its first cell, then a
    line for each other that says something, by its column's heading.
    """
    if (widths := _widths(console.width - indent, columns, rows, header)) is None:
        _print_stacked(console, columns, rows, indent)
        return
    lines = [[Text(str(column.header), "dim") for column in columns]] if header else []
    for cells in [*lines, *rows]:
        wrapped = [cell.wrap(console, width, overflow="fold") for cell, width in zip(cells, widths, strict=True)]
        for parts in zip_longest(*wrapped, fillvalue=Text()):
            line = Text(" " * indent)
            for part, column, width in zip(parts, columns, widths, strict=True):
                line.append_text(_aligned(part, column.justify, width)).append(" " * _GAP)
            line.rstrip()
            console.print(line, no_wrap=True, crop=False)


def _aligned(part: Text, justify: str, width: int) -> Text:
    """One line of a cell, as wide as its column."""
    part = part.copy()
    part.rstrip()
    left = {"right": 1.0, "center": 0.5}.get(justify, 0.0) * (width - part.cell_len)
    part.pad_left(int(left))
    part.pad_right(width - part.cell_len)
    return part


def _widths(
    width: int, columns: Sequence[Column], rows: Sequence[Sequence[Text]], header: bool
) -> Sequence[int] | None:
    """How wide each column is, given the width of all; None where words would have to be broken."""
    least, most = [], []
    for k, column in enumerate(columns):
        heading, cells = str(column.header) if header else "", [row[k].plain for row in rows]
        lines = [line for cell in cells for line in cell.splitlines()]
        unbroken = [*heading.split(), *(lines if column.no_wrap else " ".join(cells).split())]
        longest = max((min(cell_len(text), _LONGEST_WORD) for text in unbroken), default=0)
        least.append(max(longest, min(max(map(cell_len, lines), default=0), _READABLE)))
        whole = max(map(cell_len, (heading, *lines)))
        most.append(min(whole, column.max_width or whole))
    room = width - _GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    # the room goes to all alike until each has what its texts take
    levels = (
        [max(low, min(high, level)) for low, high in zip(least, most, strict=True)] for level in range(room, -1, -1)
    )
    return next((level for level in levels if sum(level) <= room), least)


def _print_stacked(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text]], indent: int) -> None:
    """Rows one below the other."""
    for first, *others in rows:
        head = first.copy()
        head.stylize("bold")
        console.print(Padding(head, (0, 0, 0, indent), expand=False))
        for column, cell in zip(columns[1:], others, strict=True):
            if cell.plain.strip():
                heading = " ".join(str(column.header).split())
                line = Text.assemble((f"{heading}: " if heading else "", "dim"), cell)
                console.print(Padding(line, (0, 0, 0, indent + 2), expand=False))


def indented(text: Text) -> Padding:
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
            Column(name, justify="right" if right else "left", no_wrap=right)
            for name, right in zip(table.columns, table.amounts, strict=True)
        ]
        console.print()
        console.print(Text(table.caption, style="bold"))
        layouts = [[[_shown(cell, gap) for cell in row] for row in table.rows] for gap in " \n"]
        fitting = (rows for rows in layouts if _widths(console.width, columns, rows, True) is not None)
        print_table(console, columns, next(fitting, layouts[0]))
    for note in section.notes:
        console.print(Text(note, style="dim"))


def _shown(cell: Cell, gap: str) -> Text:
    """A cell; a number and its range have the gap between them."""
    if isinstance(cell, str):
        return Text(cell)
    return Text.assemble(cell.text, (f"{gap}{cell.range}", "dim")) if cell.range else Text(cell.text)
