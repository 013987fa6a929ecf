"""Why actors choose as they do: what each action is worth by objective, and when the choice would flip.

For each phase that an actor decides, over the states in which it has a free choice (weighted by how often they are
met), and apart for the situations that matter to the phase: the worth ``Q(a)`` of each action to the mover, in its own
version of the game, by objective. With quantal response (McKelvey and Palfrey 1998; base rates: Mattsson and
Weibull 2002) the odds of ``b`` to ``a`` are ``base_b / base_a exp(precision (Q(b) - Q(a)))``, so ``b`` ties with the likeliest of
the others once it pays

    bonus(b) = max over a of (Q(a) + ln(base_a) / precision) - (Q(b) + ln(base_b) / precision)

more at that choice; below 0 for the likeliest, which can lose as much. With perfect rationality base rates do not
count. Which assumption would flip a choice is searched over the range of each that goes most with the choice, the
others at their middle value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats
from foedus.lenses.incentives.averages import averages
from foedus.lenses.incentives.flips import Flip, flips
from foedus.lenses.incentives.situations import SituatedAction, Situation, situations
from foedus.lenses.labels import label_coords
from foedus.runs.result import Run
from foedus.worlds.blocks import Block, blocks
from foedus.worlds.simulate import Games

WORLDS = 16


def look(run: Run, policy: str) -> xr.Dataset:
    """Choices under ``policy``, in a few worlds of weight ``weight``.

    ``met`` [world, situation] is how often the mover has the choice; situations are a phase (all of it) and
    parts of it (``levels`` in the attributes). Per ``option``, an action in a situation, [world, option]: ``probability`` where it is
    available, ``usual`` by base rates alone, ``worth``, ``bonus``; ``versus`` [world, option, objective] is what it
    is worth more than the situation's reference, the action taken most, by the mover's objectives, and ``habit`` the
    same of base rates, ``ln(base/base) / precision``. NaN where an action is never available. ``flip_at`` [flip] and
    its coords tell which value of an assumption turns which choice.
    """
    subset = run.few(WORLDS)
    games = Games(run.scenario, (), {}, observe=False)
    solved = list(blocks(games, policy, subset.draws))
    visits = [block.visits() for block in solved]
    often = sum(each[..., : block.width].sum(axis=(0, 2)) for each, block in zip(visits, solved, strict=True))
    met = situations(solved[0].game, np.asarray(often))
    pairs = [(situation, _most_taken(situation, solved, visits)) for situation in met]
    parts = [averages(block, each, pairs) for block, each in zip(solved, visits, strict=True)]
    turned, tried = flips(run, games, policy)
    turn = solved[0].game.turn
    names = [turn.phases[k].actions[order].name for k, order in turn.choices]
    options = [SituatedAction(each.phase, each.label, names[action]) for each in met for action in each.actions]
    dims = {"met": ("situation",), "versus": ("option", "objective")}
    variables: dict[str, Any] = {}
    for name in parts[0]:
        lanes = np.concatenate([part[name] for part in parts], axis=-1)[..., : len(subset.weights)]
        variables[name] = ("world", *dims.get(name, ("option",))), np.ascontiguousarray(np.moveaxis(lanes, -1, 0))
    return xr.Dataset(
        variables | {"weight": ("world", subset.weights)},
        coords={
            "situation": [situation.label for situation in met],
            "situation_phase": ("situation", [situation.phase for situation in met]),
            **label_coords("option", SituatedAction, options),
            "objective": [f"{actor}.{name}" for actor, name in turn.objectives],
            "objective_actor": ("objective", [actor for actor, _ in turn.objectives]),
            "objective_name": ("objective", [name for _, name in turn.objectives]),
            **label_coords("flip", Flip, turned),
        },
        attrs={
            "policy": policy,
            "tried": tried,
            "references": {s.label: names[reference] for s, reference in pairs},
            "levels": {situation.label: dict(situation.levels) for situation in met},
        },
    ).reset_coords("flip_at")


def _most_taken(situation: Situation, solved: Sequence[Block], visits: Sequence[Floats]) -> int:
    """The action taken most in a situation, by public index."""
    g = solved[0].game.arrays
    acts = np.concatenate([np.arange(g.a_ptr[n], g.a_ptr[n + 1]) for n in situation.nodes])
    node = np.repeat(situation.nodes, np.diff(g.a_ptr)[situation.nodes])
    total = np.zeros(len(solved[0].game.action_ids))
    for block, each in zip(solved, visits, strict=True):
        times = each[:, node] * block.played[: block.game.periods, acts]
        np.add.at(total, g.action_id[acts], times[..., : block.width].sum(axis=(0, 2)))
    return max(situation.actions, key=lambda action: total[action])
