"""The files of a run: the report, the labelled results, and what they were made from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from foedus.report.html import write_report
from foedus.scenario.errors import FoedusError

if TYPE_CHECKING:
    import xarray as xr

    from foedus.run import Run


def write_run(run: Run, directory: Path) -> Path:
    """Writes ``report.html``, ``results.nc`` and ``run.json``, each whole or not at all; the report's path."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        report = directory / "report.html"
        partial = directory / "report.html.partial"
        write_report(run, partial)
        os.replace(partial, report)
        _write_results(run.data, directory / "results.nc")
        about = {**run.meta, "game": vars(run.game), "effective_sample": run.ess, "policies": run.policies}
        partial = directory / "run.json.partial"
        partial.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        os.replace(partial, directory / "run.json")
    except OSError as error:
        raise FoedusError(f"{directory} cannot be written: {error.strerror or error}.") from None
    return report


def _write_results(data: xr.Dataset, path: Path) -> None:
    """Labelled results as netCDF."""
    partial = path.with_suffix(".nc.partial")
    data.assign(holds=data["holds"].astype("int8")).to_netcdf(partial, engine="scipy")
    os.replace(partial, path)
