"""A number or a verdict that drivers are asked for: any expression of queries, or a reading of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.claims.reading import ParsedReading, read_claims, under
from foedus.errors import FoedusError, nearest
from foedus.scenario.query import Query, Unit, parse_reading, queries_of, unit_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.scenario.tree import differentiate
from foedus.worlds.query_slopes import assumption_slopes, query_slopes
from foedus.worlds.sample import resolve
from foedus.worlds.simulate import Games, simulate

COMPARISONS = (">", ">=", "<", "<=")


@dataclass(frozen=True)
class Subject:
    """What is asked about. A ``claim`` holds or not and has a margin; a query is a number."""

    scenario: Scenario
    reading: ParsedReading
    is_claim: bool
    policy: str

    @property
    def text(self) -> str:
        """What was asked, as written."""
        return self.reading.text

    @property
    def unit(self) -> Unit:
        """What it is measured in; a claim is true or not."""
        return unit_of(self.reading.tree)

    @property
    def policies(self) -> list[str]:
        """The policies that must be solved."""
        return list(dict.fromkeys(query.under for query in self.reading.queries if query.under))

    @property
    def is_margin(self) -> bool:
        """Whether there is a number: a query, or a claim that compares two."""
        return not self.is_claim or self.reading.tree[0] in COMPARISONS

    @property
    def is_smooth(self) -> bool:
        """Whether its slopes can be worked out."""
        return self.is_margin and self.scenario.rationality != "perfect"

    def solve(self, draws: Mapping[str, Floats], games: Games | None = None) -> tuple[Floats | None, Bools | None]:
        """(the number or margin [world], whether it holds [world]); None for what it does not have."""
        width = len(next(iter(draws.values())))
        played = simulate(self.scenario, draws, self.policies, self.reading.queries, observe=False, games=games).query
        answers = {q: played[q.under][i] for i, q in enumerate(self.reading.queries) if q.under}
        assumptions = resolve(self.scenario, draws, self.scenario.all_policies[self.policy].set)
        if not self.is_claim:
            return self.reading.value(answers, assumptions, width), None
        margin = self.reading.margin(answers, assumptions, width) if self.is_margin else None
        return margin, self.reading.holds(answers, assumptions, width)

    def slopes(self, draws: Mapping[str, Floats]) -> tuple[Floats, dict[str, Floats]]:
        """(the number or margin [world], its slope in each assumption [world]), exact; see ``worlds.query_slopes``.
        FoedusError for a reading that is no comparison, and for perfect rationality."""
        if not self.is_margin:
            why = "this reading is no comparison of two numbers, so nothing moves by degrees."
            raise FoedusError(f"{why} Take another --reading.")
        values, moving = assumption_slopes(self.scenario, self.policy, draws)
        known: dict[Any, Floats] = dict(values)
        moves: dict[Any, Mapping[Any, Floats]] = dict(moving)
        for policy in self.policies:
            asked: list[Query] = [q for q in self.reading.queries if q.under == policy]
            answers, slopes = query_slopes(self.scenario, draws, policy, asked)
            for i, query in enumerate(asked):
                known[query] = answers[i]
                moves[query] = {name: array[i] for name, array in slopes.items()}
        tree, sign = self.reading.tree, 1.0
        if self.is_claim:
            sign = 1.0 if tree[0] in (">", ">=") else -1.0
            tree = ("-", *tree[1:])
        value, slope = differentiate(tree, known, moves)
        full = partial(np.full, len(next(iter(draws.values()))))
        return full(sign * value), {name: full(sign * slope.get(name, 0.0)) for name in draws}


def query_subject(scenario: Scenario, text: str, policy: str | None = None) -> Subject:
    """A query, or arithmetic of queries, asked under ``policy`` (the factual one) where it names none."""
    name = policy or scenario.factual_policy
    tree = under(parse_reading(text, query_scope(scenario)), name)
    if not queries_of(tree):
        raise FoedusError(f"'{text}' asks nothing of the game. As in: prob(eventually(...)).")
    reading = ParsedReading("", "", text, tree, tuple(queries_of(tree)))
    return Subject(scenario, reading, unit_of(tree) == Unit.TRUTH, name)


def claim_subject(scenario: Scenario, claim: str, reading: str | None = None) -> Subject:
    """A reading of a claim, the first one unless named."""
    if claim not in scenario.claims:
        raise FoedusError(f"'{claim}' is not a claim. {nearest(claim, scenario.claims)}".strip())
    readings = {each.name: each for each in read_claims(scenario) if each.claim == claim}
    if reading is not None and reading not in readings:
        raise FoedusError(f"'{reading}' is not a reading of '{claim}'. {nearest(reading, readings)}".strip())
    chosen = readings[reading] if reading else next(iter(readings.values()))
    return Subject(scenario, chosen, True, scenario.factual_policy)
