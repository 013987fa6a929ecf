"""Foedus: an engine for strategic crises between states.

    import foedus
    s = foedus.load("russia-dprk-pact")
    r = foedus.run(s)
    r.claims
    r.prob("eventually(tension >= limited_war)")

Names are imported when first used, so that the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "errors": ["FoedusError"],
    "runs.ensemble": ["ensemble", "resume"],
    "runs.executors": ["Executor"],
    "runs.local": ["run"],
    "runs.result": ["Run"],
    "scenario.check": ["check", "problems_of", "validate"],
    "scenario.errors": ["ScenarioError"],
    "scenario.load": ["load"],
    "scenario.schema": ["Scenario"],
    "worlds.sample": ["sample"],
    "worlds.simulate": ["simulate"],
}
_HOME = {name: f"foedus.{module}" for module, names in _HOMES.items() for name in names}
__all__ = ["Executor", "FoedusError", "Run", "Scenario", "ScenarioError", "__version__", "check", "ensemble", "load"]
__all__ += ["problems_of", "resume", "run", "sample", "simulate", "validate"]

if TYPE_CHECKING:
    from foedus.errors import FoedusError
    from foedus.runs.ensemble import ensemble, resume
    from foedus.runs.executors import Executor
    from foedus.runs.local import run
    from foedus.runs.result import Run
    from foedus.scenario.check import check, problems_of, validate
    from foedus.scenario.errors import ScenarioError
    from foedus.scenario.load import load
    from foedus.scenario.schema import Scenario
    from foedus.worlds.sample import sample
    from foedus.worlds.simulate import simulate


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'foedus' has no attribute '{name}'")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
