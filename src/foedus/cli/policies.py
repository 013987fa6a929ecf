"""Commands that ask which policy to choose, what drives a result and what would change our mind."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from foedus.cli.common import (
    Json,
    Name,
    Page,
    Policies,
    Seed,
    Worlds,
    app,
    examples,
    known,
    present,
    progress,
    read,
    solve,
)
from foedus.errors import FoedusError
from foedus.runs.settings import WORLDS


@app.command(
    epilog=examples(
        "foedus compare taiwan-strait", "foedus compare entrapment-abandonment --metric 'prob(war == joined, at=0)'"
    )
)
def compare(
    scenario: Name,
    policy: Policies = None,
    metric: Annotated[
        list[str] | None, Option(metavar="QUERY", help="what to compare by, a query (repeatable)")
    ] = None,
    lower: Annotated[bool, Option("--lower/--higher", help="whether lower or higher is better, for --metric")] = True,
    enough: Annotated[float | None, Option(help="what is good enough; default: the factual policy's median")] = None,
    actor: Annotated[str | None, Option(help="compare by what this actor expects")] = None,
    worlds: Worlds = WORLDS,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Compare policies: which to choose by each rule, and what would change our mind."""
    from foedus.lenses.policies import choice, choice_telling
    from foedus.lenses.policies.comparison import Direction
    from foedus.lenses.policies.metric import asked_metrics, own_metrics
    from foedus.runs.view import RunView

    loaded = read(scenario, *policy or ())
    known([actor], loaded.actors, "actor")
    if metric and actor:
        raise FoedusError("give --metric or --actor, not both: --metric 'expect(actor)' --higher asks the same.")
    chosen = list(dict.fromkeys(policy or loaded.choosable))
    if len(chosen) < 2:
        others = "" if len(loaded.all_policies) < 2 else ": those that nobody can choose are compared only where named"
        raise FoedusError(f"comparing takes at least two policies{others}. Give --policy twice, or write policies.")
    way = Direction.LOWER if lower else Direction.HIGHER
    with progress(not json) as step:
        run = solve(loaded, worlds, seed, step, [] if metric else chosen)
        metrics = asked_metrics(run, metric, chosen, way) if metric else own_metrics(run, actor, chosen)
    best = choice.choose(run, metrics, enough)
    section = choice_telling.choice_section(RunView(run), best)
    present(section, choice_telling.choice_json(best, list(section.sentences)), json, html, loaded.title)


@app.command(epilog=examples("foedus measures russia-dprk-pact --worlds 50"))
def measures(
    scenario: Name,
    measure: Annotated[
        list[str] | None,
        Option(metavar="POLICY", help="a policy to be a measure (repeatable); every set of them is solved"),
    ] = None,
    goal: Annotated[
        str | None, Option(metavar="QUERY", help="what the goal is about; default: the main outcomes")
    ] = None,
    at_most: Annotated[float | None, Option(help="the goal is reached where the query is at most this")] = None,
    at_least: Annotated[float | None, Option(help="the goal is reached where the query is at least this")] = None,
    within: Annotated[
        float, Option(min=0, help="without a threshold: how far above all measures' value is near enough")
    ] = 0.1,
    worlds: Worlds = WORLDS,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Tell which measures a goal needs, and which are enough."""
    from foedus.lenses.policies import measures, measures_telling
    from foedus.lenses.policies.comparison import Direction
    from foedus.lenses.policies.metric import MetricKind, asked_metrics, own_metrics
    from foedus.runs.view import RunView

    loaded = read(scenario, *measure or ())
    if at_most is not None and at_least is not None:
        raise FoedusError("give --at-most or --at-least, not both.")
    loaded = measures.combined(loaded, measure) if measure else loaded
    taken = measures.measures_of(loaded)
    if not taken:
        written = "Give them 'measures', as in measures: [deterrence, talks]"
        named = "or name two or more policies with --measure: every set of them is then solved"
        raise FoedusError(f"the policies of '{scenario}' do not say what they take. {written}, {named}.")
    with progress(not json) as step:
        run = solve(loaded, worlds, seed, step, [] if goal else taken)
        way = Direction.LOWER if at_least is None else Direction.HIGHER
        metrics = asked_metrics(run, [goal], list(taken), way) if goal else own_metrics(run)
    if not goal:
        if at_least is not None:
            raise FoedusError("--at-least needs a --goal: of the main outcomes less is better.")
        metrics = [metric for metric in metrics if metric.kind == MetricKind.OUTCOME]
    run.policies = list(taken)
    threshold = at_least if at_most is None else at_most
    goals, results = [measures.Goal(metric, threshold, within) for metric in metrics], RunView(run)
    degrees = [measures.degrees_on(run, aim, taken) for aim in goals]
    told = measures_telling.measures_json(results, degrees)
    present(measures_telling.measures_section(results, degrees), told, json, html, loaded.title)


@app.command(
    epilog=examples(
        "foedus drivers entrapment-abandonment --claim dilemma",
        "foedus drivers taiwan-strait --query 'prob(eventually(tension >= crisis))'",
    )
)
def drivers(
    scenario: Name,
    query: Annotated[str | None, Option(help="a query, or arithmetic of queries")] = None,
    claim: Annotated[str | None, Option(help="a claim's id")] = None,
    reading: Annotated[str | None, Option(help="which of the claim's readings; default: the first")] = None,
    policy: Annotated[
        str | None, Option(help="the policy that a query is asked under; default: the factual one")
    ] = None,
    method: Annotated[str, Option(help="sobol, box, local, or all of them")] = "all",
    above: Annotated[
        float | None, Option(help="the box is where the query is above this; default: its upper quartile")
    ] = None,
    points: Annotated[
        int | None,
        Option(min=2, max=65536, help="base points of the Sobol design, a power of two; default: 64 to 1024"),
    ] = None,
    worlds: Worlds = WORLDS,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Tell what drives a query or a claim: shares of variance, where it fails, exact slopes."""
    from foedus.lenses.drivers import measure, telling
    from foedus.lenses.drivers.subject import claim_subject, query_subject

    loaded = read(scenario, policy)
    known([method], ("sobol", "box", "local", "all"), "method")
    if (query is None) == (claim is None):
        raise FoedusError("ask about one thing: --query 'prob(eventually(...))' or --claim ID.")
    if reading is not None and claim is None:
        raise FoedusError("--reading goes with --claim.")
    subject = claim_subject(loaded, claim, reading) if claim else query_subject(loaded, query or "", policy)
    wanted = [method] if method != "all" else ["sobol", "box", *(["local"] if subject.is_smooth else [])]
    with progress(not json) as step:
        run = solve(loaded, worlds, seed, step, [])
        indices = measure.sobol_indices(subject, points, seed) if "sobol" in wanted else None
        box = measure.region(run, subject, above) if "box" in wanted else None
        slopes = measure.local_slopes(run, subject) if "local" in wanted else None
    driven = telling.Drivers(subject, indices, box, slopes)
    section = telling.drivers_section(driven)
    present(section, telling.drivers_json(driven, section), json, html, loaded.title)


@app.command(
    epilog=examples(
        "foedus search entrapment-abandonment --lever honour=0.5:4",
        "foedus search taiwan-strait --metric 'prob(eventually(tension >= crisis))'",
    )
)
def search(
    scenario: Name,
    policy: Annotated[str | None, Option(help="the policy that the levers act on; default: the factual one")] = None,
    lever: Annotated[
        list[str] | None,
        Option(
            metavar="NAME=LOW:HIGH", help="an assumption, or a phase the policy binds (its first period); repeatable"
        ),
    ] = None,
    actor: Annotated[
        str | None, Option(help="whose levers are moved, without --lever; default: whom the policy concerns most")
    ] = None,
    metric: Annotated[list[str] | None, Option(metavar="QUERY", help="a query to make low (repeatable)")] = None,
    higher: Annotated[list[str] | None, Option(metavar="QUERY", help="a query to make high (repeatable)")] = None,
    rule: Annotated[
        str, Option(help="judge by the expected value, or by the tail (the worst tenth of worlds)")
    ] = "expected",
    evaluations: Annotated[int, Option(min=16, max=1_000_000, help="how many candidates are tried, about")] = 600,
    few: Annotated[int, Option(min=1, max=100_000, help="how many worlds stand for all in the search")] = 32,
    worlds: Worlds = WORLDS,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Search for efficient settings of levers: clarity, credibility, timing; final figures in other worlds."""
    from foedus.lenses.policies import search, search_telling
    from foedus.lenses.policies.comparison import Direction
    from foedus.lenses.policies.levers import default_levers, read_lever

    loaded = read(scenario, policy)
    known([rule], list(search.Criterion), "rule")
    base = policy or loaded.factual_policy
    known([actor], loaded.actors, "actor")
    if lever and actor:
        raise FoedusError("give --lever or --actor, not both: levers that are named are moved, whosever they are.")
    whose, levers = "", [read_lever(loaded, base, text) for text in lever or ()]
    if not levers:
        whose, levers = default_levers(loaded, base, actor)
    asked = {Direction.LOWER: metric or [], Direction.HIGHER: higher or []}
    aims = [search.read_aim(loaded, text, way) for way, texts in asked.items() for text in texts]
    aims = aims or search.default_aims(loaded, levers)
    problem = search.Problem(loaded, base, tuple(levers), tuple(aims), whose)
    settings = search.SearchSettings(search.Criterion(rule), evaluations, seed)
    with progress(not json) as step:
        training, held_out = (solve(loaded, worlds, number, step, []).few(few) for number in (seed, seed + 1))
        frontier = search.search(problem, training, held_out, settings, step)
    told = search_telling.search_json(loaded, frontier)
    present(search_telling.search_section(loaded, frontier), told, json, html, loaded.title)
