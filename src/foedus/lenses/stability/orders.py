"""Standing orders, and the scenario under a policy with a switch for each of them.

A **standing order** binds an actor, openly, to one action of one phase whenever that phase comes up. Each hangs on a
switch of one compiled game, so that every combination of orders is one more world of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.game.build_turn import build_turn
from foedus.runs.result import Run
from foedus.scenario.dotted import ActionName
from foedus.scenario.parts import Assumption, Bind, Policy
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games, simulate

BUDGET = 9e8  # branches visited: two to three seconds
POLICY = "posture"


@dataclass(frozen=True)
class StandingOrder:
    """A standing order; ``given`` where the policy looked at gives it already."""

    actor: str
    phase: str
    action: str
    given: bool = False

    @property
    def label(self) -> str:
        """``phase.action``."""
        return str(ActionName(self.phase, self.action))


class Switchboard:
    """The scenario under a policy, with a switch for every standing order, compiled once."""

    def __init__(self, run: Run, policy: str):
        self.run = run
        self.policy = run.scenario.all_policies[policy]
        turn = build_turn(run.scenario, self.policy.enable)
        given = {rule.phase: rule.do for rule in reversed(self.policy.bind) if _standing(rule)}
        self.orders = [
            StandingOrder(turn.actors[phase.mover], phase.id, action.name, given.get(phase.id) == action.name)
            for phase in turn.phases
            if phase.mover >= 0 and len(phase.actions) > 1
            for action in phase.actions
        ]
        self.base = np.array([order.given for order in self.orders], bool)

    @cached_property
    def switches(self) -> list[str]:
        """The names of the orders' switches, which no other assumption has."""
        taken = {*self.run.scenario.all_assumptions, *self.run.scenario.state}
        taken |= {level for variable in self.run.scenario.state.values() for level in variable.levels}
        stem = "order"
        while any(name.startswith(f"{stem}_") for name in taken):
            stem += "_"
        return [f"{stem}_{i}" for i in range(len(self.orders))]

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario in which every order hangs on its switch; what else the policy binds comes first."""
        written = self.run.scenario
        rules = {
            (order.phase, order.action): Bind(phase=order.phase, do=order.action, when=switch)
            for order, switch in zip(self.orders, self.switches)
        }
        given = {(order.phase, order.action) for order in self.orders if order.given}
        bound = []
        for rule in self.policy.bind:
            first = _standing(rule) and (rule.phase, rule.do) in given & rules.keys()
            bound.append(rules.pop((rule.phase, rule.do)) if first else rule)
        policy: Policy = self.policy.model_copy(update={"bind": [*bound, *rules.values()]})
        assumptions = written.assumptions | {name: Assumption(value=0.0) for name in self.switches}
        return written.model_copy(
            update={"assumptions": assumptions, "policies": {**written.all_policies, POLICY: policy}}
        )

    @cached_property
    def games(self) -> Games:
        """The game, compiled once for all postures."""
        return Games(self.scenario, (), {}, observe=False)

    @cached_property
    def solves(self) -> int:
        """How many times the game can be solved within the budget."""
        play, perception = self.games.play(POLICY)
        return int(BUDGET / (play.game.branches * play.game.solved * (len(perception.solves) + 1)))

    def solve(self, subset: Run, taken: Bools) -> Floats:
        """[world, posture, actor]: what each actor is paid where the orders in ``taken`` [posture, order] are in force."""
        worlds, many = len(subset.weights), len(taken)
        draws = {name: np.tile(draw, many) for name, draw in subset.draws.items()}
        draws |= {name: np.repeat(taken[:, i], worlds).astype(float) for i, name in enumerate(self.switches)}
        result = simulate(self.scenario, draws, [POLICY], observe=False, games=self.games).results[POLICY]
        pays = result.pays.reshape(many, worlds, -1)
        own = [[k for k, (who, _) in enumerate(result.objectives) if who == actor] for actor in self.scenario.actors]
        worth = np.stack([pays[:, :, columns].sum(axis=2) for columns in own], axis=2)
        return np.ascontiguousarray(worth.transpose(1, 0, 2))


def _standing(rule: Bind) -> bool:
    """Whether a binding is a standing order: open, and without condition."""
    return rule.when is None and rule.known
