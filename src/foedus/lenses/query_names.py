"""Queries in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foedus.scenario.names import Names


CHANCES = ("prob(", "share(", "first(", "most(", "least(")  # queries whose answers are probabilities


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
