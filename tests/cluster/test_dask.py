"""Studies on a real Dask cluster, and what a user is told where it fails."""

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
from types import SimpleNamespace
from unittest import mock

import pytest

from replication import Protocol, RecirculationNetwork, WorkerError, simulate, simulate_curves
from replication.simulator.running import backends
from replication.simulator.running.outcomes import compute_digest
from replication.system.progress import Progress
from tests.reliability import faults

serving = pytest.importorskip("tests.cluster.serving")  # needs distributed

N_SEEDS = 60_000
PROTOCOL = Protocol(regression=0.9)


class Cluster:
    """A scheduler and workers, each a process, in a folder that receives what they log."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        contact = folder / "scheduler.json"
        words = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(contact))
        self.scheduler = self.start("scheduler", "Scheduler at:", words)
        assert faults.wait_until(lambda: contact.exists() and contact.read_text().endswith("}"))
        self.address = json.loads(contact.read_text())["address"]

    def start(self, kind, sign, words, package=faults.ROOT / "replication", dies=None):
        log = self.folder / f"{len(self.processes)}.log"
        arguments = (kind, words, log, package, dies)
        process = faults.FORKS.Process(target=serving.serve, args=arguments)
        process.start()
        self.processes.append(process)
        has_begun = faults.wait_until(lambda: log.exists() and sign in log.read_text(), seconds=60)
        assert has_begun, log.read_text()
        return process

    def work(self, **options):
        words = (self.address, "--no-nanny", "--nthreads", "1")
        return self.start("worker", "Registered to", words, **options)

    def run(self, n_seeds, root_seed, interfere):
        """Run a study in this process, and do something as soon as its first block is there."""
        has_block = threading.Event()

        def watch():
            assert has_block.wait(120)
            interfere()

        watching = threading.Thread(target=watch)
        watching.start()
        with mock.patch.object(Progress, "advance", side_effect=lambda _: has_block.set()):
            done = faults.call(*self.write_study(n_seeds, root_seed))
        watching.join()
        return done

    def write_study(self, n_seeds, root_seed):
        options = ("--backend", "dask", "--scheduler", self.address, "--set", "regression=0.9")
        return "simulate", "--seeds", str(n_seeds), *options, "--root-seed", str(root_seed)


@pytest.fixture
def cluster(tmp_path):
    started = Cluster(tmp_path)
    yield started
    for process in started.processes:
        process.kill()
        process.join()


def test_death_of_a_worker_own_rule_ctrl_c_a_stranger_and_death_of_the_scheduler(cluster, tmp_path):
    """One cluster for all, since each of its processes takes a second to start."""
    victim, survivor = cluster.work(), cluster.work()
    # A worker dies: the other one does its blocks.
    done = cluster.run(N_SEEDS, 1988, victim.kill)
    faults.assert_clean(done, 0)
    assert survivor.is_alive()
    assert faults.compute_reference(N_SEEDS, PROTOCOL) in done.stdout

    # A class defined here, as in a notebook, which the worker cannot import.
    class Unbiased(RecirculationNetwork):
        def weight_changes(self, v0):
            return super().weight_changes(v0)._replace(b=0.0)

    places = {"there": {"scheduler": cluster.address}, "here": {}}
    found = [simulate(network=Unbiased, n_seeds=3_000, **place) for place in places.values()]
    assert len({compute_digest([outcomes]) for outcomes in found}) == 1

    curves = [
        simulate_curves(network=Unbiased, updates=[0, 9, 30], n_seeds=300, **place)
        for place in places.values()
    ]
    assert curves[0].error.tobytes() == curves[1].error.tobytes()

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
    pressed = []

    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    faults.assert_clean(cluster.run(400_000, 2, press), 130)
    assert time.monotonic() - pressed[0] < 4

    # A worker with the same version from another commit once gave outcomes of its own.
    package = shutil.copytree(faults.ROOT / "replication", tmp_path / "replication")
    (package / "errors.py").write_text("# changed")
    stranger = cluster.work(package=package)
    done = faults.call(*cluster.write_study(400_000, 4))
    faults.assert_clean(done, 70)
    assert f"process id {stranger.pid} has other sources of this package" in done.stderr
    stranger.kill()

    # The scheduler dies: the study says so in one line.
    done = cluster.run(400_000, 3, cluster.scheduler.kill)
    faults.assert_clean(done, 70)
    assert re.search("was lost.*run the same command again", done.stderr)
    assert "distributed" not in done.stderr


@pytest.mark.parametrize("dies", ["at its task", "with its result"])
def test_workers_that_always_die_end_the_run_in_time(cluster, monkeypatch, dies):
    """As those of a cluster do that gives a task less memory than it takes."""
    monkeypatch.setattr(backends, "SECONDS_OF_PATIENCE", 10.0)
    is_over = threading.Event()
    n_deaths = 0

    def replace_the_dead():
        nonlocal n_deaths
        while not is_over.is_set():
            worker = cluster.work(dies=dies)
            while worker.is_alive() and not is_over.is_set():
                time.sleep(0.01)
            n_deaths += not worker.is_alive()

    replacing = threading.Thread(target=replace_the_dead)
    replacing.start()
    begun = time.monotonic()
    done = faults.call(*cluster.write_study(N_SEEDS, 5))
    seconds = time.monotonic() - begun
    is_over.set()
    replacing.join()
    assert n_deaths > 0
    faults.assert_clean(done, 70)
    assert "run the same command again" in done.stderr
    assert seconds < 60


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(104, "reset by peer")])
def test_a_cluster_without_a_worker_is_refused_before_the_first_block(error):
    client = mock.Mock(**{"wait_for_workers.side_effect": error})
    with pytest.raises(WorkerError, match=r"had no worker for 30 s .*: dask worker tcp://s:2"):
        backends.wait_for_worker(client, "tcp://s:2")


def test_a_cluster_has_a_few_tasks_at_a_time_and_the_client_computes_none():
    submitted = []

    def submit(work, *arguments, **_):
        submitted.append(arguments[0])
        future = concurrent.futures.Future()
        future.set_result(work(*arguments))
        return future

    results = backends.run_tasks(SimpleNamespace(submit=submit), 2, abs, (-i for i in range(9)))
    first = next(results)
    assert len(submitted) == 3
    assert sorted([first, *results]) == list(range(9))
    assert submitted == [abs] * 9


@pytest.mark.parametrize("answer", [
    None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 10**5,
])  # fmt: skip
def test_where_no_scheduler_answers_the_run_gives_up_in_time(monkeypatch, answer):
    """Nobody listens; somebody says nothing; a web server or something else answers."""
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
