"""The compiled game: its arrays hang together as ``game.arrays`` says, whatever the scenario."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from foedus.game.arrays import CHANCE, DECIDE, END, INTERVAL, NodeKind
from foedus.game.build_turn import build_turn
from foedus.game.compile import Game, compile_game
from foedus.game.views import believed
from foedus.scenario.dotted import ActionName, ActorNumber, ObjectiveName, Setting
from foedus.scenario.files import shipped
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import assumption_names
from foedus.worlds.sample import resolve, sample
from strategies import Case, cases

SMALL = sorted(set(shipped()) - {"russia-dprk-pact", "taiwan-strait"})


def hangs_together(scenario: Scenario, game: Game) -> None:
    g, nodes = game.arrays, game.nodes
    source = np.repeat(np.repeat(np.arange(nodes), np.diff(g.a_ptr)), np.diff(g.b_ptr))
    for pointers, items in ((g.a_ptr, game.actions), (g.b_ptr, game.branches), (g.ap_ptr, None), (g.bp_ptr, None)):
        assert (np.diff(pointers) >= 0).all() and (items is None or (pointers[0], pointers[-1]) == (0, items))
    assert g.bp_ptr[0] == g.ap_ptr[-1] and g.bp_ptr[-1] == len(g.pay_obj) == len(g.pay_coef)
    ends = g.kind[source] == END
    assert (g.target[~ends] > source[~ends]).all() and (g.pass_to[g.guard >= 0] > np.flatnonzero(g.guard >= 0)).all()
    assert (g.kind[g.end_nodes] == END).all() and (np.diff(g.a_ptr)[g.kind != DECIDE] == 1).all()
    assert ((g.mover >= 0) == (g.kind == DECIDE)).all()
    # no state stands twice in a phase
    rows = {(int(phase), row.tobytes()) for phase, row in zip(g.phase, game.rows)}
    assert len(rows) == nodes
    # the probabilities of an action's branches sum to 1 in every world and period
    draws = resolve(scenario, sample(scenario, 3))
    # what an actor believes is here what is so, and everybody knows of every secret
    believed_of = {believed(actor, name): draws[name] for actor in scenario.actors for name in draws}
    switches = {name: believed_of.get(name, np.ones(3)) for name in _switches(game)}
    table = game.program.evaluate({**draws, **switches}, 3)
    for t in range(game.solved):
        prob = np.where(g.prob[0][:, None] < 0, 1.0, table[g.offset[g.prob[0]] + t * g.timed[g.prob[0]]])
        total = np.add.reduceat(prob, g.b_ptr[:-1])
        np.testing.assert_allclose(total, 1, atol=1e-9)


def _switches(game: Game) -> set[str]:
    names = {leaf for tree in game.program.trees for leaf in assumption_names(tree)}
    return {name for name in names if ":" in name}


@pytest.mark.parametrize("name", SMALL)
def test_shipped_games_hang_together(name: str) -> None:
    scenario = load(name)
    hangs_together(scenario, compile_game(scenario))


@settings(max_examples=25)
@given(cases())
def test_random_games_hang_together(case: Case) -> None:
    hangs_together(case.scenario, compile_game(case.scenario, next(iter(case.scenario.all_policies.values())).enable))


def test_kinds_of_nodes_are_plain_numbers_for_kernels() -> None:
    assert list(NodeKind) == [CHANCE, DECIDE, END, INTERVAL]
    assert {type(kind) for kind in (CHANCE, DECIDE, END, INTERVAL)} == {int}


@pytest.mark.parametrize("name", SMALL)
def test_a_turn_lists_what_is_written(name: str) -> None:
    scenario = load(name)
    enabled = {
        str(ActionName(p.id, a)) for p in scenario.turn for a, action in p.actions.items() if action.exists == "enabled"
    }
    everything = {str(ActionName(p.id, a)) for p in scenario.turn for a in p.actions}
    for exist in (set(), enabled):
        turn = build_turn(scenario, exist)
        assert set(turn.action_ids) == everything - enabled | exist
        clauses = [phase.commitment for phase in turn.phases if phase.commitment]
        assert sorted(clauses) == sorted(scenario.commitments)
        for phase in scenario.turn:  # a clause is read right before the phase in which it is answered
            written = [p.id for p in turn.phases]
            attached = [n for n, c in scenario.commitments.items() if c.attach == phase.id]
            at = written.index(phase.id)
            assert written[at - len(attached) : at] == [f"{n}.clause" for n in attached]


def test_dotted_names_are_read_as_they_are_written() -> None:
    for name in (ActionName("press", "hold"), ObjectiveName("russia", "word")):
        assert type(name).read(str(name)) == name
    assert ActionName.read("press") == ("press", "")
    for setting in Setting:
        assert ActorNumber.read(f"russia.{setting}") == ActorNumber("russia", setting)
    assert ActorNumber.read("russia") is None and ActorNumber.read("pact.applies") is None
