"""Commands that solve a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from foedus.cli.common import Bar, Json, Name, Policies, Seed, Worlds, app, console, known, print_json, writable


@app.command()
def run(
    scenario: Name,
    policy: Policies = None,
    worlds: Worlds = 200,
    seed: Seed = 0,
    method: Annotated[str, typer.Option(help="how worlds are sampled: lhs or sobol")] = "lhs",
    out: Annotated[Path | None, typer.Option(help="where the report goes; default: foedus-out/SCENARIO")] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="draw half of the worlds anew where the observations point")
    ] = False,
    open_: Annotated[bool, typer.Option("--open", help="open the report in a browser")] = False,
    json: Json = False,
) -> None:
    """Solve a scenario in every world, judge its claims, write a report."""
    from foedus.run import run as run_scenario
    from foedus.scenario.load import load

    loaded = load(scenario)
    known(policy or [], loaded.all_policies, "policy")
    known([method], {"lhs": 1, "sobol": 1}, "method")
    target = out or (None if json else Path("foedus-out") / Path(scenario).stem)
    if target is not None:
        writable(target)
    with Bar(show=not json) as bar:
        found = run_scenario(
            loaded, policies=policy, worlds=worlds, seed=seed, method=method, resample=resample, progress=bar.step
        )
    if target is not None:
        from foedus.report.files import write_run

        report = write_run(found, target)
    if json:
        from foedus.report.json import to_json

        print_json(to_json(found))
        return
    from foedus.report.terminal import print_summary

    terminal = console()
    print_summary(found, terminal)
    terminal.print(f"Report: {report}", soft_wrap=True)
    if open_:
        typer.launch(report.resolve().as_uri())
