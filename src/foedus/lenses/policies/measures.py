"""Which measures are necessary for a goal and which suffice, read off policies that take some of them.

What a policy takes is declared (``measures: [deterrence, words]``) or derived: the measures are then the smallest policies,
by what they set, enable and bind beyond the factual one, and a policy that is exactly the union of some of them takes these.
Any policies can also be made measures of and every set of them solved (``combined``). The degrees are those of
``necessity`` (Pearl 1999; Ragin 2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from foedus.arraytypes import Bools
from foedus.errors import FoedusError
from foedus.lenses.policies.comparison import Direction
from foedus.lenses.policies.metric import Metric, MetricKind, own_metrics
from foedus.lenses.policies.necessity import Degrees, degree, degrees_of_sets
from foedus.runs.result import Run
from foedus.scenario.parts import Policy
from foedus.scenario.schema import Scenario

Taken = dict[str, frozenset[str]]
WITHIN = 0.1  # a goal is reached, unless a threshold is given, within a tenth of what all measures together bring
MOST_MEASURES = 6


@dataclass(frozen=True)
class Goal:
    """What is to be reached: a metric at most (or at least) ``threshold``, or ``within`` of its value under all measures."""

    metric: Metric
    threshold: float | None = None
    within: float = WITHIN

    def reached(self, everything: str | None) -> dict[str, Bools]:
        """[world] by policy. FoedusError where it depends on a policy that takes all measures and none does."""
        values = {str(p): self.metric.values.sel(policy=p).values for p in self.metric.values["policy"].values}
        lower = self.metric.direction == Direction.LOWER
        if self.threshold is not None:
            return {p: v <= self.threshold if lower else v >= self.threshold for p, v in values.items()}
        if everything is None:
            raise FoedusError("no policy takes all measures. Say what is good enough: --at-most or --at-least.")
        if not lower:
            raise FoedusError("say what is good enough: --at-least.")
        best = values[everything]
        return {p: ~(v > (1 + self.within) * best) & ~np.isnan(v) for p, v in values.items()}


@dataclass(frozen=True)
class GoalDegrees:
    """The degrees of every set of measures on one goal; ``taken`` is what each policy takes, ``reached`` its share of worlds."""

    goal: Goal
    taken: Taken
    reached: dict[str, float]
    sets: tuple[Degrees, ...]


def measures_of(scenario: Scenario) -> Taken:
    """What each policy takes, the factual one nothing; declared, or else derived. Empty where there is nothing to tell."""
    policies = scenario.all_policies
    factual = scenario.factual_policy
    declared = {name: frozenset(policy.measures) for name, policy in policies.items() if policy.measures}
    taken = {factual: frozenset[str](), **declared} if declared else _derived(policies, factual)
    return taken if len(taken) > 2 else {}


def _items(policy: Policy) -> frozenset[tuple[object, ...]]:
    """What a policy sets, enables and binds."""
    sets = [("set", name, value) for name, value in policy.set.items()]
    binds = [("bind", rule.model_dump_json()) for rule in policy.bind]
    return frozenset([*sets, *(("enable", name) for name in policy.enable), *binds])


def _derived(policies: Mapping[str, Policy], factual: str) -> Taken:
    base = _items(policies[factual])
    items: dict[frozenset[tuple[object, ...]], str] = {}
    for name, policy in policies.items():
        if _items(policy) > base:
            items.setdefault(_items(policy) - base, name)
    small = {part: name for part, name in items.items() if not any(other < part for other in items)}
    taken: Taken = {factual: frozenset()}
    for part, name in items.items():
        inside = {other: taken_by for other, taken_by in small.items() if other <= part}
        if frozenset().union(*inside) == part:
            taken[name] = frozenset(inside.values())
    return taken if any(len(measures) > 1 for measures in taken.values()) else {}


def combined(scenario: Scenario, chosen: Sequence[str]) -> Scenario:
    """The scenario with a policy for every set of the ``chosen`` ones, and the factual one for none. FoedusError where
    two of them cannot be had together: they set an assumption or bind a phase differently."""
    if not 2 <= len(set(chosen)) <= MOST_MEASURES:
        raise FoedusError(f"give 2 to {MOST_MEASURES} different measures, not {len(set(chosen))}.")
    factual = scenario.factual_policy
    base = scenario.all_policies[factual]
    policies = {factual: base.model_copy(update={"measures": []})}
    for size in range(1, len(chosen) + 1):
        for names in combinations(dict.fromkeys(chosen), size):
            policy = base
            for name in names:
                policy = _joined(policy, scenario.all_policies[name], name, names)
            labels = [scenario.all_policies[name].label or name for name in names]
            policy = policy.model_copy(update={"measures": list(names), "label": " + ".join(labels), "why": ""})
            policies["_and_".join(names)] = policy
    changed = scenario.model_copy()
    changed.policies, changed.claims, changed.factual = policies, {}, factual
    return changed


def _joined(policy: Policy, more: Policy, name: str, names: Sequence[str]) -> Policy:
    """Two policies at once; ``name`` is that of the second, one of ``names``."""
    clash = f"{' and '.join(names)} cannot be had together: '{name}'"
    for key, value in more.set.items():
        if policy.set.get(key, value) != value:
            raise FoedusError(f"{clash} sets '{key}' differently.")
    for rule in more.bind:
        if any(other.phase == rule.phase and other.do != rule.do for other in policy.bind):
            raise FoedusError(f"{clash} binds '{rule.phase}' differently.")
    bind = [*policy.bind, *(rule for rule in more.bind if rule not in policy.bind)]
    enable = list(dict.fromkeys([*policy.enable, *more.enable]))
    return Policy(set={**policy.set, **more.set}, enable=enable, bind=bind)


def degrees_on(run: Run, goal: Goal, taken: Taken) -> GoalDegrees:
    """The degrees of every set of measures that the run's policies tell something about."""
    known = {policy: measures for policy, measures in taken.items() if policy in run.policies}
    full = frozenset[str]().union(*known.values())
    everything = next((policy for policy, measures in known.items() if measures == full), None)
    reached = goal.reached(everything)
    shares = {policy: degree(reached[policy], None, run.weights).value for policy in known}
    return GoalDegrees(goal, known, shares, tuple(degrees_of_sets(reached, known, run.weights)))


def main_degrees(run: Run) -> list[GoalDegrees]:
    """The degrees on each main outcome, within a tenth of what all measures bring; empty where nothing tells."""
    taken = {policy: measures for policy, measures in measures_of(run.scenario).items() if policy in run.policies}
    full = frozenset[str]().union(*taken.values())
    if len(full) < 2 or full not in taken.values():
        return []
    outcomes = [metric for metric in own_metrics(run) if metric.kind == MetricKind.OUTCOME]
    return [degrees_on(run, Goal(metric), taken) for metric in outcomes]
