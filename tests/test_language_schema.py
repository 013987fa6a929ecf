"""The JSON Schema accepts what loads, short notations too, and points at what does not."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from bad_scenarios import BAD, GOOD
from foedus.scenario.distributions import LAWS, Distribution
from foedus.scenario.errors import ScenarioError
from foedus.scenario.files import shipped
from foedus.scenario.jsonschema import json_schema
from foedus.scenario.load import load
from foedus.scenario.messages import keys_of, models_of
from foedus.scenario.schema import Scenario
from foedus.scenario.template import template
from foedus.scenario.yamltext import read_yaml

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def errors_of(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read_yaml(text, "f").plain())]


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_scenarios_conform(name: str) -> None:
    assert errors_of(shipped()[name].read_text(encoding="utf-8")) == []


def test_other_good_scenarios_conform() -> None:
    for text in (GOOD, template(), load(GOOD).to_yaml()):
        assert errors_of(text) == []


def test_variants_need_not_be_whole() -> None:
    assert errors_of("extends: base\n") == []
    variant = (
        "extends: base\nturn: [{id: x, drop: true}, {id: y, after: x}]\nassumptions: {a: , b: {why: x}}\nclaims: \n"
    )
    assert errors_of(variant) == []
    assert errors_of("extends: base\nturns: []\n") != []
    assert errors_of("title: x\n") != []


# what the schema can tell by shape alone: the rest needs the values' meaning
BY_MEANING = {
    "distribution-order",
    "distribution-count",
    "distribution-two",
    "why-only",
    "infinite",
    "phase-kinds",
    "distribution-infinite",
    "trigger-kinds",
    "trigger-missing",
    "observation-kinds",
    "extends-unknown",
    "weights-few",
    "weights-sum",
    "distribution-point",
}


def test_bad_shapes_do_not_conform() -> None:
    conform, tried = [], 0
    for name, text, _, stage in BAD:
        if stage != "load" or name in BY_MEANING:
            continue
        try:
            plain: Any = read_yaml(text, "f").plain()
        except ScenarioError:
            continue  # not even a mapping
        tried += 1
        if VALIDATOR.is_valid(plain):
            conform.append(name)
    assert conform == [] and tried >= 20


def test_every_key_is_described_and_stands_in_the_schema() -> None:
    tried = set()
    for model in models_of(Scenario):
        definition = SCHEMA["$defs"][model.__name__]
        full = next((part for part in definition.get("anyOf", []) if part.get("type") == "object"), definition)
        assert set(keys_of(model)) == set(full["properties"]) - ({*LAWS} if model is Distribution else set())
        for key, value in full["properties"].items():
            assert value["description"][-1] in ".", (model, key)
        tried.add(model.__name__)
    assert tried == {name for name in SCHEMA["$defs"] if not name.startswith("Variant")}
