"""What is said of a claim: shares of worlds in which its readings hold, and whether it was built in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from foedus.arraytypes import Bools, Floats
from foedus.claims.reading import ReadReading
from foedus.scenario.schema import Evidence, Literature
from foedus.sensitivity.association import Driver
from foedus.worlds.weights import share, weighted_quantile

BUILT_IN, NOT_BUILT_IN, UNTESTED = "built in", "not built in", "untested"


@dataclass
class ReadingResult:
    """One reading: shares of worlds in which it holds, prior and posterior, and what moves them.

    ``by_precision`` and ``zero`` (lambda 0) and ``neutral`` (what the claim rests on put at
    its neutral value) are shares on a labelled subset of worlds.
    """

    name: str
    text: str
    prior: float
    posterior: float
    undefined: float
    margin_quantiles: tuple[float, float, float]
    by_precision: dict[str, float] = field(default_factory=dict)
    zero: float = float("nan")
    neutral: float | None = None
    decides: list[Driver] = field(default_factory=list)
    fails_where: str = ""


@dataclass
class ClaimResult:
    """A claim with its readings; ``share`` is the posterior share under the first reading."""

    id: str
    says: str
    evidence: list[Evidence]
    label: str
    literature: Literature
    readings: list[ReadingResult]
    share: float
    verdict: str
    built_in: str
    warning: str = ""


class Claims(list[ClaimResult]):
    """The claims of a run, which show themselves: a line each, or a table in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(f"{c.id}: {c.verdict} ({c.share:.0%} of worlds), {c.built_in}" for c in self) or "no claims"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td title='{escape(c.says, quote=True)}'>{escape(c.label or c.id)}</td><td>{c.share:.0%}</td>"
            f"<td>{escape(c.verdict)}</td><td>{escape(c.built_in)}</td></tr>"
            for c in self
        )
        return f"<table><tr><th>claim</th><th>share</th><th>verdict</th><th>built in?</th></tr>{rows}</table>"


@dataclass
class OutcomeDriver:
    """What drives the probability of an outcome under a policy."""

    outcome: str
    policy: str
    drivers: list[Driver]


def summarise(
    reading: ReadReading, holds: Bools, margin: Floats, undefined: Bools, weights: Floats, prior: Floats | None = None
) -> ReadingResult:
    """Shares of worlds, prior (equal weights unless given) and posterior, and the spread of the margin."""
    low, middle, high = (float(q) for q in weighted_quantile(margin, [0.05, 0.5, 0.95], weights))
    return ReadingResult(
        reading.name,
        reading.text,
        share(holds, prior),
        share(holds, weights),
        share(undefined, prior),
        (low, middle, high),
    )


def built_in(first: ReadingResult, rests_on: bool) -> str:
    """Whether the claim's first reading holds by construction.

    It does when it holds in 95% of prior worlds and in less than half of them once what it
    rests on is neutral, or when it holds in every world even where nobody weighs anything
    (precision 0). Without ``rests_on`` it is untested.
    """
    if first.prior >= 1 and first.zero >= 1:
        return BUILT_IN
    if not rests_on or first.neutral is None:
        return UNTESTED
    return BUILT_IN if first.prior >= 0.95 and first.neutral < 0.5 else NOT_BUILT_IN


def noise_warning(reading: ReadingResult) -> str:
    """A plain warning where the verdict turns when choices get more or less precise."""
    shares = [value for value in reading.by_precision.values() if not np.isnan(value)]
    if len(shares) < 2 or (min(shares) >= 0.5) == (max(shares) >= 0.5) or max(shares) - min(shares) < 0.25:
        return ""
    low, high = reading.by_precision.get("half", np.nan), reading.by_precision.get("perfect", np.nan)
    if low > high:
        return "The verdict rests on noise: it weakens as choices become more precise."
    return "The verdict depends on how precisely actors choose: it needs precise choices."
