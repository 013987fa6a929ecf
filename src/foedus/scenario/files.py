"""Finds and reads the text of a scenario, with what it ``extends``, into nodes that remember their places."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from foedus.errors import nearest
from foedus.scenario.errors import Problem, ScenarioError
from foedus.scenario.expressions import shorten
from foedus.scenario.limits import BYTES
from foedus.scenario.merge import lift_enters, merge
from foedus.scenario.yamltext import Node, decode, read_yaml

LIBRARY = Path(__file__).parent.parent / "library"
MAX_CHAIN = 10
ALLOW_OUTSIDE = "FOEDUS_ALLOW_OUTSIDE"  # environment variable: 1 lets scenarios name files outside their folders
_SUFFIXES = (".yaml", ".yml")


def shipped() -> dict[str, Path]:
    """The scenarios that come with Foedus: name to file."""
    return {path.stem: path for folder in (LIBRARY, LIBRARY / "textbook") for path in sorted(folder.glob("*.yaml"))}


def read_file(source: str | os.PathLike[str]) -> Node:
    """The scenario in a file, or the shipped one of that name; ScenarioError when it cannot be read."""
    path = _file(source)
    return lift_enters(_extended(_node(path), path, []))


def read_text(text: str) -> Node:
    """The scenario in a YAML text; ``extends`` is looked up from the working directory."""
    return lift_enters(_extended(read_yaml(text, "<text>"), None, []))


def _node(path: Path) -> Node:
    return read_yaml(decode(_bytes(path), str(path)), str(path))


def _file(source: str | os.PathLike[str]) -> Path:
    """The file that a path or a shipped name means."""
    text, names = os.fspath(source), shipped()
    try:
        exists = Path(text).exists()
    except (OSError, ValueError):
        exists = False
    if exists and not (text in names and Path(text).is_dir()):
        return Path(text)
    if text in names:
        return names[text]
    if text.endswith(_SUFFIXES) or os.sep in text:
        raise _unread(text, "there is no such file.", nearest(Path(text).stem, names))
    raise _unread(shorten(text, 200), "it is neither a file nor a shipped scenario.", nearest(text, names))


def _bytes(path: Path) -> bytes:
    """The content of a regular file of a sensible size."""
    try:
        if not path.is_file():
            raise _unread(str(path), "it is not a file.", "Give a YAML file.")
        if path.stat().st_size > BYTES:
            raise _unread(str(path), f"it is larger than {BYTES:,} bytes.")
        return path.read_bytes()
    except OSError as error:
        raise _unread(str(path), f"it cannot be read: {error.strerror or error}.") from None


def outside(path: Path, folder: Path) -> bool:
    """Whether a file that a scenario in ``folder`` names, links followed, is neither there nor below nor shipped, and must be."""
    if os.environ.get(ALLOW_OUTSIDE) == "1":
        return False
    return not any(path.resolve().is_relative_to(each.resolve()) for each in (folder, LIBRARY))


def _unread(file: str, reason: str, remedy: str = "") -> ScenarioError:
    return ScenarioError([Problem((), reason, remedy, file=file)])


def _extended(root: Node, here: Path | None, chain: list[str]) -> Node:
    """The node with what it ``extends`` under it; ``extends`` itself is gone."""
    named = root.child("extends")
    if named is None:
        return root
    bare = replace(root, value={key: node for key, node in root.value.items() if key != "extends"})
    if named.value is None:
        return bare
    if not isinstance(named.value, str):
        raise _fail(named, "'extends' must be the name or the file of a scenario.")
    path = _base_file(named, here)
    chain = [*chain, str(here.resolve()) if here else ""]
    if str(path.resolve()) in chain:
        raise _fail(named, f"'{shorten(named.value)}' extends, in the end, itself.", "Break the circle.")
    if len(chain) > MAX_CHAIN:
        raise _fail(named, f"more than {MAX_CHAIN} scenarios extend one another.", "Extend an earlier one.")
    return merge(_extended(_node(path), path, chain), bare)


def _base_file(named: Node, here: Path | None) -> Path:
    """The file that ``extends`` names: relative to the scenario, or shipped."""
    name: str = named.value
    folder, names = (here.parent if here else Path()), shipped()
    for suffix in ("", *_SUFFIXES):
        candidate = folder / f"{name}{suffix}"
        try:
            itself = here is not None and candidate.resolve() == here.resolve()
            # a file may be a variant of the shipped scenario of the same name
            if candidate.is_file() and not (itself and name in names and names[name].resolve() != candidate.resolve()):
                if outside(candidate, folder):
                    reason = f"'{shorten(name)}' is outside the folder of this scenario."
                    raise _fail(named, reason, f"Put it there, or set {ALLOW_OUTSIDE}=1 if you trust the scenario.")
                return candidate
        except (OSError, ValueError, RuntimeError):
            break
    if name in names:
        return names[name]
    near = [*names, *(path.stem for path in folder.glob("*.yaml") if path.is_file())]
    reason = f"'{shorten(name)}' is neither a shipped scenario nor a file beside this one."
    raise _fail(named, reason, nearest(name, near))


def _fail(node: Node, reason: str, remedy: str = "") -> ScenarioError:
    problem = Problem(("extends",), reason, remedy)
    return ScenarioError([problem.placed(node.file, node.line, node.column)])
