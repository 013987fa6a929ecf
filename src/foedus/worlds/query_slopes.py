"""Slopes of queries in every assumption, exact, in every world: local sensitivities.

Two stages: what a query gains by each coefficient of the game (``solve.gradient``, reverse mode), and how each coefficient
moves with each assumption, through beliefs, a policy's overrides and derived assumptions (``scenario.tree.differentiate``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.perceive import Perception
from foedus.game.program import Program
from foedus.scenario.basics import Num
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Slopes, Tree, assumption_names, differentiate
from foedus.solve.gradient import Gradient
from foedus.worlds.padding import width_of
from foedus.worlds.sample import filled, in_order, read
from foedus.worlds.simulate import Games, perception_versions
from foedus.worlds.versions import in_versions

Values = dict[str, Floats]
Moving = dict[str, Slopes]  # a name's slope in each assumption as drawn
Moved = tuple[Floats, Slopes]  # a value in every world and its slopes


def query_slopes(
    scenario: Scenario, draws: Mapping[str, Floats], policy: str, queries: Sequence[Query], threads: int = 2
) -> tuple[Floats, dict[str, Floats]]:
    """(answers [queries, world], by assumption slopes [queries, world]) under a policy; NaN where undefined.

    FoedusError for perfect rationality, whose choices jump.
    """
    if scenario.rationality == "perfect":
        raise FoedusError("choices of perfectly rational actors jump: they have no slopes. Use rationality: logit.")
    games = Games(scenario, queries, {}, observe=False)
    play, perception = games.play(policy)
    width, tables = width_of(draws), games.tables(policy, draws)

    def in_world(world: int) -> tuple[Floats, list[list[Floats]]]:
        return Gradient(play, queries).world([np.ascontiguousarray(table[:, world]) for table in tables])

    with ThreadPoolExecutor(max_workers=threads) as pool:
        by_world = list(pool.map(in_world, range(width)))
    answers = np.stack([answer for answer, _ in by_world], axis=1)
    total = {name: np.zeros((len(queries), width)) for name in draws}
    for k, (values, moving) in enumerate(environment_slopes(scenario, policy, draws, perception)):
        names = _named_rows(play.game.program, values)
        for i in range(len(queries)):
            bar = np.stack([bars[i][k] for _, bars in by_world], axis=1)
            for name, gained in names(bar).items():
                for drawn, slope in moving.get(name, {}).items():
                    total[drawn][i] += gained * slope
    undefined = np.isnan(answers)
    for array in total.values():
        array[undefined] = np.nan
    return answers, total


def _named_rows(program: Program, values: Values) -> Callable[[Floats], Slopes]:
    """A function from what rows of coefficients are worth [rows, world] to what each name in them is."""
    offset, timed, _ = program.layout()
    times = np.arange(program.periods, dtype=float)[:, None]
    parts: list[tuple[slice, Slopes]] = []
    for c, tree in enumerate(program.trees):
        names = assumption_names(tree)
        if names:
            one = {name: {name: np.ones_like(values[name])} for name in names}
            rows = slice(int(offset[c]), int(offset[c]) + (program.periods if timed[c] else 1))
            parts.append((rows, differentiate(tree, values, one, times if timed[c] else 0)[1]))

    def named(bar: Floats) -> Slopes:
        total: Slopes = {}
        for rows, moved in parts:
            for name, slope in moved.items():
                total[name] = total.get(name, 0.0) + (bar[rows] * slope).sum(axis=0)
        return total

    return named


def assumption_slopes(scenario: Scenario, policy: str, draws: Mapping[str, Floats]) -> tuple[Values, Moving]:
    """Every assumption's value under a policy, and its slope in each assumption as drawn."""
    return environment_slopes(scenario, policy, draws, Perception())[0]


def environment_slopes(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], perception: Perception
) -> list[tuple[Values, Moving]]:
    """The assumptions in each table that a play reads (as in ``Games.tables``), and how they move with the draws."""
    width, overrides = width_of(draws), scenario.all_policies[policy].set
    drawn = {name: (np.asarray(draw, float), {name: np.ones(width)}) for name, draw in draws.items()}
    values = _derive(scenario, drawn, ())
    values = _replace(scenario, values, overrides, ()) if overrides else values
    versions = [None, *perception_versions(perception)]
    replace, constant = partial(_replace, scenario), lambda x: (np.full(width, x), Slopes())
    return [_apart(env) for env in in_versions(scenario, policy, values, versions, replace, constant)]


def _apart(assumptions: Mapping[str, Moved]) -> tuple[Values, Moving]:
    values = {name: value for name, (value, _) in assumptions.items()}
    return values, {name: slopes for name, (_, slopes) in assumptions.items()}


def _replace(
    scenario: Scenario, assumptions: Mapping[str, Moved], overrides: Mapping[str, Num], held: Collection[str]
) -> dict[str, Moved]:
    """``sample.replace`` with slopes carried along."""
    values, moving = _apart(assumptions)
    replaced = {}
    for name, override in overrides.items():
        value, slopes = differentiate(read(scenario, name, override), values, moving)
        replaced[name] = filled(name, value, width_of(values)), slopes
    return _derive(scenario, {**assumptions, **replaced}, {*held, *replaced})


def _derive(scenario: Scenario, assumptions: Mapping[str, Moved], held: Collection[str]) -> dict[str, Moved]:
    """Derived assumptions, except those held, from the others, slopes carried along."""
    (values, moving), trees = _apart(assumptions), dict[str, Tree]()
    width = width_of(values)
    for name, assumption in scenario.all_assumptions.items():
        if isinstance(assumption.value, str) and name not in held:
            trees[name] = read(scenario, name, assumption.value)
        elif name not in values:
            values[name] = np.full(width, float(assumption.value or 0.0))
    for name in in_order(trees):
        value, moving[name] = differentiate(trees[name], values, moving)
        values[name] = filled(name, value, width)
    return {name: (value, moving.get(name, {})) for name, value in values.items()}
