"""A slow and simple second implementation of the model, to check the engine against.

It works straight on a ``Scenario`` for one world and one policy: plain recursion over
full states (no state merged, none dropped, nothing vectorised), and queries computed
from a list of every path that play can take. It shares with the engine only the language
(schema, expression parser, query parser).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from foedus.scenario.expr import Scope, Tree, parse
from foedus.scenario.query import Query, QueryScope, parse_query, parse_reading
from foedus.scenario.schema import Bind, Branch, Commitment, Phase, Policy, Scenario

sys.setrecursionlimit(20_000)

State = dict[str, float]  # level index by variable, with C.applies and C.seen
Env = Mapping[str, float]
Pay = tuple[str, str, float]  # actor, objective, weighted amount
NAN = float("nan")


# --- expressions -------------------------------------------------------------------------


def number(tree: Tree, state: Mapping[str, float], env: Env, t: int = 0) -> float:
    """The value of an expression, by plain recursion."""
    kind, *parts = tree
    if kind == "num":
        return float(parts[0])
    if kind == "state":
        return float(state[parts[0]])
    if kind == "asm":
        return float(env[parts[0]])
    if kind == "query":
        return float(env[parts[0]])
    if kind == "t":
        return float(t)
    if kind == "and":
        return float(all(number(part, state, env, t) != 0 for part in parts))
    if kind == "or":
        return float(any(number(part, state, env, t) != 0 for part in parts))
    if kind == "if":
        return number(parts[1] if number(parts[0], state, env, t) != 0 else parts[2], state, env, t)
    values = [number(part, state, env, t) for part in parts]
    a, b = values[0], values[1] if len(values) > 1 else 0.0
    match kind:
        case "neg":
            return -a
        case "not":
            return float(a == 0)
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
        case "**":
            return a**b
        case "==" | "!=" | "<" | "<=" | ">" | ">=":
            return float({"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[kind])
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "abs":
            return abs(a)
        case "exp":
            return math.exp(a)
        case "log":
            return math.log(a)
        case "clip":
            return min(max(a, b), values[2])
    raise ValueError(kind)


# --- assumptions -------------------------------------------------------------------------


def settle(scenario: Scenario, given: Env, overrides: Env) -> dict[str, float]:
    """Every assumption's value: overrides first, expressions from the others, ``given`` for the rest."""
    written = scenario.all_assumptions
    scope = Scope({}, frozenset(written))
    done: dict[str, float] = dict(overrides)

    class Lookup(dict):  # type: ignore[type-arg]
        def __missing__(self, name: str) -> float:
            return find(name)

    def find(name: str) -> float:
        if name not in done:
            value = written[name].value
            if isinstance(value, str):
                done[name] = number(parse(value, scope), {}, Lookup())
            else:
                done[name] = float(given[name] if name in given or value is None else value)
        return done[name]

    return {name: find(name) for name in written}


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


class Oracle:
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

    def is_read(self, game: Game | None, name: str, state: State, env: Env, t: int) -> bool:
        """Whether nature reads the clause now."""
        c = self.s.commitments[name]
        if not self.in_force(game, name, state, env, t):
            return False
        return not self.on_rise(c) or self.severity(name, state, env, t) > state[f"{name}.seen"]

    def threshold(self, c: Commitment, state: State, env: Env, t: int) -> float:
        """The line, half a step below a level that is named."""
        severity = self.parse(c.trigger.severity)
        if severity[0] == "state" and c.trigger.threshold in self.scopes[severity[1]]:
            return self.scopes[severity[1]].index(str(c.trigger.threshold)) - 0.5
        return self.eval(c.trigger.threshold, state, env, t)

    def clause_odds(self, name: str, state: State, env: Env, t: int) -> tuple[float, float, float]:
        """(low, high, true) probability that the clause applies."""
        c = self.s.commitments[name]
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
                    state[f"{name}.seen"] = self.severity(name, state, env, 0)
            found.append((math.prod(p for _, _, p in combo), state))
        return found

    # --- backward ---

    def value(self, game: Game, t: int, k: int, state: State) -> dict[str, float]:
        """Each actor's value before rung ``k`` of period ``t`` in a game."""
        key = (game, t, k, tuple(state.values()))
        if key not in self._values:
            self._values[key] = self._value(game, t, k, state)
        return self._values[key]

    def _value(self, game: Game, t: int, k: int, state: State) -> dict[str, float]:
        env = self.env(game)
        if k == len(self.rungs) or self.ended(state):
            return self._end_value(game, t, state)
        kind, what = self.rungs[k]
        if kind == "clause":
            if not self.is_read(game, what, state, env, t):
                return self.value(game, t, k + 1, state)
            return self._clause_value(game, t, k, state)
        if not self.active(what, state, env, t):
            return self.value(game, t, k + 1, self.fallen_back(what, state))
        if what.decide is None:
            return self._expected(game, t, k, state, None)
        choice = self.choice(game, t, k, state)
        total = dict.fromkeys(self.s.actors, 0.0)
        for action, prob in choice.items():
            q = self._expected(game, t, k, state, action)
            for actor in total:
                total[actor] += prob * q[actor] if prob > 0 else 0.0
        return total

    def _end_value(self, game: Game, t: int, state: State) -> dict[str, float]:
        env = self.env(game)
        total = dict.fromkeys(self.s.actors, 0.0)
        for actor, _, amount in self.stage(state, env, t):
            total[actor] += amount
        after = self.next_start(state, env, t)
        if t + 1 < self.solved:
            later = self.value(game, t + 1, 0, after)
        else:
            beyond = self.s.horizon.beyond
            terminal = beyond if isinstance(beyond, dict) else {}
            later = {a: self.eval(terminal[a], after, env, t + 1) if a in terminal else 0.0 for a in total}
        return {a: v + env[f"{a}.patience"] * later[a] for a, v in total.items()}

    def _clause_value(self, game: Game, t: int, k: int, state: State) -> dict[str, float]:
        env, name = self.env(game), self.rungs[k][1]
        yes = self.value(game, t, k + 1, self.after_reading(name, True, state, env, t))
        no = self.value(game, t, k + 1, self.after_reading(name, False, state, env, t))
        total = {}
        for actor in self.s.actors:
            low, high, _ = self.clause_odds(name, state, env, t)
            _, _, true = self.clause_odds(name, state, self.env(game, actor), t)
            alpha = env.get(f"{actor}.ambiguity")
            if alpha is None or self.s.commitments[name].trigger.reads is None:
                total[actor] = true * yes[actor] + (1 - true) * no[actor]
            else:
                ends = [q * yes[actor] + (1 - q) * no[actor] for q in (low, high)]
                total[actor] = alpha * min(ends) + (1 - alpha) * max(ends)
        return total

    def _expected(self, game: Game, t: int, k: int, state: State, action: str | None) -> dict[str, float]:
        """Each actor's value of an action (None: of nature's move), by its own odds."""
        env, phase = self.env(game), self.rungs[k][1]
        landed = self.outcomes(phase, action, state, env, t)
        later = [self.value(game, t, k + 1, new) for _, _, new in landed]
        total = {}
        for actor in self.s.actors:
            odds = [p for p, _, _ in self.outcomes(phase, action, state, self.env(game, actor), t)]
            total[actor] = sum(
                p * (sum(amount for who, _, amount in pays if who == actor) + after[actor])
                for p, (_, pays, _), after in zip(odds, landed, later, strict=True)
            )
        return total

    def choice(self, game: Game, t: int, k: int, state: State) -> dict[str, float]:
        """How the mover of rung ``k`` plays in a game; who knows less plays the game of what both know."""
        phase = self.rungs[k][1]
        if not game.secrets <= self.knows[phase.decide]:
            game = Game(game.perceiver, game.secrets & self.knows[phase.decide])
        key = (game, t, k, tuple(state.values()))
        if key not in self._choices:
            self._choices[key] = self._choice(game, t, k, state)
        return self._choices[key]

    def _choice(self, game: Game, t: int, k: int, state: State) -> dict[str, float]:
        env, phase = self.env(game), self.rungs[k][1]
        menu = self.menu(phase, state, env, t)
        if not menu:
            raise ValueError(f"nothing to choose from in {phase.id} at {state}")
        forced = self.bound(phase, game, menu, state, env, t)
        if forced is not None:
            return {a: float(a == forced) for a in menu}
        q = {a: self._expected(game, t, k, state, a)[phase.decide] for a in menu}
        return self.respond(menu, q, env[f"{phase.decide}.precision"] * self.scale)

    def respond(self, menu: Mapping[str, float], q: Mapping[str, float], precision: float) -> dict[str, float]:
        """Choice probabilities from bases and values: logit, or the best where play is perfect."""
        best = max(q[a] for a, base in menu.items() if base > 0)
        if self.perfect:
            close = 1e-12 * max(1.0, abs(best))
            weights = {a: base if q[a] >= best - close else 0.0 for a, base in menu.items()}
        else:
            weights = {a: base * math.exp(precision * (q[a] - best)) if base > 0 else 0.0 for a, base in menu.items()}
        total = sum(weights.values())
        return {a: w / total for a, w in weights.items()}

    def played(self, t: int, k: int, state: State) -> dict[str, float]:
        """How the mover of rung ``k`` really plays: as is best in its own version of the game."""
        return self.choice(self.own_game(self.rungs[k][1].decide), t, k, state)

    def start_value(self, actor: str) -> float:
        """The actor's value at the start in the game that it plays."""
        game = self.own_game(actor)
        return sum(p * self.value(game, 0, 0, state)[actor] for p, state in self.starts(self.env(game)))

    # --- forward ---

    def paths(self, levels: tuple[tuple[str, int], ...] = ()) -> list[Path]:
        """Every path over the reported periods, from the scenario's start or given start levels."""
        return self._paths(levels)

    @lru_cache(None)  # noqa: B019
    def _paths(self, levels: tuple[tuple[str, int], ...]) -> list[Path]:
        found = []
        for prob, state in self.starts(self.true, levels):
            for p, items in self.walk(0, 0, state):
                found.append(Path(prob * p, [("look", 0, state), *items]))
        return found

    def walk(self, t: int, k: int, state: State) -> Iterator[tuple[float, list[tuple[Any, ...]]]]:
        """Every continuation from before rung ``k``."""
        env = self.true
        if k == len(self.rungs) or self.ended(state):
            yield from self._walk_end(t, state)
            return
        kind, what = self.rungs[k]
        if kind == "clause":
            if not self.is_read(None, what, state, env, t):
                yield from self.walk(t, k + 1, state)
                return
            q = self.clause_odds(what, state, env, t)[2]
            for applies, prob in ((True, q), (False, 1 - q)):
                new = self.after_reading(what, applies, state, env, t)
                yield from self._on(prob, [("look", t, new)], t, k + 1, new)
        elif not self.active(what, state, env, t):
            yield from self.walk(t, k + 1, self.fallen_back(what, state))
        elif what.decide is None:
            yield from self._walk_branches(1.0, [], t, k, state, None)
        else:
            for action, prob in self.played(t, k, state).items():
                head = [("decide", t, what.id), ("act", t, what.id, action)]
                yield from self._walk_branches(prob, head, t, k, state, action)

    def _walk_branches(
        self, prob: float, head: list[tuple[Any, ...]], t: int, k: int, state: State, action: str | None
    ) -> Iterator[tuple[float, list[tuple[Any, ...]]]]:
        for p, pays, new in self.outcomes(self.rungs[k][1], action, state, self.true, t):
            items = [*head, *(("pay", t, *pay) for pay in pays), ("look", t, new)]
            yield from self._on(prob * p, items, t, k + 1, new)

    def _on(
        self, prob: float, items: list[tuple[Any, ...]], t: int, k: int, state: State
    ) -> Iterator[tuple[float, list[tuple[Any, ...]]]]:
        if prob > 0:
            for p, rest in self.walk(t, k, state):
                yield prob * p, items + rest

    def _walk_end(self, t: int, state: State) -> Iterator[tuple[float, list[tuple[Any, ...]]]]:
        pays = self.stage(state, self.true, t)
        totals = {a: sum(x for who, _, x in pays if who == a) for a in self.s.actors}
        items: list[tuple[Any, ...]] = [("end", t, state, totals), *(("pay", t, *pay) for pay in pays)]
        if t + 1 >= self.periods:
            yield 1.0, items
            return
        after = self.next_start(state, self.true, t)
        for p, rest in self.walk(t + 1, 0, after):
            yield p, [*items, ("look", t + 1, after), *rest]

    def count(self) -> int:
        """How many paths there are, without listing them."""
        memo: dict[Any, int] = {}

        def after(t: int, k: int, state: State) -> int:
            key = (t, k, tuple(state.values()))
            if key not in memo:
                memo[key] = sum(after(*rung) for rung in self.successors(t, k, state)) or 1
            return memo[key]

        return sum(after(0, 0, state) for _, state in self.starts(self.true))

    def successors(self, t: int, k: int, state: State) -> list[tuple[int, int, State]]:
        """Where play may go from before rung ``k``, whatever the odds; none at the end."""
        env = self.true
        if k == len(self.rungs) or self.ended(state):
            return [(t + 1, 0, self.next_start(state, env, t))] if t + 1 < self.periods else []
        kind, what = self.rungs[k]
        if kind == "clause":
            if not self.is_read(None, what, state, env, t):
                return [(t, k + 1, state)]
            return [(t, k + 1, self.after_reading(what, yes, state, env, t)) for yes in (True, False)]
        if not self.active(what, state, env, t):
            return [(t, k + 1, self.fallen_back(what, state))]
        actions = [None] if what.decide is None else list(self.menu(what, state, env, t))
        return [(t, k + 1, new) for a in actions for _, _, new in self.outcomes(what, a, state, env, t)]

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
