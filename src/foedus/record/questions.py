"""What observations ask: the question that each answers, and the answers that could have been recorded instead.

A forecast is scored on all answers to a question, never on the recorded one alone: who always says yes to what
happened would win otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from foedus.game.words import Words
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, constant, evaluate, state_names


@dataclass(frozen=True)
class Question:
    """One question of the record.

    For a choice: ``phase``, and as ``answers`` the actions, those put together that the record does not tell
    apart. For a state: ``state``, the expression that was first asked, and the answers yes and no.
    """

    phase: str = ""
    answers: tuple[frozenset[str], ...] = ()
    state: str = ""

    @property
    def size(self) -> int:
        """How many answers there are."""
        return len(self.answers) if self.phase else 2


@dataclass(frozen=True)
class Asked:
    """One observation as an answer: its number, period, question, which answer was recorded, the coding error."""

    observation: int
    period: int
    question: Question
    answer: int
    error: float


def asked(scenario: Scenario) -> list[Asked]:
    """The observations as answers to questions, in order of time; those with a single possible answer left out."""
    phases = {name: Question(name, answers) for name, answers in _choices(scenario).items()}
    words = Words(scenario)
    states: dict[object, tuple[Question, object]] = {}
    found = []
    for i, o in enumerate(scenario.observations):
        if o.took:
            question = phases[o.took[0].split(".")[0]]
            answer = next(k for k, cell in enumerate(question.answers) if o.took[0] in cell)
        else:
            assert o.is_ is not None
            true, false = _meaning(scenario, words.tree(o.is_))
            if (false, true) in states:
                question, answer = states[false, true][0], 1
            else:
                question, answer = states.setdefault((true, false), (Question(state=str(o.is_)), None))[0], 0
        if question.size > 1:
            found.append(Asked(i, period_of(scenario, o.at), question, answer, constant(words.tree(o.error))))
    return sorted(found, key=lambda one: one.period)


def _choices(scenario: Scenario) -> dict[str, tuple[frozenset[str], ...]]:
    """The answers of each observed choice: actions that exist as things are, joined where one record names both."""
    enabled = set(scenario.all_policies[scenario.factual_policy].enable)
    sets = [frozenset(o.took) for o in scenario.observations if o.took]
    found = {}
    for name in dict.fromkeys(next(iter(one)).split(".")[0] for one in sets):
        phase = next(phase for phase in scenario.turn if phase.id == name)
        there = [
            f"{name}.{a}"
            for a, action in phase.actions.items()
            if action.exists == "always" or f"{name}.{a}" in enabled
        ]
        mine = [one for one in sets if next(iter(one)).startswith(f"{name}.")]
        cells = [frozenset([a]) for a in dict.fromkeys([*there, *(a for one in mine for a in sorted(one))])]
        for one in mine:
            joined = frozenset().union(*(cell for cell in cells if cell & one))
            place = next(i for i, cell in enumerate(cells) if cell & one)
            cells = [joined if i == place else cell for i, cell in enumerate(cells) if i == place or not cell & one]
        found[name] = tuple(cells)
    return found


def _meaning(scenario: Scenario, tree: Tree) -> tuple[object, object]:
    """What an expression about the state says, and what its opposite would: the same for all ways to write it."""
    names = sorted(state_names(tree))
    levels = np.array(list(product(*(range(len(scenario.scopes[name])) for name in names))), float)
    values = np.broadcast_to(
        np.asarray(evaluate(tree, dict(zip(names, levels.T, strict=True)), {}), float), len(levels)
    )
    true = frozenset(map(tuple, levels[values != 0].tolist()))
    return (tuple(names), true), (tuple(names), frozenset(map(tuple, levels[values == 0].tolist())))
