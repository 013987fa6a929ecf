"""A solved game as the Markov chain that it induces, in Storm's explicit .drn format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.arrays import DECIDE, LANES
from foedus.scenario.schema import Scenario
from foedus.solve.play import Play
from foedus.worlds.simulate import Games, coefficient_tables

RESERVED = {"init", "deadlock"}  # labels that Storm gives a meaning of its own
State = tuple[int, int, int]  # period, node, events true in the state landed in


def to_drn(scenario: Scenario, world: Mapping[str, float], policy: str) -> str:
    """The chain of the reported periods under the actors' own choices and nature's true odds.

    ``world`` gives every sampled assumption. States are labelled with the scenario's outcomes
    that are true when they are entered, so that Storm's ``P=? [F "outcome"]`` is the engine's
    ``prob(eventually(outcome))``. The last state is where the reported periods are over.
    FoedusError where an outcome's name is a label that Storm gives a meaning of its own.
    """
    from foedus.scenario.outcomes import outcomes_of

    outcomes = outcomes_of(scenario)
    taken = sorted(RESERVED & outcomes.keys())
    if taken:
        raise FoedusError(f"Storm keeps the label '{taken[0]}' for itself: give that outcome another name.")
    games = Games(scenario, (), outcomes, observe=False)
    play, perception = games.play(policy)
    draws = {name: np.full(LANES, float(value)) for name, value in world.items()}
    tables = coefficient_tables(scenario, policy, play.game, perception, draws, LANES)
    choices, _ = play.solve(tables, 1.0, scenario.rationality == "perfect")
    chain = _Chain(play, tables[0][:, 0], choices[:, :, 0])
    bits = {name: play.game.watch.events.index(tree) for name, tree in outcomes.items()}
    return chain.text(bits)


class _Chain:
    """The reachable states, numbered in order of discovery from 1; 0 is before the start."""

    def __init__(self, play: Play, table: Floats, choices: Floats):
        self.game, self.g, self.table, self.choices = play.game, play.game.arrays, table, choices
        self.number: dict[State, int] = {}
        self.order: list[State] = []

    def value(self, coefficient: int, t: int) -> float:
        """A coefficient at a period; -1 is 1."""
        if coefficient < 0:
            return 1.0
        return float(self.table[self.g.offset[coefficient] + t * self.g.timed[coefficient]])

    def begin(self) -> Iterator[tuple[float, State | None]]:
        """Where the chain starts."""
        for node, prob, flags in zip(self.g.start_node, self.g.start_prob, self.g.start_flags, strict=True):
            yield self.value(int(prob), 0), (0, int(node), int(flags))

    def onward(self, state: State) -> Iterator[tuple[float, State | None]]:
        """Where a state leads (None: the reported periods are over)."""
        t, node, flags = state
        g = self.g
        if g.phase[node] < 0:
            branch = g.b_ptr[g.a_ptr[node]]
            over = t + 1 >= self.game.periods
            yield 1.0, None if over else (t + 1, int(g.target[branch]), int(g.flags[branch]))
        elif self.value(int(g.guard[node]), t) == 0:
            yield 1.0, (t, int(g.pass_to[node]), flags)
        else:
            for a in range(g.a_ptr[node], g.a_ptr[node + 1]):
                share = float(self.choices[t, a]) if g.kind[node] == DECIDE else 1.0
                for b in range(g.b_ptr[a], g.b_ptr[a + 1]):
                    prob = share * self.value(int(g.prob[0, b]), t)
                    if prob > 0:
                        yield prob, (t, int(g.target[b]), int(g.flags[b]))

    def index(self, state: State | None) -> int:
        """The number of a state (-1 for the end, numbered last)."""
        if state is None:
            return -1
        if state not in self.number:
            self.order.append(state)
            self.number[state] = len(self.order)
        return self.number[state]

    def row(self, leads: Iterator[tuple[float, State | None]]) -> dict[int, float]:
        """The transitions of a state, those to the same state added up."""
        found: dict[int, float] = {}
        for prob, state in leads:
            to = self.index(state)
            found[to] = found.get(to, 0.0) + prob
        return found

    def text(self, bits: Mapping[str, int]) -> str:
        """The chain as .drn text."""
        rows = [self.row(self.begin())]
        labels = ["init"]
        for state in self.order:
            rows.append(self.row(self.onward(state)))
            labels.append(" ".join(name for name, bit in bits.items() if state[2] >> bit & 1))
        last = len(rows)
        rows.append({last: 1.0})
        labels.append("")
        lines = [
            "@type: DTMC",
            "@parameters",
            "",
            "@reward_models",
            "",
            "@nr_states",
            str(len(rows)),
            "@nr_choices",
            str(len(rows)),
            "@model",
        ]
        for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
            lines += [f"state {i} {label}".rstrip(), "\taction 0"]
            merged = {last if to < 0 else to: prob for to, prob in row.items()}
            lines += [f"\t\t{to} : {prob!r}" for to, prob in sorted(merged.items())]
        return "\n".join(lines) + "\n"
