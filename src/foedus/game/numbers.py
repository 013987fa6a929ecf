"""Reads the written numbers of a scenario into trees, with weights and start levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from foedus.game.turn import Pay, Variable
from foedus.scenario.dotted import ActorNumber, Setting, applies_variable
from foedus.scenario.errors import ExpressionError, Problem, ScenarioError
from foedus.scenario.expressions import parse
from foedus.scenario.parts import StateVariable
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import PAYOFF, TERMINAL, objectives_of, scope_of
from foedus.scenario.tree import Tree, fold, number


class NumberReader:
    """A scenario's expressions as trees, in the scenario's own scope."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario

    def tree(self, value: float | int | bool | str, target: str | None = None) -> Tree:
        """The tree of a written number; ``target`` is the variable whose levels may stand alone."""
        try:
            return parse(value, scope_of(self.scenario, target))
        except ExpressionError as error:
            raise ScenarioError([Problem((str(value),), error.reason, error.remedy)]) from None

    @cached_property
    def objectives(self) -> tuple[tuple[str, str], ...]:
        """Every (actor, objective), those that shorthand pays and terminal values imply included."""
        pairs = [(actor, name) for actor, names in objectives_of(self.scenario).items() for name in names]
        beyond = self.scenario.horizon.beyond
        return tuple(pairs + ([(actor, TERMINAL) for actor in beyond] if isinstance(beyond, dict) else []))

    def pay(self, actor: str, objective: str, value: Tree) -> Pay:
        """An amount to an objective: the value times its weight (1 where none is written)."""
        written = self.scenario.objectives.get(actor, {}).get(objective)
        weight = number(1) if written is None else self.tree(written.weight)
        return Pay(self.objectives.index((actor, objective)), fold(("*", weight, value)))

    def pays(self, pays: Mapping[str, Any]) -> Iterator[Pay]:
        """Written payments, weights included."""
        for actor, amounts in pays.items():
            items = amounts if isinstance(amounts, dict) else {PAYOFF: amounts}
            for objective, value in items.items():
                yield self.pay(actor, objective, self.tree(value))

    def stage(self) -> Iterator[Pay]:
        """What every period pays at its end: each objective's value, final ones in the last period only."""
        for actor, objectives in self.scenario.objectives.items():
            for name, objective in objectives.items():
                if objective.value is not None:
                    value = self.tree(objective.value)
                    yield self.pay(actor, name, ("*", self._last, value) if objective.final else value)

    def terminal(self) -> Iterator[Pay]:
        """What the state after the last solved period is worth, discounted to that period's end."""
        beyond = self.scenario.horizon.beyond
        if not isinstance(beyond, dict):
            return
        # scratch has fallen back by then
        home: dict[str, float] = {v.name: v.home for v in self.variables() if v.scratch}
        home |= dict.fromkeys(map(applies_variable, self.scenario.commitments), 0)
        for actor, terminal in beyond.items():
            after = fold(self.tree(terminal), home)
            patience: Tree = ("asm", str(ActorNumber(actor, Setting.PATIENCE)))
            yield Pay(self.objectives.index((actor, TERMINAL)), ("*", self._last, ("*", patience, after)))

    @property
    def _last(self) -> Tree:
        """1 in the last solved period, else 0."""
        return ("==", ("t",), number(self.scenario.horizon.periods + self.scenario.beyond - 1))

    def variables(self) -> tuple[Variable, ...]:
        """The state variables as written."""
        return tuple(self._variable(name, written) for name, written in self.scenario.state.items())

    def _variable(self, name: str, written: StateVariable) -> Variable:
        start = {written.start: 1.0} if isinstance(written.start, str) else written.start
        levels = written.levels
        odds = {levels.index(level): self.tree(prob) for level, prob in start.items()}
        ends = frozenset(map(levels.index, written.ends))
        return Variable(name, len(levels), odds, written.within == "period", ends, tuple(levels))
