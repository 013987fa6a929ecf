"""The textbook scenarios against the closed forms and the numbers that were published for them.

Each test works the answer out from the payoffs with NumPy alone, in every world drawn, and asks
the engine for the same probabilities. ``ask`` is the only place that knows how the engine is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from foedus.arraytypes import Floats
from foedus.scenario.files import LIBRARY
from foedus.scenario.load import load
from foedus.scenario.query import Query, parse_query, parse_reading, queries_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.scenario.tree import evaluate
from foedus.worlds.sample import resolve, sample
from foedus.worlds.simulate import simulate

Worlds = dict[str, Floats]

FILES = sorted((LIBRARY / "textbook").glob("*.yaml"))
NAMES = [path.stem for path in FILES]
WIDTH = 200
CLOSE = 1e-9


def answers(scenario: Scenario, worlds: Worlds, policy: str, queries: list[Query]) -> list[Floats]:
    """The engine's answers [W], one for each query, under a policy."""
    result = simulate(scenario, worlds, policies=[policy], queries=queries)
    return [np.asarray(answer, float) for answer in result.query[policy]]


def ask(scenario: Scenario, worlds: Worlds, policy: str, *texts: str) -> list[Floats]:
    """The engine's answers to written queries."""
    return answers(scenario, worlds, policy, [parse_query(text, query_scope(scenario)) for text in texts])


def reached(event: str) -> str:
    """The query for the probability that an event comes about."""
    return f"prob(eventually({event}))"


def drawn(name: str, n: int = WIDTH, **fixed: Floats | float) -> tuple[Scenario, Worlds, Worlds]:
    """A scenario, worlds drawn for it (some numbers put by hand), and all assumptions in them."""
    scenario = load(name)
    arrays = [np.atleast_1d(np.asarray(value, float)) for value in fixed.values()]
    width = max((len(array) for array in arrays), default=n)
    worlds = sample(scenario, width, seed=11)
    worlds |= {key: np.broadcast_to(array, (width,)).copy() for key, array in zip(fixed, arrays, strict=True)}
    return scenario, worlds, resolve(scenario, worlds)


def logit(gap: Floats, precision: Floats | float = 1.0) -> Floats:
    """The probability of the first of two actions that is better by ``gap``."""
    return 1 / (1 + np.exp(-precision * gap))


def grid(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """All pairs of two axes."""
    first, second = np.meshgrid(a, b)
    return first.ravel(), second.ravel()


def agree(found: list[Floats], expected: list[Floats]) -> None:
    """All probabilities agree in every world."""
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, np.asarray(want, float), atol=CLOSE, rtol=0)


def varied(*outcomes: Floats) -> None:
    """The worlds drawn show both sides of a threshold: else the test would prove little."""
    for outcome in outcomes:
        assert 0.02 < np.mean(np.asarray(outcome, float)) < 0.98


# --- every case --------------------------------------------------------------------------


def test_nine_cases_are_shipped() -> None:
    assert len(NAMES) == 9


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_short_and_sourced(path: Path) -> None:
    """Under 80 lines; every number says why, every claim cites a source that is listed."""
    scenario = load(path)
    assert len(path.read_text(encoding="utf-8").splitlines()) < 80
    assert scenario.claims and all(number.why for number in scenario.assumptions.values())
    for claim in scenario.claims.values():
        assert claim.evidence and {item.source for item in claim.evidence} <= set(scenario.sources)


@pytest.mark.parametrize("name", NAMES)
def test_statements_hold_where_they_are_said_to(name: str) -> None:
    """Every reading that states a region is true in all worlds, and only bare statements may fail."""
    scenario, worlds, values = drawn(name)
    for key, claim in scenario.claims.items():
        for label, reading in claim.readings.items():
            share = reading_share(scenario, worlds, values, reading.holds)
            if (name, label) in PARTIAL:
                assert 0.02 < share < 0.98, (key, label)
            else:
                assert share == 1, (key, label)


PARTIAL = {
    ("signorino-deterrence", "everywhere"),
    ("asymmetric-deterrence", "deterred"),
    ("brinkmanship-cuba", "made"),
    ("deterrence-through-moral-hazard", "lowers_attack"),
    ("extended-deterrence-realign", "decides"),
    ("patron-chooses-text", "emboldened"),
    ("patron-chooses-text", "invited"),
    ("patron-chooses-text", "chosen"),
}


def reading_share(scenario: Scenario, worlds: Worlds, values: Worlds, text: str) -> float:
    """The share of worlds in which a reading of a claim is true."""
    tree = parse_reading(text, query_scope(scenario))
    known: dict[str | Query, Floats] = dict(values)
    for query in queries_of(tree):
        known[query] = answers(scenario, worlds, query.under or scenario.factual_policy, [query])[0]
    return float(np.mean(evaluate(tree, {}, known) != 0))  # type: ignore[arg-type]


# --- Signorino ---------------------------------------------------------------------------


def test_signorino_published_numbers() -> None:
    scenario, worlds, _ = drawn("signorino-deterrence", n=1)
    outcomes = [f"prob(outcome == {outcome}, at=0)" for outcome in ("stays", "yields", "fights")]
    stays, yields, fights = ask(scenario, worlds, "published", *outcomes)
    # The published utilities are themselves rounded to six places.
    np.testing.assert_allclose([stays[0], yields[0], fights[0]], [0.569890, 0.158939, 0.271171], atol=1e-6, rtol=0)


def test_signorino_closed_form() -> None:
    scenario, worlds, v = drawn("signorino-deterrence")
    fight = logit(v["u24"], 0.5**0.5)
    escalate = logit(fight * v["u14"] - v["u11"], 0.5**0.5)
    found = ask(scenario, worlds, "status_quo", reached("outcome == yields"), reached("outcome == fights"))
    agree(found, [escalate * (1 - fight), escalate * fight])


# --- Zagare and Kilgour, asymmetric ------------------------------------------------------


def test_asymmetric_deterrence_threshold() -> None:
    scenario, worlds, v = drawn("asymmetric-deterrence")
    demand = v["p_hard"] < (v["c_dc"] - v["c_sq"]) / (v["c_dc"] - v["c_cf"])
    varied(demand)
    found = ask(scenario, worlds, "status_quo", reached("outcome == demand"), reached("outcome == conflict"))
    agree(found, [demand, demand * v["p_hard"]])


def test_asymmetric_deterrence_at_the_threshold() -> None:
    """At p = (1 - 0) / (1 + 3) the challenger is indifferent; a hair to either side it is not."""
    p = np.array([0.25 - 1e-6, 0.25, 0.25 + 1e-6])
    scenario, worlds, _ = drawn("asymmetric-deterrence", p_hard=p, c_sq=0, c_dc=1, c_cf=-3)
    agree(ask(scenario, worlds, "status_quo", reached("outcome == demand")), [np.array([1, 0.5, 0])])


# --- Dixit and Skeath --------------------------------------------------------------------


def cuba(policy: str = "status_quo") -> tuple[Scenario, Worlds, Floats, Floats]:
    """The game on a grid of p and q that straddles every threshold."""
    near = np.array([3 / 11, 5 / 13])
    p = np.concatenate([np.linspace(0.013, 0.97, 18), near - 1e-4, near + 1e-4])
    q = np.concatenate([np.linspace(0.011, 0.98, 18), [0.6 - 1e-4, 0.6 + 1e-4]])
    p, q = grid(p, q)
    scenario, worlds, _ = drawn("brinkmanship-cuba", p=p, q=q)
    return scenario, worlds, p, q


def test_brinkmanship_when_it_works() -> None:
    """A soft opponent withdraws for q > .6, a hard one never."""
    scenario, worlds, p, q = cuba()
    effective = q > 0.6
    found = ask(scenario, worlds, "threat_made", reached("outcome == withdrawn"), reached("outcome == disaster"))
    agree(found, [effective * (1 - p), q * np.where(effective, p, 1)])


def test_brinkmanship_when_it_is_worth_making() -> None:
    """For .6 < q < .375 (1 - p) / p; then it ends in disaster with probability p q."""
    scenario, worlds, p, q = cuba()
    made = (q > 0.6) & (q < 0.375 * (1 - p) / p)
    varied(made)
    queries = (reached("outcome == threatened"), reached("outcome == disaster"))
    agree(ask(scenario, worlds, "status_quo", *queries), [made, made * p * q])


def test_brinkmanship_sure_and_smallest_threat() -> None:
    """The sure threat only for p < 3/11; with the smallest that works, and so with any, for p < 5/13."""
    scenario, worlds, p, _ = cuba()
    agree(ask(scenario, worlds, "sure_threat", reached("outcome == threatened")), [p < 3 / 11])
    agree(ask(scenario, worlds, "least_threat", reached("outcome == threatened")), [p < 5 / 13])


# --- Porcellacchia and Stanca ------------------------------------------------------------


@pytest.mark.parametrize("policy", ["status_quo", "averse", "clear"])
def test_strategic_ambiguity(policy: str) -> None:
    scenario, worlds, v = drawn("strategic-ambiguity")
    doubt = {"status_quo": v["doubt"], "averse": 1.0, "clear": 0.0}[policy]
    low, high = v["promise"] * (1 - doubt), v["promise"] + (1 - v["promise"]) * doubt
    fear = {side: np.ones(WIDTH) if policy == "averse" else v[f"{side}.ambiguity"] for side in ("rival", "protege")}
    rival = fear["rival"] * high + (1 - fear["rival"]) * low
    protege = fear["protege"] * low + (1 - fear["protege"]) * high
    attacked = rival < v["prize"] / (v["prize"] + v["defeat"])
    declared = np.where(attacked, protege > 0, protege > v["ruin"] / (v["dream"] + v["ruin"]))
    # Where the protege counts on no defence at all, being attacked is the same to it with or without a declaration.
    declared = np.where(attacked & (protege == 0), 0.5, declared)
    war = np.where(attacked, 1, declared)
    queries = (reached("declared == yes"), reached("war >= attack"), reached("war == met"))
    agree(ask(scenario, worlds, policy, *queries), [declared, war, war * v["promise"]])


def test_ambiguity_does_what_no_clear_promise_can() -> None:
    """prize/(prize+defeat) = 3/4 > ruin/(dream+ruin) = 1/4: each clear promise fails, full ambiguity does not."""
    promise = np.linspace(0.005, 0.995, 50)
    scenario, worlds, _ = drawn("strategic-ambiguity", promise=promise, prize=1.5, defeat=0.5, ruin=0.5, dream=1.5)
    agree(ask(scenario, worlds, "clear", reached("war >= attack")), [np.ones(50)])
    agree(ask(scenario, worlds, "averse", reached("war >= attack")), [np.zeros(50)])


def test_ends_of_the_interval() -> None:
    """With full aversion and nothing excluded, the rival acts as under sure defence, the protege as under none."""
    scenario, worlds, _ = drawn("strategic-ambiguity")
    meek = worlds | {"dream": np.full(WIDTH, -1.0)}  # a protege that never declares, to see the rival alone
    calm = worlds | {"prize": np.full(WIDTH, -1.0)}  # a rival that only answers a declaration, to see the protege alone
    for other, query, end in ((meek, "rate(strike.attack)", 1.0), (calm, "rate(declare.declare)", 0.0)):
        sure = ask(scenario, other | {"promise": np.full(WIDTH, end)}, "clear", query)
        against = ask(scenario, other | {"promise": np.full(WIDTH, 1 - end)}, "clear", query)
        agree(ask(scenario, other, "averse", query), sure)
        assert np.all(np.abs(sure[0] - against[0]) == 1)


# --- Fearon ------------------------------------------------------------------------------


def test_tied_hands_and_sunk_costs() -> None:
    scenario, worlds, v = drawn("tied-hands-sunk-costs")
    p, binds = v["p_resolute"], v["price"] > v["dread"]
    worth = (1 - p) * v["stake"] - p * v["dread"]
    ties = binds & (worth > 0)
    varied(ties, binds)
    queries = ("rate(signal_sent.tie)", "rate(signal_sent.sink)", reached("outcome == war"), "expect(defender)")
    agree(ask(scenario, worlds, "status_quo", *queries), [ties, 0 * p, ties * p, ties * worth])
    challenged, war = ask(scenario, worlds, "tied", reached("outcome == challenged"), reached("outcome == war"))
    agree([challenged, war], [np.where(binds, p, 1), np.where(binds, p, 0)])
    agree(ask(scenario, worlds, "sunk", reached("outcome == challenged"), "expect(defender)"), [1 + 0 * p, -v["price"]])


# --- Zagare and Kilgour, extended --------------------------------------------------------


def test_extended_deterrence() -> None:
    scenario, worlds, v = drawn("extended-deterrence-realign", n=400)
    presses, leaves = v["c_war"] > v["c_humbled"], v["p_realign"] > v["p_alone"]
    upheld = np.where(presses, v["d_war"], v["d_upheld"])
    supports = upheld > np.where(leaves, v["d_realign"], v["d_alone"])
    unsupported = np.maximum(v["p_realign"], v["p_alone"])
    holds = np.where(supports, np.where(presses, v["p_war"], v["p_upheld"]), unsupported) > v["p_concede"]
    supported = np.maximum(v["c_war"], v["c_humbled"])
    demands = np.where(holds & supports, supported, v["c_gain"]) > 0
    varied(supports, holds, demands)
    firm = demands & holds
    events = {
        "conceded": demands & ~holds,
        "war": firm & supports & presses,
        "upheld": firm & supports & ~presses,
        "alone": firm & ~supports & ~leaves,
        "realigned": firm & ~supports & leaves,
    }
    queries = [reached(f"outcome == {event}") for event in ("demanded", *events)]
    agree(ask(scenario, worlds, "status_quo", *queries), [demands, *events.values()])


# --- Snyder ------------------------------------------------------------------------------


def embrace(v: Mapping[str, Floats], strong: bool) -> dict[str, Floats]:
    """What follows a pledge, worked out by hand: the ally's stance, war joined, the patron's value."""
    keen = v["patron.precision"]
    broken = v["honour"] if strong else 0 * v["honour"]
    join = logit(broken - v["burden"], keen)
    war_ally = -join * v["helped"] - (1 - join) * v["alone"]
    war_patron = -join * v["burden"] - (1 - join) * broken
    worth = np.array(
        [v["outside"], v["w_moderate"] * war_ally, v["w_firm"] * war_ally + (1 - v["w_firm"]) * v["spoils"]]
    )
    weight = np.exp(v["ally.precision"] * (worth - worth.max(axis=0)))
    leave, moderate, firm = weight / weight.sum(axis=0)
    war = moderate * v["w_moderate"] + firm * v["w_firm"]
    return {"left": leave, "firm": firm, "joined": war * join, "patron": -leave * v["bereft"] + war * war_patron}


def test_entrapment_and_abandonment() -> None:
    scenario, worlds, v = drawn("entrapment-abandonment")
    weak, strong = embrace(v, False), embrace(v, True)
    queries = (reached("stance == left"), reached("stance == firm"), reached("war == joined"), "expect(patron)")
    for policy, expected in (("weak", weak), ("strong", strong)):
        agree(ask(scenario, worlds, policy, *queries), list(expected.values()))
    chosen = logit(strong["patron"] - weak["patron"], v["patron.precision"])
    varied(chosen > 0.5)
    agree(ask(scenario, worlds, "status_quo", "rate(pledges.strong)"), [chosen])
    assert np.all(strong["left"] < weak["left"]) and np.all(strong["joined"] > weak["joined"])


# --- Benson, Meirowitz and Ramsay --------------------------------------------------------


def test_deterrence_through_moral_hazard() -> None:
    scenario, worlds, v = drawn("deterrence-through-moral-hazard")
    line = v["gain"] / (v["gain"] + v["loss"])
    bare, armed = v["p_eager"], v["p_eager"] + v["p_needy"]
    strikes = {"bare": bare < line, "armed": armed < line}
    varied(strikes["bare"] & ~strikes["armed"], strikes["armed"])
    for policy, fights in (("bare", bare), ("armed", armed)):
        found = ask(scenario, worlds, policy, reached("outcome == attacked"), reached("outcome == war"))
        agree(found, [strikes[policy], strikes[policy] * fights])
    none = -1.0 * strikes["bare"] * (1 - bare) * v["setback"]
    arm = -1.0 * strikes["armed"] * ((1 - armed) * v["setback"] + armed * v["bill"])
    chosen = np.where(none == arm, 0.5, arm > none)
    agree(ask(scenario, worlds, "status_quo", "rate(support.arm)"), [chosen])


# --- Benson ------------------------------------------------------------------------------


def written(v: Mapping[str, Floats], text: str) -> dict[str, Floats]:
    """What follows a text, worked out by hand: provocation, raid, invasion, the patron's value."""
    sizes = np.array([[1.0], [2.0]])
    vague = logit((sizes - v["line"]) / v["blur"])
    met = {"none": 0 * vague, "vague": vague, "explicit": 0 * vague + 1}[text]
    spoils = np.array([v["loot"], v["land"]])
    harm = np.array([v["harm"] / 3, v["harm"]])
    shame = np.array([v["shame"] / 3, v["shame"]])
    strike = (1 - met) * spoils - met * v["defeat"]
    outcomes = []
    for provoked in (0, 1):
        worth = np.array([-v["insult"] * provoked, *strike])
        best = np.isclose(worth, worth.max(axis=0), rtol=1e-12, atol=0)
        play = best / best.sum(axis=0)  # where any attack is met, a raid and an invasion are the same
        suffered = (1 - met) * harm * (1 + provoked) + met * v["damage"]
        patron = (1 - met) * shame + met * v["war_cost"]
        protege = v["glory"] * provoked - (play[1:] * suffered).sum(axis=0)
        outcomes.append((play, protege, -(play[1:] * patron).sum(axis=0)))
    provokes = outcomes[1][1] > outcomes[0][1]
    play, patron = (np.where(provokes, outcomes[1][i], outcomes[0][i]) for i in (0, 2))
    return {"provokes": provokes, "raid": play[1], "invade": play[2], "patron": patron}


def test_patron_chooses_text() -> None:
    scenario, worlds, v = drawn("patron-chooses-text", n=400)
    queries = ("rate(provoke.provoke)", "rate(strike.raid)", "rate(strike.invade)", "expect(patron)")
    by_text = {text: written(v, text) for text in ("none", "vague", "explicit")}
    for text, expected in by_text.items():
        agree(ask(scenario, worlds, text, *queries), list(expected.values()))
    worth = np.array([by_text[text]["patron"] for text in by_text])
    best = np.isclose(worth, worth.max(axis=0), rtol=1e-12, atol=0)
    share = best / best.sum(axis=0)
    varied(share[1] > 0.5, by_text["explicit"]["provokes"])
    agree(ask(scenario, worlds, "status_quo", *(f"rate(write.{text})" for text in by_text)), list(share))
