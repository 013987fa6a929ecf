"""Paths through one world in words and numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from foedus.game.arrays import DECIDE
from foedus.lenses.action_values import ActionValues
from foedus.lenses.explain.nature import event_in_words, start_in_words
from foedus.lenses.explain.routes import Route, Routes, Step
from foedus.lenses.explain.told import Alternative, Decision, Event, WholePath
from foedus.scenario.schema import Scenario

At = tuple[int, int]  # period and node


class Telling:
    """Tells paths through a block's first world."""

    def __init__(self, scenario: Scenario, routes: Routes):
        self.scenario, self.routes, self.block = scenario, routes, routes.block
        self.game, self.g = routes.block.game, routes.block.game.arrays
        self.worths: dict[At, dict[int, tuple[float, dict[str, float]]]] = {}

    def told(self, paths: Sequence[Route]) -> list[WholePath]:
        """Paths in words and numbers."""
        met = dict.fromkeys((step.place.t, step.place.node) for route in paths for step in self.decided(route))
        self.worths = self._worths(list(met))
        return [self._path(route) for route in paths]

    def decided(self, route: Route) -> list[Step]:
        """The steps of a path at which an actor could do more than one thing."""
        return [step for step in route.steps if self._is_choice(step)]

    def bound(self, step: Step) -> bool:
        """Whether the policy leaves no choice but this action."""
        force = self.g.force[step.action]
        return bool(force >= 0 and self.block.now(step.place.t)[force, 0] != 0)

    def _is_choice(self, step: Step) -> bool:
        return bool(self.g.kind[step.place.node] == DECIDE) and len(self._available(step.place.t, step.place.node)) > 1

    def _available(self, t: int, node: int) -> list[int]:
        mask = self.block.now(t)[self.g.mask, 0]
        return [action for action in range(self.g.a_ptr[node], self.g.a_ptr[node + 1]) if mask[action] != 0]

    def _worths(self, met: Sequence[At]) -> dict[At, dict[int, tuple[float, dict[str, float]]]]:
        """By decision and action its share of the base rates, and its worth to the mover by objective."""
        by_mover: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for t, node in met:
            by_mover[int(self.g.mover[node])][t].append(node)
        worths = {}
        for mover, by_period in by_mover.items():
            values = ActionValues(self.block, mover)
            # what later choices cost in control is told as an objective, where it counts
            names = [self.game.turn.objectives[o][1] for o in values.own] + ["control"] * int(self.g.control[0])
            place = {action: i for i, action in enumerate(values.acts.tolist())}
            for t, now, later in values.periods(self.block):
                worth = values.worth(now, later)[:, :, 0].tolist() if t in by_period else []
                for node in by_period.get(t, ()):
                    actions = self._available(t, node)
                    bases = [float(now[self.g.base[action], 0]) for action in actions]
                    worths[t, node] = {
                        action: (base / sum(bases), dict(zip(names, worth[place[action]], strict=False)))
                        for action, base in zip(actions, bases, strict=True)
                    }
        return worths

    def _named(self, action: int) -> tuple[str, str | None]:
        """(phase, action) of an action of the compiled game; no action where nature moves."""
        owner = int(np.searchsorted(self.g.a_ptr, action, side="right")) - 1
        phase = self.game.turn.phases[self.g.phase[owner]]
        return phase.id, phase.actions[self.game.action_order[action]].name or None

    def _path(self, route: Route) -> WholePath:
        starts = self.routes.starts
        start, so_far = next(p for node, p in starts if node == route.start), list[Decision | Event]()
        probability = start
        for step in route.steps:
            odds = self.routes.odds[step.place.t]
            if self._is_choice(step):
                so_far.append(self._decision(step, probability))
            if (happens := event_in_words(self.scenario, self.game, step)) is not None:
                so_far.append(self._event(step, happens))
            probability *= odds.action[step.action] * odds.branch[step.branch]
        where = start_in_words(self.scenario, self.game, route.start) if len(starts) > 1 else ""
        return WholePath(route.probability, where, so_far)

    def _event(self, step: Step, happens: str) -> Event:
        phase, action = self._named(step.action)
        clause = None if action else self.game.turn.phases[self.g.phase[step.place.node]].commitment
        period, odds = self.scenario.horizon.calendar.label(step.place.t), self.routes.odds[step.place.t]
        return Event(period, phase, action, clause, happens, odds.branch[step.branch])

    def _decision(self, step: Step, reached: float) -> Decision:
        """The decision at a step that is ``reached`` with this probability along the path."""
        here = self.worths[step.place.t, step.place.node]
        alternatives = [
            Alternative(
                self._named(action)[1] or "",
                self.routes.odds[step.place.t].action[action],
                base,
                sum(parts.values()),
                parts,
                reached * self.routes.best_with(step.place, action),
            )
            for action, (base, parts) in here.items()
        ]
        phase, action = self._named(step.action)
        precision = float(self.block.now(step.place.t)[self.g.precision[self.g.mover[step.place.node]], 0])
        asked = self.g.phase[step.place.node] in self.routes.asked.get(step.place.t, {})
        mover = self.game.turn.actors[self.g.mover[step.place.node]]
        period, odds = (
            self.scenario.horizon.calendar.label(step.place.t),
            self.routes.odds[step.place.t].action[step.action],
        )
        return Decision(period, phase, mover, action or "", odds, precision, self.bound(step), asked, alternatives)
