"""What names mean in a scenario: scopes for its expressions, its periods, objectives and thresholds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from foedus.scenario.basics import Pays
from foedus.scenario.commitments import Commitment
from foedus.scenario.errors import ExpressionError, Path
from foedus.scenario.expressions import Scope, parse
from foedus.scenario.parts import Objective
from foedus.scenario.query import QueryScope
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, number, state_names

PAYOFF = "payoff"  # the objective of bare amounts
TERMINAL = "terminal"  # the objective that terminal values are counted under
_YEAR = re.compile(r"^\d{4}$")


def scope_of(scenario: Scenario, target: str | None = None) -> Scope:
    """The names that the scenario's expressions may use; ``target``'s levels may stand alone."""
    return Scope(scenario.scopes, frozenset(scenario.all_assumptions), scenario.horizon.calendar.index, target)


def number_scope(scenario: Scenario) -> Scope:
    """The names of what is fixed in a world: assumptions alone, without state."""
    return Scope({}, frozenset(scenario.all_assumptions), None)


def query_scope(scenario: Scenario) -> QueryScope:
    """The names that queries may use."""
    return QueryScope(
        scope_of(scenario),
        {actor: frozenset(objectives) for actor, objectives in objectives_of(scenario).items()},
        {phase.id: frozenset(phase.actions) for phase in scenario.turn if phase.decide is not None},
        frozenset(scenario.all_policies),
        scenario.horizon.periods,
    )


def pays_of(scenario: Scenario) -> Iterator[tuple[Path, Pays]]:
    """Every ``pays`` of the scenario with its path."""
    for i, phase in enumerate(scenario.turn):
        for b, branch in enumerate(phase.chance):
            yield ("turn", i, "chance", b, "pays"), branch.pays
        for name, action in phase.actions.items():
            where: Path = ("turn", i, "actions", name)
            yield (*where, "pays"), action.pays
            for b, branch in enumerate(action.chance):
                yield (*where, "chance", b, "pays"), branch.pays
    for i, enters in enumerate(scenario.enters):
        yield ("enters", i, "pays"), enters.pays
    for name, commitment in scenario.commitments.items():
        for key, word in (("kept", commitment.kept), ("broken", commitment.broken)):
            if word is not None:
                yield ("commitments", name, key, "pays"), word.pays


def objectives_of(scenario: Scenario) -> dict[str, dict[str, Objective]]:
    """Each actor's objectives, ``payoff`` (weight 1) included where a bare amount is paid."""
    objectives = {actor: dict(scenario.objectives.get(actor, {})) for actor in scenario.actors}
    for _, pays in pays_of(scenario):
        for actor, amount in pays.items():
            if actor in objectives and not isinstance(amount, dict):
                objectives[actor].setdefault(PAYOFF, Objective())
    return objectives


def period_of(scenario: Scenario, at: str | int) -> int:
    """The period index of a date, or of a whole number counted from 0; ValueError when it has none.

    A number of four digits is a year where the horizon has a ``first`` date.
    """
    text = str(at)
    if isinstance(at, int) and not (scenario.horizon.first is not None and _YEAR.match(text)):
        return at
    return scenario.horizon.calendar.index(text)


def threshold_tree(scenario: Scenario, commitment: Commitment) -> Tree:
    """The threshold of a commitment's trigger; a level's name is half a step below its index.

    The level belongs to the variable that is the severity, or the only one that it reads.
    ExpressionError when the threshold or the severity cannot be read.
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
    if len(variables) != 1:
        return None
    levels = scopes[next(iter(variables))]
    return levels.index(name) if name in levels else None
