"""What goes wrong, told in words: the base of every error, and "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest valid name, or all of them when they are few."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 12 else ""


class FoedusError(Exception):
    """Base of the errors that are the user's to mend (exit code 2)."""
