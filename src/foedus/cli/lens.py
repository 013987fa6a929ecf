"""The command that looks at a scenario or a conflict through one lens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from foedus.cli.common import (
    Json,
    Policy,
    Seed,
    Worlds,
    app,
    console,
    examples,
    known,
    present,
    progress,
    read,
    show_json,
    show_list,
    solve,
)
from foedus.errors import FoedusError

if TYPE_CHECKING:
    import xarray as xr

    from foedus.scenario.names import Names


@app.command(
    epilog=examples(
        "foedus lens --list",
        "foedus lens commitment entrapment-abandonment",
        "foedus lens stability conflict.gmcr --start YNNYN",
    )
)
def lens(
    name: Annotated[str | None, Argument(help="the lens; --list shows them")] = None,
    scenario: Annotated[str | None, Argument(help="a scenario, or a conflict in option form (.gmcr)")] = None,
    policy: Policy = None,
    worlds: Worlds = 50,
    seed: Seed = 0,
    write: Annotated[Path | None, Option(help="stability: write the conflict to this .gmcr file")] = None,
    start: Annotated[str | None, Option(help="stability of a .gmcr file: the status quo, as YNN")] = None,
    hold: Annotated[str | None, Option(help="stability of a .gmcr file: the state to invert for")] = None,
    horizon: Annotated[int | None, Option(help="stability of a .gmcr file: moves looked ahead")] = None,
    list_: Annotated[bool, Option("--list", help="list the lenses")] = False,
    json: Json = False,
) -> None:
    """Look at a scenario or a conflict through one lens."""
    from foedus.lenses.registry import LENSES, lens_section, look
    from foedus.present.plain import section_json
    from foedus.runs.view import RunView

    if list_:
        questions = {name: lens.question for name, lens in LENSES.items()}
        show_json(questions) if json else show_list(questions.items())
        return
    if name is None or scenario is None:
        listing = "`foedus lens --list` lists them"
        raise FoedusError(f"say which lens and which scenario: foedus lens NAME SCENARIO. {listing}.")
    known([name], LENSES, "lens")
    if name == "stability" and Path(scenario).suffix.lower() == ".gmcr":
        _conflict(Path(scenario), json, write, start, hold, horizon)
        return
    if (start, hold, horizon) != (None, None, None):
        raise FoedusError("--start, --hold and --horizon are for the lens stability and a conflict file (.gmcr).")
    if write is not None and name != "stability":
        raise FoedusError("--write is for the lens stability.")
    loaded = read(scenario, policy)
    with progress(not json) as step:
        run = solve(loaded, worlds, seed, step)
        looked = look(name, run, policy)
    results = RunView(run)
    section = lens_section(results, looked)
    if write is not None:
        _write(results.names, looked, write)
    present(section, section_json(section, looked), json)


def _conflict(
    path: Path, json: bool, write: Path | None, start: str | None, hold: str | None, horizon: int | None
) -> None:
    """The stability of a conflict in option form."""
    from foedus.conflict import analysis, file, followup, graph_form
    from foedus.report.conflict import print_conflict

    conflict = file.load_conflict(path)
    model = graph_form.model_of(conflict)
    more, result = followup.follow_up(model, start, hold, horizon), analysis.analyse(model)
    if write is not None:
        file.save_conflict(conflict, write)
    show_json(result.to_json() | more.to_json()) if json else print_conflict(result, more, console())


def _write(names: Names, looked: xr.Dataset, file: Path) -> None:
    """Writes the postures of a scenario as a conflict in option form."""
    from foedus.conflict.file import save_conflict
    from foedus.lenses.stability.measure import conflict

    if "undefined" in looked.attrs:
        raise FoedusError(f"There is nothing to write: {looked.attrs['undefined']}")
    orders, movers = (looked[dim].values.tolist() for dim in ("order", "mover"))
    save_conflict(conflict(looked, [*map(names.action, orders)], [*map(names.actor, movers)]), file)
