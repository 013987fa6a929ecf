"""How far a run is, told while it is solved."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what, done, of how many


class Tally:
    """Tells how far the solving is, over all pieces; ``total`` counts worlds, each under each policy."""

    def __init__(self, total: int, progress: Progress | None):
        self.total, self.progress, self.done = total, progress, 0

    def __call__(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        if self.progress is not None:
            self.progress("solving", self.done, self.total)
