"""The run directory: whole or absent, checked, resumable."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foedus.errors import FoedusError
from foedus.runs.settings import RunSettings
from foedus.runs.store import (
    ChunkStore,
    Manifest,
    _digest,
    chunk_name,
    claim,
    locked,
    pack,
    sweep,
    unpack,
    write_atomic,
)

PLAN = Manifest(scenario="abc", version="0.1", chunk=10, settings=RunSettings(seed=7, worlds=25))


def chunk(index: int, plan: Manifest = PLAN) -> dict[str, np.ndarray]:
    """What a run would compute for a chunk: numbers of the worlds alone."""
    worlds = np.array(plan.span(index), float)
    return {"prob(war) / x": np.sin(worlds)[:, None] * np.arange(3.0), "holds": worlds % 2 == 0}


def fill(store: ChunkStore) -> None:
    for index in store.missing():
        store.keep(chunk_name(index), chunk(index, store.manifest))


def opened(directory: Path) -> ChunkStore:
    return ChunkStore(directory, Manifest.read(directory / "manifest.json"))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path / "new" / "run", PLAN)
    assert store.missing() == [0, 1, 2]
    fill(store)
    assert store.missing() == []
    again = opened(tmp_path / "new" / "run")
    found = np.concatenate([again.read(chunk_name(index))["prob(war) / x"] for index in range(3)])
    np.testing.assert_array_equal(found, np.sin(np.arange(25.0))[:, None] * np.arange(3.0))
    last = again.read("chunk-00002")
    assert last["holds"].dtype == bool and len(last["holds"]) == 5
    np.testing.assert_array_equal(again.member(2, "holds"), last["holds"])
    assert again.member(2, "nothing") is None


def test_bytes_depend_on_the_numbers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pack({"b": np.arange(3.0), "a": np.ones(2)})
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert pack({"a": np.ones(2), "b": np.arange(3.0)[::-1][::-1]}) == first
    np.testing.assert_array_equal(unpack(first)["b"], np.arange(3.0))
    path = tmp_path / "x.npz"
    path.write_bytes(first)
    assert np.load(path)["a"].sum() == 2


def test_checksums_are_those_that_sha256sum_reads(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, PLAN)
    fill(store)
    line, comment = (tmp_path / "chunk-00001.npz.sha256").read_text().splitlines()
    digest, name = line.split()
    assert name == "chunk-00001.npz" and comment == f"# run {PLAN.identity}"
    assert digest == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "sidecar gone", "sidecar wrong", "chunk gone", "swap"])
def test_damage_is_found_and_mended(tmp_path: Path, damage: str) -> None:
    store = ChunkStore(tmp_path, PLAN)
    fill(store)
    whole = contents(tmp_path)
    path, side = tmp_path / "chunk-00001.npz", tmp_path / "chunk-00001.npz.sha256"
    data = path.read_bytes()
    if damage == "flip":
        path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    elif damage == "truncate":
        path.write_bytes(data[:-7])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "sidecar gone":
        side.unlink()
    elif damage == "sidecar wrong":
        side.write_bytes(b"\xff\x00")
    elif damage == "chunk gone":
        path.unlink()
    else:  # another chunk's files under this one's name
        path.write_bytes((tmp_path / "chunk-00000.npz").read_bytes())
        side.write_bytes((tmp_path / "chunk-00000.npz.sha256").read_bytes())
    assert store.missing() == [1]
    with pytest.raises(FoedusError, match=r"chunk-00001 of .* resume"):
        store.read("chunk-00001")
    fill(ChunkStore(tmp_path, PLAN))
    assert contents(tmp_path) == whole


@pytest.mark.parametrize("change", [{"scenario": "other"}, {"version": "other"}, {"chunk": 9}])
def test_another_run_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    ChunkStore(tmp_path, PLAN)
    with pytest.raises(FoedusError, match=f"holds another run: {next(iter(change))} is"):
        ChunkStore(tmp_path, replace(PLAN, **change))


OTHER_SETTINGS = {
    "seed": 8,
    "worlds": 26,
    "method": "sobol",
    "resample": True,
    "subset": 9,
    "judge": False,
    "policies": ("x",),
    "budget": 99.0,
}


@pytest.mark.parametrize("name", [field.name for field in fields(RunSettings)])
def test_a_run_with_other_settings_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever a run can be asked for is in its manifest, and comes back from it."""
    ChunkStore(tmp_path, PLAN)
    other = replace(PLAN, settings=replace(PLAN.settings, **{name: OTHER_SETTINGS[name]}))
    with pytest.raises(FoedusError, match=f"holds another run: {name} is"):
        ChunkStore(tmp_path, other)
    ChunkStore(tmp_path / "other", other)
    assert Manifest.read(tmp_path / "other" / "manifest.json") == other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"seed": 1}',
        '{"a": 2}',
        "\udcff",
        PLAN.text().replace("25", '"x"'),
        PLAN.text().replace("worlds", "words"),
    ],
)
def test_a_manifest_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FoedusError, match=r"manifest\.json"):
        opened(tmp_path)


def test_a_directory_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(FoedusError, match="holds no run"):
        opened(tmp_path / "nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(FoedusError, match="cannot be written"):
        ChunkStore(tmp_path / "file" / "run", PLAN)


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ChunkStore(tmp_path, PLAN)
    store.keep(chunk_name(0), chunk(0))
    before = contents(tmp_path)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for index in (0, 1):
            with pytest.raises(FoedusError, match=r"is full: .* Make room .* resume"):
                store.keep(chunk_name(index), chunk(index))
    assert contents(tmp_path) == before
    assert store.missing() == [1, 2]
    fill(store)
    assert store.missing() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_system_says_full_as_we_expect() -> None:
    with pytest.raises(OSError) as found, open("/dev/full", "wb") as file:
        file.write(b"x")
        file.flush()
    assert found.value.errno == errno.ENOSPC


def test_what_no_store_takes(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, PLAN)
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        store.keep("chunk-00002", {"x": np.array([object()] * 5)})
    assert store.missing() == [0, 1, 2]
    with pytest.raises(IndexError):
        PLAN.span(3)
    with pytest.raises(FoedusError, match="chunk must be a whole number, 1 or more"):
        replace(PLAN, chunk=0)


def test_left_over_pieces_are_cleared(tmp_path: Path) -> None:
    ChunkStore(tmp_path, PLAN)
    (tmp_path / "chunk-00000.npz.99.partial").write_bytes(b"half")
    opened(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_write_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert contents(tmp_path) == {"a": b"two"}


KILLED_AT_AN_EVENT = """
import os, signal, sys
place, left = sys.argv[1], int(sys.argv[2])
sys.path[:0] = sys.argv[3:]
from test_worlds_store import ChunkStore, MANY, fill

def count(*event):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

store = ChunkStore(place, MANY)
sys.setprofile(count)
fill(store)
"""
MANY = replace(PLAN, settings=replace(PLAN.settings, worlds=1000))


def test_a_run_killed_at_any_moment_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    """Killed at a call or return that a seed chooses, not at a time: every machine kills at the same one."""
    fill(ChunkStore(tmp_path / "whole", MANY))
    places = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]
    rng = random.Random(1)
    missing = []
    for _ in range(4):
        event = str(rng.randrange(5_000, 25_000))
        killed = subprocess.run([sys.executable, "-c", KILLED_AT_AN_EVENT, str(tmp_path / "killed"), event, *places])
        assert killed.returncode == -signal.SIGKILL
        missing.append(len(opened(tmp_path / "killed").missing()))
    assert missing == sorted(missing, reverse=True) and MANY.chunks > missing[0] > missing[-1] > 0
    fill(ChunkStore(tmp_path / "killed", MANY))
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


# Whose a directory is


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_manifest_that_was_changed_anywhere_is_refused(tmp_path: Path, place: int) -> None:
    ChunkStore(tmp_path, PLAN)
    path = tmp_path / "manifest.json"
    data = path.read_bytes()
    place %= len(data) - 2  # what follows the last bracket is no part of it
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    if json.loads(data) != _or_none(path):
        with pytest.raises(FoedusError, match=r"manifest\.json is damaged: .* anew"):
            Manifest.read(path)


def _or_none(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{}", '{"sha256": 1}', "[" * 100_000])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(FoedusError, match=r"manifest\.json is damaged"):
        Manifest.read(tmp_path / "manifest.json")


def test_values_of_another_type_are_refused_even_with_a_right_sum(tmp_path: Path) -> None:
    values = json.loads(PLAN.text())
    del values["sha256"]
    for key in values:
        for wrong in (None, 3.5, [1], {"x": 1}, "text"):
            changed = values | {key: wrong}
            if (
                wrong == values[key]
                or (key == "growth" and wrong is None)
                or (isinstance(values[key], str) and wrong == "text")
            ):
                continue
            told = json.dumps(changed | {"sha256": _digest(changed)})
            (tmp_path / "manifest.json").write_text(told)
            with pytest.raises(FoedusError, match=r"manifest\.json is damaged"):
                Manifest.read(tmp_path / "manifest.json")


@pytest.mark.parametrize(
    "key, wrong",
    [
        ("policies", "x"),
        ("policies", [1]),
        ("policies", {}),
        ("subset", 10**40),
        ("worlds", 10**40),
        ("worlds", "auto"),
        ("seed", "1"),
        ("judge", 1),
    ],
)
def test_settings_of_another_type_and_keys_that_lack_are_refused(tmp_path: Path, key: str, wrong: object) -> None:
    values = json.loads(PLAN.text())
    del values["sha256"]
    path = tmp_path / "manifest.json"
    absent = {name: value for name, value in values["settings"].items() if name != key}
    for settings in (values["settings"] | {key: wrong}, absent, {}):
        changed = values | {"settings": settings}
        path.write_text(json.dumps(changed | {"sha256": _digest(changed)}))
        with pytest.raises(FoedusError, match=r"manifest\.json is damaged"):
            Manifest.read(path)
    for name in values:
        changed = {other: value for other, value in values.items() if other != name}
        path.write_text(json.dumps(changed | {"sha256": _digest(changed)}))
        with pytest.raises(FoedusError, match=r"manifest\.json is damaged"):
            Manifest.read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, PLAN)
    fill(store)
    for name in ("chunk-00000.npz", "chunk-00001.npz.sha256", "manifest.json"):
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
    assert store.missing() == [0, 1]
    with pytest.raises(FoedusError, match="missing or damaged"):
        store.member(0, "holds")
    with pytest.raises(FoedusError, match=r"manifest\.json is damaged.*not a file"):
        Manifest.read(tmp_path / "manifest.json")


def test_pieces_of_another_run_do_not_pass_for_those_of_this_one(tmp_path: Path) -> None:
    other = replace(PLAN, settings=replace(PLAN.settings, seed=99))
    mine, theirs = ChunkStore(tmp_path / "mine", PLAN), ChunkStore(tmp_path / "theirs", other)
    fill(mine)
    fill(theirs)
    for name in ("chunk-00001.npz", "chunk-00001.npz.sha256"):
        (tmp_path / "mine" / name).write_bytes((tmp_path / "theirs" / name).read_bytes())
    assert mine.missing() == [1]
    assert replace(PLAN, lenses="none").identity == PLAN.identity  # what is shown decides no piece


def test_a_directory_in_the_place_of_a_piece_is_told(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, PLAN)
    fill(store)
    (tmp_path / "chunk-00001.npz").unlink()
    (tmp_path / "chunk-00001.npz").mkdir()
    assert store.missing() == [1]
    with pytest.raises(FoedusError, match=r"chunk-00001.npz cannot be written: Is a directory"):
        store.keep("chunk-00001", {"a": np.ones(2)})


def test_only_own_names_are_swept(tmp_path: Path) -> None:
    own = ["chunk-00000.npz", "chunk-12345.npz.sha256", "sweep.npz", "neutral-000.npz", "redrawn-001.npz.sha256"]
    halves = ["report.html.12.partial", "manifest.json.7.partial", "chunk-00003.npz.44.partial"]
    others = [
        "data.npz",
        "x.npz.bak",
        "chunk-1.npz",
        "film.mkv.partial",
        "chunk-00000.npz.old",
        "report.html.partial",
        "neutral.npz",
    ]
    for name in [*own, *halves, *others]:
        (tmp_path / name).write_text("x")
    (tmp_path / "chunk-00009.npz").mkdir()
    sweep(tmp_path)
    sweep(tmp_path, partial=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "chunk-00009.npz"])


def test_only_empty_directories_and_those_of_runs_are_taken(tmp_path: Path) -> None:
    for there, fits in (
        ([], True),
        (["chunks/"], True),
        (["chunks/manifest.json.3.partial"], True),
        (["notes.txt"], False),
        (["chunks/", "report.html"], False),
        (["chunks/data.npz"], False),
        (["chunks/manifest.json", "notes.txt"], True),
    ):
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        for name in there:
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).mkdir() if name.endswith("/") else (place / name).write_text("x")
        if fits:
            claim(place, place / "chunks")
        else:
            with pytest.raises(FoedusError, match="holds no Foedus run"):
                claim(place, place / "chunks")
    claim(tmp_path / "new", tmp_path / "new" / "chunks")


def test_a_hold_is_one_within_a_thread_and_none_for_others(tmp_path: Path) -> None:
    with locked(tmp_path / "c", tmp_path), locked(tmp_path / "c", tmp_path):
        errors: list[str] = []

        def other() -> None:
            try:
                with locked(tmp_path / "c", tmp_path):
                    pass
            except FoedusError as error:
                errors.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert errors and "another process is writing" in errors[0]
    with locked(tmp_path / "c", tmp_path):
        pass
