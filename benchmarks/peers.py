"""Foedus beside two peers on the same random trees, in one run.

    python benchmarks/peers.py [--depths 2 4 6 8] [--worlds 64] [--gambit-worlds 2] [--json FILE]

The peers are pygambit's principal branch of logit quantal response equilibria (skipped where it is
not installed) and a recursion in NumPy written for these trees alone, vectorised over worlds. All
three are asked for the same: how likely each move is to go either way, and what the players expect.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.scenario.load import load
from foedus.scenario.query import parse_query
from foedus.scenario.scope import query_scope
from foedus.worlds.simulate import Games, simulate

PLAYERS = ("a", "b")


@dataclass(frozen=True)
class Tree:
    """A binary tree of ``depth`` moves, players alternating; every leaf has payoffs of its own.

    ``payoffs[player]`` maps sets of moves to a weight: the payoff at a leaf is the sum over the
    sets all of whose moves went right. So it fits in an expression, and no two leaves are alike.
    """

    depth: int
    payoffs: dict[str, dict[tuple[int, ...], float]]

    @classmethod
    def random(cls, depth: int, seed: int) -> Tree:
        """Standard normal weights on single moves and pairs of moves."""
        rng = np.random.default_rng(seed)
        sets = [one for size in (1, 2) for one in combinations(range(depth), size)]
        return cls(depth, {player: {one: round(float(rng.normal()), 6) for one in sets} for player in PLAYERS})

    def mover(self, move: int) -> int:
        """Whose move it is."""
        return move % len(PLAYERS)

    def leaves(self) -> Floats:
        """Payoffs [2, ..., 2, player], one axis a move."""
        went = np.indices((2,) * self.depth).astype(float)
        found = [
            sum(weight * np.prod(went[list(one)], axis=0) for one, weight in self.payoffs[player].items())
            for player in PLAYERS
        ]
        return np.stack(found, axis=-1)


@dataclass
class Answer:
    """``right`` [W, move]: the probability that a move goes right; ``value`` [W, player]; seconds a world."""

    right: Floats
    value: Floats
    seconds: float

    def gap(self, other: Answer) -> float:
        """The largest difference, over the worlds that both have."""
        n = min(len(self.right), len(other.right))
        right, value = self.right[:n] - other.right[:n], self.value[:n] - other.value[:n]
        return float(max(np.abs(right).max(), np.abs(value).max()))


def timed(call: Callable[[], Any], least: float = 0.2) -> tuple[Any, float]:
    """What a call gives, and the best time of several, repeated for at least ``least`` seconds."""
    best, begun = np.inf, time.perf_counter()
    while True:
        start = time.perf_counter()
        result = call()
        now = time.perf_counter()
        best = min(best, now - start)
        if now - begun > least:
            return result, best


# --- Foedus ------------------------------------------------------------------------------


def scenario_text(tree: Tree) -> dict[str, Any]:
    """The tree as a scenario: a phase and a state variable for each move, payoffs at the end."""
    turn = [
        {
            "id": f"move{m}",
            "decide": PLAYERS[tree.mover(m)],
            "actions": {"left": {"then": {f"m{m}": "left"}}, "right": {"then": {f"m{m}": "right"}}},
        }
        for m in range(tree.depth)
    ]
    objectives: dict[str, dict[str, Any]] = {player: {} for player in PLAYERS}
    for player, weights in tree.payoffs.items():
        for m in range(tree.depth):  # one objective a move, as expressions may not be endless
            mine = [(one, weight) for one, weight in weights.items() if one[0] == m]
            terms = ["*".join([str(weight), *(f"(m{i} == right)" for i in one)]) for one, weight in mine]
            objectives[player][f"from{m}"] = {"value": " + ".join(terms)}
    return {
        "actors": {player: {"precision": {"uniform": [0, 10]}} for player in PLAYERS},
        "state": {f"m{m}": {"levels": ["open", "left", "right"], "start": "open"} for m in range(tree.depth)},
        "objectives": objectives,
        "turn": turn,
    }


def foedus(tree: Tree, lambdas: Floats) -> tuple[Answer, float]:
    """Foedus's answer, and the seconds that reading and compiling took (once for all worlds)."""
    start = time.perf_counter()
    scenario = load(scenario_text(tree))
    texts = [f"prob(eventually(m{m} == right))" for m in range(tree.depth)] + [f"expect({p})" for p in PLAYERS]
    queries = [parse_query(text, query_scope(scenario)) for text in texts]
    games = Games(scenario, queries, {})
    policy = scenario.factual_policy
    games.play(policy)
    compiled = time.perf_counter() - start
    worlds = {f"{player}.precision": lambdas for player in PLAYERS}
    found, seconds = timed(lambda: simulate(scenario, worlds, [policy], queries, games=games).query[policy])
    table = np.stack(found, axis=1)
    return Answer(table[:, : tree.depth], table[:, tree.depth :], seconds / len(lambdas)), compiled


# --- NumPy -------------------------------------------------------------------------------


def numpy_recursion(tree: Tree, lambdas: Floats) -> Answer:
    """Backward over whole levels of the tree at once, then forward."""
    leaves = tree.leaves()

    def solve() -> tuple[Floats, Floats]:
        values = np.broadcast_to(leaves, (len(lambdas), *leaves.shape))
        choices: list[Floats] = []
        scale = lambdas.reshape(-1, *[1] * tree.depth)
        for move in reversed(range(tree.depth)):
            left, right = values[..., 0, :], values[..., 1, :]
            gap = (right - left)[..., tree.mover(move)]
            chance = 1 / (1 + np.exp(-scale[..., 0] * gap))
            scale = scale[..., 0]
            values = left + chance[..., None] * (right - left)
            choices.insert(0, chance)
        mass, marginal = np.ones(len(lambdas)), []
        for chance in choices:
            went = mass * chance
            marginal.append(went.reshape(len(lambdas), -1).sum(axis=1))
            mass = np.stack([mass - went, went], axis=-1)
        return np.stack(marginal, axis=1), values

    (right, value), seconds = timed(solve)
    return Answer(right, value, seconds / len(lambdas))


# --- pygambit ----------------------------------------------------------------------------


def efg_lines(tree: Tree) -> Iterator[str]:
    """The tree in Gambit's extensive-form file format, nodes in prefix order."""
    leaves = tree.leaves()
    names = " ".join(f'"{player}"' for player in PLAYERS)
    yield f'EFG 2 R "tree" {{ {names} }}'
    counts = [0] * len(PLAYERS)
    outcome = 0

    def nodes(path: tuple[int, ...]) -> Iterator[str]:
        nonlocal outcome
        if len(path) == tree.depth:
            outcome += 1
            yield f't "" {outcome} "" {{ {", ".join(repr(float(x)) for x in leaves[path])} }}'
            return
        player = tree.mover(len(path))
        counts[player] += 1
        yield f'p "" {player + 1} {counts[player]} "" {{ "left" "right" }} 0'
        for went in (0, 1):
            yield from nodes((*path, went))

    yield from nodes(())


def gambit(tree: Tree, lambdas: Floats) -> Answer | None:
    """pygambit's answer, one world at a time; None where it is not installed."""
    try:
        import pygambit
    except ImportError:
        return None
    game = pygambit.read_efg(io.StringIO("\n".join(efg_lines(tree))))
    right, value = np.zeros((len(lambdas), tree.depth)), np.zeros((len(lambdas), len(PLAYERS)))
    start = time.perf_counter()
    profiles = [pygambit.qre.logit_solve_lambda(game, float(precision))[0].profile for precision in lambdas]
    seconds = time.perf_counter() - start
    for world, profile in enumerate(profiles):
        chance = right_by_prefix(tree, profile)
        mass = np.ones(())
        for move in range(tree.depth):
            went = mass * np.reshape([chance[path] for path in product((0, 1), repeat=move)], (2,) * move)
            right[world, move] = went.sum()
            mass = np.stack([mass - went, went], axis=-1)
        value[world] = np.tensordot(mass, tree.leaves(), axes=tree.depth)
    return Answer(right, value, seconds / len(lambdas))


def right_by_prefix(tree: Tree, profile: Any) -> dict[tuple[int, ...], float]:
    """The probability of going right at every node; Gambit lists a player's nodes in prefix order."""
    order: list[list[tuple[int, ...]]] = [[] for _ in PLAYERS]

    def visit(path: tuple[int, ...]) -> None:
        if len(path) < tree.depth:
            order[tree.mover(len(path))].append(path)
            visit((*path, 0))
            visit((*path, 1))

    visit(())
    found = {}
    for player, paths in zip(PLAYERS, order, strict=True):
        for path, (_, odds) in zip(paths, profile[player], strict=True):
            found[path] = float(odds["right"])
    return found


# --- the table ---------------------------------------------------------------------------


@dataclass
class Row:
    """One size of tree. Times in milliseconds a world; None where a peer was not run."""

    leaves: int
    gambit_ms: float | None
    numpy_ms: float
    foedus_ms: float
    foedus_compile_ms: float
    gap_numpy: float
    gap_gambit: float | None


def compare(depth: int, worlds: int, gambit_worlds: int, gambit_depth: int, seed: int) -> Row:
    """All that can run, on one tree."""
    tree = Tree.random(depth, seed + depth)
    lambdas = np.random.default_rng(seed).uniform(0.3, 2.5, worlds)
    ours, compiled = foedus(tree, lambdas)
    plain = numpy_recursion(tree, lambdas)
    peer = gambit(tree, lambdas[:gambit_worlds]) if depth <= gambit_depth else None
    return Row(
        2**depth,
        None if peer is None else 1e3 * peer.seconds,
        1e3 * plain.seconds,
        1e3 * ours.seconds,
        1e3 * compiled,
        ours.gap(plain),
        None if peer is None else ours.gap(peer),
    )


def show(rows: list[Row]) -> None:
    """The rows as a Markdown table."""
    head = ["leaves", "pygambit ms/world", "NumPy ms/world", "Foedus ms/world", "Foedus compile ms, once"]
    head += ["gap to NumPy", "gap to pygambit"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for row in rows:
        g = "-" if row.gambit_ms is None else f"{row.gambit_ms:.1f}"
        gap = "-" if row.gap_gambit is None else f"{row.gap_gambit:.0e}"
        cells = [str(row.leaves), g, f"{row.numpy_ms:.3f}", f"{row.foedus_ms:.3f}", f"{row.foedus_compile_ms:.0f}"]
        print("| " + " | ".join([*cells, f"{row.gap_numpy:.0e}", gap]) + " |")


def main() -> None:
    """Runs the comparison and prints it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--depths", type=int, nargs="+", default=[2, 4, 6, 8, 9, 10, 12, 14])
    parser.add_argument("--worlds", type=int, default=64)
    parser.add_argument("--gambit-worlds", type=int, default=2)
    parser.add_argument("--gambit-depth", type=int, default=8, help="no larger trees for pygambit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="also write the rows here")
    options = parser.parse_args()
    foedus(Tree.random(2, 0), np.ones(8))  # the first call loads compiled kernels
    rows = []
    for depth in options.depths:
        rows.append(compare(depth, options.worlds, options.gambit_worlds, options.gambit_depth, options.seed))
    show(rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([asdict(row) for row in rows], file, indent=1)


if __name__ == "__main__":
    main()
