"""What observations have settled: outcomes and acts that are told as observed, not as likely or unlikely."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from foedus.game.numbers import NumberReader
from foedus.scenario.limits import COMBINATIONS
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, constant, evaluate, state_names


@dataclass(frozen=True)
class Settled:
    """An event that was observed: first in ``period``, with the chance that the coding of what says so is wrong."""

    period: int
    error: float


def settled(scenario: Scenario, event: Tree) -> Settled | None:
    """When an event was first observed: an observed state that cannot be without it. None where none says so.

    Of several records of the first period that says so, the surest counts; a record that is as likely wrong as right
    says nothing.
    """
    tree = NumberReader(scenario).tree
    told = []
    for o in scenario.observations:
        error = constant(tree(o.error))
        if o.is_ is not None and error < 0.5 and _implies(scenario, tree(o.is_), event):
            told.append((period_of(scenario, o.at), error))
    return Settled(*min(told)) if told else None


def _implies(scenario: Scenario, seen: Tree, wanted: Tree) -> bool:
    """Whether in every state in which ``seen`` holds ``wanted`` does, and there is one."""
    names = sorted(state_names(seen) | state_names(wanted))
    sizes = [len(scenario.scopes[name]) for name in names]
    if prod(sizes) > COMBINATIONS:
        return seen == wanted
    state = dict(zip(names, np.array(list(product(*map(range, sizes))), float).T, strict=True))
    holds = np.broadcast_to(np.asarray(evaluate(seen, state, {}), float) != 0, prod(sizes))
    follows = np.broadcast_to(np.asarray(evaluate(wanted, state, {}), float) != 0, prod(sizes))
    return bool(holds.any() and follows[holds].all())


def recorded_acts(scenario: Scenario) -> Counter[str]:
    """How often each action was recorded, by its name; records that leave open which of several it was are left out."""
    return Counter(o.took[0] for o in scenario.observations if o.took and len(o.took) == 1)
