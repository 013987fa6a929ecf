"""Sections alone as one HTML file that opens anywhere and loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from foedus.errors import FoedusError
from foedus.present.section import Section

STYLES = Path(__file__).parent


def write_page(title: str, sections: Sequence[Section], path: Path) -> Path:
    """Writes sections as a page; FoedusError where the file cannot be written."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    page = Environment(loader=FileSystemLoader(STYLES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    css, js = (Markup((STYLES / name).read_text(encoding="utf-8")) for name in ("report.css", "report.js"))
    text = page.get_template("page.html").render(title=title, sections=sections, css=css, js=js)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FoedusError(f"{path} cannot be written: {error.strerror}. Give another --html.") from None
    return path
