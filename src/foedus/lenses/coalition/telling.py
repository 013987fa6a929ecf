"""Whether the sides hold, and what would split them: the section of the coalition lens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.lenses.coalition.chart import going_chart, network_chart
from foedus.lenses.coalition.measure import GAIN, every, margin
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Table, Told, change
from foedus.present.wording import capital, count, listed, number, percent
from foedus.runs.view import RunView
from foedus.worlds.weights import Spread

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 12  # coalitions in the table
SIGN = 0.1  # alignments smaller than this are no sign


class Sides:
    """The lens's result as the section reads it."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.found, self.names = results, found, results.names
        self.players = [str(p) for p in found["player"].values]
        self.weights: Floats = np.asarray(found["weight"].values, float)
        self.option = self.array("option")
        self.stays: Floats = margin(self.option)
        self.side = [int(k) for k in found["side"].values]
        self.sides = [
            [p for p, s in zip(self.players, self.side) if s == k] for k in range(max(self.side, default=-1) + 1)
        ]

    def array(self, name: str) -> Floats:
        """A variable as a plain array, worlds first."""
        return np.asarray(self.found[name].values, float)

    def spread(self, values: Floats) -> Spread:
        """The spread of a number over the lens's worlds."""
        return self.results.spread(values, self.weights)

    def share(self, holds: NDArray[np.bool_]) -> float:
        """The weighted share of worlds in which something holds."""
        return min(float(self.weights[holds].sum() / self.weights.sum()), 1.0)

    def name(self, player: str) -> str:
        """A player's name."""
        return self.names.actor(player)

    def called(self, side: list[str]) -> str:
        """The members of a side."""
        return listed([self.name(p) for p in side])

    def staying(self, player: str) -> float:
        """The share of worlds in which a player does best by staying."""
        return self.share(self.stays[:, self.players.index(player)] >= -GAIN)

    def together(self, side: list[str]) -> float:
        """The share of worlds in which every member does best by staying."""
        stays: NDArray[np.bool_] = self.stays[:, [self.players.index(p) for p in side]] >= -GAIN
        return self.share(np.asarray(stays.all(axis=1)))

    @property
    def loosest(self) -> list[str]:
        """The side that holds in the fewest worlds."""
        return min(self.sides, key=self.together)

    def first_to_go(self, side: list[str]) -> str:
        """The member that does best by staying in the fewest worlds."""
        return min(side, key=lambda p: (self.staying(p), self.spread(self.stays[:, self.players.index(p)]).mean))


def tell(results: RunView, found: xr.Dataset) -> Told:
    """The section of the coalition lens."""
    if not found.attrs["worlds"]:
        said = [
            "Fewer than two actors choose anything in this scenario, so that nobody could act together.",
            "Nothing can be said about coalitions.",
        ]
        return Told(said)
    sides = Sides(results, found)
    figures, tables = [], []
    if sides.sides:
        figures.append(Figure(_going_title(sides), GOING_NOTE, going_chart(sides)))
        tables += [_members(sides), _policies(sides)]
    signs = np.nan_to_num(np.tensordot(sides.weights / sides.weights.sum(), np.nan_to_num(sides.array("alignment")), 1))
    if np.abs(signs).max() >= SIGN:
        figures.append(Figure(_network_title(sides, signs), NETWORK_NOTE, network_chart(sides, signs, SIGN)))
        tables.append(_alignment(sides, signs))
    tables.append(_coalitions(sides))
    return Told(_sentences(sides), figures, tables, _notes(sides))


# --- words -------------------------------------------------------------------------------


def _sentences(sides: Sides) -> list[str]:
    if not sides.sides:
        return [
            f"Nobody has promised anybody anything here, and no two camps show in what the actors get. {_core(sides)}",
            _grand(sides),
        ]
    side = sides.loosest
    share = sides.together(side)
    each = listed([f"{sides.name(p)} in {percent(sides.staying(p))} of worlds" for p in side])
    first = sides.first_to_go(side)
    said = (
        f"If each side acted as one, would {sides.called(side)} hold together, none of them better off elsewhere? "
        f"{capital(estimative(share))} ({percent(share)} of worlds); staying is best for {each}."
    )
    return [said, f"{_wedge(sides, first)} {_core(sides)}"]


def _wedge(sides: Sides, player: str) -> str:
    """What would take the first member out of its side."""
    at = sides.players.index(player)
    spread = sides.spread(sides.stays[:, at])
    way = "changing sides" if _way(sides, player) == "join" else "leaving"
    pays = sides.share(sides.array("pays")[:, at] > 0)
    lead = f"The first to go is {sides.name(player)}: "
    if spread.mean < 0:
        lead += f"by {way} it would gain {number(-spread.mean)} on average, so that no payment is needed"
    else:
        lead += f"a payment worth {number(spread.mean)} to it on average would make {way} better than staying"
    lead += f", and the others would gain more from its going than it costs in {percent(pays)} of worlds."
    moves = _movers(sides, player)
    if moves:
        policy, now, then = moves
        verb = "loosens" if then < now else "ties"
        lead += f" Of the policies compared, “{sides.names.policy(policy)}” {verb} it most: staying is best in {percent(then)} instead of {percent(now)} of worlds."
    return lead


def _way(sides: Sides, player: str) -> str:
    """The better of leaving and joining, on average."""
    leave, join = (sides.spread(sides.option[:, sides.players.index(player), k]).mean for k in (1, 2))
    return "leave" if np.isnan(join) or leave >= join else "join"


def _movers(sides: Sides, player: str) -> tuple[str, float, float] | None:
    """(policy, share now, share then) of the policy that changes most how often staying is best for a player."""
    wedge = sides.array("wedge")[:, :, sides.players.index(player)]
    shares = [sides.share(wedge[:, k] >= -GAIN) for k in range(wedge.shape[1])]
    if len(shares) < 2:
        return None
    k = max(range(1, len(shares)), key=lambda k: (abs(shares[k] - shares[0]), abs(_mean_change(sides, wedge, k))))
    return (str(sides.found["policy"].values[k]), shares[0], shares[k]) if shares[k] != shares[0] else None


def _mean_change(sides: Sides, wedge: Floats, k: int) -> float:
    return sides.spread(wedge[:, k] - wedge[:, 0]).mean


def _core(sides: Sides) -> str:
    share = sides.share(sides.array("surplus") >= -1e-9)
    return f"If payoffs could be shared out, a division that no coalition could better (the core) exists in {percent(share)} of worlds."


def _grand(sides: Sides) -> str:
    worth = sides.array("worth")
    alone = worth[:, : len(sides.players)].sum(axis=1)
    gain = sides.spread(worth[:, -1] - alone)
    return f"All acting as one gain {number(gain.mean)} together over each acting alone ({number(gain.low)} to {number(gain.high)})."


def _notes(sides: Sides) -> list[str]:
    found = [
        f"Solved anew in {count(len(sides.weights), 'world')} that stand for the run's {count(len(sides.results.weights), 'world')}. "
        "Everybody is taken to know the game as it is, without misreadings and secrets.",
        "A coalition acts as one: its members choose for the sum of what they get. The sum takes a unit of one member's payoff to be "
        "worth a unit of another's; whether a member gains is counted in its own payoff alone.",
    ]
    if sides.sides:
        how = (
            "ties of promises (no threats, no red lines)"
            if sides.found.attrs["promised"]
            else "the signs of what the actors get, since nobody promised anything"
        )
        found.append(f"Sides by {how}: {'; '.join(sides.called(side) for side in sides.sides)}.")
    if sides.found.attrs["left_out"]:
        found.append(
            f"{count(int(sides.found.attrs['left_out']), 'actor')} with moves left out of coalitions: too many to try all."
        )
    return found


# --- figures -----------------------------------------------------------------------------

GOING_NOTE = "Change in what each gets by leaving its side (hollow) or joining the other (filled): average and where nine worlds in ten lie."
NETWORK_NOTE = "Correlation of what two actors get at periods' ends: blue lines together, orange against each other; those under 0.1 are left out."


def _going_title(sides: Sides) -> str:
    going = [p for side in sides.sides for p in side if sides.staying(p) < 0.5]
    if not going:
        return "Every member does best by staying with its side in most worlds"
    if all(p in going for side in sides.sides for p in side):
        return "Every member would do better elsewhere in most worlds"
    return f"{sides.called(going)} would do better elsewhere in most worlds"


def _network_title(sides: Sides, signs: Floats) -> str:
    degree = sides.spread(sides.array("balance")).mean
    pairs = [(i, j) for i in range(len(signs)) for j in range(i)]
    i, j = max(pairs, key=lambda pair: abs(signs[pair]))
    kind = "together" if signs[i, j] > 0 else "against each other"
    strongest = f"{sides.name(sides.players[j])} and {sides.name(sides.players[i])} most {kind}"
    if np.isnan(degree):
        return f"Who wants the same: {strongest}"
    return f"Who wants the same: {strongest}; by weight {percent(degree)} of triads are balanced"


# --- tables ------------------------------------------------------------------------------


def _number(sides: Sides, values: Floats) -> Amount:
    spread = sides.spread(values)
    return Amount("–", spread.mean) if np.isnan(spread.mean) else change(spread)


def _share(value: float) -> Amount:
    return Amount(percent(value), value)


def _members(sides: Sides) -> Table:
    ties, shapley, payoff = sides.array("ties"), sides.array("shapley"), sides.array("payoff")
    rows: list[list[Cell]] = []
    for p, player in enumerate(sides.players):
        stay, leave, join = (sides.option[:, p, k] for k in range(3))
        alone = payoff[:, p, p]
        rows.append(
            [
                sides.name(player),
                _share(sides.staying(player)) if not np.isnan(sides.stays[:, p]).all() else Amount("–", float("nan")),
                _number(sides, leave - stay),
                _number(sides, join - stay),
                _number(sides, stay - alone),
                _number(sides, ties[:, p, 0] - ties[:, p, 1]),
                _number(sides, shapley[:, p] - alone),
            ]
        )
    columns = [
        "Actor",
        "Staying is best (worlds)",
        "By leaving",
        "By joining the best other side",
        "Sides over everybody alone",
        "Worth of the promises to it",
        "Shapley value over acting alone",
    ]
    return Table("What each would gain or lose, in its own payoff", columns, rows)


def _policies(sides: Sides) -> Table:
    wedge = sides.array("wedge")
    members = [p for p, k in enumerate(sides.side) if k >= 0]
    rows: list[list[Cell]] = [
        [sides.names.policy(str(policy)), *(_share(sides.share(wedge[:, k, p] >= -GAIN)) for p in members)]
        for k, policy in enumerate(sides.found["policy"].values)
    ]
    columns = ["Policy", *(sides.name(sides.players[p]) for p in members)]
    return Table("Wedges: share of worlds in which staying is best for each, by policy", columns, rows)


def _alignment(sides: Sides, signs: Floats) -> Table:
    n = len(sides.players)
    rows: list[list[Cell]] = [
        [sides.name(sides.players[i]), *(Amount("–", 1.0) if i == j else change(float(signs[i, j])) for j in range(n))]
        for i in range(n)
    ]
    return Table(
        "Alignment: correlation of what two actors get, average over worlds",
        ["Actor", *map(sides.name, sides.players)],
        rows,
    )


def _coalitions(sides: Sides) -> Table:
    worth, holds, closed, unblocked = (sides.array(name) for name in ("worth", "holds", "closed", "unblocked"))
    n = len(sides.players)
    lasting = (holds > 0) & (unblocked > 0)
    order = sorted(range(n, worth.shape[1]), key=lambda c: -sides.share(lasting[:, c]))[:SHOWN]
    teams = every(sides.players)
    rows: list[list[Cell]] = []
    for c in order:
        team = [p for p in sides.players if p in teams[c]]
        alone = worth[:, [sides.players.index(p) for p in team]].sum(axis=1)
        rows.append(
            [
                sides.called(team),
                _share(sides.share(lasting[:, c])),
                _share(sides.share(holds[:, c] > 0)),
                _share(sides.share(unblocked[:, c] > 0)),
                _share(sides.share(closed[:, c] > 0)),
                _number(sides, worth[:, c] - alone),
            ]
        )
    columns = [
        "Acting as one",
        "Lasts (worlds)",
        "nobody gains by leaving",
        "no part gains by parting",
        "no outsider gains by joining",
        "Gain of all members over acting alone",
    ]
    return Table("Coalitions against single outsiders, those that last in most worlds first", columns, rows)
