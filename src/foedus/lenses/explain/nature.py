"""Turns of chance in words: what a phase of chance brings, what follows an action, whether a clause applies."""

from __future__ import annotations

from foedus.game.compile import Game
from foedus.lenses.explain.routes import Step
from foedus.scenario.names import Names
from foedus.scenario.parts import Branch
from foedus.scenario.schema import Scenario


def event_in_words(scenario: Scenario, game: Game, step: Step) -> str | None:
    """What chance brings at a step; None where it has no choice."""
    g = game.arrays
    phase = game.turn.phases[g.phase[step.place.node]]
    order = int(game.branch_order[step.branch])
    if g.phase[step.place.node] < 0 or g.b_ptr[step.action + 1] - g.b_ptr[step.action] < 2:
        return None
    if phase.commitment is not None and phase.mover < 0:
        return "it applies" if order == 0 else "it does not apply"
    written = next(written for written in scenario.turn if written.id == phase.id)
    action = phase.actions[game.action_order[step.action]].name
    return _branch_in_words(scenario, (written.actions[action].chance if action else written.chance)[order])


def _branch_in_words(scenario: Scenario, branch: Branch) -> str:
    """A branch's label, else what it changes."""
    names = Names(scenario)
    changes = ", ".join(f"{names.inside(names.variable(name))} becomes {value}" for name, value in branch.then.items())
    return branch.label or changes or ("nothing changes" if not branch.pays else "only payoffs change")


def start_in_words(scenario: Scenario, game: Game, node: int) -> str:
    """The uncertain part of the state that play starts in."""
    names = Names(scenario)
    levels = zip(game.turn.variables, game.rows[node], strict=True)
    open_ones = [(variable, int(level)) for variable, level in levels if len(variable.start) > 1]
    return ", ".join(
        f"{names.inside(names.variable(v.name))} {v.levels[level] if v.levels else level}" for v, level in open_ones
    )
