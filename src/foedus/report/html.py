"""The report as one HTML file that opens anywhere, offline, and loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from foedus.claims.verdict import ClaimResult, ReadingResult
from foedus.lenses.policies.choice_telling import sections as policy_sections
from foedus.lenses.registry import lens_section
from foedus.present.page import rendered
from foedus.present.section import Section
from foedus.present.wording import NOT_SCORED, capital, count, listed, number, percent
from foedus.record import learned_telling, score_telling
from foedus.report import charts_claims, charts_outcomes, findings
from foedus.report.background import background
from foedus.report.diagram import turn_diagram
from foedus.report.quantities import (
    better_share,
    decided_most_by,
    event_of,
    hangs_on_noise,
    readings_differ,
    readings_reach,
    side,
    value_change,
)
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.worlds.thresholds import NEGLIGIBLE
from foedus.worlds.weights import Spread

_NO_LENSES = (
    "The lenses (who wants what, who can move what, what each commitment does, and others) were left out of this report: "
    "`foedus run --lenses all` puts them in, `foedus lens NAME` shows one."
)


def write_report(run: Run, path: str | Path) -> Path:
    """Write a finished run's report to ``path`` (one self-contained HTML file) and return the path."""
    target = Path(path)
    target.write_text(render(run), encoding="utf-8")
    return target


def render(run: Run) -> str:
    """A finished run's report as HTML. All text of the scenario is escaped."""
    results = RunView(run)
    groups = {
        "Choosing": policy_sections(results),
        "Lenses": [lens_section(results, looked) for looked in run.lenses.values()],
        "Record": _record(results),
    }
    view = {
        "run": run,
        "scenario": run.scenario,
        "results": results,
        "names": results.names,
        "observed": run.observed,
        "factual": results.names.policy(results.factual),
        "contents": _contents(results, groups),
        "sections": [section for sections in groups.values() for section in sections],
        "left_out": "" if run.lenses else _NO_LENSES,
        "diagram": turn_diagram(run.scenario),
    }
    view |= {**_summary(results), **_claims(results), **_outcomes(results), **_noise(results), **background(results)}
    return rendered("report.html", view, Path(__file__).parent)


def _record(results: RunView) -> list[Section]:
    """What the observations taught, and how the forecasts of them did."""
    run, names = results.run, results.names
    learned = [] if run.learned is None else [learned_telling.section(names, run.learned)]
    return learned + ([score_telling.section(names, run.score)] if run.score else [])


def _contents(results: RunView, groups: dict[str, list[Section]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The table of contents: groups of (id, name), in the order of the page."""
    parts = [("summary", "In one page")]
    parts += [("claims", "Claims")] if results.run.claims else []
    parts += [("outcomes", "Outcomes over time"), ("policies", "Policies")] if results.outcomes else []
    parts += [("noise", "How much is noise")]
    behind = [("assumptions", "Assumptions"), ("structure", "How the game is built")]
    behind += [("observations", "What was observed"), ("limits", "Limits")]
    behind += [("sources", "Sources")] if results.scenario.sources else []
    behind += [("provenance", "Provenance")]
    told = {name: [(section.id, section.heading) for section in sections] for name, sections in groups.items()}
    return [(name, entries) for name, entries in {"": parts, **told, "Behind it": behind}.items() if entries]


def _summary(results: RunView) -> dict[str, Any]:
    scenario, run, periods = results.scenario, results.run, results.periods
    span = capital(count(len(periods), scenario.horizon.unit))
    span += f", {periods[0]} to {periods[-1]}" if len(periods) > 1 else ""
    actors = listed([results.names.actor(a) for a in scenario.actors], 8)
    policies = count(len(results.policies), "policy", "policies")
    return {
        "title": scenario.title or "Untitled scenario",
        "span": f"{span}; {actors}; {policies} in {count(len(results.weights), 'world')}.",
        "comes_out": findings.what_comes_out(results),
        "sure": findings.how_sure(results),
        "change": findings.what_would_change_it(results),
        "track": score_telling.brief(run.score.scores) if run.score else NOT_SCORED,
    }


def _claims(results: RunView) -> dict[str, Any]:
    claims = results.run.claims
    if not claims:
        return {"claims": []}
    return {
        "claims": [_claim(results, claim) for claim in claims],
        "claims_title": findings.claims_title(results),
        "claims_chart": charts_claims.claims_chart(results),
    }


def _claim(results: RunView, claim: ClaimResult) -> dict[str, Any]:
    names, written = results.names, results.scenario.claims.get(claim.id)
    rests_on = [names.inside(names.assumption(name)) for name in written.rests_on] if written else []
    lowest, highest = readings_reach(claim)
    cautions = (("noise", hangs_on_noise), ("readings", readings_differ))
    return {
        "result": claim,
        "name": names.claim(claim.id),
        "side": side(claim.share),
        "caution": ", ".join(what for what, is_so in cautions if is_so(claim)),
        "lowest": lowest,
        "highest": highest,
        "rests_on": listed(rests_on),
        "rests_on_one": len(rests_on) == 1,
        "decided": decided_most_by(results, claim),
        "readings": [_reading(results, reading) for reading in claim.readings],
    }


def _reading(results: RunView, reading: ReadingResult) -> dict[str, Any]:
    low, middle, high = reading.margin_quantiles
    deciding = [
        f"{results.names.assumption(driver.assumption)} ({'more' if driver.direction > 0 else 'less'} favours it, "
        f"{percent(driver.score)})"
        for driver in reading.decides[:4]
    ]
    return {
        "result": reading,
        "margin": f"median {number(middle)}; nine worlds in ten {number(low)} to {number(high)}"
        if middle == middle
        else "",
        "decides": "; ".join(deciding),
        "bar": charts_claims.reading_bar(reading, results.run.observed),
        "precision": charts_claims.precision_bar(reading.by_precision),
    }


def _outcomes(results: RunView) -> dict[str, Any]:
    names, outcomes, policies = results.names, results.outcomes, results.selected_policies()
    if not outcomes:
        return {"outcomes": []}
    others = [policy for policy in policies if policy != results.factual]
    return {
        "outcomes": [
            {
                "name": names.outcome(outcome),
                "event": event_of(results, outcome),
                "title": findings.outcome_title(results, outcome),
                "chart": charts_outcomes.outcome_charts(results, outcome, policies),
            }
            for outcome in outcomes
        ],
        "outcome_parts": [range(k, min(k + 4, len(outcomes))) for k in range(0, len(outcomes), 4)],
        "policies_title": findings.policies_title(results),
        "policy_chart": charts_outcomes.policy_chart(results),
        "policies": [_policy(results, policy) for policy in results.policies],
        "drawn": policies,
        "others": others,
        "pays": _pays(results, others),
        "taken": _taken(results, policies),
    }


def _policy(results: RunView, policy: str) -> dict[str, Any]:
    now = policy == results.factual
    return {
        "name": results.names.policy(policy),
        "now": now,
        "outcomes": [results.final_spread(outcome, policy) for outcome in results.outcomes],
        "lower": None if now else better_share(results, results.outcomes[0], policy, results.factual),
        "changes": [value_change(results, actor, policy) for actor in results.labels("actor")],
    }


def _pays(results: RunView, policies: list[str]) -> list[tuple[str, list[Spread]]]:
    """Change in each objective's expected value against the factual policy; unmoved objectives left out."""
    if not policies:
        return []
    base = results.array("expected", "objective", policy=results.factual)
    changes = [results.array("expected", "objective", policy=policy) - base for policy in policies]
    rows = [
        (results.names.objective(objective), [results.spread(change[:, i]) for change in changes])
        for i, objective in enumerate(results.labels("objective"))
    ]
    return [(name, spreads) for name, spreads in rows if any(abs(s.mean) >= NEGLIGIBLE for s in spreads)]


def _taken(results: RunView, policies: list[str]) -> list[tuple[str, list[float]]]:
    """How often each action is taken under each policy; those that hardly ever are left out."""
    times = np.array([results.mean("taken", "action", "period", policy=p).sum(axis=1) for p in policies])
    actions = [results.names.action(action) for action in results.labels("action")]
    return [(name, row) for name, row in zip(actions, times.T.tolist(), strict=True) if max(row) >= NEGLIGIBLE]


def _noise(results: RunView) -> dict[str, Any]:
    policies = results.selected_policies(4)
    swept = bool(results.outcomes) and bool(results.sweep(results.outcomes[0], results.factual))
    entropy = [
        (
            results.names.actor(actor),
            [results.spread(results.array("entropy", actor=actor, policy=p)) for p in policies],
        )
        for actor in results.labels("actor")
    ]
    return {
        "sweep_title": findings.sweep_title(results),
        "sweep_chart": charts_outcomes.sweep_chart(results, results.factual) if swept else None,
        "entropy_policies": policies,
        "entropy": [(name, spreads) for name, spreads in entropy if any(s.mean == s.mean for s in spreads)],
    }
