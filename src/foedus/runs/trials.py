"""What is tried on a few worlds that stand for all: other precisions, and what claims rest on made neutral or drawn anew.

All of it uses the same worlds, drawn from the posterior without chance (``weights.standing_for``), with the same weights, so
that what is tried differs from what is assumed in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.reading import neutral_scenario
from foedus.claims.sweep import Precision
from foedus.runs.layout import SWEPT_VARIABLES, Arrays
from foedus.runs.plan import Plan
from foedus.runs.solved import Solved, in_memory
from foedus.runs.work import Piece
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import name_seed, resolve, sample, uncertain
from foedus.worlds.weights import ess, even, standing_for

SWEEP = "sweep"


@dataclass(frozen=True)
class Group:
    """What some claims rest on, with the neutral values; the policies that they ask about."""

    neutral: tuple[tuple[str, float | str], ...]
    policies: tuple[str, ...]


class Trials:
    """The worlds of a plan that are used (``worlds``: their numbers, ``weights`` [few], worth ``effective`` equal ones), the
    pieces to be solved, and what comes of them. ``along`` is a number [world] that they are to be spread over. Nothing is tried where claims are not judged."""

    def __init__(self, plan: Plan, weights: Floats, along: Floats | None = None, redraw: bool = True):
        self.plan, self.redraw = plan, redraw
        self.worlds, self.weights = standing_for(weights, plan.subset, along)
        self.effective = ess(self.weights)
        self.draws = {name: draw[self.worlds] for name, draw in plan.draws.items()}

    @cached_property
    def groups(self) -> dict[str, Group]:
        """By claim that says what it rests on; claims that rest on the same are tried together."""
        policies: dict[tuple[tuple[str, float | str], ...], dict[str, None]] = {}
        resting = {claim: tuple(w.rests_on.items()) for claim, w in self.plan.scenario.claims.items() if w.rests_on}
        for reading in self.plan.readings:
            if reading.claim in resting:
                asked = policies.setdefault(resting[reading.claim], {})
                asked.update(dict.fromkeys(query.under for query in reading.queries if query.under))
        nothing = (self.plan.scenario.factual_policy,)  # for claims that ask nothing of the game
        return {
            claim: Group(neutral, tuple(policies[neutral]) or nothing)
            for claim, neutral in resting.items()
            if neutral in policies
        }

    def pieces(self) -> list[Piece]:
        """All that is to be solved."""
        if not self.plan.settings.judge:
            return []
        groups = dict.fromkeys(self.groups.values())
        sweep = Piece(SWEEP, 0, self.draws, tuple(self.plan.policies), self.plan.sweep, only=SWEPT_VARIABLES)
        neutral = [self._neutral(group) for group in groups]
        return [sweep, *neutral, *(self._redrawn(group) for group in groups if self.redrawn(group))]

    def redrawn(self, group: Group) -> list[str]:
        """Which of the assumptions of a group vary, so that they can be drawn anew; none where that is left out."""
        return [name for name, _ in group.neutral if self.redraw and name in uncertain(self.plan.scenario)]

    def _number(self, group: Group) -> int:
        return list(dict.fromkeys(self.groups.values())).index(group)

    def _neutral(self, group: Group) -> Piece:
        values = ", ".join(f"{key} = {value}" for key, value in group.neutral)
        claims = " and ".join(f"'{claim}'" for claim, its in self.groups.items() if its == group)
        about = f"With what claim {claims} rests on made neutral ({values})"
        scenario, draws = self.neutral(group)
        name = f"neutral-{self._number(group):03d}"
        return Piece(name, 0, draws, group.policies, scenario=scenario, only=SWEPT_VARIABLES, about=about)

    def _redrawn(self, group: Group) -> Piece:
        names = ", ".join(self.redrawn(group))
        about, name = f"With {names} drawn anew", f"redrawn-{self._number(group):03d}"
        return Piece(name, 0, self.anew(group), group.policies, only=SWEPT_VARIABLES, about=about)

    def neutral(self, group: Group) -> tuple[Scenario, dict[str, Floats]]:
        """The scenario with what a group rests on made neutral, and its draws."""
        few = len(self.worlds)
        put = {key: np.full(few, float(v)) for key, v in group.neutral if not isinstance(v, str)}
        return neutral_scenario(self.plan.scenario, dict(group.neutral)), self.draws | put

    def anew(self, group: Group) -> dict[str, Floats]:
        """The draws with those of a group from their distributions as written, by another seed (pick-freeze)."""
        seed = name_seed(self.plan.settings.seed, "redrawn") % 2**32
        again = sample(self.plan.scenario, len(self.worlds), seed)
        return self.draws | {name: again[name] for name in self.redrawn(group)}

    def read(self, arrays: Mapping[str, Arrays]) -> Tried:
        """What the solved pieces say, by name."""
        layout, by_group = self.plan.solver.layout, {group: self._number(group) for group in self.groups.values()}

        def solved(kind: str) -> dict[Group, Solved]:
            names = {group: f"{kind}-{number:03d}" for group, number in by_group.items()}
            return {
                group: in_memory(arrays[name], layout, group.policies)
                for group, name in names.items()
                if name in arrays
            }

        swept = arrays.get(SWEEP, {})
        steps = {step: in_memory(swept, layout, self.plan.policies, str(step)) for step in self.plan.sweep if swept}
        return Tried(steps, solved("neutral"), solved("redrawn"))


def expected_trials(plan: Plan) -> int:
    """How many worlds trials will solve, each under each policy, where weights turn out even."""
    return sum(piece.count for piece in Trials(plan, even(plan.worlds)).pieces())


@dataclass(frozen=True)
class Tried:
    """What was solved at each other precision, with what each group rests on made neutral, and with it drawn anew."""

    swept: Mapping[Precision, Solved]
    neutral: Mapping[Group, Solved]
    redrawn: Mapping[Group, Solved]


def resolved(scenario: Scenario, draws: Mapping[str, Floats]) -> dict[str, Floats]:
    """All assumptions under the factual policy."""
    return resolve(scenario, draws, scenario.all_policies[scenario.factual_policy].set)
