"""What a lens is: one question that is asked of a finished run, what it computes and how it is told."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from foedus.arraytypes import Bools, Dataset, Floats
from foedus.present.section import Told
from foedus.present.shares import Share, share_of
from foedus.present.wording import count
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread, ess


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

    def look(self, run: Run, policy: str, /) -> Dataset:
        """What it computes of a run under a policy, labelled; ``world`` is the first dim of what differs by world."""

    def tell(self, results: RunView, looked: Dataset, /) -> Told:
        """What came out in sentences, figures, tables and notes, all of them written from the numbers."""


class Looked:
    """A lens's labelled result with the names of the run's scenario; ``weights`` are those of the worlds that it looked
    at (its variable ``weight``, else the run's)."""

    def __init__(self, results: RunView, data: Dataset):
        self.results, self.data, self.names = results, data, results.names
        self.policy = str(data.attrs.get("policy", results.factual))
        self.factual = str(data.attrs.get("factual", results.scenario.factual_policy))
        self.weights = self.array("weight") if "weight" in data else results.weights
        self.worlds = len(self.weights)

    def labels(self, dim: str) -> list[str]:
        """The labels along a dim."""
        return [str(label) for label in self.data[dim].values]

    def array(self, name: str, **picked: str) -> Floats:
        """A variable as a plain array, with single labels picked along some of its dims."""
        return np.asarray(self.data[name].sel(picked).values, float)

    def spread(self, values: Floats) -> Spread:
        """The spread of one number per world [world]."""
        return self.results.spread(values, self.weights)

    def mean(self, values: Floats) -> Floats:
        """Averages over the worlds looked at: [world, ...] to [...]."""
        return np.asarray(self.weights @ values.reshape(self.worlds, -1)).reshape(values.shape[1:])

    def share(self, holds: Bools) -> Share:
        """The share of the worlds looked at in which something holds [world], with its interval."""
        return share_of(holds, self.weights)

    def counted_share(self, share: float) -> Share:
        """A share of the worlds looked at that was counted before, with its interval."""
        return Share.of(share, ess(self.weights))

    @property
    def under(self) -> str:
        """``Under the status quo``: how a sentence about the policy looked at begins."""
        return f"Under {self.names.policy(self.policy)}"

    @property
    def counted(self) -> str:
        """``25 worlds``: how many were looked at."""
        return count(self.worlds, "world")
