"""The rules of play of the oracle: what may happen in a state, and what it pays. See ``oracle``."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from foedus.scenario.commitments import Commitment
from foedus.scenario.expressions import Scope, parse
from foedus.scenario.parts import Bind, Branch, Phase, Policy
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import reads_time, state_names
from oracle_numbers import Env, number, settle

sys.setrecursionlimit(20_000)

State = dict[str, float]  # level index by variable, with C.applies and C.seen
Pay = tuple[str, str, float]  # actor, objective, weighted amount


@dataclass(frozen=True)
class Game:
    """The game as someone sees it: whose hidden beliefs hold in it (None: nobody's), which secrets exist in it."""

    perceiver: str | None
    secrets: frozenset[tuple[str, str]]


@dataclass
class Path:
    """One way that play can go over the reported periods.

    ``items`` in order: ("look", t, state), ("decide", t, phase), ("act", t, phase, action),
    ("pay", t, actor, objective, amount) and ("end", t, state, {actor: stage value}).
    """

    prob: float
    items: list[tuple[Any, ...]]


Rung = tuple[str, Any]  # ("clause", commitment id) or ("phase", Phase)


class Rules:
    """One scenario in one world under one policy.

    ``world`` gives the sampled assumptions; ``scale`` multiplies every precision.
    """

    def __init__(
        self,
        scenario: Scenario,
        world: Env,
        policy: str | None = None,
        scale: float = 1.0,
        rationality: str | None = None,
    ):
        self.s = scenario
        self.policy: Policy = scenario.all_policies[policy or scenario.factual_policy]
        self.scale = scale
        self.perfect = (rationality or scenario.rationality) == "perfect"
        self.original = settle(scenario, world, {})
        self.world = world
        self.scopes = scenario.scopes
        names = frozenset(scenario.all_assumptions)
        try:
            scenario.horizon.calendar.index("2024")
            dates = scenario.horizon.calendar.index
        except ValueError:
            dates = None
        self._scope = lambda target: Scope(self.scopes, names, dates, target)
        self.parse = lru_cache(None)(lambda value, target=None: parse(value, self._scope(target)))
        sets = {k: number(self.parse(v), {}, self.original) for k, v in self.policy.set.items()}
        self.true = settle(scenario, world, sets)
        self.sets = sets
        self.rungs: list[Rung] = []
        for phase in scenario.turn:
            self.rungs += [("clause", name) for name, c in scenario.commitments.items() if c.attach == phase.id]
            self.rungs.append(("phase", phase))
        self.periods = scenario.horizon.periods
        self.solved = self.periods + scenario.beyond
        self.knows = {a: frozenset(s for s, who in self.secrets.items() if a in who) for a in scenario.actors}
        self._values: dict[Any, dict[str, float]] = {}
        self._envs: dict[Any, dict[str, float]] = {}
        self._choices: dict[Any, dict[str, float]] = {}

    # --- who knows what ---

    @cached_property
    def secrets(self) -> dict[tuple[str, str], frozenset[str]]:
        """Each secret and who knows it."""
        found = {
            ("commitment", n): frozenset(c.known_to) for n, c in self.s.commitments.items() if c.known_to is not None
        }
        mover = {phase.id: phase.decide for phase in self.s.turn}
        for i, rule in enumerate(self.policy.bind):
            if not rule.known:
                found["bind", str(i)] = frozenset([str(mover[rule.phase]), *(rule.known_to or [])])
        return found

    def own_game(self, actor: str) -> Game:
        """The game that an actor plays."""
        return Game(actor, self.knows[actor])

    def env(self, game: Game, view: str | None = None) -> dict[str, float]:
        """The assumptions in a game, or as ``view`` judges nature's odds in it."""
        key = (game.perceiver, view)
        if key not in self._envs:
            believed = dict(self.sets)
            for who, known in ((game.perceiver, False), (view, True)):
                for name, belief in self.s.beliefs.get(who or "", {}).items():
                    if belief.known == known:
                        believed[name] = number(self.parse(belief.is_), {}, self.true)
            self._envs[key] = settle(self.s, self.world, believed)
        return self._envs[key]

    # --- the rules of play ---

    def eval(self, value: Any, state: State, env: Env, t: int, target: str | None = None) -> float:
        """A written number in a state."""
        return number(self.parse(value, target), state, env, t)

    def holds(self, value: Any, state: State, env: Env, t: int) -> bool:
        """A written condition, true where none is written."""
        return value is None or self.eval(value, state, env, t) != 0

    def ended(self, state: State) -> bool:
        """Whether the game is frozen."""
        return any(v.levels[int(state[n])] in v.ends for n, v in self.s.state.items())

    def weighted(self, actor: str, objective: str, amount: Any, state: State, env: Env, t: int) -> Pay:
        """One payment, times the objective's weight."""
        written = self.s.objectives.get(actor, {}).get(objective)
        weight = 1.0 if written is None else self.eval(written.weight, state, env, t)
        return (actor, objective, weight * self.eval(amount, state, env, t))

    def pays(self, pays: Mapping[str, Any], state: State, env: Env, t: int) -> list[Pay]:
        """Written payments."""
        found = []
        for actor, amounts in pays.items():
            for objective, amount in (amounts if isinstance(amounts, dict) else {"payoff": amounts}).items():
                found.append(self.weighted(actor, objective, amount, state, env, t))
        return found

    def effects(self, then: Mapping[str, Any], state: State, env: Env, t: int) -> State:
        """New levels; right-hand sides read the state before."""
        return {name: float(round(self.eval(value, state, env, t, name))) for name, value in then.items()}

    def severity(self, name: str, state: State, env: Env, t: int) -> float:
        """Severity of a commitment's trigger."""
        return self.eval(self.s.commitments[name].trigger.severity, state, env, t)

    def on_rise(self, c: Commitment) -> bool:
        """Whether a clause is read only when severity rises."""
        return c.trigger.severity is not None and c.trigger.read == "on_rise"

    def in_force(self, game: Game | None, name: str, state: State, env: Env, t: int) -> bool:
        """Whether a commitment exists here; ``game`` None is the truth."""
        secret = ("commitment", name)
        if game is not None and secret in self.secrets and secret not in game.secrets:
            return False
        return self.holds(self.s.commitments[name].in_force, state, env, t)

    def by_world_alone(self, c: Commitment) -> bool:
        """Whether only assumptions decide if it is in force: then it is read in any case, and never applies where not."""
        tree = self.parse(c.in_force)
        return not state_names(tree) and not reads_time(tree)

    def is_read(self, game: Game | None, name: str, state: State, env: Env, t: int) -> bool:
        """Whether nature reads the clause now: only at an answer."""
        c = self.s.commitments[name]
        if not self.is_asked(name, state, env, t):
            return False
        if not self.by_world_alone(c) and not self.in_force(game, name, state, env, t):
            return False
        return not self.on_rise(c) or self.severity(name, state, env, t) > state[f"{name}.seen"]

    def is_asked(self, name: str, state: State, env: Env, t: int) -> bool:
        """Whether the answer to a commitment is asked for: its phase takes place as some readings to come would have it."""
        attach = self.s.commitments[name].attach
        phase = next(p for p in self.s.turn if p.id == attach)
        here = [n for n, c in self.s.commitments.items() if c.attach == attach]
        to_come = [f"{n}.applies" for n in here[here.index(name) :]]
        return any(
            self.active(phase, {**state, **dict(zip(to_come, readings, strict=True))}, env, t)
            for readings in product((0.0, 1.0), repeat=len(to_come))
        )

    def lowest(self, name: str) -> float:
        """The lowest severity that a commitment's trigger can have."""
        tree = self.parse(self.s.commitments[name].trigger.severity)
        names = sorted(state_names(tree))
        states = product(*(range(len(self.scopes[n])) for n in names))
        return min(number(tree, dict(zip(names, map(float, levels), strict=True)), {}) for levels in states)

    def threshold(self, c: Commitment, state: State, env: Env, t: int) -> float:
        """The line, half a step below a level that is named."""
        severity = self.parse(c.trigger.severity)
        if severity[0] == "state" and c.trigger.threshold in self.scopes[severity[1]]:
            return self.scopes[severity[1]].index(str(c.trigger.threshold)) - 0.5
        return self.eval(c.trigger.threshold, state, env, t)

    def clause_odds(
        self, name: str, state: State, env: Env, t: int, game: Game | None = None
    ) -> tuple[float, float, float]:
        """(low, high, true) probability that the clause applies; ``game`` None is the truth."""
        c = self.s.commitments[name]
        if self.by_world_alone(c) and not self.in_force(game, name, state, env, t):
            return 0.0, 0.0, 0.0
        trigger = c.trigger
        if trigger.reads is not None:
            reads = trigger.reads
            low, high, true = (self.eval(v, state, env, t) for v in (reads.low, reads.high, reads.true))
            return low, high, true
        if trigger.applies is not None:
            q = self.eval(trigger.applies, state, env, t)
        else:
            gap = self.severity(name, state, env, t) - self.threshold(c, state, env, t)
            vagueness = self.eval(trigger.vagueness, state, env, t)
            q = float(gap >= 0) if vagueness == 0 else 1 / (1 + math.exp(-gap / vagueness))
        return q, q, q

    def after_reading(self, name: str, applies: bool, state: State, env: Env, t: int) -> State:
        """The state once the clause was read."""
        new = {**state, f"{name}.applies": float(applies)}
        if self.on_rise(self.s.commitments[name]):
            new[f"{name}.seen"] = self.severity(name, state, env, t)
        return new

    def active(self, phase: Phase, state: State, env: Env, t: int) -> bool:
        """Whether a phase takes place."""
        if phase.at:
            index = self.s.horizon.calendar.index
            if t not in [at if isinstance(at, int) else index(at) for at in phase.at]:
                return False
        return self.holds(phase.when, state, env, t)

    def menu(self, phase: Phase, state: State, env: Env, t: int) -> dict[str, float]:
        """Available actions and their bases."""
        there = [
            name
            for name, action in phase.actions.items()
            if (action.exists == "always" or f"{phase.id}.{name}" in self.policy.enable)
            and self.holds(action.when, state, env, t)
        ]
        bases = {name: self.eval(phase.actions[name].base, state, env, t) for name in there}
        carved = dict(bases)
        for name in there:
            old = phase.actions[name].in_place_of
            if old in carved:
                carved[old] -= bases[name]
        return carved

    def bound(self, phase: Phase, game: Game, menu: Mapping[str, float], state: State, env: Env, t: int) -> str | None:
        """The action that the phase's actor is bound to in a game, if any."""
        for i, rule in enumerate(self.policy.bind):
            here = rule.phase == phase.id and rule.do in menu and self.seen_rule(rule, i, game)
            if here and self.holds(rule.when, state, env, t):
                return rule.do
        return None

    def seen_rule(self, rule: Bind, i: int, game: Game) -> bool:
        """Whether a binding exists in a game."""
        return rule.known or ("bind", str(i)) in game.secrets

    def branches(self, written: list[Branch], state: State, env: Env, t: int) -> list[tuple[float, Branch]]:
        """Nature's branches with their probabilities."""
        probs = [None if b.prob == "rest" else self.eval(b.prob, state, env, t) for b in written]
        rest = 1.0 - sum(p for p in probs if p is not None)
        return [(rest if p is None else p, b) for p, b in zip(probs, written, strict=True)]

    def fallen_back(self, phase: Phase, state: State) -> State:
        """The state after a phase's place in the turn; clauses stay read until the period ends."""
        return dict(state)

    def entered(self, before: State, after: State, env: Env, t: int) -> list[Pay]:
        """Lumps paid on entry."""
        found = []
        for enters in self.s.enters:
            want = {n: self.scopes[n].index(level) for n, level in enters.when.items()}
            if all(after[n] == w for n, w in want.items()) and not all(before[n] == w for n, w in want.items()):
                found += self.pays(enters.pays, before, env, t)
        return found

    def words(self, phase: Phase, action: str, state: State, env: Env, t: int) -> tuple[list[Pay], State]:
        """What answering ``action`` means where clauses apply: payments and effects."""
        pays: list[Pay] = []
        moved: State = {}
        for name, c in self.s.commitments.items():
            if c.attach != phase.id or state[f"{name}.applies"] != 1 or action not in c.order:
                continue
            short = c.order.index(c.expected) - c.order.index(action)
            if short > 0:
                who, what, cost = self.weighted(c.from_, c.reneging.objective, c.reneging.cost, state, env, t)
                pays.append((who, what, -short * cost))
            word = c.broken if short > 0 else c.kept
            if word is not None:
                pays += self.pays(word.pays, state, env, t)
                moved |= self.effects(word.then, state, env, t)
        return pays, moved

    def outcomes(
        self, phase: Phase, action: str | None, state: State, env: Env, t: int
    ) -> list[tuple[float, list[Pay], State]]:
        """What may follow an action (None: nature moves): probability, payments, state landed in."""
        pays: list[Pay] = []
        then: State = {}
        moved: State = {}
        written = phase.chance
        if action is not None:
            act = phase.actions[action]
            pays = self.pays(act.pays, state, env, t)
            then = self.effects(act.then, state, env, t)
            more, moved = self.words(phase, action, state, env, t)
            pays = pays + more
            written = act.chance or [Branch()]
        found = []
        for prob, branch in self.branches(written, state, env, t):
            new = {**state, **then, **self.effects(branch.then, state, env, t), **moved}
            new = self.fallen_back(phase, new)
            extra = self.pays(branch.pays, state, env, t) + self.entered(state, new, env, t)
            found.append((prob, pays + extra, new))
        return found

    def stage(self, state: State, env: Env, t: int) -> list[Pay]:
        """What the end of a period pays."""
        found = []
        for actor, objectives in self.s.objectives.items():
            for name, objective in objectives.items():
                if objective.value is not None and (not objective.final or t == self.solved - 1):
                    found.append(self.weighted(actor, name, objective.value, state, env, t))
        return found

    def next_start(self, state: State, env: Env, t: int) -> State:
        """The state at the start of the next period: scratch has fallen back."""
        new = dict(state)
        for name, variable in self.s.state.items():
            if variable.within == "period":
                assert isinstance(variable.start, str)
                new[name] = float(variable.levels.index(variable.start))
        for name, c in self.s.commitments.items():
            new[f"{name}.applies"] = 0.0
            if self.on_rise(c):
                new[f"{name}.seen"] = min(new[f"{name}.seen"], self.severity(name, new, env, t))
        return new

    def starts(self, env: Env, levels: tuple[tuple[str, int], ...] = ()) -> list[tuple[float, State]]:
        """Start states and their probabilities, some levels perhaps given."""
        options = []
        for name, v in self.s.state.items():
            given = dict(levels).get(name)
            if given is not None:
                options.append([(name, given, 1.0)])
            elif isinstance(v.start, str):
                options.append([(name, v.levels.index(v.start), 1.0)])
            else:
                options.append([(name, v.levels.index(k), self.eval(p, {}, env, 0)) for k, p in v.start.items()])
        found = []
        for combo in product(*options):
            state: State = {name: float(level) for name, level, _ in combo}
            state |= {f"{name}.applies": float(dict(levels).get(f"{name}.applies", 0)) for name in self.s.commitments}
            for name, c in self.s.commitments.items():
                if self.on_rise(c):
                    state[f"{name}.seen"] = self.lowest(name)
            found.append((math.prod(p for _, _, p in combo), state))
        return found
