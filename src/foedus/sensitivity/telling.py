"""Boxes and trees of assumptions, in words and for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foedus.sensitivity.discovery import Leaf, where

if TYPE_CHECKING:
    from foedus.scenario.names import Names


def labels(names: Names) -> dict[str, str]:
    """Every assumption's name in plain words."""
    return {name: names.inside(names.assumption(name)) for name in names.scenario.all_assumptions}


def leaf_words(names: Names, leaf: Leaf) -> str:
    """One end of a tree in words."""
    return where(leaf.limits, labels(names)) or "everywhere"


def box_json(box: Any) -> dict[str, Any] | None:
    """A box as other programs read it: quasi-p per limit, density, coverage, mass."""
    if box is None:
        return None
    return {
        "density": box.density,
        "coverage": box.coverage,
        "mass": box.mass,
        "base": box.base,
        "limits": [vars(limit) for limit in box.limits],
    }


def leaf_json(leaf: Leaf) -> Mapping[str, Any]:
    """One end of a tree as other programs read it."""
    return {"limits": [vars(limit) for limit in leaf.limits], "mass": leaf.mass, "density": leaf.density}
