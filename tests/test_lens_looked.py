"""What tellings share: results as they are looked at, amounts in tables, changes in points."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from foedus.lenses.lens import Looked
from foedus.present.section import amount, change, probability, table
from foedus.present.wording import percent, points, signed
from foedus.runs.local import run
from foedus.runs.view import RunView
from foedus.scenario.load import load
from foedus.worlds.weights import Spread


@pytest.fixture(scope="module")
def looked() -> Looked:
    data = xr.Dataset(
        {
            "value": (("world", "actor"), np.array([[1.0, 4.0], [3.0, 0.0], [5.0, 2.0]])),
            "weight": ("world", np.array([0.5, 0.25, 0.25])),
        },
        coords={"actor": ["a", "b"]},
        attrs={"policy": "clear"},
    )
    return Looked(RunView(run(load("strategic-ambiguity"), worlds=4, judge=False)), data)


def test_numbers_are_those_of_the_worlds_looked_at(looked: Looked) -> None:
    assert looked.labels("actor") == ["a", "b"] and looked.worlds == 3 and looked.counted == "3 worlds"
    assert looked.mean(looked.array("value")).tolist() == [2.5, 2.5]
    assert looked.spread(looked.array("value", actor="a")).mean == 2.5
    assert looked.share(looked.array("value", actor="b") > 0).share == 0.75
    assert looked.share(np.ones(3, bool)).share == 1.0
    assert looked.policy == "clear" and looked.factual == "status_quo"
    assert looked.under == f"Under {looked.names.policy('clear')}"


def test_without_weights_of_its_own_a_lens_looked_at_every_world(looked: Looked) -> None:
    whole = Looked(looked.results, looked.data.drop_vars("weight"))
    assert whole.weights is looked.results.weights


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0421, "+4.2"), (-0.0042, "−0.42"), (0.00004, "0"), (0.0, "0"), (-0.31, "−31.0"), (float("nan"), "–")],
)
def test_points(value: float, text: str) -> None:
    assert points(value) == text


def test_points_with_digits_of_ones_own() -> None:
    assert [points(0.0421, 2), points(-0.001, 1), points(0.0, 1)] == ["+4.21", "−0.1", "0.0"]
    assert signed(-0.004) == "0.00"


def test_amounts() -> None:
    spread, undefined = Spread(0.25, 0.1, 0.2, 0.5), Spread(*[float("nan")] * 4)
    assert (probability(spread).text, probability(spread).range) == ("25%", "10% to 50%")
    assert (change(spread).text, change(spread).value) == ("+0.25", 0.25)
    dash = change(undefined, -9.0)
    assert (dash.text, dash.value, dash.range) == ("–", -9.0, "")
    assert amount(0.5, percent).range == ""


def test_tables_by_column() -> None:
    made = table("Squares", {"n": str, "square": lambda n: amount(float(n * n), str)}, range(3))
    assert made.columns == ["n", "square"]
    assert [[cell if isinstance(cell, str) else cell.value for cell in row] for row in made.rows] == [
        ["0", 0.0],
        ["1", 1.0],
        ["2", 4.0],
    ]
    assert made.amounts == [False, True]
