"""A small scenario with every part that a kept run has pieces of, and how its directory is compared."""

from __future__ import annotations

from pathlib import Path

from foedus.lenses.registry import chosen, look_through
from foedus.report.files import write_run
from foedus.runs.ensemble import ensemble
from foedus.runs.executors import Executor
from foedus.runs.result import Run
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario

ONE = Executor(workers=1)

TINY = """
title: A line in the sand
horizon: {periods: 4, unit: month, first: 2025-01}
actors: {rival: {precision: {uniform: [1, 4]}}, patron: {precision: 3}}
assumptions:
  vagueness: {uniform: [0, 1.5], why: room in the text}
  cost: {triangular: [0, 1, 2], why: what a broken word costs}
  gain: {uniform: [0.2, 0.8], why: what a push is worth}
state:
  tension: {levels: [calm, crisis, war], start: calm, ends: war}
objectives: {rival: {gain: 1}, patron: {word: 1, peace: {value: -tension}}}
turn:
  - id: press
    decide: rival
    actions: {hold: {base: 9}, push: {pays: {rival: {gain: gain}}, then: {tension: crisis}}}
  - id: answer
    decide: patron
    when: tension == crisis
    actions:
      yield: {then: {tension: calm}}
      fight: {pays: {rival: {gain: -2}}, chance: [{prob: 0.2, then: {tension: war}}, {then: {tension: calm}}]}
commitments:
  promise: {from: patron, to: rival, kind: threat, attach: answer, order: [yield, fight], expected: fight,
            trigger: {severity: tension, threshold: crisis, vagueness: vagueness}, reneging: {objective: word, cost: cost}}
policies: {status_quo: {}, bright_line: {set: {vagueness: 0}}, no_promise: {set: {cost: 0}}}
observations:
  - {at: 2025-01, took: press.hold, error: 0.1}
  - {at: 2025-02, is: tension == calm, error: 0.1}
claims:
  clarity_deters: {says: A clear line deters,
    readings: {fewer: 'rate(press.push, under="bright_line") < rate(press.push)',
               calmer: 'prob(eventually(tension == war), under="bright_line") < 0.001'},
    rests_on: {cost: 0}}
outcomes: {war: {event: tension == war}, crisis: {event: tension >= crisis}}
"""


def tiny() -> Scenario:
    return load(TINY)


def contents(directory: Path) -> dict[str, bytes]:
    """Every file by its name, but for run.json, which holds timings."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file() and path.name != "run.json"]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def write(run: Run, directory: Path) -> None:
    """A run's files, as the command writes them."""
    look_through(run, chosen("auto", run))
    write_run(run, directory)


def whole(directory: Path, **options) -> Run:
    """A run as the command makes it, unbroken."""
    run = ensemble(tiny(), directory, **{"worlds": 70, "chunk": 32, "executor": ONE, **options})
    write(run, directory)
    return run
