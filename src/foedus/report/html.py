"""The report as one HTML file that opens anywhere, offline, and loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foedus.lenses.policies.choice_telling import sections as policy_sections
from foedus.lenses.registry import lens_section
from foedus.present.page import rendered
from foedus.present.section import Section
from foedus.present.wording import NOT_SCORED, capital, count, listed
from foedus.record import learned_telling, score_telling
from foedus.report import charts_claims, charts_outcomes, findings, quantities
from foedus.report.background import background
from foedus.runs.result import Run
from foedus.runs.view import RunView

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
    # The templates read the run themselves and ask the same modules as everything else for sentences, numbers and charts.
    asked = {each.__name__.rpartition(".")[2]: each for each in (findings, quantities, charts_claims, charts_outcomes)}
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
        "contents": _contents(results, groups),
        "sections": [section for sections in groups.values() for section in sections],
        "left_out": "" if run.lenses else _NO_LENSES,
        "span": _span(results),
        "track": score_telling.brief(run.score.scores) if run.score else NOT_SCORED,
    }
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


def _span(results: RunView) -> str:
    """What the run covers: periods, actors, policies and worlds."""
    periods = results.periods
    span = capital(count(len(periods), results.scenario.horizon.unit))
    span += f", {periods[0]} to {periods[-1]}" if len(periods) > 1 else ""
    actors = listed([results.names.actor(a) for a in results.scenario.actors], 8)
    policies = count(len(results.policies), "policy", "policies")
    return f"{span}; {actors}; {policies} in {count(len(results.weights), 'world')}."
