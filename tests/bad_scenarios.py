"""Malformed scenarios: (id, text, a fragment of the error expected, the stage that finds it).

Each is ``GOOD`` with one thing spoilt, or a text of its own. ``LINES`` gives the line of the
error where it is known.
"""

from __future__ import annotations

GOOD = """\
title: A test
sources: {notes: {title: Notes}}
horizon: {periods: 6, unit: month, first: 2025-01}
actors:
  east: {precision: 2}
  west: {precision: {uniform: [1, 3]}, patience: 0.9}
  ally: {}
assumptions:
  risk: {uniform: [0.1, 0.3], why: nobody knows}
  twice: {value: 2 * risk, why: for the tests}
  room: {triangular: [0, 1, 2], why: the text is vague}
  word: 2
state:
  tension: {levels: [calm, crisis, war], start: calm, ends: war}
  luck: {levels: [bad, good], start: {bad: 0.5, good: 0.5}}
  act: {levels: [none, test], start: none, within: period}
objectives:
  east: {gain: {weight: 1, value: tension}}
  west: {credit: {}, peace: {value: 1 - tension}}
turn:
  - id: press
    decide: east
    when: tension <= crisis
    actions:
      hold: {base: 9}
      test: {base: 1, then: {act: test}, pays: {east: {gain: 0.2}}}
      leak: {base: 0.5, exists: enabled, in_place_of: hold}
  - id: weather
    at: [2025-02, 2025-03]
    chance:
      - {prob: risk, then: {tension: crisis}}
      - {prob: twice * 0.5}
      - {prob: rest}
  - id: answer
    decide: west
    when: tension == crisis and luck == good
    actions:
      yield: {then: {tension: calm}}
      help: {chance: [{prob: 0.7, then: {tension: calm}}, {prob: 0.3, then: {tension: war}}]}
  - enters: {tension: war, pays: {west: {peace: -5}, east: -1}}
commitments:
  pact:
    from: west
    to: ally
    kind: defence_pact
    attach: answer
    order: [yield, help]
    expected: help
    in_force: 1
    trigger: {severity: tension, threshold: crisis, vagueness: room}
    reneging: {objective: credit, cost: word}
    known_to: [west, ally]
sides: {friends: [west, ally], others: [east]}
beliefs:
  east: {room: {is: room * 2, known: true}, word: {is: word / 2}}
policies:
  status_quo: {}
  clear: {set: {room: 0}, enable: [press.leak], bind: [{phase: press, do: hold, when: t > 1}]}
factual: status_quo
observations:
  - {at: 2025-02, took: [press.test, press.hold], error: 0.05, source: notes}
  - {at: 2025-03, is: tension < war}
outcomes:
  war: tension == war
  crisis: {event: tension == crisis, feared: true}
claims:
  calm:
    says: The pact keeps the peace.
    evidence: [notes, 1]
    readings: {war: 'prob(eventually(tension == war)) < 0.1'}
    rests_on: {word: 0}
"""

BAD: list[tuple[str, str, str, str]] = []
LINES: dict[str, int] = {}


def spoilt(name: str, old: str, new: str, fragment: str, stage: str) -> None:
    """Adds GOOD with ``old`` (which it holds once) replaced, and notes the line where the two begin to differ."""
    assert GOOD.count(old) == 1, (name, GOOD.count(old))
    text = GOOD.replace(old, new)
    BAD.append((name, text, fragment, stage))
    pairs = zip(GOOD.splitlines(), text.splitlines(), strict=False)
    LINES[name] = next(n for n, (a, b) in enumerate(pairs, 1) if a != b)


def whole(name: str, text: str, fragment: str, line: int = 1) -> None:
    """Adds a text of its own, which cannot be loaded."""
    BAD.append((name, text, fragment, "load"))
    LINES[name] = line


def _texts() -> None:
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
    whole("bomb", "\n".join(bomb), "aliases", 6)
    whole("huge", "title: x\nsummary: " + "x" * 4_000_001, "larger than 4000000 bytes")
    del LINES["huge"]
    whole("nothing-in-it", "title: x\nsummary: y\n", "'actors' is missing")
    whole("extends-unknown", "title: x\nextends: no-such-scenario\n", "neither a shipped scenario nor a file", 2)
    whole("extends-list", "title: x\nextends: [a]\n", "must be the name or the file", 2)


def _shapes() -> None:
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


def _names() -> None:
    def bad(name: str, old: str, new: str, fragment: str) -> None:
        spoilt(name, old, new, fragment, "check")

    bad("who-decides", "decide: east", "decide: easst", "Did you mean 'east'?")
    bad("guard-name", "tension <= crisis", "tensoin <= crisis", "Did you mean 'tension'?")
    bad("guard-level", "tension <= crisis", "tension <= crsis", "Did you mean 'crisis'?")
    bad("guard-lone-level", "tension <= crisis", "crisis", "It is a level of 'tension'")
    bad("guard-syntax", "tension <= crisis", "tension <=", "is not an expression")
    bad("guard-function", "tension <= crisis", "sqrt(tension) > 1", "is not a function here")
    bad("guard-import", "tension <= crisis", "__import__('os').system('ls')", "is not a")
    bad("guard-date", "tension <= crisis", 'date >= "soon"', "is not a date")
    bad("guard-comment", "tension <= crisis", "'tension # now'", "a comment cannot stand")
    bad("base-nonsense", "base: 9", "base: 1/0", "not a finite number")
    bad("base-negative", "base: 9", "base: -9", "must be 0 or more")
    bad("effect-name", "then: {act: test}", "then: {atc: test}", "Did you mean 'act'?")
    bad("effect-level", "then: {act: test}", "then: {act: tst}", "Did you mean 'test'?")
    bad("effect-range", "then: {act: test}", "then: {act: 2}", "is not a level of 'act'")
    bad("effect-assumption", "then: {act: test}", "then: {act: risk}", "may read only the state")
    bad("pays-actor", "pays: {east: {gain: 0.2}}", "pays: {north: {gain: 0.2}}", "'north' is not an actor")
    bad("pays-objective", "pays: {east: {gain: 0.2}}", "pays: {east: {gian: 0.2}}", "Did you mean 'gain'?")
    bad("in-place-of", "in_place_of: hold", "in_place_of: hodl", "Did you mean 'hold'?")
    bad("in-place-of-itself", "in_place_of: hold", "in_place_of: leak", "in place of itself")
    bad("in-place-of-less", "base: 0.5", "base: 50", "cannot come out of the base 9")
    bad("phase-twice", "id: weather", "id: press", "two phases are called 'press'")
    bad("date-syntax", "at: [2025-02, 2025-03]", "at: [February]", "is not a date")
    bad("date-outside", "at: [2025-02, 2025-03]", "at: [2031-02]", "outside the solved periods")
    bad("first-date", "first: 2025-01", "first: 2025-13", "month must be in 1..12")
    bad("probability-over", "prob: 0.7", "prob: 1.7", "1.7 is not a probability")
    bad("probability-sum-over", "prob: 0.7", "prob: 0.9", "sum to 1.2, over 1")
    bad("probability-sum-under", "prob: 0.7", "prob: 0.5", "sum to 0.8, not 1")
    bad("rest-twice", "{prob: twice * 0.5}", "{prob: rest}", "two branches take the rest")
    LINES["rest-twice"] += 1
    bad("enters-name", "enters: {tension: war", "enters: {tensoin: war", "Did you mean 'tension'?")
    bad("enters-level", "enters: {tension: war", "enters: {tension: wra", "Did you mean 'war'?")
    bad(
        "start-level",
        "act: {levels: [none, test], start: none",
        "act: {levels: [none, test], start: nothing",
        "is not a level of 'act'",
    )
    bad("start-sum", "{bad: 0.5, good: 0.5}", "{bad: 0.5, good: 0.6}", "sum to 1.1, not 1")
    bad("ends-level", "ends: war", "ends: wars", "Did you mean 'war'?")
    bad("level-twice", "[bad, good]", "[bad, bad, good]", "two levels have the same name")
    bad("name-clash", "  word: 2", "  luck: 2\n  word: 2", "is a state variable too")
    bad("reserved", "  word: 2", "  max: 2\n  word: 2", "a word of the expression language")
    bad("circle", "value: 2 * risk", "value: 2 * twice", "computed from itself")
    bad("assumption-state", "value: 2 * risk", "value: 2 * tension", "may read only assumptions")
    bad("patience", "patience: 0.9", "patience: 1.9", "patience must be between 0 and 1")
    bad("objective-actor", "  east: {gain:", "  easst: {gain:", "Did you mean 'east'?")


def _arguments() -> None:
    def bad(name: str, old: str, new: str, fragment: str) -> None:
        spoilt(name, old, new, fragment, "check")

    bad("pact-from", "from: west", "from: north", "'north' is not an actor")
    bad("pact-to-itself", "to: ally", "to: west", "cannot commit to itself")
    bad("pact-attach", "attach: answer", "attach: anwser", "Did you mean 'answer'?")
    bad("pact-other-actor", "attach: answer", "attach: press", "is decided by east, not by west")
    bad("pact-order", "order: [yield, help]", "order: [yield, hlep]", "Did you mean 'help'?")
    bad("pact-expected", "expected: help", "expected: war", "is not in the order")
    bad("pact-objective", "objective: credit", "objective: credits", "Did you mean 'credit'?")
    bad("pact-threshold", "threshold: crisis", "threshold: crsis", "is not known here")
    bad("pact-severity", "severity: tension,", "severity: tension + risk,", "may read only the state")
    bad("pact-vagueness", "vagueness: room}", "vagueness: -1}", "a vagueness of -1 is not possible")
    bad("pact-known-to", "known_to: [west, ally]", "known_to: [ally]", "west must know")
    bad("pact-kind", "kind: defence_pact", "kind: defense_pact", "Did you mean 'defence_pact'? For a kind of your own")
    bad("pact-hostile", "kind: defence_pact", "hostile: true", "a commitment of kind 'defence_pact' is not hostile")
    bad("side-name", "others: [east]", "others: [eest]", "Did you mean")
    bad("side-two", "others: [east]", "others: [east, ally]", "ally is on the side 'friends' too")
    bad("side-twice", "others: [east]", "others: [east, east]", "an actor is named twice")
    bad(
        "outcome-two",
        "war: tension == war\n",
        "war: {event: tension == war, feared: true}\n",
        "is the feared outcome too",
    )
    LINES["outcome-two"] += 1
    bad("belief-name", "{room: {is: room", "{rooom: {is: room", "Did you mean 'room'?")
    bad("belief-open-payoff", "{is: word / 2}", "{is: word / 2, known: true}", "may concern nature's odds only")
    bad("policy-set", "set: {room: 0}", "set: {roon: 0}", "Did you mean 'room'?")
    bad("policy-enable", "[press.leak]", "[press.leek]", "Did you mean 'leak'?")
    bad("policy-enable-form", "[press.leak]", "[leak]", "is not phase.action")
    bad("policy-bind", "do: hold", "do: hodl", "Did you mean 'hold'?")
    bad("policy-bind-phase", "phase: press", "phase: weather", "is not a phase in which an actor decides")
    bad("factual", "factual: status_quo", "factual: statusquo", "Did you mean 'status_quo'?")
    bad("observation-date", "{at: 2025-02", "{at: 2024-02", "outside the reported periods")
    bad("observation-action", "press.test,", "press.tset,", "Did you mean 'test'?")
    bad("observation-mixed", "press.test, press.hold", "press.test, answer.help", "it mixes actions")
    bad("observation-error", "error: 0.05", "error: 5", "5 is not a probability")
    bad("observation-source", "source: notes", "source: nots", "Did you mean 'notes'?")
    bad("outcome", "war: tension == war", "war: risk > 0.2", "may read only the state")
    bad("claim-query", "prob(eventually", "probability(eventually", "Did you mean 'prob'?")
    bad("claim-policy", "< 0.1'", '< prob(always(tension == war), under="clera")\'', "Did you mean 'clear'?")
    bad("claim-number", "< 0.1'", "- 0.1'", "a number, not a yes or no")
    bad("claim-state", "prob(eventually(tension == war))", "tension", "changes over time")
    bad("claim-when", "prob(eventually(tension == war))", "prob(tension == war)", "needs a time")
    bad("claim-rests-on", "rests_on: {word: 0}", "rests_on: {wrod: 0}", "Did you mean 'word'?")
    bad("claim-source", "evidence: [notes, 1]", "evidence: [note, 1]", "Did you mean 'notes'?")


def _more_shapes() -> None:
    def bad(name: str, old: str, new: str, fragment: str) -> None:
        spoilt(name, old, new, fragment, "load")

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


def _more_names() -> None:
    def bad(name: str, old: str, new: str, fragment: str) -> None:
        spoilt(name, old, new, fragment, "check")

    bad("guard-equals", "tension <= crisis", "tension = crisis", "Write == to compare.")
    bad("guard-ampersands", "tension <= crisis", "tension <= crisis && t > 1", "Write and, or, not.")
    bad("guard-quoted-level", "tension <= crisis", "tension <= 'crisis'", "Write names without quotes.")
    bad("guard-walrus", "tension <= crisis", "(x := t)", "is not allowed in an expression")
    bad("guard-modulo", "tension <= crisis", "t % 2", "is not allowed in an expression")
    bad("guard-deep", "tension <= crisis", "-" * 100 + "t", "nested too deeply")
    bad("base-power", "base: 9", "base: 9**9**9", "not a finite number")
    bad("base-complex", "base: 9", "base: 9j", "is not allowed in an expression")
    bad(
        "scratch-odds", "start: none, within: period", "start: {none: 0.5, test: 0.5}, within: period", "a single level"
    )
    bad(
        "scratch-ends",
        "start: none, within: period",
        "start: none, within: period, ends: test",
        "cannot end at a level",
    )
    bad("precision-normal", "{uniform: [1, 3]}", "{normal: [2, 1]}", "Give the ends too")
    bad("precision-state", "{precision: 2}", "{precision: tension}", "here it may read only assumptions")
    bad(
        "reads-order",
        "{severity: tension, threshold: crisis, vagueness: room}",
        "{reads: {low: 0.9, high: 0.1, true: 0.5}}",
        "are not in this order",
    )
    bad("known-to-nobody", "known_to: [west, ally]", "known_to: []", "west must know")
    bad("observation-error-reads", "error: 0.05", "error: risk", "here a number must stand")
    bad(
        "claim-under-twice",
        "< 0.1'",
        '< prob(always(tension == war), under="clear", under="clear")\'',
        "is given twice",
    )
    bad(
        "claim-late",
        "prob(eventually(tension == war))",
        "prob(tension == war, at=6)",
        "outside the reported periods, 0 to 5",
    )
    bad(
        "claim-in-claim",
        "eventually(tension == war)",
        "eventually(prob(tension == war, at=1) > 1)",
        "is not a function here",
    )
    bad("rests-on-itself", "rests_on: {word: 0}", "rests_on: {word: word / 2}", "computed from itself")
    bad("rests-on-derived", "rests_on: {word: 0}", "rests_on: {risk: twice / 4}", "computed from itself")


def _in_some_worlds() -> None:
    """What only shows when the game is built, or solved in sampled worlds."""

    def bad(name: str, old: str, new: str, fragment: str, line: str | None = None) -> None:
        spoilt(name, old, new, fragment, "run")
        if line is not None:
            LINES[name] = next(n for n, text in enumerate(BAD[-1][1].splitlines(), 1) if line in text)

    bad(
        "worlds-probability",
        "{uniform: [0.1, 0.3], why",
        "{uniform: [0.1, 1.3], why",
        "a probability in weather must be between 0 and 1",
        "id: weather",
    )
    bad(
        "worlds-sum",
        "- {prob: rest}",
        "- {prob: 1 - 3 * risk}",
        "the sum of the probabilities in weather",
        "id: weather",
    )
    bad(
        "worlds-start",
        "{bad: 0.5, good: 0.5}",
        "{bad: risk, good: 0.5}",
        "the sum of the start probabilities must be 1",
        "title",
    )
    bad("worlds-base", "base: 9", "base: risk - 0.2", "the base rate of press.hold must be at least 0")
    bad("worlds-not-finite", "base: 9", "base: log(risk - 0.2)", "log((risk - 0.2)) is not a finite number", "title")
    bad("worlds-precision", "{precision: 2}", "{precision: risk - 1}", "the precision of east must be at least 0")
    bad(
        "worlds-vagueness",
        "vagueness: room}",
        "vagueness: room - 1}",
        "the vagueness of pact must be at least 0",
        "from: west",
    )
    bad(
        "worlds-menu",
        "yield: {then: {tension: calm}}\n      help: {chance",
        "yield: {when: risk > 0.2, then: {tension: calm}}\n      help: {when: risk > 0.25, chance",
        "phase 'answer' leaves west no action",
        "id: answer",
    )
    bad("state-not-finite", "{gain: 0.2}", "{gain: 1 / tension}", "is not a finite number where tension is 0")
    del LINES["state-not-finite"]
    bad(
        "effect-between",
        "- {prob: risk, then: {tension: crisis}}",
        "- {prob: risk, then: {tension: tension + 0.5}}",
        "'tension' would become 0.5, between levels",
        "id: weather",
    )
    bad(
        "effect-outside",
        "- {prob: risk, then: {tension: crisis}}",
        "- {prob: risk, then: {tension: tension - 1}}",
        "'tension' would become -1, outside its levels",
        "id: weather",
    )
    bad("claim-impossible", "tension == war)) < 0.1", "tension > war)) < 0.1", "no state that the game can come to")
    bad(
        "claim-unreachable",
        "{prob: 0.3, then: {tension: war}}",
        "{prob: 0.3, then: {tension: calm}}",
        "no state that the game can come to satisfies (tension == war)",
        "readings: {war",
    )
    bad(
        "claim-given-impossible",
        "tension == war)) < 0.1",
        "tension == war), given=luck > good) < 0.1",
        "satisfies (luck > good)",
    )
    bad(
        "claim-neutral",
        "rests_on: {word: 0}",
        "rests_on: {risk: 5}",
        "With what claim 'calm' rests on made neutral (risk = 5)",
    )
    del LINES["claim-neutral"]
    bad(
        "observed-never",
        "{at: 2025-03, is: tension < war}",
        "{at: 2025-03, is: tension > war}",
        "no world allows what was observed",
    )
    del LINES["observed-never"]
    names = [f"v{i}" for i in range(4)]
    levels = "[" + ", ".join(f"l{i}" for i in range(60)) + "]"
    state = "".join(f"  {name}: {{levels: {levels}, start: l0}}\n" for name in names)
    step = "chance: [{prob: 0.5, then: {NAME: 'min(NAME + 1, 59)'}}, {prob: rest}]"
    turn = "".join(f"  - {{id: p{name}, {step.replace('NAME', name)}}}\n" for name in names)
    ask = "outcomes: {all: " + " and ".join(f"{name} == l59" for name in names) + "}\n"
    text = f"actors: {{a: {{}}}}\nhorizon: {{periods: 9}}\nstate:\n{state}turn:\n{turn}{ask}"
    BAD.append(("states-huge", text, "states: it cannot fit. Most to blame: 'v", "run"))
    LINES["states-huge"] = 4


for fill in (_texts, _shapes, _names, _arguments, _more_shapes, _more_names, _in_some_worlds):
    fill()
