"""Checks of evidence: that sources exist, and that quotes stand in them word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as FilePath

from foedus.scenario.basics import Evidence
from foedus.scenario.checker import Checker
from foedus.scenario.errors import Path

MAX_BYTES = 20_000_000
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´", "'"),
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("–—‐‑−", "-"),
        **dict.fromkeys("\u00ad\ufeff\u200b"),  # left out
        "\u00a0": " ",
    }
)
_GAP = re.compile(r"\[\s*(?:\.\.\.|…)\s*\]|\.\.\.|…")


def plain(text: str) -> str:
    """Text with plain quotes, dashes and single spaces, for comparing."""
    return " ".join(text.translate(_PLAIN).split())


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: parted by blank lines, or its non-blank lines where none is blank."""
    parts = [part for part in re.split(r"\n[ \t\r]*\n", text.strip()) if part.strip()]
    lines = [line for line in text.splitlines() if line.strip()]
    return lines if len(parts) <= 1 else parts


def quote_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text; ``...`` in it stands for words left out."""
    place, whole = 0, plain(text)
    for part in _GAP.split(plain(quote)):
        if not (words := part.strip()):
            continue
        start = whole.find(words, place)
        if start < 0:
            return False
        place = start + len(words)
    return True


def check_sources(c: Checker) -> None:
    """Every piece of evidence in the scenario."""
    texts = {name: _text(c, name) for name in c.scenario.sources}
    for path, evidence in _evidence(c):
        if not c.known((*path, "source"), evidence.source, c.scenario.sources, "a source"):
            continue
        text = texts[evidence.source]
        if text is not None:
            _quote(c, path, evidence, paragraphs(text))


def _evidence(c: Checker) -> Iterator[tuple[Path, Evidence]]:
    """Every piece of evidence with its path."""
    scenario = c.scenario
    for key, items in (
        ("assumptions", scenario.assumptions),
        ("commitments", scenario.commitments),
        ("claims", scenario.claims),
    ):
        for name, item in items.items():
            for n, evidence in enumerate(item.evidence):
                yield (key, name, "evidence", n), evidence
    for name, actor in scenario.actors.items():
        for setting, number in actor.numbers.items():
            for n, evidence in enumerate(number.evidence):
                yield ("actors", name, str(setting), "evidence", n), evidence


def _text(c: Checker, name: str) -> str | None:
    """The text of a source's local file, or None after a warning where it cannot be had."""
    written, path = c.scenario.sources[name].file, ("sources", name, "file")
    if written is None:
        return None
    origin = c.scenario.origin
    node = None if origin is None else origin.find(path)
    folder = FilePath(node.file).parent if node is not None and node.file and node.file != "<text>" else FilePath()
    file = folder / written
    try:
        if not file.is_file():
            c.warn(path, f"'{written}' is not there, so that quotes from it are not checked.")
            return None
        if file.stat().st_size > MAX_BYTES:
            c.warn(path, f"'{written}' is larger than {MAX_BYTES} bytes, so that quotes from it are not checked.")
            return None
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        c.warn(path, f"'{written}' cannot be read as UTF-8 text, so that quotes from it are not checked.")
        return None


def _quote(c: Checker, path: Path, evidence: Evidence, parts: list[str]) -> None:
    """The paragraphs named exist, and the quote is in one of them."""
    named = [int(digits) for digits in re.findall(r"\d{1,9}", str(evidence.paragraph or ""))]
    wrong = [n for n in named if not 1 <= n <= len(parts)]
    if wrong:
        reason = f"'{evidence.source}' has paragraphs 1 to {len(parts)}, and no {wrong[0]}."
        c.error((*path, "paragraph"), reason)
        return
    if not evidence.quote:
        return
    span = range(min(named), max(named) + 1) if named else range(1, len(parts) + 1)
    if quote_in(evidence.quote, "\n".join(parts[n - 1] for n in span)):
        return
    elsewhere = [n for n, part in enumerate(parts, 1) if quote_in(evidence.quote, part)]
    if elsewhere:
        c.error((*path, "quote"), f"the quote stands in paragraph {elsewhere[0]}, not in {evidence.paragraph}.")
    else:
        c.error((*path, "quote"), f"the quote is not in '{evidence.source}', word for word.")
