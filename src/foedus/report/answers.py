"""The page that answers: which claims hold, how likely the outcomes are, what to watch; all else stands behind it."""

from __future__ import annotations

from dataclasses import dataclass

from foedus.claims.verdict import BuiltIn, ClaimResult
from foedus.present.shares import Side
from foedus.present.wording import percent
from foedus.report.quantities import given_what_happened, readings_differ
from foedus.report.watch import Watched, watched
from foedus.runs.view import RunView

_HEADINGS = {
    Side.HOLDS: "Holds in most worlds",
    Side.OPEN: "Divided: holds in some worlds and not in others",
    Side.FAILS: "Fails in most worlds",
}
_MOST_CHANCES = 6  # outcomes on the first page
cautions_explained = (
    "Built in: it follows from how the scenario is written. Noise: it turns as parties choose more, or less, precisely. Readings: "
    "other fair readings of the sentence come out otherwise. A share of worlds is not the probability that a sentence is true."
)


@dataclass(frozen=True)
class ClaimRow:
    """A claim as the first page tells it: its name, its share of worlds with the verdict, and what to be careful about."""

    id: str
    name: str
    share: float
    told: str
    cautions: list[str]


@dataclass(frozen=True)
class ChanceRow:
    """An outcome's probability as the first page tells it; ``ahead``: the same given what happened."""

    name: str
    chance: str
    range: str
    words: str
    ahead: str


@dataclass(frozen=True)
class SignRow:
    """Something to watch, with its chance, and where it would move a claim's share of worlds."""

    what: str
    chance: str
    claim: str
    now: str
    seen: str
    unseen: str


def claims_by_side(results: RunView) -> list[tuple[str, list[ClaimRow]]]:
    """The claims that hold, are open and fail, each group under its heading; empty groups are left out."""
    rows = {each: [_claim(results, c) for c in results.run.claims if c.held.side is each] for each in _HEADINGS}
    return [(f"{_HEADINGS[each]} ({len(some)})", some) for each, some in rows.items() if some]


def _claim(results: RunView, claim: ClaimResult) -> ClaimRow:
    cautions = {
        "built in": claim.built_in == BuiltIn.YES,
        "noise": bool(claim.warning),
        "readings": readings_differ(claim),
    }
    told = f"{claim.verdict}, {claim.held}"
    return ClaimRow(
        claim.id, results.names.claim(claim.id), claim.share, told, [c for c, is_so in cautions.items() if is_so]
    )


def chances(results: RunView) -> list[ChanceRow]:
    """The main outcomes' probability by the end under the factual policy, average and nine worlds in ten; and given what
    happened, that they come after that (that they came, where nothing is reported after that)."""
    later = {row.outcome: percent(row.told.mean) for row in given_what_happened(results)}
    rows = []
    for outcome in results.outcomes[:_MOST_CHANCES]:
        s = results.final_spread(outcome, results.factual)
        ends = f"{percent(s.low)} to {percent(s.high)}"
        rows.append(
            ChanceRow(
                results.names.outcome(outcome),
                percent(s.mean),
                ends,
                results.words_for(outcome, s.mean),
                later.get(outcome, ""),
            )
        )
    return rows


def signs(results: RunView) -> list[SignRow]:
    """What to watch, the most telling sign of each open claim first."""
    return [_sign(results, each) for each in watched(results)]


def _sign(results: RunView, told: Watched) -> SignRow:
    names = results.names
    what = names.outcome(told.sign) if told.is_outcome else names.action(told.sign)
    when = f" by {results.end}" if told.is_outcome else f" in a {results.scenario.horizon.unit}"
    shares = map(percent, (told.now, told.seen, told.unseen))
    return SignRow(what, percent(told.chance) + when, names.claim(told.claim), *shares)
