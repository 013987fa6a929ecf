"""Reads the written numbers of a scenario into trees, with weights and start levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from foedus.scenario.errors import ExpressionError, Problem, ScenarioError
from foedus.scenario.expr import parse
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import PAYOFF, objectives_of, scope_of
from foedus.scenario.tree import Tree, fold, number

if TYPE_CHECKING:
    from foedus.game.turn import Variable

TERMINAL = "terminal"


class Words:
    """A scenario's expressions as trees, in the scenario's own scope."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.actor_index = {name: i for i, name in enumerate(scenario.actors)}

    def tree(self, value: float | int | bool | str, target: str | None = None) -> Tree:
        """The tree of a written number; ``target`` is the variable whose levels may stand alone."""
        try:
            return parse(value, scope_of(self.scenario, target))
        except ExpressionError as error:
            raise ScenarioError([Problem((str(value),), error.reason, error.remedy)]) from None

    @cached_property
    def objectives(self) -> tuple[tuple[str, str], ...]:
        """Every (actor, objective), those that shorthand pays and terminal values imply included."""
        pairs = [(actor, name) for actor, found in objectives_of(self.scenario).items() for name in found]
        beyond = self.scenario.horizon.beyond
        return tuple(pairs + ([(actor, TERMINAL) for actor in beyond] if isinstance(beyond, dict) else []))

    @cached_property
    def _index(self) -> dict[tuple[str, str], int]:
        return {pair: i for i, pair in enumerate(self.objectives)}

    def weight(self, actor: str, objective: str) -> Tree:
        """The weight of an objective (1 where none is written)."""
        written = self.scenario.objectives.get(actor, {}).get(objective)
        return number(1) if written is None else self.tree(written.weight)

    def amount(self, actor: str, objective: str, value: Tree) -> tuple[int, Tree]:
        """An objective's index and a value times its weight."""
        return self._index[actor, objective], fold(("*", self.weight(actor, objective), value))

    def pays(self, pays: Mapping[str, Any]) -> Iterator[tuple[int, Tree]]:
        """Written payments as (objective index, weighted amount)."""
        for actor, amounts in pays.items():
            items = amounts if isinstance(amounts, dict) else {PAYOFF: amounts}
            for objective, value in items.items():
                yield self.amount(actor, objective, self.tree(value))

    def stage(self) -> Iterator[tuple[int, Tree]]:
        """Period-end values: each objective's value, final ones in the last period only."""
        for actor, objectives in self.scenario.objectives.items():
            for name, objective in objectives.items():
                if objective.value is not None:
                    value = self.tree(objective.value)
                    yield self.amount(actor, name, ("*", self._last, value) if objective.final else value)

    def terminal(self) -> Iterator[tuple[int, Tree]]:
        """What the state after the last solved period is worth, discounted to that period's end."""
        beyond = self.scenario.horizon.beyond
        if not isinstance(beyond, dict):
            return
        home: dict[str, float] = {v.name: v.home for v in self.variables() if v.scratch}
        home |= {f"{name}.applies": 0 for name in self.scenario.commitments}
        for actor, terminal in beyond.items():
            after = fold(self.tree(terminal), home)
            yield self._index[actor, TERMINAL], ("*", self._last, ("*", ("asm", f"{actor}.patience"), after))

    @property
    def _last(self) -> Tree:
        """1 in the last solved period, else 0."""
        return ("==", ("t",), number(self.scenario.horizon.periods + self.scenario.beyond - 1))

    def variables(self) -> tuple[Variable, ...]:
        """The state variables as written."""
        from foedus.game.turn import Variable

        made = []
        for name, written in self.scenario.state.items():
            start = {written.start: 1.0} if isinstance(written.start, str) else written.start
            made.append(
                Variable(
                    name,
                    len(written.levels),
                    {written.levels.index(level): self.tree(prob) for level, prob in start.items()},
                    written.within == "period",
                    frozenset(written.levels.index(level) for level in written.ends),
                    tuple(written.levels),
                )
            )
        return tuple(made)
