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
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from foedus.lenses.compare import Direction, choices, compare, pareto, table_of
from foedus.lenses.discovery import Box, Leaf, tree, where_it_fails
from foedus.lenses.tipping import TippingPoint, tipping_points
from foedus.scenario.errors import FoedusError
from foedus.scenario.expr import nearest
from foedus.scenario.query import parse_query
from foedus.scenario.scope import query_scope
from foedus.worlds.simulate import simulate
from foedus.worlds.weights import ess, even, mean, share, weighted_quantile

if TYPE_CHECKING:
    import xarray as xr

    from foedus.run import Run

Floats = NDArray[np.float64]
MAIN_OUTCOMES = 4  # the outcomes written first are the main ones
LEAST_WORLDS = 60  # fewer worlds (effective number) than this tell nothing about where a choice changes


@dataclass(frozen=True)
class Metric:
    """A number per world and policy, and which way is better. ``kind`` says what ``name`` is the name of."""

    kind: Literal["outcome", "actor", "query"]
    name: str
    direction: Direction
    values: xr.DataArray  # [world, policy]

    @property
    def key(self) -> str:
        """A name that no other metric of the run has."""
        return f"expect({self.name})" if self.kind == "actor" else self.name


@dataclass(frozen=True)
class Defeat:
    """Where the preferred policy does worse than the runner-up.

    ``share`` of worlds; ``box`` (None: too few worlds, or too many, to say) and ``leaves`` of a tree describe them.
    """

    other: str
    share: float
    box: Box | None
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Change:
    """What would change the choice of ``policy``, the best on average.

    ``weighed``: over the weights of worlds; else all worlds count alike, because the weights leave too few, and
    ``policy`` is the best on average of these. ``tipping`` is None where even so there are too few worlds.
    """

    policy: str
    weighed: bool
    tipping: tuple[TippingPoint, ...] | None
    defeat: Defeat


@dataclass(frozen=True)
class Verdict:
    """The policies on one metric, the choice of each rule, and what would change it (see ``choose``)."""

    metric: Metric
    compared: xr.Dataset
    choices: dict[str, str]
    change: Change | None = None

    @property
    def preferred(self) -> str:
        """The policy with the best expected value."""
        return self.choices["expected"]

    @property
    def ranked(self) -> list[str]:
        """Policies from the best to the worst expected value; those without one are left out."""
        sign = 1 if self.metric.direction == "lower" else -1
        means = sign * self.compared["mean"].values
        order = [int(i) for i in np.argsort(means, kind="stable") if not np.isnan(means[i])]
        return [str(self.compared["policy"].values[i]) for i in order]


@dataclass(frozen=True)
class Choice:
    """Verdicts, one a metric, and which policies are efficient over all metrics (None with a single one)."""

    verdicts: tuple[Verdict, ...]
    efficient: xr.Dataset | None


def own_metrics(run: Run, actor: str | None = None, policies: Sequence[str] | None = None) -> list[Metric]:
    """What a run has already: the main outcomes by the end (lower is better), each actor's expected value (higher).

    With ``actor`` only that actor's value; with ``policies`` only these.
    """
    data = run.data.sel(policy=list(policies or run.policies))
    actors = [str(name) for name in run.data["actor"].values]
    if actor is not None and actor not in actors:
        raise FoedusError(f"'{actor}' is not an actor. {nearest(actor, actors)}".strip())
    made: list[Metric] = []
    if actor is None:
        for name in run.data["outcome"].values[:MAIN_OUTCOMES]:
            by = data["outcome_by"].isel(period=-1).sel(outcome=name).drop_vars(["period", "outcome"])
            made.append(Metric("outcome", str(name), "lower", by.transpose("world", "policy")))
    for name in [actor] if actor else actors:
        if any(str(o).startswith(f"{name}.") for o in run.data["objective"].values):
            value = data["value"].sel(actor=name).drop_vars("actor").transpose("world", "policy")
            made.append(Metric("actor", name, "higher", value))
    if not made:
        raise FoedusError(
            f"actor '{actor}' wants nothing: it has no objectives." if actor else "nothing to compare by."
        )
    return made


def asked_metrics(run: Run, texts: Sequence[str], policies: Sequence[str], direction: Direction) -> list[Metric]:
    """The answers to queries under each policy, solved in the run's worlds."""
    import xarray as xr

    scope = query_scope(run.scenario)
    queries = [parse_query(text, scope) for text in texts]
    for text, query in zip(texts, queries, strict=True):
        if query.under is not None:
            raise FoedusError(f"'{text}' names a policy: a metric is asked under every policy. Leave 'under' out.")
    found = simulate(run.scenario, run.draws, policies, queries, observe=False).query
    return [
        Metric("query", text, direction, xr.DataArray(np.stack([found[p][i] for p in policies], axis=1),
                                                      {"policy": list(policies)}, ("world", "policy")))
        for i, text in enumerate(texts)
    ]  # fmt: skip


def choose(run: Run, metrics: Sequence[Metric], enough: float | None = None, explain: int | None = None) -> Choice:
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
    verdicts = [_verdict(run, metric, enough) for metric in metrics]
    for i, verdict in enumerate(verdicts[:explain]):
        verdicts[i] = replace(verdict, change=_change(run, verdict.metric))
    efficient = None
    if len(metrics) > 1:
        efficient = pareto({m.key: m.values for m in metrics}, {m.key: m.direction for m in metrics}, run.weights)
    return Choice(tuple(verdicts), efficient)


def _verdict(run: Run, metric: Metric, enough: float | None) -> Verdict:
    names = [str(p) for p in metric.values["policy"].values]
    if enough is None:
        factual = run.scenario.factual_policy
        column = names.index(factual) if factual in names else 0
        enough = float(weighted_quantile(table_of(metric.values)[:, column], 0.5, run.weights))
    compared = compare(metric.values, metric.direction, run.weights, None if np.isnan(enough) else enough)
    return Verdict(metric, compared, choices(compared))


def _change(run: Run, metric: Metric) -> Change | None:
    """Where the best policy on average stops being that, and where it loses to the runner-up."""
    weighed = ess(run.weights) >= LEAST_WORLDS
    weights = run.weights if weighed else even(len(run.weights))
    sign, values = (1.0 if metric.direction == "higher" else -1.0), table_of(metric.values)
    means = np.array([mean(sign * column, weights) for column in values.T])
    order = [int(i) for i in np.argsort(-means, kind="stable") if not np.isnan(means[i])]
    if len(order) < 2:
        return None
    names = [str(p) for p in metric.values["policy"].values]
    best, second = order[:2]
    defeat = _defeat(run, sign * (values[:, best] - values[:, second]), names[second], weights)
    tipping = _tipping(run, metric, names[best], weights) if ess(weights) >= LEAST_WORLDS else None
    return Change(names[best], weighed, tipping, defeat)


def _tipping(run: Run, metric: Metric, best: str, weights: Floats) -> tuple[TippingPoint, ...]:
    """Where ``best`` stops being the best on average, the clearest change first."""
    draws = {name: draw for name, draw in run.draws.items() if np.ptp(draw) > 0}
    points = tipping_points(draws, metric.values, metric.direction, weights)
    mine = [point for point in points if best in (point.below, point.above)]
    return tuple(sorted(mine, key=lambda p: (p.high - p.low) / float(np.ptp(draws[p.assumption]))))


def _defeat(run: Run, margin: Floats, other: str, weights: Floats) -> Defeat:
    """Where a policy does worse than the ``other``, by the ``margin`` [world] that it is better by."""
    wins = ~(margin < 0)
    box = where_it_fails(run.draws, wins, margin, weights)
    leaves = tree(run.draws, ~wins, weights) if box is not None and ess(weights) >= LEAST_WORLDS else []
    return Defeat(other, share(~wins, weights), box, tuple(leaves))
