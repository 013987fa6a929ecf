"""One period of a scenario as primitive steps, for one set of enabled actions. Nothing here depends on a world."""

from __future__ import annotations

from dataclasses import dataclass

from foedus.scenario.dotted import ActionName
from foedus.scenario.tree import Tree


@dataclass(frozen=True)
class Pay:
    """An amount, weight included, to one objective (index into ``Turn.objectives``)."""

    objective: int
    amount: Tree


@dataclass(frozen=True)
class TurnBranch:
    """One outcome of nature."""

    prob: Tree | None  # None means sure
    effects: dict[str, Tree]
    pays: tuple[Pay, ...] = ()


@dataclass(frozen=True)
class TurnAction:
    """One choice, with what nature does after it."""

    name: str  # empty for nature
    when: Tree | None
    base: Tree
    pays: tuple[Pay, ...]
    branches: tuple[TurnBranch, ...]
    total: Tree | None = None  # of the branches' probabilities, where none of them takes the rest


@dataclass(frozen=True)
class TurnPhase:
    """One step."""

    id: str
    mover: int  # an actor's index, or -1 for nature
    guard: Tree | None
    actions: tuple[TurnAction, ...]
    interval: tuple[Tree, Tree] | None = None  # low and high, of the first branch of a clause that is read as one
    commitment: str | None = None  # the one that made the phase


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
    vagueness: tuple[tuple[str, Tree], ...] = ()

    @property
    def choices(self) -> list[tuple[int, int]]:
        """(phase, order) of every actor's action."""
        return [(k, i) for k, phase in enumerate(self.phases) if phase.mover >= 0 for i in range(len(phase.actions))]

    @property
    def action_ids(self) -> tuple[str, ...]:
        """``phase.action`` of every actor's action."""
        return tuple(str(ActionName(self.phases[k].id, self.phases[k].actions[i].name)) for k, i in self.choices)
