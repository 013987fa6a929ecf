"""The command line as a user runs it, and in this process, which is sooner done."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from foedus.cli import main


def command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    return subprocess.run([sys.executable, "-m", "foedus", *arguments], capture_output=True, text=True, cwd=cwd)


@dataclass
class Done:
    """What a command printed and ended with."""

    stdout: str
    stderr: str
    returncode: int


def foedus(*arguments: str) -> Done:
    """Runs the command line in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["foedus", *arguments]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = before
    return Done(out.getvalue(), err.getvalue(), code)
