"""Runs on a Dask cluster: the same bytes as on this machine, also when a worker is killed under way."""

from __future__ import annotations

import os
import signal

import pytest

from command_line import command
from ensemble_cases import TINY, contents, whole, write
from foedus.errors import FoedusError
from foedus.runs.ensemble import ensemble, resume
from foedus.runs.executors import Executor, _client
from foedus.scenario.load import load

distributed = pytest.importorskip("distributed")
WORLDS, CHUNK = 480, 8


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


def pids(cluster) -> set[int]:
    with distributed.Client(cluster) as client:
        return set(client.run(os.getpid).values())


def test_a_cluster_gives_the_bytes_of_one_process_though_a_worker_is_killed(cluster, tmp_path, monkeypatch):
    whole(tmp_path / "here", worlds=WORLDS, chunk=CHUNK)
    victim = min(pids(cluster))
    kept, move = tmp_path / "there" / "chunks", os.replace

    def replace(source, target):
        move(source, target)
        if len(list(kept.glob("chunk-*.npz.sha256"))) == 5 and target.name.endswith(".sha256"):
            os.kill(victim, signal.SIGKILL)

    monkeypatch.setattr(os, "replace", replace)
    whole(tmp_path / "there", worlds=WORLDS, chunk=CHUNK, executor=Executor("dask", cluster.scheduler_address))
    assert victim not in pids(cluster)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_a_sample_that_grows_grows_alike_on_a_cluster(cluster, tmp_path):
    whole(tmp_path / "here", worlds="auto", clock=lambda: 0.0)
    dask = Executor("dask", cluster.scheduler_address)
    run = whole(tmp_path / "there", worlds="auto", clock=lambda: 0.0, executor=dask)
    assert run.growth is not None and len(run.weights) > 128
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_what_one_executor_began_another_finishes(cluster, tmp_path):
    whole(tmp_path / "here")
    whole(tmp_path / "there")
    for name in ("chunk-00000.npz", "neutral-000.npz"):
        (tmp_path / "there" / "chunks" / name).unlink()
    run = resume(tmp_path / "there", executor=Executor("dask", cluster.scheduler_address))
    assert run.solved == 2
    write(run, tmp_path / "there")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_what_is_wrong_in_a_world_is_said_as_here(cluster, tmp_path):
    scenario = load(TINY.replace("prob: 0.2", "prob: 0.2 if gain < 0.79 else 2"))
    with pytest.raises(FoedusError, match=r"in world \d+ under policy 'status_quo'"):
        ensemble(scenario, tmp_path, worlds=200, chunk=8, executor=Executor("dask", cluster.scheduler_address))


def test_a_worker_of_another_version_is_refused(cluster, tmp_path, monkeypatch):
    from foedus.runs import executors

    monkeypatch.setattr(executors, "engine", _Other())
    with pytest.raises(FoedusError, match=r"runs another Foedus \(0\.1\.0, sources .*: install the same"):
        whole(tmp_path, executor=Executor("dask", cluster.scheduler_address))


class _Other:
    """The version of this process; a worker, to which it is sent, finds its own."""

    def __call__(self) -> str:
        return "9.9"

    def __reduce__(self):
        return eval, ("__import__('foedus.runs.provenance').runs.provenance.engine",)


def test_the_command_starts_workers_of_its_own(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    done = command(
        "run",
        "tiny.yaml",
        "--worlds",
        "70",
        "--chunk",
        "32",
        "--out",
        "there",
        "--executor",
        "dask",
        "--workers",
        "2",
        cwd=tmp_path,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    whole(tmp_path / "here")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_nothing_listens_beyond_this_machine():
    psutil = pytest.importorskip("psutil")
    here = psutil.Process()

    def listeners():
        every = [c for process in [here, *here.children(recursive=True)] for c in process.net_connections("inet")]
        return {(c.laddr.ip, c.laddr.port) for c in every if c.status == psutil.CONN_LISTEN}

    others = listeners()  # of schedulers that other tests started in this process
    with _client(None, 1):
        listening = {ip for ip, _ in listeners() - others}
    assert listening and listening <= {"127.0.0.1", "::1"}


def test_tls_settings_reach_the_client(monkeypatch):
    given = []

    class Client:
        def __init__(self, address, timeout, security):
            given.append(security)
            raise OSError("no")

    monkeypatch.setattr(distributed, "Client", Client)
    security = distributed.Security(tls_ca_file="ca.pem")
    with (
        pytest.raises(FoedusError, match="no Dask scheduler"),
        Executor("dask", scheduler="tls://localhost:1", security=security).opened(None),
    ):
        pass
    assert given == [security]


def test_a_scheduler_without_workers(tmp_path):
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(FoedusError, match=r"has no workers: start some \(dask worker"),
    ):
        whole(tmp_path, executor=Executor("dask", empty.scheduler_address))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "carrier-pigeon://x"])
def test_a_wrong_address_is_told(tmp_path, address):
    with pytest.raises(FoedusError, match=f"no Dask scheduler answers at '{address}'"):
        whole(tmp_path, executor=Executor("dask", address))
    assert whole(tmp_path, worlds=40).solved  # nothing is in the way of another run


def test_a_wrong_address_ends_with_2(tmp_path):
    done = command(
        "run",
        "signorino-deterrence",
        "--worlds",
        "4",
        "--out",
        "x",
        "--executor",
        "dask",
        "--scheduler",
        "127.0.0.1",
        cwd=tmp_path,
    )
    assert done.returncode == 2 and "no Dask scheduler" in done.stderr and "Traceback" not in done.stderr
