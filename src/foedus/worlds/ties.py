"""Ties: which of several numbers are as good as the largest, as far as arithmetic, print and the sample of worlds can tell.

A lead counts as a win only where it is larger than rounding, is seen in the numbers as they are printed, and has a 95%
interval that leaves out 0. The interval is that of the difference within the same worlds: what moves both alike drops out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.arraytypes import Floats, Weights
from foedus.worlds.weights import normalised

ROUNDING = 1e-9  # a difference below this, relative to numbers above 1, is arithmetic's
_SIGMAS = 1.96  # standard errors within which 95% of samples lie
_OPEN = ("<", ">")  # how a number is printed that is not told itself: these may differ by much


def rounding(values: Floats) -> Floats:
    """By how much numbers of this size may differ and still be the same; as large as ``values``."""
    return ROUNDING * np.maximum(np.abs(np.nan_to_num(values, posinf=0.0, neginf=0.0)), 1.0)


def paired_error(values: Floats, weights: Weights = None) -> Floats:
    """[item, item] the standard error of the difference between two items' weighted means over the same worlds, from
    ``values`` [world, item]; over the worlds in which both are defined, NaN where there are none."""
    mass = normalised(weights, len(values))
    errors = np.full((values.shape[1],) * 2, np.nan)
    for i, one in enumerate(values.T):
        for j, other in enumerate(values.T[:i]):
            known = ~np.isnan(one) & ~np.isnan(other) & (mass > 0)
            if known.any():
                part, gap = mass[known] / mass[known].sum(), one[known] - other[known]
                errors[i, j] = errors[j, i] = np.sqrt(np.sum((part * (gap - part @ gap)) ** 2))
    np.fill_diagonal(errors, 0.0)
    return errors


def tied(scores: Floats, errors: Floats | None = None, say: Callable[[float], str] | None = None) -> list[int]:
    """The places of the largest score and of those that tie with it, the largest first (the first of equals).

    ``errors`` [item, item] are standard errors of differences, ``say`` is how the size of a score is printed; each is left
    out where it has no meaning. Scores that are NaN are no part of it.
    """
    places = np.flatnonzero(~np.isnan(scores))
    if not len(places):
        return []
    top = float(scores[places].max())
    best = next(int(i) for i in places if top - scores[i] <= rounding(scores)[i])

    def level(i: int) -> bool:
        gap, slack = top - scores[i], float(rounding(scores)[i])
        if errors is not None and not np.isnan(errors[best, i]):
            slack = max(slack, _SIGMAS * float(errors[best, i]))
        return bool(gap <= slack) or (say is not None and _printed_alike(float(scores[i]), top, say))

    return [best, *(int(i) for i in places if i != best and level(int(i)))]


def _printed_alike(score: float, top: float, say: Callable[[float], str]) -> bool:
    """Whether two numbers of one sign are printed the same, and are told themselves."""
    printed = say(abs(top))
    return score * top > 0 and say(abs(score)) == printed and printed[:1] not in _OPEN
