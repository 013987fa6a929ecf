"""The tables of the commitment lens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.commitment.alterations import AS_IS, OFF, READINGS, Alteration, Dial
from foedus.lenses.commitment.effects import BestText, CommitmentEffects, PairEffects
from foedus.lenses.commitment.measure import Raising
from foedus.present.section import Amount, Cell, Table, amount, change, probability, table
from foedus.present.wording import capital, number, percent, points
from foedus.worlds.weights import HIGH, LOW, quantiles

UNDEFINED = float("nan")


def effects_table(effects: CommitmentEffects) -> Table:
    """Every commitment against the same game without it."""
    columns: dict[str, Callable[[str], Cell]] = {
        "Commitment": effects.label,
        "Emboldening": lambda name: _relative(effects, name, Raising.ADDRESSEE),
        "Others": lambda name: _relative(effects, name, Raising.OTHERS),
        "Entrapment (points)": lambda name: _points(effects, effects.answered(name) - effects.answered(name, OFF)),
        "Abandonment": lambda name: probability(effects.spread(effects.fell_short(name))),
        f"{effects.event} (points)": lambda name: amount(effects.change(name), points),
        "Obligor’s value": lambda name: amount(effects.gain(name, effects.commitments[name].from_), number),
    }
    return table("What each commitment changes, against the same game without it", columns, effects.alive)


def _points(effects: CommitmentEffects, values: Floats, dash: float | None = None) -> Amount:
    return amount(effects.spread(values), points, dash)


def _relative(effects: CommitmentEffects, name: str, measure: Raising) -> Amount:
    """The change of a measure, relative to without the commitment."""
    with_, without = (effects.amount(name, measure, setting) for setting in (AS_IS, OFF))
    mean_with, mean_without = effects.raising(name, measure)
    if not mean_without > 1e-12:
        rise = effects.spread(with_ - without).mean
        return Amount("–" if np.isnan(rise) or abs(rise) < 1e-12 else f"from 0 to {number(rise, 2)}", rise)
    share = np.divide(with_, without, out=np.full_like(with_, np.nan), where=without > 1e-12) - 1
    mean = mean_with / mean_without - 1
    low, high = (_sign(float(v)) for v in quantiles(share, effects.weights, (LOW, HIGH)))
    return Amount(_sign(mean), mean, f"{low} to {high}")


def _sign(share: float) -> str:
    """A relative change with its sign."""
    if np.isnan(share) or abs(share) < 0.0005:
        return "–" if np.isnan(share) else "0%"
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def net_tables(effects: CommitmentEffects) -> list[Table]:
    """Outcomes (in points), and what each actor gets, with less without."""
    outcomes = effects.outcomes[:4]
    moved = [[amount(effects.change(name, outcome), points) for outcome in outcomes] for name in effects.alive]
    gains = [[change(effects.gain(name, actor)) for actor in effects.actors] for name in effects.alive]
    named = [effects.label(name) for name in effects.alive]
    kinds = (
        ("Net effect on outcomes, in points", map(effects.names.outcome, outcomes), moved),
        ("What each actor gains by it", map(effects.names.actor, effects.actors), gains),
    )
    return [
        Table(caption, ["Commitment", *of], [[n, *row] for n, row in zip(named, rows)]) for caption, of, rows in kinds
    ]


def vagueness_table(effects: CommitmentEffects) -> Table:
    """Level, spread and reading."""

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


def texts_table(effects: CommitmentEffects) -> Table:
    """How often each text is best for a party, and the cost of breaking the word that is."""
    kinds = ["Bright line best", "Between", "Vague best", "All the same"]
    columns = ["Commitment", "Party", *kinds, "Dearer word better", "Best cost of breaking it (times what is written)"]
    dearer, plain = Alteration(Dial.COST, 2.0), Alteration(Dial.COST, 1.0)
    rows: list[list[Cell]] = []
    for name in effects.alive:
        for actor in effects.parties(name):
            best = effects.best(name, actor) if effects.blur[name] else dict.fromkeys(BestText, UNDEFINED)
            better = effects.share(effects.value(name, actor, dearer) > effects.value(name, actor, plain))
            shares = [probability(share) for share in (*best.values(), better)]
            cost = effects.spread(effects.dearest(name, actor))
            text = "–" if np.isnan(cost.median) else f"{cost.median:g}×"
            times = Amount(text, cost.median, f"{cost.low:g} to {cost.high:g}" if cost.low == cost.low else "")
            rows.append([effects.label(name), effects.names.actor(actor), *shares, times])
    return Table("The text that each party would write, and how dear: share of worlds, and median", columns, rows)


def pair_table(effects: CommitmentEffects, pair: PairEffects) -> Table:
    """Both words of a pair, either, or neither."""
    value = f"Value to {effects.names.actor(pair.obligor)}"
    columns: dict[str, Callable[[int], Cell]] = {
        "Words": lambda w: capital(pair.words[w]),
        f"Chance of {effects.event}": lambda w: probability(effects.spread(pair.chance_by_word[:, w])),
        value: lambda w: amount(effects.spread(pair.value_by_word[:, w]), number),
    }
    caption = f"{effects.label(pair.threat)}; {effects.label(pair.assurance)}: both words, one, or neither"
    return table(caption, columns, range(len(pair.words)))
