"""What drives a number or a verdict: Sobol indices over the assumptions as drawn, the region where it fails or is high over
the weights of worlds, and exact slopes in every assumption at once.

The methods and their sources are told in ``sensitivity``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.errors import FoedusError
from foedus.lenses.drivers.subject import Subject
from foedus.runs.result import Run
from foedus.sensitivity.discovery import Region, tree, where_it_fails
from foedus.sensitivity.sobol import attribute
from foedus.worlds.sample import from_unit, uncertain
from foedus.worlds.simulate import Games
from foedus.worlds.weights import Spread, share, spread, weighted_quantile

MOST_SOLVES = 12_000  # worlds that a Sobol design takes unless told


@dataclass(frozen=True)
class DrivenRegion(Region):
    """Where a claim fails, or where a query is above ``limit``."""

    limit: float | None


@dataclass(frozen=True)
class LocalSlope:
    """The slope in one assumption over worlds: mean and 5% and 95% quantiles, and ``effect``, the mean slope times the
    assumption's standard deviation; ``up`` is the share of worlds where more of it raises the number."""

    assumption: str
    slope: float
    low: float
    high: float
    effect: float
    up: float


def sobol_indices(subject: Subject, points: int | None = None, seed: int = 0) -> Dataset:
    """Sobol indices of the number, the margin, or (where there is no margin) of whether the claim holds.

    Solves ``points`` x (assumptions + 2) worlds; ``points`` is a power of two, by default the largest from 64 to 1024
    that solves at most 12,000 (or 64).
    """
    scenario = subject.scenario
    names = uncertain(scenario)
    if points is None:
        points = int(np.clip(2 ** int(np.log2(MOST_SOLVES / (len(names) + 2))), 64, 1024))
    games = Games(scenario, subject.reading.queries, {}, observe=False)

    def outcome(unit: dict[str, Floats]) -> Floats:
        number, holds = subject.solve(from_unit(scenario, unit), games)
        return np.asarray(holds if number is None else number, float)

    return attribute(outcome, names, points, seed)


def region(run: Run, subject: Subject, above: float | None = None) -> DrivenRegion:
    """Where a claim fails, or a query is above ``above`` (default: its upper quartile), in the run's worlds."""
    number, holds = subject.solve(run.draws)
    size = np.zeros(len(run.weights)) if number is None else number
    limit = None
    if holds is None:
        limit = float(weighted_quantile(size, 0.75, run.weights)) if above is None else above
        holds = ~(size > limit)
    size = np.where(np.isnan(size), 0.0, size)
    box = where_it_fails(run.draws, holds, size if np.ptp(size) > 0 else None, run.weights)
    leaves = tuple(tree(run.draws, ~holds, run.weights))
    return DrivenRegion(share(~holds, run.weights), box, leaves, limit)


def local_slopes(run: Run, subject: Subject, worlds: int = 25) -> list[LocalSlope]:
    """The slope in every assumption that varies, in at most ``worlds`` worlds that stand for all, the largest effect first."""
    few = run.few(worlds)
    number, slopes = subject.slopes(few.draws)
    if np.isnan(number).all():
        raise FoedusError(f"'{subject.text}' is undefined in every world.")
    varied = [name for name in uncertain(subject.scenario) if name in slopes]
    local = [_local(name, slopes[name], few.weights, spread(run.draws[name])) for name in varied]
    return sorted(local, key=lambda each: -abs(each.effect))


def _local(name: str, slope: Floats, weights: Floats, deviation: float) -> LocalSlope:
    over = Spread.of(slope, weights)
    return LocalSlope(name, over.mean, over.low, over.high, over.mean * deviation, share(slope > 0, weights))
