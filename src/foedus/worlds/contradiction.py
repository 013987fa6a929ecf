"""Observations that no world can produce together: the smallest such set, and the assumptions that bear on it.

Only observations without a coding error can rule a world out. Where they rule out every world that is tried, observations
are left out one by one as long as what is left is still impossible (a deletion filter: Chinneck and Dravnieks 1991); what
remains is impossible together, and possible without any one of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.numbers import NumberReader
from foedus.game.program import WorldError
from foedus.scenario.dotted import ActionName
from foedus.scenario.errors import Problem, ScenarioError
from foedus.scenario.parts import Branch, Observation, Phase
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, assumption_names, constant, state_names
from foedus.solve.likelihood import hear
from foedus.solve.observe import ObservedArrays
from foedus.solve.packed import Chain
from foedus.worlds.padding import width_of
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, error_in_world

TRIED = 256  # worlds in which a way is looked for
_FIRST = 8  # as a rule one of the first few is enough


def refuse_contradiction(scenario: Scenario) -> None:
    """ScenarioError naming observations that none of TRIED worlds can produce together, if there are such."""
    if not _sure(scenario):
        return
    draws = sample(scenario, TRIED, 0)
    for many in (_FIRST, TRIED):
        some = {name: draw[:many] for name, draw in draws.items()}
        clash = contradiction(scenario, some)
        if not clash:
            return
    raise _error(scenario, clash, width_of(draws))


def refuse_impossible(scenario: Scenario, draws: Mapping[str, Floats], loglik: Floats) -> None:
    """ScenarioError naming the observations that clash where none of the worlds solved (``loglik`` [world]) allows them."""
    if np.all(loglik == -np.inf) and (clash := contradiction(scenario, {n: d[:TRIED] for n, d in draws.items()})):
        raise _error(scenario, clash, len(loglik))


def contradiction(scenario: Scenario, draws: Mapping[str, Floats]) -> list[int]:
    """The numbers of observations that are impossible together in all of these worlds, none of which can be spared; empty
    where some world allows all."""
    sure, policy = _sure(scenario), scenario.factual_policy
    if not sure:
        return []
    only = scenario.model_copy(update={"observations": [scenario.observations[i] for i in sure]})
    try:
        play, blocks = Games(only, (), {}, lean=True).in_blocks(policy, draws)
        solved = [play.solve(tables, 1.0, scenario.rationality == "perfect")[0] for tables in blocks.tables]
    except WorldError as error:
        raise error_in_world(scenario, policy, draws, 0, error) from None
    chains = [
        Chain(play.graph, tables[0], choices, play.game.periods)
        for tables, choices in zip(blocks.tables, solved, strict=True)
    ]
    all_seen = play.seen
    assert all_seen is not None

    def possible(rows: Sequence[int]) -> bool:
        seen = ObservedArrays._make(part[list(rows)] for part in all_seen)
        heard = (hear(chain, play.game.starts[()], seen).period for chain in chains)
        return any(bool(np.any(np.isfinite(period.sum(axis=0)))) for period in heard)

    rows = list(range(len(sure)))
    if possible(rows):
        return []
    for row in list(rows):
        rest = [other for other in rows if other != row]
        if not rest or not possible(rest):
            rows = rest or rows
    return [sure[row] for row in rows]


def _sure(scenario: Scenario) -> list[int]:
    """The observations that are coded without error."""
    tree = NumberReader(scenario).tree
    return [i for i, o in enumerate(scenario.observations) if constant(tree(o.error)) == 0]


def _error(scenario: Scenario, clash: Sequence[int], worlds: int) -> ScenarioError:
    said = [_said(scenario, scenario.observations[i]) for i in clash]
    bearing = ", ".join(bearing_on(scenario, [scenario.observations[i] for i in clash]))
    together = f"{', '.join(said[:-1])} and {said[-1]} together" if len(said) > 1 else said[0]
    numbers = f"observation{'s' if len(clash) > 1 else ''} {', '.join(map(str, clash))}"
    reason = f"no world can produce {together} ({numbers}; {worlds} tried under '{scenario.factual_policy}'). "
    reason += f"The assumptions that bear on it: {bearing}." if bearing else "No assumption bears on it."
    remedy = "Give one an 'error' above 0, or widen what is assumed." if bearing else "Give one an 'error' above 0."
    return ScenarioError([scenario.placed(Problem(("observations", clash[-1]), reason, remedy))])


def _said(scenario: Scenario, observed: Observation) -> str:
    return f"'{' or '.join(observed.took) if observed.took else observed.is_}' at {observed.at}"


def bearing_on(scenario: Scenario, observed: Sequence[Observation]) -> list[str]:
    """The assumptions that decide what can lead to some observations: those in guards, bases and odds of the phases that
    were observed and of those that can change what these, or the states observed, read. All, where play is perfect."""
    if scenario.rationality == "perfect":  # what is not best is never done: payoffs rule acts out too
        return list(scenario.all_assumptions)
    reader = NumberReader(scenario)
    seen = [reader.tree(o.is_) for o in observed if o.is_ is not None]
    phases = {ActionName.read(action).phase for o in observed for action in o.took or ()}
    variables = frozenset[str]().union(*map(state_names, seen))
    while True:
        trees = [tree for phase in scenario.turn if phase.id in phases for tree in _deciding(scenario, phase, reader)]
        wider = variables.union(*map(state_names, trees))
        more = phases | {phase.id for phase in scenario.turn if wider & _written(scenario, phase)}
        if (wider, more) == (variables, phases):
            break
        variables, phases = wider, more
    read = frozenset[str]().union(*map(assumption_names, trees)) if trees else frozenset()
    return [name for name in scenario.all_assumptions if name in read]


def _branches(phase: Phase) -> Iterator[Branch]:
    yield from phase.chance
    for action in phase.actions.values():
        yield from action.chance


def _deciding(scenario: Scenario, phase: Phase, reader: NumberReader) -> list[Tree]:
    """What decides whether a phase takes place and what can come of it."""
    written = [phase.when, *(part for action in phase.actions.values() for part in (action.when, action.base))]
    written += [branch.prob for branch in _branches(phase) if branch.prob != "rest"]
    for made in scenario.commitments.values():
        if made.attach == phase.id:
            written += [made.in_force, made.trigger.severity, made.trigger.applies, made.trigger.vagueness]
    return [reader.tree(value) for value in written if value is not None]


def _written(scenario: Scenario, phase: Phase) -> set[str]:
    """The state variables that a phase can change."""
    effects = [action.then for action in phase.actions.values()] + [branch.then for branch in _branches(phase)]
    for made in scenario.commitments.values():
        if made.attach == phase.id:
            effects += [word.then for word in (made.kept, made.broken) if word is not None]
    return set().union(*effects)
