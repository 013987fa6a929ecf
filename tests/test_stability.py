"""The stability lens: published cases, coalitions, horizons, paths, inverse analysis and graphs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from foedus.conflict.analysis import analyse
from foedus.conflict.coalitions import COALITION_CONCEPTS, coalition_stability
from foedus.conflict.concepts import CONCEPTS
from foedus.conflict.file import conflict_from_json, load_conflict
from foedus.conflict.followup import follow_up
from foedus.conflict.graph_form import model_of, moves_of
from foedus.conflict.inverse import inverse, sentences
from foedus.conflict.limited import limited_moves
from foedus.conflict.option_form import Conflict, OptionModel
from foedus.conflict.paths import paths_from
from foedus.errors import FoedusError
from foedus.report.conflict import print_conflict, print_equilibria
from test_stability_brute import Definitions, random_conflict

LIBRARY = Path(__file__).parents[1] / "src/foedus/library/conflicts"

# Elmira's states as numbered in the literature; the ninth, in which the plant is abandoned, covers four patterns.
ELMIRA = {1: "NYNNN", 4: "YNYNN", 5: "NYNNY", 8: "YNYNY"}
ELMIRA_9 = ["NNNYN", "NNNYY", "YNNYN", "YNNYY"]


def elmira(*numbers: int) -> list[str]:
    return sorted([ELMIRA[n] for n in numbers if n != 9] + (ELMIRA_9 if 9 in numbers else []))


GARRISON = ["NNYNNYNNN", "NNYNYNNNY", "NNYNYNNYN", "NYNYNNYNN", "YNNYNYNNN", "YNNYYNNNY", "YNNYYNNYN"]
GARRISON_SANCTIONED_ONCE = ["NNYNYNYNN", "NYNYYNNYN", "NYNYYNYNN", "NYNYYYNNN", "YNNYYNYNN"]

PUBLISHED = {
    # Fang, Hipel and Kilgour (1993): mutual restraint lasts under every concept that looks beyond one's own move.
    "prisoners_dilemma": {c: ["NN"] if c == "nash" else ["NN", "YY"] for c in CONCEPTS},
    # Mutual compromise is metarational and deterred by simultaneous moves, but no credible reply supports it.
    "chicken": {c: ["NY", "YN"] + ["YY"] * (c in ("gmr", "smr", "sim")) for c in CONCEPTS},
    "stag_hunt": {c: ["NN", "YY"] for c in CONCEPTS},
    # Fraser and Hipel (1984): outcomes 4 and 6, of which 6 (blockade and withdrawal) is what happened.
    "cuban_missile_crisis": {"nash": [], "seq": ["NNYN", "NYYN"]},
    # Hipel, Fang, Kilgour and Haight (1993): states 5, 8 and 9 under all, 1 and 4 under GMR and SMR as well.
    "elmira": {
        "nash": elmira(5, 8, 9),
        "seq": elmira(5, 8, 9),
        "gmr": elmira(1, 4, 5, 8, 9),
        "smr": elmira(1, 4, 5, 8, 9),
    },
    # Li, Hipel, Kilgour and Fang (2004): state 4 if the province puts revenue first, state 6 if the environment.
    "gisborne_economic": {"nash": ["YYN"], "seq": ["YYN"]},
    "gisborne_environmental": {"nash": ["YNY"], "seq": ["YNY"]},
    # The stored results of GMCR+ (Kinsara, Petersons, Hipel and Kilgour 2015).
    "euphrates_1975": {"gmr": ["NNN", "NYY"], **{c: ["NYY"] for c in ("nash", "smr", "seq", "sim")}},
    # The same; under GMR and SMR it lets a single opponent answer once, which leaves fewer states.
    "garrison_diversion": dict.fromkeys(("nash", "seq", "sim"), GARRISON),
}


@pytest.mark.parametrize("name", sorted(path.stem for path in LIBRARY.glob("*.gmcr")))
def test_published_equilibria(name: str) -> None:
    found = analyse(load_conflict(LIBRARY / f"{name}.gmcr")).to_json()
    assert set(found["equilibria"]) == set(CONCEPTS)
    for concept, expected in PUBLISHED[name].items():
        assert found["equilibria"][concept] == expected, concept


def test_single_answers_sanction_fewer_states_in_the_garrison_dispute() -> None:
    # Stored results of GMCR+: stable if one opponent, by one move, leaves the mover no better off.
    model = model_of(load_conflict(LIBRARY / "garrison_diversion.gmcr"))
    movers = [moves_of(model, members) for members in model.players]

    def held(i: int, s: int) -> bool:
        rank = model.ranks[i]
        return all(
            any((rank[other.successors(first)] <= rank[s]).any() for other in movers if other is not movers[i])
            for first in movers[i].successors(s)
            if rank[first] > rank[s]
        )

    once = [model.label(s) for s in range(model.size) if all(held(i, s) for i in range(len(movers)))]
    assert sorted(once) == sorted(GARRISON + GARRISON_SANCTIONED_ONCE)
    assert set(once) < set(analyse(model).labels("gmr"))


def test_json_has_counts_and_names_in_the_order_of_the_letters() -> None:
    found = analyse(load_conflict(LIBRARY / "elmira.gmcr")).to_json()
    assert found["states"] == 12
    assert found["options"] == ["Modify the order", "Delay", "Accept", "Abandon", "Insist"]
    assert found["players"] == ["Ministry", "Uniroyal", "Local government"]


def test_the_worked_example_in_the_docs_is_what_comes_out() -> None:
    page = (Path(__file__).parents[1] / "docs/lenses/stability.md").read_text(encoding="utf-8")
    shown = json.loads(page.split("```json")[1].split("```")[0])
    model = model_of(load_conflict(LIBRARY / "elmira.gmcr"))
    found = analyse(model).to_json() | follow_up(model).to_json()
    assert shown.items() <= found.items()
    assert {"states", "options", "equilibria", "coalitional", "paths"} <= shown.keys()


def test_options_are_ordered_by_decision_maker_and_weights_are_powers_of_two() -> None:
    options = [{"name": name} for name in ("theirs", "mine", "nobody's", "mine too")]
    makers = [
        {
            "name": "me",
            "options": [3, 1],
            "preferences": [[[0, "Y"]], {"compound": True, "members": [[[1, "Y"]], [[3, "Y"]]]}],
        },
        {"name": "they", "options": [0], "preferences": [[[1, "N"]]]},
    ]
    conflict = conflict_from_json({"options": options, "decisionMakers": makers, "infeasibles": [[[2, "Y"]]]})
    model = OptionModel(conflict)
    assert model.labels == ["mine too", "mine", "theirs", "nobody's"]
    assert model.numbers.tolist() == list(range(8))
    assert model.label(6) == "NYYN"
    assert model.ranks[0].tolist() == [0, 1, 1, 1, 2, 3, 3, 3]
    assert model.ranks[1].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]


def test_an_air_strike_that_cannot_be_undone_adds_an_equilibrium() -> None:
    cuba = load_conflict(LIBRARY / "cuban_missile_crisis.gmcr")
    strike = replace(cuba.options[0], direction="fwd")
    result = analyse(replace(cuba, options=(strike, *cuba.options[1:])))
    assert result.labels("nash") == ["YNYN"]
    assert result.labels("seq") == ["NNYN", "NYYN", "YNYN"]


def test_in_elmira_the_ministry_and_the_company_leave_state_5_together() -> None:
    # Kilgour, Hipel, Fang and Peng (2001): the jump from state 5 to state 8.
    model = model_of(load_conflict(LIBRARY / "elmira.gmcr"))
    result = coalition_stability(model)
    for concept in COALITION_CONCEPTS:
        assert result.broken_by(model.state(ELMIRA[5]), concept) == [("Ministry", "Uniroyal")]
        assert result.broken_by(model.state(ELMIRA[8]), concept) == []
    assert result.labels("nash") == elmira(8, 9)
    together = analyse(replace(load_conflict(LIBRARY / "elmira.gmcr"), coalitions=((0, 1),)))
    assert together.players == ("Ministry + Uniroyal", "Local government")
    assert ELMIRA[5] not in together.labels("gmr")
    assert ELMIRA[8] in together.labels("nash")


def test_looking_far_ahead_supports_compromise_in_chicken_and_the_dilemma() -> None:
    # Kilgour (1984), Brams and Wittman (1981): the non-myopic equilibria of both games.
    chicken = limited_moves(load_conflict(LIBRARY / "chicken.gmcr"), 6)
    assert [chicken.labels(f"l{h}") for h in (1, 3, 4, 5, 6)] == [["NY", "YN"], ["YY"], ["YY"], ["YY"], ["YY"]]
    dilemma = limited_moves(load_conflict(LIBRARY / "prisoners_dilemma.gmcr"), 5)
    assert [dilemma.labels(f"l{h}") for h in range(1, 6)] == [["NN"]] + [["NN", "YY"]] * 4


def small(seed: int) -> tuple[dict, Definitions, OptionModel, dict] | None:
    """A random conflict with its definitions, its model and the index of each state; None without states."""
    data = random_conflict(seed)
    truth = Definitions(data)
    if not truth.states:
        return None
    model = OptionModel(conflict_from_json(data))
    order = model.conflict.order
    index = {frozenset(order[i] for i, x in enumerate(model.label(s)) if x == "Y"): s for s in range(model.size)}
    return data, truth, model, index


def test_coalitions_agree_with_the_definitions() -> None:
    for seed in range(60):
        case = small(seed)
        if case is None:
            continue
        _, truth, model, index = case
        result = coalition_stability(model)
        assert len(result.coalitions) == 2 ** len(truth.players) - 1
        players = sorted(truth.players, key=min)
        groups = [g for n in range(1, len(players) + 1) for g in itertools.combinations(players, n)]
        for row, group in enumerate(groups):
            focal = tuple(member for player in group for member in player)
            rest = [player for player in players if player not in group]
            for concept in COALITION_CONCEPTS:
                outside = [(p,) for p in rest]
                if concept == "seq":
                    outside = [g for n in range(1, len(rest) + 1) for g in itertools.combinations(rest, n)]
                truth.players = [focal, *(tuple(m for player in g for m in player) for g in outside)]
                truth.reach = {p: {s: truth.moves(p, s) for s in truth.states} for p in truth.players}
                for state in truth.states:
                    ours = bool(result.stable[concept][row, index[state]])
                    assert ours == truth.stable(concept, focal, state), (seed, group, concept)


def recursion(truth: Definitions, index: dict) -> Callable[[int, int, int], int]:
    """Where play ends if a player has the initiative in a state and looks so many moves ahead."""
    state_of = {i: s for s, i in index.items()}

    @cache
    def end(player: int, state: int, depth: int) -> int:
        if depth == 0:
            return state
        worth = {i: truth.worth[player][s] for i, s in state_of.items()}
        best, where = worth[state], state
        for move in sorted(index[s] for s in truth.reach[(player,)][state_of[state]]):
            others = [other for other in range(len(truth.players)) if other != player]
            final = min([end(other, move, depth - 1) for other in others] or [move], key=worth.__getitem__)
            if worth[final] > best:
                best, where = worth[final], final
        return where

    return end


def test_horizons_agree_with_a_recursion() -> None:
    for seed in range(60):
        case = small(seed)
        if case is None or case[0]["coalitions"]:
            continue
        _, truth, model, index = case
        players = range(len(truth.players))
        end = recursion(truth, index)
        result = limited_moves(model, 4)
        for depth in range(1, 5):
            for player in players:
                expected = [end(player, state, depth) == state for state in range(model.size)]
                assert result.stable[f"l{depth}"][player].tolist() == expected, (seed, depth, player)
        assert (result.stable["l1"] == analyse(model).stable["nash"]).all()


def test_horizons_are_refused_where_they_have_no_meaning() -> None:
    elmira_case = load_conflict(LIBRARY / "elmira.gmcr")
    with pytest.raises(FoedusError, match="at least 1"):
        limited_moves(elmira_case, 0)
    with pytest.raises(FoedusError, match="not for coalitions"):
        limited_moves(replace(elmira_case, coalitions=((0, 2),)), 2)


@pytest.mark.parametrize("improving", [False, True])
def test_paths_are_legal_and_shortest(improving: bool) -> None:
    for seed in range(40):
        case = small(seed)
        if case is None:
            continue
        data, truth, model, index = case
        state_of = {i: s for s, i in index.items()}
        makers = [maker["name"] for maker in data["decisionMakers"]]
        named = {" + ".join(makers[i] for i in player): player for player in truth.players}
        step = truth.improves if improving else truth.reaches
        start = seed % model.size
        paths = paths_from(model, start, improving)
        lengths, front = {state_of[start]: 0}, {(state_of[start], None)}
        seen, depth = set(front), 0
        while front:
            depth += 1
            front = {(t, p) for s, last in front for p in truth.players if p != last for t in step(p, s)} - seen
            seen |= front
            for state, _ in front:
                lengths.setdefault(state, depth)
        for state, place in index.items():
            assert paths.length[place] == lengths.get(state, -1), seed
            here, mover = state_of[start], None
            for name, label in paths.to(place):
                after = state_of[model.state(label)]
                assert named[name] != mover and after in step(named[name], here)
                here, mover = after, named[name]
            assert len(paths.to(place)) == max(paths.length[place], 0)
            assert paths.length[place] < 0 or here == state


def test_paths_can_be_limited_and_need_a_state() -> None:
    case = load_conflict(LIBRARY / "elmira.gmcr")
    assert paths_from(case, "NYNNN").length[model_of(case).state("NYNNY")] == 1
    assert paths_from(case, "NYNNN", improving=False, most=1).length.max() == 1
    assert paths_from(case, "NYNNN", improving=False).length.max() > 1
    for wrong in ("NYN", "NYNNX", "YYYYY"):
        with pytest.raises(FoedusError):
            paths_from(case, wrong)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_inverse_agrees_with_the_analysis_and_its_change_works(concept: str) -> None:
    changed = 0
    for seed in range(12):
        case = small(seed)
        if case is None:
            continue
        model = case[2]
        stable = analyse(model, [concept]).stable[concept]
        for state in range(model.size):
            for player, need in enumerate(inverse(model, state, concept)):
                assert need.met == stable[player, state], (seed, state)
                assert need.met == (need.change == frozenset())
                if need.change and len(model.players[player]) == 1:
                    demoted = OptionModel(model.conflict)
                    row = model.players[player][0]
                    demoted.ranks[row][sorted(need.change)] = demoted.ranks[row][state]
                    assert analyse(demoted, [concept]).stable[concept][player, state], (seed, state)
                    for fewer in itertools.combinations(sorted(need.change), len(need.change) - 1):
                        partly = OptionModel(model.conflict)
                        partly.ranks[row][list(fewer)] = partly.ranks[row][state]
                        assert not analyse(partly, [concept]).stable[concept][player, state], (seed, state)
                    changed += 1
    assert changed > 10


@pytest.mark.parametrize("concept", ["nash", "gmr", "smr"])
def test_inverse_share_counts_orders(concept: str) -> None:
    compared = 0
    for seed in range(120):
        case = small(seed)
        if case is None or case[2].size > 6 or case[0]["coalitions"]:
            continue
        model = case[2]
        needs = inverse(model, 0, concept)
        for player, need in enumerate(needs):
            orders = list(itertools.permutations(range(model.size)))
            hits = 0
            for order in orders:
                trial = OptionModel(model.conflict)
                trial.ranks[player] = order
                hits += bool(analyse(trial, [concept]).stable[concept][player, 0])
            assert need.share == pytest.approx(hits / len(orders))
            compared += need.share < 1
        if compared > 1:
            return
    raise AssertionError("no case was small enough")


def test_inverse_in_words_and_its_errors() -> None:
    model = model_of(load_conflict(LIBRARY / "elmira.gmcr"))
    state = model.state(ELMIRA[1])
    needs = inverse(model, ELMIRA[1], "nash")
    assert sentences(model, state, needs[2]) == ["Local government must not prefer to NYNNN: NYNNY."]
    assert [need.met for need in needs] == [True, True, False]
    assert needs[2].change == frozenset({model.state(ELMIRA[5])})
    with pytest.raises(FoedusError, match="no stability concept"):
        inverse(model, state, "best")


def test_too_many_players_for_coalitions() -> None:
    makers = [{"name": f"d{i}", "options": [i], "preferences": []} for i in range(11)]
    case: Conflict = conflict_from_json({"options": [{"name": "o"}] * 11, "decisionMakers": makers})
    with pytest.raises(FoedusError, match="at most 10 players"):
        coalition_stability(case)


def test_the_table_lists_equilibria_and_what_is_done_in_them() -> None:
    from rich.console import Console

    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_equilibria(analyse(load_conflict(LIBRARY / "cuban_missile_crisis.gmcr")), console)
    text = console.export_text()
    assert "7 of 12 states" in text and "NYYN" in text and "Blockade, Withdraw the missiles" in text
    print_equilibria(analyse(load_conflict(LIBRARY / "elmira.gmcr")), console, most=2)
    assert "6 more states are not shown" in console.export_text()


def test_details_collect_what_else_can_be_asked() -> None:
    model = model_of(load_conflict(LIBRARY / "elmira.gmcr"))
    found = follow_up(model, state=ELMIRA[5]).to_json()
    assert found["paths"] == {"from": ELMIRA[1], "to": {ELMIRA[5]: [["Local government", ELMIRA[5]]]}}
    assert found["limited"]["l1"] == PUBLISHED["elmira"]["nash"] and set(found["limited"]) == {"l1", "l2", "l3", "l4"}
    assert found["coalitional"] == {c: coalition_stability(model).labels(c) for c in COALITION_CONCEPTS}
    assert found["inverse"]["state"] == ELMIRA[5] and set(found["inverse"]["concepts"]) == set(CONCEPTS)
    needs = found["inverse"]["concepts"]["nash"]
    assert all(need["met"] and need["change"] == [] for need in needs)
    assert needs[2]["must_not_prefer"] == [[[ELMIRA[1]]]]
    held = follow_up(model).to_json()["inverse"]["concepts"]["nash"][2]
    assert not held["met"] and held["change"] == [ELMIRA[5]] and held["share_of_orders"] == pytest.approx(0.5)
    with pytest.raises(FoedusError, match="not feasible"):
        follow_up(model, start="YYYYY")


def test_details_of_large_conflicts_are_left_out_unless_named() -> None:
    makers = [{"name": f"d{i}", "options": [2 * i, 2 * i + 1], "preferences": [[[i, "Y"]]]} for i in range(7)]
    model = model_of(conflict_from_json({"options": [{"name": f"o{i}"} for i in range(14)], "decisionMakers": makers}))
    found = follow_up(model).to_json()
    assert set(found["left_out"]) == {"coalitional", "paths", "inverse"} and found["limited"] is not None
    named = follow_up(model, start="N" * 14).to_json()
    assert named["paths"] is not None and set(named["left_out"]) == {"coalitional", "inverse"}
    alone = replace(load_conflict(LIBRARY / "elmira.gmcr"), coalitions=((0, 1),))
    assert "not for coalitions" in follow_up(model_of(alone)).left_out["limited"]
    with pytest.raises(FoedusError, match="not for coalitions"):
        follow_up(model_of(alone), horizon=2)


def test_the_terminal_shows_the_rest_in_brief_and_names_as_written() -> None:
    from rich.console import Console

    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    case = load_conflict(LIBRARY / "elmira.gmcr")
    marked = replace(case, options=(replace(case.options[0], name="[red]Modify[/]"), *case.options[1:]))
    model = model_of(marked)
    print_conflict(analyse(model), follow_up(model), console)
    text = console.export_text()
    assert "[red]Modify[/]" in text
    assert "NYNNN -> NYNNY (Local government)" in text
    assert "Local government must cease to prefer NYNNY (50% of all its possible orders would do)" in text


def test_the_page_lists_every_concept_with_its_source() -> None:
    page = (Path(__file__).parents[1] / "docs/lenses/stability.md").read_text(encoding="utf-8")
    rows = {cells[1].split()[0]: cells[-2] for line in page.splitlines() if len(cells := line.split("|")) == 5}
    for concept in CONCEPTS.values():
        assert concept.source in rows[concept.short]
