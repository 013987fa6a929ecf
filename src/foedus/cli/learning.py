"""Commands that set a scenario against its record: what it teaches, and how forecasts would have done."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from typer import Option

from foedus.cli.common import Json, Name, Seed, Worlds, app, examples, present, progress, read
from foedus.runs.progress import Tally
from foedus.runs.settings import WORLDS
from foedus.worlds.thresholds import LEARNING_EFFECTIVE, LEARNING_WORLDS


@app.command(epilog=examples("foedus learn russia-dprk-pact --worlds 100"))
def learn(
    scenario: Name,
    worlds: Worlds = LEARNING_WORLDS,
    effective: Annotated[
        int, Option(min=2, max=100_000, help="draw worlds anew where fewer effective ones are left")
    ] = LEARNING_EFFECTIVE,
    resample: Annotated[
        bool | None, Option("--resample/--no-resample", help="draw worlds anew in any case, or in none")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Weigh worlds by the observations: prior against posterior, and which observation moved what."""
    from foedus.record.learned import learning
    from foedus.record.learned_telling import section, to_json
    from foedus.scenario.check import validate
    from foedus.scenario.names import Names
    from foedus.worlds.posterior import posterior_worlds

    loaded = read(scenario)
    validate(loaded)
    with progress(not json) as step:
        tally = Tally(worlds, step)
        weighed = posterior_worlds(loaded, worlds, seed, effective, resample, lambda what, more: tally(more, what))
        learned = learning(loaded, weighed)
    names = Names(loaded)
    told = section(names, learned)
    present(told, to_json(names, learned, list(told.sentences)), json)


@app.command(
    epilog=examples(
        "foedus score russia-dprk-pact --worlds 100 --drop 0", "foedus score russia-dprk-pact --horizon 6 --json"
    )
)
def score(
    scenario: Name,
    worlds: Worlds = WORLDS,
    horizon: Annotated[int, Option(min=1, max=2000, help="how many periods ahead is forecast")] = 1,
    drop: Annotated[
        int, Option(min=0, max=100_000, help="worlds in which each mechanism is dropped in turn; 0: none is")
    ] = 50,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score forecasts of the observed events against four rivals, from a rolling origin."""
    from foedus.present.plain import strict
    from foedus.record.mechanisms import drop_each
    from foedus.record.score import score_scenario
    from foedus.record.score_telling import section
    from foedus.scenario.check import validate
    from foedus.scenario.names import Names

    loaded = read(scenario)
    validate(loaded)
    with progress(not json) as step:
        tally = Tally(2 * worlds, step)
        record = score_scenario(loaded, worlds, seed, horizon, lambda more: tally(more, "forecasting"))
        if drop:
            dropped = drop_each(loaded, drop, seed, horizon, lambda *done: step("dropping mechanisms", *done))
            record = replace(record, mechanisms=dropped)
    told = section(Names(loaded), record)
    present(told, strict({**record.to_json(), "sentences": list(told.sentences)}), json)
