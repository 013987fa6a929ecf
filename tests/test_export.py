"""Exported games, read back: every format is well formed, and its numbers are the solver's."""

from __future__ import annotations

import io
import math
import random
import re
from fractions import Fraction

import numpy as np
import pytest
from typer.testing import CliRunner

from foedus.cli import app
from foedus.errors import FoedusError
from foedus.export.drn import to_drn
from foedus.export.efg import to_efg
from foedus.export.formats import FORMATS, export
from foedus.export.tree import NATURE, unrolled
from foedus.export.world import one_world
from foedus.scenario.load import load
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, simulate
from strategies import make_case

SMALL = "signorino-deterrence"


def given(case) -> dict[str, float]:
    """The numbers of a case's world that a scenario does not work out itself."""
    written = case.scenario.all_assumptions
    return {n: v for n, v in case.worlds[0].items() if n in written and not isinstance(written[n].value, str)}


def chain(text: str) -> tuple[list[dict[int, float]], list[set[str]]]:
    """The transitions and the labels of a .drn file by state."""
    rows, labels = [], []
    for line in text[text.index("@model") :].splitlines()[1:]:
        if line.startswith("state"):
            rows.append({})
            labels.append(set(line.split()[2:]))
        elif ":" in line:
            to, prob = line.split(":")
            rows[-1][int(to)] = float(prob)
    return rows, labels


def reached(rows: list[dict[int, float]], goal: set[int]) -> float:
    """The probability of ever being in one of some states: the linear equations of a Markov chain, solved whole."""
    n = len(rows)
    matrix, right = np.eye(n), np.zeros(n)
    for i, row in enumerate(rows):
        if i in goal:
            right[i] = 1.0
            continue
        for to, prob in row.items():
            if to != i:
                matrix[i, to] -= prob
            elif prob < 1:
                matrix[i, i] -= prob
    return float(np.linalg.solve(matrix, right)[0])


@pytest.mark.parametrize("seed", range(6))
def test_a_chain_reaches_its_outcomes_as_often_as_the_engine_says(seed):
    scenario, world = (case := make_case(random.Random(seed + 900))).scenario, given(case)
    policy, outcomes = scenario.factual_policy, outcomes_of(scenario)
    rows, labels = chain(to_drn(scenario, world, policy))
    assert all(math.fsum(row.values()) == pytest.approx(1, abs=1e-12) for row in rows)
    assert all(0 <= to < len(rows) for row in rows for to in row) and labels[0] == {"init"}
    draws = {name: np.array([value]) for name, value in world.items()}
    games = Games(scenario, (), outcomes, observe=False)
    engine = simulate(scenario, draws, [policy], games=games).results[policy].by[0, -1]
    for o, name in enumerate(outcomes):
        goal = {i for i, marks in enumerate(labels) if name in marks}
        assert (reached(rows, goal) if goal else 0.0) == pytest.approx(engine[o], abs=1e-10), name


def test_the_counts_of_a_chain_are_those_at_its_head():
    text = to_drn(load(SMALL), {name: float(d[0]) for name, d in sample(load(SMALL), 4, 0).items()}, "status_quo")
    rows, _ = chain(text)
    assert re.search(r"@nr_states\n(\d+)\n@nr_choices\n(\d+)\n", text).groups() == (str(len(rows)), str(len(rows)))


def leaves(tree, prob=1.0, uniform=True):
    """The ends of a tree, with the probability that nature's odds and even choices give them."""
    if tree.paid is not None:
        yield prob, tree.paid
        return
    total = sum(tree.weights)
    for (_, below), weight in zip(tree.moves, tree.weights, strict=True):
        share = weight / total if tree.player == NATURE else 1 / len(tree.moves)
        yield from leaves(below, prob * share)


@pytest.mark.parametrize("name", ["entrapment-abandonment", "asymmetric-deterrence", SMALL])
def test_an_unrolled_game_holds_all_probability_and_no_move_without_choice(name):
    scenario = load(name)
    world = {name: float(draw[1]) for name, draw in sample(scenario, 4, 0).items()}
    tree = unrolled(one_world(scenario, world, scenario.factual_policy), 20_000)
    assert math.fsum(prob for prob, _ in leaves(tree)) == pytest.approx(1, abs=1e-12)

    def nodes(node):
        yield node
        for _, below in node.moves:
            yield from nodes(below)

    everything = list(nodes(tree))
    assert all(len(node.moves) >= 2 for node in everything if node.paid is None)
    assert all(node.paid.shape[1] == len(scenario.actors) for node in everything if node.paid is not None)
    with pytest.raises(FoedusError, match="too large"):
        unrolled(one_world(scenario, world, scenario.factual_policy), len(everything) - 1)


def test_odds_in_a_tree_file_sum_to_exactly_one():
    scenario = load("entrapment-abandonment")
    world = {name: float(draw[1]) for name, draw in sample(scenario, 4, 0).items()}
    chances = [line for line in to_efg(scenario, world, scenario.factual_policy).splitlines() if line.startswith("c ")]
    assert chances
    for line in chances:
        assert sum(Fraction(odds) for odds in re.findall(r"\d+/\d+", line)) == 1


def test_names_cannot_break_out_of_a_tree_file():
    raw = {
        "title": 'A "game" \\ with quotes',
        "actors": {"a": {}},
        "state": {"s": {"levels": ["lo", "hi"], "start": "lo"}},
        "turn": [{"id": "p", "decide": "a", "actions": {"x": {}, "y": {"pays": {"a": 1}}}}],
    }
    head = to_efg(Scenario.model_validate(raw), {}, "status_quo").splitlines()[0]
    assert head == 'EFG 2 R "A \'game\'  with quotes" { "a" }'


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_writes_every_format_of_the_table(name):
    result = CliRunner().invoke(app, ["export", SMALL, "--format", name, "--world", "3", "--worlds", "5"])
    assert result.exit_code == 0 and FORMATS[name].what
    scenario = load(SMALL)
    world = {assumption: float(draw[3]) for assumption, draw in sample(scenario, 5, 0).items()}
    assert result.stdout == FORMATS[name].write(scenario, world, scenario.factual_policy) + "\n"


def test_an_unknown_format_is_refused_with_all_that_there_are():
    with pytest.raises(FoedusError, match="'xml' is not a format") as refusal:
        export(load(SMALL), "xml")
    assert all(f"{name} ({FORMATS[name].what})" in str(refusal.value) for name in FORMATS)


def test_a_world_that_was_not_drawn_is_refused():
    with pytest.raises(FoedusError, match="there is no world 5"):
        export(load(SMALL), "efg", world=5, worlds=5)


def test_gambit_reads_a_tree_and_chooses_as_the_engine_does():
    gambit = pytest.importorskip("pygambit")
    scenario = load(SMALL)
    world = {name: float(draw[2]) for name, draw in sample(scenario, 5, 0).items()}
    game = gambit.read_efg(io.StringIO(export(scenario, "efg", world=2, worlds=5)))
    assert list(game.players) == list(scenario.actors)
    profile = gambit.qre.logit_solve_lambda(game, 1.0)[0].profile
    by_label = {label: prob for sets in profile for _, moves in sets for label, prob in moves}
    draws = {name: np.array([value]) for name, value in world.items()}
    engine = simulate(scenario, draws, [scenario.factual_policy], observe=False).results[scenario.factual_policy]
    opening = scenario.turn[0]
    for action in opening.actions:
        times = engine.taken[0, 0, engine.actions.index(f"{opening.id}.{action}")]
        assert by_label[action] == pytest.approx(times, abs=1e-8)
