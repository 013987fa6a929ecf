"""Open disagreement: the probabilities of nature as each actor judges them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Ints
from foedus.game.numbers import NumberReader
from foedus.game.program import Program
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, assumption_names


def believed(actor: str, assumption: str) -> str:
    """The name under which an actor's open belief about an assumption is evaluated."""
    return f"belief:{actor}:{assumption}"


def disputed(scenario: Scenario, actor: str) -> frozenset[str]:
    """The assumptions that an actor openly judges differently, those derived from them included."""
    names = {name for name, belief in scenario.beliefs.get(actor, {}).items() if belief.known}
    if not names:
        return frozenset()
    numbers = NumberReader(scenario)
    derived = {n: numbers.tree(a.value) for n, a in scenario.all_assumptions.items() if isinstance(a.value, str)}
    while more := {n for n, tree in derived.items() if n not in names and assumption_names(tree) & names}:
        names |= more
    return frozenset(names)


def renamed(tree: Tree, names: dict[str, str]) -> Tree:
    """The tree with assumptions renamed."""
    if tree[0] == "asm":
        return ("asm", names.get(tree[1], tree[1]))
    if tree[0] in ("num", "state", "t"):
        return tree
    return (tree[0], *(renamed(part, names) for part in tree[1:]))


def open_views(scenario: Scenario, program: Program, prob: NDArray[np.generic]) -> tuple[Ints, Ints]:
    """(prob [views, branches], view_of [actors]); view 0 is nature's own."""
    views = [prob.astype(np.int32)]
    view_of = np.zeros(len(scenario.actors), np.int32)
    for i, actor in enumerate(scenario.actors):
        names = {name: believed(actor, name) for name in disputed(scenario, actor)}
        if not names:
            continue
        changed = {
            int(c): program.add(renamed(program.trees[c], names), 0, 1, f"a probability as {actor} judges it")
            for c in np.unique(views[0][views[0] >= 0])
            if assumption_names(program.trees[c]) & names.keys()
        }
        view_of[i] = len(views)
        views.append(np.asarray([changed.get(int(c), int(c)) for c in views[0]], np.int32))
    return np.stack(views), view_of
