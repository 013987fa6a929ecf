"""What a run was made from."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foedus import __version__
from foedus.runs.settings import RunSettings
from foedus.scenario.dump import dump
from foedus.scenario.schema import Scenario

_SHOWING = ("lenses", "report", "export", "cli", "present", "conflict", "library")  # no number of a run comes from them


def provenance(scenario: Scenario, settings: RunSettings) -> dict[str, Any]:
    """What a run was made from, as plain data."""
    return {
        "version": __version__,
        "hash": scenario_hash(scenario),
        "seed": settings.seed,
        "method": settings.method,
        "worlds": settings.worlds,
        "subset": settings.subset,
    }


def scenario_hash(scenario: Scenario) -> str:
    """A hash of everything that a scenario says."""
    return hashlib.sha256(dump(scenario).encode()).hexdigest()


@cache
def engine() -> str:
    """The version of all that decides a run's numbers: Foedus, a hash of its sources, and the libraries that compute.
    All sources count but those that only show what was computed, so that a new folder counts until it is named here."""
    root, digest = Path(__file__).parent.parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] not in _SHOWING:
            digest.update(f"{name}\n".encode() + path.read_bytes())
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba"))
    return f"{__version__}, sources {digest.hexdigest()[:12]}, {libraries}"
