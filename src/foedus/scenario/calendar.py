"""Dates of a scenario: a period index from 0 and the calendar label that people read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "quarter", "year", "period"]
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FORMAT = re.compile(r"^(\d{1,4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?$")


def parse_date(text: str) -> date:
    """A date from ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; ValueError when it is none."""
    match = _FORMAT.match(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a date; write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"'{text}' is not a date: {error}") from None


def is_year(number: int) -> bool:
    """Whether a whole number is read as a year where periods have dates: it has four digits."""
    return 1000 <= number <= 9999


@dataclass(frozen=True)
class Calendar:
    """Maps period indices to dates and back; without ``first`` periods are only counted."""

    unit: str
    first: str | None = None

    def index(self, text: str) -> int:
        """The period that contains the date ``text`` (it may lie before 0 or past the end)."""
        if self.first is None:
            raise ValueError("the horizon has no 'first' date, so dates cannot be placed")
        start, when = parse_date(self.first), parse_date(text)
        if self.unit in _DAYS:
            return (when - start).days // _DAYS[self.unit]
        if self.unit in _MONTHS:
            months = (when.year - start.year) * 12 + when.month - start.month
            return months // _MONTHS[self.unit]
        raise ValueError("periods have no unit, so dates cannot be placed; write 'unit: month', say, in the horizon")

    def label(self, t: int) -> str:
        """What people call period ``t``: its date, or its number, counted from 0 as the language does."""
        if self.first is None or self.unit == "period":
            return str(t)
        start = parse_date(self.first)
        if self.unit in _DAYS:
            return (start + timedelta(days=t * _DAYS[self.unit])).isoformat()
        months = start.year * 12 + start.month - 1 + t * _MONTHS[self.unit]
        year, month = divmod(months, 12)
        whole = (
            self.unit == "year" and month == 0
        )  # a year that begins in July is called by that month: "2026" is a January
        return f"{year:04d}" if whole else f"{year:04d}-{month + 1:02d}"
