"""The second half of a report: assumptions, how the game is built, observations, limits and provenance."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from foedus.present.likelihood import estimative
from foedus.present.wording import NOT_SCORED, assumed, capital, count, listed, number, percent
from foedus.record.forecasts import Forecaster
from foedus.report import charts_claims
from foedus.runs.view import RunView
from foedus.scenario.names import plain, titled
from foedus.scenario.schema import Commitment, StateVariable
from foedus.scenario.scope import period_of


def background(results: RunView) -> dict[str, Any]:
    """What the template's second half shows."""
    scenario, names = results.scenario, results.names
    uncertain = {name for name, a in scenario.all_assumptions.items() if a.distribution is not None}
    drawn = results.run.draws
    movers = [names.actor(a) for a in scenario.actors if any(p.decide == a for p in scenario.turn)]
    nature = ["nature"] if any(p.decide is None for p in scenario.turn) else []
    return {
        "uncertain": [
            _uncertain(results, name) for name in scenario.all_assumptions if name in uncertain and name in drawn
        ],
        "fixed": [_fixed(results, name) for name in scenario.all_assumptions if name not in uncertain],
        "unit": scenario.horizon.unit,
        "steps": len(scenario.turn),
        "movers": listed([*movers, *nature], 8),
        "variables": [_variable(results, name, variable) for name, variable in scenario.state.items()],
        "commitments": [_commitment(results, name, c) for name, c in scenario.commitments.items()],
        "sizes": _sizes(results),
        "observations": _observations(results),
        "limits": limits(results),
        "score": _score(results),
        "sources": [_source(name, results) for name in scenario.sources],
        "provenance": _provenance(results),
        "words_note": _words_note(),
    }


def _uncertain(results: RunView, name: str) -> dict[str, Any]:
    written, draws = results.scenario.all_assumptions[name], np.asarray(results.run.draws[name], dtype=float)
    prior, posterior = results.spread(draws, results.prior_weights), results.spread(draws)
    reach = prior.high - prior.low
    return {
        "id": name,
        "name": results.names.assumption(name),
        "assumed": assumed(written),
        "prior": prior,
        "posterior": posterior,
        "moved": (posterior.median - prior.median) / reach if reach > 0 else 0.0,
        "density": charts_claims.density(draws, results.prior_weights, results.weights, results.run.observed),
        "why": written.why,
        "evidence": written.evidence,
    }


def _fixed(results: RunView, name: str) -> dict[str, Any]:
    written = results.scenario.all_assumptions[name]
    return {
        "id": name,
        "name": results.names.assumption(name),
        "assumed": assumed(written),
        "why": written.why,
        "evidence": written.evidence,
    }


def _variable(results: RunView, name: str, variable: StateVariable) -> dict[str, Any]:
    start = variable.start
    if not isinstance(start, str):
        start = ", ".join(f"{plain(level)} ({percent(p) if isinstance(p, float) else p})" for level, p in start.items())
    notes = [f"the game freezes at {listed([plain(level) for level in variable.ends])}"] if variable.ends else []
    notes += ["falls back when the period ends"] if variable.within else []
    notes += [variable.why] if variable.why else []
    return {
        "name": results.names.variable(name),
        "levels": [plain(level) for level in variable.levels],
        "start": plain(start),
        "notes": "; ".join(notes),
    }


def clause_text(commitment: Commitment) -> str:
    """When a commitment applies, in words."""
    trigger = commitment.trigger
    if trigger.reads is not None:
        ends = f"{trigger.reads.low} to {trigger.reads.high}"
        return f"with a probability read as anywhere from {ends} (in truth {trigger.reads.true})"
    if trigger.applies is not None:
        return f"with probability {trigger.applies}"
    how = f"vague by {trigger.vagueness}" if trigger.vagueness != 0 else "a bright line"
    read = "at every turn" if trigger.read == "always" else "when it rises"
    return f"as {trigger.severity} passes {trigger.threshold} ({how}), read {read}"


def _commitment(results: RunView, name: str, c: Commitment) -> dict[str, Any]:
    names = results.names
    in_force = "always" if c.in_force == 1 else str(c.in_force)
    known = "" if c.known_to is None else f"; known only to {listed([names.actor(a) for a in c.known_to]) or 'nobody'}"
    return {
        "name": c.label or titled(name),
        "kind": plain(c.kind),
        "parties": f"{names.actor(c.from_)}, to {listed([names.actor(a) for a in c.to])}",
        "applies": clause_text(c),
        "expected": f"{plain(c.expected)} or more, out of {', '.join(plain(a) for a in c.order)}",
        "cost": f"{c.reneging.cost} a step, to {plain(c.reneging.objective)}",
        "in_force": in_force + known,
        "why": c.why,
    }


def _sizes(results: RunView) -> list[tuple[str, str]]:
    game, found = results.run.game, []
    for key, name in (
        ("states_start", "states at a period's start"),
        ("nodes", "nodes of a period"),
        ("branches", "branches"),
        ("actions", "actions"),
        ("coefficients", "distinct numbers"),
        ("bytes_per_world", "bytes a world"),
    ):
        value = getattr(game, key, None)
        if value is not None:
            found.append((name, f"{value:,}"))
    return found


def _observations(results: RunView) -> list[dict[str, Any]]:
    if not results.run.observed:
        return []
    logs, calendar, rows = results.run.loglik_by_observation, results.scenario.horizon.calendar, []
    for i, o in enumerate(results.scenario.observations):
        coded = f"one of: {', '.join(results.names.action(a) for a in o.took)}" if o.took else f"state: {o.is_}"
        if o.took and len(o.took) == 1:
            coded = results.names.action(o.took[0])
        expected = float(results.prior_weights @ np.exp(logs[i])) if logs is not None and i < len(logs) else None
        rows.append(
            {
                "at": calendar.label(period_of(results.scenario, o.at)),
                "event": o.event or o.why,
                "coded": coded,
                "error": o.error if isinstance(o.error, str) else percent(o.error),
                "expected": expected,
                "source": o.source,
            }
        )
    return rows


def limits(results: RunView) -> list[str]:
    """What was assumed, what was fitted and what was not, in plain words."""
    scenario, run = results.scenario, results.run
    written = scenario.all_assumptions
    uncertain = [a for a in written.values() if a.distribution is not None]
    seen = count(len(scenario.observations), "observation")
    bare = sum(not a.evidence for a in scenario.assumptions.values())
    found = [
        f"Assumed: who the actors are, what they want, what they can do and in which order, and "
        f"{count(len(written), 'number')}, of which {len(uncertain)} are uncertain. "
        f"{bare} of the {len(scenario.assumptions)} named assumptions cite no source.",
        f"Fitted: nothing but the weights of worlds, by {seen}. Observations choose among "
        "the worlds that were assumed; they cannot show that all of them are wrong."
        if run.observed
        else "Fitted: nothing. No observation weighs the worlds.",
        "Not modelled: moves made at the same time, private information that is revealed by acting, and parties "
        "that learn. Every actor moves as one, sees what was done before, and knows how the others choose.",
    ]
    if any(not b.known for each in scenario.beliefs.values() for b in each.values()):
        found.append(
            "Some actors misjudge a number without anyone noticing: nobody learns of the mistake from what is done."
        )
    if scenario.beyond:
        found.append(
            f"The game is solved for {count(scenario.beyond, scenario.horizon.unit)} after the last one reported, "
            "so that the end casts little shadow back."
        )
    if run.meta.get("subset"):
        found.append(
            f"Precision sweeps and tests of what is built in were run on {run.meta['subset']} worlds, not all."
        )
    if run.large:
        found.append(
            "The results of each world are too large for one file: results.nc holds their averages, weights and which "
            "claims hold in each world; the chunks beside it hold the rest."
        )
    if run.meta.get("searched_worlds"):
        found.append(
            f"What decides claims and outcomes, and where claims fail, was looked for in the first "
            f"{run.meta['searched_worlds']:,} worlds, not all; shares, averages and ranges are over all."
        )
    spare = [a for a in results.policies if a not in results.selected_policies()]
    if spare:
        drawn = len(results.policies) - len(spare)
        found.append(f"Charts over time show {drawn} of {len(results.policies)} policies; the tables show all.")
    if run.prior is not None:
        found.append(
            "Half of the worlds were drawn where the observations point. Shares before the observations weigh them back "
            "to the assumptions as written."
        )
    if not run.score:
        found.append(NOT_SCORED)
    return found


def _score(results: RunView) -> dict[str, Any] | None:
    score = results.run.score
    if not score:
        return None
    rows = [{"name": capital(plain(kind)), "cells": list(means.values())} for kind, means in score.scores.by.items()]
    return {"columns": [plain(who) for who in Forecaster], "rows": rows}


def _source(name: str, results: RunView) -> dict[str, str]:
    source = results.scenario.sources[name]
    url = source.url if source.url.startswith(("https://", "http://")) else ""
    return {"id": name, "title": source.title, "author": source.author, "date": source.date, "url": url}


def _provenance(results: RunView) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in results.run.meta.items():
        if isinstance(value, dict):
            parts = [f"{plain(str(k))} {number(v) if isinstance(v, (int, float)) else v}" for k, v in value.items()]
            found.append((capital(plain(key)), ", ".join(parts)))
        else:
            found.append((capital(plain(key)), str(value)))
    return found


def _words_note() -> str:
    """The scale behind the words for probabilities, read off the words themselves."""
    scale = [
        (name, [p for p, _ in group])
        for name, group in groupby([(p, estimative(p / 100)) for p in range(101)], lambda pair: pair[1])
    ]
    return (
        "Words for probabilities: " + "; ".join(f"{name}, {points[0]} to {points[-1]}%" for name, points in scale) + "."
    )
