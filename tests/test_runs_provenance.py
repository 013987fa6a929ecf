"""A kept run knows all that its numbers depend on; warnings come at the numbers that the thresholds say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import foedus
from ensemble_cases import ONE, tiny, whole
from fake_run import fake_run
from foedus.claims.sweep import Precision
from foedus.claims.verdict import BuiltIn, Trial
from foedus.present.wording import percent
from foedus.report.summary import print_summary
from foedus.runs import provenance
from foedus.runs.provenance import engine
from foedus.worlds import thresholds


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in another place, where its code can be changed."""
    place = tmp_path_factory.mktemp("src")
    shutil.copytree(Path(foedus.__file__).parent, place / "foedus", ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("kept")
    whole(directory, worlds=20)
    return directory


def python(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the package that is in that place."""
    environment = {**os.environ, "PYTHONPATH": str(place)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def engine_of(place: Path) -> str:
    done = python(place, "-c", "from foedus.runs.provenance import engine; print(engine())")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


BELOW = ["scenario/load.py", "game/bind.py", "solve/flow.py", "worlds/sample.py", "record/score.py"]
BELOW += ["sensitivity/association.py", "claims/verdict.py", "runs/judge.py", "compiled.py", "game/new/part.py"]


@pytest.mark.parametrize("name", BELOW)
def test_code_that_decides_a_number_is_another_engine(copied: Path, kept: Path, name: str) -> None:
    before, path = engine_of(copied), copied / "foedus" / name
    code = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text((code or "") + "\n# changed\n")
    try:
        assert engine_of(copied) != before == engine()
        done = python(copied, "-m", "foedus", "resume", str(kept))
        assert done.returncode == 2 and "begun by another version of Foedus" in done.stderr
    finally:
        shutil.rmtree(path.parent) if code is None else path.write_text(code)
    assert engine_of(copied) == before


@pytest.mark.parametrize("name", ["report/html.py", "cli/runs.py", "lenses/registry.py", "present/wording.py"])
def test_code_that_only_shows_is_the_same_engine(copied: Path, name: str) -> None:
    before, path = engine_of(copied), copied / "foedus" / name
    code = path.read_text()
    path.write_text(code + "\n# changed\n")
    assert engine_of(copied) == before
    path.write_text(code)


@pytest.mark.parametrize("library", ["numpy", "scipy", "numba"])
def test_another_library_is_another_engine(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    before = engine()
    assert f"{library} {metadata.version(library)}" in before
    monkeypatch.setattr(provenance, "version", lambda name: "0.0" if name == library else metadata.version(name))
    engine.cache_clear()
    assert f"{library} 0.0" in engine() != before
    engine.cache_clear()


@pytest.mark.parametrize(
    "change", [('"seed": 0', '"sed": 0'), ('"method": "nested"', '"method": "dice"'), ('"chunk": 32', '"chunk": 0')]
)
def test_a_manifest_that_asks_for_what_no_run_can_be_is_refused(
    kept: Path, tmp_path: Path, change: tuple[str, str]
) -> None:
    shutil.copytree(kept, tmp_path / "run")
    manifest = tmp_path / "run" / "chunks" / "manifest.json"
    assert change[0] in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(*change))
    with pytest.raises(foedus.FoedusError, match=r"manifest\.json is damaged"):
        foedus.resume(tmp_path / "run", executor=ONE)


# Thresholds


@pytest.mark.parametrize("effective, warned", [(3.99, True), (4.0, False)])
def test_few_effective_worlds_are_warned_of_at_the_threshold(effective: float, warned: bool) -> None:
    run = fake_run(worlds=40)
    run.ess = effective
    assert thresholds.LEAST_EFFECTIVE_SHARE * 40 == 4
    assert any("effective sample of only 4 of 40 worlds" in warning for warning in run.warnings) == warned
    run.observed = False
    assert not any("effective sample" in warning for warning in run.warnings)


@pytest.mark.parametrize("more, rough", [(-0.01, True), (0.0, False)])
def test_shares_are_called_rough_at_the_threshold(more: float, rough: bool) -> None:
    from rich.console import Console

    run = fake_run()
    run.ess = thresholds.ROUGH_SAMPLE + more
    console = Console(width=200, file=open(os.devnull, "w"), record=True)  # noqa: SIM115
    print_summary(run, console)
    assert ("Read shares as rough" in " ".join(console.export_text().split())) == rough


def trial(neutral: float | None = None, **shares: float) -> Trial:
    return Trial(24, 24.0, {Precision(name): share for name, share in shares.items()}, neutral)


@pytest.mark.parametrize(
    ("result", "built_in"),
    [
        (trial(None, zero=1.0, one=1.0), BuiltIn.UNTESTED),
        (trial(0.49, zero=1.0, one=1.0), BuiltIn.YES),  # moved by 0.51
        (trial(0.5, zero=1.0, one=1.0), BuiltIn.NO),  # moved by just half
        (trial(0.0, zero=0.99, one=1.0), BuiltIn.NO),  # some world hangs on what parties weigh
        (trial(1.0, zero=0.0, one=0.0), BuiltIn.YES),  # a claim that fails by construction
        (trial(0.6, zero=0.0, one=0.0), BuiltIn.YES),
        (trial(0.4, zero=0.0, one=0.0), BuiltIn.NO),
        (trial(0.0, zero=0.0, one=1.0), BuiltIn.NO),  # at precision 0 the verdict is the other one
        (trial(0.0, zero=float("nan"), one=1.0), BuiltIn.NO),
    ],
)
def test_built_in_at_its_thresholds(result: Trial, built_in: BuiltIn) -> None:
    assert result.built_in is built_in and str(result.built_in) == built_in.value


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"half": 0.75, "one": 0.6, "twice": 0.5, "perfect": 0.45}, "rests on noise"),
        ({"half": 0.45, "one": 0.5, "twice": 0.6, "perfect": 0.75}, "needs precise choices"),
        ({"half": 0.9, "one": 0.4, "twice": 0.6, "perfect": 0.95}, "now one way and now the other"),
        ({"half": 0.7, "one": 0.6, "twice": 0.5, "perfect": 0.46}, ""),  # by less than LEAST_TURN
        ({"half": 0.9, "one": 0.8, "twice": 0.6, "perfect": 0.5}, ""),  # it holds in half of worlds throughout
        ({"zero": 0.0, "half": 0.9, "one": 0.9, "twice": 0.9, "perfect": 0.9}, ""),  # where nobody weighs is no turn
        ({"half": float("nan"), "one": 0.9, "twice": float("nan"), "perfect": float("nan")}, ""),
        ({}, ""),
    ],
)
def test_a_verdict_that_turns_is_warned_of_at_its_thresholds(shares: dict[str, float], words: str) -> None:
    warning = trial(**shares).warning
    assert words in warning and bool(warning) == bool(words)
    # The numbers that the words follow from stand beside them.
    assert not words or all(percent(share) in warning for share in shares.values())


def test_runs_warn_of_claims_whose_verdict_turns() -> None:
    run = foedus.run(tiny(), worlds=16)
    (claim,) = run.claims
    assert any("Verdicts that turn" in warning for warning in run.warnings) == bool(claim.warning)
    assert claim.share == claim.readings[0].posterior and claim.built_in is claim.readings[0].built_in
