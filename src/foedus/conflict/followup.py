"""What else can be asked of a conflict once its equilibria are known: horizons, coalitions, paths, inverse analysis.

(Follow-up analysis, as Fang, Hipel, Kilgour and Peng 2003 call it.) What would take long or fill pages in a large
conflict is left out unless it is asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from foedus.conflict.coalitions import coalition_stability
from foedus.conflict.concepts import CONCEPTS, concepts_for, confrontations
from foedus.conflict.graph_form import Model, movers_of
from foedus.conflict.inverse import Requirement, inverse, sentences
from foedus.conflict.limited import limited_moves
from foedus.conflict.paths import paths_from
from foedus.errors import FoedusError

HORIZON = 4
MOST_MOVES, MOST_STATES, MOST_PLAYERS, MOST_CLAUSES, MOST_HELD = 1 << 20, 256, 6, 64, 16


@dataclass
class FollowUp:
    """``limited``: horizon (moves ahead) to equilibria; ``coalitional``: concept to the states that no coalition leaves;
    ``paths``: the shortest improving moves from the status quo ``start`` to each state; ``inverse``: by concept, each
    player's conditions for ``state`` to last. None where left out, with the reason in ``left_out``."""

    model: Model
    start: str
    state: str
    limited: dict[int, list[str]] | None = None
    coalitional: dict[str, list[str]] | None = None
    paths: dict[str, list[list[str]]] | None = None
    inverse: dict[str, list[Requirement]] | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As ``foedus lens stability FILE --json`` writes it."""
        limited, paths, held = self.limited, self.paths, None
        if self.inverse is not None:
            concepts = {concept: [self._need(need) for need in needs] for concept, needs in self.inverse.items()}
            held = {"state": self.state, "concepts": concepts}
        return {
            "limited": None if limited is None else {f"l{depth}": states for depth, states in limited.items()},
            "coalitional": self.coalitional,
            "paths": None if paths is None else {"from": self.start, "to": paths},
            "inverse": held,
            "left_out": self.left_out,
        }

    def labels(self, states: frozenset[int]) -> list[str]:
        """The labels of a set of states, in the order of their numbers."""
        return [self.model.label(state) for state in sorted(states)]

    def _need(self, need: Requirement) -> dict[str, Any]:
        return {
            "player": need.player,
            "met": need.met,
            "must_not_prefer": [[self.labels(way) for way in clause] for clause in need.clauses],
            "in_words": sentences(self.model, self.model.state(self.state), need),
            "change": None if need.change is None else self.labels(need.change),
            "share_of_orders": need.share,
        }


def follow_up(model: Model, start: str | None = None, state: str | None = None, horizon: int | None = None) -> FollowUp:
    """Everything beyond the equilibria; what is named (``start``, ``state``, ``horizon``) is done however large.

    ``start`` is the status quo, by default the first feasible state; ``state`` the one whose stability is inverted, by
    default the status quo. Raises FoedusError where a label is no state.
    """
    origin = model.label(0 if start is None else model.state(start))
    target = origin if state is None else model.label(model.state(state))
    out = FollowUp(model, origin, target)
    moves = sum(movers.count() for movers in movers_of(model))
    if horizon is None and moves > MOST_MOVES:
        out.left_out["limited"] = f"there are {moves:,} moves; give a horizon"
    else:
        try:
            result = limited_moves(model, HORIZON if horizon is None else horizon)
            out.limited = {depth: result.labels(f"l{depth}") for depth in range(1, len(result.stable) + 1)}
        except FoedusError as error:
            if horizon is not None:
                raise
            out.left_out["limited"] = str(error)
    if len(model.players) > MOST_PLAYERS or model.size > 16 * MOST_STATES:
        out.left_out["coalitional"] = f"there are {len(model.players)} players and {model.size:,} states"
    else:
        joint = coalition_stability(model)
        out.coalitional = {concept: joint.labels(concept) for concept in joint.stable}
    if start is None and model.size > MOST_STATES:
        out.left_out["paths"] = f"there are {model.size:,} states; name the status quo"
    else:
        paths = paths_from(model, origin)
        reached = [state for state in range(model.size) if paths.length[state] > 0]
        out.paths = {model.label(state): [list(step) for step in paths.to(state)] for state in reached}
    if state is None and (model.size > MOST_CLAUSES or len(model.players) > MOST_HELD):
        players = len(model.players)
        out.left_out["inverse"] = f"there are {players} players and {model.size:,} states; name the state to hold"
    else:
        faced = confrontations(model)
        asked = [name for name in concepts_for(model) if CONCEPTS[name].answers and not CONCEPTS[name].too_much(faced)]
        out.inverse = {concept: inverse(model, target, concept) for concept in asked}
    return out
