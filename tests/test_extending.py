"""The examples of docs/extending.md run as they stand, each in a Python of its own since they add to the tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = [section.partition("\n") for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]]
EXAMPLES = [
    pytest.param(code, id=heading.lower().replace(" ", "-"))
    for heading, _, text in SECTIONS
    for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_section_has_an_example_and_names_its_files() -> None:
    for heading, _, text in SECTIONS:
        assert "```python" in text and "1. `" in text and "Tests:" in text and "Docs:" in text, heading
