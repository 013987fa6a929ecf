"""The summary of a run that the terminal shows, at any width from 80 columns up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from foedus.present.likelihood import estimative
from foedus.present.wording import capital, percent
from foedus.report import findings
from foedus.report.quantities import side
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    from foedus.runs.result import Run

_BARS = "▁▂▃▄▅▆▇█"
_SIDES = {"holds": "blue", "fails": "dark_orange", "open": ""}


def print_summary(run: Run, console: Console) -> None:
    """Print what a run found: claims, outcomes over time, policies side by side, and how sure that is."""
    results = RunView(run)
    console.print(Rule(Text(run.scenario.title or "Results", style="bold")))
    if run.claims:
        _heading(console, "Claims", findings.claims_title(results))
        console.print(_claims(results, console.width >= 110))
        _items(console, findings.weak_spots(results))
    if results.outcomes:
        span = f", {results.periods[0]} to {results.end}" if len(results.periods) > 1 else ""
        _heading(console, "Outcomes over time", f"Under {results.names.policy(results.factual)}{span}.")
        console.print(_outcomes(results))
    if results.outcomes and len(results.policies) > 1:
        _heading(console, "Policies", f"By {results.end}: average over worlds, and where nine worlds in ten lie.")
        console.print(_policies(results, 3 if console.width < 110 else 5))
    _heading(console, "How sure", "")
    _items(console, findings.how_sure(results))
    _heading(console, "What drives the results", "")
    _items(console, findings.what_would_change_it(results))
    for warning in run.warnings:
        console.print(Padding(Text(f"Warning: {warning}", style="yellow"), (1, 0, 0, 0)))


def sparkline(values: Sequence[float], top: float | None = None) -> str:
    """Values from 0 to ``top`` (their highest unless given) as a row of small bars."""
    most = max([*values, 0.0]) if top is None else top
    if most <= 0:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(int(len(_BARS) * max(v, 0) / most), len(_BARS) - 1)] for v in values)


def _heading(console: Console, title: str, text: str) -> None:
    console.print()
    console.print(Text.assemble((title, "bold"), f"  {text}" if text else ""))


def _items(console: Console, items: Sequence[findings.Finding]) -> None:
    for item in items:
        console.print(
            Padding(Text.assemble((f"{capital(item.lead)}: ", "bold"), item.text), (0, 0, 0, 2), expand=False)
        )


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)


def _claims(results: RunView, wide: bool) -> Table:
    table = _table()
    table.add_column("Claim", ratio=3 if wide else None, overflow="fold")
    table.add_column("Verdict", overflow="fold")
    if results.run.observed:
        table.add_column("Before", justify="right", no_wrap=True)
    table.add_column("After" if results.run.observed else "Share", justify="right", no_wrap=True)
    table.add_column("Built in?", no_wrap=True)
    if wide:
        table.add_column("Readings", no_wrap=True)
        table.add_column("Decided most by", ratio=2, overflow="fold")
    for claim in results.run.claims:
        style = _SIDES[side(claim.share)]
        cells = [Text(results.names.claim(claim.id)), Text(claim.verdict, style=style)]
        if results.run.observed:
            cells.append(Text(percent(claim.readings[0].prior) if claim.readings else "–"))
        cells += [Text(percent(claim.share), style=style), Text(claim.built_in)]
        if wide:
            shares = [reading.posterior for reading in claim.readings]
            decided = claim.readings[0].decides if claim.readings else []
            cells.append(Text(f"{percent(min(shares))} to {percent(max(shares))}" if len(shares) > 1 else ""))
            cells.append(Text(results.names.assumption(decided[0].assumption) if decided else ""))
        table.add_row(*cells)
    return table


def _outcomes(results: RunView) -> Table:
    table = _table()
    table.add_column("Outcome", overflow="fold")
    table.add_column("Over time", no_wrap=len(results.periods) <= 30, overflow="crop")
    table.add_column("By the end", justify="right", no_wrap=True)
    table.add_column("Nine worlds\nin ten", no_wrap=True)
    table.add_column("", overflow="fold")
    for outcome in results.outcomes:
        means = results.weights @ results.array("outcome_by", "period", policy=results.factual, outcome=outcome)
        step = -(-len(means) // 30)
        spread = results.final_spread(outcome, results.factual)
        table.add_row(
            Text(results.names.outcome(outcome)),
            Text(sparkline([float(v) for v in means[::step]]), style="blue"),
            Text(percent(spread.mean)),
            Text(f"{percent(spread.low)} to {percent(spread.high)}"),
            Text(estimative(spread.mean)),
        )
    return table


def _policies(results: RunView, most: int) -> Table:
    table = _table()
    table.add_column("Policy", overflow="fold")
    shown = results.outcomes[:most]
    for outcome in shown:
        table.add_column(Text(results.names.outcome(outcome)), justify="right")
    for policy in results.policies:
        style = "bold" if policy == results.factual else ""
        cells = [_cell(results.final_spread(outcome, policy)) for outcome in shown]
        table.add_row(Text(results.names.policy(policy)), *cells, style=style)
    return table


def _cell(spread: Spread) -> Text:
    ends = f"{percent(spread.low)} to {percent(spread.high)}"
    return Text.assemble(percent(spread.mean), " ", (f"{ends:>12}", "dim"))
