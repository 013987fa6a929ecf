"""A run as it is told: its labels in plain words, its arrays, and spreads over worlds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.sweep import Precision
from foedus.present.likelihood import estimative
from foedus.present.wording import percent
from foedus.record.settled import Settled, settled
from foedus.runs.result import Run
from foedus.scenario.names import Names
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree
from foedus.worlds.thresholds import SURE_RECORD
from foedus.worlds.ties import paired_error, tied
from foedus.worlds.weights import Spread, even


class RunView:
    """A run as tellings read it. ``world`` is the first axis of every array."""

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
        return even(len(self.weights)) if self.run.prior is None else self.run.prior

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
            labels = self.run.data[dim].values if dim in self.run.data.dims else ()
            self._labels[dim] = [str(label) for label in labels]
        return self._labels[dim]

    def array(self, variable: str, *dims: str, **pick: str) -> Floats:
        """A variable as a plain array ``[world, *dims]``, with single labels picked; nothing else of it is read."""
        picked = self.run.data[variable].isel({dim: self.labels(dim).index(label) for dim, label in pick.items()})
        return np.ascontiguousarray(picked.transpose("world", *dims).values, dtype=float)

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
        return Spread.of(values, self.weights if weights is None else weights)

    @property
    def end(self) -> str:
        """The last reported period in words: its date, or its number."""
        return self.periods[-1] if self.scenario.horizon.first else f"period {self.periods[-1]}"

    def final_spread(self, outcome: str, policy: str) -> Spread:
        """The spread of an outcome's final probability under a policy."""
        return self.spread(self.final_of(outcome, policy))

    @property
    def choosable(self) -> list[str]:
        """The policies that somebody can choose; all where nobody can choose any of them."""
        chosen = [policy for policy in self.policies if policy in self.scenario.choosable]
        return chosen or self.policies

    def ranked_policies(self, outcome: str) -> list[tuple[str, Spread]]:
        """Policies that somebody can choose from the lowest to the highest average probability of an outcome."""
        spreads = [(policy, self.final_spread(outcome, policy)) for policy in self.choosable]
        return sorted(spreads, key=lambda pair: pair[1].mean)

    def tied_lowest(self, outcome: str, say: Callable[[float], str]) -> list[str]:
        """The choosable policy with the lowest average probability of an outcome, and those that tie with it."""
        values = np.stack([self.final_of(outcome, policy) for policy in self.choosable], axis=1)
        lowest = tied(-(self.weights @ values), paired_error(values, self.weights), say)
        return [self.choosable[i] for i in lowest]

    def selected_policies(self, most: int = 5) -> list[str]:
        """A few policies to draw: the factual one, those with the main outcome's lowest and highest risk, the first."""
        others = [p for p in dict.fromkeys([*self.choosable, *self.policies]) if p != self.factual]
        if len(others) < most or not self.outcomes:
            return [self.factual, *others][:most]
        ranked = [p for p, _ in self.ranked_policies(self.outcomes[0]) if p != self.factual]
        wanted = [others[0], ranked[0], ranked[-1], ranked[1], *others]
        chosen = list(dict.fromkeys(wanted))[: most - 1]
        return [self.factual, *[p for p in self.policies if p in chosen]]

    def sweep(self, outcome: str, policy: str) -> dict[Precision, Floats]:
        """By precision the final probability of an outcome in each world of the subset; empty where none was tried."""
        if not self.run.sweep.data_vars:
            return {}
        final = self.run.sweep["outcome_by"].sel(policy=policy, outcome=outcome)
        return {step: np.asarray(final.sel(setting=str(step)).values, dtype=float).ravel() for step in Precision}

    @property
    def sweep_weights(self) -> Floats:
        """The weights of the worlds of the sweep; empty without one."""
        if not self.run.sweep.data_vars:
            return np.zeros(0)
        return np.asarray(self.run.sweep["weight"].values, dtype=float)

    @property
    def seen_from(self) -> int | None:
        """The last period with observations, from which outcomes are told given what happened; None where they are not."""
        observed = self.observed_periods
        return observed[-1] if observed and "outcome_by_given" in self.run.data else None

    @property
    def goes_on(self) -> bool:
        """Whether there is a last observed period and something is reported after it."""
        return self.seen_from is not None and self.seen_from < len(self.periods) - 1

    def settled(self, outcome: str) -> Settled | None:
        """When an outcome was observed, if it was."""
        return settled(self.scenario, outcomes_of(self.scenario)[outcome]) if self.run.observed else None

    def words_for(self, outcome: str, p: float) -> str:
        """What is said beside an outcome's probability as things are (see ``words_for_event``)."""
        return self.words_for_event(outcomes_of(self.scenario)[outcome], p)

    def words_for_event(self, event: Tree, p: float) -> str:
        """What is said beside an event's probability, which is worked out from the start: words of likelihood, or, where the
        event was observed, that it was, and that the number replays what is past."""
        seen = settled(self.scenario, event) if self.run.observed else None
        if seen is None:
            return estimative(p)
        doubt = f", with a coding error of {percent(seen.error)}" if seen.error else ""
        verb = "observed" if seen.error <= SURE_RECORD else "recorded"
        return f"replayed; it was {verb} in {self.periods[seen.period]}{doubt}"

    @property
    def observed_periods(self) -> list[int]:
        """Indices of the periods that have observations."""
        observations = self.scenario.observations if self.run.observed else []
        periods = {period_of(self.scenario, observation.at) for observation in observations}
        return sorted(t for t in periods if 0 <= t < len(self.periods))
