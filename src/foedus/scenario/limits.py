"""How large a scenario may be: about ten times the largest that comes with Foedus.

Each limit is tested before anything is built from what it limits: in a file as it is read, in a mapping before it is taken apart.
``docs/language.md`` lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from foedus.scenario.errors import Path, Problem

BYTES, LINES, DEPTH, VALUES = 1_500_000, 20_000, 40, 60_000  # of a file, all that it repeats by aliases included
PERIODS = 2_000
EXPRESSION_LENGTH, EXPRESSION_DEPTH = 4_000, 60  # characters; brackets within brackets
STARTS = 10_000  # states that a game may start in
COMBINATIONS = 10_000  # of levels that are looked through, of the variables that one expression reads
PROBLEMS = 100  # of one scenario that are told


class Limit(NamedTuple):
    """How many entries there may be, and what they are."""

    most: int
    what: str


_OTHER = Limit(2_000, "entries here")
LIMITS: dict[tuple[str, ...], Limit] = {  # by path; "*" stands for any key or index
    ("actors",): Limit(60, "actors"),
    ("assumptions",): Limit(2_000, "assumptions"),
    ("state",): Limit(160, "state variables"),
    ("state", "*", "levels"): Limit(120, "levels of one variable"),
    ("objectives", "*"): Limit(60, "objectives of one actor"),
    ("turn",): Limit(300, "phases"),
    ("turn", "*", "actions"): Limit(60, "actions of one phase"),
    ("turn", "*", "chance"): Limit(200, "branches of one chance"),
    ("turn", "*", "actions", "*", "chance"): Limit(200, "branches of one chance"),
    ("enters",): Limit(60, "lumps ('enters')"),
    ("commitments",): Limit(80, "commitments"),
    ("policies",): Limit(320, "policies"),
    ("policies", "*", "bind"): Limit(60, "rules of one policy"),
    ("beliefs", "*"): Limit(200, "beliefs of one actor"),
    ("observations",): Limit(1_500, "observations"),
    ("outcomes",): Limit(100, "outcomes"),
    ("claims",): Limit(200, "claims"),
    ("claims", "*", "readings"): Limit(30, "readings of one claim"),
    ("sources",): Limit(200, "sources"),
}


def limit_of(path: Iterable[str | int | None]) -> Limit:
    """The limit on the entries of the mapping or list at ``path``; None in the path is an index of a list."""
    keys = tuple(path)
    fitting = (limit for pattern, limit in LIMITS.items() if _fits(pattern, keys))
    return next(fitting, _OTHER)


def _fits(pattern: tuple[str, ...], keys: tuple[str | int | None, ...]) -> bool:
    return len(pattern) == len(keys) and all(part in ("*", key) for part, key in zip(pattern, keys, strict=True))


def too_many(limit: Limit) -> tuple[str, str]:
    """What is wrong where there are more than the limit, and what would be right."""
    return f"there are too many {limit.what}.", f"At most {limit.most:,} are possible."


def excess(value: Any, path: Path = ()) -> Problem | None:
    """The first mapping or list in plain data that has more entries than it may, or is nested too deeply."""
    if not isinstance(value, (Mapping, list, tuple)):
        return None
    if len(path) > DEPTH:
        return Problem(path, f"it is nested more than {DEPTH} deep.")
    limit = limit_of(path)
    if len(value) > limit.most:
        return Problem(path, *too_many(limit))
    parts = value.items() if isinstance(value, Mapping) else enumerate(value)
    below = (excess(part, (*path, key if isinstance(key, int) else str(key))) for key, part in parts)
    return next((problem for problem in below if problem is not None), None)
