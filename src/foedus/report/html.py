"""The report as one HTML file that opens anywhere, offline, and loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from foedus.lenses.policies.choice_telling import sections as policy_sections
from foedus.lenses.registry import lens_section
from foedus.present.likelihood import estimative
from foedus.present.page import rendered
from foedus.present.section import Section
from foedus.present.wording import NOT_SCORED, capital, count, listed, number, percent
from foedus.record import learned_telling, score_telling
from foedus.report import charts_claims, charts_outcomes, findings
from foedus.report.background import background
from foedus.report.diagram import turn_diagram
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    from foedus.claims.verdict import ClaimResult, ReadingResult
    from foedus.runs.result import Run

_NEGLIGIBLE = 0.005
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
    view = {**_summary(results), **_claims(results), **_outcomes(results), **_noise(results), **background(results)}
    view["diagram"] = turn_diagram(results.scenario)
    groups = {
        "Choosing": policy_sections(results),
        "Lenses": [lens_section(results, found) for found in run.lenses.values()],
        "Record": _record(results),
    }
    view["sections"] = [section for sections in groups.values() for section in sections]
    if not run.lenses:
        view["left_out"] = _NO_LENSES
    view["contents"] = _contents(view, groups)
    return rendered("report.html", view, Path(__file__).parent)


def _record(results: RunView) -> list[Section]:
    """What the observations taught, and how the forecasts of them did."""
    run, found = results.run, []
    if run.learned is not None:
        found.append(learned_telling.section(results.names, run.learned))
    return found + ([score_telling.section(results.names, run.score)] if run.score else [])


def _contents(view: dict[str, Any], groups: dict[str, list[Section]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The table of contents: groups of (id, name), in the order of the page."""
    missing = {name for name in ("claims", "outcomes", "sources") if not view[name]}
    missing |= {"policies"} if not view["outcomes"] else set()
    results = [
        ("summary", "In one page"),
        ("claims", "Claims"),
        ("outcomes", "Outcomes over time"),
        ("policies", "Policies"),
        ("noise", "How much is noise"),
    ]
    behind = [
        ("assumptions", "Assumptions"),
        ("structure", "How the game is built"),
        ("observations", "What was observed"),
        ("limits", "Limits"),
        ("sources", "Sources"),
        ("provenance", "Provenance"),
    ]
    parts = {
        "": results,
        **{name: [(section.id, section.heading) for section in sections] for name, sections in groups.items()},
        "Behind it": behind,
    }
    kept = {name: [part for part in listed if part[0] not in missing] for name, listed in parts.items()}
    return [(name, listed) for name, listed in kept.items() if listed]


def _summary(results: RunView) -> dict[str, Any]:
    scenario, run = results.scenario, results.run
    units = count(len(results.periods), scenario.horizon.unit)
    span = (
        f"{capital(units)}, {results.periods[0]} to {results.periods[-1]}"
        if len(results.periods) > 1
        else capital(units)
    )
    actors = listed([results.names.actor(a) for a in scenario.actors], 8)
    policies = count(len(results.policies), "policy", "policies")
    return {
        "title": scenario.title or "Untitled scenario",
        "summary": scenario.summary,
        "span": f"{span}; {actors}; {policies} in {count(len(results.weights), 'world')}.",
        "comes_out": findings.what_comes_out(results),
        "sure": findings.how_sure(results),
        "change": findings.what_would_change_it(results),
        "warnings": list(run.warnings),
        "observed": run.observed,
        "track": score_telling.brief(run.score.scores) if run.score else NOT_SCORED,
        "factual": results.names.policy(results.factual),
        "end": results.end,
        "periods": results.periods,
        "subset": run.meta.get("subset"),
        "titles": {name: source.title for name, source in scenario.sources.items()},
    }


def _claims(results: RunView) -> dict[str, Any]:
    if not results.run.claims:
        return {"claims": []}
    return {
        "claims": [_claim(results, claim) for claim in results.run.claims],
        "claims_title": findings.claims_title(results),
        "claims_chart": charts_claims.claims_chart(results),
    }


def _claim(results: RunView, claim: ClaimResult) -> dict[str, Any]:
    names, written = results.names, results.scenario.claims.get(claim.id)
    shares = [reading.posterior for reading in claim.readings]
    rests_on = [names.inside(names.assumption(name)) for name in written.rests_on] if written else []
    decided = claim.readings[0].decides if claim.readings else []
    return {
        "id": claim.id,
        "name": names.claim(claim.id),
        "says": claim.says,
        "evidence": claim.evidence,
        "support": claim.literature.support,
        "against": claim.literature.against,
        "share": claim.share,
        "side": findings.side(claim.share),
        "verdict": claim.verdict,
        "built_in": claim.built_in,
        "caution": ", ".join(
            what
            for what, test in (("noise", findings.hangs_on_noise), ("readings", findings.readings_differ))
            if test(claim)
        ),
        "warning": claim.warning,
        "lowest": min(shares, default=float("nan")),
        "highest": max(shares, default=float("nan")),
        "rests_on": listed(rests_on),
        "rests_on_one": len(rests_on) == 1,
        "decided": names.assumption(decided[0].assumption) if decided else "",
        "readings": [_reading(results, reading) for reading in claim.readings],
    }


def _reading(results: RunView, reading: ReadingResult) -> dict[str, Any]:
    low, middle, high = reading.margin_quantiles
    settings = [
        ("zero", reading.zero),
        *((k, reading.by_precision.get(k)) for k in ("half", "one", "twice", "perfect")),
    ]
    known = any(share is not None for _, share in settings)
    sides = [
        f"{results.names.assumption(d.assumption)} ({'more' if d.direction > 0 else 'less'} favours it, "
        f"{percent(d.score)})"
        for d in reading.decides[:4]
    ]
    return {
        "name": reading.name.replace("_", " "),
        "text": reading.text,
        "prior": reading.prior,
        "posterior": reading.posterior,
        "prior_words": estimative(reading.prior),
        "posterior_words": estimative(reading.posterior),
        "undefined": reading.undefined,
        "margin": f"median {number(middle)}; nine worlds in ten {number(low)} to {number(high)}"
        if middle == middle
        else "",
        "neutral": reading.neutral,
        "decides": "; ".join(sides),
        "fails_where": reading.fails_where,
        "bar": charts_claims.reading_bar(reading, results.run.observed),
        "precision": charts_claims.precision_bar(settings) if known else None,
    }


def _outcomes(results: RunView) -> dict[str, Any]:
    if not results.outcomes:
        return {"outcomes": []}
    few, names = results.selected_policies(), results.names
    written = results.scenario.outcomes
    lasting = [name for name, variable in results.scenario.state.items() if variable.within is None]
    lasting = [
        name for name in lasting if f"{name}={results.scenario.state[name].levels[0]}" in results.labels("level")
    ]
    return {
        "outcomes": [
            {
                "name": names.outcome(o),
                "event": written[o].event if o in written else o,
                "title": findings.outcome_title(results, o),
                "chart": charts_outcomes.outcome_charts(results, o, few),
            }
            for o in results.outcomes
        ],
        "outcome_parts": [range(k, min(k + 4, len(results.outcomes))) for k in range(0, len(results.outcomes), 4)],
        "levels_chart": charts_outcomes.level_charts(results, lasting, results.factual) if lasting else None,
        "policies_title": findings.policies_title(results),
        "policy_chart": charts_outcomes.policy_chart(results),
        "policies": [_policy(results, policy) for policy in results.policies],
        "actors": [names.actor(actor) for actor in results.labels("actor")],
        "pays_policies": [names.policy(p) for p in few if p != results.factual],
        "pays": _pays(results, [p for p in few if p != results.factual]),
        "taken_policies": [names.policy(p) for p in few],
        "taken": _taken(results, few),
    }


def _policy(results: RunView, policy: str) -> dict[str, Any]:
    now = policy == results.factual
    return {
        "name": results.names.policy(policy),
        "now": now,
        "outcomes": [results.final_spread(outcome, policy) for outcome in results.outcomes],
        "lower": None if now else findings.better_share(results, results.outcomes[0], policy, results.factual),
        "changes": [findings.value_change(results, actor, policy) for actor in results.labels("actor")],
    }


def _pays(results: RunView, policies: list[str]) -> list[dict[str, Any]]:
    """Change in each objective's expected value against the factual policy; unmoved objectives left out."""
    if not policies:
        return []
    rows = []
    base = results.array("expected", "objective", policy=results.factual)
    changes = [results.array("expected", "objective", policy=policy) - base for policy in policies]
    for i, objective in enumerate(results.labels("objective")):
        spreads = [results.spread(change[:, i]) for change in changes]
        if any(abs(s.mean) >= _NEGLIGIBLE for s in spreads):
            rows.append({"name": results.names.objective(objective), "spreads": spreads})
    return rows


def _taken(results: RunView, policies: list[str]) -> list[dict[str, Any]]:
    rows = []
    times = [results.mean("taken", "action", "period", policy=p).sum(axis=1) for p in policies]
    for i, action in enumerate(results.labels("action")):
        means = [float(each[i]) for each in times]
        if max(means) >= _NEGLIGIBLE:
            rows.append({"name": results.names.action(action), "times": means})
    return rows


def _noise(results: RunView) -> dict[str, Any]:
    few = results.selected_policies(4)
    swept = bool(results.outcomes) and bool(results.sweep(results.outcomes[0], results.factual))
    rows = []
    for actor in results.labels("actor"):
        spreads: list[Spread] = [results.spread(results.array("entropy", actor=actor, policy=p)) for p in few]
        if not all(s.mean != s.mean for s in spreads):
            rows.append({"name": results.names.actor(actor), "spreads": spreads})
    return {
        "sweep_title": findings.sweep_title(results),
        "sweep_chart": charts_outcomes.sweep_chart(results, results.factual) if swept else None,
        "entropy_policies": [results.names.policy(p) for p in few],
        "entropy": rows,
    }
