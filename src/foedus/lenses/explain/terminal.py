"""Prints the walk along the likeliest path: for each move, what each alternative was worth to the mover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foedus.lenses.explain.path import Decision
from foedus.present.colours import TERMINAL_MAIN
from foedus.present.wording import number, percent, signed
from foedus.scenario.names import Names


def print_explanation(decisions: Sequence[Decision], names: Names, console: Console) -> None:
    """Print the decisions by period. Worths are expected totals from the move on, in the mover's own units."""
    period = None
    for decision in decisions:
        if decision.period != period:
            period = decision.period
            console.print(Text(f"\n{period}", style="bold"))
        where, mover = names.phase(decision.phase), names.actor(decision.actor)
        action = names.act(decision.phase, decision.action), f"bold {TERMINAL_MAIN}"
        console.print(Text.assemble(f"  {where}: {mover} ", action, f" ({percent(decision.probability)})"))
        if len(decision.alternatives) > 1:
            console.print(_alternatives(decision, names))
    if not decisions:
        console.print("Nobody has more than one thing to do on the likeliest path.")


def _alternatives(decision: Decision, names: Names) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", width=2)
    table.add_column("Alternative", overflow="fold")
    for heading in ("Chance", "Worth"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("By objective: what was taken, then how the others differ", overflow="fold")
    base = next((each.objectives for each in decision.alternatives if each.action == decision.action), {})
    for each in sorted(decision.alternatives, key=lambda each: (each.action != decision.action, -each.value)):
        taken = each.action == decision.action
        differs = _parts(each.objectives, {} if taken else base, decision.actor, names)
        action = Text(names.act(decision.phase, each.action), style="bold" if taken else "")
        parts = Text(differs or ("nothing" if taken else "no difference"))
        table.add_row("", action, percent(each.probability), number(each.value), parts)
    return table


def _parts(objectives: Mapping[str, float], base: Mapping[str, float], actor: str, names: Names) -> str:
    """The objectives on which something is worth more or less than ``base``, largest difference first."""
    gaps = {name: value - base.get(name, 0.0) for name, value in objectives.items()}
    notable = sorted((name for name in gaps if abs(gaps[name]) >= 0.005), key=lambda name: -abs(gaps[name]))
    return ", ".join(f"{names.aim(actor, name)} {signed(gaps[name])}" for name in notable[:5])
