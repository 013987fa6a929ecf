"""What was learned: each assumption before and after the observations, and which observation moved what.

Assumptions are compared by **rank**: the place of a value in its prior, from 0 to 1, so that the prior is uniform
whatever its shape. Observations are added one at a time in the order in which they happened (within a period, in the
order of the turn, states last). What an observation moved is the change of an assumption's posterior mean rank when
it is added to those before it; these changes add up to the whole (up to sampling, where worlds are drawn anew).
"""

from __future__ import annotations

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.scenario.dotted import ActionName
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.worlds.posterior import Posterior
from foedus.worlds.sample import uncertain
from foedus.worlds.weights import even, log_evidence, mixed, weighted_quantile

QUANTILES = (0.05, 0.5, 0.95)
BINS = 10  # of the rank, for the information gained


def in_order(scenario: Scenario) -> list[int]:
    """The observations as they happened: by period, then by place in the turn, states last."""
    places = {phase.id: k for k, phase in enumerate(scenario.turn)}

    def place(i: int) -> tuple[int, int]:
        o = scenario.observations[i]
        return period_of(scenario, o.at), places[ActionName.read(o.took[0]).phase] if o.took else len(places)

    return sorted(range(len(scenario.observations)), key=place)


def learning(scenario: Scenario, learned: Posterior, prior: Floats | None = None) -> Dataset:
    """Prior against posterior (``prior``: weights of the worlds before, unless alike), labelled by ``assumption`` (the uncertain ones) and ``observation`` (numbers).

    ``prior`` and ``posterior`` [assumption, quantile]: values at 5, 50 and 95%. ``rank`` [assumption, quantile]: where
    the posterior's lie in the prior. ``shift`` [assumption]: mean rank after less before. ``ks``: the largest gap
    between the two distributions (Kolmogorov and Smirnov). ``bits``: relative entropy of after to before, over ten
    equal parts of the prior, less what sampling alone would show (Miller and Madow 1955). ``beyond_chance``: whether
    ``ks`` is larger than sampling makes it in one of twenty runs in any assumption. ``moved`` [observation, assumption]
    as above; ``surprise`` [observation] bits, minus log2 of its probability beforehand; ``learned`` [observation] bits,
    the relative entropy over all assumptions of the worlds after it to those before it. Attributes: ``worlds``,
    ``effective_before``, ``effective``, ``least_effective`` (at any step on the
    way), ``resampled``, ``solved``, ``bits`` (all observations, all assumptions together).
    """
    import xarray as xr

    names, cloud, order = uncertain(scenario), learned.posterior, in_order(scenario)
    ranked = np.stack([cloud.unit[name] for name in names])
    ks = np.array([_gap(row, cloud.weights) for row in ranked])
    before = learned.weighted
    start = even(len(before.weights)) if prior is None else prior
    moved, surprise, gained, least = _by_observation(learned, names, order, start)
    vs = "assumption", "quantile"
    return xr.Dataset(
        {
            "prior": (vs, _quantiles([before.draws[name] for name in names], start)),
            "posterior": (vs, _quantiles([cloud.draws[name] for name in names], cloud.weights)),
            "rank": (vs, _quantiles(list(ranked), cloud.weights)),
            "shift": ("assumption", ranked @ cloud.weights - 0.5),
            "ks": ("assumption", ks),
            "bits": ("assumption", np.array([_bits(row, cloud.weights, cloud.effective) for row in ranked])),
            "beyond_chance": ("assumption", ks > _chance(len(names), cloud.effective)),
            "moved": (("observation", "assumption"), moved),
            "surprise": ("observation", surprise),
            "learned": ("observation", gained),
        },
        {"assumption": names, "quantile": list(QUANTILES), "observation": order},
        {
            "worlds": len(before.weights),
            "effective_before": before.effective,
            "effective": cloud.effective,
            "resampled": 0 if learned.resampled is None else len(cloud.weights),
            "bits": _together(learned, start),
            "least_effective": least,
            "stages": 0 if learned.smc is None else len(learned.smc.stages),
            "solved": len(before.weights) + (0 if learned.smc is None else learned.smc.evaluations),
        },
    )


def _quantiles(values: list[Floats], weights: Floats) -> Floats:
    return np.stack([weighted_quantile(column, QUANTILES, weights) for column in values])


def _gap(rank: Floats, weights: Floats) -> float:
    """The Kolmogorov-Smirnov distance of weighted ranks from the uniform distribution."""
    order = np.argsort(rank)
    above = np.cumsum(weights[order])
    return float(max((above - rank[order]).max(), (rank[order] - above + weights[order]).max()))


def _chance(tries: int, effective: float) -> float:
    """The distance that sampling alone exceeds, in any of ``tries`` assumptions, once in twenty times (Bonferroni)."""
    from scipy.special import kolmogi

    return float(kolmogi(0.05 / tries)) / float(np.sqrt(effective))


def _bits(rank: Floats, weights: Floats, effective: float) -> float:
    """The relative entropy of weighted ranks to the uniform distribution, in bits, sampling's share taken off."""
    shares = np.histogram(rank, BINS, (0, 1), weights=weights)[0]
    some = shares > 0
    raw = float(np.sum(shares[some] * np.log2(shares[some] * BINS)))
    return max(raw - (BINS - 1) / (2 * effective * float(np.log(2))), 0.0)


def _together(learned: Posterior, prior: Floats) -> float:
    """The relative entropy of the posterior to the prior over all assumptions, in bits: mean log-likelihood after
    less the log of the mean likelihood before."""
    cloud = learned.posterior
    logs = cloud.each.sum(axis=1)
    some = cloud.weights > 0
    evidence = log_evidence(logs, prior) if learned.smc is None else learned.smc.log_evidence
    return float((cloud.weights[some] @ logs[some] - evidence) / np.log(2))


def _by_observation(
    learned: Posterior, names: list[str], order: list[int], prior: Floats
) -> tuple[Floats, Floats, Floats, float]:
    """(moved [observation, assumption], surprise, learned [observation]; the fewest effective worlds at any step).

    The posterior after so many observations is made from the prior's worlds together with those drawn anew, each
    weighed against the mixture that both were drawn from (deterministic mixture: Owen and Zhou 2000).
    """
    clouds = [learned.weighted] + ([learned.resampled] if learned.resampled else [])
    each = np.concatenate([cloud.each[:, order] for cloud in clouds])
    unit = np.concatenate([np.stack([cloud.unit[name] for name in names], axis=1) for cloud in clouds])
    logs = np.concatenate([np.zeros((len(each), 1)), np.cumsum(each, axis=1)], axis=1)
    if learned.resampled is not None and learned.smc is not None:
        share = len(learned.resampled.weights) / len(each)
        prior, _ = mixed(logs[:, -1], share, learned.smc.log_evidence)
    with np.errstate(divide="ignore"):
        logs = logs + np.log(prior)[:, None]
    weights = np.exp(logs - logs.max(axis=0))
    weights /= weights.sum(axis=0)
    with np.errstate(divide="ignore"):
        evidence = np.log(np.sum(weights[:, :-1] * np.exp(each), axis=0))
    added = np.where(weights[:, 1:] > 0, each, 0.0)
    gained = np.sum(weights[:, 1:] * added, axis=0) - evidence
    least = float(1 / np.sum(weights**2, axis=0).max())
    return np.diff(weights.T @ unit, axis=0), -evidence / np.log(2), gained / np.log(2), least
