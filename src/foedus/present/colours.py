"""Every colour of pages, charts and the terminal: to change one, change its row, and what captions call it.

Drawings name what a stroke is ("mean", "band", "posterior"); ``report.css`` gives each such name one of these colours.
"""

from __future__ import annotations

MAIN, OTHER = (
    "blue",
    "orange",
)  # what captions call the two series; the colour-blind tell them apart (Okabe and Ito 2008)
TERMINAL_MAIN, TERMINAL_OTHER = "blue", "dark_orange"  # the same in the terminal, by rich's names

# name: (light, dark, print)
_GROUND = {
    "ink": ("#1b1f24", "#e6e8ea", "#000"),
    "soft": ("#555e68", "#a9b1ba", "#333"),
    "faint": ("#8a939c", "#7c858e", "#777"),
    "paper": ("#ffffff", "#14171b", "#fff"),
    "panel": ("#f5f6f8", "#1d2126", "#f3f3f3"),
    "line": ("#d5d9de", "#383f47", "#bbb"),
}
_SERIES = {
    "main": ("#0072b2", "#56b4e9", "#0072b2"),
    "other": ("#d55e00", "#f0883a", "#d55e00"),
    "mark": ("#a3517f", "#d796b9", "#a3517f"),
    "main-pale": ("#cfe3f0", "#1f4058", "#cfe3f0"),
    "seen": ("#e69f00", "#b98412", "#e69f00"),
}
_LEVELS_AND_WARNINGS = {
    "level-from": ("#e6eef4", "#25323d", "#e6eef4"),
    "level-to": ("#08406b", "#9ed3f5", "#08406b"),
    "warn-paper": ("#fdf3dc", "#30291a", "#fff"),
    "warn-line": ("#e69f00", "#b98412", "#777"),
}
_MEDIA = ("light", "dark", "print")
_STEPS = 6  # of a scale from the faintest level to the strongest


def declared(medium: str) -> str:
    """The colours of a medium (light, dark or print) as CSS variables, a line a group."""
    groups, k = (_GROUND, _SERIES, _LEVELS_AND_WARNINGS), _MEDIA.index(medium)
    return "\n".join(" ".join(f"--{name}: {row[k]};" for name, row in group.items()) for group in groups)


def level(k: int, many: int) -> str:
    """The style of level ``k`` of ``many``, from the faintest to the strongest."""
    return f"l{round(_STEPS * k / max(many - 1, 1))}"


def is_pale(style: str) -> bool:
    """Whether dark ink can be read on a level."""
    return int(style[1:]) < _STEPS / 2


def effect(value: float, edge: float) -> str:
    """The style of a signed number, full at ``edge``: the main colour above 0, the other below, none near it or where undefined."""
    if value != value or edge <= 0 or abs(value) < 0.05 * edge:
        return "zone"
    step = 1 + (abs(value) >= edge / 3) + (abs(value) >= 2 * edge / 3)
    return f"{'for' if value > 0 else 'against'}{step}"
