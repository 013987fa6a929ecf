"""Robust search: levers set so that no metric can be bettered without loss on another, over many worlds at once.

Multi-objective robust decision making (Lempert, Groves, Popper and Bankes 2006; Kasprzyk and others 2013): candidates are
judged by their average over training worlds (or over the worst tenth of them: Rockafellar and Uryasev 2000). The frontier is
found by differential evolution (Storn and Price 1997; ``scipy.optimize``) of augmented Chebyshev scalarisations (Wierzbicki
1980), and is what no candidate ever tried dominates. Its figures are then worked out anew in held-out worlds, drawn with
another seed: what a search finds is partly luck of the worlds that it was tuned to, and the gap says how much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Floats, Longs
from foedus.errors import FoedusError
from foedus.lenses.policies.comparison import Direction, dominated
from foedus.lenses.policies.levers import Lever, with_levers
from foedus.lenses.policies.metric import metric_query
from foedus.runs.result import Run
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Query, Unit
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import objectives_of
from foedus.worlds.sample import library_seed
from foedus.worlds.simulate import Games, simulate
from foedus.worlds.weights import Spread

TAIL = 0.1
MOST_SHOWN = 12
_BLEND = 0.05  # weight of the sum in the augmented Chebyshev scalarisation
_EVOLUTION: dict[str, Any] = {"polish": False, "vectorized": True, "updating": "deferred", "tol": 1e-6}

Score = Callable[[Floats], Floats]  # from points [candidates, levers] to scores [candidates, aims]
Progress = Callable[[str, int, int], None] | None


class Criterion(StrEnum):
    """What a candidate is judged by over worlds: its average, or that over the worst tenth of them."""

    EXPECTED = "expected"
    TAIL = "tail"


@dataclass(frozen=True)
class Aim:
    """A query, as written and as read, and which way is better."""

    text: str
    direction: Direction
    query: Query

    @property
    def unit(self) -> Unit:
        """What it is measured in."""
        return self.query.unit


def read_aim(scenario: Scenario, text: str, direction: Direction) -> Aim:
    """An aim as written; FoedusError where the query cannot be read or names a policy."""
    return Aim(text, direction, metric_query(scenario, text))


@dataclass(frozen=True)
class Problem:
    """What is searched: settings of ``levers`` on top of ``policy``, for the ``aims``; ``actor`` is whose levers they are,
    where they were not named."""

    scenario: Scenario
    policy: str
    levers: tuple[Lever, ...]
    aims: tuple[Aim, ...]
    actor: str = ""


@dataclass(frozen=True)
class SearchSettings:
    """How it is searched. About ``evaluations`` candidates are tried."""

    criterion: Criterion = Criterion.EXPECTED
    evaluations: int = 600
    seed: int = 0


@dataclass(frozen=True)
class Candidate:
    """Levers' values, and each aim's number over training and over held-out worlds: by the criterion that was searched by,
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
    """What a search found. ``base`` is the policy as written, its levers {} as it may leave them uncertain."""

    problem: Problem
    criterion: Criterion
    candidates: tuple[Candidate, ...]
    base: Candidate
    tried: int
    worlds: tuple[int, int]
    optimism: Floats  # [aims] mean over the frontier of held-out less trained, positive where it is worse
    shift: Floats  # [aims] the same of the policy as written: what is due to the worlds, not to the search


def search(
    problem: Problem, training: Run, held_out: Run, settings: SearchSettings | None = None, progress: Progress = None
) -> Frontier:
    """Finds the efficient settings of the levers. ``training`` and ``held_out`` are runs whose worlds and weights are
    used, of different seeds. FoedusError without levers or aims, or where an aim is undefined."""
    if not problem.levers or not problem.aims:
        raise FoedusError("a search needs at least one lever and one metric.")
    tried = _Tried(problem, training, settings or SearchSettings(), progress)
    _explore(tried)
    keep = _spread_out(tried.scores, ~dominated(-tried.scores))
    return _frontier(tried, keep[np.argsort(tried.scores[keep, 0], kind="stable")], held_out)


def default_aims(scenario: Scenario, levers: Sequence[Lever]) -> list[Aim]:
    """The main outcome (lower is better), and what those expect who commit themselves by the levers (higher)."""
    name, tree = next(iter(outcomes_of(scenario).items()))
    event = scenario.outcomes[name].event if name in scenario.outcomes else f"{tree[1][1]} == {int(tree[2][1])}"
    obligors = dict.fromkeys(scenario.commitments[lever.commitment].from_ for lever in levers if lever.commitment)
    wanting = objectives_of(scenario)
    payers = [f"expect({actor})" for actor in obligors if wanting.get(actor)]
    main = read_aim(scenario, f"prob(eventually({event}))", Direction.LOWER)
    return [main, *(read_aim(scenario, text, Direction.HIGHER) for text in payers[:2])]


class _Tried:
    """Plays candidates in worlds, and keeps every one that was tried in the training worlds with its scores, turned so that
    less is better."""

    def __init__(self, problem: Problem, training: Run, settings: SearchSettings, progress: Progress):
        self.problem, self.training, self.settings, self.progress = problem, training, settings, progress
        self.points, self.scores = np.empty((0, len(problem.levers))), np.empty((0, len(problem.aims)))
        self.changed = with_levers(problem.scenario, problem.policy, problem.levers)
        self.queries = [aim.query for aim in problem.aims]
        self.games = Games(self.changed, self.queries, {}, observe=False)
        self.signs = np.array([-aim.direction.sign for aim in problem.aims])

    def answers(self, points: Floats, run: Run) -> Floats:
        """[candidates, worlds, aims] for points of the unit cube [candidates, levers]. Candidates are other numbers of
        one game, so all of them are solved as if each brought worlds of its own."""
        many, width, policy = len(points), len(run.weights), self.problem.policy
        draws = {name: np.tile(draw, many) for name, draw in run.draws.items()}
        for lever, column in zip(self.problem.levers, points.T, strict=True):
            draws[lever.slot] = np.repeat(lever.place(column), width)
        played = simulate(self.changed, draws, [policy], self.queries, observe=False, games=self.games)
        table = np.stack(played.query[policy], axis=1).reshape(many, width, len(self.queries))
        if np.isnan(table).any():
            where = "in some world for some setting of the levers: choose another metric."
            raise FoedusError(f"'{self.problem.aims[np.argwhere(np.isnan(table))[0][2]].text}' is undefined {where}")
        return table

    def as_written(self, run: Run) -> Floats:
        """[1, worlds, aims] under the policy as it is written."""
        policy = self.problem.policy
        played = simulate(self.problem.scenario, run.draws, [policy], self.queries, observe=False)
        return np.stack(played.query[policy], axis=1)[None]

    def judged(self, table: Floats, weights: Floats) -> Floats:
        """Scores [candidates, aims]: what the criterion makes of answers [candidates, worlds, aims]."""
        values = table * self.signs
        if self.settings.criterion is Criterion.EXPECTED:
            return np.asarray(np.einsum("cwa,w->ca", values, weights / weights.sum()))
        return np.array([[_tail(column, weights) for column in worlds.T] for worlds in values])

    def score(self, points: Floats) -> Floats:
        """Scores [candidates, aims] of points [candidates, levers] in the training worlds, noted."""
        scores = self.judged(self.answers(points, self.training), self.training.weights)
        self.points, self.scores = np.concatenate([self.points, points]), np.concatenate([self.scores, scores])
        if self.progress is not None:
            most = self.settings.evaluations
            self.progress("searching", min(len(self.points), most), most)
        return scores


def _tail(values: Floats, weights: Floats) -> float:
    """The average of the worst (largest) tenth of the weight: expected shortfall (Rockafellar and Uryasev 2000)."""
    order = np.argsort(-values, kind="stable")
    mass = weights[order] / weights.sum()
    kept = np.clip(TAIL - (np.cumsum(mass) - mass), 0, mass)
    return float(kept @ values[order] / kept.sum())


def _explore(tried: _Tried) -> None:
    """Scrambled Sobol points first, then from one direction after another differential evolution and a compass search."""
    from scipy.optimize import differential_evolution
    from scipy.stats import qmc

    settings, d = tried.settings, tried.points.shape[1]
    first = 2 ** int(np.log2(max(settings.evaluations / 4, 8)))
    tried.score(qmc.Sobol(d, rng=np.random.default_rng(library_seed(settings.seed))).random(first))
    directions = _directions(tried.scores.shape[1])
    share = max((settings.evaluations - first) // len(directions), 1)
    population = int(np.clip(share // 8, 5, 40))
    generations = int(0.6 * share) // population - 1
    for k, weights in enumerate(directions):
        distance = _Distance(tried, weights)
        start = np.clip(distance.best(population), 0, 1)
        if generations > 0:
            rng, bounds = np.random.default_rng([library_seed(settings.seed), k]), [(0.0, 1.0)] * d
            differential_evolution(distance, bounds, init=start, maxiter=generations, rng=rng, **_EVOLUTION)
        distance.compass(int(0.4 * share))


class _Distance:
    """The augmented Chebyshev distance of candidates from the best on every aim, in one direction.

    The largest weighted loss, and a little of their sum, which rules out points that are only weakly efficient. Losses are
    scaled by what was tried when it began.
    """

    def __init__(self, tried: _Tried, weights: Floats):
        self.tried, self.weights = tried, weights
        self.low, self.width = tried.scores.min(axis=0), _width(tried.scores)

    def __call__(self, x: Floats) -> Floats:
        """Values of points [levers, candidates]."""
        return self.of(self.tried.score(np.atleast_2d(x.T)))

    def of(self, scores: Floats) -> Floats:
        """Values of scores [candidates, aims]."""
        losses = self.weights * (scores - self.low) / self.width
        return np.asarray(losses.max(axis=1) + _BLEND * losses.sum(axis=1))

    def best(self, many: int) -> Floats:
        """The best points tried so far."""
        return self.tried.points[np.argsort(self.of(self.tried.scores), kind="stable")[:many]]

    def compass(self, budget: int) -> None:
        """A step along each lever from the best point, halved where none helps (Kolda, Lewis and Torczon 2003)."""
        here = self.best(1)[0]
        value, step, d = float(self.of(self.tried.scores).min()), 0.1, len(here)
        steps = np.concatenate([np.eye(d), -np.eye(d)])
        for _ in range(budget // (2 * d)):
            around = np.clip(here + step * steps, 0, 1)
            values = self(around.T)
            if values.min() < value:
                here, value = around[int(values.argmin())], float(values.min())
            else:
                step /= 2


def _width(scores: Floats) -> Floats:
    """The range of each column, 1 where it does not vary."""
    return np.where(np.ptp(scores, axis=0) > 0, np.ptp(scores, axis=0), 1.0)


def _directions(aims: int) -> list[Floats]:
    """Weights of the aims: each alone, and evenly spread mixtures of them."""
    if aims == 1:
        return [np.ones(1)]
    steps = 4 if aims == 2 else 2
    grid = [np.array(parts, float) / steps for parts in product(range(steps + 1), repeat=aims) if sum(parts) == steps]
    return [np.where(part == 0, 1e-3, part) for part in grid]


def _spread_out(scores: Floats, efficient: Bools) -> Longs:
    """At most ``MOST_SHOWN`` of the efficient candidates, no two alike: the best on each aim, then those furthest apart."""
    index = np.flatnonzero(efficient)
    _, once = np.unique(np.round(scores[index], 12), axis=0, return_index=True)
    index = index[np.sort(once)]
    points = scores[index]
    points = (points - points.min(axis=0)) / _width(points)
    chosen = list(dict.fromkeys(int(i) for i in points.argmin(axis=0)))
    while len(chosen) < min(MOST_SHOWN, len(index)):
        away = np.min(np.linalg.norm(points[:, None] - points[None, chosen], axis=2), axis=1)
        if away.max() <= 1e-6:
            break
        chosen.append(int(away.argmax()))
    return index[chosen]


def _frontier(tried: _Tried, keep: Longs, held_out: Run) -> Frontier:
    """The candidates with their held-out figures, and the policy as written, last of ``every``, beside them."""
    problem, signs, weights, before = tried.problem, tried.signs, held_out.weights, tried.training.weights
    trained = np.concatenate([tried.scores[keep], tried.judged(tried.as_written(tried.training), before)])
    every = np.concatenate([tried.answers(tried.points[keep], held_out), tried.as_written(held_out)])
    scores, values = tried.judged(every, weights), every * signs
    efficient, regret = ~dominated(-scores), (values - values.min(axis=0)).max(axis=1)
    placed = np.array([lever.place(x) for lever, x in zip(problem.levers, tried.points[keep].T, strict=True)]).T
    names, candidates = [lever.name for lever in problem.levers], []
    for c, levers in enumerate([*(dict(zip(names, at, strict=True)) for at in placed.tolist()), {}]):
        spreads = [Spread.of(column, weights) for column in every[c].T]
        mean, low, high = (np.array([getattr(each, part) for each in spreads]) for part in ("mean", "low", "high"))
        judged = signs * trained[c], signs * scores[c], mean, low, high, regret[c]
        candidates.append(Candidate(levers, *judged, bool(efficient[c])))
    worlds, gaps = (len(before), len(weights)), scores - trained
    *efficient_ones, base = candidates
    told = problem, tried.settings.criterion, tuple(efficient_ones), base, len(tried.points)
    return Frontier(*told, worlds, gaps[:-1].mean(axis=0), gaps[-1])
