"""Which variables still matter after each phase, so that dead ones do not multiply states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foedus.game.turn import Turn, TurnPhase
from foedus.scenario.tree import Tree, evaluate, state_names


@dataclass(frozen=True)
class Live:
    """Variables to keep, and events to look at."""

    before: tuple[frozenset[str], ...]  # each phase
    end: frozenset[str]  # at the period's end
    frozen: frozenset[str]  # once the game has ended
    looks: tuple[tuple[int, ...], ...]  # for each phase, the events (by index) whose truth may change in it


def liveness(
    turn: Turn,
    events: Sequence[Tree],
    at_end: frozenset[int],
    together: Iterable[tuple[int, int]],
    extra: Iterable[tuple[str, Tree]],
) -> Live:
    """The live variables of a turn.

    ``events`` are looked at as they happen, those whose index is in ``at_end`` also at the period's end; ``together`` are
    pairs (event, condition): an event that is looked for once a condition has held must still be known when the condition
    comes true. ``extra`` are trees read in the phase named beside them (bindings).

    As in a compiler: going backwards through the phases, a variable is live before a phase that reads it, and not before one
    that assigns it whatever happens. What is live at the period's end hangs on the start of the next, hence the fixed point.
    """
    bound: dict[str, set[str]] = {}
    for phase, tree in extra:
        bound.setdefault(phase, set()).update(state_names(tree))
    scratch = {v.name for v in turn.variables if v.scratch}
    homes = {v.name: float(v.home) for v in turn.variables}
    # start anew each period, at the lowest severity
    reset = {c.variable for c in turn.caps if state_names(c.rank) <= scratch and not evaluate(c.rank, homes, {})}
    ending = {v.name for v in turn.variables if v.ends}  # whether the game has ended is always asked
    reads = [_reads(turn, phase) | bound.get(phase.id, set()) | ending for phase in turn.phases]
    kills = [_kills(phase) for phase in turn.phases]
    # the last phase in which an event may come true: up to it, its variables are read
    sets = [_assigns(phase) for phase in turn.phases]
    last = [max((k for k, names in enumerate(sets) if names & state_names(e)), default=0) for e in events]
    for e, given in together:
        last[e] = max(last[e], last[given])
    for e, event in enumerate(events):
        for k in range(last[e] + 1):
            reads[k] = reads[k] | state_names(event)
    stage = ending | {name for pay in (*turn.stage, *turn.terminal) for name in state_names(pay.amount)}
    ends = {name for e in at_end for name in state_names(events[e])}
    watched = {name for event in events for name in state_names(event)} - scratch
    before: list[set[str]] = [set() for _ in turn.phases]
    while True:
        carried = before[0] - scratch - reset
        for cap in turn.caps:
            if cap.variable in carried:
                carried = carried | (state_names(cap.rank) - scratch)
        end = live = stage | ends | carried
        new: list[set[str]] = []
        for k in range(len(turn.phases) - 1, -1, -1):
            live = (live - kills[k]) | reads[k]
            new.insert(0, live)
        if new == before:
            break
        before = [old | now for old, now in zip(before, new, strict=True)]
    looks = tuple(tuple(e for e in range(len(events)) if k <= last[e]) for k in range(len(turn.phases)))
    return Live(tuple(map(frozenset, before)), frozenset(end), frozenset(stage | ends | watched), looks)


def _reads(turn: Turn, phase: TurnPhase) -> set[str]:
    """Variables that a phase reads, the conditions of lumps paid on entry included."""
    trees = [phase.guard, *(phase.interval or ())]
    for action in phase.actions:
        trees += [action.base, action.when, *(pay.amount for pay in action.pays)]
        for branch in action.branches:
            trees += [branch.prob, *branch.effects.values(), *(pay.amount for pay in branch.pays)]
    names = {name for tree in trees if tree is not None for name in state_names(tree)}
    assigned = _assigns(phase)
    for entry in turn.entries:
        variables = {variable for variable, _ in entry.levels}
        if variables & assigned:
            names |= variables | {name for pay in entry.pays for name in state_names(pay.amount)}
    return names


def _assigns(phase: TurnPhase) -> set[str]:
    """Variables that some branch of a phase assigns."""
    return {name for action in phase.actions for branch in action.branches for name in branch.effects}


def _kills(phase: TurnPhase) -> set[str]:
    """Variables that every path through a phase assigns anew (none when it has a condition)."""
    if phase.guard is not None:
        return set()
    branches = [set(branch.effects) for action in phase.actions for branch in action.branches]
    return set.intersection(*branches) if branches else set()
