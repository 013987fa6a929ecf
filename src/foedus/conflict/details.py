"""What else can be asked of a conflict: horizons, coalitions, paths from the status quo, inverse analysis.

What would take long or fill pages in a large conflict is left out unless it is asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from foedus.conflict.coalitions import coalition_stability
from foedus.conflict.concepts import CONCEPTS
from foedus.conflict.conflict import OptionModel
from foedus.conflict.graph import Model, moves_of
from foedus.conflict.inverse import inverse, sentences
from foedus.conflict.limited import limited_moves
from foedus.conflict.paths import paths_from
from foedus.errors import FoedusError

HORIZON = 4
MOST_MOVES, MOST_STATES, MOST_PLAYERS, MOST_CLAUSES = 1 << 20, 256, 6, 64


@dataclass
class Details:
    """``limited``: horizon (``l1`` ...) to equilibria; ``coalitional``: concept to the states that no coalition leaves;
    ``paths``: the shortest improving moves from the status quo ``start`` to each state; ``inverse``: for ``state``, by
    concept, each player's conditions. None where left out, with the reason in ``left_out``."""

    start: str
    state: str
    limited: dict[str, list[str]] | None = None
    coalitional: dict[str, list[str]] | None = None
    paths: dict[str, list[list[str]]] | None = None
    inverse: dict[str, list[dict[str, Any]]] | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As ``foedus lens stability FILE --json`` writes it."""
        return {
            "limited": self.limited,
            "coalitional": self.coalitional,
            "paths": None if self.paths is None else {"from": self.start, "to": self.paths},
            "inverse": None if self.inverse is None else {"state": self.state, "concepts": self.inverse},
            "left_out": self.left_out,
        }


def details(model: Model, start: str | None = None, state: str | None = None, horizon: int | None = None) -> Details:
    """Everything beyond the equilibria; what is named (``start``, ``state``, ``horizon``) is done however large.

    ``start`` is the status quo, by default the first feasible state; ``state`` the one whose stability is inverted, by
    default the status quo. Raises FoedusError where a label is no state.
    """
    origin = model.label(0 if start is None else model.state(start))
    target = origin if state is None else model.label(model.state(state))
    out = Details(origin, target)
    moves = sum(moves_of(model, members).count() for members in model.players)
    if horizon is None and moves > MOST_MOVES:
        out.left_out["limited"] = f"there are {moves:,} moves; give a horizon"
    else:
        _limited(out, model, horizon)
    if len(model.players) > MOST_PLAYERS or model.size > 16 * MOST_STATES:
        out.left_out["coalitional"] = f"there are {len(model.players)} players and {model.size:,} states"
    else:
        result = coalition_stability(model)
        out.coalitional = {concept: result.labels(concept) for concept in result.stable}
    if start is None and model.size > MOST_STATES:
        out.left_out["paths"] = f"there are {model.size:,} states; name the status quo"
    else:
        found = paths_from(model, origin)
        out.paths = {
            model.label(s): [list(step) for step in found.to(s)] for s in range(model.size) if found.length[s] > 0
        }
    if state is None and model.size > MOST_CLAUSES:
        out.left_out["inverse"] = f"there are {model.size:,} states; name the one to hold"
    else:
        concepts = [c for c in CONCEPTS if c != "sim" or isinstance(model, OptionModel)]
        out.inverse = {concept: _inverse(model, target, concept) for concept in concepts}
    return out


def _limited(out: Details, model: Model, horizon: int | None) -> None:
    try:
        result = limited_moves(model, HORIZON if horizon is None else horizon)
    except FoedusError as error:
        if horizon is not None:
            raise
        out.left_out["limited"] = str(error)
        return
    out.limited = {concept: result.labels(concept) for concept in result.stable}


def _inverse(model: Model, label: str, concept: str) -> list[dict[str, Any]]:
    state = model.state(label)
    return [
        {
            "player": need.player,
            "met": need.met,
            "must_not_prefer": [
                [[model.label(other) for other in sorted(way)] for way in clause] for clause in need.clauses
            ],
            "in_words": sentences(model, state, need),
            "change": None if need.change is None else [model.label(other) for other in sorted(need.change)],
            "share_of_orders": need.share,
        }
        for need in inverse(model, state, concept)
    ]
