"""Two jobs against one, the work around the kernel, ten million networks, large tables."""

from __future__ import annotations

import contextlib
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import take_median, time_in_turns
from replication.analysis.counts import CountTable
from replication.analysis.summary import summarise_study
from replication.claims import load_claims
from replication.protocol import PAPER
from replication.simulator.engine import run_networks
from replication.simulator.ensemble import simulate_ranges
from replication.simulator.weights import draw_weights
from replication.store import Store
from replication.study import LARGEST_BLOCK, cut_blocks, simulate_study

ROOT_SEED = 1988


@contextlib.contextmanager
def _make_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _time_study(n_networks: int, jobs: int) -> float:
    """Return the seconds of a study, from nothing to the stored outcomes."""
    with _make_folder() as folder:
        begun = time.perf_counter()
        simulate_study(Store(folder), PAPER, ROOT_SEED, n_networks, jobs=jobs, show_progress=False)
        return time.perf_counter() - begun


def compare_jobs(n_networks: int, *, n_rounds: int) -> dict[str, float]:
    """Measure one job and two jobs on the same blocks, without a store."""
    blocks = cut_blocks([(0, n_networks)], LARGEST_BLOCK // 4)

    def run(jobs: int) -> Callable[[], None]:
        def work() -> None:
            for _ in simulate_ranges(PAPER, ROOT_SEED, blocks, jobs=jobs):
                pass

        return work

    seconds = time_in_turns({"one": run(1), "two": run(2)}, n_rounds=n_rounds)
    medians = take_median(seconds)
    ratios = [one / two for one, two in zip(seconds["one"], seconds["two"], strict=True)]
    return {
        "n_networks": n_networks,
        "seconds_one_job": medians["one"],
        "seconds_two_jobs": medians["two"],
        "speed_up": float(np.median(ratios)),
    }


def measure_overhead(n_networks: int, *, n_rounds: int) -> dict[str, float]:
    """Measure a whole study in one job against the kernel alone on the same networks.

    Returns
    -------
    dict
        ``overhead``: what the study takes beyond the kernel, as a share of the
        kernel's time; ``overhead_processor``: the same of processor time, which
        leaves out waiting for the disk.
    """
    blocks = cut_blocks([(0, n_networks)], LARGEST_BLOCK)
    seconds: dict[str, list[float]] = {
        name: [] for name in ("kernel", "study", "kernel_processor", "study_processor")
    }

    def run_kernel() -> None:
        # The weights are drawn off the clock, block by block, to keep memory small.
        elapsed = spent = 0.0
        for start, stop in blocks:
            weights = draw_weights(PAPER, ROOT_SEED, start, stop)
            begun, begun_processor = time.perf_counter(), time.process_time()
            run_networks(PAPER, weights)
            elapsed += time.perf_counter() - begun
            spent += time.process_time() - begun_processor
        seconds["kernel"].append(elapsed)
        seconds["kernel_processor"].append(spent)

    def run_study() -> None:
        with _make_folder() as folder:
            store = Store(folder)
            begun, begun_processor = time.perf_counter(), time.process_time()
            simulate_study(store, PAPER, ROOT_SEED, n_networks, jobs=1)
            seconds["study"].append(time.perf_counter() - begun)
            seconds["study_processor"].append(time.process_time() - begun_processor)

    time_in_turns({"kernel": run_kernel, "study": run_study}, n_rounds=n_rounds)
    medians = take_median(seconds)
    return {
        "n_networks": n_networks,
        "seconds_kernel": medians["kernel"],
        "seconds_study": medians["study"],
        "overhead": medians["study"] / medians["kernel"] - 1.0,
        "overhead_processor": medians["study_processor"] / medians["kernel_processor"] - 1.0,
    }


def compare_sizes(small: int, large: int, *, jobs: int, n_rounds: int) -> dict[str, float]:
    """Measure whole studies of two sizes; each round runs the small one before and after."""
    costs: dict[str, list[float]] = {"small": [], "large": []}
    for _ in range(n_rounds):
        for name, n_networks in (("small", small), ("large", large), ("small", small)):
            costs[name].append(1e6 * _time_study(n_networks, jobs) / n_networks)
    medians = take_median(costs)
    return {
        "n_small": small,
        "n_large": large,
        "microseconds_small": medians["small"],
        "microseconds_large": medians["large"],
        "ratio": medians["large"] / medians["small"],
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def compare_analyses(small: int, large: int, *, n_rounds: int) -> dict[str, float]:
    """Measure the analysis of two studies; the large one is drawn from the small one's law."""
    updates, converged, _ = run_networks(PAPER, draw_weights(PAPER, ROOT_SEED, 0, small))
    table = CountTable.from_outcomes(updates, converged, PAPER.max_updates)
    shares = np.append(table.counts, table.n_censored) / table.n
    counts = np.random.default_rng(0).multinomial(large, shares)
    found = counts[:-1] > 0
    scaled = CountTable(
        table.updates[found], counts[:-1][found], int(counts[-1]), PAPER.max_updates
    )
    claim = load_claims()["mean-48"]

    def analyse(which: CountTable) -> Callable[[], Any]:
        return lambda: summarise_study(which, claim, study={})

    medians = take_median(
        time_in_turns({"small": analyse(table), "large": analyse(scaled)}, n_rounds=n_rounds)
    )
    return {
        "n_small": small,
        "n_large": large,
        "seconds_small": medians["small"],
        "seconds_large": medians["large"],
        "ratio": medians["large"] / medians["small"],
    }
