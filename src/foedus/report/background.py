"""The second half of a report: assumptions, how the game is built, observations, limits and provenance."""

from __future__ import annotations

from typing import Any

import numpy as np

from foedus.present.likelihood import scale
from foedus.present.wording import NOT_SCORED, capital, count, listed, number, percent
from foedus.record.forecasts import Forecaster
from foedus.report import charts_claims
from foedus.runs.view import RunView
from foedus.scenario.commitments import Commitment
from foedus.scenario.names import Names, plain, titled
from foedus.scenario.parts import Observation, StateVariable
from foedus.scenario.scope import period_of

_SIZES = {
    "states_start": "states at a period's start",
    "nodes": "nodes of a period",
    "branches": "branches",
    "actions": "actions",
    "coefficients": "distinct numbers",
    "bytes_per_world": "bytes a world",
}


def background(results: RunView) -> dict[str, Any]:
    """What the template's second half shows."""
    scenario, names, run = results.scenario, results.names, results.run
    movers = [names.actor(a) for a in scenario.actors if any(p.decide == a for p in scenario.turn)]
    movers += ["nature"] if any(p.decide is None for p in scenario.turn) else []
    uncertain, fixed = [], []
    for name, written in scenario.all_assumptions.items():
        row = {"id": name, "name": names.assumption(name), "written": written}
        if written.distribution is None:
            fixed.append(row)
        elif name in run.draws:
            uncertain.append(row | _moved(results, name))
    return {
        "uncertain": uncertain,
        "fixed": fixed,
        "movers": listed(movers, 8),
        "variables": [
            {"name": names.variable(name), "levels": variable.levels, **_start_and_notes(variable)}
            for name, variable in scenario.state.items()
        ],
        "commitments": [_commitment(names, name, c) for name, c in scenario.commitments.items()],
        "sizes": [(name, f"{getattr(run.game, key):,}") for key, name in _SIZES.items()],
        "observations": [_observation(results, i, o) for i, o in enumerate(scenario.observations) if run.observed],
        "limits": limits(results),
        "forecasters": [plain(who) for who in Forecaster],
        "scores": {capital(plain(kind)): means.values() for kind, means in run.score.scores.by.items()}
        if run.score
        else {},
        "provenance": [(capital(plain(key)), _told(value)) for key, value in run.meta.items()],
        "scale": scale(),
    }


def _moved(results: RunView, name: str) -> dict[str, Any]:
    """An uncertain number before and after the observations, and how far its median moved for its reach."""
    draws = np.asarray(results.run.draws[name], dtype=float)
    prior, posterior = results.spread(draws, results.prior_weights), results.spread(draws)
    reach = prior.high - prior.low
    return {
        "prior": prior,
        "posterior": posterior,
        "moved": (posterior.median - prior.median) / reach if reach > 0 else 0.0,
        "density": charts_claims.density(draws, results.prior_weights, results.weights, results.run.observed),
    }


def _start_and_notes(variable: StateVariable) -> dict[str, str]:
    start = variable.start
    if not isinstance(start, str):
        start = ", ".join(f"{plain(level)} ({percent(p) if isinstance(p, float) else p})" for level, p in start.items())
    notes = [f"the game freezes at {listed([plain(level) for level in variable.ends])}"] if variable.ends else []
    notes += ["falls back when the period ends"] if variable.within else []
    notes += [variable.why] if variable.why else []
    return {"start": plain(start), "notes": "; ".join(notes)}


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


def _commitment(names: Names, name: str, c: Commitment) -> dict[str, Any]:
    known = "" if c.known_to is None else f"; known only to {listed([names.actor(a) for a in c.known_to]) or 'nobody'}"
    return {
        "name": c.label or titled(name),
        "kind": plain(c.kind),
        "parties": f"{names.actor(c.from_)}, to {listed([names.actor(a) for a in c.to])}",
        "applies": clause_text(c),
        "expected": f"{plain(c.expected)} or more, out of {', '.join(plain(a) for a in c.order)}",
        "cost": f"{c.reneging.cost} a step, to {plain(c.reneging.objective)}",
        "in_force": ("always" if c.in_force == 1 else str(c.in_force)) + known,
        "why": c.why,
    }


def _observation(results: RunView, i: int, written: Observation) -> dict[str, Any]:
    """One observation, and the probability that the model gave it beforehand."""
    logs, took = results.run.loglik_by_observation, [results.names.action(a) for a in written.took or ()]
    coded = f"one of: {', '.join(took)}" if took else f"state: {written.is_}"
    return {
        "written": written,
        "at": results.scenario.horizon.calendar.label(period_of(results.scenario, written.at)),
        "coded": took[0] if len(took) == 1 else coded,
        "error": written.error if isinstance(written.error, str) else percent(written.error),
        "expected": float(results.prior_weights @ np.exp(logs[i])) if logs is not None and i < len(logs) else None,
    }


def limits(results: RunView) -> list[str]:
    """What was assumed, what was fitted and what was not, in plain words."""
    scenario, run = results.scenario, results.run
    numbers, unit = scenario.all_assumptions.values(), scenario.horizon.unit
    uncertain = sum(a.distribution is not None for a in numbers)
    bare = sum(not a.evidence for a in scenario.assumptions.values())
    drawn, policies = len(results.selected_policies()), len(results.policies)
    fitted = (
        f"Fitted: nothing but the weights of worlds, by {count(len(scenario.observations), 'observation')}. Observations "
        "choose among the worlds that were assumed; they cannot show that all of them are wrong."
        if run.observed
        else "Fitted: nothing. No observation weighs the worlds."
    )
    told = (
        (
            True,
            f"Assumed: who the actors are, what they want, what they can do and in which order, and "
            f"{count(len(numbers), 'number')}, of which {uncertain} are uncertain. "
            f"{bare} of the {len(scenario.assumptions)} named assumptions cite no source.",
        ),
        (True, fitted),
        (
            True,
            "Not modelled: moves made at the same time, private information that is revealed by acting, and parties "
            "that learn. Every actor moves as one, sees what was done before, and knows how the others choose.",
        ),
        (
            any(not belief.known for beliefs in scenario.beliefs.values() for belief in beliefs.values()),
            "Some actors misjudge a number without anyone noticing: nobody learns of the mistake from what is done.",
        ),
        (
            scenario.beyond,
            f"The game is solved for {count(scenario.beyond, unit)} after the last one reported, "
            "so that the end casts little shadow back.",
        ),
        (
            run.meta.get("subset"),
            f"Precision sweeps and tests of what is built in were run on {run.meta.get('subset')} worlds, not all.",
        ),
        (
            run.large,
            "The results of each world are too large for one file: results.nc holds their averages, weights and which "
            "claims hold in each world; the chunks beside it hold the rest.",
        ),
        (
            run.meta.get("searched_worlds"),
            "What decides claims and outcomes, and where claims fail, was looked for in the first "
            f"{run.meta.get('searched_worlds', 0):,} worlds, not all; shares, averages and ranges are over all.",
        ),
        (drawn < policies, f"Charts over time show {drawn} of {policies} policies; the tables show all."),
        (
            run.prior is not None,
            "Half of the worlds were drawn where the observations point. Shares before the observations weigh them "
            "back to the assumptions as written.",
        ),
        (not run.score, NOT_SCORED),
    )
    return [text for is_so, text in told if is_so]


def _told(value: Any) -> str:
    """An entry of a run's provenance."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{plain(str(k))} {number(v) if isinstance(v, (int, float)) else v}" for k, v in value.items())
