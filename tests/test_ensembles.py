"""Runs kept in a directory: the same results however they are split, stopped, damaged or crowded out."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import foedus
from command_line import command
from ensemble_cases import ONE, TINY, contents, tiny, whole, write
from foedus.errors import FoedusError
from foedus.report.files import write_run
from foedus.report.json import to_json
from foedus.runs import ensemble as ensembles
from foedus.runs import executors
from foedus.runs.ensemble import chunk_size, ensemble, resume
from foedus.runs.executors import Executor
from foedus.runs.local import run as run_function
from foedus.runs.store import locked
from foedus.scenario.load import load


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("unbroken")
    whole(directory)
    return directory


@pytest.fixture()
def copied(unbroken: Path, tmp_path: Path) -> Path:
    shutil.copytree(unbroken, tmp_path / "run")
    return tmp_path / "run"


def test_a_kept_run_is_the_run_in_memory(tmp_path):
    kept, there = whole(tmp_path), run_function(tiny(), worlds=70)
    assert kept.solved == 3 + 3  # chunks, the sweep, and what one claim rests on neutral and drawn anew
    xr.testing.assert_identical(kept.data, there.data)
    np.testing.assert_array_equal(kept.weights, there.weights)
    np.testing.assert_array_equal(kept.loglik_by_observation, there.loglik_by_observation)
    xr.testing.assert_identical(kept.sweep, there.sweep)
    assert to_json(kept) == to_json(there)
    assert 0 < kept.claims[0].readings[1].prior < 1 and kept.observed and kept.claims[0].readings[0].neutral is not None


def test_worlds_drawn_where_observations_point_are_kept_and_drawn_again(tmp_path):
    whole(tmp_path, resample=True, worlds=60, chunk=7)
    (tmp_path / "chunks" / "chunk-00005.npz").unlink()
    again = resume(tmp_path, executor=ONE)
    there = run_function(tiny(), worlds=60, resample=True)
    assert again.solved == 1 and there.prior is not None
    assert to_json(again) == to_json(there)


@pytest.mark.parametrize("chunk, workers", [(1, 1), (7, 2), (33, 3), (1000, 2)])
def test_results_do_not_depend_on_chunks_or_workers(unbroken, tmp_path, chunk, workers):
    whole(tmp_path, chunk=chunk, executor=Executor(workers=workers))
    for name in ("results.nc", "report.html"):
        assert (tmp_path / name).read_bytes() == (unbroken / name).read_bytes()


def test_results_left_on_the_disk_are_those_in_memory(unbroken, tmp_path, monkeypatch):
    near = resume(unbroken)
    assert not near.large
    monkeypatch.setattr(sys.modules["foedus.runs.result"], "LOADED", 0)
    monkeypatch.setattr(ensembles, "LOADED", 0)
    far = resume(unbroken)
    assert far.large and not isinstance(far.data["taken"].variable._data, np.ndarray)
    assert to_json(far) == to_json(near)
    rng = np.random.default_rng(0)
    some = np.sort(rng.choice(70, 9, replace=False))
    for name in ("outcome_by", "taken", "expected", "entropy"):
        one, two = near.data[name], far.data[name]
        dim = one.dims[-1]
        for pick in (
            {"world": 69},
            {"world": slice(5, 60, 7)},
            {"world": some},
            {"world": some[::-1], "policy": [2, 0]},
            {"policy": 1, dim: 0},
            {"world": slice(3, 3)},
            {"world": 40, "policy": slice(1, 3), dim: [1, 0]},
            {},
        ):
            xr.testing.assert_identical(one.isel(pick), two.isel(pick))
    few, many = far.few(10), near.few(10)
    xr.testing.assert_identical(few.data.load(), many.data)
    write_run(far, tmp_path)
    results = xr.open_dataset(tmp_path / "results.nc", engine="scipy")
    assert set(results["taken"].dims) == {"policy", "period", "action"}
    expected = np.einsum("w,wpta->pta", near.weights, near.data["taken"].values)
    np.testing.assert_allclose(results["taken"].values, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(results["weight"].values, near.weights)
    assert "results.nc holds their averages" in (tmp_path / "report.html").read_text()


# Damaged


@pytest.mark.parametrize("name", ["chunk-00001.npz", "chunk-00002.npz.sha256", "neutral-000.npz"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_what_is_damaged_is_solved_again(copied, unbroken, name, damage):
    path = copied / "chunks" / name
    data = path.read_bytes()
    place = len(data) // 2
    damaged = {"flip": data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :], "cut": data[:-9], "gone": None}
    path.unlink() if damaged[damage] is None else path.write_bytes(damaged[damage])
    run = resume(copied, executor=ONE)
    assert run.solved == 1
    write(run, copied)
    assert contents(copied) == contents(unbroken)


def test_a_run_killed_while_it_wrote_its_report(copied, unbroken):
    (copied / "report.html").unlink()
    (copied / "report.html.123.partial").write_bytes(b"half")
    done = command("resume", str(copied))
    assert done.returncode == 0 and "all pieces were there and sound" in done.stdout
    assert contents(copied) == contents(unbroken)


def test_damage_that_comes_while_results_are_read(copied, monkeypatch):
    monkeypatch.setattr(ensembles, "LOADED", 0)
    run = resume(copied)
    path = copied / "chunks" / "chunk-00001.npz"
    data = path.read_bytes()
    at = data.index(b"taken/status_quo.npy") + 400
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(FoedusError, match=r"chunk-00001 of .* is missing or damaged: run `foedus resume"):
        run.data["taken"].load()


# The same directory again


def test_running_again_uses_what_is_there(copied, unbroken):
    assert whole(copied).solved == 0
    assert contents(copied) == contents(unbroken)
    assert whole(copied, anew=True).solved == 6


@pytest.mark.parametrize("change", [{"worlds": 40}, {"seed": 1}, {"method": "sobol"}, {"chunk": 10}, {"policies": []}])
def test_another_run_replaces_a_finished_one(copied, tmp_path, change):
    whole(copied, **change)
    whole(tmp_path / "fresh", **change)
    assert contents(copied) == contents(tmp_path / "fresh")


def test_another_run_does_not_replace_an_unfinished_one(copied, unbroken):
    (copied / "chunks" / "chunk-00002.npz").unlink()
    before = contents(copied)
    with pytest.raises(FoedusError, match=r"unfinished run of something else \(worlds is 40, .*--anew"):
        whole(copied, worlds=40)
    changed = load(TINY.replace("0.2, then", "0.3, then"))
    with pytest.raises(FoedusError, match=r"another scenario"):
        ensemble(changed, copied, worlds=70, chunk=32)
    assert contents(copied) == before
    whole(copied, worlds=40, anew=True)
    assert len(list((copied / "chunks").glob("chunk-*.npz"))) == 2


def test_chunks_without_a_manifest_are_nobodys(copied, unbroken):
    (copied / "chunks" / "manifest.json").unlink()
    with pytest.raises(FoedusError, match="holds no run to resume"):
        resume(copied)
    before = contents(copied)
    with pytest.raises(FoedusError, match=r"not empty and holds no Foedus run"):
        whole(copied)
    assert contents(copied) == before


def test_a_resumed_report_shows_the_lenses_that_were_asked_for(tmp_path):
    small = ("run", "entrapment-abandonment", "--worlds", "8", "--out", str(tmp_path / "r"))
    assert command(*small, "--lenses", "burden").returncode == 0
    before = contents(tmp_path / "r")
    assert b'id="burden"' in (tmp_path / "r" / "report.html").read_bytes()
    assert command("resume", str(tmp_path / "r")).returncode == 0
    assert contents(tmp_path / "r") == before
    assert command("resume", str(tmp_path / "r"), "--lenses", "none").returncode == 0
    assert b'id="burden"' not in (tmp_path / "r" / "report.html").read_bytes()


def test_nothing_is_left_where_nothing_could_be_run(tmp_path):
    (tmp_path / "bad.yaml").write_text(TINY.replace("0.2, then", "2, then"))
    done = command("run", str(tmp_path / "bad.yaml"), "--worlds", "4", "--out", str(tmp_path / "a" / "b"))
    assert done.returncode == 2 and not (tmp_path / "a").exists()


def test_only_one_process_writes(copied):
    with locked(copied / "chunks", copied):
        done = command("resume", str(copied))
        assert done.returncode == 2 and "another process is writing" in done.stderr


def test_another_version_or_a_changed_scenario_is_refused(copied, monkeypatch):
    scenario = copied / "chunks" / "scenario.yaml"
    text = scenario.read_text()
    scenario.write_text(text.replace("0.2", "0.3"))
    done = command("resume", str(copied))
    assert done.returncode == 2 and "not the scenario that this run was begun with" in done.stderr
    scenario.write_text("turn: [")
    with pytest.raises(FoedusError, match="cannot be used"):
        resume(copied)
    scenario.write_text(text)
    monkeypatch.setattr(ensembles, "engine", lambda: "9.9")
    with pytest.raises(FoedusError, match=r"another version of Foedus \(0\.1\.0, sources .*\); this is 9\.9"):
        resume(copied)


def test_what_a_resolved_scenario_needs_is_kept(tmp_path):
    """A variant that extends another file resumes when that file is gone, in the same words and numbers."""
    (tmp_path / "base.yaml").write_text(TINY)
    (tmp_path / "variant.yaml").write_text("extends: base\nassumptions: {cost: {uniform: [1, 2]}}\n")
    run = ensemble(load(tmp_path / "variant.yaml"), tmp_path / "run", worlds=20)
    (tmp_path / "base.yaml").unlink()
    again = resume(tmp_path / "run")
    assert again.solved == 0 and again.scenario == run.scenario
    assert to_json(again) == to_json(run)
    assert run.draws["cost"].min() > 1


# A full disk, see also test_ensembles_stopped


@pytest.mark.parametrize("after", [2, 7, 15, 20])
def test_a_disk_that_is_full_at_any_write(tmp_path, unbroken, monkeypatch, after):
    """The nth flush to the disk fails: in the scenario, the pieces, the report."""
    left, flush = [after], os.fsync

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(FoedusError, match=r"is full: .* was not written, what was there is kept\. Make room"):
            whole(tmp_path)
    whole(tmp_path)
    assert contents(tmp_path) == contents(unbroken)


def test_a_disk_without_room_is_told_before(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1000))
    with pytest.raises(
        FoedusError, match=r"has room for 1e-06 GB, the run needs about .* Make room and run `foedus res"
    ):
        whole(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "tiny.yaml").write_text(TINY)
    done = command("run", "tiny.yaml", "--worlds", "4", "--out", "file/run", cwd=tmp_path)
    assert done.returncode == 2 and "cannot be made" in done.stderr


# What is wrong


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("run", "signorino-deterrence", "--executor", "cloud"), "not an executor"),
        (("run", "signorino-deterrence", "--scheduler", "tcp://127.0.0.1:1"), "give --executor dask"),
        (("run", "signorino-deterrence", "--json", "--executor", "dask"), "give --out DIR"),
        (("resume", "nowhere"), "holds no run to resume"),
    ],
)
def test_wrong_arguments_end_with_2(tmp_path, arguments, words):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


IMPOSSIBLE = TINY.replace("prob: 0.2", "prob: 0.2 if gain < 0.79 else 2")


@pytest.mark.parametrize("executor", [ONE, Executor(workers=3)])
def test_an_impossible_world_is_named_by_its_place_in_the_run(tmp_path, executor):
    scenario = load(IMPOSSIBLE)
    gain = foedus.sample(scenario, 200)["gain"]
    wrong = int(np.flatnonzero(gain >= 0.79)[0])
    assert wrong >= 25  # not in the subset, and not in the first chunk
    with pytest.raises(FoedusError, match=rf"in world {wrong} under policy 'status_quo'"):
        ensemble(scenario, tmp_path, worlds=200, chunk=8, executor=ONE)
    kept = len(list((tmp_path / "chunks").glob("chunk-*.npz")))
    assert kept >= wrong // 8
    with pytest.raises(FoedusError, match="in world"):
        resume(tmp_path, executor=executor)


def test_a_scenario_without_any_doubt(tmp_path):
    scenario = load("""
title: No doubt
horizon: {periods: 2, unit: month, first: 2025-01}
actors: {a: {}}
state: {x: {levels: [lo, hi], start: lo}}
objectives: {a: {g: {value: x}}}
turn:
  - {id: m, decide: a, actions: {stay: {}, go: {then: {x: hi}}}}
""")
    run = ensemble(scenario, tmp_path, worlds=5)
    assert run.data.sizes["world"] == 5 and to_json(run) == to_json(run_function(scenario, worlds=5))
    write(run, tmp_path)


def test_chunks_are_of_some_megabytes():
    class Layout:
        bytes_per_world = 288_000

    assert chunk_size(Layout, 200) == 64 and chunk_size(Layout, 100_000) == 64
    Layout.bytes_per_world = 1000
    assert chunk_size(Layout, 200) == 64 and chunk_size(Layout, 100_000) == 16_800
    Layout.bytes_per_world = 10**9
    assert chunk_size(Layout, 3) == 32


def test_few_pieces_are_under_way_at_a_time():
    """Pieces are taken as they are solved, so that what waits to be written is bounded."""
    taken, given = [], []

    class Piece:
        pass

    class Solver:
        def solve(self, piece, threads, progress):
            return {}

    def pieces():
        for i in range(50):
            taken.append(i)
            yield Piece()

    for _ in executors._on_threads(Solver(), pieces(), 3, lambda count: None):
        given.append(1)
        assert len(taken) <= len(given) + 3
    assert len(given) == 50


def test_the_run_says_what_it_was_made_from(copied):
    done = command("resume", str(copied), "--json")
    assert json.loads(done.stdout)["meta"]["worlds"] == 70
    about = json.loads((copied / "run.json").read_text())
    assert {"timings", "hash", "version"} <= about.keys()
    assert "timings" not in (copied / "report.html").read_text().lower()
