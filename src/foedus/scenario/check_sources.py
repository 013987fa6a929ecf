"""Checks of evidence: that sources exist, and that quotes stand in them word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as FilePath

from foedus.scenario.basics import Evidence
from foedus.scenario.checker import Checker
from foedus.scenario.errors import Path
from foedus.scenario.expressions import shorten
from foedus.scenario.files import ALLOW_OUTSIDE, outside

MAX_BYTES = 20_000_000
_LEFT_OUT = "\u00ad\ufeff\u200b"
_PLAIN = str.maketrans("‘’‚‛`´“”„‟«»–—‐‑−\u00a0", "'" * 6 + '"' * 6 + "-" * 5 + " ", _LEFT_OUT)
_GAP = re.compile(r"\[\s*(?:\.\.\.|…)\s*\]|\.\.\.|…")


def plain(text: str) -> str:
    """Text with plain quotes, dashes and single spaces, for comparing."""
    return " ".join(text.translate(_PLAIN).split())


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: parted by blank lines, or its non-blank lines where none is blank."""
    parts = [part for part in re.split(r"\n[ \t\r]*\n", text.strip()) if part.strip()]
    return parts if len(parts) > 1 else [line for line in text.splitlines() if line.strip()]


def quote_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text; ``...`` in it stands for words left out."""
    place, whole = 0, plain(text)
    for words in filter(None, map(str.strip, _GAP.split(plain(quote)))):
        start = whole.find(words, place)
        if start < 0:
            return False
        place = start + len(words)
    return True


def check_sources(c: Checker) -> None:
    """Every piece of evidence in the scenario."""
    texts = {name: _text(c, name) for name in c.scenario.sources}
    for path, evidence in _evidence(c):
        known = c.known((*path, "source"), evidence.source, c.scenario.sources, "a source")
        if known and (text := texts[evidence.source]) is not None:
            _quote(c, path, evidence, paragraphs(text))


def _evidence(c: Checker) -> Iterator[tuple[Path, Evidence]]:
    """Every piece of evidence with its path."""
    cited: list[tuple[Path, list[Evidence]]] = []
    for key in ("assumptions", "commitments", "claims"):
        cited += [((key, name), item.evidence) for name, item in getattr(c.scenario, key).items()]
    for name, actor in c.scenario.actors.items():
        cited += [(("actors", name, str(setting)), number.evidence) for setting, number in actor.numbers.items()]
    for path, items in cited:
        yield from (((*path, "evidence", n), evidence) for n, evidence in enumerate(items))


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
        if outside(file, folder):
            remedy = f"Put it there, or set {ALLOW_OUTSIDE}=1 if you trust the scenario."
            c.error(path, f"'{shorten(written)}' is outside the folder of this scenario.", remedy)
            return None
        if file.is_file() and file.stat().st_size <= MAX_BYTES:
            return file.read_bytes().decode("utf-8-sig")
        lack = f"is larger than {MAX_BYTES} bytes" if file.is_file() else "is not there"
    except (OSError, ValueError, RuntimeError):
        lack = "cannot be read as UTF-8 text"
    c.warn(path, f"'{written}' {lack}, so that quotes from it are not checked.")
    return None


def _quote(c: Checker, path: Path, evidence: Evidence, parts: list[str]) -> None:
    """The paragraphs named exist, and the quote is in one of them."""
    named = [int(digits) for digits in re.findall(r"\d{1,9}", str(evidence.paragraph or ""))]
    wrong = [n for n in named if not 1 <= n <= len(parts)]
    if wrong:
        c.error((*path, "paragraph"), f"'{evidence.source}' has paragraphs 1 to {len(parts)}, and no {wrong[0]}.")
        return
    quote, span = evidence.quote, slice(min(named) - 1, max(named)) if named else slice(None)
    if not quote or quote_in(quote, "\n".join(parts[span])):
        return
    elsewhere = [n for n, part in enumerate(parts, 1) if quote_in(quote, part)]
    reason = f"the quote is not in '{evidence.source}', word for word."
    if elsewhere:
        reason = f"the quote stands in paragraph {elsewhere[0]}, not in {evidence.paragraph}."
    c.error((*path, "quote"), reason)
