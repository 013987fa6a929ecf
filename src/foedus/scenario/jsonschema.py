"""A JSON Schema (draft 2020-12) of the language, generated from its classes, for editors and other tools."""

from __future__ import annotations

from types import NoneType
from typing import Any

from foedus.scenario.basics import NUMBER, Evidence, Model
from foedus.scenario.commitments import COMMITMENT_KINDS, TRIGGER_KEYS
from foedus.scenario.distributions import LAWS
from foedus.scenario.merge import PLACING
from foedus.scenario.messages import models_of
from foedus.scenario.schema import Scenario

Schema = dict[str, Any]

_NUMBER: Schema = {"anyOf": [{"type": "number"}, {"type": "boolean"}, {"type": "string"}]}
_TEXT: Schema = {"type": ["string", "number"]}
_TRUTH: Schema = {"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no", "on", "off"]}]}
_NUMBERS: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 1}
# how definitions may also be written: bare values, and rows of evidence
_BARE: dict[tuple[type, ...], Schema] = {NUMBER: _NUMBER, (str,): {"type": "string"}, (NoneType,): {"type": "null"}}
_CITED = [{"type": "string"}, {"type": ["integer", "string", "null"]}, {"type": ["string", "null"]}]
_ROW: Schema = {"type": "array", "prefixItems": _CITED, "items": False, "minItems": 1}
# properties of which a single one may be written without a list
_LISTED = {("StateVariable", "ends"), ("Commitment", "to"), ("Phase", "at"), ("Observation", "took")}
_LISTED |= {("Scenario", "enters")}
_NOT_IN_VARIANTS = ("required", "minItems", "minProperties", "if", "then")
_TEXTS = {("Scenario", "title"), ("Source", "title"), ("Source", "date"), ("Horizon", "first")}


def json_schema() -> Schema:
    """The schema of a scenario, or of a variant (``extends``), in which nothing but that is required."""
    whole = Scenario.model_json_schema(by_alias=True)
    definitions: dict[str, Schema] = whole.pop("$defs")
    definitions["Scenario"] = whole
    _only_names(definitions)
    for name, definition in definitions.items():
        _properties(name, definition)
    _special(definitions)
    for model in models_of(Scenario):
        if issubclass(model, Model) and model.bare:
            full = definitions[model.__name__]
            shorter = [_BARE[model.bare], *([_ROW] if model is Evidence else [])]
            definitions[model.__name__] = {"description": full.pop("description"), "anyOf": [*shorter, full]}
    variants = {f"Variant{name}": _variant(definition) for name, definition in definitions.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Foedus scenario",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/VariantScenario"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": {**definitions, **variants},
    }


def _properties(name: str, definition: Schema) -> None:
    """Descriptions, and the shorter ways to write single properties."""
    properties = definition["properties"]
    definition.pop("title", None)
    for key, value in properties.items():
        value.pop("title", None)
        description = value.pop("description")
        if key == "evidence":
            item = {"$ref": "#/$defs/Evidence"}
            value = {"anyOf": [item, {"type": "array", "items": item}]}
        elif (name, key) in _LISTED:
            bare = {k: v for k, v in value.items() if k != "default"}
            value = {"anyOf": [bare, _item(bare)]}
        elif (name, key) in _TEXTS:
            value = dict(_TEXT)
        elif value.get("type") == "boolean" or value.get("anyOf") == [{"type": "boolean"}, {"type": "null"}]:
            value = dict(_TRUTH)
        properties[key] = {**value, "description": description}


def _only_names(schema: Any) -> None:
    """Mappings whose keys are names have no other keys."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        schema = list(schema.values())
    if isinstance(schema, list):
        for item in schema:
            _only_names(item)


def _item(listed: Schema) -> Schema:
    """The schema of one entry of a list, which may be one of several types."""
    options: list[Schema] = listed.get("anyOf", [listed])
    return dict(next(option["items"] for option in options if option.get("type") == "array"))


def _special(definitions: dict[str, Schema]) -> None:
    """What the classes' validators accept beyond their fields."""
    odds: Schema = {"anyOf": [_NUMBERS, {"type": "object", "additionalProperties": {"type": "number"}}]}
    laws = {
        k: {**(odds if law.weighted else _NUMBERS), "description": f"A distribution: {law.takes}."}
        for k, law in LAWS.items()
    }
    definitions["Assumption"]["properties"] |= laws
    distribution = definitions["Distribution"]
    distribution["properties"] |= laws
    distribution["properties"]["kind"]["enum"] = list(LAWS)
    distribution.pop("required", None)

    phase = definitions["Phase"]
    for key, description in PLACING.items():
        written: Schema = _TRUTH if key == "drop" else {"type": "string"}
        phase["properties"][key] = {**written, "description": description}
    lump = {"type": "object", "properties": {"enters": {"$ref": "#/$defs/Enters"}}, "required": ["enters"]}
    turn = definitions["Scenario"]["properties"]["turn"]
    turn["items"] = {"anyOf": [{"$ref": "#/$defs/Phase"}, {**lump, "additionalProperties": False}]}
    definitions["Enters"] |= {"required": ["pays"], "additionalProperties": {"type": "string"}}

    commitment, trigger = definitions["Commitment"], definitions["Trigger"]
    for key in TRIGGER_KEYS:
        value = {k: v for k, v in trigger["properties"][key].items() if k != "default"}
        commitment["properties"][key] = {**value, "description": f"Short for trigger: {{{key}: ...}}."}
    commitment["required"] = [key for key in commitment["required"] if key != "trigger"]
    commitment["if"] = {"not": {"required": ["hostile"]}}
    commitment["then"] = {"properties": {"kind": {"enum": list(COMMITMENT_KINDS)}}}


def _variant(schema: Any) -> Any:
    """The same schema with nothing required, null (which deletes) allowed, and references to variants."""
    if isinstance(schema, list):
        return [_variant(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: _variant(value) for key, value in schema.items() if key not in _NOT_IN_VARIANTS}
    if isinstance(schema.get("$ref"), str):
        loose["$ref"] = schema["$ref"].replace("#/$defs/", "#/$defs/Variant")
    for key in ("properties", "patternProperties"):
        if isinstance(schema.get(key), dict):
            loose[key] = {name: _or_null(_variant(value)) for name, value in schema[key].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        loose["additionalProperties"] = _or_null(_variant(schema["additionalProperties"]))
    return loose


def _or_null(schema: Schema) -> Schema:
    description = {"description": schema["description"]} if "description" in schema else {}
    return {"anyOf": [schema, {"type": "null"}], **description}
