"""Commands that solve a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, BadParameter, Option, launch

from foedus.cli.common import (
    MOST,
    Json,
    Method,
    Name,
    Policies,
    Seed,
    app,
    console,
    examples,
    known,
    progress,
    read,
    say,
    show_json,
)
from foedus.errors import FoedusError, visible
from foedus.runs.settings import AUTO, BUDGET, RunOptions
from foedus.worlds.methods import METHOD, METHODS

if TYPE_CHECKING:
    from foedus.runs.result import Run


def how_many(text: str) -> int | str:
    """A number of worlds as it is written, or ``auto``."""
    if text == AUTO:
        return AUTO
    if not text.lstrip("+-").isdecimal():
        raise BadParameter(f"'{text}' is not a number of worlds. Write a number, or {AUTO}.")
    if not 1 <= int(text) <= MOST:
        raise BadParameter(f"{text} is not in the range 1 to {MOST:,}. Or write {AUTO}.")
    return int(text)


HowMany = Annotated[
    Any,
    Option(
        metavar="N|auto",
        parser=how_many,
        help="how many worlds are sampled: a number, or auto for as many as the shares of the claims need",
    ),
]
Budget = Annotated[
    float | None,
    Option(metavar="SECONDS", min=0, help=f"how long --worlds auto may go on solving; default: {BUDGET:.0f}"),
]
Kind = Annotated[str, Option("--executor", help="who solves: local (threads here) or dask")]
Scheduler = Annotated[
    str | None, Option(help="a Dask scheduler's address, tcp://...; default: workers are started here")
]
Workers = Annotated[int | None, Option(min=1, help="threads, or Dask processes started here; default: one a core")]
Lenses = Annotated[
    str, Option(help="lenses in the report: all, none, names with commas; auto: all, but few for a quick look")
]
Open = Annotated[bool, Option("--open", help="open the report in a browser")]


@app.command(epilog=examples("foedus run taiwan-strait", "foedus run crisis.yaml --worlds 500 --out crisis --open"))
def run(
    scenario: Name,
    policy: Policies = None,
    worlds: HowMany = AUTO,
    budget: Budget = None,
    seed: Seed = 0,
    method: Method = METHOD,
    out: Annotated[Path | None, Option(help="where the report goes; default: foedus-out/SCENARIO")] = None,
    resample: Annotated[
        bool, Option("--resample", help="draw half of the worlds anew where the observations point")
    ] = False,
    chunk: Annotated[int | None, Option(min=1, help="worlds kept together; default: by size")] = None,
    executor: Kind = "local",
    scheduler: Scheduler = None,
    workers: Workers = None,
    anew: Annotated[bool, Option("--anew", help="throw away what the directory holds of a run")] = False,
    lenses: Lenses = "auto",
    open_: Open = False,
    json: Json = False,
) -> None:
    """Solve a scenario in every world, judge its claims, write a report."""
    from foedus.lenses.registry import known_lenses
    from foedus.runs import ensemble, executors, local

    loaded, who = read(scenario, *policy or ()), executors.Executor(executor, scheduler, workers)
    known([method], METHODS, "method")
    known_lenses(lenses)
    if budget is not None and worlds != AUTO:
        raise FoedusError("--budget is for --worlds auto: a number of worlds is solved however long that takes.")
    options: RunOptions = {"policies": policy, "worlds": worlds, "seed": seed, "method": method, "resample": resample}
    options["budget"] = BUDGET if budget is None else budget
    target = out or (None if json else Path("foedus-out") / Path(scenario).stem)
    if target is None:
        if executor != "local" or chunk or anew:
            raise FoedusError("--executor, --chunk and --anew are for runs that are kept: give --out DIR.")
        solved = local.run(loaded, threads=workers or 2, **options)
        lenses = "none" if lenses == "auto" else lenses
    else:
        with ensemble.kept_in(target):
            with progress(not json) as step:
                kept: Any = {"chunk": chunk, "executor": who, "anew": anew, "lenses": lenses}
                solved = ensemble.ensemble(loaded, target, progress=step, **kept, **options)
            _tell(solved, lenses, target, open_, json)
        return
    _tell(solved, lenses, target, open_, json)


@app.command(epilog=examples("foedus resume foedus-out/taiwan-strait"))
def resume(
    directory: Annotated[Path, Argument(metavar="DIR", help="where a run was begun (its --out)")],
    executor: Kind = "local",
    scheduler: Scheduler = None,
    workers: Workers = None,
    lenses: Annotated[str | None, Option(help="lenses in the report; default: those it was begun with")] = None,
    open_: Open = False,
    json: Json = False,
) -> None:
    """Go on with a run that was stopped, and mend one whose files were damaged."""
    from foedus.lenses.registry import known_lenses
    from foedus.runs import ensemble, executors

    who = executors.Executor(executor, scheduler, workers)
    if lenses is not None:
        known_lenses(lenses)
    with ensemble.kept_in(directory, begun=True):
        with progress(not json) as step:
            solved = ensemble.resume(directory, executor=who, lenses=lenses, progress=step)
        _told_again(solved, directory, json)
        _tell(solved, ensemble.kept_lenses(directory), directory, open_, json)


def _told_again(solved: Run, directory: Path, json: bool) -> None:
    """Says what was solved anew."""
    if not json:
        missing = f"{solved.solved} missing pieces were solved" if solved.solved else "all pieces were there and sound"
        say(f"{directory}: {missing}; report, results and run.json are written anew.")


def _tell(solved: Run, lenses: str, target: Path | None, open_: bool, json: bool) -> None:
    """Looks through lenses, writes a run's files where there is a place for them, and prints what it found."""
    from foedus.lenses.registry import chosen, look_through
    from foedus.report.files import write_run
    from foedus.report.json import to_json
    from foedus.report.summary import print_summary

    with progress(not json) as step:
        look_through(solved, chosen(lenses, solved), step)
    report = None if target is None else write_run(solved, target, f"and run `foedus resume {target}`")
    if json:
        show_json(to_json(solved))
        return
    terminal = console()
    print_summary(solved, terminal)
    if report is not None:
        terminal.print(visible(f"Report: {report}"), soft_wrap=True)
        if open_:
            launch(report.resolve().as_uri())
