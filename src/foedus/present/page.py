"""Sections as one HTML file that opens anywhere and loads nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from foedus.errors import FoedusError
from foedus.present import colours
from foedus.present.likelihood import estimative
from foedus.present.section import Section
from foedus.present.wording import assumed, capital, listed, number, percent, place, signed, source_name
from foedus.scenario.names import plain

_GENERATOR = '<meta name="generator" content="Foedus">'
_POLICY = "<policy>"  # stands where the page's policy goes: text of others is escaped


def rendered(template: str, view: Mapping[str, Any], *folders: Path) -> str:
    """A page as HTML, with its style and script inside, from a template here or in ``folders``. All text is escaped."""
    from jinja2 import Environment, FileSystemLoader

    files = FileSystemLoader([*folders, Path(__file__).parent])
    pages = Environment(loader=files, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    says = (assumed, capital, estimative, listed, number, percent, place, plain, signed, source_name)
    pages.filters |= {say.__name__: say for say in says}
    text = pages.get_template(template).render(view, declared=colours.declared, policy=_POLICY)
    return text.replace(_POLICY, _security_policy(text), 1)


def _security_policy(page: str) -> str:
    """The Content-Security-Policy of a page: it loads nothing, sends nothing, and runs its own style and script alone, which
    are named by their hashes (W3C, Content Security Policy Level 3)."""
    allowed = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"]
    for tag in ("style", "script"):
        parts = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        hashes = [f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" for part in parts]
        allowed += [f"{tag}-src {' '.join(hashes)}"] if hashes else []
    return "; ".join(allowed)


def is_other(path: Path) -> bool:
    """Whether a file is there that holds something and is no page of Foedus. OSError where it cannot be read."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        return _GENERATOR.encode() not in file.read(4096)


def write_page(title: str, sections: Sequence[Section], path: Path) -> Path:
    """Writes sections as a page; FoedusError where the file cannot be written, or is another's."""
    text = rendered("page.html", {"title": title, "sections": sections})
    try:
        if is_other(path):
            raise FoedusError(f"{path} is there and is no page of Foedus: it stays as it is. Give another --html.")
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FoedusError(f"{path} cannot be written: {error.strerror}. Give another --html.") from None
    return path
