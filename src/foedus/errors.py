"""What goes wrong, told in words: the base of every error, and "did you mean"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_FEW = 200  # names that one is compared with letter by letter
_LONG = 200  # letters that matter


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest valid name, or all of them when they are few."""
    names = sorted(set(known))
    alike = names if len(names) <= _FEW else [other for other in names if _alike(name, other)][:_FEW]
    close = difflib.get_close_matches(name[:_LONG], alike, n=1, cutoff=0.5)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 12 else ""


def _alike(name: str, other: str) -> bool:
    """Whether two names begin alike and are about as long: the first test, where there are many."""
    return name[:1].casefold() == other[:1].casefold() and abs(len(name) - len(other)) <= 2


# What a terminal obeys instead of showing, and what turns the direction of the text around it or cannot be seen at all
# (Boucher and Anderson 2023): control characters except tab and line break, bidirectional controls.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text with each such character written out, as in ``\\x1b``, so that printing it changes nothing but the line."""
    return UNSEEN.sub(lambda match: ascii(match.group())[1:-1], text)


class FoedusError(Exception):
    """Base of the errors that are the user's to mend (exit code 2)."""
