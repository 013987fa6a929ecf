"""The section on stability: which postures last, whether the status quo does, and what would move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from foedus.conflict.concepts import CONCEPTS
from foedus.lenses.stability.chart import Node, posture_graph
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Table, Told, probability
from foedus.present.wording import capital, count, listed, number, percent, signed
from foedus.runs.view import RunView
from foedus.scenario.names import plain

if TYPE_CHECKING:
    import xarray as xr

_SHOWN, _LONGEST = 10, 3
NONE = "no standing order"


def tell(results: RunView, found: xr.Dataset) -> Told:
    """What the stability lens found, in two sentences, a drawing of the posture graph, and tables."""
    if "undefined" in found.attrs:
        return Told([found.attrs["undefined"]])
    view = _View(results, found)
    return Told(
        sentences=[view.lasting(), view.status_quo()],
        figures=[view.graph()],
        tables=[view.concepts(), view.postures(), view.leavers(), view.orders()],
        notes=view.notes(),
    )


class _View:
    """The result with names in place of ids."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found, self.names = results, found, results.names
        self.labels = [str(label) for label in found["posture"].values]
        self.start = self.labels.index(found.attrs["start"])
        self.movers = [self.names.actor(str(mover)) for mover in found["mover"].values]
        self.share = found["lasts_share"].sel(concept="seq").values
        nash = found["lasts_share"].sel(concept="nash").values
        order = sorted(range(len(self.labels)), key=lambda p: (-self.share[p], -nash[p], p))
        self.best = [p for p in order if self.share[p] > 0]

    def lasting(self) -> str:
        """How many postures last, and which is the most robust."""
        lasts = self.found["lasts"]
        nash, seq = int(lasts.sel(concept="nash").sum()), int(lasts.sel(concept="seq").sum())
        size = f"{count(len(self.labels), 'posture')} (combinations of {count(self.found.sizes['order'], 'standing order')} of {listed(self.movers)})"
        counted = (
            f"{nash or 'none'} would last if each actor saw only its own next move and {seq or 'none'} if each "
            "reckoned with the answers that pay the others, with worths averaged over worlds"
        )
        if not self.best:
            return f"Of {size}, {counted}; in no world does one last against such answers."
        top = self.best[0]
        share = float(self.share[top])
        return (
            f"Of {size}, {counted}; the most robust posture ({self._posture(top)}) lasts against such answers in "
            f"{percent(share)} of worlds ({estimative(share)})."
        )

    def status_quo(self) -> str:
        """In how many worlds the status quo lasts, who would leave it, and where that leads on average."""
        share = float(self.share[self.start])
        leaves = 1 - self.found["stable_share"].sel(concept="seq").values[self.start]
        order = [int(i) for i in np.argsort(-leaves, kind="stable") if leaves[i] > 1e-12]
        who = [f"{self.movers[i]}{' would leave it' * (i == order[0])} in {percent(float(leaves[i]))}" for i in order]
        return (
            f"The status quo ({self._posture(self.start)}) lasts in {percent(share)} of worlds ({estimative(share)}): "
            f"{listed(who, 4) or 'nobody would leave it'}; with worths averaged over worlds {self._on_average()}."
        )

    def _on_average(self) -> str:
        pull = self.found["temptation"].values
        if not pull.max() > 0:
            return "nobody gains by a first move"
        most = int(pull.argmax())
        gain = f"a first move brings at most {signed(float(pull[most]))} in its own units, to {self.movers[most]}"
        ways = self.found.attrs["paths"]
        if not ways:
            return f"{gain}, and no chain of improving moves ends in a posture that lasts"
        end, way = next(iter(ways.items()))
        lead = "leads" if len(way) == 1 else "lead"
        return f"{gain}, and {count(len(way), 'improving move')} {lead} to: {self._posture(self.labels.index(end))}"

    def graph(self) -> Figure:
        """The status quo, the ways that lead from it, and the postures that last in most worlds."""
        ways = [
            [(self._who(who), label) for who, label in way]
            for way in self.found.attrs["paths"].values()
            if len(way) <= _LONGEST
        ][:3]
        shown = [self.labels[self.start], *(label for way in ways for _, label in way)]
        shown += [self.labels[p] for p in self.best[:4]]
        nodes = {label: self._node(self.labels.index(label)) for label in dict.fromkeys(shown)}
        reached = [len(way) for way in self.found.attrs["paths"].values()]
        title = (
            f"The nearest lasting posture is {count(min(reached), 'improving move')} away from the status quo"
            if reached
            else "No improving moves lead from the status quo to a posture that lasts"
        )
        note = (
            "Each box is a posture: the standing orders in force. The bar is the share of worlds in which it lasts "
            "against answers that pay those who give them. Arrows are moves that pay the mover, on average over worlds; "
            f"ways of up to {_LONGEST} moves are drawn."
        )
        return Figure(title, note, posture_graph(nodes, ways, self.labels[self.start]))

    def _node(self, posture: int) -> Node:
        orders = [self._short(i) for i in self._orders(posture)]
        tip = f"{capital(self._posture(posture))}. Lasts in {percent(float(self.share[posture]))} of worlds."
        moves = int(self.found["moves"].values[posture])
        far = count(moves, "move") if moves >= 0 else "no way there"
        return Node(orders or [NONE], float(self.share[posture]), posture == self.start, far, tip)

    def concepts(self) -> Table:
        """How many postures last by each way of thinking ahead, and whether the status quo does."""
        rows: list[list[Cell]] = []
        for concept, row in CONCEPTS.items():
            share = self.found["lasts_share"].sel(concept=concept).values
            rows.append(
                [
                    row.in_words,
                    self._number(self.found["lasts"].sel(concept=concept)),
                    probability(float(share[self.start])),
                ]
            )
        horizons = self.found["limited"].all("mover")
        for h in self.found["horizon"].values[1:]:
            stable = horizons.sel(horizon=h)
            rows.append([f"{h} moves ahead", self._number(stable), self._at_start(stable)])
        if "joint" in self.found:
            for core in self.found["core"].values:
                stable = self.found["joint"].sel(core=core)
                rows.append(
                    [
                        f"{CONCEPTS[str(core)].in_words}, joint moves included",
                        self._number(stable),
                        self._at_start(stable),
                    ]
                )
        columns = ["What actors reckon with", "Postures that last", "Status quo lasts in"]
        return Table("By way of thinking ahead (worths averaged over worlds; shares over worlds)", columns, rows)

    @staticmethod
    def _number(stable: xr.DataArray) -> Amount:
        total = int(stable.sum())
        return Amount(str(total), total)

    def _at_start(self, stable: xr.DataArray) -> Amount:
        yes = bool(stable.values[self.start])
        return Amount("yes, on average" if yes else "no, on average", float(yes))

    def postures(self) -> Table:
        """The postures that last in most worlds."""
        shares, moves = self.found["lasts_share"], self.found["moves"].values
        rows: list[list[Cell]] = [
            [
                capital(self._posture(p)) + " (status quo)" * (p == self.start),
                *(probability(float(shares.sel(concept=c).values[p])) for c in ("seq", "nash", "gmr")),
                Amount(str(moves[p]) if moves[p] >= 0 else "–", float(moves[p])),
            ]
            for p in dict.fromkeys([*self.best[:_SHOWN], self.start])
        ]
        columns = [
            "Standing orders in force",
            "Lasts: paying answers",
            "Lasts: own move only",
            "Lasts: any answer",
            "Improving moves from the status quo",
        ]
        return Table("Postures by the share of worlds in which they last", columns, rows)

    def leavers(self) -> Table:
        """Who would leave the status quo, and what would hold it."""
        share = self.found["stable_share"].isel(posture=self.start)
        rows: list[list[Cell]] = []
        for i, mover in enumerate(self.movers):
            pull = float(self.found["temptation"].values[i])
            price = float(self.found["price"].sel(core="seq").values[i])
            rows.append(
                [
                    mover,
                    probability(float(share.sel(concept="nash").values[i])),
                    probability(float(share.sel(concept="seq").values[i])),
                    Amount(number(pull), pull),
                    Amount(number(price), price),
                    self._must_not_prefer(i),
                ]
            )
        columns = [
            "Actor",
            "Stays: own move only",
            "Stays: paying answers",
            "Most a move brings",
            "Would hold it",
            "To stay, it must not prefer",
        ]
        title = (
            "Who would leave the status quo: the share of worlds in which each stays, and what would hold it "
            "(so much more the status quo would have to be worth, in its own units, on average over worlds)"
        )
        return Table(title, columns, rows)

    def _must_not_prefer(self, mover: int) -> str:
        """The first condition that inverse analysis finds unmet, in words."""
        unmet = self.found.attrs["inverse"]["seq"][mover]["unmet"]
        if not unmet:
            return "nothing: it stays"
        way = " and ".join(self._posture(self.labels.index(label)) for label in unmet[0][0])
        return f"{way} (one of {len(unmet)} conditions)" if len(unmet) > 1 else way

    def orders(self) -> Table:
        """Which standing orders were tried, what each brings, and which were combined."""
        used = {str(order) for order in self.found["order"].values}
        rank = np.argsort(-self.found["score"].values, kind="stable")[:15]
        rows: list[list[Cell]] = []
        for i in rank:
            order, giver = str(self.found["tried"].values[i]), str(self.found["tried_giver"].values[i])
            gain, score = float(self.found["gain"].values[i]), float(self.found["score"].values[i])
            rows.append(
                [
                    f"{self.names.actor(giver)}: {self.names.action(order)}",
                    Amount(signed(gain), gain),
                    Amount(number(score, 2), score),
                    "yes" if order in used else "no",
                ]
            )
        columns = ["Standing order", "Brings its giver, alone", "Consequence", "In the postures"]
        tried = self.found.sizes["tried"]
        return Table(f"The most consequential of {count(tried, 'standing order')}", columns, rows)

    def notes(self) -> list[str]:
        """What a posture is, and on how little the shares rest."""
        worlds = self.found.sizes["world"]
        return [
            "A standing order binds an actor openly to one action whenever the phase comes up; without one it decides "
            "case by case. Every posture was solved anew; worths are what the reported periods pay, at true odds. "
            "A binding also takes out the noise in a choice, which alone can make it pay.",
            f"{count(worlds, 'world')} stand for the run here, so shares come in coarse steps. Consequence: what the order "
            "brings its giver plus what it moves for the others on average, each as a share of the most that any order "
            "moves for that actor.",
            f"`foedus lens stability SCENARIO --write FILE.gmcr` writes the postures under "
            f"{self.names.policy(self.found.attrs['policy'])} as a conflict in option form.",
        ]

    def _posture(self, posture: int) -> str:
        told = [self._full(i) for i in self._orders(posture)]
        return "; ".join(told) or NONE

    def _orders(self, posture: int) -> list[int]:
        return [int(i) for i in np.flatnonzero(self.found["in_force"].values[posture])]

    def _full(self, order: int) -> str:
        return self.names.action(str(self.found["order"].values[order]))

    def _short(self, order: int) -> str:
        """Who does what."""
        phase, _, action = str(self.found["order"].values[order]).partition(".")
        written = next((p.actions[action].label for p in self.results.scenario.turn if p.id == phase), "")
        return f"{self.names.actor(str(self.found['giver'].values[order]))}: {written or plain(action)}"

    def _who(self, mover: str) -> str:
        return self.names.actor(mover)
