"""YAML 1.2 text to plain data that remembers where each value stood.

Only plain data can come out: no tags, no merge keys, no dates (they stay text), and ``no``, ``off`` and ``yes`` are
words. Reading is iterative and bounded, so that a hostile file costs little and never more than an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.scanner import Scanner

from foedus.errors import UNSEEN, FoedusError
from foedus.scenario.errors import Path, Problem, ScenarioError
from foedus.scenario.limits import BYTES, DEPTH, LINES, VALUES, Limit, limit_of, too_many

_INT = re.compile(r"^[-+]?[0-9]{1,300}$")
_HEX = re.compile(r"^0(x[0-9a-fA-F]{1,30}|o[0-7]{1,30})$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_VERSION = re.compile(r"^%YAML\s+(\S+)")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass
class Node:
    """One value: a dict of nodes, a list of nodes or a scalar, and where it stands (lines from 1)."""

    value: Any
    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: tuple[int, int] | None = None  # line and column of the key before it
    inline: bool = False  # a scalar on one line, so that offsets inside it are columns
    size: int = 1

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def child(self, part: str | int) -> Node | None:
        """The value under one key or index, or None."""
        if isinstance(self.value, dict):
            return self.value.get(str(part))
        if isinstance(self.value, list) and isinstance(part, int) and 0 <= part < len(self.value):
            item: Node = self.value[part]
            return item
        return None

    def find(self, path: Path) -> Node:
        """The deepest node along ``path``; a part that a short notation leaves out is skipped if the next one is there."""
        node, skipped = self, False
        for part in path:
            child = node.child(part)
            if child is None and skipped:
                break
            node, skipped = child or node, child is None
        return node

    def place(self, problem: Problem) -> Problem:
        """``problem`` with its file, line and column."""
        node = self.find(problem.path)
        line, column = node.line, node.column
        if line is not None and column is not None and problem.offset and node.inline:
            column += problem.offset
        return problem.placed(node.file, line, column)


@dataclass
class _Open:
    """A mapping or sequence that is being read."""

    node: Node
    anchor: str | None
    limit: Limit  # on its entries
    key: str | None = None
    key_mark: tuple[int, int] | None = None


@dataclass
class Builder:
    """Builds nodes from YAML events."""

    file: str
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    nodes: int = 0
    root: Node | None = None
    mark: Any = None  # where the event that is read begins

    def fail(self, reason: str, remedy: str = "") -> ScenarioError:
        """An error where reading has come to."""
        line, column = (self.mark.line + 1, self.mark.column + 1) if self.mark is not None else (1, 1)
        path = tuple(item.key for item in self.stack if item.key is not None)
        return ScenarioError([Problem(path, reason, remedy, file=self.file, line=line, column=column)])

    def build(self, events: Iterator[Any]) -> Node | None:
        """The single document's node, or None when there is none."""
        for event in events:
            self.mark = event.start_mark
            match type(event).__name__:
                case "DocumentStartEvent" if self.root is not None:
                    raise self.fail("the file holds more than one document.", "Keep one, without '---'.")
                case "MappingStartEvent" | "SequenceStartEvent":
                    self.open(event)
                case "MappingEndEvent" | "SequenceEndEvent":
                    done = self.stack.pop()
                    self.add(done.node, done.anchor)
                case "ScalarEvent":
                    self.scalar(event)
                case "AliasEvent":
                    self.alias(event)
        self.mark = None
        return self.root

    def open(self, event: Any) -> None:
        """Starts a mapping or a sequence."""
        is_map = type(event).__name__ == "MappingStartEvent"
        self.refuse_tag(event)
        if len(self.stack) >= DEPTH:
            raise self.fail(f"it is nested more than {DEPTH} deep.")
        if self.expects_key:
            raise self.fail("a key must be a word or a number.", "Put a value before ':'.")
        limit = limit_of(above.key for above in self.stack)
        self.stack.append(_Open(self.node({} if is_map else [], event), event.anchor, limit))

    def node(self, value: Any, event: Any) -> Node:
        """A node at the place of an event, counted."""
        self.count(1)
        return Node(value, self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def count(self, number: int) -> None:
        """Keeps the total size, repeated parts included, within bounds."""
        self.nodes += number
        if self.nodes > VALUES:
            raise self.fail(f"it holds more than {VALUES:,} values, those that aliases (*name) repeat included.")

    @property
    def expects_key(self) -> bool:
        """Whether the next scalar is a key."""
        return bool(self.stack) and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].key is None

    def scalar(self, event: Any) -> None:
        """A key, or a value."""
        self.refuse_tag(event)
        if not event.value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in event.value):
            raise self.fail("half a surrogate pair is not a character.", "Remove the escape.")
        if unseen := UNSEEN.search(event.value):
            raise self.fail(f"the character U+{ord(unseen.group()):04X} cannot be shown.", "Remove it.")
        plain = not event.style
        if self.expects_key:
            top, key = self.stack[-1], str(event.value)
            if key == "<<" and plain:
                raise self.fail("merge keys ('<<') are not part of YAML 1.2.", "Use 'extends', or write the keys.")
            if key in top.node.value:
                first = top.node.value[key].key
                where = f" It is first given in line {first[0]}." if first else ""
                raise self.fail(f"the key '{key}' is given twice.{where}", "Remove one.")
            top.key, top.key_mark = key, (event.start_mark.line + 1, event.start_mark.column + 1)
            return
        node = self.node(plain_value(event.value) if plain else event.value, event)
        if plain and not event.value and self.stack and self.stack[-1].key_mark:
            node.line, node.column = self.stack[-1].key_mark  # nothing is there: the key's place
        node.inline = event.start_mark.line == event.end_mark.line
        if node.inline and not plain and node.column is not None:
            node.column += 1
        self.add(node, event.anchor)

    def alias(self, event: Any) -> None:
        """A value given before under an anchor."""
        node = self.anchors.get(event.anchor)
        if self.expects_key:
            raise self.fail("an alias cannot be a key.", "Write the key.")
        if node is None:
            raise self.fail(f"'*{event.anchor}' repeats '&{event.anchor}', which is not given before it.")
        self.count(node.size)
        self.add(replace(node, key=None), None)

    def add(self, node: Node, anchor: str | None) -> None:
        """Puts a finished node into what is open."""
        if anchor:
            self.anchors[anchor] = node
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.node.size += node.size
        if top.key is not None:  # a mapping's: a value follows its key
            node.key, top.node.value[top.key], top.key = top.key_mark, node, None
        else:
            top.node.value.append(node)
        if len(top.node.value) > top.limit.most:
            raise self.fail(*too_many(top.limit))

    def refuse_tag(self, event: Any) -> None:
        """Tags could name types; only plain data is read."""
        if event.tag is not None:
            raise self.fail(f"the tag '{event.tag}' is not allowed.", "Only plain values are read; remove it.")


def plain_value(text: str) -> Any:
    """An unquoted scalar as YAML 1.2 reads it: null, true, false, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _HEX.match(text):
        return int(text, 0)
    return float(text) if _FLOAT.match(text) and len(text) <= 300 else text


def decode(data: bytes, file: str) -> str:
    """UTF-8 bytes as text; ScenarioError with the line of the first byte that is not."""
    if len(data) > BYTES:
        raise ScenarioError([Problem((), f"it has {len(data):,} bytes; the limit is {BYTES:,}.", file=file)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        reason = f"it is not UTF-8 text (byte {data[error.start]:#04x})."
        raise ScenarioError([Problem((), reason, "Save the file as UTF-8.").placed(file, line, column)]) from None


def read_yaml(text: str, file: str) -> Node:
    """The top mapping of a YAML text; ScenarioError when it is not one."""
    for count, what, most in ((len(text), "characters", BYTES), (text.count("\n"), "lines", LINES)):
        if count > most:
            raise ScenarioError([Problem((), f"it has {count:,} {what}; the limit is {most:,}.", file=file)])
    builder = Builder(file)
    _refuse_version(text, file)
    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = _Scanner
        root = builder.build(yaml.parse(text))
    except MarkedYAMLError as error:
        raise _yaml_problem(builder, text, error) from None
    except FoedusError:
        raise
    except Exception as error:  # the parser's asserts and slips on odd input among them
        raise _unreadable(text, file, error) from None
    if root is None:
        raise builder.fail("it is empty.", "A scenario needs at least 'actors', 'state' and 'turn'.")
    if not isinstance(root.value, dict):
        kind = "a list" if isinstance(root.value, list) else "a single value"
        raise builder.fail(f"it is {kind}, not a mapping.", "Start with keys such as 'actors:', 'state:' and 'turn:'.")
    return root


class _Scanner(Scanner):
    """Reads tabs as YAML 1.2 does (6.1, 6.2): between tokens and on blank lines as white space, never as indentation."""

    def scan_to_next_token(self) -> None:
        """Goes on to where the next token begins."""
        super().scan_to_next_token()
        while self.reader.peek() == "\t":
            ahead = 1
            while self.reader.peek(ahead) in " \t":
                ahead += 1
            if self._indents() and self.reader.peek(ahead) not in "#\r\n\0":
                return
            self.reader.forward(ahead)
            self.allow_simple_key = False  # no block may begin behind a tab
            super().scan_to_next_token()

    def _indents(self) -> bool:
        """Whether nothing but white space stands before on the line."""
        at = self.reader.pointer - 1
        while at >= 0 and self.reader.buffer[at] in " \t":
            at -= 1
        return at < 0 or self.reader.buffer[at] in "\r\n"


def _refuse_version(text: str, file: str) -> None:
    """Versions of YAML that are not read, with the place of their directive."""
    for line, written in enumerate(text.split("\n"), 1):
        if written.strip() and not written.startswith(("%", "#", "\ufeff")):
            return
        named = _VERSION.match(written)
        if named and named.group(1) not in ("1.1", "1.2"):
            reason = f"YAML {named.group(1)} is not read here, only YAML 1.2."
            remedy = "Write %YAML 1.2, or leave the line out."
            raise ScenarioError([Problem((), reason, remedy).placed(file, line, 1)])


def _yaml_problem(builder: Builder, text: str, error: MarkedYAMLError) -> ScenarioError:
    builder.mark = mark = error.problem_mark or error.context_mark
    reason = f"{error.problem or error.context or 'it cannot be read'}".replace("\n", " ")
    lines = text.split("\n")
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\t" in line and ("\\t" in reason or line[: len(line) - len(line.lstrip())].count("\t")):
        return builder.fail("a tab cannot indent YAML.", "Use spaces.")
    if "mapping values are not allowed" in reason:
        return builder.fail("a ':' is not allowed here.", "Put the text in quotes, or check the indentation.")
    remedy = "Check the indentation, quotes and brackets on this line and the one above."
    return builder.fail(f"this is not YAML: {reason}.", remedy)


def _unreadable(text: str, file: str, error: Exception) -> ScenarioError:
    position = getattr(error, "position", None)
    if isinstance(position, int):
        line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
        shown = f"U+{ord(text[position]):04X}" if position < len(text) else "a character"
        problem = Problem((), f"the character {shown} is not allowed in YAML.", "Remove it.")
        return ScenarioError([problem.placed(file, line, column)])
    flat = " ".join(str(error).split())[:200] or type(error).__name__
    return ScenarioError([Problem((), f"this is not YAML: {flat}.").placed(file, 1, 1)])
