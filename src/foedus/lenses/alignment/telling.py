"""The section on alignment: who wants the same as whom, and how policies change it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.alignment.measure import Measure
from foedus.lenses.lens import Looked
from foedus.present.charts.matrix import Matrix, matrices
from foedus.present.colours import MAIN, OTHER
from foedus.present.section import Cell, Figure, Table, Told, change, table
from foedus.present.shares import share_of
from foedus.present.wording import capital, count, percent, ranged, signed
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

MEASURES = {
    Measure.PLAYS: "over whole plays",
    Measure.PAYOFFS: "period payoffs",
    Measure.PROSPECTS: "worth of outcomes",
    Measure.ORDER: "rank order (tau-b)",
    Measure.POSITIONS: "positions (S)",
}
SHOWN = [measure for measure in MEASURES if measure is not Measure.PROSPECTS]  # which is close to the first
UNKNOWN = -9.0  # what is undefined sorts below all else
FIGURE_NOTE = f"{capital(MAIN)}: alike; {OTHER}: opposed; a dash: one of the two is never better or worse off. Averages over worlds."
NOTE = (
    "Over whole plays: correlation of all that two actors are paid, from all possible courses of events. Period payoffs: of "
    "what periods' ends pay alone. Worth of outcomes: of what periods' ends are worth with what follows, within a period. "
    "Tau-b ranks these; S asks of each step of a state variable whether an actor is for it, against it or indifferent."
)
ActorPair = tuple[str, str]


def tell(results: RunView, data: Dataset) -> Told:
    """Alignment as sentences, matrices and tables."""
    alignment = Alignment(results, data)
    sentences = [_closest_and_furthest(alignment), _what_moves_it(alignment)]
    tables = [_pairs_table(alignment), *_policies_table(alignment)]
    fewer = count(len(alignment.fewer), "world")
    note = f"Worked out anew in {alignment.counted} that stand for all; policies are compared in {fewer}. {NOTE}"
    return Told(sentences, [_figure(alignment)], tables, [note])


class Alignment(Looked):
    """Numbers by pair of actors. ``main`` is the first measure that is defined for some pair; ``fewer`` are the weights of
    the worlds in which policies are compared, ``others`` the policies beside the factual one where that was run."""

    def __init__(self, results: RunView, data: Dataset):
        super().__init__(results, data)
        self.actors = self.labels("actor")
        self.pairs = list(combinations(self.actors, 2))
        self.fewer = self.array("few_weight")
        known = (m for m in MEASURES if not all(np.isnan(self.of(pair, m).mean) for pair in self.pairs))
        self.main = next(known, Measure.PLAYS)
        policies = self.labels("policy")
        self.others = [policy for policy in policies if policy != self.factual] if self.factual in policies else []

    def values(self, pair: ActorPair, measure: Measure, variable: str = "alignment", **picked: str) -> Floats:
        """[world] of a pair."""
        return self.array(variable, measure=measure, actor=pair[0], other=pair[1], **picked)

    def of(self, pair: ActorPair, measure: Measure, variable: str = "alignment") -> Spread:
        """The spread of a measure of a pair."""
        return self.spread(self.values(pair, measure, variable))

    def differences(self, pair: ActorPair, policy: str) -> Floats:
        """[few] change of the main measure under a policy against the factual one."""
        then, now = (self.values(pair, self.main, "compared", policy=p) for p in (policy, self.factual))
        return then - now

    def moved(self, changes: Floats) -> Spread:
        """The spread of changes [few]."""
        return self.results.spread(changes, self.fewer)

    def called(self, pair: ActorPair) -> str:
        """The two actors' names."""
        return f"{self.names.actor(pair[0])} and {self.names.actor(pair[1])}"


def _closest_and_furthest(alignment: Alignment) -> str:
    spreads = {pair: alignment.of(pair, alignment.main) for pair in alignment.pairs}
    known = [pair for pair in alignment.pairs if not np.isnan(spreads[pair].mean)]
    known.sort(key=lambda pair: spreads[pair].mean)
    if not known:
        why = "there is one actor only"
        if alignment.pairs:
            why = "in each world play takes a single course, or nothing makes two actors better or worse off"
        return f"{alignment.under}, nobody's wishes can be compared: {why}."

    def said(pair: ActorPair, who: str = "") -> str:
        return f"{alignment.called(pair)}{who} {_alike(spreads[pair].mean)}: {ranged(spreads[pair], _coefficient)}"

    text = said(known[-1])
    if len(known) > 1:
        text = f"the closest are {said(known[-1], ', who')}; furthest apart are {said(known[0], ', who')}"
    defined = _defined(alignment.values(known[-1], alignment.main), alignment.weights)
    some = "" if defined > 1 - 1e-9 else f" of the {percent(defined)} where play varies"
    how = f"(−1 is opposed, 1 at one; {MEASURES[alignment.main]}; average, and nine worlds in ten{some})"
    return f"{alignment.under}, {text} {how}."


def _defined(values: Floats, weights: Floats) -> float:
    """The share of worlds in which there is a number."""
    return float(weights[~np.isnan(values)].sum() / weights.sum())


def _what_moves_it(alignment: Alignment) -> str:
    """The policy that changes a pair most, or how far the measures agree."""
    every = ((pair, policy) for policy in alignment.others for pair in alignment.pairs)
    moves = {at: changes for at in every if _defined(changes := alignment.differences(*at), alignment.fewer) >= 0.5}
    spreads = {at: alignment.moved(changes) for at, changes in moves.items()}
    at = max(spreads, key=lambda at: abs(spreads[at].mean), default=None)
    if at is None or float(f"{abs(spreads[at].mean):.2f}") == 0:
        return _agreement(alignment)
    (pair, policy), changes, spread = at, moves[at], spreads[at]
    same_way, way = (changes > 0, "closer") if spread.mean > 0 else (changes < 0, "further apart")
    share = share_of(same_way, alignment.fewer, ~np.isnan(changes))
    others = count(len(alignment.others), "other policy", "other policies")
    return (
        f"Of {others}, {alignment.names.policy(policy)} changes a pair most: {alignment.called(pair)} come {way} by "
        f"{ranged(spread)}, and go that way in {share}."
    )


def _agreement(alignment: Alignment) -> str:
    """How many pairs have the same sign by rank order as by the main measure."""
    means = [[alignment.of(pair, m).mean for m in (alignment.main, Measure.ORDER)] for pair in alignment.pairs]
    known = [(main, order) for main, order in means if main == main and order == order]
    if not known:
        return "No policy changes it by as much as 0.01, and there is no rank order to check it against."
    same = sum((main > 0) == (order > 0) for main, order in known)
    signs = f"{same} of {count(len(known), 'pair')} {'has' if same == 1 else 'have'} the same sign"
    return f"No policy that was run changes it by as much as 0.01; by rank order (Kendall's tau-b) {signs}."


def _figure(alignment: Alignment) -> Figure:
    """The matrix under the policy, and its change, or that of another measure."""
    parts = [_matrix(alignment, alignment.main)]
    if alignment.policy != alignment.factual:
        parts.append(_matrix(alignment, alignment.main, "change"))
    elif alignment.main != Measure.ORDER:
        parts.append(_matrix(alignment, Measure.ORDER))
    together = sum(alignment.of(pair, alignment.main).mean > 0 for pair in alignment.pairs)
    verb = "wants" if together == 1 else "want"
    title = f"{together} of {count(len(alignment.pairs), 'pair')} {verb} more of the same than not"
    return Figure(title, f"{alignment.under}. {FIGURE_NOTE}", matrices(parts, title))


def _matrix(alignment: Alignment, measure: Measure, variable: str = "alignment") -> Matrix:
    now = variable == "alignment"
    title = MEASURES[measure] if now else f"change from {alignment.names.policy(alignment.factual)}"
    names = [alignment.names.actor(actor) for actor in alignment.actors]
    spreads = [[alignment.of((a, b), measure, variable) for b in alignment.actors] for a in alignment.actors]
    values = np.array([[spread.mean for spread in row] for row in spreads])
    texts = [["" if i == j else _coefficient(s.mean) for j, s in enumerate(row)] for i, row in enumerate(spreads)]
    tips = [[f"{a} and {b}: {ranged(s, _coefficient)}" for b, s in zip(names, row)] for a, row in zip(names, spreads)]
    edge = 1.0 if now else max(0.05, float(np.nanmax(np.abs(values), initial=0.05)))
    np.fill_diagonal(values, np.nan)
    return Matrix(title, names, names, values, texts, edge, tips)


def _pairs_table(alignment: Alignment) -> Table:

    def by(measure: Measure) -> Callable[[ActorPair], Cell]:
        return lambda pair: change(alignment.of(pair, measure), UNKNOWN)

    columns: dict[str, Callable[[ActorPair], Cell]] = {"pair": alignment.called}
    columns |= {MEASURES[measure]: by(measure) for measure in SHOWN}
    return table(f"Pairs of actors under {alignment.names.policy(alignment.policy)}", columns, alignment.pairs)


def _policies_table(alignment: Alignment) -> list[Table]:
    """What each other policy does to the average pair, and which pair it moves most."""
    rows: list[list[Cell]] = []
    for policy in alignment.others:
        changes = {pair: alignment.differences(pair, policy) for pair in alignment.pairs}
        changes = {pair: values for pair, values in changes.items() if not np.isnan(values).all()}
        if changes:
            mean = alignment.moved(_average(np.array([*changes.values()])))
            moved = {pair: alignment.moved(values) for pair, values in changes.items()}
            most = max(moved, key=lambda pair: abs(moved[pair].mean))
            rows.append([alignment.names.policy(policy), change(mean), alignment.called(most), change(moved[most])])
    caption = f"Change from {alignment.names.policy(alignment.factual)} ({MEASURES[alignment.main]})"
    return [Table(caption, ["policy", "average pair", "pair that moves most", "its change"], rows)] if rows else []


def _coefficient(value: float) -> str:
    return signed(value).removeprefix("+")


def _alike(value: float) -> str:
    if abs(value) <= 0.1:
        return "want things that have little to do with each other"
    strength = "" if abs(value) > 0.5 else "somewhat "
    return f"want {strength or 'much '}the same" if value > 0 else f"want {strength}opposite things"


def _average(rows: Floats) -> Floats:
    """The mean over rows where there is a number; NaN where there is none."""
    known = ~np.isnan(rows)
    many = known.sum(axis=0)
    return np.where(many > 0, np.where(known, rows, 0.0).sum(axis=0) / np.maximum(many, 1), np.nan)
