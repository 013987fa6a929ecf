"""Whether a set of measures is enough for a goal, and whether the goal can do without it.

Each world is solved under several policies, so what would have happened otherwise is known and not inferred.
With N no measures, S the set alone, F everything, and F-S everything but the set:

- sufficiency: the share of worlds where the goal is reached under S;
- sufficiency where needed: the same, among the worlds where it is not reached under N
  (the probability of sufficiency of Pearl 1999: a goal that is reached anyway proves nothing);
- necessity: among the worlds where it is reached under F, the share where it is not under F-S
  (the probability of necessity of Pearl 1999, 2000, chapter 9). The factual state that it presumes is that all measures
  are taken and the goal is reached: it says nothing of worlds where even all of them miss it, and another fact (the set
  alone, say) would give another degree. A condition is necessary in the sense of Goertz and Starr (2002), without which
  the outcome does not come about, where the degree is 1.

Needed and not enough: the share of worlds where it is reached under F, and neither under S nor under F-S.

Over all policies and worlds as cases, the set-theoretic degrees of Ragin (2006), which also take
degrees between 0 and 1: consistency of sufficiency sum min(x, y) / sum x, of necessity
sum min(x, y) / sum y, where x is having the set and y the goal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from foedus.arraytypes import ArrayLike, Bools, Weights
from foedus.errors import FoedusError
from foedus.present.shares import Share
from foedus.worlds.weights import ess, normalised

Measures = frozenset[str]
MOST_MEASURES = 12  # more have too many sets to try


@dataclass(frozen=True)
class Degree:
    """A share of worlds, the share of all worlds that it is a share of, and its standard error.

    ``value`` is NaN where there is no world to count. ``error`` is of the sampling of worlds only:
    sqrt(p (1 - p) / effective number of worlds counted).
    """

    value: float
    counted: float
    error: float
    worlds: float = 0.0

    @property
    def told(self) -> Share:
        """The share with the interval that the ``worlds`` counted (effective number) leave."""
        return Share.of(self.value, self.worlds)


@dataclass(frozen=True)
class Consistency:
    """Ragin's consistency of 'the set suffices' and of 'the set is necessary', each the other's coverage."""

    sufficient: float
    necessary: float


@dataclass(frozen=True)
class Degrees:
    """What a set of measures does for a goal; None where a policy that tells is not among those solved. ``over_cases``:
    Ragin's degrees over all policies and worlds."""

    measures: Measures
    sufficiency: Degree | None
    sufficiency_where_needed: Degree | None
    necessity: Degree | None
    needed_not_enough: Degree | None
    over_cases: Consistency


def degree(holds: ArrayLike, among: ArrayLike | None = None, weights: Weights = None) -> Degree:
    """The weighted share of the worlds ``among`` (all unless told) in which something ``holds``."""
    true = np.asarray(holds, dtype=bool)
    inside = np.ones(len(true), bool) if among is None else np.asarray(among, dtype=bool)
    mass = normalised(weights, len(inside))
    counted = float(mass[inside].sum())
    if counted <= 0:
        return Degree(float("nan"), 0.0, float("nan"))
    value = min(float(mass[inside & true].sum()) / counted, 1.0)
    worlds = ess(mass[inside])
    return Degree(value, counted, float(np.sqrt(value * (1 - value) / worlds)), worlds)


def degrees_of_sets(
    reached: Mapping[str, ArrayLike], policies: Mapping[str, Iterable[str]], weights: Weights = None
) -> list[Degrees]:
    """The degrees of every set of measures that the policies tell something about, small sets first.

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
    worlds = {measures: np.asarray(reached[policy], dtype=bool) for measures, policy in by_measures.items()}
    every = [_degrees(measures, worlds, weights) for measures in _subsets(frozenset().union(*worlds))]
    return [each for each in every if each.sufficiency is not None or each.necessity is not None]


def _degrees(measures: Measures, worlds: Mapping[Measures, Bools], weights: Weights) -> Degrees:
    """The degrees of a set from whether the goal is reached [world] by the measures taken."""
    full: Measures = frozenset().union(*worlds)
    alone, nothing = worlds.get(measures), worlds.get(frozenset())
    whole, without = worlds.get(full), worlds.get(full - measures)
    suffices = where_needed = necessary = crucial = None
    if alone is not None:
        suffices = degree(alone, None, weights)
        where_needed = None if nothing is None else degree(alone, ~nothing, weights)
    if whole is not None and without is not None:
        necessary = degree(~without, whole, weights)
        crucial = None if alone is None else degree(whole & ~alone & ~without, None, weights)
    having = [np.full(len(goal), float(measures <= taken)) for taken, goal in worlds.items()]
    mass = None if weights is None else np.tile(np.asarray(weights), len(worlds))
    over_cases = consistency(np.concatenate(having), np.concatenate([*worlds.values()]), mass)
    return Degrees(measures, suffices, where_needed, necessary, crucial, over_cases)


def _subsets(full: Measures) -> list[Measures]:
    """Every set of measures but the empty one, small ones first."""
    names = sorted(full)
    if len(names) > MOST_MEASURES:
        raise FoedusError(f"{len(names)} measures have too many sets to try: take at most {MOST_MEASURES}.")
    return [frozenset(chosen) for size in range(1, len(names) + 1) for chosen in combinations(names, size)]


def consistency(having: ArrayLike, goal: ArrayLike, weights: Weights = None) -> Consistency:
    """Set-theoretic degrees over cases (Ragin 2006); ``having`` and ``goal`` are memberships in [0, 1]."""
    x, y = (np.asarray(part, dtype=float) for part in (having, goal))
    if ((x < 0) | (x > 1)).any() or ((y < 0) | (y > 1)).any():
        raise FoedusError("memberships lie between 0 and 1.")
    mass = normalised(weights, len(x))
    both = float(np.sum(mass * np.minimum(x, y)))
    sizes = float(np.sum(mass * x)), float(np.sum(mass * y))
    return Consistency(*(both / size if size > 0 else float("nan") for size in sizes))
