"""A scenario as YAML text in the short notation: ``load(dump(scenario)) == scenario``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from foedus.scenario.basics import Evidence, Model
from foedus.scenario.distributions import Distribution
from foedus.scenario.parts import Assumption, Enters
from foedus.scenario.yamltext import plain_value

WIDTH = 100
_PLAIN = re.compile(r"^(?:[A-Za-z_](?:[\w ./()*+<>=-]*[\w)])?|\d{4}-\d\d(?:-\d\d)?)$", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# fields that are a list of one or more, and may be written without the brackets
_LISTED = {"to", "ends", "at", "took"}


def dump(scenario: BaseModel) -> str:
    """YAML that loads as an equal scenario. Comments and the layout of a file it came from are not kept."""
    return "".join(f"{_key(key)}:{_block(value, 0)}\n" for key, value in short(scenario).items())


def short(model: BaseModel) -> dict[str, Any]:
    """A model as plain data, without what is default, in the short notations that its validators read."""
    plain: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if not field.is_required() and value == field.get_default(call_default_factory=True):
            continue
        key = field.alias or name
        plain[key] = _evidence(value) if key == "evidence" else _plain(value)
        if key in _LISTED and isinstance(value, list) and len(value) == 1:
            plain[key] = plain[key][0]
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        shortened: Callable[[Any], Any] = _SHORT.get(type(value), _alone)
        return shortened(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _alone(model: Model) -> Any:
    """The value alone, where nothing is given but the key that a bare value is for."""
    plain = short(model)
    return plain[model.alone] if set(plain) == {model.alone} else plain


def _assumption(assumption: Assumption) -> Any:
    plain = short(assumption)
    if "distribution" in plain:
        return {**plain.pop("distribution"), **plain}
    return plain["value"] if len(plain) == 1 else plain


def _distribution(distribution: Distribution) -> dict[str, Any]:
    kind, parameters, weights = distribution.kind, distribution.parameters, distribution.weights
    if not weights:
        return {kind: parameters}
    if len(set(parameters)) < len(parameters):
        return {"distribution": short(distribution)}
    return {kind: {repr(p): w for p, w in zip(parameters, weights, strict=True)}}


def _evidence(items: list[Evidence]) -> Any:
    rows = [_citation(item) for item in items]
    return rows[0] if len(rows) == 1 and not isinstance(rows[0], dict) else rows


def _citation(item: Evidence) -> Any:
    """A name, [source, paragraph, quote], or the full form where the short one could be misread."""
    paragraph = item.paragraph
    if paragraph is None and item.quote is None:
        return item.source
    if isinstance(paragraph, str) and not paragraph[:1].isdigit():
        return short(item)
    row = [item.source, paragraph, item.quote]
    return row if item.quote is not None else row[:2]


def _enters(enters: Enters) -> Any:
    plain = short(enters)
    if {"pays", "why", "when"} & set(enters.when) or not enters.when:
        return plain
    when = plain.pop("when")
    return {**when, **plain}


_SHORT: dict[type[BaseModel], Callable[[Any], Any]] = {
    Assumption: _assumption,
    Distribution: _distribution,
    Evidence: _citation,
    Enters: _enters,
}


def _key(key: str) -> str:
    """A text, quoted where YAML would read something else without."""
    return key if _PLAIN.match(key) and plain_value(key) is key else quoted(key)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(repr(value), repr(value))
    return _key(str(value))


def quoted(text: str) -> str:
    """A text in quotes, as YAML reads it."""
    if '"' in text and "'" not in text and not _UNPRINTABLE.search(text):
        return f"'{text}'"
    escaped = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped)


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _block(value: Any, indent: int) -> str:
    """A value after its key: on the same line where it fits, else below it."""
    if isinstance(value, str) and "\n" in value:
        return _literal(value, indent + 2)
    flow = _flow(value)
    if not value or not isinstance(value, (dict, list)) or 0 < indent <= WIDTH - len(flow):
        return f" {flow}"
    space = "\n" + " " * (indent + 2)
    if isinstance(value, dict):
        return "".join(f"{space}{_key(key)}:{_block(item, indent + 2)}" for key, item in value.items())
    return "".join(f"{space}-{_item(item, indent + 4)}" for item in value)


def _item(value: Any, indent: int) -> str:
    """An item of a list after its dash."""
    if isinstance(value, dict) and value and len(_flow(value)) + indent > WIDTH:
        space = "\n" + " " * indent
        return " " + space.join(f"{_key(key)}:{_block(item, indent)}" for key, item in value.items())
    return _block(value, indent)


def _literal(text: str, indent: int) -> str:
    """Lines as they are, where YAML can say so, else quoted."""
    if text != text.strip() or _UNPRINTABLE.search(text.replace("\n", "")):
        return f" {quoted(text)}"
    lines = [" " * indent + line if line else "" for line in text.split("\n")]
    return " |-\n" + "\n".join(lines)
