"""What a run computes a piece at a time: spans of worlds, each solved by itself and kept as named arrays.

A piece's arrays depend on its worlds alone: not on the other pieces, on how large pieces are or on who computes them.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.sweep import Precision
from foedus.errors import FoedusError
from foedus.game.program import Memo
from foedus.runs import layout as kept
from foedus.runs.layout import SWEPT_VARIABLES, VARIABLES, Arrays, Layout
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree
from foedus.worlds.padding import width_of
from foedus.worlds.simulate import NOBODY_WEIGHS, Behaviour, Games, Options, PolicyResult, Simulation, simulate


@dataclass(frozen=True)
class Piece:
    """A span of worlds to be solved.

    ``name`` is what it is kept under, ``first`` the number of its first world. With a ``sweep`` they are solved at each of
    its precisions instead of the assumed one. ``scenario`` stands in for the run's own where it differs from it in numbers
    only; ``only`` are the variables kept (default: all). ``about`` goes before what is wrong.
    """

    name: str
    first: int
    draws: Mapping[str, Floats]
    policies: tuple[str, ...]
    sweep: Mapping[Precision, Behaviour] = field(default_factory=dict)
    scenario: Scenario | None = None
    only: tuple[str, ...] = tuple(VARIABLES)
    about: str = ""

    @property
    def count(self) -> int:
        """How often a world is solved under a policy."""
        return len(self.policies) * width_of(self.draws) * max(len(self.sweep), 1)


@dataclass(frozen=True)
class Solver:
    """Solves the pieces of a run. It can be sent to other processes; each compiles the games once."""

    scenario: Scenario
    policies: tuple[str, ...]
    queries: tuple[Query, ...]
    outcomes: Mapping[str, Tree]

    @property
    def games(self) -> Games:
        """The games of all policies, those of this process; each is compiled when it is first played."""
        # They are not a part of the object: it would be sent with them, and every copy that arrives in a worker would
        # compile them anew. One run at a time is solved, so that those of the run before are let go.
        with _lock:
            if self.key not in _compiled:
                _compiled.clear()
                _compiled[self.key] = Games(self.scenario, self.queries, self.outcomes, entropy=True, ahead=1)
            return _compiled[self.key]

    @cached_property
    def layout(self) -> Layout:
        """The labels of the results."""
        return Layout.of(self.scenario, self.policies, self.queries, self.outcomes)

    @cached_property
    def key(self) -> str:
        """A name that only equal solvers have."""
        return hashlib.sha256(pickle.dumps((self.policies, self.queries, self.outcomes, self.scenario))).hexdigest()

    def solve(self, piece: Piece, threads: int = 1, progress: Callable[[int], None] | None = None) -> Arrays:
        """A piece's arrays by name (see ``layout``), each with its worlds along the first axis. Answers are NaN where a
        query's policy was not solved. FoedusError where a number is impossible in a world."""
        games = self.games.of(piece.scenario or self.scenario)
        games.memo = Memo()  # pieces may be solved side by side
        usual = Behaviour.of(games.scenario, bare=piece.only == SWEPT_VARIABLES)
        arrays: Arrays = {}
        ways = [(str(step), how) for step, how in piece.sweep.items()] or [("", usual)]
        for step, how in ways:
            options = Options(how, threads, progress, first=piece.first)
            try:
                simulation = simulate(games.scenario, piece.draws, piece.policies, games=games, options=options)
            except FoedusError as error:
                if piece.about:
                    raise FoedusError(f"{piece.about}: {error}") from None
                raise
            arrays |= self._arrays(simulation.results, piece.only, step)
            arrays |= _record(simulation)
        factual = games.scenario.factual_policy
        if games.observed is not None and not piece.sweep and not usual.bare and factual in piece.policies:
            idle = Options(NOBODY_WEIGHS, threads, first=piece.first)
            arrays |= _record(simulate(games.scenario, piece.draws, [factual], games=games, options=idle), kept.IDLE)
        return arrays

    def _arrays(self, results: Mapping[str, PolicyResult], variables: Sequence[str], step: str = "") -> Arrays:
        """Answers, and each policy's variables."""
        width = len(next(iter(results.values())).value)
        answers = np.full((width, len(self.queries)), np.nan)
        arrays: Arrays = {kept.key(kept.ANSWERS, step=step): answers}
        for policy, result in results.items():
            for i, query in enumerate(self.queries):
                if query.under == policy:
                    answers[:, i] = result.query[:, i]
            by_variable = self.layout.arrays(result)
            arrays |= {kept.key(variable, policy, step): by_variable[variable] for variable in variables}
        return arrays


def _record(simulation: Simulation, step: str = "") -> Arrays:
    """The parts of the record that were kept, of the policy under which things were observed."""
    wanted = {*kept.RECORD_PARTS, *kept.GIVEN.values()}
    parts = [(part, a) for r in simulation.results.values() for part, a in r.arrays.items() if part in wanted]
    return {kept.key(kept.RECORD, part, step): array for part, array in parts}


_compiled: dict[str, Games] = {}
_lock = threading.Lock()


def forget() -> None:
    """Lets go of compiled games, which take memory that what comes after solving can use."""
    with _lock:
        _compiled.clear()
