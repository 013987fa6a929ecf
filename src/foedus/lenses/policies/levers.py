"""Levers: numbers that a policy could set differently, each with a range. Clarity, credibility and timing of commitments.

A lever moves an assumption that a policy sets, or the first period in which an action that a policy binds holds. Levers
become assumptions of their own that a copy of the policy reads, so that every candidate is only other numbers of the same
compiled game, and many candidates are solved at once as if they were worlds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError, nearest
from foedus.present.wording import listed
from foedus.scenario.basics import MAX_NUMBER
from foedus.scenario.commitments import Commitment
from foedus.scenario.dotted import ActionName, ActorNumber, Setting
from foedus.scenario.expressions import parse
from foedus.scenario.parts import Assumption, Bind, Policy
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import scope_of
from foedus.scenario.tree import Tree, assumption_names

_TAIL = 0.01  # distributions without ends are cut to their middle 98%
_WRITTEN = re.compile(r"^\s*([A-Za-z_][\w.]*)\s*=\s*([^:\s]+)\s*:\s*([^:\s]+)\s*$")


class LeverKind(StrEnum):
    """What a lever moves."""

    CLARITY = "clarity"
    CREDIBILITY = "credibility"
    TIMING = "timing"
    NUMBER = "number"


@dataclass(frozen=True)
class Lever:
    """An assumption, or (``timing``) a phase whose binding may start later, and the range it may be moved over.
    ``whole`` ones take whole values. ``commitment`` is whose clarity or credibility it is."""

    name: str
    low: float
    high: float
    kind: LeverKind = LeverKind.NUMBER
    commitment: str = ""

    @property
    def whole(self) -> bool:
        """Whether it takes whole values only."""
        return self.kind == LeverKind.TIMING

    @property
    def slot(self) -> str:
        """The assumption that holds its value."""
        return f"lever_{self.name.replace('.', '_')}"

    def place(self, unit: Floats) -> Floats:
        """Points of the unit interval as values."""
        if self.whole:
            return np.asarray(np.minimum(self.low + np.floor(unit * (self.high - self.low + 1)), self.high))
        return np.asarray(self.low + unit * (self.high - self.low))


def read_lever(scenario: Scenario, policy: str, text: str) -> Lever:
    """A lever as written: ``name=low:high``, the name an assumption, or a phase that ``policy`` binds (periods, from
    0). FoedusError says what is wrong."""
    written = _WRITTEN.match(text)
    if written is None:
        raise FoedusError(f"'{text}' is not a lever. Write name=low:high, as in threat_cost=0:2.")
    name = written.group(1)
    try:
        low, high = float(written.group(2)), float(written.group(3))
    except ValueError:
        raise FoedusError(f"'{text}' is not a lever: its ends must be numbers, as in threat_cost=0:2.") from None
    if not low < high or not np.isfinite([low, high]).all():
        raise FoedusError(f"the lever '{name}' must run from a lower to a higher number, not from {low:g} to {high:g}.")
    if name in scenario.all_assumptions:
        least, most = _allowed(name)
        if low < least or high > most:
            allowed = f"at least {least:g} and at most {most:g}"
            raise FoedusError(f"the lever '{name}' must be {allowed}, and not run from {low:g} to {high:g}.")
        return Lever(name, low, high)
    bound = {rule.phase for rule in scenario.all_policies[policy].bind}
    if name in bound:
        last = scenario.horizon.periods
        if low < 0 or high > last or low != int(low) or high != int(high):
            raise FoedusError(f"the lever '{name}' is a date: whole periods from 0 to {last}, not {low:g} to {high:g}.")
        return Lever(name, low, high, LeverKind.TIMING)
    known = [*scenario.all_assumptions, *bound]
    hint = nearest(name, known)
    raise FoedusError(f"'{name}' is neither an assumption nor a phase that policy '{policy}' binds. {hint}".strip())


def _allowed(name: str) -> tuple[float, float]:
    """The least and the largest value that an assumption may have at all."""
    own = ActorNumber.read(name)
    if own is None:
        return -MAX_NUMBER, MAX_NUMBER
    return 0.0, MAX_NUMBER if own.setting is Setting.PRECISION else 1.0


def default_levers(scenario: Scenario, policy: str, actor: str | None = None) -> tuple[str, list[Lever]]:
    """(an actor, its levers): those of ``actor``, or of the one whom ``policy`` most concerns.

    A policy is somebody's to set: moving the levers of several at once would search what nobody can choose. The one is
    whose levers, bound phases and enabled actions the policy touches most; among equals, and where it touches nobody's, the
    one with most levers; then the first as written. FoedusError where an actor has none.
    """
    by_owner: dict[str, list[Lever]] = {name: [] for name in scenario.actors}
    for lever in _every_lever(scenario, policy):
        by_owner[owner(scenario, lever)].append(lever)
    if actor is None:
        touched = _touched(scenario, policy, by_owner)
        actor = max(by_owner, key=lambda name: (bool(by_owner[name]), touched[name], len(by_owner[name])))
    if not by_owner[actor]:
        others = listed([name for name in by_owner if by_owner[name]])
        remedy = f"Levers are had by {others}." if others else "Name levers: --lever name=low:high."
        raise FoedusError(
            f"no commitment of '{actor}' has a clarity or cost that is one uncertain assumption. {remedy}"
        )
    return actor, by_owner[actor]


def owner(scenario: Scenario, lever: Lever) -> str:
    """Whose a lever is: who gave the word, or who decides the phase; empty for a plain number."""
    if lever.commitment:
        return scenario.commitments[lever.commitment].from_
    return next((phase.decide or "" for phase in scenario.turn if phase.id == lever.name), "")


def _touched(scenario: Scenario, policy: str, by_owner: Mapping[str, Sequence[Lever]]) -> dict[str, int]:
    """How much of a policy concerns each actor: its levers that are set, its actions that are bound or enabled."""
    written = scenario.all_policies[policy]
    decides = {phase.id: phase.decide for phase in scenario.turn}
    moves = [rule.phase for rule in written.bind] + [ActionName.read(name).phase for name in written.enable]
    moving = [decides.get(phase) for phase in moves]
    return {
        name: sum(lever.name in written.set for lever in levers) + moving.count(name)
        for name, levers in by_owner.items()
    }


def _every_lever(scenario: Scenario, policy: str) -> list[Lever]:
    """The clarity and credibility of every commitment that is one assumption (or one times other things), and the start of
    every action that ``policy`` binds. A range is that of the assumption, widened to what any policy sets it to."""
    levers: dict[str, Lever] = {}
    for name, commitment in scenario.commitments.items():
        for kind, tree in _dials(scenario, commitment):
            dial = _single(tree)
            if dial is not None and (ends := _ends(scenario, dial)) is not None:
                levers.setdefault(dial, Lever(dial, *ends, kind, name))
    for rule in scenario.all_policies[policy].bind:
        if scenario.horizon.periods > 1:
            levers.setdefault(rule.phase, Lever(rule.phase, 0.0, float(scenario.horizon.periods), LeverKind.TIMING))
    return list(levers.values())


def _dials(scenario: Scenario, commitment: Commitment) -> list[tuple[LeverKind, Tree]]:
    """The expressions of a commitment's clarity and credibility."""
    trigger = commitment.trigger
    clarity = trigger.vagueness if trigger.severity is not None else trigger.applies
    dials = {LeverKind.CLARITY: clarity, LeverKind.CREDIBILITY: commitment.reneging.cost}
    return [(kind, parse(value, scope_of(scenario))) for kind, value in dials.items() if isinstance(value, str)]


def _single(tree: Tree) -> str | None:
    """The assumption that an expression is, or is a multiple of; None for others."""
    names = assumption_names(tree)
    if len(names) == 1:
        return next(iter(names))
    if tree[0] == "*":
        factors = [part[1] for part in tree[1:] if part[0] == "asm"]
        return str(factors[0]) if len(factors) == 1 else None
    return None


def _ends(scenario: Scenario, name: str) -> tuple[float, float] | None:
    """The range of an assumption, with all that policies set it to; None where that is a single number."""
    written = scenario.all_assumptions[name]
    values = [v for p in scenario.all_policies.values() if isinstance(v := p.set.get(name), (int, float))]
    if written.distribution is not None:
        ends = written.distribution.law.support()
        cut = None if np.isfinite(ends).all() else written.distribution.quantile(np.array([_TAIL, 1 - _TAIL]))
        values += [float(end) for end in (ends if cut is None else cut)]
    elif isinstance(written.value, (int, float)):
        values.append(float(written.value))
    else:
        return None
    low, high = float(min(values)), float(max(values))
    return (low, high) if low < high else None


def with_levers(scenario: Scenario, policy: str, levers: Sequence[Lever]) -> Scenario:
    """The scenario with a single policy, called like ``policy``, that reads each lever's value from its ``slot``."""
    if len({lever.name for lever in levers}) < len(levers):
        raise FoedusError("a lever is given twice.")
    base = scenario.all_policies[policy]
    slots = {lever.slot: Assumption(value=lever.low) for lever in levers}
    taken = slots.keys() & scenario.all_assumptions.keys()
    if taken:
        raise FoedusError(f"the assumption '{min(taken)}' is in the way: rename it.")
    changed = scenario.model_copy()
    changed.assumptions = {**scenario.assumptions, **slots}
    sets = {**base.set, **{lever.name: lever.slot for lever in levers if not lever.whole}}
    starts = {lever.name: lever.slot for lever in levers if lever.whole}
    bind = [_later(rule, starts) for rule in base.bind]
    moved = Policy(label=base.label, set=sets, enable=base.enable, bind=bind)
    changed.policies, changed.factual, changed.claims = {policy: moved}, policy, {}
    return changed


def _later(rule: Bind, starts: Mapping[str, str]) -> Bind:
    """A rule that holds from the period of its lever on."""
    if rule.phase not in starts:
        return rule
    when = "" if rule.when is None else f"({rule.when}) and "
    return rule.model_copy(update={"when": f"{when}t >= {starts[rule.phase]}"})
