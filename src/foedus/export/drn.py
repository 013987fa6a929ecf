"""A solved game as the Markov chain that it induces, in Storm's explicit .drn format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.export.world import OneWorld
from foedus.game.arrays import DECIDE, LANES
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.simulate import Games

RESERVED = {"init", "deadlock"}  # labels that Storm gives a meaning of its own
HEAD = "@type: DTMC\n@parameters\n\n@reward_models\n\n@nr_states\n{n}\n@nr_choices\n{n}\n@model\n"


class State(NamedTuple):
    """A state of the chain: a node in a period, and the events (bits) that are true as it is entered."""

    period: int
    node: int
    events: int


Leads = Iterator[tuple[float, State | None]]  # probability, where to; None: the reported periods are over


def to_drn(scenario: Scenario, world: Mapping[str, float], policy: str) -> str:
    """The chain of the reported periods under the actors' own choices and nature's true odds.

    ``world`` gives every sampled assumption. States are labelled with the scenario's outcomes
    that are true when they are entered, so that Storm's ``P=? [F "outcome"]`` is the engine's
    ``prob(eventually(outcome))``. The last state is where the reported periods are over.
    With ``value: entropy`` the choices are those made at that value: the chain holds them whole.
    FoedusError where an outcome's name is a label that Storm gives a meaning of its own.
    """
    outcomes = outcomes_of(scenario)
    taken = sorted(RESERVED & outcomes.keys())
    if taken:
        raise FoedusError(f"Storm keeps the label '{taken[0]}' for itself: give that outcome another name.")
    games = Games(scenario, (), outcomes, observe=False)
    play, _ = games.play(policy)
    # The solver works on LANES worlds at a time: all of them are this one, and the first is read.
    draws = {name: np.full(LANES, float(value)) for name, value in world.items()}
    tables = games.tables(policy, draws)
    choices, _ = play.solve(tables, 1.0, scenario.rationality == "perfect")
    bits = {name: play.game.watch.events.index(tree) for name, tree in outcomes.items()}
    return _Chain(OneWorld(play.game, tables[0][:, 0]), choices[:, :, 0]).text(bits)


class _Chain:
    """The reachable states, numbered in order of discovery from 1; 0 is before the start."""

    def __init__(self, world: OneWorld, choices: Floats):
        self.world, self.arrays, self.choices = world, world.game.arrays, choices
        self.number: dict[State, int] = {}
        self.order: list[State] = []

    def begin(self) -> Leads:
        """Where the chain starts."""
        arrays = self.arrays
        for node, prob, events in zip(arrays.start_node, arrays.start_prob, arrays.start_flags, strict=True):
            yield self.world.at(int(prob), 0), State(0, int(node), int(events))

    def onward(self, state: State) -> Leads:
        """Where a state leads."""
        t, node, _ = state
        arrays = self.arrays
        if arrays.phase[node] < 0:  # the end of a period
            branch = arrays.b_ptr[arrays.a_ptr[node]]
            over = t + 1 >= self.world.game.periods
            yield 1.0, None if over else State(t + 1, int(arrays.target[branch]), int(arrays.flags[branch]))
        elif self.world.at(int(arrays.guard[node]), t) == 0:
            yield 1.0, state._replace(node=int(arrays.pass_to[node]))
        else:
            for a in range(arrays.a_ptr[node], arrays.a_ptr[node + 1]):
                share = float(self.choices[t, a]) if arrays.kind[node] == DECIDE else 1.0
                for b, odds in self.world.outcomes(a, t):
                    if share * odds > 0:
                        yield share * odds, State(t, int(arrays.target[b]), int(arrays.flags[b]))

    def row(self, leads: Leads) -> dict[int, float]:
        """The transitions of a state by number (-1 for the end, numbered last), those to the same state added up."""
        row: dict[int, float] = {}
        for prob, state in leads:
            if state is not None and state not in self.number:
                self.order.append(state)
                self.number[state] = len(self.order)
            to = -1 if state is None else self.number[state]
            row[to] = row.get(to, 0.0) + prob
        return row

    def text(self, bits: Mapping[str, int]) -> str:
        """The chain as .drn text."""
        rows, labels = [self.row(self.begin())], ["init"]
        for state in self.order:  # grows as its rows are made
            rows.append(self.row(self.onward(state)))
            labels.append(" ".join(name for name, bit in bits.items() if state.events >> bit & 1))
        last = len(rows)
        rows.append({last: 1.0})
        labels.append("")
        lines = []
        for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
            lines += [f"state {i} {label}".rstrip(), "\taction 0"]
            known = {last if to < 0 else to: prob for to, prob in row.items()}
            lines += [f"\t\t{to} : {prob!r}" for to, prob in sorted(known.items())]
        return HEAD.format(n=len(rows)) + "\n".join(lines) + "\n"
