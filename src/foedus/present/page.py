"""Sections as one HTML file that opens anywhere and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foedus.errors import FoedusError
from foedus.present import colours
from foedus.present.likelihood import estimative
from foedus.present.section import Section
from foedus.present.wording import assumed, capital, listed, number, percent, place, signed, source_name
from foedus.scenario.names import plain


def rendered(template: str, view: Mapping[str, Any], *folders: Path) -> str:
    """A page as HTML, with its style and script inside, from a template here or in ``folders``. All text is escaped."""
    from jinja2 import Environment, FileSystemLoader

    files = FileSystemLoader([*folders, Path(__file__).parent])
    pages = Environment(loader=files, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    says = (assumed, capital, estimative, listed, number, percent, place, plain, signed, source_name)
    pages.filters |= {say.__name__: say for say in says}
    return pages.get_template(template).render(view, declared=colours.declared)


def write_page(title: str, sections: Sequence[Section], path: Path) -> Path:
    """Writes sections as a page; FoedusError where the file cannot be written."""
    text = rendered("page.html", {"title": title, "sections": sections})
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FoedusError(f"{path} cannot be written: {error.strerror}. Give another --html.") from None
    return path
