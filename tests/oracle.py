"""A slow and simple second implementation of the model, to check the engine against.

It works straight on a ``Scenario`` for one world and one policy: plain recursion over
full states (no state merged, none dropped, nothing vectorised), and queries computed
from a list of every path that play can take. It shares with the engine only the language
(schema, expression parser, query parser).
"""

from __future__ import annotations

import math
from typing import Any

from foedus.scenario.query import Query, QueryScope, parse_query, parse_reading
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree
from oracle_numbers import Env, number, settle
from oracle_play import Play
from oracle_rules import Game, Path, Rung, State

NAN = float("nan")

__all__ = ["NAN", "Env", "Game", "Oracle", "Path", "Rung", "State", "log_likelihood", "number", "reading", "settle"]


class Oracle(Play):
    """One scenario in one world under one policy, with answers to its queries.

    ``world`` gives the sampled assumptions; ``scale`` multiplies every precision.
    """

    # --- queries ---

    def query_scope(self) -> QueryScope:
        """What queries may name."""
        objectives = {a: frozenset([*self.s.objectives.get(a, {}), "payoff"]) for a in self.s.actors}
        actions = {p.id: frozenset(p.actions) for p in self.s.turn if p.decide}
        policies = frozenset(self.s.all_policies)
        return QueryScope(self._scope(None), objectives, actions, policies, self.periods)

    def ask(self, query: Query | str) -> float:
        """The answer to one query (its ``under`` is ignored: an oracle has one policy)."""
        if isinstance(query, str):
            query = parse_query(query, self.query_scope())
        if query.kind in ("most", "least"):
            return self.steered(query)
        if query.kind == "alignment":
            return self.alignment(query)
        return self.average(query)

    def event(self, tree: Tree | None, state: State) -> bool:
        """Whether an event holds in a state."""
        assert tree is not None
        return number(tree, state, {}) != 0

    def average(self, query: Query) -> float:
        """Queries that are averages over paths, of what comes after ``given`` where one is asked."""
        first, last = query.window or (0, self.periods - 1)
        by = last if query.kind == "prob" and query.mode == "at" else self.periods - 1
        top = bottom = decided = 0.0
        for path in self.paths(query.start):
            items = path.items
            if query.given is not None:
                at = next((i for i, x in enumerate(items) if self.given_here(x, query, by)), None)
                if at is None:
                    continue
                items = items[at:]
            bottom += path.prob
            top += path.prob * self.score(query, items, first, last)
            if query.kind == "share":
                inside = (x for x in items if x[0] == "decide" and first <= x[1] <= last)
                decided += path.prob * sum(x[2] == query.names[0] for x in inside)
        if query.kind == "share":
            return top / decided if decided > 0 else NAN
        if query.given is not None and bottom <= 0:
            return NAN
        total = top / (bottom if query.given is not None else 1.0)
        return total / (last - first + 1) if query.kind == "rate" else total

    def given_here(self, item: tuple[Any, ...], query: Query, by: int) -> bool:
        """Whether a look of the path shows what ``given`` asks for in time."""
        return item[0] == "look" and item[1] <= by and self.event(query.given, item[2])

    def score(self, query: Query, items: list[tuple[Any, ...]], first: int, last: int) -> float:
        """What one path (from the moment ``given`` held) counts."""
        if query.kind in ("rate", "share"):
            return sum(x[0] == "act" and first <= x[1] <= last and x[2:] == query.names for x in items)
        if query.kind == "expect":
            actor = query.names[0]
            patience = self.true[f"{actor}.patience"]
            paid = [
                x
                for x in items
                if x[0] == "pay" and x[2] == actor and (len(query.names) == 1 or x[3] == query.names[1])
            ]
            return sum(patience ** x[1] * x[4] for x in paid)
        if query.kind == "prob" and query.mode == "at":
            return float(any(x[0] == "end" and x[1] == last and self.event(query.event, x[2]) for x in items))
        looks = [x for x in items if x[0] == "look"]
        if query.kind == "first":
            hit = next((x[1] for x in looks if self.event(query.event, x[2])), None)
            return float(hit is not None and first <= hit <= last)
        looks = [x for x in looks if first <= x[1] <= last]
        if query.mode == "always":
            return float(all(self.event(query.event, x[2]) for x in looks))
        return float(any(self.event(query.event, x[2]) for x in looks))

    def alignment(self, query: Query) -> float:
        """Correlation of two actors' stage values over period ends, weighted by visits."""
        rows = []
        for path in self.paths(query.start):
            rows += [(path.prob, *(x[3][a] for a in query.names)) for x in path.items if x[0] == "end"]
        weight = sum(w for w, _, _ in rows)
        ma, mb = (sum(r[0] * r[i] for r in rows) / weight for i in (1, 2))
        va, vb = (sum(r[0] * (r[i] - m) ** 2 for r in rows) / weight for i, m in ((1, ma), (2, mb)))
        tiny = 1e-18
        if va <= tiny * (1 + ma**2) or vb <= tiny * (1 + mb**2):
            return NAN
        return sum(w * (a - ma) * (b - mb) for w, a, b in rows) / weight / math.sqrt(va * vb)

    def steered(self, query: Query) -> float:
        """The most or least probability of the event that an actor can bring about by its own play."""
        pick = max if query.kind == "most" else min
        memo: dict[Any, float] = {}

        def reach(t: int, k: int, state: State) -> float:
            if self.event(query.event, state):
                return 1.0
            return onward(t, k, state)

        def onward(t: int, k: int, state: State) -> float:
            key = (t, k, tuple(state.values()))
            if key not in memo:
                memo[key] = compute(t, k, state)
            return memo[key]

        def compute(t: int, k: int, state: State) -> float:
            env = self.true
            if k == len(self.rungs) or self.ended(state):
                return 0.0 if t + 1 >= self.periods else reach(t + 1, 0, self.next_start(state, env, t))
            kind, what = self.rungs[k]
            if kind == "clause":
                if not self.is_read(None, what, state, env, t):
                    return onward(t, k + 1, state)
                q = self.clause_odds(what, state, env, t)[2]
                ends = [reach(t, k + 1, self.after_reading(what, yes, state, env, t)) for yes in (True, False)]
                return q * ends[0] + (1 - q) * ends[1]
            if not self.active(what, state, env, t):
                return onward(t, k + 1, self.fallen_back(what, state))
            if what.decide is None:
                return follow(t, k, state, None)
            if what.decide == query.names[0]:
                return pick(follow(t, k, state, a) for a in self.menu(what, state, env, t))
            return sum(p * follow(t, k, state, a) for a, p in self.played(t, k, state).items() if p > 0)

        def follow(t: int, k: int, state: State, action: str | None) -> float:
            landed = self.outcomes(self.rungs[k][1], action, state, self.true, t)
            return sum(p * reach(t, k + 1, new) for p, _, new in landed if p > 0)

        return sum(p * reach(0, 0, state) for p, state in self.starts(self.true, query.start))

    # --- observations ---

    def likelihood(self) -> float:
        """Probability of the scenario's observations along the paths of this policy."""
        return sum(path.prob * math.prod(self.fits(o, path) for o in self.s.observations) for path in self.paths())

    def fits(self, observation: Any, path: Path) -> float:
        """How well a path agrees with one observation."""
        at = observation.at
        t = at if isinstance(at, int) else self.s.horizon.calendar.index(at)
        if observation.took is not None:
            taken = {f"{x[2]}.{x[3]}" for x in path.items if x[0] == "act" and x[1] == t}
            agrees = bool(taken & set(observation.took))
        else:
            ends = [x for x in path.items if x[0] == "end" and x[1] == t]
            agrees = any(self.holds(observation.is_, x[2], self.true, t) for x in ends)
        error = number(self.parse(observation.error), {}, self.true)
        return 1 - error if agrees else error


# --- whole answers -----------------------------------------------------------------------


def log_likelihood(scenario: Scenario, world: Env, **options: Any) -> float:
    """Log probability of the observations under the factual policy."""
    if not scenario.observations:
        return 0.0
    p = Oracle(scenario, world, scenario.factual_policy, **options).likelihood()
    return math.log(p) if p > 0 else -math.inf


def reading(scenario: Scenario, world: Env, text: str, policy: str, **options: Any) -> float:
    """The value of a claim's reading in one world, ``policy`` where a query names none."""
    oracles = {name: Oracle(scenario, world, name, **options) for name in scenario.all_policies}
    tree = parse_reading(text, oracles[policy].query_scope())

    class Answers(dict):  # type: ignore[type-arg]
        def __missing__(self, key: Any) -> float:
            if isinstance(key, Query):
                return oracles[key.under or policy].ask(key)
            return oracles[policy].original[key]

    return number(tree, {}, Answers())
