"""The files of a run: the report, the labelled results, and what they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from foedus.errors import FoedusError
from foedus.present.page import is_other
from foedus.report.html import render
from foedus.runs.result import Run
from foedus.runs.store import write_atomic

if TYPE_CHECKING:
    import xarray as xr


def write_run(run: Run, directory: Path, then: str = "and try again") -> Path:
    """Writes ``report.html``, ``results.nc`` and ``run.json``, each whole or not at all; the report's path.

    The first two depend on the results alone: no clock. ``then`` says what to do once a full disk has room.
    FoedusError when the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FoedusError(f"{directory} cannot be made: {error.strerror or error}.") from None
    report = directory / "report.html"
    _refuse_others(directory)
    write_atomic(report, render(run).encode(), then)
    write_atomic(directory / "results.nc", bytes(_results(run).to_netcdf(engine="scipy")), then)
    about = run.meta | {"timings": run.timings, "game": vars(run.game)}
    about |= {"effective_sample": run.ess, "policies": run.policies}
    write_atomic(directory / "run.json", (json.dumps(about, indent=2) + "\n").encode(), then)
    return report


def _refuse_others(directory: Path) -> None:
    """FoedusError where one of the files is there and is not a run's."""
    begins = {"results.nc": b"CDF", "run.json": b"{"}
    try:
        other = [directory / "report.html"] if is_other(directory / "report.html") else []
        for name, start in begins.items():
            path = directory / name
            if path.is_file() and path.stat().st_size:
                with path.open("rb") as file:
                    other += [] if file.read(len(start)) == start else [path]
    except OSError as error:
        raise FoedusError(f"{directory} cannot be read: {error.strerror or error}.") from None
    if other:
        raise FoedusError(f"{other[0]} is there and is no file of a run: it stays as it is. Give another directory.")


def _results(run: Run) -> xr.Dataset:
    """Labelled results, with the weights and draws of worlds and what they were made from; of a large run averages over worlds, and claims by world."""
    import xarray as xr

    data = run.data.assign(holds=run.data["holds"].astype("int8"))
    # The format takes a dimension of length 0 for one that grows, which readers then cannot place: what has no labels goes.
    data = data.drop_dims([dim for dim, size in data.sizes.items() if size == 0])
    if not run.large:
        return data
    averaged = [name for name, variable in data.data_vars.items() if {"world", "policy"} <= set(variable.dims)]
    means = {name: xr.concat([run.mean(str(name), policy) for policy in run.policies], "policy") for name in averaged}
    note = f"averages over worlds: {', '.join(map(str, averaged))}; by world in chunks/"
    return data.drop_vars(averaged).assign(means).assign_attrs(averaged=note)
