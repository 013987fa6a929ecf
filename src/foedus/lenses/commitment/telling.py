"""What each promise or threat does, and how clear each party would have it: the section of the commitment lens."""

from __future__ import annotations

import numpy as np

from foedus.arraytypes import Dataset
from foedus.lenses.commitment.alterations import AS_IS, OFF, Dial
from foedus.lenses.commitment.chart import curves, pair_chart, texts_chart
from foedus.lenses.commitment.effects import BestText, CommitmentEffects, PairEffects
from foedus.lenses.commitment.measure import Raising
from foedus.lenses.commitment.tables import effects_table, net_tables, pair_table, texts_table, vagueness_table
from foedus.lenses.dials import Count
from foedus.present.likelihood import estimative
from foedus.present.section import Figure, Told
from foedus.present.wording import count, listed, percent, points
from foedus.runs.view import RunView

FIGURES = 3
SMALL = 0.0005  # changes of a probability below this are not worth a word
TEXTS_NOTE = "Share of worlds in which each text is best for a party, by what it gets; dark: vague, middle: between, pale: a bright line, grey: all the same. ✎ marks who gives the word."
CURVES_NOTE = (
    "Average over worlds (blue) and where nine in ten lie; orange dashes: the odds held; dot: as written. Changes are against the "
    "same world without the commitment (0). Above: from a bright line to vague; below: from a word that is free to break to a dear one."
)
PAIR_NOTE = (
    "Power makes the threat credible and the assurance doubtful (Cebul, Dafoe and Monteiro 2021): an empty threat costs twice "
    "the power times what is written, an empty assurance twice what is left to 1. At one half both are as written. "
)
NOTES = (
    "With and without: in every belief. A party raises the stakes by its own moves when they raise the severity that the "
    "commitment's trigger reads (or the odds that it applies), counted in expected steps over the periods reported.",
    "Emboldening: by how much more the addressee raises the stakes than without the commitment. Others: the same for all but obligor "
    "and addressee (less is caution). Entrapment: how much oftener the obligor answers as expected. Abandonment: how often it falls "
    "short, of the times that the clause applied.",
    "Bright line: vagueness 0. Odds held: the line is moved so that the clause applies as often as it does now, on average "
    "over the severities at which it is read now. Level: what is left of the whole once the odds are held. The readings: what hidden "
    "misreading, open disagreement and intervals add as things are; a dash where there is no such thing.",
)
NO_COMMITMENTS = (
    "This scenario has no commitments: nobody has promised or threatened anything in it.",
    "Support that is a move and not a word (a subsidy, a deployment) shows under its own phase.",
)
SAID = {
    BestText.BRIGHT: "a bright line is best for",
    BestText.BETWEEN: "something between is best for",
    BestText.VAGUE: "the vaguest text is best for",
    BestText.SAME: "the text is all the same to",
}


def tell(results: RunView, data: Dataset) -> Told:
    """The section of the commitment lens."""
    if not data.attrs["worlds"]:
        return Told(NO_COMMITMENTS)
    effects = CommitmentEffects(results, data)
    if not effects.alive:
        never = f"None of the {count(len(effects.all), 'commitment')} is ever in force under"
        policy = effects.names.policy(effects.policy)
        return Told([f"{never} {policy} or a policy that was tried.", "Nothing can be said about what they do."])
    figures = [_curves(effects, name) for name in effects.alive[:FIGURES]]
    if effects.written:
        figures.append(Figure(_texts_title(effects), TEXTS_NOTE, texts_chart(effects, effects.written)))
    figures += [_pair_figure(effects, pair) for pair in effects.pairs]
    tables = [effects_table(effects), *net_tables(effects), vagueness_table(effects), texts_table(effects)]
    tables += [pair_table(effects, pair) for pair in effects.pairs]
    return Told([_does(effects, effects.alive[0]), _clarity(effects)], figures, tables, _notes(effects))


# --- words -------------------------------------------------------------------------------


def _pushes(effects: CommitmentEffects, name: str, measure: Raising, who: str, many: bool = False) -> str:
    """How much more or less a party raises severity by its own moves."""
    with_, without = effects.raising(name, measure)
    if np.isnan(with_) or max(with_, without) < 1e-9:
        return f"{who} {'have' if many else 'has'} no move that raises the stakes"
    verb = "raise" if many else "raises"
    if without < 1e-12:
        return f"{who} {verb} the stakes, which it would not without it"
    share = with_ / without - 1
    much = "as much" if abs(share) < SMALL else f"{percent(abs(share))} {'more' if share > 0 else 'less'}"
    return f"{who} {verb} the stakes {much}"


def _does(effects: CommitmentEffects, name: str) -> str:
    """What the weightiest commitment does, in one sentence."""
    added, many = effects.change(name).mean, len(effects.commitments[name].to) > 1
    before, after = (percent(effects.spread(effects.prob(name, s)).mean) for s in (OFF, AS_IS))
    rises = effects.share(effects.prob(name) > effects.prob(name, OFF) + 1e-12)
    verb = "hardly moves" if abs(added) < SMALL else "raises" if added > 0 else "lowers"
    odds = f"from {before} to {after} (that it raises it at all: {estimative(rises)}, {percent(rises)} of worlds)"
    kept, alone = (percent(effects.spread(effects.answered(name, s)).mean) for s in (AS_IS, OFF))
    short = percent(effects.spread(effects.fell_short(name)).mean)
    return (
        f"{effects.label(name)} {verb} the chance of {effects.event} {odds}: "
        f"{_pushes(effects, name, Raising.ADDRESSEE, effects.addressees(name), many)}, "
        f"{_pushes(effects, name, Raising.OTHERS, 'the rest')}, and {effects.obligor(name)} answers as expected {kept} "
        f"of the time instead of {alone}, and falls short {short} of the time that its word is called in."
    )


def _clarity(effects: CommitmentEffects) -> str:
    """Is vagueness good, and for whom?"""
    if not effects.written:
        return "No commitment here has a line that could be drawn more clearly or more vaguely, so that clarity has no say."
    name = effects.written[0]
    parties: dict[BestText, list[str]] = {}
    for actor in effects.parties(name):
        best = effects.best(name, actor)
        kind = max(best, key=lambda k: best[k])
        parties.setdefault(kind, []).append(f"{effects.names.actor(actor)} ({percent(best[kind])} of worlds)")
    parts = [f"{SAID[kind]} {listed(parties[kind])}" for kind in SAID if kind in parties]
    return f"Is vagueness good, and for whom? In “{effects.label(name)}” {'; '.join(parts)}. {_levels(effects, name)}"


def _levels(effects: CommitmentEffects, name: str) -> str:
    """What vagueness does to the feared outcome: the level, and the spread of the line."""
    total, spread = (effects.spread(effects.contrast(name, dial)).mean for dial in (Dial.VAGUE, Dial.ODDS))
    said = f"From a bright line to the vaguest text the chance of {effects.event} changes by {points(total)} points"
    if np.isnan(spread):
        return f"{said}."
    if abs(total) < SMALL and abs(spread) < SMALL:
        return f"{said}, which is next to nothing on average; in single worlds it may be more (see the table)."
    sharp, *_, vague = (effects.ratio(name, Count.APPLIES, Count.OCCASIONS, at) for at in effects.grid(Dial.VAGUE))
    oftener = "less" if effects.spread(vague - sharp).mean < 0 else "more"
    level = f"{points(total - spread)} points that the clause applies {oftener} often"
    return f"{said}; {points(spread)} points of that is the spread of the line itself and {level}."


def _notes(effects: CommitmentEffects) -> list[str]:
    all_worlds = count(len(effects.results.weights), "world")
    solved = f"Solved anew in {effects.counted} that stand for the run's {all_worlds}; ranges hold nine in ten of them."
    notes = [solved, *NOTES]
    under = {name: f"“{effects.names.policy(where)}”" for name, where in effects.under_policy.items()}
    elsewhere = [name for name in effects.alive if effects.under_policy[name] != effects.policy]
    if elsewhere:
        here, there = effects.names.policy(effects.policy), [f"{effects.label(n)} under {under[n]}" for n in elsewhere]
        notes.append(f"Not in force under “{here}”, and so looked at where a policy brings it up: {listed(there)}.")
    if away := [effects.label(name) for name in effects.all if not effects.under_policy[name]]:
        notes.append(f"Never in force under a policy that was tried: {listed(away)}.")
    return notes


# --- figures -----------------------------------------------------------------------------


def _curves(effects: CommitmentEffects, name: str) -> Figure:
    added = effects.change(name).mean
    verb = "hardly moves" if abs(added) < SMALL else "adds to" if added > 0 else "takes from"
    by = "" if verb == "hardly moves" else f" {points(abs(added)).lstrip('+')} points"
    title = f"{effects.label(name)} {verb} the chance of {effects.event}{by}"
    if effects.blur[name]:
        total = effects.spread(effects.contrast(name, Dial.VAGUE)).mean
        title += f"; the vaguest text changes it by {points(total)} points against a bright line"
    note = f"{CURVES_NOTE} {effects.obligor(name)} to {effects.addressees(name)}."
    if effects.under_policy[name] != effects.policy:
        note += f" Looked at under “{effects.names.policy(effects.under_policy[name])}”."
    return Figure(title, note, curves(effects, name))


def _texts_title(effects: CommitmentEffects) -> str:
    best = {name: effects.best(name, effects.commitments[name].from_) for name in effects.written}
    vague = [effects.label(name) for name, shares in best.items() if shares[BestText.VAGUE] > shares[BestText.BRIGHT]]
    if not vague:
        return "No obligor would rather leave its text vague than draw a bright line"
    return f"Vagueness serves the one who gives the word rather than a bright line: {listed(vague)}"


def _pair_figure(effects: CommitmentEffects, pair: PairEffects) -> Figure:
    text, power = np.unravel_index(pair.value.argmax(), pair.value.shape)
    calm_text, calm_power = np.unravel_index(pair.chance.argmin(), pair.chance.shape)
    best = f"{effects.names.actor(pair.obligor)} does best at power {pair.power[power]:g} ({pair.texts[text]} words)"
    lowest = f"the chance of {effects.event} is lowest at {pair.power[calm_power]:g} ({pair.texts[calm_text]})"
    note = f"{PAIR_NOTE}Looked at under “{effects.names.policy(pair.under)}”."
    return Figure(f"{best}, {lowest}", note, pair_chart(effects, pair))
