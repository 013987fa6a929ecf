"""Variants: one scenario laid over another (``extends``), on nodes that keep their places."""

from __future__ import annotations

from dataclasses import replace

from foedus.errors import nearest
from foedus.scenario.distributions import LAWS
from foedus.scenario.errors import Path, Problem, ScenarioError
from foedus.scenario.yamltext import Node

# keys of a variant's phases: what they do
PLACING = {
    "after": "In a variant: put this phase after that one.",
    "before": "In a variant: put this phase before that one.",
    "drop": "In a variant: true leaves this phase of the original out.",
}
_NUMBER = frozenset({"value", "distribution", *LAWS})
_KINDS_OF_PHASE = (frozenset({"decide", "actions"}), frozenset({"chance"}))
_KINDS_OF_TRIGGER = (frozenset({"severity", "threshold"}), frozenset({"applies"}), frozenset({"reads"}))


def merge(base: Node, over: Node, path: Path = ()) -> Node:
    """``over`` laid over ``base``: mappings merge, ``turn`` merges by phase, null deletes, the rest is replaced."""
    if path == ("turn",) and isinstance(base.value, list) and isinstance(over.value, list):
        return _merge_turn(base, over)
    if _is_number(path) and isinstance(over.value, dict) and not isinstance(base.value, (dict, list)):
        base = replace(base, value={"value": base})
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    merged = {key: node for key, node in base.value.items() if key not in _superseded(path, over.value)}
    for key, node in over.value.items():
        if node.value is None and key in base.value:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged[key], node, (*path, key)) if key in merged else node
    return replace(over, value=merged)


def _is_number(path: Path) -> bool:
    """Whether an assumption, or an actor's number, stands at ``path``."""
    return (len(path) == 2 and path[0] == "assumptions") or (len(path) == 3 and path[0] == "actors")


def _superseded(path: Path, over: dict[str, Node]) -> set[str]:
    """Keys of the base that exclude what ``over`` gives: the other kinds of number, phase or trigger."""
    if _is_number(path):
        return set(_NUMBER) if _NUMBER & set(over) else set()
    kinds: tuple[frozenset[str], ...] = ()
    if len(path) == 2 and path[0] == "turn":
        kinds = _KINDS_OF_PHASE
    elif len(path) in (2, 3) and path[0] == "commitments":
        kinds = _KINDS_OF_TRIGGER
    given = [kind for kind in kinds if kind & set(over)]
    superseded: set[str] = set().union(*(kind for kind in kinds if given and kind not in given))
    if len(path) == 2 and path[0] == "commitments" and given and "trigger" not in over:
        superseded.add("trigger")
    return superseded


def _merge_turn(base: Node, over: Node) -> Node:
    """Phases by id: the same id merges, new ones are placed by ``after``/``before`` or come last."""
    items: list[Node] = list(base.value)
    for item in over.value:
        name = _id(item)
        if name is None:
            items.append(item)
            continue
        here = next((i for i, old in enumerate(items) if _id(old) == name), None)
        drop = item.child("drop")
        dropped = drop is not None and drop.value is True
        if here is None and dropped:
            raise _unknown(item, "drop", name, items)
        old = None if here is None else items.pop(here)
        if dropped:
            continue
        phase = replace(item, value={k: v for k, v in item.value.items() if k not in PLACING})
        if old is not None and here is not None:
            phase = merge(old, phase, ("turn", here))
        moved = bool(item.value.keys() & {"after", "before"})
        items.insert(_position(item, items) if here is None or moved else here, phase)
    return replace(over, value=items)


def _id(item: Node) -> str | None:
    node = item.child("id")
    return node.value if node is not None and isinstance(node.value, str) else None


def _position(item: Node, items: list[Node]) -> int:
    """Where a phase goes among ``items``."""
    for key, step in (("after", 1), ("before", 0)):
        if (wanted := item.child(key)) is None:
            continue
        for i, other in enumerate(items):
            if _id(other) == wanted.value:
                return i + step
        raise _unknown(item, key, str(wanted.value), items)
    return len(items)


def _unknown(item: Node, key: str, name: str, items: list[Node]) -> ScenarioError:
    known = [other_id for other in items if (other_id := _id(other))]
    node = item.child(key) or item
    what = "to drop" if key == "drop" else f"{key} which to put it"
    problem = Problem(("turn", str(_id(item)), key), f"there is no phase '{name}' {what}.", nearest(name, known))
    return ScenarioError([problem.placed(node.file, node.line, node.column)])


def lift_enters(root: Node) -> Node:
    """``- enters: {...}`` items of the turn moved to the top-level ``enters``."""
    turn = root.child("turn")
    if turn is None or not isinstance(turn.value, list):
        return root
    lumps = [item for item in turn.value if isinstance(item.value, dict) and set(item.value) == {"enters"}]
    if not lumps:
        return root
    kept = [item for item in turn.value if not any(item is lump for lump in lumps)]
    old = root.child("enters")
    before = [] if old is None else old.value if isinstance(old.value, list) else [old]
    enters = replace(old or turn, value=[*before, *(lump.value["enters"] for lump in lumps)])
    return replace(root, value={**root.value, "turn": replace(turn, value=kept), "enters": enters})
