"""Finds the states a game can be in, phase by phase, and what leads from each to which.

A stage is a phase, or the period's end (the last stage). Each stage has a table of the states that reach it. Two things
keep the tables short: variables that nothing reads any more are put at their home level before a state is looked up, so
that states which differ in them alone become one; and a state in which a phase has nothing to do points on to the next
stage instead of becoming a node. Everything is done for all new states of a stage at once, as columns of numpy arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Bits, Bools, Ints, Longs
from foedus.errors import FoedusError
from foedus.game.liveness import Live
from foedus.game.program import Program
from foedus.game.turn import Pay, Turn, TurnAction, TurnBranch
from foedus.scenario.tree import Tree, assumption_names, evaluate, number, reads_time

Rows = NDArray[np.int8]
Events = Sequence[Tree]
INF = np.inf


class CompileError(FoedusError):
    """A game that cannot be built, and why; ``about`` is the phase, action or state variable to blame."""

    def __init__(self, reason: str, remedy: str = "", about: str = ""):
        super().__init__(f"{reason} {remedy}".strip())
        self.reason, self.remedy, self.about = reason, remedy, about


@dataclass
class Stage:
    """States of one stage: levels [n, variables], and where those that are no nodes go on."""

    index: dict[bytes, int] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    onward: dict[int, tuple[int, int]] = field(default_factory=dict)


class Guards(NamedTuple):
    """Nodes, and where each passes to in worlds and periods in which its guard is false (-1: it has none)."""

    stage: Longs
    state: Longs
    guard: Longs
    to_stage: Longs
    to_state: Longs


class Actions(NamedTuple):
    """Actions of nodes, by the order in which they are written (-1: none is, the phase passes)."""

    stage: Longs
    state: Longs
    order: Longs
    base: Longs
    mask: Longs


class Branches(NamedTuple):
    """Branches of actions, by the order in which they are written."""

    stage: Longs
    state: Longs
    order: Longs
    branch: Longs
    prob: Longs
    to_stage: Longs
    to_state: Longs


class Payments(NamedTuple):
    """Payments of actions (``branch`` -1) and of branches."""

    stage: Longs
    state: Longs
    order: Longs
    branch: Longs
    objective: Longs
    amount: Longs


class Intervals(NamedTuple):
    """The lowest and highest probability of the first branch of a clause that is read as an interval."""

    stage: Longs
    state: Longs
    low: Longs
    high: Longs


T = TypeVar("T", bound=np.generic)
R = TypeVar("R", Guards, Actions, Branches, Payments, Intervals)


@dataclass
class Records:
    """What was found, in blocks of columns; coefficients are ids, -1 for none."""

    guards: list[Guards] = field(default_factory=list)
    actions: list[Actions] = field(default_factory=list)
    branches: list[Branches] = field(default_factory=list)
    flags: list[Bits] = field(default_factory=list)  # events, of each branch
    pays: list[Payments] = field(default_factory=list)
    intervals: list[Intervals] = field(default_factory=list)


def record(kind: type[R], *columns: Any) -> R:
    """A block of columns of one length; single numbers stand for whole columns."""
    return kind(*(column.astype(np.int64) for column in np.broadcast_arrays(*columns)))


class Explorer:
    """Explores one turn. ``keep`` names phases that stay nodes even where they pass."""

    def __init__(self, turn: Turn, program: Program, live: Live, events: Events, keep: frozenset[str], limit: int):
        self.turn, self.program, self.live, self.events = turn, program, live, events
        self.keep, self.limit = keep, limit
        self.names = [variable.name for variable in turn.variables]
        self.column = {name: i for i, name in enumerate(self.names)}
        self.home = np.array([variable.home for variable in turn.variables], np.int8)
        self.last = len(turn.phases)
        self.stages = [Stage() for _ in range(self.last + 1)]
        self.records = Records()
        self.dead = [self._mask(names) for names in (*live.before, live.end)]
        self.dead_frozen = self._mask(live.frozen)
        self.scratch = np.array([variable.scratch for variable in turn.variables])
        self.count = 0

    def _mask(self, keep: frozenset[str]) -> Bools:
        return np.array([name not in keep for name in self.names])

    def columns(self, rows: NDArray[T]) -> dict[str, NDArray[T]]:
        """Level columns by variable name."""
        return {name: rows[:, i] for i, name in enumerate(self.names)}

    def ended(self, rows: Rows) -> Bools:
        """Which states end the game."""
        over = np.zeros(len(rows), bool)
        for i, variable in enumerate(self.turn.variables):
            for level in variable.ends:
                over |= rows[:, i] == level
        return over

    def flagged(self, rows: Rows, which: Sequence[int]) -> Bits:
        """Bits of the events in ``which`` that are true in each state."""
        bits = np.zeros(len(rows), np.uint64)
        columns = self.columns(rows.astype(float))
        for e in which:
            true = np.broadcast_to(np.asarray(evaluate(self.events[e], columns, {})) != 0, len(rows))
            bits |= true.astype(np.uint64) << np.uint64(e)
        return bits

    def intern(self, stage: int, rows: Rows) -> Longs:
        """Puts states into a stage's table (dead variables at home); their indices there."""
        table = self.stages[stage]
        over = self.ended(rows)
        # what still matters is less once the game has ended: no phase reads anything any more
        rows = np.where(self.dead[stage] & ~over[:, None], self.home, rows)
        rows = np.ascontiguousarray(np.where(self.dead_frozen & over[:, None], self.home, rows))
        indices = np.empty(len(rows), np.int64)
        for i, row in enumerate(rows):
            new = len(table.rows)
            indices[i] = table.index.setdefault(row.tobytes(), new)
            if indices[i] == new:
                table.rows.append(row)
                table.pending.append(new)
                self.count += 1
        if self.count > self.limit:
            raise self.blame(stage)
        return indices

    def blame(self, stage: int) -> CompileError:
        """Says that there are too many states, and which variables multiply them most."""
        rows = np.stack(self.stages[stage].rows).astype(np.int64)
        # rows are told apart by a number each, which takes far less time than comparing them
        weights = np.random.default_rng(0).integers(1 << 55, size=len(self.names))
        whole = rows @ weights
        without = [len(np.unique(whole - rows[:, i] * weights[i])) for i in range(len(self.names))]
        factors = [(len(rows) / count, name) for count, name in zip(without, self.names, strict=True)]
        worst = [f"'{name}' (x{factor:.1f})" for factor, name in sorted(factors, reverse=True)[:4] if factor > 1.01]
        reason = f"the game has more than {self.limit:,} states: it cannot fit. Most to blame: {', '.join(worst)}."
        remedy = "Give those fewer levels, make them 'within: period', or guard the phases that move them."
        return CompileError(reason, remedy, max(factors)[1])

    def explore(self, start: Rows) -> Longs:
        """Explores from the start states; their indices in stage 0."""
        first = self.intern(0, start)
        # the period's end leads back to stage 0, so that stages are gone through until none finds a new state
        while any(stage.pending for stage in self.stages):
            for k, stage in enumerate(self.stages):
                pending, stage.pending = stage.pending, []
                if not pending:
                    continue
                states, rows = np.asarray(pending, np.int64), np.stack([stage.rows[i] for i in pending])
                if k == self.last:
                    self._close(states, rows)
                else:
                    self._expand(k, states, rows)
        return first

    def _onward(self, k: int, states: Longs, rows: Rows, to: int) -> None:
        targets = self.intern(to, rows).tolist()
        self.stages[k].onward |= {state: (to, target) for state, target in zip(states.tolist(), targets, strict=True)}

    def _expand(self, k: int, states: Longs, rows: Rows) -> None:
        """What phase ``k`` does in new states."""
        over = self.ended(rows)
        if over.any():
            self._onward(k, states[over], rows[over], self.last)
            states, rows = states[~over], rows[~over]
        phase = self.turn.phases[k]
        busy, guard = self._condition(phase.guard, rows)
        if not busy.all() and phase.id in self.keep:
            self._pass(k, states[~busy], rows[~busy])
        elif not busy.all():
            self._onward(k, states[~busy], rows[~busy], k + 1)
        states, rows, guard = states[busy], rows[busy], guard[busy]
        if not len(states):
            return
        self._guards(k, states, rows, guard)
        for order, action in enumerate(phase.actions):
            self._action(k, order, action, states, rows)
        if phase.interval is not None:
            low, high = (self._prob(tree, rows, f"a reading of {phase.commitment}") for tree in phase.interval)
            self.records.intervals.append(record(Intervals, k, states, low, high))

    def _condition(self, tree: Tree | None, rows: Rows) -> tuple[Bools, Ints]:
        """Where a condition may hold, and the coefficient that says in which worlds and periods (-1: in all)."""
        if tree is None or not len(rows):
            return np.ones(len(rows), bool), np.full(len(rows), -1, np.int32)
        ids = self.program.spread(tree, self.columns(rows), len(rows))
        values = self.program.constants()[ids]
        return values != 0, np.where(np.isnan(values), ids, -1)

    def _guards(self, k: int, states: Longs, rows: Rows, guard: Ints) -> None:
        """Records states as nodes, with where they pass to in worlds or periods in which the guard is false."""
        onward = np.full(len(states), -1, np.int64)
        guarded = guard >= 0
        if guarded.any():
            onward[guarded] = self.intern(k + 1, rows[guarded])
        self.records.guards.append(record(Guards, k, states, guard, k + 1, onward))

    def _pass(self, k: int, states: Longs, rows: Rows) -> None:
        """A phase that is kept as a node though nothing is done in it."""
        self._guards(k, states, rows, np.full(len(states), -1, np.int32))
        sure = TurnAction("", None, number(1), (), (TurnBranch(None, {}),))
        self._action(k, -1, sure, states, rows)

    def _prob(self, tree: Tree, rows: Rows, what: str) -> Ints:
        return self.program.spread(tree, self.columns(rows), len(rows), 0, 1, what)

    def _action(self, k: int, order: int, action: TurnAction, states: Longs, rows: Rows) -> None:
        """One action in the states where it may be available."""
        name = f"{self.turn.phases[k].id}{'.' if action.name else ''}{action.name}"
        available, mask = self._condition(action.when, rows)
        states, rows, mask = states[available], rows[available], mask[available]
        if not len(states):
            return
        base = self.program.spread(action.base, self.columns(rows), len(rows), 0, INF, f"the base rate of {name}")
        self.records.actions.append(record(Actions, k, states, order, base, mask))
        self._pay(k, states, order, -1, action.pays, rows)
        if action.total is not None:
            total = f"the sum of the probabilities in {name}"
            self.program.spread(action.total, self.columns(rows), len(rows), 1, 1, total)
        for which, branch in enumerate(action.branches):
            self._branch(k, order, which, branch, states, rows, name)

    def _branch(self, k: int, order: int, which: int, branch: TurnBranch, states: Longs, rows: Rows, name: str) -> None:
        """One branch of an action in the states where it can happen."""
        prob = np.full(len(states), -1, np.int64)
        if branch.prob is not None:
            ids = self._prob(branch.prob, rows, f"a probability in {name}")
            values = self.program.constants()[ids]
            prob = np.where(values == 1, -1, ids)
            # of an interval both branches are kept: its ends may differ from 0
            if self.turn.phases[k].interval is None:
                states, rows, prob = (part[values != 0] for part in (states, rows, prob))
        if not len(states):
            return
        after = self._effects(branch.effects, rows, name)
        over = self.ended(after)
        stage = np.where(over, self.last, k + 1)
        target = np.empty(len(states), np.int64)
        for to in np.unique(stage):
            target[stage == to] = self.intern(int(to), after[stage == to])
        self.records.branches.append(record(Branches, k, states, order, which, prob, stage, target))
        self.records.flags.append(self.flagged(after, self.live.looks[k]))
        self._pay(k, states, order, which, branch.pays, rows)
        for entry in self.turn.entries:
            columns, levels = zip(*((self.column[variable], level) for variable, level in entry.levels), strict=True)
            holds, held = ((table[:, columns] == levels).all(axis=1) for table in (after, rows))
            if (hit := holds & ~held).any():
                self._pay(k, states[hit], order, which, entry.pays, rows[hit])

    def _effects(self, effects: Mapping[str, Tree], rows: Rows, name: str) -> Rows:
        """The states that assignments lead to; all right-hand sides read the state before."""
        after, columns = rows.copy(), self.columns(rows.astype(float))
        for variable, tree in effects.items():
            if assumption_names(tree) or reads_time(tree):
                reason = f"what '{variable}' becomes may depend on the state only."
                raise CompileError(reason, "Use 'chance' for the rest.", name)
            values = np.broadcast_to(np.asarray(evaluate(tree, columns, {}), float), len(rows))
            size = self.turn.variables[self.column[variable]].size
            bad = ~((values >= 0) & (values < size) & (values == np.round(values)))
            if bad.any():
                i = int(np.argmax(bad))
                which = f"outside its levels 0 to {size - 1}" if values[i] == np.round(values[i]) else "between levels"
                reason = f"'{variable}' would become {values[i]:g}, {which}, where {self.describe(rows[i])}."
                raise CompileError(reason, "Guard the action with 'when', or use clip.", name)
            after[:, self.column[variable]] = values.astype(np.int8)
        return after

    def describe(self, row: Rows) -> str:
        """A state in words, variables at home left out."""
        pairs = zip(self.turn.variables, row.tolist(), strict=True)
        parts = [variable.at(level) for variable, level in pairs if level != variable.home and variable.levels]
        return ", ".join(parts) or "all variables are at their start"

    def _pay(self, k: int, states: Longs, order: int, branch: int, pays: Sequence[Pay], rows: Rows) -> None:
        """Records payments that are not surely nothing."""
        for pay in pays:
            ids = self.program.spread(pay.amount, self.columns(rows), len(rows))
            paid = self.program.constants()[ids] != 0  # NaN, which depends on the world, counts as paid
            if paid.any():
                self.records.pays.append(record(Payments, k, states[paid], order, branch, pay.objective, ids[paid]))

    def _close(self, states: Longs, rows: Rows) -> None:
        """The period's end: stage values are paid, scratch falls back, the next period starts."""
        end = self.last
        self.records.guards.append(record(Guards, end, states, -1, end, -1))
        self.records.actions.append(record(Actions, end, states, 0, self.program.add(number(1)), -1))
        self._pay(end, states, 0, -1, self.turn.stage, rows)
        self._pay(end, states, 0, 0, self.turn.terminal, rows)
        after = np.where(self.scratch, self.home, rows)
        columns = self.columns(after.astype(float))
        for cap in self.turn.caps:
            i = self.column[cap.variable]
            rank = np.asarray(evaluate(cap.rank, columns, {}), float)
            after[:, i] = np.minimum(after[:, i], rank).astype(np.int8)
        target = self.intern(0, after)
        self.records.branches.append(record(Branches, end, states, 0, 0, -1, 0, target))
        self.records.flags.append(self.flagged(after, range(len(self.events))))
