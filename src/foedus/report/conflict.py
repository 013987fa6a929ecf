"""A conflict in option form in the terminal: its equilibria, and in brief what else was found."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Column
from rich.text import Text

from foedus.conflict.analysis import StabilityResult
from foedus.conflict.concepts import CONCEPTS
from foedus.conflict.followup import FollowUp
from foedus.conflict.inverse import Requirement
from foedus.conflict.option_form import OptionModel
from foedus.present.terminal import print_table
from foedus.present.wording import count, listed, percent

_WHAT = {"limited": "Limited moves", "coalitional": "Coalitions", "paths": "Paths", "inverse": "Inverse analysis"}


def print_conflict(result: StabilityResult, more: FollowUp, console: Console) -> None:
    """Shows the equilibria as a table and the rest in a line or two each."""
    print_equilibria(result, console)
    for concept, why in result.left_out.items():
        console.print(Text(f"{CONCEPTS[concept].short}: left out, {why}", style="dim"))
    for heading, lines in _brief(more).items():
        console.print(Text(heading, style="bold"))
        for line in lines:
            console.print(Text(f"  {line}"))
    for what, why in more.left_out.items():
        console.print(Text(f"{_WHAT[what]}: left out, {why}", style="dim"))


def print_equilibria(result: StabilityResult, console: Console, most: int = 40) -> None:
    """Shows the equilibria: a row for each state that is one, at most ``most`` rows."""
    concepts = list(result.stable)
    where = np.stack([result.stable[concept].all(axis=0) for concept in concepts])
    strength = where.sum(axis=0)
    lasting = [int(state) for state in np.argsort(-strength, kind="stable") if strength[state]]
    title = f"{len(lasting)} of {result.model.size} states are stable for everyone under at least one of {len(concepts)} concepts"
    columns = [Column("state"), *(Column(CONCEPTS[concept].short, justify="center") for concept in concepts)]
    if isinstance(result.model, OptionModel):
        columns.append(Column("options taken"))
    rows = []
    for state in lasting[:most]:
        cells = [result.model.label(state), *("yes" if hit else "" for hit in where[:, state])]
        if isinstance(result.model, OptionModel):
            taken = [name for name, letter in zip(result.model.labels, cells[0], strict=True) if letter == "Y"]
            cells.append(", ".join(taken) or "none")
        rows.append([*map(Text, cells)])
    console.print(Text(title, style="bold"))
    print_table(console, columns, rows)
    if len(lasting) > most:
        console.print(Text(f"{len(lasting) - most} more states are not shown", style="dim"))


def _brief(more: FollowUp) -> dict[str, list[str]]:
    """A heading and a few lines for each part that was worked out."""
    out = {}
    if more.limited is not None:
        out["Stable for players who look some moves ahead"] = [
            f"{depth} ahead: {_states(states)}" for depth, states in more.limited.items()
        ]
    if more.coalitional is not None:
        out["States that no group of players would leave together"] = [
            f"{CONCEPTS[concept].short}: {_states(states)}" for concept, states in more.coalitional.items()
        ]
    if more.paths is not None:
        steps = ["".join(f" -> {label} ({who})" for who, label in way) for way in list(more.paths.values())[:6]]
        lines = [more.start + way for way in steps] or ["no improving move leads away"]
        lines += [f"and to {len(more.paths) - 6} more states"] if len(more.paths) > 6 else []
        out[f"Improving moves from {more.start}"] = lines
    if more.inverse is not None:
        out[f"What would make {more.state} an equilibrium"] = _needs(more, more.inverse)
    return out


def _states(labels: list[str]) -> str:
    return listed(labels, 12) or "none"


def _needs(more: FollowUp, inverse: dict[str, list[Requirement]]) -> list[str]:
    lines = []
    for concept, needs in inverse.items():
        unmet = [f"{need.player} must {_need(more, need)}" for need in needs if not need.met]
        lines += [f"{CONCEPTS[concept].short}: {text}" for text in unmet or ["it is one"]]
    return lines


def _need(more: FollowUp, need: Requirement) -> str:
    what = f"meet {count(len(need.clauses), 'condition')}"
    if need.change:
        what = f"cease to prefer {_states(more.labels(need.change))}"
    return what if need.share is None else f"{what} ({percent(need.share)} of all its possible orders would do)"
