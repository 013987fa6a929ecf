"""The command line, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bad_scenarios import BAD

SMALL = "signorino-deterrence"


def foedus(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "foedus", *arguments], capture_output=True, text=True, cwd=cwd, timeout=300
    )


def test_run_writes_a_report(tmp_path):
    done = foedus("run", SMALL, "--worlds", "20", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"report.html", "results.nc", "run.json"}
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["worlds"] == 20 and len(about["hash"]) == 64


def test_run_json_has_what_is_promised(tmp_path):
    done = foedus("run", SMALL, "--worlds", "20", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert {"claims", "outcomes", "policies", "drivers"} <= found.keys()
    for claim in found["claims"]:
        assert {"id", "says", "readings", "share", "verdict", "built_in"} <= claim.keys()
        assert all({"prior", "posterior"} <= reading.keys() for reading in claim["readings"])
        assert claim["share"] == claim["readings"][0]["posterior"]
    assert list(tmp_path.iterdir()) == []


def test_same_seed_same_numbers():
    one, two, other = (
        json.loads(foedus("run", SMALL, "--worlds", "12", "--seed", seed, "--json").stdout) for seed in "112"
    )
    assert one["outcomes"] == two["outcomes"] != other["outcomes"]


def test_new_scenario_checks_and_runs(tmp_path):
    assert foedus("new", "mine", cwd=tmp_path).returncode == 0
    checked = foedus("check", "mine.yaml", cwd=tmp_path)
    assert checked.returncode == 0 and "0 errors" in checked.stdout, checked.stdout
    assert foedus("run", "mine.yaml", "--worlds", "8", cwd=tmp_path).returncode == 0
    assert (tmp_path / "foedus-out" / "mine" / "report.html").exists()
    assert foedus("new", "mine", cwd=tmp_path).returncode == 2


def test_list_show_schema_and_help():
    assert "russia-dprk-pact" in foedus("list").stdout
    assert "Commitments" in foedus("show", "strategic-ambiguity").stdout
    assert json.loads(foedus("schema").stdout)["$schema"]
    assert "explain" in foedus("--help").stdout


def test_explain_says_what_each_action_was_worth():
    steps = json.loads(foedus("explain", SMALL, "--world", "3", "--json").stdout)
    assert steps
    for step in steps:
        chances = [a["probability"] for a in step["alternatives"]]
        assert sum(chances) == pytest.approx(1)
        assert step["probability"] == max(chances)
        for one in step["alternatives"]:
            assert one["value"] == pytest.approx(sum(one["objectives"].values()))


@pytest.mark.parametrize("arguments", [
    ("run", "no-such-scenario"), ("run", SMALL, "--policy", "none"), ("explain", SMALL, "--world", "999"),
    ("export", SMALL, "--format", "xml"), ("run", SMALL, "--method", "dice"), ("lens", "stability", "absent.gmcr"),
])  # fmt: skip
def test_wrong_arguments_end_with_2(arguments):
    done = foedus(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("foedus: ") and "Traceback" not in done.stderr


@pytest.mark.parametrize("case", [0, 20, 40, 60])
def test_bad_scenarios_end_with_2(case, tmp_path):
    text = BAD[case][1]
    path = tmp_path / "bad.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in ("check", "run"):
        done = foedus(command, str(path), cwd=tmp_path)
        assert done.returncode == 2, done.stdout
        assert "Traceback" not in done.stderr + done.stdout


def test_scenario_of_the_readme_runs(tmp_path):
    readme = Path(__file__).parents[1] / "README.md"
    (tmp_path / "twenty.yaml").write_text(readme.read_text().split("```yaml\n")[1].split("```")[0])
    done = foedus("run", "twenty.yaml", "--worlds", "8", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["claims"][0]["id"] == "clarity_deters"
