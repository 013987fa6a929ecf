"""Leverage: how far each actor can move each outcome by its own play.

Two answers for each actor and outcome, both exact. *Held*: the others go on as they do, and the actor plays
for or against the event (dynamic programming, ``solve.reach``). *Responding*: the others know what it
plays for and adjust (``solve.pursuit``); the actor then plays its best against what they do.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from foedus.arraytypes import Dataset, Floats, Ints
from foedus.game.arrays import LANES
from foedus.runs.result import Run
from foedus.scenario.outcomes import outcomes_of
from foedus.solve.decision import Choosing
from foedus.solve.packed import MEMORY, Chain
from foedus.solve.play import Play
from foedus.solve.pursuit import Pursuit, layered, pursue, too_large, usual_values
from foedus.solve.reach import extreme
from foedus.worlds.blocks import in_blocks
from foedus.worlds.simulate import Games

MOST = 25  # worlds at most
BUDGET = 4.5e8  # nodes solved (over all periods, actors and outcomes) that are spent on them, or one block
TOO_LARGE = "The game is too large to solve how the others would respond."


def look(run: Run, policy: str) -> Dataset:
    """The span of each outcome's probability (that it ever happens in the reported periods) in each actor's hands.

    ``usual`` [world, outcome]; ``held`` and ``responding`` [world, actor, outcome, end], with the ends ``low`` and
    ``high``; ``weight`` [world]. Worlds are a few that stand for the run's (``Run.few``): as many as keep
    the work small, at most 25. Attributes: ``policy``, ``worlds``, ``note`` (why ``responding`` is undefined, or "").
    """
    import xarray as xr

    outcomes = outcomes_of(run.scenario)
    games = Games(run.scenario, (), outcomes, observe=False)
    play, _ = games.play(policy)
    actors = list(run.scenario.actors)
    large = too_large(play.game.periods, play.game.nodes, len(actors))
    some = run.few(_affordable(play, len(actors) * len(outcomes)))
    perfect = run.scenario.rationality == "perfect"
    solve = partial(_block, perfect=perfect, responding=not large)
    spans = in_blocks(games, policy, some.draws, solve, threads=1)
    dims = {"usual": ("outcome",), "held": ("actor", "outcome", "end"), "responding": ("actor", "outcome", "end")}
    variables = {name: (("world", *dims[name]), values) for name, values in spans.items()}
    coords = {"world": some.data["world"].values, "actor": actors, "outcome": list(outcomes), "end": ["low", "high"]}
    attrs = {"policy": policy, "worlds": len(some.weights), "note": TOO_LARGE if large else ""}
    return xr.Dataset(variables | {"weight": ("world", some.weights)}, coords, attrs)


def _affordable(play: Play, pairs: int) -> int:
    """How many worlds the budget allows: at least one block."""
    cost = 2 * pairs * play.game.nodes * play.game.periods * len(play.solves)
    return min(MOST, max(1, int(BUDGET / (cost * LANES))) * LANES)


def _block(play: Play, tables: list[Floats], perfect: bool, responding: bool) -> dict[str, Floats]:
    """Everything in one block of worlds; outcomes side by side in threads."""
    everyone = play.policies(tables, 1.0, perfect)
    played = play.joined(everyone)
    others = _Responses(play, tables, everyone, perfect) if responding else None
    bits = {tree: e for e, tree in enumerate(play.game.watch.events)}
    with ThreadPoolExecutor(max_workers=2) as pool:
        spans = list(pool.map(lambda tree: _outcome(play, tables[0], played, others, bits[tree]), play.events))
    axes = {"usual": 1, "held": 2, "responding": 2}
    return {name: np.stack([span[k] for span in spans], axis) for k, (name, axis) in enumerate(axes.items())}


def _outcome(play: Play, table: Floats, played: Floats, others: _Responses | None, event: int) -> tuple[Floats, ...]:
    """One event: ``usual`` [LANES], ``held`` and ``responding`` [LANES, actor, end]."""
    actors, packed = len(play.game.turn.actors), layered(play.graph, event)
    held, answered = (np.full((LANES, actors, 2), np.nan) for _ in range(2))
    for i in range(actors):
        for end, most in enumerate((False, True)):
            # The same question twice: the best that the actor can do against play as it is, and against play that answers it.
            held[:, i, end] = _reach(play, table, played, event, i, most)
            if others is not None:
                theirs = others.to(packed, Pursuit(i, event, most))
                answered[:, i, end] = _reach(play, table, theirs, event, i, most)
    return _reach(play, table, played, event, -1, False), held, answered


def _reach(play: Play, table: Floats, policy: Floats, event: int, mover: int, most: bool) -> Floats:
    """[LANES] the probability that the event ever happens if ``mover`` (-1: nobody) plays for it or against it."""
    movers = np.arange(len(play.game.turn.actors)) == mover
    chain = Chain(play.graph, table, policy, play.game.periods)
    return extreme(chain, event, movers, most, play.game.starts[()])[0]


class _Responses:
    """What everybody plays when one actor plays for an event, and all know it."""

    def __init__(self, play: Play, tables: list[Floats], everyone: list[Floats], perfect: bool):
        self.play, self.tables, self.perfect = play, tables, perfect
        solves, periods = zip(play.solves, everyone, strict=True), play.game.periods
        chains = (Chain(play.graph, tables[solving.table], choices, periods) for solving, choices in solves)
        self.records = [usual_values(chain) for chain in chains]
        self.sources = {source for solving in play.solves for _, source in solving.fixed}

    def to(self, packed: Ints, aim: Pursuit) -> Floats:
        """[solved, actions, LANES]: the choices as they are played while the event has not happened.

        ``packed`` is the game in layers for the event. The array is overwritten by the thread's next call.
        """
        play, actors = self.play, len(self.play.game.turn.actors)
        shape = play.game.solved, len(play.game.arrays.base), LANES
        played, given = MEMORY.take("joined", *shape), MEMORY.take("given", *shape)
        kept: dict[int, Floats] = {}
        for s, solving in enumerate(play.solves):
            fixed = np.zeros(actors, bool)
            for actor, source in solving.fixed:
                fixed[actor] = True
                given[:, play.acts[actor]] = kept[source][:, play.acts[actor]]
            out, keep = played, np.isin(np.arange(actors), solving.own)
            # Where others of its choices are given to a later solve, all are kept, beside what is played.
            if s in self.sources:
                out = kept[s] = MEMORY.take(f"kept {s}", *shape)
                keep[:] = True
            how = Choosing(1.0, self.perfect, fixed, given, keep)
            pursue(play.graph, packed, self.tables[solving.table], aim, self.records[s], how, out)
            for actor in solving.own if s in self.sources else ():
                played[:, play.acts[actor]] = out[:, play.acts[actor]]
        return played
