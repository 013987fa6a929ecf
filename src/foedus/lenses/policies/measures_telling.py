"""Which measures are necessary and which suffice, shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from foedus.claims.reading import read_claims
from foedus.claims.verdict import ReadingResult
from foedus.lenses.policies.chart import degrees_chart
from foedus.lenses.policies.comparison import Direction
from foedus.lenses.policies.measures import GoalDegrees
from foedus.lenses.policies.metric import MetricKind
from foedus.lenses.policies.necessity import Degree, Degrees
from foedus.present.plain import strict
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, probability, table
from foedus.present.wording import capital, listed, percent
from foedus.runs.view import RunView
from foedus.scenario.names import Names, lowered, plain
from foedus.worlds.ties import tied

MOST_TABLES = 2
QUESTION = "Which measures can the goal not do without, and which are enough?"


def measures_section(results: RunView, goals: Sequence[GoalDegrees]) -> Section:
    """The degrees of every set of measures, goal by goal."""
    names, claims = results.names, _claims(results, goals)
    reading = (
        "Filled: the share of worlds in which the set alone reaches the goal. Open: of the worlds where all measures "
        "reach it, the share in which they do not without the set."
    )
    figures = []
    if all(each.goal.metric.kind == MetricKind.OUTCOME for each in goals):
        figures = [Figure(_title(names, goals[0]), reading, degrees_chart(names, goals, partial(set_name, names)))]
    tables = [_table(names, each) for each in goals[:MOST_TABLES]] + ([claims] if claims.rows else [])
    note = (
        "Sufficient where needed: among the worlds where the goal is not reached with no measure (Pearl 1999). Necessary is a statement about "
        "a fact that is presumed: that all measures are taken and the goal is reached. Of these worlds it counts those where the goal would be "
        "missed without the set (the probability of necessity of Pearl 1999, 2000). Over cases: the set-theoretic degrees of Ragin "
        "(2006), over all policies and worlds. A dash: no policy that would tell was solved. After ±: one standard error of the sample "
        "of worlds, and the share of worlds counted."
    )
    told = Told(measures_sentences(names, goals), figures, tables, [note])
    return told.under("measures", "Which measures are necessary, which sufficient", QUESTION)


def set_name(names: Names, measures: frozenset[str]) -> str:
    """A set of measures in plain words: of policies their labels, of declared measures their names."""
    order = list(dict.fromkeys(m for policy in names.scenario.all_policies.values() for m in policy.measures))
    ordered = sorted(measures, key=lambda m: (order.index(m) if m in order else len(order), m))
    policies = names.scenario.policies
    return listed([lowered(names.policy(m)) if m in policies and policies[m].label else plain(m) for m in ordered])


def goal_words(names: Names, degrees: GoalDegrees) -> str:
    """A goal as a person would say it."""
    goal, metric = degrees.goal, degrees.goal.metric
    name = names.inside(names.outcome(metric.name)) if metric.kind == MetricKind.OUTCOME else metric.name
    if goal.threshold is not None:
        return f"{name} {'at most' if metric.direction == Direction.LOWER else 'at least'} {goal.threshold:g}"
    return f"{name} at most {100 * goal.within:.0f}% above its chance with all measures, in the same world"


def measures_sentences(names: Names, goals: Sequence[GoalDegrees]) -> list[str]:
    """The first goal in words, measure by measure, and how the others differ."""
    singles = _singles(goals[0])
    told = [f"The goal is {goal_words(names, goals[0])}. {' '.join(_single(names, each) for each in singles)}"]
    needed = [(each.measures, each.needed_not_enough.value) for each in singles if each.needed_not_enough is not None]
    crucial = [f"{set_name(names, single)} in {percent(share)} of worlds" for single, share in needed if share > 0]
    if crucial:
        told.append(f"Needed and yet not enough: {listed(crucial)}.")
    for degrees in goals[1:]:
        parts = [_short(names, each) for each in _singles(degrees)]
        told.append(f"For {goal_words(names, degrees)}: {'; '.join(part for part in parts if part)}.")
    return told


def _singles(degrees: GoalDegrees) -> list[Degrees]:
    """The degrees of single measures, in the order in which policies take them."""
    order = list(dict.fromkeys(m for taken in degrees.taken.values() for m in sorted(taken)))
    single = [each for each in degrees.sets if len(each.measures) == 1]
    return sorted(single, key=lambda each: order.index(min(each.measures)))


def _single(names: Names, each: Degrees) -> str:
    name, parts = set_name(names, each.measures), []
    if each.sufficiency is not None:
        parts.append(f"with {name} alone it is reached in {each.sufficiency.told}")
    if each.necessity is not None and each.necessity.value == each.necessity.value:
        whole = each.necessity.counted >= 1 - 1e-9
        missed = (
            str(each.necessity.told)
            if whole
            else f"{each.necessity.told.ranged} of the worlds where all measures reach it"
        )
        parts.append(f"given that it came about under all measures, without {name} it would be missed in {missed}")
    return f"{capital('; '.join(parts))}." if parts else ""


def _short(names: Names, each: Degrees) -> str:
    told = (("enough", each.sufficiency), ("necessary given that all are taken", each.necessity))
    parts = [f"{verb} in {percent(degree.value)}" for verb, degree in told if degree is not None]
    return f"{set_name(names, each.measures)} {' and '.join(parts)}" if parts else ""


def _title(names: Names, degrees: GoalDegrees) -> str:
    goal = names.inside(names.outcome(degrees.goal.metric.name))
    shares = {each.measures: each.sufficiency.value for each in _singles(degrees) if each.sufficiency is not None}
    if not shares:
        return f"What each set of measures does against {goal}"
    values = np.array(list(shares.values()))
    errors = np.array([each.sufficiency.error for each in _singles(degrees) if each.sufficiency is not None])
    level = tied(values, np.hypot(errors[:, None], errors[None, :]), percent)
    who, best = [set_name(names, list(shares)[i]) for i in level], float(values[level[0]])
    name = lowered(capital(listed(who)))
    if len(who) == len(shares) > 1:
        return f"Against {goal} no single measure goes clearly further than another: {name}, {percent(best)}"
    goes = "go furthest, a tie" if len(who) > 1 else "goes furthest"
    if best >= 0.5:
        return f"Against {goal}, {name} alone {goes}: enough in {percent(best)} of worlds"
    return f"No single measure is enough against {goal} in most worlds: {name} {goes}, {percent(best)}"


def _table(names: Names, degrees: GoalDegrees) -> Table:
    columns: dict[str, Callable[[Degrees], Cell]] = {
        "Measures": lambda each: set_name(names, each.measures),
        "Suffice": lambda each: _cell(each.sufficiency),
        "Suffice where needed": lambda each: _cell(each.sufficiency_where_needed),
        "Necessary, given all taken and reached": lambda each: _cell(each.necessity),
        "Needed and not enough": lambda each: _cell(each.needed_not_enough),
        "Sufficiency over cases": lambda each: probability(each.over_cases.sufficient),
        "Necessity over cases": lambda each: probability(each.over_cases.necessary),
    }
    return table(f"Goal: {goal_words(names, degrees)}", columns, degrees.sets)


def _cell(degree: Degree | None) -> Amount:
    if degree is None or degree.value != degree.value:
        return Amount("–", float("nan"))
    return Amount(percent(degree.value), degree.value, f"± {percent(degree.error)} of {percent(degree.counted)}")


def _claims(results: RunView, goals: Sequence[GoalDegrees]) -> Table:
    """Claims whose readings set the policies that take measures against each other, beside the degrees."""
    takers, factual = set(goals[0].taken), results.scenario.factual_policy
    asked: dict[str, set[str]] = {}
    for reading in read_claims(results.scenario):
        asked.setdefault(reading.claim, set()).update(q.under for q in reading.queries if q.under in takers)
    told = [claim for claim in results.run.claims if len(asked.get(claim.id, set()) - {factual}) > 1]
    columns: dict[str, Callable[[tuple[str, ReadingResult]], Cell]] = {
        "Claim": lambda row: results.names.claim(row[0]),
        "Reading": lambda row: plain(row[1].name),
        "Holds in": lambda row: probability(row[1].held),
        "In words": lambda row: row[1].verdict,
    }
    rows = [(claim.id, reading) for claim in told for reading in claim.readings]
    return table("Claims about these policies", columns, rows)


def measures_json(results: RunView, goals: Sequence[GoalDegrees]) -> dict[str, Any]:
    """The degrees as other programs read them."""
    told, names = [_goal_json(results.names, each) for each in goals], results.names
    return dict(strict({"question": QUESTION, "sentences": measures_sentences(names, goals), "goals": told}))


def _goal_json(names: Names, degrees: GoalDegrees) -> dict[str, Any]:
    goal, reached = degrees.goal, degrees.reached.items()
    return {
        "goal": goal_words(names, degrees),
        "metric": goal.metric.key,
        "threshold": goal.threshold,
        "within": goal.within,
        "policies": {name: {"measures": sorted(degrees.taken[name]), "reached": share} for name, share in reached},
        "sets": [vars(each) | {"measures": sorted(each.measures)} for each in degrees.sets],
    }
