"""The events whose probability is reported over time."""

from __future__ import annotations

from foedus.scenario.expressions import parse
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import scope_of
from foedus.scenario.tree import Tree


def outcomes_of(scenario: Scenario) -> dict[str, Tree]:
    """The events reported over time: those declared, else every level at which the game ends, else every last level."""
    scope = scope_of(scenario)
    if scenario.outcomes:
        return {name: parse(outcome.event, scope) for name, outcome in scenario.outcomes.items()}
    ends = {f"{v}_{level}": f"{v} == {level}" for v, written in scenario.state.items() for level in written.ends}
    last = {f"{v}_{w.levels[-1]}": f"{v} == {w.levels[-1]}" for v, w in scenario.state.items() if len(w.levels) > 1}
    return {name: parse(text, scope) for name, text in (ends or last).items()}


def feared_outcome(scenario: Scenario) -> str:
    """The outcome that is to be averted: the one marked ``feared``, else the first."""
    marked = [name for name, outcome in scenario.outcomes.items() if outcome.feared]
    return next(iter(marked or outcomes_of(scenario)))
