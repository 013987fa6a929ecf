"""The report as one HTML file that opens anywhere, offline, and loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foedus.lenses.policies.choice_telling import sections as policy_sections
from foedus.lenses.registry import lens_section
from foedus.present import colours, shares
from foedus.present.in_words import Teller
from foedus.present.page import rendered
from foedus.present.section import Section
from foedus.present.wording import NOT_SCORED, capital, count, listed
from foedus.record import learned_telling, score_telling
from foedus.report import answers, charts_claims, charts_outcomes, findings, quantities, trials
from foedus.report.background import background
from foedus.runs.result import Run
from foedus.runs.view import RunView


def write_report(run: Run, path: str | Path) -> Path:
    """Write a finished run's report to ``path`` (one self-contained HTML file) and return the path."""
    target = Path(path)
    target.write_text(render(run), encoding="utf-8")
    return target


def render(run: Run) -> str:
    """A finished run's report as HTML. All text of the scenario is escaped."""
    results = RunView(run)
    choosing = policy_sections(results)
    groups = {
        "Choosing": choosing,
        "Lenses": [lens_section(results, looked) for looked in run.lenses.values()],
        "Record": _record(results),
    }
    # The templates read the run themselves and ask the same modules as everything else for sentences, numbers and charts.
    asked = {
        each.__name__.rpartition(".")[2]: each
        for each in (answers, colours, findings, quantities, shares, trials, charts_claims, charts_outcomes)
    }
    view: dict[str, Any] = {
        **asked,
        **background(results),
        "run": run,
        "scenario": run.scenario,
        "results": results,
        "names": results.names,
        "observed": run.observed,
        "factual": results.names.policy(results.factual),
        "drawn": results.selected_policies(),
        "groups": groups,
        "sections": [section for sections in groups.values() for section in sections],
        "span": _span(results),
        "policy_headline": choosing[0].sentences[:2]
        if choosing
        else [item.text for item in findings.policies(results)],
        "teller": Teller(results.names),
        "track": score_telling.brief(run.score.scores) if run.score else NOT_SCORED,
    }
    return rendered("report.html", view, Path(__file__).parent)


def _record(results: RunView) -> list[Section]:
    """What the observations taught, and how the forecasts of them did."""
    run, names = results.run, results.names
    learned = [] if run.learned is None else [learned_telling.section(names, run.learned)]
    return learned + ([score_telling.section(names, run.score)] if run.score else [])


def _span(results: RunView) -> str:
    """What the run covers: periods, actors, policies and worlds."""
    periods = results.periods
    span = capital(count(len(periods), results.scenario.horizon.unit))
    span += f", {periods[0]} to {periods[-1]}" if len(periods) > 1 else ""
    actors = listed([results.names.actor(a) for a in results.scenario.actors], 8)
    policies = count(len(results.policies), "policy", "policies")
    return f"{span}; {actors}; {policies} in {count(len(results.weights), 'world')}."
