"""What is said of a claim: shares of worlds in which its readings hold, and whether it was built in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape

from foedus.claims.owed import Owed
from foedus.claims.sweep import Precision
from foedus.present.shares import Share
from foedus.present.wording import count, listed, percent
from foedus.scenario.basics import Evidence
from foedus.scenario.parts import Literature
from foedus.sensitivity.association import Driver
from foedus.worlds.thresholds import BUILT_IN_MOVE, LEAST_TURN, TURNS


class BuiltIn(StrEnum):
    """Whether a verdict holds, or fails, by construction."""

    YES = "built in"
    NO = "not built in"
    UNTESTED = "untested"


@dataclass(frozen=True)
class Trial:
    """What becomes of a reading's share on some ``worlds`` that stand for all (worth ``effective`` equal ones): at each
    precision, the assumed one included; with what its claim rests on ``neutral`` (None where it names nothing); and how
    much of its variance is ``owed`` to that (None where nothing of it varies, or in a quick look). All on the same worlds
    with the same weights."""

    worlds: int
    effective: float
    by_precision: dict[Precision, float] = field(default_factory=dict)
    neutral: float | None = None
    owed: Owed | None = None

    @property
    def as_assumed(self) -> float:
        """The share at the assumed precision, of these worlds."""
        return self.by_precision.get(Precision.ONE, math.nan)

    @property
    def unweighed(self) -> float:
        """The share where nobody weighs anything (precision 0)."""
        return self.by_precision.get(Precision.ZERO, math.nan)

    @property
    def built_in(self) -> BuiltIn:
        """Whether the verdict was put in: it stands without anybody weighing anything and goes with what it rests on.

        That is, at precision 0 the reading is true or false in every world, on the side where it stands as assumed, and what
        it rests on, made neutral, moves its share by more than half. So also for readings that fail.
        """
        if self.neutral is None:
            return BuiltIn.UNTESTED
        stands = self.unweighed in (0.0, 1.0) and (self.as_assumed >= TURNS) == (self.unweighed >= TURNS)
        return BuiltIn.YES if stands and abs(self.neutral - self.as_assumed) > BUILT_IN_MOVE else BuiltIn.NO

    @property
    def strategy_adds_nothing(self) -> bool:
        """Whether the share is the same, as printed, where nobody weighs anything."""
        known = not (math.isnan(self.as_assumed) or math.isnan(self.unweighed))
        return known and percent(self.as_assumed) == percent(self.unweighed)

    @property
    def warning(self) -> str:
        """A plain warning, with the numbers that it follows from, where the verdict turns with precision."""
        swept = {s: share for s, share in self.by_precision.items() if s != Precision.ZERO and not math.isnan(share)}
        low, high = min(swept.values(), default=0.0), max(swept.values(), default=0.0)
        if len(swept) < 2 or (low >= TURNS) == (high >= TURNS) or high - low < LEAST_TURN:
            return ""
        shares = list(swept.values())
        way = "The verdict turns with how precisely actors choose, now one way and now the other"
        if shares == sorted(shares):
            way = "The verdict needs precise choices: it weakens as they become less precise"
        elif shares == sorted(shares, reverse=True):
            way = "The verdict rests on noise: it weakens as choices become more precise"
        told = listed([f"{percent(share)} {step.label}" for step, share in swept.items()])
        return f"{way} (it holds in {told}, all of the same {count(self.worlds, 'world')})."


@dataclass
class ReadingResult:
    """One reading: shares of worlds in which it holds, ``before`` the observations and after them (``held``), what moves
    them, and what was tried on a few worlds. ``margin_quantiles``: by how much it holds, at 5, 50 and 95%."""

    name: str
    text: str
    before: Share
    held: Share
    undefined: float
    margin_quantiles: tuple[float, float, float]
    trial: Trial = Trial(0, 0.0)
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
        """Whether the verdict was put in (see ``Trial.built_in``)."""
        return self.trial.built_in

    @property
    def by_precision(self) -> dict[Precision, float]:
        """The share at each precision, on the worlds of the trial."""
        return self.trial.by_precision

    @property
    def neutral(self) -> float | None:
        """The share with what the claim rests on made neutral, on the worlds of the trial."""
        return self.trial.neutral

    @property
    def warning(self) -> str:
        """A plain warning where the verdict turns when choices get more or less precise."""
        return self.trial.warning


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
        """Whether the verdict on the first reading was put in."""
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
