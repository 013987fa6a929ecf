"""The command that looks at a scenario or a conflict through one lens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foedus.cli.common import (
    Json,
    Policy,
    Seed,
    Worlds,
    app,
    console,
    known,
    present,
    print_json,
    progress,
    read,
    solve,
)
from foedus.errors import FoedusError

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.view import RunView


@app.command()
def lens(
    name: Annotated[str | None, typer.Argument(help="the lens; --list shows them")] = None,
    scenario: Annotated[str | None, typer.Argument(help="a scenario, or a conflict in option form (.gmcr)")] = None,
    policy: Policy = None,
    worlds: Worlds = 50,
    seed: Seed = 0,
    write: Annotated[Path | None, typer.Option(help="stability: write the conflict to this .gmcr file")] = None,
    start: Annotated[str | None, typer.Option(help="stability of a .gmcr file: the status quo, as YNN")] = None,
    hold: Annotated[str | None, typer.Option(help="stability of a .gmcr file: the state to invert for")] = None,
    horizon: Annotated[int | None, typer.Option(help="stability of a .gmcr file: moves looked ahead")] = None,
    list_: Annotated[bool, typer.Option("--list", help="list the lenses")] = False,
    json: Json = False,
) -> None:
    """Look at a scenario or a conflict through one lens."""
    from foedus.lenses.registry import LENSES, lens_section, look

    if list_:
        questions = {name: lens.question for name, lens in LENSES.items()}
        print_json(questions) if json else print("\n".join(f"{key:<12} {text}" for key, text in questions.items()))
        return
    if name is None or scenario is None:
        raise FoedusError(
            "say which lens and which scenario: foedus lens NAME SCENARIO. `foedus lens --list` lists them."
        )
    known([name], LENSES, "lens")
    if name == "stability" and Path(scenario).suffix.lower() == ".gmcr":
        _conflict(Path(scenario), json, write, start, hold, horizon)
        return
    if (start, hold, horizon) != (None, None, None):
        raise FoedusError("--start, --hold and --horizon are for the lens stability and a conflict file (.gmcr).")
    if write is not None and name != "stability":
        raise FoedusError("--write is for the lens stability.")
    from foedus.present.plain import section_json
    from foedus.runs.view import RunView

    loaded = read(scenario, policy)
    with progress(not json) as step:
        run = solve(loaded, worlds, seed, step)
        looked = look(name, run, policy)
    section = lens_section(RunView(run), looked)
    if write is not None:
        _write(RunView(run), looked, write)
    present(section, section_json(section, looked), json)


def _conflict(
    file: Path, json: bool, write: Path | None, start: str | None, hold: str | None, horizon: int | None
) -> None:
    """The stability of a conflict in option form."""
    from foedus.conflict.analysis import analyse
    from foedus.conflict.file import load_conflict, save_conflict
    from foedus.conflict.followup import follow_up
    from foedus.conflict.graph_form import model_of

    conflict = load_conflict(file)
    model = model_of(conflict)
    more = follow_up(model, start, hold, horizon)
    result = analyse(model)
    if write is not None:
        save_conflict(conflict, write)
    if json:
        print_json(result.to_json() | more.to_json())
        return
    from foedus.report.conflict import print_conflict

    print_conflict(result, more, console())


def _write(results: RunView, looked: xr.Dataset, file: Path) -> None:
    """Writes the postures of a scenario as a conflict in option form."""
    from foedus.conflict.file import save_conflict
    from foedus.lenses.stability.measure import conflict

    if "undefined" in looked.attrs:
        raise FoedusError(f"There is nothing to write: {looked.attrs['undefined']}")
    orders = [results.names.action(str(order)) for order in looked["order"].values]
    save_conflict(conflict(looked, orders, [results.names.actor(str(mover)) for mover in looked["mover"].values]), file)
