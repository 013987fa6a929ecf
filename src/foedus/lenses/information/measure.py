"""Information: what it would be worth to know more, and what misperception costs.

Two questions. To someone who could choose among the run's policies, what would it be worth to know the world, or
one assumption, first (``lenses.information.voi``)? And how would the same policy turn out if everybody saw things as they are:
without hidden beliefs, known disagreements and secrets, all together and one at a time?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats
from foedus.lenses.information.blind_spots import BlindSpot, SpotKind, blind_spots, without
from foedus.lenses.information.voi import floor, partial, partial_with_error, perfect
from foedus.lenses.labels import label_coords
from foedus.runs.result import Run
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import TERMINAL
from foedus.worlds.sample import uncertain
from foedus.worlds.simulate import Games, simulate
from foedus.worlds.ties import ROUNDING, paired_error, rounding, tied

FEW = 24  # worlds in which the variants are solved
MOST = 6  # single things whose dropping is looked at; all together always are
WITH_ERROR = 12  # assumptions of each chooser whose errors are worked out
_DIMS = {
    "level": ("chooser", "option"),
    **dict.fromkeys(("evppi", "evppi_error", "evppi_bias"), ("chooser", "assumption")),
}


@dataclass(frozen=True)
class Chooser:
    """Who could choose a policy: an actor, by what it is paid, or whoever wants an ``outcome`` least."""

    actor: str = ""
    outcome: str = ""

    @property
    def label(self) -> str:
        """The actor, or ``least:OUTCOME``."""
        return self.actor or f"least:{self.outcome}"


def look(run: Run, policy: str) -> xr.Dataset:
    """What knowing more is worth, over all worlds, and what misperception does under ``policy``, over a few.

    A ``chooser`` is an actor (by what it is paid in the reported periods, discounted, at true odds) or, last,
    whoever wants the first outcome (``chooser_outcome``) to be as improbable as can be. It chooses among the ``option`` that
    somebody can choose. ``best`` [chooser] is the one that it would choose, ``level`` [chooser, option] that and those that tie
    with it, ``gain`` what it is worth to it against ``policy``; ``evpi`` and ``evpi_error`` what knowing the world first would add;
    ``switch`` the share of worlds in which another policy is better. ``evppi`` [chooser, assumption] is the same for one
    assumption, with ``evppi_error`` and ``evppi_bias`` (NaN below the first dozen); ``floor`` and ``floor_mean`` [chooser] the most that 200 irrelevant
    assumptions seem worth with these worlds, and their average. By ``world_few`` (weights ``weight``): ``paid``, ``paid_if`` [item, actor] and
    ``risk``, ``risk_if`` [item, outcome]: as things are perceived, and were ``item`` (a blind spot, or all) dropped;
    ``price`` [item, actor] is what perceiving things so costs each actor (Bennett 1980), below 0 where it gains by it.
    Attributes: ``policy``, ``worlds``, ``worlds_few``, ``left_out``.
    """
    names = [name for name in uncertain(run.scenario) if name in run.draws and np.ptp(run.draws[name]) > 0]
    values = values_of(run)
    options = [i for i, name in enumerate(run.policies) if name in run.scenario.choosable] or [
        *range(len(run.policies))
    ]
    rows = [_worths(run, policy, names, options, each) for each in values.values()]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    data = xr.Dataset(
        {name: (_DIMS.get(name, ("chooser",)), column) for name, column in columns.items()},
        coords={
            **label_coords("chooser", Chooser, list(values)),
            "assumption": names,
            "option": [run.policies[i] for i in options],
        },
    )
    data = data.merge(_misperception(run, policy))
    left_out = max(len(blind_spots(run.scenario, policy)) - MOST, 0)
    attrs = {"policy": policy, "worlds": len(run.weights), "worlds_few": data.sizes["world_few"], "left_out": left_out}
    return data.assign_attrs(attrs)


def values_of(run: Run) -> dict[Chooser, Floats]:
    """[world, policy] for each chooser, higher being better."""
    value = run.data["value"].transpose("actor", "world", "policy")
    values = {Chooser(str(actor)): np.asarray(part, float) for actor, part in zip(value["actor"].values, value.values)}
    for outcome in run.data["outcome"].values[:1]:
        risk = run.data["outcome_by"].sel(outcome=outcome).isel(period=-1).transpose("world", "policy")
        values[Chooser(outcome=str(outcome))] = -np.asarray(risk.values, float)
    return values


def _worths(run: Run, policy: str, names: list[str], options: list[int], every: Floats) -> dict[str, Any]:
    """What information is worth to one chooser with ``every`` [world, policy], who can choose the ``options``; by assumption
    in the order of ``names``.

    The error is worked out for the first dozen. No assumption can be worth more than all together.
    """
    here = run.weights @ every[:, run.policies.index(policy) if policy in run.policies else 0]
    values = every[:, options]
    average = run.weights @ values
    level = tied(average, paired_error(values, run.weights))
    best = level[0]
    evpi, error = perfect(values, run.weights)
    worth, errors, bias = np.zeros((3, len(names)))
    mean = high = 0.0
    if evpi > 0:
        mean, high = floor(values, run.weights)
        worth[:] = [min(partial(values, run.draws[name], run.weights), evpi) for name in names]
        errors[:] = bias[:] = np.nan
        for i in np.argsort(-worth, kind="stable")[:WITH_ERROR]:
            _, errors[i], bias[i] = partial_with_error(values, run.draws[names[i]], run.weights)
    return {
        "best": run.policies[options[best]],
        "level": np.isin(np.arange(len(options)), level),
        "gain": gain if abs(gain := average[best] - here) > ROUNDING else 0.0,
        "evpi": evpi,
        "evpi_error": error,
        "switch": float(run.weights @ (values.max(axis=1) - values[:, best] > rounding(values[:, best]))),
        "floor": high,
        "floor_mean": mean,
        "evppi": worth,
        "evppi_error": errors,
        "evppi_bias": bias,
    }


def _misperception(run: Run, policy: str) -> xr.Dataset:
    """Payments and outcomes as things are perceived, and with each blind spot dropped."""
    subset, spots = run.few(FEW), blind_spots(run.scenario, policy)
    items = {BlindSpot(SpotKind.ALL): spots} if len(spots) != 1 else {}
    items |= {spot: [spot] for spot in spots[:MOST]}
    paid, risk = _as_run(subset, policy) if policy in run.policies else _played(run.scenario, subset, policy)
    others = [without(run.scenario, policy, each) for each in items.values()]
    dropped = [_played(other, subset, policy) if spots else (paid, risk) for other in others]
    return xr.Dataset(
        {
            "paid": (("world_few", "actor"), paid),
            "risk": (("world_few", "outcome"), risk),
            "paid_if": (("world_few", "item", "actor"), np.stack([p for p, _ in dropped], axis=1)),
            "risk_if": (("world_few", "item", "outcome"), np.stack([r for _, r in dropped], axis=1)),
            "price": (("world_few", "item", "actor"), np.stack([p - paid for p, _ in dropped], axis=1)),
            "weight": ("world_few", subset.weights),
        },
        coords={
            "actor": list(run.scenario.actors),
            "outcome": list(outcomes_of(run.scenario)),
            **label_coords("item", BlindSpot, list(items)),
            "world_few": subset.data["world"].values,
        },
    )


def _as_run(subset: Run, policy: str) -> tuple[Floats, Floats]:
    """What each actor is paid and the outcomes' probabilities, from the run."""
    which, values = subset.policies.index(policy), values_of(subset)
    paid = np.stack([values[Chooser(actor)][:, which] for actor in subset.scenario.actors], axis=1)
    risk = subset.data["outcome_by"].isel(policy=which, period=-1).transpose("world", "outcome")
    return paid, np.asarray(risk.values, float)


def _played(scenario: Scenario, subset: Run, policy: str) -> tuple[Floats, Floats]:
    """The same, solved anew for another scenario."""
    games = Games(scenario, (), outcomes_of(scenario), observe=False)
    result = simulate(scenario, subset.draws, [policy], games=games).results[policy]
    owners = np.array([actor for actor, _ in result.objectives])
    kept = np.array([name != TERMINAL for _, name in result.objectives], bool)
    paid = np.stack([result.pays[:, (owners == actor) & kept].sum(axis=1) for actor in scenario.actors], axis=1)
    return paid, result.by[:, -1]
