"""Escalation: how paths climb, from where nobody can hold them, and the likeliest routes up.

The ladder is one ordered state variable. All is exact in each world; worlds are a few that stand for the run's.
Points of no return are states from which even the best joint play of a set of actors, the others going on as they
do, cannot bring the risk of the target below a limit (dynamic programming for a coalition, ``solve.reach``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.lenses.escalation.ladder import Ladder, ladder_of, rungs
from foedus.lenses.escalation.routes import Route, best_routes
from foedus.solve.flow import push
from foedus.solve.play import Play
from foedus.solve.pursuit import too_large
from foedus.worlds.blocks import in_blocks
from foedus.worlds.simulate import Games

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run

LIMITS = (0.1, 0.5)
PAIRED = 8  # actors up to which pairs are looked at
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
    ``weight`` [world]. Attributes: ``policy``, ``variable``, ``worlds``, ``note``, ``route_target``, ``routes_sure``.
    """
    import xarray as xr

    variable = variable or ladder_of(run.scenario)
    attrs: dict[str, Any] = {"policy": policy, "variable": variable or "", "worlds": 0, "note": ""}
    if variable is None:
        return xr.Dataset(attrs=attrs | {"note": NO_LADDER})
    events = rungs(run.scenario, variable)
    games = Games(run.scenario, (), {f"at least {k}": tree for k, tree in enumerate(events, 1)}, observe=False)
    play, _ = games.play(policy)
    if too_large(play.game.periods, play.game.nodes, 1):
        return xr.Dataset(attrs=attrs | {"note": TOO_LARGE})
    some = run.few(LANES)
    made = _Maker(run, policy, variable, some.weights)
    found = in_blocks(games, policy, some.draws, made.block, threads=1)
    return made.dataset(found, some, attrs)


def sets_of(play: Play) -> list[tuple[int, ...]]:
    """The sets of actors whose best efforts are asked for: each that decides, pairs where they are few, all."""
    movers = sorted({phase.mover for phase in play.game.turn.phases if phase.mover >= 0})
    sizes = [1, 2] if len(movers) <= PAIRED else [1]
    found = [chosen for size in sizes for chosen in combinations(movers, size)]
    return list(dict.fromkeys([*found, tuple(movers)]))


class _Maker:
    """Makes the arrays of one block of worlds (all that there are), and the labelled whole."""

    def __init__(self, run: Run, policy: str, variable: str, weights: Floats):
        self.scenario, self.variable = run.scenario, variable
        self.levels = run.scenario.state[variable].levels
        top = len(self.levels) - 1
        self.targets = [top - 1, top] if top >= 3 else [top]
        self.weights = np.concatenate([weights, np.zeros(LANES - len(weights))])
        self.routes: list[Route] = []

    def block(self, play: Play, tables: list[Floats]) -> dict[str, Floats]:
        """Every array, the world first."""
        policy, _ = play.solve(tables, 1.0, self.scenario.rationality == "perfect")
        ladder = Ladder(play, tables[0], policy, self.variable)
        self.moves, self.sets, self.phases = ladder.moves, sets_of(play), play.game.phase_ids
        found = _climb(ladder, len(self.levels)) | self._up(ladder)
        parts = [self._target(ladder, target) for target in self.targets]
        found |= {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}
        self._find_routes(ladder, found["ever"])
        shares = [route.chance for route in self.routes]
        found["route"] = np.stack(shares, axis=1) if shares else np.zeros((LANES, 0))
        return found

    def _up(self, ladder: Ladder) -> dict[str, Floats]:
        """How often each move is made on paths to the top, before they get there."""
        top = len(self.levels) - 1
        start, later = ladder.risk(top)
        target = ladder.play.game.arrays.target[ladder.changing]
        ahead = np.where((ladder.lands[ladder.changing] >= top)[:, None], 1.0, later[:, target])
        taken = _by_move(ladder, (ladder.taken(ladder.before(top)) * ahead).sum(axis=0))
        return {"moves_up": np.divide(taken, start, out=np.full_like(taken, np.nan), where=start > 0).T}

    def _target(self, ladder: Ladder, target: int) -> dict[str, Floats]:
        """Risk and points of no return for one target."""
        usual, worth = ladder.risk(target)
        entered = _entered(ladder, target)
        with ThreadPoolExecutor(max_workers=2) as pool:
            parts = list(pool.map(lambda one: self._set(ladder, target, one, entered), self.sets))
        found = {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}
        return found | {"usual": usual, "usual_at": self._on_entry(ladder, worth, entered)}

    def _set(self, ladder: Ladder, target: int, movers: Sequence[int], entered: Floats) -> dict[str, Floats]:
        """What one set of actors can do against a target."""
        least, worth = ladder.risk(target, movers)
        first = [self._no_return(ladder, target, worth, limit) for limit in LIMITS]
        levels, phases = (np.stack(parts, axis=1) for parts in zip(*first, strict=True))
        return {
            "least": least,
            "least_at": self._on_entry(ladder, worth, entered),
            "first_at": levels,
            "first_next": phases,
            "passed": levels.sum(axis=2),
        }

    def _no_return(self, ladder: Ladder, target: int, worth: Floats, limit: float) -> tuple[Floats, Floats]:
        """The probability that the first state of no return is at each level [LANES, level], before each phase [LANES, phase]."""
        mass = ladder.begin(ladder.empty(), range(target))
        push(ladder.chain, mass, ladder.lands >= target, worth=worth, limit=limit)
        g = ladder.play.game.arrays
        mass = np.where(worth >= limit, mass, 0.0)
        mass[:, g.end_nodes] = 0.0
        first = mass.sum(axis=0)
        by_phase = _by_level(first, np.maximum(g.phase, 0), len(ladder.play.game.phase_ids))
        return _by_level(first, ladder.level, len(self.levels)), by_phase

    def _on_entry(self, ladder: Ladder, worth: Floats, entered: Floats) -> Floats:
        """[LANES, level]: the average of ``worth`` over arrivals at a level from below, and starts there."""
        g, size = ladder.play.game.arrays, len(self.levels)
        to = ladder.lands[ladder.changing]
        at_start = ladder.begin(np.zeros((1, ladder.nodes, LANES)))[0]
        above = _by_level((entered * worth[:, g.target[ladder.changing]]).sum(axis=0), to, size)
        below = _by_level(entered.sum(axis=0), to, size)
        above += _by_level(at_start * worth[0], ladder.level, size)
        below += _by_level(at_start, ladder.level, size)
        return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)

    def _find_routes(self, ladder: Ladder, ever: Floats) -> None:
        """The likeliest routes to the highest level that is ever come to."""
        reached = [k for k in range(1, len(self.levels)) if float(self.weights @ ever[:, k]) > 1e-12]
        self.route_target, self.sure = (reached[-1] if reached else 0), True
        if reached:
            self.routes, self.sure = best_routes(ladder, reached[-1], self.weights)

    def dataset(self, found: dict[str, Floats], some: Run, attrs: dict[str, Any]) -> xr.Dataset:
        """The arrays with their labels."""
        import xarray as xr

        dims = {
            "ever": ("level",),
            "periods_at": ("level",),
            "step": ("from", "to"),
            "moves": ("move",),
            "moves_up": ("move",),
            "usual": ("target",),
            "least": ("target", "set"),
            "usual_at": ("target", "level"),
            "route": ("route",),
            "least_at": ("target", "set", "level"),
            "passed": ("target", "set", "limit"),
            "first_at": ("target", "set", "limit", "level"),
            "first_next": ("target", "set", "limit", "phase"),
        }
        actors = list(self.scenario.actors)
        longest = max((len(route.moves) for route in self.routes), default=0)
        padded = [[*route.moves, *[("", -1, -1)] * (longest - len(route.moves))] for route in self.routes]
        variables: dict[str, Any] = {name: (("world", *dims[name]), values) for name, values in found.items()}
        for part, name in enumerate(("route_by", "route_from", "route_to")):
            rows = [[move[part] for move in moves] for moves in padded]
            variables[name] = (("route", "place"), np.array(rows).reshape(len(rows), longest))
        variables["weight"] = ("world", some.weights)
        coords = {
            "world": some.data["world"].values,
            "level": self.levels,
            "from": self.levels,
            "to": self.levels,
            "move": [f"{by}: {self.levels[a]} to {self.levels[b]}" for by, a, b in self.moves],
            "move_by": ("move", [by for by, _, _ in self.moves]),
            "move_from": ("move", [a for _, a, _ in self.moves]),
            "move_to": ("move", [b for _, _, b in self.moves]),
            "target": [self.levels[k] for k in self.targets],
            "phase": list(self.phases),
            "set": ["+".join(actors[i] for i in chosen) for chosen in self.sets],
            "limit": list(LIMITS),
        }
        attrs |= {"worlds": len(some.weights), "route_target": self.levels[self.route_target], "routes_sure": self.sure}
        return xr.Dataset(variables, coords=coords, attrs=attrs)


def _climb(ladder: Ladder, size: int) -> dict[str, Floats]:
    """Levels over time, transitions over a period, and moves."""
    g, usual = ladder.play.game.arrays, ladder.usual
    ever = np.stack([np.ones(LANES), *(ladder.risk(k)[0] for k in range(1, size))], axis=1)
    ends = usual[:, g.end_nodes]
    at_end = _by_level(ends.sum(axis=0), ladder.level[g.end_nodes], size)
    next_node = g.target[g.b_ptr[g.a_ptr[g.end_nodes]]]
    step = np.zeros((LANES, size, size))
    for k in range(size):
        mass = ladder.begin(ladder.empty(), (k,))
        here = np.flatnonzero(ladder.level[next_node] == k)
        for e in here:
            mass[1:, next_node[e]] += ends[:-1, e]
        started = mass.sum(axis=(0, 1))
        push(ladder.chain, mass, np.zeros(len(ladder.source), bool), days=False)
        landed = _by_level(mass[:, g.end_nodes].sum(axis=0), ladder.level[g.end_nodes], size)
        step[:, k] = np.divide(landed, started[:, None], out=np.full_like(landed, np.nan), where=started[:, None] > 0)
    moves = _by_move(ladder, ladder.taken(usual).sum(axis=0)).T
    return {"ever": ever, "periods_at": at_end, "step": step, "moves": moves}


def _entered(ladder: Ladder, target: int) -> Floats:
    """[periods, changing branches, LANES]: what comes to a level below the target from below, before the target."""
    to, source = ladder.lands[ladder.changing], ladder.level[ladder.source[ladder.changing]]
    return np.asarray(ladder.taken(ladder.before(target)) * ((to > source) & (to < target))[:, None])


def _by_level(values: Floats, level: NDArray[np.int64], size: int) -> Floats:
    """[LANES, level]: sums of ``values`` [any, LANES] by the level of each row."""
    total = np.zeros((size, LANES))
    np.add.at(total, level, values)
    return total.T


def _by_move(ladder: Ladder, values: Floats) -> Floats:
    """[moves, LANES]: sums of ``values`` [changing branches, LANES] by move."""
    total = np.zeros((len(ladder.moves), LANES))
    np.add.at(total, ladder.move_of, values)
    return total
