"""What policies are measured by: an outcome's probability, an actor's expected value, or a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from foedus.arraytypes import DataArray
from foedus.errors import FoedusError, nearest
from foedus.lenses.policies.comparison import Direction
from foedus.runs.result import Run
from foedus.scenario.dotted import ObjectiveName
from foedus.scenario.query import Query, Unit, parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.worlds.simulate import simulate

MAIN_OUTCOMES = 4  # the outcomes written first are the main ones


class MetricKind(StrEnum):
    """What a metric's name is the name of."""

    OUTCOME = "outcome"
    ACTOR = "actor"
    QUERY = "query"


@dataclass(frozen=True)
class Metric:
    """A number per world and policy (``values`` [world, policy]), which way is better, and what it is measured in."""

    kind: MetricKind
    name: str
    direction: Direction
    unit: Unit
    values: DataArray

    @property
    def key(self) -> str:
        """A name that no other metric of the run has."""
        return f"expect({self.name})" if self.kind == MetricKind.ACTOR else self.name

    @property
    def policies(self) -> list[str]:
        """The policies that it is known under."""
        return [str(policy) for policy in self.values["policy"].values]


def own_metrics(run: Run, actor: str | None = None, policies: Sequence[str] | None = None) -> list[Metric]:
    """What a run has already: the main outcomes by the end (lower is better), each actor's expected value (higher).
    With ``actor`` only that actor's value; with ``policies`` only these."""
    data = run.data.sel(policy=list(policies or run.policies))
    actors = [str(name) for name in run.data["actor"].values]
    if actor is not None and actor not in actors:
        raise FoedusError(f"'{actor}' is not an actor. {nearest(actor, actors)}".strip())
    outcomes = [] if actor else [str(name) for name in run.data["outcome"].values[:MAIN_OUTCOMES]]
    wanting = {ObjectiveName.read(str(objective)).actor for objective in run.data["objective"].values}
    probability = data["outcome_by"].isel(period=-1, drop=True)
    chances = [(name, _column(probability, outcome=name)) for name in outcomes]
    payoffs = [(name, _column(data["value"], actor=name)) for name in ([actor] if actor else actors) if name in wanting]
    if not chances + payoffs:
        nothing = f"actor '{actor}' wants nothing: it has no objectives." if actor else "nothing to compare by."
        raise FoedusError(nothing)
    return [
        *(Metric(MetricKind.OUTCOME, name, Direction.LOWER, Unit.PROBABILITY, values) for name, values in chances),
        *(Metric(MetricKind.ACTOR, name, Direction.HIGHER, Unit.PAYOFF, values) for name, values in payoffs),
    ]


def _column(values: DataArray, **picked: str) -> DataArray:
    return values.sel(picked, drop=True).transpose("world", "policy")


def metric_query(scenario: Scenario, text: str) -> Query:
    """A query that is asked under one policy after another; FoedusError where it names one itself."""
    query = parse_query(text, query_scope(scenario))
    if query.under is not None:
        raise FoedusError(f"'{text}' names a policy: a metric is asked under every policy. Leave 'under' out.")
    return query


def asked_metrics(run: Run, texts: Sequence[str], policies: Sequence[str], direction: Direction) -> list[Metric]:
    """The answers to queries under each policy, solved in the run's worlds."""
    import xarray as xr

    queries = [metric_query(run.scenario, text) for text in texts]
    answers = simulate(run.scenario, run.draws, policies, queries, observe=False).query
    labels = {"policy": list(policies)}
    metrics = []
    for i, (text, query) in enumerate(zip(texts, queries, strict=True)):
        table = np.stack([answers[policy][i] for policy in policies], axis=1)
        values = xr.DataArray(table, labels, ("world", "policy"))
        metrics.append(Metric(MetricKind.QUERY, text, direction, query.unit, values))
    return metrics
