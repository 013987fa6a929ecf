"""Conflicts given as graphs: states, arcs between them for each player, and payoffs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import ArrayLike, Longs
from foedus.conflict.moves import ArcMoves, Moves, OptionMoves, legally_reached
from foedus.conflict.option_form import Conflict, OptionModel
from foedus.errors import FoedusError


@dataclass(frozen=True)
class GraphConflict:
    """A conflict as a graph. ``ranks``: [actor, state], dense from 0 (worst); ``arcs``: for each actor an int array
    [arc, 2] of the states that each of its moves leads from and to."""

    states: tuple[str, ...]
    names: tuple[str, ...]
    ranks: Longs
    arcs: tuple[Longs, ...]


class GraphModel:
    """A graph conflict with the interface of OptionModel, as far as the stability concepts need it."""

    def __init__(self, conflict: GraphConflict):
        self.conflict = conflict
        self.names = list(conflict.names)
        self.players = tuple((actor,) for actor in range(len(conflict.names)))
        self.size = len(conflict.states)
        self.ranks = conflict.ranks

    def label(self, state: int) -> str:
        """The name of the state."""
        return self.conflict.states[state]

    def letters(self, states: Longs) -> list[str]:
        """The names of many states."""
        return [self.conflict.states[state] for state in states]

    def state(self, label: str) -> int:
        """The index of the state with this name. Raises FoedusError where there is none."""
        try:
            return self.conflict.states.index(label)
        except ValueError:
            raise FoedusError(f"There is no state {label!r}.") from None

    def joint_arcs(self, members: Sequence[int]) -> Longs:
        """All that these actors can bring about in legal sequences of their own moves, as arcs."""
        alone = [ArcMoves(self.conflict.arcs[member], self.ranks[[member]]) for member in members]
        ends = [legally_reached(alone, start, improving=False) for start in range(self.size)]
        starts = np.repeat(np.arange(self.size), [len(reached) for reached in ends])
        return np.stack([starts, np.concatenate(ends)], axis=1)


Model = OptionModel | GraphModel
AnyConflict = Conflict | GraphConflict | Model


def moves_of(model: Model, members: Sequence[int]) -> Moves:
    """The moves of these decision makers acting as one. In option form they set all their options in one step; in a
    graph they move in legal sequences."""
    if isinstance(model, OptionModel):
        return OptionMoves(model, members)
    arcs = model.conflict.arcs[members[0]] if len(members) == 1 else model.joint_arcs(members)
    return ArcMoves(arcs, model.ranks[list(members)])


def movers_of(model: Model) -> list[Moves]:
    """The moves of every player."""
    return [moves_of(model, members) for members in model.players]


def player_names(model: Model) -> tuple[str, ...]:
    """Every player's name, members joined."""
    return tuple(" + ".join(model.names[member] for member in members) for members in model.players)


def model_of(conflict: AnyConflict) -> Model:
    """The states, ranks and players of a conflict. Raises FoedusError where it has no usable states."""
    if isinstance(conflict, Conflict):
        return OptionModel(conflict)
    return GraphModel(conflict) if isinstance(conflict, GraphConflict) else conflict


def conflict_from_payoffs(
    states: Sequence[str],
    payoffs: ArrayLike,
    moves: Sequence[Iterable[tuple[int, int]]],
    names: Sequence[str] | None = None,
    tolerance: float = 1e-9,
) -> GraphConflict:
    """A conflict from payoffs over named states.

    ``payoffs``: [actor, state], in any unit, larger is better; neighbours in an actor's order that differ by no
    more than ``tolerance`` times its largest payoff in size count as equally good. ``moves``: for each actor pairs
    of state indices, from and to. Raises FoedusError where shapes, indices or numbers do not fit.
    """
    values = np.asarray(payoffs, float)
    if values.ndim != 2 or values.shape != (len(moves), len(states)):
        sizes = f"{len(moves)} actors and {len(states)} states"
        raise FoedusError(f"Payoffs have the shape {values.shape}, and there are {sizes}.")
    if not values.size:
        raise FoedusError("A conflict needs at least one actor and one state.")
    if not np.isfinite(values).all():
        raise FoedusError("Payoffs must be finite numbers.")
    if len(set(states)) < len(states):
        raise FoedusError("Two states have the same name.")
    labels = tuple(names) if names is not None else tuple(f"actor {actor + 1}" for actor in range(len(moves)))
    if len(labels) != len(moves):
        raise FoedusError(f"There are {len(labels)} names for {len(moves)} actors.")
    arcs = tuple(_arcs(pairs, len(states), label) for pairs, label in zip(moves, labels))
    return GraphConflict(tuple(states), labels, dense_ranks(values, tolerance), arcs)


def _arcs(pairs: Iterable[tuple[int, int]], count: int, name: str) -> Longs:
    arcs = np.array(list(pairs), np.int64).reshape(-1, 2)
    if len(arcs) and (arcs.min() < 0 or arcs.max() >= count):
        raise FoedusError(f"A move of {name} leads from or to a state that does not exist (0 to {count - 1} do).")
    return arcs


def dense_ranks(values: np.ndarray, tolerance: float = 1e-9) -> Longs:
    """Dense ranks from 0 (lowest) in each row of ``values`` [actor, state]. Neighbours that differ by at most
    ``tolerance`` times the row's largest size are equal."""
    order = np.argsort(values, axis=1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=1)
    step = np.diff(ascending, axis=1) > tolerance * np.abs(values).max(axis=1, keepdims=True)
    ranks = np.zeros(values.shape, np.int64)
    np.put_along_axis(ranks, order[:, 1:], np.cumsum(step, axis=1), axis=1)
    return ranks
