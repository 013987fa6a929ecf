"""What a commitment adds to a turn: nature's reading of the clause, and the cost of falling short.

The clause applies with probability F((severity - threshold) / vagueness), F the logistic
function; at vagueness 0 it is a bright line. Clarity is 1/vagueness, credibility the cost
of reneging. See docs/model.md, "Commitments".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from foedus.game.words import Words
from foedus.scenario.schema import Commitment, Word
from foedus.scenario.scope import threshold_tree
from foedus.scenario.tree import Tree, evaluate, number, reads_time, state_names

if TYPE_CHECKING:
    from foedus.game.turn import TurnAction, TurnPhase

MAX_SEVERITIES = 120


def secret(commitment: str) -> str:
    """The name of the switch that is 1 in the games of those who know of a discreet commitment."""
    return f"secret:{commitment}"


@dataclass(frozen=True)
class Clause:
    """Nature's reading of a clause: a guarded phase with the branches (applies, rest)."""

    guard: Tree
    branches: tuple[tuple[Tree | None, dict[str, Tree]], ...]
    interval: tuple[Tree, Tree] | None
    rank: Tree | None  # of severity among its possible values, where the clause is read on a rise
    ranks: int
    start_rank: int


def clause_phase(words: Words, name: str) -> Clause:
    """The reading of commitment ``name``; where only the world decides whether it is in force, the odds do."""
    commitment = words.scenario.commitments[name]
    trigger = commitment.trigger
    in_force: Tree = ("!=", words.tree(commitment.in_force), number(0))
    if commitment.known_to is not None:
        in_force = ("and", in_force, ("asm", secret(name)))
    fixed = not state_names(in_force) and not reads_time(in_force)
    guard: Tree = number(1) if fixed else in_force
    effects = {f"{name}.applies": number(1)}
    rank, ranks, start_rank = None, 1, 0
    if trigger.severity is not None and trigger.read == "on_rise":
        severity = words.tree(trigger.severity)
        values = severities(words, severity)
        rank = rank_among(severity, values)
        ranks, start_rank = len(values), start_of(words, rank)
        guard = ("and", guard, (">", rank, ("state", f"{name}.seen")))
        effects[f"{name}.seen"] = rank
    kept = {key: value for key, value in effects.items() if key.endswith(".seen")}
    prob = applies(words, commitment)
    prob = ("*", in_force, prob) if fixed else prob
    branches = ((prob, effects), (("-", number(1), prob), kept))
    interval = None
    if trigger.reads is not None:
        low, high = words.tree(trigger.reads.low), words.tree(trigger.reads.high)
        interval = (("*", in_force, low), ("*", in_force, high)) if fixed else (low, high)
    return Clause(guard, branches, interval, rank, ranks, start_rank)


def applies(words: Words, commitment: Commitment) -> Tree:
    """The probability that the clause is read as applying, by the odds that nature follows."""
    trigger = commitment.trigger
    if trigger.applies is not None:
        return words.tree(trigger.applies)
    if trigger.reads is not None:
        return words.tree(trigger.reads.true)
    assert trigger.severity is not None
    severity, vagueness = words.tree(trigger.severity), words.tree(trigger.vagueness)
    gap: Tree = ("-", severity, threshold_tree(words.scenario, commitment))
    logistic: Tree = ("/", number(1), ("+", number(1), ("exp", ("neg", ("/", gap, vagueness)))))
    return ("if", ("==", vagueness, number(0)), (">=", gap, number(0)), logistic)


def severities(words: Words, severity: Tree) -> list[float]:
    """Every value that the severity can take, in order."""
    sizes = {v.name: v.size for v in words.variables()} | {f"{c}.applies": 2 for c in words.scenario.commitments}
    names = sorted(state_names(severity))
    grid = product(*(range(sizes[name]) for name in names))
    values = {float(evaluate(severity, dict(zip(names, levels, strict=True)), {})) for levels in grid}
    return sorted(values)


def rank_among(severity: Tree, values: list[float]) -> Tree:
    """The position of the severity among its values, from 0."""
    steps: list[Tree] = [(">=", severity, number(value)) for value in values[1:]]
    total: Tree = number(0)
    for step in steps:
        total = ("+", total, step)
    return total


def start_of(words: Words, rank: Tree) -> int:
    """The rank at the scenario's (first) start state."""
    home: dict[str, int] = {v.name: v.home for v in words.variables()}
    home |= {f"{name}.applies": 0 for name in words.scenario.commitments}
    return int(evaluate(rank, home, {}))


def attached(words: Words, name: str, phase: TurnPhase) -> TurnPhase:
    """The phase that answers commitment ``name``, with the cost of falling short."""
    commitment = words.scenario.commitments[name]
    steps = {action: i for i, action in enumerate(commitment.order)}
    actions = tuple(
        _answer(words, name, commitment, action, steps[commitment.expected] - steps[action.name])
        if action.name in steps
        else action
        for action in phase.actions
    )
    return replace(phase, actions=actions)


def _answer(words: Words, name: str, commitment: Commitment, action: TurnAction, short: int) -> TurnAction:
    """One answer that lies ``short`` steps below what is expected (0 or less: the word is kept)."""
    from foedus.game.turn import Pay

    applied: Tree = ("==", ("state", f"{name}.applies"), number(1))
    pays = list(action.pays)
    if short > 0:
        cost: Tree = ("*", number(-short), words.tree(commitment.reneging.cost))
        index, amount = words.amount(commitment.from_, commitment.reneging.objective, cost)
        pays.append(Pay(index, ("*", applied, amount)))
    word = commitment.broken if short > 0 else commitment.kept
    if word is None:
        return replace(action, pays=tuple(pays))
    pays += [Pay(index, ("*", applied, amount)) for index, amount in words.pays(word.pays)]
    branches = tuple(replace(b, effects=_moved(words, applied, b.effects, word)) for b in action.branches)
    return replace(action, pays=tuple(pays), branches=branches)


def _moved(words: Words, applied: Tree, effects: dict[str, Tree], word: Word) -> dict[str, Tree]:
    """Effects with those of a kept or broken word laid over them where the clause applies."""
    moved = dict(effects)
    for variable, value in word.then.items():
        otherwise = effects.get(variable, ("state", variable))
        moved[variable] = ("if", applied, words.tree(value, target=variable), otherwise)
    return moved
