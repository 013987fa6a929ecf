"""The sentences that a report leads with, written from the numbers of a run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from foedus.present.likelihood import estimative
from foedus.present.wording import NOT_SCORED, band, capital, count, listed, percent, signed
from foedus.record.score_telling import verdict
from foedus.runs.view import RunView
from foedus.worlds.thresholds import ROUGH_SAMPLE
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    from foedus.claims.verdict import ClaimResult

HOLDS, FAILS = 0.8, 0.2


class Finding(NamedTuple):
    """One sentence or two of the summary, with the words that it is found by."""

    lead: str
    text: str


def side(share: float) -> str:
    """Where a claim stands: it ``holds`` in at least 80% of worlds, ``fails`` in at least 80%, or is ``open``."""
    return "holds" if share >= HOLDS else "fails" if share <= FAILS else "open"


def hangs_on_noise(claim: ClaimResult) -> bool:
    """True if the verdict of the first reading turns as choices get more or less precise."""
    from foedus.claims.verdict import noise_warning

    return bool(claim.readings) and bool(noise_warning(claim.readings[0]))


def readings_differ(claim: ClaimResult) -> bool:
    """True if one fair reading of the claim holds in most worlds and another in less than half."""
    shares = [reading.posterior for reading in claim.readings]
    return bool(shares) and min(shares) < 0.5 <= max(shares) and max(shares) - min(shares) > 0.25


def what_comes_out(results: RunView) -> list[Finding]:
    """Claims, the main outcomes, the policies and who pays for them: at most six findings."""
    found = [*_claims(results), *_outcomes(results)]
    if len(results.policies) > 1 and results.outcomes:
        found += [_policies(results), *_who_pays(results)]
    return found


def _claims(results: RunView) -> list[Finding]:
    claims = results.run.claims
    if not claims:
        return []
    by_side: dict[str, list[str]] = defaultdict(list)
    for claim in claims:
        by_side[side(claim.share)].append(f"“{results.names.claim(claim.id)}”")
    after = "given what was observed, " if results.run.observed else ""
    parts = []
    for name, verb in (
        ("holds", "hold in at least 80% of worlds"),
        ("fails", "hold in at most 20%"),
        ("open", "are open"),
    ):
        if by_side[name]:
            parts.append(f"{len(by_side[name])} {verb} ({listed(by_side[name], 4)})")
    text = f"{after}of {count(len(claims), 'claim')}, {'; '.join(parts)}."
    return [Finding("Claims", capital(text)), *weak_spots(results)]


def weak_spots(results: RunView) -> list[Finding]:
    """Claims that are built in, that hang on noise, or whose readings disagree."""
    parts = []
    for test, verb, rest in (
        (
            lambda c: c.built_in == "built in",
            "follow",
            "from how the scenario is written, not from what parties choose",
        ),
        (hangs_on_noise, "hang", "on noise: the verdict turns as choices get more or less precise"),
        (readings_differ, "depend", "on how the sentence is read"),
    ):
        named = [f"“{results.names.claim(claim.id)}”" for claim in results.run.claims if test(claim)]
        if named:
            verb += "s" if len(named) == 1 else ""
            parts.append(f"{count(len(named), 'claim')} {verb} {rest} ({listed(named, 4)})")
    return [Finding("Weak spots", f"{capital('; '.join(parts))}.")] if parts else []


def _outcomes(results: RunView) -> list[Finding]:
    end, policy = results.end, results.names.policy(results.factual)
    parts = []
    for outcome in results.outcomes[:4]:
        spread = results.final_spread(outcome, results.factual)
        name = results.names.outcome(outcome)
        parts.append(f"{name}: {estimative(spread.mean)}, {band(spread)}")
    if not parts:
        return []
    return [Finding("Risks", f"Under {policy}, by {end}, with the range of nine worlds in ten: {'; '.join(parts)}.")]


def _policies(results: RunView) -> Finding:
    outcome, names = results.outcomes[0], results.names
    ranked = results.ranked_policies(outcome)
    (best, low), (worst, high) = ranked[0], ranked[-1]
    now = results.final_spread(outcome, results.factual)
    text = f"{capital(names.outcome(outcome))} is least likely under {names.policy(best)}, {percent(low.mean)}"
    if best != results.factual:
        beats = better_share(results, outcome, best, results.factual)
        text += (
            f", against {percent(now.mean)} under {names.policy(results.factual)}: lower in {percent(beats)} of worlds"
        )
    text += f". It is most likely under {names.policy(worst)}, {percent(high.mean)}."
    return Finding("Policies", text)


def better_share(results: RunView, outcome: str, policy: str, other: str) -> float:
    """Share of worlds (posterior) in which an outcome is less likely under one policy than under another."""
    lower = results.final_of(outcome, policy) < results.final_of(outcome, other)
    return float(results.weights @ lower)


def _who_pays(results: RunView) -> list[Finding]:
    best = results.ranked_policies(results.outcomes[0])[0][0]
    if best == results.factual:
        return []
    changes = [(actor, value_change(results, actor, best)) for actor in results.labels("actor")]
    changes = [(results.names.actor(a), s) for a, s in changes if abs(s.mean) >= 0.005]
    gains = [f"{a} ({signed(s.mean)})" for a, s in sorted(changes, key=lambda c: -c[1].mean) if s.mean > 0]
    losses = [f"{a} ({signed(s.mean)})" for a, s in sorted(changes, key=lambda c: c[1].mean) if s.mean < 0]
    if not gains and not losses:
        return []
    parts = [f"{listed(gains)} {'gains' if len(gains) == 1 else 'gain'}"] if gains else []
    parts += [f"{listed(losses)} {'loses' if len(losses) == 1 else 'lose'}"] if losses else []
    return [Finding("Who pays", f"Under {results.names.policy(best)}, {' and '.join(parts)}, each in its own units.")]


def value_change(results: RunView, actor: str, policy: str) -> Spread:
    """The spread of what a policy changes in an actor's expected total value, against the factual policy."""
    value = results.array("value", actor=actor, policy=policy) - results.array(
        "value", actor=actor, policy=results.factual
    )
    return results.spread(value)


def how_sure(results: RunView) -> list[Finding]:
    """Sample, noise and history: how far the numbers can be leaned on."""
    worlds = len(results.weights)
    text = f"{count(worlds, 'world')} (full sets of the uncertain numbers) were solved exactly"
    if results.run.observed:
        text += f"; after weighing them by what was observed they are worth {results.run.ess:.0f} equal ones"
    if results.run.ess < ROUGH_SAMPLE:
        text += ". Read shares as rough: with so few, they may be off by 10 percentage points or more"
    found = [Finding("Sample", f"{text}.")]
    found += _noise(results)
    score = results.run.score
    found.append(Finding("Track record", verdict(results.names, score) if score else NOT_SCORED))
    return found


def _noise(results: RunView) -> list[Finding]:
    if not results.outcomes:
        return []
    swept = results.sweep(results.outcomes[0], results.factual)
    means = {k: float(v.mean()) for k, v in swept.items() if v.size and not (v != v).all()}
    if not {"half", "perfect"} <= means.keys():
        return []
    name = results.names.outcome(results.outcomes[0])
    text = f"{capital(name)} goes from {percent(means['half'])} if everyone chooses half as precisely "
    text += f"to {percent(means['perfect'])} if all are perfectly rational"
    if results.scenario.rationality == "perfect":
        text = f"{capital(name)} is at {percent(means['perfect'])}, with choices taken to be perfectly rational"
    if "zero" in means:
        text += f"; it would be {percent(means['zero'])} if all acted by base rate alone"
    if means["perfect"] < means.get("one", 0) / 2:
        text += ". More than half of it therefore comes from imprecise choices, not from interests"
    return [Finding("Noise", f"{text} (tested on {count(len(next(iter(swept.values()))), 'world')}).")]


def what_would_change_it(results: RunView) -> list[Finding]:
    """The assumptions on which the main outcome and the claims turn, and what rests on judgement alone."""
    found, names = [], results.names
    for item in [d for d in results.run.drivers if d.policy == results.factual][:3]:
        top = [d for d in item.drivers if d.score >= 0.01][:3]
        if top:
            parts = [
                f"{names.inside(names.assumption(d.assumption))} ({'raises' if d.direction > 0 else 'lowers'} it)"
                for d in top
            ]
            found.append(Finding(capital(names.outcome(item.outcome)), f"decided most by {listed(parts)}."))
    totals: dict[str, float] = defaultdict(float)
    for claim in results.run.claims:
        for driver in claim.readings[0].decides if claim.readings else []:
            totals[driver.assumption] += driver.score
    ranked = sorted(totals.items(), key=lambda kv: -kv[1])[:4]
    top_names = [names.inside(names.assumption(a)) for a, s in ranked if s > 0.01]
    if top_names:
        found.append(Finding("Verdicts on claims", f"decided most by {listed(top_names)}."))
    uncertain = [a for a in results.scenario.all_assumptions.values() if a.distribution is not None]
    bare = [a for a in uncertain if not a.evidence]
    if bare:
        found.append(
            Finding(
                "Judgement",
                f"{len(bare)} of {count(len(uncertain), 'uncertain number')} "
                f"{'rests' if len(bare) == 1 else 'rest'} on judgement without a cited source.",
            )
        )
    if not totals and not any(item.drivers for item in results.run.drivers):
        found.insert(0, Finding("Drivers", _no_drivers(len(uncertain), len(results.weights))))
    return found


def _no_drivers(uncertain: int, worlds: int) -> str:
    """Why no assumption is named."""
    if not uncertain:
        return "nothing is uncertain here, so nothing decides."
    return f"no assumption stands out in {count(worlds, 'world')}. More worlds tell more."


def claims_title(results: RunView) -> str:
    """The finding of the claims chart."""
    claims = results.run.claims
    tally = {name: sum(side(c.share) == name for c in claims) for name in ("holds", "fails", "open")}
    text = f"{tally['holds']} of {count(len(claims), 'claim')} hold in at least 80% of worlds, "
    text += f"{tally['fails']} in at most 20%"
    if results.run.observed:
        moved = sum(abs(c.readings[0].posterior - c.readings[0].prior) >= 0.1 for c in claims if c.readings)
        text += f"; what was observed moved {count(moved, 'of them', 'of them')} by 10 points or more" if moved else ""
    return f"{text}."


def outcome_title(results: RunView, outcome: str) -> str:
    """The finding of one outcome's chart over time."""
    now = results.final_spread(outcome, results.factual)
    ranked = results.ranked_policies(outcome)
    text = f"{capital(results.names.outcome(outcome))}: {percent(now.mean)} by {results.end} "
    text += f"under {results.names.policy(results.factual)}"
    if len(ranked) > 1 and ranked[-1][1].mean - ranked[0][1].mean > 0.005:
        text += f"; policies span {percent(ranked[0][1].mean)} to {percent(ranked[-1][1].mean)}"
    return f"{text}."


def policies_title(results: RunView) -> str:
    """The finding of the chart of policies."""
    outcome, names = results.outcomes[0], results.names
    ranked = results.ranked_policies(outcome)
    position = [policy for policy, _ in ranked].index(results.factual) + 1
    text = f"{names.policy(ranked[0][0])} has the lowest risk of {names.inside(names.outcome(outcome))}"
    return f"{capital(text)}; {names.policy(results.factual)} ranks {position} of {len(ranked)}."


def sweep_title(results: RunView) -> str:
    """The finding of the precision sweep."""
    parts = []
    for outcome in results.outcomes:
        means = {k: float(v.mean()) for k, v in results.sweep(outcome, results.factual).items()}
        if {"half", "perfect"} <= means.keys():
            parts.append(
                f"{results.names.outcome(outcome)} from {percent(means['half'])} to {percent(means['perfect'])}"
            )
    return (
        f"From half precision to perfect rationality: {listed(parts[:3])}." if parts else "No precision sweep was run."
    )
