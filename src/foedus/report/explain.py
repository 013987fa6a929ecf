"""Prints the walk along the likeliest path: for each move, what each alternative was worth to the mover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foedus.report.results import plain
from foedus.report.wording import capital, number, percent, signed

# action, probability, total value to the mover, value by objective
Alternative = tuple[str, float, float, Mapping[str, float]]
# period, phase, actor (empty for nature), what was taken, its probability, the alternatives
Step = tuple[str, str, str, str, float, Sequence[Alternative]]


def print_explanation(explanation: Sequence[Step], console: Console) -> None:
    """Print the steps by period. Worths are expected totals from the move on, in the mover's own units."""
    period_before = None
    for period, phase, actor, taken, probability, alternatives in explanation:
        if period != period_before:
            console.print()
            console.print(Text(str(period), style="bold"))
            period_before = period
        who = capital(plain(actor)) if actor else "Nature"
        line = Text.assemble(f"  {plain(phase)}: {who} ", (plain(taken), "bold blue"), f" ({percent(probability)})")
        console.print(line)
        if len(alternatives) > 1:
            console.print(_alternatives(taken, alternatives))


def _alternatives(taken: str, alternatives: Sequence[Alternative]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", width=4)
    table.add_column("Alternative", overflow="fold")
    table.add_column("Chance", justify="right", no_wrap=True)
    table.add_column("Worth", justify="right", no_wrap=True)
    table.add_column("Against what was taken, by objective", overflow="fold")
    base = next((each[3] for each in alternatives if each[0] == taken), {})
    for action, chance, total, objectives in sorted(alternatives, key=lambda each: -each[2]):
        style = "bold" if action == taken else ""
        against = "" if action == taken else _differences(objectives, base)
        table.add_row("", Text(plain(action), style=style), percent(chance), number(total), Text(against))
    return table


def _differences(objectives: Mapping[str, float], base: Mapping[str, float]) -> str:
    """The objectives on which an alternative differs from what was taken, largest first."""
    gaps = {name: value - base.get(name, 0.0) for name, value in objectives.items()}
    told = sorted((name for name in gaps if abs(gaps[name]) >= 0.005), key=lambda name: -abs(gaps[name]))
    return ", ".join(f"{plain(name.rpartition('.')[2])} {signed(gaps[name])}" for name in told[:5]) or "no difference"
