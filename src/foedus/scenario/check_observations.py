"""Checks of what was observed: that it can be, that records of one period agree, and that coding goes both ways.

A record is coded **one way** where its question has the same answer in several periods (two of a choice, three of a state,
which lasts by itself) and is left open in others between the first and the last observation. Such a rule picks periods by what happened in them: selection on the dependent
variable (Geddes 1990; King, Keohane and Verba 1994, chapter 4). Periods in which nothing happened are evidence too.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Any

import numpy as np

from foedus.scenario.checker import QUESTION, Checker
from foedus.scenario.errors import ExpressionError, Path
from foedus.scenario.expressions import parse
from foedus.scenario.limits import COMBINATIONS
from foedus.scenario.parts import Observation, Phase, Policy
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, assumption_names, evaluate, state_names

_LEAST_CHOICES, _LEAST_STATES = 2, 3  # periods from which on records are a rule, and not single facts
_MOST_NAMED = 4  # periods named in a message


@dataclass(frozen=True)
class _Record:
    """One observation as a set of what it allows: ``about`` a phase, or the variables of a state; ``allows`` the actions
    or the combinations of levels in which it is so. ``sure``: coded without error."""

    number: int
    t: int
    about: tuple[str, ...]
    allows: frozenset[Any]
    sure: bool
    said: str

    @property
    def path(self) -> Path:
        """Where it is written."""
        return ("observations", self.number)


def check_observations(c: Checker) -> None:
    """Every observation by itself, those of one period together, and all those that answer one question."""
    every = [_observation(c, n, o) for n, o in enumerate(c.scenario.observations)]
    records = [record for record in every if record is not None and 0 <= record.t < c.scenario.horizon.periods]
    _agree(c, records)
    _both_ways(c, records)


def _observation(c: Checker, n: int, observation: Observation) -> _Record | None:
    """Checks one observation; what it records, None where that cannot be said."""
    path: Path = ("observations", n)
    t = c.period((*path, "at"), observation.at, c.scenario.horizon.periods, "reported")
    error = c.probability((*path, "error"), observation.error, QUESTION, allow=())
    if observation.source and " " not in observation.source and "/" not in observation.source:
        c.known((*path, "source"), observation.source, c.scenario.sources, "a source")
    if observation.took is not None:
        return _took(c, n, observation, t, error == 0)
    tree = c.read((*path, "is"), observation.is_, QUESTION, allow=("state",))
    if tree is None or t is None or not state_names(tree):
        return None
    about = tuple(sorted(state_names(tree)))
    sizes = [len(c.scenario.scopes[name]) for name in about]
    if prod(sizes) > COMBINATIONS:
        return None
    allows = _where(tree, about, sizes)
    if not allows and error == 0:
        c.error((*path, "is"), "no state is so.", "Say what was, or give it an 'error' above 0.")
        return None
    return _Record(n, t, about, allows, error == 0, str(observation.is_))


def _where(tree: Tree, about: Sequence[str], sizes: Sequence[int]) -> frozenset[Any]:
    """The combinations of levels of ``about`` in which a state is so."""
    levels = np.array(list(product(*map(range, sizes))), float)
    values = np.asarray(evaluate(tree, dict(zip(about, levels.T, strict=True)), {}), float)
    return frozenset(map(tuple, levels[np.broadcast_to(values != 0, len(levels))].tolist()))


def _took(c: Checker, number: int, observation: Observation, t: int | None, sure: bool) -> _Record | None:
    path: Path = ("observations", number, "took")
    if not observation.took:
        c.error(path, "it lists no action.", "List one or more phase.action.")
    taken = [name for n, text in enumerate(observation.took or []) if (name := c.action((*path, n), text))]
    phases = {name.phase for name in taken}
    if len(phases) > 1:
        c.error(path, f"it mixes actions of {' and '.join(sorted(phases))}.", "One observation is of one phase.")
    if len(phases) != 1 or t is None:
        return None
    enabled = c.scenario.all_policies.get(c.scenario.factual_policy, Policy()).enable
    phase = c.phases[phases.pop()]
    missing = [
        str(name) for name in taken if phase.actions[name.action].exists == "enabled" and str(name) not in enabled
    ]
    for absent in missing:
        reason = f"'{absent}' does not exist under the factual policy."
        if sure and len(missing) == len(taken):
            remedy = "Observations are made under the factual policy: enable it there, or give an 'error' above 0."
            c.error(path, reason, remedy)
        else:
            c.warn(path, reason)
    if phase.at and t not in _indices(c, phase.at):
        reason, remedy = f"'{phase.id}' does not take place in '{observation.at}'.", "Look at its 'at'."
        (c.error if sure else c.warn)(path, reason, remedy)
    return _Record(number, t, (phase.id,), frozenset(map(str, taken)), sure, " or ".join(map(str, taken)))


def _indices(c: Checker, dates: Iterable[str | int]) -> set[int]:
    indices = set()
    for at in dates:
        with contextlib.suppress(ValueError):
            indices.add(period_of(c.scenario, at))
    return indices


def _agree(c: Checker, records: Sequence[_Record]) -> None:
    """Records of one period that are sure and leave nothing that all of them allow."""
    of_period: dict[tuple[int, bool], list[_Record]] = defaultdict(list)
    for record in records:
        if record.sure:
            of_period[record.t, record.about[0] in c.phases].append(record)
    for (t, is_choice), together in of_period.items():
        # The smallest conflict of two or three; larger ones, and those over time, are found by playing.
        trials = (some for size in (2, 3) for some in combinations(together, size))
        clash = next((some for some in trials if not _joint(c, some, is_choice)), None)
        if clash is not None:
            said, when = " and ".join(f"'{r.said}'" for r in clash), _when(c, t)
            numbers = " and ".join(str(r.number) for r in clash)
            reason = f"no world can produce {said} in {when} together (observations {numbers}), whatever the assumptions are."
            c.error(clash[-1].path, reason, "Leave one out, or give one an 'error' above 0.")


def _when(c: Checker, t: int) -> str:
    """A period as a message names it."""
    horizon = c.scenario.horizon
    return horizon.calendar.label(t) if horizon.first else f"{horizon.unit} {t}"


def _joint(c: Checker, some: Sequence[_Record], is_choice: bool) -> bool:
    """Whether all of the records can be so at once."""
    if is_choice:  # of one phase; a phase says nothing of another
        return len({r.about for r in some}) > 1 or bool(frozenset.intersection(*(r.allows for r in some)))
    about = sorted({name for r in some for name in r.about})
    sizes = [len(c.scenario.scopes[name]) for name in about]
    if prod(sizes) > COMBINATIONS:
        return True
    places = [[about.index(name) for name in r.about] for r in some]
    return any(
        all(tuple(float(levels[p]) for p in place) in r.allows for place, r in zip(places, some, strict=True))
        for levels in product(*map(range, sizes))
    )


def _both_ways(c: Checker, records: Sequence[_Record]) -> None:
    """Questions that are coded only where they had one answer."""
    if not records:
        return
    by_question: dict[tuple[str, ...], list[_Record]] = defaultdict(list)
    for record in records:
        by_question[record.about].append(record)
    window = range(min(r.t for r in records), max(r.t for r in records) + 1)
    over = min((r.t for r in records if _ended(c, r)), default=window.stop)
    for about, coded in by_question.items():
        if not frozenset.intersection(*(r.allows for r in coded)):
            continue  # no one answer fits all of them
        phase = c.phases.get(about[0])
        asked = [t for t in window if phase is None or (t <= over and _comes_up(c, phase, t))]
        periods = sorted({r.t for r in coded})
        left = [t for t in asked if t not in periods]
        if left and len(periods) >= (_LEAST_STATES if phase is None else _LEAST_CHOICES):
            _one_way(c, coded, periods, left)


def _one_way(c: Checker, coded: Sequence[_Record], periods: Sequence[int], left: Sequence[int]) -> None:
    label, first = c.scenario.horizon.calendar.label, coded[0]
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    what = f"'{first.about[0]}'" if first.about[0] in c.phases else f"'{', '.join(first.about)}'"
    named = ", ".join(map(label, left[:_MOST_NAMED])) + more
    reason = (
        f"{what} is coded one way: only in the {len(periods)} periods in which the answer fits '{first.said}', and not in "
        f"{len(left)} others between the first and the last observation ({named})."
    )
    remedy = "Code these periods too, whatever happened in them, with the chance that the coding is wrong."
    c.error(first.path, reason, remedy)


def _comes_up(c: Checker, phase: Phase, t: int) -> bool:
    """Whether a choice is sure to be asked for in a period; one with a guard on the state is not."""
    if phase.at and t not in _indices(c, phase.at):
        return False
    if phase.when is None:
        return True
    try:
        tree = parse(phase.when, c.scope)
    except ExpressionError:
        return False
    known = not state_names(tree) and not assumption_names(tree)
    return known and bool(evaluate(tree, {}, {}, t))


def _ended(c: Checker, record: _Record) -> bool:
    """Whether a recorded state is one at which the game is over."""
    if record.about[0] in c.phases:
        return False
    state, scopes = c.scenario.state, c.scenario.scopes
    ends = [set(state[name].ends) if name in state else set() for name in record.about]
    return all(
        any(scopes[name][int(level)] in over for name, level, over in zip(record.about, levels, ends, strict=True))
        for levels in record.allows
    )
