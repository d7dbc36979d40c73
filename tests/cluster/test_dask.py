"""A study on a real Dask cluster: one of its two workers is killed half-way."""

import json
import signal
import subprocess
import sys

import pytest

from replication.protocol import PAPER
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import compute_digest
from replication.store import Store
from tests.reliability.faults import make_environment, wait_until

N_SEEDS, BLOCK_SIZE = 200_000, 10_000

# Run in a process of its own, since a client of a cluster leaves threads behind.
STUDY = """
import os, signal, sys
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate_ranges
from replication.store import Store
from replication.store.filling import simulate_study

results, address, victim, n_seeds, block_size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])

def simulate(*arguments, **options):
    for k, outcomes in enumerate(simulate_ranges(*arguments, **options)):
        if k == n_seeds // block_size // 2:
            os.kill(victim, signal.SIGKILL)
        yield outcomes

simulate_study(
    Store(results), PAPER, 1988, n_seeds, jobs=2, backend="dask", scheduler=address,
    block_size=block_size, show_progress=False, simulate=simulate,
)
"""


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers; yield its address and the processes of the workers."""
    pytest.importorskip("distributed")
    processes = []

    def start(module, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        with (tmp_path / f"{module}-{len(processes)}.log").open("w") as log:
            processes.append(
                subprocess.Popen(
                    command, stdout=log, stderr=log, cwd=tmp_path, env=make_environment()
                )
            )
        return processes[-1]

    contact = tmp_path / "scheduler.json"
    try:
        start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(contact),
        )  # fmt: skip
        assert wait_until(contact.exists, seconds=60), "the scheduler did not start"
        address = json.loads(contact.read_text())["address"]
        workers = [
            start("dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
            for _ in range(2)
        ]
        yield address, workers
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_study_survives_the_death_of_a_worker_with_the_digest_of_one_machine(cluster, tmp_path):
    address, (victim, survivor) = cluster
    logs = sorted(tmp_path.glob("dask_worker-*.log"))
    assert wait_until(
        lambda: all("Registered to" in log.read_text() for log in logs), seconds=60
    ), "the workers did not start"
    results = tmp_path / "results"
    words = [str(results), address, str(victim.pid), str(N_SEEDS), str(BLOCK_SIZE)]
    done = subprocess.run(
        [sys.executable, "-c", STUDY, *words],
        capture_output=True, text=True, check=False, timeout=120, env=make_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert victim.wait(timeout=10) == -signal.SIGKILL, "the fault did not happen"
    assert survivor.poll() is None
    reference = compute_digest([simulate(n_seeds=N_SEEDS, jobs=2)])
    assert Store(results).digest(PAPER, 1988, N_SEEDS) == reference
