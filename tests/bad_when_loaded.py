"""Texts and shapes that cannot be loaded. See ``bad_scenarios``."""

from __future__ import annotations

from spoiling import GOOD, LINES, spoilt, whole


def texts() -> None:
    whole("empty", "", "it is empty")
    whole("only-comments", "# nothing\n\n# here\n", "it is empty")
    whole("list", "- actors\n- state\n", "it is a list, not a mapping")
    whole("sentence", "just\na sentence\n", "it is a single value")
    whole("tab", "title: x\n\tactors: {}\n", "a tab cannot indent YAML", 2)
    whole("two-documents", GOOD + "---\ntitle: again\n", "more than one document", GOOD.count("\n") + 1)
    whole("open-bracket", "title: [x\nactors: {}\n", "this is not YAML", 2)
    whole("open-quote", 'title: x\nsummary: "never closed\n', "this is not YAML", 3)
    whole("colon", "title: a: b\n", "a ':' is not allowed here")
    whole("tag", "title: !!python/object/apply:os.system [ls]\nx: 1\n", "is not allowed")
    whole("alias-unknown", "title: x\nsummary: *nothing\n", "not given before it", 2)
    whole("alias-of-itself", "title: x\nstate: &a\n  b: *a\n", "not given before it", 3)
    whole("merge-key", "a: &a {x: 1}\nb:\n  <<: *a\n", "merge keys", 3)
    whole("key-list", "title: x\n? [a, b]\n: c\n", "a key must be a word", 2)
    whole("control", "title: x\nsummary: \x07\n", "U+0007 is not allowed", 2)
    whole("surrogate", 'title: "\\ud800"\nx: 1\n', "surrogate")
    whole("deep", "title: x\nstate: " + "[" * 60 + "]" * 60 + "\n", "nested more than", 2)
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    whole("bomb", "\n".join(bomb), "aliases", 5)
    whole("huge", "title: x\nsummary: " + "x" * 4_000_001, "larger than 1,500,000 bytes")
    del LINES["huge"]
    whole("nothing-in-it", "title: x\nsummary: y\n", "'actors' is missing")
    whole("extends-unknown", "title: x\nextends: no-such-scenario\n", "neither a shipped scenario nor a file", 2)
    whole("extends-list", "title: x\nextends: [a]\n", "must be the name or the file", 2)


def shapes() -> None:
    def bad(name: str, old: str, new: str, fragment: str) -> None:
        spoilt(name, old, new, fragment, "load")

    bad("side-empty", "others: [east]", "others: []", "at least 1 needed")
    bad("key-twice", "  ally: {}\n", "  east: {}\n", "'east' is given twice")
    bad("unknown-top-key", "factual:", "factul:", "Did you mean 'factual'?")
    bad("unknown-key", "levels: [bad, good]", "levles: [bad, good]", "Did you mean 'levels'?")
    bad("missing-turn", "turn:\n", "trun:\n", "'turn' is missing")
    LINES["missing-turn"] = 1
    bad("level-number", "[none, test]", "[0, 1]", "Put it in quotes")
    bad("level-name", "[none, test]", "[none, 2nd]", "is not a name")
    bad("no-levels", "[none, test]", "[]", "at least 1 needed")
    bad("within-word", "within: period", "within: month", "not one of: period")
    bad("periods-word", "periods: 6", "periods: six", "a whole number")
    bad("periods-zero", "periods: 6", "periods: 0", "must be at least 1")
    bad("unit-word", "unit: month", "unit: months", "Did you mean 'month'?")
    bad("distribution-name", "{uniform: [1, 3]}", "{unifrom: [1, 3]}", "Did you mean 'uniform'?")
    bad("distribution-order", "{uniform: [1, 3]}", "{uniform: [3, 1]}", "is not possible")
    bad("distribution-count", "[0, 1, 2]", "[0, 1]", "not 2 numbers")
    bad("distribution-text", "[0, 1, 2]", "[0, one, 2]", "it must be a number")
    bad("distribution-infinite", "[0, 1, 2]", "[0, 1, .inf]", "all finite")
    bad("distribution-two", "{uniform: [1, 3]}", "{uniform: [1, 3], beta: [1, 2]}", "give one distribution")
    bad("no-number", "word: 2", "word:", "no value is given")
    bad("why-only", "word: 2", "word: {why: because}", "give either a value")
    bad("infinite", "{precision: 2}", "{precision: .inf}", "must be finite")
    bad(
        "phase-kinds",
        "    chance:\n      - {prob: risk",
        "    decide: east\n    chance:\n      - {prob: risk",
        "needs 'actions'",
    )
    LINES["phase-kinds"] = GOOD[: GOOD.index("  - id: weather")].count("\n") + 1
    bad("phase-name", "id: answer", "id: an answer", "is not a name")
    bad("guard-list", "when: tension <= crisis", "when: [tension]", "a number or an expression, not a list")
    bad("exists-word", "exists: enabled", "exists: sometimes", "not one of: always, enabled")
    bad("trigger-kinds", "threshold: crisis, ", "", "a trigger has one of")
    bad(
        "trigger-missing",
        "    trigger: {severity: tension, threshold: crisis, vagueness: room}\n",
        "",
        "'trigger' is missing",
    )
    LINES["trigger-missing"] = GOOD[: GOOD.index("  pact:")].count("\n") + 1
    bad("observation-kinds", ", is: tension < war", "", "either 'took'")
    bad("claim-no-reading", "{war: 'prob(eventually(tension == war)) < 0.1'}", "{}", "at least 1 needed")
    bad("reading-number", "{war: 'prob(eventually(tension == war)) < 0.1'}", "{war: 1}", "it must be text")
    bad("known-word", "known: true", "known: maybe", "true or false")
    bad("actor-number", "  ally: {}\n", "  ally: 3\n", "a mapping")
    bad("title-list", "title: A test", "title: [A test]", "it must be text, not a list")
    bad("periods-true", "periods: 6", "periods: true", "a whole number, not the truth value true")
    bad("first-list", "first: 2025-01", "first: [2025]", "it must be text, not a list")
    bad(
        "distribution-long",
        "{uniform: [1, 3]}",
        "{distribution: {kind: unifrom, parameters: [1, 3]}}",
        "'unifrom' is not",
    )
    bad(
        "weights-few",
        "{uniform: [1, 3]}",
        "{distribution: {kind: choice, parameters: [1, 3], weights: [1]}}",
        "one weight for",
    )
    bad("weights-sum", "{uniform: [1, 3]}", "{choice: {1: 0.5, 3: 0.6}}", "probabilities that sum to 1")
    bad("distribution-point", "{uniform: [1, 3]}", "{uniform: [3, 3]}", "low below high")
    bad("evidence-four", "evidence: [notes, 1]", "evidence: [[notes, 1, q, r]]", "evidence is a source, or")
    bad("rationality", "title: A test", "rationality: bounded", "'bounded' is not one of: logit, perfect.")
    bad("rests-on-list", "rests_on: {word: 0}", "rests_on: [word]", "a mapping (key: value), not a list")
    bad("action-number", "hold: {base: 9}", "hold: 9", "a mapping (key: value), not the number 9")
    bad(
        "chance-mapping",
        "{chance: [{prob: 0.7, then: {tension: calm}}, {prob: 0.3, then: {tension: war}}]}",
        "{chance: {prob: 1}}",
        "a list, not a mapping",
    )
