"""A compiled game with its numbers in one world, read node by node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.bind import bind
from foedus.game.compile import Game, game_of
from foedus.scenario.schema import Scenario
from foedus.worlds.versions import environments


@dataclass
class OneWorld:
    """A compiled game with its numbers in one world. ``values`` holds every coefficient's."""

    game: Game
    values: Floats

    def at(self, coefficient: int, t: int, otherwise: float = 1.0) -> float:
        """A coefficient's value in period ``t``; ``otherwise`` where there is none."""
        if coefficient < 0:
            return otherwise
        arrays = self.game.arrays
        return float(self.values[arrays.offset[coefficient] + t * arrays.timed[coefficient]])

    def settle(self, node: int, t: int) -> int:
        """The node itself, or where it passes to when its guard is false."""
        arrays = self.game.arrays
        while arrays.guard[node] >= 0 and self.at(arrays.guard[node], t) == 0:
            node = int(arrays.pass_to[node])
        return node

    def menu(self, node: int, t: int) -> dict[int, float]:
        """The actions that can be taken at a decision node, with their bases."""
        arrays = self.game.arrays
        span = range(arrays.a_ptr[node], arrays.a_ptr[node + 1])
        there = [a for a in span if self.at(arrays.mask[a], t) != 0]
        forced = [a for a in there if self.at(arrays.force[a], t, 0.0) != 0]
        if forced:
            return {forced[0]: 1.0}
        usual = {a: base for a in there if (base := self.at(arrays.base[a], t)) > 0}
        if not usual:
            raise FoedusError(f"{self.game.no_action(node, t)}.")
        return usual

    def outcomes(self, action: int, t: int) -> list[tuple[int, float]]:
        """(branch, probability) of what may follow an action, impossible ones left out."""
        arrays = self.game.arrays
        span = range(arrays.b_ptr[action], arrays.b_ptr[action + 1])
        return [(b, prob) for b in span if (prob := self.at(arrays.prob[0, b], t)) > 0]

    def paid(self, action: int, branch: int, t: int) -> Floats:
        """[actors] what an action and a branch of it (-1: none) pay."""
        arrays = self.game.arrays
        total = np.zeros(len(arrays.precision))
        spans = [(arrays.ap_ptr, action)] + ([(arrays.bp_ptr, branch)] if branch >= 0 else [])
        for pointers, i in spans:
            for p in range(pointers[i], pointers[i + 1]):
                total[arrays.obj_actor[arrays.pay_obj[p]]] += self.at(arrays.pay_coef[p], t)
        return total

    def name(self, action: int) -> str:
        """An action as people write it."""
        return str(self.game.action_ids[self.game.arrays.action_id[action]].split(".", 1)[1])


def one_world(scenario: Scenario, world: Mapping[str, float], policy: str) -> OneWorld:
    """The game of ``policy`` with its numbers in one world (every sampled assumption by name)."""
    game = bind(game_of(scenario, policy), scenario, policy)
    draws = {name: np.array([float(value)]) for name, value in world.items()}
    table = game.program.evaluate(environments(scenario, policy, draws, [None])[0], 1)
    return OneWorld(game, np.ascontiguousarray(table[:, 0]))
