"""Commands that ask which policy to choose, what drives a result and what would change our mind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foedus.cli.common import Bar, Json, Name, Policies, Seed, Worlds, app, console, known, print_json
from foedus.errors import FoedusError

if TYPE_CHECKING:
    from foedus.lenses.policies.comparison import Direction
    from foedus.present.section import Section

MetricTexts = Annotated[
    list[str] | None, typer.Option("--metric", metavar="QUERY", help="what to compare by, a query (repeatable)")
]
Lower = Annotated[bool, typer.Option("--lower/--higher", help="whether lower or higher is better, for --metric")]


Page = Annotated[Path | None, typer.Option("--html", help="also write it with its charts to this HTML file")]


def present(section: Section, title: str, page: Path | None, told: Any, json: bool) -> None:
    """Shows a section: as JSON or in the terminal, and on a page of its own if asked."""
    from foedus.present.terminal import print_section

    if page is not None:
        from foedus.present.page import write_page

        write_page(title, [section], page)
    if json:
        print_json(told)
        return
    terminal = console()
    print_section(section, terminal)
    if page is not None:
        terminal.print(f"Page: {page}", soft_wrap=True)


def direction(lower: bool) -> Direction:
    """Which way is better."""
    from foedus.lenses.policies.comparison import Direction

    return Direction.LOWER if lower else Direction.HIGHER


@app.command()
def compare(
    scenario: Name,
    policy: Policies = None,
    metric: MetricTexts = None,
    lower: Lower = True,
    enough: Annotated[
        float | None, typer.Option(help="what is good enough; default: the factual policy's median")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="compare by what this actor expects")] = None,
    worlds: Worlds = 200,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Compare policies: which to choose by each rule, and what would change our mind."""
    from foedus.lenses.policies.choice import choose
    from foedus.lenses.policies.choice_telling import choice_json, choice_section
    from foedus.lenses.policies.metric import asked_metrics, own_metrics
    from foedus.runs.local import run
    from foedus.runs.view import RunView
    from foedus.scenario.load import load

    loaded = load(scenario)
    known(policy or [], loaded.all_policies, "policy")
    known([actor] if actor else [], loaded.actors, "actor")
    if metric and actor:
        raise FoedusError("give --metric or --actor, not both: --metric 'expect(actor)' --higher asks the same.")
    chosen = list(dict.fromkeys(policy or loaded.all_policies))
    if len(chosen) < 2:
        raise FoedusError("comparing takes at least two policies. Give --policy twice, or write policies.")
    with Bar(show=not json) as bar:
        made = run(loaded, policies=[] if metric else chosen, worlds=worlds, seed=seed, judge=False, progress=bar.step)
        metrics = asked_metrics(made, metric, chosen, direction(lower)) if metric else own_metrics(made, actor, chosen)
    choice = choose(made, metrics, enough)
    section = choice_section(RunView(made), choice)
    present(section, loaded.title, html, choice_json(choice, list(section.sentences)), json)


@app.command()
def measures(
    scenario: Name,
    measure: Annotated[
        list[str] | None,
        typer.Option(metavar="POLICY", help="a policy to be a measure (repeatable); every set of them is solved"),
    ] = None,
    goal: Annotated[
        str | None, typer.Option(metavar="QUERY", help="what the goal is about; default: the main outcomes")
    ] = None,
    at_most: Annotated[float | None, typer.Option(help="the goal is reached where the query is at most this")] = None,
    at_least: Annotated[float | None, typer.Option(help="the goal is reached where the query is at least this")] = None,
    within: Annotated[
        float, typer.Option(min=0, help="without a threshold: how far above all measures' value is near enough")
    ] = 0.1,
    worlds: Worlds = 200,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Tell which measures a goal needs, and which are enough."""
    from foedus.lenses.policies.measures import Goal, combined, degrees_on, measures_of
    from foedus.lenses.policies.measures_telling import measures_json, measures_section
    from foedus.lenses.policies.metric import MetricKind, asked_metrics, own_metrics
    from foedus.runs.local import run
    from foedus.runs.view import RunView
    from foedus.scenario.load import load

    loaded = load(scenario)
    known(measure or [], loaded.all_policies, "policy")
    if at_most is not None and at_least is not None:
        raise FoedusError("give --at-most or --at-least, not both.")
    loaded = combined(loaded, measure) if measure else loaded
    taken = measures_of(loaded)
    if not taken:
        raise FoedusError(
            f"the policies of '{scenario}' do not say what they take. Give them 'measures', as in measures: [deterrence, talks], "
            "or name two or more policies with --measure: every set of them is then solved."
        )
    with Bar(show=not json) as bar:
        made = run(
            loaded, policies=[] if goal else list(taken), worlds=worlds, seed=seed, judge=False, progress=bar.step
        )
        way = direction(at_least is None)
        metrics = asked_metrics(made, [goal], list(taken), way) if goal else own_metrics(made)
    if not goal:
        metrics = [metric for metric in metrics if metric.kind == MetricKind.OUTCOME]
        if at_least is not None:
            raise FoedusError("--at-least needs a --goal: of the main outcomes less is better.")
    made.policies = list(taken)
    threshold = at_least if at_most is None else at_most
    degrees = [degrees_on(made, Goal(metric, threshold, within), taken) for metric in metrics]
    results = RunView(made)
    present(measures_section(results, degrees), loaded.title, html, measures_json(results, degrees), json)


@app.command()
def drivers(
    scenario: Name,
    query: Annotated[str | None, typer.Option(help="a query, or arithmetic of queries")] = None,
    claim: Annotated[str | None, typer.Option(help="a claim's id")] = None,
    reading: Annotated[str | None, typer.Option(help="which of the claim's readings; default: the first")] = None,
    policy: Annotated[
        str | None, typer.Option(help="the policy that a query is asked under; default: the factual one")
    ] = None,
    method: Annotated[str, typer.Option(help="sobol, box, local, or all of them")] = "all",
    above: Annotated[
        float | None, typer.Option(help="the box is where the query is above this; default: its upper quartile")
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(min=2, max=65536, help="base points of the Sobol design, a power of two; default: 64 to 1024"),
    ] = None,
    worlds: Worlds = 200,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Tell what drives a query or a claim: shares of variance, where it fails, exact slopes."""
    from foedus.lenses.drivers.measure import local_slopes, region, sobol_indices
    from foedus.lenses.drivers.subject import claim_subject, query_subject
    from foedus.lenses.drivers.telling import Drivers, drivers_json, drivers_section
    from foedus.runs.local import run
    from foedus.scenario.load import load

    loaded = load(scenario)
    known([method], ("sobol", "box", "local", "all"), "method")
    known([policy] if policy else [], loaded.all_policies, "policy")
    if (query is None) == (claim is None):
        raise FoedusError("ask about one thing: --query 'prob(eventually(...))' or --claim ID.")
    if reading is not None and claim is None:
        raise FoedusError("--reading goes with --claim.")
    subject = claim_subject(loaded, claim, reading) if claim else query_subject(loaded, query or "", policy)
    wanted = [method] if method != "all" else ["sobol", "box", *(["local"] if subject.is_smooth else [])]
    with Bar(show=not json) as bar:
        made = run(loaded, policies=[], worlds=worlds, seed=seed, judge=False, progress=bar.step)
        driven = Drivers(
            subject,
            sobol_indices(subject, points, seed) if "sobol" in wanted else None,
            region(made, subject, above) if "box" in wanted else None,
            local_slopes(made, subject) if "local" in wanted else None,
        )
    section = drivers_section(driven)
    present(section, loaded.title, html, drivers_json(driven, section), json)


@app.command()
def search(
    scenario: Name,
    policy: Annotated[
        str | None, typer.Option(help="the policy that the levers act on; default: the factual one")
    ] = None,
    lever: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=LOW:HIGH", help="an assumption, or a phase the policy binds (its first period); repeatable"
        ),
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(metavar="QUERY", help="a query to make low (repeatable)")] = None,
    higher: Annotated[list[str] | None, typer.Option(metavar="QUERY", help="a query to make high (repeatable)")] = None,
    rule: Annotated[
        str, typer.Option(help="judge by the expected value, or by the tail (the worst tenth of worlds)")
    ] = "expected",
    evaluations: Annotated[int, typer.Option(min=16, max=1_000_000, help="how many candidates are tried, about")] = 600,
    few: Annotated[int, typer.Option(min=1, max=100_000, help="how many worlds stand for all in the search")] = 32,
    worlds: Worlds = 200,
    seed: Seed = 0,
    html: Page = None,
    json: Json = False,
) -> None:
    """Search for efficient settings of levers: clarity, credibility, timing; final figures in other worlds."""
    from foedus.lenses.policies import search as robust
    from foedus.lenses.policies.levers import default_levers, read_lever
    from foedus.lenses.policies.search_telling import search_json, search_section
    from foedus.runs.local import run
    from foedus.scenario.load import load

    loaded = load(scenario)
    known([policy] if policy else [], loaded.all_policies, "policy")
    known([rule], list(robust.Criterion), "rule")
    base = policy or loaded.factual_policy
    levers = [read_lever(loaded, base, text) for text in lever] if lever else default_levers(loaded, base)
    if not levers:
        raise FoedusError(
            "no commitment's clarity or cost is one uncertain assumption. Name levers: --lever name=low:high."
        )
    asked = [(text, direction(lower=True)) for text in metric or []]
    asked += [(text, direction(lower=False)) for text in higher or []]
    aims = [robust.read_aim(loaded, *aim) for aim in asked] or robust.default_aims(loaded, levers)
    problem = robust.Problem(loaded, base, tuple(levers), tuple(aims))
    settings = robust.SearchSettings(robust.Criterion(rule), evaluations, seed)
    with Bar(show=not json) as bar:
        training, held_out = (
            run(loaded, policies=[], worlds=worlds, seed=number, judge=False, progress=bar.step).few(few)
            for number in (seed, seed + 1)
        )
        frontier = robust.search(problem, training, held_out, settings, bar.step)
    present(search_section(loaded, frontier), loaded.title, html, search_json(loaded, frontier), json)
