"""What a run's results carry, what can be asked of it, and what its pages allow and never overwrite."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import foedus
from foedus.errors import FoedusError
from foedus.present.page import rendered, write_page
from foedus.report.files import write_run
from foedus.runs.result import Run


@pytest.fixture(scope="module")
def run() -> Run:
    return foedus.run(foedus.load("entrapment-abandonment"), worlds=16, seed=3)


def test_results_carry_weights_draws_and_what_they_were_made_from(run: Run, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    with xr.open_dataset(tmp_path / "out/results.nc", engine="scipy") as kept:
        for data in (run.data, kept):
            assert np.array_equal(data["weight"], run.weights)
            assert data["prior_weight"].values.sum() == pytest.approx(1)
            for name, draw in run.draws.items():
                assert np.array_equal(data["draw"].sel(assumption=name), draw)
            assert data.attrs["seed"] == 3 and data.attrs["hash"] == run.meta["hash"]
            assert data.attrs["version"] == foedus.__version__ and "--seed 3" in data.attrs["command"]
    few = run.few(4)
    assert np.array_equal(few.data["weight"], few.weights) and few.data.sizes["world"] == 4


def test_every_reading_of_a_claim_can_be_asked_and_comes_to_what_the_run_kept(run: Run) -> None:
    for claim, written in run.scenario.claims.items():
        for name, reading in written.readings.items():
            told = run.ask(reading.holds)
            policy = run.scenario.factual_policy if run.scenario.factual_policy in told["policy"] else told["policy"][0]
            kept = run.data["holds"].sel(reading=f"{claim}.{name}")
            assert np.array_equal(told.sel(policy=policy) != 0, kept)
            assert float(told["mean"].sel(policy=policy)) == pytest.approx(float(np.average(kept, weights=run.weights)))


def test_arithmetic_and_policies_in_what_is_asked(run: Run) -> None:
    weak, strong = (run.ask("expect", "patron", under=policy) for policy in ("weak", "strong"))
    gap = run.ask("expect(patron, under='strong') - expect(patron, under='weak')")
    assert gap.values[0] == pytest.approx(strong.values[0] - weak.values[0])
    assert gap["low"].item() <= gap["mean"].item() <= gap["high"].item()
    each = run.ask("expect(patron) - expect(patron, under='weak')")
    assert each["policy"].values.tolist() == run.policies
    assert each.sel(policy="weak").values == pytest.approx(0)
    assert run.prob("eventually(war == joined)").sel(policy="weak").values == pytest.approx(
        run.data["outcome_by"].sel(policy="weak", outcome="entrapped").isel(period=-1).values
    )
    with pytest.raises(FoedusError, match="asks nothing"):
        run.ask("min(1, 2)")


def test_pages_name_their_own_style_and_script_by_hash_and_allow_nothing_else(run: Run, tmp_path: Path) -> None:
    page = write_run(run, tmp_path / "out").read_text(encoding="utf-8")
    for text in (page, rendered("page.html", {"title": "<policy><style>x</style>", "sections": []})):
        [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert {rules[key] for key in ("default-src", "base-uri", "form-action")} == {"'none'"}
        for tag in ("style", "script"):
            [part] = re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
            digest = b64encode(sha256(part.encode()).digest()).decode()
            assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
        assert not re.search(r"<[^>]*\s(style|on\w+)\s*=", text)  # what the policy would refuse


def test_pages_and_runs_leave_the_files_of_others_alone(run: Run, tmp_path: Path) -> None:
    for name in ("report.html", "results.nc", "run.json"):
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_text("mine", encoding="utf-8")
        with pytest.raises(FoedusError, match="stays as it is"):
            write_run(run, folder)
        assert [path.name for path in folder.iterdir()] == [name]
        assert (folder / name).read_text(encoding="utf-8") == "mine"
    mine = tmp_path / "mine.html"
    mine.write_text("<html>mine</html>", encoding="utf-8")
    with pytest.raises(FoedusError, match="no page of Foedus"):
        write_page("x", [], mine)
    assert mine.read_text(encoding="utf-8") == "<html>mine</html>"
    for _ in range(2):  # its own it does replace
        write_page("x", [], tmp_path / "own.html")
    for _ in range(2):
        write_run(run, tmp_path / "own")
