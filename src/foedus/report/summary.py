"""The summary of a run that the terminal shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from foedus.claims.verdict import ClaimResult
from foedus.present.likelihood import estimative
from foedus.present.terminal import WIDE, grid, indented, print_heading, sparkline
from foedus.present.wording import capital, percent
from foedus.report import findings
from foedus.report.quantities import Side, course, decided_most_by, readings_reach, side
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

_COLOURS = {Side.HOLDS: "blue", Side.FAILS: "dark_orange", Side.OPEN: ""}
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
    def coloured(text: str, claim: ClaimResult) -> Text:
        return Text(text, style=_COLOURS[side(claim.share)])

    def readings(claim: ClaimResult) -> Text:
        low, high = readings_reach(claim)
        return Text(f"{percent(low)} to {percent(high)}" if len(claim.readings) > 1 else "")

    columns: list[tuple[Column, Callable[[ClaimResult], Text]]] = [
        (Column("Claim", ratio=3 if wide else None, overflow="fold"), lambda c: Text(results.names.claim(c.id))),
        (Column("Verdict", overflow="fold"), lambda c: coloured(c.verdict, c)),
    ]
    share = "Share"
    if results.run.observed:
        before, share = Column("Before", justify="right", no_wrap=True), "After"
        columns.append((before, lambda c: Text(percent(c.readings[0].prior if c.readings else None))))
    columns += [
        (Column(share, justify="right", no_wrap=True), lambda c: coloured(percent(c.share), c)),
        (Column("Built in?", no_wrap=True), lambda c: Text(c.built_in)),
    ]
    if wide:
        decided = Column("Decided most by", ratio=2, overflow="fold")
        columns += [(Column("Readings", no_wrap=True), readings)]
        columns += [(decided, lambda c: Text(decided_most_by(results, c)))]
    table = grid(*(column for column, _ in columns))
    for claim in results.run.claims:
        table.add_row(*(shows(claim) for _, shows in columns))
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
        step = -(-len(means) // _MOST_BARS)
        spread = results.final_spread(outcome, results.factual)
        bars = Text(sparkline(means[::step].tolist()), style="blue")
        ends = f"{percent(spread.low)} to {percent(spread.high)}"
        table.add_row(
            Text(results.names.outcome(outcome)),
            bars,
            *map(Text, (percent(spread.mean), ends, estimative(spread.mean))),
        )
    return table


def _policies(results: RunView, most: int) -> Table:
    outcomes = results.outcomes[:most]
    columns = [Column(Text(results.names.outcome(outcome)), justify="right") for outcome in outcomes]
    table = grid(Column("Policy", overflow="fold"), *columns)
    for policy in results.policies:
        cells = [_cell(results.final_spread(outcome, policy)) for outcome in outcomes]
        style = "bold" if policy == results.factual else ""
        table.add_row(Text(results.names.policy(policy)), *cells, style=style)
    return table


def _cell(spread: Spread) -> Text:
    ends = f"{percent(spread.low)} to {percent(spread.high)}"
    return Text.assemble(percent(spread.mean), " ", (f"{ends:>12}", "dim"))
