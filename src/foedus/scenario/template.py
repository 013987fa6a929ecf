"""The text that a new scenario starts from."""

from __future__ import annotations

from pathlib import Path

from foedus.scenario.dump import quoted

TEMPLATE = Path(__file__).parent / "template.yaml"


def template(title: str = "A first scenario") -> str:
    """A small commented scenario that loads and checks without a warning, with its title filled in."""
    written = quoted(" ".join(title.split()))
    return TEMPLATE.read_text(encoding="utf-8").replace("title: NAME", f"title: {written}", 1)
