"""The command that looks at a scenario or a conflict through one lens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foedus.cli.common import Bar, Json, Seed, app, console, known, print_json
from foedus.errors import FoedusError

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.view import RunView


@app.command()
def lens(
    name: Annotated[str | None, typer.Argument(help="the lens; --list shows them")] = None,
    scenario: Annotated[str | None, typer.Argument(help="a scenario, or a conflict in option form (.gmcr)")] = None,
    policy: Annotated[str | None, typer.Option(help="the policy to look at; default: the factual one")] = None,
    worlds: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many worlds are sampled")] = 50,
    seed: Seed = 0,
    write: Annotated[Path | None, typer.Option(help="stability: write the conflict to this .gmcr file")] = None,
    start: Annotated[str | None, typer.Option(help="stability of a .gmcr file: the status quo, as YNN")] = None,
    hold: Annotated[str | None, typer.Option(help="stability of a .gmcr file: the state to invert for")] = None,
    horizon: Annotated[int | None, typer.Option(help="stability of a .gmcr file: moves looked ahead")] = None,
    list_: Annotated[bool, typer.Option("--list", help="list the lenses")] = False,
    json: Json = False,
) -> None:
    """Look at a scenario or a conflict through one lens."""
    from foedus.lenses.registry import LENSES, look

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
    from foedus.lenses.registry import lens_section
    from foedus.present.plain import section_json
    from foedus.present.terminal import print_section
    from foedus.runs.local import run
    from foedus.runs.view import RunView
    from foedus.scenario.load import load

    loaded = load(scenario)
    known([policy] if policy else [], loaded.all_policies, "policy")
    with Bar(show=not json) as bar:
        made = run(loaded, worlds=worlds, seed=seed, judge=False, progress=bar.step)
        found = look(name, made, policy)
    section = lens_section(RunView(made), found)
    if write is not None:
        _write(RunView(made), found, write)
    if json:
        print_json(section_json(section, found))
    else:
        print_section(section, console())


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


def _write(results: RunView, found: xr.Dataset, file: Path) -> None:
    """Writes the postures of a scenario as a conflict in option form."""
    from foedus.conflict.file import save_conflict
    from foedus.lenses.stability.measure import conflict

    if "undefined" in found.attrs:
        raise FoedusError(f"There is nothing to write: {found.attrs['undefined']}")
    orders = [results.names.action(str(order)) for order in found["order"].values]
    save_conflict(conflict(found, orders, [results.names.actor(str(mover)) for mover in found["mover"].values]), file)
