"""Queries in plain words, and their numbers by what they are measured in."""

from __future__ import annotations

from typing import SupportsFloat

from foedus.present.in_words import Teller
from foedus.present.wording import capital, number, percent
from foedus.scenario.names import Names
from foedus.scenario.query import Unit, parse_reading


def query_name(names: Names, text: str) -> str:
    """A query, or arithmetic of queries, in plain words; one that asks for an outcome by the outcome's name."""
    teller = Teller(names)
    tree = parse_reading(text, teller.scope)
    if tree[0] == "query" and (name := teller.outcome_asked(tree[1])):
        return names.outcome(name)
    return capital(teller.amount(tree))


def in_unit(unit: Unit, value: SupportsFloat) -> str:
    """A number as people read it: a chance in per cent."""
    return percent(float(value)) if unit.is_chance else number(float(value))


def gap_in_unit(unit: Unit, value: SupportsFloat) -> str:
    """The size of a difference: of two chances in percentage points."""
    return f"{percent(float(value))[:-1]} points" if unit.is_chance else number(float(value))
