"""Escalation: how paths climb, from where nobody can hold them, and the likeliest routes up.

The ladder is one ordered state variable. All is exact in each world; worlds are a few that stand for the run's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from foedus.game.arrays import LANES
from foedus.lenses.escalation.ladder import Ladder, ladder_of, rungs
from foedus.lenses.escalation.no_return import LIMITS, Arrays, against, sets_of, stacked
from foedus.lenses.escalation.routes import Routes, best_routes
from foedus.lenses.labels import label_coords
from foedus.lenses.moves import Move, phase_moves
from foedus.runs.result import Run
from foedus.solve.pursuit import too_large
from foedus.solve.queries import ratio
from foedus.worlds.blocks import blocks
from foedus.worlds.simulate import Games

NO_LADDER = "No state variable lasts beyond a period and has a few ordered levels, so there is no ladder to climb."
TOO_LARGE = "The game is too large to look at every state of every period."


def look(run: Run, policy: str, variable: str | None = None) -> xr.Dataset:
    """The ladder of ``variable`` (default: ``ladder_of``) under a policy.

    By world: ``ever`` [level], the probability of ever being at that level or higher; ``periods_at`` [level], how
    many reported periods end there; ``step`` [from, to], the probability of the level at a period's end given that at its
    start (NaN where never); ``moves`` [move], how often each move between levels is made, and ``moves_up``, the same
    on paths to the top before they get there. For each ``target`` (a level, or higher): ``usual`` [target] its risk at the start and ``least`` [target, set] the
    lowest that a set of actors can bring about; ``usual_at`` [target, level] and ``least_at`` [target, set, level]
    the same on coming to a level from below (or starting there); ``passed`` [target, set, limit] the probability that a path comes to
    a state from which the set cannot bring the risk below the limit, short of the target itself, and ``first_at`` [.., level]
    and ``first_next`` [.., phase] the parts of it that first do so at each level, and with each phase next. ``route`` [route]: the probability of the likeliest routes to
    ``route_target``; ``route_by``, ``route_from``, ``route_to`` [route, place] their moves ("" and -1 behind the last).
    ``weight`` [world]; ``members`` [set, actor] says who is in a set. Attributes: ``policy``, ``variable``, ``worlds``,
    ``note``, ``route_target``, ``routes_sure``.
    """
    variable = variable or ladder_of(run.scenario)
    attrs: dict[str, Any] = {"policy": policy, "variable": variable or "", "worlds": 0, "note": ""}
    if variable is None:
        return xr.Dataset(attrs=attrs | {"note": NO_LADDER})
    events = rungs(run.scenario, variable)
    games = Games(run.scenario, (), {f"at least {k}": tree for k, tree in enumerate(events, 1)}, observe=False)
    game = games.play(policy)[0].game
    if too_large(game.periods, game.nodes, 1):
        return xr.Dataset(attrs=attrs | {"note": TOO_LARGE})
    subset = run.few(LANES)
    (block,) = blocks(games, policy, subset.draws)
    levels = run.scenario.state[variable].levels
    ladder = Ladder(block, variable, len(levels))
    targets = [ladder.top - 1, ladder.top] if ladder.top >= 3 else [ladder.top]
    sets = sets_of(game.turn)
    arrays = _levels(ladder) | _moves(ladder) | stacked("target", [against(ladder, k, sets) for k in targets])
    weights = np.concatenate([subset.weights, np.zeros(LANES - len(subset.weights))])
    # The likeliest routes to the highest level that is ever come to.
    reached = [k for k in range(1, ladder.size) if float(weights @ arrays["ever"][1][:, k]) > 1e-12]
    routes = best_routes(ladder, reached[-1], weights) if reached else Routes(0, [], True)
    arrays["route"] = ("route",), np.array([route.chance for route in routes.best]).reshape(-1, LANES).T
    moves, actors = ladder.moves, list(run.scenario.actors)
    attrs |= {"worlds": len(subset.weights), "route_target": levels[routes.target], "routes_sure": routes.sure}
    return xr.Dataset(
        {name: (("world", *dims), values[: block.width]) for name, (dims, values) in arrays.items()}
        | _route_moves(routes)
        | {"weight": ("world", subset.weights)},
        coords={
            "world": subset.data["world"].values,
            "level": levels,
            "from": levels,
            "to": levels,
            "move": [f"{move.by.label}: {levels[move.start]} to {levels[move.to]}" for move in moves],
            "move_by": ("move", [move.by.label for move in moves]),
            "move_from": ("move", [move.start for move in moves]),
            "move_to": ("move", [move.to for move in moves]),
            **label_coords("by", Move, list(dict.fromkeys(move.by for move in moves))),
            "target": [levels[k] for k in targets],
            **label_coords("phase", Move, phase_moves(game.turn)),
            "set": ["+".join(actors[i] for i in members) for members in sets],
            "actor": actors,
            "members": (("set", "actor"), [[i in members for i in range(len(actors))] for members in sets]),
            "limit": list(LIMITS),
        },
        attrs=attrs,
    )


def _levels(ladder: Ladder) -> Arrays:
    """Levels over time, and transitions over a period."""
    g, size = ladder.g, ladder.size
    ends, end_level = ladder.usual[:, g.end_nodes], ladder.level[g.end_nodes]
    next_node = g.target[g.b_ptr[g.a_ptr[g.end_nodes]]]
    step = np.zeros((LANES, size, size))
    for k in range(size):
        mass = ladder.begin((k,))
        for e in np.flatnonzero(ladder.level[next_node] == k):
            mass[1:, next_node[e]] += ends[:-1, e]
        started = mass.sum(axis=(0, 1))[:, None]
        ladder.pushed(mass, days=False)
        landed = ladder.by_level(mass[:, g.end_nodes].sum(axis=0), end_level)
        step[:, k] = ratio(landed, started)
    ever = np.stack([np.ones(LANES), *(ladder.risk(k)[0] for k in range(1, size))], axis=1)
    periods = ladder.by_level(ends.sum(axis=0), end_level)
    return {"ever": (("level",), ever), "periods_at": (("level",), periods), "step": (("from", "to"), step)}


def _moves(ladder: Ladder) -> Arrays:
    """How often each move is made: on all paths, and on paths to the top, before they get there.

    The latter weighs each move by the risk where it lands (Doob's h-transform): ``flow(b) h(next) / h(start)``.
    """
    start, later = ladder.risk(ladder.top)
    ahead = np.where((ladder.comes_to >= ladder.top)[:, None], 1.0, later[:, ladder.next])
    up = ladder.by_move((ladder.taken(ladder.before(ladder.top)) * ahead).sum(axis=0))
    times = ladder.by_move(ladder.taken(ladder.usual).sum(axis=0))
    return {"moves": (("move",), times), "moves_up": (("move",), ratio(up, start[:, None]))}


def _route_moves(routes: Routes) -> dict[str, Any]:
    """The moves of routes by place; "" and -1 behind the last."""
    shape = len(routes.best), max((len(route.moves) for route in routes.best), default=0)
    by, start, to = np.full(shape, "", object), np.full(shape, -1), np.full(shape, -1)
    for r, route in enumerate(routes.best):
        for k, move in enumerate(route.moves):
            by[r, k], start[r, k], to[r, k] = move.by.label, move.start, move.to
    dims = ("route", "place")
    return {"route_by": (dims, by.astype(str)), "route_from": (dims, start), "route_to": (dims, to)}
