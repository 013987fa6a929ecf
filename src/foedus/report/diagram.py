"""The turn of a scenario as a drawing: a lane for every mover, the phases in order from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foedus.present.svg import Drawing, wrapped
from foedus.scenario.commitments import Commitment
from foedus.scenario.names import Names, plain, titled
from foedus.scenario.parts import Phase
from foedus.scenario.schema import Scenario

_HEAD, _PAD, _LINE, _GAP, _STEP = 34.0, 7.0, 14.0, 8.0, 22.0


@dataclass(frozen=True)
class _Box:
    """Text of one step, by style, and the lane that it stands in."""

    lane: int
    lines: list[tuple[str, str]]
    style: str
    full: str

    @property
    def height(self) -> float:
        return 2 * _PAD + _LINE * len(self.lines)


def turn_diagram(scenario: Scenario) -> Markup:
    """Phases in order, who moves, what each may do and when, and the commitments read before a phase.

    A star marks an action that only some policies allow.
    """
    names = Names(scenario)
    movers = [a for a in scenario.actors if any(p.decide == a for p in scenario.turn)]
    nature = any(p.decide is None for p in scenario.turn) or bool(scenario.commitments)
    lanes = ["", *movers] if nature else movers
    width = min(max(128.0, 950.0 / max(len(lanes), 1)), 240.0)
    boxes = _boxes(scenario, names, lanes, width - 26)
    tops, turns, height = _places(boxes, len(lanes))
    drawing = Drawing(width * len(lanes) + 2, height, "The turn: who moves, in which order")
    for i, lane in enumerate(lanes):
        drawing.rect(i * width + 3, 0, width - 6, height, "lane", 6)
        drawing.text(i * width + width / 2, 21, names.actor(lane) if lane else "Nature", "strong", "middle")
    for i in range(1, len(boxes)):
        _arrow(drawing, boxes[i - 1], boxes[i], tops[i - 1], tops[i], turns[i], width)
    for box, top in zip(boxes, tops):
        x, corner = box.lane * width + 8, 10 if box.style == "clause" else 3
        drawing.rect(x, top, width - 16, box.height, f"box {box.style}", corner, box.full)
        for i, (style, text) in enumerate(box.lines):
            drawing.text(x + 6, top + _PAD + _LINE * i + 10.5, text, style)
    return drawing.render("chart diagram")


def _places(boxes: Sequence[_Box], lanes: int) -> tuple[list[float], list[float], float]:
    """Tops of the boxes, heights at which the arrows to them turn, and the height of all.

    A box starts below the one before it in the order, but beside it where its lane is free;
    arrows cross only lanes that are free at that height.
    """
    free, last = [_HEAD] * lanes, _HEAD - _STEP  # where each lane is free from, and the top of the box before
    tops, turns = list[float](), list[float]()
    for i, box in enumerate(boxes):
        before = boxes[i - 1].lane if i else box.lane
        # The arrow runs level from the lane before to this one, so it turns below everything in the lanes between.
        crossed = [lane for lane in range(lanes) if min(before, box.lane) <= lane <= max(before, box.lane)]
        if before != box.lane:
            crossed.remove(before)
        turn = max([last + _STEP - _GAP, *(free[lane] + (_GAP if i else 0) for lane in crossed)])
        top = turn + (_GAP + 3 if i else 0)
        for lane in crossed:
            free[lane] = max(free[lane], turn)
        free[box.lane] = top + box.height
        # An arrow that turns below the box before leaves from its foot, and takes room in that lane too.
        if before != box.lane and turn > tops[-1] + boxes[i - 1].height - 6:
            free[before] = max(free[before], turn)
        tops.append(top)
        turns.append(turn)
        last = top
    return tops, turns, max(free) + 10


def _boxes(scenario: Scenario, names: Names, lanes: list[str], width: float) -> list[_Box]:
    boxes = []
    for i, phase in enumerate(scenario.turn):
        boxes += [_clause(names, c, name, width) for name, c in scenario.commitments.items() if c.attach == phase.id]
        boxes.append(_phase(phase, i + 1, lanes.index(phase.decide or ""), width))
    return boxes


def _lines(style: str, text: str, width: float) -> list[tuple[str, str]]:
    """A text in lines of a style; bold ones are wider than their size says."""
    return [(style, line) for line in wrapped(text, width, 14.5 if style == "strong" else 11)]


def _clause(names: Names, commitment: Commitment, name: str, width: float) -> _Box:
    title = commitment.label or titled(name)
    to = ", ".join(names.actor(a) for a in commitment.to)
    what = f"{names.actor(commitment.from_)} owes {to}: {plain(commitment.expected)} or more"
    lines = _lines("strong", f"Does it apply? {title}", width) + _lines("small", what, width)
    return _Box(0, lines, "clause", f"{title}: {what}")


def _phase(phase: Phase, position: int, lane: int, width: float) -> _Box:
    title = phase.label or titled(phase.id)
    lines = _lines("strong", f"{position}. {title}", width)
    if phase.at:
        lines += _lines("small em", "at " + ", ".join(map(str, phase.at)), width)
    guard = [] if phase.when is None else _lines("small em", f"if {phase.when}", width)
    lines += guard[:3] if len(guard) <= 3 else [*guard[:2], ("small em", f"{guard[2][1]} …")]
    told = [(a.label or plain(n)) + ("*" if a.exists == "enabled" else "") for n, a in phase.actions.items()]
    ways = f"one of {len(phase.chance)} things happens" if len(phase.chance) > 1 else "happens by itself"
    lines += _lines("small", " | ".join(told) or ways, width)
    full = title if phase.when is None else f"{title}, if {phase.when}"
    return _Box(lane, lines, "phase" if phase.decide else "chance", full)


def _arrow(drawing: Drawing, before: _Box, box: _Box, from_: float, to: float, turn: float, width: float) -> None:
    """From the side of the box before, or its foot where the turn lies below it, to the top of the box."""
    start, end = (before.lane + 0.5) * width, (box.lane + 0.5) * width
    points = [(start, from_ + before.height), (start, turn), (end, turn), (end, to - 1)]
    if turn <= from_ + before.height - 6 and before.lane != box.lane:
        points[:2] = [(start + (width / 2 - 8) * (1 if end > start else -1), turn)]
    drawing.path(points, "flow")
    drawing.path([(end - 3.5, to - 5), (end + 3.5, to - 5), (end, to)], "head", closed=True)
