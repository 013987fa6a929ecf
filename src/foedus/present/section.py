"""A section of a report: the same for the page, the terminal and other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from foedus.present.shares import Share
from foedus.present.wording import percent, signed
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    from markupsafe import Markup


T = TypeVar("T")
_ROOM, _TEXT, _AMOUNT = 7.5, 1.7, 1.0  # columns of numbers that fit beside each other on a page; what a column takes


@dataclass(frozen=True)
class Amount:
    """A number in a table: as a person reads it, as it sorts, and its range over worlds if there is one."""

    text: str
    value: float
    range: str = ""


Cell = str | Amount
Columns = Mapping[str, Callable[[T], Cell]]  # of a table: by heading, what is shown of an item


@dataclass(frozen=True)
class Table:
    """A table that the page lets people sort; cells that are Amounts stand to the right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def parts(self) -> list[Table]:
        """The table in as many pieces side by side as a page has room for, each with the first column."""
        takes = [_AMOUNT if is_amount else _TEXT for is_amount in self.amounts]
        groups, room = [[0]], _ROOM - takes[0] if takes else 0.0
        for column, taken in enumerate(takes[1:], 1):
            if taken > room and len(groups[-1]) > 1:
                groups.append([0])
                room = _ROOM - takes[0]
            groups[-1].append(column)
            room -= taken
        return [
            Table(self.caption, [self.columns[c] for c in shown], [[row[c] for c in shown] for row in self.rows])
            for shown in groups
        ]

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
class Told:
    """What came out in plain words (written from the numbers), and the charts and tables behind it."""

    sentences: Sequence[str]
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()

    def under(self, id: str, heading: str, question: str) -> Section:
        """The same as the answer to a question, with the id that links lead to."""
        return Section(self.sentences, self.figures, self.tables, self.notes, id=id, heading=heading, question=question)


@dataclass(frozen=True, kw_only=True)
class Section(Told):
    """One question and what is told about it."""

    id: str
    heading: str
    question: str


def amount(of: float | Spread, say: Callable[[float], str], dash: float | None = None) -> Amount:
    """A number as a table cell, said as ``say`` says it, with its range over worlds if it is a spread.

    With ``dash``, a spread that is undefined is a dash alone, which sorts like that number.
    """
    if isinstance(of, Spread):
        if dash is not None and of.mean != of.mean:
            return Amount("–", dash)
        return Amount(say(of.mean), of.mean, f"{say(of.low)} to {say(of.high)}")
    return Amount(say(of), of)


def probability(of: float | Spread | Share) -> Amount:
    """A probability or a share of worlds as a table cell, with its range over worlds or its interval."""
    if isinstance(of, Share):
        return Amount("–", of.share) if of.share != of.share else Amount(percent(of.share), of.share, of.interval)
    return amount(of, percent)


def change(of: float | Spread, dash: float | None = None) -> Amount:
    """A difference as a table cell; ``dash`` as in ``amount``."""
    return amount(of, signed, dash)


def table(caption: str, columns: Columns[T], items: Iterable[T]) -> Table:
    """A table with a row an item: each column by its heading, with what it shows of the item."""
    return Table(caption, list(columns), [[shows(item) for shows in columns.values()] for item in items])
