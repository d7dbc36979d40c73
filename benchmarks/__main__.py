"""Measure everything side by side: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import run_batch, run_literal, run_plain_numba
from benchmarks.limit import describe_limit, measure_rates
from benchmarks.scale import compare_analyses, compare_jobs, compare_sizes, measure_overhead
from benchmarks.table import format_tables
from benchmarks.timing import take_median, time_in_turns
from replication.analysis.plain import make_plain
from replication.protocol import PAPER, Protocol
from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights
from replication.store.provenance import collect_versions

ROOT_SEED = 1988
BILLION = 1_000_000_000
CONTENDERS = {
    "literal loop": (run_literal, 0.002),
    "whole-batch NumPy": (run_batch, 0.4),
    "plain Numba loop": (run_plain_numba, 0.4),
}
"""Each with the share of the networks that it is given: per network it costs the same."""

OTHER_SIZES = ((8, 3), (16, 4), (5, 2))


def main() -> int:
    """Measure, print the tables, write the results."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=-1, help="workers of the large studies")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to try it out")
    options = parser.parse_args()
    share, n_rounds = (0.1, 1) if options.quick else (1.0, 5)
    model = make_plain(measure_all(share, n_rounds, options.jobs))
    print(format_tables(model))
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / "benchmark.json"
    path.write_text(json.dumps(model, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"written: {path}")
    return 0


def measure_all(share: float, n_rounds: int, jobs: int) -> dict[str, Any]:
    """Return all measurements as plain data."""
    n = int(50_000 * share)
    contest = compare_contenders(n, n_rounds=n_rounds)
    rates = measure_rates(n_rounds=n_rounds)
    sizes = compare_sizes(
        int(1e6 * share), int(1e7 * share), jobs=jobs, n_rounds=1 if n_rounds == 1 else 3
    )
    overhead = measure_overhead(int(1e6 * share), n_rounds=n_rounds)
    seconds = BILLION * overhead["seconds_study"] / overhead["n_networks"]
    return {
        "kind": "benchmark",
        "contest": contest,
        "limit": describe_limit(
            PAPER, contest["kernel"]["microseconds"], contest["mean_sweeps"], rates=rates
        ),
        "jobs": compare_jobs(int(1e6 * share), n_rounds=n_rounds),
        "overhead": overhead,
        "scale": sizes,
        "analysis": compare_analyses(100_000, 100_000_000, n_rounds=1 if n_rounds == 1 else 3),
        "other_sizes": [measure_sizes(s, share, n_rounds, rates) for s in OTHER_SIZES],
        "billion": {"core_hours": seconds / 3600, "n_networks": BILLION},
        "processor": read_processor(),
        "versions": collect_versions(),
    }


def compare_contenders(n_networks: int, *, n_rounds: int) -> dict[str, Any]:
    """Measure all contenders on the same initial weights, and check that they agree."""
    weights = np.ascontiguousarray(draw_weights(PAPER, ROOT_SEED, 0, n_networks))
    updates, converged, _ = run_networks(PAPER, weights)
    parts = {name: max(20, int(n_networks * part)) for name, (_, part) in CONTENDERS.items()}
    run_plain_numba(PAPER, weights[:1])  # compiled off the clock
    agreement = {}

    def run(name: str) -> None:
        n = parts[name]
        other, there = CONTENDERS[name][0](PAPER, weights[:n])
        agreement[name] = float(np.mean((other == updates[:n]) & (there == converged[:n])))

    tasks: dict[str, Any] = {"kernel": lambda: run_networks(PAPER, weights)}
    tasks |= {name: (lambda name=name: run(name)) for name in CONTENDERS}
    medians = take_median(time_in_turns(tasks, n_rounds=n_rounds, clock=time.process_time))
    kernel = 1e6 * medians["kernel"] / n_networks
    contest: dict[str, Any] = {
        "n_networks": n_networks,
        "mean_sweeps": float(updates.mean()) + 1.0,
        "kernel": {"microseconds": kernel, "per_second": 1e6 / kernel, "ratio": 1.0},
    }
    for name, n in parts.items():
        if agreement[name] < 0.99:
            raise SystemExit(f"{name} agrees with the kernel on {agreement[name]:.1%} only")
        cost = 1e6 * medians[name] / n
        contest[name] = {
            "microseconds": cost,
            "per_second": 1e6 / cost,
            "ratio": cost / kernel,
            "n_networks": n,
            "agreement": agreement[name],
        }
    return contest


def measure_sizes(
    sizes: tuple[int, ...], share: float, n_rounds: int, rates: dict[str, float]
) -> dict[str, Any]:
    """Measure the kernel on other group sizes, to a low cap since not all of them converge."""
    protocol: Protocol = dataclasses.replace(PAPER, group_sizes=sizes, max_updates=200)
    weights = draw_weights(protocol, ROOT_SEED, 0, int(10_000 * share))
    updates, _, _ = run_networks(protocol, weights)
    tasks = {"kernel": lambda: run_networks(protocol, weights)}
    seconds = time_in_turns(tasks, n_rounds=n_rounds, clock=time.process_time)["kernel"]
    cost = 1e6 * float(np.median(seconds)) / len(weights)
    mean_sweeps = float(updates.mean()) + 1.0
    limit = describe_limit(protocol, cost, mean_sweeps, rates=rates)
    return {
        "sizes": list(sizes),
        "microseconds": cost,
        "mean_sweeps": mean_sweeps,
        "fraction_of_limit": limit["fraction_of_limit"],
    }


def read_processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    wide = any(line.startswith("flags") and " avx512f" in line for line in lines)
    return f"{names[0] if names else 'unknown'}, {len(names)} cores" + (", AVX-512" if wide else "")


if __name__ == "__main__":
    raise SystemExit(main())
