"""Commands that write, check, show and export scenarios."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

from typer import Argument, Exit, Option

from foedus.cli.common import (
    Json,
    Method,
    Name,
    Policy,
    Seed,
    World,
    Worlds,
    app,
    console,
    examples,
    known,
    read,
    say,
    show_json,
    show_list,
)
from foedus.errors import FoedusError
from foedus.runs.settings import WORLDS
from foedus.worlds.methods import METHOD, METHODS
from foedus.worlds.methods import Method as Known


@app.command(epilog=examples("foedus check crisis.yaml"))
def check(scenario: Name, json: Json = False) -> None:
    """List everything wrong with a scenario, and how large its game is."""
    from foedus.present.wording import count
    from foedus.report.sizes import sizes
    from foedus.scenario.check import check as problems_of
    from foedus.scenario.errors import Problem, ScenarioError
    from foedus.scenario.load import load

    problems: list[Problem] = []
    size = None
    try:
        loaded = load(scenario)
        problems = problems_of(loaded)
        size = None if any(problem.severity == "error" for problem in problems) else sizes(loaded)
    except ScenarioError as error:
        problems += error.problems
    except FoedusError as error:
        problems.append(Problem((), str(error), file=scenario))
    errors = sum(problem.severity == "error" for problem in problems)
    if json:
        keys = ("file", "line", "column", "severity", "reason", "remedy")
        listed = [{key: getattr(p, key) for key in keys} | {"path": ".".join(map(str, p.path))} for p in problems]
        show_json({"errors": errors, "problems": listed, "size": size and vars(size)})
    else:
        for problem in problems:
            say(str(problem))
        if size is not None:
            say(
                f"{scenario}: {size.states_start:,} states at a period's start, {size.nodes:,} decision and chance "
                f"nodes and {size.branches:,} branches a period, {size.coefficients:,} coefficients, "
                f"{size.bytes_per_world / 1e6:.1f} MB a world."
            )
        print(f"{count(errors, 'error')}, {count(len(problems) - errors, 'warning')}.")
    if errors:
        raise Exit(2)


@app.command(epilog=examples("foedus new crisis"))
def new(name: Annotated[str, Argument(help="the name of the scenario: NAME.yaml is written here")]) -> None:
    """Write a small commented scenario that runs."""
    from foedus.scenario.template import template

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not name or path.name.startswith("."):
        raise FoedusError("give the scenario a name, as in: foedus new crisis.")
    if path.exists():
        raise FoedusError(f"{path} exists already. Choose another name.")
    try:
        path.write_text(template(), encoding="utf-8")
    except OSError as error:
        raise FoedusError(f"{path} cannot be written: {error.strerror}.") from None
    say(f"Wrote {path}. Try: foedus run {shlex.quote(str(path))}")


@app.command("list", epilog=examples("foedus list"))
def list_(json: Json = False) -> None:
    """The shipped scenarios."""
    from foedus.scenario.files import shipped
    from foedus.scenario.load import load

    rows = [{"name": name, "title": load(name).title} for name in shipped()]
    if json:
        show_json(rows)
        return
    show_list((row["name"], row["title"]) for row in rows)


@app.command(epilog=examples("foedus show taiwan-strait"))
def show(scenario: Name, json: Json = False) -> None:
    """Present a scenario: who wants what, who can do what, what is claimed."""
    from foedus.report.scenario_text import print_scenario

    loaded = read(scenario)
    if json:
        show_json(loaded.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    else:
        print_scenario(loaded, console())


@app.command(
    epilog=examples(
        "foedus explain taiwan-strait --world 7 --paths 3", "foedus explain taiwan-strait --take provoke.squeeze"
    )
)
def explain(
    scenario: Name,
    world: World = 0,
    policy: Policy = None,
    take: Annotated[
        list[str] | None, Option(help="a move to be made, PHASE.ACTION or PHASE.ACTION@PERIOD (repeatable)")
    ] = None,
    paths: Annotated[
        int | None, Option(min=1, max=100, help="tell so many of the likeliest whole paths instead of the walk")
    ] = None,
    worlds: Worlds = WORLDS,
    seed: Seed = 0,
    method: Method = METHOD,
    json: Json = False,
) -> None:
    """Walk through one world by its likeliest moves, and say what each alternative was worth to the mover."""
    from foedus.lenses.explain.explanation import explain as explain_world
    from foedus.lenses.explain.terminal import print_explanation
    from foedus.scenario.names import Names

    loaded = read(scenario, policy)
    known([method], METHODS, "method")
    if world >= worlds:
        raise FoedusError(f"there is no world {world}: they are numbered 0 to {worlds - 1}. Raise --worlds.")
    told = explain_world(loaded, world, policy, worlds, seed, take or (), paths, cast(Known, method))
    if json:
        show_json(asdict(told))
    else:
        print_explanation(told, Names(loaded), console())


@app.command(epilog=examples("foedus schema > foedus.schema.json"))
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    from foedus.scenario.jsonschema import json_schema

    show_json(json_schema())


@app.command(
    epilog=examples(
        "foedus export entrapment-abandonment --format efg > game.efg",
        "foedus export taiwan-strait --format drn --policy status_quo > chain.drn",
    )
)
def export(
    scenario: Name,
    format_: Annotated[str, Option("--format", help="such as efg (Gambit) or drn (Storm); a wrong one lists all")],
    policy: Policy = None,
    world: World = 0,
    worlds: Worlds = WORLDS,
    seed: Seed = 0,
) -> None:
    """Write one world of a game for another program: as a tree for Gambit, as a Markov chain for Storm."""
    from foedus.export.formats import export as exported
    from foedus.scenario.check import validate

    loaded = read(scenario, policy)
    validate(loaded)
    print(exported(loaded, format_, policy, world, worlds, seed))
