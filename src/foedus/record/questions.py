"""What observations ask: the question that each answers, and the answers that could have been recorded instead.

A forecast is scored on all answers to a question, never on the recorded one alone: who always says yes to what
happened would win otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import prod

import numpy as np

from foedus.game.numbers import NumberReader
from foedus.scenario.dotted import ActionName
from foedus.scenario.limits import COMBINATIONS
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.scenario.tree import Tree, constant, evaluate, state_names


class QuestionKind(StrEnum):
    """What a question is about: which action is taken when a choice comes up, or whether a state holds."""

    CHOICE = "choice"
    STATE = "state"


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
    def kind(self) -> QuestionKind:
        """Whether it is about a choice or a state."""
        return QuestionKind.CHOICE if self.phase else QuestionKind.STATE

    @property
    def name(self) -> str:
        """The phase, or the expression about the state."""
        return self.phase or self.state

    @property
    def size(self) -> int:
        """How many answers there are."""
        return len(self.answers) if self.phase else 2


@dataclass(frozen=True)
class RecordedAnswer:
    """One observation as an answer: its number, period, question, which answer was recorded, the coding error."""

    observation: int
    period: int
    question: Question
    answer: int
    error: float


def recorded_answers(scenario: Scenario) -> list[RecordedAnswer]:
    """The observations as answers to questions, in order of time; those with a single possible answer left out."""
    choices = {phase: Question(phase, answers) for phase, answers in _choices(scenario).items()}
    words = NumberReader(scenario)
    states: dict[object, tuple[Question, object]] = {}
    recorded = []
    for i, o in enumerate(scenario.observations):
        if o.took:
            question = choices[ActionName.read(o.took[0]).phase]
            answer = next(k for k, actions in enumerate(question.answers) if o.took[0] in actions)
        else:
            assert o.is_ is not None
            true, false = _meaning(scenario, words.tree(o.is_))
            if (false, true) in states:  # the opposite was asked before: this says no to that question
                question, answer = states[false, true][0], 1
            else:
                question, answer = states.setdefault((true, false), (Question(state=str(o.is_)), None))[0], 0
        if question.size > 1:
            error = constant(words.tree(o.error))
            recorded.append(RecordedAnswer(i, period_of(scenario, o.at), question, answer, error))
    return sorted(recorded, key=lambda recorded: recorded.period)


def _choices(scenario: Scenario) -> dict[str, tuple[frozenset[str], ...]]:
    """By phase the answers of an observed choice: actions that exist as things are, joined where one record names both."""
    enabled = set(scenario.all_policies[scenario.factual_policy].enable)
    records = [frozenset(o.took) for o in scenario.observations if o.took]
    choices = {}
    for phase_id in dict.fromkeys(ActionName.read(next(iter(record))).phase for record in records):
        phase = next(phase for phase in scenario.turn if phase.id == phase_id)
        named = [(f"{phase_id}.{name}", action) for name, action in phase.actions.items()]
        possible = [name for name, action in named if action.exists == "always" or name in enabled]
        of_phase = [record for record in records if next(iter(record)).startswith(f"{phase_id}.")]
        recorded = [name for record in of_phase for name in sorted(record)]
        answers = [frozenset([name]) for name in dict.fromkeys([*possible, *recorded])]
        for record in of_phase:
            met = [k for k, answer in enumerate(answers) if answer & record]
            answers[met[0]] = frozenset().union(*(answers[k] for k in met))
            answers = [answer for k, answer in enumerate(answers) if k not in met[1:]]
        choices[phase_id] = tuple(answers)
    return choices


def _meaning(scenario: Scenario, tree: Tree) -> tuple[object, object]:
    """What an expression about the state says, and what its opposite would: the same for all ways to write it."""
    names = sorted(state_names(tree))
    sizes = [len(scenario.scopes[name]) for name in names]
    if prod(sizes) > COMBINATIONS:  # too many to look through: only what is written alike is the same
        return tree, ("not", tree)
    levels = np.array(list(product(*map(range, sizes))), float)
    values = np.asarray(evaluate(tree, dict(zip(names, levels.T, strict=True)), {}), float)
    holds = np.broadcast_to(values != 0, len(levels))
    true, false = (frozenset(map(tuple, levels[where].tolist())) for where in (holds, ~holds))
    return (tuple(names), true), (tuple(names), false)
