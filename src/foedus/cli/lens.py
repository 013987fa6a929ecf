"""The command that looks at a scenario or a conflict through one lens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from foedus.cli.common import Json, app, console, known, print_json


@app.command()
def lens(
    name: Annotated[str, typer.Argument(help="the lens: stability")],
    file: Annotated[Path, typer.Argument(help="a conflict in option form (.gmcr)")],
    json: Json = False,
) -> None:
    """Look at a conflict through one lens."""
    known([name], {"stability": 1}, "lens")
    from foedus.lenses.gmcr_file import load_conflict
    from foedus.lenses.stability import analyse, table

    result = analyse(load_conflict(file))
    if json:
        print_json(result.to_json())
    else:
        console().print(table(result))
