"""Which value of an assumption turns a choice: one assumption at a time over its range, the others at their middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.worlds.blocks import blocks
from foedus.worlds.simulate import Games
from foedus.worlds.weights import normalised, ranks

if TYPE_CHECKING:
    from foedus.runs.result import Run

EACH = 3  # assumptions tried for each choice: those that go most with it
MOST = 24  # assumptions tried in all
RARE = 1e-12


@dataclass(frozen=True)
class Flip:
    """In ``phase`` the action taken most is ``below`` up to ``value`` of the assumption, and ``above`` beyond it."""

    phase: str
    assumption: str
    value: float
    below: str
    above: str


@dataclass(frozen=True)
class Flips:
    """The flips found, and the assumptions that were tried."""

    flips: list[Flip]
    tried: list[str]


def flips(run: Run, games: Games, policy: str) -> Flips:
    """The values of assumptions at which the action that a phase sees taken most changes.

    Each assumption that goes most with a choice over the run's worlds takes values over its range (of what was drawn),
    all others staying at their weighted median. The point between two values is found by a second, finer search.
    """
    tried = _influential(run, policy)
    centre = {name: middle(np.asarray(draw, float), run.weights) for name, draw in run.draws.items()}
    found: list[Flip] = []
    if tried:
        ends = [(float(run.draws[name].min()), float(run.draws[name].max())) for name in tried]
        grid = np.array([np.linspace(*end, LANES) for end in ends])
        names, taken = _taken(games, policy, centre, tried, grid)
        brackets = [
            (i, phase, j)
            for i in range(len(tried))
            for phase, actions in names.items()
            for j in _changes(taken[i * LANES : (i + 1) * LANES][:, actions])
        ]
        if brackets:
            finer = np.array([np.linspace(grid[i, j], grid[i, j + 1], LANES) for i, _, j in brackets])
            _, again = _taken(games, policy, centre, [tried[i] for i, _, _ in brackets], finer)
            for b, (i, phase, _) in enumerate(brackets):
                found += _points(
                    games, policy, tried[i], phase, finer[b], again[b * LANES : (b + 1) * LANES][:, names[phase]]
                )
    return Flips(found, tried)


def middle(draw: Floats, weights: Floats) -> float:
    """The weighted median, one of the values drawn."""
    order = np.argsort(draw, kind="stable")
    mass = np.cumsum(normalised(weights, len(draw))[order])
    return float(draw[order[int(np.searchsorted(mass, 0.5 - 1e-12))]])


def _influential(run: Run, policy: str) -> list[str]:
    """The assumptions whose ranks go most with the odds of each choice, over the run's worlds."""
    varied = {name: np.asarray(draw, float) for name, draw in run.draws.items() if np.ptp(draw) > 0}
    if not varied or len(run.weights) < 3:
        return []
    taken = run.data["taken"].sel(policy=policy).sum("period").transpose("world", "action")
    mass = normalised(run.weights, len(run.weights))
    standings = _standard(np.stack([ranks(draw) for draw in varied.values()]), mass)
    names, by_phase = list(varied), _phases([str(a) for a in taken["action"].values])
    chosen: dict[str, float] = {}
    for actions in by_phase.values():
        times = np.asarray(taken.values[:, actions], float)
        first, second = np.argsort(-(mass @ times), kind="stable")[:2]
        odds = np.log((times[:, second] + RARE) / (times[:, first] + RARE))
        score = np.abs(standings @ (mass * _standard(ranks(odds)[None], mass)[0]))
        for i in np.argsort(-score, kind="stable")[:EACH]:
            chosen[names[i]] = max(chosen.get(names[i], 0.0), float(score[i]))
    return sorted(chosen, key=lambda name: (-chosen[name], name))[:MOST]


def _phases(actions: list[str]) -> dict[str, list[int]]:
    """The places of each phase's actions, where it has at least two."""
    made: dict[str, list[int]] = {}
    for i, name in enumerate(actions):
        made.setdefault(name.split(".")[0], []).append(i)
    return {phase: places for phase, places in made.items() if len(places) > 1}


def _standard(rows: Floats, mass: Floats) -> Floats:
    """Rows with mean 0 and variance 1; 0 where one does not vary."""
    away = rows - (rows @ mass)[:, None]
    size = np.sqrt(away**2 @ mass)[:, None]
    return np.divide(away, size, out=np.zeros_like(away), where=size > 0)


def _taken(
    games: Games, policy: str, centre: Mapping[str, float], names: list[str], grid: Floats
) -> tuple[dict[str, list[int]], Floats]:
    """(places of the actions by phase, times taken [assumption x value, action]), one assumption moved at a time."""
    many, lanes = grid.shape
    draws = {name: np.full(many * lanes, value) for name, value in centre.items()}
    for i, name in enumerate(names):
        draws[name][i * lanes : (i + 1) * lanes] = grid[i]
    parts = [
        block.play.block(block.tables, 1.0, block.perfect)["taken"].sum(axis=1)[: block.width]
        for block in blocks(games, policy, draws)
    ]
    return _phases(list(games.play(policy)[0].game.action_ids)), np.concatenate(parts)


def _changes(taken: Floats) -> list[int]:
    """Where along the values the action taken most changes; values at which none is ever taken do not count."""
    best, some = taken.argmax(axis=1), taken.sum(axis=1) > RARE
    return [j for j in range(len(best) - 1) if best[j] != best[j + 1] and some[j] and some[j + 1]]


def _points(games: Games, policy: str, assumption: str, phase: str, values: Floats, taken: Floats) -> list[Flip]:
    """The flips between neighbouring values, placed where the logs of the times taken cross."""
    actions = [name for name in games.play(policy)[0].game.action_ids if name.split(".")[0] == phase]
    found = []
    for j in _changes(taken):
        a, b = int(taken[j].argmax()), int(taken[j + 1].argmax())
        lead = np.log((taken[j : j + 2, a] + RARE) / (taken[j : j + 2, b] + RARE))
        share = lead[0] / (lead[0] - lead[1]) if lead[0] != lead[1] else 0.5
        value = float(values[j] + share * (values[j + 1] - values[j]))
        found.append(Flip(phase, assumption, value, actions[a].split(".")[1], actions[b].split(".")[1]))
    return found
