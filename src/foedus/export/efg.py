"""A game in one world as a game tree, in Gambit's .efg format. Four things need care.

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

What control costs (``value: entropy``) is no payment of an end: it hangs on how the choice is made. Where no actor decides
twice on a path nobody looks forward to a cost of its own, the solution is that of ``value: payoff``, and the tree has it.
Other games of that kind are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.export.tree import NATURE, Tree, unrolled
from foedus.export.world import one_world
from foedus.game.arrays import INTERVAL
from foedus.game.perceive import secrets_of
from foedus.scenario.schema import Scenario


def to_efg(scenario: Scenario, world: Mapping[str, float], policy: str, max_nodes: int = 20_000) -> str:
    """The game tree in Gambit's .efg format.

    ``world`` gives every sampled assumption. Payoffs are in units of the actor's precision:
    solve at lambda = 1. FoedusError when the tree has more than ``max_nodes`` nodes, or
    where actors disagree about the game, weigh intervals or pay for control, which the format cannot say.
    """
    if any(scenario.beliefs.values()):
        raise FoedusError("the actors' beliefs differ: a game tree holds one version of the game. Remove 'beliefs'.")
    if secrets_of(scenario, policy):
        raise FoedusError("not everybody knows of every commitment and binding: a game tree holds one version of it.")
    played = one_world(scenario, world, policy)
    arrays = played.game.arrays
    if (arrays.kind == INTERVAL).any() and (arrays.ambiguity >= 0).any():
        raise FoedusError("a clause is read as an interval by actors with 'ambiguity': a game tree cannot say that.")
    root = unrolled(played, max_nodes)
    numbers = (arrays.patience, arrays.precision)
    if arrays.control[0] and (scenario.all_policies[policy].bind or _twice(root, frozenset())):
        reason = "with 'value: entropy' who decides again, or is bound, looks forward to what control will cost it"
        raise FoedusError(f"{reason}: payments at the ends of a tree cannot say that. Export with 'value: payoff'.")
    patience, precision = (np.array([played.at(int(c), 0) for c in coefficients]) for coefficients in numbers)
    actors = list(scenario.actors)
    agents = _needs_agents(root, patience)
    players = _agents(root, actors, []) if agents else [Player(name, i, 0) for i, name in enumerate(actors)]
    writer = _Writer(players, patience, precision, agents)
    writer.write(root, np.zeros(len(players)))
    title, listed = _quoted(scenario.title or "Foedus game"), " ".join(_quoted(player.name) for player in players)
    note = _quoted("Payoffs are in units of each actor's precision: solve the agent form at lambda = 1.")
    return "\n".join([f"EFG 2 R {title} {{ {listed} }}", note, *writer.lines, ""])


@dataclass(frozen=True)
class Player:
    """A player of the file: the actor whose payoffs it gets, from which period on."""

    name: str
    actor: int
    since: int


def _twice(tree: Tree, before: frozenset[int]) -> bool:
    """Whether an actor, perhaps one of those who decided ``before``, decides again on some path."""
    if tree.player in before:
        return True
    after = before if tree.player == NATURE else before | {tree.player}
    return any(_twice(below, after) for _, below in tree.moves)


def _needs_agents(tree: Tree, patience: Floats) -> bool:
    """Whether bases differ or an impatient actor moves later, so that every decision node must be a player."""
    apart = len(set(tree.weights)) > 1 or (tree.period > 0 and patience[tree.player] != 1)
    return (tree.player != NATURE and apart) or any(_needs_agents(below, patience) for _, below in tree.moves)


def _agents(tree: Tree, actors: list[str], players: list[Player]) -> list[Player]:
    """A player for every decision node, in the order of writing, after those that are there already."""
    if tree.player != NATURE:
        players.append(Player(f"{actors[tree.player]} {len(players) + 1}", tree.player, tree.period))
    for _, below in tree.moves:
        _agents(below, actors, players)
    return players


@dataclass
class _Writer:
    """Writes a tree node by node, each before what follows it; ``patience`` and ``precision`` are [actors].

    With ``agents`` the decision nodes are the players, in this order.
    """

    players: list[Player]
    patience: Floats
    precision: Floats
    agents: bool
    lines: list[str] = field(default_factory=list)
    decided: int = 0  # decision nodes written so far
    sets: dict[int, int] = field(default_factory=dict)  # information sets so far, by player
    ends: int = 0

    def write(self, tree: Tree, bonus: Floats) -> None:
        """One node and what follows; ``bonus`` [players] is what agents got for their own choices."""
        if tree.paid is not None:
            self.ends += 1
            amounts = ", ".join(format(Decimal(repr(float(x))), "f") for x in self.payoffs(tree.paid) + bonus)
            self.lines.append(f't "" {self.ends} "{self.ends}" {{ {amounts} }}')
            return
        player, by_agent = tree.player, self.agents and tree.player != NATURE
        if by_agent:
            player, self.decided = self.decided, self.decided + 1
        number = self.sets[player] = self.sets.get(player, 0) + 1
        names, label = [_quoted(name) for name, _ in tree.moves], _quoted(f"{tree.label} ({number})")
        if player == NATURE:
            odds = zip(names, _exact(tree.weights), strict=True)
            moves = " ".join(f"{name} {p.numerator}/{p.denominator}" for name, p in odds)
            self.lines.append(f'c "" {number} {label} {{ {moves} }} 0')
        else:
            self.lines.append(f'p "" {player + 1} {number} {label} {{ {" ".join(names)} }} 0')
        for (_, below), weight in zip(tree.moves, tree.weights, strict=True):
            more = bonus.copy()
            if by_agent:
                more[player] = np.log(weight)
            self.write(below, more)

    def payoffs(self, paid: Floats) -> Floats:
        """[players] what each gets from its first period on, discounted to that, in units of its precision."""
        discounts = self.patience ** np.arange(len(paid))[:, None]
        since = [(p.actor, paid[p.since :, p.actor], discounts[: len(paid) - p.since, p.actor]) for p in self.players]
        return np.array([self.precision[actor] * (due @ discount) for actor, due, discount in since])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "").replace('"', "'") + '"'


def _exact(weights: list[float]) -> list[Fraction]:
    """Probabilities as fractions that sum to exactly one."""
    exact = [Fraction(weight) for weight in weights]
    total = sum(exact)
    return [weight / total for weight in exact]
