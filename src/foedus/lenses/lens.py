"""What a lens is: one question that is asked of a finished run, what it computes and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import xarray as xr

    from foedus.present.section import Told
    from foedus.runs.result import Run
    from foedus.runs.view import RunView


class Lens(Protocol):
    """One question. A module or an object that has these is a lens; ``lenses.registry`` lists those that ship."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    @property
    def heading(self) -> str:
        """The heading of its section."""

    @property
    def question(self) -> str:
        """What it answers, as a person asks it."""

    def look(self, run: Run, policy: str, /) -> xr.Dataset:
        """What it computes of a run under a policy, labelled; ``world`` is the first dim of what differs by world."""

    def tell(self, results: RunView, looked: xr.Dataset, /) -> Told:
        """What came out in sentences, figures, tables and notes, all of them written from the numbers."""
