"""The section on burden: who pays, in which outcomes, and through whose moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.burden.measure import FLOW, NATURE, NONE
from foedus.present.charts.matrix import Matrix, matrices
from foedus.present.charts.shares import shares
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Table, Told, change, probability
from foedus.present.wording import count, listed, percent, ranged, signed
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    import xarray as xr

NEGLIGIBLE = 0.005  # payments that round to nothing


def tell(results: RunView, found: xr.Dataset) -> Told:
    """Payments as sentences, bars, a matrix and tables."""
    view = _View(results, found)
    return Told([view.first(), view.second()], view.figures(), view.tables(), view.notes())


class _View:
    """The lens's numbers with names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found, self.names = results, found, results.names
        self.actors = [str(name) for name in found["actor"].values]
        self.rungs = [str(name) for name in found["rung"].values]
        self.outcomes = [str(name) for name in found["outcome"].values]
        self.objectives = [str(name) for name in found["objective"].values]
        self.movers = [str(name) for name in found["mover"].values]
        self.policy, self.factual = str(found.attrs["policy"]), str(found.attrs["factual"])
        self.unit = results.scenario.horizon.unit
        self.weights = np.asarray(found["weight"].values, float)
        self.shares = np.stack([self._shares(a) for a in range(len(self.actors))])

    def array(self, name: str) -> Floats:
        return np.asarray(self.found[name].values, float)

    def spread(self, values: Floats) -> Spread:
        return self.results.spread(values, self.weights)

    def _shares(self, a: int) -> Floats:
        """[rung] of an actor's average costs, the share on each; NaN without costs."""
        costs = -self.weights @ self.array("costs")[:, a]
        return costs / costs.sum() if costs.sum() > NEGLIGIBLE else np.full(len(self.rungs), np.nan)

    def rung(self, name: str) -> str:
        above = f"outside “{self.names.outcome(self.rungs[1])}”" if len(self.rungs) > 1 else "at all times"
        return above if name == NONE else self.names.outcome(name)

    def mover(self, name: str) -> str:
        return {NATURE: "nature", FLOW: "the state of things"}.get(name) or self.names.actor(name)

    # --- sentences

    def first(self) -> str:
        """Who bears most of its costs in the bad outcomes, and who outside them."""
        under = f"Under {self.names.policy(self.policy)}"
        known = [a for a in range(len(self.actors)) if self.shares[a, 0] == self.shares[a, 0]]
        if not known:
            return f"{under}, no actor has any costs."
        if len(self.rungs) == 1:
            parts = [f"{self.names.actor(self.actors[a])} {signed(-self._costs(a).mean).lstrip('+−')}" for a in known]
            return f"{under}, costs are, each in the actor's own units, {listed(parts)}; no outcome splits them."
        worst = max(known, key=lambda a: 1 - self.shares[a, 0])
        least = min(known, key=lambda a: 1 - self.shares[a, 0])
        bad = self.names.outcome(self.rungs[1])
        often = self.spread(1 - self.array("rung_time")[:, 0])
        if self.shares[worst, 0] > 0.9995:
            return (
                f"{under}, nobody's costs fall due while “{bad}” holds, as {percent(often.mean)} of {self.unit}s end."
            )
        text = (
            f"{under}, {self.names.actor(self.actors[worst])} bears {percent(1 - self.shares[worst, 0])} of its expected "
            f"costs ({self._range(worst)} over worlds) while “{bad}” holds, chiefly as {self._chief(worst)}"
        )
        if least != worst:
            text += f"; {self.names.actor(self.actors[least])} bears only {percent(1 - self.shares[least, 0])} of its own then"
        return f"{text}; {percent(often.mean)} of {self.unit}s end so."

    def _elsewhere(self) -> str:
        """The outcome beside the ladder in which an actor bears most of its costs, if there is one."""
        during, total = -self.array("costs_during"), -self.array("costs").sum(axis=2)
        costs = np.einsum("w,wao->ao", self.weights, during)
        share = costs / np.maximum(self.weights @ total, NEGLIGIBLE)[:, None]
        a, o = (int(i) for i in np.unravel_index(int(np.argmax(share)), share.shape))
        if share[a, o] < NEGLIGIBLE:
            return ""
        name = self.names.outcome(self.outcomes[o])
        return f"; {self.names.actor(self.actors[a])} bears {percent(share[a, o])} of its own while “{name}” holds"

    def _costs(self, a: int) -> Spread:
        return self.spread(self.array("costs")[:, a].sum(axis=1))

    def _range(self, a: int) -> str:
        costs = -self.array("costs")[:, a]
        total = costs.sum(axis=1)
        share = np.divide(costs[:, 1:].sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
        s = self.spread(share)
        return f"{percent(s.low)} to {percent(s.high)}"

    def _chief(self, a: int) -> str:
        """The objective through which most is lost on the rungs of the ladder."""
        mine = [i for i, name in enumerate(self.objectives) if name.split(".")[0] == self.actors[a]]
        mean = [float(self.weights @ self.array("paid")[:, i, 1:].sum(axis=1)) for i in mine]
        name = self.objectives[mine[int(np.argmin(mean))]]
        return f"“{self.names.objective(name).split(': ', 1)[1]}”"

    def second(self) -> str:
        """Who gains and loses most by commitments, or by the policy; else who makes whom pay."""
        for name in ("without", "factual"):
            lines = [(self.spread(self.array(name)[:, a]), a) for a in range(len(self.actors))]
            lines = [(s, a) for s, a in lines if s.mean == s.mean and abs(s.mean) >= NEGLIGIBLE]
            if lines:
                return self._net(sorted(lines, key=lambda line: line[0].mean), name)
        return self._who_makes_whom()

    def _net(self, lines: list[tuple[Spread, int]], name: str) -> str:
        """Who gains most and who loses most, of actors in ascending order of their change."""
        parts = []
        for (s, a), verb in ((lines[-1], "gains"), (lines[0], "loses")):
            if (s.mean > 0) == (verb == "gains"):
                values = self.array(name)[:, a]
                share = float(self.weights @ ((values > 0) if s.mean > 0 else (values < 0))) / float(self.weights.sum())
                most = " most" if len(lines) > 1 else ""
                parts.append(
                    f"{self.names.actor(self.actors[a])} {verb}{most}, {ranged(s)}, {estimative(share)} ({percent(share)} of worlds)"
                )
        against = "no commitment in force" if name == "without" else self.names.policy(self.factual)
        return f"Set against {against}, {'; '.join(parts)}; each in its own units."

    def _who_makes_whom(self) -> str:
        through = np.einsum("w,wma->ma", self.weights, self.array("through"))
        for m in range(len(self.actors)):
            through[m, m] = 0.0
        m, a = (int(i) for i in np.unravel_index(int(np.argmin(through)), through.shape))
        if through[m, a] > -NEGLIGIBLE:
            return "No actor pays for the moves of another."
        s = self.spread(self.array("through")[:, m, a])
        return (
            f"Most is paid through others by {self.names.actor(self.actors[a])}: {self.mover(self.movers[m])} "
            f"costs it {signed(s.mean)} ({signed(s.low)} to {signed(s.high)}) in its own units."
        )

    # --- figures and tables

    def figures(self) -> list[Figure]:
        names, parts = [self.names.actor(a) for a in self.actors], [self.rung(r) for r in self.rungs]
        known = [a for a in range(len(names)) if self.shares[a, 0] == self.shares[a, 0]]
        title = "No actor has any costs"
        if known:
            worst = max(known, key=lambda a: 1 - self.shares[a, 0])
            share = percent(1 - self.shares[worst, 0])
            title = f"{names[worst]} bears the largest share of its costs while “{self.rung(self.rungs[min(1, len(self.rungs) - 1)])}” holds: {share}"
        if len(self.rungs) == 1:
            title = "No outcome splits the costs"
        note = "Shares of each actor's own expected costs, by the outcome that holds when they fall due; averages over worlds."
        return [Figure(title, note, shares(names, parts, self.shares, title)), self._through()]

    def _through(self) -> Figure:
        through = self.array("through")
        spreads = [[self.spread(through[:, m, a]) for a in range(len(self.actors))] for m in range(len(self.movers))]
        values = np.array([[s.mean for s in row] for row in spreads])
        edge = np.maximum(np.abs(values).max(axis=0, initial=0), 1e-12)
        rows, columns = [self.mover(m) for m in self.movers], [self.names.actor(a) for a in self.actors]
        texts = [[signed(v) if abs(v) >= NEGLIGIBLE else "" for v in row] for row in values]
        tips = [
            [f"{m} to {a}: {ranged(s)}" for a, s in zip(columns, row, strict=True)]
            for m, row in zip(rows, spreads, strict=True)
        ]
        matrix = Matrix("what the moves of (row) bring to (column)", rows, columns, values / edge, texts, 1.0, tips)
        others = values[: len(self.actors)] * (1 - np.eye(len(self.actors)))
        m, a = (int(i) for i in np.unravel_index(int(np.argmin(others / edge)), others.shape))
        title = "Nobody's moves cost another anything"
        if others[m, a] <= -NEGLIGIBLE:
            title = f"{columns[a]} pays for the moves of {rows[m]}: {signed(float(others[m, a]))}"
        note = (
            "Expected over the horizon, discounted, in the units of the column's actor; colours compare within a column. "
            "The state of things is what periods' ends pay."
        )
        return Figure(title, note, matrices([matrix], title, 74.0, 150.0))

    def tables(self) -> list[Table]:
        made = [self._objectives()]
        if self.outcomes:
            made.append(self._outcomes())
        made += [table for table in (self._change("without"), self._change("factual")) if table]
        return made

    def _objectives(self) -> Table:
        paid = self.array("paid")
        rows: list[list[Cell]] = []
        for i, name in enumerate(self.objectives):
            total = self.spread(paid[:, i].sum(axis=1))
            cells: list[Cell] = [self.names.objective(name), change(total)]
            means = [float(self.weights @ paid[:, i, r]) for r in range(len(self.rungs))]
            if max(map(abs, means)) >= NEGLIGIBLE:
                rows.append([*cells, *(change(mean) for mean in means)])
        caption = f"Expected payments by objective under {self.names.policy(self.policy)}, in each actor's own units"
        return Table(caption, ["objective", "all", *(self.rung(r) for r in self.rungs)], rows)

    def _outcomes(self) -> Table:
        """Of each actor's costs, the share that falls due while an outcome holds."""
        time, during, total = self.array("time"), self.array("costs_during"), self.array("costs").sum(axis=2)
        rows: list[list[Cell]] = []
        for o, name in enumerate(self.outcomes):
            often = self.spread(time[:, o])
            cells: list[Cell] = [self.names.outcome(name), probability(often)]
            for a in range(len(self.actors)):
                sums = float(self.weights @ during[:, a, o]), float(self.weights @ total[:, a])
                cells.append(probability(sums[0] / sums[1]) if sums[1] < -NEGLIGIBLE else Amount("–", -1.0))
            rows.append(cells)
        columns = ["while", f"{self.unit}s that end so", *(self.names.actor(a) for a in self.actors)]
        return Table("Share of each actor's costs that falls due while an outcome holds", columns, rows)

    def _change(self, name: str) -> Table | None:
        spreads = [self.spread(self.array(name)[:, a]) for a in range(len(self.actors))]
        if all(s.mean != s.mean for s in spreads):
            return None
        against = "no commitment in force" if name == "without" else self.names.policy(self.factual)
        rows: list[list[Cell]] = [
            [self.names.actor(actor), change(s), probability(self._better(name, a))]
            for a, (actor, s) in enumerate(zip(self.actors, spreads, strict=True))
        ]
        caption = f"What {self.names.policy(self.policy)} brings each actor against {against}, in its own units"
        return Table(caption, ["actor", "change", "worlds in which it gains"], rows)

    def _better(self, name: str, a: int) -> float:
        return float(self.weights @ (self.array(name)[:, a] > 0)) / float(self.weights.sum())

    def notes(self) -> list[str]:
        ladder = [self.rung(r) for r in self.rungs[1:]]
        text = (
            f"In {count(len(self.weights), 'world')} that stand for all; discounted sums over the reported periods. Each actor "
            "is paid in units of its own: compare shares, and numbers within an actor, never numbers between actors."
        )
        if len(ladder) > 1:
            text += f" Each of {listed([f'“{name}”' for name in ladder])} implies the one before it; payments count on the last that holds."
        return [text]
