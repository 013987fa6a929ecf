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
    "load": "foedus.scenario.load",
    "Scenario": "foedus.scenario.schema",
    "check": "foedus.scenario.check",
    "problems_of": "foedus.scenario.check",
    "FoedusError": "foedus.errors",
    "ScenarioError": "foedus.scenario.errors",
    "validate": "foedus.scenario.check",
    "run": "foedus.runs.local",
    "ensemble": "foedus.runs.ensemble",
    "resume": "foedus.runs.ensemble",
    "Executor": "foedus.runs.executors",
    "Run": "foedus.runs.result",
    "simulate": "foedus.worlds.simulate",
    "sample": "foedus.worlds.sample",
}
__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from foedus.errors import FoedusError as FoedusError
    from foedus.runs.ensemble import ensemble as ensemble
    from foedus.runs.ensemble import resume as resume
    from foedus.runs.executors import Executor as Executor
    from foedus.runs.local import run as run
    from foedus.runs.result import Run as Run
    from foedus.scenario.check import check as check
    from foedus.scenario.check import problems_of as problems_of
    from foedus.scenario.check import validate as validate
    from foedus.scenario.errors import ScenarioError as ScenarioError
    from foedus.scenario.load import load as load
    from foedus.scenario.schema import Scenario as Scenario
    from foedus.worlds.sample import sample as sample
    from foedus.worlds.simulate import simulate as simulate


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'foedus' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
