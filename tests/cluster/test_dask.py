"""Studies on a real Dask cluster, and what a user is told where it fails."""

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from unittest import mock

import pytest

from replication import Protocol, RecirculationNetwork, WorkerError, simulate
from replication.simulator import backends
from tests.reliability import faults
from tests.unit.cache.invented import find_digest, list_blocks

N_SEEDS = 60_000
PROTOCOL = Protocol(regression=0.9)


class Cluster:
    """A scheduler and workers, each a process, in a folder that receives what they log."""

    def __init__(self, folder, cache):
        self.folder = folder
        self.cache = cache
        self.processes = []
        contact = folder / "scheduler.json"
        self.scheduler = self.start(
            "dask_scheduler", "Scheduler at:", "--host", "127.0.0.1", "--port", "0",
            "--scheduler-file", str(contact),
        )  # fmt: skip
        assert faults.wait_until(lambda: contact.exists() and contact.read_text().endswith("}"))
        self.address = json.loads(contact.read_text())["address"]

    def start(self, module, sign, *words, **variables):
        code = f"import sys; from distributed.cli.{module} import main; sys.exit(main())"
        path = self.folder / f"{len(self.processes)}.log"
        with path.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code, "--no-dashboard", *words],
                stdout=log, stderr=log, cwd=self.folder, env=faults.make_environment(**variables),
            )  # fmt: skip
        self.processes.append(process)
        assert faults.wait_until(lambda: sign in path.read_text(), seconds=60), path.read_text()
        return process

    def write_study(self, n_seeds, root_seed):
        options = ("--backend", "dask", "--scheduler", self.address, "--set", "regression=0.9")
        return faults.simulate_command(n_seeds, *options, "--root-seed", str(root_seed))

    def begin_study(self, n_seeds, root_seed):
        n_kept = len(list_blocks(self.cache))
        process = faults.start(*self.write_study(n_seeds, root_seed))
        assert faults.wait_until(lambda: len(list_blocks(self.cache)) > n_kept, seconds=120)
        return process


@pytest.fixture
def cluster(tmp_path, cache_folder):
    pytest.importorskip("distributed")
    started = Cluster(tmp_path, cache_folder)
    yield started
    for process in started.processes:
        process.kill()
        process.wait()


def test_death_of_a_worker_an_own_rule_ctrl_c_a_stranger_and_death_of_the_scheduler(
    cluster, tmp_path
):
    """One cluster for all, since each of its processes takes a second to start."""
    words = ("dask_worker", "Registered to", cluster.address, "--no-nanny", "--nthreads", "1")
    victim, survivor = cluster.start(*words), cluster.start(*words)
    # A worker dies: the other one does its blocks.
    process = cluster.begin_study(N_SEEDS, 1988)
    victim.kill()
    _, messages = process.communicate(timeout=120)
    assert process.returncode == 0, messages
    assert survivor.poll() is None
    reference = faults.compute_reference(N_SEEDS, PROTOCOL)
    assert find_digest(cluster.cache, N_SEEDS, protocol=PROTOCOL) == reference

    # A class defined here, as in a notebook, which the worker cannot import.
    class Unbiased(RecirculationNetwork):
        def weight_changes(self, v0):
            return super().weight_changes(v0)._replace(b=0.0)

    there = simulate(network=Unbiased, n_seeds=3_000, scheduler=cluster.address)
    assert there == simulate(network=Unbiased, n_seeds=3_000)

    # An error of the rule is raised where it was written.
    here = os.getpid()

    class Broken(Unbiased):
        def weight_changes(self, v0):
            if os.getpid() != here:
                raise RuntimeError("mine")
            return super().weight_changes(v0)

    for plain in (True, False):
        with pytest.raises(RuntimeError, match="mine") as raised:
            simulate(network=Broken, n_seeds=2, plain=plain, scheduler=cluster.address)
        assert raised.traceback[-1].name == "weight_changes"

    # Ctrl-C ends the study, not the cluster.
    process = cluster.begin_study(400_000, 2)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 130, messages
    assert time.monotonic() - begun < 4
    assert "Traceback" not in messages

    # A worker with the same version from another commit once gave outcomes of its own.
    shutil.copytree(faults.ROOT / "replication", tmp_path / "other" / "replication")
    with (tmp_path / "other" / "replication" / "errors.py").open("a") as file:
        file.write("# changed")
    stranger = cluster.start(*words, PYTHONPATH=str(tmp_path / "other"))
    done = faults.run(*cluster.write_study(400_000, 4))
    faults.assert_clean(done, 70)
    assert f"process id {stranger.pid} has other sources of this package" in done.stderr
    stranger.kill()

    # The scheduler dies: the study says so in one line.
    process = cluster.begin_study(400_000, 3)
    cluster.scheduler.kill()
    _, messages = process.communicate(timeout=30)
    faults.assert_clean(subprocess.CompletedProcess([], process.returncode, "", messages), 70)
    assert "was lost" in messages
    assert "run the same command again to go on" in messages
    assert "distributed" not in messages


class Client:
    """A client whose only worker computes at once."""

    def __init__(self):
        self.submitted = []

    def submit(self, func, *arguments, **_):
        self.submitted.append(arguments[0])
        future = concurrent.futures.Future()
        future.set_result(func(*arguments))
        return future


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(104, "reset by peer")])
def test_a_cluster_without_a_worker_is_refused_before_the_first_block(error):
    client = mock.Mock(**{"wait_for_workers.side_effect": error})
    with pytest.raises(WorkerError, match=r"had no worker for 30 s .*: dask worker tcp://s:2"):
        backends.wait_for_worker(client, "tcp://s:2")


def test_a_cluster_has_a_few_tasks_at_a_time_and_the_client_computes_none():
    client = Client()
    results = backends.run_tasks(client, 2, abs, (-i for i in range(9)))
    first = next(results)
    assert len(client.submitted) == 3
    assert sorted([first, *results]) == list(range(9))
    assert client.submitted == [abs] * 9


@pytest.mark.parametrize("answer", [
    None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(10**5), b"\xff" * 10**5,
])  # fmt: skip
def test_where_no_scheduler_answers_the_run_gives_up_in_time(monkeypatch, answer):
    """Nobody listens; somebody says nothing; a web server or something else answers."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(backends, "SECONDS_TO_ANSWER", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as stack:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"

        def say():
            stack.enter_context(server.accept()[0]).sendall(answer)

        if answer is None:
            server.close()
        elif answer:
            threading.Thread(target=say, daemon=True).start()
        begun = time.monotonic()
        words = ("--backend", "dask", "--scheduler", address)
        done = faults.call("simulate", "--seeds", "100", *words)
        faults.assert_clean(done, 70)
        assert f"no Dask scheduler answers at '{address}'" in done.stderr
        assert time.monotonic() - begun < 10
