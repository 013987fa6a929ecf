"""The reference case: that it is whole, says where its numbers come from, and codes events as its docs say."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from foedus.game.compile import compile_game
from foedus.scenario.check import check
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample
from foedus.worlds.simulate import simulate

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "src" / "foedus" / "library"
ARTICLE = ROOT.parent / "shared" / "sources" / "russia-dprk-pact.txt"
PARAGRAPHS = 30  # nonblank lines of the article, headings included
TEXTS = ("library/russia-dprk-pact.yaml", "library/taiwan-strait.yaml", "library/data/russia-dprk-pact-events.csv")


@pytest.fixture(scope="module")
def case() -> Scenario:
    return load("russia-dprk-pact")


@pytest.fixture(scope="module")
def events() -> list[dict[str, str]]:
    with (LIBRARY / "data" / "russia-dprk-pact-events.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["russia-dprk-pact", "taiwan-strait"])
def test_nothing_is_wrong_with_it(name: str) -> None:
    assert [str(problem) for problem in check(load(name))] == []


def test_it_covers_the_months_and_the_states(case: Scenario) -> None:
    assert (case.horizon.periods, case.horizon.calendar.label(0), case.horizon.calendar.label(18)) == (
        19,
        "2024-06",
        "2025-12",
    )
    assert list(case.actors) == ["dprk", "russia", "china", "usa", "rok", "japan"]
    deciding = {phase.decide for phase in case.turn if phase.decide}
    assert deciding == set(case.actors)
    to_moscow = {"china_threat_moscow", "china_assurance_moscow"}
    assert {"pact", "us_guarantee", "china_threat", "china_assurance", "red_lines"} | to_moscow == set(case.commitments)
    assert len(case.policies) >= 24


def test_every_number_says_why(case: Scenario) -> None:
    for name, assumption in case.all_assumptions.items():
        assert assumption.why, name
        assert assumption.evidence, name
    for phase in case.turn:
        for action_id, action in phase.actions.items():
            fixed = isinstance(action.base, (int, float))
            assert not fixed or phase.why or action.why, f"{phase.id}.{action_id} has a bare base rate"


@pytest.mark.parametrize("name", ["russia-dprk-pact", "taiwan-strait"])
def test_numbers_and_claims_have_short_names(name: str) -> None:
    scenario = load(name)
    for key, written in {**scenario.assumptions, **scenario.claims}.items():
        assert 2 <= len(written.label.split()) <= 8 and len(written.label) <= 47, f"{key}: {written.label!r}"
    labels = [written.label for written in scenario.assumptions.values()]
    assert len(set(labels)) == len(labels)


def test_figures_of_history_are_cited_where_they_are_used(case: Scenario) -> None:
    honoured, hazard = case.assumptions["pact_cost"], case.assumptions["hazard"]
    assert all(figure in honoured.why for figure in ("74.5%", "50% over 1816-2003", "22% since 1945", "41%"))
    assert {e.source for e in honoured.evidence} == {"leeds_long_mitchell2000", "berkemeier_fuhrmann2018"}
    assert "249%" in hazard.why
    assert {e.source for e in hazard.evidence} == {"benson2011", "johnson_leeds2011", "narang_mehta2019"}
    literature = case.claims["pact_emboldens"].literature
    assert any("249%" in item for item in literature.support)
    for found in ("Johnson and Leeds 2011", "Narang and Mehta 2019", "18% fewer"):
        assert any(found in item for item in literature.against), found


def test_seventeen_claims_with_paragraph_readings_and_literature(case: Scenario) -> None:
    assert len(case.claims) == 17
    for name, claim in case.claims.items():
        places = [e for e in claim.evidence if e.source == "article"]
        assert places, name
        assert all(isinstance(e.paragraph, int) and 1 <= e.paragraph <= PARAGRAPHS for e in places), name
        assert all(e.quote is None for e in places), name
        assert 1 <= len(claim.readings) <= 3, name
        assert claim.rests_on, name
        assert claim.literature.support, name
        assert claim.literature.against, name


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = _words(text)
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_runs_of_words_are_found() -> None:
    assert _runs("One, two three.", 2) & _runs("and TWO three", 2) == {("two", "three")}


@pytest.mark.skipif(not ARTICLE.exists(), reason="the article is not shipped with the project")
def test_no_sentence_of_the_article_is_in_it() -> None:
    article = _runs(ARTICLE.read_text(encoding="utf-8"), 8)
    files = [ROOT / "src" / "foedus" / name for name in TEXTS] + [ROOT / "docs" / "reference-case.md"]
    for file in files:
        assert not _runs(file.read_text(encoding="utf-8"), 8) & article, file.name


@pytest.mark.skipif(not ARTICLE.exists(), reason="the article is not shipped with the project")
def test_paragraphs_are_counted_as_stated() -> None:
    lines = [line for line in ARTICLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) == PARAGRAPHS


def test_events_have_their_source_and_no_addresses(events: list[dict[str, str]]) -> None:
    assert len(events) > 40
    for row in events:
        assert row["source"] and "://" not in row["source"] and "www." not in row["source"], row
        assert row["coded_as"] and row["verified"] in ("yes", "recall"), row


def test_observations_name_events_of_the_table(case: Scenario, events: list[dict[str, str]]) -> None:
    known = {f"{row['date']} {row['event']}": row for row in events}
    for seen in case.observations:
        assert seen.source == "events"
        assert bool(seen.event) != bool(seen.why), f"{seen.at}: an event, or why there is none"
        if seen.event:
            row = known[seen.event]
            assert row["date"][:7] == seen.at, seen
            what = " or ".join(seen.took) if seen.took else str(seen.is_)
            assert f"{seen.at} {what}" in row["coded_as"].split("; "), seen


def _coded(case: Scenario, phase: str) -> dict[str, list[str]]:
    return {str(o.at): o.took for o in case.observations if o.took and o.took[0].startswith(f"{phase}.")}


def test_provocations_follow_the_rule(case: Scenario, events: list[dict[str, str]]) -> None:
    severity: dict[str, int] = defaultdict(int)
    for row in events:
        if row["actors"].split(";")[0] == "PRK" and row["kind"] in ("test", "provocation"):
            severity[row["date"][:7]] = max(severity[row["date"][:7]], int(row["severity"]))
    action = {0: "restrain", 2: "test", 3: "brink", 4: "attack"}
    months = [case.horizon.calendar.label(t) for t in range(19)]
    assert _coded(case, "provoke") == {m: [f"provoke.{action[severity[m]]}"] for m in months}


def test_allied_answers_follow_the_rule(case: Scenario, events: list[dict[str, str]]) -> None:
    shown: dict[str, bool] = defaultdict(bool)
    for row in events:
        if row["kind"] == "deterrence":
            shown[row["date"][:7]] |= {"USA", "KOR", "JPN"} <= set(row["actors"].split(";"))
    provoked = [m for m, took in _coded(case, "provoke").items() if took != ["provoke.restrain"]]
    wanted = {m: ["allied_reply.reinforce" if m in shown else "allied_reply.cautious"] for m in provoked}
    assert _coded(case, "allied_reply") == wanted
    joined = {m: [f"trilateral.{'join' if shown[m] else 'abstain'}"] for m in provoked if m in shown}
    assert _coded(case, "trilateral") == joined


def test_what_is_coded_is_coded_both_ways(case: Scenario, events: list[dict[str, str]]) -> None:
    months = [case.horizon.calendar.label(t) for t in range(19)]
    sent, met = defaultdict(bool), defaultdict(bool)
    for row in events:
        parties, month = set(row["actors"].split(";")), row["date"][:7]
        sent[month] |= parties == {"PRK", "RUS"} and row["kind"] in ("transfer", "arms", "troops")
        met[month] |= parties == {"PRK", "CHN"} and row["kind"] == "diplomacy"
    paid = ["patronage.goods", "patronage.technology"]
    assert _coded(case, "patronage") == {m: paid if sent[m] else ["patronage.hold"] for m in months}
    assert _coded(case, "china_asks") == {m: [f"china_asks.{'court' if met[m] else 'aloof'}"] for m in months}
    states = [(str(o.at), str(o.is_)) for o in case.observations if o.is_]
    assert {at for at, text in states if text.startswith("talks ")} == set(months)
    assert {text for _, text in states if text.startswith("us_attention")} == {
        "us_attention == europe",
        "us_attention == asia",
    }
    assert {at for at, text in states if text == "tension >= crisis"} == {"2024-10"}
    assert {at for at, text in states if text == "tension < crisis"} == set(months) - {"2024-10"}


def test_it_stays_small(case: Scenario) -> None:
    everything = [f"{p.id}.{a}" for p in case.turn for a, action in p.actions.items() if action.exists == "enabled"]
    plain, full = compile_game(case), compile_game(case, everything)
    assert plain.start_states <= 300 and plain.nodes <= 8_000 and plain.branches <= 16_000
    assert full.nodes <= 8_000 and full.branches <= 25_000


@pytest.mark.parametrize("policy", ["no_pact", "status_quo"])
def test_usual_rates_are_near_history(case: Scenario, policy: str) -> None:
    """Attacks: six to nine in 300 months; brinkmanship: one in 20; launches: half of the months to nearly all."""
    played = simulate(case, sample(case, 64, seed=1), [policy]).results[policy]
    phase = played.phases.index("provoke")
    share = {}
    for name in ("attack", "brink", "test"):
        taken = played.taken[:, :, played.actions.index(f"provoke.{name}")].sum(axis=1)
        share[name] = float(np.mean(taken / played.decided[:, :, phase].sum(axis=1)))
    assert 0.018 < share["attack"] < 0.034
    assert 0.04 < share["brink"] < 0.07
    assert 0.5 < share["test"] < 0.75


def test_the_variant_gives_china_its_own_moves(case: Scenario) -> None:
    variant = load("taiwan-strait")
    by_china = {phase.id for phase in variant.turn if phase.decide == "china"}
    assert {"provoke", "press", "china_decides"} == by_china
    assert "dprk" not in variant.actors
    shared = set(variant.objectives["china"]) & set(case.objectives["china"])
    assert {"calm", "rivalry", "taiwan", "burden"} <= shared
    assert not set(variant.turn[[p.id for p in variant.turn].index("provoke")].actions) & {"test", "brink", "attack"}
