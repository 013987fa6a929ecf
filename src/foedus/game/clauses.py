"""What a commitment adds to a turn: nature's reading of the clause, and the cost of falling short.

The clause applies with probability F((severity - threshold) / vagueness), F the logistic function; at vagueness 0 it is
a bright line. Clarity is 1/vagueness, credibility the cost of reneging. See docs/model.md, "Commitments".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from foedus.game.numbers import NumberReader
from foedus.game.turn import TurnAction, TurnBranch, TurnPhase
from foedus.scenario.commitments import Commitment, Word
from foedus.scenario.dotted import applies_variable, seen_variable
from foedus.scenario.scope import threshold_tree
from foedus.scenario.tree import Tree, evaluate, fold, number, reads_time, state_names, sum_of


def secret(commitment: str) -> str:
    """The name of the switch that is 1 in the games of those who know of a discreet commitment."""
    return f"secret:{commitment}"


@dataclass(frozen=True)
class Clause:
    """Nature's reading of a clause: a guarded phase with the branches (applies, rest)."""

    guard: Tree
    branches: tuple[TurnBranch, TurnBranch]
    interval: tuple[Tree, Tree] | None
    rank: Tree | None  # of severity among its possible values, where the clause is read on a rise
    ranks: int


def asked(guard: Tree | None, unread: Sequence[str]) -> Tree:
    """Where the obligor is asked for its answer: where the answering phase takes place.

    ``unread`` are the commitments answered there whose clauses are not read yet. A ``guard`` that asks whether one of
    them applies counts as true where some outcome of the readings makes it so.
    """
    if guard is None:
        return number(1)
    hanging = [name for name in map(applies_variable, unread) if name in state_names(guard)]
    if not hanging:
        return guard
    outcomes = product((0.0, 1.0), repeat=len(hanging))
    return ("or", *(fold(guard, dict(zip(hanging, outcome, strict=True))) for outcome in outcomes))


def read_clause(numbers: NumberReader, name: str, where: Tree) -> Clause:
    """The reading of commitment ``name``, at the answer it calls for, asked for ``where`` that holds.

    Where only the world decides whether it is in force, the odds do.
    """
    commitment = numbers.scenario.commitments[name]
    trigger = commitment.trigger
    in_force: Tree = ("!=", numbers.tree(commitment.in_force), number(0))
    if commitment.known_to is not None:
        in_force = ("and", in_force, ("asm", secret(name)))
    fixed = not state_names(in_force) and not reads_time(in_force)
    guard: Tree = where if fixed else ("and", where, in_force)
    effects, kept = {applies_variable(name): number(1)}, {}
    rank, ranks = None, 1
    if trigger.severity is not None and trigger.read == "on_rise":
        severity = numbers.tree(trigger.severity)
        values = severities(numbers, severity)
        rank = rank_among(severity, values)
        ranks = len(values)
        guard = ("and", guard, (">", rank, ("state", seen_variable(name))))
        kept = {seen_variable(name): rank}  # noted whether the clause applies or not
    prob = applies(numbers, commitment)
    prob = ("*", in_force, prob) if fixed else prob
    branches = TurnBranch(prob, effects | kept), TurnBranch(("-", number(1), prob), kept)
    interval = None
    if trigger.reads is not None:
        low, high = numbers.tree(trigger.reads.low), numbers.tree(trigger.reads.high)
        interval = (("*", in_force, low), ("*", in_force, high)) if fixed else (low, high)
    return Clause(guard, branches, interval, rank, ranks)


def applies(numbers: NumberReader, commitment: Commitment) -> Tree:
    """The probability that the clause is read as applying, by the odds that nature follows."""
    trigger = commitment.trigger
    if trigger.applies is not None:
        return numbers.tree(trigger.applies)
    if trigger.reads is not None:
        return numbers.tree(trigger.reads.true)
    assert trigger.severity is not None
    severity, vagueness = numbers.tree(trigger.severity), numbers.tree(trigger.vagueness)
    gap: Tree = ("-", severity, threshold_tree(numbers.scenario, commitment))
    logistic: Tree = ("/", number(1), ("+", number(1), ("exp", ("neg", ("/", gap, vagueness)))))
    return ("if", ("==", vagueness, number(0)), (">=", gap, number(0)), logistic)


def severities(numbers: NumberReader, severity: Tree) -> list[float]:
    """Every value that the severity can take, in order."""
    levels = numbers.scenario.scopes
    names = sorted(state_names(severity))
    grid = product(*(range(len(levels[name])) for name in names))
    return sorted({float(evaluate(severity, dict(zip(names, state, strict=True)), {})) for state in grid})


def rank_among(severity: Tree, values: list[float]) -> Tree:
    """The position of the severity among its values, from 0."""
    return sum_of([number(0), *((">=", severity, number(value)) for value in values[1:])])


def attached(numbers: NumberReader, name: str, phase: TurnPhase) -> TurnPhase:
    """The phase that answers commitment ``name``, with the cost of falling short."""
    return replace(phase, actions=tuple(_answer(numbers, name, action) for action in phase.actions))


def _answer(numbers: NumberReader, name: str, action: TurnAction) -> TurnAction:
    """One answer: it keeps the word unless it lies below what is expected. What is not in the order stays as it is."""
    commitment = numbers.scenario.commitments[name]
    if action.name not in commitment.order:
        return action
    short = commitment.order.index(commitment.expected) - commitment.order.index(action.name)
    applied: Tree = ("==", ("state", applies_variable(name)), number(1))
    pays = list(action.pays)
    if short > 0:
        cost: Tree = ("*", number(-short), numbers.tree(commitment.reneging.cost))
        pay = numbers.pay(commitment.from_, commitment.reneging.objective, cost)
        pays.append(replace(pay, amount=("*", applied, pay.amount)))
    word = commitment.broken if short > 0 else commitment.kept
    if word is None:
        return replace(action, pays=tuple(pays))
    pays += [replace(pay, amount=("*", applied, pay.amount)) for pay in numbers.pays(word.pays)]
    branches = tuple(replace(b, effects=_moved(numbers, applied, b.effects, word)) for b in action.branches)
    return replace(action, pays=tuple(pays), branches=branches)


def _moved(numbers: NumberReader, applied: Tree, effects: dict[str, Tree], word: Word) -> dict[str, Tree]:
    """Effects with those of a kept or broken word laid over them where the clause applies."""
    moved = dict(effects)
    for variable, value in word.then.items():
        otherwise = effects.get(variable, ("state", variable))
        moved[variable] = ("if", applied, numbers.tree(value, target=variable), otherwise)
    return moved
