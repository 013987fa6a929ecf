"""Why a move was made: the most likely path of one world, and what each alternative was worth to the mover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from foedus.arraytypes import Floats
from foedus.game.arrays import DECIDE, END
from foedus.lenses.action_values import ActionValues
from foedus.runs.settings import WORLDS
from foedus.scenario.check import validate
from foedus.scenario.schema import Scenario
from foedus.worlds.blocks import Block, blocks
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games


@dataclass(frozen=True)
class Alternative:
    """An action that could be taken: how likely it was, and what it was worth to the mover, by objective and in all."""

    action: str
    probability: float
    value: float
    objectives: Mapping[str, float]


@dataclass(frozen=True)
class Decision:
    """A decision on the path: the action taken, how likely it was, and all that could be taken."""

    period: str
    phase: str
    actor: str
    action: str
    probability: float
    alternatives: Sequence[Alternative]


class Taken(NamedTuple):
    """An action of the compiled game, taken at a node in a period."""

    t: int
    node: int
    action: int


def explain(
    scenario: Scenario, world: int = 0, policy: str | None = None, worlds: int = WORLDS, seed: int = 0
) -> list[Decision]:
    """The decisions on the most likely path.

    Of all paths through the reported periods this is the one with the highest probability. An alternative's value is
    what it was worth to the mover in the mover's own version of the game, by its own beliefs and attitude to
    ambiguity, discounted to that period. Decisions in which only one action was available are left out.
    """
    validate(scenario)
    games = Games(scenario, (), {}, observe=False)
    draws = {name: draw[world : world + 1] for name, draw in sample(scenario, worlds, seed).items()}
    (block,) = blocks(games, policy or scenario.factual_policy, draws)
    a_ptr = block.game.arrays.a_ptr
    path = [taken for taken in likeliest_path(block) if a_ptr[taken.node + 1] - a_ptr[taken.node] > 1]
    alternatives = _alternatives(block, path)
    return [_decision(scenario, block, taken, alternatives[taken]) for taken in path if len(alternatives[taken]) > 1]


def likeliest_path(block: Block) -> list[Taken]:
    """The decisions on the path of the highest probability by true odds (Viterbi 1967), in the block's first world."""
    g, start, best = block.game.arrays, block.now(0), dict[int, float]()
    came: dict[tuple[int, int], Taken] = {}  # period and node: by which action it is best come to; -1 for a shut phase
    for node, c in zip(g.start_node, g.start_prob, strict=True):
        best[int(node)] = max(best.get(int(node), 0.0), float(start[c, 0]))
    for t in range(block.game.periods):
        now, odds, later = block.now(t), block.acts(t)[:, 0], dict[int, float]()
        for node in range(len(g.kind)):  # nodes are in the order of play
            for action, to, chance in _onward(block, node, now, odds) if best.get(node) else ():
                wrapped = g.kind[node] == END
                into, reached = (later if wrapped else best), best[node] * chance
                if reached > into.get(to, 0.0):
                    into[to], came[t + wrapped, to] = reached, Taken(t, node, action)
        best = later
    place, path = (block.game.periods, max(best, key=lambda node: best[node])), list[Taken]()
    while place in came:
        taken = came[place]
        if taken.action >= 0 and g.kind[taken.node] == DECIDE:
            path.insert(0, taken)
        place = taken.t, taken.node
    return path


def _onward(block: Block, node: int, now: Floats, odds: Floats) -> Iterator[tuple[int, int, float]]:
    """(action or -1, next node, probability) of all that may follow a node; ``odds`` [actions]."""
    g = block.game.arrays
    if now[g.guard[node], 0] == 0:
        yield -1, int(g.pass_to[node]), 1.0
        return
    for action in range(g.a_ptr[node], g.a_ptr[node + 1]):
        for b in range(g.b_ptr[action], g.b_ptr[action + 1]) if odds[action] > 0 else ():
            yield action, int(g.target[b]), float(odds[action] * now[g.prob[0, b], 0])


def _alternatives(block: Block, path: Sequence[Taken]) -> dict[Taken, list[Alternative]]:
    g, game = block.game.arrays, block.game
    by_mover: dict[int, dict[int, list[Taken]]] = defaultdict(lambda: defaultdict(list))
    for taken in path:
        by_mover[int(g.mover[taken.node])][taken.t].append(taken)
    alternatives = {}
    for mover, by_period in by_mover.items():
        values = ActionValues(block, mover)
        names = [game.turn.objectives[o][1] for o in values.own]
        for t, now, later in values.periods(block):
            worth = values.worth(now, later)[:, :, 0].tolist() if t in by_period else []
            for taken in by_period.get(t, ()):
                here = range(g.a_ptr[taken.node], g.a_ptr[taken.node + 1])
                alternatives[taken] = [
                    Alternative(_action(block, a), float(block.played[t, a, 0]), sum(parts), dict(zip(names, parts)))
                    for a, parts in zip(values.acts.tolist(), worth, strict=True)
                    if a in here and now[g.mask[a], 0] != 0
                ]
    return alternatives


def _decision(scenario: Scenario, block: Block, taken: Taken, alternatives: Sequence[Alternative]) -> Decision:
    game, g, probability = block.game, block.game.arrays, float(block.played[taken.t, taken.action, 0])
    phase, mover = game.phase_ids[g.phase[taken.node]], game.turn.actors[g.mover[taken.node]]
    period = scenario.horizon.calendar.label(taken.t)
    return Decision(period, phase, mover, _action(block, taken.action), probability, alternatives)


def _action(block: Block, action: int) -> str:
    """What an action of the compiled game is called within its phase."""
    phase, order = block.game.turn.choices[block.game.arrays.action_id[action]]
    return str(block.game.turn.phases[phase].actions[order].name)
