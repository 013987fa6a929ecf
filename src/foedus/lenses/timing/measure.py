"""When things happen: the first time of each outcome and of the moves that set it off, and what dated events change.

The hazard of a period is the probability that an outcome comes in it, given that it has not come before (as in
discrete-time event history analysis: Allison 1982). Over worlds it is that of the population: worlds count by their weight
times how often the outcome has not come in them yet, since where it comes soon few paths are left to be at risk (frailty:
Vaupel, Manton and Stallard 1979). So what each period leaves multiplies up to the average survival. The move that sets an outcome off is the one after which it is
first seen. All is exact in a world; a dated event is compared with the game in which it never comes, and with the
games in which it turns out in each way, all solved anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import DECIDE, LANES
from foedus.game.program import Memo
from foedus.lenses.labels import label_coords
from foedus.lenses.moves import Move, action_moves, phase_moves
from foedus.lenses.timing.dated import DatedPhase, Variant, dated_phases, variants
from foedus.runs.result import Run
from foedus.scenario.outcomes import outcomes_of
from foedus.solve.flow import visits
from foedus.worlds.blocks import Block, Shape, blocks
from foedus.worlds.padding import joined
from foedus.worlds.simulate import Games
from foedus.worlds.weights import HIGH, LOW, MIDDLE, Spread, weighted_quantile

WORLDS = 16  # worlds that causes and dated events are worked out in
ACTS = 6  # moves whose first time is reported: those that set off most
AS_IS = "as_is"  # the variant in which nothing is changed


def look(run: Run, policy: str) -> xr.Dataset:
    """Times under ``policy``.

    In all worlds: ``first``, ``survival``, ``hazard`` [world, outcome, period] and ``median`` [world, outcome] (index of
    the period by whose end the outcome is as likely as not to have come; NaN where it is not within the horizon);
    ``population_hazard`` [outcome, period] over them.
    In few worlds, of weight ``few_weight``: ``cause`` [few, outcome, move], the probability that an outcome is set
    off by a move; ``act_first`` [few, act, period] for the acts that set off most;
    ``dated_by`` [few, variant, outcome, period] and ``dated_taken`` [few, variant, act, period], outcomes and acts in
    the game as it is and where a dated event (``variant_phase``) never comes or turns out in one ``variant_way``.
    ``dated`` in the attributes lists each event's phase, periods and ways.
    """
    by = run.data["outcome_by"].sel(policy=policy).transpose("world", "outcome", "period")
    (first, hazard), subset = hazards(np.asarray(by.values, float)), run.few(WORLDS)
    times = times_in(Games(run.scenario, (), outcomes_of(run.scenario), observe=False), policy, subset.draws)
    dims, events = ("world", "outcome", "period"), times.events
    dated = [{"phase": e.phase, "periods": list(e.periods), "ways": [way.name for way in e.ways]} for e in events]
    return xr.Dataset(
        {
            "first": (dims, first),
            "survival": (dims, 1 - by.values),
            "hazard": (dims, hazard),
            "population_hazard": (dims[1:], population_hazard(np.asarray(by.values, float), run.weights)),
            "median": (("world", "outcome"), medians(np.asarray(by.values, float))),
            "weight": ("world", run.weights),
            "cause": (("few", "outcome", "move"), times.cause),
            "act_first": (("few", "act", "period"), times.first),
            "dated_by": (("few", "variant", "outcome", "period"), times.by),
            "dated_taken": (("few", "variant", "act", "period"), times.taken),
            "few_weight": ("few", subset.weights),
        },
        coords={
            "outcome": by["outcome"].values,
            "period": run.periods,
            **label_coords("move", Move, times.moves),
            **label_coords("act", Move, times.acts),
            "variant": [AS_IS, *(v.label for v in times.variants)],
            "variant_phase": ("variant", ["", *(v.event.phase for v in times.variants)]),
            "variant_way": ("variant", ["", *("" if v.way is None else v.way.name for v in times.variants)]),
        },
        attrs={"policy": policy, "dated": dated},
    )


def hazards(by: Floats) -> tuple[Floats, Floats]:
    """(first, hazard) from the probability [..., period] that something has come: NaN once it is sure to have come."""
    first, at_risk = np.diff(by, axis=-1, prepend=0.0), waiting(by)
    return first, np.divide(first, at_risk, out=np.full_like(first, np.nan), where=at_risk > 1e-12)


def waiting(by: Floats) -> Floats:
    """The probability [..., period] that something has not come before a period."""
    return 1 - by + np.diff(by, axis=-1, prepend=0.0)


def population_hazard(by: Floats, weights: Floats) -> Floats:
    """[..., period] the hazard over worlds from the probability ``by`` [world, ..., period] that something has come:

        h(t) = sum_w weight_w first_w(t) / sum_w weight_w survival_w(t - 1)

    so that the product of 1 - h is the average survival. NaN once it is sure to have come everywhere.
    """
    return hazards(np.tensordot(weights / weights.sum(), by, 1))[1]


def rate_over(by: Floats, weights: Floats, start: int, end: int) -> Spread:
    """Events a period at risk, of the periods from ``start`` up to ``end``; ``by`` [world, period].

    The mean is the population's (events of all worlds over what is at risk in all of them), the ends are those between
    which nine in ten of what is at risk lie. NaN where nothing is at risk.
    """
    first, at_risk = np.diff(by, axis=-1, prepend=0.0), waiting(by)
    events, exposure = (part[:, start:end].sum(axis=1) for part in (first, at_risk))
    mass = weights * np.where(exposure > 1e-12, exposure, 0.0)
    if not mass.sum() > 0:
        return Spread(np.nan, np.nan, np.nan, np.nan)
    rates = np.divide(events, exposure, out=np.zeros_like(events), where=exposure > 1e-12)
    return Spread.around(
        float(mass @ rates / mass.sum()), *map(float, weighted_quantile(rates, (LOW, MIDDLE, HIGH), mass))
    )


def medians(by: Floats) -> Floats:
    """The first period by whose end it is as likely as not to have come; NaN where it is not."""
    come = by >= 0.5
    return np.where(come.any(axis=-1), come.argmax(axis=-1), np.nan)


@dataclass(frozen=True)
class Times:
    """What is read off the games of a few worlds; arrays as the lens names them (see ``look``)."""

    events: list[DatedPhase]
    variants: list[Variant]
    moves: list[Move]
    acts: list[Move]
    cause: Floats
    first: Floats
    by: Floats
    taken: Floats


def times_in(games: Games, policy: str, draws: Mapping[str, Floats]) -> Times:
    """Causes, first times and the effects of dated events, in the worlds of ``draws``."""
    memo = Memo()
    solved = list(blocks(games, policy, draws, memo=memo))
    game, events = solved[0].game, dated_phases(solved[0])
    g, actions, changed = game.arrays, action_moves(game.turn), variants(events)
    # The phases in which nature moves, readings of commitments among them.
    nature = np.unique(g.phase[(g.kind != DECIDE) & (g.phase >= 0)]).astype(np.int64)
    cause = _joined(solved, lambda block: _causes(block, nature))
    acts = _main_acts(cause, len(actions))
    changes = [blocks(games, policy, draws, change, memo) for change in changed]
    played = [[part.play.block(part.tables, 1.0, part.perfect) for part in parts] for parts in (solved, *changes)]
    results = [joined(parts, len(cause)) for parts in played]
    by, taken = (np.stack([result[name] for result in results], axis=1).swapaxes(2, 3) for name in ("by", "taken"))
    return Times(
        events,
        changed,
        [*actions, *(phase_moves(game.turn)[k] for k in nature), Move()],
        [actions[act] for act in acts],
        cause,
        _joined(solved, lambda block: _first(block, acts)),
        by,
        taken[:, :, acts],
    )


def _joined(solved: Sequence[Block], of: Callable[[Block], Floats]) -> Floats:
    """[world, ...] from what is [LANES, ...] in each block."""
    return np.concatenate([of(block)[: block.width] for block in solved])


def _causes(block: Block, nature: Longs) -> Floats:
    """[LANES, outcome, move]: the probability that an outcome is first seen after a move, within the horizon.

    Moves are the actions, the phases of ``nature``, and the start of a period.
    """
    game, g, shape = block.game, block.game.arrays, Shape(block.game.arrays)
    actions, start_of_period = len(game.action_ids), len(game.action_ids) + len(nature)
    node = shape.node_of_action[shape.action_of_branch]
    by_phase = np.full(len(game.phase_ids) + 1, start_of_period)  # a period's end has the phase -1
    by_phase[nature] = actions + np.arange(len(nature))
    decided = g.kind[node] == DECIDE
    move = np.where(decided, g.action_id[shape.action_of_branch], by_phase[g.phase[node]])
    cause = np.zeros((LANES, len(block.play.events), start_of_period + 1))
    nodes, odds, bits = game.starts[()]
    for o, tree in enumerate(block.play.events):
        # Mass that takes a branch on which the outcome is seen leaves the game: so it is counted once, by that branch.
        bit = np.uint64(1) << np.uint64(game.watch.events.index(tree))
        stop, there = (g.flags & bit) != 0, (bits & bit) != 0
        mass = visits(block.chain, (nodes[~there], odds[~there], bits[~there]), stop)
        cause[:, o, -1] += block.now(0)[odds[there]].sum(axis=0)
        along = np.flatnonzero(stop)
        for t in range(game.periods):
            last = t == game.periods - 1  # what comes as the next period starts is beyond the horizon
            now = along[move[along] < start_of_period] if last else along
            hit = mass[t, node[now]] * block.acts(t)[shape.action_of_branch[now]] * block.now(t)[g.prob[0, now]]
            np.add.at(cause[:, o].T, move[now], hit)
    return cause


def _main_acts(cause: Floats, actions: int) -> list[int]:
    """The actions (the first so many moves) that set off most: those of the first outcome before those of others."""
    chosen: dict[int, None] = {}
    for row in cause.mean(axis=0):
        order = np.argsort(-row, kind="stable").tolist()
        chosen |= dict.fromkeys(i for i in order if i < actions and row[i] > 1e-4 * row.sum())
    return list(chosen)[:ACTS]


def _first(block: Block, acts: Sequence[int]) -> Floats:
    """[LANES, act, period]: the probability that an action is first taken in a period."""
    g, shape = block.game.arrays, Shape(block.game.arrays)
    first = np.zeros((LANES, len(acts), block.game.periods))
    for i, act in enumerate(acts):
        here = np.flatnonzero((g.action_id == act) & (g.kind[shape.node_of_action] == DECIDE))
        mass = block.visits(np.isin(shape.action_of_branch, here))
        for t in range(block.game.periods):
            first[:, i, t] = np.sum(mass[t, shape.node_of_action[here]] * block.played[t, here], axis=0)
    return first
