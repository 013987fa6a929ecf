"""Conflicts given as graphs of states."""

from __future__ import annotations

import random

import numpy as np
import pytest

from foedus.conflict.analysis import analyse
from foedus.conflict.coalitions import coalition_stability
from foedus.conflict.concepts import CONCEPTS, Concept, Confrontation
from foedus.conflict.file import conflict_from_json
from foedus.conflict.followup import follow_up
from foedus.conflict.graph_form import GraphConflict, conflict_from_payoffs, model_of, moves_of
from foedus.conflict.inverse import inverse
from foedus.conflict.option_form import OptionModel
from foedus.conflict.paths import paths_from
from foedus.errors import FoedusError
from test_stability_brute import Definitions, random_conflict


def graph_of(model: OptionModel) -> GraphConflict:
    """The same conflict as a graph with an arc for every move."""
    arcs = tuple(np.stack(moves_of(model, members).arcs(), axis=1) for members in model.players)
    return GraphConflict(tuple(map(model.label, range(model.size))), tuple(model.names), model.ranks, arcs)


def test_a_conflict_and_its_graph_agree() -> None:
    for seed in range(80):
        data = random_conflict(seed)
        if data["coalitions"] or not Definitions(data).states:
            continue
        model = OptionModel(conflict_from_json(data))
        assert all(moves_of(model, m).count() >= len(moves_of(model, m).arcs()[0]) for m in model.players)
        direct, by_graph = analyse(model), analyse(graph_of(model))
        assert set(by_graph.stable) == set(CONCEPTS) - {"sim"}
        for concept, rows in by_graph.stable.items():
            assert (rows == direct.stable[concept]).all(), (seed, concept)


class GraphDefinitions(Definitions):
    """The same definitions over a graph whose moves need not compose."""

    def __init__(self, payoffs: np.ndarray, moves: list[list[tuple[int, int]]]):
        self.once = False
        self.states = list(range(payoffs.shape[1]))
        self.worth = [dict(enumerate(row)) for row in payoffs.tolist()]
        self.players = [(i,) for i in range(len(moves))]
        self.reach = {
            (i,): {s: {b for a, b in m if a == s and b != s} for s in self.states} for i, m in enumerate(moves)
        }


def test_graphs_whose_moves_do_not_compose_follow_legal_sequences() -> None:
    matters = 0
    for seed in range(150):
        dice = random.Random(seed)
        actors, count = dice.choice([2, 3, 3, 4]), dice.randint(3, 8)
        payoffs = np.array([[dice.randint(0, 4) / 10 for _ in range(count)] for _ in range(actors)])
        moves = [
            [(dice.randrange(count), dice.randrange(count)) for _ in range(dice.randint(0, count))]
            for _ in range(actors)
        ]
        truth = GraphDefinitions(payoffs, moves)
        result = analyse(conflict_from_payoffs([f"s{i}" for i in range(count)], payoffs, moves))
        for concept in ("nash", "gmr", "smr", "seq"):
            for actor in range(actors):
                expected = [truth.stable(concept, (actor,), state) for state in truth.states]
                assert result.stable[concept][actor].tolist() == expected, (seed, concept, actor)
        matters += not (result.stable["gmr"] == result.stable["seq"]).all()
    assert matters > 10


def test_a_coalition_in_a_graph_moves_in_legal_sequences() -> None:
    # Neither alone gets anywhere better; together they reach state 2 by way of state 1, which is worse for both.
    graph = conflict_from_payoffs(["calm", "crisis", "deal"], [[1, 0, 2], [1, 0, 2]], [[(0, 1)], [(1, 2)]], ["a", "b"])
    assert analyse(graph).labels("nash") == ["calm", "deal"]
    result = coalition_stability(graph)
    assert result.labels("nash") == ["deal"]
    assert result.broken_by(0, "nash") == [("a", "b")]
    assert paths_from(graph, "calm", improving=False).to(2) == [("a", "crisis"), ("b", "deal")]
    assert paths_from(graph, "calm").length.tolist() == [0, -1, -1]


def test_payoffs_must_fit() -> None:
    states = ["a", "b"]
    good = [[1, 2]]
    for payoffs, moves, names in [
        ([[1, 2, 3]], [[]], None),
        ([[1, float("nan")]], [[]], None),
        (good, [[(0, 2)]], None),
        (good, [[(-1, 0)]], None),
        (good, [[]], ["x", "y"]),
        ([], [], None),
    ]:
        with pytest.raises(FoedusError):
            conflict_from_payoffs(states, payoffs, moves, names)
    with pytest.raises(FoedusError, match="same name"):
        conflict_from_payoffs(["a", "a"], good, [[]])
    with pytest.raises(FoedusError, match="no state"):
        paths_from(conflict_from_payoffs(states, good, [[]]), "c")
    with pytest.raises(FoedusError, match="option form"):
        inverse(conflict_from_payoffs(states, good, [[]]), "a", "sim")
    assert conflict_from_payoffs(states, [[1, 1 + 1e-12]], [[]]).ranks.tolist() == [[0, 0]]
    assert conflict_from_payoffs(states, [[3, 1]], [[]]).ranks.tolist() == [[1, 0]]


def test_a_new_stability_concept_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inaction as a concept: a state is stable for a player who has no move at all."""

    def stuck(at: Confrontation) -> np.ndarray:
        return np.array([not len(at.focal.successors(state)) for state in range(at.model.size)])

    monkeypatch.setitem(CONCEPTS, "stuck", Concept("stuck", "STUCK", "having no move", "here", stuck))
    graph = conflict_from_payoffs(["a", "b", "c"], [[1, 2, 3], [3, 2, 1]], [[(0, 1), (1, 2)], [(2, 0)]])
    assert analyse(graph).equilibria("stuck") == []
    assert analyse(graph).stable["stuck"].tolist() == [[False, False, True], [True, True, False]]
    assert coalition_stability(graph, ["stuck"]).stable["stuck"][2].tolist() == [False, False, False]
    found = follow_up(model_of(graph))
    assert found.inverse is not None and set(found.inverse) == {"nash", "gmr", "smr", "seq"}
    with pytest.raises(FoedusError, match="no inverse analysis"):
        inverse(graph, "a", "stuck")


def test_implications_between_concepts_hold_on_random_graphs() -> None:
    """Nash is in SMR and SEQ, and each of these in GMR (Fang, Hipel and Kilgour 1993), also where moves do not compose."""
    strict = dict.fromkeys((("nash", "smr"), ("nash", "seq"), ("smr", "gmr"), ("seq", "gmr")), 0)
    for seed in range(200):
        dice = np.random.default_rng(seed)
        count = int(dice.integers(3, 9))
        moves = [list(map(tuple, dice.integers(0, count, (count, 2)))) for _ in range(3)]
        result = analyse(conflict_from_payoffs([f"s{i}" for i in range(count)], dice.integers(0, 5, (3, count)), moves))
        for strong, weak in strict:
            assert (result.stable[strong] <= result.stable[weak]).all(), (seed, strong, weak)
            strict[strong, weak] += int((result.stable[strong] < result.stable[weak]).sum())
    assert min(strict.values()) > 0


def test_ranks_alone_decide() -> None:
    """Payoffs put through any increasing function give the same equilibria."""
    for seed in range(40):
        dice = np.random.default_rng(seed)
        payoffs = dice.integers(1, 6, (2, 6)).astype(float)
        moves = [list(map(tuple, dice.integers(0, 6, (7, 2)))) for _ in range(2)]
        states = list("abcdef")
        plain, bent = (analyse(conflict_from_payoffs(states, p, moves)) for p in (payoffs, np.exp(payoffs) - 9))
        assert all((plain.stable[concept] == bent.stable[concept]).all() for concept in plain.stable)
