"""The stability lens: which postures would last if every actor thought a few moves ahead.

The postures of a scenario (``foedus.lenses.stability.postures``) are the states of a graph model for conflict resolution (Fang,
Hipel and Kilgour 1993): an actor moves by giving or withdrawing standing orders of its own, and prefers what it is
paid more in. Conflicts written down as such are analysed by ``foedus.conflict``.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
import xarray as xr

from foedus.arraytypes import Bools, Floats
from foedus.conflict.analysis import analyse
from foedus.conflict.coalitions import MOST_PLAYERS, coalition_stability
from foedus.conflict.concepts import CONCEPTS
from foedus.conflict.graph_form import dense_ranks, moves_of
from foedus.conflict.inverse import Requirement, inverse
from foedus.conflict.limited import limited_moves
from foedus.conflict.option_form import Conflict, OptionModel
from foedus.conflict.paths import paths_from
from foedus.lenses.labels import label_coords, labels_along
from foedus.lenses.stability.orders import StandingOrder
from foedus.lenses.stability.postures import Postures, conflict_of, postures
from foedus.runs.result import Run

HORIZON = 4
CORE = ("nash", "seq")
WAYS = 8  # ways from the status quo that are kept


def look(run: Run, policy: str) -> xr.Dataset:
    """The postures under a policy and which of them last.

    On average worths: ``stable`` [concept, posture, mover], ``lasts`` [concept, posture], ``limited`` [horizon, posture,
    mover], ``joint`` [core, posture] (no coalition would leave either). Over worlds: ``lasts_share`` [concept,
    posture], ``stable_share`` [concept, posture, mover]. ``worth`` [world, posture, actor]; ``in_force`` [posture,
    order]. From the status quo: ``moves`` [posture] (improving moves that lead there, -1 for none), ``temptation``
    [mover] (most that one move brings), ``price`` [core, mover] (how much better the status quo would have
    to be for the mover to stay). ``score`` and ``gain`` [tried] say why the orders were chosen. Where a scenario has no
    postures there is only the attribute ``undefined``, a sentence.
    """
    solved = postures(run, policy)
    if isinstance(solved, str):
        return xr.Dataset(attrs={"policy": policy, "undefined": solved})
    actors, average = list(run.scenario.actors), np.tensordot(solved.weights, solved.worth, 1)
    model = OptionModel(conflict_of(solved.orders, average, actors))
    columns = [actors.index(mover) for mover in model.names]
    stable = _by_posture(analyse(model).stable)
    each = np.stack([_in_world(model, worth[:, columns].T) for worth in solved.worth])
    lasts: Bools = np.asarray(stable.all(axis=2))
    lasts_share = np.tensordot(solved.weights, each.all(axis=3), 1)
    seq = list(CONCEPTS).index("seq")
    data = xr.Dataset(
        {
            "in_force": (("posture", "order"), solved.taken),
            "worth": (("world", "posture", "actor"), solved.worth),
            "weight": (("world",), solved.weights),
            "stable": (("concept", "posture", "mover"), stable),
            "lasts": (("concept", "posture"), lasts),
            "stable_share": (("concept", "posture", "mover"), np.tensordot(solved.weights, each, 1)),
            "lasts_share": (("concept", "posture"), lasts_share),
            "limited": (("horizon", "posture", "mover"), _by_posture(limited_moves(model, HORIZON).stable)),
            "score": (("tried",), solved.score),
            "gain": (("tried",), solved.gain),
            **_from_start(model, solved.start, average[:, columns]),
        },
        {
            "posture": model.letters(np.arange(model.size)),
            **label_coords("order", StandingOrder, solved.orders),
            "actor": actors,
            "mover": list(model.names),
            "concept": list(CONCEPTS),
            "horizon": np.arange(1, HORIZON + 1),
            "core": list(CORE),
            **label_coords("tried", StandingOrder, solved.tried),
        },
        {
            "policy": policy,
            "start": model.label(solved.start),
            "paths": _paths(model, solved, lasts[seq], lasts_share[seq]),
            "inverse": {concept: _inverse(model, solved.start, concept) for concept in CORE},
        },
    )
    return _coalitions(data, model, solved.start)


def conflict(data: xr.Dataset, order_names: Sequence[str] = (), actor_names: Sequence[str] = ()) -> Conflict:
    """The postures that ``look`` found, as a conflict in option form with the average worths as manual rankings."""
    average = np.tensordot(data["weight"].values, data["worth"].values, 1)
    orders = labels_along(data, "order", StandingOrder)
    return conflict_of(orders, average, data["actor"].values.tolist(), order_names, actor_names)


def _by_posture(stable: dict[Any, Bools]) -> Bools:
    """[concept, posture, mover] from stability [mover, posture] by concept."""
    return np.stack(list(stable.values())).transpose(0, 2, 1)


def _in_world(model: OptionModel, worth: Floats) -> Bools:
    """[concept, posture, mover] stability by the worths [mover, posture] of one world."""
    twin = copy(model)
    twin.ranks = dense_ranks(worth)
    return _by_posture(analyse(twin).stable)


def _from_start(model: OptionModel, start: int, worth: Floats) -> dict[str, Any]:
    """What can follow from the status quo, and what would hold each mover there; ``worth`` [posture, mover]."""
    above = worth - worth[start]
    onward = [moves_of(model, members).successors(start) for members in model.players]
    temptation = [max(0.0, *above[states, i]) for i, states in enumerate(onward)]
    price = [[_price(need, above[:, i]) for i, need in enumerate(inverse(model, start, concept))] for concept in CORE]
    return {
        "moves": (("posture",), paths_from(model, start).length),
        "temptation": (("mover",), np.array(temptation)),
        "price": (("core", "mover"), np.array(price)),
    }


def _price(need: Requirement, above: Floats) -> float:
    """How much more a state would have to be worth to be stable, given how far others are ``above`` it.

    Each clause is met once all states of one of its alternatives are no better.
    """
    ways = (min(max((above[state] for state in way), default=0.0) for way in clause) for clause in need.clauses)
    return float(max(0.0, *ways))


def _paths(model: OptionModel, solved: Postures, lasts: Bools, share: Floats) -> dict[str, list[list[str]]]:
    """The shortest improving ways from the status quo to lasting postures, those that last in most worlds first."""
    paths, ranked = paths_from(model, solved.start), np.argsort(-share, kind="stable").tolist()
    reached = [s for s in ranked if paths.length[s] > 0 and (lasts[s] or share[s] > 0)]
    return {model.label(s): [list(step) for step in paths.to(s)] for s in reached[:WAYS]}


def _inverse(model: OptionModel, start: int, concept: str) -> list[dict[str, Any]]:
    """For each mover the conditions under which it would stay: clauses of alternatives, each a list of postures none
    of which it may prefer to the status quo; those in ``unmet`` fail now."""

    def named(clauses: Sequence[tuple[frozenset[int], ...]]) -> list[list[list[str]]]:
        return [[[model.label(s) for s in sorted(way)] for way in clause] for clause in clauses]

    conditions = []
    for need in inverse(model, start, concept):
        unmet = named([clause for clause in need.clauses if all(way & need.preferred for way in clause)])
        told = {"mover": need.player, "met": need.met, "clauses": named(need.clauses), "unmet": unmet}
        conditions.append(told | {"share": need.share})
    return conditions


def _coalitions(data: xr.Dataset, model: OptionModel, start: int) -> xr.Dataset:
    """Adds which postures no coalition would leave, and who would leave the status quo together."""
    if len(model.players) > MOST_PLAYERS:
        return data
    result = coalition_stability(model, CORE)
    data["joint"] = (("core", "posture"), np.stack([result.stable[concept].all(axis=0) for concept in CORE]))
    broken_by = {concept: [list(members) for members in result.broken_by(start, concept)] for concept in CORE}
    return data.assign_attrs(broken_by=broken_by)
