"""What each promise or threat does, and how clear each party would have it: the section of the commitment lens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.commitment.alterations import READINGS, Alteration, Dial
from foedus.lenses.commitment.chart import curves, pair_chart, texts_chart
from foedus.lenses.commitment.deeds import answered_table, does, drawn_in, effects_table, raising_table
from foedus.lenses.commitment.effects import BestText, CommitmentEffects, PairEffects
from foedus.lenses.dials import Count
from foedus.present.colours import MAIN, OTHER
from foedus.present.section import Amount, Cell, Figure, Table, Told, amount, change, probability, table
from foedus.present.wording import capital, count, listed, number, percent, points
from foedus.runs.view import RunView
from foedus.worlds.ties import tied

FIGURES = 3
UNDEFINED = float("nan")
SMALL = 0.0005  # changes of a probability below this are not worth a word
TEXTS_NOTE = "Share of worlds in which each text is best for a party, by what it gets; dark: vague, middle: between, pale: a bright line, grey: all the same. ✎ marks who gives the word."
CURVES_NOTE = (
    f"Average over worlds ({MAIN}) and where nine in ten lie; {OTHER} dashes: the odds held; dot: as written. Changes are against the "
    "same world without the commitment (0). Above: from a bright line to vague; below: from a word that is free to break to a dear one."
)
PAIR_NOTE = (
    "Power makes the threat credible and the assurance doubtful (Cebul, Dafoe and Monteiro 2021): an empty threat costs twice "
    "the power times what is written, an empty assurance twice what is left to 1. At one half both are as written. "
)
NOTES = (
    "With and without: in every belief. A party raises the stakes by its own moves when they raise the severity that the "
    "commitment's trigger reads (or the odds that it applies), counted in expected steps over the periods reported.",
    "Emboldening: by how much oftener the addressee raises the stakes than without the commitment, for each occasion on which it "
    "could, so that more or fewer occasions do not count. Others: the same for all but obligor and addressee (less is caution).",
    "A call: the obligor is asked for its answer while severity stands above its lowest. Fulfilment: the clause applied, it helps and wants "
    "to. Entanglement: it helps oftener than if its word cost nothing to break, though it would rather not (Kim 2011); entrapment: the part "
    "in conflicts that its ally started or escalated (Snyder 1984). Breach: the clause applied and it fell short. Read away: others "
    "attacked, the clause was read as not applying, and no help came. The rest of the calls is help unbidden, or none in a conflict of "
    "the ally’s own making to which the clause did not apply.",
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
        under = f"under {effects.names.policy(effects.policy)} or a policy that was tried"
        never = f"None of the {count(len(effects.all), 'commitment')} is ever in force {under}."
        return Told([never, "Nothing can be said about what they do."])
    figures = [_curves(effects, name) for name in effects.alive[:FIGURES]]
    if effects.written:
        figures.append(Figure(_texts_title(effects), TEXTS_NOTE, texts_chart(effects, effects.written)))
    figures += [_pair_figure(effects, pair) for pair in effects.pairs]
    answered = answered_table(effects)
    tables = [effects_table(effects), *([answered] if answered else []), raising_table(effects), *_net_tables(effects)]
    tables += [_vagueness_table(effects), _texts_table(effects)]
    tables += [_pair_table(effects, pair) for pair in effects.pairs]
    told = [does(effects, effects.alive[0]), drawn_in(effects), _clarity(effects)]
    return Told([sentence for sentence in told if sentence], figures, tables, _notes(effects))


def _clarity(effects: CommitmentEffects) -> str:
    if not effects.written:
        return "No commitment here has a line that could be drawn more clearly or more vaguely, so that clarity has no say."
    name = effects.written[0]
    parties: dict[tuple[BestText, ...], list[str]] = {}
    for actor in effects.parties(name):
        best = effects.best(name, actor)
        kinds = [list(best)[i] for i in tied(np.array(list(best.values())), say=percent)]
        who = f"{effects.names.actor(actor)} ({percent(best[kinds[0]])} of worlds{' each' * (len(kinds) > 1)})"
        parties.setdefault(tuple(kinds), []).append(who)
    parts = [f"{' and, as often, '.join(SAID[k] for k in kinds)} {listed(who)}" for kinds, who in parties.items()]
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
    best = f"{effects.names.actor(pair.obligor)} does {_where(pair, pair.value, number, 'best')}"
    lowest = f"the chance of {effects.event} is {_where(pair, -pair.chance, percent, 'lowest')}"
    note = f"{PAIR_NOTE}Looked at under “{effects.names.policy(pair.under)}”."
    return Figure(f"{best}, {lowest}", note, pair_chart(effects, pair))


def _points(effects: CommitmentEffects, values: Floats, dash: float | None = None) -> Amount:
    return amount(effects.spread(values), points, dash)


def _where(pair: PairEffects, scores: Floats, say: Callable[[float], str], most: str) -> str:
    """At which powers, and with how clear words, something is largest; ``scores`` [text, power]."""
    level = tied(scores.ravel(), say=say)
    if len(level) == scores.size:
        return f"{'as well' if most == 'best' else 'the same'} at any power"
    places = [np.unravel_index(i, scores.shape) for i in sorted(level)]
    told = [f"{pair.power[power]:g} ({pair.texts[text]} words)" for text, power in places]
    return f"{most} at power {listed(told, 3)}{', a tie' * (len(told) > 1)}"


def _net_tables(effects: CommitmentEffects) -> list[Table]:
    outcomes, actors = effects.outcomes[:4], effects.actors

    def row(name: str, amounts: list[Amount]) -> list[Cell]:
        return [effects.label(name), *amounts]

    moved = [row(n, [amount(effects.change(n, outcome), points) for outcome in outcomes]) for n in effects.alive]
    gains = [row(n, [change(effects.gain(n, actor)) for actor in actors]) for n in effects.alive]
    return [
        Table("Net effect on outcomes, in points", ["Commitment", *map(effects.names.outcome, outcomes)], moved),
        Table("What each actor gains by it", ["Commitment", *map(effects.names.actor, actors)], gains),
    ]


def _vagueness_table(effects: CommitmentEffects) -> Table:

    def adds(reading: Alteration) -> Callable[[str], Cell]:
        return lambda name: _points(effects, effects.prob(name) - effects.prob(name, reading), UNDEFINED)

    def level(name: str) -> Cell:
        return _points(effects, effects.contrast(name, Dial.VAGUE) - effects.contrast(name, Dial.ODDS), UNDEFINED)

    hidden, open_, interval = READINGS
    columns: dict[str, Callable[[str], Cell]] = {
        "Commitment": effects.label,
        "Bright line to vague": lambda name: _points(effects, effects.contrast(name, Dial.VAGUE), UNDEFINED),
        "of which level": level,
        "of which spread": lambda name: _points(effects, effects.contrast(name, Dial.ODDS), UNDEFINED),
        "Hidden misreading adds": adds(hidden),
        "Open disagreement adds": adds(open_),
        "Interval reading adds": adds(interval),
    }
    return table(f"Three effects of vagueness on {effects.event}, apart, in points", columns, effects.alive)


def _texts_table(effects: CommitmentEffects) -> Table:
    kinds = ["Bright line best", "Between", "Vague best", "All the same"]
    columns = ["Commitment", "Party", *kinds, "Dearer word better", "Best cost of breaking it (times what is written)"]
    dearer, plain = Alteration(Dial.COST, 2.0), Alteration(Dial.COST, 1.0)
    rows: list[list[Cell]] = []
    for name in effects.alive:
        for actor in effects.parties(name):
            best = effects.best(name, actor) if effects.blur[name] else dict.fromkeys(BestText, UNDEFINED)
            better = effects.share(effects.value(name, actor, dearer) > effects.value(name, actor, plain))
            shares = [*map(probability, best.values()), probability(better)]
            cost = effects.spread(effects.dearest(name, actor))
            text = "–" if np.isnan(cost.median) else f"{cost.median:g}×"
            times = Amount(text, cost.median, f"{cost.low:g} to {cost.high:g}" if cost.low == cost.low else "")
            rows.append([effects.label(name), effects.names.actor(actor), *shares, times])
    return Table("The text that each party would write, and how dear: share of worlds, and median", columns, rows)


def _pair_table(effects: CommitmentEffects, pair: PairEffects) -> Table:
    value = f"Value to {effects.names.actor(pair.obligor)}"
    columns: dict[str, Callable[[int], Cell]] = {
        "Words": lambda w: capital(pair.words[w]),
        f"Chance of {effects.event}": lambda w: probability(effects.spread(pair.chance_by_word[:, w])),
        value: lambda w: amount(effects.spread(pair.value_by_word[:, w]), number),
    }
    caption = f"{effects.label(pair.threat)}; {effects.label(pair.assurance)}: both words, one, or neither"
    return table(caption, columns, range(len(pair.words)))
