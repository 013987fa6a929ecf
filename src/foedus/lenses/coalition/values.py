"""Solutions of cooperative games and the balance of signed networks, by their formulas.

A coalition here is a set of actors who act as one and may share what they get. In ``conflict.coalitions`` it is a group
of decision makers each of whom must gain by a joint move: the same word of another theory.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial

import numpy as np

from foedus.arraytypes import Bools, Floats

Coalition = frozenset[str]


def coalitions_of(players: Sequence[str]) -> list[Coalition]:
    """All coalitions, the smallest first: those of one in the order of the players, and that of all last."""
    return [frozenset(members) for size in range(1, len(players) + 1) for members in combinations(players, size)]


def shapley(coalitions: Sequence[Coalition], players: Sequence[str], worth: Floats) -> Floats:
    """[world, player] the Shapley value (Shapley 1953) of games given by ``worth`` [world, coalition].

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! times (v(S and i) - v(S)).
    """
    index, n = {coalition: c for c, coalition in enumerate(coalitions)}, len(players)
    value = np.zeros((len(worth), n))
    for i, player in enumerate(players):
        for coalition, c in index.items():
            if player in coalition:
                size = len(coalition) - 1
                before = worth[:, index[coalition - {player}]] if size else 0.0
                value[:, i] += factorial(size) * factorial(n - size - 1) / factorial(n) * (worth[:, c] - before)
    return value


def core_surplus(members: Bools, worth: Floats) -> Floats:
    """[world] by how much the worth of all exceeds the least total that gives every coalition its own worth.

    ``members`` [coalition, player], ``worth`` [world, coalition], the coalition of all last. The least total is

        min sum_i x_i  such that  sum_{i in S} x_i >= v(S) for every S but that of all,

    one linear program a world. From 0 up the core is not empty (Bondareva 1963; Shapley 1967).
    """
    from scipy.optimize import linprog

    rows = -members[:-1].astype(float)
    n = members.shape[1]
    surplus = np.full(len(worth), np.nan)
    for w, values in enumerate(worth):
        solved = linprog(np.ones(n), A_ub=rows, b_ub=-values[:-1], bounds=[(None, None)] * n, method="highs")
        if solved.success:
            surplus[w] = values[-1] - solved.fun
    return surplus


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


def balance_by_chance(signs: Floats) -> Floats:
    """[world] the degree of balance to be expected of signed networks [world, n, n] whose signs are drawn independently with
    as many pluses: p^3 + 3 p (1 - p)^2, p being the share of pairs with a plus. NaN without a pair."""
    first, second = np.triu_indices(signs.shape[1], 1)
    pairs = np.nan_to_num(signs[:, first, second])
    there = (pairs != 0).sum(axis=1)
    p = np.divide((pairs > 0).sum(axis=1), there, out=np.full(len(signs), np.nan), where=there > 0)
    return np.asarray(p**3 + 3 * p * (1 - p) ** 2)
