"""Studies on a real Dask cluster, and what a user is told where it fails."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib.metadata import version

import pytest

from replication.protocol import PAPER
from replication.simulator import backends
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import compute_digest
from replication.store import Store
from tests.reliability.faults import (
    ONE_STUDY,
    assert_clean,
    assert_recovers,
    call,
    compute_reference,
    make_environment,
    run,
    start,
    wait_until,
)

N_SEEDS = 200_000


class Cluster:
    """A scheduler and workers, each a process, in a folder that receives what they log."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def start(self, module: str, *words: str, before: str = "") -> subprocess.Popen:
        """Start a command of Dask; `before` is run first in its process."""
        code = f"{before}\nimport sys; from distributed.cli.{module} import main; sys.exit(main())"
        log = (self.folder / f"{module}-{len(self.processes)}.log").open("w")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *words],
                stdout=log, stderr=log, cwd=self.folder, env=make_environment(),
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_scheduler(self, *, before: str = "") -> subprocess.Popen:
        contact = self.folder / "scheduler.json"
        scheduler = self.start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(contact), before=before,
        )  # fmt: skip
        log = self.folder / f"dask_scheduler-{len(self.processes) - 1}.log"
        ready = wait_until(
            lambda: "Scheduler at:" in log.read_text() and contact.exists(), seconds=60
        )
        assert ready, log.read_text()
        assert wait_until(lambda: contact.read_text().endswith("}")), contact.read_text()
        self.address = json.loads(contact.read_text())["address"]
        return scheduler

    def start_worker(self, n_threads: int = 1, *, before: str = "") -> subprocess.Popen:
        worker = self.start(
            "dask_worker", self.address, "--no-nanny", "--no-dashboard",
            "--nthreads", str(n_threads), before=before,
        )  # fmt: skip
        log = self.folder / f"dask_worker-{len(self.processes) - 1}.log"
        assert wait_until(lambda: "Registered to" in log.read_text(), seconds=60), log.read_text()
        return worker

    def words(self, results, n_seeds: int, *options: str) -> list[str]:
        """Return the words of a command that simulates on the cluster."""
        study = ("simulate", "--seeds", str(n_seeds), "--results", str(results))
        return [*study, "--backend", "dask", "--scheduler", self.address, *options]


@contextlib.contextmanager
def run_cluster(folder):
    """Yield a cluster without scheduler and workers, and end what is started in it."""
    pytest.importorskip("distributed")
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        for process in cluster.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def shared_scheduler(tmp_path_factory):
    with run_cluster(tmp_path_factory.mktemp("scheduler")) as cluster:
        cluster.start_scheduler()
        yield cluster


@pytest.fixture
def cluster(shared_scheduler, tmp_path):
    """A cluster whose workers are the test's own."""
    with run_cluster(tmp_path) as cluster:
        cluster.address = shared_scheduler.address
        yield cluster


@pytest.fixture
def own_cluster(tmp_path):
    """A cluster whose scheduler is the test's own, too."""
    with run_cluster(tmp_path) as cluster:
        yield cluster


def list_blocks(results) -> list:
    return list(results.glob("outcomes/**/0*.parquet"))


def test_a_study_survives_the_death_of_a_worker_with_the_digest_of_one_machine(cluster, tmp_path):
    victim, survivor = cluster.start_worker(), cluster.start_worker()
    results = tmp_path / "results"
    process = start(*ONE_STUDY, *cluster.words(results, N_SEEDS, "--set", "regression=0.9"))
    assert wait_until(lambda: list_blocks(results))
    victim.kill()
    _, messages = process.communicate(timeout=120)
    assert process.returncode == 0, messages
    assert victim.wait() == -signal.SIGKILL
    assert survivor.poll() is None
    protocol = PAPER.__class__(regression=0.9)
    reference = compute_digest([simulate(protocol, n_seeds=N_SEEDS, jobs=2)])
    assert Store(results).digest(protocol, 1988, N_SEEDS) == reference


@pytest.mark.parametrize(("n_threads", "options"), [(1, ()), (2, ("--jobs", "1"))])
def test_one_worker_or_one_job_is_enough_for_the_work_to_run_on_the_cluster(
    cluster, tmp_path, n_threads, options
):
    """joblib once computed all of it on the client, in silence."""
    marks = tmp_path / "marks"
    remember = (
        "import os, replication.simulator.ensemble as e\n"
        "f = e.simulate_range\n"
        f"def g(*a): open({str(marks)!r}, 'a').write(f'{{os.getpid()}} '); return f(*a)\n"
        "e.simulate_range = g"
    )
    worker = cluster.start_worker(n_threads, before=remember)
    results = tmp_path / "results"
    assert_clean(run(*ONE_STUDY, *cluster.words(results, 5000, *options)), 0)
    assert set(marks.read_text().split()) == {str(worker.pid)}
    assert Store(results).digest(PAPER, 1988, 5000) == compute_reference(5000)


def test_a_scheduler_that_is_killed_while_it_works_ends_the_run_with_one_line(
    own_cluster, tmp_path
):
    scheduler = own_cluster.start_scheduler()
    own_cluster.start_worker()
    results = tmp_path / "results"
    process = start(*ONE_STUDY, *own_cluster.words(results, 20_000_000))
    assert wait_until(lambda: list_blocks(results))
    scheduler.kill()
    _, messages = process.communicate(timeout=30)
    done = subprocess.CompletedProcess([], process.returncode, "", messages)
    assert_clean(done, 70)
    assert "was lost" in messages
    assert "run the same command again to go on" in messages
    assert "distributed" not in messages
    assert list_blocks(results)


OTHER_DASK = (
    "import importlib.metadata as m, distributed.versions as v; f = m.version\n"
    "m.version = lambda name: '2020.1.0' if name == 'distributed' else f(name)\n"
    "g = v._version_cached\n"
    "v._version_cached = lambda p: '2020.1.0' if p == 'distributed' else g(p)\n"
)
OTHER_PACKAGE = (
    "import importlib.metadata as m; f = m.version\n"
    "m.version = lambda name: '0.0.1' if name.startswith('recirculation') else f(name)"
)
NO_PACKAGE = OTHER_DASK + "import sys; sys.modules['replication'] = None"


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (NO_PACKAGE, r"worker at tcp://\S+ cannot load this package"),
        (OTHER_PACKAGE, r"worker at tcp://\S+ has recirculation-replication 0\.0\.1"),
        (OTHER_DASK, r"worker at tcp://\S+ has .*distributed 2020\.1\.0"),
    ],
    ids=["no package", "other package", "other Dask"],
)
def test_a_worker_that_lacks_something_is_named_in_one_line_before_the_first_block(
    cluster, tmp_path, before, message
):
    """Once a warning of eleven lines about versions came first."""
    cluster.start_worker()
    cluster.start_worker(before=before)
    done = run(*ONE_STUDY, *cluster.words(tmp_path / "results", 1000))
    assert_clean(done, 70)
    assert re.search(message, done.stderr)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert list_blocks(tmp_path / "results") == []


def test_a_scheduler_without_workers_is_given_up_after_the_stated_time(own_cluster, tmp_path):
    own_cluster.start_scheduler()
    command = list(ONE_STUDY)
    command[2] = (
        "import replication.simulator.backends as b; b.SECONDS_FOR_WORKERS = 1.0;" + command[2]
    )
    begun = time.monotonic()
    done = run(*command, *own_cluster.words(tmp_path / "results", 1000))
    assert_clean(done, 70)
    assert f"had no worker for 1 s; start one: dask worker {own_cluster.address}" in done.stderr
    assert time.monotonic() - begun < 20


def test_a_scheduler_of_another_version_is_refused_with_both_versions(own_cluster, tmp_path):
    own_cluster.start_scheduler(
        before="import distributed.versions as v\nf = v._version_cached\n"
        "v._version_cached = lambda p: '2020.1.0' if p == 'distributed' else f(p)"
    )
    done = run(*ONE_STUDY, *own_cluster.words(tmp_path / "results", 1000))
    assert_clean(done, 70)
    assert "is distributed 2020.1.0, and here is " + version("distributed") in done.stderr


def test_a_cluster_whose_workers_always_die_ends_the_run(cluster, tmp_path):
    die = (
        "import os, replication.simulator.ensemble as e\n"
        f"def die(*a): open({str(tmp_path / 'deaths')!r}, 'a').write('x'); os._exit(1)\n"
        "e.simulate_range = die"
    )
    for _ in range(2):
        cluster.start_worker(before=die)
    command = list(ONE_STUDY)
    command[2] = (
        "import replication.simulator.ensemble as e, functools;"
        "e.CLUSTER_PATIENCE = 2.0; e.simulate_ranges.__kwdefaults__['patience'] = 2.0;" + command[2]
    )
    begun = time.monotonic()
    done = run(*command, *cluster.words(tmp_path / "results", 3000))
    assert (tmp_path / "deaths").exists(), "the fault did not happen"
    assert_clean(done, 70)
    assert time.monotonic() - begun < 60
    assert_recovers(tmp_path / "results", 3000, compute_reference(3000))


def test_ctrl_c_ends_a_run_on_a_cluster_at_once(cluster, tmp_path):
    cluster.start_worker()
    results = tmp_path / "results"
    process = start(*ONE_STUDY, *cluster.words(results, 20_000_000))
    assert wait_until(lambda: list_blocks(results))
    os.kill(process.pid, signal.SIGINT)
    begun = time.monotonic()
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 130, messages
    assert time.monotonic() - begun < 4
    assert "Traceback" not in messages


@contextlib.contextmanager
def listen(answer: bytes | None):
    """Listen on a port and say nothing, or the same to everybody; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    accepted.append(connection)
                    if answer is not None:
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        for connection in accepted:
            connection.close()
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("who", ["nobody", "silence", "a web server"])
def test_where_no_scheduler_answers_the_run_gives_up_in_time(tmp_path, monkeypatch, who):
    pytest.importorskip("distributed")
    monkeypatch.setattr(backends, "SECONDS_TO_ANSWER", 1.0)
    with contextlib.ExitStack() as stack:
        address = "tcp://127.0.0.1:9"
        if who != "nobody":
            answer = None if who == "silence" else b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20
            address = stack.enter_context(listen(answer))
        begun = time.monotonic()
        words = ("--backend", "dask", "--scheduler", address)
        done = call("simulate", "--seeds", "100", "--results", tmp_path, *words)
        assert_clean(done, 70)
        assert f"no Dask scheduler answers at '{address}'" in done.stderr
        assert time.monotonic() - begun < 10
