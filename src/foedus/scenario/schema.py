"""The scenario language as typed objects. One class a concept; YAML and Python build the same.

The classes check shape only (types, required keys, unknown keys). What names mean is
checked by ``scenario.check`` once the whole scenario is known.
"""

from __future__ import annotations

import html
from typing import Annotated, Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, ValidationError, ValidationInfo, model_validator

from foedus.scenario import parts
from foedus.scenario.basics import LISTED, Id, Model, Source, Text, listed
from foedus.scenario.commitments import Commitment
from foedus.scenario.dotted import ActorNumber, applies_variable
from foedus.scenario.dump import dump
from foedus.scenario.errors import Problem, ScenarioError
from foedus.scenario.files import read_text
from foedus.scenario.limits import excess
from foedus.scenario.messages import problems_in, unseen_in
from foedus.scenario.yamltext import Node


class Scenario(Model):
    """A whole scenario. ``actors``, ``state`` and ``turn`` are required, the rest optional."""

    title: Text = Field("", description="The scenario's title.")
    summary: str = Field("", description="What it is about, in a few sentences.")
    sources: dict[Id, Source] = Field({}, description="The texts that are cited, by a short id.")
    rationality: Literal["logit", "perfect"] = Field(
        "logit", description="'logit': choices follow payoffs noisily, by precision; 'perfect': always the best."
    )
    value: Literal["payoff", "entropy"] = Field(
        "payoff",
        description="What a choice is worth to who makes it: 'payoff': what it pays; 'entropy': less what control costs.",
    )
    extends: str | None = Field(
        None, description="A shipped scenario, or a file beside this one, of which this is a variant."
    )
    horizon: parts.Horizon = Field(parts.Horizon(), description="How many periods there are, and what they are.")
    actors: dict[Id, parts.Actor] = Field(min_length=1, description="The parties that decide, by id.")
    assumptions: dict[Id, parts.Assumption] = Field(
        {}, description="Named numbers, fixed or uncertain; a draw of all of them is a world."
    )
    state: dict[Id, parts.StateVariable] = Field(
        min_length=1, description="What can change, by id: each variable is at one of a few ordered levels."
    )
    objectives: dict[Id, dict[Id, parts.Objective]] = Field(
        {}, description="What each actor wants: actor to objective to weight and value."
    )
    turn: list[parts.Phase] = Field(min_length=1, description="The phases of one period, in order.")
    enters: Annotated[list[parts.Enters], LISTED] = Field(
        [], description="Lumps paid when the state enters a condition."
    )
    commitments: dict[Id, Commitment] = Field({}, description="Pacts, threats, assurances and red lines, by id.")
    sides: dict[Id, Annotated[list[Id], Field(min_length=1)]] = Field(
        {},
        description="Camps, by name: the actors that stand together; read from the commitments where none are named.",
    )
    beliefs: dict[Id, dict[str, parts.Belief]] = Field(
        {}, description="What actors take assumptions to be: actor to assumption to value."
    )
    policies: dict[Id, parts.Policy] = Field({}, description="Ways things could be done, which are compared.")
    factual: Id | None = Field(
        None, description="The policy under which the observations were made; 'status_quo' unless said."
    )
    observations: list[parts.Observation] = Field([], description="What happened; it weighs the worlds.")
    outcomes: dict[Id, parts.Outcome] = Field({}, description="Events whose probability is reported over time.")
    claims: dict[Id, parts.Claim] = Field({}, description="The sentences of the argument that are tested.")
    _origin: Any = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        """Equal when all that is written is equal, wherever it was read from."""
        return isinstance(other, Scenario) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    @property
    def origin(self) -> Node | None:
        """Where each value stood in the text it was loaded from (``origin.place(problem)``); None otherwise."""
        node: Node | None = self._origin
        return node

    def placed(self, problem: Problem) -> Problem:
        """``problem`` with its file, line and column, where they are known."""
        return problem if self.origin is None or problem.file else self.origin.place(problem)

    @classmethod
    def from_yaml(cls, text: str) -> Scenario:
        """A scenario from YAML text; ScenarioError where its shape is wrong."""
        node = read_text(text)
        return cls.build(node.plain(), node)

    @classmethod
    def build(cls, data: Any, origin: Node | None = None) -> Scenario:
        """A scenario from plain data; ScenarioError where its shape is wrong, placed where ``origin`` knows the places."""
        try:
            scenario = cls.model_validate(data, context={"origin": origin})
        except RecursionError:
            raise ScenarioError([Problem((), "it is nested too deeply.")]) from None
        scenario._origin = origin
        return scenario

    def to_yaml(self) -> str:
        """This scenario as YAML in the short notation, which loads as an equal one."""
        return dump(self)

    def _repr_html_(self) -> str:
        """A short summary for notebooks: the title and how much of everything there is."""
        counts = {"periods": self.horizon.periods, "actors": len(self.actors), "assumptions": len(self.assumptions)}
        counts |= {"state variables": len(self.state), "phases": len(self.turn), "commitments": len(self.commitments)}
        counts |= {"policies": len(self.all_policies), "observations": len(self.observations)}
        counts |= {"claims": len(self.claims)}
        cells = "".join(f"<tr><td>{name}</td><td>{count}</td></tr>" for name, count in counts.items() if count)
        return f"<b>{html.escape(self.title or 'Scenario')}</b><table>{cells}</table>"

    def __repr__(self) -> str:
        counts = f"actors: {len(self.actors)}, phases: {len(self.turn)}, claims: {len(self.claims)}"
        return f"Scenario({self.title!r}, {counts})"

    __str__ = __repr__

    @model_validator(mode="wrap")
    @classmethod
    def _told(cls, value: Any, build: ModelWrapValidatorHandler[Scenario], info: ValidationInfo) -> Scenario:
        """What is wrong with the shape, in plain words, however the scenario is built."""
        origin = (info.context or {}).get("origin")
        if (problem := excess(value)) is not None:
            raise ScenarioError([problem if origin is None else origin.place(problem)])
        if origin is None and (problem := unseen_in(value)) is not None:
            raise ScenarioError([problem])
        try:
            return build(value)
        except ValidationError as error:
            raise ScenarioError(problems_in(error, cls, origin)) from None

    @model_validator(mode="before")
    @classmethod
    def _split_turn(cls, value: Any) -> Any:
        """``- enters: {...}`` items of the turn are kept apart: they hold whatever the phase."""
        if not isinstance(value, dict) or not isinstance(value.get("turn"), list):
            return value
        entries = [item for item in value["turn"] if isinstance(item, dict) and set(item) == {"enters"}]
        phases = [item for item in value["turn"] if item not in entries]
        enters = [*listed(value.get("enters", [])), *(item["enters"] for item in entries)]
        return {**value, "turn": phases, "enters": enters} if entries else value

    @property
    def factual_policy(self) -> str:
        """The policy under which the observations were made."""
        if self.factual:
            return self.factual
        return "status_quo" if "status_quo" in self.policies or not self.policies else next(iter(self.policies))

    @property
    def all_policies(self) -> dict[str, parts.Policy]:
        """The policies, or a single empty one where none are written."""
        return self.policies or {"status_quo": parts.Policy()}

    @property
    def choosable(self) -> list[str]:
        """The policies that somebody can choose, which alone are recommended; the others are counterfactuals."""
        return [name for name, policy in self.all_policies.items() if not policy.counterfactual]

    @property
    def beyond(self) -> int:
        """Periods solved after the reported ones: 6 unless said, 0 where the end is final."""
        if isinstance(self.horizon.beyond, int):
            return self.horizon.beyond
        final = any(o.final for per in self.objectives.values() for o in per.values())
        return 0 if self.horizon.beyond is not None or final or self.horizon.periods == 1 else 6

    @property
    def scopes(self) -> dict[str, tuple[str, ...]]:
        """State variables and their levels, those that commitments add included."""
        levels = {name: tuple(variable.levels) for name, variable in self.state.items()}
        return levels | {applies_variable(name): ("no", "yes") for name in self.commitments}

    @property
    def all_assumptions(self) -> dict[str, parts.Assumption]:
        """Assumptions by name; an actor's own numbers are called ``actor.precision`` and so on."""
        own = [
            (ActorNumber(a, key), number) for a, actor in self.actors.items() for key, number in actor.numbers.items()
        ]
        return self.assumptions | {str(name): number for name, number in own}
