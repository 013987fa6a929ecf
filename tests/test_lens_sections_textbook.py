"""Every lens looks at every textbook case, and says it in two sentences."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from foedus.lenses.registry import LENSES, lens_section, look
from foedus.present.plain import section_json
from foedus.report.html import render
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.load import load

CASES = sorted(
    str(path) for path in (files("foedus") / "library" / "textbook").iterdir() if path.name.endswith(".yaml")
)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.rsplit("/", 1)[-1])
def test_textbook_cases(case: str) -> None:
    made = run(load(case), worlds=5, judge=False)
    results = RunView(made)
    for name in LENSES:
        for policy in (made.scenario.factual_policy, made.policies[-1]):
            found = look(name, made, policy)
            section = lens_section(results, found)
            # On commitments a third sentence says why promised help comes or does not, where any is called on.
            assert section.id == name and len(section.sentences) in ((2, 3) if name == "commitment" else (2,))
            assert all(text.endswith(".") and "nan" not in text for text in section.sentences)
            json.dumps(section_json(section, found), allow_nan=False)
            made.lenses[name] = found
    page = render(made)
    assert all(f'<details class="fold" id="{name}">' in page for name in made.lenses)
