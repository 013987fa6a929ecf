"""The commitment lens's result as its section and charts read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.present.wording import capital, listed
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    import xarray as xr


TEXTS, SAME = ("bright line", "between", "vague"), "all the same"


class Effects:
    """The lens's result as the section reads it: plain arrays, spreads over its worlds, names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found, self.names = results, found, results.names
        self.scenario = results.scenario
        self.weights: Floats = np.asarray(found["weight"].values, float)
        self.all = [str(name) for name in found["commitment"].values]
        self.settings = [str(name) for name in found["setting"].values]
        self.measures = [str(name) for name in found["measure"].values]
        self.outcomes = [str(name) for name in found["outcome"].values]
        self.actors = [str(name) for name in found["actor"].values]
        self._arrays = {kind: np.asarray(found[kind].values, float) for kind in ("amount", "prob", "value")}
        self.under = dict(zip(self.all, (str(p) for p in found["under"].values), strict=True))
        self.dial = dict(zip(self.all, (str(p) for p in found["dial"].values), strict=True))
        self.war = war_of(results, self.outcomes)

    @property
    def alive(self) -> list[str]:
        """Commitments that are in force at some time, those under the policy asked for first, the weightiest first."""
        seen = [name for name in self.all if self.under[name]]
        here = str(self.found.attrs["policy"])
        return sorted(seen, key=lambda n: (self.under[n] != here, -abs(self.change(n).mean)))

    def label(self, name: str) -> str:
        """A commitment's name."""
        return self.scenario.commitments[name].label or capital(name.replace("_", " "))

    def obligor(self, name: str) -> str:
        """Who gave the word."""
        return self.names.actor(self.scenario.commitments[name].from_)

    def addressees(self, name: str) -> str:
        """To whom it was given."""
        return listed([self.names.actor(actor) for actor in self.scenario.commitments[name].to])

    def amount(self, name: str, measure: str, setting: str = "as_is") -> Floats:
        """[world] a measure in one setting."""
        return self._pick("amount", name, setting, self.measures.index(measure))

    def prob(self, name: str, setting: str = "as_is", outcome: str = "") -> Floats:
        """[world] the probability of an outcome by the end."""
        return self._pick("prob", name, setting, self.outcomes.index(outcome or self.war))

    def value(self, name: str, actor: str, setting: str = "as_is") -> Floats:
        """[world] what an actor gets."""
        return self._pick("value", name, setting, self.actors.index(actor))

    def _pick(self, kind: str, name: str, setting: str, which: int) -> Floats:
        return np.asarray(self._arrays[kind][:, self.all.index(name), self.settings.index(setting), which])

    def ratio(self, name: str, above: str, below: str, setting: str = "as_is") -> Floats:
        """[world] one measure for each time of another."""
        top, bottom = self.amount(name, above, setting), self.amount(name, below, setting)
        return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)

    def spread(self, values: Floats) -> Spread:
        """The spread of a number over the lens's worlds."""
        return self.results.spread(values, self.weights)

    def change(self, name: str, outcome: str = "") -> Spread:
        """What the commitment adds to the probability of an outcome."""
        return self.spread(self.prob(name, "as_is", outcome) - self.prob(name, "off", outcome))

    def share(self, holds: NDArray[np.bool_]) -> float:
        """The weighted share of worlds in which something holds."""
        return float(self.weights[holds].sum() / self.weights.sum())

    def grid(self, kind: str) -> list[float]:
        """The multiples along a curve (``vague``, ``odds`` or ``cost``)."""
        return [float(name.split()[1]) for name in self.settings if name.startswith(f"{kind} ")]

    def best(self, name: str, actor: str) -> dict[str, float]:
        """Shares of worlds in which each kind of text is best for an actor, a world with ties split between them."""
        grid = self.grid("vague")
        table = np.stack([self.value(name, actor, f"vague {k:g}") for k in grid], axis=1)
        top = table.max(axis=1, keepdims=True)
        tied = table >= top - 1e-9 * np.maximum(np.abs(top), 1)
        kinds = np.stack([tied[:, 0], tied[:, 1:-1].any(axis=1), tied[:, -1]], axis=1)
        flat = tied.all(axis=1)
        parts = np.where(flat[:, None], 0.0, kinds / kinds.sum(axis=1, keepdims=True))
        shares = self.weights @ parts / self.weights.sum()
        return dict(zip(TEXTS, (float(share) for share in shares), strict=True)) | {SAME: self.share(flat)}

    def dearest(self, name: str, actor: str) -> Floats:
        """[world] the cost of breaking the word that is best for an actor, as a multiple of what is written; NaN if all are."""
        grid = self.grid("cost")
        table = np.stack([self.value(name, actor, f"cost {m:g}") for m in grid], axis=1)
        flat = table.max(axis=1) - table.min(axis=1) <= 1e-9 * np.maximum(np.abs(table).max(axis=1), 1)
        return np.where(flat, np.nan, np.asarray(grid)[table.argmax(axis=1)])

    def parties(self, name: str) -> list[str]:
        """The actors whose text differs from another's for them, the obligor first."""
        written = self.scenario.commitments[name]
        first = [written.from_, *(a for a in written.to if a != written.from_)]
        return [*first, *(a for a in self.actors if a not in first)]


def war_of(results: RunView, outcomes: Sequence[str]) -> str:
    """The outcome that its name calls a war, else the first."""
    return next(
        (o for o in outcomes if "war" in f"{o} {results.names.outcome(o)}".lower().replace("_", " ").split()),
        outcomes[0],
    )


def pair_arrays(effects: Effects, i: int, actor: str) -> tuple[Floats, Floats, list[float], list[str]]:
    """(value to ``actor``, chance of war) [text, power] on average, the powers, the texts."""
    found, total = effects.found, effects.weights.sum()
    value = np.asarray(found["pair_value"].values, float)[:, i, :, :, effects.actors.index(actor)]
    war = np.asarray(found["pair_prob"].values, float)[:, i, :, :, effects.outcomes.index(effects.war)]
    mean = [np.tensordot(effects.weights / total, part, 1) for part in (value, war)]
    return mean[0], mean[1], [float(p) for p in found["power"].values], [str(t) for t in found["text"].values]
