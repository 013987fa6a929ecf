"""What is said of a claim: shares of worlds in which its readings hold, and whether it was built in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from html import escape

import numpy as np

from foedus.claims.sweep import Precision
from foedus.present.shares import Share
from foedus.scenario.basics import Evidence
from foedus.scenario.parts import Literature
from foedus.sensitivity.association import Driver
from foedus.worlds.thresholds import BUILT_IN_SHARE, LEAST_TURN, TURNS


class BuiltIn(StrEnum):
    """Whether a claim holds by construction."""

    YES = "built in"
    NO = "not built in"
    UNTESTED = "untested"


@dataclass
class ReadingResult:
    """One reading: shares of worlds in which it holds, ``before`` the observations and after them (``held``), and what
    moves them.

    ``by_precision`` and ``neutral`` (what the claim rests on put at its neutral value; None where it names nothing)
    are shares of the first worlds, unweighted. ``margin_quantiles``: by how much it holds, at 5, 50 and 95%.
    """

    name: str
    text: str
    before: Share
    held: Share
    undefined: float
    margin_quantiles: tuple[float, float, float]
    by_precision: dict[Precision, float] = field(default_factory=dict)
    neutral: float | None = None
    decides: list[Driver] = field(default_factory=list)
    fails_where: str = ""

    @property
    def prior(self) -> float:
        """The share before the observations."""
        return self.before.share

    @property
    def posterior(self) -> float:
        """The share after the observations."""
        return self.held.share

    @property
    def verdict(self) -> str:
        """The share after the observations in words for shares."""
        return self.held.words()

    @property
    def built_in(self) -> BuiltIn:
        """Whether it holds by construction.

        It does when it holds in 95% of prior worlds and in less than half of them once what its claim rests on is
        neutral, or when it holds in every world even where nobody weighs anything (precision 0).
        """
        if self.prior >= 1 and self.by_precision.get(Precision.ZERO, np.nan) >= 1:
            return BuiltIn.YES
        if self.neutral is None:
            return BuiltIn.UNTESTED
        return BuiltIn.YES if self.prior >= BUILT_IN_SHARE and self.neutral < TURNS else BuiltIn.NO

    @property
    def warning(self) -> str:
        """A plain warning where the verdict turns when choices get more or less precise."""
        swept = [share for step, share in self.by_precision.items() if step != Precision.ZERO and not np.isnan(share)]
        if len(swept) < 2 or (min(swept) >= TURNS) == (max(swept) >= TURNS) or max(swept) - min(swept) < LEAST_TURN:
            return ""
        if self.by_precision[Precision.HALF] > self.by_precision[Precision.PERFECT]:
            return "The verdict rests on noise: it weakens as choices become more precise."
        return "The verdict depends on how precisely actors choose: it needs precise choices."


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its readings, of which the first decides."""

    id: str
    says: str
    evidence: list[Evidence]
    label: str
    literature: Literature
    readings: list[ReadingResult]

    @property
    def held(self) -> Share:
        """The posterior share of worlds in which the first reading holds, with its interval."""
        return self.readings[0].held

    @property
    def share(self) -> float:
        """The same as a number alone."""
        return self.held.share

    @property
    def verdict(self) -> str:
        """The share in words for shares (see ``present.shares``)."""
        return self.held.words()

    @property
    def built_in(self) -> BuiltIn:
        """Whether the first reading holds by construction."""
        return self.readings[0].built_in

    @property
    def warning(self) -> str:
        """What a reader must know of the first reading; empty when nothing."""
        return self.readings[0].warning


class Claims(list[ClaimResult]):
    """The claims of a run, which show themselves: a line each, or a table in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(f"{c.id}: {c.verdict}, {c.held}, {c.built_in}" for c in self) or "no claims"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td title='{escape(c.says, quote=True)}'>{escape(c.label or c.id)}</td><td>{escape(c.held.ranged)}</td>"
            f"<td>{escape(c.verdict)}</td><td>{escape(c.built_in)}</td></tr>"
            for c in self
        )
        return f"<table><tr><th>claim</th><th>share</th><th>verdict</th><th>built in?</th></tr>{rows}</table>"


@dataclass(frozen=True)
class OutcomeDriver:
    """What drives the probability of an outcome under a policy."""

    outcome: str
    policy: str
    drivers: list[Driver]
