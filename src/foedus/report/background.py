"""The second half of a report: assumptions, how the game is built, observations, limits and provenance."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from foedus.present.likelihood import scale
from foedus.present.wording import NOT_SCORED, count, listed, number, percent
from foedus.record.forecasts import Forecaster
from foedus.report import charts_claims
from foedus.report.diagram import turn_diagram
from foedus.report.sampling import sampled
from foedus.runs.view import RunView
from foedus.scenario.commitments import Commitment
from foedus.scenario.names import Names, plain, titled
from foedus.scenario.parts import Observation, StateVariable
from foedus.scenario.scope import period_of
from foedus.worlds.weights import Spread


def background(results: RunView) -> dict[str, Any]:
    """What the template's second half shows."""
    scenario, names, run = results.scenario, results.names, results.run
    movers = [names.actor(a) for a in scenario.actors if any(p.decide == a for p in scenario.turn)]
    movers += ["nature"] if any(p.decide is None for p in scenario.turn) else []
    written = scenario.all_assumptions
    drawn = {name: a for name, a in written.items() if a.distribution is not None and name in run.draws}
    return {
        "uncertain": [(name, a, *_moved(results, name)) for name, a in drawn.items()],
        "fixed": {name: a for name, a in written.items() if a.distribution is None},
        "movers": listed(movers, 8),
        "variables": [(names.variable(name), v.levels, *_start_and_notes(v)) for name, v in scenario.state.items()],
        "commitments": [
            (c.label or titled(name), c, *_commitment(names, c)) for name, c in scenario.commitments.items()
        ],
        "diagram": turn_diagram(scenario),
        "observations": [_observation(results, i, o) for i, o in enumerate(scenario.observations) if run.observed],
        "limits": limits(results),
        "forecasters": [plain(who) for who in Forecaster],
        "scores": run.score.scores.by if run.score else {},
        "provenance": {key: _told(value) for key, value in run.meta.items()},
        "scale": scale(),
    }


def _moved(results: RunView, name: str) -> tuple[Spread, Spread, float, Markup]:
    """An uncertain number before and after the observations, how far its median moved for its reach, and a drawing."""
    draws = np.asarray(results.run.draws[name], dtype=float)
    prior, posterior = results.spread(draws, results.prior_weights), results.spread(draws)
    reach = prior.high - prior.low
    moved = (posterior.median - prior.median) / reach if reach > 0 else 0.0
    drawing = charts_claims.density(draws, results.prior_weights, results.weights, results.run.observed)
    return prior, posterior, moved, drawing


def _start_and_notes(variable: StateVariable) -> tuple[str, str]:
    start = variable.start
    if not isinstance(start, str):
        start = ", ".join(f"{plain(level)} ({percent(p) if isinstance(p, float) else p})" for level, p in start.items())
    notes = [f"the game freezes at {listed([plain(level) for level in variable.ends])}"] if variable.ends else []
    notes += ["falls back when the period ends"] if variable.within else []
    notes += [variable.why] if variable.why else []
    return plain(start), "; ".join(notes)


def clause_text(commitment: Commitment) -> str:
    """When a commitment applies, in words."""
    trigger = commitment.trigger
    if trigger.reads is not None:
        ends = f"{trigger.reads.low} to {trigger.reads.high}"
        return f"with a probability read as anywhere from {ends} (in truth {trigger.reads.true})"
    if trigger.applies is not None:
        return f"with probability {trigger.applies}"
    how = f"vague by {trigger.vagueness}" if trigger.vagueness != 0 else "a bright line"
    read = "at each answer" if trigger.read == "always" else "at the first answer after a rise"
    return f"as {trigger.severity} passes {trigger.threshold} ({how}), read {read}"


def _commitment(names: Names, c: Commitment) -> tuple[str, str, str]:
    """Whose a commitment is, when it applies, and where it is in force."""
    known = "" if c.known_to is None else f"; known only to {listed([names.actor(a) for a in c.known_to]) or 'nobody'}"
    parties = f"{names.actor(c.from_)}, to {listed([names.actor(a) for a in c.to])}"
    return parties, clause_text(c), ("always" if c.in_force == 1 else str(c.in_force)) + known


def _observation(results: RunView, i: int, written: Observation) -> tuple[Observation, str, str, float | None]:
    """One observation: when, as what it is coded, and the probability that the model gave it beforehand."""
    logs, took = results.run.loglik_by_observation, [results.names.action(a) for a in written.took or ()]
    coded = f"one of: {', '.join(took)}" if took else f"state: {written.is_}"
    at = results.scenario.horizon.calendar.label(period_of(results.scenario, written.at))
    expected = float(results.prior_weights @ np.exp(logs[i])) if logs is not None and i < len(logs) else None
    return written, at, took[0] if len(took) == 1 else coded, expected


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
    misjudged = any(not belief.known for beliefs in scenario.beliefs.values() for belief in beliefs.values())
    subset, searched = run.meta.get("subset"), run.meta.get("searched_worlds")
    told = {
        f"Assumed: who the actors are, what they want, what they can do and in which order, and "
        f"{count(len(numbers), 'number')}, of which {uncertain} are uncertain. "
        f"{bare} of the {len(scenario.assumptions)} named assumptions cite no source.": True,
        fitted: True,
        f"Sampled: {count(len(run.weights), 'world')}. {sampled(run)}": True,
        "Not modelled: moves made at the same time, private information that is revealed by acting, and parties "
        "that learn. Every actor moves as one, sees what was done before, and knows how the others choose.": True,
        "A choice is worth to who makes it what it pays less what control costs, which is how far the choice departs from "
        "base rates, over precision (Mattsson and Weibull 2002).": scenario.value == "entropy",
        "Some actors misjudge a number without anyone noticing: nobody learns of the mistake from what is done.": misjudged,
        f"The game is solved for {count(scenario.beyond, unit)} after the last one reported, "
        "so that the end casts little shadow back.": scenario.beyond,
        f"Precision sweeps and tests of what is built in were run on {subset} worlds, not all.": subset,
        "The results of each world are too large for one file: results.nc holds their averages, weights and which "
        "claims hold in each world; the chunks beside it hold the rest.": run.large,
        "What decides claims and outcomes, and where claims fail, was looked for in the first "
        f"{searched or 0:,} worlds, not all; shares, averages and ranges are over all.": searched,
        f"Charts over time show {drawn} of {policies} policies; the tables show all.": drawn < policies,
        "Half of the worlds were drawn where the observations point. Shares before the observations weigh them "
        "back to the assumptions as written.": run.prior is not None,
        NOT_SCORED: not run.score,
    }
    return [text for text, is_so in told.items() if is_so]


def _told(value: Any) -> str:
    """An entry of a run's provenance."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{plain(str(k))} {number(v) if isinstance(v, (int, float)) else v}" for k, v in value.items())
