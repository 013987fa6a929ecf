"""The section on alignment: who wants the same as whom, and how policies change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.present.charts.matrix import Matrix, matrices
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Figure, Table, Told, change
from foedus.present.wording import count, percent, signed
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    import xarray as xr

MEASURES = {
    "plays": "over whole plays",
    "payoffs": "period payoffs",
    "prospects": "worth of outcomes",
    "order": "rank order (tau-b)",
    "positions": "positions (S)",
}
SHOWN = ("plays", "payoffs", "order", "positions")  # in the table; the worth of outcomes is close to the first
Pair = tuple[str, str]


def tell(results: RunView, found: xr.Dataset) -> Told:
    """Alignment as sentences, matrices and tables."""
    view = _View(results, found)
    return Told(
        [view.first(), view.second()], view.figures(), [view.pairs_table(), *view.policies_table()], view.notes()
    )


class _View:
    """The lens's numbers with names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found = results, found
        self.actors = [str(name) for name in found["actor"].values]
        self.policy, self.factual = str(found.attrs["policy"]), str(found.attrs["factual"])
        self.pairs = [(a, b) for i, a in enumerate(self.actors) for b in self.actors[i + 1 :]]
        self.weights = np.asarray(found["weight"].values, float)
        self.few = np.asarray(found["few_weight"].values, float)
        main = [
            m for m in MEASURES if any(self.spread(pair, m).mean == self.spread(pair, m).mean for pair in self.pairs)
        ]
        self.main = main[0] if main else "plays"

    def spread(self, pair: Pair, measure: str, variable: str = "alignment") -> Spread:
        picked = self.found[variable].sel(measure=measure, actor=pair[0], other=pair[1])
        return self.results.spread(np.asarray(picked.values, float), self.weights)

    def differences(self, pair: Pair, policy: str) -> Floats:
        """[few] change of the main measure under a policy against the factual one."""
        picked = self.found["compared"].sel(measure=self.main, actor=pair[0], other=pair[1])
        return np.asarray(picked.sel(policy=policy).values - picked.sel(policy=self.factual).values, float)

    def names(self, pair: Pair) -> str:
        return f"{self.results.names.actor(pair[0])} and {self.results.names.actor(pair[1])}"

    def first(self) -> str:
        """Who is most alike and who most opposed."""
        known = [(self.spread(pair, self.main), pair) for pair in self.pairs]
        ranked = sorted(((s.mean, (s, p)) for s, p in known if s.mean == s.mean), key=lambda pair: pair[0])
        under = f"Under {self.results.names.policy(self.policy)}"
        if not ranked:
            why = "there is one actor only"
            if self.pairs:
                why = "in each world play takes a single course, or nothing makes two actors better or worse off"
            return f"{under}, nobody's wishes can be compared: {why}."
        best, pair = ranked[-1][1]
        text = f"{under}, {self.names(pair)} {_alike(best.mean)}: {_wide(best)}"
        if len(ranked) > 1:
            text = f"{under}, the closest are {self.names(pair)}, who {_alike(best.mean)}: {_wide(best)}"
        if len(ranked) > 1:
            worst, other = ranked[0][1]
            text += f"; furthest apart are {self.names(other)}, who {_alike(worst.mean)}: {_wide(worst)}"
        defined = self._defined(
            self.found["alignment"].sel(measure=self.main, actor=pair[0], other=pair[1]).values, self.weights
        )
        some = "" if defined > 1 - 1e-9 else f" of the {percent(defined)} where play varies"
        return f"{text} (−1 is opposed, 1 at one; {MEASURES[self.main]}; average, and nine worlds in ten{some})."

    def _defined(self, values: Floats, weights: Floats) -> float:
        """The share of worlds in which there is a number."""
        return float(weights[~np.isnan(values)].sum() / weights.sum())

    def second(self) -> str:
        """What moves it: the policy that changes a pair most, or how far the measures agree."""
        moves = [
            (abs(self.results.spread(self.differences(pair, policy), self.few).mean), policy, pair)
            for policy in self.others
            for pair in self.pairs
            if self._defined(self.differences(pair, policy), self.few) >= 0.5
        ]
        moves = [move for move in moves if move[0] == move[0] and float(f"{move[0]:.2f}") > 0]
        if not moves:
            return self._agreement()
        _, policy, pair = max(moves, key=lambda move: move[0])
        gaps = self.differences(pair, policy)
        s = self.results.spread(gaps, self.few)
        way = (gaps > 0) if s.mean > 0 else (gaps < 0)
        share = float(self.few @ way) / float(self.few[~np.isnan(gaps)].sum())
        return (
            f"Of {count(len(self.others), 'other policy', 'other policies')}, {self.results.names.policy(policy)} changes "
            f"a pair most: {self.names(pair)} come {'closer' if s.mean > 0 else 'further apart'} by {signed(s.mean)} "
            f"({signed(s.low)} to {signed(s.high)}), {estimative(share)} to go that way ({percent(share)} of worlds)."
        )

    def _agreement(self) -> str:
        pairs = [(self.spread(p, self.main).mean, self.spread(p, "order").mean) for p in self.pairs]
        both = [(a, b) for a, b in pairs if a == a and b == b]
        if not both:
            return "No policy changes it by as much as 0.01, and there is no rank order to check it against."
        same = sum((a > 0) == (b > 0) for a, b in both)
        return (
            f"No policy that was run changes it by as much as 0.01; by rank order (Kendall's tau-b) "
            f"{same} of {count(len(both), 'pair')} {'has' if same == 1 else 'have'} the same sign."
        )

    @property
    def others(self) -> list[str]:
        """The policies beside the factual one, where that was run."""
        names = [str(name) for name in self.found["policy"].values]
        return [name for name in names if name != self.factual] if self.factual in names else []

    def figures(self) -> list[Figure]:
        """The matrix under the policy, and its change, or that of another measure."""
        parts = [self._matrix(self.main, "alignment", MEASURES[self.main])]
        if self.policy != self.factual:
            parts.append(self._matrix(self.main, "change", f"change from {self.results.names.policy(self.factual)}"))
        elif self.main != "order":
            parts.append(self._matrix("order", "alignment", MEASURES["order"]))
        known = [self.spread(pair, self.main).mean for pair in self.pairs]
        together = sum(value > 0 for value in known)
        title = f"{together} of {count(len(known), 'pair')} {'wants' if together == 1 else 'want'} more of the same than not"
        note = (
            f"Under {self.results.names.policy(self.policy)}. Blue: alike; orange: opposed; a dash: one of the two is "
            "never better or worse off. Averages over worlds."
        )
        return [Figure(title, note, matrices(parts, title))]

    def _matrix(self, measure: str, variable: str, title: str) -> Matrix:
        names = [self.results.names.actor(actor) for actor in self.actors]
        spreads = [[self.spread((a, b), measure, variable) for b in self.actors] for a in self.actors]
        values = np.array([[s.mean for s in row] for row in spreads])
        diagonal = np.eye(len(names), dtype=bool)
        texts = [["" if diagonal[i, j] else _short(s.mean) for j, s in enumerate(row)] for i, row in enumerate(spreads)]
        tips = [
            [f"{a} and {b}: {_wide(s)}" for b, s in zip(names, row, strict=True)]
            for a, row in zip(names, spreads, strict=True)
        ]
        edge = 1.0 if variable == "alignment" else max(0.05, float(np.nanmax(np.abs(values), initial=0.05)))
        return Matrix(title, names, names, np.where(diagonal, np.nan, values), texts, edge, tips)

    def pairs_table(self) -> Table:
        """Every pair by most measures."""
        rows: list[list[str | Amount]] = [
            [self.names(pair), *(self._cell(pair, measure) for measure in SHOWN)] for pair in self.pairs
        ]
        under = self.results.names.policy(self.policy)
        return Table(f"Pairs of actors under {under}", ["pair", *(MEASURES[measure] for measure in SHOWN)], rows)

    def _cell(self, pair: Pair, measure: str) -> Amount:
        s = self.spread(pair, measure)
        return change(s) if s.mean == s.mean else Amount("–", -9.0)

    def policies_table(self) -> list[Table]:
        """What each other policy does to the average pair, and which pair it moves most."""
        rows: list[list[str | Amount]] = []
        for policy in self.others:
            gaps = {pair: self.differences(pair, policy) for pair in self.pairs}
            gaps = {pair: values for pair, values in gaps.items() if not np.isnan(values).all()}
            if not gaps:
                continue
            mean = self.results.spread(_average(np.array(list(gaps.values()))), self.few)
            pair = max(gaps, key=lambda p: abs(self.results.spread(gaps[p], self.few).mean))
            top = self.results.spread(gaps[pair], self.few)
            rows.append([self.results.names.policy(policy), change(mean), self.names(pair), change(top)])
        caption = f"Change from {self.results.names.policy(self.factual)} ({MEASURES[self.main]})"
        return [Table(caption, ["policy", "average pair", "pair that moves most", "its change"], rows)] if rows else []

    def notes(self) -> list[str]:
        return [
            f"Worked out anew in {count(len(self.weights), 'world')} that stand for all; policies are compared in "
            f"{count(len(self.few), 'world')}. Over whole plays: correlation of all that two actors are paid, from all "
            "possible courses of events. Period payoffs: of what periods' ends pay alone. Worth of outcomes: of what "
            "periods' ends are worth with what follows, within a period. Tau-b ranks these; S asks of each step of a "
            "state variable whether an actor is for it, against it or indifferent."
        ]


def _short(value: float) -> str:
    return signed(value).replace("+", "")


def _wide(s: Spread) -> str:
    return f"{_short(s.mean)} ({_short(s.low)} to {_short(s.high)})"


def _alike(value: float) -> str:
    """How alike two actors are, as a person says it."""
    if abs(value) <= 0.1:
        return "want things that have little to do with each other"
    strong = "much the same" if value > 0.5 else "somewhat the same"
    return (
        f"want {strong}" if value > 0 else "want opposite things" if value < -0.5 else "want somewhat opposite things"
    )


def _average(rows: Floats) -> Floats:
    """The mean over rows where there is a number; NaN where there is none."""
    known = ~np.isnan(rows)
    many = known.sum(axis=0)
    return np.where(many > 0, np.where(known, rows, 0.0).sum(axis=0) / np.maximum(many, 1), np.nan)
