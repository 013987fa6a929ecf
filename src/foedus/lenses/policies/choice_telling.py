"""Which policy to choose by each rule, and what would change it, shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from foedus.arraytypes import Dataset
from foedus.errors import FoedusError
from foedus.lenses.policies.chart import regret_chart, trade_offs
from foedus.lenses.policies.choice import Change, Comparison, PolicyChoice, choose
from foedus.lenses.policies.comparison import Direction
from foedus.lenses.policies.measures import main_degrees
from foedus.lenses.policies.measures_telling import measures_section
from foedus.lenses.policies.metric import Metric, MetricKind, own_metrics
from foedus.lenses.policies.rules import RULES
from foedus.lenses.policies.tipping import TippingPoint
from foedus.lenses.query_names import gap_in_unit, in_unit, query_name
from foedus.present.colours import OTHER
from foedus.present.plain import strict
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, amount, probability, table
from foedus.present.wording import capital, count, listed, number
from foedus.runs.view import RunView
from foedus.scenario.names import Names
from foedus.sensitivity.telling import in_words, labels, tree_table
from foedus.worlds.ties import ROUNDING
from foedus.worlds.weights import HIGH, LOW, MIDDLE, Spread

MOST_PAIRS = 8
QUESTION = (
    "Which policy should we choose, given that we do not know which world we are in, and what would change our mind?"
)


def sections(results: RunView) -> list[Section]:
    """The sections of a report on its policies; none where there is nothing to compare."""
    if len(results.choosable) < 2:
        return []
    try:
        choice = choose(results.run, own_metrics(results.run, policies=results.choosable), explain=1)
    except FoedusError:
        return []
    goals = main_degrees(results.run)
    return [choice_section(results, choice), *([measures_section(results, goals)] if goals else [])]


def metric_name(names: Names, metric: Metric) -> str:
    """A metric in plain words."""
    match metric.kind:
        case MetricKind.ACTOR:
            return f"{names.actor(metric.name)}: expected value"
        case MetricKind.OUTCOME:
            return names.outcome(metric.name)
        case MetricKind.QUERY:
            return query_name(names, metric.name)


def choice_section(results: RunView, choice: PolicyChoice) -> Section:
    """The choice of each rule on each metric, and what would change it on the first."""
    first, names = choice.comparisons[0], results.names
    figures = [_regret_figure(results, first), _trade_figure(results, choice)]
    tables = [_rules(names, choice), _policies(names, choice, first), _pairs(results, first)]
    if first.change is not None:
        tables += _change_tables(names, first.change)
    told = Told(choice_sentences(names, choice), [shown for shown in figures if shown], tables, _notes(results))
    return told.under("choice", "Which policy, when we do not know the world", QUESTION)


def choice_sentences(names: Names, choice: PolicyChoice) -> list[str]:
    """What comes out, in plain words."""
    first = choice.comparisons[0]
    best, metric = first.preferred, first.metric
    aim = "the lower the better" if metric.direction == Direction.LOWER else "the higher the better"
    told = [
        f"On {names.inside(metric_name(names, metric))} ({aim}) {_tie(names, first.ties['expected'])} does best on "
        f"average: {_spread(first, best)}. {_others(names, first)}"
    ]
    if first.change is not None:
        told += change_sentences(names, first.change)
    if choice.efficient is not None:
        efficient = choice.efficient["policy"].values[choice.efficient["efficient"].values]
        those = [names.policy(str(policy)) for policy in efficient]
        total = count(choice.efficient.sizes["policy"], "policy", "policies")
        told.append(
            f"Over all {len(choice.comparisons)} measures of success taken together, {len(those)} of {total} "
            f"cannot be improved on one without losing on another{': ' + listed(those) if len(those) <= 6 else ''}."
        )
    return told


def _spread(comparison: Comparison, policy: str) -> str:
    mean, span = _range(comparison, policy)
    return f"{in_unit(comparison.metric.unit, mean)} (nine worlds in ten: {span})"


def _range(comparison: Comparison, policy: str) -> tuple[float, str]:
    """The expected value of a policy, and where nine worlds in ten lie."""
    quantiles = comparison.compared["quantiles"].sel(policy=policy)
    ends = (float(quantiles.sel(quantile=q)) for q in (LOW, MIDDLE, HIGH))
    spread = Spread.around(comparison.mean(policy), *ends)
    low, high = (in_unit(comparison.metric.unit, end) for end in (spread.low, spread.high))
    return spread.mean, f"{low} to {high}"


def _worst_regret(comparison: Comparison, policy: str) -> str:
    return gap_in_unit(comparison.metric.unit, comparison.compared["regret_max"].sel(policy=policy))


def _others(names: Names, comparison: Comparison) -> str:
    """Which policies tie with the choice, and whether the other rules agree."""
    best, many = comparison.preferred, len(comparison.metric.policies)
    if all(len(tie) == many for tie in comparison.ties.values()):
        return "By every rule all policies tie: these worlds do not tell them apart."
    ties = {rule: tie[1:] for rule, tie in comparison.ties.items() if tie[0] == best and len(tie) > 1}
    told = [f"In the worst world it is {_worst_regret(comparison, best)} worse than the best policy there."]
    tied_as: dict[tuple[str, ...], list[str]] = {}  # rules to the policies that tie by just these
    for other in dict.fromkeys(policy for tie in ties.values() for policy in tie):
        tied_as.setdefault(tuple(rule for rule, tie in ties.items() if other in tie), []).append(other)
    for rules, level in tied_as.items():
        how = "by every rule" if len(rules) == len(comparison.ties) else f"as {listed([RULES[r].words for r in rules])}"
        told.append(
            f"{listed([*map(names.marked_policy, level)])} {'tie' if len(level) > 1 else 'ties'} with it {how}."
        )
    others = {rule: tie for rule, tie in comparison.ties.items() if tie[0] != best}
    if not others:
        return f"By every rule it is the choice. {' '.join(told)}"
    verbs = {tie: [RULES[rule].verb for rule in others if others[rule] == tie] for tie in others.values()}
    parts = [f"{_tie(names, tie)} {listed(does)}" for tie, does in verbs.items()]
    return f"{' '.join(told)} By other rules it is not the choice: {'; '.join(parts)}."


def _tie(names: Names, tie: Sequence[str]) -> str:
    """A policy, and those that tie with it."""
    level = listed([names.marked_policy(policy) for policy in tie[1:]])
    return names.marked_policy(tie[0]) + (f" (a tie with {level})" if level else "")


def change_sentences(names: Names, change: Change) -> list[str]:
    """How sure the choice is against the runner-up, and what would change it."""
    best, other, lost = names.marked_policy(change.policy), names.marked_policy(change.runner_up), change.loses.share
    first = "" if change.weighed else "With all worlds alike (weighed by the observations, too few count to say), "
    if change.alike.share >= 1:
        return [capital(f"{first}{best} and the runner-up, {other}, come out alike in every world.")]
    first += f"{best} does better than the runner-up, {other}, in {change.better}"
    first += f" and as well in {change.alike.ranged}" if change.alike.share > 0 else ""
    where = "It loses in no world." if lost == 0 else in_words(change.loses.box, labels(names), "loses")
    return [f"{capital(first)}. {where}", tipping_words(names, change)]


def tipping_words(names: Names, change: Change) -> str:
    """The clearest tipping points as a sentence."""
    if change.tipping is None:
        return "There are too few worlds to look for tipping points; solve more of them (--worlds)."
    if not change.tipping:
        return (
            f"No single assumption, moved over its whole range, makes another policy clearly better than {names.policy(change.policy)} "
            "on average: what would change our mind is a combination, or a number outside the ranges assumed."
        )
    tips = [_tips(names, change.policy, point) for point in change.tipping[:3]]
    return f"What would change our mind: {'; '.join(tips)}."


def _tips(names: Names, best: str, point: TippingPoint) -> str:
    side, other = ("above", point.above) if point.below == best else ("below", point.below)
    return (
        f"{names.inside(names.assumption(point.assumption))} {side} {number(point.value)} (unclear from {number(point.low)} to "
        f"{number(point.high)}), where {names.policy(other)} does better on average"
    )


def _regret_figure(results: RunView, comparison: Comparison) -> Figure:
    names, tie = results.names, comparison.ties.get("minimax_regret", (comparison.preferred,))
    who = listed([names.marked_policy(policy) for policy in tie])
    verb = "are" if len(tie) > 1 else "is"
    return Figure(
        f"{who} {verb} regretted least in the worst world: {_worst_regret(comparison, tie[0])} at most",
        f"Regret on {names.inside(metric_name(names, comparison.metric))}: how much worse a policy does than the best one in the "
        "same world. Dot: average over worlds; bar: nineteen worlds in twenty lie to its left; tick: the worst world.",
        regret_chart(results, comparison),
    )


def _trade_figure(results: RunView, choice: PolicyChoice) -> Figure | None:
    """The first metric against what each actor expects; None where it is itself what an actor expects."""
    first, names, factual = choice.comparisons[0], results.names, results.factual
    actors = [each for each in choice.comparisons if each.metric.kind == MetricKind.ACTOR]
    if first.metric.kind == MetricKind.ACTOR or not actors or factual not in first.ranked:
        return None
    best = first.preferred
    better = [names.actor(e.metric.name) for e in actors if e.mean(best) > e.mean(factual) + ROUNDING]
    gain = f"is also better than {names.policy(factual)} for {listed(better)}" if better else "is better for nobody"
    return Figure(
        f"{names.policy(best)} {'is what is done now' if best == factual else gain}",
        f"Each dot is a policy, averaged over worlds: {names.inside(metric_name(names, first.metric))} to the right, what the actor "
        f"expects (against what is done now, in {OTHER}) upward. Filled: no other policy is better on both. The dashed line "
        "joins these. Point at a dot for its name.",
        trade_offs(results, first, actors),
    )


def _rules(names: Names, choice: PolicyChoice) -> Table:
    def chosen(rule: str, comparison: Comparison) -> str:
        tie = [names.policy(policy) for policy in comparison.ties.get(rule, ())]
        return f"tie: {listed(tie)}" if len(tie) > 1 else listed(tie) or "–"

    def enough(comparison: Comparison) -> Amount:
        return amount(comparison.compared.attrs.get("enough", float("nan")), partial(in_unit, comparison.metric.unit))

    columns: dict[str, Callable[[Comparison], Cell]] = {
        "Measure of success": lambda comparison: metric_name(names, comparison.metric),
        "Better": lambda comparison: str(comparison.metric.direction),
        **{capital(rule.words): partial(chosen, rule.id) for rule in RULES.values()},
        "Good enough is": enough,
    }
    return table("The choice by each rule", columns, choice.comparisons)


def _policies(names: Names, choice: PolicyChoice, comparison: Comparison) -> Table:
    say, rows, efficient = partial(in_unit, comparison.metric.unit), comparison.compared, choice.efficient

    def of(name: str, policy: str) -> float:
        return float(rows[name].sel(policy=policy)) if name in rows else float("nan")

    def average(policy: str) -> Amount:
        mean, span = _range(comparison, policy)
        return Amount(say(mean), mean, span)

    def regret(policy: str) -> Amount:
        tail = rows["regret_quantiles"].sel(policy=policy, quantile=0.95)
        return Amount(say(of("regret_mean", policy)), of("regret_mean", policy), f"95% below {say(tail)}")

    columns: dict[str, Callable[[str], Cell]] = {
        "Policy": names.marked_policy,
        "Average": average,
        "Mean regret": regret,
        "Worst regret": lambda policy: amount(of("regret_max", policy), say),
        "Good enough in": lambda policy: probability(of("satisficing", policy)),
        "Best in": lambda policy: probability(of("best", policy)),
    }
    if efficient is not None:
        share, best = efficient["efficient_share"], efficient["efficient"]
        columns["Efficient in"] = lambda policy: probability(float(share.sel(policy=policy)))
        columns["Efficient on average"] = lambda policy: "yes" if best.sel(policy=policy) else "no"
    caption = f"Policies on {names.inside(metric_name(names, comparison.metric))}"
    return table(caption, columns, comparison.ranked)


def _pairs(results: RunView, comparison: Comparison) -> Table:
    shown, ranked = comparison.ranked[:MOST_PAIRS], comparison.ranked
    if results.factual in ranked and results.factual not in shown:
        shown = [*shown[:-1], results.factual]
    better = comparison.compared["better"]

    def beats(other: str, policy: str) -> Amount:
        share = float(better.sel(policy=policy, other=other))
        return Amount("", float("nan")) if policy == other else probability(share)

    cut, name = "" if len(shown) == len(ranked) else f", the best {len(shown)}", results.names.policy
    caption = f"Share of worlds in which the policy of the row does better than that of the column{cut}"
    return Table(caption, ["Policy", *map(name, shown)], [[name(p), *(beats(q, p) for q in shown)] for p in shown])


def _change_tables(names: Names, change: Change) -> list[Table]:
    best = names.policy(change.policy)
    columns: dict[str, Callable[[TippingPoint], Cell]] = {
        "Assumption": lambda point: names.assumption(point.assumption),
        "Below it, best is": lambda point: names.policy(point.below),
        "Tips at": lambda p: Amount(number(p.value), p.value, f"{number(p.low)} to {number(p.high)}"),
        "Above it, best is": lambda point: names.policy(point.above),
    }
    tips = table(f"Where {best} stops being the best on average", columns, change.tipping or ())
    caption, leaves = f"Where {best} loses to {names.policy(change.runner_up)}, as a tree", change.loses.leaves
    ends = tree_table(caption, names, leaves, "Loses in")
    return [*([tips] if tips.rows else []), *([ends] if len(leaves) > 1 else [])]


def _notes(results: RunView) -> list[str]:
    notes = [
        "Worlds are weighted by how well they explain what was observed. Policies are compared in the same worlds. A tie: the numbers are "
        "printed alike, or the 95% interval of their difference spans 0. Policies that nobody can choose (marked counterfactual: true) "
        "are left out unless named: foedus compare --policy A --policy B. See docs/policies.md."
    ]
    return [*notes, results.run.thin] if results.run.thin else notes


def choice_json(choice: PolicyChoice, sentences: list[str]) -> dict[str, Any]:
    """A choice as other programs read it."""
    metrics, efficient = [_comparison_json(comparison) for comparison in choice.comparisons], choice.efficient
    told: dict[str, Any] = {"question": QUESTION, "sentences": sentences, "metrics": metrics}
    if efficient is not None:
        keys = ("efficient", "efficient_share")
        columns = [efficient[key].values.tolist() for key in keys]
        rows = [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
        told["pareto"] = dict(zip(efficient["policy"].values.tolist(), rows, strict=True))
    return dict(strict(told))


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    metric, compared, policies = comparison.metric, comparison.compared, comparison.metric.policies
    better = [dict(zip(policies, row, strict=True)) for row in compared["better"].values.tolist()]
    return {
        "metric": metric.key,
        "kind": metric.kind,
        "better": metric.direction,
        "enough": compared.attrs.get("enough"),
        "choices": comparison.choices,
        "ties": {rule: list(tie) for rule, tie in comparison.ties.items() if len(tie) > 1},
        "policies": {policy: _policy_json(compared.sel(policy=policy)) for policy in policies},
        "better_than": dict(zip(policies, better, strict=True)),
        "change": None if comparison.change is None else _change_json(comparison.change),
    }


def _change_json(change: Change) -> dict[str, Any]:
    loses = {"to": change.runner_up, **change.loses.to_json()}
    return {
        "policy": change.policy,
        "weighed": change.weighed,
        "tipping_points": change.tipping,
        "loses": loses,
        "alike": change.alike.share,
    }


def _policy_json(row: Dataset) -> dict[str, Any]:
    keep = ("mean", "sd", "undefined", "satisficing", "regret_mean", "regret_max", "best")
    figures: dict[str, Any] = {name: float(row[name]) for name in keep if name in row}
    at = [f"{q:g}" for q in row["quantile"].values]
    return figures | {name: dict(zip(at, row[name].values, strict=True)) for name in ("quantiles", "regret_quantiles")}
