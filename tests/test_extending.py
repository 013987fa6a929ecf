"""The examples of docs/extending.md run as they stand, each in a Python of its own since they add to the tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = {
    heading: text
    for heading, _, text in (section.partition("\n") for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])
}
BLOCK = re.compile(r"(?:^`([\w/]+\.py)`, below `([^\n]+)`:\n\n)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def written_in(source: Path, file: str, line: str, code: str) -> None:
    """Writes code below a line, which the file holds once."""
    path = source / "foedus" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(f"\n{line}\n") == 1, f"{file} has {text.count(line)} lines {line!r}"
    path.write_text(text.replace(f"\n{line}\n", f"\n{line}\n{code}"), encoding="utf-8")


@pytest.mark.parametrize("heading", SECTIONS)
def test_an_example_runs(heading: str, tmp_path: Path) -> None:
    blocks = BLOCK.findall(SECTIONS[heading])
    source = ROOT / "src"
    if any(file for file, _, _ in blocks):
        source = shutil.copytree(source, tmp_path / "src")
    for file, line, code in blocks:
        if file:
            written_in(source, file, line, code)
    examples = [code for file, _, code in blocks if not file]
    assert examples
    for code in examples:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_names_files_tests_and_docs(heading: str) -> None:
    assert re.search(r"^1\. `", SECTIONS[heading], re.MULTILINE)
    assert "Tests: " in SECTIONS[heading] and "Docs: " in SECTIONS[heading]
