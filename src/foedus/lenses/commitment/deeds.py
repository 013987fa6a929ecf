"""What a commitment does, told in the words of its kind: help that comes or not, a threat carried out, an assurance kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.commitment.alterations import AS_IS, OFF, Alteration
from foedus.lenses.commitment.drawn_in import Answered
from foedus.lenses.commitment.effects import CommitmentEffects
from foedus.lenses.commitment.measure import Raising
from foedus.present.section import Amount, Cell, Table, amount, probability, table
from foedus.present.wording import number, percent, points
from foedus.scenario.commitments import Deed
from foedus.worlds.weights import HIGH, LOW, MIDDLE, Spread, weighted_quantile

SMALL = 0.0005  # changes of a probability below this are not worth a word


@dataclass(frozen=True)
class Words:
    """How an answer that is as expected, and one that falls short, are called, and when the word is called in."""

    does: str
    fails: str
    due: str


WORDS = {
    Deed.HELP: Words("helps as promised", "falls short of its promise", "its promise is called in"),
    Deed.HARM: Words("carries it out", "backs down", "the threat falls due"),
    Deed.RESTRAINT: Words("keeps to it", "breaks it", "the assurance falls due"),
}


def words(effects: CommitmentEffects, name: str) -> Words:
    """The words for a commitment's kind."""
    return WORDS[effects.commitments[name].deed]


def does(effects: CommitmentEffects, name: str) -> str:
    """What it does to the feared outcome, to those who could raise the stakes, and to the one who gave the word."""
    added, many, said = effects.change(name).mean, len(effects.commitments[name].to) > 1, words(effects, name)
    before, after = (percent(effects.spread(effects.prob(name, s)).mean) for s in (OFF, AS_IS))
    rises = effects.share(effects.prob(name) > effects.prob(name, OFF) + 1e-12)
    verb = "hardly moves" if abs(added) < SMALL else "raises" if added > 0 else "lowers"
    odds = f"from {before} to {after} (it raises it at all in {rises})"
    kept, alone = (percent(effects.spread(effects.met(name, s)).mean) for s in (AS_IS, OFF))
    short = percent(effects.spread(effects.fell_short(name)).mean)
    return (
        f"{effects.label(name)} {verb} the chance of {effects.event} {odds}: "
        f"{_pushes(effects, name, Raising.ADDRESSEE, effects.addressees(name), many)}, "
        f"{_pushes(effects, name, Raising.OTHERS, 'the rest')}, and {effects.obligor(name)} {said.does} {kept} "
        f"of the time instead of {alone}, and {said.fails} {short} of the time that {said.due}."
    )


def _pushes(effects: CommitmentEffects, name: str, measure: Raising, who: str, many: bool = False) -> str:
    """How much oftener a party raises severity, for each occasion on which it could."""
    with_, without = (effects.spread(effects.per_occasion(name, measure, s)).mean for s in (AS_IS, OFF))
    if np.isnan(with_):
        return f"{who} {'have' if many else 'has'} no move that raises the stakes"
    verb = "raise" if many else "raises"
    if np.isnan(without):
        return f"{who} {verb} the stakes on {percent(with_)} of occasions, which without it there would not be"
    before, after = percent(without), percent(with_)
    change = (
        f"as often as without it ({after} of occasions)"
        if before == after
        else f"on {after} of occasions instead of {before}"
    )
    return f"{who} {verb} the stakes {change}"


def drawn_in(effects: CommitmentEffects) -> str:
    """Why promised help comes or does not, for the promise of help told first; empty without any that is called in."""
    called = [name for name in effects.alive if np.nansum(effects.why(name, Answered.CALLS)) > 1e-9]
    if not called:
        return ""
    name = called[0]

    def of(*reasons: Answered) -> str:
        return percent(
            effects.spread(sum((effects.per_call(name, why) for why in reasons), np.zeros(effects.worlds))).mean
        )

    obligor = effects.obligor(name)
    return (
        f"When “{effects.label(name)}” is called on, {obligor} helps because its word was invoked and it wants to in "
        f"{of(Answered.FULFILMENT)} of calls (fulfilment), and against its own interest, because breaking its word would cost it, in "
        f"{of(Answered.ENTANGLEMENT)} (entanglement); in {of(Answered.ENTRAPMENT)} of calls it does so in a conflict that its ally started "
        f"or escalated (entrapment). It abandons its ally in {of(Answered.BREACH, Answered.READ_AWAY)}: {of(Answered.BREACH)} break the word, in "
        f"{of(Answered.READ_AWAY)} the clause is read as not applying though others attacked."
    )


def effects_table(effects: CommitmentEffects) -> Table:
    """What each commitment changes."""

    def occasion(measure: Raising) -> Callable[[str], Cell]:
        return lambda name: _points(
            effects, effects.per_occasion(name, measure) - effects.per_occasion(name, measure, OFF)
        )

    columns: dict[str, Callable[[str], Cell]] = {
        "Commitment": effects.label,
        "Addressee raises, per occasion (points)": occasion(Raising.ADDRESSEE),
        "Others raise, per occasion (points)": occasion(Raising.OTHERS),
        "Word kept (points)": lambda name: _points(effects, effects.met(name) - effects.met(name, OFF)),
        "Falls short, when due": lambda name: probability(effects.spread(effects.fell_short(name))),
        f"{effects.event} (points)": lambda name: amount(effects.change(name), points),
        "Obligor’s value": lambda name: amount(effects.gain(name, effects.commitments[name].from_), number),
    }
    return table("What each commitment changes, against the same game without it", columns, effects.alive)


def raising_table(effects: CommitmentEffects) -> Table:
    """Who raises the stakes how often: per occasion, on how many occasions, and in steps over the whole horizon."""

    def both(
        of: Callable[[str, Raising, Alteration], Floats], row: tuple[str, Raising], say: Callable[[float], str]
    ) -> Cell:
        now, off = (effects.spread(of(*row, setting)) for setting in (AS_IS, OFF))
        return Amount(f"{say(now.mean)} (without: {say(off.mean)})", now.mean)

    who = {Raising.ADDRESSEE: "addressee", Raising.OTHERS: "others", Raising.OBLIGOR: "obligor"}
    rows = [(name, measure) for name in effects.alive for measure in who if effects.could(name, measure)]
    columns: dict[str, Callable[[tuple[str, Raising]], Cell]] = {
        "Commitment": lambda row: effects.label(row[0]),
        "Who": lambda row: who[row[1]],
        "Raises, per occasion": lambda row: both(effects.per_occasion, row, percent),
        "Occasions": lambda row: both(effects.chances, row, lambda x: number(x, 2)),
        "Steps over the horizon": lambda row: _relative(effects, *row),
    }
    return table("Raising the stakes: per occasion on which a party could, and over the horizon", columns, rows)


def answered_table(effects: CommitmentEffects) -> Table | None:
    """Of all calls on a promise of help, why help comes or does not; None where no such promise is called on."""
    called = [name for name in effects.alive if np.nansum(effects.why(name, Answered.CALLS)) > 1e-9]
    if not called:
        return None

    def share(why: Answered) -> Callable[[str], Cell]:
        return lambda name: probability(effects.spread(effects.per_call(name, why)))

    columns: dict[str, Callable[[str], Cell]] = {
        "Promise": effects.label,
        "Calls": lambda name: amount(effects.spread(effects.why(name, Answered.CALLS)), lambda x: number(x, 2)),
        "Started by its ally": share(Answered.STARTED),
        "Fulfilment": share(Answered.FULFILMENT),
        "Entanglement": share(Answered.ENTANGLEMENT),
        "of which entrapment": share(Answered.ENTRAPMENT),
        "Breach": share(Answered.BREACH),
        "Read away": share(Answered.READ_AWAY),
    }
    return table("Of all calls on a promise of help: why help comes, and why it does not", columns, called)


def _points(effects: CommitmentEffects, values: Floats) -> Amount:
    return amount(effects.spread(values), points, float("nan"))


def _relative(effects: CommitmentEffects, name: str, measure: Raising) -> Amount:
    """The change of the steps raised, relative to without the commitment."""
    with_, without = (effects.amount(name, measure, setting) for setting in (AS_IS, OFF))
    mean_with, mean_without = (effects.spread(values).mean for values in (with_, without))
    if not mean_without > 1e-12:
        rise = effects.spread(with_ - without).mean
        return Amount("–" if np.isnan(rise) or abs(rise) < 1e-12 else f"from 0 to {number(rise, 2)}", rise)
    share = np.divide(with_, without, out=np.full_like(with_, np.nan), where=without > 1e-12) - 1
    ends = map(float, weighted_quantile(share, (LOW, MIDDLE, HIGH), effects.weights))
    over = Spread.around(mean_with / mean_without - 1, *ends)
    return Amount(_sign(over.mean), over.mean, f"{_sign(over.low)} to {_sign(over.high)}")


def _sign(share: float) -> str:
    if np.isnan(share) or abs(share) < SMALL:
        return "–" if np.isnan(share) else "0%"
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"
