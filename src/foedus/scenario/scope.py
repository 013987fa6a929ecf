"""What names mean in a scenario: scopes for its expressions, its periods, objectives and thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from foedus.scenario.basics import Pays
from foedus.scenario.calendar import is_year
from foedus.scenario.commitments import Commitment
from foedus.scenario.errors import ExpressionError
from foedus.scenario.expressions import Scope, parse
from foedus.scenario.parts import Objective
from foedus.scenario.query import QueryScope
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, number, state_names

PAYOFF = "payoff"  # the objective of bare amounts
TERMINAL = "terminal"  # the objective that terminal values are counted under


def scope_of(scenario: Scenario, target: str | None = None) -> Scope:
    """The names that the scenario's expressions may use; ``target``'s levels may stand alone."""
    return Scope(scenario.scopes, frozenset(scenario.all_assumptions), scenario.horizon.calendar.index, target)


def number_scope(scenario: Scenario) -> Scope:
    """The names of what is fixed in a world: assumptions alone, without state."""
    return Scope({}, frozenset(scenario.all_assumptions), None)


def query_scope(scenario: Scenario) -> QueryScope:
    """The names that queries may use."""
    objectives = {actor: frozenset(names) for actor, names in objectives_of(scenario).items()}
    actions = {phase.id: frozenset(phase.actions) for phase in scenario.turn if phase.decide is not None}
    policies = frozenset(scenario.all_policies)
    return QueryScope(scope_of(scenario), objectives, actions, policies, scenario.horizon.periods)


def _pays(scenario: Scenario) -> Iterator[Pays]:
    actions = [action for phase in scenario.turn for action in phase.actions.values()]
    words = [word for made in scenario.commitments.values() for word in (made.kept, made.broken) if word is not None]
    yield from (action.pays for action in actions)
    yield from (branch.pays for action in actions for branch in action.chance)
    yield from (branch.pays for phase in scenario.turn for branch in phase.chance)
    yield from (enters.pays for enters in scenario.enters)
    yield from (word.pays for word in words)


def objectives_of(scenario: Scenario) -> dict[str, dict[str, Objective]]:
    """Each actor's objectives, ``payoff`` (weight 1) included where a bare amount is paid."""
    objectives = {actor: dict(scenario.objectives.get(actor, {})) for actor in scenario.actors}
    for pays in _pays(scenario):
        for actor, amount in pays.items():
            if actor in objectives and not isinstance(amount, dict):
                objectives[actor].setdefault(PAYOFF, Objective())
    return objectives


def period_of(scenario: Scenario, at: str | int) -> int:
    """The period index of a date, or of a whole number counted from 0; ValueError when it has none."""
    # a number of four digits is a year where the horizon has a first date
    if isinstance(at, int) and not (scenario.horizon.first is not None and is_year(at)):
        return at
    return scenario.horizon.calendar.index(str(at))


def threshold_tree(scenario: Scenario, commitment: Commitment) -> Tree:
    """The threshold of a commitment's trigger; ExpressionError when it, or the severity, cannot be read.

    A level's name is half a step below its index: of the variable that is the severity, or the only one that it reads.
    """
    trigger = commitment.trigger
    if trigger.threshold is None or trigger.severity is None:
        raise ExpressionError("the trigger has no threshold.")
    if isinstance(trigger.threshold, str):
        level = level_of(scenario.scopes, state_names(parse(trigger.severity, scope_of(scenario))), trigger.threshold)
        if level is not None:
            return number(level - 0.5)
    return parse(trigger.threshold, scope_of(scenario))


def level_of(scopes: Mapping[str, tuple[str, ...]], variables: frozenset[str], name: str) -> int | None:
    """The index of level ``name`` when exactly one variable is meant and it has that level."""
    levels = scopes[next(iter(variables))] if len(variables) == 1 else ()
    return levels.index(name) if name in levels else None
