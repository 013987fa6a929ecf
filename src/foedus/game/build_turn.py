"""Writes a scenario as a ``Turn``: commitments become phases, dates become conditions, the rest is put in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from foedus.game.clauses import asked, attached, read_clause
from foedus.game.numbers import NumberReader
from foedus.game.turn import Cap, Entry, Turn, TurnAction, TurnBranch, TurnPhase, Variable
from foedus.scenario.dotted import ActionName, applies_variable, clause_phase, seen_variable
from foedus.scenario.parts import Action, Branch, Phase
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, fold, number, sum_of


def build_turn(scenario: Scenario, enabled: Iterable[str]) -> Turn:
    """The turn of ``scenario`` when the actions named in ``enabled`` (phase.action) exist."""
    numbers = _PhaseReader(scenario, frozenset(enabled))
    phases: list[TurnPhase] = []
    caps: list[Cap] = []
    readings: list[Variable] = []  # of clauses that are read on a rise
    for phase in scenario.turn:
        step = numbers.phase(phase)
        # nature reads the clauses right before the phase in which they are answered, where it takes place
        attach = [name for name, commitment in scenario.commitments.items() if commitment.attach == phase.id]
        for i, name in enumerate(attach):
            clause = read_clause(numbers, name, asked(step.guard, attach[i:]))
            if clause.rank is not None:
                seen = seen_variable(name)
                readings.append(Variable(seen, clause.ranks, {0: number(1)}, scratch=False))
                caps.append(Cap(seen, clause.rank))
            nature = TurnAction("", None, number(1), (), clause.branches)
            phases.append(TurnPhase(clause_phase(name), -1, clause.guard, (nature,), clause.interval, commitment=name))
            step = attached(numbers, name, step)
        phases.append(step)
    truths = ("no", "yes")
    names = map(applies_variable, scenario.commitments)
    applies = [Variable(name, len(truths), {0: number(1)}, scratch=True, levels=truths) for name in names]
    variables = (*numbers.variables(), *applies, *readings)
    pays = tuple(numbers.stage()), tuple(numbers.terminal()), numbers.entries()
    vagueness = tuple((name, numbers.tree(c.trigger.vagueness)) for name, c in scenario.commitments.items())
    return Turn(tuple(scenario.actors), numbers.objectives, variables, tuple(phases), *pays, tuple(caps), vagueness)


class _PhaseReader(NumberReader):
    """Puts phases as written in numbers."""

    def __init__(self, scenario: Scenario, enabled: frozenset[str]):
        super().__init__(scenario)
        self.enabled = enabled

    def phase(self, phase: Phase) -> TurnPhase:
        """A phase as written, dates turned into a condition on time."""
        guard = None if phase.when is None else self.tree(phase.when)
        if phase.at:
            times: list[Tree] = [("==", ("t",), number(period_of(self.scenario, at))) for at in phase.at]
            dated: Tree = ("or", *times) if len(times) > 1 else times[0]
            guard = dated if guard is None else ("and", dated, guard)
        if phase.decide is None:
            nature = TurnAction("", None, number(1), (), self.branches(phase.chance, {}), self.total(phase.chance))
            return TurnPhase(phase.id, -1, guard, (nature,))
        return TurnPhase(phase.id, list(self.scenario.actors).index(phase.decide), guard, self.actions(phase))

    def actions(self, phase: Phase) -> tuple[TurnAction, ...]:
        """The menu: what is not enabled is left out, bases are carved out."""
        actions = {
            name: self.action(name, action)
            for name, action in phase.actions.items()
            if action.exists == "always" or str(ActionName(phase.id, name)) in self.enabled
        }
        carved = dict(actions)
        for name, new in actions.items():
            if (place := phase.actions[name].in_place_of) in carved:
                # what the new action takes where it is available, the old one loses
                taken = new.base if new.when is None else ("*", new.base, ("!=", new.when, number(0)))
                carved[place] = replace(carved[place], base=("-", carved[place].base, taken))
        return tuple(carved.values())

    def action(self, name: str, action: Action) -> TurnAction:
        """One action with its effects in every branch."""
        when = None if action.when is None else self.tree(action.when)
        base, pays = self.tree(action.base), tuple(self.pays(action.pays))
        effects, chance = self.effects(action.then), action.chance
        branches = self.branches(chance, effects) if chance else (TurnBranch(None, effects),)
        return TurnAction(name, when, base, pays, branches, self.total(chance))

    def total(self, branches: list[Branch]) -> Tree | None:
        """The sum of the probabilities of branches none of which takes the rest."""
        if not branches or any(branch.prob == "rest" for branch in branches):
            return None
        return fold(sum_of([self.tree(branch.prob) for branch in branches]))

    def branches(self, branches: list[Branch], effects: dict[str, Tree]) -> tuple[TurnBranch, ...]:
        """Branches with their probabilities; ``rest`` is what the others leave."""
        probs = [None if b.prob == "rest" else self.tree(b.prob) for b in branches]
        rest: Tree = number(1)
        for given in probs:
            rest = rest if given is None else ("-", rest, given)
        written = []
        for branch, prob in zip(branches, probs, strict=True):
            odds = None if probs == [None] else rest if prob is None else prob
            pays = tuple(self.pays(branch.pays))
            written.append(TurnBranch(odds, effects | self.effects(branch.then), pays))
        return tuple(written)

    def effects(self, then: dict[str, float | int | bool | str]) -> dict[str, Tree]:
        """Assignments, level names resolved against the variable assigned to."""
        return {name: self.tree(value, target=name) for name, value in then.items()}

    def entries(self) -> tuple[Entry, ...]:
        """Lumps paid on entry."""
        entries, levels = [], self.scenario.scopes
        for entry in self.scenario.enters:
            when = tuple((variable, levels[variable].index(level)) for variable, level in entry.when.items())
            entries.append(Entry(when, tuple(self.pays(entry.pays))))
        return tuple(entries)
