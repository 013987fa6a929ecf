"""The stability concepts against a checker that follows the definitions with sets, one state at a time."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from foedus.conflict.analysis import analyse
from foedus.conflict.concepts import CONCEPTS
from foedus.conflict.file import conflict_from_json
from foedus.conflict.option_form import OptionModel

Data = dict[str, Any]
State = frozenset[int]


def random_conflict(seed: int) -> Data:
    """A small conflict with one-way options, ties, infeasible states and, at times, shared options and coalitions."""
    dice = random.Random(seed)
    makers = dice.choice([1, 2, 2, 3, 3, 4])
    count = dice.randint(max(2, makers), 6)
    owner = [dice.randrange(makers) for _ in range(count)]
    shared = dice.random() < 0.3

    def pattern(size: int) -> list[list[Any]]:
        return [[o, dice.choice("YN")] for o in dice.sample(range(count), min(size, count))]

    def condition() -> Any:
        if dice.random() < 0.3:
            return {"compound": True, "members": [pattern(dice.randint(1, 3)) for _ in range(dice.randint(1, 3))]}
        return pattern(dice.randint(1, 3))

    return {
        "options": [
            {"name": f"o{i}", "permittedDirection": dice.choice(["both", "both", "both", "fwd", "back"])}
            for i in range(count)
        ],
        "decisionMakers": [
            {
                "name": f"d{i}",
                "options": [o for o in range(count) if owner[o] == i or (shared and dice.random() < 0.2)],
                "preferences": [condition() for _ in range(dice.randint(0, 6))],
                "misperceptions": [pattern(2)] if dice.random() < 0.2 else [],
            }
            for i in range(makers)
        ],
        "infeasibles": [pattern(dice.choice([2, 2, 3])) for _ in range(dice.randint(0, 3))],
        "coalitions": [sorted(dice.sample(range(makers), 2))] if makers > 2 and dice.random() < 0.4 else [],
        "useManualPreferenceRanking": False,
    }


class Definitions:
    """Stability straight from the definitions, from the data of a file."""

    def __init__(self, data: Data, once: bool = False):
        self.data, self.once = data, once
        count = len(data["options"])
        every = (frozenset(c) for size in range(count + 1) for c in itertools.combinations(range(count), size))
        self.states = [s for s in every if not any(self.meets(s, c) for c in data["infeasibles"])]
        makers = data["decisionMakers"]
        self.worth = [{s: self.score(maker, s) for s in self.states} for maker in makers]
        joined = [tuple(c) for c in data["coalitions"]]
        self.players = joined + [(i,) for i in range(len(makers)) if not any(i in c for c in joined)]
        self.reach = {p: {s: self.moves(p, s) for s in self.states} for p in self.players}

    @staticmethod
    def meets(state: State, condition: Any) -> bool:
        patterns = condition["members"] if isinstance(condition, dict) else [condition]
        return any(all((o in state) == (letter == "Y") for o, letter in pattern) for pattern in patterns)

    def score(self, maker: Data, state: State) -> int:
        n = len(maker["preferences"])
        return sum(2 ** (n - k) for k, c in enumerate(maker["preferences"], 1) if self.meets(state, c))

    def sees(self, player: tuple[int, ...], state: State) -> bool:
        makers = [self.data["decisionMakers"][i] for i in player]
        return any(not any(self.meets(state, c) for c in maker["misperceptions"]) for maker in makers)

    def moves(self, player: tuple[int, ...], state: State) -> set[State]:
        own = {o for i in player for o in self.data["decisionMakers"][i]["options"]}
        found = set()
        for other in self.states:
            changed = state ^ other
            if not changed or not changed <= own or not (self.sees(player, state) and self.sees(player, other)):
                continue
            ways = [(self.data["options"][o]["permittedDirection"], o in other) for o in changed]
            if all(way == "both" or (way == "fwd") == taken for way, taken in ways):
                found.add(other)
        return found

    def better(self, player: tuple[int, ...], new: State, old: State) -> bool:
        return all(self.worth[i][new] > self.worth[i][old] for i in player)

    def improves(self, player: tuple[int, ...], state: State) -> set[State]:
        return {s for s in self.reach[player][state] if self.better(player, s, state)}

    def reaches(self, player: tuple[int, ...], state: State) -> set[State]:
        return self.reach[player][state]

    def responses(self, player: tuple[int, ...], state: State, only_better: bool) -> set[State]:
        """States reached by legal sequences of the others' moves."""
        others = [p for p in self.players if p != player]
        step = self.improves if only_better else self.reaches
        if self.once:
            found = set()
            for size in range(1, len(others) + 1):
                for turn in itertools.permutations(others, size):
                    front = {state}
                    for mover in turn:
                        front = {t for s in front for t in step(mover, s)}
                    found |= front
            return found
        seen: set[tuple[State, Any]] = set()
        todo: list[tuple[State, Any]] = [(state, None)]
        while todo:
            here, last = todo.pop()
            for mover in others:
                if mover != last:
                    for there in step(mover, here):
                        if (there, mover) not in seen:
                            seen.add((there, mover))
                            todo.append((there, mover))
        return {s for s, _ in seen}

    def joint(self, player: tuple[int, ...], state: State, improved: State) -> set[State]:
        """Outcomes when the player moves to ``improved`` and others improve at the same time."""
        menus = [[frozenset(), *(state ^ s for s in self.improves(p, state))] for p in self.players if p != player]
        own = state ^ improved
        outcomes = {state ^ own.union(*changes) for changes in itertools.product(*menus)}
        return outcomes & set(self.states)

    def stable(self, concept: str, player: tuple[int, ...], state: State) -> bool:
        return all(self.deterred(concept, player, state, improved) for improved in self.improves(player, state))

    def deterred(self, concept: str, player: tuple[int, ...], state: State, improved: State) -> bool:
        if concept == "nash":
            return False
        if concept == "sim":
            after = self.joint(player, state, improved)
        else:
            after = self.responses(player, improved, only_better=concept == "seq")
        bad = {s for s in after if not self.better(player, s, state)}
        if concept == "smr":
            bad = {s for s in bad if not any(self.better(player, t, state) for t in self.reach[player][s])}
        return bool(bad)


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("block", range(10))
def test_agrees_with_the_definitions(block: int, once: bool) -> None:
    checked = 0
    for seed in range(25 * block, 25 * block + 25):
        data = random_conflict(seed)
        truth = Definitions(data, once)
        if not truth.states:
            continue
        model = OptionModel(conflict_from_json(data))
        result = analyse(model, once=once)
        order = model.conflict.order
        index = {frozenset(order[i] for i, x in enumerate(model.label(s)) if x == "Y"): s for s in range(model.size)}
        assert set(index) == set(truth.states)
        names = [" + ".join(data["decisionMakers"][i]["name"] for i in player) for player in truth.players]
        rows = [result.players.index(name) for name in names]
        for concept in CONCEPTS:
            for row, player in zip(rows, truth.players):
                for state in truth.states:
                    ours = bool(result.stable[concept][row, index[state]])
                    assert ours == truth.stable(concept, player, state), (seed, concept, player, sorted(state))
                    checked += 1
    assert checked > 1000


def test_the_random_conflicts_cover_what_they_should() -> None:
    cases = [random_conflict(seed) for seed in range(250)]
    owners = [[o for maker in case["decisionMakers"] for o in maker["options"]] for case in cases]
    assert sum(bool(case["coalitions"]) for case in cases) > 20
    assert sum(len(own) > len(set(own)) for own in owners) > 20
    assert sum(any(maker["misperceptions"] for maker in case["decisionMakers"]) for case in cases) > 20
    results = [analyse(conflict_from_json(case)) for case in cases if Definitions(case).states]
    for weak, strong in [("gmr", "nash"), ("gmr", "smr"), ("smr", "nash"), ("gmr", "seq"), ("seq", "nash")]:
        assert all((r.stable[weak] >= r.stable[strong]).all() for r in results)
        assert any((r.stable[weak] > r.stable[strong]).any() for r in results)
