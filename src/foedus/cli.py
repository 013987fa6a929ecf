"""The command line. Thin: each command reads its arguments, calls one function, shows the result."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from foedus.scenario.errors import FoedusError

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="Foedus: strategic crises between states, solved in every plausible world.")  # fmt: skip

Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="a shipped scenario's name, or a file")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object instead")]
Worlds = Annotated[int, typer.Option(min=1, max=1_000_000, help="how many worlds are sampled")]
Seed = Annotated[int, typer.Option(help="the seed of the sample")]
Policies = Annotated[list[str] | None, typer.Option("--policy", help="a policy to compare (repeatable); default: all")]


def main() -> None:
    """Runs the command line; what the user can mend ends with exit code 2, without a traceback."""
    try:
        app()
    except FoedusError as error:
        print(f"foedus: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except KeyboardInterrupt:
        print("foedus: stopped", file=sys.stderr)
        sys.exit(130)


def version(wanted: bool) -> None:
    """Prints the version and stops."""
    if wanted:
        from foedus import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Foedus: strategic crises between states, solved in every plausible world."""


@app.command()
def run(
    scenario: Name,
    policy: Policies = None,
    worlds: Worlds = 200,
    seed: Seed = 0,
    method: Annotated[str, typer.Option(help="how worlds are sampled: lhs or sobol")] = "lhs",
    out: Annotated[Path | None, typer.Option(help="where the report goes; default: foedus-out/SCENARIO")] = None,
    open_: Annotated[bool, typer.Option("--open", help="open the report in a browser")] = False,
    json: Json = False,
) -> None:
    """Solve a scenario in every world, judge its claims, write a report."""
    from foedus.run import run as run_scenario
    from foedus.scenario.load import load

    loaded = load(scenario)
    _known(policy or [], loaded.all_policies, "policy")
    _known([method], {"lhs": 1, "sobol": 1}, "method")
    target = out or (None if json else Path("foedus-out") / Path(scenario).stem)
    if target is not None:
        _writable(target)
    with _Bar(show=not json) as bar:
        found = run_scenario(loaded, policies=policy, worlds=worlds, seed=seed, method=method, progress=bar.step)
    if target is not None:
        from foedus.report.files import write_run

        report = write_run(found, target)
    if json:
        from foedus.report.json import to_json

        _print_json(to_json(found))
        return
    from foedus.report.terminal import print_summary

    console = _console()
    print_summary(found, console)
    console.print(f"Report: {report}", soft_wrap=True)
    if open_:
        typer.launch(report.resolve().as_uri())


@app.command()
def check(scenario: Name, json: Json = False) -> None:
    """List everything wrong with a scenario, and how large its game is."""
    from foedus.report.sizes import sizes
    from foedus.scenario.check import check as problems_of
    from foedus.scenario.errors import Problem, ScenarioError
    from foedus.scenario.load import load

    problems: list[Problem] = []
    size: dict[str, Any] | None = None
    try:
        loaded = load(scenario)
        problems = problems_of(loaded)
        if not any(problem.severity == "error" for problem in problems):
            size = sizes(loaded)
    except ScenarioError as error:
        problems += error.problems
    errors = sum(problem.severity == "error" for problem in problems)
    if json:
        keys = ("file", "line", "column", "severity", "reason", "remedy")
        listed = [{key: getattr(p, key) for key in keys} | {"path": ".".join(map(str, p.path))} for p in problems]
        _print_json({"errors": errors, "problems": listed, "size": size})
    else:
        for problem in problems:
            print(problem)
        if size is not None:
            print(
                f"{scenario}: {size['states_start']:,} states at a period's start, {size['nodes']:,} decision and chance "
                f"nodes and {size['branches']:,} branches a period, {size['coefficients']:,} coefficients, "
                f"{size['bytes_per_world'] / 1e6:.1f} MB a world."
            )
        warnings = len(problems) - errors
        print(f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}.")
    if errors:
        raise typer.Exit(2)


@app.command()
def new(name: Annotated[str, typer.Argument(help="the name of the scenario: NAME.yaml is written here")]) -> None:
    """Write a small commented scenario that runs."""
    from foedus.scenario.template import template

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if path.exists():
        raise FoedusError(f"{path} exists already. Choose another name.")
    try:
        path.write_text(template(), encoding="utf-8")
    except OSError as error:
        raise FoedusError(f"{path} cannot be written: {error.strerror}.") from None
    print(f"Wrote {path}. Try: foedus run {path}")


@app.command("list")
def list_(json: Json = False) -> None:
    """The shipped scenarios."""
    from foedus.scenario.load import load, shipped

    rows = [{"name": name, "title": load(name).title} for name in shipped()]
    if json:
        _print_json(rows)
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['title']}")


@app.command()
def show(scenario: Name, json: Json = False) -> None:
    """Present a scenario: who wants what, who can do what, what is claimed."""
    from foedus.scenario.load import load

    loaded = load(scenario)
    if json:
        _print_json(loaded.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        return
    from foedus.report.scenario_text import print_scenario

    print_scenario(loaded, _console())


@app.command()
def explain(
    scenario: Name,
    world: Annotated[int, typer.Option(min=0, help="which world of the sample")] = 0,
    policy: Annotated[str | None, typer.Option(help="the policy; default: the factual one")] = None,
    worlds: Worlds = 200,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Walk the most likely path in one world, and say what each alternative was worth to the mover."""
    from foedus.lenses.explain import explain as explain_world
    from foedus.scenario.load import load

    loaded = load(scenario)
    _known([policy] if policy else [], loaded.all_policies, "policy")
    if world >= worlds:
        raise FoedusError(f"there is no world {world}: they are numbered 0 to {worlds - 1}. Raise --worlds.")
    steps = explain_world(loaded, world=world, policy=policy, worlds=worlds, seed=seed)
    if json:
        keys = ("period", "phase", "actor", "action", "probability")
        other = ("action", "probability", "value", "objectives")
        _print_json([
            dict(zip(keys, step[:5], strict=True)) | {"alternatives": [dict(zip(other, a, strict=True)) for a in step[5]]}
            for step in steps
        ])  # fmt: skip
        return
    from foedus.report.explain import print_explanation

    print_explanation(steps, _console())


@app.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    from foedus.scenario.jsonschema import json_schema

    _print_json(json_schema())


@app.command()
def export(
    scenario: Name,
    format_: Annotated[str, typer.Option("--format", help="efg (Gambit) or drn (Storm)")],
    policy: Annotated[str | None, typer.Option(help="the policy; default: the factual one")] = None,
    world: Annotated[int, typer.Option(min=0, help="which world of the sample")] = 0,
    worlds: Worlds = 200,
    seed: Seed = 0,
) -> None:
    """Write one world of a small game as a tree for Gambit, or of any game as a Markov chain for Storm."""
    from foedus.report.drn import to_drn
    from foedus.report.export import to_efg
    from foedus.scenario.check import validate
    from foedus.scenario.load import load
    from foedus.worlds.sample import sample

    loaded = load(scenario)
    validate(loaded)
    _known([policy] if policy else [], loaded.all_policies, "policy")
    _known([format_], {"efg": 1, "drn": 1}, "format")
    if world >= worlds:
        raise FoedusError(f"there is no world {world}: they are numbered 0 to {worlds - 1}. Raise --worlds.")
    draws = {name: float(draw[world]) for name, draw in sample(loaded, worlds, seed).items()}
    write: Callable[..., str] = {"efg": to_efg, "drn": to_drn}[format_]
    print(write(loaded, draws, policy or loaded.factual_policy))


@app.command()
def lens(
    name: Annotated[str, typer.Argument(help="the lens: stability")],
    file: Annotated[Path, typer.Argument(help="a conflict in option form (.gmcr)")],
    json: Json = False,
) -> None:
    """Look at a conflict through one lens."""
    _known([name], {"stability": 1}, "lens")
    from foedus.lenses.gmcr_file import load_conflict
    from foedus.lenses.stability import analyse, table

    result = analyse(load_conflict(file))
    if json:
        _print_json(result.to_json())
    else:
        _console().print(table(result))


def _known(names: list[str], valid: Any, what: str) -> None:
    """Refuses names that are not among the valid ones."""
    from foedus.scenario.expr import nearest

    for name in names:
        if name not in valid:
            raise FoedusError(f"'{name}' is not a {what}. {nearest(name, valid)}".strip())


def _writable(target: Path) -> None:
    """Makes the directory of a run, before anything is computed."""
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FoedusError(f"{target} cannot be made: {error.strerror}. Give another --out.") from None


def _print_json(value: Any) -> None:
    print(jsonlib.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)


class _Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, show: bool):
        self.progress: Any = None
        self.task: Any = None
        if show and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self.progress = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
                                     TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True)  # fmt: skip
            self.task = self.progress.add_task("compiling")

    def __enter__(self) -> _Bar:
        if self.progress is not None:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def step(self, what: str, done: int, total: int) -> None:
        """Shows how far the work is."""
        if self.progress is not None:
            self.progress.update(self.task, description=what, completed=done, total=total)
