"""The command that looks at a scenario or a conflict through one lens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from foedus.cli.common import Bar, Json, Seed, app, console, known, print_json
from foedus.scenario.errors import FoedusError


@app.command()
def lens(
    name: Annotated[str | None, typer.Argument(help="the lens; --list shows them")] = None,
    scenario: Annotated[str | None, typer.Argument(help="a scenario, or a conflict in option form (.gmcr)")] = None,
    policy: Annotated[str | None, typer.Option(help="the policy to look at; default: the factual one")] = None,
    worlds: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many worlds are sampled")] = 50,
    seed: Seed = 0,
    list_: Annotated[bool, typer.Option("--list", help="list the lenses")] = False,
    json: Json = False,
) -> None:
    """Look at a scenario or a conflict through one lens."""
    from foedus.lenses.registry import QUESTIONS, look

    if list_:
        print_json(QUESTIONS) if json else print("\n".join(f"{key:<12} {text}" for key, text in QUESTIONS.items()))
        return
    if name is None or scenario is None:
        raise FoedusError(
            "say which lens and which scenario: foedus lens NAME SCENARIO. `foedus lens --list` lists them."
        )
    known([name], QUESTIONS, "lens")
    if name == "stability" and Path(scenario).suffix == ".gmcr":
        _conflict(Path(scenario), json)
        return
    from foedus.report.results import Results
    from foedus.report.section import lens_section, print_section, section_json
    from foedus.run import run
    from foedus.scenario.load import load

    loaded = load(scenario)
    known([policy] if policy else [], loaded.all_policies, "policy")
    with Bar(show=not json) as bar:
        made = run(loaded, worlds=worlds, seed=seed, judge=False, progress=bar.step)
        found = look(name, made, policy)
    section = lens_section(Results(made), found)
    if json:
        print_json(section_json(section, found))
    else:
        print_section(section, console())


def _conflict(file: Path, json: bool) -> None:
    """The stability of a conflict in option form."""
    from foedus.lenses.gmcr.analysis import analyse, table
    from foedus.lenses.gmcr.file import load_conflict

    result = analyse(load_conflict(file))
    if json:
        print_json(result.to_json())
    else:
        console().print(table(result))
