"""How far the work is, told while it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what, done, of how many


class Tally:
    """Adds up what is reported as done, by what it is; ``total`` counts worlds, each under each policy."""

    def __init__(self, total: int, progress: Progress | None):
        self.total, self.progress, self.done = total, progress, Counter[str]()

    def __call__(self, more: int, what: str = "solving") -> None:
        """So many more are done."""
        self.done[what] += more
        if self.progress is not None:
            self.progress(what, self.done[what], max(self.total, self.done[what]))
