"""When things happen: the first time of each outcome and of the moves that set it off, and what dated events change.

The hazard of a period is the probability that an outcome comes in it, given that it has not come before (as in
discrete-time event history analysis: Allison 1982). The move that sets an outcome off is the one after which it is
first seen. All is exact in a world; a dated event is compared with the game in which it never comes, and with the
games in which it turns out in each way, all solved anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import DECIDE, LANES
from foedus.game.program import Memo
from foedus.lenses.timing.dated import Dated, dated_phases, variants
from foedus.scenario.outcomes import outcomes_of
from foedus.solve.flow import visits
from foedus.worlds.blocks import Block, Shape, blocks
from foedus.worlds.simulate import Games

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run

WORLDS = 16  # worlds that causes and dated events are worked out in
ACTS = 6  # moves whose first time is reported: those that set off most
START = "start"  # what an outcome that holds from a period's start is put down to


def look(run: Run, policy: str) -> xr.Dataset:
    """Times under ``policy``.

    In all worlds: ``first``, ``survival``, ``hazard`` [world, outcome, period] and ``median`` [world, outcome] (index of
    the period by whose end the outcome is as likely as not to have come; NaN where it is not within the horizon).
    In few worlds, of weight ``few_weight``: ``cause`` [few, outcome, move], the probability that an outcome is set
    off by a move (phase.action; a phase for nature's); ``act_first`` [few, act, period] for the acts that set off most;
    ``dated_by`` [few, variant, outcome, period] and ``dated_taken`` [few, variant, act, period], outcomes and acts in
    the game as it is (variant ``as_is``) and where a dated event never comes or is held (``phase:never``,
    ``phase:way``). ``dated`` in the attributes lists each event's phase, periods and ways.
    """
    import xarray as xr

    by = run.data["outcome_by"].sel(policy=policy).transpose("world", "outcome", "period")
    first, hazard = hazards(np.asarray(by.values, float))
    few = run.few(WORLDS)
    games = Games(run.scenario, (), outcomes_of(run.scenario), observe=False)
    seen = _Seen(games, policy, few.draws)
    dims = ("world", "outcome", "period")
    return xr.Dataset(
        {
            "first": (dims, first),
            "survival": (dims, 1 - by.values),
            "hazard": (dims, hazard),
            "median": (("world", "outcome"), medians(np.asarray(by.values, float))),
            "weight": ("world", run.weights),
            "cause": (("few", "outcome", "move"), seen.cause),
            "act_first": (("few", "act", "period"), seen.first),
            "dated_by": (("few", "variant", "outcome", "period"), seen.by),
            "dated_taken": (("few", "variant", "act", "period"), seen.taken),
            "few_weight": ("few", few.weights),
        },
        coords={
            "outcome": by["outcome"].values,
            "period": run.periods,
            "move": seen.moves,
            "act": seen.acts,
            "variant": ["as_is", *(name for name, _ in variants(seen.dated))],
        },
        attrs={
            "policy": policy,
            "dated": [
                {"phase": one.id, "periods": list(one.periods), "ways": [name for _, name in one.ways]}
                for one in seen.dated
            ],
        },
    )


def hazards(by: Floats) -> tuple[Floats, Floats]:
    """(first, hazard) from the probability [..., period] that something has come: NaN once it is sure to have come."""
    first = np.diff(by, axis=-1, prepend=0.0)
    waiting = 1 - by + first
    return first, np.divide(first, waiting, out=np.full_like(first, np.nan), where=waiting > 1e-12)


def medians(by: Floats) -> Floats:
    """The first period by whose end it is as likely as not to have come; NaN where it is not."""
    come = by >= 0.5
    return np.where(come.any(axis=-1), come.argmax(axis=-1), np.nan)


class _Seen:
    """What is read off the games of a few worlds."""

    def __init__(self, games: Games, policy: str, draws: Mapping[str, Floats]):
        found: dict[str, list[Any]] = {"cause": [], "by": [], "taken": [], "all": []}
        memo = Memo()
        made = list(blocks(games, policy, draws, memo=memo))
        self.dated: list[Dated] = dated_phases(made[0])
        self.moves = _moves(made[0])
        found["cause"] = [_causes(block, self.moves)[: block.width] for block in made]
        self.cause = np.concatenate(found["cause"])
        game = made[0].game
        self.acts = _acts(game.action_ids, self.moves, self.cause)
        which = [game.action_ids.index(act) for act in self.acts]
        self.first = np.concatenate([_first(block, which)[: block.width] for block in made])
        layers = []
        for change in (None, *(change for _, change in variants(self.dated))):
            parts = made if change is None else list(blocks(games, policy, draws, change, memo))
            results = [(part.play.block(part.tables, 1.0, part.perfect), part.width) for part in parts]
            by = np.concatenate([result["by"][:width] for result, width in results])
            taken = np.concatenate([result["taken"][:width][..., which] for result, width in results])
            layers.append((by.transpose(0, 2, 1), taken.transpose(0, 2, 1)))
        self.by = np.stack([by for by, _ in layers], axis=1)
        self.taken = np.stack([taken for _, taken in layers], axis=1)


def _moves(block: Block) -> list[str]:
    """What can set an outcome off: the actions, nature's phases, and the start."""
    g, game = block.game.arrays, block.game
    nature = [game.phase_ids[k] for k in np.unique(g.phase[(g.kind != DECIDE) & (g.phase >= 0)])]
    return [*game.action_ids, *nature, START]


def _causes(block: Block, moves: list[str]) -> Floats:
    """[LANES, outcome, move]: the probability that an outcome is first seen after a move, within the horizon."""
    game, g = block.game, block.game.arrays
    shape = Shape(g)
    node = shape.node_of_action[shape.action_of_branch]
    acts = g.action_id[shape.action_of_branch]
    phases = [moves.index(name) if name in moves else -1 for name in game.phase_ids]
    by_phase = np.asarray([*phases, moves.index(START)])[g.phase[node]]  # a period's end has the phase -1
    owner = np.where(g.kind[node] == DECIDE, acts, by_phase)
    made = np.zeros((LANES, len(block.play.events), len(moves)))
    nodes, odds, bits = game.starts[()]
    for o, tree in enumerate(block.play.events):
        bit = np.uint64(1) << np.uint64(game.watch.events.index(tree))
        stop, there = (g.flags & bit) != 0, (bits & bit) != 0
        start = nodes[~there], odds[~there], bits[~there]
        mass = visits(block.chain, start, stop)
        made[:, o, -1] += block.now(0)[odds[there]].sum(axis=0)
        along = np.flatnonzero(stop)
        for t in range(game.periods):
            last = t == game.periods - 1
            now = along[owner[along] < len(moves) - 1] if last else along
            hit = mass[t, node[now]] * block.acts(t)[shape.action_of_branch[now]] * block.now(t)[g.prob[0, now]]
            np.add.at(made[:, o].T, owner[now], hit)
    return made


def _acts(actions: tuple[str, ...], moves: list[str], cause: Floats) -> list[str]:
    """The actions that set off most: those of the first outcome before those of others."""
    mean = cause.mean(axis=0)
    chosen: list[str] = []
    for row in mean:
        some = [i for i in np.argsort(-row, kind="stable") if row[i] > 1e-4 * row.sum() and i < len(actions)]
        chosen += [moves[i] for i in some if moves[i] not in chosen]
    return chosen[:ACTS]


def _first(block: Block, which: list[int]) -> Floats:
    """[LANES, acts, period]: the probability that an action is first taken in a period."""
    g = block.game.arrays
    shape = Shape(g)
    made = np.zeros((LANES, len(which), block.game.periods))
    for i, act in enumerate(which):
        mine = np.flatnonzero((g.action_id == act) & (g.kind[shape.node_of_action] == DECIDE))
        stop = np.isin(shape.action_of_branch, mine)
        mass = block.visits(stop)
        for t in range(block.game.periods):
            made[:, i, t] = np.sum(mass[t, shape.node_of_action[mine]] * block.played[t, mine], axis=0)
    return made
