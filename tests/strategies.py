"""Random small scenarios, valid by construction, that together use the whole language.

``make_case(rng)`` takes any ``random.Random``; ``cases()`` is the same as a Hypothesis strategy.
Assumptions are named for what they may be used in: ``q`` a small probability, ``o`` one that
enters nothing but nature's odds, ``x`` an amount, ``w`` a positive amount, ``g`` a switch that
guards may read, ``f`` a switch of commitments, ``d`` one derived from others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from foedus.scenario.schema import Scenario
from oracle import Oracle, settle
from strategies_scenario import Features, Maker

MAX_PATHS = 3000


@dataclass
class Case:
    """A scenario, some worlds of it (all assumptions by name, derived ones included) and queries as text."""

    scenario: Scenario
    worlds: list[dict[str, float]]
    queries: list[str]
    raw: dict[str, Any] = field(repr=False, default_factory=dict)


class CaseMaker(Maker):
    """Draws worlds of a scenario and queries about it too."""

    def world(self, scenario: Scenario) -> dict[str, float]:
        drawn = {}
        for name, assumption in scenario.all_assumptions.items():
            distribution = assumption.distribution
            if distribution is not None:
                low, high = distribution.parameters[0], distribution.parameters[-1]
                picked = (
                    self.rng.choice(distribution.parameters)
                    if distribution.kind == "choice"
                    else self.rng.uniform(low, high)
                )
                drawn[name] = float(picked)
        return settle(scenario, drawn, {})

    def options(self, window: bool = True) -> str:
        text = ""
        if self.chance(0.45):
            text += f", given={self.event()}"
        if self.chance(0.25):
            name = self.variable(scratch=False)
            text += f", from_={name} == {self.rng.choice(self.variables[name]['levels'])}"
        if window and self.chance(0.35):
            a, b = sorted([self.rng.randrange(self.periods), self.rng.randrange(self.periods)])
            text += f", during=({a}, {b})"
        return text

    def query(self, turn: list[dict[str, Any]]) -> str:
        decisions = [phase for phase in turn if "decide" in phase]
        phase = self.rng.choice(decisions)
        action = f"{phase['id']}.{self.rng.choice(sorted(phase['actions']))}"
        actor, other = self.rng.sample(self.actors, 2)
        kinds = [
            "eventually",
            "eventually",
            "always",
            "at",
            "first",
            "rate",
            "share",
            "expect",
            "expect",
            "most",
            "least",
            "alignment",
        ]
        match self.rng.choice(kinds):
            case "eventually" | "always" as mode:
                return f"prob({mode}({self.event()}){self.options()})"
            case "at":
                return f"prob({self.event()}, at={self.rng.randrange(self.periods)}{self.options(False)})"
            case "first":
                return f"first({self.event()}{self.options()})"
            case "rate" | "share" as kind:
                return f"{kind}({action}{self.options()})"
            case "expect":
                return f"expect({self.rng.choice([actor, f'{actor}.word', f'{actor}.gain'])}{self.options(False)})"
            case "alignment":
                return f"alignment({actor}, {other})"
            case kind:
                start = ""
                if self.chance(0.3):
                    name = self.variable(scratch=False)
                    start = f", from_={name} == {self.rng.choice(self.variables[name]['levels'])}"
                return f"{kind}({actor}, {self.event()}{start})"


def make_case(rng: random.Random, features: Features | None = None, worlds: int = 3, queries: int = 8) -> Case:
    """A scenario with few enough paths to list, worlds of it, and queries."""
    while True:
        maker = CaseMaker(rng, features or Features())
        raw = maker.scenario()
        scenario = Scenario.model_validate(raw)
        drawn = [maker.world(scenario) for _ in range(worlds)]
        if all(Oracle(scenario, drawn[0], name).count() <= MAX_PATHS for name in scenario.all_policies):
            return Case(scenario, drawn, [maker.query(raw["turn"]) for _ in range(queries)], raw)


def cases(features: Features | None = None, **sizes: int) -> st.SearchStrategy[Case]:
    """Random cases by Hypothesis."""
    seeds = st.integers(0, 2**32 - 1)
    return seeds.map(lambda seed: make_case(random.Random(seed), features, **sizes))
