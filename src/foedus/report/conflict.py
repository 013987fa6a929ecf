"""A conflict in option form in the terminal: its equilibria, and in brief what else was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foedus.conflict.analysis import StabilityResult
from foedus.conflict.conflict import OptionModel
from foedus.conflict.details import Details
from foedus.present.wording import count, listed, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_NAMES = {"nash": "Nash", "gmr": "GMR", "smr": "SMR", "seq": "SEQ", "sim": "SIM"}
_WHAT = {"limited": "Limited moves", "coalitional": "Coalitions", "paths": "Paths", "inverse": "Inverse analysis"}


def print_conflict(result: StabilityResult, more: Details, console: Console) -> None:
    """Shows the equilibria as a table and the rest in a line or two each."""
    from rich.text import Text

    console.print(table(result))
    for heading, lines in _brief(more):
        console.print(Text(heading, style="bold"))
        for line in lines:
            console.print(Text(f"  {line}"))
    for what, why in more.left_out.items():
        console.print(Text(f"{_WHAT[what]}: left out, {why}", style="dim"))


def table(result: StabilityResult, most: int = 40) -> Table:
    """The equilibria: a row for each state that is one, at most ``most`` rows."""
    from rich.table import Table
    from rich.text import Text

    concepts = list(result.stable)
    where = np.stack([result.stable[concept].all(axis=0) for concept in concepts])
    strength = where.sum(axis=0)
    found = [int(state) for state in np.argsort(-strength, kind="stable") if strength[state]]
    title = f"{len(found)} of {result.model.size} states are stable for everyone under at least one of {len(concepts)} concepts"
    out = Table(title=title, caption=f"{len(found) - most} more states are not shown" if len(found) > most else None)
    out.add_column("state")
    for concept in concepts:
        out.add_column(_NAMES[concept], justify="center")
    if isinstance(result.model, OptionModel):
        out.add_column("options taken")
    for state in found[:most]:
        cells = [result.model.label(state), *("yes" if hit else "" for hit in where[:, state])]
        if isinstance(result.model, OptionModel):
            taken = [name for name, letter in zip(result.model.labels, cells[0], strict=True) if letter == "Y"]
            cells.append(", ".join(taken) or "none")
        out.add_row(*map(Text, cells))
    return out


def _brief(more: Details) -> list[tuple[str, list[str]]]:
    """A heading and a few lines for each part that was found."""
    out = []
    if more.limited is not None:
        lines = [f"{int(h[1:])} ahead: {_states(found)}" for h, found in more.limited.items()]
        out.append(("Stable for players who look some moves ahead", lines))
    if more.coalitional is not None:
        lines = [f"{_NAMES[concept]}: {_states(found)}" for concept, found in more.coalitional.items()]
        out.append(("States that no group of players would leave together", lines))
    if more.paths is not None:
        lines = [_way(more.start, way) for way in list(more.paths.values())[:6]] or ["no improving move leads away"]
        lines += [f"and to {len(more.paths) - 6} more states"] if len(more.paths) > 6 else []
        out.append((f"Improving moves from {more.start}", lines))
    if more.inverse is not None:
        out.append((f"What would make {more.state} an equilibrium", _needs(more)))
    return out


def _states(found: list[str]) -> str:
    return listed(found, 12) or "none"


def _way(start: str, way: list[list[str]]) -> str:
    return start + "".join(f" -> {label} ({who})" for who, label in way)


def _needs(more: Details) -> list[str]:
    lines = []
    for concept, needs in (more.inverse or {}).items():
        unmet = [need for need in needs if not need["met"]]
        if not unmet:
            lines.append(f"{_NAMES[concept]}: it is one")
        for need in unmet:
            change = need["change"]
            what = (
                f"cease to prefer {_states(change)}" if change else f"meet {count(len(need['in_words']), 'condition')}"
            )
            share = need["share_of_orders"]
            odds = "" if share is None else f" ({percent(share)} of all its possible orders would do)"
            lines.append(f"{_NAMES[concept]}: {need['player']} must {what}{odds}")
    return lines
