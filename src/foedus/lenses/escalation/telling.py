"""The section on escalation: the ladder, points of no return, routes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from foedus.arraytypes import Floats
from foedus.game.numbers import NumberReader
from foedus.lenses.escalation.chart import Step, ladder_chart, route_chart
from foedus.lenses.labels import labels_along
from foedus.lenses.lens import Looked
from foedus.lenses.moves import Move
from foedus.present.section import Amount, Cell, Columns, Figure, Table, Told, amount, probability, table
from foedus.present.wording import band, capital, count, listed, number, percent
from foedus.runs.view import RunView
from foedus.scenario.names import lowered, plain, titled
from foedus.solve.queries import ratio
from foedus.worlds.ties import tied

_PAIRS = 3  # pairs of actors in the tables: those that can do most
_MOVES = 12  # moves in the table: the most frequent


def tell(results: RunView, data: xr.Dataset) -> Told:
    """The ladder with its moves, the likeliest routes up, and from where who can no longer hold them."""
    if data.attrs["note"]:
        return Told([str(data.attrs["note"]), "Nothing was computed."])
    view = _Escalation(results, data)
    figures = [*([_ladder(view)] if view.moves else []), *([_routes(view)] if view.routes else [])]
    tables = [_levels(view), *(_returns(view, k) for k in range(len(view.targets)))]
    tables += [_moves(view)] if view.moves else []
    notes = [
        f"{capital(view.counted)} that stand for all; averages, and the range of nine worlds in ten. "
        "A point of no return is a state (of any phase of any period) from which the best joint play of those named, the "
        "others going on as they do, leaves the risk over the rest of the reported periods at the limit or above; the tables "
        "show which share of paths comes past it, and the lowest risk on coming to each level from below."
    ]
    if not data.attrs["routes_sure"]:
        notes += ["The search for routes was cut short: routes further down may be more probable than the last shown."]
    return Told([_first(view), _second(view)], figures, tables, notes)


class _Escalation(Looked):
    """The numbers of the lens with their names."""

    def __init__(self, results: RunView, data: xr.Dataset):
        super().__init__(results, data)
        self.levels, self.targets = self.labels("level"), self.labels("target")
        actors = self.labels("actor")
        self.sets = [[actors[i] for i in np.flatnonzero(row)] for row in data["members"].values]
        self.limits = self.array("limit").tolist()
        self.variable = self.names.variable(str(data.attrs["variable"]))
        self.inside = lowered(self.variable)
        self.top, self.goal = self.targets[-1], str(data.attrs["route_target"])
        self.event = NumberReader(results.scenario).tree(f"{data.attrs['variable']} >= {self.top}")
        by = {move.label: self.by(move) for move in labels_along(data, "by", Move)}
        self.phases = [self.by(move) for move in labels_along(data, "phase", Move)]

        def steps(name: str, *at: int) -> list[Step]:
            parts = (data[f"{name}_{part}"].values[at].tolist() for part in ("by", "from", "to"))
            return [Step(by[move], self.levels[a], self.levels[b]) for move, a, b in zip(*parts, strict=True) if move]

        self.moves = steps("move")
        reached = float(self.averages("ever")[self.levels.index(self.goal)])
        chances = self.averages("route").tolist()
        # Each with its share of all paths to where it leads.
        self.routes = [(p / reached, steps("route", r)) for r, p in enumerate(chances) if p > 0]

    def mean(self, values: Floats) -> Floats:
        """Averages over the worlds where the value is defined; NaN where it is nowhere."""
        flat = values.reshape(self.worlds, -1)
        known = ~np.isnan(flat)
        return ratio(self.weights @ np.where(known, flat, 0.0), self.weights @ known).reshape(values.shape[1:])

    def averages(self, name: str) -> Floats:
        return self.mean(self.array(name))

    def cell(self, values: Floats) -> Amount:
        return amount(self.spread(values), percent, dash=np.nan)

    def by(self, move: Move) -> str:
        """Who or what makes a move: an action, or nature's phase."""
        if move.commitment:
            return f"the reading of: {self.names.commitment(move.commitment)}"
        phase = self.names.phase(move.phase)
        return f"{phase}: {self.names.act(move.phase, move.action)}" if move.action else phase

    def target(self, k: int) -> str:
        """A target in words: its level, or one still higher."""
        return plain(self.targets[k]) + ("" if self.targets[k] == self.levels[-1] else " or higher")

    def words(self, p: float) -> str:
        """What is said beside the chance of the top."""
        return self.results.words_for_event(self.event, p)

    def who(self, i: int) -> str:
        together = len(self.sets[i]) == max(map(len, self.sets)) > 2
        return "all together" if together else " and ".join(map(self.names.actor, self.sets[i]))

    def sized(self, size: int) -> list[int]:
        return [i for i, members in enumerate(self.sets) if len(members) == size]


def _first(view: _Escalation) -> str:
    """How probable the top is, and the likeliest route."""
    s = view.spread(view.array("ever", level=view.top))
    text = f"The chance that {view.inside} ever comes to “{plain(view.top)}” is {band(s)}: {view.words(s.mean)}"
    if not view.routes:
        return f"{text}; no path climbs to any level above the lowest." if view.goal == view.levels[0] else f"{text}."
    share, steps = view.routes[0]
    chain = ", then ".join(f"to {plain(step.to)} by “{step.by}”" for step in steps)
    goal = "it" if view.goal == view.top else f"{plain(view.goal)}, the highest level that any path reaches"
    alike = len(tied(np.array([each for each, _ in view.routes]), say=percent))
    which = (
        f"{'two' if alike == 2 else alike} routes to {goal} are equally likely, one of which"
        if alike > 1
        else f"the likeliest route to {goal}"
    )
    return f"{text}; {which} goes {chain} ({percent(share)} of all paths there)."


def _second(view: _Escalation) -> str:
    """From where nobody, and from where all together, can no longer hold it: for the highest target that has such a point."""
    everyone = max(range(len(view.sets)), key=lambda i: len(view.sets[i]))
    together, low, limit = view.who(everyone), min(view.limits), int(np.argmin(view.limits))
    passed, least_at = view.averages("passed")[:, :, limit], view.averages("least_at")
    for k in reversed(range(len(view.targets))):
        risk, share = f"the risk of {view.target(k)} under {percent(low)}", percent(float(passed[k, everyone]))
        past = [level for level, x in zip(view.levels, least_at[k, everyone]) if x >= low]
        if past:
            return f"Once at {plain(past[0])} even {together} cannot on average bring {risk}, and {share} of paths come to a state where they cannot{_next(view, k, everyone, limit)}."
        if passed[k, everyone] > 0:
            return f"{share} of paths come to a state from which even {together} cannot bring {risk}{_next(view, k, everyone, limit)}."
    last, least = len(view.targets) - 1, view.averages("least")
    alone = view.sized(1)
    longest = [alone[i] for i in tied(-np.array([passed[last, i] for i in alone]), say=percent)]
    if len(longest) > 1:  # where as many paths come past each, the lowest risk from the start decides
        longest = [longest[i] for i in tied(-np.array([least[last, i] for i in longest]), say=percent)]
    best, who = longest[0], listed([view.who(i) for i in longest])
    return (
        f"Up to {plain(view.targets[0])} itself there is no point of no return for {together}: their best play "
        f"always leaves a risk under {percent(low)}; of single actors {who} can hold it longest "
        f"({percent(float(passed[last, best]))} of paths come to where it cannot)."
    )


def _next(view: _Escalation, target: int, members: int, limit: int) -> str:
    """What most often comes next where a path first cannot be held."""
    before = view.averages("first_next")[target, members, limit]
    if not before.max(initial=0.0) > 0:
        return ""
    return f", most often with {listed([f'“{view.phases[i]}”' for i in tied(np.asarray(before), say=percent)], 3)} next"


def _ladder(view: _Escalation) -> Figure:
    """Flows between levels: on paths to the top where there are any, else on all."""
    climbing = bool(np.nan_to_num(view.averages("moves_up")).max(initial=0.0) > 0)
    times = np.nan_to_num(view.averages("moves_up" if climbing else "moves"))
    where = f"on paths to {plain(view.top)}, before they get there" if climbing else "on all paths"
    return Figure(
        f"{capital(view.variable)}: how often paths move between levels",
        f"Arrows up and down: how often such a move is made on average {where}; their width is that number. "
        "At the left, the probability of ever coming to the level or higher.",
        ladder_chart(view.levels, view.averages("ever"), view.moves, times),
    )


def _routes(view: _Escalation) -> Figure:
    share, goal, many = percent(sum(share for share, _ in view.routes)), plain(view.goal), len(view.routes)
    routes, make = (count(many, "likeliest route"), "make") if many > 1 else ("likeliest route", "makes")
    return Figure(
        f"The {routes} to {goal} {make} up {share} of all paths there",
        f"Moves between levels since {plain(view.levels[0])} was last left. Percentages: the share of paths to "
        f"{goal} that take the route.",
        route_chart(view.routes),
    )


def _levels(view: _Escalation) -> Table:
    """Each level: whether it is reached, how long, and where a period that starts there ends."""
    ever, periods, step = view.array("ever"), view.averages("periods_at"), view.averages("step")
    unit = view.results.scenario.horizon.unit
    columns: Columns[int] = {
        "level": lambda k: titled(view.levels[k]),
        "ever at it or higher": lambda k: view.cell(ever[:, k]),
        f"{unit}s that end there": lambda k: amount(float(periods[k]), number),
        f"a {unit} from there ends lower": lambda k: probability(float(step[k, :k].sum())),
        "the same": lambda k: probability(float(step[k, k])),
        "higher": lambda k: probability(float(step[k, k + 1 :].sum())),
    }
    return table(f"{view.variable}, level by level", columns, range(len(view.levels)))


def _returns(view: _Escalation, k: int) -> Table:
    """What sets of actors can do against one target."""
    least, least_at, passed = (view.array(name)[:, k] for name in ("least", "least_at", "passed"))
    pairs = sorted(view.sized(2), key=lambda i: float(view.weights @ least[:, i]))
    rest = [i for i, members in enumerate(view.sets) if len(members) > 2]
    below = range(1, view.levels.index(view.targets[k]))
    usual = [view.array("usual")[:, k], *(view.array("usual_at")[:, k, level] for level in below)]
    rows: list[list[Cell]] = [["as things are", *map(view.cell, usual), *(Amount("", 0.0) for _ in view.limits)]]
    for i in [*view.sized(1), *pairs[:_PAIRS], *rest]:
        risks = [least[:, i], *(least_at[:, i, level] for level in below), *passed[:, i].T]
        rows.append([capital(view.who(i)), *map(view.cell, risks)])
    columns = ["best efforts of", "at the start", *(f"at {plain(view.levels[level])}" for level in below)]
    columns += [f"paths past {percent(limit)}" for limit in view.limits]
    return Table(f"The lowest risk of {view.target(k)} that can still be brought about", columns, rows)


def _moves(view: _Escalation) -> Table:
    times, up = (np.nan_to_num(view.averages(name)) for name in ("moves", "moves_up"))
    most = [m for m in np.argsort(-times, kind="stable")[:_MOVES].tolist() if times[m] > 0]
    shown = sorted(most, key=lambda m: -up[m])

    def often(name: str, m: int) -> Amount:
        return amount(view.spread(view.array(name)[:, m]), lambda x: number(x, 2), dash=np.nan)

    columns: Columns[int] = {
        "move": lambda m: view.moves[m].by,
        "from": lambda m: titled(view.moves[m].start),
        "to": lambda m: titled(view.moves[m].to),
        "times a path": lambda m: often("moves", m),
        f"times on paths to {plain(view.top)}": lambda m: often("moves_up", m),
    }
    return table(f"What moves it: the {count(len(shown), 'most frequent move')}", columns, shown)
