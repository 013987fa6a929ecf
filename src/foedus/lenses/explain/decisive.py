"""Which assumptions decide what is taken in one world.

Each uncertain assumption is put at both ends of the interval that holds nine in ten of its values, all else as it is in
this world, and the game is solved again: one-at-a-time swings, as in a tornado diagram (Eschenbach 1992). What two of
them do only together is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.explain.routes import Step
from foedus.lenses.explain.told import Decisive
from foedus.scenario.errors import ScenarioError
from foedus.worlds.blocks import blocks
from foedus.worlds.sample import uncertain
from foedus.worlds.simulate import Games
from foedus.worlds.weights import HIGH, LOW

MOST = 5
NOTABLE = 0.01  # a swing of less than a point decides nothing


def decisive(games: Games, policy: str, draws: Mapping[str, Floats], taken: Sequence[Step]) -> list[Decisive]:
    """The few assumptions that move the odds of what was ``taken`` most, in the one world of ``draws``; none where no
    assumption is uncertain, where nothing was decided, or where a game at such an end cannot be played."""
    scenario = games.scenario
    names = uncertain(scenario)
    if not names or not taken:
        return []
    laws = {name: scenario.all_assumptions[name].distribution for name in names}
    ends = {name: law.quantile(np.array([LOW, HIGH])) for name, law in laws.items() if law is not None}
    moved = {name: np.repeat(draw, 2 * len(names)) for name, draw in draws.items()}
    for i, name in enumerate(names):
        moved[name][2 * i : 2 * i + 2] = ends[name]
    try:
        by_block = [
            (block.game, [block.played[step.place.t, step.action, : block.width].copy() for step in taken])
            for block in blocks(games, policy, moved)
        ]
    except ScenarioError:
        return []
    game = by_block[0][0]
    odds = [np.concatenate(parts).reshape(-1, 2) for parts in zip(*(odds for _, odds in by_block), strict=True)]
    swings = np.abs(np.diff(np.stack(odds), axis=2))[:, :, 0]  # [decision, assumption]
    told = []
    for i in np.argsort(-swings.max(axis=0), kind="stable")[:MOST]:
        k = int(swings[:, i].argmax())
        phase, order = game.turn.choices[game.arrays.action_id[taken[k].action]]
        where = game.turn.phases[phase].id, str(game.turn.phases[phase].actions[order].name)
        period = scenario.horizon.calendar.label(taken[k].place.t)
        low, high = (float(end) for end in ends[names[i]])
        told.append(Decisive(names[i], float(draws[names[i]][0]), low, high, period, *where, *map(float, odds[k][i])))
    return [each for each in told if each.swing >= NOTABLE]
