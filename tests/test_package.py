"""What is shipped: the sdist, the wheel that is built from it, and the command that the wheel installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from foedus import __version__

ROOT = Path(__file__).parent.parent
NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "foedus-out")
# Not the paths of this session: what is run must come from the wheel.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel built from it, by what is installed here: no index is asked."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT, folder / "tree", ignore=NOT_SOURCE)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", folder / "tree", cwd=folder)
    return folder / "dist"


def package_files() -> set[str]:
    source = ROOT / "src"
    return {
        str(path.relative_to(source))
        for path in (source / "foedus").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_sdist_holds_what_a_contributor_needs(dist: Path) -> None:
    with tarfile.open(dist / f"foedus-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in package_files()} <= names
    assert {"LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "test"} <= names
    assert {"tests/conftest.py", "docs/language.md", "scripts/draw_street.py"} <= names


def test_the_wheel_holds_every_file_of_the_package(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"foedus-{__version__}-py3-none-any.whl") as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"foedus-{__version__}.dist-info/METADATA").decode()
    assert {name for name in names if name.startswith("foedus/")} == package_files()
    assert "License-Expression: MIT" in metadata
    assert f"foedus-{__version__}.dist-info/licenses/LICENSE" in names


def test_the_installed_command_runs(dist: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    python = next((tmp_path / "env").glob("[bS]*/python*"))
    scripts, packages = python.parent, next((tmp_path / "env").glob("**/site-packages"))
    # The dependencies are those of this Python. Its own Foedus comes after the wheel's, or (a .pth there) not at all.
    installed = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (packages / "dependencies.pth").write_text("\n".join(installed))
    wheel = next(dist.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=tmp_path)
    where = run(python, "-c", "import foedus; print(foedus.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path)
    assert "Usage: foedus" in run(scripts / "foedus", "--help", cwd=tmp_path)
    assert "russia-dprk-pact" in run(scripts / "foedus", "list", cwd=tmp_path)
    run(scripts / "foedus", "new", "mine", cwd=tmp_path)
    assert "mine.yaml" in run(scripts / "foedus", "check", "mine.yaml", cwd=tmp_path)
    run(scripts / "foedus", "run", "mine.yaml", "--worlds", "8", "--lenses", "none", "--out", "out", cwd=tmp_path)
    assert "<style>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
