"""Which measures are necessary for a goal and which suffice, read off policies that take some of them.

What a policy takes is declared (``measures: [deterrence, words]``) or derived: the measures are then the smallest policies,
by what they set, enable and bind beyond the factual one, and a policy that is exactly the union of some of them takes these.
Any policies can also be made measures of and every set of them solved (``combined``). The degrees are those of
``lenses.measures.necessity`` (Pearl 1999; Ragin 2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.errors import FoedusError
from foedus.lenses.policies.metric import MAIN_OUTCOMES, Metric, own_metrics
from foedus.lenses.policies.necessity import Consistency, Degree, Degrees, consistency, degree, necessity
from foedus.scenario.schema import Policy, Scenario

if TYPE_CHECKING:
    from foedus.runs.result import Run

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
        lower = self.metric.direction == "lower"
        if self.threshold is not None:
            return {p: v <= self.threshold if lower else v >= self.threshold for p, v in values.items()}
        if everything is None:
            raise FoedusError("no policy takes all measures. Say what is good enough: --at-most or --at-least.")
        if not lower:
            raise FoedusError("say what is good enough: --at-least.")
        best = values[everything]
        return {p: ~(v > (1 + self.within) * best) & ~np.isnan(v) for p, v in values.items()}


@dataclass(frozen=True)
class Need:
    """What one set of measures does for a goal.

    ``crucial``: the share of worlds where the goal is reached with all measures, not with this set alone and not
    without it: needed and not enough. ``cases``: Ragin's degrees over all policies and worlds.
    """

    degrees: Degrees
    crucial: Degree | None
    cases: Consistency


@dataclass(frozen=True)
class Needs:
    """The sets of measures on one goal; ``taken`` is what each policy takes, ``reached`` its share of worlds."""

    goal: Goal
    taken: Taken
    everything: str | None
    reached: dict[str, float]
    needs: tuple[Need, ...]


def measures_of(scenario: Scenario) -> Taken:
    """What each policy takes, the factual one nothing; declared, or else derived. Empty where there is nothing to tell."""
    policies = scenario.all_policies
    factual = scenario.factual_policy
    declared = {name: frozenset(policy.measures) for name, policy in policies.items() if policy.measures}
    taken = {factual: frozenset[str](), **declared} if declared else _derived(policies, factual)
    return taken if len(taken) > 2 else {}


def _items(policy: Policy) -> frozenset[str]:
    """What a policy sets, enables and binds, as text."""
    sets = {f"set {name} = {value}" for name, value in policy.set.items()}
    return frozenset(
        sets | {f"enable {name}" for name in policy.enable} | {f"bind {b.model_dump_json()}" for b in policy.bind}
    )


def _derived(policies: Mapping[str, Policy], factual: str) -> Taken:
    base = _items(policies[factual])
    items: dict[frozenset[str], str] = {}
    for name, policy in policies.items():
        if _items(policy) > base:
            items.setdefault(_items(policy) - base, name)
    small = {part: name for part, name in items.items() if not any(other < part for other in items)}
    taken: Taken = {factual: frozenset()}
    for part, name in items.items():
        inside = {other: one for other, one in small.items() if other <= part}
        if frozenset().union(*inside) == part:
            taken[name] = frozenset(inside.values())
    return taken if any(len(measures) > 1 for measures in taken.values()) else {}


def combined(scenario: Scenario, chosen: Sequence[str]) -> Scenario:
    """The scenario with a policy for every set of the ``chosen`` ones, and the factual one for none.

    FoedusError where two of them cannot be had together: they set an assumption or bind a phase differently.
    """
    if not 2 <= len(set(chosen)) <= MOST_MEASURES:
        raise FoedusError(f"give 2 to {MOST_MEASURES} different measures, not {len(set(chosen))}.")
    factual = scenario.factual_policy
    base = scenario.all_policies[factual]
    made = {factual: base.model_copy(update={"measures": []})}
    for size in range(1, len(chosen) + 1):
        for names in combinations(dict.fromkeys(chosen), size):
            policy = base
            for name in names:
                policy = _joined(policy, scenario.all_policies[name], name, names)
            labels = [scenario.all_policies[name].label or name for name in names]
            policy = policy.model_copy(update={"measures": list(names), "label": " + ".join(labels), "why": ""})
            made["_and_".join(names)] = policy
    changed = scenario.model_copy()
    changed.policies, changed.claims, changed.factual = made, {}, factual
    return changed


def _joined(one: Policy, two: Policy, name: str, names: Sequence[str]) -> Policy:
    """Two policies at once."""
    for key, value in two.set.items():
        if one.set.get(key, value) != value:
            raise FoedusError(f"{' and '.join(names)} cannot be had together: '{name}' sets '{key}' differently.")
    for rule in two.bind:
        if any(other.phase == rule.phase and other.do != rule.do for other in one.bind):
            raise FoedusError(
                f"{' and '.join(names)} cannot be had together: '{name}' binds '{rule.phase}' differently."
            )
    bind = [*one.bind, *(rule for rule in two.bind if rule not in one.bind)]
    enable = list(dict.fromkeys([*one.enable, *two.enable]))
    return Policy(set={**one.set, **two.set}, enable=enable, bind=bind)


def needs_of(run: Run, goal: Goal, taken: Taken) -> Needs:
    """The degrees of every set of measures that the run's policies tell something about."""
    known = {policy: measures for policy, measures in taken.items() if policy in run.policies}
    full = frozenset[str]().union(*known.values())
    everything = next((policy for policy, measures in known.items() if measures == full), None)
    reached = goal.reached(everything)
    weights = run.weights
    found = necessity({policy: reached[policy] for policy in known}, known, weights)
    by_set = {measures: reached[policy] for policy, measures in known.items()}
    needs = []
    for one in found:
        crucial = None
        alone, without = by_set.get(one.measures), by_set.get(full - one.measures)
        if everything is not None and alone is not None and without is not None:
            whole = reached[everything]
            crucial = degree(whole & ~alone & ~without, np.ones(len(weights), bool), weights)
        needs.append(Need(one, crucial, _cases(one.measures, known, reached, weights)))
    shares = {policy: degree(reached[policy], np.ones(len(weights), bool), weights).value for policy in known}
    return Needs(goal, known, everything, shares, tuple(needs))


def _cases(measures: frozenset[str], known: Taken, reached: Mapping[str, Bools], weights: Floats) -> Consistency:
    having = np.concatenate([np.full(len(weights), float(measures <= taken)) for taken in known.values()])
    goal = np.concatenate([reached[policy].astype(float) for policy in known])
    return consistency(having, goal, np.tile(weights, len(known)))


def main_needs(run: Run) -> list[Needs]:
    """The degrees on each main outcome, within a tenth of what all measures bring; empty where nothing tells."""
    taken = {policy: measures for policy, measures in measures_of(run.scenario).items() if policy in run.policies}
    full = frozenset[str]().union(*taken.values())
    if len(full) < 2 or full not in taken.values():
        return []
    outcomes = [metric for metric in own_metrics(run) if metric.kind == "outcome"][:MAIN_OUTCOMES]
    return [needs_of(run, Goal(metric), taken) for metric in outcomes]
