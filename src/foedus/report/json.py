"""A run as one JSON object, for other programs. Strict JSON: what is undefined is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foedus.arraytypes import Floats
from foedus.present.plain import strict
from foedus.report import findings
from foedus.runs.view import RunView
from foedus.worlds.weights import HIGH, LOW, MIDDLE, Spread, quantiles

if TYPE_CHECKING:
    from foedus.claims.verdict import ClaimResult, ReadingResult
    from foedus.runs.result import Run
    from foedus.sensitivity.association import Driver


def to_json(run: Run) -> dict[str, Any]:
    """A finished run as plain dicts, lists, strings and finite numbers.

    ``claims`` have ``id``, ``says``, ``readings`` (``name``, ``text``, ``prior``, ``posterior``, ``undefined``),
    ``share``, ``verdict`` and ``built_in``; ``outcomes`` go by policy and period; ``policies`` have each outcome's
    final probability and each actor's expected value; ``drivers`` name the assumptions that decide an outcome.
    """
    results = RunView(run)
    found = {
        "title": run.scenario.title,
        "meta": run.meta,
        "observed": bool(run.observed),
        "effective_sample_size": run.ess,
        "periods": results.periods,
        "findings": _findings(results),
        "claims": [_claim(results, claim) for claim in run.claims],
        "outcomes": [_outcome(results, outcome) for outcome in results.outcomes],
        "policies": [_policy(results, policy) for policy in results.policies],
        "drivers": [
            {"outcome": item.outcome, "policy": item.policy, "drivers": [_driver(d) for d in item.drivers]}
            for item in run.drivers
        ],
        "score": run.score.to_json() if run.score else None,
        "warnings": list(run.warnings),
    }
    plain = strict(found)
    assert isinstance(plain, dict)
    return plain


def _findings(results: RunView) -> dict[str, list[str]]:
    parts = {
        "what_comes_out": findings.what_comes_out(results),
        "how_sure": findings.how_sure(results),
        "what_would_change_it": findings.what_would_change_it(results),
    }
    return {key: [f"{item.lead}: {item.text}" for item in items] for key, items in parts.items()}


def _claim(results: RunView, claim: ClaimResult) -> dict[str, Any]:
    return {
        "id": claim.id,
        "label": results.names.claim(claim.id),
        "says": claim.says,
        "evidence": [{"source": e.source, "paragraph": e.paragraph, "quote": e.quote} for e in claim.evidence],
        "share": claim.share,
        "verdict": claim.verdict,
        "built_in": claim.built_in,
        "warning": claim.warning,
        "readings": [_reading(reading) for reading in claim.readings],
        "literature": {"for": claim.literature.support, "against": claim.literature.against},
    }


def _reading(reading: ReadingResult) -> dict[str, Any]:
    return {
        "name": reading.name,
        "text": reading.text,
        "prior": reading.prior,
        "posterior": reading.posterior,
        "undefined": reading.undefined,
        "margin": dict(zip(("low", "median", "high"), reading.margin_quantiles)),
        "by_precision": reading.by_precision,
        "zero": reading.zero,
        "neutral": reading.neutral,
        "decides": [_driver(driver) for driver in reading.decides],
        "fails_where": reading.fails_where,
    }


def _driver(driver: Driver) -> dict[str, Any]:
    return {"assumption": driver.assumption, "score": driver.score, "direction": driver.direction}


def _outcome(results: RunView, outcome: str) -> dict[str, Any]:
    written = results.scenario.outcomes.get(outcome)
    return {
        "id": outcome,
        "label": results.names.outcome(outcome),
        "event": written.event if written else outcome,
        "policies": {
            policy: _over_time(results, results.array("outcome_by", "period", policy=policy, outcome=outcome))
            for policy in results.policies
        },
    }


def _over_time(results: RunView, values: Floats) -> dict[str, Any]:
    low, median, high = quantiles(values, results.weights, (LOW, MIDDLE, HIGH))
    return {
        "mean": results.weights @ values,
        "prior_mean": results.prior_weights @ values,
        "low": low,
        "median": median,
        "high": high,
    }


def _policy(results: RunView, policy: str) -> dict[str, Any]:
    value = results.array("value", "actor", policy=policy)
    return {
        "id": policy,
        "label": results.names.policy(policy),
        "factual": policy == results.factual,
        "outcomes": {outcome: _spread(results.final_spread(outcome, policy)) for outcome in results.outcomes},
        "value": {actor: _spread(results.spread(value[:, i])) for i, actor in enumerate(results.labels("actor"))},
    }


def _spread(spread: Spread) -> dict[str, float]:
    return {"mean": spread.mean, "low": spread.low, "median": spread.median, "high": spread.high}
