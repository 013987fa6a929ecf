"""Robust search: levers set so that no metric can be bettered without loss on another, over many worlds at once.

Multi-objective robust decision making (Lempert, Groves, Popper and Bankes 2006; Kasprzyk and others 2013): candidates are
judged by their average over training worlds (or over the worst tenth of them: Rockafellar and Uryasev 2000). The frontier is
found by differential evolution (Storn and Price 1997; ``scipy.optimize``) of augmented Chebyshev scalarisations (Wierzbicki
1980), and is what no candidate ever tried dominates. Its figures are then worked out anew in held-out worlds, drawn with
another seed: what a search finds is partly luck of the worlds that it was tuned to, and the gap says how much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.lenses.policies.levers import Lever, with_levers
from foedus.lenses.policies.rules import Direction, dominated
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Query, parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import objectives_of, query_scope
from foedus.worlds.simulate import Games, simulate

if TYPE_CHECKING:
    from foedus.runs.result import Run

Rule = Literal["expected", "tail"]
TAIL = 0.1
MOST_SHOWN = 12
_BLEND = 0.05  # weight of the sum in the augmented Chebyshev scalarisation


@dataclass(frozen=True)
class Aim:
    """A query and which way is better."""

    text: str
    direction: Direction

    @property
    def sign(self) -> float:
        """1 where less is better, so that the search always makes numbers small."""
        return 1.0 if self.direction == "lower" else -1.0


@dataclass(frozen=True)
class Candidate:
    """Levers' values, and each aim's number over training and over held-out worlds: by the rule that was searched by,
    and (held out) the mean, the 5% and 95% quantiles, and the worst regret against the other candidates and the base."""

    levers: dict[str, float]
    trained: Floats
    held_out: Floats
    mean: Floats
    low: Floats
    high: Floats
    regret: Floats
    still_efficient: bool


@dataclass(frozen=True)
class Frontier:
    """What a search found. ``base`` is the policy as written, its levers None where it leaves them uncertain."""

    policy: str
    levers: tuple[Lever, ...]
    aims: tuple[Aim, ...]
    rule: Rule
    candidates: tuple[Candidate, ...]
    base: Candidate
    tried: int
    worlds: tuple[int, int]
    optimism: Floats  # [aims] mean over the frontier of held-out less trained, positive where it is worse
    shift: Floats  # [aims] the same of the policy as written: what is due to the worlds, not to the search


def search(
    scenario: Scenario,
    policy: str,
    levers: Sequence[Lever],
    aims: Sequence[Aim],
    training: Run,
    held_out: Run,
    rule: Rule = "expected",
    evaluations: int = 600,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Frontier:
    """Finds the efficient settings of ``levers`` on top of ``policy``.

    ``training`` and ``held_out`` are runs whose worlds and weights are used, of different seeds. About ``evaluations``
    candidates are tried. FoedusError without levers or aims, or where an aim is undefined.
    """
    if not levers or not aims:
        raise FoedusError("a search needs at least one lever and one metric.")
    task = _Task(scenario, policy, levers, aims, rule, evaluations, progress)
    scored = task.scorer(training)
    _explore(task, scored, seed)
    points, scores = np.concatenate(task.points), np.concatenate(task.scores)
    keep = _spread_out(scores, ~dominated(-scores))
    chosen, trained = points[keep], scores[keep]
    order = np.argsort(trained[:, 0], kind="stable")
    return _judged(task, chosen[order], trained[order], training, held_out)


def default_aims(scenario: Scenario, levers: Sequence[Lever]) -> list[Aim]:
    """The main outcome (lower is better), and what those expect who commit themselves by the levers (higher)."""
    name, tree = next(iter(outcomes_of(scenario).items()))
    event = scenario.outcomes[name].event if name in scenario.outcomes else f"{tree[1][1]} == {int(tree[2][1])}"
    obligors = dict.fromkeys(scenario.commitments[lever.commitment].from_ for lever in levers if lever.commitment)
    wanting = objectives_of(scenario)
    payers = [Aim(f"expect({actor})", "higher") for actor in obligors if wanting.get(actor)]
    return [Aim(f"prob(eventually({event}))", "lower"), *payers[:2]]


@dataclass
class _Task:
    """What is searched, and every candidate tried so far with its scores (less is better)."""

    scenario: Scenario
    policy: str
    levers: Sequence[Lever]
    aims: Sequence[Aim]
    rule: Rule
    evaluations: int
    progress: Callable[[str, int, int], None] | None
    points: list[Floats] = field(default_factory=list)
    scores: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changed = with_levers(self.scenario, self.policy, self.levers)
        scope = query_scope(self.scenario)
        self.queries: list[Query] = [parse_query(aim.text, scope) for aim in self.aims]
        for aim, query in zip(self.aims, self.queries, strict=True):
            if query.under is not None:
                raise FoedusError(
                    f"'{aim.text}' names a policy, but candidates are what is compared. Leave 'under' out."
                )
        self.games = Games(self.changed, self.queries, {}, observe=False)
        self.signs = np.array([aim.sign for aim in self.aims])

    @property
    def tried(self) -> int:
        """How many candidates were tried."""
        return sum(len(points) for points in self.points)

    def answers(self, points: Floats, run: Run) -> Floats:
        """[candidates, worlds, aims] for points of the unit cube [candidates, levers]."""
        many, width = len(points), len(run.weights)
        draws = {name: np.tile(draw, many) for name, draw in run.draws.items()}
        draws |= {lever.slot: np.repeat(lever.place(points[:, k]), width) for k, lever in enumerate(self.levers)}
        found = simulate(self.changed, draws, [self.policy], self.queries, observe=False, games=self.games)
        table = np.stack(found.query[self.policy], axis=1).reshape(many, width, len(self.aims))
        if np.isnan(table).any():
            aim = self.aims[int(np.argwhere(np.isnan(table))[0][2])]
            raise FoedusError(
                f"'{aim.text}' is undefined in some world for some setting of the levers: choose another metric."
            )
        return table

    def summary(self, table: Floats, weights: Floats) -> Floats:
        """[candidates, aims]: what the rule makes of answers, less is better."""
        values = table * self.signs
        if self.rule == "expected":
            return np.asarray(np.einsum("cwa,w->ca", values, weights / weights.sum()))
        return np.array([[_tail(column, weights) for column in one.T] for one in values])

    def scorer(self, run: Run) -> Callable[[Floats], Floats]:
        """A function from points [candidates, levers] to scores [candidates, aims], which notes what it was asked."""

        def scored(points: Floats) -> Floats:
            scores = self.summary(self.answers(points, run), run.weights)
            self.points.append(np.array(points))
            self.scores.append(scores)
            if self.progress is not None:
                self.progress("searching", min(self.tried, self.evaluations), self.evaluations)
            return scores

        return scored


def _tail(values: Floats, weights: Floats) -> float:
    """The average of the worst (largest) tenth of the weight."""
    order = np.argsort(-values, kind="stable")
    mass = weights[order] / weights.sum()
    kept = np.clip(TAIL - (np.cumsum(mass) - mass), 0, mass)
    return float(kept @ values[order] / kept.sum())


def _explore(task: _Task, scored: Callable[[Floats], Floats], seed: int) -> None:
    """Scrambled Sobol points first, then from one direction after another differential evolution and a compass search."""
    from scipy.optimize import differential_evolution
    from scipy.stats import qmc

    d, aims = len(task.levers), len(task.aims)
    first = 2 ** int(np.log2(max(task.evaluations / 4, 8)))
    scored(qmc.Sobol(d, rng=np.random.default_rng(seed)).random(first))
    directions = _directions(aims)
    share = max((task.evaluations - first) // len(directions), 1)
    many = int(np.clip(share // 8, 5, 40))
    for k, direction in enumerate(directions):
        one = _Direction(task, scored, direction)
        init = np.clip(one.best(many), 0, 1)
        generations = int(0.6 * share) // many - 1
        if generations > 0:
            differential_evolution(
                one,
                [(0.0, 1.0)] * d,
                init=init,
                maxiter=generations,
                polish=False,
                vectorized=True,
                updating="deferred",
                tol=1e-6,
                rng=np.random.default_rng([seed, k]),
            )
        one.compass(int(0.4 * share))


class _Direction:
    """The augmented Chebyshev distance of candidates in one direction, scaled by what was seen when it began."""

    def __init__(self, task: _Task, scored: Callable[[Floats], Floats], direction: Floats):
        self.task, self.scored, self.direction = task, scored, direction
        scores = np.concatenate(task.scores)
        self.low = scores.min(axis=0)
        self.width = np.where(np.ptp(scores, axis=0) > 0, np.ptp(scores, axis=0), 1.0)

    def __call__(self, x: Floats) -> Floats:
        """Values of points [levers, candidates]."""
        return self.of(self.scored(np.atleast_2d(x.T)))

    def of(self, scores: Floats) -> Floats:
        """Values of scores [candidates, aims]."""
        parts = self.direction * (scores - self.low) / self.width
        return np.asarray(parts.max(axis=1) + _BLEND * parts.sum(axis=1))

    def best(self, many: int) -> Floats:
        """The best points tried so far."""
        points, scores = np.concatenate(self.task.points), np.concatenate(self.task.scores)
        return points[np.argsort(self.of(scores), kind="stable")[:many]]

    def compass(self, budget: int) -> None:
        """A step along each lever from the best point, halved where none helps (Kolda, Lewis and Torczon 2003)."""
        here = self.best(1)[0]
        value, step, d = float(self.of(np.concatenate(self.task.scores)).min()), 0.1, len(here)
        steps = np.concatenate([np.eye(d), -np.eye(d)])
        for _ in range(budget // (2 * d)):
            around = np.clip(here + step * steps, 0, 1)
            values = self(around.T)
            if values.min() < value:
                here, value = around[int(values.argmin())], float(values.min())
            else:
                step /= 2


def _directions(aims: int) -> list[Floats]:
    """Weights of the aims: each alone, and evenly spread mixtures of them."""
    if aims == 1:
        return [np.ones(1)]
    steps = 4 if aims == 2 else 2
    grid = [np.array(parts, float) / steps for parts in product(range(steps + 1), repeat=aims) if sum(parts) == steps]
    return [np.where(part == 0, 1e-3, part) for part in grid]


def _spread_out(scores: Floats, efficient: NDArray[np.bool_]) -> NDArray[np.int64]:
    """At most ``MOST_SHOWN`` of the efficient candidates, no two alike: the best on each aim, then those furthest apart."""
    index = np.flatnonzero(efficient)
    _, once = np.unique(np.round(scores[index], 12), axis=0, return_index=True)
    index = index[np.sort(once)]
    points = scores[index]
    width = np.where(np.ptp(points, axis=0) > 0, np.ptp(points, axis=0), 1.0)
    points = (points - points.min(axis=0)) / width
    chosen = list(dict.fromkeys(int(i) for i in points.argmin(axis=0)))
    while len(chosen) < min(MOST_SHOWN, len(index)):
        away = np.min(np.linalg.norm(points[:, None] - points[None, chosen], axis=2), axis=1)
        if away.max() <= 1e-6:
            break
        chosen.append(int(away.argmax()))
    return index[chosen]


def _judged(task: _Task, points: Floats, trained: Floats, training: Run, held_out: Run) -> Frontier:
    """The frontier with its held-out figures, and the policy as written beside it."""
    from foedus.worlds.weights import weighted_quantile

    weights = held_out.weights
    table = task.answers(points, held_out)
    base_train, base_held = (_as_written(task, run) for run in (training, held_out))
    every = np.concatenate([table, base_held[None]])
    summary = task.summary(every, weights)
    values = every * task.signs
    regret = (values - values.min(axis=0)).max(axis=1)
    efficient = ~dominated(-summary)
    mass = weights / weights.sum()
    scored = np.concatenate([trained, task.summary(base_train[None], training.weights)])
    made = []
    for c in range(len(every)):
        low, high = (
            np.array([float(weighted_quantile(every[c, :, a], q, weights)) for a in range(len(task.aims))])
            for q in (0.05, 0.95)
        )
        levers = (
            {}
            if c == len(points)
            else {lever.name: float(lever.place(points[c, k])) for k, lever in enumerate(task.levers)}
        )
        made.append(
            Candidate(
                levers,
                task.signs * scored[c],
                task.signs * summary[c],
                mass @ every[c],
                low,
                high,
                regret[c],
                bool(efficient[c]),
            )
        )
    gap = (summary[:-1] - trained).mean(axis=0)
    sizes = len(training.weights), len(held_out.weights)
    shift = summary[-1] - scored[-1]
    return Frontier(
        task.policy,
        tuple(task.levers),
        tuple(task.aims),
        task.rule,
        tuple(made[:-1]),
        made[-1],
        task.tried,
        sizes,
        gap,
        shift,
    )


def _as_written(task: _Task, run: Run) -> Floats:
    """[worlds, aims] under the policy as it is written."""
    found = simulate(task.scenario, run.draws, [task.policy], task.queries, observe=False)
    return np.stack(found.query[task.policy], axis=1)
