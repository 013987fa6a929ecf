"""Memory is bounded by the size of a chunk: a run of more results than it may hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ensemble_cases import TINY

resource = pytest.importorskip("resource")
# Long enough that a world's results are large and their solving is not.
LONG = TINY.replace("periods: 4", "periods: 60, beyond: 0")
WORLDS = 20_480

RUN = """
import json, resource, sys
from pathlib import Path
import foedus.runs.ensemble as ensembles
from foedus.report.files import write_run
from foedus.scenario.load import load
from foedus.runs.executors import Executor
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
scenario, found = load(sys.argv[3]), []
for worlds in (512, int(sys.argv[2])):
    directory = Path(sys.argv[1]) / str(worlds)
    run = ensembles.ensemble(scenario, directory, worlds=worlds, chunk=256, executor=Executor(workers=2))
    write_run(run, directory)
    found.append({"rss": most(), "large": run.large, "bytes": run.data.nbytes})
print(json.dumps(found))
"""


def test_results_that_are_larger_than_the_bound_are_not_held(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(LONG)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path), str(WORLDS), str(tmp_path / "long.yaml")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    few, many = json.loads(done.stdout.splitlines()[-1])
    assert not few["large"] and many["large"] and many["bytes"] > 200e6
    assert many["rss"] - few["rss"] < 0.4 * many["bytes"]
    assert many["rss"] < 2**30
