"""Decision rules for when we do not know which world we are in, one row each.

To add a rule, add a row to ``_ROWS``: the choice, the tables and the sentences take it from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.policies.comparison import Direction
from foedus.present.wording import percent
from foedus.worlds.ties import tied


@dataclass(frozen=True)
class Rule:
    """A decision rule: the policy with the largest ``score`` [policy] of a comparison (see ``comparison.compare``). The
    score is None where the rule does not apply. ``words`` head its column; ``verb`` says what its choice does.
    ``error`` names the standard errors [policy, other] of differences in the score, where the sample of worlds leaves
    any; ``share`` says that the score is a share of worlds."""

    id: str
    words: str
    verb: str
    source: str
    score: Callable[[Dataset], Floats | None]
    error: str = ""
    share: bool = False


def _expected(compared: Dataset) -> Floats:
    return Direction(compared.attrs["direction"]).sign * compared["mean"].values


def _worst_regret(compared: Dataset) -> Floats:
    return -compared["regret_max"].values


def _mean_regret(compared: Dataset) -> Floats:
    return -compared["regret_mean"].values


def _satisficing(compared: Dataset) -> Floats | None:
    return compared["satisficing"].values if "satisficing" in compared else None


_ROWS = (
    Rule("expected", "best on average", "is best on average", "Bernoulli 1738", _expected, "mean_error"),
    Rule("minimax_regret", "smallest worst regret", "has the smallest worst regret", "Savage 1951", _worst_regret),
    Rule(
        "regret_mean", "smallest mean regret", "has the smallest mean regret", "Savage 1951", _mean_regret, "mean_error"
    ),
    Rule(
        "satisficing",
        "good enough most often",
        "is good enough most often",
        "Simon 1956",
        _satisficing,
        "satisficing_error",
        share=True,
    ),
)
RULES: dict[str, Rule] = {rule.id: rule for rule in _ROWS}


def tied_by_rule(compared: Dataset, say: Callable[[float], str] | None = None) -> dict[str, tuple[str, ...]]:
    """By rule the policy that it would choose, and after it those that tie with it (see ``worlds.ties``).

    The best on average is the choice of every rule by which it ties. ``say`` is how numbers of the metric are printed. A
    rule that does not apply, or under which every policy is undefined, is left out.
    """
    names = [str(name) for name in compared.coords["policy"].values]
    level: dict[str, tuple[str, ...]] = {}
    for rule, row in RULES.items():
        score = row.score(compared)
        if score is not None and not np.isnan(score).all():
            errors = compared[row.error].values if row.error else None
            level[rule] = tuple(names[i] for i in tied(score, errors, percent if row.share else say))
    best = level["expected"][0] if "expected" in level else ""
    return {rule: tuple(sorted(tie, key=lambda name: name != best)) for rule, tie in level.items()}


def chosen_by_rule(compared: Dataset) -> dict[str, str]:
    """The policy that each rule would choose: the best on average where it ties."""
    return {rule: tie[0] for rule, tie in tied_by_rule(compared).items()}
