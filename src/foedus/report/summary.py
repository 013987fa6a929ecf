"""The summary of a run that the terminal shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Column
from rich.text import Text

from foedus.present.colours import TERMINAL_MAIN, TERMINAL_OTHER
from foedus.present.likelihood import estimative
from foedus.present.shares import Side
from foedus.present.terminal import WIDE, indented, print_heading, print_table, sparkline
from foedus.present.wording import capital, percent
from foedus.report import findings
from foedus.report.quantities import course, decided_most_by, given_what_happened, readings_reach
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

_COLOURS = {Side.HOLDS: TERMINAL_MAIN, Side.FAILS: TERMINAL_OTHER, Side.OPEN: ""}
_MOST_BARS = 30  # of an outcome over time


def print_summary(run: Run, console: Console) -> None:
    """Print what a run found: claims, outcomes over time, policies side by side, and how sure that is."""
    results = RunView(run)
    console.print(Rule(Text(run.scenario.title or "Results", style="bold")))
    if run.claims:
        print_heading(console, "Claims", findings.claims_title(results))
        _print_claims(results, console)
        _print_findings(console, findings.weak_spots(results))
    if results.outcomes:
        span = f", {results.periods[0]} to {results.end}" if len(results.periods) > 1 else ""
        print_heading(console, "Outcomes over time", f"Under {results.names.policy(results.factual)}{span}.")
        _print_outcomes(results, console)
        if results.seen_from is not None:
            print_heading(console, "Given what happened", f"{findings.given_title(results)}, under the same policy.")
            _print_given(results, console)
    if results.outcomes and len(results.policies) > 1:
        print_heading(console, "Policies", f"By {results.end}: average over worlds, and where nine worlds in ten lie.")
        _print_policies(results, console)
    print_heading(console, "How sure")
    _print_findings(console, findings.how_sure(results))
    print_heading(console, "What drives the results")
    _print_findings(console, findings.what_would_change_it(results))
    for warning in run.warnings:
        console.print(Padding(Text(f"Warning: {warning}", style="yellow"), (1, 0, 0, 0)))


def _print_findings(console: Console, told: Sequence[findings.Finding]) -> None:
    for finding in told:
        console.print(indented(Text.assemble((f"{capital(finding.lead)}: ", "bold"), finding.text)))


def _print_claims(results: RunView, console: Console) -> None:
    wide = console.width >= WIDE
    columns = [Column("Claim"), Column("Verdict")]
    if results.run.observed:
        columns.append(Column("Before", justify="right"))
    columns += [
        Column("After" if results.run.observed else "Share", justify="right", no_wrap=True),
        Column("Built in?"),
    ]
    if wide:
        columns += [Column("Readings", no_wrap=True), Column("Decided most by")]
    rows = []
    for claim in results.run.claims:
        colour, (low, high) = _COLOURS[claim.held.side], readings_reach(claim)
        cells = [Text(results.names.claim(claim.id)), Text(claim.verdict, colour)]
        if results.run.observed:
            cells.append(Text(percent(claim.readings[0].prior if claim.readings else None)))
        cells += [Text(claim.held.ranged, colour), Text(claim.built_in)]
        if wide:
            cells.append(Text(f"{percent(low)} to {percent(high)}" if len(claim.readings) > 1 else ""))
            cells.append(Text(decided_most_by(results, claim)))
        rows.append(cells)
    print_table(console, columns, rows)


def _print_outcomes(results: RunView, console: Console) -> None:
    columns = [
        Column("Outcome"),
        Column("Over time"),
        Column("By the end", justify="right"),
        Column("Nine worlds in ten"),
        Column(""),
    ]
    rows = []
    for outcome in results.outcomes:
        means = course(results, outcome, results.factual).mean
        bars = sparkline(means[:: -(-len(means) // _MOST_BARS)].tolist())
        spread = results.final_spread(outcome, results.factual)
        told = percent(spread.mean), _ends(spread), results.words_for(outcome, spread.mean)
        rows.append([Text(results.names.outcome(outcome)), Text(bars, style=TERMINAL_MAIN), *map(Text, told)])
    print_table(console, columns, rows)


def _print_given(results: RunView, console: Console) -> None:
    assert results.seen_from is not None
    month = results.periods[results.seen_from]
    headings = [f"Came by\n{month}", *([f"Comes\nafter {month}"] if results.goes_on else []), "Nine worlds\nin ten"]
    numbers = (Column(heading, justify="right", no_wrap=True) for heading in headings)
    columns, rows = [Column("Outcome", overflow="fold"), *numbers, Column("", overflow="fold")], []
    for row in given_what_happened(results):
        shares = [percent(row.so_far.mean), *([percent(row.ahead.mean)] if results.goes_on else [])]
        told = *shares, _ends(row.told), estimative(row.told.mean)
        rows.append([Text(results.names.outcome(row.outcome)), *map(Text, told)])
    print_table(console, columns, rows)


def _print_policies(results: RunView, console: Console) -> None:
    outcomes = results.outcomes[: 5 if console.width >= WIDE else 3]
    columns = [Column(results.names.outcome(outcome), justify="right", no_wrap=True) for outcome in outcomes]
    rows = []
    for policy in results.policies:
        spreads = [results.final_spread(outcome, policy) for outcome in outcomes]
        cells = [Text.assemble(percent(s.mean), " ", (f"{_ends(s):>12}", "dim")) for s in spreads]
        rows.append([Text(results.names.marked_policy(policy), "bold" if policy == results.factual else ""), *cells])
    print_table(console, [Column("Policy"), *columns], rows)


def _ends(spread: Spread) -> str:
    return f"{percent(spread.low)} to {percent(spread.high)}"
