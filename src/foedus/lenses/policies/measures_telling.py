"""Which measures are necessary and which suffice, shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foedus.lenses.policies.measures import Need, Needs
from foedus.lenses.policies.measures_chart import needs_chart
from foedus.lenses.policies.necessity import Degree
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, probability
from foedus.present.wording import capital, listed, percent
from foedus.runs.view import RunView
from foedus.scenario.names import Names, lowered, plain

MOST_TABLES = 2
QUESTION = "Which measures can the goal not do without, and which are enough?"


def measures_section(results: RunView, needs: Sequence[Needs]) -> Section:
    """The degrees of every set of measures, goal by goal."""
    kinds = all(one.goal.metric.kind == "outcome" for one in needs)
    figures = []
    if kinds:
        figures = [
            Figure(
                _title(results, needs[0]),
                "Filled: the share of worlds in which the set alone reaches the goal. Open: of the worlds "
                "where all measures reach it, the share in which they do not without the set.",
                needs_chart(results, needs, lambda m: set_name(results.names, m)),
            )
        ]
    claims = _claims(results, needs)
    tables = [_table(results, one) for one in needs[:MOST_TABLES]] + ([claims] if claims.rows else [])
    return Told(measures_sentences(results, needs), figures, tables, _notes()).under(
        "measures", "Which measures are necessary, which sufficient", QUESTION
    )


def set_name(names: Names, measures: frozenset[str]) -> str:
    """A set of measures in plain words: of policies their labels, of declared measures their names."""
    order = list(dict.fromkeys(m for policy in names.scenario.all_policies.values() for m in policy.measures))
    told = sorted(measures, key=lambda m: (order.index(m) if m in order else len(order), m))
    policies = names.scenario.policies
    return listed([lowered(names.policy(m)) if m in policies and policies[m].label else plain(m) for m in told])


def goal_words(results: RunView, one: Needs) -> str:
    """A goal as a person would say it."""
    metric, goal = one.goal.metric, one.goal
    name = _outcome(results, metric.name) if metric.kind == "outcome" else metric.name
    if goal.threshold is not None:
        return f"{name} {'at most' if metric.direction == 'lower' else 'at least'} {goal.threshold:g}"
    return f"{name} at most {100 * goal.within:.0f}% above its chance with all measures, in the same world"


def _outcome(results: RunView, name: str) -> str:
    """An outcome's name inside a sentence: lowered, unless it begins with an actor's."""
    return results.names.inside(results.names.outcome(name))


def measures_sentences(results: RunView, needs: Sequence[Needs]) -> list[str]:
    """The first goal in words, measure by measure, and how the others differ."""
    said = [f"The goal is {goal_words(results, needs[0])}. {' '.join(_single(results, n) for n in _singles(needs[0]))}"]
    crucial = [n for n in _singles(needs[0]) if n.crucial is not None and n.crucial.value > 0]
    if crucial:
        parts = [
            f"{set_name(results.names, n.degrees.measures)} in {percent(n.crucial.value)} of worlds"
            for n in crucial
            if n.crucial
        ]
        said.append(f"Needed and yet not enough: {listed(parts)}.")
    for one in needs[1:]:
        parts = [_short(results, n) for n in _singles(one)]
        said.append(f"For {goal_words(results, one)}: {'; '.join(part for part in parts if part)}.")
    return said


def _singles(one: Needs) -> list[Need]:
    order = list(dict.fromkeys(m for taken in one.taken.values() for m in sorted(taken)))
    found = [need for need in one.needs if len(need.degrees.measures) == 1]
    return sorted(found, key=lambda need: order.index(min(need.degrees.measures)))


def _single(results: RunView, need: Need) -> str:
    name, found = set_name(results.names, need.degrees.measures), need.degrees
    parts = []
    if found.sufficiency is not None:
        parts.append(
            f"with {name} alone it is reached in {percent(found.sufficiency.value)} of worlds ({estimative(found.sufficiency.value)})"
        )
    if found.necessity is not None and found.necessity.value == found.necessity.value:
        whole = found.necessity.counted >= 1 - 1e-9
        of = "of worlds" if whole else "of the worlds where all measures reach it"
        parts.append(
            f"with all but {name} it is missed in {percent(found.necessity.value)} {of} ({estimative(found.necessity.value)})"
        )
    return f"{capital('; '.join(parts))}." if parts else ""


def _short(results: RunView, need: Need) -> str:
    found = need.degrees
    parts = []
    if found.sufficiency is not None:
        parts.append(f"enough in {percent(found.sufficiency.value)}")
    if found.necessity is not None:
        parts.append(f"necessary in {percent(found.necessity.value)}")
    return f"{set_name(results.names, found.measures)} {' and '.join(parts)}" if parts else ""


def _title(results: RunView, one: Needs) -> str:
    singles = [n for n in _singles(one) if n.degrees.sufficiency is not None]
    goal = _outcome(results, one.goal.metric.name)
    if not singles:
        return f"What each set of measures does against {goal}"
    best = max(singles, key=lambda n: n.degrees.sufficiency.value if n.degrees.sufficiency else 0.0)
    share = best.degrees.sufficiency.value if best.degrees.sufficiency else 0.0
    name = capital(set_name(results.names, best.degrees.measures))
    if share >= 0.5:
        return f"Against {goal}, {lowered(name)} alone goes furthest: enough in {percent(share)} of worlds"
    return f"No single measure is enough against {goal} in most worlds: {lowered(name)} goes furthest, {percent(share)}"


def _table(results: RunView, one: Needs) -> Table:
    rows: list[list[Cell]] = [
        [
            set_name(results.names, n.degrees.measures),
            _cell(n.degrees.sufficiency),
            _cell(n.degrees.sufficiency_where_needed),
            _cell(n.degrees.necessity),
            _cell(n.crucial),
            probability(n.cases.sufficient),
            probability(n.cases.necessary),
        ]
        for n in one.needs
    ]
    columns = [
        "Measures",
        "Suffice",
        "Suffice where needed",
        "Necessary",
        "Needed and not enough",
        "Sufficiency over cases",
        "Necessity over cases",
    ]
    return Table(f"Goal: {goal_words(results, one)}", columns, rows)


def _cell(degree: Degree | None) -> Amount:
    if degree is None or degree.value != degree.value:
        return Amount("–", float("nan"))
    return Amount(percent(degree.value), degree.value, f"± {percent(degree.error)} of {percent(degree.counted)}")


def _claims(results: RunView, needs: Sequence[Needs]) -> Table:
    """Claims whose readings set the policies that take measures against each other, beside the degrees."""
    from foedus.claims.reading import read_claims

    takers = set(needs[0].taken)
    asked: dict[str, set[str]] = {}
    for reading in read_claims(results.scenario):
        asked.setdefault(reading.claim, set()).update(q.under for q in reading.queries if q.under in takers)
    factual = results.scenario.factual_policy
    rows: list[list[Cell]] = [
        [
            results.names.claim(claim.id),
            reading.name.replace("_", " "),
            probability(reading.posterior),
            estimative(reading.posterior),
        ]
        for claim in results.run.claims
        if len(asked.get(claim.id, set()) - {factual}) > 1
        for reading in claim.readings
    ]
    return Table("Claims about these policies", ["Claim", "Reading", "Holds in", "In words"], rows)


def _notes() -> list[str]:
    return [
        "Sufficient where needed: among the worlds where the goal is not reached with no measure (Pearl 1999). Necessary: among the worlds "
        "where it is reached with all measures, those where it is not without the set. Over cases: the set-theoretic degrees of Ragin "
        "(2006), over all policies and worlds. A dash: no policy that would tell was solved. After ±: one standard error of the sample "
        "of worlds, and the share of worlds counted."
    ]


def measures_json(results: RunView, needs: Sequence[Needs]) -> dict[str, Any]:
    """The degrees as other programs read them."""
    from foedus.present.plain import strict

    def told(degree: Degree | None) -> dict[str, float] | None:
        return None if degree is None else vars(degree)

    goals = [
        {
            "goal": goal_words(results, one),
            "metric": one.goal.metric.key,
            "threshold": one.goal.threshold,
            "within": one.goal.within,
            "policies": {
                policy: {"measures": sorted(one.taken[policy]), "reached": share}
                for policy, share in one.reached.items()
            },
            "sets": [
                {
                    "measures": sorted(n.degrees.measures),
                    "sufficiency": told(n.degrees.sufficiency),
                    "sufficiency_where_needed": told(n.degrees.sufficiency_where_needed),
                    "necessity": told(n.degrees.necessity),
                    "needed_not_enough": told(n.crucial),
                    "over_cases": vars(n.cases),
                }
                for n in one.needs
            ],
        }
        for one in needs
    ]
    plain_: dict[str, Any] = strict(
        {"question": QUESTION, "sentences": measures_sentences(results, needs), "goals": goals}
    )
    return plain_
