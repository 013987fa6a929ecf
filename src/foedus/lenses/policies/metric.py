"""What policies are measured by: an outcome's probability, an actor's expected value, or a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from foedus.errors import FoedusError, nearest
from foedus.lenses.policies.rules import Direction
from foedus.scenario.query import parse_query
from foedus.scenario.scope import query_scope
from foedus.worlds.simulate import simulate

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run


MAIN_OUTCOMES = 4  # the outcomes written first are the main ones


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
        Metric(
            "query",
            text,
            direction,
            xr.DataArray(
                np.stack([found[p][i] for p in policies], axis=1), {"policy": list(policies)}, ("world", "policy")
            ),
        )
        for i, text in enumerate(texts)
    ]
