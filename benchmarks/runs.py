"""Whole commands, as a user types them: ``python -m benchmarks.runs``.

Each run simulates, analyses and reports a study of its own in a temporary folder, so that
nothing is found stored. Writes results/runs.json, which the README quotes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.__main__ import read_processor
from replication.analysis.plain import make_plain

SIZES = (10_000, 100_000, 1_000_000, 100_000_000)
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
"""Of the peak memory that the system reports."""


def measure_run(n_networks: int) -> dict[str, Any]:
    """Run one study from nothing and return what it took.

    Parameters
    ----------
    n_networks : int

    Returns
    -------
    dict
        Seconds of wall time, peak memory and disk in bytes.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        command = [sys.executable, "-m", "replication", "replicate", "--results", folder]
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--seeds", str(n_networks)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        if process.returncode:
            raise SystemExit(f"a study of {n_networks} networks failed ({process.returncode})")
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {
        "n_networks": n_networks,
        "seconds": seconds,
        "peak_bytes": usage.ru_maxrss * BYTES_PER_UNIT,
        "disk_bytes": disk,
    }


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="benchmarks.runs", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    options = parser.parse_args()
    measure_run(1000)  # compiled and read from disk off the clock
    runs = []
    for n_networks in options.sizes:
        runs.append(measure_run(n_networks))
        print(json.dumps(runs[-1]), flush=True)
    model = {"kind": "runs", "processor": read_processor(), "runs": runs}
    path = options.results / "runs.json"
    text = json.dumps(make_plain(model), indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
