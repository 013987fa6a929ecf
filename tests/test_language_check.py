"""What the checks warn of, and the checks of quotes against their sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from bad_scenarios import GOOD
from foedus.scenario.check import check, circles_in, problems_of, validate
from foedus.scenario.check_sources import paragraphs, quote_in
from foedus.scenario.commitments import CommitmentKind
from foedus.scenario.distributions import Distribution
from foedus.scenario.errors import Problem
from foedus.scenario.files import shipped
from foedus.scenario.load import load
from foedus.scenario.outcomes import feared_outcome, outcomes_of
from foedus.scenario.schema import Scenario


def warnings_of(old: str = "", new: str = "") -> list[Problem]:
    assert not old or GOOD.count(old) == 1
    problems = problems_of(GOOD.replace(old, new) if old else GOOD)
    assert [problem for problem in problems if problem.severity == "error"] == []
    return problems


def told(problems: list[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems)


def test_what_is_not_supported_is_listed() -> None:
    text = told(warnings_of())
    assert "1 of 4 assumptions have no 'why': word." in text
    assert "4 of 4 assumptions have no 'evidence': risk, twice, room, word." in text
    assert "1 of 1 claims have no 'rests_on'" in told(warnings_of("    rests_on: {word: 0}\n"))
    uncited = told(warnings_of("    evidence: [notes, 1]\n"))
    assert "1 of 1 claims have no 'evidence': calm." in uncited


@pytest.mark.parametrize(
    ("old", "new", "fragment", "path"),
    [
        ("  word: 2", "  spare: 2\n  word: 2", "nothing reads 'spare'", "assumptions.spare"),
        ("  act: {", "  mood: {levels: [low, high], start: low}\n  act: {", "nothing reads 'mood'", "state.mood"),
        ("when: tension <= crisis", "when: 1 > 2", "never true", "turn.0.when"),
        ("at: [2025-02, 2025-03]", "at: [2025-09]", "after the 6 reported periods", "turn.1.at.0"),
        ("expected: help", "expected: yield", "nothing in the order falls short", "commitments.pact.expected"),
        ("[press.leak]", "[press.test]", "exists under every policy", "policies.clear.enable.0"),
        (
            "enable: [press.leak], bind: [{phase: press, do: hold",
            "bind: [{phase: press, do: leak",
            "does not exist under this policy",
            "policies.clear.bind.0.do",
        ),
        (
            "when: t > 1}",
            "when: t > 1, known_to: [ally]}",
            "all know of an open rule",
            "policies.clear.bind.0.known_to",
        ),
        (
            "{is: room * 2, known: true}",
            "2",
            "this belief stays the same when the policy clear sets 'room'",
            "beliefs.east.room.is",
        ),
        ("[press.test, press.hold]", "[press.leak]", "does not exist under the factual policy", "observations.0.took"),
        (
            "{weight: 1, value: tension}",
            "{weight: 1, final: true}",
            "without 'value' pays nothing",
            "objectives.east.gain.final",
        ),
        ("cost: word", "cost: -1", "falling short is rewarded", "commitments.pact.reneging.cost"),
        (
            "prob(eventually(tension == war)) < 0.1",
            "risk < 0.2",
            "asks nothing of the game",
            "claims.calm.readings.war.holds",
        ),
        ("start: calm, ends: war", "start: war, ends: war", "starts at a level that ends it", "state.tension.start"),
        (
            "[bad, good], start: {bad: 0.5, good: 0.5}",
            "[risk, good], start: good",
            "is the name of an assumption too",
            "state.luck.levels.0",
        ),
    ],
)
def test_warnings(old: str, new: str, fragment: str, path: str) -> None:
    found = [problem for problem in warnings_of(old, new) if fragment in problem.reason]
    assert [".".join(map(str, problem.path)) for problem in found] == [path]
    assert found[0].severity == "warning" and found[0].line is not None


def test_an_answer_outside_the_order_is_warned_of() -> None:
    text = GOOD.replace("      help: {chance", "      run: {}\n      help: {chance")
    assert "run of answer can be taken without any cost" in told(problems_of(text))
    exempted = text.replace("expected: help", "exempt: [run]\n    expected: help")
    assert exempted != text and "without any cost" not in told(problems_of(exempted))
    for wrong, said in (("[help]", "stands in the order too"), ("[runs]", "Did you mean 'run'?")):
        assert said in told(problems_of(exempted.replace("[run]", wrong)))


def test_final_and_beyond() -> None:
    text = GOOD.replace("value: tension}", "value: tension, final: true}")
    assert "last solved period" not in told(problems_of(text))
    assert load(text).beyond == 0
    longer = text.replace("periods: 6,", "periods: 6, beyond: 3,")
    assert "last solved period, 3 after the last reported one" in told(problems_of(longer))


def test_terminal_values_are_checked() -> None:
    text = GOOD.replace("periods: 6,", "periods: 6, beyond: {east: tension, north: 1, west: tensoin},")
    found = [problem for problem in problems_of(text) if problem.severity == "error"]
    assert [problem.path for problem in found] == [("horizon", "beyond", "north"), ("horizon", "beyond", "west")]


def test_open_beliefs_follow_derived_assumptions() -> None:
    fine = GOOD.replace("{room: {is: room * 2, known: true}", "{risk: {is: risk, known: true}")
    assert [p for p in problems_of(fine) if p.severity == "error"] == []
    spoilt = fine.replace("base: 9", "base: 9 + twice")
    assert "'risk' enters a base rate" in told(problems_of(spoilt))


def test_validate_gives_the_warnings() -> None:
    assert {problem.severity for problem in validate(load(GOOD))} == {"warning"}
    built = Scenario.model_validate(load(GOOD).model_dump(by_alias=True))
    assert all(problem.file is None for problem in validate(built))
    assert [p.reason for p in check(built)] == [p.reason for p in check(load(GOOD))]


def test_circles() -> None:
    assert circles_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles_in({"a": {"a"}}) == [["a"]]
    assert circles_in({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"e"}, "e": {"c", "x"}}) == [
        ["a", "b"],
        ["c", "d", "e"],
    ]
    long = {str(i): {str(i + 1)} for i in range(5000)}
    assert circles_in(long) == []


TEXT = "Heading\n\nThe “pact” says that one will help — at once.\n\n  Second\u00a0paragraph,\n  on two lines.\n"


def test_paragraphs() -> None:
    assert len(paragraphs(TEXT)) == 3
    assert paragraphs("one\ntwo\nthree\n") == ["one", "two", "three"]
    assert paragraphs("") == []


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ('The "pact" says', True),
        ("one will help - at once", True),
        ("Second paragraph, on two lines.", True),
        ("The pact says", False),
        ("the “pact”", False),
        ('The "pact" ... at once', True),
        ('The "pact" […] will help', True),
        ("at once ... The", False),
    ],
)
def test_quotes(quote: str, found: bool) -> None:
    assert quote_in(quote, TEXT) is found


@pytest.fixture
def cited(tmp_path: Path) -> Path:
    (tmp_path / "notes.txt").write_text(TEXT, encoding="utf-8")
    file = tmp_path / "s.yaml"
    file.write_text(GOOD.replace("{title: Notes}", "{title: Notes, file: notes.txt}"), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("evidence", "fragment"),
    [
        ("[notes, 2, one will help]", None),
        ("[notes, null, Second paragraph]", None),
        ("[notes, 2-3, on two lines]", None),
        ("[notes, 1, one will help]", "stands in paragraph 2, not in 1"),
        ("[notes, 2, one may help]", "is not in 'notes', word for word"),
        ("[notes, 4]", "has paragraphs 1 to 3, and no 4"),
        ("[notes, 0]", "must be at least 1"),
    ],
)
def test_evidence_is_checked_against_the_file(cited: Path, evidence: str, fragment: str | None) -> None:
    cited.write_text(cited.read_text(encoding="utf-8").replace("[notes, 1]", evidence), encoding="utf-8")
    errors = [problem for problem in problems_of(cited) if problem.severity == "error"]
    assert len(errors) == (fragment is not None)
    if fragment is not None:
        assert fragment in errors[0].reason
        assert errors[0].line == GOOD[: GOOD.index("[notes, 1]")].count("\n") + 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_source_that_cannot_be_read_is_a_warning(cited: Path, content: bytes | None) -> None:
    notes = cited.parent / "notes.txt"
    notes.unlink()
    if content is not None:
        notes.write_bytes(content)
    problems = problems_of(cited)
    assert [p.severity for p in problems if "not checked" in p.reason] == ["warning"]
    assert not any(p.severity == "error" for p in problems)


def test_sources_of_a_variant_are_looked_for_beside_their_own_file(
    cited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOEDUS_ALLOW_OUTSIDE", "1")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "v.yaml").write_text("extends: ../s.yaml\n", encoding="utf-8")
    assert "not checked" not in told(problems_of(folder / "v.yaml"))


@pytest.mark.parametrize(
    ("written", "fragment"),
    [
        ({"uniform": [1, 1]}, "is not possible"),
        ({"loguniform": [0, 1]}, "both positive"),
        ({"triangular": [0, 3, 2]}, "is not possible"),
        ({"beta": [1, 2, 3]}, "not 3 numbers"),
        ({"beta": [0, 2]}, "is not possible"),
        ({"normal": [0, 0]}, "is not possible"),
        ({"normal": [0, 1, 2, 1]}, "is not possible"),
        ({"lognormal": [-1, 1]}, "is not possible"),
        ({"integers": [0.5, 2]}, "is not possible"),
        ({"choice": {"1": 0.5, "2": 0.6}}, "is not possible"),
        ({"choice": []}, "finite"),
        ({"uniform": 3}, "uniform takes [low, high]"),
        ({"gamma": [1, 2]}, "is not a distribution"),
    ],
)
def test_impossible_distributions(written: dict[str, object], fragment: str) -> None:
    with pytest.raises(ValueError) as caught:
        Distribution.model_validate(written)
    assert fragment in str(caught.value)


HOSTILE = {"threat", "red_line"}
KINDS = [(str(kind), kind in HOSTILE) for kind in CommitmentKind]


@pytest.mark.parametrize(
    ("kind", "hostile"), [*KINDS, ("feud\n    hostile: true", True), ("tie\n    hostile: false", False)]
)
def test_whether_a_commitment_is_hostile(kind: str, hostile: bool) -> None:
    """By its kind, or as is said of a kind of one's own; a pact is a defence pact unless said."""
    scenario = load(GOOD.replace("kind: defence_pact", f"kind: {kind}"))
    assert [problem for problem in check(scenario) if problem.severity == "error"] == []
    assert scenario.commitments["pact"].is_hostile is hostile
    assert load(scenario.to_yaml()).commitments == scenario.commitments
    assert not load(GOOD.replace("    kind: defence_pact\n", "")).commitments["pact"].is_hostile


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_feared_outcome_of_shipped_scenarios_is_war_where_there_is_one(name: str) -> None:
    scenario = load(name)
    wars = [o for o, written in scenario.outcomes.items() if "war" in f"{o} {written.label}".lower().split()]
    assert feared_outcome(scenario) == (wars or list(outcomes_of(scenario)))[0]
