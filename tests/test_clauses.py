"""When a commitment's clause is read: at the answer it calls for, on a rise of severity or each time."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine_adapter import play
from foedus.scenario.check import check
from foedus.scenario.schema import Scenario
from oracle import Oracle, settle

APPLIES = "prob(eventually(pact.applies == yes))"


def answers(scenario: Scenario, *queries: str, policy: str = "status_quo") -> list[float]:
    """The engine's answers in the scenario's only world, after a look at the oracle's."""
    world = settle(scenario, {}, {})
    found = play(scenario, [world], queries).query[policy][:, 0]
    oracle = Oracle(scenario, world, policy)
    assert found == pytest.approx([oracle.ask(query) for query in queries], rel=1e-10, abs=1e-12, nan_ok=True)
    return found.tolist()


def woken(read: str, first: int = 1) -> Scenario:
    """The rival raids in the first of two months and stays; the patron is asked for its answer from the ``first`` on."""
    switch = {"levels": ["no_", "yes_"], "start": "no_"}
    return Scenario.model_validate(
        {
            "horizon": {"periods": 2, "beyond": 0},
            "actors": {"riv": {}, "pat": {"precision": 2}},
            "state": {"ten": {"levels": ["calm", "raid"], "start": "calm"}, "alert": switch},
            "objectives": {"pat": {"word": 1}},
            "turn": [
                {"id": "wake", "at": first, "chance": [{"prob": 1, "then": {"alert": "yes_"}}]},
                {"id": "climb", "decide": "riv", "actions": {"up": {"then": {"ten": "raid"}}}},
                {"id": "answer", "decide": "pat", "when": "alert == yes_", "actions": {"nothing": {}, "fight": {}}},
            ],
            "commitments": {"pact": pact("ten", "raid", read)},
        }
    )


def pact(severity: str, threshold: Any, read: str = "on_rise", **more: Any) -> dict[str, Any]:
    return {
        "from": "pat",
        "to": "riv",
        "attach": "answer",
        "order": ["nothing", "fight"],
        "expected": "fight",
        "trigger": {"severity": severity, "threshold": threshold, "read": read, **more},
        "reneging": {"objective": "word", "cost": 5},
    }


@pytest.mark.parametrize("read", ["on_rise", "always"])
def test_a_clause_is_not_used_up_where_nobody_is_asked(read: str) -> None:
    fight, first, applies = answers(woken(read), "share(answer.fight)", "prob(pact.applies == yes, at=0)", APPLIES)
    assert fight == pytest.approx(1 / (1 + math.exp(-2 * 5)))  # 0.99995
    assert (first, applies) == pytest.approx((0, 1))
    twice = (fight + (0.5 if read == "on_rise" else fight)) / 2
    assert answers(woken(read, first=0), "share(answer.fight)") == pytest.approx([twice])


def course(severities: str, order: list[str], **parts: Any) -> Scenario:
    """Severity moves as told, a digit a month, by the phases ``up``; ``dip`` takes it to 0."""
    sure = {"prob": 1, "then": {"ten": "l0"}}
    phases: dict[str, list[dict[str, Any]]] = {
        "up": [
            {"id": f"up{t}", "at": t, "chance": [{"prob": 1, "then": {"ten": f"l{digit}"}}]}
            for t, digit in enumerate(severities)
        ],
        "dip": [{"id": "dip", "chance": [sure]}],
        "answer": [{"id": "answer", "decide": "pat", "actions": {"nothing": {}, "fight": {}}}],
    }
    raw: dict[str, Any] = {
        "horizon": {"periods": len(severities), "beyond": 0},
        "actors": {"riv": {}, "pat": {}},
        "state": {"ten": {"levels": ["l0", "l1", "l2"], "start": "l0"}},
        "objectives": {"pat": {"word": 1}},
        "turn": [phase for name in order for phase in phases[name]],
        "commitments": {"pact": pact("ten", 1)},
    }
    return Scenario.model_validate(raw | parts)


def read_in(scenario: Scenario) -> str:
    """The months in which the clause is read as applying (its line is bright)."""
    months = range(scenario.horizon.periods)
    found = answers(scenario, *(f"prob(pact.applies == yes, at={t})" for t in months))
    return "".join(str(t) for t in months if round(found[t], 9) == 1)


@pytest.mark.parametrize(
    ("severities", "turn", "months"),
    [
        ("1111", ["up", "answer"], "0"),  # a lasting crisis is read once
        ("1121", ["up", "answer"], "02"),  # and again when it gets worse
        ("1010", ["up", "answer"], "02"),  # a new crisis is read anew
        ("0110", ["answer", "up"], "2"),  # the answer comes before the rise: the next one reads it,
        ("0110", ["dip", "answer", "up"], ""),  # unless severity has fallen by then
        ("1111", ["up", "answer", "dip"], "0123"),  # it falls before the month ends: each month is a rise
        ("1111", ["dip", "up", "answer"], "0"),  # a dip within a month is no new crisis
    ],
)
def test_months_in_which_a_rise_is_read(severities: str, turn: list[str], months: str) -> None:
    assert read_in(course(severities, turn)) == months


def test_a_start_at_a_raised_severity_counts_as_its_rise() -> None:
    quiet = course("111", ["answer"])
    assert read_in(quiet) == ""
    raised = course("111", ["answer"], state={"ten": {"levels": ["l0", "l1", "l2"], "start": "l1"}})
    assert read_in(raised) == "0"
    asked = [APPLIES, "share(answer.fight)", "share(answer.fight, during=(1, 2))"]
    from_there = answers(quiet, *(f"{query[:-1]}, from_='ten == l1')" for query in asked))
    assert from_there == pytest.approx(answers(raised, *asked), abs=1e-12)


def test_severity_that_falls_back_with_the_month_counts_as_a_rise_from_its_home() -> None:
    """The severity is scratch, and its home is not its lowest level: that is read at the first answer, and not again."""
    state = {"ten": {"levels": ["l0", "l1", "l2"], "start": "l1", "within": "period"}}
    assert read_in(course("111", ["answer"], state=state)) == "0"
    assert read_in(course("121", ["up", "answer"], state=state)) == "01"
    assert read_in(course("222", ["up", "answer"], state=state)) == "012"


@pytest.mark.parametrize(
    ("level", "read", "applies", "decided"),
    [
        ("yes", "on_rise", 0.5, 0.5),  # read once, asked once if it applies
        ("yes", "always", 0.75, 1),
        ("no", "on_rise", 0.5, 1.5),  # not asked in the first month where it applies, asked in the second
        ("no", "always", 0.75, 1),
    ],
)
def test_a_guard_that_asks_whether_the_clause_applies(level: str, read: str, applies: float, decided: float) -> None:
    """The clause (odds 1/2, two months) is read where some outcome has the phase take place, and that counts."""
    when = f"pact.applies == {level}"
    turn = [
        {"id": "up", "at": 0, "chance": [{"prob": 1, "then": {"ten": "l1"}}]},
        {"id": "answer", "decide": "pat", "when": when, "actions": {"nothing": {}, "fight": {}}},
    ]
    scenario = course("00", [], turn=turn, commitments={"pact": pact("ten", 1, read, vagueness=1)})
    found = answers(scenario, APPLIES, "rate(answer.nothing)", "rate(answer.fight)")
    assert (found[0], 2 * (found[1] + found[2])) == pytest.approx((applies, decided))


def test_a_policy_that_keeps_the_answer_from_being_asked() -> None:
    """Nothing applies where no answer is asked for; a bound answer is one."""
    parts = {
        "assumptions": {"asks": 1},
        "turn": [
            {"id": "up", "chance": [{"prob": 1, "then": {"ten": "l1"}}]},
            {"id": "answer", "decide": "pat", "when": "asks", "actions": {"nothing": {}, "fight": {}}},
        ],
        "policies": {
            "status_quo": {},
            "silent": {"set": {"asks": 0}},
            "bound": {"bind": [{"phase": "answer", "do": "nothing"}]},
        },
    }
    scenario = course("11", [], **parts)
    assert answers(scenario, APPLIES) == [1]
    assert answers(scenario, APPLIES, policy="silent") == [0]
    assert answers(scenario, APPLIES, "share(answer.nothing)", policy="bound") == [1, 1]


def test_a_guard_asks_of_few_clauses() -> None:
    when = " or ".join(f"c{i}.applies" for i in range(9))
    turn = [{"id": "answer", "decide": "pat", "when": when, "actions": {"nothing": {}, "fight": {}}}]
    scenario = course("00", [], turn=turn, commitments={f"c{i}": pact("ten", 1) for i in range(9)})
    told = [problem for problem in check(scenario) if problem.severity == "error"]
    assert [problem.path for problem in told] == [("turn", 0, "when")] and "9 clauses" in told[0].reason
