"""Which policy to choose, which measures are necessary: what ``lenses.compare.choice`` and ``lenses.measures.look`` found, shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.errors import FoedusError
from foedus.lenses.policies.chart import regret_chart, trade_offs
from foedus.lenses.policies.choice import Change, Choice, Verdict, choose
from foedus.lenses.policies.measures import main_needs
from foedus.lenses.policies.measures_telling import measures_section
from foedus.lenses.policies.metric import Metric, own_metrics
from foedus.lenses.policies.tipping import TippingPoint
from foedus.lenses.query_names import CHANCES, query_name
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, probability
from foedus.present.wording import capital, count, listed, number, percent
from foedus.runs.view import RunView
from foedus.sensitivity.discovery import in_words
from foedus.sensitivity.telling import box_json, labels, leaf_json, leaf_words
from foedus.worlds.thresholds import ROUGH_SAMPLE

if TYPE_CHECKING:
    import xarray as xr

    from foedus.scenario.names import Names

RULES = {
    "expected": "best on average",
    "minimax_regret": "smallest worst regret",
    "regret_mean": "smallest mean regret",
    "satisficing": "good enough most often",
}
MOST_PAIRS = 8
QUESTION = (
    "Which policy should we choose, given that we do not know which world we are in, and what would change our mind?"
)


def sections(results: RunView) -> list[Section]:
    """The sections of a report on its policies; none where there is nothing to compare."""
    if len(results.policies) < 2:
        return []
    try:
        made = choose(results.run, own_metrics(results.run), explain=1)
    except FoedusError:
        return []
    needs = main_needs(results.run)
    return [choice_section(results, made), *([measures_section(results, needs)] if needs else [])]


def metric_name(names: Names, metric: Metric) -> str:
    """A metric in plain words."""
    if metric.kind == "actor":
        return f"{names.actor(metric.name)}: expected value"
    return names.outcome(metric.name) if metric.kind == "outcome" else query_name(names, metric.name)


def shown(metric: Metric, value: float) -> str:
    """A metric's number as people read it."""
    chance = metric.kind == "outcome" or metric.name.startswith(CHANCES)
    return percent(value) if chance else number(value)


def points(metric: Metric, value: float) -> str:
    """A difference of two of a metric's numbers."""
    text = shown(metric, value)
    return f"{text[:-1]} points" if text.endswith("%") else text


def choice_section(results: RunView, made: Choice) -> Section:
    """The choice of each rule on each metric, and what would change it on the first."""
    verdict = made.verdicts[0]
    drawings = [_regret_figure(results, verdict)]
    if trade := _trade_figure(results, made):
        drawings.append(trade)
    tables = [_rules(results, made), _policies(results, made, verdict), _pairs(results, verdict)]
    change = verdict.change
    tables += [_tipping_table(results, change)] if change and change.tipping else []
    tables += [_tree_table(results, change)] if change and len(change.defeat.leaves) > 1 else []
    return Told(choice_sentences(results, made), drawings, tables, _notes(results, made)).under(
        "choice", "Which policy, when we do not know the world", QUESTION
    )


def choice_sentences(results: RunView, made: Choice) -> list[str]:
    """What comes out, in plain words."""
    verdict, names = made.verdicts[0], results.names
    best, metric = verdict.preferred, verdict.metric
    said = [
        f"{_of(names, metric)} {names.policy(best)} does best on average: {_spread(verdict, best)}. {_others(results, verdict)}"
    ]
    if verdict.change is not None:
        said += change_sentences(names, verdict, verdict.change)
    if made.efficient is not None:
        efficient = [str(p) for p in made.efficient["policy"].values[made.efficient["efficient"].values]]
        total = made.efficient.sizes["policy"]
        said.append(
            f"Over all {len(made.verdicts)} measures of success taken together, {len(efficient)} of {count(total, 'policy', 'policies')} "
            f"cannot be improved on one without losing on another{': ' + listed([names.policy(p) for p in efficient]) if len(efficient) <= 6 else ''}."
        )
    return said


def _of(names: Names, metric: Metric) -> str:
    aim = "the lower the better" if metric.direction == "lower" else "the higher the better"
    return f"On {names.inside(metric_name(names, metric))} ({aim})"


def _spread(verdict: Verdict, policy: str) -> str:
    one, metric = verdict.compared.sel(policy=policy), verdict.metric
    low, high = (float(one["quantiles"].sel(quantile=q)) for q in (0.05, 0.95))
    return f"{shown(metric, float(one['mean']))} (nine worlds in ten: {shown(metric, low)} to {shown(metric, high)})"


def _others(results: RunView, verdict: Verdict) -> str:
    """Whether the other rules agree."""
    best, names = verdict.preferred, results.names
    other = {rule: policy for rule, policy in verdict.choices.items() if policy != best}
    worst = points(verdict.metric, float(verdict.compared["regret_max"].sel(policy=best)))
    regret = f"in the worst world it is {worst} worse than the best policy there"
    if not other:
        return f"By every rule it is the choice; {regret}."
    verbs = {rule: f"has the {text}" for rule, text in RULES.items()} | {"satisficing": "is good enough most often"}
    parts = [
        f"{names.policy(policy)} {listed([verbs[rule] for rule, one in other.items() if one == policy])}"
        for policy in dict.fromkeys(other.values())
    ]
    return f"{capital(regret)}. By other rules it is not the choice: {'; '.join(parts)}."


def change_sentences(names: Names, verdict: Verdict, change: Change) -> list[str]:
    """How sure the choice is against the runner-up, and what would change it."""
    best, defeat = names.policy(change.policy), change.defeat
    alike = "" if change.weighed else "With all worlds alike (weighed by the observations, too few count to say), "
    first = f"{alike}{best} does at least as well as the runner-up, {names.policy(defeat.other)}, in {percent(1 - defeat.share)} of worlds"
    lost = "It loses in no world." if defeat.share == 0 else in_words(defeat.box, labels(names), "loses")
    return [f"{capital(first)} ({estimative(1 - defeat.share)}). {lost}", tipping_words(names, change)]


def tipping_words(names: Names, change: Change) -> str:
    """The clearest tipping points as a sentence."""
    if change.tipping is None:
        return "There are too few worlds to look for tipping points; solve more of them (--worlds)."
    if not change.tipping:
        return (
            f"No single assumption, moved over its whole range, makes another policy clearly better than {names.policy(change.policy)} "
            "on average: what would change our mind is a combination, or a number outside the ranges assumed."
        )
    return (
        f"What would change our mind: {'; '.join(_tips(names, change.policy, point) for point in change.tipping[:3])}."
    )


def _tips(names: Names, best: str, point: TippingPoint) -> str:
    side, other = ("above", point.above) if point.below == best else ("below", point.below)
    return (
        f"{names.inside(names.assumption(point.assumption))} {side} {number(point.value)} (unclear from {number(point.low)} to "
        f"{number(point.high)}), where {names.policy(other)} does better on average"
    )


def _regret_figure(results: RunView, verdict: Verdict) -> Figure:
    least = verdict.choices.get("minimax_regret", verdict.preferred)
    worst = points(verdict.metric, float(verdict.compared["regret_max"].sel(policy=least)))
    return Figure(
        f"{results.names.policy(least)} is regretted least in the worst world: {worst} at most",
        f"Regret on {results.names.inside(metric_name(results.names, verdict.metric))}: how much worse a policy does than the best one in the "
        "same world. Dot: average over worlds; bar: nineteen worlds in twenty lie to its left; tick: the worst world.",
        regret_chart(results, verdict, lambda value: shown(verdict.metric, value)),
    )


def _trade_figure(results: RunView, made: Choice) -> Figure | None:
    first, actors = made.verdicts[0], [v for v in made.verdicts if v.metric.kind == "actor"]
    if first.metric.kind == "actor" or not actors or results.factual not in first.ranked:
        return None
    better = [
        results.names.actor(v.metric.name)
        for v in actors
        if float(v.compared["mean"].sel(policy=first.preferred)) > float(v.compared["mean"].sel(policy=results.factual))
    ]
    gain = (
        f"is also better than {results.names.policy(results.factual)} for {listed(better)}"
        if better
        else "is better for nobody"
    )
    if first.preferred == results.factual:
        gain = "is what is done now"
    return Figure(
        f"{results.names.policy(first.preferred)} {gain}",
        f"Each dot is a policy, averaged over worlds: {results.names.inside(metric_name(results.names, first.metric))} to the right, what the actor "
        "expects (against what is done now, in orange) upward. Filled: no other policy is better on both. The dashed line "
        "joins these. Point at a dot for its name.",
        trade_offs(results, first, actors),
    )


def _rules(results: RunView, made: Choice) -> Table:
    names = results.names
    rows = []
    for verdict in made.verdicts:
        metric = verdict.metric
        cells = [names.policy(verdict.choices[rule]) if rule in verdict.choices else "–" for rule in RULES]
        enough = verdict.compared.attrs.get("enough", float("nan"))
        rows.append(
            [
                metric_name(names, metric),
                "lower" if metric.direction == "lower" else "higher",
                *cells,
                Amount(shown(metric, enough), enough),
            ]
        )
    columns = ["Measure of success", "Better", *(capital(text) for text in RULES.values()), "Good enough is"]
    return Table("The choice by each rule", columns, rows)


def _policies(results: RunView, made: Choice, verdict: Verdict) -> Table:
    metric, efficient = verdict.metric, made.efficient
    columns = ["Policy", "Average", "Mean regret", "Worst regret", "Good enough in", "Best in"]
    columns += [] if efficient is None else ["Efficient in", "Efficient on average"]
    rows: list[list[Cell]] = []
    for policy in verdict.ranked:
        one = verdict.compared.sel(policy=policy)
        low, high, worse = (
            float(one[name].sel(quantile=q))
            for name, q in (("quantiles", 0.05), ("quantiles", 0.95), ("regret_quantiles", 0.95))
        )
        mean, regret, worst = float(one["mean"]), float(one["regret_mean"]), float(one["regret_max"])
        rows.append(
            [
                results.names.policy(policy),
                Amount(shown(metric, mean), mean, f"{shown(metric, low)} to {shown(metric, high)}"),
                Amount(shown(metric, regret), regret, f"95% below {shown(metric, worse)}"),
                Amount(shown(metric, worst), worst),
                probability(float(one["satisficing"]) if "satisficing" in one else float("nan")),
                probability(float(one["best"])),
            ]
        )
        if efficient is not None:
            rows[-1] += [
                probability(float(efficient["efficient_share"].sel(policy=policy))),
                "yes" if bool(efficient["efficient"].sel(policy=policy)) else "no",
            ]
    return Table(f"Policies on {results.names.inside(metric_name(results.names, metric))}", columns, rows)


def _pairs(results: RunView, verdict: Verdict) -> Table:
    few = verdict.ranked[:MOST_PAIRS]
    if results.factual in verdict.ranked and results.factual not in few:
        few = [*few[:-1], results.factual]
    better = verdict.compared["better"]
    rows: list[list[Cell]] = [
        [
            results.names.policy(a),
            *(Amount("", float("nan")) if a == b else probability(float(better.sel(policy=a, other=b))) for b in few),
        ]
        for a in few
    ]
    cut = "" if len(few) == len(verdict.ranked) else f", the best {len(few)}"
    return Table(
        f"Share of worlds in which the policy of the row does better than that of the column{cut}",
        ["Policy", *(results.names.policy(p) for p in few)],
        rows,
    )


def _tipping_table(results: RunView, change: Change) -> Table:
    names = results.names
    rows: list[list[Cell]] = [
        [
            names.assumption(p.assumption),
            names.policy(p.below),
            Amount(number(p.value), p.value, f"{number(p.low)} to {number(p.high)}"),
            names.policy(p.above),
        ]
        for p in change.tipping or ()
    ]
    caption = f"Where {names.policy(change.policy)} stops being the best on average"
    return Table(caption, ["Assumption", "Below it, best is", "Tips at", "Above it, best is"], rows)


def _tree_table(results: RunView, change: Change) -> Table:
    rows: list[list[Cell]] = [
        [capital(leaf_words(results.names, leaf)), probability(leaf.mass), probability(leaf.density)]
        for leaf in change.defeat.leaves
    ]
    caption = (
        f"Where {results.names.policy(change.policy)} loses to {results.names.policy(change.defeat.other)}, as a tree"
    )
    return Table(caption, ["Where", "Share of worlds", "Loses in"], rows)


def _notes(results: RunView, made: Choice) -> list[str]:
    said = [
        "Worlds are weighted by how well they explain what was observed. Policies are compared in the same worlds. Policies that "
        "nobody can choose (counterfactuals) are compared too: foedus compare --policy A --policy B takes some only. See docs/policies.md."
    ]
    if results.run.observed and results.run.ess < ROUGH_SAMPLE:
        said.append(f"The weights leave an effective sample of {results.run.ess:.0f} worlds: shares here are rough.")
    return said


def choice_json(made: Choice, sentences: list[str]) -> dict[str, Any]:
    """A choice as other programs read it."""
    from foedus.present.plain import strict

    found: dict[str, Any] = {
        "question": QUESTION,
        "sentences": sentences,
        "metrics": [_verdict_json(verdict) for verdict in made.verdicts],
    }
    if made.efficient is not None:
        found["pareto"] = {
            str(p): {"efficient": bool(e), "efficient_share": float(s)}
            for p, e, s in zip(
                made.efficient["policy"].values,
                made.efficient["efficient"].values,
                made.efficient["efficient_share"].values,
                strict=True,
            )
        }
    plain: dict[str, Any] = strict(found)
    return plain


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    metric = verdict.metric
    return {
        "metric": metric.key,
        "kind": metric.kind,
        "better": metric.direction,
        "enough": verdict.compared.attrs.get("enough"),
        "choices": verdict.choices,
        "policies": {str(p): _policy_json(verdict.compared.sel(policy=p)) for p in verdict.compared["policy"].values},
        "better_than": {
            str(a): {
                str(b): float(verdict.compared["better"].sel(policy=a, other=b))
                for b in verdict.compared["other"].values
            }
            for a in verdict.compared["policy"].values
        },
        "change": None if verdict.change is None else _change_json(verdict.change),
    }


def _change_json(change: Change) -> dict[str, Any]:
    defeat = change.defeat
    return {
        "policy": change.policy,
        "weighed": change.weighed,
        "tipping_points": None if change.tipping is None else [vars(point) for point in change.tipping],
        "loses": {
            "to": defeat.other,
            "share": defeat.share,
            "box": box_json(defeat.box),
            "tree": [leaf_json(leaf) for leaf in defeat.leaves],
        },
    }


def _policy_json(one: xr.Dataset) -> dict[str, Any]:
    keep = ("mean", "sd", "undefined", "satisficing", "regret_mean", "regret_max", "best")
    found: dict[str, Any] = {name: float(one[name]) for name in keep if name in one}
    for name in ("quantiles", "regret_quantiles"):
        found[name] = {f"{q:g}": float(v) for q, v in zip(one["quantile"].values, np.asarray(one[name]), strict=True)}
    return found
