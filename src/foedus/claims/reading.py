"""Claims: in which worlds does a sentence of the argument hold, what decides it, was it built in?

A reading holds in a world or does not. Its share of worlds is not the probability that
the sentence is true: it says how much of the plausible space the sentence survives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.scenario.dotted import ActorNumber
from foedus.scenario.parts import Assumption
from foedus.scenario.query import Query, parse_reading, queries_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.scenario.tree import Tree, leaves, undecided

_SIGN = {">": 1.0, ">=": 1.0, "<": -1.0, "<=": -1.0}


@dataclass(frozen=True)
class ParsedReading:
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
        value = self.value(answers, assumptions, width)
        return np.asarray((value != 0) & ~np.isnan(value))

    def defined(self, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Bools:
        """[worlds] whether it comes to a yes or no: not where that hangs on a query without an answer, or on a number that
        is undefined, as 0/0."""
        return np.asarray(~np.isnan(self.value(answers, assumptions, width)))

    def margin(self, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Floats:
        """[worlds] by how much it holds (below 0: fails); NaN where it is no comparison or undefined."""
        if self.tree[0] not in _SIGN:
            return np.full(width, np.nan)
        left, right = (_value(part, answers, assumptions, width) for part in self.tree[1:])
        return _SIGN[self.tree[0]] * (left - right)

    def value(self, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Floats:
        """[worlds] the number that it comes to."""
        return _value(self.tree, answers, assumptions, width)


def _value(tree: Tree, answers: Mapping[Query, Floats], assumptions: Mapping[str, Floats], width: int) -> Floats:
    rounded = {leaf[1]: _digits(answers[leaf[1]]) for leaf in leaves(tree) if leaf[0] == "query"}
    known: dict[Any, Floats] = {**dict[Any, Floats](assumptions), **rounded}
    return np.array(np.broadcast_to(np.asarray(undecided(tree, {}, known), float), width))


def _digits(answer: Floats) -> Floats:
    """An answer to twelve digits: sums of many products that should be equal differ in the last ones, and a tie must not be
    told as a difference."""
    with np.errstate(all="ignore"):
        scale = 10.0 ** (11 - np.floor(np.log10(np.abs(answer))))
        rounded = np.round(answer * scale) / scale
    return np.where(np.isfinite(rounded), rounded, answer)


def read_claims(scenario: Scenario) -> list[ParsedReading]:
    """Every reading of every claim."""
    scope, factual = query_scope(scenario), scenario.factual_policy
    readings = []
    for claim, written in scenario.claims.items():
        for name, reading in written.readings.items():
            tree = under(parse_reading(reading.holds, scope), factual)
            readings.append(ParsedReading(claim, name, reading.holds, tree, tuple(queries_of(tree))))
    return readings


def under(tree: Tree, policy: str) -> Tree:
    """The tree with its queries asked under ``policy`` where they name none."""
    if tree[0] == "query":
        return ("query", tree[1] if tree[1].under else replace(tree[1], under=policy))
    if tree[0] in ("num", "state", "asm", "t"):
        return tree
    return (tree[0], *(under(part, policy) for part in tree[1:]))


def neutral_scenario(scenario: Scenario, rests_on: Mapping[str, Any]) -> Scenario:
    """The scenario with some assumptions fixed."""
    assumptions, actors = dict(scenario.assumptions), dict(scenario.actors)
    for name, value in rests_on.items():
        fixed, number = Assumption(value=value), ActorNumber.read(name)
        if name in assumptions:
            assumptions[name] = fixed
        if number is not None and number.actor in actors:
            actors[number.actor] = actors[number.actor].model_copy(update={str(number.setting): fixed})
    return scenario.model_copy(update={"assumptions": assumptions, "actors": actors})
