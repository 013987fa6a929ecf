"""The section on escalation: the ladder, points of no return, routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from foedus.arraytypes import Floats
from foedus.lenses.escalation.chart import Step, ladder_chart, route_chart
from foedus.present.likelihood import estimative
from foedus.present.section import Amount, Cell, Figure, Table, Told
from foedus.present.wording import band, capital, count, number, percent
from foedus.runs.view import RunView
from foedus.scenario.names import plain, titled

if TYPE_CHECKING:
    import xarray as xr

_PAIRS = 3  # pairs of actors in the tables: those that can do most
_MOVES = 12  # moves in the table: the most frequent


def tell(results: RunView, found: xr.Dataset) -> Told:
    """The ladder with its moves, the likeliest routes up, and from where who can no longer hold them."""

    if found.attrs["note"]:
        return Told([str(found.attrs["note"]), "Nothing was computed."])
    view = View(results, found)
    figures = [_ladder(view)] if len(view.found["move"]) else []
    figures += [_routes(view)] if view.routes else []
    tables = [
        _levels(view),
        *(_returns(view, k) for k in range(len(view.targets))),
        *([_moves(view)] if view.moves else []),
    ]
    notes = [
        f"{capital(count(view.worlds, 'world'))} that stand for all; averages, and the range of nine worlds in ten. "
        "A point of no return is a state (of any phase of any period) from which the best joint play of those named, the "
        "others going on as they do, leaves the risk over the rest of the reported periods at the limit or above; the tables "
        "show which share of paths comes past it, and the lowest risk on coming to each level from below."
    ]
    if not found.attrs["routes_sure"]:
        notes.append(
            "The search for routes was cut short: routes further down may be more probable than the last shown."
        )
    return Told([_first(view), _second(view)], figures, tables, notes)


class View:
    """The numbers of the lens with their names."""

    def __init__(self, results: RunView, found: xr.Dataset):
        self.results, self.names, self.found = results, results.names, found
        self.weights: Floats = np.asarray(found["weight"].values, float)
        self.worlds = len(self.weights)
        self.levels = [str(level) for level in found["level"].values]
        self.targets = [str(level) for level in found["target"].values]
        self.sets = [str(chosen).split("+") for chosen in found["set"].values]
        self.variable = self.names.variable(str(found.attrs["variable"]))
        top = self.targets[-1]
        self.top, self.risk = top, self.array("ever")[:, self.levels.index(top)]
        self.goal = str(found.attrs["route_target"])
        chances = self.mean(self.array("route"))
        reached = float(self.mean(self.array("ever"))[self.levels.index(self.goal)])
        self.routes = [(float(p), float(p) / reached, self._steps(i)) for i, p in enumerate(chances) if p > 0]
        self.moves = [
            (self.by(str(by)), self.levels[int(a)], self.levels[int(b)])
            for by, a, b in zip(found["move_by"].values, found["move_from"].values, found["move_to"].values)
        ]

    def array(self, name: str) -> Floats:
        """A variable of the lens."""
        return np.asarray(self.found[name].values, dtype=float)

    def mean(self, values: Floats) -> Floats:
        """Averages over the worlds where the value is defined; NaN where it is nowhere."""
        flat = values.reshape(self.worlds, -1)
        known = ~np.isnan(flat)
        mass = self.weights @ known
        total = self.weights @ np.where(known, flat, 0.0)
        return np.divide(total, mass, out=np.full_like(total, np.nan), where=mass > 0).reshape(values.shape[1:])

    def amount(self, values: Floats) -> Amount:
        """A probability as a cell with its range."""
        spread = self.results.spread(values, self.weights)
        span = f"{percent(spread.low)} to {percent(spread.high)}"
        return Amount(percent(spread.mean), spread.mean, "" if np.isnan(spread.mean) else span)

    def by(self, name: str) -> str:
        """Who or what makes a move: an action, or nature's phase."""
        if name.endswith(".clause"):
            commitment = self.results.scenario.commitments[name.removesuffix(".clause")]
            return f"the reading of: {commitment.label or plain(name.removesuffix('.clause'))}"
        if "." in name:
            return self.names.action(name)
        phase = next((phase for phase in self.results.scenario.turn if phase.id == name), None)
        return phase.label if phase and phase.label else titled(name)

    def target(self, k: int) -> str:
        """A target in words: its level, or one still higher."""
        return plain(self.targets[k]) + ("" if self.targets[k] == self.levels[-1] else " or higher")

    def who(self, chosen: list[str]) -> str:
        """A set of actors in words."""
        if len(chosen) == max(len(one) for one in self.sets) > 2:
            return "all together"
        return " and ".join(self.names.actor(actor) for actor in chosen)

    def _steps(self, route: int) -> list[Step]:
        rows = zip(*(self.found[name].values[route] for name in ("route_by", "route_from", "route_to")), strict=True)
        return [Step(self.by(str(by)), self.levels[int(a)], self.levels[int(b)]) for by, a, b in rows if by]


def _first(view: View) -> str:
    """How probable the top is, and the likeliest route."""
    spread = view.results.spread(view.risk, view.weights)
    text = (
        f"“{titled(view.top)}” ({view.variable}) comes with a probability of {band(spread)}, {estimative(spread.mean)}"
    )
    if not view.routes:
        return f"{text}; no path climbs to any level above the lowest." if view.goal == view.levels[0] else f"{text}."
    _, share, steps = view.routes[0]
    chain = ", then ".join(f"to {plain(step.to)} by “{step.by}”" for step in steps)
    goal = "it" if view.goal == view.top else f"{plain(view.goal)}, the highest level that any path reaches"
    return f"{text}; the likeliest route to {goal} goes {chain} ({percent(share)} of all paths there)."


def _second(view: View) -> str:
    """From where nobody, and from where all together, can no longer hold it."""
    everyone = max(range(len(view.sets)), key=lambda i: len(view.sets[i]))
    limits = [float(limit) for limit in view.found["limit"].values]
    passed = view.mean(view.array("passed"))[:, :, limits.index(min(limits))]
    at = view.mean(view.array("least_at"))
    together = view.who(view.sets[everyone])
    parts = []
    for k in reversed(range(len(view.targets))):
        risk = f"the risk of {view.target(k)} under {percent(min(limits))}"
        lowest = next((level for level, x in zip(view.levels, at[k, everyone]) if x >= min(limits)), None)
        share = percent(float(passed[k, everyone]))
        after = _next(view, k, everyone, limits.index(min(limits)))
        if lowest is not None:
            parts.append(
                f"once at {plain(lowest)} even {together} cannot on average bring {risk}, and {share} of paths come to a state where they cannot{after}"
            )
        elif passed[k, everyone] > 0:
            parts.append(f"{share} of paths come to a state from which even {together} cannot bring {risk}{after}")
    if parts:
        return f"{capital(parts[0])}."
    k = len(view.targets) - 1
    single = [i for i, chosen in enumerate(view.sets) if len(chosen) == 1]
    best = min(single, key=lambda i: (passed[k, i], view.mean(view.array("least"))[k, i]))
    return (
        f"Up to {plain(view.targets[0])} itself there is no point of no return for {together}: their best play "
        f"always leaves a risk under {percent(min(limits))}; of single actors {view.who(view.sets[best])} can hold it longest "
        f"({percent(float(passed[k, best]))} of paths come to where it cannot)."
    )


def _next(view: View, target: int, chosen: int, limit: int) -> str:
    """What most often comes next where a path first cannot be held."""
    before = view.mean(view.array("first_next"))[target, chosen, limit]
    if not before.max(initial=0.0) > 0:
        return ""
    return f", most often with “{view.by(str(view.found['phase'].values[int(np.argmax(before))]))}” next"


def _ladder(view: View) -> Figure:
    """Flows between levels: on paths to the top where there are any, else on all."""
    up, every = view.mean(view.array("moves_up")), view.mean(view.array("moves"))
    climbing = bool(np.nan_to_num(up).max(initial=0.0) > 0)
    shown: Floats = np.nan_to_num(up if climbing else every)
    ends: NDArray[np.int64] = np.stack([view.found["move_from"].values, view.found["move_to"].values], axis=1)
    ever = view.mean(view.array("ever"))
    where = f"on paths to {plain(view.top)}, before they get there" if climbing else "on all paths"
    return Figure(
        f"{capital(view.variable)}: how often paths move between levels",
        f"Arrows up and down: how often such a move is made on average {where}; their width is that number. "
        "At the left, the probability of ever coming to the level or higher.",
        ladder_chart(view.levels, ever, ends, shown, [by for by, _, _ in view.moves]),
    )


def _routes(view: View) -> Figure:
    together = sum(share for _, share, _ in view.routes)
    return Figure(
        f"The {count(len(view.routes), 'likeliest route')} to {plain(view.goal)} make up {percent(together)} of all paths there"
        if len(view.routes) > 1
        else f"The likeliest route to {plain(view.goal)} makes up {percent(together)} of all paths there",
        f"Moves between levels since {plain(view.levels[0])} was last left. Percentages: the share of paths to "
        f"{plain(view.goal)} that take the route.",
        route_chart([(share, steps) for _, share, steps in view.routes]),
    )


def _levels(view: View) -> Table:
    """Each level: whether it is reached, how long, and where a period that starts there ends."""
    ever, periods, step = view.array("ever"), view.mean(view.array("periods_at")), view.mean(view.array("step"))
    rows: list[list[Cell]] = []
    for k, level in enumerate(view.levels):
        up, down = (float(step[k, part].sum()) for part in (slice(k + 1, None), slice(0, k)))
        moves: list[Cell] = [Amount(percent(x), x) for x in (down, float(step[k, k]), up)]
        rows.append(
            [titled(level), view.amount(ever[:, k]), Amount(number(float(periods[k])), float(periods[k])), *moves]
        )
    unit = view.results.scenario.horizon.unit
    columns = [
        "level",
        "ever at it or higher",
        f"{unit}s that end there",
        f"a {unit} from there ends lower",
        "the same",
        "higher",
    ]
    return Table(f"{view.variable}, level by level", columns, rows)


def _returns(view: View, k: int) -> Table:
    """What sets of actors can do against one target."""
    target, single = view.targets[k], [i for i, chosen in enumerate(view.sets) if len(chosen) == 1]
    least, at, passed = (view.array(name)[:, k] for name in ("least", "least_at", "passed"))
    pairs = sorted(
        (i for i, chosen in enumerate(view.sets) if len(chosen) == 2), key=lambda i: float(view.weights @ least[:, i])
    )
    rest = [i for i, chosen in enumerate(view.sets) if len(chosen) > 2]
    below = range(1, view.levels.index(target))
    limits = [float(limit) for limit in view.found["limit"].values]
    usual: list[Cell] = ["as things are", view.amount(view.array("usual")[:, k])]
    usual += [view.amount(view.array("usual_at")[:, k, level]) for level in below]
    rows: list[list[Cell]] = [[*usual, *(Amount("", 0.0) for _ in limits)]]
    for i in [*single, *pairs[:_PAIRS], *rest]:
        cells = [view.amount(least[:, i]), *(view.amount(at[:, i, level]) for level in below)]
        rows.append(
            [capital(view.who(view.sets[i])), *cells, *(view.amount(passed[:, i, j]) for j in range(len(limits)))]
        )
    columns = ["best efforts of", "at the start", *(f"at {plain(view.levels[level])}" for level in below)]
    columns += [f"paths past {percent(limit)}" for limit in limits]
    return Table(f"The lowest risk of {view.target(k)} that can still be brought about", columns, rows)


def _moves(view: View) -> Table:
    """Who moves the ladder."""
    times, up = view.array("moves"), view.array("moves_up")
    order = np.argsort(-np.nan_to_num(view.mean(times)), kind="stable")[:_MOVES]
    order = np.array(sorted(order, key=lambda m: -np.nan_to_num(view.mean(up))[m]))
    rows: list[list[Cell]] = []
    for m in order:
        by, a, b = view.moves[m]
        cells = [view.results.spread(values[:, m], view.weights) for values in (times, up)]
        amounts = [
            Amount(number(s.mean, 2), s.mean, "" if np.isnan(s.mean) else f"{number(s.low, 2)} to {number(s.high, 2)}")
            for s in cells
        ]
        rows.append([by, titled(a), titled(b), *amounts])
    return Table(
        f"What moves it: the {count(len(rows), 'most frequent move')}",
        ["move", "from", "to", "times a path", f"times on paths to {plain(view.top)}"],
        rows,
    )


__all__ = ["View", "tell"]
