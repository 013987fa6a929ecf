"""Time of the stability lens on conflicts with 2^16 states.

Run with ``python benchmarks/stability.py``; prints seconds for each layout of 16 options over decision makers.
"""

from __future__ import annotations

import random
import time

from foedus.conflict.analysis import analyse
from foedus.conflict.concepts import CONCEPTS
from foedus.conflict.graph_form import model_of
from foedus.conflict.option_form import Condition, Conflict, DecisionMaker, Option

LAYOUTS = {
    "2 x 8": [8, 8],
    "4 x 4": [4] * 4,
    "8 x 2": [2] * 8,
    "16 x 1": [1] * 16,
    "12 + 2 + 2": [12, 2, 2],
    "14 + 2": [14, 2],
}


def conflict(shares: list[int], seed: int, one_way: float = 0.0, joined: int = 1) -> Conflict:
    """A random conflict: each decision maker ranks states by twenty random conditions."""
    dice = random.Random(seed)
    count = sum(shares)
    options = tuple(
        Option(f"option {i}", dice.choice(["fwd", "back"]) if dice.random() < one_way else "both") for i in range(count)
    )
    makers, first = [], 0
    for place, share in enumerate(shares):
        conditions = tuple(
            Condition((tuple((o, dice.random() < 0.5) for o in dice.sample(range(count), dice.randint(1, 3))),))
            for _ in range(20)
        )
        makers.append(DecisionMaker(f"player {place}", tuple(range(first, first + share)), conditions))
        first += share
    coalitions = (tuple(range(joined)),) if joined > 1 else ()
    return Conflict(options, tuple(makers), coalitions=coalitions)


def clock(name: str, case: Conflict) -> None:
    """Prints the seconds that each concept takes on a fresh model."""
    model = model_of(case)
    spent = []
    for concept in CONCEPTS:
        start = time.perf_counter()
        found = len(analyse(model, [concept]).equilibria(concept))
        spent.append(f"{concept} {time.perf_counter() - start:6.2f} s ({found})")
    print(f"{name:28s} {model.size} states  " + "  ".join(spent), flush=True)


if __name__ == "__main__":
    for name, shares in LAYOUTS.items():
        clock(name, conflict(shares, seed=1))
    clock("4 x 4, half one-way", conflict([4] * 4, seed=1, one_way=0.5))
    clock("4 x 4, two joined", conflict([4] * 4, seed=1, joined=2))
    clock("8 x 2, three joined", conflict([2] * 8, seed=1, joined=3))
