"""Decision rules for when we do not know which world we are in, one row each.

To add a rule, add a row to ``_ROWS``: the choice, the tables and the sentences take it from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.policies.comparison import Direction


@dataclass(frozen=True)
class Rule:
    """A decision rule: the policy with the largest ``score`` [policy] of a comparison (see ``comparison.compare``). The
    score is None where the rule does not apply. ``words`` head its column; ``verb`` says what its choice does."""

    id: str
    words: str
    verb: str
    source: str
    score: Callable[[Dataset], Floats | None]


def _expected(compared: Dataset) -> Floats:
    return Direction(compared.attrs["direction"]).sign * compared["mean"].values


def _worst_regret(compared: Dataset) -> Floats:
    return -compared["regret_max"].values


def _mean_regret(compared: Dataset) -> Floats:
    return -compared["regret_mean"].values


def _satisficing(compared: Dataset) -> Floats | None:
    return compared["satisficing"].values if "satisficing" in compared else None


_ROWS = (
    Rule("expected", "best on average", "is best on average", "Bernoulli 1738", _expected),
    Rule("minimax_regret", "smallest worst regret", "has the smallest worst regret", "Savage 1951", _worst_regret),
    Rule("regret_mean", "smallest mean regret", "has the smallest mean regret", "Savage 1951", _mean_regret),
    Rule("satisficing", "good enough most often", "is good enough most often", "Simon 1956", _satisficing),
)
RULES: dict[str, Rule] = {rule.id: rule for rule in _ROWS}


def chosen_by_rule(compared: Dataset) -> dict[str, str]:
    """The policy that each rule would choose. The first among equals; a rule that does not apply, or under which every
    policy is undefined, is left out."""
    names = [str(name) for name in compared.coords["policy"].values]
    scores = {rule: row.score(compared) for rule, row in RULES.items()}
    told = {rule: score for rule, score in scores.items() if score is not None and not np.isnan(score).all()}
    return {rule: names[int(np.nanargmax(score))] for rule, score in told.items()}
