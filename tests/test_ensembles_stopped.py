"""Runs that are stopped as a user's are: by kill -9 at any moment, and by a disk that fills up."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from command_line import command
from ensemble_cases import TINY, contents, whole

# The command, killed by its own hand once so many chunks are kept, the last one without its checksum.
KILLED_AT_A_CHUNK = """
import os, signal, sys
from pathlib import Path
from foedus.cli import main
most, move = int(sys.argv.pop(1)), os.replace

def replace(source, target):
    move(source, target)
    if len(list(Path(target).parent.glob("chunk-*.npz"))) == most:
        os.kill(os.getpid(), signal.SIGKILL)

os.replace, sys.argv[0] = replace, "foedus"
main()
"""


def test_a_run_killed_anywhere_resumes_to_the_same_bytes(tmp_path):
    """Killed, and its resumption killed, at numbers of chunks that a seed chooses; then resumed until it is whole."""
    worlds, chunk = 480, 12
    (tmp_path / "tiny.yaml").write_text(TINY)
    begin = ["run", "tiny.yaml", "--worlds", str(worlds), "--chunk", str(chunk), "--out", "killed"]
    goes_on = ["resume", "killed"]
    for arguments, most in zip((begin, goes_on), sorted(random.Random(5).sample(range(1, 32), 2)), strict=True):
        process = subprocess.run(
            [sys.executable, "-c", KILLED_AT_A_CHUNK, str(most), *arguments, "--workers", "1"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
        )
        assert process.returncode == -signal.SIGKILL and not (tmp_path / "killed" / "report.html").exists()
        assert len(list((tmp_path / "killed" / "chunks").glob("chunk-*.npz"))) == most
    done = command("resume", "killed", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "missing pieces were solved" in done.stdout
    whole(tmp_path / "whole", worlds=worlds, chunk=chunk)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


@contextmanager
def small_disk(place: Path):
    """A file system of 250 kB, where this user may make one."""
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=250k", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_loses_nothing(tmp_path):
    disk = tmp_path / "disk"
    (tmp_path / "tiny.yaml").write_text(TINY)
    arguments = "run", "tiny.yaml", "--worlds", "160", "--chunk", "16", "--out", "disk/run", "--workers", "1"
    with small_disk(disk):
        (disk / "filler").write_bytes(bytes(150_000))
        # what is free is asked of the file system before the start: let it seem to be enough
        patched = (
            "import shutil, sys; from collections import namedtuple; shutil.disk_usage = "
            "lambda p: namedtuple('U', 'free')(10**12); from foedus.cli import main; sys.argv[0] = 'foedus'; main()"
        )
        done = subprocess.run([sys.executable, "-c", patched, *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert "is full" in done.stderr and "Make room" in done.stderr
        assert f"foedus resume {Path('disk/run')}`" in done.stderr
        there = len(list((disk / "run" / "chunks").glob("chunk-*.npz.sha256")))
        assert 0 < there < 10
        assert not list(disk.rglob("*.partial"))
        told = command(*arguments, cwd=tmp_path)
        assert told.returncode == 2 and "has room for" in told.stderr
        (disk / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert command("resume", "disk/run", cwd=tmp_path).returncode == 0
        whole(tmp_path / "whole", worlds=160, chunk=16)
        assert contents(disk / "run") == contents(tmp_path / "whole")
