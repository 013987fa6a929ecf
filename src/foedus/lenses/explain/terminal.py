"""Prints the walk along the likeliest path: for each move, what each alternative was worth to the mover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foedus.present.wording import number, percent, signed
from foedus.scenario.names import Names, titled

# action, probability, total value to the mover, value by objective
Alternative = tuple[str, float, float, Mapping[str, float]]
# period, phase, actor, what was taken, its probability, the alternatives
Step = tuple[str, str, str, str, float, Sequence[Alternative]]


def print_explanation(explanation: Sequence[Step], names: Names, console: Console) -> None:
    """Print the steps by period. Worths are expected totals from the move on, in the mover's own units."""
    period_before = None
    for step in explanation:
        period, phase, actor, taken, probability, alternatives = step
        if period != period_before:
            console.print()
            console.print(Text(str(period), style="bold"))
            period_before = period
        where, what = _names(names, phase, taken)
        mover = names.actor(actor)
        console.print(Text.assemble(f"  {where}: {mover} ", (what, "bold blue"), f" ({percent(probability)})"))
        if len(alternatives) > 1:
            console.print(_alternatives(step, names))
    if not explanation:
        console.print("Nobody has more than one thing to do on the likeliest path.")


def _names(names: Names, phase: str, action: str) -> tuple[str, str]:
    """What a phase and its action are called."""
    where = next((written.label for written in names.scenario.turn if written.id == phase), "") or titled(phase)
    return where, names.action(f"{phase}.{action}").removeprefix(f"{where}: ")


def _alternatives(step: Step, names: Names) -> Table:
    _, phase, actor, taken, _, alternatives = step
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", width=2)
    table.add_column("Alternative", overflow="fold")
    table.add_column("Chance", justify="right", no_wrap=True)
    table.add_column("Worth", justify="right", no_wrap=True)
    table.add_column("By objective: what was taken, then how the others differ", overflow="fold")
    base = next((each[3] for each in alternatives if each[0] == taken), {})
    for action, chance, total, objectives in sorted(alternatives, key=lambda each: (each[0] != taken, -each[2])):
        style = "bold" if action == taken else ""
        told = _parts(objectives, {}, actor, names) if action == taken else _parts(objectives, base, actor, names)
        row = Text(_names(names, phase, action)[1], style=style), percent(chance), number(total)
        table.add_row("", *row, Text(told or ("nothing" if action == taken else "no difference")))
    return table


def _parts(objectives: Mapping[str, float], base: Mapping[str, float], actor: str, names: Names) -> str:
    """The objectives on which something is worth more or less than ``base``, largest difference first."""
    gaps = {name: value - base.get(name, 0.0) for name, value in objectives.items()}
    told = sorted((name for name in gaps if abs(gaps[name]) >= 0.005), key=lambda name: -abs(gaps[name]))
    called = {name: names.objective(f"{actor}.{name.rpartition('.')[2]}").partition(": ")[2] for name in told}
    return ", ".join(f"{called[name]} {signed(gaps[name])}" for name in told[:5])
