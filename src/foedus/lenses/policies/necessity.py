"""Whether a set of measures is enough for a goal, and whether the goal can do without it.

Each world is solved under several policies, so what would have happened otherwise is known and not inferred.
With N no measures, S the set alone, F everything, and F-S everything but the set:

- sufficiency: the share of worlds where the goal is reached under S;
- sufficiency where needed: the same, among the worlds where it is not reached under N
  (the probability of sufficiency of Pearl 1999: a goal that is reached anyway proves nothing);
- necessity: among the worlds where it is reached under F, the share where it is not under F-S
  (the probability of necessity of Pearl 1999).

Over all policies and worlds as cases, the set-theoretic degrees of Ragin (2006), which also take
degrees between 0 and 1: consistency of sufficiency sum min(x, y) / sum x, of necessity
sum min(x, y) / sum y, where x is having the set and y the goal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from foedus.errors import FoedusError
from foedus.worlds.weights import ess, normalised

Measures = frozenset[str]


@dataclass(frozen=True)
class Degree:
    """A share of worlds, the share of all worlds that it is a share of, and its standard error.

    ``value`` is NaN where there is no world to count. ``error`` is of the sampling of worlds only:
    sqrt(p (1 - p) / effective number of worlds counted).
    """

    value: float
    counted: float
    error: float


@dataclass(frozen=True)
class Degrees:
    """What a set of measures does for a goal; None where a policy that tells is not among those solved."""

    measures: Measures
    sufficiency: Degree | None
    sufficiency_where_needed: Degree | None
    necessity: Degree | None


def degree(holds: ArrayLike, among: ArrayLike, weights: ArrayLike | None = None) -> Degree:
    """The weighted share of the worlds ``among`` in which something ``holds``."""
    inside, true = np.asarray(among, dtype=bool), np.asarray(holds, dtype=bool)
    mass = normalised(weights, len(inside))
    counted = float(mass[inside].sum())
    if counted <= 0:
        return Degree(float("nan"), 0.0, float("nan"))
    value = min(float(mass[inside & true].sum()) / counted, 1.0)
    return Degree(value, counted, float(np.sqrt(value * (1 - value) / ess(mass[inside]))))


def degrees(
    measures: Iterable[str],
    alone: ArrayLike | None,
    nothing: ArrayLike | None,
    everything: ArrayLike | None,
    without: ArrayLike | None,
    weights: ArrayLike | None = None,
) -> Degrees:
    """The degrees of a set from whether the goal is reached [world] under S, N, F and F-S (None: not solved)."""
    every = None if alone is None else np.ones(len(np.asarray(alone)), dtype=bool)
    return Degrees(
        frozenset(measures),
        None if alone is None or every is None else degree(alone, every, weights),
        None if alone is None or nothing is None else degree(alone, ~np.asarray(nothing, dtype=bool), weights),
        None
        if everything is None or without is None
        else degree(~np.asarray(without, dtype=bool), everything, weights),
    )


def necessity(
    reached: Mapping[str, ArrayLike],
    policies: Mapping[str, Iterable[str]],
    weights: ArrayLike | None = None,
    sets: Iterable[Iterable[str]] | None = None,
) -> list[Degrees]:
    """The degrees of every set of measures that the policies tell something about, or of ``sets``.

    ``reached[policy]`` [world] is whether the goal is reached; ``policies[policy]`` are the measures it takes.
    Everything is the union of them all. Two policies with the same measures are refused.
    """
    by_measures: dict[Measures, str] = {}
    for policy, taken in policies.items():
        if policy not in reached:
            raise FoedusError(f"whether the goal is reached under policy '{policy}' is not given.")
        other = by_measures.setdefault(frozenset(taken), policy)
        if other != policy:
            raise FoedusError(f"policies '{other}' and '{policy}' take the same measures.")
    full = frozenset().union(*by_measures)

    def found(measures: Measures) -> ArrayLike | None:
        return reached[by_measures[measures]] if measures in by_measures else None

    asked = [frozenset(item) for item in sets] if sets is not None else _subsets(full)
    unknown = sorted(frozenset().union(*asked) - full)
    if unknown:
        raise FoedusError(f"no policy takes the measure '{unknown[0]}'.")
    results = [
        degrees(item, found(item), found(frozenset()), found(full), found(full - item), weights) for item in asked
    ]
    told = [one for one in results if one.sufficiency is not None or one.necessity is not None]
    return results if sets is not None else told


def _subsets(full: Measures) -> list[Measures]:
    """Every set of measures but the empty one, small ones first."""
    names = sorted(full)
    if len(names) > 12:
        raise FoedusError(f"{len(names)} measures have too many sets to try: say which sets are meant.")
    return [frozenset(chosen) for size in range(1, len(names) + 1) for chosen in combinations(names, size)]


@dataclass(frozen=True)
class Consistency:
    """Ragin's consistency of 'the set suffices' and of 'the set is necessary', each the other's coverage."""

    sufficient: float
    necessary: float


def consistency(having: ArrayLike, goal: ArrayLike, weights: ArrayLike | None = None) -> Consistency:
    """Set-theoretic degrees over cases (Ragin 2006); ``having`` and ``goal`` are memberships in [0, 1]."""
    x, y = (np.asarray(part, dtype=float) for part in (having, goal))
    if ((x < 0) | (x > 1)).any() or ((y < 0) | (y > 1)).any():
        raise FoedusError("memberships lie between 0 and 1.")
    mass = normalised(weights, len(x))
    both = float(np.sum(mass * np.minimum(x, y)))
    sizes = float(np.sum(mass * x)), float(np.sum(mass * y))
    return Consistency(*(both / size if size > 0 else float("nan") for size in sizes))
