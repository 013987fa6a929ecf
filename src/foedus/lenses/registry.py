"""The lenses by name, each with the question that it answers.

The lens ``x`` is the function ``look(run, policy)`` of the module ``foedus.lenses.x``, which returns a labelled
result; ``section(results, found)`` of ``foedus.report.lens_x`` shows it. Both are imported when first used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from foedus.scenario.errors import FoedusError
from foedus.scenario.expr import nearest

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
    """What a lens shows of a run, under a policy (default: the factual one).

    Of a run that is too large for memory it sees worlds that stand for all.
    """
    run = run.few(MOST_WORLDS) if run.large else run
    found: xr.Dataset = import_module(f"foedus.lenses.{name}").look(run, policy or run.scenario.factual_policy)
    found.attrs |= {"lens": name}
    return found


ENOUGH_WORLDS, SMALL_GAME, MOST_WORLDS = 100, 1000, 1000


def chosen(names: str, run: Run) -> list[str]:
    """The lenses that ``names`` means: ``all``, ``none``, a list with commas, or ``auto``.

    ``auto`` is all of them, but for a quick look (fewer than ENOUGH_WORLDS worlds) at a game of more than
    SMALL_GAME branches, which they would make slow.
    """
    if names == "auto":
        quick = len(run.weights) < ENOUGH_WORLDS and run.game.branches > SMALL_GAME
        return [] if quick else list(QUESTIONS)
    if names in ("all", "none"):
        return list(QUESTIONS) if names == "all" else []
    return known_lenses(names)


def known_lenses(names: str) -> list[str]:
    """The names in a list with commas; FoedusError for one that is neither a lens nor a word for several."""
    asked = [name.strip() for name in names.split(",")]
    words = {**QUESTIONS, "auto": "", "all": "", "none": ""} if len(asked) == 1 else QUESTIONS
    for name in asked:
        if name not in words:
            raise FoedusError(f"'{name}' is not a lens. {nearest(name, words)}".strip())
    return asked


def look_through(run: Run, names: Sequence[str], progress: Callable[[str, int, int], None] | None = None) -> None:
    """Looks at a run through lenses, for its report: fills ``run.lenses``."""
    for i, name in enumerate(names):
        if progress is not None:
            progress(f"lens: {name}", i, len(names))
        run.lenses[name] = look(name, run)
