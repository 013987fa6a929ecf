"""Claims: in which worlds does a sentence of the argument hold, what decides it, was it built in?

A reading holds in a world or does not. Its share of worlds is not the probability that
the sentence is true: it says how much of the plausible space the sentence survives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.scenario.expr import Tree, evaluate
from foedus.scenario.query import Query, parse_reading, queries_of
from foedus.scenario.schema import Assumption, Evidence, Literature, Scenario
from foedus.scenario.scope import query_scope
from foedus.worlds.weights import share, weighted_quantile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_SIGN = {">": 1.0, ">=": 1.0, "<": -1.0, "<=": -1.0}
BUILT_IN, NOT_BUILT_IN, UNTESTED = "built in", "not built in", "untested"


@dataclass(frozen=True)
class Driver:
    """An assumption that matters: how much (0 to 1), and whether more of it helps (+1) or hurts (-1)."""

    assumption: str
    score: float
    direction: int


@dataclass
class ReadingResult:
    """One reading: shares of worlds in which it holds, prior and posterior, and what moves them.

    ``by_precision`` and ``zero`` (lambda 0) and ``neutral`` (what the claim rests on put at
    its neutral value) are shares on a labelled subset of worlds.
    """

    name: str
    text: str
    prior: float
    posterior: float
    undefined: float
    margin_quantiles: tuple[float, float, float]
    by_precision: dict[str, float] = field(default_factory=dict)
    zero: float = float("nan")
    neutral: float | None = None
    decides: list[Driver] = field(default_factory=list)
    fails_where: str = ""


@dataclass
class ClaimResult:
    """A claim with its readings; ``share`` is the posterior share under the first reading."""

    id: str
    says: str
    evidence: list[Evidence]
    label: str
    literature: Literature
    readings: list[ReadingResult]
    share: float
    verdict: str
    built_in: str
    warning: str = ""


class Claims(list[ClaimResult]):
    """The claims of a run, which show themselves: a line each, or a table in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(f"{c.id}: {c.verdict} ({c.share:.0%} of worlds), {c.built_in}" for c in self) or "no claims"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td title='{escape(c.says, quote=True)}'>{escape(c.label or c.id)}</td><td>{c.share:.0%}</td>"
            f"<td>{escape(c.verdict)}</td><td>{escape(c.built_in)}</td></tr>"
            for c in self
        )
        return f"<table><tr><th>claim</th><th>share</th><th>verdict</th><th>built in?</th></tr>{rows}</table>"


@dataclass
class OutcomeDriver:
    """What drives the probability of an outcome under a policy."""

    outcome: str
    policy: str
    drivers: list[Driver]


@dataclass(frozen=True)
class ReadReading:
    """A reading as a tree, its queries asked under the factual policy where they name none."""

    claim: str
    name: str
    text: str
    tree: Tree
    queries: tuple[Query, ...]

    @property
    def label(self) -> str:
        """``claim.reading``."""
        return f"{self.claim}.{self.name}"

    def holds(self, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Bools:
        """[worlds] whether it holds; False where it is undefined."""
        known = self.defined(answers, width)
        value = np.broadcast_to(np.asarray(self._value(self.tree, answers, assumptions), float), width)
        return np.asarray((value != 0) & ~np.isnan(value) & known)

    def defined(self, answers: Mapping[Query, Floats], width: int) -> Bools:
        """[worlds] whether every query has an answer."""
        known = np.ones(width, bool)
        for query in self.queries:
            known &= ~np.isnan(answers[query])
        return known

    def margin(self, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Floats:
        """[worlds] by how much it holds (below 0: fails); NaN where it is no comparison or undefined."""
        sign = _SIGN.get(self.tree[0])
        if sign is None:
            return np.full(width, np.nan)
        left, right = (self._value(part, answers, assumptions) for part in self.tree[1:])
        return np.array(np.broadcast_to(sign * (np.asarray(left, float) - right), width))

    def value(self, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Floats:
        """[worlds] the number that it comes to."""
        return np.array(np.broadcast_to(np.asarray(self._value(self.tree, answers, assumptions), float), width))

    def _value(self, tree: Tree, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats]) -> Floats:
        env: dict[Any, Floats] = {**dict[Any, Floats](assumptions), **answers}
        return np.asarray(evaluate(tree, {}, env))


def read_claims(scenario: Scenario) -> list[ReadReading]:
    """Every reading of every claim."""
    scope, factual = query_scope(scenario), scenario.factual_policy
    made = []
    for claim, written in scenario.claims.items():
        for name, text in written.readings.items():
            tree = under(parse_reading(text, scope), factual)
            made.append(ReadReading(claim, name, text, tree, tuple(queries_of(tree))))
    return made


def under(tree: Tree, policy: str) -> Tree:
    """The tree with its queries asked under ``policy`` where they name none."""
    if tree[0] == "query":
        return ("query", tree[1] if tree[1].under else replace(tree[1], under=policy))
    if tree[0] in ("num", "state", "asm", "t"):
        return tree
    return (tree[0], *(under(part, policy) for part in tree[1:]))


def summarise(reading: ReadReading, holds: Bools, margin: Floats, undefined: Bools, weights: Floats,
              prior: Floats | None = None) -> ReadingResult:  # fmt: skip
    """Shares of worlds, prior (equal weights unless given) and posterior, and the spread of the margin."""
    low, middle, high = (float(q) for q in weighted_quantile(margin, [0.05, 0.5, 0.95], weights))
    return ReadingResult(
        reading.name,
        reading.text,
        share(holds, prior),
        share(holds, weights),
        share(undefined, prior),
        (low, middle, high),
    )


def built_in(first: ReadingResult, rests_on: bool) -> str:
    """Whether the claim's first reading holds by construction.

    It does when it holds in 95% of prior worlds and in less than half of them once what it
    rests on is neutral, or when it holds in every world even where nobody weighs anything
    (precision 0). Without ``rests_on`` it is untested.
    """
    if first.prior >= 1 and first.zero >= 1:
        return BUILT_IN
    if not rests_on or first.neutral is None:
        return UNTESTED
    return BUILT_IN if first.prior >= 0.95 and first.neutral < 0.5 else NOT_BUILT_IN


def noise_warning(reading: ReadingResult) -> str:
    """A plain warning where the verdict turns when choices get more or less precise."""
    shares = [value for value in reading.by_precision.values() if not np.isnan(value)]
    if len(shares) < 2 or (min(shares) >= 0.5) == (max(shares) >= 0.5) or max(shares) - min(shares) < 0.25:
        return ""
    low, high = reading.by_precision.get("half", np.nan), reading.by_precision.get("perfect", np.nan)
    if low > high:
        return "The verdict rests on noise: it weakens as choices become more precise."
    return "The verdict depends on how precisely actors choose: it needs precise choices."


def neutral_scenario(scenario: Scenario, rests_on: Mapping[str, Any]) -> Scenario:
    """The scenario with some assumptions fixed."""
    changed = scenario.model_copy()
    changed.assumptions = {
        **scenario.assumptions,
        **{name: Assumption(value=value) for name, value in rests_on.items() if name in scenario.assumptions},
    }
    changed.actors = dict(scenario.actors)
    for name, value in rests_on.items():
        actor, _, own = name.partition(".")
        if own and actor in changed.actors:
            changed.actors[actor] = changed.actors[actor].model_copy(update={own: Assumption(value=value)})
    return changed
