"""Boxes and trees of assumptions in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from foedus.present.section import Cell, Table, probability, table
from foedus.present.wording import capital, listed, percent
from foedus.scenario.names import Names
from foedus.sensitivity.discovery import Box, Leaf, Limit, ends_of


def labels(names: Names) -> dict[str, str]:
    """Every assumption's name in plain words."""
    return {name: names.inside(names.assumption(name)) for name in names.scenario.all_assumptions}


def where(limits: Iterable[Limit], labels: Mapping[str, str] | None = None) -> str:
    """Limits in words: ``ru_cost is below 0.4 and leverage is between 1 and 2``; empty for none."""
    parts = []
    for name, (low, high) in ends_of(limits).items():
        label = (labels or {}).get(name) or name
        side = f"below {high:.3g}" if np.isinf(low) else f"above {low:.3g}"
        parts.append(f"{label} is {side if np.isinf([low, high]).any() else f'between {low:.3g} and {high:.3g}'}")
    return listed(parts, len(parts))


def in_words(box: Box | None, labels: Mapping[str, str] | None = None, event: str = "fails") -> str:
    """A box as a sentence on when something ``fails`` (or another verb for the cases that were looked for)."""
    if box is None:
        return f"It {event} in too few worlds, or too many, to say where."
    if not box.limits:
        return f"It {event} in {percent(box.base)} of worlds, and no region of the assumptions stands out."
    these = f"these are {percent(box.coverage)} of the worlds in which it {event}"
    there = f"in {percent(box.density)} of the worlds where {where(box.limits, labels)}"
    return f"It {event} {there} and in {percent(box.base)} of all worlds; {these}."


def tree_table(caption: str, names: Names, leaves: Sequence[Leaf], event: str) -> Table:
    """The ends of a tree, a row each, with the share of their worlds in which it is so (under the heading ``event``)."""
    columns: dict[str, Callable[[Leaf], Cell]] = {
        "Where": lambda leaf: capital(where(leaf.limits, labels(names)) or "everywhere"),
        "Share of worlds": lambda leaf: probability(leaf.mass),
        event: lambda leaf: probability(leaf.density),
    }
    return table(caption, columns, leaves)
