"""The page that answers: claims by side, what to watch; tables in as many pieces as fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_run import fake_run
from foedus.present.section import Amount, Table
from foedus.present.shares import Side
from foedus.report.answers import claims_by_side
from foedus.report.watch import Sign, tells
from foedus.runs.view import RunView


def test_every_claim_stands_once_on_the_side_of_its_share() -> None:
    run = fake_run()
    groups = claims_by_side(RunView(run))
    told = {row.id: heading for heading, rows in groups for row in rows}
    assert sorted(told) == sorted(claim.id for claim in run.claims) and sum(len(rows) for _, rows in groups) == len(
        told
    )
    words = {Side.HOLDS: "Holds", Side.OPEN: "Divided", Side.FAILS: "Fails"}
    assert all(told[claim.id].startswith(words[claim.held.side]) for claim in run.claims)


def test_a_sign_tells_what_bayes_rule_says() -> None:
    """Half of 400 worlds hold; an act comes in 0.6 of the ones and 0.2 of the others."""
    holds = np.arange(400) % 2 == 0
    told = tells("c", Sign("a.b", False, np.where(holds, 0.6, 0.2)), holds, np.full(400, 1 / 400))
    assert told is not None
    assert (told.now, told.chance) == (pytest.approx(0.5), pytest.approx(0.4))
    assert (told.seen, told.unseen) == (pytest.approx(0.3 / 0.4), pytest.approx(0.2 / 0.6))
    # Mutual information of the table {0.3, 0.2, 0.1, 0.4}, cell by cell.
    cells = {(1, 1): 0.3, (1, 0): 0.2, (0, 1): 0.1, (0, 0): 0.4}
    bits = sum(p * math.log2(p / (0.5 * (0.4 if seen else 0.6))) for (_, seen), p in cells.items())
    assert told.bits == pytest.approx(bits)


def test_what_differs_by_chance_alone_is_no_sign() -> None:
    rng = np.random.default_rng(3)
    holds, weights = rng.random(200) < 0.5, np.full(200, 1 / 200)
    told = [tells("c", Sign("a.b", False, rng.random(200)), holds, weights) for _ in range(200)]
    assert sum(each is not None for each in told) <= 2  # three standard errors: under one in 300 expected
    assert tells("c", Sign("a.b", False, np.full(200, 0.3)), holds, weights) is None
    assert tells("c", Sign("a.b", False, rng.random(200)), np.ones(200, bool), weights) is None


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_shares_after_a_sign_average_to_the_share_before(seed: int, there: float, elsewhere: float) -> None:
    rng = np.random.default_rng(seed)
    holds, weights = rng.random(300) < 0.5, rng.dirichlet(np.ones(300))
    told = tells("c", Sign("a.b", True, np.where(holds, there, elsewhere)), holds, weights)
    if told is not None:
        assert told.chance * told.seen + (1 - told.chance) * told.unseen == pytest.approx(told.now)
        assert 0 <= told.seen <= 1 and 0 <= told.unseen <= 1 and told.bits >= -1e-12


@given(st.lists(st.booleans(), min_size=0, max_size=24), st.integers(1, 3))
def test_a_table_in_pieces_loses_no_column(is_amount: list[bool], rows: int) -> None:
    """Each piece starts with the first column, the others come once and in order, and none is wider than a page."""
    columns = ["name", *(f"c{i}" for i in range(len(is_amount)))]
    body = [
        ["row", *(Amount(f"{r}.{i}", i) if a else f"{r}.{i}" for i, a in enumerate(is_amount))] for r in range(rows)
    ]
    parts = Table("All", columns, body).parts
    assert [name for part in parts for name in part.columns[1:]] == columns[1:]
    assert all(part.columns[0] == "name" and [row[0] for row in part.rows] == ["row"] * rows for part in parts)
    assert all(len(part.columns) <= 7 for part in parts)
