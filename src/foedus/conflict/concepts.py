"""The stability concepts of the graph model for conflict resolution, one row each in ``CONCEPTS``.

A state is stable for a player if none of its improvements pays once the others have answered. Concepts differ in which
answers count. A state is better for a player of several members if it is better for every member. To add a concept,
write a function from a ``Confrontation`` to the states that are stable, and a row; the analysis, the lens, the command
line and the tables take it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from foedus.arraytypes import Bools, Longs
from foedus.conflict.graph_form import Model, movers_of
from foedus.conflict.moves import Moves, Reach, Values, closure, closure_once, legally_reached, steps_from
from foedus.conflict.option_form import OptionModel
from foedus.conflict.simultaneous import MOST_JOINT, joint_changes, joint_outcomes, simultaneous
from foedus.errors import FoedusError

States = frozenset[int]


@dataclass(frozen=True)
class Confrontation:
    """A ``focal`` player who may leave a state, and the ``others`` who may answer. With ``once`` each of the others
    answers at most once; otherwise as often as it likes, but not twice running."""

    model: Model
    focal: Moves
    others: Sequence[Moves]
    once: bool = False

    @property
    def unimproved(self) -> Bools:
        """The states from which the focal player has no improvement."""
        return np.asarray(self.focal.improvements.counts == 0)

    def spread(self, steps: Sequence[Reach], values: Values, combine: np.ufunc) -> Values:
        """``values`` combined over each state and where the others can take it, by a step for each of them."""
        once, closed = self.once, self.focal.closed
        return closure_once(steps, values, combine) if once else closure(steps, values, combine, closed)

    def worst(self, steps: Sequence[Reach], values: Longs) -> Longs:
        """For each member, the lowest of its ``values`` [member, state] at a state and where the others take it."""
        return np.stack([self.spread(steps, row, np.minimum) for row in values])

    def unanswered(self, after: Longs) -> Bools:
        """Where a move exists that leaves every member better off, each state being worth ``after`` [member, state]."""
        if len(after) == 1:
            return np.asarray(self.focal.gather(after[0], np.maximum, -1) > self.focal.ranks[0])
        return self.focal.exceeding(after, self.focal.ranks).counts > 0

    def any_moves(self) -> list[Reach]:
        """Steps of the others to the lowest value over all their moves."""
        return [partial(moves.gather, combine=np.minimum, none=moves.size) for moves in self.others]

    def better_moves(self) -> list[Reach]:
        """Steps of the others to the lowest value over their improvements."""
        return [partial(moves.improvements.lowest, none=moves.size) for moves in self.others]


def confrontations(model: Model, once: bool = False) -> list[Confrontation]:
    """Each player of a model before all others."""
    movers = movers_of(model)
    return [Confrontation(model, focal, movers[:i] + movers[i + 1 :], once) for i, focal in enumerate(movers)]


def nash(at: Confrontation) -> Bools:
    """No improvement exists."""
    return at.unimproved


def gmr(at: Confrontation) -> Bools:
    """General metarational stability: after every improvement the others can move to a state no better than the one left."""
    return at.unimproved | ~at.unanswered(at.worst(at.any_moves(), at.focal.ranks))


def seq(at: Confrontation) -> Bools:
    """Sequential stability: the others reach such a state by moves that each improve on the last for their mover."""
    return at.unimproved | ~at.unanswered(at.worst(at.better_moves(), at.focal.ranks))


def smr(at: Confrontation) -> Bools:
    """Symmetric metarational stability: they can move to such a state, and the focal player cannot then escape it. With
    one member, an answer is as good for it as the better of where it ends and where it lets the member move."""
    if len(at.focal.ranks) > 1:
        return _smr_of_several(at)
    ranks = at.focal.ranks[0]
    relief = np.maximum(ranks, at.focal.gather(ranks, np.maximum, -1))
    after = np.minimum(ranks, at.worst(at.any_moves(), relief[None])[0])
    return at.unimproved | ~at.unanswered(after[None])


def _smr_of_several(at: Confrontation) -> Bools:
    """The same for several members, whose worths after an answer have no one order.

    What counts as better depends on the state left, so every state asked about needs a closure of its own. States of
    equal ranks share one, and 64 of these go together as the bits of a word.
    """
    focal, stable = at.focal, at.unimproved.copy()
    steps: list[Reach] = [partial(moves.gather, combine=np.bitwise_or, none=0) for moves in at.others]
    asked = np.flatnonzero(~stable)
    levels, which = np.unique(focal.ranks[:, asked], axis=1, return_inverse=True)
    for first in range(0, levels.shape[1], 64):
        better = np.zeros(focal.size, np.uint64)
        for bit, level in enumerate(levels[:, first : first + 64].T):
            better |= (focal.ranks > level[:, None]).all(axis=0).astype(np.uint64) << np.uint64(bit)
        escapes = better | focal.gather(better, np.bitwise_or, 0)
        sanctions = at.spread(steps, ~escapes, np.bitwise_or)
        unanswered = focal.gather(better & ~sanctions, np.bitwise_or, 0)
        here = (which >= first) & (which < first + 64)
        bits = (which[here] - first).astype(np.uint64)
        stable[asked[here]] = (unanswered[asked[here]] >> bits & np.uint64(1)) == 0
    return stable


def sim(at: Confrontation) -> Bools:
    """Simultaneous stability: such a state results if others make improvements of theirs from the same state in the same instant."""
    assert isinstance(at.model, OptionModel)
    return simultaneous(at.model, at.focal, at.others)


def sim_cost(faced: Sequence[Confrontation]) -> str:
    """Why simultaneous stability is left out, empty where it is not: the sets of others who improve at once are too many."""
    most = max((joint_changes(at.focal, at.others) for at in faced), default=0.0)
    if most <= MOST_JOINT:
        return ""
    return (
        f"the others can improve at once in {most:.0e} ways from one state; at most {MOST_JOINT:,} are looked through"
    )


def _any(at: Confrontation, state: int, first: int) -> list[States]:
    return [frozenset({after}) for after in legally_reached(at.others, first, improving=False)]


def _better(at: Confrontation, state: int, first: int) -> list[States]:
    return [frozenset({after}) for after in legally_reached(at.others, first, improving=True)]


def _escaped(at: Confrontation, state: int, first: int) -> list[States]:
    answers = legally_reached(at.others, first, improving=False)
    return [frozenset({after, *steps_from(at.focal, after, improving=False)}) for after in answers]


def _joint(at: Confrontation, state: int, first: int) -> list[States]:
    assert isinstance(at.model, OptionModel)
    return [frozenset({outcome}) for outcome in joint_outcomes(at.model, at.others, state, first)]


_FRASER = "Fraser and Hipel 1979"


@dataclass(frozen=True)
class Concept:
    """A concept of stability: its names, its source, and what it makes of a confrontation.

    ``stable``: [state], whether the focal player would stay. ``answers``, for inverse analysis (None: not worked out):
    what could deter the move from a state to a ``first`` one, as sets of states none of which may be better.
    ``credible``: the others answer by improvements only, so that groups of them can do more than their members in turn.
    ``in_words``: what a player reckons with. ``too_much`` says why a conflict is too large for it.
    """

    id: str
    short: str
    in_words: str
    source: str
    stable: Callable[[Confrontation], Bools]
    answers: Callable[[Confrontation, int, int], list[States]] | None = None
    credible: bool = False
    options_only: bool = False
    too_much: Callable[[Sequence[Confrontation]], str] = lambda faced: ""


_ROWS = (
    Concept("nash", "Nash", "one's own next move (Nash)", "Nash 1950", nash, lambda at, state, first: []),
    Concept("gmr", "GMR", "any answer of the others (general metarational)", "Howard 1971", gmr, _any),
    Concept(
        "smr", "SMR", "any answer, and one's own escape from it (symmetric metarational)", "Howard 1971", smr, _escaped
    ),
    Concept("seq", "SEQ", "answers that pay those who give them (sequential)", _FRASER, seq, _better, credible=True),
    Concept(
        "sim",
        "SIM",
        "the others' improving at the same moment (simultaneous)",
        _FRASER,
        sim,
        _joint,
        options_only=True,
        too_much=sim_cost,
    ),
)
CONCEPTS: dict[str, Concept] = {concept.id: concept for concept in _ROWS}


def concepts_for(model: Model) -> list[str]:
    """The concepts that are defined for a model."""
    return [name for name, row in CONCEPTS.items() if isinstance(model, OptionModel) or not row.options_only]


def concept_for(model: Model, name: str) -> Concept:
    """A concept by its id; FoedusError where there is none or it is not defined for the model."""
    if name not in CONCEPTS:
        raise FoedusError(f"There is no stability concept {name!r}; there are {', '.join(CONCEPTS)}.")
    if name not in concepts_for(model):
        raise FoedusError(f"The concept {name!r} is defined for conflicts in option form only.")
    return CONCEPTS[name]
