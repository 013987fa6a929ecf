"""The HTML report: complete, valid, self-contained, escaped, small."""

from __future__ import annotations

import dataclasses
import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from markupsafe import escape

from fake_run import fake_run
from foedus.claims.verdict import Trial
from foedus.lenses.registry import LENSES, look_through
from foedus.present.in_words import Teller
from foedus.present.shares import Share
from foedus.report import findings
from foedus.report.html import render, write_report
from foedus.runs.local import run as solve
from foedus.runs.view import RunView
from foedus.scenario.parts import Outcome
from foedus.scenario.schema import Scenario

VOID = {"meta", "br", "hr", "link", "img", "input"}


class Page(HTMLParser):
    """Walks a page: nesting, ids, what is loaded, text."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "href", "srcset", "data", "xlink:href", "action"):
                self.loads.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.text += data


@pytest.fixture(scope="module")
def run():
    return fake_run()


@pytest.fixture(scope="module")
def page(run):
    return Page(render(run))


def test_every_claim_is_there(run, page):
    for claim in run.claims:
        assert f"claim-{claim.id}" in page.ids
        assert claim.says in page.text
        assert claim.label in page.text
        for reading in claim.readings:
            assert reading.text in page.text


def test_the_page_is_balanced_and_its_links_lead_somewhere(page):
    assert page.faults == [] and page.open == []
    assert len(page.ids) == len(set(page.ids))
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside and inside <= set(page.ids)


def test_nothing_is_loaded_from_elsewhere(run, page):
    text = render(run)
    assert page.loads == []
    assert all(link.startswith(("#", "https://example.org")) for link in page.links)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|<link|<iframe", text)


def test_text_of_the_scenario_is_escaped(run):
    text = render(run)
    for raw in ("<b>Arland</b>", "<i>risk</i>", "<on purpose>", "<flew>"):
        assert raw not in text
    assert "&lt;b&gt;Arland&lt;/b&gt;" in text


def test_a_source_cannot_smuggle_in_a_script():
    run = fake_run()
    run.scenario.sources["article"].url = "javascript:alert(1)"
    run.scenario.title = "</title><script>alert(2)</script>"
    run.scenario.actors["arland"].label = "</text><script>alert(3)</script>"
    text = render(run)
    assert "javascript:" not in text and "<script>alert" not in text
    assert text.count("<script>") == 1


def test_drawings_take_their_colours_from_the_page(run):
    drawings = re.findall(r"<svg.*?</svg>", render(run), re.S)
    assert len(drawings) > 10
    for drawing in drawings:
        assert "<title>" in drawing
        assert not re.search(r"(fill|stroke|style|color)=", drawing)


def test_parts_come_in_the_promised_order(page):
    parts = [i for i in page.ids if not re.match(r"(claim|source|assumption)-", i)]
    assert parts == [
        "summary",
        "claims",
        "outcomes",
        "policies",
        "noise",
        "choice",
        "assumptions",
        "structure",
        "observations",
        "limits",
        "sources",
        "provenance",
    ]


def test_prior_and_posterior_stand_side_by_side(run, page):
    reading = run.claims[0].readings[0]
    assert "before the observations" in page.text
    assert f"{reading.prior:.0%}" in page.text and f"{reading.posterior:.0%}" in page.text


def test_an_unscored_run_says_so():
    assert render(fake_run()).count("not a forecast until it has been scored") == 3  # summary, outcomes, limits


def test_the_report_of_a_large_run_is_small(tmp_path):
    run = fake_run(worlds=200, policies=24, claims=17, periods=19)
    path = write_report(run, tmp_path / "report.html")
    assert path.stat().st_size < 1_500_000
    page = Page(path.read_text(encoding="utf-8"))
    assert page.faults == []
    assert all(f"claim-claim{i}" in page.ids for i in range(17))
    assert all(f"Policy number {i}" in page.text for i in range(3, 24))


@pytest.mark.parametrize("outcomes", [True, False])
def test_a_bare_scenario_still_makes_a_report(outcomes):
    run = fake_run(policies=1, claims=0, periods=1, observed=False)
    if not outcomes:
        run = dataclasses.replace(run, data=run.data.drop_sel(outcome=list(run.data.outcome.values)), drivers=[])
        run.sweep = run.sweep.drop_vars("outcome_by")
        run.scenario.outcomes = {}
    page = Page(render(run))
    assert page.faults == [] and page.open == []
    assert "claims" not in page.ids and ("outcomes" in page.ids) == outcomes
    assert "Nothing: every world counts alike" in page.text
    assert "before the observations" not in page.text
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_numbers_that_are_undefined_show_as_dashes():
    run = fake_run()
    run.data["value"][:] = np.nan
    run.claims[0].readings[0].trial = Trial(0, 0.0)
    page = Page(render(run))
    assert page.faults == [] and "nan" not in page.text.split()


def test_the_chart_of_claims_follows_the_shares():
    low, high = fake_run(), fake_run()
    for run, share in ((low, 0.1), (high, 0.9)):
        run.claims[0].readings[0].held = Share.of(share, 40)
    places = [float(re.search(r'class="posterior" cx="([\d.]+)"', render(r)).group(1)) for r in (low, high)]
    assert places[1] - places[0] == pytest.approx(0.8 * (820 - 300), abs=0.3)


def test_titles_state_what_the_numbers_say():
    run = fake_run()
    run.data["outcome_by"][:] = 0.25
    run.data["outcome_by"].loc[{"policy": "no_pact"}] = 0.05
    text = Page(render(run)).text
    assert "War: 25% by 2025-05 under Status quo; policies span 5% to 25%." in text
    told = " ".join(item.text for item in findings.what_comes_out(RunView(run)))
    assert "No pact, 5%, against 25% under Status quo: lower in 100% of worlds" in told


def test_the_first_page_answers_and_all_else_is_folded(run, page):
    start, end = render(run).split("All that stands behind this page", 1)
    for claim in run.claims:
        assert claim.label in start  # the verdicts in one place...
    assert all(heading in start for heading in ("How likely", "Which policy", "What it hangs on", "How sure"))
    assert end.count('<details class="fold"') == end.count("<summary><h2>") >= 8  # ...and the rest behind headings
    assert "<details open" not in end and "<section" not in end


def test_expressions_stand_behind_a_click(run):
    html = render(run)
    for claim in run.claims:
        for reading in claim.readings:
            folded = f'<details class="code"><summary>As written</summary><code>{escape(reading.text)}</code></details>'
            assert folded in html and Teller(RunView(run).names).says(claim.id, reading.name) in unescape(html)


def test_an_outcome_beyond_four_is_still_in_the_tables():
    run = fake_run()
    names = [f"extra{i}" for i in range(6)]
    dataset = run.data.isel(outcome=[0] * 6).assign_coords(outcome=names)
    run = dataclasses.replace(run, data=dataset, sweep=run.sweep.isel(outcome=[0] * 6).assign_coords(outcome=names))
    run.scenario.outcomes = {name: Outcome(event="tension == war", label=f"Outcome {name}") for name in names}
    text = Page(render(run)).text
    assert all(f"Outcome {name}" in text for name in names)


def test_a_scenario_with_nothing_but_a_chance_move_is_drawn():
    from foedus.report.diagram import turn_diagram

    scenario = Scenario.model_validate(
        {
            "actors": {"a": {}},
            "state": {"x": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [{"id": "luck", "chance": [{"prob": 0.5, "then": {"x": "yes"}}, {"prob": "rest"}]}],
        }
    )
    page = Page(turn_diagram(scenario))
    assert page.faults == [] and "1. Luck" in page.text and "Nature" in page.text


@pytest.mark.parametrize("name", ["russia-dprk-pact", "fake"])
def test_steps_are_drawn_in_order_and_do_not_overlap(name):
    from foedus.report import diagram
    from foedus.scenario.load import load
    from foedus.scenario.names import Names

    scenario = fake_run().scenario if name == "fake" else load(name)
    lanes = ["", *(a for a in scenario.actors if any(p.decide == a for p in scenario.turn))]
    boxes = diagram._boxes(scenario, Names(scenario), lanes, 120)
    tops, turns, height = diagram._places(boxes, len(lanes))
    assert len(boxes) == len(scenario.turn) + len(scenario.commitments)
    assert all(a < b for a, b in pairwise(tops))
    assert max(top + box.height for top, box in zip(tops, boxes)) <= height
    for i in range(1, len(boxes)):
        for j in range(len(boxes)):
            inside = tops[j] < turns[i] < tops[j] + boxes[j].height
            low, high = sorted((boxes[i - 1].lane, boxes[i].lane))
            crossed = low <= boxes[j].lane <= high and boxes[j].lane != boxes[i - 1].lane
            assert not (inside and crossed), "an arrow runs through a box"
            if j < i and boxes[j].lane == boxes[i].lane:
                assert tops[j] + boxes[j].height < tops[i]


def test_the_shipped_case_makes_a_report():
    from foedus.scenario.load import load

    run = fake_run(worlds=50, scenario=load("russia-dprk-pact"))
    text = render(run)
    page = Page(text)
    assert page.faults == [] and len(text) < 1_500_000
    assert all(claim.says in page.text for claim in run.claims)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_a_scenario_in_days_speaks_of_days() -> None:
    scenario = Scenario.from_yaml(
        """
horizon: {periods: 3, unit: day, first: 2024-06-01}
actors: {a: {precision: {uniform: [1, 2]}}}
state: {s: {levels: [lo, hi], start: lo}}
objectives: {a: {ease: {value: -s}}}
turn: [{id: m, decide: a, when: s == lo, actions: {stay: {}, go: {then: {s: hi}}}}]
policies: {status_quo: {}, held: {bind: [{phase: m, do: stay}]}}
observations: [{at: 2024-06-01, is: s == lo}]
outcomes: {hi: s == hi}
"""
    )
    done = solve(scenario, worlds=16)
    look_through(done, list(LENSES))
    page = render(done)
    assert "days with observations" in page and "a typical day's stake" in page and "month" not in page
