"""Does the axis hold: what staying, leaving or changing sides is worth to each actor, solved and not assumed.

A coalition acts as one: at its members' nodes it chooses, with the precision of the member who moves, for the sum
of what the members get, while everybody else goes on alone (the gamma assumption: Hart and Kurz 1983; Chander and
Tulkens 1997). So every number here is the value of a solved game; the one assumption is that a coalition weighs its
members' payoffs alike, in the units in which the scenario writes them.

*Sides* are those that the scenario names, else the parties tied by promises (see ``sides``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from foedus.arraytypes import Bools, Dataset, Floats
from foedus.lenses.coalition.joint_play import JointPlay
from foedus.lenses.coalition.sides import Standing, side_with, sides_of, structures
from foedus.lenses.coalition.values import Coalition, balance, balance_by_chance, coalitions_of, core_surplus, shapley
from foedus.lenses.counterfactuals import Counterfactuals, DialValues
from foedus.lenses.dials import movers
from foedus.runs.result import Run
from foedus.scenario.query import Query, QueryKind

MOST_PLAYERS = 8
MOST_POLICIES = 10
GAIN = 1e-9  # less than this, relative to the values, is no gain


def look(run: Run, policy: str) -> Dataset:
    """What coalitions are worth, in few worlds that stand for the run's posterior.

    ``payoff`` [world, coalition, player] what each player gets when the coalition acts as one and all others alone;
    ``worth`` [world, coalition] the sum of its members; ``shapley`` [world, player]; ``surplus`` [world] by how much
    the grand coalition's worth exceeds what the core asks for; ``holds``, ``closed``, ``unblocked`` [world,
    coalition]: nobody gains by leaving, no outsider by joining, no part of it by parting, all its members at once;
    ``option`` [world, player, choice] what staying with one's side, leaving it and joining the best other is worth,
    all sides acting as one; ``ties`` [world, player, word] with and without the promises between a player and its
    side; ``wedge`` [world, policy, player] staying less the better of leaving and joining; ``pays`` [world, player]
    whether the others gain more from its going than it loses; ``alignment`` [world, player, other]; ``balance``
    [world], and ``balance_by_chance`` [world] that of independent signs. NaN where undefined. ``member`` [coalition, player] says who is in a coalition, ``side`` [player] the number
    of a player's side (-1: none), the attribute ``sides`` where they come from.
    """
    import xarray as xr

    (sides, source), deciding, actors = sides_of(run.scenario), movers(run.scenario), list(run.scenario.actors)
    tied_first = sorted(actors, key=lambda actor: not any(actor in side for side in sides))
    asked = [actor for actor in tied_first if actor in deciding][:MOST_PLAYERS]
    players = [actor for actor in actors if actor in asked]
    if len(players) < 2:
        return xr.Dataset(coords={"player": players}, attrs={"policy": policy, "worlds": 0})
    sides = [side for s in sides if len(side := s & frozenset(players)) > 1]
    solved = _JointGames(run, policy, players, sides)
    option, pays = options(solved.joint, players, solved.groups)
    alignment, weights = solved.alignment(), solved.games.weights
    variables = {
        **solved.coalitions(),
        "option": (("world", "player", "choice"), option),
        "pays": (("world", "player"), pays),
        "ties": (("world", "player", "word"), solved.ties()),
        "wedge": (("world", "policy", "player"), solved.wedge()),
        "alignment": (("world", "player", "other"), alignment),
        "balance": ("world", balance(alignment)),
        "balance_by_chance": ("world", balance_by_chance(alignment)),
        "weight": ("world", weights),
    }
    coords = {
        "player": players,
        "other": players,
        "choice": [*map(str, Standing)],
        "word": ["with", "without"],
        "policy": solved.compared,
        "side": ("player", [next((i for i, s in enumerate(sides) if p in s), -1) for p in players]),
    }
    left_out = len(deciding) - len(players)
    attrs = {"policy": policy, "worlds": len(weights), "sides": str(source), "left_out": left_out}
    return xr.Dataset(variables, coords, attrs)


class _JointGames:
    """A run's players and their sides: what is asked about them, solved.

    ``groups`` are the sides, and those who are on none as sides of one; ``compared`` the policy, and others that are
    numbers and bindings on the same game.
    """

    def __init__(self, run: Run, policy: str, players: Sequence[str], sides: Sequence[Coalition]):
        self.policy, self.players, self.sides = policy, players, sides
        self.groups = [*sides, *(frozenset([p]) for p in players if not any(p in side for side in sides))]
        pairs = [Query(QueryKind.ALIGNMENT, pair) for pair in combinations(players, 2)]
        self.games = Counterfactuals(run, policy, pairs)
        self.joint = JointPlay(self.games.games, self.games.draws, policy)
        enabled = {p: set(run.scenario.all_policies[p].enable) for p in (policy, *run.policies)}
        alike = [p for p in run.policies if p != policy and enabled[p] == enabled[policy]]
        self.compared = [policy, *alike[: MOST_POLICIES - 1]]

    def coalitions(self) -> dict[str, Any]:
        """Payoffs of every coalition, all others alone, and which of them would last."""
        coalitions, at = coalitions_of(self.players), [self.joint.actors.index(p) for p in self.players]
        payoff = np.stack([values[:, at] for values in self.joint.play([[c] for c in coalitions])], axis=1)
        members = np.array([[p in coalition for p in self.players] for coalition in coalitions])
        worth = (payoff * members).sum(axis=2)
        holds, closed, unblocked = stability(coalitions, self.players, payoff)
        dims = ("world", "coalition")
        return {
            "member": (("coalition", "player"), members),
            "payoff": ((*dims, "player"), payoff),
            "worth": (dims, worth),
            "shapley": (("world", "player"), shapley(coalitions, self.players, worth)),
            "surplus": ("world", core_surplus(members, worth)),
            "holds": (dims, holds),
            "closed": (dims, closed),
            "unblocked": (dims, unblocked),
        }

    def wedge(self) -> Floats:
        """[world, policy, player] the margin of staying under each policy that is compared."""
        others = [JointPlay(self.games.games, self.games.draws, policy) for policy in self.compared[1:]]
        worth = [options(play, self.players, self.groups)[0] for play in (self.joint, *others)]
        return np.stack([margin(option) for option in worth], axis=1)

    def ties(self) -> Floats:
        """[world, player, 2] what each gets, everybody alone, with and without the promises between it and its side."""
        got = np.full((len(self.games.weights), len(self.players), 2), np.nan)
        off: dict[int, DialValues] = {}
        for p, player in enumerate(self.players):
            side, written = side_with(player, self.sides) - {player}, self.games.scenario.commitments
            made = [n for n, c in written.items() if c.from_ == player and side & {*c.to} and not c.is_hostile]
            given = [n for n, c in written.items() if c.from_ in side and player in c.to and not c.is_hostile]
            if made or given:
                off[p] = {self.games.dials[name].force: 0.0 for name in (*made, *given)}
        if off:
            solved = self.games.solve(self.policy, [{}, *off.values()])
            for s, p in enumerate(off, start=1):
                got[:, p] = solved.got(self.players[p])[[0, s]].T
        return got

    def alignment(self) -> Floats:
        """[world, player, player] the correlation of what two players get at periods' ends; NaN on the diagonal."""
        answers, n = self.games.base(self.policy).result.query, len(self.players)
        table = np.full((len(answers), n, n), np.nan)
        for q, (i, j) in enumerate(combinations(range(n), 2)):
            table[:, i, j] = table[:, j, i] = answers[:, q]
        return table


def stability(coalitions: Sequence[Coalition], players: Sequence[str], payoff: Floats) -> tuple[Bools, Bools, Bools]:
    """(holds, closed, unblocked) [world, coalition] of each coalition, from ``payoff`` [world, coalition, player].

    Internal and external stability as of cartels (d'Aspremont, Jacquemin, Gabszewicz and Weymark 1983), where the
    rest of a coalition stays together when one leaves; blocking as of the core, where a part that leaves makes all
    of its members better off and the rest go on alone.
    """
    index = {coalition: c for c, coalition in enumerate(coalitions)}
    size = np.maximum(np.abs(payoff).max(axis=(0, 1)), 1.0) * GAIN
    holds, closed, unblocked = (np.ones(payoff.shape[:2], bool) for _ in range(3))
    for coalition, c in index.items():
        for i, player in enumerate(players):
            # Without its member or with the outsider; one without anybody is everybody alone, as is the first, of one.
            then = payoff[:, index.get(coalition ^ {player}, 0), i]
            (holds if player in coalition else closed)[:, c] &= then <= payoff[:, c, i] + size[i]
        for part in coalitions:
            if part < coalition:
                who = [players.index(p) for p in part]
                gains = payoff[:, index[part]][:, who] > payoff[:, c][:, who] + size[who]
                unblocked[:, c] &= ~gains.all(axis=1)
    return holds, closed, unblocked


def options(play: JointPlay, players: Sequence[str], sides: Sequence[Coalition]) -> tuple[Floats, Bools]:
    """(option [world, player, option], pays [world, player]): see ``look``."""
    worth = np.full((play.worlds, len(players), len(Standing)), np.nan)
    pays = np.zeros((play.worlds, len(players)), bool)
    at = [play.actors.index(player) for player in players]
    ways = [structures(player, sides) for player in players]
    play.play([structure for way in ways for possible in way.values() for structure in possible])  # all at once
    for p, (player, way) in enumerate(zip(players, ways, strict=True)):
        rivals = [at[q] for q, other in enumerate(players) if other not in side_with(player, sides)]
        (stay,) = play.play(way[Standing.STAY])
        for o, option in enumerate(Standing):
            for value in play.play(way[option]):
                worth[:, p, o] = np.fmax(worth[:, p, o], value[:, at[p]])  # the best of several sides to join
                gain = (value - stay)[:, rivals].sum(axis=1)
                pays[:, p] |= gain > np.maximum(stay[:, at[p]] - value[:, at[p]], 0.0) + GAIN
    return worth, pays


def margin(option: Floats) -> Floats:
    """[..., player] what staying is worth more than the better of leaving and joining; NaN without another option."""
    return np.asarray(option[..., 0] - np.fmax(option[..., 1], option[..., 2]))
