"""The command line, as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bad_scenarios import BAD
from command_line import command
from foedus.cli import app
from foedus.errors import FoedusError
from foedus.runs.settings import AUTO, WORLDS
from foedus.worlds.thresholds import LEARNING_WORLDS

SMALL = "signorino-deterrence"


def test_run_writes_a_report(tmp_path):
    done = command("run", SMALL, "--worlds", "20", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"chunks", "report.html", "results.nc", "run.json"}
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["worlds"] == 20 and len(about["hash"]) == 64


def test_run_json_has_what_is_promised(tmp_path):
    done = command("run", SMALL, "--worlds", "20", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert {"claims", "outcomes", "policies", "drivers"} <= found.keys()
    for claim in found["claims"]:
        assert {"id", "says", "readings", "share", "verdict", "built_in"} <= claim.keys()
        assert all({"prior", "posterior"} <= reading.keys() for reading in claim["readings"])
        assert claim["share"] == claim["readings"][0]["posterior"]
    assert list(tmp_path.iterdir()) == []


def test_same_seed_same_numbers():
    one, two, other = (
        json.loads(command("run", SMALL, "--worlds", "12", "--seed", seed, "--json").stdout) for seed in "112"
    )
    assert one["outcomes"] == two["outcomes"] != other["outcomes"]


def test_new_scenario_checks_and_runs(tmp_path):
    assert command("new", "mine", cwd=tmp_path).returncode == 0
    checked = command("check", "mine.yaml", cwd=tmp_path)
    assert checked.returncode == 0 and "0 errors" in checked.stdout, checked.stdout
    assert command("run", "mine.yaml", "--worlds", "8", cwd=tmp_path).returncode == 0
    assert (tmp_path / "foedus-out" / "mine" / "report.html").exists()
    assert command("new", "mine", cwd=tmp_path).returncode == 2


def test_list_show_schema_and_help():
    assert "russia-dprk-pact" in command("list").stdout
    assert "Commitments" in command("show", "strategic-ambiguity").stdout
    assert json.loads(command("schema").stdout)["$schema"]
    assert "explain" in command("--help").stdout


def test_explain_says_what_each_action_was_worth():
    told = json.loads(command("explain", SMALL, "--world", "3", "--json").stdout)
    assert (told["world"], told["worlds"], told["steps"], len(told["paths"])) == (3, WORLDS, True, 1)
    decisions = [move for move in told["paths"][0]["moves"] if "alternatives" in move]
    assert decisions and 0 < told["paths"][0]["probability"] <= told["best"] <= 1
    for decision in decisions:
        chances = [a["probability"] for a in decision["alternatives"]]
        assert sum(chances) == pytest.approx(1) == sum(a["base"] for a in decision["alternatives"])
        assert decision["probability"] == max(chances)
        for one in decision["alternatives"]:
            assert one["value"] == pytest.approx(sum(one["objectives"].values()))


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "no-such-scenario"),
        ("run", SMALL, "--policy", "none"),
        ("explain", SMALL, "--world", "999"),
        ("export", SMALL, "--format", "xml"),
        ("run", SMALL, "--method", "dice"),
        ("lens", "stability", "absent.gmcr"),
    ],
)
def test_wrong_arguments_end_with_2(arguments):
    done = command(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("foedus: ") and "Traceback" not in done.stderr


@pytest.mark.parametrize("case", [0, 20, 40, 60])
def test_bad_scenarios_end_with_2(case, tmp_path):
    text = BAD[case][1]
    path = tmp_path / "bad.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for name in ("check", "run"):
        done = command(name, str(path), cwd=tmp_path)
        assert done.returncode == 2, done.stdout
        assert "Traceback" not in done.stderr + done.stdout


def test_what_the_readme_shows_comes_out(tmp_path):
    """The first scenario's verdicts and policies, line by line, with as many worlds as the default comes to."""
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    told = [line for line in readme.split("```text\n")[1].split("```")[0].splitlines() if line]
    assert command("new", "my-crisis", cwd=tmp_path).returncode == 0
    done = command("run", "my-crisis.yaml", "--worlds", "1536", "--lenses", "none", cwd=tmp_path)
    shown = [line.rstrip() for line in done.stdout.splitlines()]
    assert len(told) >= 9 and [line for line in told if line not in shown] == []


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("check", "."), "it is not a file"),
        (("run", SMALL, "--out", "taken"), "taken cannot be made"),
        (("new", ""), "give the scenario a name"),
        (("check", "nothing-here"), "neither a file nor a shipped scenario"),
        (("run", SMALL, "--worlds", "0"), "0 is not in the range 1 to 1,000,000"),
        (("run", SMALL, "--worlds", "x"), "Write a number, or auto"),
        (("explain", SMALL, "--world", "-1"), "greater than or equal to 0"),
        (("export", SMALL), "--format"),
        (("bogus",), "No such command"),
        (("run",), "Missing argument"),
        (("run", SMALL, SMALL), "unexpected extra"),
    ],
)
def test_wrong_use_is_told_and_ends_with_2(arguments, fragment, tmp_path):
    (tmp_path / "taken").write_text("a file")
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert fragment in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_what_is_wrong_in_some_worlds_is_listed_by_check(tmp_path):
    text = next(text for name, text, _, _ in BAD if name == "worlds-precision")
    (tmp_path / "bad.yaml").write_text(text)
    done = command("check", "bad.yaml", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (done.returncode, found["errors"], found["size"]) == (2, 1, None)
    (error,) = [problem for problem in found["problems"] if problem["severity"] == "error"]
    assert (error["line"], error["path"]) == (5, "actors.east")
    assert "the precision of east must be at least 0" in error["reason"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "foedus", "list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "foedus: No space left on device.\n")


def test_nothing_but_the_summary_is_printed_when_piped(tmp_path):
    done = command("run", SMALL, "--worlds", "4", "--out", "out", cwd=tmp_path)
    assert done.stderr == "" and "\x1b" not in done.stdout and max(map(len, done.stdout.splitlines())) <= 80


def test_a_terminal_sees_a_progress_bar(tmp_path):
    pty = pytest.importorskip("pty")
    line = [sys.executable, "-m", "foedus", "run", SMALL, "--worlds", "200", "--out", str(tmp_path / "out")]
    seen = bytearray()
    master, slave = pty.openpty()
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=slave) as running:
        os.close(slave)
        try:
            while part := os.read(master, 4096):
                seen += part
        except OSError:  # the other end is closed
            pass
    os.close(master)
    assert running.returncode == 0 and b"solving" in seen and b"%" in seen


def test_help_waits_for_no_library_that_computes():
    code = """
import sys
sys.argv = ["foedus", *sys.argv[1:]]
from foedus.cli import main
try:
    main()
except SystemExit:
    print([name for name in ("numpy", "numba", "scipy", "xarray", "jinja2", "foedus.scenario.schema") if name in sys.modules])
"""
    for arguments in (["--help"], ["run", "--help"], ["score", "--help"]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        assert "Usage" in done.stdout and done.stdout.endswith("[]\n"), done.stdout + done.stderr


def test_the_default_number_of_worlds_stands_in_one_place():
    commands = typer.main.get_command(app).commands
    defaults = {
        name: option.default
        for name, command in commands.items()
        for option in command.params
        if option.name == "worlds"
    }
    own = {"lens": 50, "learn": LEARNING_WORLDS, "run": AUTO}  # one question, one policy only, as many as are needed
    assert {name: default for name, default in defaults.items() if name not in own} == dict.fromkeys(
        ["compare", "measures", "drivers", "search", "explain", "export", "score"], WORLDS
    )
    assert {name: defaults[name] for name in own} == own


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ("lens", "say which lens and which scenario"),
        (f"lens levarage {SMALL}", "'levarage' is not a lens. Did you mean 'leverage'?"),
        (f"lens leverage {SMALL} --policy none", "'none' is not a policy"),
        (
            f"lens stability {SMALL} --start YNN",
            "--start, --hold and --horizon are for the lens stability and a conflict",
        ),
        (f"lens leverage {SMALL} --write x.gmcr", "--write is for the lens stability"),
        (f"run {SMALL} --json --chunk 4", "give --out DIR"),
        (f"run {SMALL} --worlds 9 --budget 4", "--budget is for --worlds auto"),
        (f"run {SMALL} --lenses leverage,all", "'all' is not a lens"),
        (f"compare {SMALL} --policy status_quo", "comparing takes at least two policies"),
        (f"compare {SMALL} --actor nobody", "'nobody' is not an actor"),
        ("compare strategic-ambiguity --actor patron --metric expect(patron)", "give --metric or --actor, not both"),
        (f"measures {SMALL} --at-most 1 --at-least 1", "give --at-most or --at-least, not both"),
        (f"measures {SMALL}", "do not say what they take"),
        (f"drivers {SMALL}", "ask about one thing"),
        (f"drivers {SMALL} --query expect(x) --claim y", "ask about one thing"),
        (f"drivers {SMALL} --query expect(x) --reading y", "--reading goes with --claim"),
        (f"drivers {SMALL} --query expect(x) --method all_of_it", "'all_of_it' is not a method"),
        (f"search {SMALL} --rule luck", "'luck' is not a rule"),
        (f"explain {SMALL} --world 5 --worlds 5", "there is no world 5: they are numbered 0 to 4"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, fragment):
    done = CliRunner().invoke(app, arguments.split())
    assert isinstance(done.exception, FoedusError) and fragment in str(done.exception) and done.stdout == ""
