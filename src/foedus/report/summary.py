"""The summary of a run that the terminal shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from foedus.present.colours import TERMINAL_MAIN, TERMINAL_OTHER
from foedus.present.likelihood import estimative
from foedus.present.shares import Side
from foedus.present.terminal import WIDE, grid, indented, print_heading, sparkline
from foedus.present.wording import capital, percent
from foedus.report import findings
from foedus.report.quantities import course, decided_most_by, readings_reach
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

_COLOURS = {Side.HOLDS: TERMINAL_MAIN, Side.FAILS: TERMINAL_OTHER, Side.OPEN: ""}
_MOST_BARS = 30  # of an outcome over time


def print_summary(run: Run, console: Console) -> None:
    """Print what a run found: claims, outcomes over time, policies side by side, and how sure that is."""
    results, wide = RunView(run), console.width >= WIDE
    console.print(Rule(Text(run.scenario.title or "Results", style="bold")))
    if run.claims:
        print_heading(console, "Claims", findings.claims_title(results))
        console.print(_claims(results, wide))
        _print_findings(console, findings.weak_spots(results))
    if results.outcomes:
        span = f", {results.periods[0]} to {results.end}" if len(results.periods) > 1 else ""
        print_heading(console, "Outcomes over time", f"Under {results.names.policy(results.factual)}{span}.")
        console.print(_outcomes(results))
    if results.outcomes and len(results.policies) > 1:
        print_heading(console, "Policies", f"By {results.end}: average over worlds, and where nine worlds in ten lie.")
        console.print(_policies(results, 5 if wide else 3))
    print_heading(console, "How sure")
    _print_findings(console, findings.how_sure(results))
    print_heading(console, "What drives the results")
    _print_findings(console, findings.what_would_change_it(results))
    for warning in run.warnings:
        console.print(Padding(Text(f"Warning: {warning}", style="yellow"), (1, 0, 0, 0)))


def _print_findings(console: Console, told: Sequence[findings.Finding]) -> None:
    for finding in told:
        console.print(indented(Text.assemble((f"{capital(finding.lead)}: ", "bold"), finding.text)))


def _claims(results: RunView, wide: bool) -> Table:
    columns = [Column("Claim", ratio=3 if wide else None, overflow="fold"), Column("Verdict", overflow="fold")]
    if results.run.observed:
        columns.append(Column("Before", justify="right", no_wrap=True))
    columns += [Column("After" if results.run.observed else "Share", justify="right", no_wrap=True)]
    columns += [Column("Built in?", no_wrap=True)]
    if wide:
        columns += [Column("Readings", no_wrap=True), Column("Decided most by", ratio=2, overflow="fold")]
    table = grid(*columns)
    for claim in results.run.claims:
        colour, (low, high) = _COLOURS[claim.held.side], readings_reach(claim)
        cells = [Text(results.names.claim(claim.id)), Text(claim.verdict, colour)]
        if results.run.observed:
            cells.append(Text(percent(claim.readings[0].prior if claim.readings else None)))
        cells += [Text(claim.held.ranged, colour), Text(claim.built_in)]
        if wide:
            cells.append(Text(f"{percent(low)} to {percent(high)}" if len(claim.readings) > 1 else ""))
            cells.append(Text(decided_most_by(results, claim)))
        table.add_row(*cells)
    return table


def _outcomes(results: RunView) -> Table:
    table = grid(
        Column("Outcome", overflow="fold"),
        Column("Over time", no_wrap=len(results.periods) <= _MOST_BARS, overflow="crop"),
        Column("By the end", justify="right", no_wrap=True),
        Column("Nine worlds\nin ten", no_wrap=True),
        Column("", overflow="fold"),
    )
    for outcome in results.outcomes:
        means = course(results, outcome, results.factual).mean
        bars = sparkline(means[:: -(-len(means) // _MOST_BARS)].tolist())
        spread = results.final_spread(outcome, results.factual)
        told = percent(spread.mean), _ends(spread), estimative(spread.mean)
        table.add_row(Text(results.names.outcome(outcome)), Text(bars, style=TERMINAL_MAIN), *map(Text, told))
    return table


def _policies(results: RunView, most: int) -> Table:
    outcomes = results.outcomes[:most]
    columns = [Column(Text(results.names.outcome(outcome)), justify="right") for outcome in outcomes]
    table = grid(Column("Policy", overflow="fold"), *columns)
    for policy in results.policies:
        spreads = [results.final_spread(outcome, policy) for outcome in outcomes]
        cells = [Text.assemble(percent(s.mean), " ", (f"{_ends(s):>12}", "dim")) for s in spreads]
        table.add_row(
            Text(results.names.marked_policy(policy)), *cells, style="bold" if policy == results.factual else ""
        )
    return table


def _ends(spread: Spread) -> str:
    return f"{percent(spread.low)} to {percent(spread.high)}"
