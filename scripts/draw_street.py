"""Draws the street: the folders of src/foedus and which of them uses which, from the code, into docs/street.svg.

Rows are the layers of the import contract in pyproject.toml. An arrow leads from a folder to one that imports it;
those that follow from other arrows are left out. What a box says is the first sentence of the folder's docstring.

    python scripts/draw_street.py          draws it anew
    python scripts/draw_street.py --check  ends with 1 where the picture does not show the code as it is
"""

from __future__ import annotations

import ast
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "foedus"
PICTURE = ROOT / "docs" / "street.svg"

LANE, GAP, MARGIN = 14, 96, 70  # between two lanes of arrows, between the columns, at the left of the first
WIDTHS = (460, 330)  # of the boxes on the street and beside it
LINE, PAD, BETWEEN, TOP = 18, 12, 30, 96
LETTER = 6.5  # the mean width of a letter
MAIN, BESIDE = 0, 1

Uses = dict[str, set[str]]


@dataclass(frozen=True)
class Box:
    """A folder in the picture: where it stands and what it says."""

    name: str
    row: int
    column: int
    top: float
    lines: tuple[str, ...]

    @property
    def left(self) -> float:
        """The x of its left side."""
        return MARGIN if self.column == MAIN else MARGIN + WIDTHS[MAIN] + GAP

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.left + WIDTHS[self.column]

    @property
    def height(self) -> float:
        """From its top to its bottom."""
        return 2 * PAD + LINE * (1 + len(self.lines))


def layers() -> list[list[str]]:
    """The folders and modules by layer, those that import nothing first, from the contract in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(contract for contract in settings["contracts"] if contract["type"] == "layers")
    return [[part.strip() for part in row.split("|")] for row in reversed(contract["layers"])]


def imported(path: Path) -> Iterator[str]:
    """The first name under foedus of everything that a file imports from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("foedus."))


def uses(names: list[str]) -> Uses:
    """Which of the named folders (or single modules) each of them imports."""
    found: Uses = {}
    for name in names:
        files = (PACKAGE / name).rglob("*.py") if (PACKAGE / name).is_dir() else [PACKAGE / f"{name}.py"]
        found[name] = {other for path in files for other in imported(path)} & set(names) - {name}
    return found


def reduced(graph: Uses) -> Uses:
    """The graph without each arrow that a longer way says too."""

    def reach(name: str) -> set[str]:
        return graph[name] | {far for near in graph[name] for far in reach(near)}

    return {name: near - {far for other in near for far in reach(other)} for name, near in graph.items()}


def purpose(name: str) -> str:
    """The first sentence of a folder's docstring, without its own name before a colon."""
    text = ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text(encoding="utf-8"))) or ""
    sentence = " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".").replace("``", "")
    sentence = sentence[len(name) + 1 :].strip() if sentence.lower().startswith(f"{name}:") else sentence
    return sentence[:1].upper() + sentence[1:]


def boxes(rows: list[list[str]]) -> dict[str, Box]:
    """Where each folder stands: the first of its layer on the street, another beside it."""
    placed: dict[str, Box] = {}
    top = float(TOP)
    for number, row in enumerate(rows):
        for column, name in enumerate(row):
            lines = textwrap.wrap(purpose(name), int((WIDTHS[column] - 2 * PAD) / LETTER))
            placed[name] = Box(name, number, column, top, tuple(lines))
        top += max(placed[name].height for name in row) + BETWEEN
    return placed


class Lanes:
    """Lanes for the arrows that cannot go straight down: each takes the nearest one that is free for its rows."""

    def __init__(self, start: float, step: float):
        self.start, self.step = start, step
        self.taken: list[list[tuple[float, float]]] = []

    def place(self, top: float, bottom: float) -> float:
        """The x of a lane that is free between two heights."""
        for number, spans in enumerate(self.taken):
            if all(bottom < low or top > high for low, high in spans):
                spans.append((top, bottom))
                return self.start + number * self.step
        self.taken.append([(top, bottom)])
        return self.start + (len(self.taken) - 1) * self.step


def arrows(placed: dict[str, Box], graph: Uses) -> Iterator[str]:
    """The arrows: straight down to the next box, else down a lane at the side."""
    outer, inner = Lanes(MARGIN - 20, -LANE), Lanes(MARGIN + WIDTHS[MAIN] + GAP / 2 - LANE, LANE)
    pairs = [(placed[source], placed[target]) for target in graph for source in graph[target]]
    for source, target in sorted(
        pairs, key=lambda pair: (pair[1].row - pair[0].row, pair[0].row, pair[1].name, pair[0].name)
    ):
        straight = source.column == target.column and target.row == source.row + 1
        if straight:
            x = source.left + WIDTHS[source.column] / 2
            path = f"M{x:g} {source.top + source.height:g} V{target.top - 7:g}"
        else:
            start, end = source.top + source.height - PAD, target.top + PAD
            aside = source.column == target.column == MAIN
            lane = (outer if aside else inner).place(start, end)
            out = source.left if aside or source.column == BESIDE else source.right
            back = target.left if aside or target.column == BESIDE else target.right
            tip = back - 7 if back > lane else back + 7
            path = f"M{out:g} {start:g} H{lane:g} V{end:g} H{tip:g}"
        yield f'<path d="{path}"><title>{target.name} uses {source.name}</title></path>'


def drawn(box: Box) -> str:
    """A box with its name and what it says."""
    x, y = box.left + PAD + 4, box.top + PAD + 13
    said = "".join(f'<text x="{x:g}" y="{y + LINE * i:g}">{escape(line)}</text>' for i, line in enumerate(box.lines, 1))
    kind = "street" if box.column == MAIN else "beside"
    return (
        f'<rect class="{kind}" x="{box.left:g}" y="{box.top:g}" width="{WIDTHS[box.column]}" height="{box.height:g}" '
        f'rx="6"/><text class="name" x="{x:g}" y="{y:g}">{escape(box.name)}</text>{said}'
    )


def picture() -> str:
    """The picture as SVG."""
    below = [name for row in layers() for name in row if not (PACKAGE / name).is_dir()]
    rows = [row for row in layers() if not set(row) & set(below)]
    names = [name for row in rows for name in row]
    placed = boxes(rows)
    width = MARGIN + sum(WIDTHS) + GAP + 20
    height = max(box.top + box.height for box in placed.values()) + 20
    heading = "An arrow leads from a folder to one that imports it. None leads up."
    under = f"Used everywhere: {', '.join(below)}. Arrows that follow from others are left out."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">',
        "<title>The folders of Foedus and which of them uses which</title>",
        "<style>text{font:13px sans-serif;fill:#333}.name{font:bold 15px monospace;fill:#111}"
        "rect.street{fill:#e8eef6;stroke:#38598b}rect.beside{fill:#f5efe3;stroke:#8b6d38}"
        "path{fill:none;stroke:#555;stroke-width:1.5;marker-end:url(#tip)}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="3" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        '<path d="M0 0L8 4L0 8z" style="fill:#555;stroke:none;marker-end:none"/></marker></defs>',
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
        f'<text class="name" x="{MARGIN}" y="36">src/foedus</text>',
        f'<text x="{MARGIN}" y="58">{heading}</text><text x="{MARGIN}" y="76">{escape(under)}</text>',
        *arrows(placed, reduced(uses(names))),
        *(drawn(box) for box in placed.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Draws the picture, or checks it."""
    now = picture()
    if "--check" not in sys.argv[1:]:
        PICTURE.write_text(now, encoding="utf-8")
    elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != now:
        print(f"{PICTURE.relative_to(ROOT)} does not show the code as it is: run `make docs` and commit it.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
