"""The sentences that a report leads with, written from the numbers of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from foedus.claims.sweep import Precision
from foedus.claims.verdict import BuiltIn, ClaimResult
from foedus.present.likelihood import estimative
from foedus.present.shares import Side
from foedus.present.wording import NOT_SCORED, band, capital, count, listed, percent, signed
from foedus.record.score_telling import verdict
from foedus.report.quantities import better_share, by_precision, given_what_happened, readings_differ, value_change
from foedus.report.sampling import sampled
from foedus.report.trials import adds_nothing, counted
from foedus.runs.view import RunView
from foedus.worlds.sample import uncertain
from foedus.worlds.thresholds import LEAST_DRIVER, NEGLIGIBLE, ROUGH_SAMPLE
from foedus.worlds.weights import ess


class Finding(NamedTuple):
    """One sentence or two of the summary, with the words that it is found by."""

    lead: str
    text: str


def what_comes_out(results: RunView) -> list[Finding]:
    """Claims, the main outcomes, the policies and who pays for them: at most six findings."""
    return [*_claims(results), *_outcomes(results), *policies(results)]


def _claims(results: RunView) -> list[Finding]:
    claims = results.run.claims
    if not claims:
        return []
    verbs = {Side.HOLDS: "hold in most worlds", Side.FAILS: "fail in most", Side.OPEN: "are divided"}
    by_side = {each: [claim for claim in claims if claim.held.side is each] for each in verbs}
    parts = [f"{len(some)} {verbs[each]} ({_quoted(results, some)})" for each, some in by_side.items() if some]
    after = "given what was observed, " if results.run.observed else ""
    text = f"{after}of {count(len(claims), 'claim')}, {'; '.join(parts)}."
    return [Finding("Claims", capital(text)), *weak_spots(results)]


def _quoted(results: RunView, claims: Sequence[ClaimResult]) -> str:
    return listed([f"“{results.names.claim(claim.id)}”" for claim in claims], 4)


def weak_spots(results: RunView) -> list[Finding]:
    """Claims that are built in, that hang on noise, or whose readings disagree."""
    claims = results.run.claims
    built_in = [c for c in claims if c.built_in == BuiltIn.YES]
    spots = (
        (built_in, "follow", "from how the scenario is written, not from what parties choose"),
        ([c for c in claims if c.warning], "turn", "with how precisely parties choose"),
        ([c for c in claims if readings_differ(c)], "depend", "on how the sentence is read"),
    )
    parts = [
        f"{count(len(some), 'claim')} {verb}{'s' if len(some) == 1 else ''} {rest} ({_quoted(results, some)})"
        for some, verb, rest in spots
        if some
    ]
    return [Finding("Weak spots", f"{capital('; '.join(parts))}.")] if parts else []


def _outcomes(results: RunView) -> list[Finding]:
    spreads = {outcome: results.final_spread(outcome, results.factual) for outcome in results.outcomes[:4]}
    parts = [f"{results.names.outcome(o)}: {results.words_for(o, s.mean)}, {band(s)}" for o, s in spreads.items()]
    under = f"Under {results.names.policy(results.factual)}, by {results.end}, with the range of nine worlds in ten"
    return [Finding("Risks", f"{under}: {'; '.join(parts)}."), *_given(results)] if parts else []


def _given(results: RunView) -> list[Finding]:
    """The same as seen from the last observed period."""
    rows = given_what_happened(results)[:4]
    parts = [f"{results.names.outcome(row.outcome)}: {estimative(row.told.mean)}, {band(row.told)}" for row in rows]
    return [Finding("Given what happened", f"{given_title(results)}: {'; '.join(parts)}.")] if rows else []


def given_title(results: RunView) -> str:
    """From when, and of which periods, outcomes are told given what happened."""
    assert results.seen_from is not None
    span = f"after that and by {results.end}" if results.goes_on else "that it has come"
    return f"As seen from {results.periods[results.seen_from]}, {span}"


def policies(results: RunView) -> list[Finding]:
    """Under which policy the main outcome is least likely, and who pays for it; nothing where there is none to choose."""
    if len(results.choosable) < 2 or not results.outcomes:
        return []
    outcome, names, factual = results.outcomes[0], results.names, results.factual
    (worst, high), level = results.ranked_policies(outcome)[-1], results.tied_lowest(outcome, percent)
    best, name = level[0], capital(names.outcome(outcome))
    if worst in level:
        text = f"{name} is as likely under each policy that can be chosen, as far as these worlds tell: {percent(high.mean)}."
        return [Finding("Policies", text)]
    low = results.final_spread(outcome, best).mean
    text = f"{name} is least likely under {names.policy(best)}, {percent(low)}"
    if len(level) > 1:
        text += f" (a tie with {listed([names.policy(policy) for policy in level[1:]])})"
    if factual not in level:
        now, lower = results.final_spread(outcome, factual).mean, better_share(results, outcome, best, factual)
        text += f", against {percent(now)} under {names.policy(factual)}: lower in {lower}"
    text += f". It is most likely under {names.policy(worst)}, {percent(high.mean)}."
    return [Finding("Policies", text), *_who_pays(results)]


def _who_pays(results: RunView) -> list[Finding]:
    best, parts = results.ranked_policies(results.outcomes[0])[0][0], []
    changes = [(value_change(results, a, best).mean, results.names.actor(a)) for a in results.labels("actor")]
    for sign, verb in ((1, "gain"), (-1, "lose")):
        moved = sorted((c for c in changes if sign * c[0] >= NEGLIGIBLE), key=lambda change: -sign * change[0])
        who = listed([f"{name} ({signed(mean)})" for mean, name in moved])
        parts += [f"{who} {verb}{'s' if len(moved) == 1 else ''}"] if moved else []
    if best == results.factual or not parts:
        return []
    return [Finding("Who pays", f"Under {results.names.policy(best)}, {' and '.join(parts)}, each in its own units.")]


def how_sure(results: RunView) -> list[Finding]:
    """Sample, noise and history: how far the numbers can be leaned on."""
    run = results.run
    text = f"{count(len(results.weights), 'world')} (full sets of the uncertain numbers) were solved exactly"
    if run.observed:
        text += f"; after weighing them by what was observed they are worth {run.ess:.0f} equal ones"
    if run.ess < ROUGH_SAMPLE and uncertain(run.scenario) and not run.thin:  # which the warning says
        text += ". Read shares as rough: with so few, they may be off by 10 percentage points or more"
    record = verdict(results.names, run.score) if run.score else NOT_SCORED
    return [Finding("Sample", f"{text}. {sampled(run)}"), *_noise(results), Finding("Track record", record)]


def _noise(results: RunView) -> list[Finding]:
    """The main outcome at each precision, all on the same worlds, and what strategy adds nothing to."""
    idle = adds_nothing(results)
    strategy = [Finding("Strategy", idle)] if idle else []
    if not results.outcomes:
        return strategy
    outcome = results.outcomes[0]
    means = {setting: spread.mean for setting, spread in by_precision(results, outcome, results.factual).items()}
    if not set(Precision) <= means.keys():
        return strategy
    name, perfect = capital(results.names.outcome(outcome)), percent(means[Precision.PERFECT])
    zero = percent(means[Precision.ZERO])
    if results.scenario.rationality == "perfect":
        text = f"{name} is at {perfect}, with choices taken to be perfectly rational; it would be {zero} if all acted by base rate alone"
    else:
        half, assumed = percent(means[Precision.HALF]), percent(means[Precision.ONE])
        text = (
            f"{name} is at {assumed} as assumed, {zero} if all acted by base rate alone, {half} if everyone chose half as "
            f"precisely and {perfect} if all were perfectly rational"
        )
    if means[Precision.PERFECT] < means[Precision.ONE] / 2:
        text += ". More than half of it therefore comes from imprecise choices, not from interests"
    few = counted(len(results.sweep_weights), ess(results.sweep_weights))
    return [Finding("Noise", f"{text} (average over {few})."), *strategy]


def what_would_change_it(results: RunView) -> list[Finding]:
    """The assumptions on which the main outcome and the claims turn, and what rests on judgement alone."""
    uncertain = [a for a in results.scenario.all_assumptions.values() if a.distribution is not None]
    told, bare = _drivers(results, len(uncertain)), sum(not a.evidence for a in uncertain)
    if bare:
        text = f"{bare} of {count(len(uncertain), 'uncertain number')} {'rests' if bare == 1 else 'rest'}"
        told.append(Finding("Judgement", f"{text} on judgement without a cited source."))
    return told


def _drivers(results: RunView, uncertain: int) -> list[Finding]:
    """The assumptions that decide outcomes and verdicts, or why none is named; ``uncertain`` is how many could."""
    run, names = results.run, results.names
    told = []
    for driven in [d for d in run.drivers if d.policy == results.factual][:3]:
        strong = [d for d in driven.drivers if d.score >= LEAST_DRIVER]
        ways = ["raises" if d.direction > 0 else "lowers" for d in strong]
        parts = [f"{names.inside(names.assumption(d.assumption))} ({way} it)" for d, way in zip(strong, ways)]
        if parts:
            told.append(Finding(capital(names.outcome(driven.outcome)), f"decided most by {listed(parts[:3])}."))
    totals: dict[str, float] = defaultdict(float)
    for claim in run.claims:
        for driver in claim.readings[0].decides if claim.readings else []:
            totals[driver.assumption] += driver.score
    if not totals and not any(driven.drivers for driven in run.drivers):
        why = "nothing is uncertain here, so nothing decides."
        if uncertain:
            why = f"no assumption stands out in {count(len(results.weights), 'world')}. More worlds tell more."
        return [Finding("Drivers", why), *told]
    ranked = sorted(totals, key=lambda name: -totals[name])[:4]
    deciding = [names.inside(names.assumption(name)) for name in ranked if totals[name] > LEAST_DRIVER]
    return told + ([Finding("Verdicts on claims", f"decided most by {listed(deciding)}.")] if deciding else [])


def claims_title(results: RunView) -> str:
    """The finding of the claims chart."""
    claims = results.run.claims
    sides = [claim.held.side for claim in claims]
    text = f"{sides.count(Side.HOLDS)} of {count(len(claims), 'claim')} hold in most worlds (70% or more), {sides.count(Side.FAILS)} fail in most"
    if results.run.observed:
        moved = sum(abs(c.readings[0].posterior - c.readings[0].prior) >= 0.1 for c in claims if c.readings)
        text += f"; what was observed moved {count(moved, 'of them', 'of them')} by 10 points or more" if moved else ""
    return f"{text}."


def outcome_title(results: RunView, outcome: str) -> str:
    """The finding of one outcome's chart over time."""
    now = results.final_spread(outcome, results.factual)
    ranked = results.ranked_policies(outcome)
    under = f"by {results.end} under {results.names.policy(results.factual)}"
    text = f"{capital(results.names.outcome(outcome))}: {percent(now.mean)} {under}"
    if len(ranked) > 1 and ranked[-1][1].mean - ranked[0][1].mean > 0.005:
        text += f"; policies span {percent(ranked[0][1].mean)} to {percent(ranked[-1][1].mean)}"
    return f"{text}."


def policies_title(results: RunView) -> str:
    """The finding of the chart of policies."""
    outcome, names = results.outcomes[0], results.names
    ranked, level = results.ranked_policies(outcome), results.tied_lowest(outcome, percent)
    name, many = names.inside(names.outcome(outcome)), len(ranked)
    if len(level) == many:
        return f"No policy that can be chosen has a clearly lower risk of {name} than another."
    verb = "have" if len(level) > 1 else "has"
    text = f"{capital(listed([names.policy(policy) for policy in level]))} {verb} the lowest risk of {name}"
    if results.factual in level:
        return f"{text}{', a tie' * (len(level) > 1)}."
    position = [policy for policy, _ in ranked].index(results.factual) + 1
    return f"{text}{', a tie' * (len(level) > 1)}; {names.policy(results.factual)} ranks {position} of {many}."


def sweep_title(results: RunView) -> str:
    """The finding of the precision sweep."""
    parts = []
    for outcome in results.outcomes:
        swept = by_precision(results, outcome, results.factual)
        if {Precision.HALF, Precision.PERFECT} <= swept.keys():
            ends = f"from {percent(swept[Precision.HALF].mean)} to {percent(swept[Precision.PERFECT].mean)}"
            parts.append(f"{results.names.outcome(outcome)} {ends}")
    if not parts:
        return "No precision sweep was run."
    return f"From half precision to perfect rationality: {listed(parts[:3])}."
