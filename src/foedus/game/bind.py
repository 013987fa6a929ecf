"""A policy's bindings laid over a compiled game: what an actor does, by phase and rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from foedus.game.compile import Game
from foedus.game.numbers import NumberReader
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, fold, number


def bind_secret(policy: str, rule: int) -> str:
    """The switch that is 1 in the games of those who know of a secret binding."""
    return f"secret:{policy}:{rule}"


def bind(game: Game, scenario: Scenario, policy: str) -> Game:
    """The game in which the actors of ``policy`` are bound; the same game when none is."""
    rules = scenario.all_policies[policy].bind
    if not rules:
        return game
    numbers = NumberReader(scenario)
    program = game.program.copy()
    force = game.arrays.force.copy()
    owner = np.repeat(np.arange(game.nodes), np.diff(game.arrays.a_ptr))
    earlier: dict[str, list[Tree]] = {}
    trees: dict[tuple[int, int], list[Tree]] = {}
    for i, rule in enumerate(rules):
        k = game.phase_ids.index(rule.phase)
        orders = [o for o, action in enumerate(game.turn.phases[k].actions) if action.name == rule.do]
        if not orders:
            continue
        parts = [
            None if rule.when is None else numbers.tree(rule.when),
            game.turn.phases[k].actions[orders[0]].when,
            None if rule.known else ("asm", bind_secret(policy, i)),
        ]
        holds: Tree = fold(("and", number(1), number(1), *(part for part in parts if part is not None)))
        # the first rule of a phase that fits wins: later ones hold where none before them does
        before: list[Tree] = [("not", tree) for tree in earlier.get(rule.phase, [])]
        trees.setdefault((k, orders[0]), []).append(fold(("and", holds, number(1), *before)))
        earlier.setdefault(rule.phase, []).append(holds)
    for (k, order), alternatives in trees.items():
        at = np.flatnonzero((game.arrays.phase[owner] == k) & (game.action_order == order))
        columns = dict(zip((variable.name for variable in game.turn.variables), game.rows[owner[at]].T, strict=True))
        tree: Tree = alternatives[0] if len(alternatives) == 1 else ("or", *alternatives)
        ids = program.spread(tree, columns, len(at), 0, np.inf, "a binding")
        force[at] = np.where(program.constants()[ids] == 0, -1, ids)
    offset, timed, _ = program.layout()
    return replace(game, program=program, arrays=game.arrays._replace(force=force, offset=offset, timed=timed))
