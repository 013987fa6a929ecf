"""Charts of escalation: the ladder with flows between its rungs, and routes as chains of moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foedus.arraytypes import Floats
from foedus.present.svg import Drawing, fitted
from foedus.present.wording import number, percent
from foedus.scenario.names import plain, titled

_COLUMNS = 7  # arrows up, and arrows down, at most
_WIDEST = 16.0  # pixels of the widest arrow
_MOST = 6  # moves of a route that are drawn
_LINES = 6  # of what makes a move


@dataclass(frozen=True)
class Step:
    """One move of a route: what makes it, from which level to which."""

    by: str
    start: str
    to: str


def ladder_chart(levels: Sequence[str], ever: Floats, moves: Sequence[Step], times: Floats) -> Markup:
    """Rungs from the lowest at the bottom; arrows between them as wide as moves are frequent, ``times`` [moves]."""
    pairs: dict[tuple[int, int], list[tuple[float, str]]] = {}
    for move, n in zip(moves, times.tolist(), strict=True):
        if n > 0:
            pairs.setdefault((levels.index(move.start), levels.index(move.to)), []).append((n, move.by))
    total = {pair: sum(n for n, _ in parts) for pair, parts in pairs.items()}
    most = sorted(total, key=lambda pair: -total[pair])
    up, down = ([pair for pair in most if (pair[1] > pair[0]) == rising][:_COLUMNS] for rising in (True, False))
    gap, left, column = 64.0 if len(levels) <= 8 else 26.0, 200.0, 50.0
    drawing = Drawing(900, gap * len(levels) + 34, "The ladder of escalation")
    rows = [20 + gap * (len(levels) - 1 - k) + 16 for k in range(len(levels))]
    right = left + column * max(len(up) + len(down), 1) + 60
    for k, level in enumerate(levels):
        drawing.line(left - 6, rows[k], right, rows[k], "grid")
        drawing.label(left - 66, rows[k] + 4, titled(level), 132, "strong", "end", size=13)
        drawing.text(left - 12, rows[k] + 4, percent(float(ever[k])), "num", "end")
    widest, place = max(total.values(), default=1.0), left + 26
    for side, words in ((up, "up"), (down, "down")):
        if side:
            drawing.text(place - 12, 14, words, "small")
        for pair in sorted(side, key=sorted):
            start, end, width = rows[pair[0]], rows[pair[1]], max(1.2, _WIDEST * total[pair] / widest)
            tip = "; ".join(f"{name}: {number(n, 2)}" for n, name in sorted(pairs[pair], reverse=True)[:5])
            tip = f"{plain(levels[pair[0]])} to {plain(levels[pair[1]])}, {number(total[pair], 2)} times. {tip}"
            _arrow(drawing, place, start, end, width, tip)
            drawing.text(place, (start + end) / 2 + 4, number(total[pair], 2), "strong small halo", "middle")
            place += column
        place += 30
    return drawing.render()


def _arrow(drawing: Drawing, x: float, start: float, end: float, width: float, tip: str) -> None:
    head, up = max(7.0, width * 0.8), end < start
    neck, style = end + (head if up else -head), "posterior now" if up else "posterior"
    drawing.rect(x - width / 2, min(start, neck), width, abs(neck - start), style, 0, tip)
    drawing.path([(x - head * 0.8, neck), (x + head * 0.8, neck), (x, end)], style, closed=True)


def route_chart(routes: Sequence[tuple[float, Sequence[Step]]]) -> Markup:
    """One row a route: its share, then levels joined by arrows that say what makes each move."""
    longest = min(max(len(steps) for _, steps in routes), _MOST)
    left, box = 62.0, 96.0
    gap = min(190.0, (898 - left - box) / max(longest, 1) - box)
    if gap < 70:
        box, gap = 70.0, (898 - left - 70.0) / longest - 70.0
    deepest = max(len(_label(step.by, gap)) for _, steps in routes for step in steps)
    row, most = 44.0 + 11 * deepest, max(share for share, _ in routes)
    drawing = Drawing(900, row * len(routes) + 6, "The likeliest routes")
    for i, (share, steps) in enumerate(routes):
        y = row * (i + 1) - 26
        drawing.text(left - 10, y + 4, percent(share), "strong", "end")
        _chain(drawing, left, y, box, gap, steps, 1.2 + 8 * share / most)
    return drawing.render()


def _chain(drawing: Drawing, x: float, y: float, box: float, gap: float, steps: Sequence[Step], width: float) -> None:
    """The boxes and arrows of one route; the middle of a long one is left out."""
    half, cut = _MOST // 2, len(steps) > _MOST
    for i, step in enumerate(steps):
        if cut and half <= i < len(steps) - half:
            continue
        _box(drawing, x, y, box, step.start)
        start, tip, edge = x + box, x + box + gap, width / 2
        left_out = f" … {len(steps) - _MOST} more moves …" if cut and i == half - 1 else ""
        lines = _label(step.by + left_out, gap)
        for k, line in enumerate(lines):
            drawing.text(start + gap / 2, y - 9 - edge - 11 * (len(lines) - 1 - k), line, "small", "middle")
        told = f"{step.by}: {plain(step.start)} to {plain(step.to)}"
        drawing.rect(start, y - edge, gap - 8, width, "posterior now", 0, told)
        drawing.path([(tip - 9, y - 4 - edge), (tip - 9, y + 4 + edge), (tip, y)], "posterior now", closed=True)
        x = tip
    _box(drawing, x, y, box, steps[-1].to)


def _label(text: str, gap: float) -> list[str]:
    """What makes a move, in lines over its arrow: all of it, since names of acts often differ at their ends."""
    return fitted(text, gap - 10, _LINES, 11)


def _box(drawing: Drawing, x: float, y: float, width: float, level: str) -> None:
    drawing.rect(x, y - 12, width, 24, "box", 4)
    drawing.label(x + width / 2, y + 4, plain(level), width - 8, "", "middle", size=11.5)
