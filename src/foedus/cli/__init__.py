"""The command line. Thin: each command reads its arguments, calls one function, shows the result."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

from typer import Exit, Option

from foedus import __version__
from foedus.cli import learning, lens, policies, runs, scenarios
from foedus.cli.common import app, say
from foedus.errors import FoedusError

__all__ = ["app", "learning", "lens", "main", "policies", "runs", "scenarios"]


def main() -> None:
    """Runs the command line; what the user can mend ends with exit code 2, without a traceback."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads would wait in the way of ours, and change sums
    _open_streams()
    try:
        app(prog_name="foedus")
    except FoedusError as error:
        say(f"foedus: {error}", sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:  # a full disk, say: what is still unwritten cannot be written either
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        where = f"{error.filename}: " if error.filename else ""
        say(f"foedus: {where}{error.strerror or error}.", sys.stderr)
        sys.exit(1)
    except MemoryError:
        say("foedus: there is not enough memory. Lower --worlds, or give the scenario fewer states.", sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("foedus: stopped", file=sys.stderr)
        sys.exit(130)


def _open_streams() -> None:
    """Streams that the caller closed lead nowhere; letters that a terminal's encoding lacks are replaced."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def version(wanted: bool) -> None:
    """Prints the version and stops."""
    if wanted:
        print(__version__)
        raise Exit


@app.callback()
def root(
    version: Annotated[bool, Option("--version", callback=version, is_eager=True, help="print the version")] = False,
) -> None:
    """Foedus: strategic crises between states, solved in every plausible world."""
