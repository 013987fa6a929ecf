"""Which policy to choose when we do not know which world we are in, and what would change our mind.

Every metric of a run is a number per world and policy. Policies are compared by four rules: the best expected value, the
smallest worst regret and the smallest mean regret (Savage 1951), and the largest share of worlds in which the result is
good enough (satisficing: Simon 1956; as a measure of robustness, Lempert, Groves, Popper and Bankes 2006). What would
change our mind are the tipping points of the preferred policy, and the region where it loses to the runner-up, as a box
(Friedman and Fisher 1999; Bryant and Lempert 2010) and as a shallow tree (Breiman and others 1984).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.errors import FoedusError
from foedus.lenses.policies.comparison import compare, pareto, table_of
from foedus.lenses.policies.metric import Metric
from foedus.lenses.policies.rules import tied_by_rule
from foedus.lenses.policies.tipping import TippingPoint, tipping_points
from foedus.lenses.query_names import in_unit
from foedus.present.shares import Share, share_of
from foedus.runs.result import Run
from foedus.sensitivity.discovery import Region, tree, where_it_fails
from foedus.worlds.thresholds import LEAST_WORLDS
from foedus.worlds.ties import rounding
from foedus.worlds.weights import ess, even, mean, share, weighted_quantile


@dataclass(frozen=True)
class Change:
    """What would change the choice of ``policy``, the best on average.

    ``weighed``: over the weights of worlds; else all worlds count alike, because the weights leave too few, and
    ``policy`` is the best on average of these. ``tipping`` is None where even so there are too few worlds. ``loses``:
    where it does worse than the ``runner_up``; ``better`` and ``alike``: the shares of worlds where it does better, or as well.
    """

    policy: str
    weighed: bool
    tipping: tuple[TippingPoint, ...] | None
    runner_up: str
    loses: Region
    better: Share
    alike: Share


@dataclass(frozen=True)
class Comparison:
    """The policies on one metric (see ``comparison.compare``), by rule its choice with those that tie with it, and what
    would change it."""

    metric: Metric
    compared: Dataset
    ties: dict[str, tuple[str, ...]]
    change: Change | None = None

    @property
    def choices(self) -> dict[str, str]:
        """The choice of each rule: the best on average where it ties."""
        return {rule: tie[0] for rule, tie in self.ties.items()}

    @property
    def preferred(self) -> str:
        """The policy with the best expected value."""
        return self.choices["expected"]

    @property
    def ranked(self) -> list[str]:
        """Policies from the best to the worst expected value; those without one are left out."""
        means, names = self.metric.direction.sign * self.compared["mean"].values, self.metric.policies
        return [names[i] for i in best_first(means)]

    def mean(self, policy: str) -> float:
        """The expected value of a policy."""
        return float(self.compared["mean"].sel(policy=policy))


@dataclass(frozen=True)
class PolicyChoice:
    """Comparisons, one a metric, and which policies are efficient over all metrics (None with a single one)."""

    comparisons: tuple[Comparison, ...]
    efficient: Dataset | None


def choose(
    run: Run, metrics: Sequence[Metric], enough: float | None = None, explain: int | None = None
) -> PolicyChoice:
    """Compares policies on each metric, weighted over worlds.

    ``enough`` is what satisfices; by default, on each metric, the median of the factual policy (of the first policy
    where that is not compared). ``explain`` limits to how many metrics, the first ones, what would change the choice is
    worked out. FoedusError with fewer than two policies, or where a metric is defined nowhere.
    """
    if metrics[0].values.sizes["policy"] < 2:
        raise FoedusError("comparing takes at least two policies.")
    for metric in metrics:
        if np.isnan(metric.values.values).all():
            raise FoedusError(f"'{metric.name}' is undefined in every world under every policy.")
    comparisons = [_compared(run, metric, enough) for metric in metrics]
    for i, comparison in enumerate(comparisons[:explain]):
        comparisons[i] = replace(comparison, change=_change(run, comparison.metric))
    efficient = None
    if len(metrics) > 1:
        efficient = pareto({m.key: m.values for m in metrics}, {m.key: m.direction for m in metrics}, run.weights)
    return PolicyChoice(tuple(comparisons), efficient)


def best_first(means: Floats) -> list[int]:
    """Places from the largest to the smallest number; those without one are left out."""
    return [int(i) for i in np.argsort(-means, kind="stable") if not np.isnan(means[i])]


def _compared(run: Run, metric: Metric, enough: float | None) -> Comparison:
    if enough is None:
        names, factual = metric.policies, run.scenario.factual_policy
        column = names.index(factual) if factual in names else 0
        enough = float(weighted_quantile(table_of(metric.values)[:, column], 0.5, run.weights))
    compared = compare(metric.values, metric.direction, run.weights, None if np.isnan(enough) else enough)
    return Comparison(metric, compared, tied_by_rule(compared, partial(in_unit, metric.unit)))


def _change(run: Run, metric: Metric) -> Change | None:
    """Where the best policy on average stops being that, and where it loses to the runner-up."""
    weighed = ess(run.weights) >= LEAST_WORLDS or not run.observed
    weights = run.weights if weighed else even(len(run.weights))
    values = metric.direction.sign * table_of(metric.values)
    order = best_first(np.array([mean(column, weights) for column in values.T]))
    if len(order) < 2:
        return None
    (best, second), names = order[:2], metric.policies
    margin, slack = values[:, best] - values[:, second], rounding(values[:, best])
    margin = np.where(np.abs(margin) <= slack, 0.0, margin)
    tipping = _tipping(run, metric, names[best], weights) if ess(weights) >= LEAST_WORLDS else None
    return Change(
        names[best],
        weighed,
        tipping,
        names[second],
        _loses(run, margin, weights),
        share_of(margin > 0, weights),
        share_of(margin == 0, weights),
    )


def _tipping(run: Run, metric: Metric, best: str, weights: Floats) -> tuple[TippingPoint, ...]:
    """Where ``best`` stops being the best on average, the clearest change first."""
    points = tipping_points(run.draws, metric.values, metric.direction, weights)
    ends_it = [point for point in points if best in (point.below, point.above)]
    return tuple(sorted(ends_it, key=lambda p: (p.high - p.low) / float(np.ptp(run.draws[p.assumption]))))


def _loses(run: Run, margin: Floats, weights: Floats) -> Region:
    """Where a policy does worse than another, by the ``margin`` [world] that it is better by."""
    wins = ~(margin < 0)
    box = where_it_fails(run.draws, wins, margin, weights)
    leaves = tree(run.draws, ~wins, weights) if box is not None and ess(weights) >= LEAST_WORLDS else []
    return Region(share(~wins, weights), box, tuple(leaves))
