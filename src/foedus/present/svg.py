"""A few strokes of SVG. Colours and fonts come from the page's style, so drawings follow light and dark."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from markupsafe import Markup, escape

# A letter's width as a share of the size of its font, on average over plain text in the fonts of the page. What a browser
# really draws is not known here, so texts are cut and broken by their number of letters.
_LETTER = 0.53
_BOLD = 1.1  # how much wider bold letters are
_TIGHT = 10.5  # pixels of the font of labels on two lines


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


class Drawing:
    """An SVG drawing of a given size, with a description for those who cannot see it."""

    def __init__(self, width: float, height: float, description: str):
        self.width, self.height = width, height
        self.parts: list[str] = [f"<title>{escape(description)}</title>"]

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str = "axis") -> None:
        """A straight line."""
        self.parts.append(f'<line class="{style}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>')

    def rect(
        self, x: float, y: float, width: float, height: float, style: str, corner: float = 0, tip: str = ""
    ) -> None:
        """A rectangle, with rounded corners and a tooltip if asked."""
        corners = f' rx="{_n(corner)}"' if corner else ""
        size = f'width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"{corners}'
        self.parts.append(f'<rect class="{style}" x="{_n(x)}" y="{_n(y)}" {size}' + _tip("rect", tip))

    def dot(self, x: float, y: float, radius: float, style: str, tip: str = "") -> None:
        """A disc."""
        self.parts.append(f'<circle class="{style}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"' + _tip("circle", tip))

    def path(self, points: Sequence[tuple[float, float]], style: str, closed: bool = False) -> None:
        """A line through points, or the area that they enclose."""
        steps = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(f'<{"polygon" if closed else "polyline"} class="{style}" points="{steps}"/>')

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start", link: str = "") -> None:
        """A line of text; ``anchor`` is start, middle or end; ``link`` goes to a part of the same page."""
        place = f' text-anchor="{anchor}"' if anchor != "start" else ""
        style = f' class="{style}"' if style else ""
        drawn = f'<text x="{_n(x)}" y="{_n(y)}"{place}{style}>{escape(text)}</text>'
        self.parts.append(f'<a href="#{escape(link)}">{drawn}</a>' if link else drawn)

    def label(
        self,
        x: float,
        y: float,
        text: str,
        width: float,
        style: str = "",
        anchor: str = "start",
        link: str = "",
        size: float = 12,
    ) -> None:
        """A text that fits a ``width``: on one line at ``size``, else on two smaller ones, the second cut where it must be."""
        wide = _BOLD if "strong" in style else 1.0
        if len(wrapped(text, width, wide * size)) == 1:
            self.text(x, y, text, style, anchor, link)
            return
        for k, line in enumerate(fitted(text, width, 2, wide * _TIGHT)):
            self.text(x, y - 6 + _TIGHT * k, line, f"{style} tight".strip(), anchor, link)

    def render(self, style: str = "chart") -> Markup:
        """The drawing as a safe piece of HTML."""
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}" width="{_n(self.width)}" height="{_n(self.height)}"'
        return Markup(f'<svg class="{style}" role="img" {size}>{"".join(self.parts)}</svg>')


def _tip(tag: str, tip: str) -> str:
    return f"><title>{escape(tip)}</title></{tag}>" if tip else "/>"


def clipped(text: str, width: float, size: float = 12) -> str:
    """The text cut to about ``width`` pixels at a font of ``size`` pixels."""
    most = max(3, int(width / (size * _LETTER)))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def wrapped(text: str, width: float, size: float = 12) -> list[str]:
    """The text broken into lines of about ``width`` pixels."""
    return textwrap.wrap(text, max(4, int(width / (size * _LETTER)))) or [""]


def fitted(text: str, width: float, lines: int, size: float = 12) -> list[str]:
    """The text broken into at most ``lines`` lines of about ``width`` pixels, the last one cut where more is left."""
    broken = wrapped(text, width, size)
    if len(broken) < lines:
        return broken
    return [*broken[: lines - 1], clipped(" ".join(broken[lines - 1 :]), width, size)]


def ceiling(top: float) -> float:
    """A round number at or above ``top``, at most 1 for probabilities: the end of an axis."""
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
    return next((step for step in steps if top <= step), 1.0)
