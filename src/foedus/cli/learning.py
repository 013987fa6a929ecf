"""Commands that set a scenario against its record: what it teaches, and how forecasts would have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from foedus.cli.common import Bar, Json, Name, Seed, Worlds, app, console, print_json


@app.command()
def learn(
    scenario: Name,
    worlds: Worlds = 5000,
    effective: Annotated[
        int, typer.Option(min=2, max=100_000, help="draw worlds anew where fewer effective ones are left")
    ] = 500,
    resample: Annotated[
        bool | None, typer.Option("--resample/--no-resample", help="draw worlds anew in any case, or in none")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Weigh worlds by the observations: prior against posterior, and which observation moved what."""
    from foedus.present.terminal import print_section
    from foedus.record.learned import learning
    from foedus.record.learned_telling import section, to_json
    from foedus.scenario.check import validate
    from foedus.scenario.load import load
    from foedus.scenario.names import Names
    from foedus.worlds.posterior import posterior_worlds

    loaded = load(scenario)
    validate(loaded)
    with Bar(show=not json) as bar:
        step = counted(bar, worlds)
        found = learning(loaded, posterior_worlds(loaded, worlds, seed, effective, resample, step))
    made = section(Names(loaded), found)
    if json:
        print_json(to_json(Names(loaded), found, list(made.sentences)))
    else:
        print_section(made, console())


@app.command()
def score(
    scenario: Name,
    worlds: Worlds = 200,
    horizon: Annotated[int, typer.Option(min=1, max=2000, help="how many periods ahead is forecast")] = 1,
    drop: Annotated[
        int, typer.Option(min=0, max=100_000, help="worlds in which each mechanism is dropped in turn; 0: none is")
    ] = 50,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score forecasts of the observed events against simple rivals, from a rolling origin."""
    from foedus.present.plain import strict
    from foedus.present.terminal import print_section
    from foedus.record.mechanisms import drop_each
    from foedus.record.score import score_scenario
    from foedus.record.score_telling import section
    from foedus.scenario.check import validate
    from foedus.scenario.load import load
    from foedus.scenario.names import Names

    loaded = load(scenario)
    validate(loaded)
    with Bar(show=not json) as bar:
        step = counted(bar, worlds)
        record = score_scenario(loaded, worlds, seed, horizon, lambda more: step("forecasting", more))
        if drop:
            dropped = drop_each(
                loaded, drop, seed, horizon, lambda done, total: bar.step("dropping mechanisms", done, total)
            )
            record = replace(record, mechanisms=dropped)
    made = section(Names(loaded), record)
    if json:
        print_json(strict({**record.to_json(), "sentences": list(made.sentences)}))
    else:
        print_section(made, console())


def counted(bar: Bar, total: int) -> Callable[[str, int], None]:
    """Adds up what is reported as done, by what it is."""
    done: dict[str, int] = {}

    def step(what: str, more: int) -> None:
        done[what] = done.get(what, 0) + more
        bar.step(what, done[what], max(total, done[what]))

    return step
