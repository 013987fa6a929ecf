"""Who wants the same as whom: how alike actors rank the outcomes that are reached, weighted by how often they are.

An *outcome* is the state at a period's end. What it is worth to an actor is what that period pays on the way to
it and at its end, and what the actor may expect from then on within the reported periods (a terminal value
included), as play goes and at true odds. Measures, each from -1 (opposed) to 1 (at one):

- ``plays``: Pearson's correlation of what two actors are paid over a whole play (discounted), over all plays;
- ``payoffs``: the same of stage payoffs over period-end states, weighted by expected visits (the query ``alignment``);
- ``prospects``: the same of the worth of outcomes, less its mean over outcomes of the same period;
- ``order``: Kendall's tau-b (Kendall 1945) of that worth, averaged over periods; a pair of states weighs the product
  of their expected visits;
- ``positions``: S (Signorino and Ritter 1999) over steps from one level of a state variable to the next, all else
  equal: an actor is for a step, against it, or indifferent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np

from foedus.arraytypes import Dataset, Floats, Longs
from foedus.game.arrays import LANES, GameArrays
from foedus.game.program import Memo
from foedus.runs.result import Run
from foedus.solve.packed import Chain, graph
from foedus.solve.queries import ratio
from foedus.solve.values import account, values
from foedus.worlds.blocks import Block, Shape, blocks
from foedus.worlds.simulate import Games


class Measure(StrEnum):
    """A measure of how alike two actors' wishes are (see the module)."""

    PLAYS = "plays"
    PAYOFFS = "payoffs"
    PROSPECTS = "prospects"
    ORDER = "order"
    POSITIONS = "positions"


WORLDS, COMPARED = 24, 8  # worlds of the policy that is looked at, and of the comparison of policies
MOST_STATES = 400  # period-end states that ranks are compared over: those visited most
INDIFFERENT = 0.01  # a step worth less than this share of an actor's spread of worth is no step to it
_Steps = list[tuple[Longs, Longs]]
_Known = dict[int, "_States"]


def look(run: Run, policy: str) -> Dataset:
    """Alignment of all pairs of actors: ``alignment`` [world, measure, actor, other] under ``policy``.

    ``change`` is the same less that under the factual policy; ``compared`` [policy, few, measure, actor, other]
    has every policy of the run, on fewer worlds. ``weight`` and ``few_weight`` are those of the worlds. NaN where
    an actor is never better or worse off.
    """
    import xarray as xr

    wide, fewer, factual = run.few(WORLDS), run.few(COMPARED), run.scenario.factual_policy
    games = Games(run.scenario, (), {}, observe=False)
    states: _Known = {}
    memo, memo_fewer = Memo(), Memo()  # one for each set of draws
    here = alignment(games, policy, wide.draws, states, memo)
    base = here if policy == factual else alignment(games, factual, wide.draws, states, memo)
    compared = np.stack([alignment(games, name, fewer.draws, states, memo_fewer) for name in run.policies])
    actors, dims = list(run.scenario.actors), ("measure", "actor", "other")
    variables = {
        "alignment": (("world", *dims), here),
        "change": (("world", *dims), here - base),
        "compared": (("policy", "few", *dims), compared),
        "weight": ("world", wide.weights),
        "few_weight": ("few", fewer.weights),
    }
    coords = {"measure": [*map(str, Measure)], "actor": actors, "other": actors, "policy": run.policies}
    attrs = {"policy": policy, "factual": factual, "indifferent": INDIFFERENT, "states": MOST_STATES}
    return xr.Dataset(variables, coords, attrs)


def alignment(
    games: Games, policy: str, draws: Mapping[str, Floats], states: _Known | None = None, memo: Memo | None = None
) -> Floats:
    """[world, measure, actor, other] under one policy, solved anew.

    ``states`` and ``memo`` keep what policies share, in any worlds and in the same.
    """
    states, parts = {} if states is None else states, []
    for block in blocks(games, policy, draws, memo=memo):
        key = id(block.game.rows)  # the same for policies that differ in bindings only
        if key not in states:
            states[key] = _States(block)
        parts.append(_measures(block, states[key])[: block.width])
    return np.concatenate(parts)


def at_true_odds(g: GameArrays) -> GameArrays:
    """The game in which everybody values nature by its true odds, nobody minds ambiguity and control costs nothing."""
    free = np.zeros_like(g.control)
    return g._replace(view_of=np.zeros_like(g.view_of), ambiguity=np.full_like(g.ambiguity, -1), control=free)


class _States:
    """The states at periods' ends of a compiled game: what is paid there, and steps between them."""

    def __init__(self, block: Block):
        from scipy.sparse import csr_array

        self.game, g = block.game, block.game.arrays
        self.nodes = g.end_nodes
        self.rows = block.game.rows[self.nodes]
        place = np.full(len(g.base), -1)
        place[g.a_ptr[self.nodes]] = np.arange(len(self.nodes))
        owner = Shape(g).action_of_pay
        end = np.where(owner >= 0, place[owner], -1)
        self.plain = graph(at_true_odds(g))
        pays = np.flatnonzero(end >= 0)
        self.coefficients = g.pay_coef[pays]
        row = end[pays] * len(g.patience) + (g.obj_actor[g.pay_obj[pays]] if len(pays) else 0)
        shape = len(self.nodes) * len(g.patience), len(pays)
        self.sum = csr_array((np.ones(len(pays)), (row, np.arange(len(pays)))), shape=shape)

    def stage(self, now: Floats) -> Floats:
        """[ends, actors, LANES] what each actor is paid at a period's end."""
        return np.asarray(self.sum @ now[self.coefficients]).reshape(len(self.nodes), -1, LANES)

    @cached_property
    def steps(self) -> _Steps:
        """For each step of a variable from one level to the next that is met: the states below and above, else alike."""
        steps: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for v in range(self.rows.shape[1]):
            others: dict[bytes, list[int]] = {}
            for e, row in enumerate(np.delete(self.rows, v, axis=1)):
                others.setdefault(row.tobytes(), []).append(e)
            for alike in others.values():
                for low, high in pairwise(sorted(alike, key=lambda e: int(self.rows[e, v]))):
                    key = v, int(self.rows[low, v]), int(self.rows[high, v])
                    steps.setdefault(key, []).append((low, high))
        return [(np.array(pairs)[:, 0], np.array(pairs)[:, 1]) for pairs in steps.values()]


@dataclass
class _Sums:
    """What is added up over periods; the last dim is the lane."""

    visits: Floats  # [ends]
    worth: Floats  # [ends, actors] of visits times worth, less the period's mean
    paid: Floats  # [actors] of visits times stage payoffs, less those of the first state
    paid_twice: Floats  # [actors, actors]
    worth_twice: Floats  # [actors, actors]
    plays: Floats  # [actors, actors] covariance of what is paid over a play


def _measures(block: Block, states: _States) -> Floats:
    """[LANES, measure, actor, other]"""
    sums = _sums(block, states)
    weight = sums.visits.sum(axis=0)
    mean = sums.paid / weight
    by_measure = {measure: np.full_like(sums.plays, np.nan) for measure in Measure}
    by_measure[Measure.PLAYS] = _correlation(sums.plays)
    by_measure[Measure.PAYOFFS] = _correlation(sums.paid_twice / weight - mean[:, None] * mean[None, :])
    by_measure[Measure.PROSPECTS] = _correlation(sums.worth_twice / weight)
    # Ranks compare all pairs of states, a square of their number: only the states visited most, the same in all lanes.
    most = np.sort(np.argsort(-sums.visits.sum(axis=1), kind="stable")[:MOST_STATES])
    worth = ratio(sums.worth, np.broadcast_to(sums.visits[:, None], sums.worth.shape))
    for lane in range(block.width):
        here = most[sums.visits[most, lane] > 0]
        by_measure[Measure.ORDER][..., lane] = kendall(worth[here, :, lane].T, sums.visits[here, lane])
        scale = np.sqrt(np.maximum(np.diagonal(sums.worth_twice[..., lane]) / weight[lane], 0))
        positions, often = _positions(worth[..., lane], sums.visits[:, lane], states.steps, scale)
        by_measure[Measure.POSITIONS][..., lane] = similarity(positions, often)
    return np.ascontiguousarray(np.stack(list(by_measure.values())).transpose(3, 0, 1, 2))


def _sums(block: Block, states: _States) -> _Sums:
    game, nodes = block.game, states.nodes
    actors, ends = len(game.turn.actors), len(nodes)
    visits = block.visits()
    shapes = (ends,), (ends, actors), (actors,), *[(actors, actors)] * 3
    sums = _Sums(*(np.zeros((*shape, LANES)) for shape in shapes))
    patience = block.now(0)[game.arrays.patience]
    # What is paid is counted from the first state's, so that squares lose no digits.
    shift = states.stage(block.now(0))[0]
    chain = Chain(states.plain, block.tables[0], block.played, game.periods)
    for t, value in values(chain):
        # The variance of what a whole play pays is the sum, over the nodes that act, of the variance of where each leads
        # (law of total variance); ``account`` gives the lower half of this period's share.
        paid, spread = account(chain, t, visits[t], value)
        spread += np.tril(spread.transpose(2, 0, 1), -1).transpose(2, 1, 0)
        sums.plays += spread * (patience**t)[:, None] * (patience**t)[None, :]
        weight = visits[t, nodes]
        stage = states.stage(block.now(t)) - shift
        sums.visits += weight
        sums.paid += np.einsum("el,eal->al", weight, stage)
        sums.paid_twice += np.einsum("el,eal,ebl->abl", weight, stage, stage)
        worth = value[nodes] + ratio(paid[nodes], np.broadcast_to(weight[:, None], paid[nodes].shape))
        worth = np.where(weight[:, None] > 0, worth, 0.0)
        worth = worth - np.einsum("el,eal->al", weight, worth) / weight.sum(axis=0)
        sums.worth += weight[:, None] * worth
        sums.worth_twice += np.einsum("el,eal,ebl->abl", weight, worth, worth)
    starts, coefficients, _ = game.starts[()]
    odds, worth = block.now(0)[coefficients], value[starts]
    away = worth - np.einsum("sl,sal->al", odds, worth)
    sums.plays += np.einsum("sl,sal,sbl->abl", odds, away, away)
    return sums


def _correlation(covariance: Floats) -> Floats:
    """[actors, actors, LANES] correlations; NaN where an actor's variance is nothing beside the greatest."""
    variance = np.einsum("aal->al", covariance)
    some = variance > 1e-15 * np.maximum(variance.max(axis=0), 1e-30)
    scale = np.where(some, np.sqrt(np.maximum(variance, 0)), 0.0)
    return np.asarray(np.clip(ratio(covariance, scale[:, None] * scale[None, :]), -1, 1))


def kendall(values: Floats, weights: Floats) -> Floats:
    """[rows, rows] Kendall's tau-b between the rows of ``values`` [rows, items]; NaN for a row without differences.

    A pair of items weighs the product of their ``weights``; with equal ones it is tau-b as usual.
    """
    reach = np.ptp(values, axis=1, keepdims=True) if values.size else np.zeros((len(values), 1))
    close = 1e-9 * np.maximum(reach, np.abs(values).max(axis=1, keepdims=True, initial=0))[:, :, None]
    gap = values[:, :, None] - values[:, None, :]
    signs = np.where(np.abs(gap) <= close, 0.0, np.sign(gap))
    both = (signs * np.outer(weights, weights)).reshape(len(values), -1) @ signs.reshape(len(values), -1).T
    ties = np.sqrt(np.diag(both))
    return np.asarray(np.clip(ratio(both, np.outer(ties, ties)), -1, 1))


def similarity(positions: Floats, weights: Floats, widest: float = 2.0) -> Floats:
    """[actors, actors] S = 1 - 2 sum_k w_k |p_ik - p_jk| / (d_max sum_k w_k) of Signorino and Ritter (1999).

    ``positions`` [actors, issues], the issues' ``weights``, and ``widest``: how far apart two positions can be.
    NaN without issues.
    """
    total = weights.sum()
    if total <= 0:
        return np.full((len(positions),) * 2, np.nan)
    apart = np.abs(positions[:, None] - positions[None, :]) @ weights
    return np.asarray(1 - 2 * apart / (widest * total))


def _positions(worth: Floats, visits: Floats, steps: _Steps, scale: Floats) -> tuple[Floats, Floats]:
    """([actors, steps] 1, 0 or -1, weights [steps]): whether each actor gains by a step, all else equal."""
    gains, weights = [], []
    for low, high in steps:
        a, b = visits[low], visits[high]
        use = (a > 0) & (b > 0)
        if use.any():  # met on both sides: how often, by the harmonic mean of visits, and the mean gain
            often = 2 * a[use] * b[use] / (a[use] + b[use])
            gains.append(often @ (worth[high[use]] - worth[low[use]]) / often.sum())
            weights.append(float(often.sum()))
    gain = np.stack(gains, axis=1) if gains else np.zeros((worth.shape[1], 0))
    small = np.maximum(INDIFFERENT * scale, 1e-300)[:, None]
    return np.where(np.abs(gain) <= small, 0.0, np.sign(gain)), np.array(weights)
