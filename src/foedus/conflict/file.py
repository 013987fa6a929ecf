"""Reading and writing conflicts in option form as ``.gmcr`` files (JSON)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from foedus.conflict.option_form import MOST_OPTIONS, Condition, Conflict, DecisionMaker, Option, OptionModel, Pattern
from foedus.errors import FoedusError

Part = TypeVar("Part")

_MANUAL = ("useManualPreferenceRanking", "useManualPreferenceVectors")  # as it is written now, and was before
MOST_BYTES, MOST_MAKERS, MOST_CONDITIONS = 20_000_000, 62, 10_000
_READ = {"options", "decisionMakers", "infeasibles", "coalitions", "coalitionsFull", *_MANUAL}


def load_conflict(path: str | Path) -> Conflict:
    """The conflict in a ``.gmcr`` file. Raises FoedusError, saying what is wrong and where, if it cannot be used."""
    file = Path(path)
    try:
        if file.exists() and not file.is_file():  # a pipe would never end, nor a device
            raise FoedusError(f"{path}: it is not a file. Give a .gmcr file.")
        if (size := file.stat().st_size) > MOST_BYTES:
            raise FoedusError(f"{path}: it has {size:,} bytes; the limit is {MOST_BYTES:,}.")
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FoedusError(f"{path}: not a text file in UTF-8.") from error
    except OSError as error:
        raise FoedusError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except json.JSONDecodeError as error:
        raise FoedusError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}.") from error
    except (RecursionError, ValueError) as error:
        raise FoedusError(f"{path}: not usable JSON: {error}.") from error
    try:
        conflict = conflict_from_json(data)
        OptionModel(conflict)
    except FoedusError as error:
        raise FoedusError(f"{path}: {error}") from error
    return conflict


def save_conflict(conflict: Conflict, path: str | Path) -> None:
    """Writes the conflict as a ``.gmcr`` file. Raises FoedusError if the file cannot be written."""
    text = json.dumps(conflict_to_json(conflict), indent=1, ensure_ascii=False)
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise FoedusError(f"{path}: cannot be written: {error.strerror or error}.") from error


def conflict_from_json(data: object) -> Conflict:
    """The conflict in the object that a ``.gmcr`` file holds. Raises FoedusError if it is not one."""
    top = _object(data, "the file")
    options = _parts(_need(top, "options", "the file"), "options", _option)
    if not options:
        raise FoedusError("options: there are none.")
    if len(options) > MOST_OPTIONS:
        raise FoedusError(f"options: there are {len(options)}; at most {MOST_OPTIONS} are supported.")
    manual = next((top[key] for key in _MANUAL if key in top), False)
    if not isinstance(manual, bool):
        raise FoedusError(f"useManualPreferenceRanking: expected true or false, not {_show(manual)}.")
    written = _need(top, "decisionMakers", "the file")
    if isinstance(written, list) and len(written) > MOST_MAKERS:
        raise FoedusError(f"decisionMakers: there are {len(written):,}; at most {MOST_MAKERS} are supported.")
    makers = _parts(written, "decisionMakers", lambda item, where: _maker(item, where, len(options), manual))
    if not makers:
        raise FoedusError("decisionMakers: there are none.")
    infeasibles, notes = _conditions(top, "infeasibles", "", len(options)), top.keys() - _READ
    coalitions = _coalitions(top.get("coalitions"), len(makers))
    return Conflict(options, makers, infeasibles, coalitions, {key: top[key] for key in top if key in notes})


def conflict_to_json(conflict: Conflict) -> dict[str, Any]:
    """The object that a ``.gmcr`` file holds for this conflict."""
    manual = any(maker.ranking is not None for maker in conflict.decision_makers)
    makers = []
    for maker in conflict.decision_makers:
        entry: dict[str, Any] = {
            "name": maker.name,
            "options": list(maker.options),
            "preferences": _conditions_out(maker.preferences),
            "misperceptions": _conditions_out(maker.misperceptions),
        }
        if maker.ranking is not None:
            entry["preferenceRanking"] = [list(tie) if len(tie) > 1 else tie[0] for tie in maker.ranking]
        makers.append(entry)
    return {
        **conflict.notes,
        "options": [{"name": option.name, "permittedDirection": option.direction} for option in conflict.options],
        "decisionMakers": makers,
        "infeasibles": _conditions_out(conflict.infeasibles),
        "coalitions": [list(player) if len(player) > 1 else player[0] for player in conflict.players],
        "useManualPreferenceRanking": manual,
    }


def _conditions_out(conditions: Iterable[Condition]) -> list[Any]:
    every = [(c, [[[option, "Y" if taken else "N"] for option, taken in p] for p in c.patterns]) for c in conditions]
    return [{"compound": True, "members": patterns} if c.compound else patterns[0] for c, patterns in every]


def _show(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FoedusError(f"{where}: expected an object in braces, not {_show(value)}.")
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FoedusError(f"{where}: expected a list, not {_show(value)}.")
    return value


def _need(entry: dict[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise FoedusError(f"{where}: {key!r} is missing.")
    return entry[key]


def _parts(value: object, where: str, read: Callable[[object, str], Part]) -> tuple[Part, ...]:
    return tuple(read(item, f"{where}[{place}]") for place, item in enumerate(_list(value, where)))


def _number(value: object, where: str, count: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise FoedusError(f"{where}: expected the number of {what}, not {_show(value)}.")
    if not 0 <= value < count:
        raise FoedusError(f"{where}: there is no {what} {value}; they are numbered 0 to {count - 1}.")
    return value


def _name(entry: dict[str, Any], where: str) -> str:
    name = _need(entry, "name", where)
    if not isinstance(name, str):
        raise FoedusError(f"{where}.name: expected a text, not {_show(name)}.")
    if not name.isprintable():
        raise FoedusError(f"{where}.name: {_show(name)} holds characters that cannot be shown. Use plain text.")
    return name


def _option(item: object, where: str) -> Option:
    entry = _object(item, where)
    direction = entry.get("permittedDirection", "both")
    if direction not in ("both", "fwd", "back"):
        raise FoedusError(f'{where}.permittedDirection: expected "both", "fwd" or "back", not {_show(direction)}.')
    return Option(_name(entry, where), direction)


def _pattern(item: object, where: str, count: int) -> Pattern:
    pairs = []
    for place, pair in enumerate(_list(item, where)):
        spot = f"{where}[{place}]"
        if not isinstance(pair, list) or len(pair) != 2:
            raise FoedusError(f'{spot}: expected an option and "Y" or "N", such as [0, "Y"], not {_show(pair)}.')
        if pair[1] not in ("Y", "N"):
            raise FoedusError(f'{spot}: expected "Y" or "N", not {_show(pair[1])}.')
        pairs.append((_number(pair[0], spot, count, "option"), pair[1] == "Y"))
    return tuple(pairs)


def _condition(item: object, where: str, count: int) -> Condition:
    if not isinstance(item, dict):
        return Condition((_pattern(item, where, count),))
    if item.get("compound") is not True:
        raise FoedusError(f'{where}: a condition in braces needs "compound": true.')
    members = _need(item, "members", where)
    return Condition(_parts(members, f"{where}.members", lambda part, spot: _pattern(part, spot, count)), compound=True)


def _conditions(entry: dict[str, Any], key: str, where: str, count: int) -> tuple[Condition, ...]:
    written = entry.get(key)
    if isinstance(written, list) and len(written) > MOST_CONDITIONS:
        raise FoedusError(f"{where}{key}: there are {len(written):,}; at most {MOST_CONDITIONS:,} are supported.")
    return _parts([] if written is None else written, where + key, lambda item, spot: _condition(item, spot, count))


def _maker(item: object, where: str, count: int, manual: bool) -> DecisionMaker:
    entry = _object(item, where)
    name = _name(entry, where)
    written = _need(entry, "options", where)
    options = _parts(written, f"{where}.options", lambda part, spot: _number(part, spot, count, "option"))
    if not manual:
        _need(entry, "preferences", where)
    prefers, misperceives = (_conditions(entry, k, f"{where}.", count) for k in ("preferences", "misperceptions"))
    ranking = _ranking(entry, where) if manual else None
    return DecisionMaker(name, tuple(dict.fromkeys(options)), prefers, misperceives, ranking)


def _ranking(entry: dict[str, Any], where: str) -> tuple[tuple[int, ...], ...]:
    key = "preferenceRanking" if "preferenceRanking" in entry else "preferenceVector"
    if key not in entry:
        raise FoedusError(f"{where}: 'preferenceRanking' is missing, and the file says that rankings are in force.")
    groups = []
    for place, item in enumerate(_list(entry[key], f"{where}.{key}")):
        group = item if isinstance(item, list) else [item]
        for state in group:
            if not isinstance(state, int) or isinstance(state, bool):
                raise FoedusError(f"{where}.{key}[{place}]: expected the position of a state, not {_show(state)}.")
        if not group:
            raise FoedusError(f"{where}.{key}[{place}]: an empty list of states.")
        groups.append(tuple(group))
    return tuple(groups)


def _coalitions(value: object, count: int) -> tuple[tuple[int, ...], ...]:
    coalitions: list[tuple[int, ...]] = []
    placed: set[int] = set()
    for place, item in enumerate(_list([] if value is None else value, "coalitions")):
        where = f"coalitions[{place}]"
        members = item if isinstance(item, list) else [item]
        if not members:
            raise FoedusError(f"{where}: an empty coalition.")
        for member in members:
            number = _number(member, where, count, "decision maker")
            if number in placed:
                raise FoedusError(f"{where}: decision maker {number} is in more than one place.")
            placed.add(number)
        if len(members) > 1:
            coalitions.append(tuple(members))
    return tuple(coalitions)
