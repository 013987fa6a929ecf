"""Solutions of cooperative games and the balance of signed networks, by their formulas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats

Team = frozenset[str]


def shapley(teams: Sequence[Team], players: Sequence[str], worth: Floats) -> Floats:
    """[world, player] the Shapley value (Shapley 1953) of games given by ``worth`` [world, team], one a non-empty team.

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! times (v(S and i) - v(S)).
    """
    index, n = {team: i for i, team in enumerate(teams)}, len(players)
    found = np.zeros((len(worth), n))
    for i, player in enumerate(players):
        for team, c in index.items():
            if player in team:
                size = len(team) - 1
                before = worth[:, index[team - {player}]] if size else 0.0
                found[:, i] += factorial(size) * factorial(n - size - 1) / factorial(n) * (worth[:, c] - before)
    return found


def core_surplus(members: NDArray[np.bool_], worth: Floats) -> Floats:
    """[world] by how much the worth of all exceeds the least total that gives every coalition its own worth.

    ``members`` [team, player], ``worth`` [world, team], the team of all last. From 0 up the core is not empty
    (Bondareva 1963; Shapley 1967). One linear program a world.
    """
    from scipy.optimize import linprog

    rows = -members[:-1].astype(float)
    n = members.shape[1]
    found = np.full(len(worth), np.nan)
    for w, values in enumerate(worth):
        solved = linprog(np.ones(n), A_ub=rows, b_ub=-values[:-1], bounds=[(None, None)] * n, method="highs")
        if solved.success:
            found[w] = values[-1] - solved.fun
    return found


def balance(signs: Floats) -> Floats:
    """[world] the weighted degree of balance of signed networks [world, n, n]; NaN without a triad.

    The share of triads whose three signs multiply to plus, each weighted by the size of the product (Cartwright
    and Harary 1956).
    """
    n = signs.shape[1]
    products = [signs[:, i, j] * signs[:, j, k] * signs[:, i, k] for i, j, k in combinations(range(n), 3)]
    table: Floats = np.nan_to_num(np.array(products, float).reshape(len(products), len(signs)))
    total = np.abs(table).sum(axis=0)
    good = np.maximum(table, 0).sum(axis=0)
    return np.asarray(np.divide(good, total, out=np.full(len(signs), np.nan), where=total > 0))


def camps(players: Sequence[str], signs: Floats) -> list[Team]:
    """The two camps that fit signs [n, n] best: the least weight of plus between and minus within (Harary 1959).

    Only camps of two or more are named; none where there are no signs.
    """
    n = len(players)
    table = np.nan_to_num(signs)
    if not np.abs(table).sum() > 0:
        return []
    best, chosen = np.inf, np.zeros(n, bool)
    for mask in range(2 ** (n - 1)):
        side = np.array([mask >> i & 1 for i in range(n)], bool)
        same = side[:, None] == side[None, :]
        frustration = np.where(same, np.maximum(-table, 0), np.maximum(table, 0)).sum()
        if frustration < best - 1e-12:
            best, chosen = frustration, side
    both = [frozenset(p for p, in_ in zip(players, side, strict=True) if in_) for side in (~chosen, chosen)]
    return sorted((team for team in both if len(team) > 1), key=lambda team: -len(team))
