"""One period of a scenario as primitive steps: commitments become phases, sums become trees.

A ``Turn`` belongs to one set of enabled actions. Nothing here depends on a world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from foedus.game.clauses import attached, clause_phase
from foedus.game.words import Words
from foedus.scenario.schema import Action, Branch, Phase, Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, fold, number, sum_of


@dataclass(frozen=True)
class Pay:
    """An amount, weight included, to one objective (index into ``Turn.objectives``)."""

    objective: int
    amount: Tree


@dataclass(frozen=True)
class TurnBranch:
    """One outcome of nature. ``prob`` None means sure."""

    prob: Tree | None
    effects: dict[str, Tree]
    pays: tuple[Pay, ...] = ()


@dataclass(frozen=True)
class TurnAction:
    """One choice (``name`` empty for nature), with what nature does after it.

    ``total`` is the sum of the branches' probabilities where none of them takes the rest.
    """

    name: str
    when: Tree | None
    base: Tree
    pays: tuple[Pay, ...]
    branches: tuple[TurnBranch, ...]
    total: Tree | None = None


@dataclass(frozen=True)
class TurnPhase:
    """One step. ``mover`` is an actor's index, or -1 for nature.

    ``interval`` holds the low and high probability of the first branch of a clause
    that is read as an interval. ``commitment`` names the commitment that made the phase.
    """

    id: str
    mover: int
    guard: Tree | None
    actions: tuple[TurnAction, ...]
    interval: tuple[Tree, Tree] | None = None
    commitment: str | None = None


@dataclass(frozen=True)
class Variable:
    """A state variable of the compiled game. ``start`` maps level index to probability."""

    name: str
    size: int
    start: dict[int, Tree]
    scratch: bool
    ends: frozenset[int] = frozenset()
    levels: tuple[str, ...] = ()

    @property
    def home(self) -> int:
        """The level that scratch falls back to, and that a dead variable is put at."""
        return next(iter(self.start))

    def at(self, level: int) -> str:
        """In words, that it is at a level."""
        return f"{self.name} is {self.levels[level] if self.levels else level}"


@dataclass(frozen=True)
class Cap:
    """At each period's start ``variable`` falls to ``rank`` where that is lower."""

    variable: str
    rank: Tree


@dataclass(frozen=True)
class Entry:
    """A lump paid on the branch that makes all ``levels`` hold."""

    levels: tuple[tuple[str, int], ...]
    pays: tuple[Pay, ...]


@dataclass
class Turn:
    """The primitive form of a scenario for one set of enabled actions."""

    actors: tuple[str, ...]
    objectives: tuple[tuple[str, str], ...]
    variables: tuple[Variable, ...]
    phases: tuple[TurnPhase, ...]
    stage: tuple[Pay, ...]
    terminal: tuple[Pay, ...]
    entries: tuple[Entry, ...]
    caps: tuple[Cap, ...]
    vagueness: tuple[tuple[str, Tree], ...] = field(default=())

    @property
    def choices(self) -> list[tuple[int, int]]:
        """(phase, order) of every actor's action."""
        return [(k, i) for k, phase in enumerate(self.phases) if phase.mover >= 0 for i in range(len(phase.actions))]

    @property
    def action_ids(self) -> tuple[str, ...]:
        """``phase.action`` of every actor's action."""
        return tuple(f"{self.phases[k].id}.{self.phases[k].actions[order].name}" for k, order in self.choices)


def build_turn(scenario: Scenario, enabled: Iterable[str]) -> Turn:
    """The turn of ``scenario`` when the actions named in ``enabled`` (phase.action) exist."""
    words = Words(scenario)
    objectives = words.objectives
    reader = _TurnReader(scenario, words, frozenset(enabled))
    phases: list[TurnPhase] = []
    caps: list[Cap] = []
    seen: list[Variable] = []
    for phase in scenario.turn:
        clauses = {name: c for name, c in scenario.commitments.items() if c.attach == phase.id}
        for name in clauses:
            made = clause_phase(words, name)
            if made.rank is not None:
                seen.append(Variable(f"{name}.seen", made.ranks, {made.start_rank: number(1)}, scratch=False))
                caps.append(Cap(f"{name}.seen", made.rank))
            phases.append(
                TurnPhase(f"{name}.clause", -1, made.guard, (_nature(made.branches),), made.interval, commitment=name)
            )
        step = reader.phase(phase)
        for name in clauses:
            step = attached(words, name, step)
        phases.append(step)
    applies = [Variable(f"{name}.applies", 2, {0: number(1)}, scratch=True) for name in scenario.commitments]
    return Turn(
        tuple(scenario.actors),
        objectives,
        (*words.variables(), *applies, *seen),
        tuple(phases),
        reader.stage(),
        tuple(Pay(index, amount) for index, amount in words.terminal()),
        reader.entries(),
        tuple(caps),
        tuple((name, words.tree(c.trigger.vagueness)) for name, c in scenario.commitments.items()),
    )


def _nature(branches: tuple[tuple[Tree | None, dict[str, Tree]], ...]) -> TurnAction:
    made = tuple(TurnBranch(prob, effects) for prob, effects in branches)
    return TurnAction("", None, number(1), (), made)


@dataclass
class _TurnReader:
    scenario: Scenario
    words: Words
    enabled: frozenset[str]

    def phase(self, phase: Phase) -> TurnPhase:
        """A phase as written, dates turned into a condition on time."""
        guard = None if phase.when is None else self.words.tree(phase.when)
        if phase.at:
            times = [period_of(self.scenario, at) for at in phase.at]
            dated: Tree = (
                ("or", *(("==", ("t",), number(t)) for t in times))
                if len(times) > 1
                else ("==", ("t",), number(times[0]))
            )
            guard = dated if guard is None else ("and", dated, guard)
        if phase.decide is None:
            nature = TurnAction("", None, number(1), (), self.branches(phase.chance, {}), self.total(phase.chance))
            return TurnPhase(phase.id, -1, guard, (nature,))
        mover = list(self.scenario.actors).index(phase.decide)
        return TurnPhase(phase.id, mover, guard, self.actions(phase))

    def actions(self, phase: Phase) -> tuple[TurnAction, ...]:
        """The menu: what is not enabled is left out, bases are carved out."""
        menu = {
            name: action
            for name, action in phase.actions.items()
            if action.exists == "always" or f"{phase.id}.{name}" in self.enabled
        }
        made = {name: self.action(name, action) for name, action in menu.items()}
        bases = {name: action.base for name, action in made.items()}
        for name, action in menu.items():
            if action.in_place_of in made:
                new, old = made[name], made[action.in_place_of]
                share = bases[name] if new.when is None else ("*", bases[name], ("!=", new.when, number(0)))
                made[action.in_place_of] = replace(old, base=("-", old.base, share))
        return tuple(made.values())

    def action(self, name: str, action: Action) -> TurnAction:
        """One action with its effects in every branch."""
        effects = self.effects(action.then)
        branches = self.branches(action.chance, effects) if action.chance else (TurnBranch(None, effects),)
        when = None if action.when is None else self.words.tree(action.when)
        total = self.total(action.chance)
        return TurnAction(name, when, self.words.tree(action.base), self.pays(action.pays), branches, total)

    def total(self, branches: list[Branch]) -> Tree | None:
        """The sum of the probabilities of branches none of which takes the rest."""
        if not branches or any(branch.prob == "rest" for branch in branches):
            return None
        return fold(sum_of([self.words.tree(branch.prob) for branch in branches]))

    def branches(self, branches: list[Branch], effects: dict[str, Tree]) -> tuple[TurnBranch, ...]:
        """Branches with their probabilities; ``rest`` is what the others leave."""
        probs = [None if b.prob == "rest" else self.words.tree(b.prob) for b in branches]
        rest: Tree = number(1)
        for prob in probs:
            if prob is not None:
                rest = ("-", rest, prob)
        sure = len(branches) == 1 and branches[0].prob == "rest"
        return tuple(
            TurnBranch(
                None if sure else (rest if prob is None else prob),
                effects | self.effects(branch.then),
                self.pays(branch.pays),
            )
            for branch, prob in zip(branches, probs, strict=True)
        )

    def effects(self, then: dict[str, float | int | bool | str]) -> dict[str, Tree]:
        """Assignments, level names resolved against the variable assigned to."""
        return {name: self.words.tree(value, target=name) for name, value in then.items()}

    def pays(self, pays: Mapping[str, object]) -> tuple[Pay, ...]:
        """Payments with the objective's weight multiplied in."""
        return tuple(Pay(index, amount) for index, amount in self.words.pays(pays))

    def stage(self) -> tuple[Pay, ...]:
        """What every period pays at its end."""
        return tuple(Pay(index, amount) for index, amount in self.words.stage())

    def entries(self) -> tuple[Entry, ...]:
        """Lumps paid on entry."""
        levels = self.scenario.scopes
        return tuple(
            Entry(tuple((v, levels[v].index(level)) for v, level in e.when.items()), self.pays(e.pays))
            for e in self.scenario.enters
        )
