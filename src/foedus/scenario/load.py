"""Loads a scenario from a file, a shipped name, a text or a mapping, with the place of every value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from foedus.errors import FoedusError
from foedus.scenario.files import read_file, read_text
from foedus.scenario.schema import Scenario


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> Scenario:
    """A scenario from a file's path, a shipped name, a YAML text or a mapping.

    A text is recognised by having more than one line, or by a ``:`` followed by a space, unless a file of that name is there.
    Raises ScenarioError with every problem of shape; meaning is checked by ``scenario.check``.
    """
    if isinstance(source, Mapping):
        return Scenario.build(dict(source))
    if not isinstance(source, (str, os.PathLike)):
        kind = type(source).__name__
        raise FoedusError(f"a {kind} cannot be loaded. Give a file's path, a shipped name, YAML text or a mapping.")
    is_text = isinstance(source, str) and _is_text(source)
    node = read_text(str(source)) if is_text else read_file(source)
    return Scenario.build(node.plain(), node)


def _is_text(source: str) -> bool:
    """Whether a string is YAML rather than the name of a file."""
    if source.strip() == "":
        return True
    if "\n" not in source and ": " not in source:
        return False
    try:
        return not os.path.exists(source)
    except ValueError:  # no path holds such a character
        return True
