"""Information: what it would be worth to know more, and what misperception costs.

Two questions. To someone who could choose among the run's policies, what would it be worth to know the world, or
one assumption, first (``lenses.information.voi``)? And how would the same policy turn out if everybody saw things as they are:
without hidden beliefs, known disagreements and secrets, all together and one at a time?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.information.voi import floor, partial, partial_with_error, perfect
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Policy, Scenario
from foedus.scenario.scope import TERMINAL
from foedus.worlds.sample import uncertain
from foedus.worlds.simulate import Games, simulate

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run

FEW = 24  # worlds in which the variants are solved
MOST = 6  # single things whose dropping is looked at; all together always are
WITH_ERROR = 12  # assumptions of each chooser whose errors are worked out


def look(run: Run, policy: str) -> xr.Dataset:
    """What knowing more is worth, over all worlds, and what misperception does under ``policy``, over a few.

    A ``chooser`` is an actor (by what it is paid in the reported periods, discounted, at true odds) or, last,
    ``least:OUTCOME``, who wants the first outcome to be as improbable as can be. ``best`` [chooser] is the policy that it would choose, ``gain``
    what that is worth to it against ``policy``; ``evpi`` and ``evpi_error`` what knowing the world first would add; ``switch`` the
    share of worlds in which another policy is better. ``evppi`` [chooser, assumption] is the same for one
    assumption, with ``evppi_error`` and ``evppi_bias`` (NaN below the first dozen); ``floor`` and ``floor_mean`` [chooser] the most that 200 irrelevant
    assumptions seem worth with these worlds, and their average. By ``world_few`` (weights ``weight``): ``paid``, ``paid_if`` [item, actor] and
    ``risk``, ``risk_if`` [item, outcome]: as things are perceived, and were ``item`` dropped. Attributes: ``policy``, ``worlds``, ``worlds_few``, ``left_out``.
    """
    import xarray as xr

    choosing = _choosing(run, policy)
    seen = _misperception(run, policy)
    choosing.update(seen)
    left = max(len(blind_spots(run.scenario, policy)) - MOST, 0)
    choosing.attrs = {
        "policy": policy,
        "worlds": len(run.weights),
        "worlds_few": seen.sizes["world_few"],
        "left_out": left,
    }
    assert isinstance(choosing, xr.Dataset)
    return choosing


def _choosing(run: Run, policy: str) -> xr.Dataset:
    """The value of information to each chooser."""
    import xarray as xr

    names = [name for name in uncertain(run.scenario) if name in run.draws and np.ptp(run.draws[name]) > 0]
    metrics = metrics_of(run)
    here = run.policies.index(policy) if policy in run.policies else 0
    found: dict[str, list[Any]] = {
        name: []
        for name in (
            "best",
            "gain",
            "evpi",
            "evpi_error",
            "switch",
            "floor",
            "floor_mean",
            "evppi",
            "evppi_error",
            "evppi_bias",
        )
    }
    for values in metrics.values():
        average = run.weights @ values
        best = int(np.argmax(average))
        value, error = perfect(values, run.weights)
        mean, high = floor(values, run.weights) if value > 0 else (0.0, 0.0)
        worth, errors, bias = _partials(run, values, names, value)
        row = (
            run.policies[best],
            average[best] - average[here],
            value,
            error,
            float(run.weights @ (values.max(axis=1) > values[:, best] + 1e-12)),
            high,
            mean,
            worth,
            errors,
            bias,
        )
        for part, item in zip(found.values(), row, strict=True):
            part.append(item)
    wide = {"evppi", "evppi_error", "evppi_bias"}
    arrays = {
        name: (("chooser", "assumption"), np.array(rows).reshape(len(metrics), len(names)))
        if name in wide
        else ("chooser", rows)
        for name, rows in found.items()
    }
    return xr.Dataset(arrays, coords={"chooser": list(metrics), "assumption": names})


def metrics_of(run: Run) -> dict[str, Floats]:
    """[world, policy] for each chooser, higher being better."""
    value = run.data["value"].transpose("actor", "world", "policy")
    found = {str(actor): np.asarray(part, float) for actor, part in zip(value["actor"].values, value.values)}
    for outcome in run.data["outcome"].values[:1]:
        risk = run.data["outcome_by"].sel(outcome=outcome).isel(period=-1).transpose("world", "policy")
        found[f"least:{outcome}"] = -np.asarray(risk.values, float)
    return found


def _partials(run: Run, values: Floats, names: list[str], most: float) -> tuple[list[float], list[float], list[float]]:
    """The value of each assumption, and errors of the first dozen; none can be worth more than all together."""
    if most <= 0:
        return [0.0] * len(names), [0.0] * len(names), [0.0] * len(names)
    worth = [min(partial(values, run.draws[name], run.weights), most) for name in names]
    errors, bias = [float("nan")] * len(names), [float("nan")] * len(names)
    for i in np.argsort(-np.array(worth), kind="stable")[:WITH_ERROR]:
        _, errors[i], bias[i] = partial_with_error(values, run.draws[names[i]], run.weights)
    return worth, errors, bias


# --- misperception ------------------------------------------------------------------------------


def blind_spots(scenario: Scenario, policy: str) -> list[str]:
    """What keeps parties from seeing things alike under a policy.

    ``belief:ACTOR.NAME`` is held without the others' knowledge, ``dispute:ACTOR.NAME`` with it;
    ``secret:COMMITMENT``; ``binding:N`` is the policy's N-th rule, kept secret.
    """
    found = [
        f"{'dispute' if belief.known else 'belief'}:{actor}.{name}"
        for actor, held in scenario.beliefs.items()
        for name, belief in held.items()
    ]
    found += [f"secret:{name}" for name, c in scenario.commitments.items() if c.known_to is not None]
    rules = scenario.all_policies[policy].bind
    return found + [f"binding:{i}" for i, rule in enumerate(rules) if not rule.known]


def without(scenario: Scenario, policy: str, spots: list[str]) -> Scenario:
    """The scenario in which these are dropped: believers see what is true, all know of the secrets."""
    beliefs = {
        actor: {
            name: b
            for name, b in held.items()
            if f"belief:{actor}.{name}" not in spots and f"dispute:{actor}.{name}" not in spots
        }
        for actor, held in scenario.beliefs.items()
    }
    commitments = {
        name: c.model_copy(update={"known_to": None}) if f"secret:{name}" in spots else c
        for name, c in scenario.commitments.items()
    }
    written = scenario.all_policies[policy]
    rules = [
        rule.model_copy(update={"known": True, "known_to": None}) if f"binding:{i}" in spots else rule
        for i, rule in enumerate(written.bind)
    ]
    policies: dict[str, Policy] = {**scenario.all_policies, policy: written.model_copy(update={"bind": rules})}
    kept = {actor: held for actor, held in beliefs.items() if held}
    return scenario.model_copy(update={"beliefs": kept, "commitments": commitments, "policies": policies})


def _misperception(run: Run, policy: str) -> xr.Dataset:
    """Payments and outcomes as things are perceived, and with each blind spot dropped."""
    import xarray as xr

    some = run.few(FEW)
    spots = blind_spots(run.scenario, policy)
    items = {"all": spots} if len(spots) != 1 else {}
    items |= {spot: [spot] for spot in spots[:MOST]}
    actors, outcomes = list(run.scenario.actors), list(outcomes_of(run.scenario))
    if policy in run.policies:
        paid, risk = _as_run(some, policy)
    else:
        paid, risk = _played(run.scenario, some, policy)
    ifs = [
        _played(without(run.scenario, policy, dropped), some, policy) if spots else (paid, risk)
        for dropped in items.values()
    ]
    names = ("world_few", "item")
    return xr.Dataset(
        {
            "paid": (("world_few", "actor"), paid),
            "risk": (("world_few", "outcome"), risk),
            "paid_if": ((*names, "actor"), np.stack([one for one, _ in ifs], axis=1)),
            "risk_if": ((*names, "outcome"), np.stack([one for _, one in ifs], axis=1)),
            "weight": ("world_few", some.weights),
        },
        coords={"actor": actors, "outcome": outcomes, "item": list(items), "world_few": some.data["world"].values},
    )


def _as_run(some: Run, policy: str) -> tuple[Floats, Floats]:
    """What each actor is paid and the outcomes' probabilities, from the run."""
    which = some.policies.index(policy)
    metrics = metrics_of(some)
    paid = np.stack([metrics[actor][:, which] for actor in some.scenario.actors], axis=1)
    risk = some.data["outcome_by"].isel(policy=which, period=-1).transpose("world", "outcome")
    return paid, np.asarray(risk.values, float)


def _played(scenario: Scenario, some: Run, policy: str) -> tuple[Floats, Floats]:
    """The same, solved anew for another scenario."""
    outcomes = outcomes_of(scenario)
    games = Games(scenario, (), outcomes, observe=False)
    result = simulate(scenario, some.draws, [policy], outcomes=outcomes, observe=False, games=games).results[policy]
    owners = np.array([actor for actor, _ in result.objectives])
    kept = np.array([name != TERMINAL for _, name in result.objectives], bool)
    paid = np.stack([result.pays[:, (owners == actor) & kept].sum(axis=1) for actor in scenario.actors], axis=1)
    return paid, result.by[:, -1]
