"""Whether the sides hold, and what would split them: the section of the coalition lens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.arraytypes import Bools, Dataset, Floats
from foedus.lenses.coalition.chart import going_chart, network_chart
from foedus.lenses.coalition.measure import GAIN, margin
from foedus.lenses.coalition.sides import SidesFrom, Standing
from foedus.lenses.lens import Looked
from foedus.present.colours import MAIN, OTHER
from foedus.present.section import Amount, Cell, Figure, Table, Told, change, probability, table
from foedus.present.shares import Share
from foedus.present.wording import capital, count, listed, number, percent
from foedus.runs.view import RunView

SHOWN = 12  # coalitions in the table
SIGN = 0.1  # alignments smaller than this are no sign
UNDEFINED = float("nan")
STAY, LEAVE, JOIN = range(len(Standing))
GOING_NOTE = "Change in what each gets by leaving its side (hollow) or joining the other (filled): average and where nine worlds in ten lie."
NETWORK_NOTE = f"Correlation of what two actors get at periods' ends: {MAIN} lines together, {OTHER} against each other; those under 0.1 are left out."
NOTES = (
    "Everybody is taken to know the game as it is, without misreadings and secrets.",
    "A coalition acts as one: its members choose for the sum of what they get, no more surely than the one with most at stake would: like-minded members gain nothing by it. The sum takes a unit of one member's payoff to be "
    "worth a unit of another's; whether a member gains is counted in its own payoff alone.",
)


def tell(results: RunView, data: Dataset) -> Told:
    """The section of the coalition lens."""
    if not data.attrs["worlds"]:
        few = "Fewer than two actors choose anything in this scenario, so that nobody could act together."
        return Told([few, "Nothing can be said about coalitions."])
    axis = Axis(results, data)
    figures, tables = [], []
    if axis.sides:
        changes = {
            (axis.actors[p], option): axis.spread(axis.option[:, p, o] - axis.option[:, p, STAY])
            for p in axis.member
            for option, o in ((Standing.LEAVE, LEAVE), (Standing.JOIN, JOIN))
        }
        sides = [[axis.actors[p] for p in side] for side in axis.sides]
        figures.append(Figure(_going_title(axis), GOING_NOTE, going_chart(sides, changes)))
        tables += [_members(axis), _policies(axis)]
    if np.abs(axis.signs).max() >= SIGN:
        figures.append(Figure(_network_title(axis), NETWORK_NOTE, network_chart(axis.actors, axis.signs, SIGN)))
        tables.append(_alignment(axis))
    return Told(_sentences(axis), figures, [*tables, _coalitions(axis)], _notes(axis))


class Axis(Looked):
    """Players by number, with names. ``sides`` are lists of them, ``stays`` [world, player] what staying is worth more
    than going, ``policies`` those compared, the one looked at first."""

    def __init__(self, results: RunView, data: Dataset):
        super().__init__(results, data)
        self.actors = [self.names.actor(player) for player in self.labels("player")]
        self.policies = [self.names.policy(policy) for policy in self.labels("policy")]
        self.option = self.array("option")
        self.stays: Floats = margin(self.option)
        self.source = SidesFrom(str(data.attrs["sides"]))
        side_of = [int(side) for side in data["side"].values]
        self.member = [p for p, side in enumerate(side_of) if side >= 0]
        self.sides = [[p for p in self.member if side_of[p] == k] for k in range(max(side_of, default=-1) + 1)]
        self.worth, self.wedge = self.array("worth"), self.array("wedge")
        self.alone = self.worth[:, : len(self.actors)]
        alignment = np.nan_to_num(self.array("alignment"))
        self.signs = np.nan_to_num(np.tensordot(self.weights / self.weights.sum(), alignment, 1))

    def called(self, players: list[int]) -> str:
        """Some players by name."""
        return listed([self.actors[p] for p in players])

    def staying(self, player: int, policy: int = 0) -> Share:
        """The share of worlds in which a player does best by staying."""
        return self.share(self.wedge[:, policy, player] >= -GAIN)


def _sentences(axis: Axis) -> list[str]:
    exists = axis.share(axis.array("surplus") >= -GAIN)
    core = f"If payoffs could be shared out, a division that no coalition could better (the core) exists in {exists}."
    if not axis.sides:
        why = "No side has two members who choose anything here"
        if axis.source is SidesFrom.NONE:
            why = "Nobody has promised anybody anything here and the scenario names no sides"
        gain = axis.spread(axis.worth[:, -1] - axis.alone.sum(axis=1))
        over = f"over each acting alone ({number(gain.low)} to {number(gain.high)})"
        grand = f"All acting as one gain {number(gain.mean)} together {over}."
        return [f"{why}, so that there is no axis to ask about. {core}", grand]
    shares = [axis.share(np.all(axis.stays[:, side] >= -GAIN, axis=1)) for side in axis.sides]
    share, side = min(zip(shares, axis.sides), key=lambda pair: pair[0].share)
    each = listed([f"{axis.actors[p]} in {axis.staying(p)}" for p in side])
    said = (
        f"If each side acted as one, would {axis.called(side)} hold together, none of them better off elsewhere? "
        f"{capital(share.words('yes', 'no'))}: it holds together in {share}; staying is best for {each}."
    )
    first = min(side, key=lambda p: (axis.staying(p).share, axis.spread(axis.stays[:, p]).mean))
    return [said, f"{_wedge(axis, first)} {core}"]


def _wedge(axis: Axis, player: int) -> str:
    """What would take the first member out of its side."""
    mean = axis.spread(axis.stays[:, player]).mean
    leave, join = (axis.spread(axis.option[:, player, o]).mean for o in (LEAVE, JOIN))
    way = "leaving" if np.isnan(join) or leave >= join else "changing sides"
    pays = axis.share(axis.array("pays")[:, player] > 0)
    price = f"a payment worth {number(mean)} to it on average would make {way} better than staying"
    if mean < 0:
        price = f"by {way} it would gain {number(-mean)} on average, so that no payment is needed"
    others = f"the others would gain more from its going than it costs in {pays}"
    lead = f"The first to go is {axis.actors[player]}: {price}, and {others}."
    shares = [axis.staying(player, k).share for k in range(len(axis.policies))]
    wedge = axis.wedge[:, :, player]
    gaps = [abs(axis.spread(wedge[:, k] - wedge[:, 0]).mean) for k in range(len(shares))]
    k = max(range(len(shares)), key=lambda k: (abs(shares[k] - shares[0]), gaps[k]))
    if shares[k] != shares[0]:
        most = f"“{axis.policies[k]}” {'loosens' if shares[k] < shares[0] else 'ties'} it most"
        best = f"{axis.staying(player, k).ranged} instead of {axis.staying(player)}"
        lead += f" Of the policies compared, {most}: staying is best in {best}."
    return lead


def _notes(axis: Axis) -> list[str]:
    all_worlds = count(len(axis.results.weights), "world")
    notes = [f"Solved anew in {axis.counted} that stand for the run's {all_worlds}. {NOTES[0]}", *NOTES[1:]]
    if axis.sides:
        written = axis.source is SidesFrom.WRITTEN
        how = "as the scenario names them" if written else "by ties of promises (no threats, no red lines)"
        notes.append(f"Sides {how}: {'; '.join(axis.called(side) for side in axis.sides)}.")
    if left_out := int(axis.data.attrs["left_out"]):
        notes.append(f"{count(left_out, 'actor')} with moves left out of coalitions: too many to try all.")
    return notes


def _going_title(axis: Axis) -> str:
    going = [p for side in axis.sides for p in side if axis.staying(p).share < 0.5]
    if not going:
        return "Every member does best by staying with its side in most worlds"
    if len(going) == len(axis.member):
        return "Every member would do better elsewhere in most worlds"
    return f"{axis.called(going)} would do better elsewhere in most worlds"


def _network_title(axis: Axis) -> str:
    degree, signs = axis.spread(axis.array("balance")).mean, axis.signs
    i, j = max(((i, j) for i in range(len(signs)) for j in range(i)), key=lambda pair: abs(signs[pair]))
    kind = "together" if signs[i, j] > 0 else "against each other"
    title = f"Who wants the same: {axis.actors[j]} and {axis.actors[i]} most {kind}"
    if np.isnan(degree):
        return title
    chance = percent(axis.spread(axis.array("balance_by_chance")).mean)
    return (
        f"{title}; by weight {percent(degree)} of triads are balanced ({chance} if as many pluses fell independently)"
    )


def _members(axis: Axis) -> Table:
    ties, shapley = axis.array("ties"), axis.array("shapley")
    stay = axis.option[:, :, STAY]

    def gain(values: Floats) -> Callable[[int], Cell]:
        return lambda p: change(axis.spread(values[:, p]), UNDEFINED)

    def staying(p: int) -> Cell:
        undefined = np.isnan(axis.stays[:, p]).all()
        return Amount("–", UNDEFINED) if undefined else probability(axis.staying(p))

    alone = axis.array("payoff")[:, : len(axis.actors)].diagonal(axis1=1, axis2=2)
    columns: dict[str, Callable[[int], Cell]] = {
        "Actor": lambda p: axis.actors[p],
        "Staying is best (worlds)": staying,
        "By leaving": gain(axis.option[:, :, LEAVE] - stay),
        "By joining the best other side": gain(axis.option[:, :, JOIN] - stay),
        "Sides over everybody alone": gain(stay - alone),
        "Worth of the promises to it": gain(ties[:, :, 0] - ties[:, :, 1]),
        "Shapley value over acting alone": gain(shapley - alone),
    }
    return table("What each would gain or lose, in its own payoff", columns, range(len(axis.actors)))


def _policies(axis: Axis) -> Table:
    columns = ["Policy", *(axis.actors[p] for p in axis.member)]
    rows = [[probability(axis.staying(p, k)) for p in axis.member] for k in range(len(axis.policies))]
    caption = "Wedges: share of worlds in which staying is best for each, by policy"
    return Table(caption, columns, [[policy, *row] for policy, row in zip(axis.policies, rows, strict=True)])


def _alignment(axis: Axis) -> Table:
    def cell(i: int, j: int) -> Cell:
        return Amount("–", 1.0) if i == j else change(float(axis.signs[i, j]))

    caption, each = "Alignment: correlation of what two actors get, average over worlds", range(len(axis.actors))
    return Table(caption, ["Actor", *axis.actors], [[axis.actors[i], *(cell(i, j) for j in each)] for i in each])


def _coalitions(axis: Axis) -> Table:
    holds, closed, unblocked = (axis.array(name) > 0 for name in ("holds", "closed", "unblocked"))
    lasting = holds & unblocked
    members = [[int(p) for p in np.flatnonzero(row)] for row in axis.data["member"].values]

    def share(of: Bools) -> Callable[[int], Cell]:
        return lambda c: probability(axis.share(of[:, c]))

    def gain(c: int) -> Cell:
        return change(axis.spread(axis.worth[:, c] - axis.alone[:, members[c]].sum(axis=1)), UNDEFINED)

    columns: dict[str, Callable[[int], Cell]] = {
        "Acting as one": lambda c: axis.called(members[c]),
        "Lasts (worlds)": share(lasting),
        "nobody gains by leaving": share(holds),
        "no part gains by parting": share(unblocked),
        "no outsider gains by joining": share(closed),
        "Gain of all members over acting alone": gain,
    }
    larger = range(len(axis.actors), len(members))  # those of one come first
    order = sorted(larger, key=lambda c: -axis.share(lasting[:, c]).share)[:SHOWN]
    return table("Coalitions against single outsiders, those that last in most worlds first", columns, order)
