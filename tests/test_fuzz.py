"""Ten thousand spoilt scenarios, conflicts and queries: see ``fuzzing``. For longer: ``python scripts/fuzz.py --minutes 30``."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import fuzzing


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_scenarios(seed: int):
    rng, count = random.Random(seed), Counter[str]()
    for _ in range(400):
        name, source = fuzzing.spoilt(rng)
        count[fuzzing.outcome(source, name not in fuzzing.LARGE and count["ran"] < 6)] += 1
    assert count["refused"] > 160 and count["ran"] == 6


@pytest.mark.parametrize("seed", range(2))
def test_spoilt_conflicts(seed: int):
    rng = random.Random(seed)
    count = Counter(fuzzing.conflict_outcome(fuzzing.spoilt_conflict(rng)[1]) for _ in range(1400))
    assert count["refused"] > 300 and count["analysed"] > 200


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_queries(seed: int):
    rng = random.Random(seed)
    count = Counter(fuzzing.query_outcome(*fuzzing.spoilt_query(rng), rng) for _ in range(1400))
    assert count["refused"] > 500 and count["truth"] > 50 and count["number"] > 50
