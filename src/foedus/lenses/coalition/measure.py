"""Does the axis hold: what staying, leaving or changing sides is worth to each actor, solved and not assumed.

A coalition acts as one: at its members' nodes it chooses, with the precision of the member who moves, for the sum
of what the members get, while everybody else goes on alone (the gamma assumption: Hart and Kurz 1983; Chander and
Tulkens 1997). So every number here is the value of a solved game; the one assumption is that a coalition weighs its
members' payoffs alike, in the units in which the scenario writes them.

*Sides* are the parties tied by promises: obligor and addressee of every commitment that is no threat and no red line.
Where there are none, the two camps that fit the signs of the actors' alignment best (Harary 1959).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.lenses.coalition.joint_play import Table, Team
from foedus.lenses.coalition.values import balance, camps, core_surplus, shapley
from foedus.lenses.counterfactuals import Counterfactuals as Bench
from foedus.lenses.counterfactuals import DialValues
from foedus.scenario.query import parse_query
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run

HOSTILE = frozenset(("threat", "red_line"))
MOST_PLAYERS = 8
MOST_POLICIES = 10
OPTIONS = ("stay", "leave", "join")
GAIN = 1e-9  # less than this, relative to the values, is no gain


def look(run: Run, policy: str) -> xr.Dataset:
    """What coalitions are worth, in few worlds that stand for the run's posterior.

    ``payoff`` [world, coalition, player] what each player gets when the coalition acts as one and all others alone;
    ``worth`` [world, coalition] the sum of its members; ``shapley`` [world, player]; ``surplus`` [world] by how much
    the grand coalition's worth exceeds what the core asks for; ``holds``, ``closed``, ``unblocked`` [world,
    coalition]: nobody gains by leaving, no outsider by joining, no part of it by parting, all its members at once;
    ``option`` [world, player, choice] what staying with one's side, leaving it and joining the best other is worth,
    all sides acting as one; ``ties`` [world, player, word] with and without the promises between a player and its
    side; ``wedge`` [world, policy, player] staying less the better of leaving and joining; ``pays`` [world, player]
    whether the others gain more from its going than it loses; ``alignment`` [world, player, other]; ``balance``
    [world]. NaN where undefined.
    """
    scenario = run.scenario
    movers = dict.fromkeys(phase.decide for phase in scenario.turn if phase.decide is not None)
    tied = sides_by_promise(scenario)
    ordered = sorted(scenario.actors, key=lambda a: not any(a in side for side in tied))
    chosen = [a for a in ordered if a in movers][:MOST_PLAYERS]
    players = [a for a in scenario.actors if a in chosen]
    if len(players) < 2:
        return _empty(policy, players)
    pairs = list(combinations(players, 2))
    scope = query_scope(scenario)
    bench = Bench(run, policy, [parse_query(f"alignment({a}, {b})", scope) for a, b in pairs])
    alignment = _alignment(bench, policy, players, pairs)
    table = Table(bench.games, bench.draws, policy)
    mean = np.tensordot(bench.weights / bench.weights.sum(), np.nan_to_num(alignment), 1)
    sides = [side for t in tied if len(side := t & frozenset(players)) > 1] or camps(players, mean)
    groups = [*sides, *(frozenset([p]) for p in players if not any(p in side for side in sides))]
    found = _coalitions(table, players) | _sides(table, players, groups)
    found |= {
        "ties": (("world", "player", "word"), _ties(bench, policy, players, sides)),
        "alignment": (("world", "player", "other"), alignment),
        "balance": (("world",), balance(alignment)),
        "weight": (("world",), bench.weights),
    }
    compared, wedge = _wedge(bench, run, policy, players, groups)
    return _labelled(found, wedge, compared, players, sides, bool(tied), policy, len(movers) - len(players))


def _empty(policy: str, players: Sequence[str]) -> xr.Dataset:
    import xarray as xr

    return xr.Dataset(coords={"player": list(players)}, attrs={"policy": policy, "worlds": 0})


def _labelled(
    found: Mapping[str, object],
    wedge: Floats,
    compared: Sequence[str],
    players: Sequence[str],
    sides: Sequence[Team],
    promised: bool,
    policy: str,
    left_out: int,
) -> xr.Dataset:
    import xarray as xr

    side = [next((i for i, team in enumerate(sides) if p in team), -1) for p in players]
    return xr.Dataset(
        {**found, "wedge": (("world", "policy", "player"), wedge)},
        coords={
            "coalition": ["+".join(sorted(team, key=list(players).index)) for team in every(players)],
            "player": list(players),
            "other": list(players),
            "choice": list(OPTIONS),
            "word": ["with", "without"],
            "policy": list(compared),
            "side": (("player",), side),
        },
        attrs={"policy": policy, "worlds": int(wedge.shape[0]), "promised": int(promised), "left_out": left_out},
    )


def every(players: Sequence[str]) -> list[Team]:
    """All coalitions, the smallest first."""
    return [frozenset(team) for size in range(1, len(players) + 1) for team in combinations(players, size)]


def sides_by_promise(scenario: Scenario) -> list[Team]:
    """Sets of two or more actors connected by promises, the largest first."""
    group = {actor: frozenset([actor]) for actor in scenario.actors}
    for commitment in scenario.commitments.values():
        if commitment.kind not in HOSTILE:
            joined = frozenset().union(*(group[a] for a in (commitment.from_, *commitment.to)))
            group |= dict.fromkeys(joined, joined)
    found = [team for team in dict.fromkeys(group.values()) if len(team) > 1]
    return sorted(found, key=lambda team: -len(team))


# --- coalitions against single outsiders -------------------------------------------------


def _coalitions(table: Table, players: Sequence[str]) -> dict[str, object]:
    """Payoffs of every coalition, and which of them would last."""
    teams = every(players)
    at = [table.actors.index(p) for p in players]
    payoff = np.stack([values[:, at] for values in table.play([[team] for team in teams])], axis=1)
    members = np.array([[p in team for p in players] for team in teams])
    worth = (payoff * members).sum(axis=2)
    holds, closed, unblocked = stability(teams, players, payoff)
    dims = ("world", "coalition")
    return {
        "payoff": ((*dims, "player"), payoff),
        "worth": (dims, worth),
        "shapley": (("world", "player"), shapley(teams, players, worth)),
        "surplus": (("world",), core_surplus(members, worth)),
        "holds": (dims, holds),
        "closed": (dims, closed),
        "unblocked": (dims, unblocked),
    }


def stability(
    teams: Sequence[Team], players: Sequence[str], payoff: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """(holds, closed, unblocked) [world, coalition] of each coalition, from ``payoff`` [world, coalition, player].

    Internal and external stability as of cartels (d'Aspremont, Jacquemin, Gabszewicz and Weymark 1983), where the
    rest of a coalition stays together when one leaves; blocking as of the core, where a part that leaves makes all
    of its members better off and the rest go on alone.
    """
    index = {team: i for i, team in enumerate(teams)}
    size = np.maximum(np.abs(payoff).max(axis=(0, 1)), 1.0) * GAIN
    shape = payoff.shape[:2]
    holds, closed, unblocked = np.ones(shape, bool), np.ones(shape, bool), np.ones(shape, bool)
    alone = payoff[:, 0]  # a coalition of one is everybody alone
    for team, c in index.items():
        for i, player in enumerate(players):
            inside = player in team
            other = index.get(team - {player} if inside else team | {player})
            then = alone if other is None else payoff[:, other]
            stays = then[:, i] <= payoff[:, c, i] + size[i]
            if inside:
                holds[:, c] &= stays
            else:
                closed[:, c] &= stays
        for part in teams:
            if part < team:
                who = [players.index(p) for p in part]
                gains = payoff[:, index[part]][:, who] > payoff[:, c][:, who] + size[who]
                unblocked[:, c] &= ~gains.all(axis=1)
    return holds, closed, unblocked


# --- sides against each other ------------------------------------------------------------


def structures(player: str, sides: Sequence[Team]) -> dict[str, list[list[Team]]]:
    """The ways that the teams may stand when ``player`` stays, leaves, or joins another side (one for each).

    An actor that is tied to nobody counts as a side of one.
    """
    mine = next((side for side in sides if player in side), frozenset([player]))
    others = [side for side in sides if side != mine]
    rest = [team for team in [mine - {player}] if team]
    return {
        "stay": [[mine, *others]],
        "leave": [[*rest, *others]] if len(mine) > 1 else [],
        "join": [[*rest, side | {player}, *(s for s in others if s != side)] for side in others],
    }


def options(table: Table, players: Sequence[str], sides: Sequence[Team]) -> tuple[Floats, NDArray[np.bool_]]:
    """(option [world, player, option], pays [world, player]): see ``look``."""
    made = [(player, kind, s) for player in players for kind, found in structures(player, sides).items() for s in found]
    values = table.play([s for _, _, s in made])
    option = np.full((table.worlds, len(players), len(OPTIONS)), np.nan)
    pays = np.zeros((table.worlds, len(players)), bool)
    at = {player: table.actors.index(player) for player in players}
    stay = {player: values[i] for i, (player, kind, _) in enumerate(made) if kind == "stay"}
    for (player, kind, _), value in zip(made, values, strict=True):
        p, o, column = list(players).index(player), OPTIONS.index(kind), at[player]
        option[:, p, o] = np.fmax(option[:, p, o], value[:, column])
        if kind != "stay":
            mine = next((side for side in sides if player in side), frozenset([player]))
            rivals = [at[q] for q in players if q not in mine]
            gain = (value - stay[player])[:, rivals].sum(axis=1)
            pays[:, p] |= gain > np.maximum(stay[player][:, column] - value[:, column], 0.0) + GAIN
    return option, pays


def _sides(table: Table, players: Sequence[str], sides: Sequence[Team]) -> dict[str, object]:
    option, pays = options(table, players, sides)
    return {"option": (("world", "player", "choice"), option), "pays": (("world", "player"), pays)}


def margin(option: Floats) -> Floats:
    """[..., player] what staying is worth more than the better of leaving and joining; NaN without another option."""
    return np.asarray(option[..., 0] - np.fmax(option[..., 1], option[..., 2]))


def _wedge(
    bench: Bench, run: Run, policy: str, players: Sequence[str], sides: Sequence[Team]
) -> tuple[list[str], Floats]:
    """(policies, wedge [world, policy, player]) for the policies that are numbers and bindings on the same game."""
    every_policy = bench.scenario.all_policies
    alike = [p for p in run.policies if p != policy and set(every_policy[p].enable) == set(every_policy[policy].enable)]
    compared = [policy, *alike[: MOST_POLICIES - 1]]
    found = [margin(options(Table(bench.games, bench.draws, p), players, sides)[0]) for p in compared]
    return compared, np.stack(found, axis=1)


def _ties(bench: Bench, policy: str, players: Sequence[str], sides: Sequence[Team]) -> Floats:
    """[world, player, 2] what each gets, everybody alone, with and without the promises between it and its side."""
    found = np.full((len(bench.weights), len(players), 2), np.nan)
    asked: list[tuple[int, DialValues]] = []
    for p, player in enumerate(players):
        side = next((team for team in sides if player in team), frozenset([player])) - {player}
        off = {
            bench.dials[name].force: 0.0
            for name, c in bench.scenario.commitments.items()
            if c.kind not in HOSTILE
            and ((c.from_ == player and side & {*c.to}) or (c.from_ in side and player in c.to))
        }
        if off:
            asked.append((p, off))
    if asked:
        solved = bench.solve(policy, [{}, *(setting for _, setting in asked)])
        for s, (p, _) in enumerate(asked):
            got = solved.got(players[p])
            found[:, p, 0], found[:, p, 1] = got[0], got[s + 1]
    return found


def _alignment(bench: Bench, policy: str, players: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Floats:
    """[world, player, player] the correlation of what two players get at periods' ends; NaN on the diagonal."""
    answers = bench.base(policy).result.query
    found = np.full((len(bench.weights), len(players), len(players)), np.nan)
    for q, (a, b) in enumerate(pairs):
        i, j = players.index(a), players.index(b)
        found[:, i, j] = found[:, j, i] = answers[:, q]
    return found
