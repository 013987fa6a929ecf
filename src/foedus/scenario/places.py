"""Where in a scenario something is written, for errors that show only when the game is built or solved."""

from __future__ import annotations

from foedus.scenario.dotted import ActionName
from foedus.scenario.errors import Path, Problem, ScenarioError
from foedus.scenario.schema import Scenario


def place_of(scenario: Scenario, name: str) -> Path:
    """The path of ``phase``, ``phase.action``, a commitment, state variable, actor or assumption; () of anything else."""
    phase, action = ActionName.read(name)
    for i, written in enumerate(scenario.turn):
        if written.id == phase:
            return ("turn", i, "actions", action) if action in written.actions else ("turn", i)
    for key in ("commitments", "state", "actors", "assumptions"):
        if phase in getattr(scenario, key):
            return (key, phase, action) if key == "actors" and action else (key, phase)
    return ()


def error_about(scenario: Scenario, name: str, reason: str, remedy: str = "") -> ScenarioError:
    """An error at the place of what ``name`` names."""
    return ScenarioError([scenario.placed(Problem(place_of(scenario, name), reason, remedy))])
