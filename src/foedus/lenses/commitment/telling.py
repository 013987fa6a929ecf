"""What each promise or threat does, and how clear each party would have it: the section of the commitment lens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.commitment.chart import curves, pair_chart, texts_chart
from foedus.lenses.commitment.effects import SAME, TEXTS, Effects, pair_arrays
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Table, Told, change
from foedus.present.wording import capital, count, listed, number, percent
from foedus.runs.view import RunView
from foedus.worlds.weights import HIGH, LOW, Spread, quantiles

if TYPE_CHECKING:
    import xarray as xr

FIGURES = 3
SMALL = 0.0005  # changes of a probability below this are not worth a word


def tell(results: RunView, found: xr.Dataset) -> Told:
    """The section of the commitment lens."""
    if not found.attrs["worlds"]:
        said = [
            "This scenario has no commitments: nobody has promised or threatened anything in it.",
            "Support that is a move and not a word (a subsidy, a deployment) shows under its own phase.",
        ]
        return Told(said)
    effects = Effects(results, found)
    if not effects.alive:
        said = [
            f"None of the {count(len(effects.all), 'commitment')} is ever in force under "
            f"{results.names.policy(str(found.attrs['policy']))} or a policy that was tried.",
            "Nothing can be said about what they do.",
        ]
        return Told(said)
    figures = [_curves(effects, name) for name in effects.alive[:FIGURES]]
    written = [name for name in effects.alive if effects.dial[name]]
    if written:
        figures.append(Figure(_texts_title(effects, written), TEXTS_NOTE, texts_chart(effects, written)))
    tables = [_effects(effects), *_net(effects), _three(effects), _texts(effects)]
    if "pair" in found.dims:
        for i in range(found.sizes["pair"]):
            if str(found["pair_under"].values[i]):
                figures.append(_pair_figure(effects, i))
                tables.append(_pair_table(effects, i))
    return Told(_sentences(effects, written), figures, tables, _notes(effects))


# --- words -------------------------------------------------------------------------------


def _sentences(effects: Effects, written: Sequence[str]) -> list[str]:
    return [_does(effects, effects.alive[0]), _clarity(effects, written)]


def moved(share: float, more: str = "more", less: str = "less") -> str:
    """A relative change as words: ``2.4% more``, ``as much``."""
    if np.isnan(share):
        return "in a way that has no measure here"
    return "as much" if abs(share) < 0.0005 else f"{percent(abs(share))} {more if share > 0 else less}"


def relative(effects: Effects, name: str, measure: str) -> float:
    """The average change that the commitment makes to a measure, relative to without it."""
    with_, without = (effects.spread(effects.amount(name, measure, s)).mean for s in ("as_is", "off"))
    return with_ / without - 1 if without > 1e-12 else float("nan")


def _pushes(effects: Effects, name: str, measure: str, who: str, many: bool = False) -> str:
    """How much more or less a party raises severity by its own moves."""
    with_, without = (effects.spread(effects.amount(name, measure, s)).mean for s in ("as_is", "off"))
    if np.isnan(with_) or max(with_, without) < 1e-9:
        return f"{who} {'have' if many else 'has'} no move that raises the stakes"
    verb = "raise" if many else "raises"
    if without < 1e-12:
        return f"{who} {verb} the stakes, which it would not without it"
    return f"{who} {verb} the stakes {moved(with_ / without - 1)}"


def _does(effects: Effects, name: str) -> str:
    """What the weightiest commitment does, in one sentence."""
    added, many = effects.change(name), len(effects.scenario.commitments[name].to) > 1
    before, after = (effects.spread(effects.prob(name, s)).mean for s in ("off", "as_is"))
    rises = effects.share(effects.prob(name) > effects.prob(name, "off") + 1e-12)
    war = effects.names.outcome(effects.war)
    verb = "hardly moves" if abs(added.mean) < SMALL else "raises" if added.mean > 0 else "lowers"
    odds = f"from {percent(before)} to {percent(after)} (that it raises it at all: {estimative(rises)}, {percent(rises)} of worlds)"
    kept = effects.spread(effects.ratio(name, "meets", "occasions")).mean
    alone = effects.spread(effects.ratio(name, "meets", "occasions", "off")).mean
    short = effects.spread(effects.ratio(name, "short", "applies")).mean
    return (
        f"{effects.label(name)} {verb} the chance of “{war}” {odds}: {_pushes(effects, name, 'addressee', effects.addressees(name), many)}, "
        f"{_pushes(effects, name, 'others', 'the rest')}, and {effects.obligor(name)} answers as expected "
        f"{percent(kept)} of the time instead of {percent(alone)}, and falls short {percent(short)} of the time that "
        "its word is called in."
    )


def _clarity(effects: Effects, written: Sequence[str]) -> str:
    """Is vagueness good, and for whom?"""
    name = next((n for n in written if n == effects.alive[0]), written[0] if written else "")
    if not name:
        return "No commitment here has a line that could be drawn more clearly or more vaguely, so that clarity has no say."
    sides: dict[str, list[str]] = {}
    for actor in effects.parties(name):
        best = effects.best(name, actor)
        kind = max(best, key=lambda k: best[k])
        sides.setdefault(kind, []).append(f"{effects.names.actor(actor)} ({percent(best[kind])} of worlds)")
    said = {
        "bright line": "a bright line is best for",
        "between": "something between is best for",
        "vague": "the vaguest text is best for",
        "all the same": "the text is all the same to",
    }
    parts = [f"{said[kind]} {listed(sides[kind])}" for kind in said if kind in sides]
    return f"Is vagueness good, and for whom? In “{effects.label(name)}” {'; '.join(parts)}. {_levels(effects, name)}"


def contrast(effects: Effects, name: str, kind: str) -> Floats:
    """[world] change of the chance of war from a bright line to the vaguest text, the odds held (``odds``) or not."""
    grid = effects.grid(kind)
    return effects.prob(name, f"{kind} {grid[-1]:g}") - effects.prob(name, f"{kind} {grid[0]:g}")


def _levels(effects: Effects, name: str) -> str:
    total, spread = (
        effects.spread(contrast(effects, name, "vague")).mean,
        effects.spread(contrast(effects, name, "odds")).mean,
    )
    war = effects.names.outcome(effects.war)
    said = f"From a bright line to the vaguest text the chance of “{war}” changes by {points(total)}"
    if np.isnan(spread):
        return f"{said}."
    if abs(total) < SMALL and abs(spread) < SMALL:
        return f"{said}, which is next to nothing on average; in single worlds it may be more (see the table)."
    return (
        f"{said}; {points(spread)} of that is the spread of the line itself and {points(total - spread)} that the clause applies "
        f"{'less' if _applies_less(effects, name) else 'more'} often."
    )


def _applies_less(effects: Effects, name: str) -> bool:
    grid = effects.grid("vague")
    sharp, vague = (effects.ratio(name, "applies", "occasions", f"vague {k:g}") for k in (grid[0], grid[-1]))
    return effects.spread(vague - sharp).mean < 0


def points(value: float) -> str:
    """A change of a probability in percentage points."""
    if np.isnan(value):
        return "–"
    size = abs(100 * value)
    text = "0" if size < 0.005 else f"{size:.2f}" if size < 1 else f"{size:.1f}"
    return f"{'' if text == '0' else '+' if value > 0 else '−'}{text} points"


def _notes(effects: Effects) -> list[str]:
    found = [
        f"Solved anew in {count(len(effects.weights), 'world')} that stand for the run's "
        f"{count(len(effects.results.weights), 'world')}; ranges hold nine in ten of them.",
        "With and without: in every belief. A party raises the stakes by its own moves when they raise the severity that the "
        "commitment's trigger reads (or the odds that it applies), counted in expected steps over the periods reported.",
        "Emboldening: by how much more the addressee raises the stakes than without the commitment. Others: the same for all but obligor "
        "and addressee (less is caution). Entrapment: how much oftener the obligor answers as expected. Abandonment: how often it falls "
        "short, of the times that the clause applied.",
        "Bright line: vagueness 0. Odds held: the line is moved so that the clause applies as often as it does now, on average "
        "over the severities at which it is read now. Level: what is left of the whole once the odds are held. The readings: what hidden "
        "misreading, open disagreement and intervals add as things are; a dash where there is no such thing.",
    ]
    elsewhere = [
        f"{effects.label(n)} under “{effects.names.policy(effects.under[n])}”"
        for n in effects.alive
        if effects.under[n] != str(effects.found.attrs["policy"])
    ]
    if elsewhere:
        here = effects.names.policy(str(effects.found.attrs["policy"]))
        found.append(f"Not in force under “{here}”, and so looked at where a policy brings it up: {listed(elsewhere)}.")
    away = [effects.label(name) for name in effects.all if not effects.under[name]]
    if away:
        found.append(f"Never in force under a policy that was tried: {listed(away)}.")
    return found


# --- figures -----------------------------------------------------------------------------

TEXTS_NOTE = "Share of worlds in which each text is best for a party, by what it gets; dark: vague, middle: between, pale: a bright line, grey: all the same. ✎ marks who gives the word."
CURVES_NOTE = (
    "Average over worlds (blue) and where nine in ten lie; orange dashes: the odds held; dot: as written. Changes are against the "
    "same world without the commitment (0). Above: from a bright line to vague; below: from a word that is free to break to a dear one."
)


def _curves(effects: Effects, name: str) -> Figure:
    war, added = effects.names.outcome(effects.war), effects.change(name)
    verb = "hardly moves" if abs(added.mean) < SMALL else "adds to" if added.mean > 0 else "takes from"
    by = "" if verb == "hardly moves" else f" {points(abs(added.mean)).lstrip('+')}"
    title = f"{effects.label(name)} {verb} the chance of “{war}”{by}"
    if effects.dial[name]:
        total = effects.spread(contrast(effects, name, "vague")).mean
        title += f"; the vaguest text changes it by {points(total)} against a bright line"
    where = effects.under[name]
    said = f" {effects.obligor(name)} to {effects.addressees(name)}."
    under = (
        said
        if where == str(effects.found.attrs["policy"])
        else f"{said} Looked at under “{effects.names.policy(where)}”."
    )
    return Figure(title, CURVES_NOTE + under, curves(effects, name))


def _texts_title(effects: Effects, written: Sequence[str]) -> str:
    vague = [
        n
        for n in written
        if (best := effects.best(n, effects.scenario.commitments[n].from_))["vague"] > best["bright line"]
    ]
    if not vague:
        return "No obligor would rather leave its text vague than draw a bright line"
    return f"Vagueness serves the one who gives the word rather than a bright line: {listed([effects.label(n) for n in vague])}"


def _pair(effects: Effects, i: int) -> tuple[str, str, str]:
    """(threat, assurance, obligor) of a pair."""
    threat, assurance = str(effects.found["pair"].values[i]).split(" and ")
    return threat, assurance, effects.scenario.commitments[threat].from_


def _pair_figure(effects: Effects, i: int) -> Figure:
    actor = _pair(effects, i)[2]
    values, wars, power, texts = pair_arrays(effects, i, actor)
    mine, peace = np.unravel_index(values.argmax(), values.shape), np.unravel_index(wars.argmin(), wars.shape)
    war = effects.names.outcome(effects.war)
    title = (
        f"{effects.names.actor(actor)} does best at power {power[mine[1]]:g} ({texts[mine[0]]} words), "
        f"the chance of “{war}” is lowest at {power[peace[1]]:g} ({texts[peace[0]]})"
    )
    note = (
        "Power makes the threat credible and the assurance doubtful (Cebul, Dafoe and Monteiro 2021): an empty threat costs twice "
        "the power times what is written, an empty assurance twice what is left to 1. At one half both are as written. "
        f"Looked at under “{effects.names.policy(str(effects.found['pair_under'].values[i]))}”."
    )
    return Figure(title, note, pair_chart(effects, i, actor))


# --- tables ------------------------------------------------------------------------------


def _amount(spread: Spread, how: str = "points") -> Amount:
    say = {"points": lambda v: points(v).removesuffix(" points"), "percent": percent, "number": number}[how]
    return Amount(say(spread.mean), spread.mean, f"{say(spread.low)} to {say(spread.high)}")


def _sign(share: float) -> str:
    """A relative change with its sign."""
    if np.isnan(share) or abs(share) < 0.0005:
        return "–" if np.isnan(share) else "0%"
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def _relative(effects: Effects, name: str, measure: str) -> Amount:
    """The change of a measure, relative to without the commitment."""
    with_, without = (effects.amount(name, measure, s) for s in ("as_is", "off"))
    share = np.divide(with_, without, out=np.full_like(with_, np.nan), where=without > 1e-12) - 1
    mean = relative(effects, name, measure)
    low, high = (float(v) for v in quantiles(share, effects.weights, (LOW, HIGH)))
    if np.isnan(mean):
        rise = effects.spread(with_ - without).mean
        return Amount("–" if np.isnan(rise) or abs(rise) < 1e-12 else f"from 0 to {number(rise, 2)}", rise)
    sign = [_sign(v) for v in (mean, low, high)]
    return Amount(sign[0], mean, f"{sign[1]} to {sign[2]}")


def _effects(effects: Effects) -> Table:
    rows: list[list[Cell]] = []
    for name in effects.alive:
        kept, alone = (effects.ratio(name, "meets", "occasions", s) for s in ("as_is", "off"))
        obligor = effects.scenario.commitments[name].from_
        gain = effects.value(name, obligor) - effects.value(name, obligor, "off")
        rows.append(
            [
                effects.label(name),
                _relative(effects, name, "addressee"),
                _relative(effects, name, "others"),
                _amount(effects.spread(kept - alone)),
                _amount(effects.spread(effects.ratio(name, "short", "applies")), "percent"),
                _amount(effects.change(name)),
                _amount(effects.spread(gain), "number"),
            ]
        )
    war = effects.names.outcome(effects.war)
    columns = [
        "Commitment",
        "Emboldening",
        "Others",
        "Entrapment (points)",
        "Abandonment",
        f"“{war}” (points)",
        "Obligor’s value",
    ]
    return Table("What each commitment changes, against the same game without it", columns, rows)


def _net(effects: Effects) -> list[Table]:
    """Outcomes (in points), and what each actor gets, with less without."""
    outcomes = effects.outcomes[:4]
    rows: list[list[Cell]] = []
    gains: list[list[Cell]] = []
    for name in effects.alive:
        rows.append([effects.label(name), *(_amount(effects.change(name, outcome)) for outcome in outcomes)])
        spreads = [effects.spread(effects.value(name, a) - effects.value(name, a, "off")) for a in effects.actors]
        gains.append([effects.label(name), *(change(s) for s in spreads)])
    return [
        Table("Net effect on outcomes, in points", ["Commitment", *map(effects.names.outcome, outcomes)], rows),
        Table("What each actor gains by it", ["Commitment", *map(effects.names.actor, effects.actors)], gains),
    ]


def _three(effects: Effects) -> Table:
    rows: list[list[Cell]] = []
    for name in effects.alive:
        total, spread = contrast(effects, name, "vague"), contrast(effects, name, "odds")
        readings = [effects.prob(name) - effects.prob(name, s) for s in ("no_hidden", "no_open", "no_interval")]
        cells = [total, total - spread, spread, *readings]
        rows.append(
            [
                effects.label(name),
                *(
                    _amount(effects.spread(values)) if not np.isnan(values).all() else Amount("–", float("nan"))
                    for values in cells
                ),
            ]
        )
    war = effects.names.outcome(effects.war)
    columns = [
        "Commitment",
        "Bright line to vague",
        "of which level",
        "of which spread",
        "Hidden misreading adds",
        "Open disagreement adds",
        "Interval reading adds",
    ]
    return Table(f"Three effects of vagueness on “{war}”, apart, in points", columns, rows)


def _texts(effects: Effects) -> Table:
    rows: list[list[Cell]] = []
    for name in effects.alive:
        for actor in effects.parties(name):
            best = effects.best(name, actor) if effects.dial[name] else dict.fromkeys((*TEXTS, SAME), float("nan"))
            dearer = effects.share(effects.value(name, actor, "cost 2") > effects.value(name, actor, "cost 1"))
            shares = [Amount(percent(share), share) for share in (*best.values(), dearer)]
            rows.append([effects.label(name), effects.names.actor(actor), *shares, _times(effects, name, actor)])
    columns = [
        "Commitment",
        "Party",
        "Bright line best",
        "Between",
        "Vague best",
        "All the same",
        "Dearer word better",
        "Best cost of breaking it (times what is written)",
    ]
    return Table("The text that each party would write, and how dear: share of worlds, and median", columns, rows)


def _times(effects: Effects, name: str, actor: str) -> Amount:
    """The best cost of reneging for an actor: median and range over worlds."""
    s = effects.spread(effects.dearest(name, actor))
    return Amount(
        "–" if np.isnan(s.median) else f"{s.median:g}×", s.median, f"{s.low:g} to {s.high:g}" if s.low == s.low else ""
    )


def _pair_table(effects: Effects, i: int) -> Table:
    threat, assurance, actor = _pair(effects, i)
    found = effects.found
    value = np.asarray(found["word_value"].values, float)[:, i, :, effects.actors.index(actor)]
    war = np.asarray(found["word_prob"].values, float)[:, i, :, effects.outcomes.index(effects.war)]
    rows: list[list[Cell]] = [
        [
            capital(str(word)),
            _amount(effects.spread(war[:, w]), "percent"),
            _amount(effects.spread(value[:, w]), "number"),
        ]
        for w, word in enumerate(found["word"].values)
    ]
    columns = ["Words", f"Chance of “{effects.names.outcome(effects.war)}”", f"Value to {effects.names.actor(actor)}"]
    return Table(f"{effects.label(threat)}; {effects.label(assurance)}: both words, one, or neither", columns, rows)
