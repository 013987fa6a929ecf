"""A number of worlds that grows: how far, why it stops, and that it decides about nothing but itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import foedus
from ensemble_cases import ONE, contents, tiny, whole, write
from foedus.errors import FoedusError
from foedus.report.json import to_json
from foedus.report.sampling import sampled
from foedus.runs.ensemble import ensemble, resume
from foedus.runs.grow import Known, grow, sizes
from foedus.runs.growth import Growth, Stop
from foedus.runs.plan import Plan
from foedus.runs.result import Run
from foedus.runs.settings import AUTO, BUDGET, WORLDS, RunSettings
from foedus.runs.store import Manifest
from foedus.scenario.load import load
from foedus.scenario.schema import Scenario
from foedus.worlds.thresholds import CLOSE, FIRST_WORLDS, MOST_GROWN, WIDE

COIN = """
actors: {a: {}}
assumptions: {x: {uniform: [0, 1]}}
state: {s: {levels: [no, yes], start: no}}
turn: [{id: go, decide: a, actions: {stay: {}, move: {then: {s: yes}}}}]
"""
STILL = """
actors: {a: {}}
state: {s: {levels: [no, yes], start: no}}
turn: [{id: go, decide: a, actions: {stay: {}, move: {then: {s: yes}}}}]
claims: {it: {says: It may, readings: {may: prob(eventually(s == yes)) > 0.1}}}
"""


def coin(*below: float) -> Scenario:
    """A claim for each number, which holds in that share of worlds."""
    claims = "".join(f"\n  c{i}: {{says: It is low, readings: {{low: x < {share}}}}}" for i, share in enumerate(below))
    return load(COIN + f"claims:{claims}\n" if below else COIN)


@dataclass
class Machine:
    """A clock that goes on by ``pace`` seconds a world solved, and what it solved."""

    pace: float
    now: float = 0.0
    spans: list[range] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def solve(self, plan: Plan, worlds: range) -> Known:
        """Nothing is asked of the game by ``coin``."""
        self.spans.append(worlds)
        self.now += self.pace * len(worlds)
        share = np.linspace(0, 1, plan.worlds)[:, None]
        return Known({}, np.zeros(plan.worlds), share, len(worlds))


def grown(machine: Machine, *below: float, budget: float = BUDGET, unit: int = 1) -> tuple[int, Growth]:
    plan, growth = grow(Plan(coin(*below), RunSettings(budget=budget)), machine.solve, machine.clock, unit)
    return plan.worlds, growth


def test_a_share_far_from_every_edge_stops_below_ten_points() -> None:
    worlds, growth = grown(Machine(0.0), 0.5)
    assert (growth.stop, growth.between) == (Stop.NARROW, 0) and worlds == 384
    assert growth.width == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(384 + 1.96**2), rel=1e-3) and growth.width < WIDE


def test_a_share_near_nothing_or_all_is_known_with_few() -> None:
    assert grown(Machine(0.0), 1.1)[0] == grown(Machine(0.0), -0.1)[0] == 128  # 97.1% and more, 2.9% and less
    assert grown(Machine(0.0), 1.1, -0.1)[1].stop == Stop.NARROW


def test_a_verdict_on_an_edge_goes_on_until_it_is_known_to_five_points() -> None:
    worlds, growth = grown(Machine(0.0), 0.7)
    assert (growth.stop, growth.between) == (Stop.BETWEEN, 1) and growth.width < CLOSE
    assert worlds == next(size for size in sizes() if 2 * 1.96 * np.sqrt(0.21 / size) < CLOSE)
    near, growth = grown(Machine(0.0), 0.76)  # near it, until the interval is clear of it
    assert growth.stop == Stop.NARROW and 256 < near < worlds
    assert grown(Machine(0.0), 0.5, 0.7)[0] == worlds  # the claim that asks most decides


@given(pace=st.floats(0, 3), budget=st.floats(0, 200), below=st.floats(0, 1), unit=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_nothing_is_solved_twice_and_no_step_begins_that_would_end_late(
    pace: float, budget: float, below: float, unit: int
) -> None:
    machine = Machine(pace)
    worlds, growth = grown(machine, below, budget=budget, unit=8 * unit)
    assert [span.start for span in machine.spans[1:]] == [span.stop for span in machine.spans[:-1]]
    assert machine.spans[0].start == 0 and machine.spans[-1].stop == worlds <= MOST_GROWN + 8 * unit
    assert machine.now <= max(budget, pace * FIRST_WORLDS) * (1 + 1e-9)
    assert all(span.stop % (8 * unit) == 0 for span in machine.spans[1:])
    if growth.stop == Stop.BUDGET:  # a quarter of the next step would have been late
        following = next(size for size in sizes(8 * unit) if size > worlds)
        assert machine.now + pace * max((following - worlds) / 4 - 8 * unit, 8 * unit) > budget


def test_a_slow_machine_stops_at_the_budget_and_says_how_wide() -> None:
    worlds, growth = grown(Machine(0.4), 0.5, budget=60)
    assert (growth.stop, worlds) == (Stop.BUDGET, 144) and growth.width is not None and growth.width > WIDE
    assert grown(Machine(10.0), 0.5, budget=60)[0] == FIRST_WORLDS  # the first step always is


def test_the_sizes_are_half_as_many_again_and_twice_as_many() -> None:
    assert sizes()[:5] == [128, 192, 256, 384, 512] and sizes()[-1] == MOST_GROWN
    assert sizes(100)[:4] == [200, 300, 400, 600]


def test_where_nothing_is_claimed_the_averages_of_outcomes_count() -> None:
    worlds, growth = grown(Machine(0.0))
    assert growth.stop == Stop.NARROW and growth.between == 0
    assert growth.width == pytest.approx(2 * 1.96 * np.sqrt(1 / 12) / np.sqrt(worlds), rel=0.02)


def test_observations_that_no_world_allows_yet_let_it_grow() -> None:
    machine = Machine(0.0)

    def unheard(plan: Plan, worlds: range) -> Known:
        known = machine.solve(plan, worlds)
        return known._replace(log_likelihood=np.where(np.arange(plan.worlds) < 200, -np.inf, 0.0))

    plan, growth = grow(Plan(coin(0.5), RunSettings()), unheard, machine.clock)
    assert plan.worlds - 200 >= 380 and growth.stop == Stop.NARROW


# --- whole runs ---


def stepping(seconds: float) -> Iterator[float]:
    """A clock that goes on by so much at every look."""
    now = 0.0
    while True:
        yield now
        now += seconds


def same_numbers(one: Run, other: Run) -> None:
    """But for how the number of worlds came about, two runs are one bit for bit."""
    xr.testing.assert_identical(one.data, other.data)
    xr.testing.assert_identical(one.sweep, other.sweep)
    np.testing.assert_array_equal(one.weights, other.weights)
    for name, draw in one.draws.items():
        np.testing.assert_array_equal(draw, other.draws[name])
    told, there = to_json(one), to_json(other)
    assert {**told, "meta": 0, "findings": 0} == {**there, "meta": 0, "findings": 0}
    assert {**told["meta"], "growth": 0} == {**there["meta"], "growth": 0}


@pytest.mark.parametrize("seconds", [0.0, 9.0, 100.0])
def test_a_run_that_grew_is_the_run_of_that_many_worlds(seconds: float, tmp_path: Path) -> None:
    times = stepping(seconds)
    run = foedus.run(tiny(), budget=60, clock=lambda: next(times))
    assert run.growth is not None and run.meta["worlds"] == len(run.weights)
    assert (run.growth.stop == Stop.BUDGET) == (seconds > 0)
    same_numbers(run, foedus.run(tiny(), worlds=len(run.weights)))
    times = stepping(seconds)
    kept = ensemble(tiny(), tmp_path, executor=ONE, budget=60, clock=lambda: next(times))
    same_numbers(kept, foedus.run(tiny(), worlds=len(kept.weights)))


def test_where_it_stopped_every_share_is_narrow_or_the_reason_is_told() -> None:
    run = foedus.run(tiny())
    assert run.growth is not None and run.growth.stop in (Stop.NARROW, Stop.BETWEEN)
    reach = [reading.held.high - reading.held.low for claim in run.claims for reading in claim.readings]
    assert run.growth.width == max(reach) < WIDE
    assert run.growth.between == sum(claim.held.between for claim in run.claims)
    assert "as were needed, within 90 seconds" in sampled(run) and f"{100 * max(reach):.1f} points" in sampled(run)


def test_a_run_that_is_stopped_while_it_grows_goes_on_from_there(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        if looks == 6:  # after the second step
            raise Killed
        return 0.0

    with pytest.raises(Killed):
        ensemble(tiny(), tmp_path, executor=ONE, clock=clock)
    manifest = Manifest.read(tmp_path / "chunks" / "manifest.json")
    assert manifest.grows and manifest.growth is None and manifest.worlds == 192
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "chunks").glob("*.npz")}
    run = resume(tmp_path, executor=ONE)
    assert len(before) == 6 and {path: path.stat().st_mtime_ns for path in before} == before
    write(run, tmp_path)
    whole(tmp_path / "unbroken", worlds=AUTO)
    here, there = contents(tmp_path / "chunks"), contents(tmp_path / "unbroken" / "chunks")
    assert here == there and run.growth is not None
    again = ensemble(tiny(), tmp_path, executor=ONE)  # nothing is left to be done
    assert again.solved == 0 and again.growth == run.growth


def test_what_grew_and_what_was_a_number_do_not_pass_for_each_other(tmp_path: Path) -> None:
    run = ensemble(tiny(), tmp_path, executor=ONE)
    fixed = ensemble(tiny(), tmp_path, executor=ONE, worlds=len(run.weights), chunk=32)
    assert fixed.growth is None and fixed.solved > 0
    assert "As many as were asked for" in sampled(fixed)


def test_where_nothing_is_uncertain_one_block_is_all() -> None:
    run = foedus.run(load(STILL))
    assert (len(run.weights), run.growth and run.growth.stop) == (8, Stop.CERTAIN)
    assert run.claims[0].verdict == "holds throughout" and "all are alike" in sampled(run)


@pytest.mark.parametrize("options", [{"method": "lhs"}, {"resample": True}, {"judge": False}])
def test_a_sample_that_cannot_grow_is_of_a_fixed_number(options: dict[str, object]) -> None:
    run = foedus.run(tiny(), **options)
    assert run.growth is not None and (len(run.weights), run.growth.stop) == (WORLDS, Stop.FIXED)
    assert "does not grow" in sampled(run)
    assert ("world 7 is another one" in sampled(run)) == ("method" in options)
    json.dumps(to_json(run), allow_nan=False)


@pytest.mark.parametrize("budget", [-1, float("nan"), float("inf"), True, "60"])
def test_a_budget_is_a_number_of_seconds(budget: object) -> None:
    with pytest.raises(FoedusError, match="budget must be a number of seconds, 0 or more"):
        RunSettings(budget=budget)  # type: ignore[arg-type]
