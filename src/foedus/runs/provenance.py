"""What a run was made from, and what a reader must know before using its numbers."""

from __future__ import annotations

from typing import Any

from foedus.runs.result import Run
from foedus.scenario.dump import dump
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import uncertain


def provenance(scenario: Scenario, worlds: int, seed: int, method: str, subset: int) -> dict[str, Any]:
    """What a run was made from."""
    from foedus import __version__

    return {
        "version": __version__,
        "hash": scenario_hash(scenario),
        "seed": seed,
        "method": method,
        "worlds": worlds,
        "subset": subset,
    }


def scenario_hash(scenario: Scenario) -> str:
    """A hash of everything that a scenario says."""
    import hashlib

    return hashlib.sha256(dump(scenario).encode()).hexdigest()


def warnings_of(run: Run) -> list[str]:
    """What a reader must know before using the numbers."""
    from foedus.scenario.names import Names

    found = []
    if not uncertain(run.scenario):
        found.append("Nothing in this scenario is uncertain: all worlds are alike, and shares of them say nothing.")
    if run.observed and run.ess < 0.1 * len(run.weights):
        found.append(
            f"The observations leave an effective sample of only {run.ess:.0f} of {len(run.weights)} worlds: "
            "posterior figures rest on few worlds."
        )
    noisy = [f"“{Names(run.scenario).claim(claim.id)}”" for claim in run.claims if claim.warning]
    if noisy:
        found.append(f"Verdicts that turn with how precisely actors choose: {', '.join(noisy)}.")
    return found
