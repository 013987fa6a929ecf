"""As many worlds as are needed: a sample that grows until the shares of the claims are known well enough.

Worlds are drawn in steps, each about half as many again as there were, and nothing is solved twice: a world stays the
same when more are drawn (``worlds.sample``). After each step it is asked how wide the 95% intervals are (Wilson 1927, for
the effective number of worlds by Kish 1965) of the shares of worlds in which readings hold after the observations.

- While one is wider than WIDE, more worlds are drawn.
- While the verdict of a claim lies between two words (its interval crosses an edge) and is wider than CLOSE, more are drawn
  too. A share that lies on an edge would need worlds without end; at CLOSE it is known where it lies.
- Verdicts far from every edge ask for nothing once they are below WIDE. A share near 0 or 1 is there with few worlds.
- No step is begun that is expected to end after the budget; the first one, of FIRST worlds, always is.

A machine's speed decides about the number of worlds and about nothing else.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import NamedTuple

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.present.shares import Share, share_of
from foedus.runs import layout as kept
from foedus.runs.growth import Growth, Stop
from foedus.runs.plan import Plan
from foedus.scenario.query import Query
from foedus.worlds.sample import resolve
from foedus.worlds.thresholds import CLOSE, FIRST_WORLDS, MOST_GROWN, WIDE
from foedus.worlds.weights import Z95, spread

Clock = Callable[[], float]  # seconds from some moment on


class Known(NamedTuple):
    """What is known of all worlds so far: answers to queries by query [world], the log-likelihood of the observations
    [world], and the probability of each outcome by the end under the factual policy [world, outcome]. ``fresh``: how many
    worlds were solved for it just now."""

    answers: Mapping[Query, Floats]
    log_likelihood: Floats
    outcomes: Floats
    fresh: int


def known_of(plan: Plan, read: Callable[[str], Floats | None], fresh: int) -> Known:
    """What is known, of kept arrays over all worlds so far; ``read`` gives one by its name."""
    answers, heard = read(kept.ANSWERS), read(kept.key(kept.RECORD, "log_likelihood"))
    final = read(kept.key("outcome_by", plan.scenario.factual_policy))
    assert answers is not None and final is not None
    queries = {query: np.ascontiguousarray(answers[:, i]) for i, query in enumerate(plan.queries)}
    return Known(queries, np.zeros(len(answers)) if heard is None else heard.sum(axis=1), final[:, -1], fresh)


def grow(
    plan: Plan, solve: Callable[[Plan, range], Known], clock: Clock = time.monotonic, unit: int = 1
) -> tuple[Plan, Growth]:
    """The plan for as many worlds as are needed, all of them solved, and why there are no more.

    ``solve`` solves the worlds of a span and says what is known of all so far. Numbers of worlds are multiples of
    ``unit``.
    """
    started, solved, paces = clock(), 0, list[float]()
    while True:
        begun = clock()
        known = solve(plan, range(solved, plan.worlds))
        paces += [(clock() - begun) / known.fresh] if known.fresh else []
        solved = plan.worlds
        width, between, enough = _assess(plan, known)
        left = plan.settings.budget - (clock() - started)
        stop = enough or (Stop.MOST if solved >= MOST_GROWN else None)
        more = solved if stop else _next(solved, left, min(paces, default=0.0), unit)
        if more == solved:
            return plan, Growth(stop or Stop.BUDGET, plan.settings.budget, width, between)
        plan = plan.of(more)


def sizes(unit: int = 1) -> list[int]:
    """The numbers of worlds that are tried: FIRST_WORLDS, half as many again, twice as many, and so on, in units."""
    powers = (FIRST_WORLDS * 2**k for k in count())
    every = (size for power in powers for size in (power, power + power // 2))
    tried = list[int]()
    for size in every:
        if size > MOST_GROWN:
            return list(dict.fromkeys(-(-each // unit) * unit for each in tried))
        tried.append(size)
    return tried


def _next(solved: int, left: float, pace: float, unit: int) -> int:
    """The next number of worlds, or fewer where the seconds that are left do not allow it; the same where they allow
    none. What is begun between two steps is a step's quarter at least."""
    wanted = next((size for size in sizes(unit) if size > solved), solved)
    least = max(-(-(wanted - solved) // 4 // unit) * unit, unit)
    if pace * (wanted - solved) <= left:
        return wanted
    return solved + math.floor(max(left, 0.0) / pace) // least * least if pace > 0 else solved


def _assess(plan: Plan, known: Known) -> tuple[float, int, Stop | None]:
    """(widest interval, verdicts between two words, why that is enough or None)."""
    try:
        _, weights, effective = plan.sample.weigh(known.log_likelihood)
    except FoedusError:  # none of these worlds allows the observations; more may
        return 1.0, 0, None
    drawn = resolve(plan.scenario, plan.draws, plan.scenario.all_policies[plan.scenario.factual_policy].set)
    shares = [
        (reading.claim, share_of(reading.holds(known.answers, drawn, plan.worlds), weights))
        for reading in plan.readings
    ]
    if not shares:
        widths = [2 * Z95 * spread(each, weights) / math.sqrt(effective) for each in known.outcomes.T]
        width = max((each for each in widths if not math.isnan(each)), default=0.0)
        return width, 0, Stop.NARROW if width < WIDE else None
    width = max(_width(share) for _, share in shares)
    first = dict(reversed(shares))  # of each claim the first reading, which decides
    between = [share for share in first.values() if share.between]
    enough = width < WIDE and all(_width(share) < CLOSE for share in between)
    return width, len(between), (Stop.BETWEEN if between else Stop.NARROW) if enough else None


def _width(share: Share) -> float:
    return 0.0 if math.isnan(share.share) else share.high - share.low
