"""A run as one JSON object, for other programs. Strict JSON: what is undefined is null."""

from __future__ import annotations

from typing import Any

from foedus.claims.verdict import ClaimResult, ReadingResult
from foedus.present.in_words import Teller
from foedus.present.plain import strict
from foedus.report import findings
from foedus.report.quantities import course, event_of, given_what_happened
from foedus.runs.result import Run
from foedus.runs.view import RunView


def to_json(run: Run) -> dict[str, Any]:
    """A finished run as plain dicts, lists, strings and finite numbers.

    ``claims`` have ``id``, ``says``, ``readings`` (``name``, ``label``, ``says``, ``text``, ``prior``, ``posterior`` with
    its 95% ``interval`` over ``effective_worlds``, ``verdict``, ``built_in``), and of the first reading ``share``,
    ``interval``, ``verdict`` and ``built_in``. Each reading's ``trial`` has the ``worlds`` (``effective``) that it was tried on,
    ``by_precision``, ``neutral``, ``owed`` (``share``, ``low``, ``high``), ``built_in``, ``strategy_adds_nothing``, ``warning``; ``outcomes`` go by policy and period;
    ``policies`` have each outcome's final probability and each actor's expected value; ``given_what_happened`` tells outcomes
    as seen from the last observed period (``so_far``, ``ahead``: after that and by the end, ``by_end``; ``settled``: the number
    of the period in which it was observed, and the coding error), null without observations; ``drivers`` name the assumptions that decide an outcome.
    """
    results = RunView(run)
    told = {
        "what_comes_out": findings.what_comes_out(results),
        "how_sure": findings.how_sure(results),
        "what_would_change_it": findings.what_would_change_it(results),
    }
    plain = {
        "title": run.scenario.title,
        "meta": run.meta,
        "observed": bool(run.observed),
        "effective_sample_size": run.ess,
        "periods": results.periods,
        "findings": {part: [f"{item.lead}: {item.text}" for item in items] for part, items in told.items()},
        "claims": [_claim(results, claim) for claim in run.claims],
        "outcomes": [_outcome(results, outcome) for outcome in results.outcomes],
        "given_what_happened": _given(results),
        "policies": [_policy(results, policy) for policy in results.policies],
        "drivers": run.drivers,
        "score": run.score.to_json() if run.score else None,
        "warnings": run.warnings,
    }
    return {key: strict(item) for key, item in plain.items()}


def _claim(results: RunView, claim: ClaimResult) -> dict[str, Any]:
    evidence = [{"source": item.source, "paragraph": item.paragraph, "quote": item.quote} for item in claim.evidence]
    literature = {"for": claim.literature.support, "against": claim.literature.against}
    names, teller = results.names, Teller(results.names)
    readings = [
        {"label": names.reading(claim.id, r.name), "says": teller.says(claim.id, r.name)} | _reading(r)
        for r in claim.readings
    ]
    changed = {"evidence": evidence, "literature": literature, "readings": readings}
    said = {
        "share": claim.share,
        "interval": [claim.held.low, claim.held.high],
        "verdict": claim.verdict,
        "built_in": claim.built_in,
        "warning": claim.warning,
    }
    return vars(claim) | {"label": names.claim(claim.id)} | said | changed


def _reading(reading: ReadingResult) -> dict[str, Any]:
    shares = {"prior": reading.prior, "posterior": reading.posterior, "interval": [reading.held.low, reading.held.high]}
    shares |= {"effective_worlds": reading.held.worlds, "verdict": reading.verdict, "built_in": reading.built_in}
    written = (
        vars(reading) | shares | {"margin": dict(zip(("low", "median", "high"), reading.margin_quantiles, strict=True))}
    )
    for told in ("margin_quantiles", "before", "held"):
        del written[told]
    trial = reading.trial
    tried = {"built_in": trial.built_in, "strategy_adds_nothing": trial.strategy_adds_nothing, "warning": trial.warning}
    return written | {"trial": vars(trial) | tried}


def _outcome(results: RunView, outcome: str) -> dict[str, Any]:
    return {
        "id": outcome,
        "label": results.names.outcome(outcome),
        "event": event_of(results, outcome),
        "policies": {policy: course(results, outcome, policy) for policy in results.policies},
        "observed": results.settled(outcome),
    }


def _given(results: RunView) -> dict[str, Any] | None:
    """Outcomes as seen from the last observed period, under the factual policy."""
    if results.seen_from is None:
        return None
    rows = [vars(row) for row in given_what_happened(results)]
    return {"from": results.periods[results.seen_from], "policy": results.factual, "outcomes": rows}


def _policy(results: RunView, policy: str) -> dict[str, Any]:
    value = results.array("value", "actor", policy=policy)
    return {
        "id": policy,
        "label": results.names.policy(policy),
        "counterfactual": policy not in results.scenario.choosable,
        "factual": policy == results.factual,
        "outcomes": {outcome: results.final_spread(outcome, policy) for outcome in results.outcomes},
        "value": {actor: results.spread(value[:, i]) for i, actor in enumerate(results.labels("actor"))},
    }
