"""The examples of docs/language.md work, and it tells of every key."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from foedus.scenario.check import problems_of
from foedus.scenario.distributions import LAWS
from foedus.scenario.jsonschema import json_schema
from foedus.scenario.messages import keys_of, models_of
from foedus.scenario.query import FORMS
from foedus.scenario.schema import Scenario
from foedus.scenario.yamltext import read_yaml

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)( fragment)?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
WHOLE = [text for kind, fragment, text in BLOCKS if kind == "yaml" and not fragment]
FRAGMENTS = [text for kind, fragment, text in BLOCKS if kind == "yaml" and fragment]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def told(source: str | Path) -> str:
    return "\n".join(str(problem) for problem in problems_of(source) if problem.severity == "error")


def test_whole_examples() -> None:
    assert len(WHOLE) == 1
    for text in WHOLE:
        assert told(text) == ""
        assert VALIDATOR.is_valid(read_yaml(text, "f").plain())


@pytest.mark.parametrize("number", range(len(FRAGMENTS)))
def test_fragments_can_be_laid_over_the_example(number: int, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(WHOLE[0], encoding="utf-8")
    text = f"extends: base\n{FRAGMENTS[number]}"
    (tmp_path / "variant.yaml").write_text(text, encoding="utf-8")
    assert told(tmp_path / "variant.yaml") == ""
    assert VALIDATOR.is_valid(read_yaml(text, "f").plain())


def test_python_examples() -> None:
    examples = [text for kind, _, text in BLOCKS if kind == "python"]
    assert examples
    for text in examples:
        exec(compile(text, "docs/language.md", "exec"), {})


def test_every_key_is_told_of() -> None:
    words = set(re.findall(r"\w+", PAGE))
    keys = {key for model in models_of(Scenario) for key in keys_of(model)}
    assert len(keys) > 90
    assert (keys | set(LAWS) | set(FORMS)) - words == set()
