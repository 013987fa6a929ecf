"""A good scenario that has something of everything, and how it is spoilt: see ``bad_scenarios``."""

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
