"""What a run computes a piece at a time: spans of worlds, each solved by itself and kept as named arrays.

A piece's arrays depend on its worlds alone: not on the other pieces, on how large pieces are or on who
computes them.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.program import Memo
from foedus.game.turn import build_turn
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree
from foedus.worlds.simulate import Behaviour, Games, PolicyResult, simulate

Arrays = dict[str, NDArray[Any]]
# The labelled results, and their dims after (world, policy).
VARIABLES: dict[str, tuple[str, ...]] = {
    "outcome_by": ("period", "outcome"),
    "outcome_at": ("period", "outcome"),
    "expected": ("objective",),
    "value": ("actor",),
    "taken": ("period", "action"),
    "entropy": ("actor",),
}
ANSWERS, HEARD = "answers", "heard/"
VARIED = ("outcome_by",)  # what is kept of worlds in other settings
# What is kept of the factual policy beside, where observations are weighed.
HEARD_PARTS = ("log_likelihood", "log_each", "foreseen", "foreseen_state")


@dataclass(frozen=True)
class Layout:
    """The labels of a run's results along each dim, in order."""

    policies: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]  # period, outcome, objective, actor, action
    kept: tuple[int, ...]  # of the game's objectives, those that are reported
    owners: tuple[int, ...]  # the actor of each reported objective

    @classmethod
    def of(cls, scenario: Scenario, policies: Sequence[str], outcomes: Iterable[str]) -> Layout:
        """The layout of a run under these policies, without compiling their games."""
        calendar = scenario.horizon.calendar
        enabled = dict.fromkeys(frozenset(scenario.all_policies[policy].enable) for policy in policies)
        turns = [build_turn(scenario, actions) for actions in enabled]
        objectives, actors = turns[0].objectives, list(scenario.actors)
        kept = tuple(i for i, (_, name) in enumerate(objectives) if name != "terminal")
        labels = {
            "period": tuple(calendar.label(t) for t in range(scenario.horizon.periods)),
            "outcome": tuple(outcomes),
            "objective": tuple(".".join(objectives[i]) for i in kept),
            "actor": tuple(actors),
            "action": tuple(dict.fromkeys(name for turn in turns for name in turn.action_ids)),
        }
        return cls(tuple(policies), labels, kept, tuple(actors.index(objectives[i][0]) for i in kept))

    def shape(self, variable: str) -> tuple[int, ...]:
        """The lengths of a variable's dims after world and policy."""
        return tuple(len(self.labels[dim]) for dim in VARIABLES[variable])

    @property
    def bytes_per_world(self) -> int:
        """What all results of one world take."""
        return 8 * len(self.policies) * sum(int(np.prod(self.shape(variable))) for variable in VARIABLES)

    def arrays(self, result: PolicyResult) -> dict[str, Floats]:
        """The variables of one policy's result, [world, ...]."""
        expected = np.ascontiguousarray(result.pays[:, list(self.kept)])
        value = np.zeros((len(expected), len(self.labels["actor"])))
        for i, owner in enumerate(self.owners):  # one after the other, so that the sum depends on nothing else
            value[:, owner] += expected[:, i]
        taken = np.zeros((len(expected), *self.shape("taken")))
        columns = [self.labels["action"].index(name) for name in result.actions]
        taken[:, :, columns] = result.taken[:, :, : len(columns)]
        return {
            "outcome_by": result.by,
            "outcome_at": result.at,
            "expected": expected,
            "value": value,
            "taken": taken,
            "entropy": result.entropy,
        }


@dataclass(frozen=True)
class Task:
    """A span of worlds to be solved.

    ``name`` is what the piece is kept under, ``first`` the number of its first world. The first ``few`` worlds
    are solved in each of the ``variations`` too. ``scenario`` stands in for the run's own where it differs from
    it in numbers only; ``only`` are the variables kept (default: all). ``about`` goes before what is wrong.
    """

    name: str
    first: int
    draws: Mapping[str, Floats]
    policies: tuple[str, ...]
    variations: Mapping[str, Behaviour] = field(default_factory=dict)
    few: int = 0
    scenario: Scenario | None = None
    only: tuple[str, ...] = tuple(VARIABLES)
    about: str = ""

    @property
    def count(self) -> int:
        """How often a world is solved under a policy, variations included."""
        return len(self.policies) * (self.size + self.few * len(self.variations))

    @property
    def size(self) -> int:
        """Its number of worlds."""
        return len(next(iter(self.draws.values())))


@dataclass(frozen=True)
class Work:
    """What all tasks of a run share. It can be sent to other processes; each compiles the games once."""

    scenario: Scenario
    policies: tuple[str, ...]
    queries: tuple[Query, ...]
    outcomes: Mapping[str, Tree]

    @property
    def games(self) -> Games:
        """The games of all policies, those of this process; each is compiled when it is first played."""
        key = self.key
        with _lock:
            if key not in _compiled:
                _compiled.clear()
                _compiled[key] = Games(self.scenario, self.queries, self.outcomes, entropy=True, ahead=1)
            return _compiled[key]

    @cached_property
    def layout(self) -> Layout:
        """The labels of the results."""
        return Layout.of(self.scenario, self.policies, self.outcomes)

    @cached_property
    def key(self) -> str:
        """A name that only equal work has."""
        return hashlib.sha256(pickle.dumps((self.policies, self.queries, self.outcomes, self.scenario))).hexdigest()

    def solve(self, task: Task, threads: int = 1, progress: Callable[[int], None] | None = None) -> Arrays:
        """A task's arrays by name, each with its worlds along the first axis.

        ``answers`` [n, queries] (NaN where a query's policy was not solved), ``variable/policy``, and what
        is heard of the observations. A variation's have its name and a colon before theirs, and hold only
        answers and ``outcome_by``. FoedusError where a number is impossible in a world.
        """
        own = self.games.of(task.scenario or self.scenario)
        own.memo = Memo()  # tasks may be solved side by side
        try:
            found = simulate(
                own.scenario,
                task.draws,
                task.policies,
                self.queries,
                outcomes=self.outcomes,
                threads=threads,
                progress=progress,
                games=own,
                first=task.first,
                variations=task.variations if task.few else {},
                few=task.few,
                bare=task.only == VARIED,
            )
        except FoedusError as error:
            if task.about:
                raise FoedusError(f"{task.about}: {error}") from None
            raise
        made = self._arrays(found.results, task.only)
        for result in found.results.values():
            made |= {HEARD + part: result.parts[part] for part in HEARD_PARTS if part in result.parts}
        for name, varied in found.varied.items():
            arrays = self._arrays(varied.results, VARIED)
            made |= {f"{name}:{key}": array for key, array in arrays.items()}
        return made

    def _arrays(self, results: Mapping[str, PolicyResult], variables: Sequence[str]) -> Arrays:
        """Answers, and each policy's variables."""
        layout = self.layout
        width = len(next(iter(results.values())).value)
        made: Arrays = {ANSWERS: np.full((width, len(self.queries)), np.nan)}
        for policy, result in results.items():
            for i, query in enumerate(self.queries):
                if query.under == policy:
                    made[ANSWERS][:, i] = result.query[:, i]
            arrays = layout.arrays(result)
            made |= {f"{variable}/{policy}": arrays[variable] for variable in variables}
        return made


_compiled: dict[str, Games] = {}
_lock = threading.Lock()


def forget() -> None:
    """Lets go of compiled games, which take memory that what comes after solving can use."""
    with _lock:
        _compiled.clear()


@cache
def engine() -> str:
    """The version of the code that decides a piece's numbers: that of Foedus, and a hash of its sources."""
    from foedus import __version__

    root, found = Path(__file__).parent.parent, hashlib.sha256()
    for folder in ("scenario", "game", "solve", "worlds"):
        for path in sorted((root / folder).glob("*.py")):
            found.update(f"{folder}/{path.name}\n".encode() + path.read_bytes())
    return f"{__version__}, sources {found.hexdigest()[:12]}"
