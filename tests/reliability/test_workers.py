"""A dead worker costs one retry of its block; a cluster that is dead for good ends the run."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from replication.errors import WorkerError
from replication.protocol import PAPER
from replication.simulator import backends, ensemble
from replication.store import Store
from replication.store.filling import simulate_study
from tests.reliability.faults import (
    assert_clean,
    assert_recovers,
    call,
    compute_reference,
    make_environment,
    simulate_command,
    start,
    wait_until,
)
from tests.reliability.test_signals import NEVER, end, is_simulating

N_SEEDS = 8000
original = ensemble.simulate_range


def simulate_with_faults(monkeypatch, store, replacement, *, backend="loky", **options) -> None:
    monkeypatch.setattr(ensemble, "simulate_range", replacement)
    simulate_study(
        store, PAPER, 1988, N_SEEDS, jobs=2, backend=backend, block_size=1000,
        show_progress=False, **options,
    )  # fmt: skip


def test_a_block_that_dies_once_with_its_worker_is_computed_again(tmp_path, monkeypatch):
    marker = tmp_path / "died"

    def die_once(protocol, root_seed, begin, end, stop):
        if begin == 2000 and not marker.exists():
            marker.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return original(protocol, root_seed, begin, end, stop)

    store = Store(tmp_path / "results")
    simulate_with_faults(monkeypatch, store, die_once)
    assert marker.exists(), "the fault did not happen"
    assert store.digest(PAPER, 1988, N_SEEDS) == compute_reference(N_SEEDS)


def test_a_block_that_always_kills_its_worker_ends_the_run_and_keeps_the_others(
    tmp_path, monkeypatch
):
    deaths = tmp_path / "deaths"

    def always_die(protocol, root_seed, begin, end, stop):
        if begin == 4000:
            with deaths.open("a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return original(protocol, root_seed, begin, end, stop)

    store = Store(tmp_path / "results")
    with pytest.raises(WorkerError, match=r"died.*twice.*kept.*--jobs") as failure:
        simulate_with_faults(monkeypatch, store, always_die)
    assert failure.value.exit_code == 70
    assert deaths.read_text() == "xx", "one try and one retry"
    assert store.ranges(PAPER, 1988)[0][0] == 0, "finished blocks are lost"
    monkeypatch.undo()
    assert_recovers(tmp_path / "results", N_SEEDS, compute_reference(N_SEEDS))


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS holds on Linux only")
def test_a_worker_without_memory_ends_the_run_and_keeps_finished_blocks(tmp_path, monkeypatch):
    marker = tmp_path / "limited"

    def run_out_of_memory(protocol, root_seed, begin, end, stop):
        if begin == 4000:
            used = psutil.Process().memory_info().vms
            limits = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, limits[1]))
            marker.write_text("")
            try:
                bytearray(2**26)
            finally:
                resource.setrlimit(resource.RLIMIT_AS, limits)
        return original(protocol, root_seed, begin, end, stop)

    store = Store(tmp_path / "results")
    with pytest.raises(WorkerError, match=r"ran out of memory.*twice.*more memory"):
        simulate_with_faults(monkeypatch, store, run_out_of_memory)
    assert marker.exists(), "the fault did not happen"
    assert store.ranges(PAPER, 1988) != []
    monkeypatch.undo()
    assert_recovers(tmp_path / "results", N_SEEDS, compute_reference(N_SEEDS))


def test_killed_workers_end_the_command_with_70(tmp_path):
    process = start(*simulate_command(tmp_path / "results", 200_000, *NEVER, "--backend", "loky"))

    def list_workers() -> list[psutil.Process]:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if is_simulating(child)]

    # With one worker, all others end, if not at once: the next to be killed is a new one.
    former: list[int] = []
    try:
        for _ in range(2):
            fresh: list[psutil.Process] = []

            def found(fresh=fresh, former=former) -> bool:
                fresh[:] = [worker for worker in list_workers() if worker.pid not in former]
                return bool(fresh)

            assert wait_until(found, seconds=60)
            former += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
            fresh[0].kill()
        assert wait_until(lambda: process.poll() is not None, seconds=30)
    finally:
        messages = end(process)
    assert process.returncode == 70, messages
    assert "Traceback" not in messages
    assert "Give fewer --jobs or more memory" in messages


CLUSTER = """
import os, sys
from distributed import LocalCluster
from replication.protocol import PAPER
from replication.simulator import ensemble
from replication.store import Store
from replication.store.filling import simulate_study
import functools

def always_die(protocol, root_seed, begin, end, stop):
    assert os.getpid() != parent, "joblib computes in the parent where one worker is left"
    open(sys.argv[2], "a").write("x")
    os._exit(1)

parent = os.getpid()

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        ensemble.simulate_range = always_die
        simulate = functools.partial(ensemble.simulate_ranges, patience=2.0)
        try:
            simulate_study(
                Store(sys.argv[1]), PAPER, 1988, 3000, jobs=2, backend="dask",
                scheduler=cluster.scheduler_address, show_progress=False, simulate=simulate,
            )
        except Exception as error:
            print(type(error).__name__, error)
            sys.stdout.flush()
            os._exit(getattr(error, "exit_code", 1))
"""


def test_a_dask_cluster_whose_workers_always_die_ends_the_run(tmp_path):
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    results, deaths = tmp_path / "results", tmp_path / "deaths"
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(script), str(results), str(deaths)],
        capture_output=True, text=True, timeout=90, check=False, env=make_environment(),
    )  # fmt: skip
    assert deaths.exists(), "the fault did not happen"
    assert done.returncode == 70, done.stdout + done.stderr
    assert "WorkerError" in done.stdout
    assert time.monotonic() - begun < 60
    assert_recovers(results, 3000, compute_reference(3000))


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
