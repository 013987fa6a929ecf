"""What the report reads from a run: labels in plain words, and spreads over worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.report.wording import lowered
from foedus.scenario.scope import period_of

if TYPE_CHECKING:
    from foedus.run import Run
    from foedus.scenario.schema import Scenario

Floats = NDArray[np.float64]
SETTINGS = {
    "zero": "by base rate alone",
    "half": "half as precise",
    "one": "as assumed",
    "twice": "twice as precise",
    "perfect": "perfectly rational",
}
LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95


def titled(name: str) -> str:
    """An identifier as a name: ``status_quo`` becomes ``Status quo``."""
    words = plain(name)
    return words[:1].upper() + words[1:]


def plain(name: str) -> str:
    """An identifier as words: ``status_quo`` becomes ``status quo``."""
    return name.replace("_", " ").strip()


class Names:
    """What the parts of a scenario are called: their label where one is written, else their id as words."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario

    def actor(self, name: str) -> str:
        """An actor's name."""
        actor = self.scenario.actors.get(name)
        return actor.label if actor and actor.label else titled(name)

    def objective(self, name: str) -> str:
        """``actor.objective`` as "Actor: objective"."""
        actor, _, objective = name.partition(".")
        written = self.scenario.objectives.get(actor, {}).get(objective)
        label = written.label if written and written.label else plain(objective)
        return f"{self.actor(actor)}: {label}"

    def policy(self, name: str) -> str:
        """A policy's name."""
        policy = self.scenario.policies.get(name)
        return policy.label if policy and policy.label else titled(name)

    def outcome(self, name: str) -> str:
        """An outcome's name; one that was not declared is called by its event."""
        outcome = self.scenario.outcomes.get(name)
        return outcome.label if outcome and outcome.label else titled(name)

    def action(self, name: str) -> str:
        """``phase.action`` as "phase: action"."""
        phase, _, action = name.partition(".")
        for written in self.scenario.turn:
            if written.id == phase and action in written.actions:
                label = written.actions[action].label or plain(action)
                return f"{written.label or titled(phase)}: {label}"
        return f"{titled(phase)}: {plain(action)}"

    def assumption(self, name: str) -> str:
        """An assumption's name; an actor's own number is "Actor: precision"."""
        written = self.scenario.assumptions.get(name)
        if written is not None:
            return written.label or titled(name)
        actor, _, what = name.partition(".")
        return f"{self.actor(actor)}: {plain(what)}" if what else titled(name)

    def variable(self, name: str) -> str:
        """A state variable's name."""
        variable = self.scenario.state.get(name)
        return variable.label if variable and variable.label else titled(name)

    def claim(self, name: str) -> str:
        """A claim's short name."""
        claim = self.scenario.claims.get(name)
        return claim.label if claim and claim.label else titled(name)

    def inside(self, text: str) -> str:
        """A name as it stands inside a sentence: lowered, unless it begins with an actor's."""
        return text if any(text.startswith(self.actor(actor)) for actor in self.scenario.actors) else lowered(text)


def quantiles(values: Floats, weights: Floats, probs: Sequence[float]) -> Floats:
    """Weighted quantiles over the first axis (worlds): ``[len(probs), ...]``; NaN values weigh nothing.

    The quantile at p is the smallest value whose cumulated weight reaches p.
    """
    order = np.argsort(values, axis=0)  # NaN sort last
    ranked = np.take_along_axis(values, order, axis=0)
    weight = np.where(np.isnan(ranked), 0.0, weights[order])
    cumulated = np.cumsum(weight, axis=0)
    total = cumulated[-1]
    picks = []
    for prob in probs:
        index = np.minimum((cumulated < prob * total * (1 - 1e-12)).sum(axis=0), values.shape[0] - 1)
        picks.append(np.take_along_axis(ranked, index[None], axis=0)[0])
    return np.where(total > 0, np.array(picks), np.nan)


@dataclass(frozen=True)
class Spread:
    """A number over worlds: its weighted average, median, and the ends between which 90% of the weight lies."""

    mean: float
    low: float
    median: float
    high: float


class Results:
    """A run as the report reads it. ``worlds`` is the first axis of every array."""

    def __init__(self, run: Run):
        self.run = run
        self.scenario: Scenario = run.scenario
        self.names = Names(run.scenario)
        self.weights: Floats = np.asarray(run.weights, dtype=float)
        self.policies: list[str] = [str(name) for name in run.policies]
        self.periods: list[str] = [str(label) for label in run.periods]
        self._labels: dict[str, list[str]] = {}

    @property
    def prior_weights(self) -> Floats:
        """Every world alike, where the sample is drawn from the assumptions as written."""
        if self.run.prior is not None:
            return self.run.prior
        return np.full(len(self.weights), 1.0 / len(self.weights))

    @property
    def factual(self) -> str:
        """The policy that stands for what is done now; the first one where it was not run."""
        name = self.scenario.factual_policy
        return name if name in self.policies else self.policies[0]

    @cached_property
    def outcomes(self) -> list[str]:
        """The outcomes' ids, the main one first."""
        return self.labels("outcome")

    def labels(self, dim: str) -> list[str]:
        """The labels along a dimension of the results."""
        if dim not in self._labels:
            there = dim in self.run.data.dims
            self._labels[dim] = [str(label) for label in self.run.data[dim].values] if there else []
        return self._labels[dim]

    def array(self, variable: str, *dims: str, **pick: str) -> Floats:
        """A variable as a plain array ``[world, *dims]``, with single labels picked; nothing else of it is read."""
        at = {dim: self.labels(dim).index(label) for dim, label in pick.items()}
        found = self.run.data[variable].isel(at)
        return np.ascontiguousarray(found.transpose("world", *dims).values, dtype=float)

    def mean(self, variable: str, *dims: str, policy: str) -> Floats:
        """The average over worlds (posterior) of a variable under a policy: ``[*dims]``."""
        return np.asarray(self.run.mean(variable, policy).transpose(*dims).values, dtype=float)

    @cached_property
    def final(self) -> Floats:
        """Probability that each outcome has happened by the end: ``[world, policy, outcome]``."""
        return self.array("outcome_by", "policy", "outcome", period=self.labels("period")[-1])

    def final_of(self, outcome: str, policy: str) -> Floats:
        """Probability of an outcome by the end under a policy: ``[world]``."""
        return self.final[:, self.policies.index(policy), self.outcomes.index(outcome)]

    def spread(self, values: Floats, weights: Floats | None = None) -> Spread:
        """The spread of one number per world, under the posterior weights unless others are given."""
        weights = self.weights if weights is None else weights
        known = ~np.isnan(values)
        total = weights[known].sum()
        mean = float(values[known] @ weights[known] / total) if total > 0 else float("nan")
        low, median, high = (float(v) for v in quantiles(values, weights, (LOW, MIDDLE, HIGH)))
        return Spread(mean, low, median, high)

    @property
    def end(self) -> str:
        """The last reported period in words: its date, or its number."""
        return self.periods[-1] if self.scenario.horizon.first else f"period {self.periods[-1]}"

    def final_spread(self, outcome: str, policy: str) -> Spread:
        """The spread of an outcome's final probability under a policy."""
        return self.spread(self.final_of(outcome, policy))

    def ranked_policies(self, outcome: str) -> list[tuple[str, Spread]]:
        """Policies from the lowest to the highest average probability of an outcome."""
        found = [(policy, self.final_spread(outcome, policy)) for policy in self.policies]
        return sorted(found, key=lambda pair: pair[1].mean)

    def selected_policies(self, most: int = 5) -> list[str]:
        """A few policies to draw: the factual one, those with the main outcome's lowest and highest risk, the first."""
        others = [p for p in self.policies if p != self.factual]
        if len(others) < most or not self.outcomes:
            return [self.factual, *others][:most]
        ranked = [p for p, _ in self.ranked_policies(self.outcomes[0]) if p != self.factual]
        wanted = [others[0], ranked[0], ranked[-1], ranked[1], *others]
        chosen = list(dict.fromkeys(wanted))[: most - 1]
        return [self.factual, *[p for p in self.policies if p in chosen]]

    def sweep(self, outcome: str, policy: str) -> dict[str, Floats]:
        """Setting of the precision -> final probability of an outcome in each world of the subset."""
        if self.run.sweep is None or not self.run.sweep.data_vars:
            return {}
        table = next(iter(self.run.sweep.data_vars.values()))
        settings = [str(s) for s in self.run.sweep["setting"].values]
        picked = table.sel(policy=policy, outcome=outcome)
        return {s: np.asarray(picked.sel(setting=s).values, dtype=float).ravel() for s in SETTINGS if s in settings}

    @property
    def observed_periods(self) -> list[int]:
        """Indices of the periods that have observations."""
        if not self.run.observed:
            return []
        found = {period_of(self.scenario, observation.at) for observation in self.scenario.observations}
        return sorted(t for t in found if 0 <= t < len(self.periods))
