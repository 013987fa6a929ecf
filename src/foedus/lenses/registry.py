"""The lenses that ship, by name, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foedus.arraytypes import Dataset
from foedus.errors import FoedusError, nearest
from foedus.lenses import (
    alignment,
    burden,
    coalition,
    commitment,
    escalation,
    incentives,
    information,
    leverage,
    stability,
    timing,
)
from foedus.lenses.lens import Lens
from foedus.present.section import Section
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.worlds.thresholds import MOST_WORLDS


def _by_name(*lenses: Lens) -> dict[str, Lens]:
    return {lens.name: lens for lens in lenses}


LENSES = _by_name(
    alignment, incentives, leverage, commitment, coalition, burden, information, timing, escalation, stability
)


def look(name: str, run: Run, policy: str | None = None) -> Dataset:
    """What a lens shows of a run, under a policy (default: the factual one).

    Of a run that is too large for memory it sees worlds that stand for all.
    """
    run = run.few(MOST_WORLDS) if run.large else run
    looked = LENSES[name].look(run, policy or run.scenario.factual_policy)
    looked.attrs |= {"lens": name}
    return looked


def lens_section(results: RunView, looked: Dataset) -> Section:
    """The section of the lens that ``looked``."""
    lens = LENSES[looked.attrs["lens"]]
    return lens.tell(results, looked).under(lens.name, lens.heading, lens.question)


def chosen(names: str, run: Run) -> list[str]:
    """The lenses that ``names`` means: ``all``, ``none``, a list with commas, or ``auto``.

    ``auto`` is all of them, but for a quick look (fewer than ENOUGH_WORLDS worlds) at a game of more than
    SMALL_GAME branches, which they would make slow.
    """
    if names == "auto":
        quick = run.game.quick_look(len(run.weights))
        return [] if quick else list(LENSES)
    if names in ("all", "none"):
        return list(LENSES) if names == "all" else []
    return known_lenses(names)


def known_lenses(names: str) -> list[str]:
    """The names in a list with commas; FoedusError for one that is neither a lens nor a word for several."""
    asked = [name.strip() for name in names.split(",")]
    words = {**LENSES, "auto": "", "all": "", "none": ""} if len(asked) == 1 else LENSES
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
