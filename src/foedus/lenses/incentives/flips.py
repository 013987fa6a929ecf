"""Which value of an assumption turns a choice: one assumption at a time over its range, the others at their middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.runs.result import Run
from foedus.worlds.blocks import blocks
from foedus.worlds.simulate import Games
from foedus.worlds.weights import normalised, ranks

EACH = 3  # assumptions tried for each choice: those that go most with it
MOST = 24  # assumptions tried in all
RARE = 1e-12


@dataclass(frozen=True)
class Flip:
    """In ``phase`` the action taken most is ``below`` where the assumption is up to ``at``, and ``above`` beyond it."""

    phase: str
    assumption: str
    below: str
    above: str
    at: float

    @property
    def label(self) -> str:
        """``phase|assumption``."""
        return f"{self.phase}|{self.assumption}"


def flips(run: Run, games: Games, policy: str) -> tuple[list[Flip], list[str]]:
    """The values of assumptions at which the action that a phase sees taken most changes; the assumptions tried.

    Each assumption that goes most with a choice over the run's worlds takes values over its range (of what was drawn),
    all others staying at their weighted median. The point between two values is found by a second, finer search.
    """
    tried = _influential(run, policy)
    if not tried:
        return [], []
    sweep = _Sweep(games, policy, {n: middle(np.asarray(draw, float), run.weights) for n, draw in run.draws.items()})
    coarse = np.array([np.linspace(float(run.draws[n].min()), float(run.draws[n].max()), LANES) for n in tried])
    taken = sweep.taken(tried, coarse)
    brackets = [
        (i, k, j)
        for i in range(len(tried))
        for k, actions in sweep.phases.items()
        for j in _changes(taken[i][:, actions])
    ]
    if not brackets:
        return [], tried
    fine = np.array([np.linspace(coarse[i, j], coarse[i, j + 1], LANES) for i, _, j in brackets])
    taken = sweep.taken([tried[i] for i, _, _ in brackets], fine)
    parts = [sweep.flips(tried[i], k, fine[b], taken[b]) for b, (i, k, _) in enumerate(brackets)]
    return [flip for part in parts for flip in part], tried


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
    names, best = list(varied), dict[str, float]()
    for phase in run.scenario.turn:
        here = taken["action"].isin([f"{phase.id}.{action}" for action in phase.actions])
        times = np.asarray(taken.values[:, here.values], float)
        if times.shape[1] < 2:
            continue
        first, second = np.argsort(-(mass @ times), kind="stable")[:2]
        odds = np.log((times[:, second] + RARE) / (times[:, first] + RARE))
        score = np.abs(standings @ (mass * _standard(ranks(odds)[None], mass)[0]))
        for i in np.argsort(-score, kind="stable")[:EACH]:
            best[names[i]] = max(best.get(names[i], 0.0), float(score[i]))
    return sorted(best, key=lambda name: (-best[name], name))[:MOST]


def _standard(rows: Floats, mass: Floats) -> Floats:
    """Rows with mean 0 and variance 1; 0 where one does not vary."""
    away = rows - (rows @ mass)[:, None]
    size = np.sqrt(away**2 @ mass)[:, None]
    return np.divide(away, size, out=np.zeros_like(away), where=size > 0)


class _Sweep:
    """A game in which one assumption at a time is moved, the others staying at their ``centre``.

    ``phases``: phase by number -> its actions by public index, where it has at least two.
    """

    def __init__(self, games: Games, policy: str, centre: Mapping[str, float]):
        self.games, self.policy, self.centre = games, policy, centre
        self.turn = games.play(policy)[0].game.turn
        of = [k for k, _ in self.turn.choices]
        self.phases = {k: np.flatnonzero(np.equal(of, k)).tolist() for k in of if of.count(k) > 1}

    def taken(self, names: Sequence[str], values: Floats) -> Floats:
        """[name, value, action]: times that each action is taken at each of the ``values`` [name, LANES]."""
        draws = {name: np.full(values.size, value) for name, value in self.centre.items()}
        for i, name in enumerate(names):
            draws[name][i * LANES : (i + 1) * LANES] = values[i]
        solved = blocks(self.games, self.policy, draws)
        parts = [block.play.block(block.tables, 1.0, block.perfect)["taken"].sum(axis=1) for block in solved]
        return np.concatenate(parts).reshape(*values.shape, -1)  # values come in whole blocks

    def flips(self, assumption: str, k: int, values: Floats, taken: Floats) -> list[Flip]:
        """The flips of a phase between neighbouring values, placed where the logs of the times taken cross."""
        phase = self.turn.phases[k]
        times = taken[:, self.phases[k]]
        points = []
        for j in _changes(times):
            a, b = int(times[j].argmax()), int(times[j + 1].argmax())
            lead = np.log((times[j : j + 2, a] + RARE) / (times[j : j + 2, b] + RARE))
            share = lead[0] / (lead[0] - lead[1]) if lead[0] != lead[1] else 0.5
            value = float(values[j] + share * (values[j + 1] - values[j]))
            points.append(Flip(phase.id, assumption, phase.actions[a].name, phase.actions[b].name, value))
        return points


def _changes(taken: Floats) -> list[int]:
    """Where along the values the action taken most changes; values at which none is ever taken do not count."""
    best, some = taken.argmax(axis=1), taken.sum(axis=1) > RARE
    return [j for j in range(len(best) - 1) if best[j] != best[j + 1] and some[j] and some[j + 1]]
