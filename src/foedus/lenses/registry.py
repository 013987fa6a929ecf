"""The lenses by name, each with the question that it answers.

The lens ``x`` is the function ``look(run, policy)`` of the module ``foedus.lenses.x``, which returns a labelled
result; ``section(results, found)`` of ``foedus.report.lens_x`` shows it. Both are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from foedus.run import Run

QUESTIONS: dict[str, str] = {
    "alignment": "Who wants the same as whom?",
    "incentives": "Why does an actor do what it does, and when would it do otherwise?",
    "leverage": "Who can move what, by its own play alone?",
    "commitment": "What does each promise or threat do, and how clear should it be, for whom?",
    "coalition": "Does the axis hold, and what would split it?",
    "burden": "Who pays, in which outcomes, and how?",
    "information": "What would it be worth to know more, and what does misperception cost?",
    "timing": "When does it happen, and what do dated events change?",
    "escalation": "How do paths climb to war, and where is the point of no return?",
    "stability": "Which postures would last if every actor thought a few moves ahead?",
}


def look(name: str, run: Run, policy: str | None = None) -> xr.Dataset:
    """What a lens shows of a run, under a policy (default: the factual one)."""
    found: xr.Dataset = import_module(f"foedus.lenses.{name}").look(run, policy or run.scenario.factual_policy)
    found.attrs |= {"lens": name}
    return found
