"""Scenarios that load and name something that is not there, or ask for what cannot be. See ``bad_scenarios``."""

from __future__ import annotations

from spoiling import LINES, spoilt


def names() -> None:
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


def arguments() -> None:
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
    bad("factual-counterfactual", "status_quo: {", "status_quo: {counterfactual: true, ", "cannot be a counterfactual")
    bad("observation-date", "{at: 2025-02", "{at: 2024-02", "outside the reported periods")
    bad("observed-never", "{at: 2025-03, is: tension < war}", "{at: 2025-03, is: tension > war}", "no state is so")
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
