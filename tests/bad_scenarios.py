"""Malformed scenarios: (id, text, a fragment of the error expected, the stage that finds it).

Each is ``GOOD`` with one thing spoilt, or a text of its own. ``LINES`` gives the line of the
error where it is known.
"""

from __future__ import annotations

from bad_when_checked import arguments, names
from bad_when_loaded import shapes, texts
from bad_when_run import in_some_worlds
from spoiling import BAD, GOOD, LINES

__all__ = ["BAD", "GOOD", "LINES"]

for fill in (texts, shapes, names, arguments, in_some_worlds):
    fill()
