"""Checks that a scenario makes sense: every name, number, date and quote, all problems at once."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from foedus.errors import FoedusError
from foedus.scenario.basics import Model
from foedus.scenario.calendar import parse_date
from foedus.scenario.check_argument import check_argument, check_support
from foedus.scenario.check_sources import check_sources
from foedus.scenario.check_turn import check_turn
from foedus.scenario.checker import QUESTION, TOLERANCE, Checker, Enough
from foedus.scenario.dotted import ActorNumber, Setting
from foedus.scenario.errors import Path, Problem, ScenarioError
from foedus.scenario.expressions import NOT_NAMES, RESERVED
from foedus.scenario.limits import STARTS
from foedus.scenario.load import load
from foedus.scenario.messages import keys_of
from foedus.scenario.parts import Assumption
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import TERMINAL
from foedus.scenario.tree import assumption_names


def check(scenario: Scenario) -> list[Problem]:
    """Every problem of meaning, placed where it is known where; raises FoedusError only for what is no scenario."""
    if not isinstance(scenario, Scenario):
        raise FoedusError(f"a {type(scenario).__name__} is no scenario. Load one: foedus.load(...).")
    c = Checker(scenario)
    if scenario.extends is not None:
        c.error(("extends",), "a variant is put together when it is loaded.", "Use foedus.load.")
    basics = (_misplaced, _names, _horizon, _assumptions, _state, _starts, _objectives)
    with suppress(Enough):
        for step in (*basics, check_turn, check_argument, check_sources, check_support):
            step(c)
    return [scenario.placed(problem) for problem in dict.fromkeys(_once(c.problems))]


def _once(problems: list[Problem]) -> list[Problem]:
    """The problems without those that only repeat that the first date is none."""
    first = ("horizon", "first")
    repeated = {p.reason for p in problems if p.path == first and p.severity == "error"}
    return [p for p in problems if p.path == first or p.reason not in repeated]


def validate(scenario: Scenario) -> list[Problem]:
    """The warnings of a scenario; ScenarioError with all its errors when there are any."""
    problems = check(scenario)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ScenarioError(errors)
    return problems


def problems_of(source: str | os.PathLike[str] | Mapping[str, Any] | Scenario) -> list[Problem]:
    """Every problem of a file, shipped name, text, mapping or scenario. Never raises."""
    try:
        return check(source if isinstance(source, Scenario) else load(source))
    except ScenarioError as error:
        return error.problems


def _misplaced(c: Checker) -> None:
    """Keys that were written one level too high, where a bare value makes a thing of its own of them."""
    scenario = c.scenario
    named: list[tuple[Path, str, Mapping[str, Model]]] = [
        *((("objectives", actor), "an objective", objectives) for actor, objectives in scenario.objectives.items()),
        *((("beliefs", actor), "a belief", beliefs) for actor, beliefs in scenario.beliefs.items()),
        *((("claims", name, "readings"), "a reading", claim.readings) for name, claim in scenario.claims.items()),
        (("assumptions",), "an assumption", scenario.assumptions),
        (("outcomes",), "an outcome", scenario.outcomes),
    ]
    for path, what, things in named:
        for name, thing in things.items():
            if name in keys_of(type(thing)) and thing.model_fields_set <= {thing.alone, f"{thing.alone}_"}:
                c.error((*path, name), f"'{name}' belongs inside {what}.", f"As in {{name: {{{name}: ...}}}}.")


def _names(c: Checker) -> None:
    """No name means two things, or is a word of the expression language."""
    scenario = c.scenario
    groups: list[tuple[Path, Iterable[str]]]
    groups = [((key,), getattr(scenario, key)) for key in ("state", "assumptions", "actors", "commitments")]
    groups += [(("state", v, "levels"), item.levels) for v, item in scenario.state.items()]
    groups += [(("objectives", a), items) for a, items in scenario.objectives.items()]
    groups += [(("turn", i, "actions"), p.actions) for i, p in enumerate(scenario.turn)]
    groups.append((("turn",), [p.id for p in scenario.turn]))
    for path, names in groups:
        levels = path[::2] == ("state", "levels")
        reserved = {"date"} if levels else RESERVED if path in (("state",), ("assumptions",)) else set()
        for n, name in enumerate(names):
            if name in NOT_NAMES or name in reserved:
                where = (*path, n if levels or path == ("turn",) else name)
                c.error(where, f"'{name}' is a word of the expression language.", "Choose another name.")
    for name in scenario.assumptions:
        if name in scenario.state:
            c.error(("assumptions", name), f"'{name}' is a state variable too.", "Rename one of them.")
    for variable, item in scenario.state.items():
        for n, level in enumerate(item.levels):
            if level in scenario.state or level in scenario.assumptions:
                kind = "a state variable" if level in scenario.state else "an assumption"
                reason = f"the level '{level}' is the name of {kind} too; beside '{variable}' it means the level."
                c.warn(("state", variable, "levels", n), reason)


def _horizon(c: Checker) -> None:
    horizon = c.scenario.horizon
    if horizon.first is not None:
        try:
            parse_date(horizon.first)
            horizon.calendar.label(horizon.periods + c.scenario.beyond)
        except (ValueError, OverflowError) as error:
            c.error(("horizon", "first"), f"{error}.", "Write YYYY, YYYY-MM or YYYY-MM-DD.")
        if horizon.unit == "period":
            c.warn(("horizon", "first"), "without a unit, dates cannot be placed.", "Add 'unit: month', say.")
    if isinstance(horizon.beyond, dict):
        for actor, value in horizon.beyond.items():
            path: Path = ("horizon", "beyond", actor)
            c.known(path, actor, c.scenario.actors, "an actor")
            c.read(path, value, "a terminal value")


def _assumptions(c: Checker) -> None:
    """Values and distributions, actors' own numbers, and circles among them."""
    below: dict[str, set[str]] = {}
    paths: dict[str, Path] = {}  # of actors' own numbers
    for name, assumption in c.scenario.assumptions.items():
        below[name] = _assumption(c, ("assumptions", name), name, assumption, QUESTION)
    for actor, item in c.scenario.actors.items():
        for setting, number in item.numbers.items():
            name = str(ActorNumber(actor, setting))
            paths[name] = ("actors", actor, str(setting))
            c.roles[name].add(f"the play of {actor}")
            below[name] = _assumption(c, paths[name], name, number, f"the play of {actor}")
            _bounds(c, paths[name], number, None if setting is Setting.PRECISION else 1.0)
    for circle in circles_in(below):
        path = paths.get(circle[0], ("assumptions", circle[0]))
        c.error(path, f"it is computed from itself: {' from '.join([*circle, circle[0]])}.", "Break the circle.")


def _assumption(c: Checker, path: Path, name: str, assumption: Assumption, role: str) -> set[str]:
    """Checks one number; the assumptions it is computed from."""
    tree = None if assumption.value is None else c.number((*path, "value"), assumption.value, role)
    read = set() if tree is None else set(assumption_names(tree))
    for other in read:
        c.derived[other].add(name)
    return read


def _bounds(c: Checker, path: Path, number: Assumption, high: float | None) -> None:
    """Whether an actor's own number can be below 0 or above ``high``."""
    law = None if number.distribution is None else number.distribution.law
    if law is not None:
        lo, hi = law.support()
    elif isinstance(number.value, (int, float)):
        lo = hi = float(number.value)
    else:
        return
    if lo >= 0 and (high is None or hi <= high):
        return
    allowed = f"between 0 and {high:g}" if high is not None else "0 or more"
    remedy = ""
    if law is not None and not (math.isfinite(lo) and math.isfinite(hi)) and "low" in (names := law.parameters()):
        remedy = f"Give the ends too, as in {law.name}: [{', '.join(names)}]."
    c.error(path, f"{path[-1]} must be {allowed}; here it can be {lo if lo < 0 else hi:g}.", remedy)


def circles_in(below: Mapping[str, set[str]]) -> list[list[str]]:
    """The circles in a graph of names, each once, starting at its first name."""
    circles: dict[frozenset[str], list[str]] = {}
    done: set[str] = set()
    for start in below:
        stack = [(start, iter(sorted(below[start])))]
        trail = [start]
        while stack and start not in done:
            name, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                stack.pop()
                trail.pop()
                done.add(name)
            elif step in trail:
                circle = trail[trail.index(step) :]
                circles.setdefault(frozenset(circle), circle)
            elif step in below and step not in done:
                trail.append(step)
                stack.append((step, iter(sorted(below[step]))))
    return list(circles.values())


def _state(c: Checker) -> None:
    for name, variable in c.scenario.state.items():
        path: Path = ("state", name)
        if len(set(variable.levels)) < len(variable.levels):
            c.error((*path, "levels"), "two levels have the same name.")
        for n, level in enumerate(variable.ends):
            c.known((*path, "ends", n), level, variable.levels, f"a level of '{name}'")
        if variable.ends:
            c.reads.add(name)
        if variable.within and variable.ends:
            reason = "the game cannot end at a level that falls back when the period ends."
            c.error((*path, "ends"), reason, "Leave out 'within: period', or guard the later phases.")
        if isinstance(variable.start, str):
            c.known((*path, "start"), variable.start, variable.levels, f"a level of '{name}'")
            if variable.start in variable.ends:
                c.warn((*path, "start"), "the game starts at a level that ends it.")
            continue
        if variable.within and len(variable.start) > 1:
            reason = "what falls back when the period ends needs a single level to fall back to."
            c.error((*path, "start"), reason, "Let a chance phase draw the level instead.")
        odds: list[float | None] = []
        for level, probability in variable.start.items():
            c.known((*path, "start", level), level, variable.levels, f"a level of '{name}'")
            odds.append(c.probability((*path, "start", level), probability, "the start", allow=("asm",)))
        if not odds:
            c.error((*path, "start"), "it names no level.")
        total = sum(p for p in odds if p is not None)
        if None not in odds and abs(total - 1) > TOLERANCE:
            c.error((*path, "start"), f"the probabilities sum to {total:.12g}, not 1.")


def _starts(c: Checker) -> None:
    """Start levels of several variables are independent: together there must not be too many start states."""
    uncertain = [name for name, variable in c.scenario.state.items() if not isinstance(variable.start, str)]
    states = math.prod(len(c.scenario.state[name].start) for name in uncertain)
    if states > STARTS:
        reason = f"the game has {states:,} states that it may start in."
        remedy = f"At most {STARTS:,} are possible: let chance phases draw some of the levels."
        c.error(("state", uncertain[0], "start"), reason, remedy)


def _objectives(c: Checker) -> None:
    beyond = c.scenario.horizon.beyond
    for actor, objectives in c.scenario.objectives.items():
        if not c.known(("objectives", actor), actor, c.scenario.actors, "an actor"):
            continue
        for name, objective in objectives.items():
            path: Path = ("objectives", actor, name)
            c.read((*path, "weight"), objective.weight, "an objective")
            if objective.value is not None:
                c.read((*path, "value"), objective.value, "an objective")
            if objective.final and objective.value is None:
                c.warn((*path, "final"), "a final objective without 'value' pays nothing at the end.")
            if objective.final and isinstance(beyond, int) and beyond > 0:
                reason = f"it is paid at the end of the last solved period, {beyond} after the last reported one."
                c.warn((*path, "final"), reason, "Write horizon: {beyond: 0}.")
            if name == TERMINAL and isinstance(beyond, dict):
                c.error(path, f"'{TERMINAL}' is the name of the value beyond the horizon.", "Choose another name.")
