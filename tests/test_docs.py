"""What the pages name exists: modules, functions, files and the pages that they lead to."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "foedus"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])

DOTTED = re.compile(r"\bfoedus(?:\.[A-Za-z_]\w*)+")
# `folder/file.py`, `folder/` or `folder/file.py:name`, below src/foedus or from the root
FILE = re.compile(r"`((?:[\w.<>-]+/)+(?:[\w-]+\.py)?)(?::([\w.]+))?`")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def resolved(dotted: str) -> Any:
    """The module or the thing in it; raises where there is none."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        try:
            if find_spec(module) is None:
                continue
        except ModuleNotFoundError:
            continue
        thing = import_module(module)
        for name in parts[count:]:
            thing = getattr(thing, name)
        return thing
    raise ImportError(dotted)


def place(name: str) -> Path:
    """The file or folder that a page names."""
    return next((root / name for root in (PACKAGE, ROOT) if (root / name).exists()), PACKAGE / name)


def of_page(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for dotted in set(DOTTED.findall(text)):
        resolved(dotted)
    for name, attribute in set(FILE.findall(text)):
        if "<" in name or name.startswith(("foedus-out/", ".venv/")):
            continue
        assert place(name).exists(), f"{name} is not there"
        if attribute:
            module = ".".join(place(name).relative_to(PACKAGE.parent).with_suffix("").parts)
            resolved(f"{module}.{attribute}")


@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_what_an_example_imports_is_there(page: Path) -> None:
    for code in BLOCK.findall(page.read_text(encoding="utf-8")):
        if code.startswith(" "):
            continue  # a part of a function: see test_extending
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("foedus"):
                for alias in node.names:
                    resolved(f"{node.module}.{alias.name}")


@pytest.mark.parametrize("page", PAGES, ids=of_page)
def test_links_lead_somewhere(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
