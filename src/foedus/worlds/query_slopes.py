"""Slopes of queries in every assumption, exact, in every world: local sensitivities.

Two stages: what a query gains by each coefficient of the game (``solve.gradient``, reverse mode), and how each coefficient
moves with each assumption, through beliefs, a policy's overrides and derived assumptions (``scenario.tree.differentiate``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.numbers import NumberReader
from foedus.game.perceive import Perception, secrets_of
from foedus.game.program import Program
from foedus.game.views import believed, disputed
from foedus.scenario.basics import Num
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Slopes, Tree, assumption_names, differentiate
from foedus.solve.gradient import Gradient
from foedus.worlds.padding import width_of
from foedus.worlds.simulate import Games

Values = dict[str, Floats]
Moving = dict[str, Slopes]  # a name's slope in each assumption as drawn


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

    def one(world: int) -> tuple[Floats, list[list[Floats]]]:
        columns = [np.ascontiguousarray(table[:, world]) for table in tables]
        return Gradient(play, queries).world(columns)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        found = list(pool.map(one, range(width)))
    answers = np.stack([answer for answer, _ in found], axis=1)
    envs = environment_slopes(scenario, policy, draws, perception)
    total = {name: np.zeros((len(queries), width)) for name in draws}
    for k, (values, moving) in enumerate(envs):
        names = _named_rows(play.game.program, values)
        for i in range(len(queries)):
            bar = np.stack([bars[i][k] for _, bars in found], axis=1)
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
    return _environment(scenario, policy, draws, None, None)


def environment_slopes(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], perception: Perception
) -> list[tuple[Values, Moving]]:
    """The assumptions in each table that a play reads (as in ``Games.tables``), and how they move with the draws."""
    environments = [_environment(scenario, policy, draws, None, None)]
    actors = list(scenario.actors)
    for version in dict.fromkeys(solve.version for solve in perception.solves):
        believer = None if version.believer < 0 else actors[version.believer]
        environments.append(_environment(scenario, policy, draws, believer, version.secrets))
    return environments


def _environment(
    scenario: Scenario, policy: str, draws: Mapping[str, Floats], believer: str | None, secrets: frozenset[str] | None
) -> tuple[Values, Moving]:
    """Mirrors ``worlds.versions.environments`` for one version, slopes carried along."""
    overrides = scenario.all_policies[policy].set
    mover = _Mover(scenario)
    base = mover.derive(
        {n: np.asarray(d, float) for n, d in draws.items()}, {n: {n: np.ones(len(d))} for n, d in draws.items()}, ()
    )
    base = mover.replace(base, overrides, ()) if overrides else base
    held = set(overrides)
    held_by = base
    if believer is not None:
        held_by = mover.replace(base, _beliefs(scenario, believer, False), held)
    values, moving = dict(held_by[0]), dict(held_by[1])
    width = len(next(iter(values.values())))
    for actor in scenario.beliefs:
        names = disputed(scenario, actor)
        if names:
            both = {**(_beliefs(scenario, believer, False) if believer else {}), **_beliefs(scenario, actor, True)}
            found = mover.replace(base, both, held)
            values |= {believed(actor, name): found[0][name] for name in names}
            moving |= {believed(actor, name): found[1].get(name, {}) for name in names}
    for name in secrets_of(scenario, policy):
        values[name] = np.full(width, float(secrets is None or name in secrets))
    return values, moving


def _beliefs(scenario: Scenario, actor: str, known: bool) -> dict[str, Num]:
    return {name: b.is_ for name, b in scenario.beliefs.get(actor, {}).items() if b.known == known}


class _Mover:
    """Works out assumptions with their slopes, in the way of ``worlds.sample.resolve`` and ``replace``."""

    def __init__(self, scenario: Scenario):
        self.scenario, self.words = scenario, NumberReader(scenario)

    def derive(self, values: Values, moving: Moving, held: Sequence[str] | set[str]) -> tuple[Values, Moving]:
        """Derived assumptions, except those held, from the others."""
        values, moving = dict(values), dict(moving)
        width = len(next(iter(values.values())))
        todo: dict[str, Tree] = {}
        for name, assumption in self.scenario.all_assumptions.items():
            if isinstance(assumption.value, str) and name not in held:
                todo[name] = self.words.tree(assumption.value)
            elif name not in values:
                values[name] = np.full(width, float(assumption.value or 0.0))
        while todo:
            ready = [name for name, tree in todo.items() if not assumption_names(tree) & todo.keys()]
            for name in ready:
                value, moving[name] = differentiate(todo.pop(name), values, moving)
                values[name] = np.array(np.broadcast_to(np.asarray(value, float), width))
        return values, moving

    def replace(
        self, base: tuple[Values, Moving], overrides: Mapping[str, Num], held: Sequence[str] | set[str]
    ) -> tuple[Values, Moving]:
        """Some values replaced by expressions over the others, and what is derived from them worked out anew."""
        values, moving = base
        width = len(next(iter(values.values())))
        found, moved = {}, {}
        for name, value in overrides.items():
            number, moved[name] = differentiate(self.words.tree(value), values, moving)
            found[name] = np.array(np.broadcast_to(np.asarray(number, float), width))
        return self.derive({**values, **found}, {**moving, **moved}, {*held, *found})
