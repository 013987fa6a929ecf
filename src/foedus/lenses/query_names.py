"""Queries in plain words, and their numbers by what they are measured in."""

from __future__ import annotations

from typing import SupportsFloat

from foedus.present.wording import number, percent
from foedus.scenario.names import Names
from foedus.scenario.query import Unit


def query_name(names: Names, text: str) -> str:
    """A query in plain words, where it asks for an outcome or for what an actor expects; else as written."""
    flat = text.replace(" ", "")
    for name, outcome in names.scenario.outcomes.items():
        if flat == f"prob(eventually({outcome.event.replace(' ', '')}))":
            return names.outcome(name)
    for actor in names.scenario.actors:
        if flat == f"expect({actor})":
            return f"{names.actor(actor)}: expected value"
        for objective in names.scenario.objectives.get(actor, {}):
            if flat == f"expect({actor}.{objective})":
                return names.objective(f"{actor}.{objective}")
    return text


def in_unit(unit: Unit, value: SupportsFloat) -> str:
    """A number as people read it: a chance in per cent."""
    return percent(float(value)) if unit.is_chance else number(float(value))


def gap_in_unit(unit: Unit, value: SupportsFloat) -> str:
    """The size of a difference: of two chances in percentage points."""
    return f"{percent(float(value))[:-1]} points" if unit.is_chance else number(float(value))
