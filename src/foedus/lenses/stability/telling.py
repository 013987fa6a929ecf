"""The section on stability: which postures last, whether the status quo does, and what would move it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from foedus.conflict.concepts import CONCEPTS
from foedus.lenses.labels import labels_along
from foedus.lenses.lens import Looked
from foedus.lenses.stability.chart import PostureBox, posture_graph
from foedus.lenses.stability.orders import StandingOrder
from foedus.present.section import Amount, Columns, Figure, Table, Told, amount, change, probability, table
from foedus.present.wording import capital, count, listed, number, percent, signed
from foedus.runs.view import RunView
from foedus.worlds.ties import ROUNDING, tied

_SHOWN, _LONGEST, _TRIED = 10, 3, 15  # postures in the table, moves of a way that is drawn, orders in the table
NONE = "no standing order"


def tell(results: RunView, data: xr.Dataset) -> Told:
    """What the stability lens found, in two sentences, a drawing of the posture graph, and tables."""
    if "undefined" in data.attrs:
        return Told([data.attrs["undefined"]])
    view = _Stability(results, data)
    tables = [view.concepts(), view.postures(), view.leavers(), view.orders()]
    return Told([view.lasting(), view.status_quo()], [view.graph()], tables, view.notes())


class _Stability(Looked):
    """The result with names in place of ids. Postures go by their place, ``start`` is the status quo."""

    def __init__(self, results: RunView, data: xr.Dataset):
        super().__init__(results, data)
        self.place = {label: p for p, label in enumerate(self.labels("posture"))}
        self.start = self.place[data.attrs["start"]]
        self.given = labels_along(data, "order", StandingOrder)
        self.movers = [self.names.actor(mover) for mover in self.labels("mover")]
        # The ways of improving moves from the status quo to postures that last: (who moves, the posture that follows).
        self.ways = [
            [(self.names.actor(who), self.place[label]) for who, label in way] for way in data.attrs["paths"].values()
        ]
        self.shares = {concept: self.array("lasts_share", concept=concept) for concept in CONCEPTS}
        self.robust, nash = self.shares["seq"], self.shares["nash"]
        order = sorted(range(len(self.robust)), key=lambda p: (-self.robust[p], -nash[p], p))
        self.best = [p for p in order if self.robust[p] > 0]

    def posture(self, p: int) -> str:
        return "; ".join(self.names.action(order.label) for order in self.in_force(p)) or NONE

    def in_force(self, p: int) -> list[StandingOrder]:
        return [self.given[i] for i in np.flatnonzero(self.data["in_force"].values[p])]

    def lasting(self) -> str:
        """How many postures last, and which is the most robust."""
        nash, seq = (int(self.data["lasts"].sel(concept=concept).sum()) for concept in ("nash", "seq"))
        size = f"{count(len(self.place), 'posture')} (combinations of {count(self.data.sizes['order'], 'standing order')} of {listed(self.movers)})"
        counted = (
            f"{nash or 'none'} would last if each actor saw only its own next move and {seq or 'none'} if each "
            "reckoned with the answers that pay the others, with worths averaged over worlds"
        )
        if not self.best:
            return f"Of {size}, {counted}; in no world does one last against such answers."
        top, share = tied(self.robust, say=percent), self.counted_share(float(self.robust[self.best[0]]))
        if len(top) > 1:
            names = listed([f"({self.posture(p)})" for p in top], 3)
            return f"Of {size}, {counted}; the most robust {len(top)} postures tie, {names}: each lasts against such answers in {share}."
        return f"Of {size}, {counted}; the most robust posture ({self.posture(top[0])}) lasts against such answers in {share}."

    def status_quo(self) -> str:
        """In how many worlds the status quo lasts, who would leave it, and where that leads on average."""
        share = self.counted_share(float(self.robust[self.start]))
        leaves = 1 - self.array("stable_share", concept="seq")[self.start]
        order = [int(i) for i in np.argsort(-leaves, kind="stable") if leaves[i] > 1e-12]
        who = [f"{self.movers[i]}{' would leave it' * (i == order[0])} in {percent(float(leaves[i]))}" for i in order]
        return (
            f"The status quo ({self.posture(self.start)}) lasts in {share}: "
            f"{listed(who, 4) or 'nobody would leave it'}; with worths averaged over worlds {self._on_average()}."
        )

    def _on_average(self) -> str:
        pull = self.array("temptation")
        if not pull.max() > ROUNDING:
            return "nobody gains by a first move"
        gains = [f"{self.movers[i]} {signed(float(gain))}" for i, gain in enumerate(pull) if gain > ROUNDING]
        gain = f"a first move brings, at most and each in its own units, {listed(gains)}"
        if not self.ways:
            return f"{gain}, and no chain of improving moves ends in a posture that lasts"
        way = self.ways[0]
        lead = "leads" if len(way) == 1 else "lead"
        return f"{gain}, and {count(len(way), 'improving move')} {lead} to: {self.posture(way[-1][1])}"

    def graph(self) -> Figure:
        """The status quo, the ways that lead from it, and the postures that last in most worlds."""
        ways = [way for way in self.ways if len(way) <= _LONGEST][:3]
        shown = [self.start, *(p for way in ways for _, p in way), *self.best[:4]]
        title = "No improving moves lead from the status quo to a posture that lasts"
        if self.ways:
            nearest = count(min(map(len, self.ways)), "improving move")
            title = f"The nearest lasting posture is {nearest} away from the status quo"
        note = (
            "Each box is a posture: the standing orders in force. The bar is the share of worlds in which it lasts "
            "against answers that pay those who give them. Arrows are moves that pay the mover, on average over worlds; "
            f"ways of up to {_LONGEST} moves are drawn."
        )
        return Figure(title, note, posture_graph({p: self._box(p) for p in dict.fromkeys(shown)}, ways, self.start))

    def _box(self, p: int) -> PostureBox:
        orders = [f"{self.names.actor(o.actor)}: {self.names.act(o.phase, o.action)}" for o in self.in_force(p)]
        share, moves = float(self.robust[p]), int(self.data["moves"].values[p])
        tip = f"{capital(self.posture(p))}. Lasts in {percent(share)} of worlds."
        distance = count(moves, "move") if moves >= 0 else "no way there"
        return PostureBox(orders or [NONE], share, p == self.start, distance, tip)

    def concepts(self) -> Table:
        """How many postures last by each way of thinking ahead, and whether the status quo does."""

        words = [concept.in_words for concept in CONCEPTS.values()]
        shares = dict(
            zip(words, [probability(float(share[self.start])) for share in self.shares.values()], strict=True)
        )
        lasts = dict(zip(words, self.data["lasts"], strict=True))
        lasts |= {
            f"{h} moves ahead": self.data["limited"].all("mover").sel(horizon=h)
            for h in self.data["horizon"].values[1:]
        }
        joint = self.labels("core") if "joint" in self.data else []
        lasts |= {f"{CONCEPTS[c].in_words}, joint moves included": self.data["joint"].sel(core=c) for c in joint}

        def at_start(concept: str) -> Amount:
            yes = bool(lasts[concept].values[self.start])
            return shares.get(concept) or Amount(f"{'yes' if yes else 'no'}, on average", float(yes))

        columns: Columns[str] = {
            "What actors reckon with": str,
            "Postures that last": lambda concept: amount(int(lasts[concept].sum()), str),
            "Status quo lasts in": at_start,
        }
        return table("By way of thinking ahead (worths averaged over worlds; shares over worlds)", columns, lasts)

    def postures(self) -> Table:
        ways = self.array("moves").tolist()
        columns: Columns[int] = {
            "Standing orders in force": lambda p: capital(self.posture(p)) + " (status quo)" * (p == self.start),
            "Lasts: paying answers": lambda p: probability(float(self.shares["seq"][p])),
            "Lasts: own move only": lambda p: probability(float(self.shares["nash"][p])),
            "Lasts: any answer": lambda p: probability(float(self.shares["gmr"][p])),
            "Improving moves from the status quo": lambda p: Amount(f"{ways[p]:.0f}" if ways[p] >= 0 else "–", ways[p]),
        }
        shown = dict.fromkeys([*self.best[:_SHOWN], self.start])
        return table("Postures by the share of worlds in which they last", columns, shown)

    def leavers(self) -> Table:
        nash, seq = (self.array("stable_share", concept=concept)[self.start] for concept in ("nash", "seq"))
        pull, price = self.array("temptation"), self.array("price", core="seq")
        columns: Columns[int] = {
            "Actor": lambda i: self.movers[i],
            "Stays: own move only": lambda i: probability(float(nash[i])),
            "Stays: paying answers": lambda i: probability(float(seq[i])),
            "Most a move brings": lambda i: amount(float(pull[i]), number),
            "Would hold it": lambda i: amount(float(price[i]), number),
            "To stay, it must not prefer": self._must_not_prefer,
        }
        caption = (
            "Who would leave the status quo: the share of worlds in which each stays, and what would hold it "
            "(so much more the status quo would have to be worth, in its own units, on average over worlds)"
        )
        return table(caption, columns, range(len(self.movers)))

    def _must_not_prefer(self, mover: int) -> str:
        """The first condition that inverse analysis finds unmet, in words."""
        unmet = self.data.attrs["inverse"]["seq"][mover]["unmet"]
        if not unmet:
            return "nothing: it stays"
        way = " and ".join(self.posture(self.place[label]) for label in unmet[0][0])
        return f"{way} (one of {len(unmet)} conditions)" if len(unmet) > 1 else way

    def orders(self) -> Table:
        """Which standing orders were tried, what each brings, and which were combined."""
        used, tried = set(self.labels("order")), labels_along(self.data, "tried", StandingOrder)
        gain, score = self.array("gain"), self.array("score")
        columns: Columns[int] = {
            "Standing order": lambda i: f"{self.names.actor(tried[i].actor)}: {self.names.action(tried[i].label)}",
            "Brings its giver, alone": lambda i: change(float(gain[i])),
            "Consequence": lambda i: amount(float(score[i]), lambda x: number(x, 2)),
            "In the postures": lambda i: "yes" if tried[i].label in used else "no",
        }
        return table(
            f"The most consequential of {count(len(tried), 'standing order')}",
            columns,
            np.argsort(-score, kind="stable")[:_TRIED].tolist(),
        )

    def notes(self) -> list[str]:
        """What a posture is, and on how little the shares rest."""
        return [
            "A standing order binds an actor openly to one action whenever the phase comes up; without one it decides "
            "case by case. Every posture was solved anew; worths are what the reported periods pay, at true odds. "
            "A binding also takes out the noise in a choice, which alone can make it pay.",
            f"{self.counted} stand for the run here, so shares come in coarse steps. Consequence: what the order "
            "brings its giver plus what it moves for the others on average, each as a share of the most that any order "
            "moves for that actor.",
            f"`foedus lens stability SCENARIO --write FILE.gmcr` writes the postures under "
            f"{self.names.policy(self.policy)} as a conflict in option form.",
        ]
