"""Foedus: an engine for strategic crises between states.

    import foedus
    s = foedus.load("russia-dprk-pact")
    r = foedus.run(s)
    r.claims
    r.prob("eventually(tension >= limited_war)")

Names are imported when first used, so that the command line starts at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "load": "foedus.scenario.load",
    "Scenario": "foedus.scenario.schema",
    "check": "foedus.scenario.check",
    "problems_of": "foedus.scenario.check",
    "FoedusError": "foedus.scenario.errors",
    "ScenarioError": "foedus.scenario.errors",
    "validate": "foedus.scenario.check",
    "run": "foedus.run",
    "ensemble": "foedus.ensembles",
    "resume": "foedus.ensembles",
    "Executor": "foedus.worlds.executors",
    "Run": "foedus.run",
    "simulate": "foedus.worlds.simulate",
    "sample": "foedus.worlds.sample",
}
__all__ = [
    "Executor",
    "FoedusError",
    "Run",
    "Scenario",
    "ScenarioError",
    "__version__",
    "check",
    "ensemble",
    "load",
    "problems_of",
    "resume",
    "run",
    "sample",
    "simulate",
    "validate",
]

if TYPE_CHECKING:
    from foedus.ensembles import ensemble, resume
    from foedus.run import Run, run
    from foedus.scenario.check import check, problems_of, validate
    from foedus.scenario.errors import FoedusError, ScenarioError
    from foedus.scenario.load import load
    from foedus.scenario.schema import Scenario
    from foedus.worlds.executors import Executor
    from foedus.worlds.sample import sample
    from foedus.worlds.simulate import simulate


class _Package(ModuleType):
    """This package, in which the function ``run`` is not hidden by the module of the same name."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value.run if name == "run" and isinstance(value, ModuleType) else value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'foedus' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
