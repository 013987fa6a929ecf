"""A game in one world, written for other programs.

``to_efg`` writes the game tree for Gambit. Four things need care there.

- *Precision.* Gambit has one lambda for all. Payoffs are written in units of each
  actor's own precision, so that the logit agent equilibrium at lambda = 1 is the
  solution here, whatever the precisions.
- *Information.* Every decision node is an information set of its own. Agent quantal
  response equilibrium (McKelvey and Palfrey 1998) weighs the nodes of an information set
  by how often they are reached; with one node in each there is nothing to weigh, the
  values are those of the recursion, and the two solutions are the same.
- *Base rates.* A weight on an action is a bonus of log(base) to whoever chooses there,
  and to nobody earlier: given to the actor it would count at its earlier nodes too.
- *Patience.* A choice in a later period weighs what follows as worth from then on; in
  payoffs discounted to the start the same stakes would be smaller, and choices noisier.

So where the bases of a menu differ, or an impatient actor moves in a later period, each
decision node is written as a player of its own (the agent form), who gets what the actor
gets from that period on, discounted to it, and the bonus of its own action.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.game.arrays import DECIDE, END, INTERVAL
from foedus.game.bind import bind
from foedus.game.compile import Game, compile_game
from foedus.game.perceive import secrets_of
from foedus.scenario.schema import Scenario

if TYPE_CHECKING:
    from foedus.game.compile import Watch

MAX_NODES = 20_000


@dataclass
class Table:
    """A compiled game with its numbers in one world. ``values`` holds every coefficient's."""

    game: Game
    values: Floats

    def at(self, coefficient: int, t: int, otherwise: float = 1.0) -> float:
        """A coefficient's value in period ``t``; ``otherwise`` where there is none."""
        if coefficient < 0:
            return otherwise
        arrays = self.game.arrays
        return float(self.values[arrays.offset[coefficient] + t * arrays.timed[coefficient]])

    def settle(self, node: int, t: int) -> int:
        """The node itself, or where it passes to when its guard is false."""
        arrays = self.game.arrays
        while arrays.guard[node] >= 0 and self.at(arrays.guard[node], t) == 0:
            node = int(arrays.pass_to[node])
        return node

    def menu(self, node: int, t: int) -> dict[int, float]:
        """The actions that can be taken at a decision node, with their bases."""
        arrays = self.game.arrays
        span = range(arrays.a_ptr[node], arrays.a_ptr[node + 1])
        there = [a for a in span if self.at(arrays.mask[a], t) != 0]
        forced = [a for a in there if self.at(arrays.force[a], t, 0.0) != 0]
        if forced:
            return {forced[0]: 1.0}
        return {a: base for a in there if (base := self.at(arrays.base[a], t)) > 0}

    def outcomes(self, action: int, t: int) -> Iterator[tuple[int, float]]:
        """(branch, probability) of what may follow an action, impossible ones left out."""
        arrays = self.game.arrays
        for b in range(arrays.b_ptr[action], arrays.b_ptr[action + 1]):
            prob = self.at(arrays.prob[0, b], t)
            if prob > 0:
                yield b, prob

    def paid(self, action: int, branch: int, t: int) -> Floats:
        """[actors] what an action and a branch of it (-1: none) pay."""
        arrays = self.game.arrays
        total = np.zeros(len(arrays.precision))
        spans = [(arrays.ap_ptr, action)] + ([(arrays.bp_ptr, branch)] if branch >= 0 else [])
        for pointers, i in spans:
            for p in range(pointers[i], pointers[i + 1]):
                total[arrays.obj_actor[arrays.pay_obj[p]]] += self.at(arrays.pay_coef[p], t)
        return total

    def name(self, action: int) -> str:
        """An action as people write it."""
        return str(self.game.action_ids[self.game.arrays.action_id[action]].split(".", 1)[1])


def tabulate(scenario: Scenario, world: Mapping[str, float], policy: str, watch: Watch | None = None) -> Table:
    """The game of ``policy`` with its numbers in one world (every sampled assumption by name)."""
    from foedus.worlds.versions import environments

    game = bind(compile_game(scenario, scenario.all_policies[policy].enable, watch), scenario, policy)
    draws = {name: np.array([float(value)]) for name, value in world.items()}
    table = game.program.evaluate(environments(scenario, policy, draws, [None])[0], 1)
    return Table(game, np.ascontiguousarray(table[:, 0]))


# --- Gambit ------------------------------------------------------------------------------


@dataclass
class Tree:
    """A node of the unrolled tree: its moves with what each leads to, or none at the end.

    ``player`` is the mover's index, -1 for nature. ``weights`` are bases or probabilities.
    ``paid`` [periods, actors] is what an end of the tree pays in each period.
    """

    player: int
    period: int = 0
    label: str = ""
    moves: list[tuple[str, Tree]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    paid: Floats | None = None


def to_efg(scenario: Scenario, world: Mapping[str, float], policy: str, max_nodes: int = MAX_NODES) -> str:
    """The game tree in Gambit's .efg format.

    ``world`` gives every sampled assumption. Payoffs are in units of the actor's precision:
    solve at lambda = 1. FoedusError when the tree has more than ``max_nodes`` nodes, or
    where actors disagree about the game or weigh intervals, which the format cannot say.
    """
    _refuse(scenario, policy)
    table = tabulate(scenario, world, policy)
    if (table.game.arrays.kind == INTERVAL).any() and (table.game.arrays.ambiguity >= 0).any():
        raise FoedusError("a clause is read as an interval by actors with 'ambiguity': a game tree cannot say that.")
    root = _Unroller(table, max_nodes).root()
    arrays = table.game.arrays
    patience = np.array([table.at(int(c), 0) for c in arrays.patience])
    units = np.array([table.at(int(c), 0) for c in arrays.precision])
    return _Writer(scenario, patience, units, _agents(root, patience)).text(root)


def _refuse(scenario: Scenario, policy: str) -> None:
    if any(scenario.beliefs.values()):
        raise FoedusError("the actors' beliefs differ: a game tree holds one version of the game. Remove 'beliefs'.")
    if secrets_of(scenario, policy):
        raise FoedusError("not everybody knows of every commitment and binding: a game tree holds one version of it.")


class _Unroller:
    """Walks a game from its start, making a tree."""

    def __init__(self, table: Table, max_nodes: int):
        self.table, self.max_nodes, self.count = table, max_nodes, 0

    def root(self) -> Tree:
        """The whole tree; nature draws the start where it is uncertain."""
        arrays = self.table.game.arrays
        nothing = np.zeros((self.table.game.solved, len(arrays.precision)))
        starts = [(int(n), self.table.at(int(p), 0)) for n, p in zip(arrays.start_node, arrays.start_prob, strict=True)]
        starts = [(n, p) for n, p in starts if p > 0]
        if len(starts) == 1:
            return self.grow(starts[0][0], 0, nothing)
        moves = [(str(i + 1), self.grow(n, 0, nothing)) for i, (n, _) in enumerate(starts)]
        return self.made(Tree(-1, 0, "start", moves, [p for _, p in starts]))

    def made(self, tree: Tree) -> Tree:
        """Counts a node."""
        self.count += 1
        if self.count > self.max_nodes:
            raise FoedusError(
                f"the game tree has more than {self.max_nodes:,} nodes: too large to write. "
                "Use fewer periods or a smaller scenario."
            )
        return tree

    def grow(self, node: int, t: int, paid: Floats) -> Tree:
        """The tree from a node on, ``paid`` [periods, actors] having been paid before."""
        table, arrays = self.table, self.table.game.arrays
        node = table.settle(node, t)
        first = int(arrays.a_ptr[node])
        if arrays.kind[node] == END:
            paid = _with(paid, t, table.paid(first, int(arrays.b_ptr[first]), t))
            if t + 1 == table.game.solved:
                return self.made(Tree(-1, paid=paid))
            return self.grow(int(arrays.target[arrays.b_ptr[first]]), t + 1, paid)
        label = f"{table.game.phase_ids[arrays.phase[node]]} {t + 1}"
        if arrays.kind[node] != DECIDE:
            return self.nature(first, t, paid, label)
        menu = table.menu(node, t)
        if len(menu) == 1:
            return self.nature(next(iter(menu)), t, paid, label)
        moves = [(table.name(a), self.nature(a, t, paid, f"{label} {table.name(a)}")) for a in menu]
        return self.made(Tree(int(arrays.mover[node]), t, label, moves, list(menu.values())))

    def nature(self, action: int, t: int, paid: Floats, label: str) -> Tree:
        """What follows an action: nature's move where there is one."""
        table = self.table
        target = table.game.arrays.target
        odds = list(table.outcomes(action, t))
        grown = [self.grow(int(target[b]), t, _with(paid, t, table.paid(action, b, t))) for b, _ in odds]
        if len(grown) == 1:
            return grown[0]
        return self.made(Tree(-1, t, label, [(str(i + 1), tree) for i, tree in enumerate(grown)], [p for _, p in odds]))


def _with(paid: Floats, t: int, more: Floats) -> Floats:
    """``paid`` [periods, actors] and what is paid in period ``t`` besides."""
    total = paid.copy()
    total[t] += more
    return total


def _agents(tree: Tree, patience: Floats) -> bool:
    """Whether bases differ or an impatient actor moves later, so that every decision node must be a player."""
    chosen = tree.player >= 0
    if chosen and (len(set(tree.weights)) > 1 or (tree.period > 0 and patience[tree.player] != 1)):
        return True
    return any(_agents(below, patience) for _, below in tree.moves)


@dataclass
class _Writer:
    """Writes a tree; ``patience`` and ``units`` (precisions) are [actors]. With ``agents`` each decision node is a player."""

    scenario: Scenario
    patience: Floats
    units: Floats
    agents: bool
    lines: list[str] = field(default_factory=list)
    players: list[tuple[str, int, int]] = field(default_factory=list)  # name, actor, period counted from
    numbered: int = 0
    counts: dict[int, int] = field(default_factory=dict)  # information sets by player
    outcomes: int = 0

    def text(self, root: Tree) -> str:
        """The file."""
        if self.agents:
            self.enlist(root)
        else:
            self.players = [(name, i, 0) for i, name in enumerate(self.scenario.actors)]
        self.write(root, np.zeros(len(self.players)))
        listed = " ".join(_quoted(name) for name, _, _ in self.players)
        title = _quoted(self.scenario.title or "Foedus game")
        note = _quoted("Payoffs are in units of each actor's precision: solve the agent form at lambda = 1.")
        return "\n".join([f"EFG 2 R {title} {{ {listed} }}", note, *self.lines, ""])

    def enlist(self, tree: Tree) -> None:
        """Makes a player of every decision node, in the order of writing."""
        if tree.player >= 0:
            name = f"{list(self.scenario.actors)[tree.player]} {len(self.players) + 1}"
            self.players.append((name, tree.player, tree.period))
        for _, below in tree.moves:
            self.enlist(below)

    def write(self, tree: Tree, bonus: Floats) -> None:
        """One node and what follows; ``bonus`` [players] is what agents got for their own choices."""
        if tree.paid is not None:
            self.outcomes += 1
            amounts = ", ".join(_decimal(x) for x in self.payoffs(tree.paid) + bonus)
            self.lines.append(f't "" {self.outcomes} "{self.outcomes}" {{ {amounts} }}')
            return
        player = tree.player
        if player >= 0 and self.agents:
            player, self.numbered = self.numbered, self.numbered + 1
        number = self.counts[player] = self.counts.get(player, 0) + 1
        label = _quoted(f"{tree.label} ({number})")
        if player < 0:
            odds = zip((name for name, _ in tree.moves), _exact(tree.weights), strict=True)
            moves = " ".join(f"{_quoted(name)} {p.numerator}/{p.denominator}" for name, p in odds)
            self.lines.append(f'c "" {number} {label} {{ {moves} }} 0')
        else:
            moves = " ".join(_quoted(name) for name, _ in tree.moves)
            self.lines.append(f'p "" {player + 1} {number} {label} {{ {moves} }} 0')
        for (_, below), weight in zip(tree.moves, tree.weights, strict=True):
            more = bonus
            if tree.player >= 0 and self.agents:
                more = bonus.copy()
                more[player] = np.log(weight)
            self.write(below, more)

    def payoffs(self, paid: Floats) -> Floats:
        """[players] what each gets from its first period on, discounted to that, in units of its precision."""
        periods = np.arange(len(paid))
        return np.array(
            [
                self.units[i] * (paid[first:, i] @ self.patience[i] ** periods[: len(paid) - first])
                for _, i, first in self.players
            ]
        )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "").replace('"', "'") + '"'


def _decimal(value: float) -> str:
    return format(Decimal(repr(float(value))), "f")


def _exact(weights: list[float]) -> list[Fraction]:
    """Probabilities as fractions that sum to exactly one."""
    found = [Fraction(p) for p in weights]
    total = sum(found)
    return [p / total for p in found]
