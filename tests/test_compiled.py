"""Compiled kernels are kept under a hash of all sources, and nothing on the disk can spoil a run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from foedus import compiled

SOURCE = """
from foedus.compiled import kernel, part

@part
def added(x):
    return x + 1.0

@kernel
def twice(x):
    return 2.0 * added(x)
"""


def module(folder: Path, name: str) -> ModuleType:
    """A module of its own with one kernel, read anew."""
    file = folder / f"{name}.py"
    if not file.exists():
        file.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    read = importlib.util.module_from_spec(spec)
    sys.modules[name] = read
    spec.loader.exec_module(read)
    return read


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "__pycache__").glob("*.nb?"))


def test_what_is_kept_is_named_by_all_sources_and_read_again(tmp_path: Path) -> None:
    assert module(tmp_path, "kernels_a").twice(3.0) == 8.0
    files = kept(tmp_path)
    assert files and all(compiled.sources() in name for name in files)
    again = module(tmp_path, "kernels_a")
    assert again.twice(3.0) == 8.0 and sum(again.twice.stats.cache_hits.values()) == 1
    assert kept(tmp_path) == files


def test_other_sources_compile_anew_and_take_the_old_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module(tmp_path, "kernels_b").twice(3.0) == 8.0
    before = kept(tmp_path)
    monkeypatch.setattr(compiled, "sources", lambda: "0123456789ab")
    changed = module(tmp_path, "kernels_b")
    assert changed.twice(3.0) == 8.0 and not changed.twice.stats.cache_hits
    after = [name for name in kept(tmp_path) if "twice" in name]
    assert after and all("0123456789ab" in name for name in after) and not set(after) & set(before)


@pytest.mark.parametrize("damage", [b"", b"not a pickle"])
def test_a_damaged_file_is_compiled_anew(tmp_path: Path, damage: bytes) -> None:
    assert module(tmp_path, "kernels_c").twice(3.0) == 8.0
    for name in kept(tmp_path):
        (tmp_path / "__pycache__" / name).write_bytes(damage)
    assert module(tmp_path, "kernels_c").twice(3.0) == 8.0


def test_without_a_place_it_compiles_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(self: object, function: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiled._KernelCache, "__init__", nowhere)
    compiled._not_kept.cache_clear()
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR") as told:
        assert module(tmp_path, "kernels_d").twice(3.0) == 8.0
    assert len(told) == 1 and not (tmp_path / "__pycache__").exists()
