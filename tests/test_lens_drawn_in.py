"""Fulfilment, entanglement, entrapment and abandonment: by hand in one call, and path by path with a second implementation."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from foedus.lenses.commitment.drawn_in import Answered, answers
from foedus.scenario.schema import Scenario
from oracle import Oracle
from test_lens_commitment import HAND, by_hand


def counted(text: str, commitment: str = "pledge", policy: str = "status_quo") -> dict[str, float]:
    scenario = Scenario.from_yaml(text)
    draws = {
        name: np.array([float(a.value)]) for name, a in scenario.assumptions.items() if not isinstance(a.value, str)
    }
    return dict(zip(map(str, Answered), map(float, answers(scenario, commitment, policy, draws)[0]), strict=True))


# --- by hand ----------------------------------------------------------------------------------

FREE, WORD = (math.exp(-1.2) / (math.exp(-1.2) + math.exp(-2 * cost)) for cost in (0.0, 0.8))  # how often it fights
ODDS = 1 / (1 + math.exp(-0.3 / 0.4))  # that the clause applies
RIVAL = HAND.replace("ally: {precision: 1.5}}", "ally: {precision: 1.5}, rival: {}}").replace(
    "decide: ally, actions: {hold: {base: 2}, push: {pays: {ally: gain}",
    "decide: rival, actions: {hold: {base: 2}, push: {pays: {rival: gain}",
)


def test_an_ally_that_starts_it_entraps() -> None:
    """A fight costs the patron 0.6 and staying out nothing, so that it would rather not. Under the clause it fights
    in 60% of calls, with nothing to lose by breaking its word in 23%: the 37 points between are entrapment, since the ally
    pushed."""
    push = by_hand()["occasions"]
    got = counted(HAND)
    assert got == pytest.approx(
        {
            "calls": push,
            "started": push,
            "fulfilment": 0.0,
            "entanglement": push * ODDS * (WORD - FREE),
            "entrapment": push * ODDS * (WORD - FREE),
            "breach": push * ODDS * (1 - WORD),
            "read_away": 0.0,  # an ally that started it was not attacked
        }
    )
    assert pytest.approx(0.599, abs=0.001) == WORD and pytest.approx(0.368, abs=0.001) == WORD - FREE


def test_an_attack_by_another_entangles_and_a_clause_can_be_read_away() -> None:
    got = counted(RIVAL)
    calls = math.exp(0.5) / (2 + math.exp(0.5))
    assert got["calls"] == pytest.approx(calls) and got["started"] == got["entrapment"] == 0
    assert got["entanglement"] == pytest.approx(calls * ODDS * (WORD - FREE))
    assert got["breach"] == pytest.approx(calls * ODDS * (1 - WORD))
    assert got["read_away"] == pytest.approx(calls * (1 - ODDS) * (1 - FREE))


def test_a_patron_that_wants_to_fight_fulfils() -> None:
    got = counted(RIVAL.replace("patron: -0.6", "patron: 0.6"))
    calls = math.exp(0.5) / (2 + math.exp(0.5))
    fights = math.exp(1.2) / (math.exp(1.2) + math.exp(-1.6))
    assert got["fulfilment"] == pytest.approx(calls * ODDS * fights) and got["entanglement"] == 0


def test_a_bound_patron_is_not_drawn_in_by_its_word() -> None:
    assert counted(RIVAL, policy="kept")["entanglement"] == 0


def test_perfect_play_counts_what_the_word_turns() -> None:
    got = counted("rationality: perfect\n" + RIVAL)  # 0.8 for breaking it is dearer than 0.6 for fighting
    assert got["entanglement"] == pytest.approx(got["calls"] * ODDS) and got["breach"] == 0
    assert got["read_away"] == pytest.approx(got["calls"] * (1 - ODDS))


# --- path by path -----------------------------------------------------------------------------

LASTING = """
horizon: {periods: 2, unit: month, beyond: 1}
actors: {patron: {precision: 2}, ally: {precision: 1.5}, rival: {precision: 1.2}}
assumptions: {line: 0.7, blur: 0.4, price: 0.8, gain: 0.5}
state:
  tension: {levels: [calm, crisis, war], start: calm}
  fired: {levels: [no, yes], start: no, within: period}
objectives: {patron: {word: 1, calm: {value: -0.3 * tension}}, ally: {calm: {value: -0.2 * tension}}, rival: {fear: {value: 0.1 * tension}}}
turn:
  - {id: raid, decide: rival, when: tension == calm, actions: {hold: {}, raid: {base: 0.3, then: {tension: crisis}}}}
  - {id: provoke, decide: ally, when: tension <= crisis, actions: {hold: {base: 2}, push: {pays: {ally: gain}, then: {tension: 'tension + 1'}}}}
  - {id: shot, when: tension == crisis, chance: [{prob: 0.2, then: {fired: yes}}, {prob: rest}]}
  - id: answer
    decide: patron
    when: tension >= crisis
    actions: {drop: {pays: {ally: -1}, then: {tension: calm}}, words: {}, fight: {pays: {patron: -0.4, rival: -0.8}, then: {tension: calm}}}
commitments:
  pledge:
    {from: patron, to: ally, attach: answer, order: [drop, words, fight], expected: words, reneging: {objective: word, cost: price},
     trigger: {severity: tension + fired / 2, threshold: line, vagueness: blur}}
beliefs: {ally: {line: {is: line - 0.6}}}
outcomes: {war: {event: tension == war, label: war}}
"""


def along_paths(text: str) -> dict[str, float]:
    """The same from every path that play can take, one by one, with each answer's worth from the second implementation."""
    scenario = Scenario.from_yaml(text)
    oracle = Oracle(scenario, {})
    k = next(i for i, (_, what) in enumerate(oracle.rungs) if getattr(what, "id", "") == "answer")
    order, expected = scenario.commitments["pledge"].order, 1
    total = dict.fromkeys(map(str, Answered), 0.0)

    def severity(state: dict[str, float]) -> float:
        return state["tension"] + state["fired"] / 2

    @cache
    def answer(t: int, levels: tuple[tuple[str, float], ...]) -> tuple[float, float, float, bool]:
        """How often the patron helps, how often it would if its word cost nothing here, how often it falls short, whether it
        wants to."""
        state = dict(levels)
        game, phase = oracle.own_game("patron"), oracle.rungs[k][1]
        menu = oracle.menu(phase, state, oracle.env(game), t)
        cost = state["pledge.applies"] * oracle.true["price"]
        price = {a: cost * max(expected - order.index(a), 0) for a in menu}
        free = {a: oracle._expected(game, t, k, state, a)["patron"] + price[a] for a in menu}
        usual, anyway = oracle.played(t, k, state), oracle.respond(menu, free, oracle.true["patron.precision"])
        met, met_anyway = (sum(p for a, p in odds.items() if a != "drop") for odds in (usual, anyway))
        return met, met_anyway, usual["drop"], max(free["words"], free["fight"]) >= free["drop"]

    for path in oracle.paths():
        allys, looks, actor = False, [path.items[0][2]], ""
        for item in path.items[1:]:
            if item[0] == "decide":
                actor = str(next(p for p in scenario.turn if p.id == item[2]).decide)
                if item[2] != "answer":
                    continue
                t, state = item[1], looks[-1]
                applied = state["pledge.applies"]
                met, met_anyway, drops, wants = answer(t, tuple(state.items()))
                drawn_in = 0.0 if wants else path.prob * max(met - met_anyway, 0.0)
                was_read = state["pledge.seen"] != looks[-2]["pledge.seen"]
                total["calls"] += path.prob
                total["started"] += path.prob * allys
                total["fulfilment"] += path.prob * applied * wants * met
                total["entanglement"] += drawn_in
                total["entrapment"] += drawn_in * allys
                total["breach"] += path.prob * applied * drops
                total["read_away"] += path.prob * (was_read and not applied and not allys) * drops
            elif item[0] == "act":
                actor = str(next(p for p in scenario.turn if p.id == item[2]).decide)
            elif item[0] == "look":
                before, after = severity(looks[-1]), severity(item[2])
                if after != before:
                    allys = (after > before and actor == "ally") or (allys and before > 0)
                looks, actor = [*looks, item[2]], ""
    return total


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("price: 0.8", "price: 0"),
        ("patron: -0.4", "patron: 0.1"),
        ("is: line - 0.6", "is: line"),
        ("drop: {", "drop: {base: 3, "),
    ],
)
def test_a_longer_game_path_by_path(old: str, new: str) -> None:
    text = LASTING.replace(old, new) if old else LASTING
    got, expected = counted(text), along_paths(text)
    assert got == pytest.approx(expected, abs=1e-12)
    assert 0 < got["started"] < got["calls"] and got["read_away"] > 0
    assert got["entrapment"] <= got["entanglement"] + 1e-15
    assert (got["entanglement"] > 1e-12) == (new in ("", "is: line", "drop: {base: 3, "))
