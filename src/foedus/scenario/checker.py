"""What the checks of a scenario share: reading expressions, noting what reads what, and collecting problems."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from foedus.errors import nearest
from foedus.scenario.dotted import ActionName
from foedus.scenario.errors import ExpressionError, Path, Problem
from foedus.scenario.expressions import parse, shorten
from foedus.scenario.limits import PROBLEMS
from foedus.scenario.parts import Branch
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import objectives_of, period_of, query_scope, scope_of
from foedus.scenario.tree import Tree, assumption_names, leaves, state_names

TOLERANCE = 1e-9
Kinds = tuple[str, ...]
ANY: Kinds = ("state", "asm", "t")  # what a number may read
ODDS = "nature's odds"
QUESTION = "a question"  # claims and observations ask about the game and do not enter it
_KINDS = {"state": "the state", "asm": "assumptions", "t": "the time"}


class Enough(Exception):
    """So many errors are noted that more would not be read."""


class Checker:
    """Collects the problems of one scenario."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.problems: list[Problem] = []
        self.errors = 0
        self.scope = scope_of(scenario)
        self.objectives = objectives_of(scenario)
        self.queries = query_scope(scenario)
        self.assumptions = scenario.all_assumptions
        self.roles: dict[str, set[str]] = defaultdict(set)  # what each assumption enters
        self.derived: dict[str, set[str]] = defaultdict(set)  # the assumptions that are computed from each
        self.reads: set[str] = set()  # the state variables that anything reads
        self.phases = {phase.id: phase for phase in reversed(scenario.turn)}

    def error(self, path: Path, reason: str, remedy: str = "", offset: int | None = None) -> None:
        """Notes an error; ``offset`` as in ``Problem``. Raises ``Enough`` with the last that is told."""
        self.problems.append(Problem(path, reason, remedy, offset=offset))
        self.errors += 1
        if self.errors >= PROBLEMS:
            raise Enough

    def warn(self, path: Path, reason: str, remedy: str = "") -> None:
        """Notes a warning."""
        self.problems.append(Problem(path, reason, remedy, severity="warning"))

    def known(self, path: Path, name: str, names: Iterable[str], what: str) -> bool:
        """Whether ``name`` is one of ``names``; an error otherwise."""
        options = list(names)
        if name in options:
            return True
        self.error(path, f"'{shorten(name)}' is not {what}.", nearest(name, options))
        return False

    def read(self, path: Path, value: Any, role: str, allow: Kinds = ANY, target: str | None = None) -> Tree | None:
        """The tree of a number that is for ``role`` and may read ``allow``; None after noting what is wrong with it."""
        try:
            tree = parse(value, replace(self.scope, target=target))
        except ExpressionError as error:
            self.error(path, error.reason, error.remedy, error.offset)
            return None
        return tree if self.note(path, tree, role, allow) else None

    def number(self, path: Path, value: Any, role: str) -> Tree | None:
        """The tree of a number that may read assumptions only."""
        return self.read(path, value, role, allow=("asm",))

    def note(self, path: Path, tree: Tree, role: str, allow: Kinds) -> bool:
        """Records what a tree reads; an error when it reads what it may not."""
        for leaf in leaves(tree):
            if leaf[0] in _KINDS and leaf[0] not in allow:
                name = f"'{leaf[1]}'" if len(leaf) > 1 else "'t'"
                may = f"it may read only {' and '.join(_KINDS[k] for k in allow)}" if allow else "a number must stand"
                self.error(path, f"it reads {name}; here {may}.")
                return False
        self.reads |= state_names(tree)
        for name in assumption_names(tree):
            self.roles[name].add(role)
        return True

    def probability(self, path: Path, value: Any, role: str = ODDS, allow: Kinds = ANY) -> float | None:
        """Checks a probability; its value when it is constant."""
        constant = constant_of(self.read(path, value, role, allow))
        if constant is not None and not 0 <= constant <= 1:
            self.error(path, f"{constant:g} is not a probability.", "It must lie between 0 and 1.")
        return constant

    def chance(self, path: Path, branches: list[Branch]) -> None:
        """Checks nature's branches: their odds, effects and pays."""
        odds: list[float | None] = []
        rests = [i for i, branch in enumerate(branches) if branch.prob == "rest"]
        for i, branch in enumerate(branches):
            where = (*path, i)
            if i not in rests:
                odds.append(self.probability((*where, "prob"), branch.prob))
            self.effects((*where, "then"), branch.then)
            self.pays((*where, "pays"), branch.pays)
        if len(rests) > 1:
            reason = "two branches take the rest (a branch without 'prob' does)."
            self.error((*path, rests[1]), reason, "Give all but one a probability.")
        total = math.fsum(p for p in odds if p is not None)
        if total > 1 + TOLERANCE:
            self.error(path, f"the probabilities sum to {total:.12g}, over 1.")
        elif odds and None not in odds and not rests and total < 1 - TOLERANCE:
            self.error(path, f"the probabilities sum to {total:.12g}, not 1.", "Let one branch take the 'rest'.")

    def effects(self, path: Path, effects: Mapping[str, Any]) -> None:
        """Checks what is assigned to the state."""
        for name, value in effects.items():
            where = (*path, name)
            if not self.known(where, name, self.scenario.state, "a state variable"):
                continue
            constant = constant_of(self.read(where, value, "an effect", allow=("state",), target=name))
            levels = self.scenario.state[name].levels
            if constant is not None and (constant != int(constant) or not 0 <= constant < len(levels)):
                remedy = f"Levels: {', '.join(levels)} (0 to {len(levels) - 1})."
                self.error(where, f"{constant:g} is not a level of '{name}'.", remedy)

    def pays(self, path: Path, pays: Mapping[str, Any]) -> None:
        """Checks payments to actors' objectives."""
        for actor, amount in pays.items():
            where = (*path, actor)
            if not self.known(where, actor, self.scenario.actors, "an actor"):
                continue
            if not isinstance(amount, dict):
                self.read(where, amount, "a payment")
                continue
            for objective, value in amount.items():
                if self.known((*where, objective), objective, self.objectives[actor], f"an objective of {actor}"):
                    self.read((*where, objective), value, "a payment")

    def period(self, path: Path, at: str | int, periods: int, which: str) -> int | None:
        """The period of a date; an error where it has none, or lies outside the ``periods`` that are ``which``."""
        label = self.scenario.horizon.calendar.label
        try:
            t = period_of(self.scenario, at)
        except ValueError as error:
            self.error(path, f"{error}.")
            return None
        if not 0 <= t < periods:
            self.error(path, f"'{at}' is outside the {which} periods, {label(0)} to {label(periods - 1)}.")
        return t

    def action(self, path: Path, name: str) -> ActionName | None:
        """``phase.action`` as its parts, or None after noting what is wrong with it."""
        phase, action = ActionName.read(name)
        deciding = [p.id for p in self.scenario.turn if p.decide is not None]
        if not action:
            self.error(path, f"'{shorten(name)}' is not phase.action.", nearest(name, deciding))
            return None
        decides = self.known(path, phase, deciding, "a phase in which an actor decides")
        known = decides and self.known(path, action, self.phases[phase].actions, f"an action of {phase}")
        return ActionName(phase, action) if known else None

    def enters_only(self, name: str) -> set[str]:
        """What an assumption enters, directly or through assumptions computed from it."""
        return {role for entering in (name, *self.derived_from(name)) for role in self.roles[entering]}

    def derived_from(self, name: str) -> set[str]:
        """The assumptions that are computed from one, directly or through others (itself only in a circle)."""
        reached: set[str] = set()
        todo = [name]
        while todo:
            new = self.derived[todo.pop()] - reached
            reached |= new
            todo.extend(new)
        return reached


def constant_of(tree: Tree | None) -> float | None:
    """The value of a tree that reads nothing, else None."""
    return float(tree[1]) if tree is not None and tree[0] == "num" else None
