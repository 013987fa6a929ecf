"""The commitment lens against a game solved by hand, the same scenarios without a commitment, and its own invariants."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr

import foedus
from foedus.lenses.commitment.alterations import ALTERATIONS, AS_IS, OFF, Alteration, Dial, setting
from foedus.lenses.commitment.effects import BestText, CommitmentEffects
from foedus.lenses.commitment.measure import Raising
from foedus.lenses.counterfactuals import Counterfactuals
from foedus.lenses.dials import could_by
from foedus.lenses.registry import lens_section, look
from foedus.present.plain import section_json
from foedus.present.wording import points
from foedus.runs.local import run as solve
from foedus.runs.result import Run
from foedus.runs.view import RunView
from foedus.scenario.schema import Scenario
from oracle import Oracle

HAND = """
actors: {patron: {precision: 2}, ally: {precision: 1.5}}
assumptions: {line: 0.7, blur: 0.4, price: 0.8, gain: 0.5}
state:
  dispute: {levels: [peace, crisis], start: peace}
  war: {levels: [no, yes], start: no}
objectives: {patron: {word: 1}}
turn:
  - {id: provoke, decide: ally, actions: {hold: {base: 2}, push: {pays: {ally: gain}, then: {dispute: crisis}}}}
  - id: answer
    decide: patron
    when: dispute == crisis
    actions: {stay: {pays: {ally: -1}}, fight: {pays: {patron: -0.6, ally: 0.3}, then: {war: yes}}}
commitments:
  pledge:
    {from: patron, to: ally, attach: answer, order: [stay, fight], expected: fight, reneging: {objective: word, cost: price},
     trigger: {severity: dispute, threshold: line, vagueness: blur}}
policies: {status_quo: {}, kept: {bind: [{phase: answer, do: fight}]}}
outcomes: {war: {event: war == yes, label: war}}
"""


def by_hand(line: float = 0.7, blur: float = 0.4, price: float = 0.8, force: bool = True) -> dict[str, float]:
    """The small game by paper and pencil: one provocation, one reading of the clause, one answer."""
    q = 0.0 if not force else float(line <= 1) if blur == 0 else 1 / (1 + math.exp(-(1 - line) / blur))
    fights = [math.exp(2 * -0.6) / (math.exp(2 * -0.6) + math.exp(2 * -cost)) for cost in (0.0, price)]
    worth = sum(p * (f * 0.3 - (1 - f)) for p, f in zip((1 - q, q), fights, strict=True))
    push = math.exp(1.5 * (0.5 + worth)) / (2 + math.exp(1.5 * (0.5 + worth)))
    fought = (1 - q) * fights[0] + q * fights[1]
    short = push * q * (1 - fights[1])
    return {
        "occasions": push,
        "applies": push * q,
        "meets": push * fought,
        "kept": push * q * fights[1],
        "short": short,
        "cost": short * price,
        "addressee": push,
        "obligor": 0.0,
        "others": 0.0,
        "addressee_raises": push,
        "obligor_raises": 0.0,
        "others_raises": 0.0,
        "addressee_could": 1.0,
        "obligor_could": 0.0,
        "others_could": 0.0,
        "war": push * fought,
        "patron": -0.6 * push * fought - short * price,
        "ally": push * (0.5 + worth),
    }


def numbers(found: xr.Dataset, altered: Alteration, commitment: str = "pledge", world: int = 0) -> dict[str, float]:
    at = setting(found, altered).sel(commitment=commitment).isel(world=world)
    parts = {"amount": "measure", "prob": "outcome", "value": "actor"}
    return {
        str(k): float(v) for kind, dim in parts.items() for k, v in zip(at[dim].values, at[kind].values, strict=True)
    }


def seen(text: str, worlds: int = 1, policy: str | None = None) -> tuple[Run, xr.Dataset]:
    scenario = foedus.load(text) if "\n" not in text else Scenario.from_yaml(text)
    run = solve(scenario, worlds=worlds, judge=False)
    return run, look("commitment", run, policy)


@pytest.mark.parametrize(
    ("altered", "changed"),
    [
        (AS_IS, {}),
        (OFF, {"force": False}),
        (Alteration(Dial.VAGUE, 0.0), {"blur": 0.0}),
        (Alteration(Dial.VAGUE, 0.25), {"blur": 0.1}),
        (Alteration(Dial.VAGUE, 4.0), {"blur": 1.6}),
        (Alteration(Dial.COST, 0.0), {"price": 0.0}),
        (Alteration(Dial.COST, 4.0), {"price": 3.2}),
        (Alteration(Dial.COST, 1.0), {}),
    ],
)
def test_a_game_solved_by_hand(altered: Alteration, changed: dict[str, float]) -> None:
    _, found = seen(HAND)
    got = numbers(found, altered)
    assert got == pytest.approx(by_hand(**changed), abs=1e-12)


def test_without_its_interval_a_promise_is_read_as_the_clear_one() -> None:
    run, found = seen("strategic-ambiguity", worlds=25)
    clear = run.data["outcome_by"].sel(policy="clear").values[:, -1, 0]
    there = found.sel(commitment="promise", outcome="war")
    assert np.array_equal(setting(there, Alteration(Dial.INTERVAL))["prob"].values, clear)
    assert np.array_equal(setting(there, Alteration(Dial.VAGUE, 0.0))["prob"].values, clear)
    assert not np.array_equal(setting(there, AS_IS)["prob"].values, clear)


def test_a_hidden_reading_is_taken_away_by_its_dial() -> None:
    text = HAND + "beliefs: {ally: {line: {is: line - 0.6}}}\n"
    _, found = seen(text)
    assert numbers(found, Alteration(Dial.HIDDEN)) == pytest.approx(by_hand(), abs=1e-12)
    assert numbers(found, AS_IS)["occasions"] > by_hand()["occasions"]


def test_a_commitment_is_looked_at_where_a_policy_brings_it_into_force() -> None:
    text = HAND.replace("price: 0.8", "price: 0.8, signed: 0").replace(
        "attach: answer", "attach: answer, in_force: signed"
    )
    _, found = seen(text.replace("policies: {status_quo: {},", "policies: {status_quo: {}, sign: {set: {signed: 1}},"))
    assert found["under"].values.tolist() == ["sign"]
    assert numbers(found, AS_IS) == pytest.approx(by_hand(), abs=1e-12)
    run, found = seen(text)
    assert found["under"].values.tolist() == [""]
    assert "ever in force" in lens_section(RunView(run), found).sentences[0]


PAIR = """
actors: {big: {precision: 2}, small: {precision: 2}}
assumptions: {threat_cost: 0.5, assure_cost: 0.4, clear: 0.8}
state: {act: {levels: [quiet, bold], start: quiet}, hit: {levels: [no, yes], start: no}}
objectives: {big: {word: 1}}
turn:
  - {id: dare, decide: small, actions: {wait: {}, dare: {pays: {small: 0.4}, then: {act: bold}}}}
  - {id: punish, decide: big, when: act == bold, actions: {pass: {}, strike: {pays: {big: -0.5, small: -1}, then: {hit: yes}}}}
  - {id: reward, decide: big, when: act == quiet, actions: {keep: {}, give: {pays: {big: -0.5, small: 0.6}}}}
commitments:
  threat: {from: big, to: small, kind: threat, attach: punish, order: [pass, strike], expected: strike, in_force: act == bold,
           trigger: {severity: act, threshold: bold, vagueness: 0}, reneging: {objective: word, cost: threat_cost}}
  offer: {from: big, to: small, kind: assurance, attach: reward, order: [keep, give], expected: give, in_force: act == quiet,
          applies: clear, reneging: {objective: word, cost: assure_cost}}
outcomes: {hit: {event: hit == yes, label: war}}
"""


def test_threat_and_assurance_are_tied_by_power() -> None:
    run, found = seen(PAIR)
    chance = found["pair_prob"].isel(world=0, pair=0, outcome=0).sel(text="as written")

    def by_costs(threat: float, assure: float) -> float:
        strike = math.exp(-1) / (math.exp(-1) + math.exp(-2 * threat))
        gives = [math.exp(-1) / (math.exp(-1) + math.exp(-2 * c)) for c in (0.0, assure)]
        bold = 0.4 - strike
        quiet = 0.6 * (0.2 * gives[0] + 0.8 * gives[1])
        return strike * math.exp(2 * bold) / (math.exp(2 * bold) + math.exp(2 * quiet))

    for power in (0.1, 0.5, 0.9):
        expected = by_costs(2 * power * 0.5, 2 * (1 - power) * 0.4)
        assert float(chance.sel(power=power)) == pytest.approx(expected, abs=1e-12)
    alone = found["word_prob"].isel(world=0, pair=0, outcome=0)
    assert float(alone.sel(word="both")) == pytest.approx(by_costs(0.5, 0.4), abs=1e-12)
    assert float(alone.sel(word="neither")) == pytest.approx(by_costs(0.0, 0.0), abs=1e-12)
    section = lens_section(RunView(run), found)
    assert any("does best at power" in figure.title for figure in section.figures)


def test_the_section_says_its_numbers_and_is_strict_json() -> None:
    run, found = seen(HAND)
    section = lens_section(RunView(run), found)
    hand, bare = by_hand(), by_hand(force=False)
    said = section.sentences[0]
    assert len(section.sentences) == 3
    assert f"Ally raises the stakes on {100 * hand['addressee_raises']:.0f}% of occasions instead of" in said
    assert f"from {100 * bare['war']:.0f}% to {100 * hand['war']:.0f}%" in said
    assert f"{100 * hand['meets'] / hand['occasions']:.0f}% of the time" in said and "helps as promised" in said
    found_by = dict(zip(found["why"].values, found["answered"].values[0, 0], strict=True))
    entrapped = found_by["entrapment"] / found_by["calls"]
    assert f"in {100 * entrapped:.0f}% of calls it does so in a conflict that its ally started" in section.sentences[1]
    assert "<svg" in section.figures[0].drawing
    assert section.tables[0].rows
    json.dumps(section_json(section, found), allow_nan=False)


def test_a_scenario_without_commitments_has_a_section_that_says_so() -> None:
    run, found = seen("deterrence-through-moral-hazard", worlds=3)
    section = lens_section(RunView(run), found)
    assert "no commitments" in section.sentences[0]
    json.dumps(section_json(section, found), allow_nan=False)


def test_a_bright_line_is_made_vaguer_by_steps_of_severity() -> None:
    run, found = seen(HAND.replace("vagueness: blur", "vagueness: 0"))
    assert found["made_vaguer"].values.tolist() == ["added"]
    assert (
        numbers(found, Alteration(Dial.VAGUE, 0.0))
        == numbers(found, AS_IS)
        == pytest.approx(by_hand(blur=0.0), abs=1e-12)
    )
    assert numbers(found, Alteration(Dial.VAGUE, 2.0)) == pytest.approx(by_hand(blur=2.0), abs=1e-12)
    assert np.isnan(numbers(found, Alteration(Dial.ODDS, 2.0))["war"])
    lens_section(RunView(run), found)


LONGER = """
horizon: {periods: 2, unit: month, beyond: 1}
actors: {patron: {precision: 2}, ally: {precision: 1.5}, rival: {precision: 1.2}}
assumptions: {line: 0.7, blur: 0.4, price: 0.8, gain: 0.5}
state:
  tension: {levels: [calm, crisis, war], start: calm, ends: war}
  fired: {levels: [no, yes], start: no, within: period}
objectives: {patron: {word: 1, calm: {value: -0.3 * tension}}, ally: {calm: {value: -0.2 * tension}}, rival: {fear: {value: 0.1 * tension}}}
turn:
  - {id: provoke, decide: ally, when: tension == calm, actions: {hold: {base: 2}, push: {pays: {ally: gain}, then: {tension: crisis}}}}
  - id: press
    decide: rival
    when: tension == crisis
    actions:
      wait: {}
      fire: {base: 0.5, then: {fired: yes}, chance: [{prob: 0.3, then: {tension: war}}, {prob: rest}]}
  - id: answer
    decide: patron
    when: tension == crisis
    actions: {drop: {pays: {ally: -1}, then: {tension: calm}}, words: {}, fight: {pays: {patron: -0.6, rival: -0.8}, then: {tension: calm}}}
commitments:
  pledge:
    {from: patron, to: ally, attach: answer, order: [drop, words, fight], expected: words, reneging: {objective: word, cost: price},
     in_force: tension >= crisis, trigger: {severity: tension + fired / 2, threshold: line, vagueness: blur}}
beliefs: {ally: {line: {is: line - 0.6}}}
outcomes: {war: {event: tension == war, label: war}}
"""


def along_paths(text: str) -> dict[str, float]:
    """The measures of the pledge from every path that play can take, one by one."""
    scenario = Scenario.from_yaml(text)
    oracle = Oracle(scenario, {})
    movers = {phase.id: phase.decide for phase in scenario.turn}
    counts = (
        "occasions applies meets kept short cost ally patron rival war ally_raises rival_raises ally_could rival_could"
    )
    found = dict.fromkeys(counts.split(), 0.0)
    for path in oracle.paths():
        state = path.items[0][2]
        for i, item in enumerate(path.items):
            if item[0] == "look":
                state = item[2]
            elif item[0] == "act":
                after = next(later[2] for later in path.items[i:] if later[0] == "look")
                rise = (after["tension"] + after["fired"] / 2) - (state["tension"] + state["fired"] / 2)
                found[str(movers[item[2]])] += path.prob * max(0.0, rise)
                if item[2] in ("provoke", "press"):  # pushing raises tension, firing sets ``fired``
                    found[f"{movers[item[2]]}_raises"] += path.prob * (rise > 0)
                    found[f"{movers[item[2]]}_could"] += path.prob
                if item[2] == "answer":
                    applied, short = state["pledge.applies"], item[3] == "drop"
                    found["occasions"] += path.prob
                    found["applies"] += path.prob * applied
                    found["meets"] += path.prob * (not short)
                    found["kept"] += path.prob * applied * (not short)
                    found["short"] += path.prob * applied * short
                    found["cost"] += path.prob * applied * short * oracle.true["price"]
        found["war"] += path.prob * any(seen[0] == "look" and seen[2]["tension"] == 2 for seen in path.items)
    return found


@pytest.mark.parametrize(
    ("altered", "old", "new"),
    [
        (AS_IS, "", ""),
        (OFF, "in_force: tension >= crisis", "in_force: 0"),
        (Alteration(Dial.VAGUE, 2.0), "blur: 0.4", "blur: 0.8"),
        (Alteration(Dial.VAGUE, 0.0), "blur: 0.4", "blur: 0"),
        (Alteration(Dial.COST, 2.0), "price: 0.8", "price: 1.6"),
        (Alteration(Dial.HIDDEN), "is: line - 0.6", "is: line"),
    ],
)
def test_a_longer_game_path_by_path(altered: Alteration, old: str, new: str) -> None:
    """Two periods, a clause read on a rise, a hidden belief: against a second implementation that lists every path."""
    _, found = seen(LONGER)
    got, paths = numbers(found, altered), along_paths(LONGER.replace(old, new) if old else LONGER)
    for name in ("occasions", "applies", "meets", "kept", "short", "cost", "war"):
        assert got[name] == pytest.approx(paths[name], abs=1e-12), name
    assert got["addressee"] == pytest.approx(paths["ally"], abs=1e-12)
    assert got["others"] == pytest.approx(paths["rival"], abs=1e-12)
    for measure in ("raises", "could"):
        assert got[f"addressee_{measure}"] == pytest.approx(paths[f"ally_{measure}"], abs=1e-12)
        assert got[f"others_{measure}"] == pytest.approx(paths[f"rival_{measure}"], abs=1e-12)


def test_the_feared_outcome_is_the_one_that_is_asked_about() -> None:
    text = HAND.replace(
        "outcomes: {war: {event: war == yes, label: war}}",
        "outcomes: {crisis: dispute == crisis, war: {event: war == yes, FEARED}}",
    )
    for feared, name in (("label: a war", "Crisis"), ("label: a war, feared: true", "a war")):
        run, found = seen(text.replace("FEARED", feared))
        assert f"the chance of “{name}”" in lens_section(RunView(run), found).sentences[0]


def test_pairs_are_told_by_threat_and_assurance() -> None:
    run, found = seen(PAIR)
    assert found["threat"].values.tolist() == ["threat"] and found["assurance"].values.tolist() == ["offer"]
    own = PAIR.replace(
        "kind: threat", "kind: ultimatum, hostile: true"
    )  # a kind of one's own is no threat of the paper's
    assert "pair" not in look("commitment", solve(Scenario.from_yaml(own), worlds=1, judge=False)).dims
    table = lens_section(RunView(run), found).tables[-1]
    chance = found["word_prob"].isel(world=0, pair=0, outcome=0)
    assert [row[1].value for row in table.rows] == pytest.approx(chance.values.tolist())  # type: ignore[union-attr]


def test_the_best_text_is_the_one_that_gives_most() -> None:
    run, found = seen("strategic-ambiguity", worlds=20)
    effects = CommitmentEffects(RunView(run), found)
    vague = [k for k, dial in enumerate(found["dial"].values) if dial == "vague"]
    for actor in effects.actors:
        values = found["value"].sel(commitment="promise", actor=actor).values[:, vague]
        best = effects.best("promise", actor)
        assert sum(best.values()) == pytest.approx(1)
        if not best[BestText.SAME]:
            unique = (np.sort(values, axis=1)[:, -1] - np.sort(values, axis=1)[:, -2] > 1e-6).all()
            bright = (values.argmax(axis=1) == 0).mean()
            assert not unique or best[BestText.BRIGHT] == pytest.approx(bright)


def test_tables_say_their_numbers() -> None:
    run, found = seen(HAND)
    section = lens_section(RunView(run), found)
    hand, bare = by_hand(), by_hand(force=False)
    effects, _, raising, outcomes, gains = section.tables[:5]
    row = [cell.value for cell in effects.rows[0][1:]]  # type: ignore[union-attr]
    assert row[0] == pytest.approx(hand["addressee_raises"] - bare["addressee_raises"])  # the ally could once
    assert raising.rows[0][4].value == pytest.approx(hand["addressee"] / bare["addressee"] - 1)  # type: ignore[union-attr]
    assert row[2] == pytest.approx(hand["meets"] / hand["occasions"] - bare["meets"] / bare["occasions"])
    assert row[3] == pytest.approx(hand["short"] / hand["applies"])
    assert row[4] == outcomes.rows[0][1].value == pytest.approx(hand["war"] - bare["war"])  # type: ignore[union-attr]
    assert row[5] == pytest.approx(hand["patron"] - bare["patron"])
    assert [cell.value for cell in gains.rows[0][1:]] == pytest.approx(  # type: ignore[union-attr]
        [hand[actor] - bare[actor] for actor in ("patron", "ally")]
    )


def test_odds_that_are_read_on_a_rise_of_severity() -> None:
    """A text that gives odds may name a severity too, whose rise is when it is read: no line is looked for."""
    text = LONGER.replace("threshold: line, vagueness: blur", "applies: 0.6")
    _, found = seen(text)
    assert found["made_vaguer"].values.tolist() == [""]
    paths = along_paths(text)
    for altered, expected in (
        (AS_IS, paths),
        (OFF, along_paths(text.replace("tension >= crisis, trigger", "0, trigger"))),
    ):
        got = numbers(found, altered)
        for name in ("occasions", "applies", "meets", "kept", "short", "cost", "war"):
            assert got[name] == pytest.approx(expected[name], abs=1e-12), name


def test_level_and_spread_add_up_to_the_whole_and_are_said() -> None:
    run, found = seen("strategic-ambiguity", worlds=20)
    section = lens_section(RunView(run), found)
    effects = CommitmentEffects(RunView(run), found)
    name = effects.written[0]
    prob = found["prob"].sel(commitment=name, outcome=effects.feared)
    weights = found["weight"].values

    def contrast(dial: Dial) -> float:
        ends = [prob.isel(setting=ALTERATIONS.index(Alteration(dial, k))).values for k in (0.0, 4.0)]
        return float(weights @ (ends[1] - ends[0]))

    whole, spread = contrast(Dial.VAGUE), contrast(Dial.ODDS)
    assert f"changes by {points(whole)} points" in section.sentences[2]
    row = next(t for t in section.tables if t.caption.startswith("Three effects")).rows[0]
    cells = [cell.value for cell in row[1:4]]  # type: ignore[union-attr]
    assert cells[0] == pytest.approx(whole)
    if not math.isnan(spread):
        assert cells[1:] == pytest.approx([whole - spread, spread])


def test_the_best_cost_is_the_one_on_the_grid_that_gives_most() -> None:
    run, found = seen(HAND)
    effects = CommitmentEffects(RunView(run), found)
    for actor in ("patron", "ally"):
        by_cost = {m: by_hand(price=0.8 * m)[actor] for m in (0.0, 0.5, 1.0, 2.0, 4.0)}
        assert effects.dearest("pledge", actor).tolist() == [max(by_cost, key=lambda m: by_cost[m])]


def test_obligor_comes_first_among_the_parties_and_nobody_twice() -> None:
    run, found = seen(LONGER)
    assert CommitmentEffects(RunView(run), found).parties("pledge") == ["patron", "ally", "rival"]


def test_more_occasions_are_no_emboldening() -> None:
    """An ally that does not care pushes on a third of its occasions with the pledge and without. Its patron's answer ends a
    crisis, after which it could push again: over the horizon it pushes oftener, per occasion it does not."""
    text = """
horizon: {periods: 4, beyond: 0}
actors: {patron: {precision: 1}, ally: {precision: 1}}
state: {tension: {levels: [calm, crisis], start: calm}}
objectives: {patron: {word: 1}}
turn:
  - {id: provoke, decide: ally, when: tension == calm, actions: {hold: {base: 2}, push: {then: {tension: crisis}}}}
  - {id: answer, decide: patron, when: tension == crisis, actions: {stay: {base: 9}, help: {then: {tension: calm}}}}
commitments:
  pledge: {from: patron, to: ally, attach: answer, order: [stay, help], expected: help, applies: 1, read: always,
           reneging: {objective: word, cost: 4}}
outcomes: {crisis: tension == crisis}
"""
    run, found = seen(text)
    effects = CommitmentEffects(RunView(run), found)
    for altered in (AS_IS, OFF):
        assert effects.per_occasion("pledge", Raising.ADDRESSEE, altered) == pytest.approx(1 / 3)
    assert effects.amount("pledge", Raising.ADDRESSEE) > 1.4 * effects.amount("pledge", Raising.ADDRESSEE, OFF)
    section = lens_section(RunView(run), found)
    assert "Ally raises the stakes as often as without it (33% of occasions)" in section.sentences[0]


def test_actions_that_a_policy_does_not_bring_to_life_are_no_occasion() -> None:
    text = HAND.replace("push: {pays", "push: {exists: enabled, pays").replace(
        "kept: {", "free: {enable: [provoke.push]}, kept: {"
    )
    run = solve(Scenario.from_yaml(text), worlds=1, judge=False)
    assert numbers(look("commitment", run, "free"), AS_IS) == pytest.approx(by_hand(), abs=1e-12)
    games = Counterfactuals(run, "status_quo")
    counts = [games.base(policy).count("pledge", could_by("ally"))[0, 0] for policy in ("status_quo", "free")]
    assert counts == pytest.approx([0, 1])


@pytest.mark.parametrize(
    ("kind", "does", "fails"),
    [
        ("threat", "carries it out", "backs down"),
        ("red_line", "carries it out", "backs down"),
        ("ultimatum, hostile: true", "carries it out", "backs down"),
        ("assurance", "keeps to it", "breaks it"),
        ("nonaggression_pact", "keeps to it", "breaks it"),
        ("defence_pact", "helps as promised", "falls short of its promise"),
        ("basing_treaty, hostile: false", "helps as promised", "falls short of its promise"),
    ],
)
def test_a_word_is_told_by_its_kind(kind: str, does: str, fails: str) -> None:
    run, found = seen(HAND.replace("from: patron, to: ally,", f"from: patron, to: ally, kind: {kind},"))
    section = lens_section(RunView(run), found)
    told = " ".join([*section.sentences, *(str(figure.drawing) for figure in section.figures)])
    assert f"Patron {does} " in told and f"and {fails} " in told
    helps = does.startswith("helps")
    assert ("entrapment" in " ".join(section.sentences)) == helps
    assert helps or not any(word in told for word in ("helps", "promise", "ally that", "abandons"))
