"""The house as its pages show it: the picture, the table of folders, the contracts and the everyday commands."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from foedus.lenses.registry import LENSES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "foedus"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def test_the_picture_of_the_street_is_up_to_date() -> None:
    script = ROOT / "scripts" / "draw_street.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_table_of_folders_has_them_all() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)/` \|", page, re.MULTILINE)
    assert sorted(told) == sorted(
        path.parent.name for path in PACKAGE.glob("*/__init__.py") if path.parent.name != "library"
    )


def test_no_lens_is_left_out_of_the_contract() -> None:
    (apart,) = (contract["modules"] for contract in CONTRACTS if contract["type"] == "independence")
    assert {f"foedus.lenses.{name}" for name in LENSES} <= set(apart)


def test_every_folder_says_what_it_is() -> None:
    silent = [
        path.parent.name
        for path in PACKAGE.glob("**/__init__.py")
        if not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


def test_the_quick_tests_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (quick,) = re.findall(r"^QUICK := (.*?[^\\])$", makefile, re.MULTILINE | re.DOTALL)
    names = quick.replace("\\", "").split()
    assert names and [name for name in names if not (ROOT / "tests" / f"test_{name}.py").exists()] == []
