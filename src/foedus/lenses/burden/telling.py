"""The section on burden: who pays, in which outcomes, and through whose moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.burden.measure import FLOW, NATURE
from foedus.lenses.lens import Looked
from foedus.present.charts.matrix import Matrix, matrices
from foedus.present.charts.shares import shares
from foedus.present.section import Amount, Cell, Figure, Table, Told, change, probability, table
from foedus.present.wording import listed, percent, ranged, signed
from foedus.runs.view import RunView
from foedus.solve.queries import ratio
from foedus.worlds.ties import ROUNDING, tied
from foedus.worlds.weights import Spread

NEGLIGIBLE = 0.005  # payments that round to nothing
SHARES_NOTE = (
    "Shares of each actor's own expected costs, by the outcome that holds when they fall due; averages over worlds."
)
UNITS_NOTE = (
    "discounted sums over the reported periods. Each actor is paid in units of its own: compare shares, and numbers "
    "within an actor, never numbers between actors."
)
THROUGH_NOTE = (
    "Expected over the horizon, discounted, in the units of the column's actor; colours compare within a column. "
    "The state of things is what periods' ends pay."
)


def tell(results: RunView, data: Dataset) -> Told:
    """Payments as sentences, bars, a matrix and tables."""
    burden = Burden(results, data)
    tables = [_objectives(burden), *([_outcomes(burden)] if burden.outcomes else [])]
    tables += [_changes(burden, variable) for variable in burden.against if burden.compared(variable)]
    note = f"In {burden.counted} that stand for all; {UNITS_NOTE}"
    if len(burden.ladder) > 1:
        names = listed([f"“{name}”" for name in burden.ladder])
        note += f" Each of {names} implies the one before it; payments count on the last that holds."
    return Told([_when(burden), _who(burden)], [_shares(burden), _through(burden)], tables, [note])


class Burden(Looked):
    """Payments with names. ``shares`` [actor, rung] are those of an actor's average costs that fall due on each rung, and
    ``inside`` [actor] on the ladder (NaN without costs), the largest at ``worst``; ``against`` is what each variable
    compares with."""

    def __init__(self, results: RunView, data: Dataset):
        super().__init__(results, data)
        self.actors = [self.names.actor(actor) for actor in self.labels("actor")]
        self.outcomes = [self.names.outcome(outcome) for outcome in self.labels("outcome")]
        self.ladder = [self.names.outcome(rung) for rung in self.labels("rung")[1:]]
        self.rungs = [f"outside “{self.ladder[0]}”" if self.ladder else "at all times", *self.ladder]
        nobody = {NATURE: "nature", FLOW: "the state of things"}
        self.movers = [nobody.get(mover) or self.names.actor(mover) for mover in self.labels("mover")]
        self.unit = results.scenario.horizon.unit
        self.costs, self.paid, self.through = (self.array(name) for name in ("costs", "paid", "through"))
        costs = np.stack([-self.weights @ self.costs[:, a] for a in range(len(self.actors))])
        total = costs.sum(axis=1, keepdims=True)
        self.shares = np.divide(costs, total, out=np.full(costs.shape, np.nan), where=total > NEGLIGIBLE)
        self.inside = 1 - self.shares[:, 0]
        self.paying = [a for a in range(len(self.actors)) if not np.isnan(self.inside[a])]
        self.worst = max(self.paying, key=lambda a: self.inside[a], default=-1)
        self.against = {"without": "no commitment in force", "factual": self.names.policy(self.factual)}

    def level(self, scores: Floats) -> list[str]:
        """The actors with costs whose score [actor] is the largest, those that tie with it included."""
        return [self.actors[self.paying[i]] for i in tied(scores[self.paying], say=percent)]

    def compared(self, variable: str) -> list[tuple[int, Spread]]:
        """(actor, what it gets more than in the game that ``variable`` compares with), where there is such a game."""
        spreads = [(a, self.spread(self.array(variable)[:, a])) for a in range(len(self.actors))]
        return [(a, spread) for a, spread in spreads if spread.mean == spread.mean]


def _when(burden: Burden) -> str:
    """Who bears most of its costs in the bad outcomes, and who outside them."""
    if not burden.paying:
        return f"{burden.under}, no actor has any costs."
    if not burden.ladder:
        sums = [burden.spread(burden.costs[:, a].sum(axis=1)).mean for a in burden.paying]
        parts = [f"{burden.actors[a]} {signed(s).lstrip('+−')}" for a, s in zip(burden.paying, sums, strict=True)]
        return f"{burden.under}, costs are, each in the actor's own units, {listed(parts)}; no outcome splits them."
    worst, least, bad = burden.worst, min(burden.paying, key=lambda a: burden.inside[a]), burden.ladder[0]
    often = percent(burden.spread(1 - burden.array("rung_time")[:, 0]).mean)
    if burden.shares[worst, 0] > 0.9995:
        return f"{burden.under}, nobody's costs fall due while “{bad}” holds, as {often} of {burden.unit}s end."
    lost = -burden.costs[:, worst]
    spread = burden.spread(ratio(lost[:, 1:].sum(axis=1), lost.sum(axis=1)))
    over = f"({percent(spread.low)} to {percent(spread.high)} over worlds)"
    costs = f"{percent(burden.inside[worst])} of its expected costs {over} while “{bad}” holds"
    text = f"{burden.under}, {burden.actors[worst]} bears {costs}, chiefly as {_chiefly(burden, worst)}"
    if others := [name for name in burden.level(burden.inside) if name != burden.actors[worst]]:
        text += f"; {listed(others, 4)} {'bear' if len(others) > 1 else 'bears'} as much of {'their' if len(others) > 1 else 'its'} own"
    if percent(burden.inside[least]) != percent(burden.inside[worst]):
        few = burden.level(-burden.inside)
        bear = "bear only" if len(few) > 1 else "bears only"
        text += f"; {listed(few, 4)} {bear} {percent(burden.inside[least])} of {'their' if len(few) > 1 else 'its'} own then"
    return f"{text}; {often} of {burden.unit}s end so."


def _chiefly(burden: Burden, a: int) -> str:
    """The objective through which an actor loses most on the ladder."""
    owners, aims, actor = burden.labels("owner"), burden.labels("aim"), burden.labels("actor")[a]
    lost = [float(burden.weights @ burden.paid[:, i, 1:].sum(axis=1)) for i in range(len(aims))]
    own = [i for i, owner in enumerate(owners) if owner == actor]
    most = tied(-np.array([lost[i] for i in own]), say=signed)
    return listed([f"“{burden.names.aim(actor, aims[own[i]])}”" for i in most])


def _who(burden: Burden) -> str:
    """Who gains and loses most by commitments, or by the policy; else who makes whom pay."""
    for variable, what in burden.against.items():
        spreads = {a: spread for a, spread in burden.compared(variable) if abs(spread.mean) >= NEGLIGIBLE}
        if spreads:
            return f"Set against {what}, {'; '.join(_most(burden, variable, spreads))}; each in its own units."
    parts = _paid_through(burden)
    if not parts:
        return "No actor pays for the moves of another."
    return f"Among others' moves each pays most, in its own units: {listed(parts, 4)}."


def _most(burden: Burden, variable: str, spreads: dict[int, Spread]) -> list[str]:
    """Who gains and who loses, each in units of its own, which cannot be ranked between actors."""
    parts = []
    for verb, way in (("gains", 1), ("loses", -1)):
        for a, spread in spreads.items():
            if way * spread.mean > 0:
                share = burden.share(way * burden.array(variable)[:, a] > ROUNDING)
                parts.append(f"{burden.actors[a]} {verb}, {ranged(spread)}, in {share}")
    return parts


def _paid_through(burden: Burden) -> list[str]:
    """For each actor the other through whose moves it pays most; units do not compare between actors."""
    through = np.einsum("w,wma->ma", burden.weights, burden.through)[: len(burden.actors)].copy()
    np.fill_diagonal(through, 0.0)
    parts = []
    for a, costs in enumerate(-through.T):
        if costs.max(initial=0.0) >= NEGLIGIBLE:
            who = [burden.movers[m] for m in tied(costs, say=signed)]
            parts.append(f"{burden.actors[a]} for those of {listed(who)} ({signed(-float(costs.max()))})")
    return parts


def _shares(burden: Burden) -> Figure:
    title = "No actor has any costs" if burden.ladder else "No outcome splits the costs"
    if burden.ladder and burden.paying:
        most, share = burden.level(burden.inside), percent(burden.inside[burden.worst])
        bear = "bear the largest shares of their" if len(most) > 1 else "bears the largest share of its"
        each = " each" * (len(most) > 1)
        title = f"{listed(most, 4)} {bear} costs while “{burden.ladder[0]}” holds: {share}{each}"
    return Figure(title, SHARES_NOTE, shares(burden.actors, burden.rungs, burden.shares, title))


def _through(burden: Burden) -> Figure:
    rows, columns, each = burden.movers, burden.actors, range(len(burden.actors))
    spreads = [[burden.spread(burden.through[:, m, a]) for a in each] for m in range(len(rows))]
    values = np.array([[spread.mean for spread in row] for row in spreads])
    edge = np.maximum(np.abs(values).max(axis=0, initial=0), 1e-12)
    texts = [[signed(v) if abs(v) >= NEGLIGIBLE else "" for v in row] for row in values]
    tips = [[f"{rows[m]} to {columns[a]}: {ranged(row[a])}" for a in each] for m, row in enumerate(spreads)]
    matrix = Matrix("what the moves of (row) bring to (column)", rows, columns, values / edge, texts, 1.0, tips)
    parts = _paid_through(burden)
    title = f"Who pays most for whose moves: {listed(parts, 3)}" if parts else "Nobody's moves cost another anything"
    return Figure(title, THROUGH_NOTE, matrices([matrix], title, 74.0, 150.0))


def _objectives(burden: Burden) -> Table:
    rows: list[list[Cell]] = []
    for i, name in enumerate(burden.labels("objective")):
        means = [float(burden.weights @ burden.paid[:, i, r]) for r in range(len(burden.rungs))]
        if max(map(abs, means)) >= NEGLIGIBLE:
            total = burden.spread(burden.paid[:, i].sum(axis=1))
            rows.append([burden.names.objective(name), change(total), *map(change, means)])
    caption = f"Expected payments by objective under {burden.names.policy(burden.policy)}, in each actor's own units"
    return Table(caption, ["objective", "all", *burden.rungs], rows)


def _outcomes(burden: Burden) -> Table:
    """Of each actor's costs, the share that falls due while an outcome holds."""
    time, during, total = burden.array("time"), burden.array("costs_during"), burden.costs.sum(axis=2)

    def share(a: int, o: int) -> Amount:
        costs, all_costs = float(burden.weights @ during[:, a, o]), float(burden.weights @ total[:, a])
        return probability(costs / all_costs) if all_costs < -NEGLIGIBLE else Amount("–", -1.0)

    def row(o: int) -> list[Cell]:
        often = probability(burden.spread(time[:, o]))
        return [burden.outcomes[o], often, *(share(a, o) for a in range(len(burden.actors)))]

    columns = ["while", f"{burden.unit}s that end so", *burden.actors]
    caption = "Share of each actor's costs that falls due while an outcome holds"
    return Table(caption, columns, [*map(row, range(len(burden.outcomes)))])


def _changes(burden: Burden, variable: str) -> Table:
    """What each actor gets more than in the game that ``variable`` compares with."""
    values = burden.array(variable)
    columns: dict[str, Callable[[int], Cell]] = {
        "actor": lambda a: burden.actors[a],
        "change": lambda a: change(burden.spread(values[:, a])),
        "worlds in which it gains": lambda a: probability(burden.share(values[:, a] > 0)),
    }
    policy, against = burden.names.policy(burden.policy), burden.against[variable]
    caption = f"What {policy} brings each actor against {against}, in its own units"
    return table(caption, columns, range(len(burden.actors)))
