"""The stability lens on scenarios: worths against brute force, stability by hand, the section, files written."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from foedus.conflict.analysis import analyse
from foedus.conflict.file import load_conflict, save_conflict
from foedus.lenses.labels import label_coords, labels_along
from foedus.lenses.registry import lens_section, look
from foedus.lenses.stability.measure import conflict
from foedus.lenses.stability.orders import StandingOrder, Switchboard
from foedus.lenses.stability.postures import conflict_of, postures
from foedus.present.plain import section_json
from foedus.runs.local import run
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.scenario.load import load
from foedus.scenario.parts import Bind
from foedus.scenario.schema import Scenario
from oracle import Oracle

CASES = sorted((Path(__file__).parents[1] / "src/foedus/library/textbook").glob("*.yaml"))

# Selten's chain store, one shop: the incumbent would rather share the market than fight once someone has come in.
CHAIN_STORE = """
rationality: perfect
actors: {entrant: {}, incumbent: {}}
state: {market: {levels: [alone, shared], start: alone}}
turn:
  - id: entry
    decide: entrant
    actions: {out: {pays: {incumbent: 2}}, enter: {then: {market: shared}}}
  - id: reply
    decide: incumbent
    when: market == shared
    actions: {share: {pays: {entrant: 1, incumbent: 1}}, fight: {pays: {entrant: -1, incumbent: -1}}}
policies: {status_quo: {}, tough: {bind: [{phase: reply, do: fight}]}}
"""

# Two periods, hidden and open beliefs, a commitment, three actors, a conditional binding.
CRISIS = """
horizon: {periods: 2, beyond: 1}
actors: {rival: {precision: 2, patience: 0.9}, patron: {precision: {uniform: [1, 3]}}, ally: {precision: 1.5}}
assumptions: {cost: {uniform: [0, 1]}, risk: {uniform: [0.1, 0.4]}}
state: {tension: {levels: [calm, crisis, war], start: calm, ends: war}}
objectives: {rival: {gain: {weight: 1}}, patron: {word: {weight: 1}, peace: {weight: 1, value: -tension}}, ally: {peace: {weight: 1, value: -tension}}}
turn:
  - id: press
    decide: rival
    when: tension == calm
    actions: {hold: {base: 3}, push: {pays: {rival: {gain: 0.6}}, then: {tension: crisis}}}
  - id: answer
    decide: patron
    when: tension == crisis
    actions:
      yield: {then: {tension: calm}}
      fight: {pays: {rival: {gain: -1}}, chance: [{prob: risk, then: {tension: war}}, {prob: rest, then: {tension: calm}}]}
  - id: thank
    decide: ally
    actions: {quiet: {}, praise: {pays: {patron: {word: 0.3}, ally: {peace: -0.1}}}}
commitments:
  promise: {from: patron, to: ally, kind: defence_pact, attach: answer, order: [yield, fight], expected: fight,
            trigger: {severity: tension, threshold: crisis, vagueness: 0.5}, reneging: {objective: word, cost: cost}}
beliefs: {rival: {cost: {is: cost / 2}, risk: {is: risk + 0.1, known: true}}}
policies: {status_quo: {}, grateful: {bind: [{phase: thank, do: praise, when: t == 0}, {phase: press, do: hold}]}}
"""


def made(tmp_path: Path, text: str, worlds: int = 3) -> Run:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return run(load(path), worlds=worlds, judge=False)


def by_brute_force(
    scenario: Scenario, world: dict[str, float], policy: str, orders: list[tuple[StandingOrder, bool]]
) -> list:
    """What every actor expects where the orders are in force, by enumeration."""
    written = scenario.all_policies[policy]
    kept = [rule for rule in written.bind if rule.when is not None]
    rules = [Bind(phase=order.phase, do=order.action) for order, on in orders if on]
    bound = written.model_copy(update={"bind": [*kept, *rules]})
    changed = scenario.model_copy(update={"policies": {**scenario.all_policies, "bound": bound}})
    oracle = Oracle(changed, world, "bound")
    return [oracle.ask(f"expect({actor})") for actor in scenario.actors]


@pytest.mark.parametrize("policy", ["status_quo", "grateful"])
def test_a_posture_is_worth_what_brute_force_says(tmp_path: Path, policy: str) -> None:
    made_run = made(tmp_path, CRISIS)
    found = postures(made_run, policy)
    assert not isinstance(found, str)
    assert len(found.orders) == 6 and len(found.taken) == 27 and found.worth.shape == (3, 27, 3)
    for w in range(3):
        world = {name: float(draw[w]) for name, draw in made_run.draws.items()}
        for p in range(0, 27, 2):
            expected = by_brute_force(made_run.scenario, world, policy, list(zip(found.orders, found.taken[p])))
            assert found.worth[w, p] == pytest.approx(expected, abs=1e-9), (policy, w, p)
    given = [order.label for order, on in zip(found.orders, found.taken[found.start]) if on]
    assert given == (["press.hold"] if policy == "grateful" else [])


def test_the_start_is_the_policy_itself(tmp_path: Path) -> None:
    made_run = made(tmp_path, CRISIS)
    for policy in ("status_quo", "grateful"):
        found = postures(made_run, policy)
        assert not isinstance(found, str)
        expected = [made_run.ask("expect", actor, under=policy).values[0] for actor in made_run.scenario.actors]
        assert pytest.approx(np.array(expected), abs=1e-9) == found.worth[:, found.start].T


def test_the_chain_store_by_hand(tmp_path: Path) -> None:
    found = look("stability", made(tmp_path, CHAIN_STORE))
    # An order to share changes nothing, whatever else is ordered, and is left out.
    assert found["order"].values.tolist() == ["entry.out", "entry.enter", "reply.fight"]
    worth = {str(p): tuple(found["worth"].values[0, i]) for i, p in enumerate(found["posture"].values)}
    assert worth == {"NNN": (1, 1), "YNN": (0, 2), "NYN": (1, 1), "NNY": (0, 2), "YNY": (0, 2), "NYY": (-1, -1)}

    def lasting(concept: str) -> set[str]:
        return {str(p) for p in found["posture"].values[found["lasts"].sel(concept=concept).values]}

    # Whoever binds itself first has its way: the incumbent by a threat that need not be carried out, the entrant by
    # coming in whatever is threatened. That the incumbent would fight deters only those who take any answer to be
    # possible.
    assert lasting("nash") == lasting("seq") == {"NNY", "YNY", "NYN"}
    assert lasting("gmr") == lasting("smr") == {"NNN", "YNN", "NNY", "YNY", "NYN"}
    assert found["lasts_share"].sel(concept="nash", posture="NNY").item() == pytest.approx(1)
    assert found.attrs["start"] == "NNN"
    assert found["temptation"].values.tolist() == [0, 1]
    assert found["price"].values.tolist() == [[0, 1], [0, 1]]
    assert found["moves"].sel(posture="NNY").item() == 1
    assert found.attrs["paths"]["NNY"] == [["incumbent", "NNY"]]
    assert found.attrs["broken_by"]["nash"] == [["incumbent"]]
    (incumbent,) = (need for need in found.attrs["inverse"]["nash"] if need["mover"] == "incumbent")
    assert incumbent["unmet"] == [[["NNY"]]] and not incumbent["met"]
    tough = look("stability", made(tmp_path, CHAIN_STORE), "tough")
    assert tough.attrs["start"] == "NNY" and tough["price"].values.tolist() == [[0, 0], [0, 0]]


def test_stability_in_every_world_follows_the_definitions(tmp_path: Path) -> None:
    """Nash and sequential stability of every posture in every world, by their definitions."""
    found = look("stability", made(tmp_path, CRISIS))
    force, worth = found["in_force"].values, found["worth"].values
    giver = found["order_actor"].values
    movers = [str(m) for m in found["mover"].values]
    columns = [list(found["actor"].values).index(m) for m in movers]
    count = len(force)
    near = {
        m: [[q for q in range(count) if q != p and (force[p] == force[q])[giver != m].all()] for p in range(count)]
        for m in movers
    }
    share = {"nash": np.zeros((count, len(movers))), "seq": np.zeros((count, len(movers)))}
    for w, weight in enumerate(found["weight"].values):
        value = {m: worth[w, :, c] for m, c in zip(movers, columns)}

        def better(m: str, p: int, value: dict = value) -> list[int]:
            return [q for q in near[m][p] if value[m][q] > value[m][p] + 1e-9]

        for (i, m), p in itertools.product(enumerate(movers), range(count)):
            seen: set[int] = set()
            stays = True
            for first in better(m, p):
                seen, front = set(), [first]
                while front:
                    here = front.pop()
                    fresh = {q for o in movers if o != m for q in better(o, here)} - seen
                    seen |= fresh
                    front += fresh
                stays &= any(value[m][q] <= value[m][p] + 1e-9 for q in seen)
            share["nash"][p, i] += weight * (not better(m, p))
            share["seq"][p, i] += weight * stays
    for concept, expected in share.items():
        assert found["stable_share"].sel(concept=concept).values == pytest.approx(expected)
    assert 0 < share["nash"].mean() < share["seq"].mean() < 1


def test_a_scenario_without_choices_says_so(tmp_path: Path) -> None:
    idle = (
        "actors: {a: {}}\nstate: {x: {levels: [p, q], start: p}}\nturn:\n  - {id: only, decide: a, actions: {do: {}}}\n"
    )
    made_run = made(tmp_path, idle)
    found = look("stability", made_run)
    section = lens_section(RunView(made_run), found)
    assert "more than one thing to do" in section.sentences[0] and not section.figures
    json.dumps(section_json(section, found), allow_nan=False)
    empty = idle.replace("actions: {do: {}}", "actions: {do: {}, wait: {}}")
    assert "changes what anybody can expect" in look("stability", made(tmp_path, empty)).attrs["undefined"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, xr.Dataset]:
    made_run = made(tmp_path_factory.mktemp("shown"), CRISIS, 8)
    return made_run, look("stability", made_run)


def test_the_section_says_what_was_computed(shown: tuple[Run, xr.Dataset]) -> None:
    made_run, found = shown
    section = lens_section(RunView(made_run), found)
    assert section.id == "stability" and len(section.sentences) == 2 and len(section.figures) == 1
    share = found["lasts_share"].sel(concept="seq")
    start = float(share.sel(posture=found.attrs["start"]))
    assert "27 postures" in section.sentences[0] and f"{max(share.values):.0%}" in section.sentences[0]
    assert f"{start:.0%}" in section.sentences[1] or f"{start:.1%}" in section.sentences[1]
    assert str(int(found["lasts"].sel(concept="seq").sum())) in section.sentences[0]
    drawing = str(section.figures[0].drawing)
    assert drawing.startswith("<svg") and "no standing order" in drawing
    assert drawing.count("<title>") == drawing.count("</title>") > 1
    for table in section.tables:
        assert all(len(row) == len(table.columns) for row in table.rows) and table.rows
    text = json.dumps(section_json(section, found), allow_nan=False)
    assert json.loads(text)["data"]["worth"]["dims"] == ["world", "posture", "actor"]


def test_the_postures_are_written_as_a_conflict(shown: tuple[Run, xr.Dataset], tmp_path: Path) -> None:
    found = shown[1]
    save_conflict(conflict(found), tmp_path / "postures.gmcr")
    again = analyse(load_conflict(tmp_path / "postures.gmcr"))
    assert again.players == ("rival", "patron", "ally")
    for concept in found["concept"].values:
        assert again.labels(concept) == sorted(map(str, found["posture"].values[found["lasts"].sel(concept=concept)]))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_textbook_cases(case: Path) -> None:
    made_run = run(load(str(case)), worlds=4, judge=False)
    for policy in {made_run.scenario.factual_policy, made_run.policies[-1]}:
        found = look("stability", made_run, policy)
        section = lens_section(RunView(made_run), found)
        assert len(section.sentences) == 2 and all(text.endswith(".") for text in section.sentences)
        json.dumps(section_json(section, found), allow_nan=False)
        # What comes first in one order of the concepts holds in every world: Nash implies all but simultaneous.
        share = found["stable_share"]
        for weaker in ("seq", "smr", "gmr"):
            assert (share.sel(concept=weaker) >= share.sel(concept="nash") - 1e-12).all()
        assert (share.sel(concept="gmr") >= share.sel(concept="seq") - 1e-12).all()


def test_orders_of_one_phase_exclude_each_other_and_worths_rank() -> None:
    orders = [StandingOrder("a", "p", "x"), StandingOrder("a", "p", "y"), StandingOrder("b", "q", "z")]
    worth = np.array([[0, 1], [2, 1], [0, 3], [1, 0], [1, 2], [0, 0.0]])
    made_conflict = conflict_of(orders, worth, ["a", "b"])
    assert len(made_conflict.infeasibles) == 1
    assert made_conflict.decision_makers[0].ranking == ((2,), (4, 5), (1, 3, 6))
    assert made_conflict.decision_makers[1].ranking == ((3,), (5,), (1, 2), (4, 6))


def test_an_order_scores_by_what_it_brings_and_what_it_moves_by_hand(tmp_path: Path) -> None:
    """The chain store, orders one at a time: worths of none (1, 1), out (0, 2), enter (1, 1), share (1, 1), fight (0, 2)."""
    found = look("stability", made(tmp_path, CHAIN_STORE))
    assert found["tried"].values.tolist() == ["entry.out", "entry.enter", "reply.share", "reply.fight"]
    assert found["gain"].values.tolist() == [-1, 0, 0, 1]
    # Each actor's worth moves by 1 at most: shares are the numbers themselves; own part and the mean of the others'.
    assert found["score"].values.tolist() == [-1 + 1, 0, 0, 1 + 1]


def test_postures_are_all_possible_combinations(tmp_path: Path) -> None:
    """One order a phase or none, the start first of them, none twice; orders that move nothing are in none."""
    found = postures(made(tmp_path, CRISIS), "status_quo")
    assert not isinstance(found, str)
    phases = [order.phase for order in found.orders]
    for phase in set(phases):
        assert found.taken[:, [p == phase for p in phases]].sum(axis=1).max() == 1
    assert len({tuple(row) for row in found.taken.tolist()}) == len(found.taken) == 3**3
    assert not found.taken[found.start].any()
    assert [order.actor for order in found.orders] == sorted(
        (order.actor for order in found.orders), key=["rival", "patron", "ally"].index
    )


def test_switches_never_bear_a_name_of_the_scenario(tmp_path: Path) -> None:
    board = Switchboard(
        made(tmp_path, CRISIS.replace("assumptions: {cost", "assumptions: {order_1: 1, cost")), "grateful"
    )
    assert not {*board.switches} & {*board.run.scenario.all_assumptions} and len(board.switches) == 6
    assert [order.label for order in board.orders if order.given] == ["press.hold"]  # the other binding has a condition
    rules = board.scenario.all_policies["posture"].bind
    assert [(rule.phase, rule.do, rule.when) for rule in rules[:2]] == [
        ("thank", "praise", "t == 0"),
        ("press", "hold", board.switches[0]),
    ]


def test_labels_are_written_and_read_back(shown: tuple[Run, xr.Dataset]) -> None:
    found = shown[1]
    orders = labels_along(found, "order", StandingOrder)
    assert [order.label for order in orders] == found["order"].values.tolist()
    again = xr.Dataset(coords=label_coords("order", StandingOrder, orders))
    assert labels_along(again, "order", StandingOrder) == orders
    assert labels_along(xr.Dataset(coords=label_coords("order", StandingOrder, [])), "order", StandingOrder) == []
