"""How the oracle plays: values backward over full states, and every path forward. See ``oracle``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from oracle_rules import Game, Path, Rules, State


class Play(Rules):
    """One scenario in one world under one policy, solved."""

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
        worths = {action: self._expected(game, t, k, state, action) for action in choice}
        total = dict.fromkeys(self.s.actors, 0.0)
        for action, prob in choice.items():
            for actor in total:
                total[actor] += prob * worths[action][actor] if prob > 0 else 0.0
        if self.s.value == "entropy" and not self.perfect and game.secrets <= self.knows[what.decide]:
            own = {action: worth[what.decide] for action, worth in worths.items()}
            total[what.decide] = self._less_control(game, t, k, state, own)
        return total

    def _less_control(self, game: Game, t: int, k: int, state: State, q: Mapping[str, float]) -> float:
        """What a choice of actions worth ``q`` is worth to its mover, control taken off."""
        env, phase = self.env(game), self.rungs[k][1]
        menu, precision = self.menu(phase, state, env, t), env[f"{phase.decide}.precision"] * self.scale
        base = {a: b / sum(menu.values()) for a, b in menu.items()}
        forced = self.bound(phase, game, menu, state, env, t)
        if forced is not None:
            return q[forced] + (math.log(base[forced]) / precision if precision > 0 else 0.0)
        best = max(q[a] for a, b in base.items() if b > 0)
        if precision == 0:
            return sum(b * q[a] for a, b in base.items())
        powers = [b * math.exp(precision * (q[a] - best)) for a, b in base.items() if b > 0]
        return best + math.log(math.fsum(powers)) / precision

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
            low, high, _ = self.clause_odds(name, state, env, t, game)
            _, _, true = self.clause_odds(name, state, self.env(game, actor), t, game)
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
